//! Deciding other people's requests.
mod lost;
mod prepare;
mod prospect;
mod settle;
mod unreachable;

use serde_json::json;
use sqlx::PgConnection;

use self::prepare::{Prepared, asks_for_proof, faultless, prepare};
pub use self::prospect::{Prospect, Wish, prospect};
use self::settle::{Came, Considered, can_be_decided, closed_for_want_of_approvers, go_on, refuse};
pub(super) use self::unreachable::alarm;
pub(super) use self::{
    lost::close_without_word,
    settle::{escalate, silent},
};
use crate::{
    App,
    domain::{
        activation::{ApprovalFacts, Decision, Refusal, State},
        actor::{Actor, TokenScope, User},
        approval::StageState,
        audit::{Event, Kind},
        id::{DecisionId, ProofId, RequestId, RoleId},
        notice::Verdict as Told,
        request::{RequestState, Verdict},
        settings::ActivationTerms,
        step_up::Act,
        text::Justification,
        time::{Duration, Instant},
    },
    error::Error,
    service::{access, activation, notice, request, step_up},
    store::{
        self, Change,
        activation::{Eligibility, Surroundings},
        request::{Decider, Locked, Said, Speakers, Word},
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

/// Decides a request in the stage that is open. A no ends it; a yes may need others. Says where the request stands then.
pub async fn decide(
    app: &App,
    actor: &Actor,
    request: RequestId,
    answer: &Answer,
    code: &str,
) -> Result<RequestState, Error> {
    let proof = if code.trim().is_empty() {
        None
    } else {
        let act = prepare(app, actor, request, answer, code).await?.act;
        let actor = Actor { idempotency: None, ..actor.clone() };
        let proofs = step_up::verify(app, &actor, code, std::slice::from_ref(&act)).await?;
        proofs.into_iter().next().map(|proof| (proof, act))
    };
    let proof = proof.as_ref().map(|(proof, act)| (*proof, act));
    let outcome = store::retried(|| decide_once(app, actor, request, answer, proof)).await;
    app.wake.everything();
    outcome
}

/// The most that are decided together.
pub const MOST_TOGETHER: usize = 50;

/// What became of one request of several.
#[derive(Debug)]
pub struct Decided {
    /// Which.
    pub request: RequestId,
    /// Where it stands, or why nothing came of it. One that fails stops no other.
    pub outcome: Result<RequestState, Error>,
}

/// Decides several requests alike, with one reason and one code; each by itself, so that some may fail. A wrong code decides none.
pub async fn decide_several(
    app: &App,
    actor: &Actor,
    requests: &[RequestId],
    answer: &Answer,
    code: &str,
) -> Result<Vec<Decided>, Error> {
    if requests.is_empty() || requests.len() > MOST_TOGETHER {
        return Err(Error::invalid("requests", "choose between one and fifty requests"));
    }
    let mut prepared = Vec::with_capacity(requests.len());
    for request in requests {
        prepared.push(prepare(app, actor, *request, answer, code).await);
    }
    let asking = prepared.iter().flatten().filter(|it| it.asks_for_proof);
    let acts: Vec<_> = asking.map(|it| it.act.clone()).collect();
    let mut proofs = if acts.is_empty() {
        Vec::new()
    } else if code.trim().is_empty() {
        return Err(Error::StepUp(step_up::ENTER_A_CODE));
    } else {
        step_up::verify(app, &Actor { idempotency: None, ..actor.clone() }, code, &acts).await?
    }
    .into_iter();
    let mut decided = Vec::with_capacity(requests.len());
    for (request, prepared) in requests.iter().copied().zip(prepared) {
        let outcome = match prepared {
            Err(error) => Err(error),
            Ok(prepared) => {
                let Prepared { act, asks_for_proof } = &prepared;
                let proof = if *asks_for_proof { proofs.next() } else { None };
                let proof = proof.map(|proof| (proof, act));
                let idempotency = actor.idempotency.as_ref().map(|key| key.part(request));
                let actor = Actor { idempotency, ..actor.clone() };
                store::retried(|| decide_once(app, &actor, request, answer, proof)).await
            }
        };
        decided.push(Decided { request, outcome });
    }
    app.wake.everything();
    Ok(decided)
}

async fn decide_once(
    app: &App,
    actor: &Actor,
    request: RequestId,
    answer: &Answer,
    proof: Option<(ProofId, &Act)>,
) -> Result<RequestState, Error> {
    let (mut considered, asked) = consider(app, actor, request).await?;
    faultless(&considered, answer, proof.is_some())?;
    if proof.is_none() && asks_for_proof(&considered) {
        return Err(Error::StepUp(step_up::ENTER_A_CODE));
    }
    let decision = DecisionId::new();
    if let Some((proof, act)) = proof {
        store::mfa_proof::spend(&mut considered.change, proof, act, decision.0).await?;
    }
    let word = Word {
        id: decision,
        decider: &asked.decider,
        verdict: answer.verdict,
        justification: &answer.justification,
        proof: proof.map(|(proof, _)| proof),
    };
    match answer.verdict {
        Verdict::Deny => deny(app, considered, answer, word, &asked.all).await,
        Verdict::Approve => agree(app, considered, answer, word, &asked.all).await,
    }
}

/// Whoever decides, among all who may.
struct Asked {
    decider: Decider,
    all: Vec<Decider>,
}

/// Makes sure that a request exists for this user. Most who decide were asked to, which is found out by less than all it tells.
async fn visible(app: &App, actor: &Actor, user: &User, request: RequestId) -> Result<(), Error> {
    let mut connection = app.database.acquire().await?;
    let now = store::now(&mut connection).await?;
    let asked = store::request::was_asked(&mut connection, user.principal, request, now).await?;
    drop(connection);
    if !asked {
        request::seen(app, actor, request).await?;
    }
    Ok(())
}

/// Locks a request and what it rests on, and makes sure that this approver may decide it now. Nobody locks what they may not see.
async fn consider(
    app: &App,
    actor: &Actor,
    request: RequestId,
) -> Result<(Considered, Asked), Error> {
    let user = access::user(actor, TokenScope::Approve)?;
    visible(app, actor, user, request).await?;
    let change = Change::begin(&app.database, actor).await?;
    let mut considered = Considered::lock(change, request).await?;
    if considered.locked.person == user.person {
        return Err(Refusal::OwnRequest.into());
    }
    let now = considered.around.now;
    let connection = considered.change.connection();
    let Speakers { deciders: all, barred } =
        store::request::speakers(connection, request, now).await?;
    let is_user = |decider: &&Decider| decider.principal == user.principal;
    let Some(decider) = all.iter().find(is_user).cloned() else {
        let said = store::request::said(connection, request).await?;
        undecided(&considered.locked, now)?;
        return Err(if barred.iter().any(|barred| is_user(&barred)) {
            Refusal::InACircle.into()
        } else if said.iter().any(|word| word.person == user.person) {
            Error::Conflict("you have already decided this request".to_owned())
        } else {
            Refusal::NotAnApprover.into()
        });
    };
    undecided(&considered.locked, now)?;
    Ok((considered, Asked { decider, all }))
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
    considered: Considered,
    answer: &Answer,
    word: Word<'_>,
    others: &[Decider],
) -> Result<RequestState, Error> {
    let Considered { mut change, locked, .. } = considered;
    store::request::decide(&mut change, &locked, word).await?;
    let denied = locked.state.clone().deny(change.at())?;
    store::request::advance(&mut change, locked.id, &denied, None).await?;
    let outcome = notice::Outcome {
        decider: word.decider,
        verdict: Told::Denied,
        reason: answer.justification.as_str(),
        ends_at: None,
    };
    notice::decided(app, &mut change, locked.id, others, outcome).await?;
    change.made(word.id.0).await?;
    change.commit(&decided(Kind::RequestDenied, &locked, &word, (answer, None))).await?;
    Ok(RequestState::Denied)
}

async fn agree(
    app: &App,
    mut considered: Considered,
    answer: &Answer,
    word: Word<'_>,
    others: &[Decider],
) -> Result<RequestState, Error> {
    let left = considered.left(answer.granted);
    if let Decision::Refuse(refusals) = considered.judge(left) {
        return refuse(app, considered, refusals).await;
    }
    let request = considered.locked.id;
    let now = considered.around.now;
    let change = &mut considered.change;
    let pair = (considered.locked.person, word.decider.person);
    let by_turns = store::request::by_turns(change.connection(), pair, now).await?;
    store::request::decide(change, &considered.locked, word).await?;
    let event = decided(Kind::RequestApproved, &considered.locked, &word, (answer, by_turns));
    change.record(&event).await?;
    let said = store::request::said(change.connection(), request).await?;
    let votes: Vec<_> = said
        .iter()
        .filter(|said| said.verdict == Verdict::Approve && said.stage == word.decider.stage)
        .map(Said::vote)
        .collect();
    let settled = considered.is_agreed(&votes).then_some(StageState::Agreed);
    let came = go_on(&mut considered, settled, answer.granted).await?;
    if closed_for_want_of_approvers(app, &mut considered, &came).await? {
        considered.change.made(word.id.0).await?;
        considered.change.commit_recorded().await?;
        return Ok(RequestState::Failed);
    }
    let Considered { mut change, locked, terms, .. } = considered;
    let granted = left.unwrap_or(locked.requested).min(terms.maximum);
    let outcome = |verdict, ends_at| notice::Outcome {
        decider: word.decider,
        verdict,
        reason: answer.justification.as_str(),
        ends_at,
    };
    let state = match came {
        Came::Waits => {
            notice::agreed(app, &mut change, request, &[], outcome(Told::Approved(granted), None))
                .await?;
            RequestState::Pending
        }
        Came::Opened { expires_at } => {
            let agreed = outcome(Told::Approved(granted), None);
            notice::agreed(app, &mut change, request, others, agreed).await?;
            notice::ask_deciders(app, &mut change, request, expires_at).await?;
            RequestState::Pending
        }
        Came::Granted(ends_at) => {
            let granted = outcome(Told::Approved(granted), ends_at);
            notice::decided(app, &mut change, request, others, granted).await?;
            if ends_at.is_some() { RequestState::Granted } else { RequestState::Scheduled }
        }
    };
    change.made(word.id.0).await?;
    change.commit_recorded().await?;
    Ok(state)
}

/// Closes the requests for `role` that can't be agreed to any more, instead of letting them wait for nothing.
pub(super) async fn fail_undecidable(
    app: &App,
    change: &mut Change,
    role: RoleId,
) -> Result<(), Error> {
    for request in store::request::pending(change.connection(), role).await? {
        let aim = store::request::aim_of(change.connection(), request).await?;
        store::activation::lock_eligibility(change, aim).await?;
        let locked = store::request::lock(change, request).await?;
        let now = change.settle().await?;
        if undecided(&locked, now).is_err() {
            continue;
        }
        let connection = change.connection();
        let pinned = store::settings::version(connection, locked.settings).await?.settings;
        let newest = store::settings::current(connection, role, locked.scope).await?.settings;
        let terms = (&pinned.activation, &newest.activation);
        let refusal = if asks_for_more(connection, request, terms).await? {
            Refusal::ApprovalNowNeeded
        } else if can_be_decided(change, &locked).await? {
            continue;
        } else {
            Refusal::NobodyCanApprove
        };
        fail(app, change, &locked, &[refusal]).await?;
    }
    Ok(())
}

/// Whether the newest terms ask for more approval than the pinned ones, which a request was made under.
pub(super) async fn asks_for_more(
    connection: &mut PgConnection,
    request: RequestId,
    (pinned, newest): (&ActivationTerms, &ActivationTerms),
) -> Result<bool, Error> {
    let standings = store::request::standings(connection, request).await?;
    let standings: Vec<_> = standings.into_iter().map(|(standing, _)| standing).collect();
    Ok(newest.ask_more_than(pinned, &standings))
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
    more_approval: bool,
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
        more_approval,
        approval_lost: locked.approval_lost,
        standing: around.standing,
        running: around.running,
    }
}

pub(super) fn about(locked: &Locked, kind: Kind) -> Event {
    Event::new(kind).subject(locked.principal).role(locked.role, locked.scope).request(locked.id)
}

fn decided(
    kind: Kind,
    locked: &Locked,
    word: &Word<'_>,
    (answer, by_turns): (&Answer, Option<Instant>),
) -> Event {
    about(locked, kind).target(word.id.0).detail(json!({
        "requested": locked.requested,
        "granted": answer.granted,
        "justification": answer.justification,
        "settings": locked.settings,
        "stage": word.decider.stage,
        "for": word.decider.deputises,
        "mfa": word.proof.is_some(),
        "by_turns": by_turns,
    }))
}
