//! What follows from a word, or from silence: the next stage, or access.
use std::collections::BTreeSet;

use serde_json::json;
use sqlx::PgConnection;

use super::{about, approval_facts, fail};
use crate::{
    App,
    domain::{
        activation::{Decision, Refusal, State, approve},
        actor::Actor,
        approval::{self, Next, Stage, StageState, Standing, Vote},
        audit::Kind,
        id::{PrincipalId, RequestId},
        request::{RequestState, Verdict},
        settings::ActivationTerms,
        time::{Duration, Instant},
    },
    error::Error,
    service::{activation, notice},
    store::{
        self, Change,
        activation::{Eligibility, Grant, Surroundings},
        request::{Decider, Locked, Said},
    },
};

/// A request under lock, with all that a word about it rests on.
pub(super) struct Considered {
    pub(super) change: Change,
    pub(super) locked: Locked,
    pub(super) held: Eligibility,
    pub(super) around: Surroundings,
    /// The stricter of the terms that were pinned and the newest.
    pub(super) terms: ActivationTerms,
    /// The newest terms, if they ask for approval and are not those that were pinned.
    pub(super) newest: Option<ActivationTerms>,
    pub(super) standings: Vec<Standing>,
    /// Whether the newest terms ask for more approval than those that were pinned.
    more_approval: bool,
}

impl Considered {
    /// Locks a request and what it rests on.
    pub(super) async fn lock(mut change: Change, request: RequestId) -> Result<Self, Error> {
        let aim = store::request::aim_of(change.connection(), request).await?;
        let held = store::activation::lock_eligibility(&mut change, aim).await?;
        let locked = store::request::lock(&mut change, request).await?;
        let around = store::activation::surroundings(&mut change, &held, Some(request)).await?;
        let connection = change.connection();
        let pinned = store::settings::version(connection, locked.settings).await?;
        let newest = store::settings::current(connection, locked.role, locked.scope).await?;
        let standings = store::request::standings(connection, request).await?;
        let terms = pinned.settings.activation.stricter(&newest.settings.activation);
        let is_newest = newest.id == locked.settings;
        let standings: Vec<_> = standings.into_iter().map(|(standing, _)| standing).collect();
        let newest = newest.settings.activation;
        let more_approval = newest.ask_more_than(&pinned.settings.activation, &standings);
        let newest = Some(newest).filter(|newest| newest.requires_approval && !is_newest);
        Ok(Self { change, locked, held, around, terms, newest, standings, more_approval })
    }

    /// The stage that is open.
    pub(super) fn open(&self) -> Option<(&Standing, &Stage)> {
        let standing = self.standings.iter().find(|stage| stage.state == StageState::Open)?;
        Some((standing, self.terms.stages.get(standing.number.checked_sub(1)?)?))
    }

    /// Whether a word in the open stage needs this, by the terms that were pinned or the newest.
    pub(super) fn asks(&self, what: impl Fn(&Stage) -> bool) -> bool {
        let newest = self.newest.iter().flat_map(|terms| &terms.stages);
        self.open().map(|(_, stage)| stage).into_iter().chain(newest).any(what)
    }

    /// What a yes that leaves so much of the duration would lead to, once it is the last.
    pub(super) fn judge(&self, granted: Option<Duration>) -> Decision {
        let Self { locked, held, around, more_approval, .. } = self;
        approve(&self.terms, &approval_facts(locked, held, around, granted, *more_approval))
    }

    /// What is left of the duration after one more word.
    pub(super) fn left(&self, granted: Option<Duration>) -> Option<Duration> {
        [granted, self.locked.granted].into_iter().flatten().min()
    }

    /// Whether the open stage is over with these votes.
    pub(super) fn is_agreed(&self, votes: &[Vote]) -> bool {
        self.open().is_some_and(|(_, stage)| stage.is_agreed(votes))
    }
}

/// What came of the end of a stage, or of a word that does not end it.
pub(super) enum Came {
    /// More must agree in the same stage.
    Waits,
    /// The next stage has opened.
    Opened {
        /// Until when it waits.
        expires_at: Instant,
    },
    /// Access is given: at once, until then, or later.
    Granted(Option<Instant>),
}

