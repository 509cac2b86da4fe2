//! The difference between what there is and what the files say, as steps in an order in which they can be done.
mod assignment;
mod terms;

pub(super) use terms::known;

use std::collections::HashMap;

use super::{
    document::{Document, Fault, RoleRow},
    names::Names,
    place::Place,
    plan::{Line, Noun, Plan, Step, Verb, Which, Write},
    prune,
    resolve::{Resolved, resolve},
    state::{Role, State},
};
use crate::domain::{
    id::{PrincipalId, RoleId, ScopeId},
    role::{Definition, ScopeKind},
    text::Description,
    time::Instant,
};

/// What it takes to make `state` what the files say, or all that cannot be understood about them. With `prune`, what is in
/// none of the files goes, whichever of them asks for that itself.
pub fn difference(
    state: &State,
    document: &Document,
    prune: bool,
    now: Instant,
) -> Result<Plan, Vec<Fault>> {
    let resolved = resolve(state, document)?;
    let comparing = Comparing { state, names: Names::of(state), labels: labels(state, &resolved) };
    let mut plan = Plan::default();
    let found = assignment::compare(&comparing, &resolved, now);
    plan.over = found.over;
    plan.steps.extend(terms::templates(&comparing, &resolved));
    plan.steps.extend(comparing.roles(&resolved));
    plan.steps.extend(comparing.scopes(&resolved));
    plan.steps.extend(comparing.groups(&resolved));
    // Who belongs to a group may be who approves, so that comes before the terms; and the terms before what they allow.
    plan.steps.extend(found.memberships);
    plan.steps.extend(terms::settings(&comparing, &resolved));
    plan.steps.extend(found.others);
    prune::prune(&comparing, document, &resolved, &found.listed, prune, &mut plan);
    Ok(plan)
}

/// What things will be called.
pub(super) struct Labels {
    pub(super) roles: HashMap<Which<RoleId>, String>,
    pub(super) places: HashMap<Which<ScopeId>, String>,
    pub(super) holders: HashMap<Which<PrincipalId>, String>,
}

/// What there is, with names.
pub(super) struct Comparing<'state> {
    pub(super) state: &'state State,
    pub(super) names: Names,
    pub(super) labels: Labels,
}

fn labels(state: &State, resolved: &Resolved<'_>) -> Labels {
    let names = Names::of(state);
    let mut roles: HashMap<_, _> =
        names.roles.iter().map(|(id, name)| (Which::Known(*id), name.to_string())).collect();
    let mut holders: HashMap<_, _> =
        names.holders.iter().map(|(id, name)| (Which::Known(*id), name.to_string())).collect();
    let mut places: HashMap<_, _> =
        names.places.iter().map(|(id, place)| (Which::Known(*id), place.to_string())).collect();
    for (which, path) in &resolved.finder.paths {
        places.insert(*which, path.to_string());
    }
    for (_, which, row) in &resolved.roles {
        roles.insert(*which, row.name.to_string());
    }
    let scopes: HashMap<_, _> = state.groups.iter().map(|group| (group.id, group.scope)).collect();
    for group in &resolved.groups {
        let place = Place::Group(group.row.name.clone()).to_string();
        holders.insert(group.which, place.clone());
        let scope = match group.which {
            Which::Known(id) => scopes.get(&id).map(|scope| Which::Known(*scope)),
            Which::New(at) => Some(Which::New(at)),
        };
        places.extend(scope.map(|scope| (scope, place)));
    }
    Labels { roles, places, holders }
}

