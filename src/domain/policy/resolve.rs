//! Finding what the rows of the files are about: things that are there, or things that they make.
use std::{
    collections::{HashMap, HashSet},
    hash::Hash,
};

use super::{
    document::{
        AssignmentRow, At, Document, Fault, GroupRow, RoleRow, Rows, ScopeRow, TemplateRow,
        TermsRow,
    },
    place::{Folded, HolderName, Path, Place},
    plan::Which,
    state::State,
    terms::OwnTerms,
};
use crate::domain::{
    approval::Stage,
    id::{PrincipalId, RoleId, ScopeId, TemplateId},
    principal::PrincipalKind,
    text::{Name, fold},
};

/// A place that is wanted.
pub(super) struct WantedScope<'row> {
    pub(super) at: At,
    pub(super) which: Which<ScopeId>,
    pub(super) parent: Which<ScopeId>,
    pub(super) name: Name,
    pub(super) row: &'row ScopeRow,
}

/// A group that is wanted.
pub(super) struct WantedGroup<'row> {
    pub(super) at: At,
    pub(super) which: Which<PrincipalId>,
    pub(super) parent: Which<ScopeId>,
    pub(super) row: &'row GroupRow,
}

/// A template that is wanted.
pub(super) struct WantedTemplate<'row> {
    pub(super) at: At,
    pub(super) which: Which<TemplateId>,
    pub(super) terms: OwnTerms<Which<PrincipalId>, Which<RoleId>>,
    pub(super) row: &'row TemplateRow,
}

/// What a place is to say about a role.
pub(super) struct WantedTerms {
    pub(super) at: At,
    pub(super) role: Which<RoleId>,
    pub(super) scope: Which<ScopeId>,
    pub(super) own: OwnTerms<Which<PrincipalId>, Which<RoleId>>,
}

/// An assignment that is wanted.
pub(super) struct WantedAssignment<'row> {
    pub(super) at: At,
    pub(super) holder: Which<PrincipalId>,
    pub(super) role: Which<RoleId>,
    pub(super) scope: Which<ScopeId>,
    pub(super) row: &'row AssignmentRow,
}

/// The rows with what they are about.
#[derive(Default)]
pub(super) struct Resolved<'row> {
    pub(super) roles: Vec<(At, Which<RoleId>, &'row RoleRow)>,
    /// Each after the one that it lies in.
    pub(super) scopes: Vec<WantedScope<'row>>,
    pub(super) groups: Vec<WantedGroup<'row>>,
    pub(super) templates: Vec<WantedTemplate<'row>>,
    pub(super) terms: Vec<WantedTerms>,
    pub(super) assignments: Vec<WantedAssignment<'row>>,
    pub(super) finder: Finder,
}

/// What things will be called.
#[derive(Default)]
pub(super) struct Finder {
    roles: HashMap<String, Which<RoleId>>,
    places: HashMap<Folded, Which<ScopeId>>,
    groups: HashMap<String, (Which<PrincipalId>, Which<ScopeId>)>,
    accounts: HashMap<(PrincipalKind, String), PrincipalId>,
    /// The paths of places.
    pub(super) paths: HashMap<Which<ScopeId>, Path>,
    /// Where places lie.
    pub(super) parents: HashMap<Which<ScopeId>, Which<ScopeId>>,
}

/// Finds what every row is about, or says of every one that cannot be understood why.
pub(super) fn resolve<'row>(
    state: &State,
    document: &'row Document,
) -> Result<Resolved<'row>, Vec<Fault>> {
    let places = state.scopes.iter().filter(|scope| !scope.seen).map(|scope| scope.id);
    let groups = state.groups.iter().filter(|group| !group.seen).map(|group| group.scope);
    let whole = state.partial.then_some(ScopeId::ROOT);
    let hidden = places.chain(groups).chain(whole).collect();
    let mut resolving =
        Resolving { state, hidden, faults: Vec::new(), resolved: Resolved::default() };
    resolving.roles(document.roles.as_ref());
    resolving.scopes(document.scopes.as_ref());
    resolving.groups(document.groups.as_ref());
    for account in &state.accounts {
        let key = (account.kind, fold(&account.name));
        resolving.resolved.finder.accounts.insert(key, account.id);
    }
    resolving.templates(document.templates.as_ref());
    resolving.terms(document.terms.as_ref());
    resolving.assignments(document.assignments.as_ref());
    let Resolving { mut faults, resolved, .. } = resolving;
    faults.sort();
    if faults.is_empty() { Ok(resolved) } else { Err(faults) }
}

