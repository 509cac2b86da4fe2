//! How long sign-ins, sessions and links last, and what a second factor answers.
use super::time::Instant;

/// Seconds between the password and the second factor.
pub const SIGN_IN_LASTS: i64 = 10 * 60;
/// Seconds without a request after which a session is over (NIST SP 800-63B-4 section 2.2.3: at most an hour).
pub const SESSION_IDLE: i64 = 30 * 60;
/// Seconds after which a session is over whatever happens (the same section: at most a day).
pub const SESSION_LASTS: i64 = 12 * 60 * 60;
/// Seconds for which a browser is remembered as one that somebody signed in from.
pub const DEVICE_LASTS: i64 = 365 * 24 * 60 * 60;
/// Seconds for which an invitation is good.
pub const INVITATION_LASTS: i64 = 7 * 24 * 60 * 60;
/// Seconds for which a recovery link is good (NIST SP 800-63B-4 section 4.2: at most a day when it is mailed).
pub const RECOVERY_LASTS: i64 = 24 * 60 * 60;
/// Seconds within which a new authenticator must show its first code.
pub const ENROLMENT_LASTS: i64 = 30 * 60;
/// The most days for which a token for the API is good.
pub const TOKEN_MOST_DAYS: u16 = 365;

/// What a one-time link lets its bearer do.
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
#[sqlx(type_name = "link_purpose", rename_all = "snake_case")]
pub enum LinkPurpose {
    /// Set up an account for the first time.
    Invitation,
    /// Set it up anew, because something was lost.
    Recovery,
}

impl LinkPurpose {
    /// How many seconds such a link is good for.
    #[must_use]
    pub const fn lasts(self) -> i64 {
        match self {
            Self::Invitation => INVITATION_LASTS,
            Self::Recovery => RECOVERY_LASTS,
        }
    }

    /// Its name, in addresses and in the audit log.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Invitation => "invitation",
            Self::Recovery => "recovery",
        }
    }
}

/// What a second factor was.
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
#[sqlx(type_name = "mfa_method", rename_all = "snake_case")]
pub enum Method {
    /// A code from an authenticator app.
    Totp,
    /// A recovery code.
    RecoveryCode,
}

impl Method {
    /// Its name in the audit log.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Totp => "totp",
            Self::RecoveryCode => "recovery_code",
        }
    }
}

/// Why a code was not accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CodeRefusal {
    /// It is neither six digits nor a recovery code.
    Unreadable,
    /// It is not the right one.
    Wrong,
    /// It was right, and has been used.
    Used,
    /// Too many wrong ones before: none is looked at until then.
    WaitUntil(Instant),
    /// Far too many wrong ones: the authenticator is switched off.
    Disabled,
    /// There is no authenticator.
    Missing,
    /// A recovery code, where only the authenticator counts.
    RecoveryCodeNotEnough,
}

impl CodeRefusal {
    /// Whether it may have been a guess, which is counted: not a code that is right and was used, which whoever shows it knows.
    #[must_use]
    pub const fn is_a_guess(&self) -> bool {
        match self {
            Self::Wrong => true,
            Self::Unreadable
            | Self::Used
            | Self::WaitUntil(_)
            | Self::Disabled
            | Self::Missing
            | Self::RecoveryCodeNotEnough => false,
        }
    }

    /// What the person is told.
    #[must_use]
    pub const fn message(self) -> &'static str {
        match self {
            Self::Unreadable => "Enter the six digits from your authenticator app.",
            Self::Wrong => {
                "This code is not the current one. Check the clock of your phone and try the next code."
            }
            Self::Used => "This code was used already. Wait for the next one.",
            Self::WaitUntil(_) => "Too many wrong codes. Wait a few minutes and try again.",
            Self::Disabled => {
                "Your authenticator was switched off after too many wrong codes. Use a recovery code, or ask an \
                 administrator for a recovery link."
            }
            Self::Missing => {
                "No authenticator is set up. Ask an administrator for a recovery link."
            }
            Self::RecoveryCodeNotEnough => {
                "A recovery code is not enough for this. Enter the six digits from your authenticator app."
            }
        }
    }

    /// Its name in the audit log.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Unreadable => "unreadable",
            Self::Wrong => "wrong_code",
            Self::Used => "used_code",
            Self::WaitUntil(_) => "too_many_wrong_codes",
            Self::Disabled => "authenticator_disabled",
            Self::Missing => "no_authenticator",
            Self::RecoveryCodeNotEnough => "recovery_code_not_enough",
        }
    }
}
