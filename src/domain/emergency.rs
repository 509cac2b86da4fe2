//! What somebody else makes of an emergency afterwards.
use super::time::{Duration, Instant};

/// How long after the access has ended its review may take.
pub const REVIEW_WITHIN: Duration = Duration::days(3);

/// What a reviewer says.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    serde::Serialize,
    serde::Deserialize,
    sqlx::Type,
    utoipa::ToSchema,
)]
#[serde(rename_all = "snake_case")]
#[sqlx(type_name = "review_verdict", rename_all = "snake_case")]
pub enum ReviewVerdict {
    /// It was an emergency.
    Justified,
    /// It was none: it should have waited for its approval.
    NotJustified,
}

/// By when somebody must have looked at access that ends then.
#[must_use]
pub fn due_at(ends_at: Instant) -> Instant {
    ends_at + REVIEW_WITHIN
}
