//! Plans done in plain memory, to see that they lead where the files say.
mod organisation;

use std::collections::HashMap;

use proptest::prelude::*;
use uuid::Uuid;

use self::organisation::{ADA, BACKUP, BOB, Seed, all, organisation, seeds, text};
use super::{
    Assignment, Files, Group, Noun, Plan, Scope, State, Step, Terms, Verb, Which, Write,
    difference, read, write,
};
use crate::domain::{
    assignment::AssignmentKind,
    id::{AssignmentId, PrincipalId, RoleId, ScopeId},
    time::Instant,
};

fn now() -> Instant {
    "2026-11-22T08:00:00Z".parse().unwrap()
}

fn id(number: u128) -> Uuid {
    Uuid::from_u128(number)
}

/// Does the steps of a plan.
struct Doing {
    state: State,
    next: u128,
    roles: HashMap<super::At, RoleId>,
    scopes: HashMap<super::At, ScopeId>,
    groups: HashMap<super::At, PrincipalId>,
}

fn apply(state: &State, plan: &Plan) -> State {
    let mut doing = Doing {
        state: state.clone(),
        next: 1 << 100,
        roles: HashMap::new(),
        scopes: HashMap::new(),
        groups: HashMap::new(),
    };
    for step in &plan.steps {
        doing.step(step);
    }
    doing.state
}

impl Doing {
    fn new_id(&mut self) -> Uuid {
        self.next += 1;
        id(self.next)
    }

    fn role(&self, which: Which<RoleId>) -> RoleId {
        match which {
            Which::Known(id) => id,
            Which::New(at) => self.roles[&at],
        }
    }

    fn scope(&self, which: Which<ScopeId>) -> ScopeId {
        match which {
            Which::Known(id) => id,
            Which::New(at) => self.scopes[&at],
        }
    }

    fn holder(&self, which: Which<PrincipalId>) -> PrincipalId {
        match which {
            Which::Known(id) => id,
            Which::New(at) => self.groups[&at],
        }
    }

    #[expect(clippy::too_many_lines, reason = "each kind of step once")]
    fn step(&mut self, step: &Step) {
        match step.write.clone() {
            Write::CreateRole(new) => {
                let id = RoleId(self.new_id());
                self.roles.insert(step.at.unwrap(), id);
                self.state.roles.push(organisation::role(id, new));
                self.state.terms.push(Terms {
                    role: id,
                    scope: ScopeId::ROOT,
                    number: 1,
                    own: all(8),
                });
            }
            Write::ChangeRole { role: id, to } => {
                let role = self.state.roles.iter_mut().find(|it| it.id == id).unwrap();
                *role = organisation::role(id, to);
            }
            Write::RetireRole { role } => {
                self.state.roles.retain(|it| it.id != role);
                self.state.terms.retain(|it| it.role != role);
                self.state.assignments.retain(|it| it.role != role);
            }
            Write::CreateScope { parent, kind, name, description } => {
                let (id, parent) = (ScopeId(self.new_id()), self.scope(parent));
                self.scopes.insert(step.at.unwrap(), id);
                self.state.scopes.push(Scope { id, parent, kind, name, description, seen: true });
            }
            Write::ChangeScope { scope, kind, name, description } => {
                let scope = self.state.scopes.iter_mut().find(|it| it.id == scope).unwrap();
                (scope.kind, scope.name, scope.description) = (kind, name, description);
            }
            Write::MoveScope { scope, parent } => {
                let parent = self.scope(parent);
                let scopes = self.state.scopes.iter_mut().filter(|it| it.id == scope);
                scopes.for_each(|it| it.parent = parent);
                let groups = self.state.groups.iter_mut().filter(|it| it.scope == scope);
                groups.for_each(|it| it.parent = parent);
            }
            Write::RetireScope { scope } => self.retire(scope),
            Write::CreateGroup { parent, name, description } => {
                let (id, parent) = (PrincipalId(self.new_id()), self.scope(parent));
                let scope = ScopeId(self.new_id());
                self.groups.insert(step.at.unwrap(), id);
                self.scopes.insert(step.at.unwrap(), scope);
                self.state.groups.push(Group { id, scope, parent, name, description, seen: true });
            }
            Write::ChangeGroup { group, name, description } => {
                let group = self.state.groups.iter_mut().find(|it| it.id == group).unwrap();
                (group.name, group.description) = (name, description);
            }
            Write::CreateTemplate { .. }
            | Write::ChangeTemplate { .. }
            | Write::RetireTemplate { .. } => {}
            Write::SaveTerms { role, scope, after, own } => {
                let (role, scope) = (self.role(role), self.scope(scope));
                let own = own
                    .map(|which| Some(self.holder(*which)), |which| Some(self.role(*which)))
                    .unwrap();
                let here =
                    self.state.terms.iter().position(|it| it.role == role && it.scope == scope);
                assert_eq!(after, here.map_or(0, |here| self.state.terms[here].number));
                let said = Terms { role, scope, number: after + 1, own };
                match here {
                    Some(here) => self.state.terms[here] = said,
                    None => self.state.terms.push(said),
                }
            }
            Write::Assign { .. }
            | Write::SetDates { .. }
            | Write::Convert { .. }
            | Write::Unassign { .. } => {
                self.assignment(step.write.clone());
            }
        }
    }