/// Moves a request on after a yes: `settled` says how the open stage ended, if it did. Records the last event, of access that
/// begins or is scheduled; the word itself is the caller's.
pub(super) async fn go_on(
    considered: &mut Considered,
    settled: Option<StageState>,
    granted: Option<Duration>,
) -> Result<Came, Error> {
    let now = considered.around.now;
    let open = considered.open().map(|(standing, _)| standing.number);
    let next =
        approval::after(&considered.terms.stages, &considered.standings, settled.is_some(), now);
    let left = considered.left(granted);
    let request = considered.locked.id;
    let change = &mut considered.change;
    let opened = if let Next::Open(stage) = &next { Some(stage) } else { None };
    store::request::advance_stage(change, request, open.zip(settled), opened).await?;
    match next {
        Next::Wait => {
            if left != considered.locked.granted {
                let state = considered.locked.state.clone();
                store::request::advance(change, request, &state, left).await?;
            }
            Ok(Came::Waits)
        }
        Next::Open(stage) => {
            let expires_at = stage.expires_at.unwrap_or(now);
            let pending = State::Pending { expires_at };
            // A stage that opens at the very instant at which the one before it did may leave the request as it was.
            if (&pending, left) != (&considered.locked.state, considered.locked.granted) {
                store::request::advance(change, request, &pending, left).await?;
            }
            Ok(Came::Opened { expires_at })
        }
        Next::Settled => give(considered, left).await.map(Came::Granted),
    }
}

/// All have agreed: access begins now, or at the later start that was asked for.
async fn give(
    considered: &mut Considered,
    left: Option<Duration>,
) -> Result<Option<Instant>, Error> {
    let effect = match considered.judge(left) {
        Decision::Activate(end) => Some(end),
        Decision::Schedule { .. } | Decision::AwaitApproval { .. } => None,
        Decision::Refuse(refusals) => return Err(Error::Refused(refusals)),
    };
    let Considered { change, locked, held, around, .. } = considered;
    // Silence speaks when the time is over; a word counts before that.
    let approved = locked.state.clone().settle(around.now, locked.starts_at)?;
    store::request::advance(change, locked.id, &approved, left).await?;
    let Some(end) = effect else {
        change.record(&about(locked, Kind::ActivationScheduled)).await?;
        return Ok(None);
    };
    let grant = Grant {
        request: locked.id,
        settings: locked.settings,
        maximum: locked.maximum,
        eligibility: held,
    };
    let around = activation::end_overdue(change, held, Some(locked.id)).await?;
    let extends = around.running.map(|running| running.id);
    let assignment = activation::take_effect(change, grant, extends, end).await?;
    let started = about(locked, Kind::ActivationStarted).assignment(assignment);
    change.record(&started.detail(json!({ "ends_at": end.at }))).await?;
    Ok(Some(end.at))
}

/// Moves on a request whose stage is over in silence, where that means yes. False if it has moved meanwhile.
pub(in crate::service) async fn silent(app: &App, request: RequestId) -> Result<bool, Error> {
    let change = Change::begin(&app.worker_database, &Actor::system()).await?;
    let mut considered = Considered::lock(change, request).await?;
    let over = matches!(considered.locked.state, State::Pending { expires_at } if expires_at <= considered.around.now);
    let Some(number) = considered.open().map(|(standing, _)| standing.number) else {
        return Ok(false);
    };
    // Asked again under lock: the role, or its terms, may have become stricter since it was found.
    if !over || !store::due::silence_approves(considered.change.connection(), request).await? {
        return Ok(false);
    }
    let mut refusals = match considered.judge(None) {
        Decision::Refuse(refusals) => refusals,
        _ => Vec::new(),
    };
    if refusals.is_empty() && !can_be_decided(&mut considered.change, &considered.locked).await? {
        refusals.push(Refusal::NobodyCanApprove);
    }
    if !refusals.is_empty() {
        let Considered { mut change, locked, .. } = considered;
        fail(app, &mut change, &locked, &refusals).await?;
        change.commit_recorded().await?;
        return Ok(true);
    }
    let event = about(&considered.locked, Kind::RequestPassedInSilence);
    considered.change.record(&event.detail(json!({ "stage": number }))).await?;
    let came = go_on(&mut considered, Some(StageState::Silent), None).await?;
    if closed_for_want_of_approvers(app, &mut considered, &came).await? {
        considered.change.commit_recorded().await?;
        return Ok(true);
    }
    let Considered { mut change, locked, .. } = considered;
    notice::passed_in_silence(app, &mut change, &locked).await?;
    match came {
        Came::Opened { expires_at } => {
            notice::ask_deciders(app, &mut change, locked.id, expires_at).await?;
        }
        Came::Granted(Some(ends_at)) => {
            notice::activation_started(app, &mut change, locked.id, ends_at).await?;
        }
        Came::Granted(None) | Came::Waits => {}
    }
    change.commit_recorded().await?;
    Ok(true)
}

/// Asks others as well, where a stage takes long. False if somebody has done so meanwhile.
pub(in crate::service) async fn escalate(app: &App, request: RequestId) -> Result<bool, Error> {
    let mut change = Change::begin(&app.worker_database, &Actor::system()).await?;
    let locked = store::request::lock(&mut change, request).await?;
    let now = change.settle().await?;
    let State::Pending { expires_at } = locked.state else { return Ok(false) };
    if expires_at <= now || !store::request::escalate(&mut change, request).await? {
        return Ok(false);
    }
    let deciders = store::request::deciders(change.connection(), request, now).await?;
    let others: Vec<_> = deciders.into_iter().filter(|decider| decider.escalation).collect();
    notice::approval_wanted(app, &mut change, request, &others, expires_at).await?;
    let names: Vec<_> = others.iter().map(|decider| &decider.name).collect();
    let event = about(&locked, Kind::RequestEscalated).detail(json!({ "to": names }));
    change.commit(&event).await?;
    Ok(true)
}

