//! What terms lead to: what is in force at a scope and below it, as things stand and as they would be.
use sqlx::PgConnection;

use crate::{
    domain::{
        id::{RoleId, ScopeId},
        settings::{Declared, Effective, Field, Fields, Settings, resolve},
    },
    error::Error,
    store::{
        self,
        settings::{Place, Placed, Version},
    },
};

/// The terms of a role around a scope: at it, above it and below it.
pub(super) struct Tree {
    role: RoleId,
    placed: Vec<Placed>,
}

/// The terms in force at a place.
pub(super) struct Resolved {
    /// The terms.
    pub(super) effective: Effective,
    /// The scopes that say something, from the organisation down.
    links: Vec<ScopeId>,
}

impl Resolved {
    /// The scope that a field comes from.
    pub(super) fn scope_of(&self, field: Field) -> ScopeId {
        self.links.get(self.effective.source(field).level).copied().unwrap_or(ScopeId::ROOT)
    }

    /// The fields that are enforced above `scope`.
    pub(super) fn locked_at(&self, scope: ScopeId) -> Fields {
        let level = self.links.iter().position(|link| *link == scope);
        self.effective.locked_at(level.unwrap_or(self.links.len()))
    }
}

impl Tree {
    /// Reads it.
    pub(super) async fn read(
        connection: &mut PgConnection,
        role: RoleId,
        scope: ScopeId,
    ) -> Result<Self, Error> {
        Ok(Self { role, placed: store::settings::around(connection, role, scope).await? })
    }

    /// The newest version at a scope itself.
    pub(super) fn at(&self, scope: ScopeId) -> Option<&Version> {
        self.find(scope).map(|placed| &placed.version)
    }

    /// A scope that has a version.
    pub(super) fn find(&self, scope: ScopeId) -> Option<&Placed> {
        self.placed.iter().find(|placed| placed.place.id == scope)
    }

    /// What is in force at the end of `path`, if one scope said what `next` says.
    pub(super) fn resolve(
        &self,
        path: &[ScopeId],
        next: Option<(ScopeId, &Declared)>,
    ) -> Result<Resolved, Error> {
        let says = |scope: &ScopeId| match next {
            Some((changed, declared)) if changed == *scope => Some((*scope, declared.clone())),
            _ => self.at(*scope).map(|version| (*scope, version.declared())),
        };
        let (links, chain): (Vec<_>, Vec<_>) = path.iter().filter_map(says).unzip();
        let (organisation, below) = chain
            .split_first()
            .ok_or(Error::Inconsistent { table: "role_settings", id: self.role.0 })?;
        Ok(Resolved { effective: resolve(organisation, below), links })
    }

    /// The versions at scopes below `scope`, or at `scope` as well, whose terms would be others if one scope said what
    /// `next` says; each after those above it.
    pub(super) fn steps(
        &self,
        scope: ScopeId,
        itself: bool,
        next: Option<(ScopeId, &Declared)>,
    ) -> Result<Vec<Step>, Error> {
        let mut steps = Vec::new();
        for Placed { place, version } in &self.placed {
            if !place.path.contains(&scope) || (place.id == scope && !itself) {
                continue;
            }
            let after = self.resolve(&place.path, next)?.effective.settings;
            if after != version.settings {
                steps.push(Step {
                    place: place.clone(),
                    number: version.number,
                    declared: version.declared(),
                    before: version.settings.clone(),
                    after,
                });
            }
        }
        Ok(steps)
    }
}

/// Terms that become others at one scope.
#[derive(Clone, Debug)]
pub(super) struct Step {
    /// The place.
    pub(super) place: Place,
    /// The number of the version there; 0 if there is none.
    pub(super) number: i32,
    /// What it says itself from now on.
    pub(super) declared: Declared,
    /// The terms in force until now.
    pub(super) before: Settings,
    /// The terms in force from now on.
    pub(super) after: Settings,
}

impl Step {
    /// Whether the terms ask in anything for more than before.
    pub(super) fn strengthens(&self) -> bool {
        self.after.weakened_by(&self.before)
    }

    /// Whether the terms ask for less than before.
    pub(super) fn weakens(&self) -> bool {
        self.before.weakened_by(&self.after)
    }
}

/// How things stand for a role at a scope.
pub(super) struct Standing {
    /// The place.
    pub(super) place: Place,
    /// The role's terms around it.
    pub(super) tree: Tree,
    /// What is in force there.
    pub(super) resolved: Resolved,
    /// The number of the version there; 0 if there is none.
    pub(super) number: i32,
    /// What it says itself; nothing, if it only inherits.
    pub(super) declared: Declared,
    /// What is enforced above it.
    pub(super) locked: Fields,
}

impl Standing {
    /// Reads it.
    pub(super) async fn read(
        connection: &mut PgConnection,
        role: RoleId,
        scope: ScopeId,
    ) -> Result<Self, Error> {
        let place = store::settings::place(connection, scope).await?;
        let tree = Tree::read(connection, role, scope).await?;
        let resolved = tree.resolve(&place.path, None)?;
        let current = tree.at(scope);
        let number = current.map_or(0, |version| version.number);
        let declared = current.map_or_else(
            || Declared {
                settings: resolved.effective.settings.clone(),
                own: Fields::new(),
                enforced: Fields::new(),
            },
            Version::declared,
        );
        let locked = resolved.locked_at(scope);
        Ok(Self { place, tree, resolved, number, declared, locked })
    }

    /// What would become others if the scope said this: there, which comes first, and below.
    pub(super) fn with(&self, next: &Declared) -> Result<(Step, Vec<Step>), Error> {
        let scope = self.place.id;
        let here = Step {
            place: self.place.clone(),
            number: self.number,
            declared: next.clone(),
            before: self.resolved.effective.settings.clone(),
            after: self.tree.resolve(&self.place.path, Some((scope, next)))?.effective.settings,
        };
        Ok((here, self.tree.steps(scope, false, Some((scope, next)))?))
    }
}
