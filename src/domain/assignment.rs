//! Assignments that administrators make: who may be given what, for how long.
use super::{
    fault::FieldError,
    settings::{AssignmentTerms, SHORTEST},
    time::Instant,
};

/// Whether somebody may activate a role, or holds it.
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
#[sqlx(type_name = "assignment_kind", rename_all = "snake_case")]
pub enum AssignmentKind {
    /// May activate it.
    Eligible,
    /// Holds it.
    Active,
}

/// Where an assignment comes from.
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
#[sqlx(type_name = "assignment_origin", rename_all = "snake_case")]
pub enum AssignmentOrigin {
    /// An administrator made it.
    Assigned,
    /// Its holder activated an eligible one.
    Activated,
}

/// Why an assignment is over.
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
#[sqlx(type_name = "assignment_end", rename_all = "snake_case")]
pub enum AssignmentEnd {
    /// Its time was up.
    Expired,
    /// Its holder was done.
    Deactivated,
    /// An administrator took it away.
    Removed,
    /// An extension took over.
    Replaced,
    /// It was made eligible, or active, instead.
    Converted,
    /// The eligibility that it rested on ended.
    EligibilityEnded,
    /// Its holder's account was disabled.
    PrincipalDisabled,
    /// Its holder no longer belonged to the group that was eligible.
    MembershipEnded,
    /// Its place was moved away from below that of the eligibility.
    ScopeMoved,
    /// Its place was retired.
    ScopeRetired,
    /// Its role was retired.
    RoleRetired,
}

/// From when until when; without an end, for good.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize, utoipa::ToSchema,
)]
pub struct Window {
    /// From when.
    pub starts_at: Instant,
    /// Until when.
    pub ends_at: Option<Instant>,
}

/// What is wrong with an assignment for `window` under `terms`; empty if it may be made.
#[must_use]
pub fn faults(
    window: Window,
    terms: &AssignmentTerms,
    justified: bool,
    proved: bool,
    now: Instant,
) -> Vec<FieldError> {
    let mut faults = Vec::new();
    let mut fault = |field, message: String| faults.push(FieldError { field, message });
    match window.ends_at {
        None if !terms.may_be_permanent => {
            fault(
                "ends_at",
                format!("give an end: this role's terms allow at most {}", terms.maximum),
            );
        }
        Some(end) if end < window.starts_at + SHORTEST => {
            fault("ends_at", format!("an assignment lasts at least {SHORTEST}"));
        }
        Some(end) if end <= now => {
            fault("ends_at", "that is past: give an end that is still to come".to_owned());
        }
        Some(end) if end > window.starts_at + terms.maximum && !terms.may_be_permanent => {
            fault("ends_at", format!("at most {} after its start", terms.maximum));
        }
        Some(_) | None => {}
    }
    if terms.requires_justification && !justified {
        fault("justification", "write a reason: this role's terms ask for one".to_owned());
    }
    if terms.requires_mfa && !proved {
        fault(
            "code",
            "enter a code from your authenticator: this role's terms ask for it".to_owned(),
        );
    }
    faults
}
