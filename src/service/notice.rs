//! Tells people by mail what happened, in the transaction in which it happens.
use crate::{
    App,
    domain::{
        id::{PrincipalId, RequestId},
        notice::{self, Asked, Decided, Mail},
        request::RequestKind,
        time::{Duration, Instant},
    },
    error::Error,
    store::{self, Change, request::Told, settings::Approver},
};

/// The request's facts as mails tell of them.
fn asked<'a>(told: &'a Told, link: &'a str) -> Result<Asked<'a>, Error> {
    Ok(Asked {
        requester: &told.requester,
        role: &told.role_name,
        scope: &told.scope_name,
        duration: Duration::from_seconds(told.requested_seconds)
            .map_err(|_| Error::Inconsistent { table: "requests", id: told.id.0 })?,
        starts_at: told.starts_at,
        extends: told.kind == RequestKind::Extend,
        justification: &told.justification,
        ticket_number: &told.ticket_number,
        ticket_system: &told.ticket_system,
        link,
    })
}

async fn send(
    change: &mut Change,
    to: PrincipalId,
    mail: &Mail,
    request: RequestId,
) -> Result<(), Error> {
    store::outbox::enqueue(change, to, mail, Some(request.0)).await
}

/// To each approver: somebody waits for a decision.
pub async fn approval_wanted(
    app: &App,
    change: &mut Change,
    request: RequestId,
    approvers: &[Approver],
    decide_by: Instant,
) -> Result<(), Error> {
    let told = store::request::one(change.connection(), request).await?;
    let link = notice::request_link(&app.public_url, request);
    let mail = notice::approval_wanted(&asked(&told, &link)?, decide_by);
    for approver in approvers.iter().filter(|approver| approver.person != told.person) {
        send(change, approver.principal, &mail, request).await?;
    }
    Ok(())
}

/// What an approver decided, for the mails that tell of it.
#[derive(Clone, Copy, Debug)]
pub struct Outcome<'a> {
    /// The approver's name.
    pub approver: &'a str,
    /// The approver's account.
    pub by: PrincipalId,
    /// What they decided.
    pub verdict: notice::Verdict,
    /// Why.
    pub reason: &'a str,
    /// When access ends, if it has begun.
    pub ends_at: Option<Instant>,
}

/// To the requester: it is decided. To the other approvers: nothing is left to do.
pub async fn decided(
    app: &App,
    change: &mut Change,
    request: RequestId,
    approvers: &[Approver],
    outcome: Outcome<'_>,
) -> Result<(), Error> {
    let told = store::request::one(change.connection(), request).await?;
    let link = notice::request_link(&app.public_url, request);
    let facts = Decided {
        asked: asked(&told, &link)?,
        approver: outcome.approver,
        verdict: outcome.verdict,
        reason: outcome.reason,
        ends_at: outcome.ends_at,
    };
    send(change, told.principal, &notice::decided(&facts), request).await?;
    let handled = notice::handled(&facts);
    for approver in approvers {
        if approver.principal != outcome.by && approver.person != told.person {
            send(change, approver.principal, &handled, request).await?;
        }
    }
    Ok(())
}

/// To the requester: scheduled access has begun.
pub async fn activation_started(
    app: &App,
    change: &mut Change,
    request: RequestId,
    ends_at: Instant,
) -> Result<(), Error> {
    let told = store::request::one(change.connection(), request).await?;
    let link = notice::request_link(&app.public_url, request);
    let mail = notice::activation_started(&asked(&told, &link)?, ends_at);
    send(change, told.principal, &mail, request).await
}

/// To the requester: scheduled or approved access could not begin.
pub async fn activation_failed(
    app: &App,
    change: &mut Change,
    request: RequestId,
    why: &str,
) -> Result<(), Error> {
    let told = store::request::one(change.connection(), request).await?;
    let link = notice::request_link(&app.public_url, request);
    let mail = notice::activation_failed(&asked(&told, &link)?, why);
    send(change, told.principal, &mail, request).await
}