struct Resolving<'state, 'row> {
    state: &'state State,
    /// The places that are there to show the way, or to name a group: nothing is said of them, and rows say nothing either.
    hidden: HashSet<ScopeId>,
    faults: Vec<Fault>,
    resolved: Resolved<'row>,
}

impl<'row> Resolving<'_, 'row> {
    fn fault(&mut self, at: At, key: &str, message: String) {
        self.faults.push(Fault { at, key: key.to_owned(), message });
    }

    /// What each row is about: by its identifier if it has one that is known, otherwise by its name.
    fn matched<Id: Copy + Eq + Hash>(
        &mut self,
        rows: &[(At, Option<Id>, String)],
        have: &[(Id, String)],
    ) -> Vec<Which<Id>> {
        let known: HashSet<_> = have.iter().map(|(id, _)| *id).collect();
        let claimed: HashSet<_> =
            rows.iter().filter_map(|(_, id, _)| *id).filter(|id| known.contains(id)).collect();
        let by_name: HashMap<_, _> = have
            .iter()
            .filter(|(id, _)| !claimed.contains(id))
            .map(|(id, name)| (name, *id))
            .collect();
        let (mut names, mut ids) = (HashMap::new(), HashMap::new());
        let mut found = Vec::with_capacity(rows.len());
        for (at, id, name) in rows {
            let which = match id.filter(|id| known.contains(id)) {
                Some(id) => Which::Known(id),
                None => by_name.get(name).map_or(Which::New(*at), |id| Which::Known(*id)),
            };
            let twice = names.insert(name, *at).or_else(|| ids.insert(which, *at));
            if let Some(first) = twice {
                self.fault(*at, "", format!("this is in line {} already", first.line));
            }
            found.push(which);
        }
        found
    }

    fn roles(&mut self, rows: Option<&'row Rows<RoleRow>>) {
        let rows = rows.map(|rows| rows.rows.as_slice()).unwrap_or_default();
        let keys: Vec<_> = rows.iter().map(|(at, row)| (*at, row.id, row.name.folded())).collect();
        let have: Vec<_> =
            self.state.roles.iter().map(|role| (role.id, role.name.folded())).collect();
        let found = self.matched(&keys, &have);
        let listed: HashSet<_> = found.iter().copied().collect();
        let finder = &mut self.resolved.finder;
        for (id, name) in have {
            if !listed.contains(&Which::Known(id)) {
                finder.roles.insert(name, Which::Known(id));
            }
        }
        for (which, (at, row)) in found.into_iter().zip(rows) {
            finder.roles.insert(row.name.folded(), which);
            self.resolved.roles.push((*at, which, row));
        }
    }

    /// From the organisation down: a row is about a place that it names by its identifier, or that lies where it says.
    fn scopes(&mut self, rows: Option<&'row Rows<ScopeRow>>) {
        let mut rows: Vec<_> = rows.into_iter().flat_map(|rows| &rows.rows).collect();
        rows.sort_by_key(|(_, row)| row.path.0.len());
        let known: HashSet<_> = self.state.scopes.iter().map(|scope| scope.id).collect();
        let claimed: HashSet<_> =
            rows.iter().filter_map(|(_, row)| row.id).filter(|id| known.contains(id)).collect();
        self.place(Which::Known(ScopeId::ROOT), Path::default());
        let mut seen: HashMap<Which<ScopeId>, At> = HashMap::new();
        let mut rows = rows.into_iter().peekable();
        // Below a depth where no place is, there are none either, whatever rows say.
        for depth in 1.. {
            let before = self.resolved.finder.paths.len();
            self.unlisted_at(depth, &claimed);
            while let Some((at, row)) = rows.next_if(|(_, row)| row.path.0.len() == depth) {
                let which = self.scope(*at, row, &known, &claimed);
                if let Some(first) = which.and_then(|which| seen.insert(which, *at)) {
                    self.fault(
                        *at,
                        "path",
                        format!("this place is in line {} already", first.line),
                    );
                }
            }
            if self.resolved.finder.paths.len() == before {
                break;
            }
        }
        for (at, row) in rows {
            self.scope(*at, row, &known, &claimed);
        }
    }

    fn place(&mut self, which: Which<ScopeId>, path: Path) {
        self.resolved.finder.places.insert(path.folded(), which);
        self.resolved.finder.paths.insert(which, path);
    }

    /// Places that no row claims stay in what they lie in, wherever that is by then.
    fn unlisted_at(&mut self, depth: usize, claimed: &HashSet<ScopeId>) {
        for scope in &self.state.scopes {
            if claimed.contains(&scope.id) {
                continue;
            }
            let parent = Which::Known(scope.parent);
            let Some(path) = self.resolved.finder.paths.get(&parent) else { continue };
            if path.0.len() + 1 == depth {
                let path = path.with(&scope.name);
                self.place(Which::Known(scope.id), path);
                self.resolved.finder.parents.insert(Which::Known(scope.id), parent);
            }
        }
    }

    fn scope(
        &mut self,
        at: At,
        row: &'row ScopeRow,
        known: &HashSet<ScopeId>,
        claimed: &HashSet<ScopeId>,
    ) -> Option<Which<ScopeId>> {
        let (name, above) = row.path.split_last()?;
        let finder = &self.resolved.finder;
        let Some(parent) = finder.places.get(&above.folded()).copied() else {
            self.fault(
                at,
                "path",
                format!("there is no place \"{above}\": list it too, or correct the path"),
            );
            return None;
        };
        let which = match row.id.filter(|id| known.contains(id)) {
            Some(id) => Which::Known(id),
            None => match finder.places.get(&row.path.folded()) {
                Some(Which::Known(id)) if !claimed.contains(id) => Which::Known(*id),
                Some(other @ Which::New(_)) => *other,
                Some(Which::Known(_)) | None => Which::New(at),
            },
        };
        if which.known().is_some_and(|id| self.hidden.contains(&id)) {
            self.fault(at, "path", format!("{} is out of your sight: leave it out", row.path));
        }
        self.place(which, row.path.clone());
        self.resolved.finder.parents.insert(which, parent);
        self.resolved.scopes.push(WantedScope { at, which, parent, name: name.clone(), row });
        Some(which)
    }

    fn groups(&mut self, rows: Option<&'row Rows<GroupRow>>) {
        let rows = rows.map(|rows| rows.rows.as_slice()).unwrap_or_default();
        let keys: Vec<_> = rows.iter().map(|(at, row)| (*at, row.id, row.name.folded())).collect();
        let have: Vec<_> =
            self.state.groups.iter().map(|group| (group.id, group.name.folded())).collect();
        let found = self.matched(&keys, &have);
        let listed: HashSet<_> = found.iter().copied().collect();
        let mut scopes = HashMap::new();
        for group in &self.state.groups {
            let (id, scope) = (Which::Known(group.id), Which::Known(group.scope));
            scopes.insert(id, scope);
            if !listed.contains(&id) {
                self.resolved.finder.groups.insert(group.name.folded(), (id, scope));
                self.resolved.finder.parents.insert(scope, Which::Known(group.parent));
            }
        }
        for (which, (at, row)) in found.into_iter().zip(rows) {
            let scope = scopes.get(&which).copied().unwrap_or(Which::New(*at));
            if scope.known().is_some_and(|id| self.hidden.contains(&id)) {
                self.fault(*at, "name", format!("{} is out of your sight: leave it out", row.name));
            }
            self.resolved.finder.groups.insert(row.name.folded(), (which, scope));
            if let Some(parent) = self.at_path(*at, "lies_in", &row.lies_in) {
                self.resolved.finder.parents.insert(scope, parent);
                self.resolved.groups.push(WantedGroup { at: *at, which, parent, row });
            }
        }
    }

    fn at_path(&mut self, at: At, key: &str, path: &Path) -> Option<Which<ScopeId>> {
        let found = self.resolved.finder.places.get(&path.folded()).copied();
        if found.is_none() {
            let message = format!(
                "there is no place \"{path}\": list it in scopes.toml, or correct the path"
            );
            self.fault(at, key, message);
        }
        found
    }

    fn at_place(&mut self, at: At, place: &Place) -> Option<Which<ScopeId>> {
        let found = self.found_at(at, place)?;
        if found.known().is_some_and(|id| self.hidden.contains(&id)) {
            self.fault(at, "scope", format!("{place} is out of your sight: leave it out"));
            return None;
        }
        Some(found)
    }

    fn found_at(&mut self, at: At, place: &Place) -> Option<Which<ScopeId>> {
        match place {
            Place::At(path) => self.at_path(at, "scope", path),
            Place::Group(name) => {
                let found = self.resolved.finder.groups.get(&name.folded()).copied();
                if found.is_none() {
                    let message = format!(
                        "there is no group \"{name}\": list it in groups.toml, or correct the name"
                    );
                    self.fault(at, "scope", message);
                }
                found.map(|(_, scope)| scope)
            }
        }
    }

    fn role(&mut self, at: At, name: &Name) -> Option<Which<RoleId>> {
        let found = self.resolved.finder.roles.get(&name.folded()).copied();
        if found.is_none() {
            let message =
                format!("there is no role \"{name}\": list it in roles.toml, or correct the name");
            self.fault(at, "role", message);
        }
        found
    }

    fn holder(&mut self, at: At, key: &str, name: &HolderName) -> Option<Which<PrincipalId>> {
        let finder = &self.resolved.finder;
        let found = match name.kind {
            PrincipalKind::Group => finder.groups.get(&fold(&name.name)).map(|(group, _)| *group),
            PrincipalKind::User | PrincipalKind::ServicePrincipal => {
                finder.accounts.get(&name.folded()).map(|id| Which::Known(*id))
            }
        };
        if found.is_none() {
            let message = match name.kind {
                PrincipalKind::Group => {
                    format!("there is no {name}: list it in groups.toml, or correct the name")
                }
                PrincipalKind::User => format!(
                    "there is no {name}, or the account is disabled: people are invited, not written into files"
                ),
                PrincipalKind::ServicePrincipal => {
                    format!("there is no {name}, or it is disabled: register it first")
                }
            };
            self.fault(at, key, message);
        }
        found
    }

    fn own(
        &mut self,
        at: At,
        own: &OwnTerms<HolderName, Name>,
    ) -> Option<OwnTerms<Which<PrincipalId>, Which<RoleId>>> {
        let found = self.resolved.finder.roles.clone();
        let role = |name: &Name| found.get(&name.folded()).copied();
        let missing: Vec<_> = own
            .stages()
            .flat_map(Stage::roles)
            .filter(|name| role(name).is_none())
            .map(|name| {
                format!("there is no role \"{name}\": list it in roles.toml, or correct the name")
            })
            .collect();
        for message in missing {
            self.fault(at, "stages", message);
        }
        own.map(|name| self.holder(at, "stages", name), role)
    }

    fn templates(&mut self, rows: Option<&'row Rows<TemplateRow>>) {
        let rows = rows.map(|rows| rows.rows.as_slice()).unwrap_or_default();
        let keys: Vec<_> = rows.iter().map(|(at, row)| (*at, row.id, row.name.folded())).collect();
        let have: Vec<_> =
            self.state.templates.iter().map(|it| (it.id, it.name.folded())).collect();
        let found = self.matched(&keys, &have);
        for (which, (at, row)) in found.into_iter().zip(rows) {
            if let Some(terms) = self.own(*at, &row.terms) {
                self.resolved.templates.push(WantedTemplate { at: *at, which, terms, row });
            }
        }
    }

    fn terms(&mut self, rows: Option<&'row Rows<TermsRow>>) {
        let mut seen = HashMap::new();
        for (at, row) in rows.into_iter().flat_map(|rows| &rows.rows) {
            let (role, scope) = (self.role(*at, &row.role), self.at_place(*at, &row.scope));
            let own = self.own(*at, &row.own);
            let (Some(role), Some(scope), Some(own)) = (role, scope, own) else { continue };
            if let Some(first) = seen.insert((role, scope), *at) {
                self.fault(*at, "", format!("this is in line {} already", first.line));
            }
            self.resolved.terms.push(WantedTerms { at: *at, role, scope, own });
        }
    }

    fn assignments(&mut self, rows: Option<&'row Rows<AssignmentRow>>) {
        for (at, row) in rows.into_iter().flat_map(|rows| &rows.rows) {
            let holder = self.holder(*at, "holder", &row.holder);
            let (role, scope) = (self.role(*at, &row.role), self.at_place(*at, &row.scope));
            let (Some(holder), Some(role), Some(scope)) = (holder, role, scope) else { continue };
            self.resolved.assignments.push(WantedAssignment { at: *at, holder, role, scope, row });
        }
    }
}
