//! Whoever can hold a role.

/// The kinds of principal.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    serde::Serialize,
    serde::Deserialize,
    sqlx::Type,
    utoipa::ToSchema,
)]
#[serde(rename_all = "snake_case")]
#[sqlx(type_name = "principal_kind", rename_all = "snake_case")]
pub enum PrincipalKind {
    /// An account of a person.
    User,
    /// A group, for its members.
    Group,
    /// An application.
    ServicePrincipal,
}
