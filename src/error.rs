//! What can go wrong, in words that know nothing of HTTP.
use std::sync::Arc;

use crate::domain::{activation::Refusal, fault::FieldError, permission::Permission};

/// What the database says when the same may succeed later: no connection, a serialization failure or deadlock, no
/// space or memory, a lock that was not to be had, an operator's or a time limit's intervention, read only, a disk error.
const PASSING: [&str; 7] = ["08", "40", "53", "55P03", "57", "25006", "58030"];

/// Why a use case failed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The rules say no, for all of these reasons.
    #[error("{}", sentences(.0))]
    Refused(Vec<Refusal>),
    /// What was sent is not right: which field, and why.
    #[error("{}", first(.0))]
    Invalid(Vec<FieldError>),
    /// There is no such thing, or none that the asker may know of.
    #[error("there is no such {0}, or you may not see it")]
    NotFound(&'static str),
    /// Whoever asks is not signed in.
    #[error("sign in first")]
    Unauthenticated,
    /// Whoever asks lacks the right.
    #[error("this needs the permission {}, which no role that you hold right now gives", .0.name())]
    Forbidden(Permission),
    /// Whoever asks may not do it, for the reason given.
    #[error("{0}")]
    NotAllowed(String),
    /// It would widen what whoever asks can come to hold, so that somebody else has to agree, in these words.
    #[error("{0}")]
    Widens(&'static str),
    /// It does not go together with how things stand now.
    #[error("{0}")]
    Conflict(String),
    /// The second factor was wrong, used, too old or for something else.
    #[error("{0}")]
    StepUp(&'static str),
    /// The same idempotency key was used before, for the same request, and this is what it made.
    #[error("this was done before")]
    Repeated(uuid::Uuid),
    /// Too much is asked for at the moment; try again after so many seconds.
    #[error("too many attempts: wait {retry_after} seconds and try again")]
    Busy {
        /// Seconds to wait.
        retry_after: u64,
    },
    /// A stored row says something that can't be.
    #[error("{table} {id} is inconsistent")]
    Inconsistent {
        /// The table.
        table: &'static str,
        /// The row.
        id: uuid::Uuid,
    },
    /// Something outside could not be done, in words for the log.
    #[error("{0}")]
    Internal(String),
    /// The database failed.
    #[error("the database failed")]
    Database(#[source] sqlx::Error),
    /// What several asked for together failed.
    #[error(transparent)]
    Shared(Arc<Self>),
}

impl Error {
    /// One field is wrong.
    pub fn invalid(field: &'static str, message: impl std::fmt::Display) -> Self {
        Self::Invalid(vec![FieldError::new(field, message.to_string())])
    }

    /// Whether two transactions got in each other's way and the database chose this one to give way: a serialization
    /// failure or a deadlock.
    #[must_use]
    pub fn is_collision(&self) -> bool {
        matches!(self, Self::Database(sqlx::Error::Database(cause))
            if cause.code().is_some_and(|code| code == "40001" || code == "40P01"))
    }

    /// Whether it may well succeed if it is simply tried again: the database was away, full, busy or switched to read
    /// only, or two changes got in each other's way.
    #[must_use]
    pub fn is_passing(&self) -> bool {
        match self {
            Self::Database(sqlx::Error::Database(cause)) => cause
                .code()
                .is_some_and(|code| PASSING.iter().any(|passing| code.starts_with(passing))),
            Self::Database(cause) => matches!(
                cause,
                sqlx::Error::Io(_)
                    | sqlx::Error::Tls(_)
                    | sqlx::Error::Protocol(_)
                    | sqlx::Error::PoolTimedOut
                    | sqlx::Error::PoolClosed
                    | sqlx::Error::WorkerCrashed
            ),
            Self::Shared(cause) => cause.is_passing(),
            _ => false,
        }
    }
}

impl From<Refusal> for Error {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(vec![refusal])
    }
}

impl From<sqlx::Error> for Error {
    fn from(error: sqlx::Error) -> Self {
        Self::Database(error)
    }
}

impl From<crate::secret::Busy> for Error {
    fn from(_: crate::secret::Busy) -> Self {
        Self::Busy { retry_after: 2 }
    }
}

impl From<crate::secret::Unreadable> for Error {
    fn from(unreadable: crate::secret::Unreadable) -> Self {
        Self::Internal(unreadable.to_string())
    }
}

fn sentences(refusals: &[Refusal]) -> String {
    refusals.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
}

fn first(fields: &[FieldError]) -> &str {
    fields.first().map_or("something is not right", |field| &field.message)
}
