//! The files as they were read: what somebody wants there to be, by names.
use super::{
    place::{HolderName, Path, Place},
    terms::OwnTerms,
};
use crate::domain::{
    assignment::AssignmentKind,
    id::{AssignmentId, PrincipalId, RoleId, ScopeId, TemplateId},
    permission::Permissions,
    role::{Definition, ScopeKind},
    text::{Description, Justification, Name},
    time::Instant,
};

/// The files of a policy. One that is missing says nothing about its things.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum File {
    /// The roles.
    Roles,
    /// The places.
    Scopes,
    /// The groups.
    Groups,
    /// The templates, and what places say about roles.
    Settings,
    /// Who holds what, and who belongs to groups.
    Assignments,
}

impl File {
    /// All of them, with their names.
    pub const ALL: [(Self, &'static str); 5] = [
        (Self::Roles, "roles.toml"),
        (Self::Scopes, "scopes.toml"),
        (Self::Groups, "groups.toml"),
        (Self::Settings, "settings.toml"),
        (Self::Assignments, "assignments.toml"),
    ];

    /// Its name.
    #[must_use]
    pub fn name(self) -> &'static str {
        Self::ALL.iter().find(|(file, _)| *file == self).map_or("", |(_, name)| name)
    }

    /// The file of that name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.iter().find(|(_, known)| *known == name).map(|(file, _)| *file)
    }
}

/// Where in the files something is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
pub struct At {
    /// The file.
    pub file: File,
    /// The line, from 1.
    pub line: usize,
}

/// What is wrong with the files.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Fault {
    /// Where.
    pub at: At,
    /// The key that it is about; empty if it is about all of the row.
    pub key: String,
    /// What is wrong and what to do.
    pub message: String,
}

impl std::fmt::Display for Fault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { at, key, message } = self;
        write!(f, "{}, line {}", at.file.name(), at.line)?;
        if !key.is_empty() {
            write!(f, ", {key}")?;
        }
        write!(f, ": {message}")
    }
}

/// The rows of one kind in a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rows<T> {
    /// Whether what is not in the file is to go.
    pub prune: bool,
    /// The rows, each with where it is written.
    pub rows: Vec<(At, T)>,
}

/// All files.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Document {
    /// The roles.
    pub roles: Option<Rows<RoleRow>>,
    /// The places.
    pub scopes: Option<Rows<ScopeRow>>,
    /// The groups.
    pub groups: Option<Rows<GroupRow>>,
    /// The templates.
    pub templates: Option<Rows<TemplateRow>>,
    /// What places say about roles.
    pub terms: Option<Rows<TermsRow>>,
    /// Who holds what.
    pub assignments: Option<Rows<AssignmentRow>>,
}

/// A role that is wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoleRow {
    /// Which it is, if it is there already.
    pub id: Option<RoleId>,
    /// Its name.
    pub name: Name,
    /// What it lets one do; none leaves it.
    pub description: Option<Description>,
    /// Whether it is privileged.
    pub privileged: bool,
    /// Where it can be held; none is where roles usually can.
    pub held_at: Option<Vec<ScopeKind>>,
    /// What it allows in Latchkey; none is nothing.
    pub permissions: Option<Permissions>,
}

impl RoleRow {
    /// What the role is to be, where the row says nothing of its description.
    #[must_use]
    pub fn definition(&self, description: Description) -> Definition {
        Definition {
            name: self.name.clone(),
            description: self.description.clone().unwrap_or(description),
            privileged: self.privileged,
            scope_kinds: self.held_at.clone().unwrap_or_else(|| ScopeKind::USUAL.to_vec()),
            permissions: self.permissions.clone().unwrap_or_default(),
        }
    }
}

/// A place that is wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScopeRow {
    /// Which it is, if it is there already.
    pub id: Option<ScopeId>,
    /// Where it lies and what it is called.
    pub path: Path,
    /// What it is.
    pub kind: ScopeKind,
    /// What it is for; none leaves it.
    pub description: Option<Description>,
}

/// A group that is wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupRow {
    /// Which it is, if it is there already.
    pub id: Option<PrincipalId>,
    /// Its name.
    pub name: Name,
    /// What it is for; none leaves it.
    pub description: Option<Description>,
    /// Where it lies.
    pub lies_in: Path,
}

/// A template that is wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TemplateRow {
    /// Which it is, if it is there already.
    pub id: Option<TemplateId>,
    /// Its name.
    pub name: Name,
    /// What it is for; none leaves it.
    pub description: Option<Description>,
    /// Its terms.
    pub terms: OwnTerms<HolderName, Name>,
}

/// What a place is to say about a role.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TermsRow {
    /// The role.
    pub role: Name,
    /// The place.
    pub scope: Place,
    /// What it says itself.
    pub own: OwnTerms<HolderName, Name>,
}

/// An assignment that is wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AssignmentRow {
    /// Which it is, if it is there already.
    pub id: Option<AssignmentId>,
    /// To whom.
    pub holder: HolderName,
    /// Which role.
    pub role: Name,
    /// Where.
    pub scope: Place,
    /// Eligible or active.
    pub kind: AssignmentKind,
    /// From when; none is at once, or leaves it.
    pub from: Option<Instant>,
    /// Until when; none is for good.
    pub until: Option<Instant>,
    /// Why, for the time when it is made.
    pub reason: Option<Justification>,
}