    fn assignment(&mut self, write: Write) {
        let held = &mut self.state.assignments;
        match write {
            Write::Assign { holder, role, scope, kind, from, until, .. } => {
                let id = AssignmentId(self.new_id());
                let (holder, role, scope) =
                    (self.holder(holder), self.role(role), self.scope(scope));
                let starts_at = from.unwrap_or_else(now);
                let scheduled = from.is_some();
                let made = Assignment {
                    id,
                    holder,
                    role,
                    scope,
                    kind,
                    starts_at,
                    ends_at: until,
                    scheduled,
                };
                self.state.assignments.push(made);
            }
            Write::SetDates { assignment, from, until, .. } => {
                let it = held.iter_mut().find(|it| it.id == assignment).unwrap();
                it.starts_at = from.unwrap_or(it.starts_at);
                it.ends_at = until;
            }
            Write::Convert { assignment, to, from, until, .. } => {
                let it = held.iter_mut().find(|it| it.id == assignment).unwrap();
                it.starts_at = from.unwrap_or(it.starts_at);
                (it.kind, it.ends_at) = (to, until);
            }
            Write::Unassign { assignment } => held.retain(|it| it.id != assignment),
            other => panic!("{other:?} is about no assignment"),
        }
    }

    fn retire(&mut self, scope: ScopeId) {
        let inside: Vec<_> = self
            .state
            .scopes
            .iter()
            .filter(|it| it.parent == scope)
            .map(|it| it.id)
            .chain(self.state.groups.iter().filter(|it| it.parent == scope).map(|it| it.scope))
            .collect();
        for inside in inside {
            self.retire(inside);
        }
        let groups: Vec<_> =
            self.state.groups.iter().filter(|it| it.scope == scope).map(|it| it.id).collect();
        self.state.scopes.retain(|it| it.id != scope);
        self.state.groups.retain(|it| it.scope != scope);
        self.state.terms.retain(|it| it.scope != scope);
        self.state.assignments.retain(|it| it.scope != scope && !groups.contains(&it.holder));
    }
}

fn plan(state: &State, files: &Files, prune: bool) -> Plan {
    let document = read(files).unwrap_or_else(|faults| panic!("{faults:?}\n{files:?}"));
    difference(state, &document, prune, now())
        .unwrap_or_else(|faults| panic!("{faults:?}\n{files:?}"))
}

proptest! {
    /// What was exported is as it is.
    #[test]
    fn after_an_export_there_is_nothing_to_do(seed in seeds()) {
        let state = organisation(&seed, 1000);
        let files = write(&state);
        let plan = plan(&state, &files, true);
        prop_assert_eq!(&plan.steps, &[]);
        prop_assert!(plan.unlisted.is_empty(), "{:?}", plan.unlisted);
        prop_assert_eq!(write(&state), files, "the same state gives the same text");
    }

    /// Whatever there is, what was applied is not applied twice.
    #[test]
    fn after_an_apply_there_is_nothing_to_do(one in seeds(), other in seeds(), prune in any::<bool>()) {
        let (state, wanted) = (organisation(&one, 1000), organisation(&other, 2000));
        let files = write(&wanted);
        let first = plan(&state, &files, prune);
        let after = apply(&state, &first);
        let second = plan(&after, &files, prune);
        prop_assert_eq!(&second.steps, &[], "after {}", first);
        if prune {
            prop_assert!(second.unlisted.iter().all(|it| it.kept.is_some()), "{:?}", second.unlisted);
        }
    }

    /// With its identifier a thing is recognised, whatever it is called and wherever it lies.
    #[test]
    fn what_is_renamed_or_moved_stays_itself(seed in seeds(), numbers in proptest::collection::vec(0..99_usize, 12)) {
        let state = organisation(&seed, 1000);
        let mut wanted = state.clone();
        let mut numbers = numbers.into_iter().cycle();
        for index in 0..wanted.scopes.len() {
            let number = numbers.next().unwrap();
            wanted.scopes[index].name = text(&format!("Place {index}"));
            // Only into what came before it, so that nothing lies in itself.
            let parents: Vec<_> = wanted.scopes[..index].iter().map(|it| it.id).chain([ScopeId::ROOT]).collect();
            wanted.scopes[index].parent = parents[number % parents.len()];
        }
        for (index, group) in wanted.groups.iter_mut().enumerate() {
            group.name = text(&format!("Group {index}"));
        }
        for (index, role) in wanted.roles.iter_mut().filter(|it| !it.built_in).enumerate() {
            role.name = text(&format!("Role {index}"));
        }
        let files = write(&wanted);
        let plan = plan(&state, &files, true);
        let is_new = |step: &Step| step.verb == Verb::Create || step.verb == Verb::Retire;
        prop_assert!(!plan.steps.iter().any(is_new), "{}", plan);
        prop_assert_eq!(write(&apply(&state, &plan)), files);
    }
}

