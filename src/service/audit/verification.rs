//! Walks along the whole chain and says where it is first broken.
use std::{collections::HashMap, time::Duration};

use futures_util::TryStreamExt;
use sqlx::PgConnection;
use uuid::Uuid;

use super::Waiting;
use crate::{
    App,
    domain::{
        actor::Actor,
        audit::{Chain, Entry, Flaw, Head, Problem, Seal},
        id::EventId,
        permission::Permission,
        time::Instant,
    },
    error::Error,
    service::access,
    store,
};

/// How many events are read at once.
const BATCH: i64 = 2000;

/// What a walk along the chain found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verification {
    /// When it began.
    pub at: Instant,
    /// How many sealed events were found in order.
    pub sealed: u64,
    /// How many events had no seal yet.
    pub unsealed: u64,
    /// For how long the oldest of them had waited for one.
    pub oldest_unsealed_age: Option<Duration>,
    /// The first event that is not as it was sealed, in words that name it; none if all are.
    pub first_bad: Option<FirstBad>,
    /// Where the chain ends. Whoever has noted an earlier end can tell whether it is still in the chain.
    pub head: Head,
}

/// The first event that is not as it was sealed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FirstBad {
    /// Its number.
    pub sequence: i64,
    /// The event, if it is there.
    pub event: Option<EventId>,
    /// What is wrong.
    pub problem: String,
}

impl From<Flaw> for FirstBad {
    fn from(flaw: Flaw) -> Self {
        Self { sequence: flaw.sequence, event: flaw.event, problem: flaw.problem.to_string() }
    }
}

impl std::fmt::Display for FirstBad {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "event number {}", self.sequence)?;
        if let Some(event) = self.event {
            write!(f, " ({event})")?;
        }
        write!(f, ": {}", self.problem)
    }
}

/// Walks along the whole chain, and keeps what it found for the page.
///
/// `witness` is an end of the chain that somebody has noted before, outside of the database: the chain must contain it.
pub async fn verify(
    app: &App,
    actor: &Actor,
    witness: Option<Head>,
) -> Result<Verification, Error> {
    let mut connection = app.database.acquire().await?;
    access::authorise(&mut connection, actor, Permission::ReadAudit).await?;
    let at = store::now(&mut connection).await?;
    let head = store::audit::head(&mut connection).await?;
    let (chain, flaw) = walk(&mut connection, &head, witness).await?;
    let waiting: Waiting = store::audit::waiting(&mut connection).await?.into();
    let verification = Verification {
        at,
        sealed: u64::try_from(chain.head().sequence).unwrap_or(0),
        unsealed: waiting.unsealed,
        oldest_unsealed_age: waiting.oldest,
        first_bad: flaw.map(FirstBad::from),
        head,
    };
    let kept = store::audit::Verified {
        verified_at: at,
        sealed: chain.head().sequence,
        head,
        first_bad: flaw.map(|flaw| flaw.sequence),
        first_bad_event: flaw.and_then(|flaw| flaw.event),
        problem: flaw.map(|flaw| flaw.problem.to_string()),
    };
    store::audit::keep_verification(&mut connection, &kept).await?;
    Ok(verification)
}

/// Where the chain ends now: worth noting where no database administrator can reach.
pub async fn head(app: &App, actor: &Actor) -> Result<Head, Error> {
    let mut connection = app.database.acquire().await?;
    access::authorise(&mut connection, actor, Permission::ReadAudit).await?;
    store::audit::head(&mut connection).await
}

/// Walks along the chain if that has not been done for a day, and raises the alarm if it is broken.
pub async fn verify_daily(app: &App) -> Result<(), Error> {
    let actor = Actor::system();
    let now = store::now(&mut *app.database.acquire().await?).await?;
    let last = last_verification(app, &actor).await?;
    if last.is_some_and(|last| now.since(last.at).as_hours() < 24) {
        return Ok(());
    }
    let found = verify(app, &actor, None).await?;
    if let Some(bad) = found.first_bad {
        tracing::error!(%bad, head = %found.head, "the audit log was tampered with");
    } else {
        tracing::info!(events = found.sealed, head = %found.head, "the audit log is whole");
    }
    Ok(())
}

/// What the last walk found, with what waits to be sealed now; none if there was none yet.
pub async fn last_verification(app: &App, actor: &Actor) -> Result<Option<Verification>, Error> {
    let mut connection = app.database.acquire().await?;
    access::authorise(&mut connection, actor, Permission::ReadAudit).await?;
    let Some(kept) = store::audit::last_verification(&mut connection).await? else {
        return Ok(None);
    };
    let waiting: Waiting = store::audit::waiting(&mut connection).await?.into();
    let first_bad = kept.first_bad.map(|sequence| FirstBad {
        sequence,
        event: kept.first_bad_event,
        problem: kept.problem.unwrap_or_default(),
    });
    Ok(Some(Verification {
        at: kept.verified_at,
        sealed: u64::try_from(kept.sealed).unwrap_or(0),
        unsealed: waiting.unsealed,
        oldest_unsealed_age: waiting.oldest,
        first_bad,
        head: kept.head,
    }))
}

/// Follows the chain up to `head`. The log only grows at its end, so what is read piece by piece fits together.
async fn walk(
    connection: &mut PgConnection,
    head: &Head,
    witness: Option<Head>,
) -> Result<(Chain, Option<Flaw>), Error> {
    let mut chain = Chain::default();
    loop {
        let after = chain.head().sequence;
        let seals = store::audit::seals(connection, after, head.sequence, BATCH).await?;
        if seals.is_empty() {
            break;
        }
        let ids: Vec<Uuid> = seals.iter().map(|(id, _)| id.0).collect();
        let entries: HashMap<EventId, Entry> = store::audit::entries(connection, &ids)
            .map_ok(|entry| (entry.id, entry))
            .try_collect()
            .await?;
        if let Err(flaw) = follow(&mut chain, &seals, &entries, witness) {
            return Ok((chain, Some(flaw)));
        }
    }
    let beyond = store::audit::beyond(connection, head.sequence).await?;
    let flaw = chain.ends_at(head).err().or(missing_witness(&chain, witness));
    // Whoever seals may have gone on in the meantime: only a number beyond the end as it is now is too much.
    let flaw = match (flaw, beyond) {
        (None, Some(sequence)) if store::audit::head(connection).await?.sequence < sequence => {
            Some(Flaw { sequence, event: None, problem: Problem::BeyondHead })
        }
        (flaw, _) => flaw,
    };
    Ok((chain, flaw))
}

fn follow(
    chain: &mut Chain,
    seals: &[(EventId, Seal)],
    entries: &HashMap<EventId, Entry>,
    witness: Option<Head>,
) -> Result<(), Flaw> {
    for (id, seal) in seals {
        chain.follow(seal, entries.get(id))?;
        if let Some(witness) = witness
            && witness.sequence == seal.sequence
            && witness.hash != seal.hash
        {
            let (sequence, event) = (seal.sequence, Some(*id));
            return Err(Flaw { sequence, event, problem: Problem::NotWitnessed });
        }
    }
    Ok(())
}

/// A noted end that the chain does not reach: its last events are gone.
fn missing_witness(chain: &Chain, witness: Option<Head>) -> Option<Flaw> {
    let last = chain.head().sequence;
    witness.filter(|witness| witness.sequence > last).map(|_| Flaw {
        sequence: last + 1,
        event: None,
        problem: Problem::NumberMissing,
    })
}
