//! A stage of an approval: who is asked, how many must agree, and what happens if nobody answers.
use std::{
    collections::BTreeSet,
    fmt::{Display, Formatter},
    str::FromStr,
};

use super::Conditions;
use crate::domain::{
    fault::FieldError,
    id::{PrincipalId, RoleId},
    settings::{Authentication, LONGEST_APPROVAL_TIMEOUT, SHORTEST},
    time::Duration,
};

/// The most stages that an approval has.
pub const MOST_STAGES: usize = 5;
/// The most people who must agree in one stage.
pub const MOST_AGREE: u8 = 10;
/// The soonest that others are asked as well.
pub const SHORTEST_ESCALATION: Duration = Duration::minutes(5);

/// Who may decide in a stage.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Approver<Holder = PrincipalId, Role = RoleId> {
    /// This user, or the members of this group.
    Principal(Holder),
    /// The manager of whoever asks.
    Manager,
    /// The owners of the scope, or of one above it.
    ScopeOwners,
    /// Whoever holds this role at the scope or above it.
    RoleHolders(Role),
}

impl<Holder, Role> Approver<Holder, Role> {
    /// The same with other names for holders and roles; none if one of them has no other name.
    pub fn map<H, R>(
        &self,
        holder: impl FnOnce(&Holder) -> Option<H>,
        role: impl FnOnce(&Role) -> Option<R>,
    ) -> Option<Approver<H, R>> {
        Some(match self {
            Self::Principal(id) => Approver::Principal(holder(id)?),
            Self::Manager => Approver::Manager,
            Self::ScopeOwners => Approver::ScopeOwners,
            Self::RoleHolders(id) => Approver::RoleHolders(role(id)?),
        })
    }
}

const MANAGER: &str = "manager";
const SCOPE_OWNERS: &str = "scope owners";
const ROLE_HOLDERS: &str = "holders of ";

impl<Holder: Display, Role: Display> Display for Approver<Holder, Role> {
    fn fmt(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Principal(id) => id.fmt(f),
            Self::Manager => f.write_str(MANAGER),
            Self::ScopeOwners => f.write_str(SCOPE_OWNERS),
            Self::RoleHolders(role) => write!(f, "{ROLE_HOLDERS}{role}"),
        }
    }
}

impl<Holder: FromStr<Err: Display>, Role: FromStr<Err: Display>> FromStr
    for Approver<Holder, Role>
{
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.trim() {
            MANAGER => Ok(Self::Manager),
            SCOPE_OWNERS => Ok(Self::ScopeOwners),
            text => match text.strip_prefix(ROLE_HOLDERS) {
                Some(role) => {
                    role.parse().map(Self::RoleHolders).map_err(|error| error.to_string())
                }
                None => text.parse().map(Self::Principal).map_err(|error| error.to_string()),
            },
        }
    }
}

impl<Holder: Display, Role: Display> serde::Serialize for Approver<Holder, Role> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> serde::Deserialize<'de> for Approver {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(|_| {
            serde::de::Error::custom(
                "an approver is the id of a person or group, \"manager\", \"scope owners\", or \"holders of \" and the \
                 id of a role",
            )
        })
    }
}

/// How many must agree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Agreement {
    /// So many people, whoever of the approvers they are.
    People(u8),
    /// One for each approver that is named: of each group somebody.
    Each,
}

impl serde::Serialize for Agreement {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::People(people) => serializer.serialize_u8(*people),
            Self::Each => serializer.serialize_str("each"),
        }
    }
}

/// How many must agree, as it is written: a number, or `each`.
#[derive(serde::Deserialize, utoipa::ToSchema)]
#[serde(untagged)]
enum WrittenAgreement {
    /// So many people.
    People(u8),
    /// `each`: one for each approver that is named.
    Word(String),
}

impl<'de> serde::Deserialize<'de> for Agreement {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match WrittenAgreement::deserialize(deserializer)? {
            WrittenAgreement::People(people) => Ok(Self::People(people)),
            WrittenAgreement::Word(word) if word == "each" => Ok(Self::Each),
            WrittenAgreement::Word(_) => {
                Err(serde::de::Error::custom("write how many must agree, or \"each\""))
            }
        }
    }
}

/// What it means if a stage is over and nobody has decided.
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
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
#[sqlx(type_name = "silence", rename_all = "snake_case")]
pub enum Silence {
    /// The request ends without access.
    #[default]
    Deny,
    /// The request goes on as if the stage had agreed, and administrators are told. Never for a privileged role.
    Approve,
}

/// Others who may decide as well, if a stage takes long.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Escalation<Holder: Ord + Display = PrincipalId, Role: Ord + Display = RoleId> {
    /// How long after the stage began.
    pub after: Duration,
    /// Who then may decide too.
    pub approvers: BTreeSet<Approver<Holder, Role>>,
}

