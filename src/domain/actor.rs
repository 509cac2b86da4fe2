//! Who does something, how they proved it, and from where.
use std::net::IpAddr;

use uuid::Uuid;

use super::id::{AccessTokenId, PersonId, PrincipalId, SessionId};

/// Whoever causes a change.
#[derive(Clone, Debug)]
pub struct Actor {
    /// Who it is.
    pub who: Who,
    /// Where the request came from, if it came over the network.
    pub address: Option<IpAddr>,
    /// Ties together everything that one request causes: log lines, events, the answer.
    pub correlation: Uuid,
    /// Set if the client said that a repeat of this request must not take effect twice.
    pub idempotency: Option<Idempotency>,
}

/// The kinds of actor.
#[derive(Clone, Debug)]
pub enum Who {
    /// Somebody who is signed in, or whose token was shown.
    User(User),
    /// A program that signed in for itself.
    Application(Application),
    /// Latchkey itself.
    System,
    /// Whoever has a shell on the server.
    Operator,
    /// Nobody that is known.
    Anonymous,
}

/// Somebody who is signed in.
#[derive(Clone, Debug)]
pub struct User {
    /// The account.
    pub principal: PrincipalId,
    /// The human being.
    pub person: PersonId,
    /// The person's name, as it is shown.
    pub name: String,
    /// What the account was proved by.
    pub via: Via,
}

/// A program that signed in for itself.
#[derive(Clone, Debug)]
pub struct Application {
    /// The application.
    pub principal: PrincipalId,
    /// What it is called.
    pub name: String,
    /// The people behind it, the accountable one first: its owners, and whoever else can sign in as it.
    pub people: Vec<PersonId>,
    /// The token that it showed.
    pub token: AccessTokenId,
    /// What the token may be used for.
    pub scopes: Vec<TokenScope>,
}

/// What a user came in with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Via {
    /// A browser session.
    Session(SessionId),
    /// A personal access token, good for some things only.
    AccessToken(AccessTokenId, Vec<TokenScope>),
}

/// What an access token may be used for. Never more than its owner may do at the time.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize, utoipa::ToSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum TokenScope {
    /// Read what its owner may read, but for the audit log.
    Read,
    /// Activate, extend and end its owner's own roles.
    Activate,
    /// Decide requests.
    Approve,
    /// Change roles, terms, assignments and people.
    Administer,
    /// Read and export the audit log.
    Audit,
    /// Ask whether somebody holds a role.
    CheckAccess,
}

impl TokenScope {
    /// All of them, with the names that they are stored and shown by.
    pub const ALL: [(Self, &'static str); 6] = [
        (Self::Read, "read"),
        (Self::Activate, "activate"),
        (Self::Approve, "approve"),
        (Self::Administer, "administer"),
        (Self::Audit, "audit"),
        (Self::CheckAccess, "check_access"),
    ];

    /// Its name.
    #[must_use]
    pub fn name(self) -> &'static str {
        Self::ALL.iter().find(|(scope, _)| *scope == self).map_or("", |(_, name)| name)
    }

    /// The scope of that name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.iter().find(|(_, known)| *known == name).map(|(scope, _)| *scope)
    }
}

/// A client's promise that the same key means the same request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Idempotency {
    /// The client's key.
    pub key: String,
    /// A digest of everything that was asked under it.
    pub fingerprint: [u8; 32],
}

impl Idempotency {
    /// The promise for one part of a request that has several, each of which takes effect by itself.
    #[must_use]
    pub fn part(&self, part: impl std::fmt::Display) -> Self {
        Self { key: format!("{}#{part}", self.key), fingerprint: self.fingerprint }
    }
}

impl Actor {
    /// Latchkey itself, at work on its own account.
    #[must_use]
    pub fn system() -> Self {
        Self::without_address(Who::System)
    }

    /// Whoever has a shell on the server.
    #[must_use]
    pub fn operator() -> Self {
        Self::without_address(Who::Operator)
    }

    fn without_address(who: Who) -> Self {
        Self { who, address: None, correlation: Uuid::now_v7(), idempotency: None }
    }

    /// The signed-in user, if it is one.
    #[must_use]
    pub fn user(&self) -> Option<&User> {
        match &self.who {
            Who::User(user) => Some(user),
            Who::Application(_) | Who::System | Who::Operator | Who::Anonymous => None,
        }
    }

    /// The account or the application, if it is one.
    #[must_use]
    pub fn principal(&self) -> Option<PrincipalId> {
        match &self.who {
            Who::User(user) => Some(user.principal),
            Who::Application(application) => Some(application.principal),
            Who::System | Who::Operator | Who::Anonymous => None,
        }
    }

    /// The human beings behind it: the user, or everybody who can sign in as the application. What is given to one of them
    /// is given to oneself.
    #[must_use]
    pub fn people(&self) -> &[PersonId] {
        match &self.who {
            Who::User(user) => std::slice::from_ref(&user.person),
            Who::Application(application) => &application.people,
            Who::System | Who::Operator | Who::Anonymous => &[],
        }
    }

    /// Whether one of these people is behind it.
    #[must_use]
    pub fn is_one_of(&self, people: &[PersonId]) -> bool {
        self.people().iter().any(|own| people.contains(own))
    }
}
