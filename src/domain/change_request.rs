//! Changes that somebody wants and somebody else must agree to.
use std::{collections::BTreeSet, fmt::Display};

use super::{
    assignment::AssignmentKind,
    id::{AssignmentId, ChangeRequestId, PrincipalId, RoleId, ScopeId},
    permission::Permission,
    policy::Files,
    role::Definition,
    settings::{Declared, Difference},
    step_up::Act,
    text::Justification,
    time::{Duration, Instant},
};

/// How long a change waits for somebody's word.
pub const WAITS: Duration = Duration::days(30);

/// Everything that it takes to carry a change out later. Its name and its fields are kept in the database for as long as
/// it waits, so that a variant, once shipped, is only ever added to.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(tag = "write", rename_all = "snake_case")]
pub enum Write {
    /// The next version of the terms of a role.
    SaveSettings {
        /// Of which role.
        role: RoleId,
        /// Where.
        scope: ScopeId,
        /// What the scope says itself.
        own: Box<Declared>,
        /// The number of the version that they were written after.
        after: i32,
        /// The template that they come from.
        template: Option<String>,
    },
    /// A role for somebody.
    Assign {
        /// To whom.
        principal: PrincipalId,
        /// Which role.
        role: RoleId,
        /// Where.
        scope: ScopeId,
        /// Eligible or active.
        kind: AssignmentKind,
        /// From when; none is at once.
        starts_at: Option<Instant>,
        /// Until when; none is for good.
        ends_at: Option<Instant>,
        /// Why.
        justification: Justification,
    },
    /// Other dates for an assignment.
    UpdateAssignment {
        /// Which.
        assignment: AssignmentId,
        /// From when; none leaves it as it is.
        starts_at: Option<Instant>,
        /// Until when; none is for good.
        ends_at: Option<Instant>,
    },
    /// An assignment of the other kind instead.
    ConvertAssignment {
        /// Which.
        assignment: AssignmentId,
        /// To which kind.
        to: AssignmentKind,
    },
    /// Another place for a place.
    MoveScope {
        /// Which.
        scope: ScopeId,
        /// Where it lay when this was asked for.
        from: ScopeId,
        /// Where it shall lie.
        parent: ScopeId,
    },
    /// Another meaning for a role.
    ChangeRole {
        /// Which.
        role: RoleId,
        /// What it was when this was asked for.
        from: Box<Definition>,
        /// What it shall be.
        to: Box<Definition>,
    },
    /// More time for an assignment that ends soon, as its holder wishes.
    ExtendAssignment {
        /// Which.
        assignment: AssignmentId,
        /// Until when.
        ends_at: Instant,
    },
    /// A new assignment instead of one that has run out, as its holder wishes.
    RenewAssignment {
        /// Which.
        assignment: AssignmentId,
        /// Until when.
        ends_at: Instant,
    },
    /// Everything that policy files say, as a whole.
    ApplyPolicy {
        /// The files.
        files: Files,
        /// Whether what is in none of them goes.
        prune: bool,
        /// What tells the plan that was looked at from every other.
        plan: String,
        /// The roles whose terms become weaker by it.
        weaker: BTreeSet<RoleId>,
        /// Everybody who gets something by it.
        holders: BTreeSet<PrincipalId>,
    },
}

impl Write {
    /// The stable name of its kind.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::SaveSettings { .. } => "save_settings",
            Self::Assign { .. } => "assign",
            Self::UpdateAssignment { .. } => "update_assignment",
            Self::ConvertAssignment { .. } => "convert_assignment",
            Self::MoveScope { .. } => "move_scope",
            Self::ChangeRole { .. } => "change_role",
            Self::ExtendAssignment { .. } => "extend_assignment",
            Self::RenewAssignment { .. } => "renew_assignment",
            Self::ApplyPolicy { .. } => "apply_policy",
        }
    }

    /// The assignment that it changes.
    #[must_use]
    pub const fn assignment(&self) -> Option<AssignmentId> {
        match self {
            Self::UpdateAssignment { assignment, .. }
            | Self::ConvertAssignment { assignment, .. }
            | Self::ExtendAssignment { assignment, .. }
            | Self::RenewAssignment { assignment, .. } => Some(*assignment),
            Self::SaveSettings { .. }
            | Self::Assign { .. }
            | Self::MoveScope { .. }
            | Self::ChangeRole { .. }
            | Self::ApplyPolicy { .. } => None,
        }
    }

    /// Whether its holder asks for more time: then whoever decides chooses what of it to give.
    #[must_use]
    pub const fn is_wish(&self) -> bool {
        matches!(self, Self::ExtendAssignment { .. } | Self::RenewAssignment { .. })
    }

    /// Whether its holder asks for a new assignment, since the old one has run out.
    #[must_use]
    pub const fn renews(&self) -> bool {
        matches!(self, Self::RenewAssignment { .. })
    }
}

