//! Assignments that administrators make: who may be given what, for how long.
use super::{
    fault::FieldError,
    settings::{AssignmentTerms, SHORTEST},
    time::{Duration, Instant},
};

/// How long before its end its holder may ask for more time.
pub const ASKED_BEFORE: Duration = Duration::days(14);
/// How long after its end it may be asked for again.
pub const ASKED_AFTER: Duration = Duration::days(30);

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

impl AssignmentKind {
    /// Its stable name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Eligible => "eligible",
            Self::Active => "active",
        }
    }
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
    /// Its ticket was closed.
    TicketClosed,
    /// The database was put back to an earlier state, and somebody went on with it.
    Restored,
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
    let mut fault = |field, message: String| faults.push(FieldError::new(field, message));
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

/// What more time for an assignment is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MoreTime {
    /// Another end for what runs.
    Extend,
    /// A new assignment instead of what has run out.
    Renew,
}

/// How far the life of an assignment has come.
#[derive(Clone, Copy, Debug)]
pub struct Life {
    /// Where it comes from.
    pub origin: AssignmentOrigin,
    /// When it ends, or was to end; none if never.
    pub ends_at: Option<Instant>,
    /// Why it is over, if somebody has written that down.
    pub end: Option<AssignmentEnd>,
}

impl Life {
    /// What more time would be at this moment, or why there can't be any.
    pub fn more_time(self, now: Instant) -> Result<MoreTime, &'static str> {
        let ends_at = match (self.origin, self.ends_at, self.end) {
            (AssignmentOrigin::Activated, ..) => {
                return Err("more time for an activation is asked for on its own page");
            }
            (_, None, None) => return Err("this assignment has no end"),
            (_, Some(end), None | Some(AssignmentEnd::Expired)) => end,
            (_, _, Some(_)) => {
                return Err("this assignment was ended, and does not come back by being asked for");
            }
        };
        if self.end.is_none() && now < ends_at {
            Ok(MoreTime::Extend)
        } else if now < ends_at + ASKED_AFTER {
            Ok(MoreTime::Renew)
        } else {
            Err("this assignment ended more than 30 days ago: it is to be assigned anew")
        }
    }

    /// The same for its holder, who asks only when the end is near.
    pub fn may_ask(self, now: Instant) -> Result<MoreTime, &'static str> {
        let more = self.more_time(now)?;
        let early = self.ends_at.is_some_and(|end| now + ASKED_BEFORE < end);
        if more == MoreTime::Extend && early {
            Err("more time can be asked for from 14 days before the end")
        } else {
            Ok(more)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn more_time_is_asked_for_when_the_end_is_near_and_not_long_past() {
        let end: Instant = "2026-12-01T08:00:00Z".parse().unwrap();
        let life = Life { origin: AssignmentOrigin::Assigned, ends_at: Some(end), end: None };
        let day = 86_400;
        assert!(life.may_ask(end.plus_seconds(-14 * day - 1)).is_err());
        assert_eq!(life.more_time(end.plus_seconds(-14 * day - 1)), Ok(MoreTime::Extend));
        assert_eq!(life.may_ask(end.plus_seconds(-14 * day)), Ok(MoreTime::Extend));
        assert_eq!(life.may_ask(end), Ok(MoreTime::Renew));
        let over = Life { end: Some(AssignmentEnd::Expired), ..life };
        assert_eq!(over.may_ask(end.plus_seconds(30 * day - 1)), Ok(MoreTime::Renew));
        assert!(over.may_ask(end.plus_seconds(30 * day)).is_err());
    }

    #[test]
    fn what_was_taken_away_or_activated_or_has_no_end_gets_no_more_time() {
        let end: Instant = "2026-12-01T08:00:00Z".parse().unwrap();
        let life = Life { origin: AssignmentOrigin::Assigned, ends_at: Some(end), end: None };
        for life in [
            Life { end: Some(AssignmentEnd::Removed), ..life },
            Life { origin: AssignmentOrigin::Activated, ..life },
            Life { ends_at: None, ..life },
        ] {
            assert!(life.may_ask(end).is_err(), "{life:?}");
        }
    }
}
