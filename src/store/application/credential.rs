//! What applications sign in with: hashes of secrets, public keys, and assertions that were shown before.
use sqlx::PgConnection;

use crate::{
    domain::{
        actor::{Application, TokenScope},
        application::CredentialKind,
        id::{AccessTokenId, ApplicationCredentialId, PersonId, PrincipalId},
        text::Name,
        time::Instant,
    },
    error::Error,
    secret::{PublicKey, TokenHash},
    store::{Change, OnConstraint as _},
};

/// A secret or a key as it is told.
#[derive(Clone, Debug)]
pub struct Credential {
    /// Which.
    pub id: ApplicationCredentialId,
    /// Secret or key.
    pub kind: CredentialKind,
    /// What it is called.
    pub name: String,
    /// The public key.
    pub public_key: Option<Vec<u8>>,
    /// When it was made.
    pub created_at: Instant,
    /// Who made it.
    pub created_by: Option<String>,
    /// When it ends.
    pub expires_at: Instant,
    /// When it was revoked.
    pub revoked_at: Option<Instant>,
    /// When it was last used.
    pub last_used_at: Option<Instant>,
}

/// What an application signs in with and signed in with, what is good first and the newest first.
pub async fn credentials(
    connection: &mut PgConnection,
    application: PrincipalId,
) -> Result<Vec<Credential>, Error> {
    Ok(sqlx::query_as!(
        Credential,
        r#"
        select
            credential.id as "id: ApplicationCredentialId", credential.kind as "kind: CredentialKind",
            credential.name, public_key, credential.created_at,
            case maker.kind when 'user' then display_name else maker.name end as created_by,
            expires_at, revoked_at, last_used_at
        from application_credentials as credential
        left join principals as maker on maker.id = created_by
        left join persons on persons.id = maker.person_id
        where credential.principal_id = $1
        order by revoked_at is not null or expires_at <= instant(), credential.created_at desc, credential.id desc
        limit 100
        "#,
        application.0,
    )
    .fetch_all(connection)
    .await?)
}

/// A new secret or key.
#[derive(Clone, Copy, Debug)]
pub struct NewCredential<'a> {
    /// Of which application.
    pub application: PrincipalId,
    /// What to call it.
    pub name: &'a Name,
    /// When it ends.
    pub expires_at: Instant,
    /// What it is.
    pub material: Material<'a>,
}

