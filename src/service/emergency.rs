//! Emergencies: approval is skipped, everybody who would have been asked is told, and somebody else looks at it afterwards.
use std::collections::{BTreeMap, BTreeSet};

use serde_json::json;
use sqlx::PgConnection;

use crate::{
    App,
    domain::{
        actor::{Actor, TokenScope},
        audit::{Event, Kind},
        emergency::{ReviewVerdict, due_at},
        id::{PrincipalId, RequestId},
        permission::Permission,
        text::Justification,
        time::Instant,
    },
    error::Error,
    service::{access, assignment::permission, notice},
    store::{self, Change, emergency::Wanted, request::NewRequest, settings::Nominee},
};

pub use crate::store::emergency::Told;

/// How many a page of the list has.
pub const PAGE: i64 = 50;
/// How many overdue reviews are told of in one round.
const ROUND: i64 = 100;

/// Opens the review of an emergency that has just begun, and tells everybody.
pub(super) async fn open(
    app: &App,
    change: &mut Change,
    new: NewRequest<'_>,
    ends_at: Instant,
) -> Result<(), Error> {
    let held = new.eligibility;
    store::emergency::open(change, new.id, held.person, due_at(ends_at)).await?;
    let event = Event::new(Kind::EmergencyUsed)
        .subject(held.principal)
        .role(held.role, held.scope)
        .request(new.id)
        .detail(json!({ "justification": new.ask.justification, "review_by": due_at(ends_at) }));
    change.record(&event).await?;
    let told = one(change.connection(), new.id).await?;
    let skipped = skipped(change.connection(), &told).await?;
    notice::emergency_used(app, change, &told, &skipped, ends_at).await
}

async fn one(connection: &mut PgConnection, request: RequestId) -> Result<Told, Error> {
    let wanted = Wanted { request: Some(request), ..Wanted::default() };
    let found = store::emergency::list(connection, wanted, 1).await?;
    found.into_iter().next().ok_or(Error::NotFound("emergency"))
}

/// Who would have been asked.
async fn skipped(connection: &mut PgConnection, told: &Told) -> Result<Vec<Nominee>, Error> {
    let now = store::now(connection).await?;
    // By the terms on which it was asked for: later ones take nobody's review away.
    let version = store::settings::version(connection, told.settings).await?;
    let who = (Some(told.person), told.scope);
    let stages = &version.settings.activation.stages;
    let mut known = BTreeSet::new();
    let named = store::settings::candidates(connection, stages, who, now).await?;
    Ok(named
        .into_iter()
        .filter(|it| it.person != told.person && known.insert(it.principal))
        .collect())
}

/// An emergency, with whether the asker may review it.
#[derive(Clone, Debug)]
pub struct Detail {
    /// The emergency.
    pub told: Told,
    /// Whether the asker may close its review.
    pub may_review: bool,
    /// The time of the answer.
    pub now: Instant,
}

/// Whether somebody may review an emergency: an approver who was skipped, or whoever gives and takes roles there; never whoever
/// it was.
async fn may_review(
    connection: &mut PgConnection,
    actor: &Actor,
    told: &Told,
) -> Result<bool, Error> {
    let Some(user) = actor.user() else { return Ok(false) };
    if user.person == told.person {
        return Ok(false);
    }
    let place = store::scope::one(connection, told.scope).await?;
    let manages = access::authorise_at(connection, actor, permission(place.kind), told.scope).await;
    Ok(manages.is_ok()
        || skipped(connection, told).await?.iter().any(|it| it.principal == user.principal))
}

/// Everybody who may review an emergency.
pub(super) async fn reviewers(
    connection: &mut PgConnection,
    request: RequestId,
) -> Result<Vec<PrincipalId>, Error> {
    let told = one(connection, request).await?;
    let now = store::now(connection).await?;
    let kind = store::scope::one(connection, told.scope).await?.kind;
    let manage =
        store::notice::permitted(connection, permission(kind), told.scope, now, false).await?;
    let skipped = skipped(connection, &told).await?.into_iter().map(|it| it.principal);
    Ok(skipped.chain(manage).collect::<BTreeSet<_>>().into_iter().collect())
}

/// Whether the asker may review this request, or has done so.
pub(super) async fn review_by(
    connection: &mut PgConnection,
    actor: &Actor,
    request: RequestId,
) -> Result<bool, Error> {
    let told = one(connection, request).await?;
    may_review(connection, actor, &told).await
}

