//! Who may do what right now: always asked of the live assignments, never remembered.
use sqlx::PgConnection;

use crate::{
    domain::{
        id::{AssignmentId, PrincipalId, RoleId, ScopeId},
        permission::Permissions,
        time::Instant,
    },
    error::Error,
};

/// What `principal`'s active roles in Latchkey allow at this moment.
pub async fn permissions(
    connection: &mut PgConnection,
    principal: PrincipalId,
) -> Result<Permissions, Error> {
    let names = sqlx::query_scalar!(
        r#"
        select distinct unnest(roles.permissions) as "name!"
        from (select instant() as now) as clock
        cross join lateral live_assignments(clock.now) as held
        join roles on roles.id = held.role_id
        join scopes on scopes.id = held.scope_id and scopes.kind = 'organization'
        where held.principal_id = $1
        "#,
        principal.0,
    )
    .fetch_all(connection)
    .await?;
    Ok(Permissions::named(&names))
}

/// Whether a role is held, and why.
#[derive(Clone, Copy, Debug)]
pub struct Held {
    /// The time of the answer.
    pub at: Instant,
    /// The assignment that gives it; none if it is not held.
    pub assignment: Option<AssignmentId>,
    /// Until when, if that ends.
    pub until: Option<Instant>,
}

/// Whether `principal` holds `role` at `scope`, directly or at a scope above, at this moment.
pub async fn held(
    connection: &mut PgConnection,
    principal: PrincipalId,
    role: RoleId,
    scope: ScopeId,
) -> Result<Held, Error> {
    let row = sqlx::query!(
        r#"
        select
            clock.now as "now!", held.id as "assignment?: AssignmentId", nullif(held.ends_at, 'infinity') as "until?"
        from (select instant() as now) as clock
        left join lateral (
            select live.id, live.ends_at
            from live_assignments(clock.now) as live
            join scope_ancestors on scope_ancestors.scope_id = $3 and ancestor_id = live.scope_id
            where live.principal_id = $1 and live.role_id = $2
            order by live.ends_at desc
            limit 1
        ) as held on true
        "#,
        principal.0,
        role.0,
        scope.0,
    )
    .fetch_one(connection)
    .await?;
    Ok(Held { at: row.now, assignment: row.assignment, until: row.until })
}

/// Whether `principal` holds, or is eligible for, a privileged role anywhere: what only some administrators may touch.
pub async fn reaches_privilege(
    connection: &mut PgConnection,
    principal: PrincipalId,
) -> Result<bool, Error> {
    Ok(sqlx::query_scalar!(
        r#"
        select exists (
            select from assignments
            join roles on roles.id = role_id and privileged
            where principal_id = $1 and ended_at is null and ends_at > instant()
        ) or exists (select from principals where id = $1 and break_glass) as "reaches!"
        "#,
        principal.0,
    )
    .fetch_one(connection)
    .await?)
}
