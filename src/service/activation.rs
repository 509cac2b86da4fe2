//! Activating roles, extending what runs, and being done.
use serde_json::json;

use crate::{
    App,
    domain::{
        activation::{Ask, Decision, End, Facts, Intent, Refusal, decide},
        actor::{Actor, TokenScope, User},
        assignment::AssignmentEnd,
        audit::{Event, Kind},
        id::{AssignmentId, ProofId, RequestId, RoleId, ScopeId},
        request::RequestState,
        settings::Authentication,
        step_up::Act,
        text::{Justification, TicketNumber, TicketSystem},
        time::{Duration, Instant},
    },
    error::Error,
    service::{access, notice, step_up},
    store::{
        self, Change,
        activation::{Activation, Eligibility, Grant, Surroundings},
        request::{Beginning, NewRequest},
        settings::{Approver, Version},
    },
};

/// One role that is wanted, and for how long.
#[derive(Clone, Copy, Debug)]
pub struct Wish {
    /// The eligibility to activate.
    pub eligibility: AssignmentId,
    /// For how long.
    pub duration: Duration,
}

/// What is the same for all roles that are activated together.
#[derive(Clone, Debug, Default)]
pub struct Reasons {
    /// From when; none is at once, or as soon as it is approved.
    pub starts_at: Option<Instant>,
    /// Why.
    pub justification: Justification,
    /// The ticket.
    pub ticket_number: TicketNumber,
    /// Where it is.
    pub ticket_system: TicketSystem,
}

impl Reasons {
    fn ask(&self, duration: Duration) -> Ask {
        Ask {
            duration,
            starts_at: self.starts_at,
            justification: self.justification.clone(),
            ticket_number: self.ticket_number.clone(),
            ticket_system: self.ticket_system.clone(),
        }
    }
}

/// What became of a request that was taken.
#[derive(Clone, Copy, Debug)]
pub struct Requested {
    /// The request.
    pub request: RequestId,
    /// Where it stands.
    pub state: RequestState,
    /// The activation, if access was given.
    pub assignment: Option<AssignmentId>,
    /// When access ends, if it was given.
    pub ends_at: Option<Instant>,
    /// Whether it ends there because the eligibility does.
    pub cut_by_eligibility: bool,
    /// When the request lapses, if it waits for approval.
    pub decide_by: Option<Instant>,
}

/// What became of one wish of several.
#[derive(Debug)]
pub struct Fulfilment {
    /// The eligibility that was to be activated.
    pub eligibility: AssignmentId,
    /// What became of it. One role's refusal does not stop the others.
    pub outcome: Result<Requested, Error>,
}

/// Activates several roles with one reason and one code; each by itself, so that some may be refused.
///
/// A code is judged once and bound to each role by a proof of its own. A wrong code refuses all.
pub async fn activate(
    app: &App,
    actor: &Actor,
    wishes: &[Wish],
    reasons: &Reasons,
    code: Option<&str>,
) -> Result<Vec<Fulfilment>, Error> {
    let user = access::user(actor, TokenScope::Activate)?;
    if wishes.is_empty() || wishes.len() > 50 {
        return Err(Error::invalid("roles", "choose between one and fifty roles"));
    }
    let mut known = Vec::with_capacity(wishes.len());
    let mut acts = Vec::new();
    for wish in wishes {
        let before = repeated(app, actor, wish.eligibility).await;
        let terms = terms(app, user, wish.eligibility).await;
        let act =
            terms.ok().filter(|terms| before.is_none() && terms.asks_for_proof).map(|terms| {
                Act::Activate {
                    role: terms.role,
                    scope: terms.scope,
                    duration: wish.duration,
                    starts_at: reasons.starts_at,
                }
            });
        acts.extend(act.clone());
        known.push((before, act));
    }
    let mut proofs = match code.filter(|code| !code.trim().is_empty()) {
        Some(code) if !acts.is_empty() => step_up::verify(app, actor, code, &acts).await?,
        Some(_) | None => Vec::new(),
    }
    .into_iter();
    let mut fulfilments = Vec::with_capacity(wishes.len());
    for (wish, (before, act)) in wishes.iter().zip(known) {
        let outcome = match before {
            Some(before) => before,
            None => {
                let proof = act.and_then(|act| proofs.next().map(|proof| (proof, act)));
                let actor = part(actor, wish.eligibility);
                let asked = Asked { ask: reasons.ask(wish.duration), extends: None, proof };
                submit(app, &actor, wish.eligibility, &asked).await
            }
        };
        fulfilments.push(Fulfilment { eligibility: wish.eligibility, outcome });
    }
    Ok(fulfilments)
}

