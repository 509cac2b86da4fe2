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

/// Does this account hold this role there?
#[derive(Clone, Copy, Debug)]
pub struct Question {
    /// The account.
    pub principal: PrincipalId,
    /// The role.
    pub role: RoleId,
    /// Where.
    pub scope: ScopeId,
}

/// The answer to a [`Question`].
#[derive(Clone, Copy, Debug)]
pub struct Held {
    /// The time of the answer, the same for all that were asked together.
    pub at: Instant,
    /// The assignment that gives it; none if it is not held.
    pub assignment: Option<AssignmentId>,
    /// Until when, if that ends.
    pub until: Option<Instant>,
    /// Whether the asker's own roles allow asking about others.
    pub may_ask: bool,
}

/// Whether roles are held, directly or at a scope above, all judged at one instant and in the order of the questions.
///
/// The hottest path: one statement, whatever is asked.
pub async fn held(
    connection: &mut PgConnection,
    asker: PrincipalId,
    questions: &[Question],
) -> Result<Vec<Held>, Error> {
    let principals: Vec<_> = questions.iter().map(|question| question.principal.0).collect();
    let roles: Vec<_> = questions.iter().map(|question| question.role.0).collect();
    let scopes: Vec<_> = questions.iter().map(|question| question.scope.0).collect();
    Ok(sqlx::query_as!(
        Held,
        r#"
        select
            clock.now as "at!", held.id as "assignment?: AssignmentId", nullif(held.ends_at, 'infinity') as "until?",
            asked.principal = $1 or exists (
                select from live_assignments(clock.now) as own
                join roles on roles.id = own.role_id and 'access.check' = any(roles.permissions)
                join scopes on scopes.id = own.scope_id and scopes.kind = 'organization'
                where own.principal_id = $1
            ) as "may_ask!"
        from (select instant() as now) as clock
        cross join unnest($2::uuid[], $3::uuid[], $4::uuid[]) with ordinality as asked (principal, role, scope, number)
        left join lateral (
            select live.id, live.ends_at
            from live_assignments(clock.now) as live
            join scope_ancestors on scope_ancestors.scope_id = asked.scope and ancestor_id = live.scope_id
            where live.principal_id = asked.principal and live.role_id = asked.role
            order by live.ends_at desc
            limit 1
        ) as held on true
        order by asked.number
        "#,
        asker.0,
        &principals,
        &roles,
        &scopes,
    )
    .fetch_all(connection)
    .await?)
}

/// Whether `principal` holds, is eligible for, or approves a privileged role anywhere: what only some administrators may
/// touch.
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
        )
        or exists (select from principals where id = $1 and break_glass)
        -- Whoever answers for others' use of such a role is as good as its holder.
        or exists (
            select from role_settings as terms
            join roles on roles.id = role_id and privileged
            cross join lateral approvers_of(terms.id, instant()) as approver
            where activation_requires_approval and approver.principal_id = $1
                and not exists (
                    select from role_settings as newer
                    where newer.role_id = terms.role_id and newer.scope_id = terms.scope_id
                        and newer.version > terms.version
                )
        ) as "reaches!"
        "#,
        principal.0,
    )
    .fetch_one(connection)
    .await?)
}
