//! Whoever can hold a role: users, groups and applications.
use sqlx::PgConnection;

use crate::{
    domain::{
        id::{PersonId, PrincipalId, ScopeId},
        principal::PrincipalKind,
        time::Instant,
    },
    error::Error,
};

/// Somebody or something that is to hold a role.
#[derive(Clone, Debug)]
pub struct Holder {
    /// Which.
    pub id: PrincipalId,
    /// What it is.
    pub kind: PrincipalKind,
    /// What it is called.
    pub name: String,
    /// The people who stand behind it: that of a user, the owner of an application, nobody for a group.
    pub people: Vec<PersonId>,
    /// A group's place.
    pub scope: Option<ScopeId>,
    /// When it was disabled.
    pub disabled_at: Option<Instant>,
}

/// One of them.
pub async fn holder(connection: &mut PgConnection, id: PrincipalId) -> Result<Holder, Error> {
    let row = sqlx::query!(
        r#"
        select
            principals.kind as "kind: PrincipalKind",
            case principals.kind when 'user' then display_name else principals.name end as "name!",
            person_id as "person: PersonId", scopes.id as "scope?: ScopeId", disabled_at
        from principals
        left join persons on persons.id = person_id
        left join scopes on scopes.group_id = principals.id
        where principals.id = $1
        "#,
        id.0,
    )
    .fetch_optional(connection)
    .await?
    .ok_or(Error::NotFound("principal"))?;
    Ok(Holder {
        id,
        kind: row.kind,
        name: row.name,
        people: row.person.into_iter().collect(),
        scope: row.scope,
        disabled_at: row.disabled_at,
    })
}

/// Somebody or something that could be given a role.
#[derive(Clone, Debug)]
pub struct Candidate {
    /// Which.
    pub id: PrincipalId,
    /// What it is.
    pub kind: PrincipalKind,
    /// What it is called.
    pub name: String,
    /// What tells two of one name apart: the account's name, or what the group is for.
    pub hint: String,
}

/// Those in use, groups first, by name, `limit` at most.
pub async fn candidates(
    connection: &mut PgConnection,
    search: Option<&str>,
    limit: i64,
) -> Result<Vec<Candidate>, Error> {
    Ok(sqlx::query_as!(
        Candidate,
        r#"
        select
            principals.id as "id: PrincipalId", principals.kind as "kind: PrincipalKind",
            case principals.kind when 'user' then display_name else principals.name end as "name!",
            case principals.kind when 'user' then principals.name else description end as "hint!"
        from principals
        left join persons on persons.id = person_id
        where disabled_at is null and ($1::text is null or position(lower($1) in lower(display_name)) > 0
            or position(lower($1) in principals.name_folded) > 0 or position(lower($1) in email_folded) > 0)
        order by principals.kind <> 'group', principals.kind, 3, principals.id
        limit $2
        "#,
        search,
        limit,
    )
    .fetch_all(connection)
    .await?)
}
