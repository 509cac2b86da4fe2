//! Deciding what somebody else wants to change. What is agreed to is carried out in the same transaction.
use serde_json::json;

use super::{Told, carry_out, event, seen};
use crate::{
    App,
    domain::{
        actor::{Actor, User},
        audit::{Event, Kind, Outcome},
        change_request::{Answer, ChangeState, Facts, Unfit, unfit},
        id::{ChangeRequestId, ProofId},
        permission::Permission,
        step_up::Act,
        text::sentence,
    },
    error::Error,
    service::{access, assignment, notice, step_up},
    store::{
        self, Change,
        change_request::{Decision, Locked},
    },
};

/// The proofs that one code gives: of the decision, and of what is done by it.
#[derive(Clone, Debug)]
struct Proofs {
    decision: (ProofId, Act),
    further: Option<(ProofId, Act)>,
}

/// Decides a change. The first decision wins; whoever comes later is told who decided. What is agreed to is carried out at
/// once, by the rules of this moment; if they no longer allow it, the change fails and says why.
pub async fn decide(
    app: &App,
    actor: &Actor,
    id: ChangeRequestId,
    answer: &Answer,
    code: &str,
) -> Result<(), Error> {
    let told = seen(app, actor, id).await?.told;
    // Looked at twice: first so that no code is used up for nothing, then under lock, where it counts.
    drop(consider(app, actor, id, answer).await?);
    let acts: Vec<_> =
        [Some(answer.act(id)), further(&told, answer)].into_iter().flatten().collect();
    let plain = Actor { idempotency: None, ..actor.clone() };
    let proofs = step_up::verify(app, &plain, code, &acts).await?;
    let mut proofs = proofs.into_iter().zip(acts);
    let decision = proofs.next().ok_or(Error::StepUp(step_up::ENTER_A_CODE))?;
    let proofs = Proofs { decision, further: proofs.next() };
    let outcome = match store::retried(|| decide_once(app, actor, id, answer, &proofs)).await {
        Ok(Carried::Done) => Ok(()),
        Ok(Carried::Refused(why)) => {
            store::retried(|| fail(app, actor, id, answer, (&proofs, &why))).await?;
            Err(Error::Conflict(format!(
                "this can't be carried out any more, and is closed: {why}"
            )))
        }
        Err(error) => Err(error),
    };
    app.wake.everything();
    outcome
}

/// What giving a role takes a proof for, beside the decision itself.
fn further(told: &Told, answer: &Answer) -> Option<Act> {
    let (principal, role) = (told.subject?, told.role?);
    answer.agree.then_some(Act::Assign { principal, role, scope: told.scope })
}

/// A change request under lock, which this person may decide so.
struct Considered {
    change: Change,
    locked: Locked,
    told: Told,
    user: User,
}

async fn consider(
    app: &App,
    actor: &Actor,
    id: ChangeRequestId,
    answer: &Answer,
) -> Result<Considered, Error> {
    let user = actor.user().cloned().ok_or(Error::Unauthenticated)?;
    let mut change = Change::begin(&app.database, actor).await?;
    let locked = store::change_request::lock(&mut change, id).await?;
    let told = store::change_request::one(change.connection(), id).await?;
    let now = change.settle().await?;
    let permission = Permission::named(&locked.permission)
        .ok_or(Error::Inconsistent { table: "change_requests", id: id.0 })?;
    let facts = Facts {
        now,
        state: locked.state,
        expires_at: locked.expires_at,
        own: locked.author_person == user.person,
        gains: store::change_request::gains(change.connection(), id, user.person, now).await?,
        is_wish: locked.write.is_wish(),
        renews: locked.write.renews(),
    };
    match unfit(&facts, answer) {
        Some(Unfit::Own) => {}
        _ => access::authorise_at(change.connection(), actor, permission, locked.scope).await?,
    }
    match unfit(&facts, answer) {
        None => Ok(Considered { change, locked, told, user }),
        Some(unfit) => Err(refusal(unfit, locked.decided_by.as_deref())),
    }
}

