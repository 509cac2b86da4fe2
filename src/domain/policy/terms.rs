//! Terms as the files write them: only what a place says itself, field by field.
use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Display,
};

use crate::domain::{
    approval::Stage,
    id::{PrincipalId, RoleId},
    notice::rule::Notices,
    settings::{Authentication, Settings},
    time::Duration,
};

/// The sorts of value that fields have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sort {
    /// A length of time.
    Length,
    /// Yes or no.
    Flag,
    /// What must be proved.
    Authentication,
    /// Who approves, one stage after the other.
    Stages,
    /// Who is told of what.
    Notices,
}

/// The value of one field.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Value<Holder: Ord + Display, Role: Ord + Display> {
    /// A length of time.
    Length(Duration),
    /// Yes or no.
    Flag(bool),
    /// What must be proved.
    Authentication(Authentication),
    /// Who approves, one stage after the other.
    Stages(Vec<Stage<Holder, Role>>),
    /// Who is told of what.
    Notices(Notices),
}

/// All fields by their names, in the order in which they are written.
pub const FIELDS: [(&str, Sort); 17] = [
    ("maximum", Sort::Length),
    ("authentication", Sort::Authentication),
    ("requires_justification", Sort::Flag),
    ("requires_ticket", Sort::Flag),
    ("requires_approval", Sort::Flag),
    ("stages", Sort::Stages),
    ("allows_emergency", Sort::Flag),
    ("emergency_maximum", Sort::Length),
    ("eligible_may_be_permanent", Sort::Flag),
    ("eligible_maximum", Sort::Length),
    ("eligible_requires_justification", Sort::Flag),
    ("eligible_requires_mfa", Sort::Flag),
    ("active_may_be_permanent", Sort::Flag),
    ("active_maximum", Sort::Length),
    ("active_requires_justification", Sort::Flag),
    ("active_requires_mfa", Sort::Flag),
    ("notices", Sort::Notices),
];

/// What a place says itself about a role.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct OwnTerms<Holder: Ord + Display, Role: Ord + Display> {
    /// Its own fields.
    pub values: BTreeMap<&'static str, Value<Holder, Role>>,
    /// Those of them that nobody below may change.
    pub enforced: BTreeSet<&'static str>,
}

impl<Holder: Ord + Display, Role: Ord + Display> Default for OwnTerms<Holder, Role> {
    fn default() -> Self {
        Self { values: BTreeMap::new(), enforced: BTreeSet::new() }
    }
}

impl<Holder: Ord + Display + Clone, Role: Ord + Display + Clone> OwnTerms<Holder, Role> {
    /// The same about other names for the same holders and roles; none if one of them has no other name.
    pub fn map<H: Ord + Display, R: Ord + Display>(
        &self,
        mut holder: impl FnMut(&Holder) -> Option<H>,
        mut role: impl FnMut(&Role) -> Option<R>,
    ) -> Option<OwnTerms<H, R>> {
        let mut values = BTreeMap::new();
        for (field, value) in &self.values {
            let value = match value {
                Value::Length(length) => Value::Length(*length),
                Value::Flag(flag) => Value::Flag(*flag),
                Value::Authentication(proof) => Value::Authentication(*proof),
                Value::Stages(stages) => {
                    let stages = stages.iter().map(|stage| stage.map(&mut holder, &mut role));
                    Value::Stages(stages.collect::<Option<_>>()?)
                }
                Value::Notices(notices) => Value::Notices(notices.clone()),
            };
            values.insert(*field, value);
        }
        Some(OwnTerms { values, enforced: self.enforced.clone() })
    }

    /// The stages that they name, if they name any.
    pub fn stages(&self) -> impl Iterator<Item = &Stage<Holder, Role>> {
        self.values.values().flat_map(|value| match value {
            Value::Stages(stages) => stages.as_slice(),
            Value::Length(_) | Value::Flag(_) | Value::Authentication(_) | Value::Notices(_) => &[],
        })
    }