/// Gives a running activation more time, counted from now, without a gap and by the same rules again.
pub async fn extend(
    app: &App,
    actor: &Actor,
    activation: AssignmentId,
    duration: Duration,
    reasons: &Reasons,
    code: Option<&str>,
) -> Result<Requested, Error> {
    let user = access::user(actor, TokenScope::Activate)?;
    if let Some(before) = repeated(app, actor, activation).await {
        return before;
    }
    let running =
        store::activation::running(&mut *app.database.acquire().await?, activation, user.principal)
            .await?;
    let terms = terms(app, user, running.eligibility).await?;
    let act = Act::Extend { assignment: activation, duration };
    let proof = match code.filter(|code| !code.trim().is_empty() && terms.asks_for_proof) {
        Some(code) => {
            let proofs = step_up::verify(app, actor, code, std::slice::from_ref(&act)).await?;
            proofs.into_iter().next().map(|proof| (proof, act))
        }
        None => None,
    };
    let asked = Asked {
        ask: Reasons { starts_at: None, ..reasons.clone() }.ask(duration),
        extends: Some(activation),
        proof,
    };
    submit(app, &part(actor, activation), running.eligibility, &asked).await
}

/// Ends one's own activation at once.
pub async fn deactivate(app: &App, actor: &Actor, activation: AssignmentId) -> Result<(), Error> {
    let user = access::user(actor, TokenScope::Activate)?;
    let mut change = Change::begin(&app.database, actor).await?;
    let running =
        store::activation::running(change.connection(), activation, user.principal).await?;
    if !store::activation::end(&mut change, activation, AssignmentEnd::Deactivated).await? {
        return Err(Error::Conflict("this activation has ended already".to_owned()));
    }
    change.made(activation.0).await?;
    change.commit(&ended(&running, AssignmentEnd::Deactivated)).await?;
    app.wake.audit().notify_one();
    Ok(())
}

/// What the form shows before anything is asked for.
#[derive(Clone, Debug)]
pub struct Preview {
    /// The eligibility.
    pub eligibility: AssignmentId,
    /// The role.
    pub role: RoleId,
    /// Its name.
    pub role_name: String,
    /// Where.
    pub scope: ScopeId,
    /// The terms in force.
    pub version: Version,
    /// Who could approve, beside the requester, if approval is asked for.
    pub approvers: Vec<Approver>,
    /// The activation that runs now.
    pub running: Option<AssignmentId>,
    /// When access would end if it began now.
    pub end: End,
    /// Why it would be refused, as far as that can be told before the form is filled in.
    pub refusals: Vec<Refusal>,
    /// The time that this was judged at.
    pub now: Instant,
}

/// Says what would happen if this were asked for.
pub async fn preview(
    app: &App,
    actor: &Actor,
    eligibility: AssignmentId,
    duration: Option<Duration>,
    intent: Intent,
) -> Result<Preview, Error> {
    let user = access::user(actor, TokenScope::Activate)?;
    let mut change =
        Change::begin(&app.database, &Actor { idempotency: None, ..actor.clone() }).await?;
    let held =
        store::activation::lock_eligibility(&mut change, eligibility, Some(user.principal)).await?;
    let version = store::settings::current(change.connection(), held.role, held.scope).await?;
    let around = store::activation::surroundings(&mut change, &held, None).await?;
    let approvers = other_approvers(&mut change, &version, user).await?;
    let duration = duration.unwrap_or(version.settings.activation.maximum);
    let ask = Reasons::default().ask(duration);
    let decision = decide(
        intent,
        &ask,
        &version.settings.activation,
        &facts(&held, &around, true, approvers.len()),
    );
    let refusals = match decision {
        Decision::Refuse(refusals) => refusals
            .into_iter()
            .filter(|refusal| {
                !matches!(refusal, Refusal::JustificationNeeded | Refusal::TicketNeeded)
            })
            .collect(),
        Decision::AwaitApproval { .. } | Decision::Schedule { .. } | Decision::Activate(_) => {
            Vec::new()
        }
    };
    Ok(Preview {
        eligibility,
        role: held.role,
        role_name: held.role_name,
        scope: held.scope,
        version,
        approvers,
        running: around.running.map(|running| running.id),
        end: End::of(around.now, duration, held.ends_at),
        refusals,
        now: around.now,
    })
}

/// The terms of one eligibility, as far as the proof is concerned.
struct Terms {
    role: RoleId,
    scope: ScopeId,
    asks_for_proof: bool,
}

async fn terms(app: &App, user: &User, eligibility: AssignmentId) -> Result<Terms, Error> {
    let mut connection = app.database.acquire().await?;
    let (role, scope) =
        store::activation::role_of(&mut connection, eligibility, user.principal).await?;
    let version = store::settings::current(&mut connection, role, scope).await?;
    Ok(Terms {
        role,
        scope,
        asks_for_proof: version.settings.activation.authentication == Authentication::Mfa,
    })
}

