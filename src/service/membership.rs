//! Belonging to groups: what it rests on, and what rests on it.
use serde_json::json;

use crate::{
    domain::{
        assignment::AssignmentEnd,
        audit::{Event, Kind},
        id::{PrincipalId, RoleId, ScopeId},
    },
    error::Error,
    service::request,
    store::{self, Change, request::Of, resting::Resting},
};

/// Holds, within a change that is about to end an activation of `role` by `holder`, what rests on that: if the role is to be a
/// member somewhere, all that they hold may.
pub(super) async fn hold(
    change: &mut Change,
    role: RoleId,
    holder: PrincipalId,
) -> Result<(), Error> {
    if role == RoleId::MEMBER {
        store::resting::hold(change, Resting::OfAccounts(&[holder])).await?;
    }
    Ok(())
}

/// Ends, within a change that has just taken `member` out of the group at `group`, what rested on that: the activations and
/// open requests of everybody who was eligible by it and is no longer.
async fn leave(change: &mut Change, member: PrincipalId, group: ScopeId) -> Result<(), Error> {
    let (ended, requests) = store::activation::end_unsupported(change, member, group).await?;
    for ended in ended {
        request::fail_extensions(change, ended.id).await?;
        let event = Event::new(Kind::ActivationEnded)
            .subject(ended.principal)
            .role(ended.role, ended.scope)
            .assignment(ended.id)
            .detail(json!({ "because": AssignmentEnd::MembershipEnded }));
        change.record(&Event { request: ended.request, ..event }).await?;
    }
    let why = "The account no longer belongs to the group that is eligible.";
    for open in requests {
        let closed = store::request::fail_all(change, Of::Request(open), why).await?;
        request::record_failures(change, &closed, "not_eligible", why).await?;
    }
    Ok(())
}

/// Lets, within a change that has just ended a membership of `member` in the group at `group`, or given it another end, nothing
/// that rests on it last longer than they belong there by another way.
pub(super) async fn shorten(
    change: &mut Change,
    member: PrincipalId,
    group: ScopeId,
) -> Result<(), Error> {
    leave(change, member, group).await?;
    for cut in store::activation::cut_to_membership(change, group).await? {
        let event = Event::new(Kind::AssignmentUpdated)
            .subject(cut.principal)
            .role(cut.role, cut.scope)
            .assignment(cut.id)
            .detail(json!({ "because": AssignmentEnd::MembershipEnded }));
        change.record(&Event { request: cut.request, ..event }).await?;
    }
    Ok(())
}
