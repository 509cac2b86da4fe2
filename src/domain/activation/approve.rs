//! Decides what an approver's yes leads to. Everything is judged again at that moment.
use super::{Decision, End, Refusal, Running};
use crate::domain::{
    settings::{ActivationTerms, Authentication, SHORTEST},
    time::{Duration, Instant},
};

/// What an approval rests on, read under lock.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
pub struct ApprovalFacts {
    /// The time.
    pub now: Instant,
    /// What was asked for.
    pub asked: Duration,
    /// What the approver leaves of it, if less.
    pub granted: Option<Duration>,
    /// The start that was asked for, if a later one.
    pub starts_at: Option<Instant>,
    /// Whether the requester's account may be used.
    pub enabled: bool,
    /// Whether the role is in use.
    pub role_in_use: bool,
    /// When the eligibility begins.
    pub eligible_from: Instant,
    /// When the eligibility ends: none if never.
    pub eligible_until: Option<Instant>,
    /// Whether the eligibility is still there.
    pub eligible: bool,
    /// Whether the request came with a reason.
    pub justified: bool,
    /// Whether the request came with a ticket.
    pub ticketed: bool,
    /// Whether the request came with a fresh proof.
    pub proved: bool,
    /// Whether the newest terms ask for more approval than it was made under.
    pub more_approval: bool,
    /// Whether somebody's yes that it rests on counts no longer.
    pub approval_lost: bool,
    /// Whether the role is held without activation by now.
    pub standing: bool,
    /// The activation of the same role at the same scope that runs now, and would be taken over from.
    pub running: Option<Running>,
}

/// What an approval leads to. The clock starts at approval: the full duration from then, never beyond the eligibility.
///
/// `terms` are the stricter of those pinned with the request and the newest. [`Decision::Refuse`] means that the request
/// can't be granted any more, unless [`Refusal::is_about_the_answer`].
#[must_use]
pub fn approve(terms: &ActivationTerms, facts: &ApprovalFacts) -> Decision {
    let granted = facts.granted.unwrap_or(facts.asked);
    if granted < SHORTEST || granted > facts.asked {
        return Decision::Refuse(vec![Refusal::MoreThanAsked {
            shortest: SHORTEST,
            longest: facts.asked,
        }]);
    }
    let start = facts.starts_at.unwrap_or(facts.now).max(facts.now);
    let eligible = facts.eligible
        && facts.eligible_from <= start
        && facts.eligible_until.is_none_or(|end| start < end);
    let refusals: Vec<_> = [
        (!facts.enabled).then_some(Refusal::Disabled),
        (!facts.role_in_use).then_some(Refusal::RoleRetired),
        (!eligible).then_some(Refusal::NotEligible),
        facts.standing.then_some(Refusal::StandingAccess),
        (terms.requires_justification && !facts.justified).then_some(Refusal::JustificationNeeded),
        (terms.requires_ticket && !facts.ticketed).then_some(Refusal::TicketNeeded),
        (terms.authentication == Authentication::Mfa && !facts.proved)
            .then_some(Refusal::ProofNowNeeded),
        facts.more_approval.then_some(Refusal::ApprovalNowNeeded),
        facts.approval_lost.then_some(Refusal::ApprovalLost),
    ]
    .into_iter()
    .flatten()
    .collect();
    if !refusals.is_empty() {
        Decision::Refuse(refusals)
    } else if start > facts.now {
        Decision::Schedule { starts_at: start }
    } else {
        let end = End::of(facts.now, granted.min(terms.maximum), facts.eligible_until);
        match facts.running {
            Some(running) if end.at <= running.ends_at => {
                Decision::Refuse(vec![Refusal::NoMoreTime { until: running.ends_at }])
            }
            Some(_) | None => Decision::Activate(end),
        }
    }
}
