//! Step-up: proving with a code, for certain acts, that it is still the same person.
use serde_json::json;

use crate::{
    App,
    domain::{
        actor::Actor,
        audit::{Event, Kind},
        id::ProofId,
        sign_in::CodeRefusal,
        step_up::Act,
    },
    error::Error,
    service::{access, second_factor},
    store::{self, Change},
};

/// What whoever has entered no code is told.
pub(super) const ENTER_A_CODE: &str = "Enter a code from your authenticator.";

/// Judges a code and, if it counts, gives one proof for each act, in their order.
///
/// This is a transaction of its own: the code is used up and a wrong one counted even if what the caller does next
/// fails. A code gives proofs once; each of them is spent with [`store::mfa_proof::spend`] in the transaction that does
/// the act.
pub async fn verify(
    app: &App,
    actor: &Actor,
    code: &str,
    acts: &[Act],
) -> Result<Vec<ProofId>, Error> {
    let user = access::person(actor)?;
    let names: Vec<_> = acts.iter().map(Act::name).collect();
    let recovery_code_counts = !acts.is_empty() && acts.iter().all(Act::accepts_recovery_code);
    let mut change = Change::begin(&app.database, actor).await?;
    let judged =
        second_factor::judge(app, &mut change, user.principal, code, recovery_code_counts).await?;
    match judged {
        Ok(accepted) => {
            let mut proofs = Vec::with_capacity(acts.len());
            for act in acts {
                let proof = store::mfa_proof::give(&mut change, user, accepted.method, act).await?;
                proofs.push(proof);
            }
            let event = Event::new(Kind::StepUpDone)
                .subject(user.principal)
                .target(accepted.credential.0)
                .detail(json!({ "acts": names, "method": accepted.method.name() }));
            change.commit(&event).await?;
            Ok(proofs)
        }
        Err(refusal) => {
            let event = Event::failed(Kind::StepUpFailed)
                .subject(user.principal)
                .detail(json!({ "acts": names, "because": refusal.name() }));
            let now = change.at();
            change.commit(&event).await?;
            Err(match refusal {
                CodeRefusal::WaitUntil(until) => second_factor::busy(now, until),
                _ => Error::StepUp(refusal.message()),
            })
        }
    }
}

/// The proof that a code gives for one act, if there is a code.
pub async fn prove(
    app: &App,
    actor: &Actor,
    code: Option<&str>,
    act: &Act,
) -> Result<Option<ProofId>, Error> {
    let Some(code) = code.filter(|code| !code.trim().is_empty()) else { return Ok(None) };
    let plain = Actor { idempotency: None, ..actor.clone() };
    Ok(verify(app, &plain, code, std::slice::from_ref(act)).await?.into_iter().next())
}