impl Comparing<'_> {
    pub(super) fn role(&self, role: Which<RoleId>) -> &str {
        self.labels.roles.get(&role).map_or("", String::as_str)
    }

    pub(super) fn place(&self, place: Which<ScopeId>) -> &str {
        self.labels.places.get(&place).map_or("", String::as_str)
    }

    pub(super) fn holder(&self, holder: Which<PrincipalId>) -> &str {
        self.labels.holders.get(&holder).map_or("", String::as_str)
    }

    /// What a place is called now.
    pub(super) fn place_now(&self, place: ScopeId) -> String {
        self.names.places.get(&place).map(ToString::to_string).unwrap_or_default()
    }

    fn roles(&self, resolved: &Resolved<'_>) -> Vec<Step> {
        let mut steps = Vec::new();
        for (at, which, row) in &resolved.roles {
            let have = self.state.roles.iter().find(|role| which.known() == Some(role.id));
            let (verb, lines, write) = match have {
                None => {
                    let new = row.definition(Description::default());
                    (Verb::Create, role_made(&new), Write::CreateRole(new))
                }
                Some(have) => {
                    let (from, to) = (have.definition(), role_wanted(have, row));
                    let fields = role_fields(&from).into_iter().zip(role_fields(&to));
                    let fields: Vec<_> = fields
                        .map(|((field, before), (_, after))| (field, before, after))
                        .collect();
                    (Verb::Change, changed(&fields), Write::ChangeRole { role: have.id, to })
                }
            };
            let name = row.name.to_string();
            steps.push(Step::of(*at, (verb, Noun::Role, name), lines, write));
        }
        steps.retain(does_something);
        steps
    }

    fn scopes(&self, resolved: &Resolved<'_>) -> Vec<Step> {
        let mut steps = Vec::new();
        for wanted in &resolved.scopes {
            let (at, row, name) = (wanted.at, wanted.row, wanted.name.clone());
            let step = |verb, lines, write| {
                let name = row.path.to_string();
                Step::of(at, (verb, Noun::Scope, name), lines, write)
            };
            let have = self.state.scopes.iter().find(|it| wanted.which.known() == Some(it.id));
            let Some(have) = have else {
                let description = row.description.clone().unwrap_or_default();
                let lines = created(row.kind.name(), &description);
                let write =
                    Write::CreateScope { parent: wanted.parent, kind: row.kind, name, description };
                steps.push(step(Verb::Create, lines, write));
                continue;
            };
            if Which::Known(have.parent) != wanted.parent {
                let line =
                    Line::new("lies_in", self.place_now(have.parent), self.place(wanted.parent));
                let write = Write::MoveScope { scope: have.id, parent: wanted.parent };
                steps.push(step(Verb::Move, vec![line], write));
            }
            let description = row.description.clone().unwrap_or_else(|| have.description.clone());
            let lines = changed(&[
                ("name", have.name.to_string(), name.to_string()),
                ("kind", have.kind.name().to_owned(), row.kind.name().to_owned()),
                ("description", have.description.to_string(), description.to_string()),
            ]);
            let kind = row.kind;
            let write = Write::ChangeScope { scope: have.id, kind, name, description };
            steps.push(step(Verb::Change, lines, write));
        }
        steps.retain(does_something);
        steps
    }

    fn groups(&self, resolved: &Resolved<'_>) -> Vec<Step> {
        let mut steps = Vec::new();
        for wanted in &resolved.groups {
            let (at, row) = (wanted.at, wanted.row);
            let step = |verb, lines, write| {
                let name = row.name.to_string();
                Step::of(at, (verb, Noun::Group, name), lines, write)
            };
            let have = self.state.groups.iter().find(|it| wanted.which.known() == Some(it.id));
            let name = row.name.clone();
            let Some(have) = have else {
                let description = row.description.clone().unwrap_or_default();
                let lines = vec![
                    Line::new("lies_in", "", self.place(wanted.parent)),
                    Line::new("description", "", &description),
                ];
                let write = Write::CreateGroup { parent: wanted.parent, name, description };
                steps.push(step(Verb::Create, lines, write));
                continue;
            };
            if Which::Known(have.parent) != wanted.parent {
                let line =
                    Line::new("lies_in", self.place_now(have.parent), self.place(wanted.parent));
                let write = Write::MoveScope { scope: have.scope, parent: wanted.parent };
                steps.push(step(Verb::Move, vec![line], write));
            }
            let description = row.description.clone().unwrap_or_else(|| have.description.clone());
            let lines = changed(&[
                ("name", have.name.to_string(), name.to_string()),
                ("description", have.description.to_string(), description.to_string()),
            ]);
            let write = Write::ChangeGroup { group: have.id, name, description };
            steps.push(step(Verb::Change, lines, write));
        }
        steps.retain(does_something);
        steps
    }
}

/// What a role is to become. Of one that ships with Latchkey, a row that says nothing of a field leaves it.
fn role_wanted(have: &Role, row: &RoleRow) -> Definition {
    let mut wanted = row.definition(have.description.clone());
    if have.built_in {
        wanted.scope_kinds = row.held_at.clone().unwrap_or_else(|| have.held_at.clone());
        wanted.permissions = row.permissions.clone().unwrap_or_else(|| have.permissions.clone());
    }
    wanted
}

/// What a role is, field by field, as the files have it.
fn role_fields(role: &Definition) -> [(&'static str, String); 5] {
    let kinds: Vec<_> = role.scope_kinds.iter().map(|kind| kind.name()).collect();
    [
        ("name", role.name.to_string()),
        ("description", role.description.to_string()),
        ("privileged", role.privileged.to_string()),
        ("held_at", kinds.join(", ")),
        ("permissions", role.permissions.names().join(", ")),
    ]
}

/// What is told of a new role beside its name: where it can be held only if that is unusual.
fn role_made(role: &Definition) -> Vec<Line> {
    let usual = role.scope_kinds == ScopeKind::USUAL;
    role_fields(role)
        .into_iter()
        .filter(|(field, _)| *field != "name" && !(usual && *field == "held_at"))
        .map(|(field, value)| Line::new(field, "", value))
        .collect()
}

fn created(kind: &str, description: &Description) -> Vec<Line> {
    vec![Line::new("kind", "", kind), Line::new("description", "", description)]
}

/// The fields that differ.
pub(super) fn changed(fields: &[(&str, String, String)]) -> Vec<Line> {
    let differ = fields.iter().filter(|(_, before, after)| before != after);
    differ.map(|(field, before, after)| Line::new(field, before, after)).collect()
}

/// Whether a step is more than finding that all is well.
fn does_something(step: &Step) -> bool {
    step.verb != Verb::Change || !step.lines.is_empty()
}
