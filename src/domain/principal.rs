//! Who can hold a role.

/// The kinds of holder.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, sqlx::Type)]
#[serde(rename_all = "snake_case")]
#[sqlx(type_name = "principal_kind", rename_all = "snake_case")]
pub enum PrincipalKind {
    /// An account of a person.
    User,
    /// A group of them.
    Group,
    /// An application.
    ServicePrincipal,
}
