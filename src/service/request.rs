//! Requests: seeing where they stand, and taking them back.
use std::collections::{BTreeMap, BTreeSet};

use serde_json::json;
use sqlx::PgConnection;

use crate::{
    App,
    domain::{
        activation::Refusal,
        actor::{Actor, TokenScope},
        approval::{Stage, StageState, Standing, Vote},
        audit::{Event, Kind},
        id::{AssignmentId, PrincipalId, RequestId, RoleId},
        permission::Permission,
        request::{RequestState, Verdict},
        settings::{Authentication, Settings},
        time::{Duration, Instant},
    },
    error::Error,
    service::{access, emergency, notice},
    store::{
        self, Change,
        activation::Eligibility,
        request::{Closed, Locked, Of, Wanted},
    },
};

pub use crate::store::request::{Decider, Remark, RemarkKind, Said, Told};

/// How many requests a page of a list has.
pub const PAGE: i64 = 50;

/// A request with all that its page shows.
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
#[derive(Clone, Debug)]
pub struct Detail {
    /// The request.
    pub told: Told,
    /// Who may decide it now, but for those whose yes would bring it no nearer: somebody has agreed for their part.
    pub deciders: Vec<Decider>,
    /// Who would decide it, but that all that makes them approvers rests on a yes of whoever asks.
    pub barred: Vec<Decider>,
    /// The stages of its approval, as its terms have them, where each stands, and why it was skipped if it was.
    pub stages: Vec<(Stage, Standing, String)>,
    /// What was said of it, in order.
    pub said: Vec<Said>,
    /// What was remarked beside that, in order.
    pub remarks: Vec<Remark>,
    /// Whether it waits for a decision.
    pub waits: bool,
    /// Whether the asker may write something about it.
    pub may_comment: bool,
    /// The names of those whom the stages name.
    pub names: BTreeMap<uuid::Uuid, String>,
    /// Whether the asker may decide it now.
    pub may_decide: bool,
    /// Whether a decision now takes a fresh proof.
    pub asks_for_proof: bool,
    /// Whether a decision now takes a reason.
    pub asks_for_reason: bool,
    /// Whether the asker may take it back now.
    pub may_cancel: bool,
    /// Whether it is the asker's own.
    pub own: bool,
    /// What else the requester holds at the moment, for whoever may decide or read requests.
    pub holds: Vec<String>,
    /// When the requester last had this role, before this request.
    pub last_held: Option<Instant>,
    /// The time of the answer.
    pub now: Instant,
}

impl Detail {
    /// Who is looking at it at the moment, if somebody said so within the last quarter of an hour, and has neither left it nor
    /// decided since.
    #[must_use]
    pub fn claim(&self) -> Option<&Remark> {
        let last = self
            .remarks
            .iter()
            .rfind(|it| matches!(it.kind, RemarkKind::Claim | RemarkKind::Release))?;
        let fresh = last.at + CLAIM_LASTS > self.now;
        let decided = self.said.iter().any(|it| it.person == last.person && it.at >= last.at);
        (self.waits && last.kind == RemarkKind::Claim && fresh && !decided).then_some(last)
    }

    /// Leaves out whoever is not waited for: where each of several is asked, somebody has agreed for those they speak for.
    fn leave_out_who_has_been_heard(&mut self) {
        if self.open_stage().is_some() {
            let deciders = self.deciders.iter().map(|decider| decider.principal);
            let awaited: BTreeSet<_> = deciders.filter(|id| self.would_further(*id)).collect();
            self.deciders.retain(|decider| awaited.contains(&decider.principal));
        }
    }

    /// The stage that is open.
    #[must_use]
    pub fn open_stage(&self) -> Option<(&Stage, &Standing)> {
        let open = self.stages.iter().find(|(_, it, _)| it.state == StageState::Open);
        open.map(|(stage, standing, _)| (stage, standing))
    }

    /// Those who have agreed in the stage that is open.
    #[must_use]
    pub fn votes(&self) -> Vec<Vote> {
        let open = self.open_stage().map(|(_, standing)| standing.number);
        self.said
            .iter()
            .filter(|it| it.verdict == Verdict::Approve)
            .filter(|it| usize::try_from(it.stage).ok() == open)
            .map(Said::vote)
            .collect()
    }

    /// Whether a yes of this account would bring the stage that is open nearer to its end: none would of whoever may speak only
    /// for approvers of whom one has agreed, where each of them is asked.
    #[must_use]
    pub fn would_further(&self, account: PrincipalId) -> bool {
        // As it would count: whoever may speak for themself does.
        let decider = self.deciders.iter().find(|decider| decider.principal == account);
        self.open_stage().zip(decider).is_some_and(|((stage, _), decider)| {
            let by = Vote {
                of: decider.speaks_for,
                entries: decider.entries.iter().cloned().collect(),
                escalation: decider.escalation,
            };
            stage.is_furthered(&self.votes(), by)
        })
    }
}

