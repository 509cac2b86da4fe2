//! The company that the demo shows: who works there, which roles it has and on which terms.
use crate::domain::time::Duration;

/// What the company is called.
pub(super) const ORGANISATION: &str = "Harbour & Quay";

/// Somebody who works there.
pub(super) struct Employee {
    pub(super) user_name: &'static str,
    pub(super) name: &'static str,
    pub(super) what: &'static str,
    pub(super) break_glass: bool,
}

const fn employee(user_name: &'static str, name: &'static str, what: &'static str) -> Employee {
    Employee { user_name, name, what, break_glass: false }
}

/// Everybody but the first administrator, who is invited at the command line.
pub(super) const EMPLOYEES: [Employee; 13] = [
    Employee {
        user_name: "break-glass-1",
        name: "Break-glass One",
        what: "kept for emergencies",
        break_glass: true,
    },
    Employee {
        user_name: "break-glass-2",
        name: "Break-glass Two",
        what: "kept for emergencies",
        break_glass: true,
    },
    employee("ben", "Ben Okafor", "eligible: Privileged Role Administrator; approves"),
    employee("chloe", "Chloé Martin", "eligible: Security Administrator; approves"),
    employee("daniel", "Daniel Weiss", "eligible: Production Database Operator"),
    employee(
        "emre",
        "Emre Yılmaz",
        "eligible: Deployment and Production Database Operator, On call",
    ),
    employee("farah", "Farah Haddad", "eligible: User Administrator"),
    employee("grace", "Grace Kim", "active: Auditor"),
    employee("hugo", "Hugo Silva", "eligible: Deployment Operator, by his group"),
    employee("ines", "Inês Rossi", "eligible: Payroll Export, Mail Administrator"),
    employee(
        "jonas",
        "Jonas Bergström",
        "eligible: Firewall Operator; looks after the data centre",
    ),
    employee("kavya", "Kavya Rao", "approves; active: Global Reader; answers for an application"),
    employee("liam", "Liam Murphy", "eligible for nine more days; wishes for more time"),
];

/// The first administrator.
pub(super) const FIRST: Employee =
    employee("ada", "Ada Lindqvist", "the first administrator; eligible, and active today");

/// A role of the company's own systems.
pub(super) struct OwnRole {
    pub(super) name: &'static str,
    pub(super) description: &'static str,
    pub(super) privileged: bool,
}

/// The roles that the company adds to Latchkey's own.
pub(super) const ROLES: [OwnRole; 7] = [
    OwnRole {
        name: "Production Database Operator",
        description: "Runs statements on the production databases, restores backups.",
        privileged: true,
    },
    OwnRole {
        name: "Deployment Operator",
        description: "Rolls releases of the shop out and back.",
        privileged: false,
    },
    OwnRole {
        name: "Firewall Operator",
        description: "Changes rules on the office and data-centre firewalls.",
        privileged: true,
    },
    OwnRole {
        name: "Payroll Export",
        description: "Exports salaries from the payroll system.",
        privileged: true,
    },
    OwnRole {
        name: "Backup Operator",
        description: "Makes backups, and reads and restores what is in them.",
        privileged: true,
    },
    OwnRole {
        name: "Mail Administrator",
        description: "Opens and closes mailboxes, and can read any of them.",
        privileged: true,
    },
    OwnRole {
        name: "Log Reader",
        description: "Reads the logs of a system, and changes nothing.",
        privileged: false,
    },
];

/// What the terms of a role differ in from those that it began with.
pub(super) struct Terms {
    pub(super) role: &'static str,
    pub(super) maximum: Duration,
    pub(super) justification: bool,
    pub(super) ticket: bool,
    /// Who approves, by user or group name; nobody if that is not asked for.
    pub(super) approvers: &'static [&'static str],
    /// Up to which length nobody is asked.
    pub(super) skipped_up_to: Option<Duration>,
    /// How long access may be that is taken in an emergency, if it may be taken at all.
    pub(super) emergency: Option<Duration>,
}

const USUAL: Terms = Terms {
    role: "",
    maximum: Duration::hours(8),
    justification: true,
    ticket: false,
    approvers: &[],
    skipped_up_to: None,
    emergency: None,
};