fn refusal(unfit: Unfit, decided_by: Option<&str>) -> Error {
    match unfit {
        Unfit::Own => Error::NotAllowed(
            "nobody decides a change of their own, from whichever account: somebody else must agree".to_owned(),
        ),
        Unfit::Gains => Error::NotAllowed(
            "you would gain by this change yourself: somebody who would not must decide it".to_owned(),
        ),
        Unfit::Closed => Error::Conflict(match decided_by {
            Some(name) => format!("this change was already decided by {name}"),
            None => "this change no longer waits for a decision".to_owned(),
        }),
        Unfit::Lapsed => {
            Error::Conflict("this change has lapsed: nobody decided in time".to_owned())
        }
        Unfit::NoReason => Error::invalid("reason", "write why, so that its author can do better"),
        Unfit::NotAmendable => {
            Error::invalid("ends_at", "this can be agreed to as it stands, or declined")
        }
        Unfit::NoEnd => Error::invalid("ends_at", "say until when it is given again"),
    }
}

/// What came of somebody's yes or no.
enum Carried {
    /// It is decided.
    Done,
    /// The facts no longer allow it, in these words. Nothing was written.
    Refused(String),
}

async fn decide_once(
    app: &App,
    actor: &Actor,
    id: ChangeRequestId,
    answer: &Answer,
    proofs: &Proofs,
) -> Result<Carried, Error> {
    let Considered { mut change, locked, told, user } = consider(app, actor, id, answer).await?;
    spend(&mut change, id, proofs).await?;
    let (state, kind) = if answer.agree {
        if !locked.author_enabled {
            return Ok(Carried::Refused(format!("{}'s account is disabled.", locked.author_name)));
        }
        let carried = carry_out::carry_out(
            app,
            &mut change,
            actor,
            (&locked, answer),
            proofs.further.as_ref(),
        )
        .await;
        if let Err(error) = carried {
            return refused(error, &locked);
        }
        (ChangeState::CarriedOut, Kind::ChangeApproved)
    } else {
        (ChangeState::Declined, Kind::ChangeDeclined)
    };
    close(&mut change, &user, state, (id, answer, proofs), None).await?;
    let said = (user.name.as_str(), answer.reason.as_str());
    notice::change_closed(app, &mut change, &told, state, said).await?;
    change.made(id.0).await?;
    change.record(&decided(kind, &told, answer)).await?;
    match assignment::commit(change).await {
        Ok(()) => Ok(Carried::Done),
        Err(error) => refused(error, &locked),
    }
}

/// Whether it is the change that can't be, or only this decision of it.
fn refused(error: Error, locked: &Locked) -> Result<Carried, Error> {
    match &error {
        Error::Conflict(_) | Error::Refused(_) | Error::NotFound(_) => {}
        // Somebody who wishes for too much may be given less.
        Error::Invalid(_) if !locked.write.is_wish() => {}
        _ => return Err(error),
    }
    Ok(Carried::Refused(sentence(&error.to_string())))
}

async fn spend(change: &mut Change, id: ChangeRequestId, proofs: &Proofs) -> Result<(), Error> {
    let (proof, act) = &proofs.decision;
    store::mfa_proof::spend(change, *proof, act, id.0).await
}

async fn close(
    change: &mut Change,
    user: &User,
    state: ChangeState,
    (id, answer, proofs): (ChangeRequestId, &Answer, &Proofs),
    failure: Option<&str>,
) -> Result<(), Error> {
    let decision = Decision {
        by: (user.principal, user.person),
        reason: answer.reason.as_str(),
        amended: answer.amended,
        proof: proofs.decision.0,
    };
    store::change_request::close(change, id, state, Some(decision), failure).await
}

fn decided(kind: Kind, told: &Told, answer: &Answer) -> Event {
    event(kind, told).detail(json!({
        "write": told.write.0.name(),
        "author": told.author_name,
        "author_id": told.author,
        "difference": told.difference,
        "amended": (!answer.amended.is_nothing()).then_some(answer.amended),
        "asked_because": told.reason,
        "reason": answer.reason,
    }))
}

/// Closes a change that was agreed to and can't be carried out any more.
async fn fail(
    app: &App,
    actor: &Actor,
    id: ChangeRequestId,
    answer: &Answer,
    (proofs, why): (&Proofs, &str),
) -> Result<(), Error> {
    let Considered { mut change, told, user, .. } = consider(app, actor, id, answer).await?;
    spend(&mut change, id, proofs).await?;
    let state = ChangeState::Failed;
    close(&mut change, &user, state, (id, answer, proofs), Some(why)).await?;
    notice::change_closed(app, &mut change, &told, state, (&user.name, why)).await?;
    let event = event(Kind::ChangeFailed, &told).detail(json!({
        "write": told.write.0.name(),
        "author": told.author_name,
        "reasons": why,
        "reason": answer.reason,
    }));
    change.commit(&Event { outcome: Outcome::Refused, ..event }).await
}