#[test]
fn nobody_is_left_without_an_administrator_and_nothing_is_taken_from_who_is_there_for_emergencies()
{
    let seed = Seed { roles: vec![], scopes: vec![], groups: vec![], terms: vec![], held: vec![] };
    let mut state = organisation(&seed, 1000);
    let hold = |number, holder, role| Assignment {
        id: AssignmentId(id(number)),
        holder: PrincipalId(id(holder)),
        role,
        scope: ScopeId::ROOT,
        kind: AssignmentKind::Active,
        starts_at: now(),
        ends_at: None,
        scheduled: false,
    };
    state.assignments = vec![
        hold(1, ADA, RoleId::GLOBAL_ADMINISTRATOR),
        hold(2, BACKUP, RoleId::GLOBAL_ADMINISTRATOR),
    ];
    let files = Files::from([("assignments.toml".to_owned(), String::new())]);
    assert!(plan(&state, &files, true).is_empty(), "nobody else would be one");
    state.assignments.push(hold(3, BOB, RoleId::GLOBAL_ADMINISTRATOR));
    let pruned = plan(&state, &files, true);
    assert_eq!(pruned.steps.len(), 2, "{pruned}");
    assert!(
        pruned.steps.iter().all(|step| step.noun == Noun::Assignment && !step.name.contains("bob"))
    );
    assert!(plan(&state, &files, false).is_empty(), "what is not listed is left alone");
}

#[test]
fn everything_that_is_wrong_is_told_at_once_with_its_line() {
    let roles = "[[role]]\nname = \"A\"\nprivileged = \"yes\"\ncolour = 1\n\n[[role]]\nprivileged = true\n\n[[role]]\nname = \"B\"\nprivileged = false\nheld_at = [\"moon\"]\npermissions = [\"people.see\"]\n\n[[role]]\nname = \"C\"\nprivileged = false\nheld_at = []\npermissions = [\"people.manage\"]\n";
    let assignments = "prune = 1\n[[assignment]]\nholder = \"ada\"\nrole = \"A\"\nscope = \"/\"\nkind = \"maybe\"\nuntil = 7\n";
    let files = Files::from([
        ("roles.toml".to_owned(), roles.to_owned()),
        ("assignments.toml".to_owned(), assignments.to_owned()),
        ("scopes.toml".to_owned(), "[[scope]]\npath = \"A\"\nkind = \n".to_owned()),
    ]);
    let faults: Vec<_> = read(&files).unwrap_err().iter().map(ToString::to_string).collect();
    let told = |text: &str| {
        assert!(faults.iter().any(|fault| fault.starts_with(text)), "{text}: {faults:#?}");
    };
    told("roles.toml, line 3, privileged: write true or false");
    told("roles.toml, line 4, colour: unknown key");
    told("roles.toml, line 6, name: this is missing");
    told("roles.toml, line 12, held_at: moon is no kind of place: there are organization, folder");
    told("roles.toml, line 13, permissions: people.see is no permission: there are roles.read");
    told("roles.toml, line 17, privileged: whoever holds this role can change something");
    told("roles.toml, line 18, held_at: choose at least one kind of place");
    told("scopes.toml, line 3");
    told("assignments.toml, line 1, prune: write true or false");
    told("assignments.toml, line 3, holder: write user:, group: or application:");
    told("assignments.toml, line 6, kind: write eligible or active");
    told("assignments.toml, line 7, until: write an instant");
}
