//! Whoever can hold a role: users, groups and applications.
use sqlx::PgConnection;

use super::Change;
use crate::{
    domain::{
        id::{PersonId, PrincipalId},
        principal::PrincipalKind,
        time::Instant,
    },
    error::Error,
};

/// Somebody or something that is to hold a role.
#[derive(Clone, Debug)]
pub struct Holder {
    /// What it is.
    pub kind: PrincipalKind,
    /// What it is called.
    pub name: String,
    /// The human beings behind it: the user's person, or everybody who can sign in as the application.
    pub people: Vec<PersonId>,
    /// When it was disabled.
    pub disabled_at: Option<Instant>,
}

/// Keeps all that these hold as it is until the change ends, as [`holder`] does for one. In one order, so that nobody waits in
/// a circle.
pub async fn hold_all(change: &mut Change, ids: &[PrincipalId]) -> Result<(), Error> {
    let ids: Vec<_> = ids.iter().map(|id| id.0).collect();
    sqlx::query!(
        "select id from principals where id = any($1) order by id for no key update",
        &ids
    )
    .fetch_all(change.connection())
    .await?;
    Ok(())
}

/// Reads a holder and keeps it as it is, with its owners, until the change ends. Comes before every other lock. Two who give
/// the same holder something wait for one another here: later, each would wait for the other to say whether windows overlap.
pub async fn holder(change: &mut Change, id: PrincipalId) -> Result<Holder, Error> {
    super::account::hold_alone(change, id).await?;
    let row = sqlx::query!(
        r#"
        select
            kind as "kind: PrincipalKind", disabled_at,
            case kind when 'user' then display_name else name end as "name!",
            case kind
                when 'user' then array[person_id]
                when 'service_principal' then array(select behind.person_id from people_of_application(principals.id) as behind)
                else '{}'
            end as "people!"
        from principals
        left join persons on persons.id = principals.person_id
        where principals.id = $1
        "#,
        id.0,
    )
    .fetch_optional(change.connection())
    .await?
    .ok_or(Error::NotFound("person"))?;
    Ok(Holder {
        kind: row.kind,
        name: row.name,
        people: row.people.into_iter().map(PersonId).collect(),
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