/// A change that is to wait for somebody's word.
#[derive(Clone, Debug)]
pub struct Proposed {
    /// What is to be done.
    pub write: Write,
    /// What whoever makes such a change must be allowed.
    pub permission: Permission,
    /// Where.
    pub scope: ScopeId,
    /// The role that it is about.
    pub role: Option<RoleId>,
    /// Whoever gets something by it.
    pub subject: Option<PrincipalId>,
    /// Before and after.
    pub difference: Vec<Line>,
    /// Why.
    pub reason: Justification,
    /// When it lapses; [`WAITS`] from now if nothing else is said.
    pub expires_at: Option<Instant>,
}

/// What became of an administrative act.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome<T> {
    /// It is done.
    Done(T),
    /// Its author may not do it alone: it waits for somebody else's word.
    Waits(ChangeRequestId),
}

/// One field before and after a change, in words.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
pub struct Line {
    /// The field.
    pub field: String,
    /// Its value before; empty if there was none.
    pub before: String,
    /// Its value after.
    pub after: String,
}

impl Line {
    /// A field with both its values.
    pub fn new(field: &str, before: impl Display, after: impl Display) -> Self {
        Self { field: field.to_owned(), before: before.to_string(), after: after.to_string() }
    }
}

impl From<Difference> for Line {
    fn from(difference: Difference) -> Self {
        Self::new(difference.field, difference.before, difference.after)
    }
}

/// Where a change request stands.
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
#[sqlx(type_name = "change_state", rename_all = "snake_case")]
pub enum ChangeState {
    /// Waits for somebody's word.
    Pending,
    /// Somebody agreed, and it was done.
    CarriedOut,
    /// Somebody said no.
    Declined,
    /// Its author took it back.
    Withdrawn,
    /// Nobody decided in time.
    Lapsed,
    /// Somebody agreed, but the facts had changed.
    Failed,
}

impl ChangeState {
    /// What became of it, as the rest of a sentence.
    #[must_use]
    pub fn told(self) -> &'static str {
        match self {
            Self::CarriedOut => "was carried out",
            Self::Declined => "was declined",
            Self::Failed => "could not be carried out",
            Self::Lapsed => "has lapsed: nobody decided in time",
            Self::Withdrawn => "was taken back",
            Self::Pending => "waits",
        }
    }
}

/// What whoever decides makes of a holder's wish for more time.
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    Eq,
    serde::Serialize,
    serde::Deserialize,
    utoipa::ToSchema,
)]
#[serde(deny_unknown_fields)]
pub struct Amended {
    /// Another kind; none leaves it.
    pub kind: Option<AssignmentKind>,
    /// Another end; none leaves the one that was wished for.
    pub ends_at: Option<Instant>,
}

impl Amended {
    /// Whether nothing is to be other than was asked for.
    #[must_use]
    pub fn is_nothing(self) -> bool {
        self == Self::default()
    }
}

/// What somebody says to a change.
#[derive(Clone, Debug)]
pub struct Answer {
    /// Whether it is to be carried out.
    pub agree: bool,
    /// Why.
    pub reason: Justification,
    /// What is to be other than was asked for.
    pub amended: Amended,
}

impl Answer {
    /// The act that a decision is, for which a code is asked.
    #[must_use]
    pub fn act(&self, change: ChangeRequestId) -> Act {
        let Self { agree, amended, .. } = self;
        Act::DecideChange { change, agree: *agree, kind: amended.kind, ends_at: amended.ends_at }
    }
}

