//! Who may approve under which terms.
use sqlx::PgConnection;

use crate::{
    domain::{
        id::{PersonId, PrincipalId, SettingsId},
        time::Instant,
    },
    error::Error,
};

/// Somebody who may approve.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Approver {
    /// The account.
    pub principal: PrincipalId,
    /// The human being.
    pub person: PersonId,
    /// Their name.
    pub name: String,
}

/// The enabled people who may approve under `settings` at `at`.
pub async fn approvers(
    connection: &mut PgConnection,
    settings: SettingsId,
    at: Instant,
) -> Result<Vec<Approver>, Error> {
    Ok(sqlx::query_as!(
        Approver,
        r#"
        select principal_id as "principal!: PrincipalId", person_id as "person!: PersonId", display_name as name
        from approvers_of($1, $2) as approvers
        join persons on persons.id = person_id
        order by display_name, principal_id
        "#,
        settings.0,
        at,
    )
    .fetch_all(connection)
    .await?)
}

/// How many enabled people the named users and groups come to at `at`.
pub async fn approving_people(
    connection: &mut PgConnection,
    named: &[PrincipalId],
    at: Instant,
) -> Result<usize, Error> {
    let named: Vec<_> = named.iter().map(|id| id.0).collect();
    let count = sqlx::query_scalar!(
        r#"
        select count(distinct users.person_id) as "count!"
        from principals as named
        cross join lateral (
            select named.id where named.kind = 'user'
            union all
            select members.principal_id from members_of(named.id, $2) as members where named.kind = 'group'
        ) as candidates
        join principals as users on users.id = candidates.id and users.kind = 'user' and users.disabled_at is null
        where named.id = any($1)
        "#,
        &named,
        at,
    )
    .fetch_one(connection)
    .await?;
    Ok(usize::try_from(count).unwrap_or(0))
}
