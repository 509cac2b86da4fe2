//! What is due to be told because time has passed: found by how far the clock has come since the last time, not by looking at all
//! there is.
use sqlx::PgConnection;

use crate::{
    domain::{
        id::{AssignmentId, PrincipalId, RequestId, RoleId, ScopeId},
        time::Instant,
    },
    error::Error,
    store::Change,
};

/// What becomes due to be told by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Course {
    /// Access ends in five minutes.
    EndingSoon,
    /// Access has ended by itself.
    Ended,
    /// Nobody decided a request in time.
    Lapsed,
    /// The summary of the day.
    DailySummary,
    /// The summary of the week.
    WeeklySummary,
    /// Nobody can give an approval any more that terms ask for.
    UnreachableApprovals,
}

impl Course {
    fn name(self) -> &'static str {
        match self {
            Self::EndingSoon => "ending_soon",
            Self::Ended => "ended",
            Self::Lapsed => "lapsed",
            Self::DailySummary => "daily_summary",
            Self::WeeklySummary => "weekly_summary",
            Self::UnreachableApprovals => "unreachable_approvals",
        }
    }
}

/// What has become due to be told since it was told last; summaries aside.
pub async fn due(connection: &mut PgConnection) -> Result<Vec<Course>, Error> {
    let names = sqlx::query_scalar!(
        r#"
        select progress.kind
        from (select instant() as now) as clock
        join notice_progress as progress on progress.through < clock.now
        where progress.kind in ('ending_soon', 'ended', 'lapsed') and (
            progress.through < clock.now - interval '1 minute'
            or progress.kind = 'ending_soon' and exists (
                select from assignments
                where ended_at is null and ends_at < 'infinity' and origin = 'activated'
                    and ends_at > progress.through + interval '5 minutes' and ends_at <= clock.now + interval '5 minutes'
            )
            or progress.kind = 'ended' and exists (
                select from assignments
                where origin = 'activated' and end_reason in ('expired', 'eligibility_ended')
                    and ended_at between progress.through and clock.now
            )
            or progress.kind = 'lapsed' and exists (
                select from requests
                where state = 'expired' and closed_at between progress.through and clock.now
            )
        )
        "#,
    )
    .fetch_all(connection)
    .await?;
    let all = [Course::EndingSoon, Course::Ended, Course::Lapsed];
    Ok(all.into_iter().filter(|course| names.iter().any(|name| name == course.name())).collect())
}

/// Milliseconds until access comes to its last five minutes, by the database's clock; none if there is none such.
pub async fn next(connection: &mut PgConnection) -> Result<Option<i64>, Error> {
    Ok(sqlx::query_scalar!(
        r#"
        select ceil(extract(epoch from min(ends_at) - interval '5 minutes' - instant()) * 1000)::bigint
        from assignments
        where ended_at is null and ends_at < 'infinity' and origin = 'activated'
            and ends_at > (select through from notice_progress where kind = 'ending_soon') + interval '5 minutes'
        "#,
    )
    .fetch_one(connection)
    .await?)
}

/// Up to which moment people were told.
pub async fn through(connection: &mut PgConnection, course: Course) -> Result<Instant, Error> {
    Ok(sqlx::query_scalar!("select through from notice_progress where kind = $1", course.name())
        .fetch_one(connection)
        .await?)
}

/// Up to which moment people were told; none if another server is at it. Held under lock until the change ends.
pub async fn lock(change: &mut Change, course: Course) -> Result<Option<Instant>, Error> {
    Ok(sqlx::query_scalar!(
        "select through from notice_progress where kind = $1 for update skip locked",
        course.name(),
    )
    .fetch_optional(change.connection())
    .await?)
}

/// Notes that everybody was told up to this moment.
pub async fn advance(change: &mut Change, course: Course, through: Instant) -> Result<(), Error> {
    sqlx::query!(
        "update notice_progress set through = $2 where kind = $1",
        course.name(),
        through,
    )
    .execute(change.connection())
    .await?;
    Ok(())
}

/// Access of which somebody is to be told that it ends or has ended.
#[derive(Clone, Debug)]
pub struct Ending {
    /// Which.
    pub assignment: AssignmentId,
    /// The request that it came from.
    pub request: RequestId,
    /// Whose.
    pub principal: PrincipalId,
    /// The person's name.
    pub holder: String,
    /// The role.
    pub role: RoleId,
    /// Its name.
    pub role_name: String,
    /// At which scope.
    pub scope: ScopeId,
    /// Its name.
    pub scope_name: String,
    /// When it began.
    pub starts_at: Instant,
    /// When it ends, or ended.
    pub ends_at: Instant,
    /// Whether it ended before that, with the eligibility.
    pub early: bool,
}