/// How long "I am looking at it" counts.
const CLAIM_LASTS: Duration = Duration::minutes(15);

/// Which requests a list is to show.
#[derive(Clone, Copy, Debug, Default)]
pub struct Filter {
    /// Everybody's, not only one's own; takes [`Permission::ReadRequests`].
    pub everybody: bool,
    /// Those of this account; of others takes the same permission.
    pub principal: Option<PrincipalId>,
    /// Those for this role.
    pub role: Option<RoleId>,
    /// Only those that are open, or only those that are closed.
    pub open: Option<bool>,
    /// Those that come after this one.
    pub after: Option<(Instant, RequestId)>,
}

/// The requests that `filter` asks for, newest first, [`PAGE`] at most.
pub async fn list(app: &App, actor: &Actor, filter: Filter) -> Result<Vec<Told>, Error> {
    let own = access::principal(actor, TokenScope::Read)?;
    let mut connection = app.database.acquire().await?;
    let principal =
        if filter.everybody { filter.principal } else { Some(filter.principal.unwrap_or(own)) };
    let places = if principal == Some(own) {
        None
    } else {
        access::authorise_somewhere(&mut connection, actor, Permission::ReadRequests)
            .await?
            .limited()
    };
    let wanted = Wanted {
        places: places.as_deref(),
        principal,
        role: filter.role,
        open: filter.open,
        after: filter.after,
        ..Wanted::default()
    };
    store::request::list(&mut connection, wanted, PAGE).await
}

/// One request, if the asker made it, may or did decide it, or may read requests. To everybody else it does not exist.
pub async fn show(app: &App, actor: &Actor, id: RequestId) -> Result<Detail, Error> {
    access::principal(actor, TokenScope::Read)?;
    seen(app, actor, id).await
}

/// The same for whoever has just acted on it, whatever their token is good for.
pub async fn seen(app: &App, actor: &Actor, id: RequestId) -> Result<Detail, Error> {
    let asker = actor.principal().ok_or(Error::Unauthenticated)?;
    let mut connection = app.database.acquire().await?;
    let told = store::request::one(&mut connection, id).await?;
    let now = store::now(&mut connection).await?;
    let own = actor.user().is_some_and(|user| told.person == user.person);
    let speakers = store::request::speakers(&mut connection, id, now).await?;
    let decider = speakers.deciders.iter().any(|decider| decider.principal == asker);
    // Whoever was asked sees what became of it.
    let approver = decider || store::request::was_asked(&mut connection, asker, id, now).await?;
    let mut may = async |permission| {
        access::authorise_at(&mut connection, actor, permission, told.scope).await.is_ok()
    };
    let reader = may(Permission::ReadRequests).await;
    let canceller = may(Permission::CancelRequests).await;
    let has_spoken = store::request::has_decided(&mut connection, asker, id).await?;
    let reviewer = told.emergency && emergency::review_by(&mut connection, actor, id).await?;
    if !(own || approver || reader || reviewer || has_spoken) {
        return Err(Error::NotFound("request"));
    }
    let (holds, last_held) = if approver || reader {
        store::request::context(&mut connection, told.principal, told.role, now).await?
    } else {
        (Vec::new(), None)
    };
    let stages = store::settings::version(&mut connection, told.settings).await?.settings;
    let newest = store::settings::current(&mut connection, told.role, told.scope).await?;
    let names = names_in(&mut connection, &stages).await?;
    let stages = standing(&mut connection, id, stages.activation.stages).await?;
    // What the newest terms ask for counts too.
    let newest = Some(newest)
        .filter(|it| it.id != told.settings && it.settings.activation.requires_approval);
    let open = stages.iter().filter(|(_, standing, _)| standing.state == StageState::Open);
    let asks = |what: fn(&Stage) -> bool| {
        open.clone().any(|(stage, ..)| what(stage))
            || newest.iter().flat_map(|it| &it.settings.activation.stages).any(what)
    };
    let waits = told.state == RequestState::Pending
        && told.expires_at.is_some_and(|expires_at| expires_at > now);
    let mut detail = Detail {
        may_decide: decider && waits,
        may_cancel: told.state.is_open() && (own || canceller),
        deciders: speakers.deciders,
        barred: speakers.barred,
        asks_for_proof: asks(|stage| stage.authentication == Authentication::Mfa),
        asks_for_reason: asks(|stage| stage.requires_justification),
        stages: stages.clone(),
        said: store::request::said(&mut connection, id).await?,
        remarks: store::request::remarks(&mut connection, id).await?,
        waits,
        may_comment: own || approver || has_spoken || reviewer,
        names,
        own,
        holds,
        last_held,
        now,
        told,
    };
    detail.leave_out_who_has_been_heard();
    Ok(detail)
}

