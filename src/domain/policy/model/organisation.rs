//! Small organisations, made from numbers.
use proptest::prelude::*;
use uuid::Uuid;

use super::{
    super::{Account, Assignment, Group, OwnTerms, Role, Scope, State, Terms, Value},
    id, now,
};
use crate::domain::{
    approval::{Approver, Stage},
    assignment::AssignmentKind,
    id::{AssignmentId, PrincipalId, RoleId, ScopeId},
    permission::{Permission, Permissions},
    principal::PrincipalKind,
    role::{Definition, ScopeKind},
    settings::Settings,
    text::{Description, Name},
    time::Duration,
};

/// All fields, to be told apart by their number.
pub(super) fn all(number: u32) -> OwnTerms<PrincipalId, RoleId> {
    let mut terms = OwnTerms::of(
        &Settings::uniform(number.is_multiple_of(2), Duration::hours(1 + number)),
        |_| true,
    );
    terms.enforced.extend(number.is_multiple_of(3).then_some("maximum"));
    terms
}

pub(super) fn text<T: std::str::FromStr<Err: std::fmt::Debug>>(text: &str) -> T {
    text.parse().unwrap()
}

pub(super) const ADA: u128 = 11;
pub(super) const BOB: u128 = 12;
pub(super) const BACKUP: u128 = 13;

fn accounts() -> Vec<Account> {
    let account = |number, kind, name: &str, break_glass| Account {
        id: PrincipalId(id(number)),
        kind,
        name: name.to_owned(),
        break_glass,
    };
    vec![
        account(ADA, PrincipalKind::User, "ada", false),
        account(BOB, PrincipalKind::User, "bob", true),
        account(BACKUP, PrincipalKind::ServicePrincipal, "backup", false),
    ]
}

/// A role of the organisation's own.
pub(super) fn role(id: RoleId, definition: Definition) -> Role {
    let Definition { name, description, privileged, scope_kinds, permissions } = definition;
    Role { id, name, description, privileged, held_at: scope_kinds, permissions, built_in: false }
}

fn built_in(id: RoleId, name: &str) -> Role {
    let scope_kinds = ScopeKind::ALL.to_vec();
    let (name, description, permissions) = (text(name), Description::default(), Permissions::all());
    let definition = Definition { name, description, privileged: true, scope_kinds, permissions };
    Role { built_in: true, ..role(id, definition) }
}

/// What a role is, from a number: where it can be held, and what it allows as far as it may.
fn definition(name: Name, privileged: bool, number: usize) -> Definition {
    let some = |bit: usize| (number >> bit) & 1 == 1;
    let kinds = (0..).zip(ScopeKind::ALL).filter(|(bit, _)| some(*bit)).map(|(_, kind)| kind);
    let kinds: Vec<_> = kinds.collect();
    let (look, change) = (Permission::ReadPeople, Permission::ManagePeople);
    Definition {
        name,
        description: text("Does things.\nAnd \\ more."),
        privileged,
        scope_kinds: if kinds.is_empty() { ScopeKind::USUAL.to_vec() } else { kinds },
        permissions: [some(5).then_some(look), (privileged && some(6)).then_some(change)]
            .into_iter()
            .flatten()
            .collect(),
    }
}

/// Numbers from which a small organisation is made.
#[derive(Clone, Debug)]
pub(super) struct Seed {
    pub(super) roles: Vec<(usize, bool, usize)>,
    pub(super) scopes: Vec<(usize, usize)>,
    pub(super) groups: Vec<(usize, usize)>,
    pub(super) terms: Vec<(usize, usize, u32)>,
    pub(super) held: Vec<(usize, usize, usize, bool, Option<u32>)>,
}

pub(super) fn seeds() -> impl Strategy<Value = Seed> {
    use proptest::collection::vec;
    let roles = vec((0..4_usize, any::<bool>(), 0..128_usize), 0..3);
    let scopes = vec((0..4_usize, 0..6_usize), 0..6);
    let groups = vec((0..3_usize, 0..6_usize), 0..3);
    let terms = vec((0..5_usize, 0..6_usize, 0..9_u32), 0..4);
    let held = vec(
        (0..6_usize, 0..5_usize, 0..9_usize, any::<bool>(), proptest::option::of(1..9_u32)),
        0..8,
    );
    (roles, scopes, groups, terms, held).prop_map(|(roles, scopes, groups, terms, held)| Seed {
        roles,
        scopes,
        groups,
        terms,
        held,
    })
}

