//! Changes that need somebody else's word: making them, seeing them, taking them back, and letting them lapse.
use serde_json::json;

use crate::{
    App,
    domain::{
        actor::{Actor, TokenScope, User},
        audit::{Event, Kind},
        change_notice::Wanted as About,
        change_request::{ChangeState, Proposed, WAITS},
        id::{ChangeRequestId, PersonId},
        permission::Permission,
        text::identifiers,
        time::Instant,
    },
    error::Error,
    service::{access, notice},
    store::{self, Change, change_request::Wanted},
};

mod carry_out;
mod decide;

pub use crate::{
    domain::change_request::{Amended, Answer, Line, Outcome},
    store::{change_request::Told, settings::Approver},
};
pub use decide::decide;

/// How many change requests a page of a list has.
pub const PAGE: i64 = 50;

/// How many lapse in one round.
const LAPSES: i64 = 100;

/// A change request with all that its page shows.
#[derive(Clone, Debug)]
pub struct Detail {
    /// The change request.
    pub told: Told,
    /// Who may decide it now.
    pub deciders: Vec<Approver>,
    /// Whether the asker may decide it now.
    pub may_decide: bool,
    /// Whether the asker may take it back now.
    pub may_withdraw: bool,
    /// Whether it is the asker's own.
    pub own: bool,
    /// The names of those that its difference speaks of.
    pub names: crate::service::settings::Names,
    /// The time of the answer.
    pub now: Instant,
}

/// Makes a change wait for somebody else's word, and tells everybody who could give it. Ends the transaction: what was done
/// in it so far is kept.
pub(in crate::service) async fn propose(
    app: &App,
    mut change: Change,
    proposed: Proposed,
) -> Result<ChangeRequestId, Error> {
    if proposed.reason.is_empty() {
        return Err(Error::invalid("reason", "write why: somebody else must agree to this"));
    }
    let id = ChangeRequestId::new();
    let lapses = proposed.expires_at.unwrap_or(change.at() + WAITS);
    store::change_request::open(&mut change, id, &proposed, lapses).await?;
    let told = store::change_request::one(change.connection(), id).await?;
    notice::change_wanted(app, &mut change, &told).await?;
    change.made(id.0).await?;
    let event = event(Kind::ChangeRequested, &told).detail(json!({
        "write": told.write.0.name(),
        "difference": told.difference,
        "reason": told.reason,
        "expires_at": told.expires_at,
    }));
    change.commit(&event).await?;
    app.wake.everything();
    Ok(id)
}

/// Makes an act that its author may not do alone wait for somebody else's word, after nothing came of it.
pub(in crate::service) async fn propose_instead<T>(
    app: &App,
    actor: &Actor,
    proposed: Proposed,
) -> Result<Outcome<T>, Error> {
    if actor.user().is_none() {
        return Err(Error::NotAllowed(
            "this would widen what you can come to hold: a person has to ask for that, and another one to agree"
                .to_owned(),
        ));
    }
    if proposed.reason.is_empty() {
        return Err(Error::invalid(
            "justification",
            "write why: this would widen what you can come to hold, so somebody else must agree to it",
        ));
    }
    let change = match Change::begin(&app.database, actor).await {
        Err(Error::Repeated(before)) => return Ok(Outcome::Waits(ChangeRequestId(before))),
        begun => begun?,
    };
    propose(app, change, proposed).await.map(Outcome::Waits)
}

/// What the same form or request made when it was sent before: a change that waits, or else `done`.
pub(in crate::service) async fn repeated<T>(
    app: &App,
    made: uuid::Uuid,
    done: T,
) -> Result<Outcome<T>, Error> {
    let id = ChangeRequestId(made);
    match store::change_request::one(&mut *app.database.acquire().await?, id).await {
        Ok(_) => Ok(Outcome::Waits(id)),
        Err(Error::NotFound(_)) => Ok(Outcome::Done(done)),
        Err(error) => Err(error),
    }
}

/// A change request as mails and pages tell of it.
#[must_use]
pub fn about<'a>(told: &'a Told, link: &'a str) -> About<'a> {
    About {
        author: &told.author_name,
        write: &told.write.0,
        role: told.role_name.as_deref().unwrap_or_default(),
        scope: &told.scope_name,
        subject: told.subject_name.as_deref().unwrap_or_default(),
        reason: &told.reason,
        link,
    }
}

/// An event about a change request.
fn event(kind: Kind, told: &Told) -> Event {
    let event = Event::new(kind).target(told.id.0);
    Event { role: told.role, scope: Some(told.scope), subject: told.subject, ..event }
}

/// One change request, if the asker made it, may or did decide it, or may read requests. To everybody else it does not
/// exist.
pub async fn show(app: &App, actor: &Actor, id: ChangeRequestId) -> Result<Detail, Error> {
    access::user(actor, TokenScope::Read)?;
    seen(app, actor, id).await
}

/// The same for whoever has just acted on it, whatever their token is good for.
pub async fn seen(app: &App, actor: &Actor, id: ChangeRequestId) -> Result<Detail, Error> {
    let user = actor.user().ok_or(Error::Unauthenticated)?;
    let mut connection = app.database.acquire().await?;
    let told = store::change_request::one(&mut connection, id).await?;
    let now = store::now(&mut connection).await?;
    let deciders = store::change_request::deciders(&mut connection, id, now).await?;
    let own = told.author_person == user.person;
    let decider = deciders.iter().any(|decider| decider.principal == user.principal);
    let has_decided = told.decider_person == Some(user.person);
    if !(own || decider || has_decided) {
        access::authorise_at(&mut connection, actor, Permission::ReadRequests, told.scope)
            .await
            .map_err(|_| Error::NotFound("change request"))?;
    }
    let waits = told.state == ChangeState::Pending && told.expires_at > now;
    let named = named_in(&told.difference);
    Ok(Detail {
        may_decide: decider && waits,
        may_withdraw: own && told.state == ChangeState::Pending,
        own,
        deciders,
        names: store::settings::approver_names(&mut connection, &named).await?,
        now,
        told,
    })
}

