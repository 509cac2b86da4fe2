//! When people are reminded that an assignment ends.
use super::time::Duration;

/// The moments at which people are reminded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, sqlx::Type)]
#[sqlx(type_name = "reminder_kind", rename_all = "snake_case")]
pub enum ReminderKind {
    /// Fourteen days before.
    TwoWeeks,
    /// One day before.
    OneDay,
    /// At the end.
    Ended,
}

impl ReminderKind {
    /// How long before the end that is; none if it is at the end itself.
    #[must_use]
    pub const fn before(self) -> Option<Duration> {
        match self {
            Self::TwoWeeks => Some(Duration::days(14)),
            Self::OneDay => Some(Duration::days(1)),
            Self::Ended => None,
        }
    }
}
