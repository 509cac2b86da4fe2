//! The fields of the terms, one by one: what may be inherited, enforced, compared and weakened by itself.
use std::collections::BTreeSet;

use super::{Authentication, Settings};

/// One field of the terms. Who may approve is one field, however many are named.
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
    /// Who may approve.
    Approvers,
    /// How long a request waits.
    ApprovalTimeout,
    /// Whether an approver gives a reason.
    ApprovalRequiresJustification,
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
}

/// The sorts of values that fields have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sort {
    /// A duration.
    Length,
    /// Yes or no.
    Flag,
    /// People and groups.
    People,
}

/// Several fields.
pub type Fields = BTreeSet<Field>;

impl Field {
    /// All of them, in the order in which they are shown, with their stable names.
    pub const ALL: [(Self, &'static str); 16] = [
        (Self::Maximum, "maximum"),
        (Self::Authentication, "authentication"),
        (Self::RequiresJustification, "requires_justification"),
        (Self::RequiresTicket, "requires_ticket"),
        (Self::RequiresApproval, "requires_approval"),
        (Self::Approvers, "approvers"),
        (Self::ApprovalTimeout, "approval_timeout"),
        (Self::ApprovalRequiresJustification, "approval_requires_justification"),
        (Self::EligibleMayBePermanent, "eligible_may_be_permanent"),
        (Self::EligibleMaximum, "eligible_maximum"),
        (Self::EligibleRequiresJustification, "eligible_requires_justification"),
        (Self::EligibleRequiresMfa, "eligible_requires_mfa"),
        (Self::ActiveMayBePermanent, "active_may_be_permanent"),
        (Self::ActiveMaximum, "active_maximum"),
        (Self::ActiveRequiresJustification, "active_requires_justification"),
        (Self::ActiveRequiresMfa, "active_requires_mfa"),
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
            Self::Approvers => activation.approvers.clone_from(&old.approvers),
            Self::ApprovalTimeout => activation.approval_timeout = old.approval_timeout,
            Self::ApprovalRequiresJustification => {
                activation.approval_requires_justification = old.approval_requires_justification;
            }
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
        }
    }

    /// Its value, in words.
    #[must_use]
    pub fn value(self, settings: &Settings) -> String {
        let yes = |value: bool| if value { "yes" } else { "no" }.to_owned();
        let Settings { activation, eligible, active } = settings;
        match self {
            Self::Maximum => activation.maximum.to_string(),
            Self::Authentication => {
                if activation.authentication == Authentication::Mfa { "mfa" } else { "none" }
                    .to_owned()
            }
            Self::RequiresJustification => yes(activation.requires_justification),
            Self::RequiresTicket => yes(activation.requires_ticket),
            Self::RequiresApproval => yes(activation.requires_approval),
            Self::Approvers => {
                let approvers: Vec<_> =
                    activation.approvers.iter().map(ToString::to_string).collect();
                approvers.join(", ")
            }
            Self::ApprovalTimeout => activation.approval_timeout.to_string(),
            Self::ApprovalRequiresJustification => yes(activation.approval_requires_justification),
            Self::EligibleMayBePermanent => yes(eligible.may_be_permanent),
            Self::EligibleMaximum => eligible.maximum.to_string(),
            Self::EligibleRequiresJustification => yes(eligible.requires_justification),
            Self::EligibleRequiresMfa => yes(eligible.requires_mfa),
            Self::ActiveMayBePermanent => yes(active.may_be_permanent),
            Self::ActiveMaximum => active.maximum.to_string(),
            Self::ActiveRequiresJustification => yes(active.requires_justification),
            Self::ActiveRequiresMfa => yes(active.requires_mfa),
        }
    }

    /// What sort of value it has.
    #[must_use]
    pub fn sort(self) -> Sort {
        match self {
            Self::Maximum | Self::ApprovalTimeout | Self::EligibleMaximum | Self::ActiveMaximum => {
                Sort::Length
            }
            Self::Approvers => Sort::People,
            Self::Authentication
            | Self::RequiresJustification
            | Self::RequiresTicket
            | Self::RequiresApproval
            | Self::ApprovalRequiresJustification
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

    /// Whether `new` asks for less than `old` here. How long a request waits makes nothing easier.
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
            Self::Approvers => {
                before.requires_approval && !after.approvers.is_subset(&before.approvers)
            }
            Self::ApprovalTimeout => false,
            Self::ApprovalRequiresJustification => {
                before.requires_approval
                    && dropped(
                        before.approval_requires_justification,
                        after.approval_requires_justification,
                    )
            }
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
            let expected: &[Field] = if field == Field::ApprovalTimeout { &[] } else { &[field] };
            assert_eq!(strict.weaker_in(&mixed), expected);
            assert_eq!(strict.weakened_by(&mixed), !expected.is_empty());
            if field != Field::Approvers {
                assert!(!mixed.weakened_by(&strict), "{field:?}");
            }
        }
    }
}
