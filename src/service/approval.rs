//! Deciding other people's requests.
use serde_json::json;

use crate::{
    App,
    domain::{
        activation::{ApprovalFacts, Decision, Refusal, State, approve},
        actor::{Actor, TokenScope, User},
        audit::{Event, Kind},
        id::{DecisionId, ProofId, RequestId, RoleId},
        notice::Verdict as Told,
        request::Verdict,
        settings::ActivationTerms,
        step_up::Act,
        text::Justification,
        time::{Duration, Instant},
    },
    error::Error,
    service::{access, activation, notice, request, step_up},
    store::{
        self, Change,
        activation::{Eligibility, Grant, Surroundings},
        request::Locked,
        settings::Approver,
    },
};

/// What an approver says.
#[derive(Clone, Debug)]
pub struct Answer {
    /// Yes or no.
    pub verdict: Verdict,
    /// For how long, if for less than was asked.
    pub granted: Option<Duration>,
    /// Why.
    pub justification: Justification,
}

/// Decides a request. The first decision wins; whoever comes later is told who decided.
pub async fn decide(
    app: &App,
    actor: &Actor,
    request: RequestId,
    answer: &Answer,
    code: &str,
) -> Result<(), Error> {
    let user = access::user(actor, TokenScope::Approve)?;
    request::seen(app, actor, request).await?;
    let act = match answer.verdict {
        Verdict::Approve => Act::Approve { request, duration: answer.granted },
        Verdict::Deny => Act::Deny { request },
    };
    // Looked at twice: first so that no code is used up for nothing, then under lock, where it counts.
    let considered = consider(app, actor, user, request, answer).await?;
    if let (Verdict::Approve, Decision::Refuse(refusals)) =
        (answer.verdict, considered.judge(answer))
        && refusals.iter().any(Refusal::is_about_the_answer)
    {
        return Err(Error::Refused(refusals));
    }
    drop(considered);
    let proofs = step_up::verify(
        app,
        &Actor { idempotency: None, ..actor.clone() },
        code,
        std::slice::from_ref(&act),
    )
    .await?;
    let proof =
        proofs.into_iter().next().ok_or(Error::StepUp("Enter a code from your authenticator."))?;
    let outcome = store::retried(|| decide_once(app, actor, request, answer, (proof, &act))).await;
    app.wake.everything();
    outcome
}

async fn decide_once(
    app: &App,
    actor: &Actor,
    request: RequestId,
    answer: &Answer,
    (proof, act): (ProofId, &Act),
) -> Result<(), Error> {
    let user = access::user(actor, TokenScope::Approve)?;
    let mut considered = consider(app, actor, user, request, answer).await?;
    let decision = DecisionId::new();
    store::mfa_proof::spend(&mut considered.change, proof, act, decision.0).await?;
    match answer.verdict {
        Verdict::Deny => deny(app, user, considered, answer, decision, proof).await,
        Verdict::Approve => grant(app, user, considered, answer, decision, proof).await,
    }
}

/// A request under lock, which this approver may decide.
struct Considered {
    change: Change,
    locked: Locked,
    held: Eligibility,
    around: Surroundings,
    terms: ActivationTerms,
    approvers: Vec<Approver>,
}

impl Considered {
    /// What this approver's yes would lead to.
    fn judge(&self, answer: &Answer) -> Decision {
        approve(
            &self.terms,
            &approval_facts(&self.locked, &self.held, &self.around, answer.granted),
        )
    }
}

/// Locks a request and what it rests on, and makes sure that this approver may decide it now.
async fn consider(
    app: &App,
    actor: &Actor,
    user: &User,
    request: RequestId,
    answer: &Answer,
) -> Result<Considered, Error> {
    let mut change = Change::begin(&app.database, actor).await?;
    let aim = store::request::aim_of(change.connection(), request).await?;
    let held = store::activation::lock_eligibility(&mut change, aim).await?;
    let locked = store::request::lock(&mut change, request).await?;
    let around = store::activation::surroundings(&mut change, &held, Some(request)).await?;
    let pinned = store::settings::version(change.connection(), locked.settings).await?;
    let newest = store::settings::current(change.connection(), locked.role, locked.scope).await?;
    let approvers = store::request::deciders(change.connection(), locked.id, around.now).await?;
    if locked.person == user.person {
        return Err(Refusal::OwnRequest.into());
    }
    if !approvers.iter().any(|approver| approver.principal == user.principal) {
        return Err(Refusal::NotAnApprover.into());
    }
    undecided(&locked, around.now)?;
    let terms = pinned.settings.activation.stricter(&newest.settings.activation);
    if terms.approval_requires_justification && answer.justification.is_empty() {
        return Err(Error::invalid(
            "justification",
            "write why: this role's terms ask approvers for a reason",
        ));
    }
    Ok(Considered { change, locked, held, around, terms, approvers })
}

/// Refuses, by name, if the request no longer waits.
fn undecided(locked: &Locked, now: Instant) -> Result<(), Error> {
    match (&locked.state, &locked.decided_by) {
        (State::Pending { expires_at }, _) if *expires_at > now => Ok(()),
        (State::Pending { .. }, _) => {
            Err(Error::Conflict("this request has lapsed: nobody decided in time".to_owned()))
        }
        (_, Some(name)) => {
            Err(Error::Conflict(format!("this request was already decided by {name}")))
        }
        (_, None) => Err(Error::Conflict("this request no longer waits for a decision".to_owned())),
    }
}

