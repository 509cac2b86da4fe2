//! Shutting an account out at once, without disabling it: what is activated ends, sessions and tokens stop working, and, if it
//! must be, the factors go as well.
use serde_json::json;

use crate::{
    App,
    domain::{
        actor::Actor,
        assignment::AssignmentEnd,
        audit::{Event, Kind},
        id::PrincipalId,
        sign_in::LinkPurpose,
        text::Justification,
    },
    error::Error,
    service::{
        approval, enrolment,
        person::{self, Invited},
        request,
    },
    store::{self, Change, request::Of, resting::Resting},
};

/// Ends, within a change, all that an account has activated, asked for, agreed to without that it has begun, and is signed in with,
/// and records each.
pub(super) async fn end_everything(
    app: &App,
    change: &mut Change,
    principal: PrincipalId,
    because: AssignmentEnd,
    (rule, why): (&str, &str),
) -> Result<(), Error> {
    let closed = store::request::fail_all(change, Of::Principal(principal), why).await?;
    request::record_failures(change, &closed, rule, why).await?;
    for ended in store::activation::end_all_of_principal(change, principal, because).await? {
        let event = Event::new(Kind::ActivationEnded)
            .subject(principal)
            .role(ended.role, ended.scope)
            .assignment(ended.id)
            .detail(json!({ "because": because }));
        change.record(&Event { request: ended.request, ..event }).await?;
    }
    approval::close_without_word(app, change, Some(principal)).await?;
    store::one_time_link::revoke_all(change, principal).await?;
    enrolment::leave_nothing_behind(change, principal).await
}

/// Ends all access of an account that is not one's own: what it has activated, its open requests, its sessions and tokens. It
/// can sign in again, and keeps what it was given.
pub async fn end_access(
    app: &App,
    actor: &Actor,
    principal: PrincipalId,
    reason: &Justification,
) -> Result<(), Error> {
    store::retried(|| end_access_once(app, actor, principal, reason)).await?;
    app.wake.everything();
    Ok(())
}

async fn end_access_once(
    app: &App,
    actor: &Actor,
    principal: PrincipalId,
    reason: &Justification,
) -> Result<(), Error> {
    let mut change = Change::begin(&app.database, actor).await?;
    shut_out(app, &mut change, actor, principal, "it has no access").await?;
    change.made(principal.0).await?;
    change.commit(&ended(principal, reason, false)).await
}

/// The same, and takes the authenticator and the recovery codes away: the account can be used again only after its owner has
/// set up new factors with the link that this makes.
pub async fn require_new_factors(
    app: &App,
    actor: &Actor,
    principal: PrincipalId,
    reason: &Justification,
) -> Result<Invited, Error> {
    let mut change = Change::begin(&app.database, actor).await.map_err(person::already_done)?;
    shut_out(app, &mut change, actor, principal, "enable it first").await?;
    if let Some(authenticator) = store::factor::remove(&mut change, principal).await? {
        let event = Event::new(Kind::AuthenticatorRemoved);
        change.record(&event.subject(principal).target(authenticator.0)).await?;
    }
    let token = enrolment::issue_link(&mut change, principal, LinkPurpose::Recovery).await?;
    change.made(principal.0).await?;
    change.commit(&ended(principal, reason, true)).await?;
    app.wake.everything();
    let link = enrolment::address(&app.public_url, LinkPurpose::Recovery, &token);
    Ok(Invited { principal, link })
}

async fn shut_out(
    app: &App,
    change: &mut Change,
    actor: &Actor,
    principal: PrincipalId,
    if_disabled: &str,
) -> Result<(), Error> {
    // Who may not do this holds nobody up either.
    person::may_manage(change.connection(), actor, principal).await?;
    store::account::hold_alone(change, principal).await?;
    store::resting::hold(change, Resting::OfAccounts(&[principal])).await?;
    change.settle().await?;
    person::may_manage(change.connection(), actor, principal).await?;
    let told = store::person::one(change.connection(), principal).await?;
    if actor.people().contains(&told.person) {
        return Err(Error::NotAllowed("sign yourself out on your account page".to_owned()));
    }
    if told.disabled_at.is_some() {
        return Err(Error::Conflict(format!("this account is disabled: {if_disabled}")));
    }
    let why = "An administrator ended all access of this account.";
    end_everything(app, change, principal, AssignmentEnd::Removed, ("access_ended", why)).await
}

fn ended(principal: PrincipalId, reason: &Justification, factors: bool) -> Event {
    Event::new(Kind::PersonAccessEnded)
        .subject(principal)
        .target(principal.0)
        .detail(json!({ "justification": reason, "new_factors": factors }))
}
