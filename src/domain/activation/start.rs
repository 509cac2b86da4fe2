//! Decides whether a scheduled activation still takes effect when its time has come.
use super::{ApprovalFacts, Decision, Refusal, approve};
use crate::domain::settings::ActivationTerms;

/// What the start of a scheduled activation rests on, read under lock.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StartFacts {
    /// The same facts as at an approval.
    pub facts: ApprovalFacts,
    /// Whether all stages of its approval are settled.
    pub approved: bool,
}

/// Judges a scheduled activation at its start: it takes effect, or fails for the reasons given.
#[must_use]
pub fn start(terms: &ActivationTerms, facts: &StartFacts) -> Decision {
    if terms.requires_approval && !facts.approved && !facts.facts.approval_lost {
        return Decision::Refuse(vec![Refusal::ApprovalNowNeeded]);
    }
    if let Some(running) = facts.facts.running {
        return Decision::Refuse(vec![Refusal::AlreadyActive { until: running.ends_at }]);
    }
    approve(terms, &facts.facts)
}
