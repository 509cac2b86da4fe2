//! Seals events: numbers and chains them in the order in which they were committed, as far as that can be seen.
use std::time::Duration;

use futures_util::TryStreamExt;
use sqlx::PgConnection;
use uuid::Uuid;

use crate::{
    App,
    domain::{
        assignment::AssignmentEnd,
        audit::{Entry, Kind, Seal},
        id::EventId,
        time::Instant,
    },
    error::Error,
    store::{
        self,
        audit::{Turn, Unsealed},
    },
};

/// How many events are sealed in one transaction.
const BATCH: i64 = 5000;

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
    let found = if look_everywhere {
        store::audit::unsealed_anywhere(&mut transaction, BATCH).await?
    } else {
        store::audit::unsealed(&mut transaction, BATCH).await?
    };
    let drained = i64::try_from(found.len()).is_ok_and(|found| found < BATCH);
    if !found.is_empty() || turn.restored {
        // Of what came before the last transaction of a full batch nothing is left, unless it still runs.
        let last = found.last().filter(|_| !look_everywhere).map(|event| event.transaction);
        let settled_before =
            if drained { Some(turn.horizon) } else { last.map(|last| last.min(turn.horizon)) };
        let now = turn.now;
        let sealed = add(&mut transaction, turn, &found, settled_before).await?;
        transaction.commit().await?;
        for entry in &sealed {
            count(app, entry, now);
        }
    }
    Ok(if drained { Sealed::All(found.len()) } else { Sealed::Some(found.len()) })
}

/// Seals a batch: in the order in which its events happened. Gives them.
async fn add(
    connection: &mut PgConnection,
    turn: Turn,
    found: &[Unsealed],
    settled_before: Option<i64>,
) -> Result<Vec<Entry>, Error> {
    let Turn { mut chain, now, .. } = turn;
    let ids: Vec<Uuid> = found.iter().map(|event| event.id).collect();
    let mut entries: Vec<Entry> = store::audit::entries(connection, &ids).try_collect().await?;
    entries.sort_unstable_by_key(|entry| (entry.at, entry.id));
    let seals: Vec<(EventId, Seal)> =
        entries.iter().map(|entry| (entry.id, chain.seal(entry, now))).collect();
    store::audit::add_seals(connection, &seals).await?;
    store::audit::move_head(connection, &chain.head(), settled_before).await?;
    Ok(entries)
}

/// Counts an event that was sealed `now`; of access whose time was up, also how late that was written down.
fn count(app: &App, entry: &Entry, now: Instant) {
    let since = |then: Instant, now: Instant| now.since(then).try_into().unwrap_or_default();
    app.metrics.sealed(&entry.kind, entry.outcome.name(), since(entry.at, now));
    let ends = [Kind::ActivationEnded.name(), Kind::AssignmentExpired.name()];
    if ends.contains(&entry.kind.as_str())
        && let Ok(TimeUp { because: AssignmentEnd::Expired, due }) =
            serde_json::from_str(&entry.detail)
    {
        app.metrics.ended(since(due, entry.at));
    }
}

/// What the event of an end says of it.
#[derive(serde::Deserialize)]
struct TimeUp {
    because: AssignmentEnd,
    due: Instant,
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