/// Where each of its stages stands, and why it was skipped if it was.
async fn standing(
    connection: &mut PgConnection,
    id: RequestId,
    stages: Vec<Stage>,
) -> Result<Vec<(Stage, Standing, String)>, Error> {
    let standings = store::request::standings(connection, id).await?;
    let told = stages.into_iter().zip(standings);
    Ok(told.map(|(stage, (standing, why))| (stage, standing, why)).collect())
}

/// The names of those whom terms name as approvers.
pub(super) async fn names_in(
    connection: &mut PgConnection,
    settings: &Settings,
) -> Result<BTreeMap<uuid::Uuid, String>, Error> {
    store::settings::approver_names(connection, &settings.identifiers()).await
}

/// The requests that wait for the asker, oldest first.
pub async fn awaiting(app: &App, actor: &Actor) -> Result<Vec<Detail>, Error> {
    let user = access::user(actor, TokenScope::Read)?;
    let ids =
        store::request::awaiting(&mut *app.database.acquire().await?, user.principal, 100).await?;
    let mut details = Vec::with_capacity(ids.len());
    for id in ids {
        details.push(show(app, actor, id).await?);
    }
    Ok(details)
}

/// The requests that the asker has decided, newest first, [`PAGE`] at most.
pub async fn handled(app: &App, actor: &Actor) -> Result<Vec<Told>, Error> {
    let user = access::user(actor, TokenScope::Read)?;
    let wanted = Wanted { decided_by: Some(user.principal), ..Wanted::default() };
    store::request::list(&mut *app.database.acquire().await?, wanted, PAGE).await
}

/// Records requests that failed together, each for itself.
pub(super) async fn record_failures(
    change: &mut Change,
    closed: &[Closed],
    rule: &str,
    why: &str,
) -> Result<(), Error> {
    for closed in closed {
        let event = Event::refused(Kind::ActivationFailed)
            .subject(closed.principal)
            .role(closed.role, closed.scope)
            .request(closed.id)
            .detail(json!({ "rules": [rule], "reasons": why }));
        change.record(&event).await?;
    }
    Ok(())
}

/// Fails the requests for more time for an activation that somebody ends: what was ended does not come back by itself.
pub(super) async fn fail_extensions(
    change: &mut Change,
    activation: AssignmentId,
) -> Result<(), Error> {
    let why = "The activation that this was to extend was ended.";
    let closed = store::request::fail_all(change, Of::Activation(activation), why).await?;
    record_failures(change, &closed, Refusal::NothingToExtend.rule(), why).await
}

/// Takes an open request back: one's own, or anybody's with [`Permission::CancelRequests`].
pub async fn cancel(app: &App, actor: &Actor, id: RequestId) -> Result<(), Error> {
    let mut change = Change::begin(&app.database, actor).await?;
    let told = store::request::one(change.connection(), id).await?;
    if actor.user().is_some_and(|user| told.person == user.person) {
        access::user(actor, TokenScope::Activate)?;
    } else if access::authorise_at(
        change.connection(),
        actor,
        Permission::CancelRequests,
        told.scope,
    )
    .await
    .is_err()
    {
        return Err(Error::NotFound("request"));
    }
    let locked = store::request::lock(&mut change, id).await?;
    change.settle().await?;
    let event = take_back(&mut change, locked, None).await?;
    notice::taken_back(app, &mut change, &told).await?;
    change.made(id.0).await?;
    change.commit(&event).await?;
    app.wake.everything();
    Ok(())
}

/// Takes back, within a change that holds the eligibility under lock, what somebody has asked for and takes in an emergency
/// instead. Whoever was asked hears of the emergency.
pub(super) async fn give_way(
    change: &mut Change,
    held: &Eligibility,
    emergency: RequestId,
) -> Result<(), Error> {
    let wanted = Wanted {
        principal: Some(held.principal),
        role: Some(held.role),
        open: Some(true),
        ..Wanted::default()
    };
    let open = store::request::list(change.connection(), wanted, PAGE).await?;
    for told in open.into_iter().filter(|told| told.scope == held.scope) {
        let locked = store::request::lock(change, told.id).await?;
        // It may have lapsed, or an administrator may have taken it back, meanwhile.
        if RequestState::from(&locked.state).is_open() {
            let event = take_back(change, locked, Some(emergency)).await?;
            change.record(&event).await?;
        }
    }
    Ok(())
}

/// Moves a request that is held under lock to where it is taken back; `instead` is what takes its place, if anything does. Gives
/// back the event of it.
async fn take_back(
    change: &mut Change,
    locked: Locked,
    instead: Option<RequestId>,
) -> Result<Event, Error> {
    let was = RequestState::from(&locked.state);
    let cancelled = locked.state.cancel(change.at())?;
    store::request::advance(change, locked.id, &cancelled, None).await?;
    Ok(Event::new(Kind::RequestCancelled)
        .subject(locked.principal)
        .role(locked.role, locked.scope)
        .request(locked.id)
        .detail(json!({ "was": was, "instead": instead })))
}
