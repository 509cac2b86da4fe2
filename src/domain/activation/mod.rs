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
    /// Whether it is an emergency: approval is skipped, and somebody else looks at it afterwards.
    pub emergency: bool,
}

/// The state of a request, with what only that state has. Its moves are all that a request can ever do.
#[derive(Clone, Debug, PartialEq, Eq)]
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
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Closing {
    /// Access was given.
    Granted,
    /// An approver said no.
    Denied,
    /// It was taken back.
    Cancelled,
    /// Nobody decided in time.
    Expired,
    /// The facts had changed when it should have taken effect, in these words.
    Failed(String),
}

impl State {
    /// An approver's yes: it takes effect now, or at the later start that was asked for.
    pub fn approve(self, now: Instant, starts_at: Option<Instant>) -> Result<Self, Refusal> {
        self.decidable(now)?;
        self.settle(now, starts_at)
    }

    /// All have agreed, or silence means that they have: it takes effect now, or at the later start that was asked for.
    pub fn settle(self, now: Instant, starts_at: Option<Instant>) -> Result<Self, Refusal> {
        if !matches!(self, Self::Pending { .. }) {
            return Err(Refusal::NotPending);
        }
        Ok(match starts_at.filter(|start| *start > now) {
            Some(starts_at) => Self::Scheduled { starts_at },
            None => Self::Closed { how: Closing::Granted, at: now },
        })
    }

    /// An approver's no.
    pub fn deny(self, now: Instant) -> Result<Self, Refusal> {
        self.decidable(now)?;
        Ok(Self::Closed { how: Closing::Denied, at: now })
    }

    /// The start of what was scheduled has come.
    pub fn start(self, now: Instant) -> Result<Self, Refusal> {
        match self {
            Self::Scheduled { starts_at } if starts_at <= now => {
                Ok(Self::Closed { how: Closing::Granted, at: now })
            }
            Self::Scheduled { .. } | Self::Pending { .. } | Self::Closed { .. } => {
                Err(Refusal::NotScheduled)
            }
        }
    }

    /// Takes the request back. Only what still waits can be.
    pub fn cancel(self, now: Instant) -> Result<Self, Refusal> {
        self.close(Closing::Cancelled, now)
    }

    /// The facts no longer allow it, for the reason given.
    pub fn fail(self, now: Instant, why: String) -> Result<Self, Refusal> {
        self.close(Closing::Failed(why), now)
    }

    /// Whether an approver's word still counts: a request that has lapsed is over, even before anybody has written it down.
    fn decidable(&self, now: Instant) -> Result<(), Refusal> {
        match self {
            Self::Pending { expires_at } if now < *expires_at => Ok(()),
            Self::Pending { .. } | Self::Scheduled { .. } | Self::Closed { .. } => {
                Err(Refusal::NotPending)
            }
        }
    }

    fn close(self, how: Closing, at: Instant) -> Result<Self, Refusal> {
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
