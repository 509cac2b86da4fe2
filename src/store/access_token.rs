//! Tokens for the API. Only a hash of each is here.
use sqlx::PgConnection;

use crate::{
    domain::{
        actor::TokenScope,
        id::{AccessTokenId, PersonId, PrincipalId},
        time::Instant,
    },
    error::Error,
    secret::TokenHash,
    store::Change,
};

/// A token in the list of one's own.
#[derive(Clone, Debug, serde::Serialize, utoipa::ToSchema)]
pub struct ListedToken {
    /// Which one.
    pub id: AccessTokenId,
    /// What its owner calls it.
    pub name: String,
    /// What it may be used for.
    pub scopes: Vec<TokenScope>,
    /// When it was made.
    pub created_at: Instant,
    /// When it ends.
    pub expires_at: Instant,
    /// When it was last used.
    pub last_used_at: Option<Instant>,
}

/// Whose token was shown, and what it may be used for.
pub struct Bearer {
    /// Which token.
    pub id: AccessTokenId,
    /// Whose account.
    pub principal: PrincipalId,
    /// Whose person; of an application, who is accountable for it.
    pub person: PersonId,
    /// Of an application, everybody who can sign in as it, the accountable one first.
    pub people: Option<Vec<PersonId>>,
    /// The name that the log shows.
    pub name: String,
    /// What it may be used for.
    pub scopes: Vec<TokenScope>,
    /// Whether [`touch`] has nothing to add.
    pub noted: bool,
}

/// Keeps a new token.
pub async fn create(
    change: &mut Change,
    principal: PrincipalId,
    token: &TokenHash,
    new: &ListedToken,
) -> Result<(), Error> {
    let scopes: Vec<_> = new.scopes.iter().map(|scope| scope.name().to_owned()).collect();
    sqlx::query!(
        "
        insert into access_tokens (id, principal_id, name, token_hash, scopes, created_at, expires_at)
        values ($1, $2, $3, $4, $5, $6, $7)
        ",
        new.id.0,
        principal.0,
        new.name,
        token.as_bytes(),
        &scopes,
        new.created_at as Instant,
        new.expires_at as Instant,
    )
    .execute(change.connection())
    .await?;
    Ok(())
}

/// Finds the live token of a hash, of an account that is enabled.
pub async fn find(
    connection: &mut PgConnection,
    token: &TokenHash,
) -> Result<Option<Bearer>, Error> {
    let row = sqlx::query!(
        r#"
        select access_tokens.id as "id: AccessTokenId", principal_id as "principal: PrincipalId",
            person_id as "person!: PersonId", scopes,
            case principals.kind when 'service_principal' then array(
                select behind.person_id from people_of_application(principals.id) as behind
                order by behind.person_id <> principals.person_id, behind.person_id
            ) end as "people?",
            case principals.kind when 'user' then display_name else principals.name end as "name!",
            coalesce(last_used_at > instant() - interval '1 minute', false) as "noted!"
        from access_tokens
        join principals on principals.id = principal_id and disabled_at is null
        join persons on persons.id = person_id
        where token_hash = $1 and revoked_at is null and expires_at > instant()
        "#,
        token.as_bytes(),
    )
    .fetch_optional(connection)
    .await?;
    Ok(row.map(|row| Bearer {
        id: row.id,
        principal: row.principal,
        person: row.person,
        people: row.people.map(|people| people.into_iter().map(PersonId).collect()),
        name: row.name,
        scopes: named(&row.scopes),
        noted: row.noted,
    }))
}

/// Notes that tokens are in use; of each at most once a minute, since it costs a write. Where nothing can be written at the moment it is
/// not noted, nor where somebody else is at it: whoever only asks is answered all the same.
pub async fn touch(connection: &mut PgConnection, tokens: &[AccessTokenId]) -> Result<(), Error> {
    let tokens: Vec<_> = tokens.iter().map(|token| token.0).collect();
    let noted = sqlx::query!(
        "
        update access_tokens set last_used_at = instant()
        where id in (
            select id from access_tokens
            where id = any($1) and coalesce(last_used_at, '-infinity') < instant() - interval '1 minute'
            for no key update skip locked
        )
        ",
        &tokens,
    )
    .execute(connection)
    .await
    .map_err(Error::from);
    match noted {
        Err(error) if error.is_passing() => {
            tracing::warn!(
                error = &error as &dyn std::error::Error,
                "the use of a token is not noted"
            );
            Ok(())
        }
        noted => noted.map(drop),
    }
}

/// Lists the live tokens of an account, the newest first.
pub async fn list(
    connection: &mut PgConnection,
    principal: PrincipalId,
) -> Result<Vec<ListedToken>, Error> {
    let rows = sqlx::query!(
        r#"
        select id as "id: AccessTokenId", name, scopes, created_at, expires_at, last_used_at
        from access_tokens
        where principal_id = $1 and revoked_at is null and expires_at > instant()
        order by created_at desc, id desc
        "#,
        principal.0,
    )
    .fetch_all(connection)
    .await?;
    let listed = rows.into_iter().map(|row| ListedToken {
        id: row.id,
        name: row.name,
        scopes: named(&row.scopes),
        created_at: row.created_at,
        expires_at: row.expires_at,
        last_used_at: row.last_used_at,
    });
    Ok(listed.collect())
}

/// Ends one token of an account. Says whether there was one.
pub async fn revoke(
    change: &mut Change,
    principal: PrincipalId,
    token: AccessTokenId,
) -> Result<bool, Error> {
    let revoked = sqlx::query!(
        "update access_tokens set revoked_at = $3 where id = $1 and principal_id = $2 and revoked_at is null",
        token.0,
        principal.0,
        change.at() as Instant,
    )
    .execute(change.connection())
    .await?;
    Ok(revoked.rows_affected() == 1)
}

/// Ends every live token of an account. Gives back which.
pub async fn revoke_all(
    change: &mut Change,
    principal: PrincipalId,
) -> Result<Vec<AccessTokenId>, Error> {
    Ok(sqlx::query_scalar!(
        r#"
        update access_tokens set revoked_at = $2
        where principal_id = $1 and revoked_at is null and expires_at > $2
        returning id as "id: AccessTokenId"
        "#,
        principal.0,
        change.at() as Instant,
    )
    .fetch_all(change.connection())
    .await?)
}

/// Scopes by their names; a name that means nothing allows nothing.
pub(super) fn named(names: &[String]) -> Vec<TokenScope> {
    names.iter().filter_map(|name| TokenScope::named(name)).collect()
}
