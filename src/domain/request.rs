//! Requests as they are stored and told.
use super::activation::{Closing, State};

/// The kinds of request.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    Hash,
    serde::Serialize,
    serde::Deserialize,
    sqlx::Type,
    utoipa::ToSchema,
)]
#[serde(rename_all = "snake_case")]
#[sqlx(type_name = "request_kind", rename_all = "snake_case")]
pub enum RequestKind {
    /// Activate a role.
    Activate,
    /// More time for an activation that runs.
    Extend,
}

/// Where a request stands.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    Hash,
    serde::Serialize,
    serde::Deserialize,
    sqlx::Type,
    utoipa::ToSchema,
)]
#[serde(rename_all = "snake_case")]
#[sqlx(type_name = "request_state", rename_all = "snake_case")]
pub enum RequestState {
    /// Waits for an approver.
    Pending,
    /// Takes effect later.
    Scheduled,
    /// Gave access.
    Granted,
    /// An approver said no.
    Denied,
    /// Was taken back.
    Cancelled,
    /// Nobody decided in time.
    Expired,
    /// The facts had changed when it should have taken effect.
    Failed,
}

impl RequestState {
    /// Whether something can still become of it.
    #[must_use]
    pub fn is_open(self) -> bool {
        matches!(self, Self::Pending | Self::Scheduled)
    }
}

impl From<&State> for RequestState {
    fn from(state: &State) -> Self {
        match state {
            State::Pending { .. } => Self::Pending,
            State::Scheduled { .. } => Self::Scheduled,
            State::Closed { how, .. } => match how {
                Closing::Granted => Self::Granted,
                Closing::Denied => Self::Denied,
                Closing::Cancelled => Self::Cancelled,
                Closing::Expired => Self::Expired,
                Closing::Failed(_) => Self::Failed,
            },
        }
    }
}

/// What an approver said.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    Hash,
    serde::Serialize,
    serde::Deserialize,
    sqlx::Type,
    utoipa::ToSchema,
)]
#[serde(rename_all = "snake_case")]
#[sqlx(type_name = "verdict", rename_all = "snake_case")]
pub enum Verdict {
    /// Yes.
    Approve,
    /// No.
    Deny,
}
