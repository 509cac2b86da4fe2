//! One type for each kind of identifier, so that one can't stand where another is meant.

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident),* $(,)?) => {$(
        $(#[$doc])*
        #[derive(
            Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash,
            serde::Serialize, serde::Deserialize, sqlx::Type, utoipa::ToSchema,
        )]
        #[serde(transparent)]
        #[sqlx(transparent)]
        pub struct $name(pub uuid::Uuid);

        impl $name {
            /// A new identifier; its order is that of creation.
            #[must_use]
            pub fn new() -> Self {
                Self(uuid::Uuid::now_v7())
            }
        }

        impl Default for $name {
            fn default() -> Self {
                Self::new()
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.fmt(f)
            }
        }

        impl std::str::FromStr for $name {
            type Err = uuid::Error;

            fn from_str(text: &str) -> Result<Self, uuid::Error> {
                text.parse().map(Self)
            }
        }
    )*};
}

ids! {
    /// Identifies a human being.
    PersonId,
    /// Identifies a user, a group or an application.
    PrincipalId,
    /// Identifies a place where roles are held.
    ScopeId,
    /// Identifies a role.
    RoleId,
    /// Identifies one frozen version of a role's terms.
    SettingsId,
    /// Identifies a template of terms.
    TemplateId,
    /// Identifies an assignment, eligible or active.
    AssignmentId,
    /// Identifies a request.
    RequestId,
    /// Identifies a change that waits for somebody's word.
    ChangeRequestId,
    /// Identifies an approver's decision.
    DecisionId,
    /// Identifies a fresh proof by a second factor.
    ProofId,
    /// Identifies a signed-in browser.
    SessionId,
    /// Identifies an access token.
    AccessTokenId,
    /// Identifies a password, an authenticator or a recovery code.
    CredentialId,
    /// Identifies a secret or a key of an application.
    ApplicationCredentialId,
    /// Identifies an invitation or recovery link.
    LinkId,
    /// Identifies what was applied from policy files.
    PolicyApplicationId,
    /// Identifies an audit event.
    EventId,
    /// Identifies a list of assignments that was handed in.
    ImportId,
    /// Identifies the way of one assignment from standing to eligible.
    ConversionId,
}

impl ScopeId {
    /// The root of the tree: the organisation.
    pub const ROOT: Self = Self(shipped(0));
}

impl RoleId {
    /// Everything in Latchkey.
    pub const GLOBAL_ADMINISTRATOR: Self = Self(shipped(1));
    /// Assigns roles and sets their terms.
    pub const PRIVILEGED_ROLE_ADMINISTRATOR: Self = Self(shipped(2));
    /// Invites, disables and resets people.
    pub const USER_ADMINISTRATOR: Self = Self(shipped(3));
    /// Reads nearly everything; asks who has access.
    pub const SECURITY_ADMINISTRATOR: Self = Self(shipped(4));
    /// Reads and exports the audit log.
    pub const AUDITOR: Self = Self(shipped(7));
    /// Belongs to a group.
    pub const MEMBER: Self = Self(shipped(8));
    /// Looks after a group.
    pub const OWNER: Self = Self(shipped(9));
}

/// The identifiers of what the migrations create.
const fn shipped(number: u128) -> uuid::Uuid {
    uuid::Uuid::from_u128(0x0000_0000_0000_8000_8000_0000_0000_0000 | number)
}
