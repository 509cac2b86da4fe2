//! The terms on which a role may be held: frozen versions, the rules for writing a new one, and how they are inherited.
mod field;
mod inherit;
mod words;

pub use field::{Field, Fields, Sort};
pub use inherit::{Declared, Effective, Source, resolve};
pub use words::{Names, days, label, rules, value};

use super::{
    approval::{MOST_STAGES, Stage, StageState, Standing, asks_more},
    fault::FieldError,
    id::PrincipalId,
    notice::rule::Notices,
    time::Duration,
};

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
    /// Who is told of what, where that is not what ships.
    #[serde(default)]
    #[schema(required = false)]
    pub notices: Notices,
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
    /// Whether others must approve.
    pub requires_approval: bool,
    /// Who must approve: one stage after the other.
    #[schema(value_type = Vec<crate::domain::approval::Written>)]
    pub stages: Vec<Stage>,
    /// Whether approval can be skipped in an emergency, which somebody else reviews afterwards.
    #[serde(default)]
    #[schema(required = false)]
    pub allows_emergency: bool,
    /// The longest activation in an emergency: 5 minutes to 24 hours.
    #[serde(default = "usual_emergency")]
    pub emergency_maximum: Duration,
}

/// How long an emergency usually may last.
#[must_use]
pub const fn usual_emergency() -> Duration {
    Duration::hours(1)
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

impl Settings {
    /// What is wrong with the terms of a role by themselves; empty if nothing is. Whether there are people who can agree is
    /// asked elsewhere.
    #[must_use]
    pub fn faults(&self, privileged: bool) -> Vec<FieldError> {
        let terms = &self.activation;
        let range = |field, value: Duration, longest: Duration| {
            (value < SHORTEST || value > longest)
                .then(|| FieldError::new(field, format!("between {SHORTEST} and {longest}")))
        };
        let emergency =
            (terms.allows_emergency && terms.emergency_maximum > terms.maximum).then(|| {
                let message = format!("at most {}, which is the longest activation", terms.maximum);
                FieldError::new("emergency_maximum", message)
            });
        let many = match terms.stages.len() {
            0 if terms.requires_approval => Some("say who approves".to_owned()),
            stages if stages > MOST_STAGES => Some(format!("at most {MOST_STAGES} stages")),
            _ => None,
        };
        let ranges = [
            range("maximum", terms.maximum, LONGEST_ACTIVATION),
            range("emergency_maximum", terms.emergency_maximum, LONGEST_ACTIVATION).or(emergency),
            range("eligible_maximum", self.eligible.maximum, LONGEST_ASSIGNMENT),
            range("active_maximum", self.active.maximum, LONGEST_ASSIGNMENT),
            many.map(|message| FieldError::new("stages", message)),
        ];
        let stages = terms.stages.iter().zip(1..);
        ranges
            .into_iter()
            .flatten()
            .chain(stages.flat_map(|(stage, number)| stage.faults(number, privileged)))
            .chain(self.notices.faults())
            .collect()
    }

    /// The people and groups that they name: approvers, and groups of people on call.
    pub fn named(&self) -> impl Iterator<Item = PrincipalId> {
        self.activation.stages.iter().flat_map(Stage::holders).copied()
    }

    /// The same with the roles whose holders approve, as plain identifiers.
    #[must_use]
    pub fn identifiers(&self) -> Vec<uuid::Uuid> {
        let roles = self.activation.stages.iter().flat_map(Stage::roles).map(|role| role.0);
        self.named().map(|id| id.0).chain(roles).collect()
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
                stages: Vec::new(),
                allows_emergency: flag,
                emergency_maximum: length,
            },
            eligible: assignment.clone(),
            active: assignment,
            notices: Notices::default(),
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
    /// of each. The stages are those that the request was made with; who decides in them is looked up by request: whoever
    /// both name.
    #[must_use]
    pub fn stricter(&self, newest: &Self) -> Self {
        Self {
            maximum: self.maximum.min(newest.maximum),
            authentication: self.authentication.max(newest.authentication),
            requires_justification: self.requires_justification || newest.requires_justification,
            requires_ticket: self.requires_ticket || newest.requires_ticket,
            requires_approval: self.requires_approval || newest.requires_approval,
            stages: self.stages.clone(),
            allows_emergency: self.allows_emergency && newest.allows_emergency,
            emergency_maximum: self.emergency_maximum.min(newest.emergency_maximum),
        }
    }

    /// Whether these, the newest terms, ask for more approval than the `pinned` ones of a request whose stages stand so: then
    /// what others have said of it is not enough.
    #[must_use]
    pub fn ask_more_than(&self, pinned: &Self, standings: &[Standing]) -> bool {
        let skipped = standings.iter().filter(|standing| standing.state == StageState::Skipped);
        let skipped: Vec<_> = skipped.map(|standing| standing.number).collect();
        self.requires_approval && asks_more(&pinned.stages, &self.stages, &skipped)
    }

    /// The stages that are skipped whatever is asked for.
    #[must_use]
    pub fn never_asked(&self) -> Vec<NeverAsked> {
        if !self.requires_approval {
            return Vec::new();
        }
        let longest = self.maximum;
        let skipped = |(stage, number): (&Stage, usize)| {
            let skipped_up_to = stage.skipped_if.length_alone()?;
            let never = skipped_up_to >= longest;
            never.then_some(NeverAsked { stage: number, longest, skipped_up_to })
        };
        self.stages.iter().zip(1..).filter_map(skipped).collect()
    }
}

/// A stage that nobody will ever be asked in, since no activation is longer than what it is skipped for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NeverAsked {
    /// The stage, counted from 1.
    pub stage: usize,
    /// The longest activation.
    pub longest: Duration,
    /// The longest for which the stage is skipped.
    pub skipped_up_to: Duration,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::approval::{Approver, Conditions};

    #[test]
    fn a_stage_that_every_activation_passes_by_is_never_asked() {
        let skipped = |hours| Conditions::<PrincipalId> {
            no_longer_than: Some(Duration::hours(hours)),
            ..Conditions::default()
        };
        let stage = |skipped_if| Stage { skipped_if, ..Stage::of([Approver::Manager]) };
        let mut terms = Settings::uniform(true, Duration::hours(8)).activation;
        terms.stages = vec![
            stage(skipped(7)),
            stage(skipped(8)),
            stage(Conditions { ticket_verified: true, ..skipped(24) }),
            stage(Conditions::default()),
            stage(skipped(24)),
        ];
        let never: Vec<_> = terms.never_asked().iter().map(|one| one.stage).collect();
        assert_eq!(never, [2, 5]);
        assert_eq!(terms.never_asked()[1].skipped_up_to, Duration::hours(24));
        terms.requires_approval = false;
        assert_eq!(terms.never_asked(), [], "nobody is asked anyway");
    }

    #[test]
    fn an_emergency_lasts_no_longer_than_an_activation() {
        let mut terms = Settings::uniform(false, Duration::hours(1));
        terms.activation.emergency_maximum = Duration::hours(2);
        assert!(terms.faults(false).is_empty(), "nobody can use it");
        terms.activation.allows_emergency = true;
        let faults = terms.faults(false);
        let [fault] = faults.as_slice() else { panic!("{faults:?}") };
        assert_eq!(fault.field, "emergency_maximum");
        assert_eq!(fault.message, "at most 1 h, which is the longest activation");
        terms.activation.emergency_maximum = Duration::hours(1);
        assert!(terms.faults(false).is_empty());
    }
}

/// Terms for tests of the rules.
#[cfg(test)]
mod samples {
    use super::*;
    use crate::domain::approval::Approver;

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
                stages: vec![Stage::of([Approver::Principal(PrincipalId(uuid::Uuid::from_u128(
                    u128::from(number),
                )))])],
                allows_emergency: !asks,
                emergency_maximum: Duration::hours(1 + u32::from(number)),
            },
            eligible: assignment(100),
            active: assignment(10),
            notices: notices(number, asks),
        }
    }

    /// Rules that differ for each number. Odd ones tell administrators, even ones don't.
    fn notices(number: u8, asks: bool) -> Notices {
        let address = crate::domain::text::Email::parse(&format!("soc{number}@example.org"));
        let rule = crate::domain::notice::rule::Rule {
            default_recipients: asks,
            recipients: address.into_iter().collect(),
            ..Default::default()
        };
        let mut notices = Notices::default();
        if let Ok(cell) = "activated.administrators".parse() {
            notices.set(cell, rule);
        }
        notices
    }
}
