//! What there is, as far as policy speaks of it.
use super::terms::OwnTerms;
use crate::domain::{
    assignment::AssignmentKind,
    id::{AssignmentId, PrincipalId, RoleId, ScopeId, TemplateId},
    permission::Permissions,
    principal::PrincipalKind,
    role::{Definition, ScopeKind},
    text::{Description, Name},
    time::Instant,
};

/// Everything that policy speaks of, as it is at one moment. Nothing in it is retired, disabled or over.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct State {
    /// Whether whoever asks sees only a part of the organisation: then files say nothing about the whole of it.
    pub partial: bool,
    /// The roles.
    pub roles: Vec<Role>,
    /// The places, without the organisation and without those of groups.
    pub scopes: Vec<Scope>,
    /// The groups.
    pub groups: Vec<Group>,
    /// The users and applications.
    pub accounts: Vec<Account>,
    /// The templates.
    pub templates: Vec<Template>,
    /// What places say themselves about roles.
    pub terms: Vec<Terms>,
    /// What was assigned.
    pub assignments: Vec<Assignment>,
}

/// A role.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Role {
    /// Which.
    pub id: RoleId,
    /// Its name.
    pub name: Name,
    /// What it lets one do.
    pub description: Description,
    /// Whether it is privileged.
    pub privileged: bool,
    /// Where it can be held, from the outermost to the innermost kind of place.
    pub held_at: Vec<ScopeKind>,
    /// What it allows in Latchkey.
    pub permissions: Permissions,
    /// Whether it ships with Latchkey.
    pub built_in: bool,
}

impl Role {
    /// What it is.
    #[must_use]
    pub fn definition(&self) -> Definition {
        Definition {
            name: self.name.clone(),
            description: self.description.clone(),
            privileged: self.privileged,
            scope_kinds: self.held_at.clone(),
            permissions: self.permissions.clone(),
        }
    }
}

/// A place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scope {
    /// Which.
    pub id: ScopeId,
    /// Where it lies.
    pub parent: ScopeId,
    /// What it is.
    pub kind: ScopeKind,
    /// Its name.
    pub name: Name,
    /// What it is for.
    pub description: Description,
    /// Whether whoever asks may see it; otherwise it only shows the way to what they may see.
    pub seen: bool,
}

/// A group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    /// Which.
    pub id: PrincipalId,
    /// Its own place.
    pub scope: ScopeId,
    /// Where it lies.
    pub parent: ScopeId,
    /// Its name.
    pub name: Name,
    /// What it is for.
    pub description: Description,
    /// Whether whoever asks may see it; otherwise it is only a holder's name.
    pub seen: bool,
}

/// A user or an application.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// Which.
    pub id: PrincipalId,
    /// What it is.
    pub kind: PrincipalKind,
    /// Its name.
    pub name: String,
    /// Whether it is there for emergencies, so that nothing is taken from it unasked.
    pub break_glass: bool,
}

/// Terms by name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Template {
    /// Which.
    pub id: TemplateId,
    /// Its name.
    pub name: Name,
    /// What it is for.
    pub description: Description,
    /// The number of its version.
    pub number: i32,
    /// Whether it ships with Latchkey.
    pub built_in: bool,
    /// The terms.
    pub terms: OwnTerms<PrincipalId, RoleId>,
}

/// What a place says itself about a role.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Terms {
    /// The role.
    pub role: RoleId,
    /// The place.
    pub scope: ScopeId,
    /// The number of the version.
    pub number: i32,
    /// What it says.
    pub own: OwnTerms<PrincipalId, RoleId>,
}

/// What was assigned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Assignment {
    /// Which.
    pub id: AssignmentId,
    /// To whom.
    pub holder: PrincipalId,
    /// Which role.
    pub role: RoleId,
    /// Where.
    pub scope: ScopeId,
    /// Eligible or active.
    pub kind: AssignmentKind,
    /// From when.
    pub starts_at: Instant,
    /// Until when; none is for good.
    pub ends_at: Option<Instant>,
    /// Whether it was made to start later than at once.
    pub scheduled: bool,
}
