//! Takes one request: locks what it rests on, lets the rules decide, and carries out what they say.
use serde_json::json;

use super::{Chosen, Requested, requested};
use crate::{
    App,
    domain::{
        activation::{Ask, Decision, End, Facts, Intent, Refusal, decide},
        actor::{Actor, TokenScope, User},
        assignment::AssignmentEnd,
        audit::{Event, Kind},
        id::{AssignmentId, ProofId, RequestId},
        request::RequestState,
        step_up::Act,
        time::Instant,
    },
    error::Error,
    service::{
        access,
        approval::{self, Prospect, Wish},
        emergency, notice, request,
        ticket::Looked,
    },
    store::{
        self, Change,
        activation::{Eligibility, Grant, Surroundings},
        request::{Beginning, NewRequest},
        settings::Version,
    },
};

/// What is asked for, with the proof that came with it.
pub(super) struct Asked {
    pub(super) ask: Ask,
    pub(super) extends: Option<AssignmentId>,
    pub(super) proof: Option<(ProofId, Act)>,
    /// Whether a code came with it: if there is no proof, it was not looked at, since something else is wrong.
    pub(super) has_code: bool,
    /// What was found of its ticket.
    pub(super) ticket: Looked,
}

/// What becomes of what is asked for, with all that this rests on.
struct Judged {
    held: Eligibility,
    version: Version,
    prospect: Prospect,
    /// The activation that goes on by it.
    extends: Option<AssignmentId>,
    decision: Decision,
}

/// Locks an eligibility that `user` may use: their own, or that of a group that they belong to.
pub(super) async fn lock(
    change: &mut Change,
    chosen: Chosen,
    user: &User,
) -> Result<Eligibility, Error> {
    let held = store::activation::lock_eligibility(change, chosen.of(user)).await?;
    if held.belongs { Ok(held) } else { Err(Error::NotFound("eligibility")) }
}

/// Takes one request: locks what it rests on, lets the rules decide, and carries out what they say.
pub(super) async fn submit(
    app: &App,
    actor: &Actor,
    chosen: Chosen,
    asked: &Asked,
) -> Result<Requested, Error> {
    store::retried(|| submit_once(app, actor, chosen, asked)).await
}

/// Whether all but the proof is right, as things stand now: no code is used up for what is refused anyway. It counts only under
/// lock, later.
pub(super) async fn is_acceptable(
    app: &App,
    actor: &Actor,
    user: &User,
    chosen: Chosen,
    asked: &Asked,
) -> bool {
    let plain = &Actor { idempotency: None, ..actor.clone() };
    let decision = store::retried(|| foresee(app, plain, user, chosen, asked)).await;
    decision.is_ok_and(|decision| !matches!(decision, Decision::Refuse(_)))
}

/// What would be decided with a proof. Nothing comes of it.
async fn foresee(
    app: &App,
    actor: &Actor,
    user: &User,
    chosen: Chosen,
    asked: &Asked,
) -> Result<Decision, Error> {
    let mut change = Change::begin(&app.database, actor).await?;
    Ok(judge(&mut change, user, chosen, asked, true).await?.decision)
}

/// Locks what a request rests on, and lets the rules decide.
async fn judge(
    change: &mut Change,
    user: &User,
    chosen: Chosen,
    asked: &Asked,
    proved: bool,
) -> Result<Judged, Error> {
    let held = lock(change, chosen, user).await?;
    let version = store::settings::current(change.connection(), held.role, held.scope).await?;
    // In an emergency nobody waits for a ticket system either; whoever reviews it sees that nothing was verified.
    if !asked.ask.emergency {
        asked.ticket.judge(&version.settings.activation)?;
    }
    let around = end_overdue(change, &held, None).await?;
    let wish = Wish {
        duration: asked.ask.duration,
        starts_at: asked.ask.starts_at,
        extends: asked.extends,
        ticket_verified: asked.ticket.is_theirs(),
    };
    let prospect = approval::prospect(change, &version, (user, &held), wish).await?;
    let intent = if asked.extends.is_some() { Intent::Extend } else { Intent::Activate };
    let facts = facts(&held, &around, proved, &prospect);
    let decision = decide(intent, &asked.ask, &version.settings.activation, &facts);
    let extends =
        asked.extends.filter(|id| around.running.is_some_and(|running| running.id == *id));
    let decision = match (decision, asked.extends, extends) {
        (Decision::Refuse(refusals), ..) => Decision::Refuse(refusals),
        (_, Some(_), None) => Decision::Refuse(vec![Refusal::NothingToExtend]),
        (decision, ..) => decision,
    };
    Ok(Judged { held, version, prospect, extends, decision })
}

/// The reasons that are told: a code that was not looked at, since something else is wrong, is not missing.
fn told(mut refusals: Vec<Refusal>, asked: &Asked) -> Vec<Refusal> {
    if asked.has_code && refusals.iter().any(|refusal| *refusal != Refusal::ProofNeeded) {
        refusals.retain(|refusal| *refusal != Refusal::ProofNeeded);
    }
    refusals
}

