//! What Latchkey's own administrator roles allow.

/// Something that a role in Latchkey may allow. Nobody may do it who holds no such role at this very moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Permission {
    /// See roles, their terms and who holds them.
    ReadRoles,
    /// Create and change roles.
    ManageRoles,
    /// Create, rename, move and retire places.
    ManageScopes,
    /// Give and take roles.
    ManageAssignments,
    /// Set the terms of roles.
    ManageSettings,
    /// See people.
    ReadPeople,
    /// Invite, disable and reset people who can reach no privileged role.
    ManagePeople,
    /// Do so with everybody else as well.
    ManagePrivilegedPeople,
    /// Create groups, and change who belongs to them.
    ManageGroups,
    /// Register applications, and change who answers for them.
    ManageApplications,
    /// See everybody's requests.
    ReadRequests,
    /// Cancel anybody's request.
    CancelRequests,
    /// Read and export the audit log.
    ReadAudit,
    /// Ask whether somebody else holds a role.
    CheckAccess,
}

impl Permission {
    /// All of them, with the names that roles carry in the database.
    pub const ALL: [(Self, &'static str); 14] = [
        (Self::ReadRoles, "roles.read"),
        (Self::ManageRoles, "roles.manage"),
        (Self::ManageScopes, "scopes.manage"),
        (Self::ManageAssignments, "assignments.manage"),
        (Self::ManageSettings, "settings.manage"),
        (Self::ReadPeople, "people.read"),
        (Self::ManagePeople, "people.manage"),
        (Self::ManagePrivilegedPeople, "privileged_people.manage"),
        (Self::ManageGroups, "groups.manage"),
        (Self::ManageApplications, "applications.manage"),
        (Self::ReadRequests, "requests.read"),
        (Self::CancelRequests, "requests.cancel"),
        (Self::ReadAudit, "audit.read"),
        (Self::CheckAccess, "access.check"),
    ];

    /// Its name in the database and in messages.
    #[must_use]
    pub fn name(self) -> &'static str {
        Self::ALL.iter().find(|(permission, _)| *permission == self).map_or("", |(_, name)| name)
    }

    /// The permission of that name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.iter().find(|(_, known)| *known == name).map(|(permission, _)| *permission)
    }
}

/// What somebody may do at this moment.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(from = "Vec<String>", into = "Vec<String>")]
pub struct Permissions(std::collections::BTreeSet<Permission>);

impl Permissions {
    /// Whether `permission` is among them.
    #[must_use]
    pub fn allow(&self, permission: Permission) -> bool {
        self.0.contains(&permission)
    }

    /// Each of them, in order.
    pub fn iter(&self) -> impl Iterator<Item = Permission> {
        self.0.iter().copied()
    }

    /// Their names, in order.
    #[must_use]
    pub fn names(&self) -> Vec<&'static str> {
        self.0.iter().map(|permission| permission.name()).collect()
    }

    /// The permissions with these names; names that mean nothing allow nothing.
    #[must_use]
    pub fn named(names: &[String]) -> Self {
        Self(names.iter().filter_map(|name| Permission::named(name)).collect())
    }

    /// Everything; for the operator at the command line.
    #[must_use]
    pub fn all() -> Self {
        Self(Permission::ALL.iter().map(|(permission, _)| *permission).collect())
    }
}

impl FromIterator<Permission> for Permissions {
    fn from_iter<T: IntoIterator<Item = Permission>>(permissions: T) -> Self {
        Self(permissions.into_iter().collect())
    }
}

impl From<Vec<String>> for Permissions {
    fn from(names: Vec<String>) -> Self {
        Self::named(&names)
    }
}

impl From<Permissions> for Vec<String> {
    fn from(permissions: Permissions) -> Self {
        permissions.names().into_iter().map(str::to_owned).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_permission_has_a_name_of_its_own() {
        for (permission, name) in Permission::ALL {
            assert_eq!(permission.name(), name);
            assert_eq!(Permission::named(name), Some(permission));
        }
        assert_eq!(Permission::named("everything"), None);
    }
}