/// One stage.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Stage<Holder: Ord + Display = PrincipalId, Role: Ord + Display = RoleId> {
    /// Who may decide.
    pub approvers: BTreeSet<Approver<Holder, Role>>,
    /// How many must agree.
    pub agree: Agreement,
    /// How long it waits for them: 5 minutes to 30 days.
    pub timeout: Duration,
    /// Who may decide too, if it takes long.
    pub escalation: Option<Escalation<Holder, Role>>,
    /// What silence means.
    pub on_silence: Silence,
    /// Whether a decision needs a reason.
    pub requires_justification: bool,
    /// What must be proved, freshly, for a decision.
    pub authentication: Authentication,
    /// When nobody needs to be asked.
    pub skipped_if: Conditions<Holder>,
}

impl<Holder: Ord + Display, Role: Ord + Display> Stage<Holder, Role> {
    /// A stage in which one of these decides, within a day, with a reason and a fresh proof.
    #[must_use]
    pub fn of(approvers: impl IntoIterator<Item = Approver<Holder, Role>>) -> Self {
        Self {
            approvers: approvers.into_iter().collect(),
            agree: Agreement::People(1),
            timeout: Duration::hours(24),
            escalation: None,
            on_silence: Silence::Deny,
            requires_justification: true,
            authentication: Authentication::Mfa,
            skipped_if: Conditions::default(),
        }
    }

    /// Everybody who is named, whether they are asked at first or later.
    pub fn everybody(&self) -> impl Iterator<Item = &Approver<Holder, Role>> {
        self.approvers
            .iter()
            .chain(self.escalation.iter().flat_map(|escalation| &escalation.approvers))
    }

    /// How many words of yes it takes.
    #[must_use]
    pub fn needed(&self) -> usize {
        match self.agree {
            Agreement::People(people) => usize::from(people),
            Agreement::Each => self.approvers.len(),
        }
    }

    /// The same with other names for holders and roles; none if one of them has no other name.
    pub fn map<H: Ord + Display, R: Ord + Display>(
        &self,
        mut holder: impl FnMut(&Holder) -> Option<H>,
        mut role: impl FnMut(&Role) -> Option<R>,
    ) -> Option<Stage<H, R>> {
        let mut named = |approvers: &BTreeSet<Approver<Holder, Role>>| {
            approvers
                .iter()
                .map(|it| it.map(&mut holder, &mut role))
                .collect::<Option<BTreeSet<_>>>()
        };
        let approvers = named(&self.approvers)?;
        let escalation = match &self.escalation {
            Some(later) => {
                Some(Escalation { after: later.after, approvers: named(&later.approvers)? })
            }
            None => None,
        };
        Some(Stage {
            approvers,
            escalation,
            skipped_if: self.skipped_if.map(&mut holder)?,
            agree: self.agree,
            timeout: self.timeout,
            on_silence: self.on_silence,
            requires_justification: self.requires_justification,
            authentication: self.authentication,
        })
    }

    /// The holders that it names: approvers, and groups of people on call.
    pub fn holders(&self) -> impl Iterator<Item = &Holder> {
        let approvers = self.everybody().filter_map(|approver| match approver {
            Approver::Principal(id) => Some(id),
            Approver::Manager | Approver::ScopeOwners | Approver::RoleHolders(_) => None,
        });
        approvers.chain(&self.skipped_if.on_call)
    }

    /// The roles whose holders approve.
    pub fn roles(&self) -> impl Iterator<Item = &Role> {
        self.everybody().filter_map(|approver| match approver {
            Approver::RoleHolders(role) => Some(role),
            Approver::Principal(_) | Approver::Manager | Approver::ScopeOwners => None,
        })
    }

    /// What is wrong with it by itself, as stage number `number`.
    #[must_use]
    pub fn faults(&self, number: usize, privileged: bool) -> Vec<FieldError> {
        let within = |value: Duration, shortest, longest| value >= shortest && value <= longest;
        let told = |part: &str, message: String| {
            FieldError::new("stages", format!("stage {number}: {message}"))
                .at(part_of(number, part))
        };
        let fault = |wrong: bool, part, message: String| wrong.then(|| told(part, message));
        let hours = self.skipped_if.faults().into_iter();
        let few = match self.agree {
            Agreement::People(people) => !(1..=MOST_AGREE).contains(&people),
            Agreement::Each => false,
        };
        let later = self.escalation.as_ref();
        let late = later.is_some_and(|later| {
            !within(later.after, SHORTEST_ESCALATION, self.timeout) || later.after == self.timeout
        });
        [
            fault(
                !within(self.timeout, SHORTEST, LONGEST_APPROVAL_TIMEOUT),
                "timeout",
                format!("it waits between {SHORTEST} and {LONGEST_APPROVAL_TIMEOUT}"),
            ),
            fault(few, "agree", format!("between 1 and {MOST_AGREE} people must agree")),
            fault(
                late,
                "escalation.after",
                format!("others are asked after {SHORTEST_ESCALATION} or more, and before the stage is over"),
            ),
            fault(
                later.is_some_and(|later| later.approvers.is_empty()),
                "escalation.approvers",
                "say who is asked later, or that nobody is".to_owned(),
            ),
            fault(
                later.is_some_and(|later| !later.approvers.is_disjoint(&self.approvers)),
                "escalation.approvers",
                "whoever is asked later is not asked from the beginning".to_owned(),
            ),
            fault(
                privileged && self.on_silence == Silence::Approve,
                "on_silence",
                "silence never approves a privileged role".to_owned(),
            ),
        ]
        .into_iter()
        .flatten()
        .chain(hours.map(|(part, message)| told(&format!("skipped_if.{part}"), message)))
        .collect()
    }