/// What is known of a change request when somebody is about to decide it.
#[derive(Clone, Copy, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
pub struct Facts {
    /// The time.
    pub now: Instant,
    /// Where it stands.
    pub state: ChangeState,
    /// When it lapses.
    pub expires_at: Instant,
    /// Whether whoever decides is its author, by whichever account.
    pub own: bool,
    /// Whether whoever decides would gain by it.
    pub gains: bool,
    /// Whether its holder asks for more time.
    pub is_wish: bool,
    /// Whether it is for an assignment that had run out when it was asked for.
    pub renews: bool,
}

/// Why somebody can't decide a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unfit {
    /// It is their own.
    Own,
    /// They gain by it.
    Gains,
    /// It waits no longer.
    Closed,
    /// Nobody decided in time.
    Lapsed,
    /// No reason was given for a no.
    NoReason,
    /// Only what a holder wishes can be given otherwise than was asked for.
    NotAmendable,
    /// What has run out is renewed until an end that the decider names.
    NoEnd,
}

/// Whether a change may be decided so; none if it may.
#[must_use]
pub fn unfit(facts: &Facts, answer: &Answer) -> Option<Unfit> {
    if facts.own {
        Some(Unfit::Own)
    } else if facts.state != ChangeState::Pending {
        Some(Unfit::Closed)
    } else if facts.expires_at <= facts.now {
        Some(Unfit::Lapsed)
    } else if facts.gains {
        Some(Unfit::Gains)
    } else if !answer.agree {
        answer.reason.is_empty().then_some(Unfit::NoReason)
    } else if !facts.is_wish && !answer.amended.is_nothing() {
        Some(Unfit::NotAmendable)
    } else if facts.renews && answer.amended.ends_at.is_none() {
        Some(Unfit::NoEnd)
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn facts() -> Facts {
        let now: Instant = "2026-11-22T12:00:00Z".parse().unwrap();
        Facts {
            now,
            state: ChangeState::Pending,
            expires_at: now + WAITS,
            own: false,
            gains: false,
            is_wish: false,
            renews: false,
        }
    }

    fn yes() -> Answer {
        Answer { agree: true, reason: Justification::default(), amended: Amended::default() }
    }

    #[test]
    fn nobody_agrees_to_what_is_their_own_or_to_their_gain() {
        assert_eq!(unfit(&facts(), &yes()), None);
        assert_eq!(unfit(&Facts { own: true, ..facts() }, &yes()), Some(Unfit::Own));
        assert_eq!(unfit(&Facts { gains: true, ..facts() }, &yes()), Some(Unfit::Gains));
    }

    #[test]
    fn a_no_takes_a_reason_and_nothing_else() {
        let no = Answer { agree: false, ..yes() };
        assert_eq!(unfit(&facts(), &no), Some(Unfit::NoReason));
        let no = Answer { reason: "Not now".parse().unwrap(), ..no };
        assert_eq!(unfit(&facts(), &no), None);
    }

    #[test]
    fn what_waits_no_longer_is_not_decided() {
        let lapsed = Facts { now: facts().expires_at, ..facts() };
        assert_eq!(unfit(&lapsed, &yes()), Some(Unfit::Lapsed));
        for state in [ChangeState::CarriedOut, ChangeState::Withdrawn, ChangeState::Failed] {
            assert_eq!(unfit(&Facts { state, ..facts() }, &yes()), Some(Unfit::Closed));
        }
    }

    #[test]
    fn only_a_wish_is_given_otherwise_and_what_ran_out_takes_a_new_end() {
        let end = Some(facts().now + WAITS);
        let other = Answer { amended: Amended { ends_at: end, kind: None }, ..yes() };
        assert_eq!(unfit(&facts(), &other), Some(Unfit::NotAmendable));
        let wish = Facts { is_wish: true, ..facts() };
        assert_eq!(unfit(&wish, &other), None);
        assert_eq!(unfit(&wish, &yes()), None);
        let renewal = Facts { renews: true, ..wish };
        assert_eq!(unfit(&renewal, &yes()), Some(Unfit::NoEnd));
        assert_eq!(unfit(&renewal, &other), None);
    }
}