/// What an earlier request under the same idempotency key made, if there was one.
async fn repeated(
    app: &App,
    actor: &Actor,
    about: AssignmentId,
) -> Option<Result<Requested, Error>> {
    actor.idempotency.as_ref()?;
    match Change::begin(&app.database, &part(actor, about)).await {
        Ok(_) => None,
        Err(Error::Repeated(request)) => Some(requested(app, RequestId(request)).await),
        Err(error) => Some(Err(error)),
    }
}

/// What has become of a request.
async fn requested(app: &App, request: RequestId) -> Result<Requested, Error> {
    let told = store::request::one(&mut *app.database.acquire().await?, request).await?;
    Ok(Requested {
        request,
        state: told.state,
        assignment: told.assignment,
        ends_at: told.active_until,
        cut_by_eligibility: false,
        decide_by: told.expires_at,
    })
}

/// The same actor, with the idempotency key of one role among several.
fn part(actor: &Actor, about: AssignmentId) -> Actor {
    let idempotency = actor.idempotency.as_ref().map(|idempotency| idempotency.part(about));
    Actor { idempotency, ..actor.clone() }
}

/// What is asked for, with the proof that came with it.
struct Asked {
    ask: Ask,
    extends: Option<AssignmentId>,
    proof: Option<(ProofId, Act)>,
}

/// Takes one request: locks what it rests on, lets the rules decide, and carries out what they say.
async fn submit(
    app: &App,
    actor: &Actor,
    eligibility: AssignmentId,
    asked: &Asked,
) -> Result<Requested, Error> {
    let user = access::user(actor, TokenScope::Activate)?;
    let request = RequestId::new();
    let mut change = match Change::begin(&app.database, actor).await {
        Err(Error::Repeated(before)) => return requested(app, RequestId(before)).await,
        begun => begun?,
    };
    let held =
        store::activation::lock_eligibility(&mut change, eligibility, Some(user.principal)).await?;
    let version = store::settings::current(change.connection(), held.role, held.scope).await?;
    if let Some((proof, act)) = &asked.proof {
        store::mfa_proof::spend(&mut change, *proof, act, request.0).await?;
    }
    let around = end_overdue(&mut change, &held, None).await?;
    let approvers = other_approvers(&mut change, &version, user).await?;
    let intent = if asked.extends.is_some() { Intent::Extend } else { Intent::Activate };
    let facts = facts(&held, &around, asked.proof.is_some(), approvers.len());
    let decision = decide(intent, &asked.ask, &version.settings.activation, &facts);
    let extends =
        asked.extends.filter(|id| around.running.is_some_and(|running| running.id == *id));
    let decision = match (decision, asked.extends, extends) {
        (Decision::Refuse(refusals), ..) => Decision::Refuse(refusals),
        (_, Some(_), None) => Decision::Refuse(vec![Refusal::NothingToExtend]),
        (decision, ..) => decision,
    };
    let new = NewRequest {
        id: request,
        eligibility: &held,
        ask: &asked.ask,
        extends,
        settings: version.id,
        maximum: version.settings.activation.maximum,
        proof: asked.proof.as_ref().map(|(proof, _)| *proof),
    };
    let result = carry_out(app, &mut change, new, decision, &approvers).await?;
    match result {
        Ok((requested, event)) => {
            change.made(request.0).await?;
            change.commit(&event).await?;
            app.wake.everything();
            Ok(requested)
        }
        Err(refusals) => {
            let event = refused(&held, &refusals);
            change.commit(&event).await?;
            app.wake.audit().notify_one();
            Err(Error::Refused(refusals))
        }
    }
}

type CarriedOut = Result<(Requested, Event), Vec<Refusal>>;

