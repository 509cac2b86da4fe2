//! How much standing access there was, day by day.
use sqlx::PgConnection;

use crate::{domain::time::Instant, error::Error};

/// One day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Day {
    /// Which, as `2026-11-22`.
    pub day: String,
    /// When it was counted.
    pub taken_at: Instant,
    /// Standing assignments of privileged roles.
    pub standing_privileged: i64,
    /// Other standing assignments.
    pub standing_other: i64,
    /// Eligible assignments.
    pub eligible: i64,
    /// Activations on the day before.
    pub activations_day_before: i64,
}

/// Counts today, unless that was done. Says whether it was done now; of two servers, one does it.
pub async fn note(connection: &mut PgConnection) -> Result<bool, Error> {
    let is_there = sqlx::query_scalar!(
        r#"
        select exists (select from access_history where day = (instant() at time zone 'utc')::date) as "is_there!"
        "#
    )
    .fetch_one(&mut *connection)
    .await?;
    if is_there {
        return Ok(false);
    }
    let noted = sqlx::query!(
        r#"
        insert into access_history (
            day, taken_at, standing_privileged, standing_other, eligible, activations_day_before
        )
        select clock.today, clock.now, standing.privileged, standing.other, eligible.number, activated.number
        from (select now, (now at time zone 'utc')::date as today from (select instant() as now) as clock) as clock
        cross join lateral (
            select count(*) filter (where rank >= 2) as privileged, count(*) filter (where rank < 2) as other
            from standing_at(clock.now)
        ) as standing
        cross join lateral (
            select count(*) as number from live_eligibilities(clock.now)
        ) as eligible
        cross join lateral (
            select count(*) as number from assignments
            where origin = 'activated'
                and created_at >= (clock.today - 1)::timestamp at time zone 'utc'
                and created_at < clock.today::timestamp at time zone 'utc'
        ) as activated
        on conflict (day) do nothing
        "#
    )
    .execute(connection)
    .await?;
    Ok(noted.rows_affected() == 1)
}

/// The latest days, oldest first, `limit` at most.
pub async fn list(connection: &mut PgConnection, limit: i64) -> Result<Vec<Day>, Error> {
    let mut days = sqlx::query_as!(
        Day,
        r#"
        select day::text as "day!", taken_at, standing_privileged, standing_other, eligible, activations_day_before
        from access_history
        order by access_history.day desc
        limit $1
        "#,
        limit,
    )
    .fetch_all(connection)
    .await?;
    days.reverse();
    Ok(days)
}