/// Takes on the access that has come to its last five minutes, and was longer than fifteen, soonest first, `limit` at most.
/// Each is noted, so that nobody takes it on again.
pub async fn take_ending_soon(
    change: &mut Change,
    through: Instant,
    limit: i64,
) -> Result<Vec<Ending>, Error> {
    let at = change.at();
    Ok(sqlx::query_as!(
        Ending,
        r#"
        with near as materialized (
            select id, request_id, principal_id, role_id, scope_id, starts_at, ends_at from assignments
            where ended_at is null and ends_at < 'infinity' and origin = 'activated'
                and ends_at > $2::timestamptz + interval '4 minutes' and ends_at > $1
                and ends_at <= $1::timestamptz + interval '5 minutes'
                and ends_at > starts_at + interval '15 minutes'
                and not exists (
                    select from told_notices as told
                    where told.about_id = assignments.id and told.kind = 'ending_soon' and told.due_at = assignments.ends_at
                )
            order by ends_at, id
            limit $3
        ),
        noted as (
            insert into told_notices (kind, about_id, due_at, told_at)
            select 'ending_soon', id, ends_at, $1 from near
            on conflict do nothing
            returning about_id
        )
        select
            near.id as "assignment: AssignmentId", near.request_id as "request!: RequestId",
            near.principal_id as "principal: PrincipalId", display_name as holder,
            near.role_id as "role: RoleId", roles.name as role_name,
            near.scope_id as "scope: ScopeId", scopes.name as scope_name,
            near.starts_at as "starts_at: Instant", near.ends_at as "ends_at: Instant", false as "early!"
        from near
        join noted on noted.about_id = near.id
        join principals on principals.id = near.principal_id
        join persons on persons.id = principals.person_id
        join roles on roles.id = near.role_id
        join scopes on scopes.id = near.scope_id
        order by near.ends_at, near.id
        "#,
        at,
        through,
        limit,
    )
    .fetch_all(change.connection())
    .await?)
}

/// The same of access that has ended by itself since `through`.
pub async fn take_ended(
    change: &mut Change,
    through: Instant,
    limit: i64,
) -> Result<Vec<Ending>, Error> {
    let at = change.at();
    Ok(sqlx::query_as!(
        Ending,
        r#"
        with over as materialized (
            select id, request_id, principal_id, role_id, scope_id, starts_at, ends_at, ended_at, end_reason
            from assignments
            where origin = 'activated' and end_reason in ('expired', 'eligibility_ended')
                and ended_at >= $2::timestamptz - interval '1 minute' and ended_at <= $1
                and not exists (
                    select from told_notices as told
                    where told.about_id = assignments.id and told.kind = 'ended' and told.due_at = assignments.ends_at
                )
            order by ended_at, id
            limit $3
        ),
        noted as (
            insert into told_notices (kind, about_id, due_at, told_at)
            select 'ended', id, ends_at, $1 from over
            on conflict do nothing
            returning about_id
        )
        select
            over.id as "assignment: AssignmentId", over.request_id as "request!: RequestId",
            over.principal_id as "principal: PrincipalId", display_name as holder,
            over.role_id as "role: RoleId", roles.name as role_name,
            over.scope_id as "scope: ScopeId", scopes.name as scope_name,
            over.starts_at as "starts_at: Instant", over.ended_at as "ends_at!: Instant",
            end_reason = 'eligibility_ended' as "early!"
        from over
        join noted on noted.about_id = over.id
        join principals on principals.id = over.principal_id
        join persons on persons.id = principals.person_id
        join roles on roles.id = over.role_id
        join scopes on scopes.id = over.scope_id
        order by over.ended_at, over.id
        "#,
        at,
        through,
        limit,
    )
    .fetch_all(change.connection())
    .await?)
}

/// Takes on the requests that nobody decided in time since `through`, `limit` at most; each is noted.
pub async fn take_lapsed(
    change: &mut Change,
    through: Instant,
    limit: i64,
) -> Result<Vec<RequestId>, Error> {
    let at = change.at();
    Ok(sqlx::query_scalar!(
        r#"
        with over as materialized (
            select id, closed_at from requests
            where state = 'expired' and closed_at >= $2::timestamptz - interval '1 minute' and closed_at <= $1
                and not exists (
                    select from told_notices as told
                    where told.about_id = requests.id and told.kind = 'lapsed' and told.due_at = closed_at
                )
            order by closed_at, id
            limit $3
        )
        insert into told_notices (kind, about_id, due_at, told_at)
        select 'lapsed', id, closed_at, $1 from over
        on conflict do nothing
        returning about_id as "id: RequestId"
        "#,
        at,
        through,
        limit,
    )
    .fetch_all(change.connection())
    .await?)
}

/// Forgets what was told of long ago: it can't become due again.
pub async fn prune(connection: &mut PgConnection) -> Result<u64, Error> {
    let forgotten =
        sqlx::query!("delete from told_notices where told_at < instant() - interval '30 days'")
            .execute(connection)
            .await?;
    Ok(forgotten.rows_affected())
}