async fn deny(
    app: &App,
    user: &User,
    considered: Considered,
    answer: &Answer,
    decision: DecisionId,
    proof: ProofId,
) -> Result<(), Error> {
    let Considered { mut change, locked, approvers, .. } = considered;
    store::request::decide(
        &mut change,
        decision,
        &locked,
        Verdict::Deny,
        &answer.justification,
        proof,
    )
    .await?;
    let denied = locked.state.clone().deny(change.at())?;
    store::request::advance(&mut change, locked.id, &denied, None).await?;
    let outcome = notice::Outcome {
        approver: &user.name,
        by: user.principal,
        verdict: Told::Denied,
        reason: answer.justification.as_str(),
        ends_at: None,
    };
    notice::decided(app, &mut change, locked.id, &approvers, outcome).await?;
    change.made(decision.0).await?;
    change.commit(&decided(Kind::RequestDenied, &locked, decision, answer)).await
}

async fn grant(
    app: &App,
    user: &User,
    considered: Considered,
    answer: &Answer,
    decision: DecisionId,
    proof: ProofId,
) -> Result<(), Error> {
    let judged = considered.judge(answer);
    let Considered { mut change, locked, held, around, terms, approvers } = considered;
    let effect = match judged {
        Decision::Refuse(refusals) => return refuse(app, change, &locked, refusals).await,
        Decision::AwaitApproval { .. } | Decision::Schedule { .. } => None,
        Decision::Activate(end) => Some(end),
    };
    store::request::decide(
        &mut change,
        decision,
        &locked,
        Verdict::Approve,
        &answer.justification,
        proof,
    )
    .await?;
    let approved = locked.state.clone().approve(around.now, locked.starts_at)?;
    store::request::advance(&mut change, locked.id, &approved, answer.granted).await?;
    change.record(&decided(Kind::RequestApproved, &locked, decision, answer)).await?;
    let mut last = about(&locked, Kind::ActivationScheduled);
    if let Some(end) = effect {
        let grant = Grant {
            request: locked.id,
            settings: locked.settings,
            maximum: locked.maximum,
            eligibility: &held,
        };
        let around = activation::end_overdue(&mut change, &held, Some(locked.id)).await?;
        let extends = around.running.map(|running| running.id);
        let assignment = activation::take_effect(&mut change, grant, extends, end).await?;
        last = about(&locked, Kind::ActivationStarted)
            .assignment(assignment)
            .detail(json!({ "ends_at": end.at }));
    }
    let outcome = notice::Outcome {
        approver: &user.name,
        by: user.principal,
        verdict: Told::Approved(answer.granted.unwrap_or(locked.requested).min(terms.maximum)),
        reason: answer.justification.as_str(),
        ends_at: effect.map(|end| end.at),
    };
    notice::decided(app, &mut change, locked.id, &approvers, outcome).await?;
    change.made(decision.0).await?;
    change.commit(&last).await
}

/// The facts have changed since the request was made, so that nobody can grant it any more; or only the approver erred.
async fn refuse(
    app: &App,
    mut change: Change,
    locked: &Locked,
    refusals: Vec<Refusal>,
) -> Result<(), Error> {
    if refusals.iter().any(Refusal::is_about_the_answer) {
        return Err(Error::Refused(refusals));
    }
    fail(app, &mut change, locked, &refusals).await?;
    change.commit_recorded().await?;
    Err(Error::Refused(refusals))
}

/// Closes the requests for `role` that nobody may decide any more, instead of letting them wait for nothing.
pub(super) async fn fail_undecidable(
    app: &App,
    change: &mut Change,
    role: RoleId,
) -> Result<(), Error> {
    let at = change.at();
    for request in store::request::undecidable(change.connection(), role, at).await? {
        let aim = store::request::aim_of(change.connection(), request).await?;
        store::activation::lock_eligibility(change, aim).await?;
        let locked = store::request::lock(change, request).await?;
        let now = change.settle().await?;
        if undecided(&locked, now).is_ok() {
            fail(app, change, &locked, &[Refusal::NobodyCanApprove]).await?;
        }
    }
    Ok(())
}

/// Closes a request that can't take effect any more, and tells its requester.
pub(super) async fn fail(
    app: &App,
    change: &mut Change,
    locked: &Locked,
    refusals: &[Refusal],
) -> Result<(), Error> {
    let why = refusals.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ");
    let failed = locked.state.clone().fail(change.at(), why.clone())?;
    store::request::advance(change, locked.id, &failed, None).await?;
    notice::activation_failed(app, change, locked.id, &why).await?;
    let rules: Vec<_> = refusals.iter().map(Refusal::rule).collect();
    let event = Event {
        outcome: crate::domain::audit::Outcome::Refused,
        ..about(locked, Kind::ActivationFailed)
    };
    change.record(&event.detail(json!({ "rules": rules, "reasons": why }))).await
}

/// The facts that an approval, or a scheduled start, rests on.
pub(super) fn approval_facts(
    locked: &Locked,
    held: &Eligibility,
    around: &Surroundings,
    granted: Option<Duration>,
) -> ApprovalFacts {
    ApprovalFacts {
        now: around.now,
        asked: locked.requested,
        granted: granted.or(locked.granted),
        starts_at: locked.starts_at,
        enabled: held.enabled,
        role_in_use: held.role_in_use,
        eligible_from: held.starts_at,
        eligible_until: activation::until(held, around),
        eligible: !held.ended && held.belongs,
        justified: locked.justified,
        ticketed: locked.ticketed,
        proved: locked.proved,
        standing: around.standing,
        running: around.running,
    }
}

pub(super) fn about(locked: &Locked, kind: Kind) -> Event {
    Event::new(kind).subject(locked.principal).role(locked.role, locked.scope).request(locked.id)
}

fn decided(kind: Kind, locked: &Locked, decision: DecisionId, answer: &Answer) -> Event {
    about(locked, kind).target(decision.0).detail(json!({
        "requested": locked.requested,
        "granted": answer.granted,
        "justification": answer.justification,
        "settings": locked.settings,
    }))
}
