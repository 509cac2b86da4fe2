//! Many assignments at once: first what would happen to each, then, with one reason and one code, that.
use sqlx::PgConnection;

use super::{
    Prolonged, Proof,
    change::{convert_within, find, remove_within, update_within},
    commit,
    give::{all_repeated, part},
    prolong_within, somebody_remains,
};
use crate::{
    App,
    domain::{
        actor::{Actor, TokenScope},
        assignment::AssignmentKind,
        id::AssignmentId,
        permission::Permission,
        step_up::Act,
        text::Justification,
        time::{Duration, Instant},
    },
    error::Error,
    service::{access, step_up},
    store::{self, Change, assignment::Told},
};

/// The most that are changed at once.
const MOST: usize = 100;

/// What is done with each of many assignments.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operation {
    /// It is taken away.
    Remove,
    /// It becomes eligible.
    MakeEligible,
    /// It becomes active.
    MakeActive,
    /// It gets this end; none is for good.
    SetEnd(Option<Instant>),
    /// It gets so much more time; what has run out gets it from now on.
    Extend(Duration),
}

impl Operation {
    /// Its stable name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Remove => "remove",
            Self::MakeEligible => "make_eligible",
            Self::MakeActive => "make_active",
            Self::SetEnd(_) => "set_end",
            Self::Extend(_) => "extend",
        }
    }

    /// The end that an assignment gets by it, which now ends at `end`.
    fn end_after(self, end: Option<Instant>, now: Instant) -> Option<Instant> {
        match self {
            Self::SetEnd(end) => end,
            Self::Extend(more) => end.map(|end| end.max(now) + more),
            Self::Remove | Self::MakeEligible | Self::MakeActive => None,
        }
    }
}

/// What is to be done with many assignments.
#[derive(Clone, Debug)]
pub struct Bulk {
    /// With which: one to a hundred.
    pub assignments: Vec<AssignmentId>,
    /// What.
    pub operation: Operation,
    /// Why.
    pub reason: Justification,
}

/// What becomes, or would become, of one of them.
#[derive(Debug)]
pub struct Row {
    /// Which.
    pub assignment: AssignmentId,
    /// What it is; none if there is no such assignment, or none that the asker may know of.
    pub told: Option<Told>,
    /// The end that it gets.
    pub ends_at: Option<Instant>,
    /// The assignment, the same or a new one; or why nothing comes of it.
    pub outcome: Result<AssignmentId, Error>,
}

/// One of many, with the end that it is to get.
struct Part {
    id: AssignmentId,
    told: Option<Told>,
    ends_at: Option<Instant>,
}

/// Tells what would become of each, one after the other, by the very code that would do it. Nothing is written.
pub async fn rehearse(app: &App, actor: &Actor, bulk: &Bulk) -> Result<Vec<Row>, Error> {
    access::user(actor, TokenScope::Read)?;
    let plain = Actor { idempotency: None, ..actor.clone() };
    store::retried(|| rehearse_once(app, &plain, bulk)).await
}

async fn rehearse_once(app: &App, actor: &Actor, bulk: &Bulk) -> Result<Vec<Row>, Error> {
    let mut rows = Vec::with_capacity(bulk.assignments.len());
    let parts = parts(app, actor, bulk).await?;
    let mut change = Change::begin(&app.database, actor).await?;
    for Part { id, told, ends_at } in parts {
        change.mark().await?;
        let done = one(app, &mut change, actor, bulk, (id, ends_at, Proof::Rehearsed)).await;
        let outcome = match done {
            Ok(made) => somebody_remains(change.judge().await).map(|()| made),
            Err(error) => Err(error),
        };
        match &outcome {
            Ok(_) => {}
            Err(Error::Database(_) | Error::Internal(_)) => return Err(failed(outcome)),
            Err(_) => change.undo().await?,
        }
        rows.push(Row { assignment: id, told, ends_at, outcome });
    }
    // Dropped, the change leaves no trace.
    Ok(rows)
}

fn failed(outcome: Result<AssignmentId, Error>) -> Error {
    outcome.err().unwrap_or(Error::Unauthenticated)
}