/// The terms of a small company.
pub(super) const TERMS: [Terms; 8] = [
    Terms {
        role: "Global Administrator",
        maximum: Duration::hours(4),
        approvers: &["ben", "chloe", "kavya"],
        ..USUAL
    },
    Terms { role: "Security Administrator", approvers: &["ada", "kavya"], ..USUAL },
    Terms { role: "User Administrator", ..USUAL },
    Terms { role: "Privileged Role Administrator", ..USUAL },
    Terms {
        role: "Production Database Operator",
        maximum: Duration::hours(2),
        ticket: true,
        approvers: &["Platform leads"],
        ..USUAL
    },
    Terms {
        role: "Deployment Operator",
        maximum: Duration::hours(4),
        approvers: &["ben", "kavya"],
        skipped_up_to: Some(Duration::hours(1)),
        emergency: Some(Duration::hours(2)),
        ..USUAL
    },
    Terms {
        role: "Firewall Operator",
        maximum: Duration::minutes(90),
        ticket: true,
        approvers: &["ada", "chloe"],
        ..USUAL
    },
    Terms {
        role: "Payroll Export",
        maximum: Duration::minutes(30),
        approvers: &["ben", "kavya"],
        ..USUAL
    },
];

/// What happened on a working day: who, which role, for how many minutes, why, which ticket, who decided.
pub(super) struct Episode {
    pub(super) who: &'static str,
    pub(super) role: &'static str,
    pub(super) minutes: u32,
    pub(super) why: &'static str,
    pub(super) ticket: &'static str,
    pub(super) approver: Option<&'static str>,
    /// Whether it can't wait for an approval.
    pub(super) emergency: bool,
    pub(super) outcome: Outcome,
}

/// How such an episode went.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Outcome {
    RanOut,
    Done,
    Denied,
    Cancelled,
    Unanswered,
}

const fn episode(
    who: &'static str,
    role: &'static str,
    minutes: u32,
    why: &'static str,
) -> Episode {
    Episode {
        who,
        role,
        minutes,
        why,
        ticket: "",
        approver: None,
        emergency: false,
        outcome: Outcome::RanOut,
    }
}

/// Episodes that repeat through the weeks.
pub(super) const EPISODES: [Episode; 12] = [
    Episode {
        outcome: Outcome::Done,
        ..episode("hugo", "Deployment Operator", 60, "Release 4.12 of the shop")
    },
    Episode {
        ticket: "OPS-2214",
        approver: Some("kavya"),
        ..episode(
            "daniel",
            "Production Database Operator",
            90,
            "Rebuild the orders index that slows check-out",
        )
    },
    episode("farah", "User Administrator", 120, "New starters this week"),
    Episode {
        ticket: "NET-310",
        approver: Some("chloe"),
        outcome: Outcome::Done,
        ..episode("jonas", "Firewall Operator", 60, "Open the new VPN range")
    },
    episode("emre", "Deployment Operator", 45, "Roll back 4.12.1: basket totals are wrong"),
    Episode {
        approver: Some("ben"),
        outcome: Outcome::Done,
        ..episode("ines", "Payroll Export", 30, "Month-end salary file for the auditors")
    },
    Episode {
        ticket: "OPS-2231",
        approver: Some("ben"),
        outcome: Outcome::Denied,
        ..episode("liam", "Production Database Operator", 120, "Look at customer data")
    },
    episode("ada", "Privileged Role Administrator", 60, "Quarterly clean-up of assignments"),
    Episode {
        ticket: "OPS-2240",
        approver: Some("ben"),
        outcome: Outcome::Done,
        ..episode(
            "emre",
            "Production Database Operator",
            60,
            "Restore yesterday's backup into staging",
        )
    },
    Episode {
        approver: Some("kavya"),
        ..episode("ben", "Global Administrator", 60, "Rotate the break-glass credentials")
    },
    Episode {
        ticket: "NET-322",
        outcome: Outcome::Unanswered,
        ..episode("jonas", "Firewall Operator", 30, "Trace dropped packets in the data centre")
    },
    Episode {
        ticket: "OPS-2255",
        outcome: Outcome::Cancelled,
        ..episode("daniel", "Production Database Operator", 30, "Check replication lag")
    },
];
