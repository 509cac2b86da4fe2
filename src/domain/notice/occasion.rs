//! What people are told of, and whom each of it concerns.
use super::rule::Rule;
use crate::domain::language::Message;

macro_rules! named {
    ($(#[$doc:meta])* $kind:ident { $($(#[$case_doc:meta])* $case:ident = $name:literal,)* }) => {
        $(#[$doc])*
        #[derive(
            Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize,
            utoipa::ToSchema,
        )]
        #[serde(rename_all = "snake_case")]
        pub enum $kind { $($(#[$case_doc])* $case,)* }

        impl $kind {
            /// All of them, with their stable names, in the order in which they are shown.
            pub const ALL: &[(Self, &'static str)] = &[$((Self::$case, $name),)*];

            /// Its stable name.
            #[must_use]
            pub fn name(self) -> &'static str {
                match self { $(Self::$case => $name,)* }
            }

            /// The one of that name.
            #[must_use]
            pub fn named(name: &str) -> Option<Self> {
                Self::ALL.iter().find(|(_, known)| *known == name).map(|(one, _)| *one)
            }
        }
    };
}

named! {
    /// What happened, so that people are told of it.
    Occasion {
        /// A request waits for a decision.
        ApprovalWanted = "approval_wanted",
        /// It still waits: somebody asked again, or it was passed on.
        ApprovalReminder = "approval_reminder",
        /// Somebody agreed to a request, and others still have to.
        Agreed = "agreed",
        /// Somebody wrote something about a request.
        Commented = "commented",
        /// Nobody answered, and the terms take that for a yes.
        PassedInSilence = "passed_in_silence",
        /// A request was decided.
        Decided = "decided",
        /// Somebody else dealt with it: nothing is left to do.
        Handled = "handled",
        /// A request was taken back: nothing is left to do.
        TakenBack = "taken_back",
        /// A request could not be carried out.
        Failed = "failed",
        /// Nobody decided a request in time.
        Lapsed = "lapsed",
        /// Access has begun: it can be used now.
        Activated = "activated",
        /// Access ends in five minutes.
        EndingSoon = "ending_soon",
        /// Access has ended.
        Ended = "ended",
        /// Access was taken in an emergency, past the approvers.
        EmergencyUsed = "emergency_used",
        /// Somebody has looked at that.
        EmergencyReviewed = "emergency_reviewed",
        /// Nobody has looked at it in time.
        EmergencyOverdue = "emergency_overdue",
        /// Somebody was made eligible for a role.
        AssignedEligible = "assigned_eligible",
        /// Somebody was given a role that needs no activation.
        AssignedActive = "assigned_active",
        /// An assignment got other dates.
        AssignmentChanged = "assignment_changed",
        /// An assignment was taken away.
        AssignmentRemoved = "assignment_removed",
        /// An assignment ends in fourteen days.
        EndsInTwoWeeks = "ends_in_two_weeks",
        /// An assignment ends in a day.
        EndsInADay = "ends_in_a_day",
        /// An assignment has run out.
        AssignmentEnded = "assignment_ended",
        /// Standing access is becoming eligibility.
        Conversion = "conversion",
        /// Somebody asks for more time with an assignment.
        MoreTimeWanted = "more_time_wanted",
        /// That was decided.
        MoreTimeDecided = "more_time_decided",
        /// The terms of a role changed.
        SettingsChanged = "settings_changed",
        /// The terms of a role ask for an approval that nobody can give.
        ApprovalUnreachable = "approval_unreachable",
        /// A change waits for a second person's word.
        ChangeWanted = "change_wanted",
        /// That was decided.
        ChangeDecided = "change_decided",
        /// An account that is kept for emergencies signed in.
        BreakGlassSignIn = "break_glass_sign_in",
        /// What somebody proves themself with changed.
        CredentialsChanged = "credentials_changed",
        /// Somebody is to decide for another while that one is away.
        DeputyNamed = "deputy_named",
        /// The summary of a day or a week.
        Summary = "summary",
    }
}

named! {
    /// In which part somebody is told.
    Audience {
        /// Whoever asked, or holds what it is about.
        Requester = "requester",
        /// Whoever may decide it.
        Approvers = "approvers",
        /// Whoever administers the role at the place.
        Administrators = "administrators",
    }
}

named! {
    /// What occasions are about: how they are grouped where people see them.
    Topic {
        /// Requests that somebody decides.
        Requests = "requests",
        /// Access for a while.
        Activations = "activations",
        /// Assignments.
        Assignments = "assignments",
        /// Terms, and changes that need a second word.
        Changes = "changes",
        /// Accounts themselves.
        Accounts = "accounts",
    }
}

impl Occasion {
    /// What it is called.
    #[must_use]
    pub fn title(self) -> Message {
        Message::keyed(format!("notices-{}", self.name().replace('_', "-")))
    }

    /// What it is about.
    #[must_use]
    pub const fn topic(self) -> Topic {
        match self {
            Self::ApprovalWanted
            | Self::ApprovalReminder
            | Self::Agreed
            | Self::Commented
            | Self::PassedInSilence
            | Self::Decided
            | Self::Handled
            | Self::TakenBack
            | Self::Failed
            | Self::Lapsed => Topic::Requests,
            Self::Activated
            | Self::EndingSoon
            | Self::Ended
            | Self::EmergencyUsed
            | Self::EmergencyReviewed
            | Self::EmergencyOverdue => Topic::Activations,
            Self::AssignedEligible
            | Self::AssignedActive
            | Self::AssignmentChanged
            | Self::AssignmentRemoved
            | Self::EndsInTwoWeeks
            | Self::EndsInADay
            | Self::AssignmentEnded
            | Self::Conversion
            | Self::MoreTimeWanted
            | Self::MoreTimeDecided => Topic::Assignments,
            Self::SettingsChanged
            | Self::ApprovalUnreachable
            | Self::ChangeWanted
            | Self::ChangeDecided => Topic::Changes,
            Self::BreakGlassSignIn
            | Self::CredentialsChanged
            | Self::DeputyNamed
            | Self::Summary => Topic::Accounts,
        }
    }

    /// What programs know it by.
    #[must_use]
    pub const fn event(self) -> &'static str {
        match self {
            Self::ApprovalWanted => "request.pending",
            Self::ApprovalReminder => "request.reminded",
            Self::Agreed => "request.agreed",
            Self::Commented => "request.commented",
            Self::PassedInSilence => "request.passed_in_silence",
            Self::Decided | Self::Handled => "request.decided",
            Self::TakenBack => "request.cancelled",
            Self::Failed => "activation.failed",
            Self::Lapsed => "request.lapsed",
            Self::Activated => "activation.started",
            Self::EndingSoon => "activation.ending",
            Self::Ended => "activation.ended",
            Self::EmergencyUsed => "activation.emergency",
            Self::EmergencyReviewed => "emergency.reviewed",
            Self::EmergencyOverdue => "emergency.overdue",
            Self::AssignedEligible | Self::AssignedActive => "assignment.given",
            Self::AssignmentChanged => "assignment.changed",
            Self::AssignmentRemoved => "assignment.removed",
            Self::EndsInTwoWeeks | Self::EndsInADay => "assignment.ending",
            Self::AssignmentEnded => "assignment.ended",
            Self::Conversion => "conversion.changed",
            Self::MoreTimeWanted | Self::ChangeWanted => "change.pending",
            Self::MoreTimeDecided | Self::ChangeDecided => "change.closed",
            Self::SettingsChanged => "settings.changed",
            Self::ApprovalUnreachable => "settings.unreachable",
            Self::BreakGlassSignIn => "sign_in.break_glass",
            Self::CredentialsChanged => "credential.changed",
            Self::DeputyNamed => "deputy.named",
            Self::Summary => "summary.sent",
        }
    }

    /// Whether it is worth nothing an hour later: then it comes at once or not at all, and quiet hours don't hold it, since
    /// it is about what somebody is doing at this very moment.
    #[must_use]
    pub const fn passes(self) -> bool {
        matches!(self, Self::EndingSoon)
    }

    /// Whether somebody may choose how they are told of it: some of it asks nothing of them, and may be switched off.
    #[must_use]
    pub fn is_chosen(self) -> bool {
        CELLS.iter().any(|(cell, asks, shipped)| {
            cell.occasion == self && !*asks && *shipped != Shipped::Always
        })
    }
}

/// An occasion as one audience is told of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Cell {
    /// What happened.
    pub occasion: Occasion,
    /// Who is told.
    pub audience: Audience,
}

/// What holds of a cell until somebody says otherwise.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Shipped {
    /// Told, whatever anybody says.
    Always,
    /// Told.
    On,
    /// Told about privileged roles.
    Privileged,
    /// Not told.
    Off,
}

const fn cell(
    occasion: Occasion,
    audience: Audience,
    asks: bool,
    shipped: Shipped,
) -> (Cell, bool, Shipped) {
    (Cell { occasion, audience }, asks, shipped)
}

/// Every cell that there is: whether it asks something of whoever is told, and whether they are told unless somebody says
/// otherwise.
const CELLS: &[(Cell, bool, Shipped)] = {
    use Audience::{Administrators, Approvers, Requester};
    use Occasion as O;
    use Shipped::{Always, Off, On, Privileged};
    &[
        cell(O::ApprovalWanted, Approvers, true, On),
        cell(O::ApprovalReminder, Approvers, true, On),
        cell(O::Agreed, Requester, false, On),
        cell(O::Commented, Requester, true, On),
        cell(O::Commented, Approvers, true, On),
        cell(O::PassedInSilence, Administrators, true, Always),
        cell(O::Decided, Requester, false, On),
        cell(O::Decided, Administrators, false, Off),
        cell(O::Handled, Approvers, false, On),
        cell(O::TakenBack, Approvers, false, On),
        cell(O::Failed, Requester, true, On),
        cell(O::Failed, Administrators, false, Off),
        cell(O::Lapsed, Requester, true, On),
        cell(O::Lapsed, Approvers, false, Off),
        cell(O::Lapsed, Administrators, false, Off),
        cell(O::Activated, Requester, false, On),
        cell(O::Activated, Approvers, false, Off),
        cell(O::Activated, Administrators, false, Privileged),
        cell(O::EndingSoon, Requester, false, On),
        cell(O::Ended, Requester, false, On),
        cell(O::Ended, Administrators, false, Off),
        cell(O::EmergencyUsed, Requester, true, Always),
        cell(O::EmergencyUsed, Approvers, true, Always),
        cell(O::EmergencyUsed, Administrators, true, Always),
        cell(O::EmergencyReviewed, Requester, false, On),
        cell(O::EmergencyOverdue, Approvers, true, Always),
        cell(O::EmergencyOverdue, Administrators, true, Always),
        cell(O::AssignedEligible, Requester, false, On),
        cell(O::AssignedEligible, Administrators, false, Privileged),
        cell(O::AssignedActive, Requester, false, On),
        cell(O::AssignedActive, Administrators, false, Privileged),
        cell(O::AssignmentChanged, Requester, false, On),
        cell(O::AssignmentChanged, Administrators, false, Privileged),
        cell(O::AssignmentRemoved, Requester, false, On),
        cell(O::AssignmentRemoved, Administrators, false, Privileged),
        cell(O::EndsInTwoWeeks, Requester, false, On),
        cell(O::EndsInTwoWeeks, Administrators, false, On),
        cell(O::EndsInADay, Requester, false, On),
        cell(O::EndsInADay, Administrators, false, On),
        cell(O::AssignmentEnded, Requester, false, On),
        cell(O::AssignmentEnded, Administrators, false, On),
        cell(O::Conversion, Requester, true, On),
        cell(O::MoreTimeWanted, Approvers, true, On),
        cell(O::MoreTimeDecided, Requester, false, On),
        cell(O::MoreTimeDecided, Approvers, false, On),
        cell(O::SettingsChanged, Administrators, false, Privileged),
        cell(O::ApprovalUnreachable, Administrators, true, Always),
        cell(O::ChangeWanted, Approvers, true, On),
        cell(O::ChangeDecided, Requester, false, On),
        cell(O::ChangeDecided, Approvers, false, On),
        cell(O::BreakGlassSignIn, Administrators, true, Always),
        cell(O::CredentialsChanged, Requester, true, Always),
        cell(O::DeputyNamed, Requester, true, Always),
    ]
};

impl Cell {
    /// What whoever is told is called: "Whoever asked".
    #[must_use]
    pub const fn audience_title(self) -> Message {
        Message::new(match (self.audience, self.occasion.topic()) {
            (Audience::Requester, Topic::Changes) => "notices-author",
            (Audience::Requester, Topic::Assignments) => "notices-holder",
            (Audience::Requester, _) => "notices-requester",
            (Audience::Approvers, Topic::Requests | Topic::Activations) => "notices-approvers",
            (Audience::Approvers, _) => "notices-deciders",
            (Audience::Administrators, _) => "notices-administrators",
        })
    }

    /// Every cell about roles, in the order in which they are shown: what the terms of a role have a rule for.
    pub fn of_roles() -> impl Iterator<Item = Self> {
        Self::all().filter(|cell| cell.occasion.topic() != Topic::Accounts)
    }

    /// Every cell there is.
    pub fn all() -> impl Iterator<Item = Self> {
        CELLS.iter().map(|(cell, ..)| *cell)
    }

    fn known(self) -> Option<(bool, Shipped)> {
        CELLS.iter().find(|(cell, ..)| *cell == self).map(|(_, asks, shipped)| (*asks, *shipped))
    }

    /// Whether it asks something of whoever is told.
    #[must_use]
    pub fn asks(self) -> bool {
        self.known().is_some_and(|(asks, _)| asks)
    }

    /// Whether nobody can switch it off.
    #[must_use]
    pub fn is_fixed(self) -> bool {
        self.known().is_some_and(|(_, shipped)| shipped == Shipped::Always)
    }

    /// Whether others than those whom it concerns may get it as well. Never what asks somebody to decide: only who may
    /// decide gets that.
    #[must_use]
    pub fn takes_others(self) -> bool {
        !(self.audience == Audience::Approvers && self.asks()) || self.is_fixed()
    }

    /// The rule that holds until somebody says otherwise.
    #[must_use]
    pub fn shipped(self, privileged: bool) -> Rule {
        let told = match self.known().map_or(Shipped::Off, |(_, shipped)| shipped) {
            Shipped::Always | Shipped::On => true,
            Shipped::Privileged => privileged,
            Shipped::Off => false,
        };
        Rule { default_recipients: told, ..Rule::default() }
    }
}

impl std::fmt::Display for Cell {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{}", self.occasion.name(), self.audience.name())
    }
}

