//! The terms on which a role may be held: frozen versions, the rules for writing a new one, and how they are inherited.
mod field;
mod inherit;

use std::collections::BTreeSet;

pub use field::{Field, Fields, Sort};
pub use inherit::{Declared, Effective, Source, resolve};

use super::{fault::FieldError, id::PrincipalId, time::Duration};

/// All terms of a role.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// Terms for those who activate.
    pub activation: ActivationTerms,
    /// Terms for eligible assignments.
    pub eligible: AssignmentTerms,
    /// Terms for active assignments.
    pub active: AssignmentTerms,
}

/// Terms for those who activate.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
pub struct ActivationTerms {
    /// The longest activation: 5 minutes to 24 hours.
    pub maximum: Duration,
    /// What the person must prove themself with, freshly, for each activation.
    pub authentication: Authentication,
    /// Whether a reason must be given.
    pub requires_justification: bool,
    /// Whether a ticket's number and system must be given.
    pub requires_ticket: bool,
    /// Whether somebody else must approve.
    pub requires_approval: bool,
    /// Who may approve: users, or groups for their members.
    pub approvers: BTreeSet<PrincipalId>,
    /// How long a request waits for a decision before it lapses: 5 minutes to 30 days.
    pub approval_timeout: Duration,
    /// Whether an approver must give a reason.
    pub approval_requires_justification: bool,
}

/// What must be proved for an activation.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    serde::Serialize,
    serde::Deserialize,
    sqlx::Type,
    utoipa::ToSchema,
)]
#[serde(rename_all = "snake_case")]
#[sqlx(type_name = "authentication_requirement", rename_all = "snake_case")]
pub enum Authentication {
    /// Nothing beyond being signed in.
    None,
    /// A fresh proof by a second factor, for this very act.
    Mfa,
}

/// Terms for assignments made by administrators.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AssignmentTerms {
    /// Whether an assignment may be without end.
    pub may_be_permanent: bool,
    /// The longest assignment that has an end: 5 minutes to 10 years.
    pub maximum: Duration,
    /// Whether the administrator must give a reason.
    pub requires_justification: bool,
    /// Whether the administrator must prove themself freshly.
    pub requires_mfa: bool,
}

/// The shortest activation, and the shortest assignment.
pub const SHORTEST: Duration = Duration::minutes(5);
/// The longest that "maximum activation" may be set to.
pub const LONGEST_ACTIVATION: Duration = Duration::hours(24);
/// The longest that a request may wait for approval.
pub const LONGEST_APPROVAL_TIMEOUT: Duration = Duration::days(30);
/// The longest that a dated assignment may be.
pub const LONGEST_ASSIGNMENT: Duration = Duration::days(3650);
/// The fewest people who must be able to approve, so that nobody's absence locks everybody out.
pub const FEWEST_APPROVERS: usize = 2;

impl Settings {
    /// What is wrong with these terms, given how many enabled people the approvers come to; empty if they may be saved.
    #[must_use]
    pub fn faults(&self, approving_people: usize) -> Vec<FieldError> {
        let terms = &self.activation;
        let range = |field, value: Duration, longest: Duration| {
            (value < SHORTEST || value > longest)
                .then(|| FieldError { field, message: format!("between {SHORTEST} and {longest}") })
        };
        let approvers = (terms.requires_approval && approving_people < FEWEST_APPROVERS).then(|| FieldError {
            field: "approvers",
            message: match approving_people {
                0 => "name at least two people who can approve: nobody could activate this role as it stands".to_owned(),
                _ => "name at least two people who can approve: with one, nobody can approve that person's own request, \
                      and one absence stops everybody"
                    .to_owned(),
            },
        });
        [
            range("maximum", terms.maximum, LONGEST_ACTIVATION),
            range("approval_timeout", terms.approval_timeout, LONGEST_APPROVAL_TIMEOUT),
            range("eligible_maximum", self.eligible.maximum, LONGEST_ASSIGNMENT),
            range("active_maximum", self.active.maximum, LONGEST_ASSIGNMENT),
            approvers,
        ]
        .into_iter()
        .flatten()
        .collect()
    }