/// Does what was decided of a new request, short of committing it.
async fn carry_out(
    app: &App,
    change: &mut Change,
    new: NewRequest<'_>,
    decision: Decision,
    approvers: &[Approver],
) -> Result<CarriedOut, Error> {
    let held = new.eligibility;
    let about = |kind| {
        Event::new(kind)
            .subject(held.principal)
            .role(held.role, held.scope)
            .request(new.id)
            .detail(facts_of(&new))
    };
    let requested = |state| Requested {
        request: new.id,
        state,
        assignment: None,
        ends_at: None,
        cut_by_eligibility: false,
        decide_by: None,
    };
    match decision {
        Decision::Refuse(refusals) => Ok(Err(refusals)),
        Decision::AwaitApproval { expires_at } => {
            store::request::open(change, new, Beginning::Pending { expires_at }).await?;
            notice::approval_wanted(app, change, new.id, approvers, expires_at).await?;
            let requested =
                Requested { decide_by: Some(expires_at), ..requested(RequestState::Pending) };
            Ok(Ok((requested, about(Kind::ActivationRequested))))
        }
        Decision::Schedule { .. } => {
            store::request::open(change, new, Beginning::Scheduled).await?;
            Ok(Ok((requested(RequestState::Scheduled), about(Kind::ActivationScheduled))))
        }
        Decision::Activate(end) => {
            store::request::open(change, new, Beginning::Granted).await?;
            let grant = Grant {
                request: new.id,
                settings: new.settings,
                maximum: new.maximum,
                eligibility: held,
            };
            let assignment = take_effect(change, grant, new.extends, end).await?;
            let requested = Requested {
                assignment: Some(assignment),
                ends_at: Some(end.at),
                cut_by_eligibility: end.cut_by_eligibility,
                ..requested(RequestState::Granted)
            };
            let mut event = about(Kind::ActivationStarted).assignment(assignment);
            event.detail["ends_at"] = json!(end.at);
            Ok(Ok((requested, event)))
        }
    }
}

/// Gives access now, taking over from the activation that `extends` names, without a gap.
pub(super) async fn take_effect(
    change: &mut Change,
    grant: Grant<'_>,
    extends: Option<AssignmentId>,
    end: End,
) -> Result<AssignmentId, Error> {
    let held = grant.eligibility;
    if let Some(old) = extends
        && store::activation::end(change, old, AssignmentEnd::Replaced).await?
    {
        let event = Event::new(Kind::ActivationEnded)
            .subject(held.principal)
            .role(held.role, held.scope)
            .assignment(old)
            .detail(json!({ "because": AssignmentEnd::Replaced, "request": grant.request }));
        change.record(&event).await?;
    }
    store::activation::begin(change, grant, end).await
}

/// Reads what else is held; an activation that is overdue but not yet ended is ended first, since it no longer counts.
pub(super) async fn end_overdue(
    change: &mut Change,
    held: &Eligibility,
    except: Option<RequestId>,
) -> Result<Surroundings, Error> {
    let around = store::activation::surroundings(change, held, except).await?;
    match around.running {
        Some(running) if running.ends_at <= around.now => {
            if store::activation::end(change, running.id, AssignmentEnd::Expired).await? {
                let event = Event::new(Kind::ActivationEnded)
                    .subject(held.principal)
                    .role(held.role, held.scope)
                    .assignment(running.id)
                    .detail(json!({ "because": AssignmentEnd::Expired, "due": running.ends_at }));
                change.record(&event).await?;
            }
            Ok(Surroundings { running: None, ..around })
        }
        Some(_) | None => Ok(around),
    }
}

fn facts(held: &Eligibility, around: &Surroundings, proved: bool, other_approvers: usize) -> Facts {
    Facts {
        now: around.now,
        enabled: held.enabled,
        role_in_use: held.role_in_use && !held.ended,
        eligible_from: held.starts_at,
        eligible_until: held.ends_at,
        running: around.running,
        standing: around.standing,
        open_request: around.open_request,
        proved,
        other_approvers,
    }
}

/// The people beside the requester who could approve; none are looked for if no approval is asked for.
async fn other_approvers(
    change: &mut Change,
    version: &Version,
    user: &User,
) -> Result<Vec<Approver>, Error> {
    if !version.settings.activation.requires_approval {
        return Ok(Vec::new());
    }
    let at = change.at();
    let approvers = store::settings::approvers(change.connection(), version.id, at).await?;
    Ok(approvers.into_iter().filter(|approver| approver.person != user.person).collect())
}

/// What the audit log keeps of a request.
fn facts_of(new: &NewRequest<'_>) -> serde_json::Value {
    json!({
        "duration": new.ask.duration,
        "starts_at": new.ask.starts_at,
        "justification": new.ask.justification,
        "ticket_number": new.ask.ticket_number,
        "ticket_system": new.ask.ticket_system,
        "settings": new.settings,
        "extends": new.extends,
        "mfa": new.proof.is_some(),
    })
}

fn refused(held: &Eligibility, refusals: &[Refusal]) -> Event {
    let rules: Vec<_> = refusals.iter().map(Refusal::rule).collect();
    let reasons: Vec<_> = refusals.iter().map(ToString::to_string).collect();
    Event::refused(Kind::ActivationRefused)
        .subject(held.principal)
        .role(held.role, held.scope)
        .detail(json!({ "rules": rules, "reasons": reasons }))
}

fn ended(running: &Activation, because: AssignmentEnd) -> Event {
    Event::new(Kind::ActivationEnded)
        .subject(running.principal)
        .role(running.role, running.scope)
        .request(running.request)
        .assignment(running.id)
        .detail(json!({ "because": because, "due": running.ends_at }))
}
