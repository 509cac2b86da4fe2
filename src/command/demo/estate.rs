//! What the company runs, and who stands where in it: places, groups, applications, and what all of them are given.
use crate::domain::{assignment::AssignmentKind, role::ScopeKind};

/// A place in the tree.
pub(super) struct Place {
    pub(super) name: &'static str,
    pub(super) kind: ScopeKind,
    /// The place that it lies in; empty for the organisation.
    pub(super) inside: &'static str,
    pub(super) what: &'static str,
}

const fn place(
    name: &'static str,
    kind: ScopeKind,
    inside: &'static str,
    what: &'static str,
) -> Place {
    Place { name, kind, inside, what }
}

/// The places, each after the one that it lies in.
pub(super) const PLACES: [Place; 11] = [
    place("Shop", ScopeKind::Folder, "", "The web shop and what it runs on"),
    place("Shop production", ScopeKind::System, "Shop", "What customers see"),
    place("Orders database", ScopeKind::Resource, "Shop production", "Orders and payments"),
    place("Customer database", ScopeKind::Resource, "Shop production", "Names and addresses"),
    place("Shop staging", ScopeKind::System, "Shop", "Where releases are tried"),
    place("Office", ScopeKind::Folder, "", "What everybody at the quay works with"),
    place("Payroll", ScopeKind::System, "Office", "Salaries"),
    place("Mail and calendar", ScopeKind::System, "Office", "Mailboxes of all employees"),
    place("Data centre", ScopeKind::Folder, "", "The racks in the old warehouse"),
    place("Firewalls", ScopeKind::System, "Data centre", "Between us and everybody else"),
    place("Backup vault", ScopeKind::System, "Data centre", "Copies of everything, for a year"),
];

/// A group, with the people and groups that belong to it.
pub(super) struct Team {
    pub(super) name: &'static str,
    pub(super) what: &'static str,
    pub(super) members: &'static [&'static str],
}

/// The groups, each after those that belong to it.
pub(super) const TEAMS: [Team; 4] = [
    Team {
        name: "Platform leads",
        what: "Decide who may touch production",
        members: &["ben", "kavya"],
    },
    Team { name: "Shop developers", what: "Build the web shop", members: &["emre", "hugo"] },
    Team {
        name: "Engineering",
        what: "Everybody who builds or runs something",
        members: &["Platform leads", "Shop developers", "daniel", "jonas"],
    },
    Team { name: "On call", what: "Whoever has the telephone this week", members: &[] },
];

/// A program that holds a role of its own, and who answers for it, the accountable person first.
pub(super) struct Program {
    pub(super) name: &'static str,
    pub(super) what: &'static str,
    pub(super) owners: &'static [&'static str],
}

/// The applications.
pub(super) const PROGRAMS: [Program; 2] = [
    Program {
        name: "Deploy pipeline",
        what: "Rolls out what was merged and tested",
        owners: &["kavya", "emre"],
    },
    Program {
        name: "Nightly backup",
        what: "Copies the databases into the vault",
        owners: &["jonas", "daniel"],
    },
];

/// A role that a person, a group or an application is given at a place or a group.
#[derive(Clone, Copy)]
pub(super) struct Given {
    pub(super) who: &'static str,
    pub(super) role: &'static str,
    /// The place; empty for the organisation.
    pub(super) place: &'static str,
    pub(super) kind: AssignmentKind,
    /// In how many days from today it ends.
    pub(super) days: Option<i64>,
}

const fn eligible(
    who: &'static str,
    role: &'static str,
    place: &'static str,
    days: Option<i64>,
) -> Given {
    Given { who, role, place, kind: AssignmentKind::Eligible, days }
}

const fn active(
    who: &'static str,
    role: &'static str,
    place: &'static str,
    days: Option<i64>,
) -> Given {
    Given { who, role, place, kind: AssignmentKind::Active, days }
}

/// What people, groups and applications are given at the beginning.
pub(super) const GIVEN: [Given; 24] = [
    eligible("ada", "Privileged Role Administrator", "", None),
    eligible("ben", "Global Administrator", "", None),
    eligible("ben", "Privileged Role Administrator", "", None),
    eligible("chloe", "Security Administrator", "", None),
    eligible("daniel", "Production Database Operator", "Shop production", Some(180)),
    eligible("daniel", "Deployment Operator", "Shop", Some(180)),
    eligible("emre", "Production Database Operator", "Shop production", Some(180)),
    eligible("emre", "Firewall Operator", "Data centre", Some(-3)),
    eligible("farah", "User Administrator", "", None),
    eligible("Shop developers", "Deployment Operator", "Shop", None),
    eligible("ines", "Payroll Export", "Payroll", Some(300)),
    eligible("jonas", "Firewall Operator", "Data centre", Some(180)),
    eligible("liam", "Production Database Operator", "Orders database", Some(9)),
    eligible("hugo", "Log Reader", "Shop staging", Some(12)),
    active("kavya", "Global Reader", "", None),
    active("grace", "Auditor", "", None),
    // Who has the telephone becomes a member for the shift, and may then ask for what it takes.
    eligible("emre", "Member", "On call", Some(120)),
    eligible("daniel", "Member", "On call", Some(120)),
    eligible("On call", "Firewall Operator", "Data centre", None),
    active("Engineering", "Log Reader", "Shop", None),
    active("kavya", "Owner", "Shop developers", None),
    // The data centre is looked after by those who work there.
    active("jonas", "Owner", "Data centre", Some(150)),
    active("Deploy pipeline", "Deployment Operator", "Shop staging", Some(150)),
    active("Nightly backup", "Backup Operator", "Backup vault", Some(11)),
];

/// What the company's old directory said, as it was exported: standing access that nobody had looked at for years.
pub(super) const OLD_DIRECTORY: &str = "\
account,role,system,type,until,comment
ines,Mail Administrator,Office / Mail and calendar,permanent,,Helped with the move of the mailboxes
farah,Mail Administrator,Office / Mail and calendar,permanent,,Sets up mailboxes of new starters
jonas,Backup Operator,Data centre / Backup vault,assigned,+120,Restores once a quarter
daniel,Backup Operator,Data centre / Backup vault,assigned,+120,Wrote the backup scripts
liam,Log Reader,Shop / Shop production,permanent,,Was on the support desk
hugo,Log Reader,Shop / Shop production,permanent,,Watched the first releases
chloe,Log Reader,Data centre / Firewalls,permanent,,Looks for what should not be there
";

/// Another list, which was handed in today and is not imported yet: one name in it is nobody's any more.
pub(super) const PAYROLL_LIST: &str = "\
user,role,resource,type,comment
ines,Payroll Export,Payroll,eligible,Has it already
farah,Payroll Export,Payroll,eligible,Stands in for Inês in August
nils,Payroll Export,Payroll,eligible,Left in spring
";