    /// Whether more people must agree here than in the `other`, or somebody for others.
    fn asks_more_people_than(&self, other: &Self) -> bool {
        match (self.agree, other.agree) {
            (Agreement::People(own), Agreement::People(other)) => own > other,
            (Agreement::Each, Agreement::Each) => self.approvers != other.approvers,
            (Agreement::Each, Agreement::People(_)) => true,
            (Agreement::People(own), Agreement::Each) => usize::from(own) > other.needed(),
        }
    }

    /// Whether `after`, in its place, asks for less than this.
    fn weakened_by(&self, after: &Self) -> bool
    where
        Holder: Clone,
        Role: Clone,
    {
        let before: BTreeSet<_> = self.everybody().collect();
        let sooner = after.approvers.iter().any(|approver| !self.approvers.contains(approver));
        let others = after.everybody().any(|approver| !before.contains(approver));
        let hurried = after.on_silence == Silence::Approve && after.timeout < self.timeout;
        let asked_sooner = match (&self.escalation, &after.escalation) {
            (_, None) => false,
            (None, Some(_)) => true,
            (Some(before), Some(after)) => after.after < before.after,
        };
        self.asks_more_people_than(after)
            || sooner
            || others
            || hurried
            || asked_sooner
            || after.skipped_if.laxer_than(&self.skipped_if)
            || after.on_silence > self.on_silence
            || after.authentication < self.authentication
            || (self.requires_justification && !after.requires_justification)
    }
}

/// The way from the stages of an approval to a part of the one with that number: `[0].timeout`.
#[must_use]
pub fn part_of(number: usize, part: &str) -> String {
    format!("[{}].{part}", number.saturating_sub(1))
}

/// Whether the stages `after` ask for less than those `before`: fewer, other people, or less of them.
#[must_use]
pub fn weaker(before: &[Stage], after: &[Stage]) -> bool {
    after.len() < before.len()
        || before.iter().zip(after).any(|(before, after)| before.weakened_by(after))
}

/// Whether the stages `now` ask for more than those `before` of a request for which the stages with these numbers, counted from
/// 1, were `skipped`: another stage, more people, or a word where nobody needed to be asked.
#[must_use]
pub fn asks_more(before: &[Stage], now: &[Stage], skipped: &[usize]) -> bool {
    now.len() > before.len()
        || before.iter().zip(now).zip(1..).any(|((before, now), number)| {
            let was_skipped = skipped.contains(&number);
            now.asks_more_people_than(before)
                || (was_skipped && before.skipped_if.laxer_than(&now.skipped_if))
        })
}

/// A stage as it is written; what is left out is as in [`Stage::of`].
#[derive(serde::Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ApprovalStage)]
pub struct Written {
    /// Who may decide: identifiers of users and groups, `manager`, `scope owners`, or `holders of ` and the identifier of a
    /// role.
    #[serde(default)]
    #[schema(value_type = Vec<String>)]
    approvers: BTreeSet<Approver>,
    /// How many must agree: a number, or `each`.
    #[serde(default = "one")]
    #[schema(value_type = WrittenAgreement)]
    agree: Agreement,
    /// How long it waits for them: 5 minutes to 30 days.
    #[serde(default = "day")]
    timeout: Duration,
    /// Who may decide too, if it takes long.
    #[serde(default)]
    escalation: Option<WrittenEscalation>,
    /// What silence means.
    #[serde(default)]
    #[schema(required = false)]
    on_silence: Silence,
    /// Whether a decision needs a reason.
    #[serde(default = "yes")]
    requires_justification: bool,
    /// What must be proved, freshly, for a decision.
    #[serde(default = "mfa")]
    authentication: Authentication,
    /// When nobody needs to be asked.
    #[serde(default)]
    #[schema(required = false)]
    skipped_if: Conditions,
}

/// Others who may decide as well, if a stage takes long.
#[derive(serde::Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ApprovalEscalation)]
struct WrittenEscalation {
    /// How long after the stage began.
    after: Duration,
    /// Who then may decide too.
    #[schema(value_type = Vec<String>)]
    approvers: BTreeSet<Approver>,
}

const fn one() -> Agreement {
    Agreement::People(1)
}

const fn day() -> Duration {
    Duration::hours(24)
}

const fn yes() -> bool {
    true
}

const fn mfa() -> Authentication {
    Authentication::Mfa
}

impl<'de> serde::Deserialize<'de> for Stage {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let written = Written::deserialize(deserializer)?;
        let escalation =
            written.escalation.map(|it| Escalation { after: it.after, approvers: it.approvers });
        Ok(Self {
            approvers: written.approvers,
            agree: written.agree,
            timeout: written.timeout,
            escalation,
            on_silence: written.on_silence,
            requires_justification: written.requires_justification,
            authentication: written.authentication,
            skipped_if: written.skipped_if,
        })
    }
}