async fn submit_once(
    app: &App,
    actor: &Actor,
    chosen: Chosen,
    asked: &Asked,
) -> Result<Requested, Error> {
    let user = access::user(actor, TokenScope::Activate)?;
    let request = RequestId::new();
    let mut change = match Change::begin(&app.database, actor).await {
        Err(Error::Repeated(before)) => return requested(app, RequestId(before)).await,
        begun => begun?,
    };
    let Judged { held, version, prospect, extends, decision } =
        judge(&mut change, user, chosen, asked, asked.proof.is_some()).await?;
    if let Some((proof, act)) = &asked.proof {
        store::mfa_proof::spend(&mut change, *proof, act, request.0).await?;
    }
    let new = NewRequest {
        id: request,
        eligibility: &held,
        ask: &asked.ask,
        extends,
        settings: version.id,
        maximum: version.settings.activation.maximum,
        proof: asked.proof.as_ref().map(|(proof, _)| *proof),
    };
    let result = carry_out(app, &mut change, new, decision, &prospect).await?;
    match result {
        Ok((requested, event)) => {
            asked.ticket.note(&mut change, request).await?;
            change.made(request.0).await?;
            change.commit(&event).await?;
            app.wake.everything();
            Ok(requested)
        }
        Err(refusals) => {
            let refusals = told(refusals, asked);
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
    prospect: &Prospect,
) -> Result<CarriedOut, Error> {
    let held = new.eligibility;
    let about = |kind| {
        Event::new(kind)
            .subject(held.principal)
            .role(held.role, held.scope)
            .request(new.id)
            .detail(facts_of(&new, None))
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
            prospect.write_down(change, new.id).await?;
            notice::ask_deciders(app, change, new.id, expires_at).await?;
            let requested =
                Requested { decide_by: Some(expires_at), ..requested(RequestState::Pending) };
            Ok(Ok((requested, about(Kind::ActivationRequested))))
        }
        Decision::Schedule { .. } => {
            store::request::open(change, new, Beginning::Scheduled).await?;
            prospect.write_down(change, new.id).await?;
            Ok(Ok((requested(RequestState::Scheduled), about(Kind::ActivationScheduled))))
        }
        Decision::Activate(end) => {
            if new.ask.emergency {
                request::give_way(change, held, new.id).await?;
            }
            store::request::open(change, new, Beginning::Granted).await?;
            begin(app, change, new, (end.at, prospect)).await?;
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
            let facts = facts_of(&new, Some(end.at));
            let event = about(Kind::ActivationStarted).assignment(assignment).detail(facts);
            Ok(Ok((requested, event)))
        }
    }
}

/// Says why access begins without anybody having been asked, and tells of it: the rules of the terms, or an emergency.
async fn begin(
    app: &App,
    change: &mut Change,
    new: NewRequest<'_>,
    (ends_at, prospect): (Instant, &Prospect),
) -> Result<(), Error> {
    if new.ask.emergency {
        return emergency::open(app, change, new, ends_at).await;
    }
    prospect.write_down(change, new.id).await?;
    notice::activated(app, change, new.id, ends_at).await
}

/// Gives access now, taking over from the activation that `extends` names, without a gap.
pub(in crate::service) async fn take_effect(
    change: &mut Change,
    grant: Grant<'_>,
    extends: Option<AssignmentId>,
    end: End,
) -> Result<AssignmentId, Error> {
    let held = grant.eligibility;
    if let Some(old) = extends {
        // Somebody has ended it at this very moment: then nothing goes on.
        if !store::activation::end(change, old, AssignmentEnd::Replaced).await? {
            return Err(Refusal::NothingToExtend.into());
        }
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
pub(in crate::service) async fn end_overdue(
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

pub(super) fn facts(
    held: &Eligibility,
    around: &Surroundings,
    proved: bool,
    prospect: &Prospect,
) -> Facts {
    Facts {
        now: around.now,
        enabled: held.enabled,
        role_in_use: held.role_in_use,
        eligible_from: held.starts_at,
        // One that was ended before its time is over by now.
        eligible_until: if held.ended { Some(around.now) } else { until(held, around) },
        running: around.running,
        standing: around.standing,
        open_request: around.open_request,
        proved,
        stages: prospect.standings.clone(),
        attainable: prospect.attainable,
    }
}

/// How long an activation may last at most: until the eligibility ends, or belonging to the group that is eligible, or the
/// role is held without activation.
pub(in crate::service) fn until(held: &Eligibility, around: &Surroundings) -> Option<Instant> {
    [held.ends_at, held.belongs_until, around.standing_from].into_iter().flatten().min()
}

/// What the audit log keeps of a request.
fn facts_of(new: &NewRequest<'_>, ends_at: Option<Instant>) -> serde_json::Value {
    json!({
        "duration": new.ask.duration,
        "starts_at": new.ask.starts_at,
        "justification": new.ask.justification,
        "ticket_number": new.ask.ticket_number,
        "ticket_system": new.ask.ticket_system,
        "settings": new.settings,
        "extends": new.extends,
        "emergency": new.ask.emergency,
        "mfa": new.proof.is_some(),
        "ends_at": ends_at,
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