/// The emergencies that the asker may know of, newest first, [`PAGE`] at most: with [`Permission::ReadRequests`] all of them.
pub async fn list(
    app: &App,
    actor: &Actor,
    closed: Option<bool>,
    after: Option<(Instant, RequestId)>,
) -> Result<Vec<Told>, Error> {
    let mut connection = app.database.acquire().await?;
    let places = access::authorise_somewhere(&mut connection, actor, Permission::ReadRequests)
        .await?
        .limited();
    let wanted = Wanted { closed, after, places: places.as_deref(), ..Wanted::default() };
    store::emergency::list(&mut connection, wanted, PAGE).await
}

/// The emergencies that wait for the asker's review, first what is due first.
pub async fn awaiting(app: &App, actor: &Actor) -> Result<Vec<Told>, Error> {
    access::user(actor, TokenScope::Read)?;
    awaiting_from(&mut *app.database.acquire().await?, actor).await
}

/// The same, for whoever has made sure that they may ask.
pub(super) async fn awaiting_from(
    connection: &mut PgConnection,
    actor: &Actor,
) -> Result<Vec<Told>, Error> {
    let wanted = Wanted { closed: Some(false), by_due: true, ..Wanted::default() };
    let mut waiting = Vec::new();
    // Many are alike in all that matters for who may review them: then one is looked at for all.
    let mut known = BTreeMap::new();
    for told in store::emergency::list(connection, wanted, 200).await? {
        let alike = (told.settings, told.scope, told.person);
        let may = if let Some(may) = known.get(&alike) {
            *may
        } else {
            let may = may_review(connection, actor, &told).await?;
            known.insert(alike, may);
            may
        };
        if may {
            waiting.push(told);
        }
    }
    Ok(waiting)
}

/// The review of a request that was an emergency, for whoever may see that request; none if it was not.
pub async fn review_of(
    app: &App,
    actor: &Actor,
    request: RequestId,
) -> Result<Option<Detail>, Error> {
    let mut connection = app.database.acquire().await?;
    let told = match one(&mut connection, request).await {
        Err(Error::NotFound(_)) => return Ok(None),
        found => found?,
    };
    let may_review = told.closed_at.is_none() && may_review(&mut connection, actor, &told).await?;
    let now = store::now(&mut connection).await?;
    Ok(Some(Detail { told, may_review, now }))
}

/// Closes the review of somebody else's emergency, with a verdict and why.
pub async fn review(
    app: &App,
    actor: &Actor,
    request: RequestId,
    verdict: ReviewVerdict,
    note: &Justification,
) -> Result<(), Error> {
    access::user(actor, TokenScope::Approve)?;
    let mut change = Change::begin(&app.database, actor).await?;
    let told = one(change.connection(), request).await?;
    if !may_review(change.connection(), actor, &told).await? {
        return Err(Error::NotFound("emergency"));
    }
    if note.is_empty() {
        return Err(Error::invalid("note", "write what you found"));
    }
    change.settle().await?;
    if !store::emergency::close(&mut change, request, verdict, note.as_str()).await? {
        return Err(Error::Conflict("somebody has reviewed this already".to_owned()));
    }
    notice::emergency_reviewed(app, &mut change, &told, verdict, note.as_str()).await?;
    change.made(request.0).await?;
    let event = Event::new(Kind::EmergencyReviewed)
        .subject(told.principal)
        .role(told.role, told.scope)
        .request(request)
        .detail(json!({ "verdict": verdict, "note": note }));
    change.commit(&event).await?;
    app.wake.everything();
    Ok(())
}

/// Tells administrators of emergencies that nobody has looked at in time, each once. Says how many.
pub(in crate::service) async fn remind(app: &App) -> Result<usize, Error> {
    let due = store::emergency::overdue(&mut *app.worker_database.acquire().await?, ROUND).await?;
    let mut told = 0;
    for request in due {
        // One that can't be told of must not hold up the others: it is tried again with the next round.
        match store::retried(|| remind_one(app, request)).await {
            Ok(done) => told += usize::from(done),
            Err(error) => {
                tracing::error!(%request, error = &error as &dyn std::error::Error, "an overdue review could not be told of");
            }
        }
    }
    Ok(told)
}

/// Tells of one of them. False if another server was first, or somebody has looked at it meanwhile.
async fn remind_one(app: &App, request: RequestId) -> Result<bool, Error> {
    let mut change = Change::begin(&app.worker_database, &Actor::system()).await?;
    if !store::emergency::remind(&mut change, request).await? {
        return Ok(false);
    }
    let emergency = one(change.connection(), request).await?;
    let skipped = skipped(change.connection(), &emergency).await?;
    notice::emergency_overdue(app, &mut change, &emergency, &skipped).await?;
    let event = Event::new(Kind::EmergencyOverdue)
        .subject(emergency.principal)
        .role(emergency.role, emergency.scope)
        .request(request)
        .detail(json!({ "due": emergency.due_at }));
    change.commit(&event).await?;
    Ok(true)
}
