//! Makes data, with the triggers off: making it is not what is measured.
use sqlx::{AssertSqlSafe, PgPool, raw_sql};

use crate::setting::PEOPLE;

/// How many assignments or events are made in one statement, so that no sort is large.
const BATCH: usize = 2_000_000;

/// People who are eligible for one role, and one who holds everything.
pub async fn people(superuser: &PgPool) {
    run(superuser, include_str!("populate.sql"), (0, 0)).await;
}

/// A tree of places, roles, and groups in one another.
pub async fn structure(superuser: &PgPool) {
    run(superuser, include_str!("growth.sql"), (0, 0)).await;
}

/// Assignments at every place, of which one in ten is open, as after some years of use: number `first` to `last`.
pub async fn assignments(superuser: &PgPool, first: usize, last: usize) {
    for batch in batches(first, last) {
        run(superuser, include_str!("growth_more.sql"), batch).await;
    }
}

/// Sealed events of the past, number `first` to `last`.
pub async fn events(superuser: &PgPool, first: usize, last: usize) {
    for batch in batches(first, last) {
        run(superuser, include_str!("events.sql"), batch).await;
    }
}

/// Sealed events of the past, as many as are missing to so many.
pub async fn events_up_to(superuser: &PgPool, last: usize) {
    let sql = "select count(*) from audit_events where transaction_id = '1'";
    let there: i64 = sqlx::query_scalar(sql).fetch_one(superuser).await.expect("it answers");
    events(superuser, usize::try_from(there).unwrap_or(0) + 1, last).await;
}

fn batches(first: usize, last: usize) -> impl Iterator<Item = (usize, usize)> {
    (first..=last).step_by(BATCH).map(move |from| (from, last.min(from + BATCH - 1)))
}

/// Runs a script, in which some words stand for numbers.
pub async fn run(superuser: &PgPool, sql: &str, (first, last): (usize, usize)) {
    let sql = sql
        .replace("PEOPLE", &PEOPLE.to_string())
        .replace("FIRST", &first.to_string())
        .replace("LAST", &last.to_string());
    // What is made is not durable before the next checkpoint; what is measured is.
    let sql = format!(
        "set session_replication_role = replica; set synchronous_commit = off; set work_mem = '256MB';
         {sql};
         reset work_mem; reset synchronous_commit; set session_replication_role = origin; analyze"
    );
    let mut connection = superuser.acquire().await.expect("it answers");
    raw_sql(AssertSqlSafe(sql)).execute(&mut *connection).await.expect("it is made");
}