/// There is no such cell.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0} is nothing that anybody is told of: write such as activated.administrators")]
pub struct NoCell(String);

impl std::str::FromStr for Cell {
    type Err = NoCell;

    fn from_str(text: &str) -> Result<Self, NoCell> {
        text.split_once('.')
            .and_then(|(occasion, audience)| {
                let (occasion, audience) = (Occasion::named(occasion)?, Audience::named(audience)?);
                Some(Self { occasion, audience })
            })
            .filter(|cell| cell.known().is_some())
            .ok_or_else(|| NoCell(text.to_owned()))
    }
}

impl serde::Serialize for Cell {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> serde::Deserialize<'de> for Cell {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_cell_is_there_once_and_is_found_by_its_name() {
        let mut seen = std::collections::BTreeSet::new();
        for cell in Cell::all() {
            assert!(seen.insert(cell), "{cell} is there twice");
            assert_eq!(cell.to_string().parse(), Ok(cell));
        }
        for (occasion, name) in Occasion::ALL {
            assert_eq!(Occasion::named(name), Some(*occasion));
            assert_eq!(serde_json::to_value(occasion).unwrap(), *name);
            let told = seen.iter().any(|cell| cell.occasion == *occasion);
            assert!(told || *occasion == Occasion::Summary, "{name} tells nobody");
        }
        assert!("approval_wanted.administrators".parse::<Cell>().is_err());
        assert!("ended".parse::<Cell>().is_err());
    }

    #[test]
    fn only_who_may_decide_is_asked_to_decide() {
        for cell in Cell::all() {
            let asks_to_decide = matches!(
                cell.occasion,
                Occasion::ApprovalWanted
                    | Occasion::ApprovalReminder
                    | Occasion::Commented
                    | Occasion::MoreTimeWanted
                    | Occasion::ChangeWanted
            );
            let to_deciders = asks_to_decide && cell.audience == Audience::Approvers;
            assert_eq!(cell.takes_others(), !to_deciders, "{cell}");
        }
    }

    #[test]
    fn nobody_switches_off_what_must_be_known() {
        for cell in Cell::all() {
            let must_be_known = matches!(
                cell.occasion,
                Occasion::EmergencyUsed
                    | Occasion::EmergencyOverdue
                    | Occasion::PassedInSilence
                    | Occasion::ApprovalUnreachable
                    | Occasion::BreakGlassSignIn
                    | Occasion::CredentialsChanged
                    | Occasion::DeputyNamed
            );
            assert_eq!(cell.is_fixed(), must_be_known, "{cell}");
            assert!(!must_be_known || !cell.occasion.is_chosen());
        }
    }

    #[test]
    fn administrators_are_not_flooded_by_unprivileged_roles() {
        let told = |privileged| {
            Cell::of_roles()
                .filter(|cell| cell.audience == Audience::Administrators && !cell.is_fixed())
                .filter(move |cell| cell.shipped(privileged).default_recipients)
                .count()
        };
        assert_eq!((told(false), told(true)), (3, 9));
    }
}