/// The accounts, groups and roles that a difference names by their identifiers.
fn named_in(difference: &[Line]) -> Vec<uuid::Uuid> {
    difference
        .iter()
        .filter(|line| matches!(line.field.as_str(), "stages" | "approvers"))
        .flat_map(|line| identifiers(&line.before).chain(identifiers(&line.after)))
        .map(|(_, id)| id)
        .collect()
}

/// Which change requests a list is to show.
#[derive(Clone, Copy, Debug, Default)]
pub struct Filter {
    /// Everybody's, not only one's own; takes [`Permission::ReadRequests`].
    pub everybody: bool,
    /// Only those that wait, or only those that do not.
    pub open: Option<bool>,
    /// Those that come after this one.
    pub after: Option<(Instant, ChangeRequestId)>,
}

/// The change requests that `filter` asks for, newest first, [`PAGE`] at most.
pub async fn list(app: &App, actor: &Actor, filter: Filter) -> Result<Vec<Told>, Error> {
    let user = access::user(actor, TokenScope::Read)?;
    let mut connection = app.database.acquire().await?;
    let places = if filter.everybody {
        access::authorise_somewhere(&mut connection, actor, Permission::ReadRequests)
            .await?
            .limited()
    } else {
        None
    };
    let wanted = Wanted {
        author: (!filter.everybody).then_some(user.person),
        places: places.as_deref(),
        open: filter.open,
        after: filter.after,
        ..Wanted::default()
    };
    store::change_request::list(&mut connection, wanted, PAGE).await
}

/// The change requests that wait for the asker, oldest first.
pub async fn awaiting(app: &App, actor: &Actor) -> Result<Vec<Told>, Error> {
    let user = access::user(actor, TokenScope::Read)?;
    let mut connection = app.database.acquire().await?;
    let ids = store::change_request::awaiting(&mut connection, user.principal, 100).await?;
    let mut waiting = Vec::with_capacity(ids.len());
    for id in ids {
        waiting.push(store::change_request::one(&mut connection, id).await?);
    }
    Ok(waiting)
}

/// The change requests that the asker has decided, newest first.
pub async fn handled(app: &App, actor: &Actor) -> Result<Vec<Told>, Error> {
    let person: PersonId = access::user(actor, TokenScope::Read)?.person;
    let wanted = Wanted { decider: Some(person), ..Wanted::default() };
    store::change_request::list(&mut *app.database.acquire().await?, wanted, PAGE).await
}

/// Takes back what one asked for oneself.
pub async fn withdraw(app: &App, actor: &Actor, id: ChangeRequestId) -> Result<(), Error> {
    let user: User = actor.user().cloned().ok_or(Error::Unauthenticated)?;
    let mut change = Change::begin(&app.database, actor).await?;
    let told = store::change_request::one(change.connection(), id).await?;
    if told.author_person != user.person {
        return Err(Error::NotFound("change request"));
    }
    // Whoever's token may make such a change may take it back; so may whoever's may ask for access.
    access::user(actor, TokenScope::Activate)
        .or_else(|_| access::user(actor, TokenScope::Administer))?;
    store::change_request::lock(&mut change, id).await?;
    change.settle().await?;
    store::change_request::close(&mut change, id, ChangeState::Withdrawn, None, None).await?;
    change.made(id.0).await?;
    change.commit(&event(Kind::ChangeWithdrawn, &told)).await?;
    app.wake.everything();
    Ok(())
}

/// Lets those lapse that nobody decided in time. Says how many.
pub(in crate::service) async fn lapse(app: &App) -> Result<usize, Error> {
    let overdue =
        store::change_request::overdue(&mut *app.worker_database.acquire().await?, LAPSES).await?;
    let mut lapsed = 0;
    for id in overdue {
        // One that can't be closed must not hold up the others: it is tried again with the next round.
        match store::retried(|| lapse_one(app, id)).await {
            Ok(done) => lapsed += usize::from(done),
            Err(error) => {
                tracing::error!(change = %id, error = &error as &dyn std::error::Error, "a change could not lapse");
            }
        }
    }
    Ok(lapsed)
}

/// Lets one of them lapse. False if another server was first, or somebody has closed it meanwhile.
async fn lapse_one(app: &App, id: ChangeRequestId) -> Result<bool, Error> {
    let mut change = Change::begin(&app.worker_database, &Actor::system()).await?;
    let locked = store::change_request::lock(&mut change, id).await?;
    if locked.state != ChangeState::Pending {
        return Ok(false);
    }
    let told = store::change_request::one(change.connection(), id).await?;
    change.settle().await?;
    store::change_request::close(&mut change, id, ChangeState::Lapsed, None, None).await?;
    notice::change_closed(app, &mut change, &told, ChangeState::Lapsed, ("", "")).await?;
    let event = event(Kind::ChangeLapsed, &told).detail(json!({ "due": told.expires_at }));
    change.commit(&event).await?;
    Ok(true)
}