/// Does it, each by itself, so that some may be refused. The code is judged once, and its proofs are bound to each.
pub async fn change_many(
    app: &App,
    actor: &Actor,
    bulk: &Bulk,
    code: &str,
) -> Result<Vec<Row>, Error> {
    access::user(actor, TokenScope::Administer)?;
    if bulk.reason.is_empty() {
        return Err(Error::invalid("justification", "write why these assignments change"));
    }
    let parts = parts(app, actor, bulk).await?;
    let acts: Vec<_> = parts
        .iter()
        .map(|part| Act::ChangeAssignment {
            assignment: part.id,
            operation: bulk.operation.name(),
            ends_at: part.ends_at,
        })
        .collect();
    let proofs = if all_repeated(app, actor, &bulk.assignments).await? {
        Vec::new()
    } else {
        let plain = Actor { idempotency: None, ..actor.clone() };
        step_up::verify(app, &plain, code, &acts).await?
    };
    let mut rows = Vec::with_capacity(parts.len());
    for (index, (Part { id, told, ends_at }, act)) in parts.into_iter().zip(&acts).enumerate() {
        let proof = proofs.get(index).map_or(Proof::None, |proof| Proof::Given(*proof, act));
        let outcome = store::retried(|| change_one(app, actor, bulk, (id, ends_at, proof))).await;
        rows.push(Row { assignment: id, told, ends_at, outcome });
    }
    app.wake.everything();
    Ok(rows)
}

/// Reads what is to be changed, for those who may see it.
async fn parts(app: &App, actor: &Actor, bulk: &Bulk) -> Result<Vec<Part>, Error> {
    if bulk.assignments.is_empty() || bulk.assignments.len() > MOST {
        return Err(Error::invalid("assignments", "choose between one and a hundred assignments"));
    }
    let mut connection = app.database.acquire().await?;
    let now = store::now(&mut connection).await?;
    let mut parts = Vec::with_capacity(bulk.assignments.len());
    for id in &bulk.assignments {
        let told = visible(&mut connection, actor, *id).await?;
        let ends_at = told.as_ref().and_then(|told| bulk.operation.end_after(told.ends_at, now));
        parts.push(Part { id: *id, told, ends_at });
    }
    Ok(parts)
}

/// The assignment, if the asker may see what is held where it is.
async fn visible(
    connection: &mut PgConnection,
    actor: &Actor,
    id: AssignmentId,
) -> Result<Option<Told>, Error> {
    let told = match store::assignment::one(connection, id).await {
        Err(Error::NotFound(_)) => return Ok(None),
        told => told?,
    };
    match access::authorise_at(connection, actor, Permission::ReadRoles, told.scope).await {
        Ok(()) => Ok(Some(told)),
        Err(Error::Forbidden(_)) => Ok(None),
        Err(error) => Err(error),
    }
}

async fn change_one(
    app: &App,
    actor: &Actor,
    bulk: &Bulk,
    (id, ends_at, proof): (AssignmentId, Option<Instant>, Proof<'_>),
) -> Result<AssignmentId, Error> {
    let mut change = match Change::begin(&app.database, &part(actor, id)).await {
        Err(Error::Repeated(before)) => return Ok(AssignmentId(before)),
        begun => begun?,
    };
    let made = one(app, &mut change, actor, bulk, (id, ends_at, proof)).await?;
    change.made(made.0).await?;
    commit(change).await?;
    Ok(made)
}

/// Changes one of many within a change.
async fn one(
    app: &App,
    change: &mut Change,
    actor: &Actor,
    bulk: &Bulk,
    (id, ends_at, proof): (AssignmentId, Option<Instant>, Proof<'_>),
) -> Result<AssignmentId, Error> {
    let why = (&bulk.reason, proof);
    match bulk.operation {
        Operation::Remove => {
            remove_within(app, change, actor, id, why).await?;
            Ok(id)
        }
        Operation::MakeEligible => {
            convert_within(app, change, actor, (id, AssignmentKind::Eligible, None), why).await
        }
        Operation::MakeActive => {
            convert_within(app, change, actor, (id, AssignmentKind::Active, None), why).await
        }
        Operation::SetEnd(_) => {
            update_within(app, change, actor, id, (None, ends_at), why).await?;
            Ok(id)
        }
        Operation::Extend(_) => {
            let Some(ends_at) = ends_at else {
                find(change.connection(), actor, id).await?;
                return Err(Error::Conflict("this assignment has no end".to_owned()));
            };
            let prolonged = Prolonged { kind: None, ends_at, reason: &bulk.reason };
            prolong_within(app, change, actor, (id, &prolonged), proof).await
        }
    }
}
