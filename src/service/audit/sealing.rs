//! Seals events: numbers and chains them in the order in which they were committed, as far as that can be seen.
use std::time::Duration;

use futures_util::TryStreamExt;
use sqlx::PgConnection;
use uuid::Uuid;

use crate::{
    App,
    domain::{
        audit::{Entry, Seal},
        id::EventId,
    },
    error::Error,
    store::{self, audit::Turn},
};

/// How many events are sealed in one transaction.
const BATCH: i64 = 2000;

/// What one round of sealing did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sealed {
    /// Somebody else is at it.
    NotOurTurn,
    /// So many events were sealed, and none that was visible is left.
    All(usize),
    /// So many events were sealed, and more are waiting.
    Some(usize),
}

/// What waits to be sealed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Waiting {
    /// How many events.
    pub unsealed: u64,
    /// For how long the oldest of them has waited.
    pub oldest: Option<Duration>,
}

/// Seals one batch of what is visible now.
///
/// There is one holder of the turn at a time, among all servers. Only whoever seals writes numbers, so they have no gap,
/// and an event's number is higher than that of every event that was sealed before it became visible.
///
/// `everywhere` looks at the whole log, not only at what recent transactions wrote: once at start, since a restored
/// database may hold events whose transactions have higher numbers than its own.
pub async fn seal(app: &App, everywhere: bool) -> Result<Sealed, Error> {
    let mut transaction = app.worker_database.begin().await?;
    let Some(turn) = store::audit::take_turn(&mut transaction).await? else {
        return Ok(Sealed::NotOurTurn);
    };
    let look_everywhere =
        turn.restored || (everywhere && store::audit::holds_restored(&mut transaction).await?);
    let ids = if look_everywhere {
        store::audit::unsealed_anywhere(&mut transaction, BATCH).await?
    } else {
        store::audit::unsealed(&mut transaction, BATCH).await?
    };
    let drained = i64::try_from(ids.len()).is_ok_and(|found| found < BATCH);
    if !ids.is_empty() || turn.restored {
        add(&mut transaction, turn, &ids, drained).await?;
        transaction.commit().await?;
    }
    Ok(if drained { Sealed::All(ids.len()) } else { Sealed::Some(ids.len()) })
}

async fn add(
    connection: &mut PgConnection,
    turn: Turn,
    ids: &[Uuid],
    drained: bool,
) -> Result<(), Error> {
    let Turn { mut chain, now, horizon, .. } = turn;
    let entries: Vec<Entry> = store::audit::entries(connection, ids).try_collect().await?;
    let seals: Vec<(EventId, Seal)> =
        entries.iter().map(|entry| (entry.id, chain.seal(entry, now))).collect();
    store::audit::add_seals(connection, &seals).await?;
    let settled_before = drained.then_some(horizon);
    store::audit::move_head(connection, &chain.head(), settled_before).await
}

/// What waits to be sealed. More than a few seconds old, it is an alarm: either nothing seals, or something keeps it from it.
pub async fn waiting(app: &App) -> Result<Waiting, Error> {
    let waiting = store::audit::waiting(&mut *app.worker_database.acquire().await?).await?;
    Ok(waiting.into())
}

impl From<store::audit::Waiting> for Waiting {
    fn from(waiting: store::audit::Waiting) -> Self {
        let age = |milliseconds| Duration::from_millis(u64::try_from(milliseconds).unwrap_or(0));
        Self {
            unsealed: u64::try_from(waiting.unsealed).unwrap_or(0),
            oldest: waiting.oldest_milliseconds.map(age),
        }
    }
}
