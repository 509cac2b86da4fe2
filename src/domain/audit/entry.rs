//! An event as it stands in the log: with who did it, when and from where, and the names of that moment.
use ipnet::IpNet;
use uuid::Uuid;

use super::Outcome;
use crate::domain::{
    id::{AssignmentId, EventId, PersonId, PrincipalId, RequestId, RoleId, ScopeId, SessionId},
    time::Instant,
};

/// The kinds of actor.
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
#[sqlx(type_name = "actor_kind", rename_all = "snake_case")]
pub enum ActorKind {
    /// Somebody who was signed in.
    User,
    /// Latchkey itself.
    System,
    /// Whoever had a shell on the server.
    Operator,
    /// Nobody that was known.
    Anonymous,
    /// An application that had signed in for itself.
    Application,
}

impl ActorKind {
    const ALL: [(Self, &'static str); 5] = [
        (Self::User, "user"),
        (Self::System, "system"),
        (Self::Operator, "operator"),
        (Self::Anonymous, "anonymous"),
        (Self::Application, "application"),
    ];

    /// Its stable name.
    #[must_use]
    pub fn name(self) -> &'static str {
        Self::ALL.iter().find(|(kind, _)| *kind == self).map_or("", |(_, name)| name)
    }

    /// The kind of that name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.iter().find(|(_, known)| *known == name).map(|(kind, _)| *kind)
    }
}

/// One line of the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Identifies it.
    pub id: EventId,
    /// The database transaction that wrote it: events of one change share it.
    pub transaction: i64,
    /// When it happened.
    pub at: Instant,
    /// What kind of thing happened, by its stable name. A text, since a copy may know kinds that this program does not.
    pub kind: String,
    /// How it came out.
    pub outcome: Outcome,
    /// What kind of actor did it.
    pub actor_kind: ActorKind,
    /// The account or application that did it.
    pub actor: Option<PrincipalId>,
    /// The human being behind it; of an application, who was accountable for it.
    pub actor_person: Option<PersonId>,
    /// What they were called.
    pub actor_name: String,
    /// Whom it is about.
    pub subject: Option<PrincipalId>,
    /// What they were called.
    pub subject_name: Option<String>,
    /// The role that it is about.
    pub role: Option<RoleId>,
    /// What it was called.
    pub role_name: Option<String>,
    /// The scope that it is about.
    pub scope: Option<ScopeId>,
    /// What it was called.
    pub scope_name: Option<String>,
    /// The request that it belongs to.
    pub request: Option<RequestId>,
    /// The assignment that it belongs to.
    pub assignment: Option<AssignmentId>,
    /// The changed row, when it is none of the above.
    pub target: Option<Uuid>,
    /// The browser session in which it was done.
    pub session: Option<SessionId>,
    /// Where the request came from.
    pub address: Option<IpNet>,
    /// Ties together everything that one request caused.
    pub correlation: Option<Uuid>,
    /// The facts: JSON, to the byte as it was written.
    pub detail: String,
    /// Its place in the chain, once it has one.
    pub seal: Option<Seal>,
}

/// An event's place in the chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seal {
    /// Its number, counted from one without a gap.
    pub sequence: i64,
    /// When it was numbered.
    pub sealed_at: Instant,
    /// The hash of the event before; zeros before the first.
    pub previous: [u8; 32],
    /// The hash over the one before and everything that this event says.
    pub hash: [u8; 32],
}