/// An organisation whose own things have identifiers from `base` on.
pub(super) fn organisation(seed: &Seed, base: u128) -> State {
    let mut next = base;
    let mut new = || {
        next += 1;
        id(next)
    };
    let mut state = State { accounts: accounts(), ..State::default() };
    state.roles.push(built_in(RoleId::GLOBAL_ADMINISTRATOR, "Global Administrator"));
    state.roles.push(built_in(RoleId::MEMBER, "Member"));
    for (name, privileged, number) in &seed.roles {
        let name: Name = text(["Operator", "Reader \"x\"", "On / call", "Ärzte"][*name]);
        if state.roles.iter().all(|role| role.name != name) {
            state.roles.push(role(RoleId(new()), definition(name, *privileged, *number)));
        }
    }
    let mut places = vec![ScopeId::ROOT];
    for (name, parent) in &seed.scopes {
        let (parent, name) =
            (places[parent % places.len()], text(["Finance", "A / B", "group:x", "/"][*name]));
        if state.scopes.iter().all(|it| it.parent != parent || it.name != name) {
            let (id, kind) = (ScopeId(new()), ScopeKind::Folder);
            let description = Description::default();
            state.scopes.push(Scope { id, parent, kind, name, description, seen: true });
            places.push(id);
        }
    }
    for (name, parent) in &seed.groups {
        let (parent, name) =
            (places[parent % places.len()], text(["Ops", "Crew of / two", "user:ada"][*name]));
        if state.groups.iter().all(|it| it.name != name) {
            let (id, scope, description) =
                (PrincipalId(new()), ScopeId(new()), Description::default());
            state.groups.push(Group { id, scope, parent, name, description, seen: true });
        }
    }
    for (number, role) in (0..).zip(state.roles.iter().map(|role| role.id).collect::<Vec<_>>()) {
        state.terms.push(Terms { role, scope: ScopeId::ROOT, number: 1, own: all(number) });
    }
    said(&mut state, seed, &places);
    held(&mut state, seed, &places, &mut new);
    state
}

fn said(state: &mut State, seed: &Seed, places: &[ScopeId]) {
    for (role, place, number) in &seed.terms {
        let (role, scope) =
            (state.roles[role % state.roles.len()].id, places[place % places.len()]);
        if state.terms.iter().any(|it| it.role == role && it.scope == scope) {
            continue;
        }
        let mut own = all(*number);
        own.values
            .retain(|field, _| field.len() % 3 == 0 || *field == "maximum" || *field == "stages");
        let holders = state.groups.iter().map(|it| it.id).chain([PrincipalId(id(ADA))]);
        let approval = Stage::of(holders.map(Approver::Principal));
        own.values.insert("stages", Value::Stages(vec![approval]));
        state.terms.push(Terms { role, scope, number: 1, own });
    }
}

fn held(state: &mut State, seed: &Seed, places: &[ScopeId], new: &mut impl FnMut() -> Uuid) {
    let groups: Vec<_> = state.groups.iter().map(|it| (it.id, it.scope)).collect();
    let holders: Vec<_> = state
        .accounts
        .iter()
        .map(|it| it.id)
        .chain(groups.iter().map(|(group, _)| *group))
        .collect();
    let places: Vec<_> =
        places.iter().copied().chain(groups.iter().map(|(_, scope)| *scope)).collect();
    for (holder, role, place, eligible, days) in &seed.held {
        let holder = holders[holder % holders.len()];
        let (role, scope) =
            (state.roles[role % state.roles.len()].id, places[place % places.len()]);
        let kind = if *eligible { AssignmentKind::Eligible } else { AssignmentKind::Active };
        let ends_at = days.map(|days| now() + Duration::days(days));
        let taken = |it: &Assignment| it.holder == holder && it.role == role && it.scope == scope;
        if !state.assignments.iter().any(taken) {
            let (id, starts_at) = (AssignmentId(new()), now());
            let scheduled = false;
            let made = Assignment { id, holder, role, scope, kind, starts_at, ends_at, scheduled };
            state.assignments.push(made);
        }
    }
}
