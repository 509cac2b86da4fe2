//! The one vocabulary for the state of access and of requests.
use crate::http::language::tell;

/// The states, each with one word, one icon and one colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// May be activated.
    Eligible,
    /// Waits for a decision.
    Pending,
    /// Starts later.
    Scheduled,
    /// Held now.
    Active,
    /// Held now, and over soon.
    Ending,
    /// Over.
    Ended,
    /// Refused by an approver.
    Denied,
    /// Taken away.
    Revoked,
    /// Withdrawn by the requester.
    Cancelled,
    /// Nobody decided in time.
    TimedOut,
    /// Refused by a rule.
    Refused,
    /// A change that was agreed to and made.
    CarriedOut,
}

impl Kind {
    /// The word.
    #[must_use]
    pub fn word(self) -> String {
        match self {
            Self::Eligible => tell!("word-eligible"),
            Self::Pending => tell!("status-pending-approval"),
            Self::Scheduled => tell!("status-scheduled"),
            Self::Active => tell!("word-active"),
            Self::Ending => tell!("status-ending-soon"),
            Self::Ended => tell!("word-ended"),
            Self::Denied => tell!("status-denied"),
            Self::Revoked => tell!("word-revoked"),
            Self::Cancelled => tell!("status-cancelled"),
            Self::TimedOut => tell!("status-timed-out"),
            Self::Refused => tell!("word-refused"),
            Self::CarriedOut => tell!("status-carried-out"),
        }
    }

    /// The name of the icon.
    #[must_use]
    pub fn icon(self) -> &'static str {
        match self {
            Self::Eligible => "hollow",
            Self::Pending | Self::TimedOut => "waiting",
            Self::Scheduled => "calendar",
            Self::Active => "active",
            Self::Ending => "clock",
            Self::Ended | Self::Cancelled => "ended",
            Self::Denied | Self::Refused => "denied",
            Self::Revoked => "revoked",
            Self::CarriedOut => "approval",
        }
    }

    /// The colour's name in the style sheet.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Eligible => "eligible",
            Self::Pending => "pending",
            Self::Scheduled => "scheduled",
            Self::Active | Self::CarriedOut => "active",
            Self::Ending => "ending",
            Self::Ended | Self::Cancelled | Self::TimedOut => "ended",
            Self::Denied | Self::Refused => "denied",
            Self::Revoked => "revoked",
        }
    }
}

/// A state with what more there is to say.
#[derive(Clone, Debug)]
pub struct Status {
    /// Which state.
    pub kind: Kind,
    /// "expires in 3 h", "starts in 20 min"; may be empty.
    pub detail: String,
}

impl Status {
    /// A state with its detail.
    pub fn new(kind: Kind, detail: impl Into<String>) -> Self {
        Self { kind, detail: detail.into() }
    }
}
