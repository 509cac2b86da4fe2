//! What is wrong with a decision, looked at before its code is.
use super::{Answer, consider, settle::Considered};
use crate::{
    App,
    domain::{
        activation::{Decision, Refusal},
        actor::Actor,
        fault::FieldError,
        id::RequestId,
        request::Verdict,
        settings::Authentication,
        step_up::Act,
    },
    error::Error,
    service::step_up,
};

/// What a decision will be proved for, and whether it has to be.
pub(super) struct Prepared {
    pub(super) act: Act,
    pub(super) asks_for_proof: bool,
}

/// Looks at a request before it is decided, so that no code is used up for nothing. It counts only under lock, later.
pub(super) async fn prepare(
    app: &App,
    actor: &Actor,
    request: RequestId,
    answer: &Answer,
    code: &str,
) -> Result<Prepared, Error> {
    let (considered, _) = consider(app, actor, request).await?;
    faultless(&considered, answer, !code.trim().is_empty())?;
    let act = match answer.verdict {
        Verdict::Approve => Act::Approve { request, duration: answer.granted },
        Verdict::Deny => Act::Deny { request },
    };
    Ok(Prepared { act, asks_for_proof: asks_for_proof(&considered) })
}

/// Tells all that is wrong with an answer at once. That nothing but the code is missing is for whoever asks for it to say.
pub(super) fn faultless(
    considered: &Considered,
    answer: &Answer,
    proved: bool,
) -> Result<(), Error> {
    let refusals = match (answer.verdict, considered.judge(considered.left(answer.granted))) {
        (Verdict::Approve, Decision::Refuse(refusals))
            if refusals.iter().any(Refusal::is_about_the_answer) =>
        {
            refusals
        }
        _ => Vec::new(),
    };
    let missing = asks_for_proof(considered) && !proved;
    match (unreasoned(considered, answer), refusals.is_empty()) {
        (None, true) => Ok(()),
        (None, false) if !missing => Err(Error::Refused(refusals)),
        (reason, _) => {
            let code = missing.then(|| FieldError::new("code", step_up::ENTER_A_CODE));
            let rest = refusals
                .iter()
                .filter_map(|refusal| Some(FieldError::new(refusal.field()?, refusal.to_string())));
            Err(Error::Invalid(reason.into_iter().chain(rest).chain(code).collect()))
        }
    }
}

pub(super) fn asks_for_proof(considered: &Considered) -> bool {
    considered.asks(|stage| stage.authentication == Authentication::Mfa)
}

/// What is wrong with an answer that gives no reason where one is asked for.
fn unreasoned(considered: &Considered, answer: &Answer) -> Option<FieldError> {
    let asked_for = considered.asks(|stage| stage.requires_justification);
    (asked_for && answer.justification.is_empty()).then(|| {
        FieldError::new("justification", "write why: this role's terms ask approvers for a reason")
    })
}