/// Closes a request that waits on, if what is left can't be agreed to: whoever has spoken in one stage speaks in no other, and
/// approvers leave. Waiting would be for nothing, and silence the word of nobody.
pub(super) async fn closed_for_want_of_approvers(
    app: &App,
    considered: &mut Considered,
    came: &Came,
) -> Result<bool, Error> {
    if matches!(came, Came::Granted(_)) {
        return Ok(false);
    }
    let locked = store::request::lock(&mut considered.change, considered.locked.id).await?;
    let change = &mut considered.change;
    if can_be_decided(change, &locked).await? {
        return Ok(false);
    }
    fail(app, change, &locked, &[Refusal::NobodyCanApprove]).await?;
    Ok(true)
}

/// Whether a yes can still come about for a request that is held under lock.
pub(super) async fn can_be_decided(change: &mut Change, locked: &Locked) -> Result<bool, Error> {
    let at = change.at();
    let connection = change.connection();
    let stages =
        store::settings::version(connection, locked.settings).await?.settings.activation.stages;
    let standings = store::request::standings(connection, locked.id).await?;
    let open = standings.iter().map(|(standing, _)| standing);
    let open = open.filter(|stage| matches!(stage.state, StageState::Open | StageState::Waiting));
    let open: Vec<_> = open
        .filter_map(|standing| {
            Some((standing.number, stages.get(standing.number.checked_sub(1)?)?))
        })
        .collect();
    let who = (Some(locked.person), locked.scope);
    let later = store::settings::candidates(connection, &stages, who, at).await?;
    let now = store::request::deciders(connection, locked.id, at).await?;
    let said = store::request::said(connection, locked.id).await?;
    let still = still_named(connection, locked, at).await?;
    let later = later
        .into_iter()
        .filter(|it| still.as_ref().is_none_or(|still| still.contains(&it.principal)));
    let current = open.first().map_or(0, |(number, _)| *number);
    let all = whoever_counts(current, &now, &said, later.map(|it| it.candidate));
    Ok(approval::attainable(&open, &all, Some(locked.person)))
}

/// In the stage that is open whoever may decide counts, and whoever has; in those that wait, whoever is named.
fn whoever_counts(
    current: usize,
    now: &[Decider],
    said: &[Said],
    later: impl Iterator<Item = approval::Candidate>,
) -> Vec<approval::Candidate> {
    let candidate = |stage, person, entry: &String, escalation| approval::Candidate {
        stage,
        entry: entry.clone(),
        escalation,
        person,
    };
    let deciding = now.iter().flat_map(|it| {
        it.entries.iter().map(move |entry| candidate(current, it.speaks_for, entry, it.escalation))
    });
    let spoken = said.iter().filter(|it| it.verdict == Verdict::Approve).flat_map(|it| {
        let stage = usize::try_from(it.stage).unwrap_or(0);
        it.entries.iter().map(move |entry| candidate(stage, it.speaks_for, entry, it.escalation))
    });
    // Nobody speaks twice.
    let mute: BTreeSet<_> = said.iter().flat_map(|it| [it.person, it.speaks_for]).collect();
    let waiting = later
        .filter(|it| it.stage > current || (it.stage == current && it.escalation))
        .filter(|it| !mute.contains(&it.person));
    deciding.chain(spoken).chain(waiting).collect()
}

/// Whom the newest terms name; none if that makes no difference to a request.
async fn still_named(
    connection: &mut PgConnection,
    locked: &Locked,
    at: Instant,
) -> Result<Option<BTreeSet<PrincipalId>>, Error> {
    let newest = store::settings::current(connection, locked.role, locked.scope).await?;
    let terms = newest.settings.activation;
    if newest.id == locked.settings || !terms.requires_approval {
        return Ok(None);
    }
    let who = (Some(locked.person), locked.scope);
    let named = store::settings::candidates(connection, &terms.stages, who, at).await?;
    Ok(Some(named.into_iter().map(|it| it.principal).collect()))
}

/// Refusals that close a request, or that leave it open since another answer may do.
pub(super) async fn refuse(
    app: &App,
    considered: Considered,
    refusals: Vec<Refusal>,
) -> Result<RequestState, Error> {
    if refusals.iter().any(Refusal::is_about_the_answer) {
        return Err(Error::Refused(refusals));
    }
    let Considered { mut change, locked, .. } = considered;
    fail(app, &mut change, &locked, &refusals).await?;
    change.commit_recorded().await?;
    Err(Error::Refused(refusals))
}
