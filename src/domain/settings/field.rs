//! The fields of the terms, one by one: what may be inherited, enforced, compared and weakened by itself.
use std::collections::BTreeSet;

use super::{Authentication, Settings};
use crate::domain::approval::{to_words, weaker};

/// One field of the terms. Who must approve is one field, however many stages there are.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    serde::Serialize,
    serde::Deserialize,
    utoipa::ToSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Field {
    /// The longest activation.
    Maximum,
    /// What must be proved for an activation.
    Authentication,
    /// Whether an activation takes a reason.
    RequiresJustification,
    /// Whether an activation takes a ticket.
    RequiresTicket,
    /// Whether an activation takes an approval.
    RequiresApproval,
    /// Who must approve.
    Stages,
    /// Whether approval can be skipped in an emergency.
    AllowsEmergency,
    /// The longest activation in an emergency.
    EmergencyMaximum,
    /// Whether eligible assignments may be without end.
    EligibleMayBePermanent,
    /// The longest dated eligible assignment.
    EligibleMaximum,
    /// Whether eligible assignments take a reason.
    EligibleRequiresJustification,
    /// Whether eligible assignments take a proof.
    EligibleRequiresMfa,
    /// Whether active assignments may be without end.
    ActiveMayBePermanent,
    /// The longest dated active assignment.
    ActiveMaximum,
    /// Whether active assignments take a reason.
    ActiveRequiresJustification,
    /// Whether active assignments take a proof.
    ActiveRequiresMfa,
    /// Who is told of what.
    Notices,
}

/// The sorts of values that fields have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sort {
    /// A duration.
    Length,
    /// Yes or no.
    Flag,
    /// Who approves, one after the other.
    Stages,
    /// Who is told of what.
    Notices,
}

/// Several fields.
pub type Fields = BTreeSet<Field>;

impl Field {
    /// All of them, in the order in which they are shown, with their stable names.
    pub const ALL: [(Self, &'static str); 17] = [
        (Self::Maximum, "maximum"),
        (Self::Authentication, "authentication"),
        (Self::RequiresJustification, "requires_justification"),
        (Self::RequiresTicket, "requires_ticket"),
        (Self::RequiresApproval, "requires_approval"),
        (Self::Stages, "stages"),
        (Self::AllowsEmergency, "allows_emergency"),
        (Self::EmergencyMaximum, "emergency_maximum"),
        (Self::EligibleMayBePermanent, "eligible_may_be_permanent"),
        (Self::EligibleMaximum, "eligible_maximum"),
        (Self::EligibleRequiresJustification, "eligible_requires_justification"),
        (Self::EligibleRequiresMfa, "eligible_requires_mfa"),
        (Self::ActiveMayBePermanent, "active_may_be_permanent"),
        (Self::ActiveMaximum, "active_maximum"),
        (Self::ActiveRequiresJustification, "active_requires_justification"),
        (Self::ActiveRequiresMfa, "active_requires_mfa"),
        (Self::Notices, "notices"),
    ];

    /// All of them.
    #[must_use]
    pub fn all() -> Fields {
        Self::ALL.iter().map(|(field, _)| *field).collect()
    }

    /// Its stable name.
    #[must_use]
    pub fn name(self) -> &'static str {
        Self::ALL.iter().find(|(field, _)| *field == self).map_or("", |(_, name)| name)
    }

