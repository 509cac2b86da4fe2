//! Roles, and the places where they can be held.

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
    /// All kinds, from the outermost to the innermost.
    pub const ALL: [Self; 5] =
        [Self::Organization, Self::Folder, Self::System, Self::Resource, Self::Group];

    /// Whether a place of this kind may lie in one of kind `parent`: nothing lies in a group, no folders and systems lie in
    /// systems and resources, and the organisation lies in nothing. The database holds the same (`scopes_fit`).
    #[must_use]
    pub const fn may_lie_in(self, parent: Self) -> bool {
        match (self, parent) {
            (Self::Organization, _) | (_, Self::Group) => false,
            (Self::Folder | Self::System, Self::System | Self::Resource) => false,
            _ => true,
        }
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