    /// These, and of the fields that they don't have, what `others` say.
    #[must_use]
    pub fn over(&self, others: &Self) -> Self {
        let mut values = others.values.clone();
        values.extend(self.values.clone());
        Self { values, enforced: self.enforced.clone() }
    }
}

impl OwnTerms<PrincipalId, RoleId> {
    /// These fields of `settings`.
    #[must_use]
    pub fn of(settings: &Settings, own: impl Fn(&str) -> bool) -> Self {
        let values = FIELDS
            .iter()
            .filter(|(field, _)| own(field))
            .filter_map(|(field, _)| value(settings, field).map(|value| (*field, value)))
            .collect();
        Self { values, enforced: BTreeSet::new() }
    }

    /// Writes these fields into `settings`.
    pub fn write(&self, settings: &mut Settings) {
        let Settings { activation, eligible, active, notices } = settings;
        for (field, value) in &self.values {
            match (*field, value) {
                ("maximum", Value::Length(it)) => activation.maximum = *it,
                ("authentication", Value::Authentication(it)) => activation.authentication = *it,
                ("requires_justification", Value::Flag(it)) => {
                    activation.requires_justification = *it;
                }
                ("requires_ticket", Value::Flag(it)) => activation.requires_ticket = *it,
                ("requires_approval", Value::Flag(it)) => activation.requires_approval = *it,
                ("allows_emergency", Value::Flag(it)) => activation.allows_emergency = *it,
                ("emergency_maximum", Value::Length(it)) => activation.emergency_maximum = *it,
                ("stages", Value::Stages(it)) => activation.stages.clone_from(it),
                ("eligible_may_be_permanent", Value::Flag(it)) => eligible.may_be_permanent = *it,
                ("eligible_maximum", Value::Length(it)) => eligible.maximum = *it,
                ("eligible_requires_justification", Value::Flag(it)) => {
                    eligible.requires_justification = *it;
                }
                ("eligible_requires_mfa", Value::Flag(it)) => eligible.requires_mfa = *it,
                ("active_may_be_permanent", Value::Flag(it)) => active.may_be_permanent = *it,
                ("active_maximum", Value::Length(it)) => active.maximum = *it,
                ("active_requires_justification", Value::Flag(it)) => {
                    active.requires_justification = *it;
                }
                ("active_requires_mfa", Value::Flag(it)) => active.requires_mfa = *it,
                ("notices", Value::Notices(it)) => notices.clone_from(it),
                // No reader gives a field a value of another sort.
                _ => {}
            }
        }
    }
}

fn value(settings: &Settings, field: &str) -> Option<Value<PrincipalId, RoleId>> {
    let Settings { activation, eligible, active, notices } = settings;
    Some(match field {
        "maximum" => Value::Length(activation.maximum),
        "authentication" => Value::Authentication(activation.authentication),
        "requires_justification" => Value::Flag(activation.requires_justification),
        "requires_ticket" => Value::Flag(activation.requires_ticket),
        "requires_approval" => Value::Flag(activation.requires_approval),
        "allows_emergency" => Value::Flag(activation.allows_emergency),
        "emergency_maximum" => Value::Length(activation.emergency_maximum),
        "stages" => Value::Stages(activation.stages.clone()),
        "eligible_may_be_permanent" => Value::Flag(eligible.may_be_permanent),
        "eligible_maximum" => Value::Length(eligible.maximum),
        "eligible_requires_justification" => Value::Flag(eligible.requires_justification),
        "eligible_requires_mfa" => Value::Flag(eligible.requires_mfa),
        "active_may_be_permanent" => Value::Flag(active.may_be_permanent),
        "active_maximum" => Value::Length(active.maximum),
        "active_requires_justification" => Value::Flag(active.requires_justification),
        "active_requires_mfa" => Value::Flag(active.requires_mfa),
        "notices" => Value::Notices(notices.clone()),
        _ => return None,
    })
}
