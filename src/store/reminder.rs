//! Who is to be reminded that an assignment ends: found by how far the clock has come since the last time, not by looking
//! at all there is.
use sqlx::PgConnection;

use super::Change;
use crate::{
    domain::{
        assignment::AssignmentKind,
        id::{AssignmentId, PrincipalId, RoleId, ScopeId},
        reminder::ReminderKind,
        role::ScopeKind,
        time::Instant,
    },
    error::Error,
};

/// The kinds of reminder for which somebody may be due: a minute has gone by, or an end has come near.
pub async fn due(connection: &mut PgConnection) -> Result<Vec<ReminderKind>, Error> {
    Ok(sqlx::query_scalar!(
        r#"
        select progress.kind as "kind: ReminderKind"
        from (select instant() as now) as clock
        join reminder_progress as progress on progress.through < clock.now
        where progress.through < clock.now - interval '1 minute'
            or progress.kind = 'ended' and exists (
                select from assignments
                where end_reason = 'expired' and origin = 'assigned'
                    and assignments.ended_at between progress.through and clock.now
            )
            or progress.kind <> 'ended' and exists (
                select from assignments
                where origin = 'assigned' and ended_at is null and ends_at < 'infinity'
                    and ends_at > progress.through + case progress.kind when 'one_day' then interval '1 day' else interval '14 days' end
                    and ends_at <= clock.now + case progress.kind when 'one_day' then interval '1 day' else interval '14 days' end
            )
        order by progress.kind
        "#,
    )
    .fetch_all(connection)
    .await?)
}

/// Up to which moment people were reminded; none if another server is at it. Held under lock until the change ends.
pub async fn lock(change: &mut Change, kind: ReminderKind) -> Result<Option<Instant>, Error> {
    Ok(sqlx::query_scalar!(
        "select through from reminder_progress where kind = $1 for update skip locked",
        kind as ReminderKind,
    )
    .fetch_optional(change.connection())
    .await?)
}

/// Notes that everybody was reminded up to this moment.
pub async fn advance(change: &mut Change, kind: ReminderKind) -> Result<(), Error> {
    let at = change.at();
    sqlx::query!(
        "update reminder_progress set through = $2 where kind = $1",
        kind as ReminderKind,
        at,
    )
    .execute(change.connection())
    .await?;
    Ok(())
}

/// An assignment of whose end people are to be told.
#[derive(Clone, Debug)]
pub struct Due {
    /// Which.
    pub assignment: AssignmentId,
    /// Whose.
    pub principal: PrincipalId,
    /// The name of the person or group.
    pub holder: String,
    /// Which role.
    pub role: RoleId,
    /// Its name.
    pub role_name: String,
    /// At which scope.
    pub scope: ScopeId,
    /// What kind of scope that is.
    pub scope_kind: ScopeKind,
    /// Its name.
    pub scope_name: String,
    /// Eligible or active.
    pub kind: AssignmentKind,
    /// When it ends.
    pub ends_at: Instant,
}

/// Takes on the reminders of assignments that have come near their end since `through`, soonest first, `limit` at most. Each
/// is noted, so that nobody takes it on again.
///
/// What was made or changed while the clock was read is caught by looking back a minute further.
pub async fn take_ending(
    change: &mut Change,
    kind: ReminderKind,
    before_seconds: i64,
    through: Instant,
    limit: i64,
) -> Result<Vec<Due>, Error> {
    let at = change.at();
    Ok(sqlx::query_as!(
        Due,
        r#"
        with near as materialized (
            select id, principal_id, role_id, scope_id, assignments.kind, ends_at from assignments
            where origin = 'assigned' and ended_at is null and ends_at < 'infinity'
                and ends_at > $3::timestamptz + make_interval(secs => $4) - interval '1 minute'
                and ends_at <= $2::timestamptz + make_interval(secs => $4) and ends_at > $2
                and created_at <= ends_at - make_interval(secs => $4)
                and not exists (
                    select from reminders
                    where assignment_id = assignments.id and reminders.ends_at = assignments.ends_at and reminders.kind = $1
                )
            order by ends_at, id
            limit $5
        ),
        noted as (
            insert into reminders (assignment_id, ends_at, kind, told_at)
            select id, ends_at, $1, $2 from near
            on conflict do nothing
            returning assignment_id
        )
        select
            near.id as "assignment: AssignmentId", near.principal_id as "principal: PrincipalId",
            case principals.kind when 'user' then display_name else principals.name end as "holder!",
            near.role_id as "role: RoleId", roles.name as role_name, near.scope_id as "scope: ScopeId", scopes.kind as "scope_kind: ScopeKind", scopes.name as scope_name,
            near.kind as "kind: AssignmentKind", near.ends_at as "ends_at: Instant"
        from near
        join noted on noted.assignment_id = near.id
        join principals on principals.id = near.principal_id
        left join persons on persons.id = principals.person_id
        join roles on roles.id = near.role_id
        join scopes on scopes.id = near.scope_id
        order by near.ends_at, near.id
        "#,
        kind as ReminderKind,
        at,
        through,
        seconds(before_seconds),
        limit,
    )
    .fetch_all(change.connection())
    .await?)
}

/// The same for assignments that have run out since `through`.
pub async fn take_ended(
    change: &mut Change,
    through: Instant,
    limit: i64,
) -> Result<Vec<Due>, Error> {
    let at = change.at();
    Ok(sqlx::query_as!(
        Due,
        r#"
        with over as materialized (
            select id, principal_id, role_id, scope_id, kind, ends_at from assignments
            where end_reason = 'expired' and origin = 'assigned'
                and ended_at >= $2::timestamptz - interval '1 minute' and ended_at <= $1
                and not exists (
                    select from reminders
                    where assignment_id = assignments.id and reminders.ends_at = assignments.ends_at and reminders.kind = 'ended'
                )
            order by ended_at, id
            limit $3
        ),
        noted as (
            insert into reminders (assignment_id, ends_at, kind, told_at)
            select id, ends_at, 'ended', $1 from over
            on conflict do nothing
            returning assignment_id
        )
        select
            over.id as "assignment: AssignmentId", over.principal_id as "principal: PrincipalId",
            case principals.kind when 'user' then display_name else principals.name end as "holder!",
            over.role_id as "role: RoleId", roles.name as role_name, over.scope_id as "scope: ScopeId", scopes.kind as "scope_kind: ScopeKind", scopes.name as scope_name,
            over.kind as "kind: AssignmentKind", over.ends_at as "ends_at: Instant"
        from over
        join noted on noted.assignment_id = over.id
        join principals on principals.id = over.principal_id
        left join persons on persons.id = principals.person_id
        join roles on roles.id = over.role_id
        join scopes on scopes.id = over.scope_id
        order by over.ends_at, over.id
        "#,
        at,
        through,
        limit,
    )
    .fetch_all(change.connection())
    .await?)
}

/// Seconds as the database takes them. None of them is near what a float could not say.
#[expect(clippy::cast_precision_loss, reason = "a few weeks in seconds")]
fn seconds(seconds: i64) -> f64 {
    seconds as f64
}
