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
