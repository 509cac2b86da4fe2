//! Why a command did not do what it was asked for, and the exit code that says so.
use std::{error::Error as _, process::ExitCode};

use crate::{config::ConfigError, error::Error, gateway::private_postgres};

/// Why a command did not do what it was asked for.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// It went wrong.
    #[error("{0}")]
    Failed(String),
    /// The arguments or the settings make no sense.
    #[error("{0}")]
    Usage(String),
    /// It could be done, but must not be.
    #[error("{0}")]
    Refused(String),
    /// It is not as it was said to be; that was told already.
    #[error("what there is differs from the files")]
    Differs,
    /// Somebody else has to agree first; where, was told already.
    #[error("nothing is done until a second administrator agrees")]
    Waits,
}

impl Failure {
    /// The exit code: 1 failed, 2 wrong usage or a difference, 3 refused, 4 somebody must agree first.
    #[must_use]
    pub fn exit_code(&self) -> ExitCode {
        ExitCode::from(match self {
            Self::Failed(_) => 1,
            Self::Usage(_) | Self::Differs => 2,
            Self::Refused(_) => 3,
            Self::Waits => 4,
        })
    }
}

impl From<ConfigError> for Failure {
    fn from(error: ConfigError) -> Self {
        Self::Usage(error.to_string())
    }
}

impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Self {
        Self::Failed(error.to_string())
    }
}

impl From<sqlx::Error> for Failure {
    fn from(error: sqlx::Error) -> Self {
        Self::Failed(format!("the database failed: {error}"))
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        let cause = error.source().map_or_else(String::new, |cause| format!(": {cause}"));
        let text = format!("{error}{cause}");
        match error {
            Error::Internal(_)
            | Error::Database(_)
            | Error::Shared(_)
            | Error::Inconsistent { .. }
            | Error::Busy { .. }
            | Error::Repeated(_) => Self::Failed(text),
            Error::Refused(_)
            | Error::Invalid(_)
            | Error::NotFound(_)
            | Error::Unauthenticated
            | Error::Forbidden(_)
            | Error::NotAllowed(_)
            | Error::Widens(_)
            | Error::Conflict(_)
            | Error::StepUp(_) => Self::Refused(text),
        }
    }
}

impl From<private_postgres::Error> for Failure {
    fn from(error: private_postgres::Error) -> Self {
        use private_postgres::Error::{InUse, LeftOver, OtherOwner, OtherVersion};
        let text = error.to_string();
        match error {
            InUse(_) | LeftOver { .. } | OtherOwner { .. } | OtherVersion { .. } => {
                Self::Refused(text)
            }
            _ => Self::Failed(text),
        }
    }
}
