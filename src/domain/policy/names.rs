//! What things are called, by what they are.
use std::collections::{BTreeMap, HashMap};

use super::{
    place::{HolderName, Path, Place},
    state::State,
};
use crate::domain::{
    id::{PrincipalId, RoleId, ScopeId},
    principal::PrincipalKind,
    text::Name,
};

/// The names of everything in a state.
#[derive(Clone, Debug, Default)]
pub(super) struct Names {
    pub(super) roles: HashMap<RoleId, Name>,
    /// The places, the organisation's and those of groups among them.
    pub(super) places: HashMap<ScopeId, Place>,
    pub(super) holders: HashMap<PrincipalId, HolderName>,
}

impl Names {
    pub(super) fn of(state: &State) -> Self {
        let mut places = HashMap::from([(ScopeId::ROOT, Place::At(Path::default()))]);
        for (id, path) in paths(state) {
            places.insert(id, Place::At(path));
        }
        let mut holders = HashMap::new();
        for group in &state.groups {
            places.insert(group.scope, Place::Group(group.name.clone()));
            let name = group.name.as_str().to_owned();
            holders.insert(group.id, HolderName { kind: PrincipalKind::Group, name });
        }
        for account in &state.accounts {
            let name = HolderName { kind: account.kind, name: account.name.clone() };
            holders.insert(account.id, name);
        }
        let roles = state.roles.iter().map(|role| (role.id, role.name.clone())).collect();
        Self { roles, places, holders }
    }

    /// The path of a place that is not a group's.
    pub(super) fn path(&self, id: ScopeId) -> Option<&Path> {
        match self.places.get(&id)? {
            Place::At(path) => Some(path),
            Place::Group(_) => None,
        }
    }
}

/// The paths of all places, from the organisation down.
pub(super) fn paths(state: &State) -> Vec<(ScopeId, Path)> {
    let mut inside: BTreeMap<ScopeId, Vec<(ScopeId, &Name)>> = BTreeMap::new();
    for scope in &state.scopes {
        inside.entry(scope.parent).or_default().push((scope.id, &scope.name));
    }
    let mut found = Vec::with_capacity(state.scopes.len());
    let mut level = vec![(ScopeId::ROOT, Path::default())];
    while let Some((place, path)) = level.pop() {
        for (id, name) in inside.remove(&place).unwrap_or_default() {
            let path = path.with(name);
            found.push((id, path.clone()));
            level.push((id, path));
        }
    }
    found
}
