//! Who may approve under which terms.
use sqlx::PgConnection;

use crate::{
    domain::{
        id::{PersonId, PrincipalId, ScopeId, SettingsId},
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
        from principals as users
        where users.kind = 'user' and users.disabled_at is null and (
            users.id = any($1)
            or exists (
                select from live_assignments($2) as members
                join scopes on scopes.id = members.scope_id
                where members.principal_id = users.id and scopes.group_id = any($1)
                    and members.role_id = '00000000-0000-8000-8000-000000000008'
            )
        )
        "#,
        &named,
        at,
    )
    .fetch_one(connection)
    .await?;
    Ok(usize::try_from(count).unwrap_or(0))
}

/// Whether the members of the group whose scope this is approve a role that `person` is eligible for.
pub async fn approve_for(
    connection: &mut PgConnection,
    group: ScopeId,
    person: PersonId,
) -> Result<bool, Error> {
    Ok(sqlx::query_scalar!(
        r#"
        select exists (
            select from principals
            join assignments as eligibilities
                on eligibilities.principal_id = principals.id and eligibilities.kind = 'eligible' and ended_at is null
            cross join lateral current_settings(eligibilities.role_id, eligibilities.scope_id) as terms
            join settings_approvers on settings_approvers.settings_id = terms.id
            join scopes on scopes.id = $1 and scopes.group_id = settings_approvers.principal_id
            where principals.person_id = $2 and terms.activation_requires_approval
        ) as "approve!"
        "#,
        group.0,
        person.0,
    )
    .fetch_one(connection)
    .await?)
}
