//! Activating a role: what is asked for, what is decided, and why the rules may say no.
use super::{
    id::AssignmentId,
    text::{Justification, TicketNumber, TicketSystem},
    time::{Duration, Instant},
};

mod approve;
mod refusal;
mod request;
mod start;

pub use approve::{ApprovalFacts, approve};
pub use refusal::Refusal;
pub use request::{Decision, Facts, Intent, decide};
pub use start::{StartFacts, start};

/// What a person asks for when activating a role or extending an activation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ask {
    /// For how long.
    pub duration: Duration,
    /// From when; none is at once, or as soon as it is approved.
    pub starts_at: Option<Instant>,
    /// Why.
    pub justification: Justification,
    /// The number of the ticket that asks for it.
    pub ticket_number: TicketNumber,
    /// Where that ticket is.
    pub ticket_system: TicketSystem,
}

/// The state of a request, with what only that state has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Waits for a decision, until then at most.
    Pending {
        /// When it lapses.
        expires_at: Instant,
    },
    /// Was granted, and takes effect later, if the facts still allow it then.
    Scheduled {
        /// When it takes effect.
        starts_at: Instant,
    },
    /// Is over, in one of these ways.
    Closed {
        /// How it came out.
        how: Closing,
        /// When.
        at: Instant,
    },
}

/// How a request came out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Closing {
    /// Access was given.
    Granted,
    /// An approver said no.
    Denied,
    /// It was taken back.
    Cancelled,
    /// Nobody decided in time.
    Expired,
    /// The facts had changed when it should have taken effect.
    Failed,
}

impl State {
    /// Takes the request back. Only what still waits can be.
    pub fn cancel(self, now: Instant) -> Result<Self, Refusal> {
        self.close_open(Closing::Cancelled, now)
    }

    /// An approver's no.
    pub fn deny(self, now: Instant) -> Result<Self, Refusal> {
        match self {
            Self::Pending { .. } => self.close_open(Closing::Denied, now),
            Self::Scheduled { .. } | Self::Closed { .. } => Err(Refusal::NotPending),
        }
    }

    /// Nobody decided in time.
    pub fn expire(self, now: Instant) -> Result<Self, Refusal> {
        match self {
            Self::Pending { expires_at } if expires_at <= now => {
                self.close_open(Closing::Expired, now)
            }
            Self::Pending { .. } | Self::Scheduled { .. } | Self::Closed { .. } => {
                Err(Refusal::NotPending)
            }
        }
    }

    /// The facts no longer allow it.
    pub fn fail(self, now: Instant) -> Result<Self, Refusal> {
        self.close_open(Closing::Failed, now)
    }

    fn close_open(self, how: Closing, at: Instant) -> Result<Self, Refusal> {
        match self {
            Self::Pending { .. } | Self::Scheduled { .. } => Ok(Self::Closed { how, at }),
            Self::Closed { .. } => Err(Refusal::NotOpen),
        }
    }
}

/// An activation that runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Running {
    /// Which.
    pub id: AssignmentId,
    /// When it ends.
    pub ends_at: Instant,
}

/// The end of an activation, and what cut it short, if anything did.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize, utoipa::ToSchema,
)]
pub struct End {
    /// When access ends.
    pub at: Instant,
    /// Whether the end of the eligibility comes before the duration is over.
    pub cut_by_eligibility: bool,
}

impl End {
    /// The end of access that starts at `start`, wanted for `duration`, under an eligibility that ends at `eligible_until`.
    #[must_use]
    pub fn of(start: Instant, duration: Duration, eligible_until: Option<Instant>) -> Self {
        let wanted = start + duration;
        match eligible_until {
            Some(end) if end < wanted => Self { at: end, cut_by_eligibility: true },
            Some(_) | None => Self { at: wanted, cut_by_eligibility: false },
        }
    }
}