    /// Terms that say the same of everything, and name nobody: for taking single fields from.
    #[must_use]
    pub fn uniform(flag: bool, length: Duration) -> Self {
        let assignment = AssignmentTerms {
            may_be_permanent: flag,
            maximum: length,
            requires_justification: flag,
            requires_mfa: flag,
        };
        Self {
            activation: ActivationTerms {
                maximum: length,
                authentication: if flag { Authentication::Mfa } else { Authentication::None },
                requires_justification: flag,
                requires_ticket: flag,
                requires_approval: flag,
                approvers: BTreeSet::new(),
                approval_timeout: length,
                approval_requires_justification: flag,
            },
            eligible: assignment.clone(),
            active: assignment,
        }
    }

    /// What differs between this version and the `next`, by field, in words.
    #[must_use]
    pub fn difference(&self, next: &Self) -> Vec<Difference> {
        Field::ALL
            .iter()
            .filter(|(field, _)| !field.same(self, next))
            .map(|(field, name)| Difference {
                field: name,
                before: field.value(self),
                after: field.value(next),
            })
            .collect()
    }

    /// The fields in which the `next` terms ask for less than these.
    #[must_use]
    pub fn weaker_in(&self, next: &Self) -> Vec<Field> {
        Field::all().into_iter().filter(|field| field.weakens(self, next)).collect()
    }

    /// Whether the `next` terms ask for less than these: what a second person should look at.
    #[must_use]
    pub fn weakened_by(&self, next: &Self) -> bool {
        Field::all().into_iter().any(|field| field.weakens(self, next))
    }
}

/// One field that differs between two versions.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
pub struct Difference {
    /// The field.
    #[serde(skip_deserializing)]
    pub field: &'static str,
    /// Its value before.
    pub before: String,
    /// Its value after.
    pub after: String,
}

impl ActivationTerms {
    /// What holds when both these terms, pinned when the request was made, and the `newest` ones must be met: the stricter
    /// of each. Who approves is looked up by request: whoever both name.
    #[must_use]
    pub fn stricter(&self, newest: &Self) -> Self {
        Self {
            maximum: self.maximum.min(newest.maximum),
            authentication: self.authentication.max(newest.authentication),
            requires_justification: self.requires_justification || newest.requires_justification,
            requires_ticket: self.requires_ticket || newest.requires_ticket,
            requires_approval: self.requires_approval || newest.requires_approval,
            approvers: self.approvers.clone(),
            approval_timeout: self.approval_timeout.min(newest.approval_timeout),
            approval_requires_justification: self.approval_requires_justification
                || newest.approval_requires_justification,
        }
    }
}

/// Terms for tests of the rules.
#[cfg(test)]
mod samples {
    use super::*;

    /// Terms that differ in every field from those of the next number. Odd ones ask for more than even ones.
    pub(super) fn settings(number: u8) -> Settings {
        let asks = number % 2 == 1;
        let assignment = |days: u32| AssignmentTerms {
            may_be_permanent: !asks,
            maximum: Duration::days(days + u32::from(number)),
            requires_justification: asks,
            requires_mfa: asks,
        };
        Settings {
            activation: ActivationTerms {
                maximum: Duration::hours(1 + u32::from(number)),
                authentication: if asks { Authentication::Mfa } else { Authentication::None },
                requires_justification: asks,
                requires_ticket: asks,
                requires_approval: asks,
                approvers: [PrincipalId(uuid::Uuid::from_u128(u128::from(number)))].into(),
                approval_timeout: Duration::hours(10 + u32::from(number)),
                approval_requires_justification: asks,
            },
            eligible: assignment(100),
            active: assignment(10),
        }
    }
}
