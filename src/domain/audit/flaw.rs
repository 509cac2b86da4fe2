//! Where and how a chain is broken.
use crate::domain::id::EventId;

/// The first place at which the chain is broken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Flaw {
    /// The number of the first bad event.
    pub sequence: i64,
    /// The event with that number, if there is one.
    pub event: Option<EventId>,
    /// What is wrong with it.
    pub problem: Problem,
}

impl std::fmt::Display for Flaw {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "event number {}", self.sequence)?;
        if let Some(event) = self.event {
            write!(f, " ({event})")?;
        }
        write!(f, ": {}", self.problem)
    }
}

/// What can be wrong with an event in the chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    /// Its number is missing.
    #[error("it is missing")]
    NumberMissing,
    /// It has a number and a hash, but is itself gone.
    #[error("its number and hash are there, but the event is gone")]
    EventMissing,
    /// Its `previous_hash` is not the hash of the one before.
    #[error("it does not follow the event before it")]
    NotLinked,
    /// Its hash does not fit what it says.
    #[error("it was changed after it was sealed")]
    Altered,
    /// It was sealed before the one before it.
    #[error("it says that it was sealed before the event before it")]
    TimeFell,
    /// It comes after what is remembered as the last.
    #[error("it comes after what is remembered as the last event")]
    BeyondHead,
    /// Its hash is not what is remembered as the last.
    #[error("it is the last event, but its hash is not the one that is remembered for it")]
    NotHead,
    /// Somebody has noted another hash for its number.
    #[error("its hash is not the one that was noted for it")]
    NotWitnessed,
    /// Its number occurs twice.
    #[error("its number occurs twice")]
    Twice,
}