    /// The field of that name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.iter().find(|(_, known)| *known == name).map(|(field, _)| *field)
    }

    /// Writes this field of `from` into `into`.
    pub fn copy(self, from: &Settings, into: &mut Settings) {
        let (activation, old) = (&mut into.activation, &from.activation);
        let (eligible, active) = (&mut into.eligible, &mut into.active);
        match self {
            Self::Maximum => activation.maximum = old.maximum,
            Self::Authentication => activation.authentication = old.authentication,
            Self::RequiresJustification => {
                activation.requires_justification = old.requires_justification;
            }
            Self::RequiresTicket => activation.requires_ticket = old.requires_ticket,
            Self::RequiresApproval => activation.requires_approval = old.requires_approval,
            Self::Stages => activation.stages.clone_from(&old.stages),
            Self::AllowsEmergency => activation.allows_emergency = old.allows_emergency,
            Self::EmergencyMaximum => activation.emergency_maximum = old.emergency_maximum,
            Self::EligibleMayBePermanent => {
                eligible.may_be_permanent = from.eligible.may_be_permanent;
            }
            Self::EligibleMaximum => eligible.maximum = from.eligible.maximum,
            Self::EligibleRequiresJustification => {
                eligible.requires_justification = from.eligible.requires_justification;
            }
            Self::EligibleRequiresMfa => eligible.requires_mfa = from.eligible.requires_mfa,
            Self::ActiveMayBePermanent => active.may_be_permanent = from.active.may_be_permanent,
            Self::ActiveMaximum => active.maximum = from.active.maximum,
            Self::ActiveRequiresJustification => {
                active.requires_justification = from.active.requires_justification;
            }
            Self::ActiveRequiresMfa => active.requires_mfa = from.active.requires_mfa,
            Self::Notices => into.notices.clone_from(&from.notices),
        }
    }

    /// Its value, in words.
    #[must_use]
    pub fn value(self, settings: &Settings) -> String {
        let yes = |value: bool| if value { "yes" } else { "no" }.to_owned();
        let Settings { activation, eligible, active, notices } = settings;
        match self {
            Self::Maximum => activation.maximum.to_string(),
            Self::Authentication => {
                if activation.authentication == Authentication::Mfa { "mfa" } else { "none" }
                    .to_owned()
            }
            Self::RequiresJustification => yes(activation.requires_justification),
            Self::RequiresTicket => yes(activation.requires_ticket),
            Self::RequiresApproval => yes(activation.requires_approval),
            Self::AllowsEmergency => yes(activation.allows_emergency),
            Self::EmergencyMaximum => activation.emergency_maximum.to_string(),
            Self::Stages => to_words(&activation.stages, ToString::to_string, ToString::to_string),
            Self::EligibleMayBePermanent => yes(eligible.may_be_permanent),
            Self::EligibleMaximum => eligible.maximum.to_string(),
            Self::EligibleRequiresJustification => yes(eligible.requires_justification),
            Self::EligibleRequiresMfa => yes(eligible.requires_mfa),
            Self::ActiveMayBePermanent => yes(active.may_be_permanent),
            Self::ActiveMaximum => active.maximum.to_string(),
            Self::ActiveRequiresJustification => yes(active.requires_justification),
            Self::ActiveRequiresMfa => yes(active.requires_mfa),
            Self::Notices => notices.words(),
        }
    }

    /// What sort of value it has.
    #[must_use]
    pub fn sort(self) -> Sort {
        match self {
            Self::Maximum
            | Self::EmergencyMaximum
            | Self::EligibleMaximum
            | Self::ActiveMaximum => Sort::Length,
            Self::Stages => Sort::Stages,
            Self::Notices => Sort::Notices,
            Self::Authentication
            | Self::RequiresJustification
            | Self::RequiresTicket
            | Self::RequiresApproval
            | Self::AllowsEmergency
            | Self::EligibleMayBePermanent
            | Self::EligibleRequiresJustification
            | Self::EligibleRequiresMfa
            | Self::ActiveMayBePermanent
            | Self::ActiveRequiresJustification
            | Self::ActiveRequiresMfa => Sort::Flag,
        }
    }

    /// Whether both have the same value here.
    #[must_use]
    pub fn same(self, one: &Settings, other: &Settings) -> bool {
        self.value(one) == self.value(other)
    }

    /// Whether `new` asks for less than `old` here.
    #[must_use]
    pub fn weakens(self, old: &Settings, new: &Settings) -> bool {
        let (before, after) = (&old.activation, &new.activation);
        let dropped = |before: bool, after: bool| before && !after;
        match self {
            Self::Maximum => after.maximum > before.maximum,
            Self::Authentication => after.authentication < before.authentication,
            Self::RequiresJustification => {
                dropped(before.requires_justification, after.requires_justification)
            }
            Self::RequiresTicket => dropped(before.requires_ticket, after.requires_ticket),
            Self::RequiresApproval => dropped(before.requires_approval, after.requires_approval),
            Self::AllowsEmergency => after.allows_emergency && !before.allows_emergency,
            Self::EmergencyMaximum => after.emergency_maximum > before.emergency_maximum,
            Self::Stages => before.requires_approval && weaker(&before.stages, &after.stages),
            Self::EligibleMayBePermanent => {
                new.eligible.may_be_permanent && !old.eligible.may_be_permanent
            }
            Self::EligibleMaximum => new.eligible.maximum > old.eligible.maximum,
            Self::EligibleRequiresJustification => {
                dropped(old.eligible.requires_justification, new.eligible.requires_justification)
            }
            Self::EligibleRequiresMfa => {
                dropped(old.eligible.requires_mfa, new.eligible.requires_mfa)
            }
            Self::ActiveMayBePermanent => {
                new.active.may_be_permanent && !old.active.may_be_permanent
            }
            Self::ActiveMaximum => new.active.maximum > old.active.maximum,
            Self::ActiveRequiresJustification => {
                dropped(old.active.requires_justification, new.active.requires_justification)
            }
            Self::ActiveRequiresMfa => dropped(old.active.requires_mfa, new.active.requires_mfa),
            Self::Notices => old.notices.weakened_by(&new.notices),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{super::samples::settings, *};

    #[test]
    fn every_field_has_a_name_of_its_own_in_the_order_of_the_fields() {
        assert_eq!(Field::all().len(), Field::ALL.len());
        assert!(Field::ALL.is_sorted());
        for (field, name) in Field::ALL {
            assert_eq!(Field::named(name), Some(field));
            assert_eq!(serde_json::to_value(field).unwrap(), name);
        }
        assert_eq!(Field::named("name"), None);
    }

    #[test]
    fn each_field_copies_itself_and_nothing_else() {
        let (one, other) = (settings(1), settings(2));
        for field in Field::all() {
            let mut mixed = one.clone();
            field.copy(&other, &mut mixed);
            let changed: Vec<_> =
                one.difference(&mixed).iter().map(|difference| difference.field).collect();
            assert_eq!(changed, [field.name()]);
            assert!(field.same(&mixed, &other));
        }
    }

    #[test]
    fn a_field_that_asks_for_less_weakens_and_back_again_it_does_not() {
        // The first asks for everything that the second does not.
        let (strict, lax) = (settings(1), settings(2));
        for field in Field::all() {
            let mut mixed = strict.clone();
            field.copy(&lax, &mut mixed);
            assert_eq!(strict.weaker_in(&mixed), [field]);
            assert!(strict.weakened_by(&mixed));
            if field != Field::Stages {
                assert!(!mixed.weakened_by(&strict), "{field:?}");
            }
        }
    }
}
