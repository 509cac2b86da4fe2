//! Why the rules say no.
use crate::domain::time::{Duration, Instant};

/// One reason. A refusal lists all that apply, each with the rule, its limit and what to do.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The eligibility has not begun, or is over.
    #[error("You are not eligible for this role at that time.")]
    NotEligible,
    /// Too long, or too short.
    #[error("Choose a duration between {shortest} and {longest}.")]
    Duration {
        /// The shortest allowed.
        shortest: Duration,
        /// The longest allowed.
        longest: Duration,
    },
    /// A reason is asked for.
    #[error("Write a reason: this role asks for one.")]
    JustificationNeeded,
    /// A ticket is asked for.
    #[error("Give the ticket's number and its system: this role asks for both.")]
    TicketNeeded,
    /// A fresh proof is asked for.
    #[error(
        "Enter a code from your authenticator: this role asks for a fresh proof that it is you."
    )]
    ProofNeeded,
    /// The role is held already.
    #[error("You hold this role already, until {}. Extend it, or end it first.", until.to_words())]
    AlreadyActive {
        /// Until when.
        until: Instant,
    },
    /// The role is held for good.
    #[error("You hold this role without having to activate it.")]
    StandingAccess,
    /// Another request for the same role is open.
    #[error("You have an open request for this role already. Cancel that one first.")]
    AlreadyRequested,
    /// There is nothing to extend.
    #[error("This activation has ended: activate the role anew.")]
    NothingToExtend,
    /// Extending would not give more time.
    #[error(
        "That would end no later than the activation does now, {}. Choose a longer duration.",
        until.to_words()
    )]
    NoMoreTime {
        /// When it ends now.
        until: Instant,
    },
    /// The start is too far away, or past.
    #[error("Choose a start between now and {}.", latest.to_words())]
    Start {
        /// The latest start allowed.
        latest: Instant,
    },
    /// Nobody but the requester could approve.
    #[error(
        "Too few people but you can approve this role at the moment. Ask an administrator to name others."
    )]
    NobodyCanApprove,
    /// The role knows no emergency.
    #[error("This role can't be activated without approval, not even in an emergency.")]
    NoEmergency,
    /// There is nothing that an emergency would skip.
    #[error("Nobody has to approve this, or it is not for now: ask for it as usual.")]
    EmergencyNotNeeded,
    /// The account is disabled.
    #[error("This account is disabled.")]
    Disabled,
    /// The role has been retired.
    #[error("This role is no longer in use.")]
    RoleRetired,
    /// The request is not waiting for a decision any more.
    #[error("This request no longer waits for a decision.")]
    NotPending,
    /// The request does not wait for its start, or that has not come.
    #[error("This request does not wait for its start.")]
    NotScheduled,
    /// The request is over.
    #[error("This request is already closed.")]
    NotOpen,
    /// One's own request, by whichever account.
    #[error("You can't decide a request of your own, from whichever account.")]
    OwnRequest,
    /// Not among the approvers.
    #[error("You are not an approver of this request.")]
    NotAnApprover,
    /// An approver can shorten, never lengthen.
    #[error(
        "You can approve for less time than was asked for, not for more: between {shortest} and {longest}."
    )]
    MoreThanAsked {
        /// The shortest allowed.
        shortest: Duration,
        /// What was asked for.
        longest: Duration,
    },
    /// The terms have become stricter since, and ask for more approval than this request was made under.
    #[error("The role's terms now ask for more approval than when this was asked for. Ask again.")]
    ApprovalNowNeeded,
    /// Whoever agreed to it could not do so any more: they were disabled, shut out, or are no approver by now.
    #[error(
        "Somebody whose yes this rests on can give it no longer: their account was disabled or shut out, or they are no approver any more. Ask again."
    )]
    ApprovalLost,
    /// What makes this approver one rests on a yes of whoever asks.
    #[error(
        "Whoever asks agreed to the activation by which you could decide this, or to one that it rests on. Somebody else has to decide."
    )]
    InACircle,
    /// The terms have become stricter since, and ask for a proof that this request has not had.
    #[error(
        "The role's terms now ask for a fresh proof, which this request has not had. Ask again."
    )]
    ProofNowNeeded,
}

impl Refusal {
    /// The stable name of the rule, for programs.
    #[must_use]
    pub fn rule(&self) -> &'static str {
        match self {
            Self::NotEligible => "not_eligible",
            Self::Duration { .. } => "duration",
            Self::JustificationNeeded => "justification_needed",
            Self::TicketNeeded => "ticket_needed",
            Self::ProofNeeded => "proof_needed",
            Self::AlreadyActive { .. } => "already_active",
            Self::StandingAccess => "standing_access",
            Self::AlreadyRequested => "already_requested",
            Self::NothingToExtend => "nothing_to_extend",
            Self::NoMoreTime { .. } => "no_more_time",
            Self::Start { .. } => "start",
            Self::NobodyCanApprove => "nobody_can_approve",
            Self::NoEmergency => "no_emergency",
            Self::EmergencyNotNeeded => "emergency_not_needed",
            Self::Disabled => "disabled",
            Self::RoleRetired => "role_retired",
            Self::NotPending => "not_pending",
            Self::NotScheduled => "not_scheduled",
            Self::NotOpen => "not_open",
            Self::OwnRequest => "own_request",
            Self::NotAnApprover => "not_an_approver",
            Self::MoreThanAsked { .. } => "more_than_asked",
            Self::ApprovalNowNeeded => "approval_now_needed",
            Self::ApprovalLost => "approval_lost",
            Self::InACircle => "in_a_circle",
            Self::ProofNowNeeded => "proof_now_needed",
        }
    }

    /// Whether it is about what an approver left of the request, so that another answer may do, rather than about the
    /// request, which can never be granted any more.
    #[must_use]
    pub fn is_about_the_answer(&self) -> bool {
        matches!(self, Self::MoreThanAsked { .. } | Self::NoMoreTime { .. })
    }

    /// The field of the form that it is about, if it is about one.
    #[must_use]
    pub fn field(&self) -> Option<&'static str> {
        match self {
            Self::Duration { .. } | Self::NoMoreTime { .. } | Self::MoreThanAsked { .. } => {
                Some("duration")
            }
            Self::JustificationNeeded => Some("justification"),
            Self::TicketNeeded => Some("ticket_number"),
            Self::ProofNeeded => Some("code"),
            Self::Start { .. } => Some("starts_at"),
            Self::NotEligible
            | Self::AlreadyActive { .. }
            | Self::StandingAccess
            | Self::AlreadyRequested
            | Self::NothingToExtend
            | Self::NobodyCanApprove
            | Self::NoEmergency
            | Self::EmergencyNotNeeded
            | Self::Disabled
            | Self::RoleRetired
            | Self::NotPending
            | Self::NotScheduled
            | Self::NotOpen
            | Self::OwnRequest
            | Self::NotAnApprover
            | Self::ApprovalNowNeeded
            | Self::ApprovalLost
            | Self::InACircle
            | Self::ProofNowNeeded => None,
        }
    }
}
