//! Words that count no longer: of what has not begun, whoever agreed may have been disabled, shut out or replaced since.
use crate::{
    App,
    domain::{activation::Refusal, id::PrincipalId},
    error::Error,
    service::{notice, request},
    store::{self, Change},
};

/// Closes, within a change that has just taken something away, the requests that rest on a yes which counts no longer; those that
/// `account` agreed to as well, if one is given, since whoever is shut out may not have been who spoke. Whoever asks is told at
/// once rather than when it should have begun.
pub(in crate::service) async fn close_without_word(
    app: &App,
    change: &mut Change,
    account: Option<PrincipalId>,
) -> Result<(), Error> {
    let why = Refusal::ApprovalLost.to_string();
    let closed = store::request::fail_without_word(change, account, &why).await?;
    request::record_failures(change, &closed, Refusal::ApprovalLost.rule(), &why).await?;
    for closed in closed {
        notice::activation_failed(app, change, closed.id, &why).await?;
    }
    Ok(())
}
