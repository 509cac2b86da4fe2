//! Fresh proofs by a second factor: given for one act, spent once.
use uuid::Uuid;

use crate::{
    domain::{
        actor::{User, Via},
        id::ProofId,
        sign_in::Method,
        step_up::{Act, Challenge, PROOF_LASTS, challenge},
        time::Instant,
    },
    error::Error,
    store::{Change, credential::seconds},
};

/// Keeps a proof for one act.
pub async fn give(
    change: &mut Change,
    user: &User,
    method: Method,
    act: &Act,
) -> Result<ProofId, Error> {
    let id = ProofId::new();
    let (session, token) = bearer(&user.via);
    let Challenge(challenge) = challenge(user.principal, &user.via, act);
    sqlx::query!(
        "
        insert into mfa_proofs (id, principal_id, session_id, access_token_id, method, challenge, created_at)
        values ($1, $2, $3, $4, $5, $6, $7)
        ",
        id.0,
        user.principal.0,
        session,
        token,
        method as Method,
        challenge.as_slice(),
        change.at() as Instant,
    )
    .execute(change.connection())
    .await?;
    Ok(id)
}

/// Spends a proof on the act that it was given for, within the transaction that does the act.
///
/// `spent_for` is the row that the act makes. It fails if the proof was spent before, is too old, is of another
/// person or session, is for anything else, or is of a weaker kind than the act asks for.
pub async fn spend(
    change: &mut Change,
    proof: ProofId,
    act: &Act,
    spent_for: Uuid,
) -> Result<(), Error> {
    let user = change.actor().user().cloned().ok_or(Error::Unauthenticated)?;
    let (session, token) = bearer(&user.via);
    let Challenge(challenge) = challenge(user.principal, &user.via, act);
    let spent = sqlx::query!(
        "
        update mfa_proofs set spent_at = instant(), spent_for = $1
        where id = $2 and principal_id = $3
            and session_id is not distinct from $4 and access_token_id is not distinct from $5
            and challenge = $6 and spent_at is null
            and created_at > instant() - make_interval(secs => $7)
            and (method = 'totp' or $8)
        ",
        spent_for,
        proof.0,
        user.principal.0,
        session,
        token,
        challenge.as_slice(),
        seconds(PROOF_LASTS),
        act.accepts_recovery_code(),
    )
    .execute(change.connection())
    .await?;
    if spent.rows_affected() == 1 {
        Ok(())
    } else {
        Err(Error::StepUp("Confirm this with a new code from your authenticator app."))
    }
}

/// The session or token that a proof is bound to.
fn bearer(via: &Via) -> (Option<Uuid>, Option<Uuid>) {
    match via {
        Via::Session(session) => (Some(session.0), None),
        Via::AccessToken(token, _) => (None, Some(token.0)),
    }
}
