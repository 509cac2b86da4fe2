//! How things stand, counted by indexes that hold only what is open.
use sqlx::PgConnection;

use crate::error::Error;

/// What is open.
#[derive(Clone, Copy, Debug)]
pub struct Counts {
    /// Activations in force.
    pub activations: i64,
    /// Requests that wait for an approver.
    pub requests_waiting: i64,
    /// Assignments that are over, and not yet written down as ended.
    pub ends_overdue: i64,
    /// For how long the first of them has been, in seconds.
    pub oldest_overdue_seconds: f64,
}

/// Counts what is open.
pub async fn counts(connection: &mut PgConnection) -> Result<Counts, Error> {
    Ok(sqlx::query_as!(
        Counts,
        r#"
        with clock as materialized (select instant() as now)
        select
            (select count(*) from assignments
                where origin = 'activated' and ended_at is null and starts_at <= now and ends_at > now
                    and not in_quarantine()) as "activations!",
            (select count(*) from requests where state = 'pending') as "requests_waiting!",
            overdue.count as "ends_overdue!",
            coalesce(extract(epoch from now - overdue.first), 0)::float8 as "oldest_overdue_seconds!"
        from clock
        cross join lateral (
            select count(*), min(ends_at) as first from assignments
            where ended_at is null and ends_at <= now and ends_at < 'infinity'
        ) as overdue
        "#,
    )
    .fetch_one(connection)
    .await?)
}

/// What waits in a lane.
#[derive(Clone, Debug)]
pub struct Waiting {
    /// The lane.
    pub lane: String,
    /// How many notices.
    pub waiting: i64,
    /// For how long the oldest that is due has waited, in seconds.
    pub oldest_seconds: f64,
}

/// What waits to be sent, by lane.
pub async fn outbox(connection: &mut PgConnection) -> Result<Vec<Waiting>, Error> {
    Ok(sqlx::query_as!(
        Waiting,
        r#"
        select coalesce(channel, 'mail') as "lane!", count(*) as "waiting!",
            coalesce(extract(epoch from instant() - min(waiting_since) filter (where next_attempt_at <= instant())), 0)::float8
                as "oldest_seconds!"
        from outbox
        where sent_at is null and given_up_at is null
        group by 1
        order by 1
        "#,
    )
    .fetch_all(connection)
    .await?)
}
