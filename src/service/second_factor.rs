//! Judging the code of a second factor: the one place for every way of entering one.
//!
//! A code is judged under a lock on the authenticator, so that of many equal codes at once one counts, and so that the
//! limit on guesses holds over all places where one can guess.
use serde_json::json;

use crate::{
    App,
    domain::{
        actor::Actor,
        audit::{Event, Kind},
        id::{CredentialId, PrincipalId},
        sign_in::{CodeRefusal, Method},
        throttle::{Admission, Guesses},
        time::Instant,
        totp,
    },
    error::Error,
    secret::{Purpose, RecoveryCode},
    store::{self, Change, credential::Authenticator},
};

/// What somebody entered.
enum Entered {
    Totp(totp::Code),
    Recovery(RecoveryCode),
}

/// A code that counted.
pub(super) struct Accepted {
    /// The authenticator or the recovery code.
    pub(super) credential: CredentialId,
    /// Which kind.
    pub(super) method: Method,
}

/// Judges a code within a change, counting it if it is wrong; one that is right but used is refused, and counts for nothing. The caller must commit the change in either case, or the
/// guess would not be counted.
pub(super) async fn judge(
    app: &App,
    change: &mut Change,
    principal: PrincipalId,
    code: &str,
    recovery_code_counts: bool,
) -> Result<Result<Accepted, CodeRefusal>, Error> {
    let entered = match (code.parse::<totp::Code>(), RecoveryCode::parse(code)) {
        (Ok(code), _) => Entered::Totp(code),
        (Err(_), Some(_)) if !recovery_code_counts => {
            return Ok(Err(CodeRefusal::RecoveryCodeNotEnough));
        }
        (Err(_), Some(code)) => Entered::Recovery(code),
        (Err(_), None) => return Ok(Err(CodeRefusal::Unreadable)),
    };
    let Some(authenticator) = store::credential::lock_authenticator(change, principal).await?
    else {
        return Ok(Err(CodeRefusal::Missing));
    };
    let now = change.settle().await?;
    match (authenticator.guesses.admission(now), &entered) {
        (Admission::Wait(until), _) => return Ok(Err(CodeRefusal::WaitUntil(until))),
        (Admission::Disabled, Entered::Totp(_)) => return Ok(Err(CodeRefusal::Disabled)),
        (Admission::Disabled, Entered::Recovery(_)) | (Admission::Evaluate, _) => {}
    }
    if authenticator.is_disabled && matches!(entered, Entered::Totp(_)) {
        return Ok(Err(CodeRefusal::Disabled));
    }
    let judged = match entered {
        Entered::Totp(code) => judge_totp(app, change, principal, &authenticator, &code).await?,
        Entered::Recovery(code) => judge_recovery(change, principal, &code).await?,
    };
    if judged.as_ref().is_err_and(CodeRefusal::is_a_guess) {
        count(change, principal, &authenticator).await?;
    }
    Ok(judged)
}

async fn judge_totp(
    app: &App,
    change: &mut Change,
    principal: PrincipalId,
    authenticator: &Authenticator,
    code: &totp::Code,
) -> Result<Result<Accepted, CodeRefusal>, Error> {
    let seed = app.keys.open(Purpose::TotpSeed, principal.0, &authenticator.seed)?;
    match totp::accept(&seed, code, change.at(), Some(authenticator.last_step)) {
        Ok(step) if store::credential::accept_step(change, authenticator.id, step).await? => {
            Ok(Ok(Accepted { credential: authenticator.id, method: Method::Totp }))
        }
        Ok(_) | Err(totp::Refusal::Used) => Ok(Err(CodeRefusal::Used)),
        Err(totp::Refusal::Wrong) => Ok(Err(CodeRefusal::Wrong)),
    }
}

async fn judge_recovery(
    change: &mut Change,
    principal: PrincipalId,
    code: &RecoveryCode,
) -> Result<Result<Accepted, CodeRefusal>, Error> {
    let used = store::credential::use_recovery_code(change, principal, &code.hash()).await?;
    let Some(credential) = used else { return Ok(Err(CodeRefusal::Wrong)) };
    let left = store::credential::recovery_codes_left(change.connection(), principal).await?;
    let event = Event::new(Kind::RecoveryCodeUsed)
        .subject(principal)
        .target(credential.0)
        .detail(json!({ "left": left }));
    change.record(&event).await?;
    Ok(Ok(Accepted { credential, method: Method::RecoveryCode }))
}

/// Counts a wrong code, and at the limit switches the authenticator off together with every half-finished sign-in.
async fn count(
    change: &mut Change,
    principal: PrincipalId,
    authenticator: &Authenticator,
) -> Result<(), Error> {
    let guesses: Guesses = authenticator.guesses.with_one_more(change.at());
    store::credential::count_guess(change, authenticator.id, guesses).await?;
    if authenticator.is_disabled || guesses.admission(change.at()) != Admission::Disabled {
        return Ok(());
    }
    store::credential::disable_authenticator(change, authenticator.id).await?;
    store::session::end_unfinished(change, principal).await?;
    let event = Event::new(Kind::AuthenticatorDisabled)
        .subject(principal)
        .target(authenticator.id.0)
        .detail(json!({ "wrong_codes_in_a_row": guesses.in_a_row }));
    change.record(&event).await
}

/// Says how long to wait.
pub(super) fn busy(now: Instant, until: Instant) -> Error {
    Error::Busy { retry_after: until.since(now).as_secs().max(1).unsigned_abs() }
}

/// Says in words where a request came from.
pub(super) fn place(actor: &Actor) -> String {
    actor.address.map_or_else(|| "the command line".to_owned(), |address| address.to_string())
}
