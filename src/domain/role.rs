//! Roles, and the places where they can be held.
use super::{
    fault::FieldError,
    permission::{Permission, Permissions},
    text::{Description, Name},
};

/// What a role is.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Definition {
    /// Its name.
    pub name: Name,
    /// What it lets one do.
    pub description: Description,
    /// Whether it is privileged.
    pub privileged: bool,
    /// Where it can be held.
    pub scope_kinds: Vec<ScopeKind>,
    /// What it allows in Latchkey.
    pub permissions: Permissions,
}

impl Definition {
    /// What may be allowed to somebody whose role is not privileged: to look, and to ask.
    const HARMLESS: [Permission; 5] = [
        Permission::ReadRoles,
        Permission::ReadPeople,
        Permission::ReadRequests,
        Permission::ReadAudit,
        Permission::CheckAccess,
    ];

    /// What no role can be, field by field.
    #[must_use]
    pub fn faults(&self) -> Vec<FieldError> {
        let mut faults = Vec::new();
        let mut fault = |field, message: &str| {
            faults.push(FieldError::new(field, message));
        };
        if self.scope_kinds.is_empty() {
            fault("scope_kinds", "choose at least one kind of place");
        }
        if !self.privileged && self.permissions.iter().any(|it| !Self::HARMLESS.contains(&it)) {
            fault(
                "privileged",
                "whoever holds this role can change something in Latchkey: mark it as privileged",
            );
        }
        faults
    }
}

/// The kinds of place in the tree.
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
#[sqlx(type_name = "scope_kind", rename_all = "snake_case")]
pub enum ScopeKind {
    /// The root.
    Organization,
    /// A folder of others.
    Folder,
    /// A system.
    System,
    /// Something in a system.
    Resource,
    /// A group.
    Group,
}

impl ScopeKind {
    /// Its stable name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Organization => "organization",
            Self::Folder => "folder",
            Self::System => "system",
            Self::Resource => "resource",
            Self::Group => "group",
        }
    }

    /// The kind of that name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }

    /// These kinds, each once, from the outermost to the innermost.
    #[must_use]
    pub fn in_order(kinds: &[Self]) -> Vec<Self> {
        Self::ALL.into_iter().filter(|kind| kinds.contains(kind)).collect()
    }

    /// The kinds of place at which a role can be held, unless it says otherwise: all but groups.
    pub const USUAL: [Self; 4] = [Self::Organization, Self::Folder, Self::System, Self::Resource];

    /// All kinds, from the outermost to the innermost.
    pub const ALL: [Self; 5] =
        [Self::Organization, Self::Folder, Self::System, Self::Resource, Self::Group];

    /// Whether a place of this kind may lie in one of kind `parent`: nothing lies in a group, no folders and systems lie in
    /// systems and resources, and the organisation lies in nothing. The database holds the same (`scopes_fit`).
    #[must_use]
    pub const fn may_lie_in(self, parent: Self) -> bool {
        !matches!(
            (self, parent),
            (Self::Organization, _)
                | (_, Self::Group)
                | (Self::Folder | Self::System, Self::System | Self::Resource)
        )
    }
}

#[cfg(test)]
mod tests {
    use super::ScopeKind::{self, Folder, Group, Organization, Resource, System};

    #[test]
    fn what_may_lie_where() {
        let inside =
            |parent| ScopeKind::ALL.into_iter().filter(move |kind| kind.may_lie_in(parent));
        for open in [Organization, Folder] {
            assert_eq!(inside(open).collect::<Vec<_>>(), [Folder, System, Resource, Group]);
        }
        for narrow in [System, Resource] {
            assert_eq!(inside(narrow).collect::<Vec<_>>(), [Resource, Group]);
        }
        assert_eq!(inside(Group).count(), 0);
    }
}
