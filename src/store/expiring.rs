//! Assignments that end soon, and those that have run out lately.
use sqlx::PgConnection;

use crate::{
    domain::{
        assignment::AssignmentKind,
        id::{AssignmentId, ChangeRequestId, PrincipalId, RoleId, ScopeId},
        time::Instant,
    },
    error::Error,
};

/// An assignment that ends soon, or has run out.
#[derive(Clone, Debug)]
pub struct Told {
    /// Which.
    pub id: AssignmentId,
    /// Eligible or active.
    pub kind: AssignmentKind,
    /// Whose.
    pub principal: PrincipalId,
    /// The name of the person or group.
    pub holder: String,
    /// The account's name.
    pub account: String,
    /// Which role.
    pub role: RoleId,
    /// Its name.
    pub role_name: String,
    /// Whether it is privileged.
    pub privileged: bool,
    /// At which scope.
    pub scope: ScopeId,
    /// Its name.
    pub scope_name: String,
    /// From when.
    pub starts_at: Instant,
    /// Until when.
    pub ends_at: Instant,
    /// The wish for more time that waits for a decision.
    pub asked: Option<ChangeRequestId>,
}

/// Which of them are wanted.
#[derive(Clone, Copy, Debug)]
pub struct Wanted {
    /// Those of this account.
    pub principal: Option<PrincipalId>,
    /// Those of this role.
    pub role: Option<RoleId>,
    /// How many seconds before now, or from now on.
    pub within_seconds: i64,
    /// Those that come after this one.
    pub after: Option<(Instant, AssignmentId)>,
}

/// Assignments by an administrator that end soon, soonest first, `limit` at most.
pub async fn ending(
    connection: &mut PgConnection,
    wanted: Wanted,
    limit: i64,
) -> Result<Vec<Told>, Error> {
    Ok(sqlx::query_as!(
        Told,
        r#"
        select
            assignments.id as "id: AssignmentId", assignments.kind as "kind: AssignmentKind",
            principal_id as "principal: PrincipalId", coalesce(display_name, principals.name) as "holder!",
            principals.name as account, assignments.role_id as "role: RoleId", roles.name as role_name, privileged,
            assignments.scope_id as "scope: ScopeId", scopes.name as scope_name, starts_at, ends_at as "ends_at: Instant",
            (select asked.id from change_requests as asked where asked.assignment_id = assignments.id
                and state = 'pending' and asked.kind in ('extend_assignment', 'renew_assignment')
            ) as "asked: ChangeRequestId"
        from (select instant() as now) as clock
        join assignments on origin = 'assigned' and ended_at is null and ends_at < 'infinity'
            and ends_at > clock.now and ends_at <= clock.now + $3::bigint * interval '1 second'
        join principals on principals.id = principal_id
        left join persons on persons.id = principals.person_id
        join roles on roles.id = assignments.role_id
        join scopes on scopes.id = assignments.scope_id
        where ($1::uuid is null or principal_id = $1) and ($2::uuid is null or assignments.role_id = $2)
            and ($4::timestamptz is null or (ends_at, assignments.id) > ($4, $5::uuid))
        order by ends_at, assignments.id
        limit $6
        "#,
        wanted.principal.map(|id| id.0),
        wanted.role.map(|id| id.0),
        wanted.within_seconds,
        wanted.after.map(|(at, _)| at),
        wanted.after.map(|(_, id)| id.0),
        limit,
    )
    .fetch_all(connection)
    .await?)
}

/// Assignments by an administrator that have run out lately and were not given again, latest first, `limit` at most.
pub async fn run_out(
    connection: &mut PgConnection,
    wanted: Wanted,
    limit: i64,
) -> Result<Vec<Told>, Error> {
    Ok(sqlx::query_as!(
        Told,
        r#"
        select
            assignments.id as "id: AssignmentId", assignments.kind as "kind: AssignmentKind",
            principal_id as "principal: PrincipalId", coalesce(display_name, principals.name) as "holder!",
            principals.name as account, assignments.role_id as "role: RoleId", roles.name as role_name, privileged,
            assignments.scope_id as "scope: ScopeId", scopes.name as scope_name, starts_at, ends_at as "ends_at: Instant",
            (select asked.id from change_requests as asked where asked.assignment_id = assignments.id
                and state = 'pending' and asked.kind in ('extend_assignment', 'renew_assignment')
            ) as "asked: ChangeRequestId"
        from (select instant() as now) as clock
        join assignments on origin = 'assigned' and end_reason = 'expired'
            and ended_at > clock.now - $3::bigint * interval '1 second'
            and ends_at > clock.now - $3::bigint * interval '1 second'
        join principals on principals.id = principal_id
        left join persons on persons.id = principals.person_id
        join roles on roles.id = assignments.role_id and roles.retired_at is null
        join scopes on scopes.id = assignments.scope_id and scopes.retired_at is null
        where ($1::uuid is null or principal_id = $1) and ($2::uuid is null or assignments.role_id = $2)
            and ($4::timestamptz is null or (ends_at, assignments.id) < ($4, $5::uuid))
            and not exists (
                select from assignments as again
                where again.principal_id = assignments.principal_id and again.role_id = assignments.role_id
                    and again.scope_id = assignments.scope_id and again.origin = 'assigned' and again.ended_at is null
            )
        order by ends_at desc, assignments.id desc
        limit $6
        "#,
        wanted.principal.map(|id| id.0),
        wanted.role.map(|id| id.0),
        wanted.within_seconds,
        wanted.after.map(|(at, _)| at),
        wanted.after.map(|(_, id)| id.0),
        limit,
    )
    .fetch_all(connection)
    .await?)
}