/// What is kept of a secret or key.
#[derive(Clone, Copy, Debug)]
pub enum Material<'a> {
    /// The hash of a secret.
    Secret(&'a TokenHash),
    /// A public key.
    Key(&'a PublicKey),
}

/// Keeps a new secret or key.
pub async fn add_credential(
    change: &mut Change,
    new: NewCredential<'_>,
) -> Result<ApplicationCredentialId, Error> {
    let id = ApplicationCredentialId::new();
    let (at, by) = (change.at(), change.actor().principal().map(|id| id.0));
    let people: Vec<_> = change.actor().people().iter().map(|id| id.0).collect();
    let (kind, hash, key) = match new.material {
        Material::Secret(hash) => (CredentialKind::Secret, Some(hash.as_bytes()), None),
        Material::Key(key) => (CredentialKind::Key, None, Some(key.as_der())),
    };
    sqlx::query!(
        r#"
        insert into application_credentials (
            id, principal_id, kind, name, secret_hash, public_key, created_at, created_by, expires_at, people
        )
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
        "#,
        id.0,
        new.application.0,
        kind as CredentialKind,
        new.name.as_str(),
        hash,
        key,
        at,
        by,
        new.expires_at,
        &people,
    )
    .execute(change.connection())
    .await
    .on_constraint("application_credentials_public_key_key", || {
        Error::invalid("public_key", "this key is or was registered before: make a new pair")
    })
    .on_constraint("application_credentials_need_an_application", || {
        Error::Conflict("this application is disabled: enable it first".to_owned())
    })?;
    Ok(id)
}

/// Revokes a secret or key of an application. None if there is none that is good.
pub async fn revoke_credential(
    change: &mut Change,
    application: PrincipalId,
    credential: ApplicationCredentialId,
) -> Result<Option<(CredentialKind, String)>, Error> {
    let at = change.at();
    let revoked = sqlx::query!(
        r#"
        update application_credentials set revoked_at = $3
        where id = $1 and principal_id = $2 and revoked_at is null
        returning kind as "kind: CredentialKind", name
        "#,
        credential.0,
        application.0,
        at,
    )
    .fetch_optional(change.connection())
    .await?;
    Ok(revoked.map(|row| (row.kind, row.name)))
}

/// Ends the tokens of an application, or only those that were got with one secret or key. Gives back which.
pub async fn end_tokens(
    change: &mut Change,
    application: PrincipalId,
    credential: Option<ApplicationCredentialId>,
) -> Result<Vec<AccessTokenId>, Error> {
    let at = change.at();
    Ok(sqlx::query_scalar!(
        r#"
        update access_tokens set revoked_at = $3
        where principal_id = $1 and ($2::uuid is null or credential_id = $2) and revoked_at is null and expires_at > $3
        returning id as "id: AccessTokenId"
        "#,
        application.0,
        credential.map(|id| id.0),
        at,
    )
    .fetch_all(change.connection())
    .await?)
}

/// A secret or a key that may be what an application signs in with.
#[derive(Clone, Debug)]
pub struct Candidate {
    /// The secret or key.
    pub credential: ApplicationCredentialId,
    /// When it ends.
    pub expires_at: Instant,
    /// The public key.
    pub public_key: Option<Vec<u8>>,
    /// What the application is called.
    pub name: String,
    /// Everybody who can sign in as it, the accountable one first.
    pub people: Vec<PersonId>,
}

impl Candidate {
    /// The application that signs in with it, with a token that it is about to get.
    #[must_use]
    pub fn application(
        &self,
        principal: PrincipalId,
        token: AccessTokenId,
        scopes: Vec<TokenScope>,
    ) -> Application {
        let (name, people) = (self.name.clone(), self.people.clone());
        Application { principal, name, people, token, scopes }
    }
}

/// What an enabled application may sign in with now: the secret of a hash, or its keys.
pub async fn candidates(
    connection: &mut PgConnection,
    application: PrincipalId,
    secret: Option<&TokenHash>,
) -> Result<Vec<Candidate>, Error> {
    let rows = sqlx::query!(
        r#"
        select
            credential.id as "credential: ApplicationCredentialId", expires_at, public_key, principals.name,
            array(
                select behind.person_id from people_of_application(principals.id) as behind
                order by behind.person_id <> principals.person_id, behind.person_id
            ) as "people!"
        from application_credentials as credential
        join principals on principals.id = credential.principal_id
        where principals.id = $1 and principals.kind = 'service_principal' and disabled_at is null
            and revoked_at is null and expires_at > instant()
            and case when $2::bytea is null then credential.kind = 'key' else secret_hash = $2 end
        order by credential.created_at desc
        "#,
        application.0,
        secret.map(TokenHash::as_bytes),
    )
    .fetch_all(connection)
    .await?;
    let candidates = rows.into_iter().map(|row| Candidate {
        credential: row.credential,
        expires_at: row.expires_at,
        public_key: row.public_key,
        name: row.name,
        people: row.people.into_iter().map(PersonId).collect(),
    });
    Ok(candidates.collect())
}

/// Notes that an assertion was shown. False if it was shown before.
pub async fn use_up(
    change: &mut Change,
    application: PrincipalId,
    digest: &[u8; 32],
    expires_at: Instant,
) -> Result<bool, Error> {
    let noted = sqlx::query!(
        r#"
        insert into application_assertions (principal_id, digest, expires_at)
        values ($1, $2, $3)
        on conflict do nothing
        "#,
        application.0,
        digest.as_slice(),
        expires_at,
    )
    .execute(change.connection())
    .await?;
    Ok(noted.rows_affected() == 1)
}

/// Keeps a new token of an application, which rests on what it was got with.
pub async fn keep_token(
    change: &mut Change,
    application: &Application,
    token: &TokenHash,
    (credential, expires_at): (ApplicationCredentialId, Instant),
) -> Result<(), Error> {
    let scopes: Vec<_> = application.scopes.iter().map(|scope| scope.name().to_owned()).collect();
    let at = change.at();
    sqlx::query!(
        r#"
        insert into access_tokens (id, principal_id, name, token_hash, scopes, created_at, expires_at, credential_id)
        select $1, principal_id, name, $2, $3, $4, $5, id from application_credentials where id = $6
        "#,
        application.token.0,
        token.as_bytes(),
        &scopes,
        at,
        expires_at,
        credential.0,
    )
    .execute(change.connection())
    .await
    // It was revoked, or the application disabled, since it was looked at.
    .on_constraint("access_tokens_rest_on_a_credential", || Error::Unauthenticated)?;
    Ok(())
}

/// Notes that a secret or key is in use; at most once a minute, since it costs a write.
pub async fn touch_credential(
    connection: &mut PgConnection,
    credential: ApplicationCredentialId,
) -> Result<(), Error> {
    sqlx::query!(
        r#"
        update application_credentials set last_used_at = instant()
        where id = $1 and revoked_at is null and coalesce(last_used_at, '-infinity') < instant() - interval '1 minute'
        "#,
        credential.0,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Whether there is an application of that identifier, for the log.
pub async fn exists(connection: &mut PgConnection, id: PrincipalId) -> Result<bool, Error> {
    Ok(sqlx::query_scalar!(
        r#"select exists (select from principals where id = $1 and kind = 'service_principal') as "exists!""#,
        id.0,
    )
    .fetch_one(connection)
    .await?)
}

/// Removes what is over of applications: assertions that no longer count, and tokens that ended a week ago.
pub async fn prune(connection: &mut PgConnection) -> Result<u64, Error> {
    let assertions =
        sqlx::query!("delete from application_assertions where expires_at < instant()")
            .execute(&mut *connection)
            .await?;
    let tokens = sqlx::query!(
        "delete from access_tokens
         where credential_id is not null and expires_at < instant() - interval '7 days'"
    )
    .execute(connection)
    .await?;
    Ok(assertions.rows_affected() + tokens.rows_affected())
}
