//! Counters of wrong passwords. Bookkeeping: nobody's act, so no event; a failed sign-in is recorded apart.
use sqlx::{PgConnection, PgPool};

use crate::{
    domain::{
        throttle::{FORGOTTEN_AFTER, Failures, Source},
        time::Instant,
    },
    error::Error,
    store::{credential::seconds, now},
};

/// A counter: whose wrong passwords it counts, and the name that it is kept under.
pub struct Counter {
    /// Whose.
    pub source: Source,
    /// The name: a MAC, which tells nothing by itself.
    pub key: [u8; 32],
}

/// Whether a password may be looked at.
pub enum Admission {
    /// Yes. It is counted as wrong until [`clear`] or [`give_back`] says otherwise, so that many attempts at once cannot
    /// all slip in before the first is counted.
    Evaluate,
    /// Not yet.
    Wait {
        /// The time.
        now: Instant,
        /// From when on.
        until: Instant,
    },
}

/// Admits an attempt if none of its counters says to wait, and counts it on each.
pub async fn admit(database: &PgPool, counters: &[Counter]) -> Result<Admission, Error> {
    let mut transaction = database.begin().await?;
    let mut failures = Vec::with_capacity(counters.len());
    // Always locked in the same order, so that two attempts never wait for each other.
    let mut ordered: Vec<_> = counters.iter().collect();
    ordered.sort_by_key(|counter| counter.key);
    for counter in &ordered {
        failures.push(lock(&mut transaction, counter).await?);
    }
    let now = now(&mut transaction).await?;
    let waits = ordered.iter().zip(&failures);
    let waits = waits.filter_map(|(counter, failures)| failures.wait_until(&counter.source, now));
    if let Some(until) = waits.max() {
        return Ok(Admission::Wait { now, until });
    }
    for (counter, failures) in ordered.iter().zip(failures) {
        set(&mut transaction, counter, failures.with_one_more(now)).await?;
    }
    transaction.commit().await?;
    Ok(Admission::Evaluate)
}

async fn lock(connection: &mut PgConnection, counter: &Counter) -> Result<Failures, Error> {
    let row = sqlx::query!(
        "
        insert into sign_in_throttles (key) values ($1)
        on conflict (key) do update set key = excluded.key
        returning failures, last_failure_at
        ",
        counter.key.as_slice(),
    )
    .fetch_one(connection)
    .await?;
    Ok(Failures { count: row.failures.unsigned_abs(), last_at: row.last_failure_at })
}

async fn set(
    connection: &mut PgConnection,
    counter: &Counter,
    failures: Failures,
) -> Result<(), Error> {
    sqlx::query!(
        "update sign_in_throttles set failures = $2, last_failure_at = $3 where key = $1",
        counter.key.as_slice(),
        i32::try_from(failures.count).unwrap_or(i32::MAX),
        failures.last_at as Option<Instant>,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Sets counters to nothing, since the password was right.
pub async fn clear(connection: &mut PgConnection, counters: &[Counter]) -> Result<(), Error> {
    let keys: Vec<_> = counters.iter().map(|counter| counter.key.to_vec()).collect();
    sqlx::query!("delete from sign_in_throttles where key = any($1)", &keys)
        .execute(connection)
        .await?;
    Ok(())
}

/// Takes back the count of an attempt whose password was not looked at after all.
pub async fn give_back(connection: &mut PgConnection, counters: &[Counter]) -> Result<(), Error> {
    let keys: Vec<_> = counters.iter().map(|counter| counter.key.to_vec()).collect();
    sqlx::query!(
        "update sign_in_throttles set failures = greatest(failures - 1, 0) where key = any($1)",
        &keys,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Removes counters that have been forgotten.
pub async fn prune(connection: &mut PgConnection) -> Result<u64, Error> {
    let pruned = sqlx::query!(
        "
        delete from sign_in_throttles
        where coalesce(last_failure_at, '-infinity') < instant() - make_interval(secs => $1)
        ",
        seconds(FORGOTTEN_AFTER),
    )
    .execute(connection)
    .await?;
    Ok(pruned.rows_affected())
}
