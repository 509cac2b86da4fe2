//! What is there and in none of the files: left alone, or taken out of use if the files ask for that.
use std::collections::HashSet;

use super::{
    difference::Comparing,
    document::Document,
    plan::{Line, Noun, Plan, Step, Unlisted, Verb, Which, Write},
    resolve::Resolved,
    state::Assignment,
};
use crate::domain::{
    approval::Stage,
    assignment::AssignmentKind,
    id::{AssignmentId, PrincipalId, RoleId, ScopeId},
    principal::PrincipalKind,
};

const EMERGENCY: &str = "a break-glass account has it";
const LAST: &str = "otherwise nobody would be Global Administrator for good";
const USED: &str = "something that stays needs it";

/// Adds the steps that take out of use what is in none of the files, as far as that is asked for; and tells of the rest.
pub(super) fn prune(
    comparing: &Comparing<'_>,
    document: &Document,
    resolved: &Resolved<'_>,
    listed: &HashSet<AssignmentId>,
    all: bool,
    plan: &mut Plan,
) {
    let mut pruning = Pruning { comparing, resolved, plan, needed: Needed::default() };
    pruning.needed_by_rows();
    let assignments = document.assignments.as_ref().map(|rows| rows.prune || all);
    let gone = pruning.assignments(assignments, listed);
    let terms = document.terms.as_ref().map(|rows| rows.prune || all);
    let templates = document.templates.as_ref().map(|rows| rows.prune || all);
    let groups = document.groups.as_ref().map(|rows| rows.prune || all);
    let scopes = document.scopes.as_ref().map(|rows| rows.prune || all);
    let roles = document.roles.as_ref().map(|rows| rows.prune || all);
    let retiring_roles = pruning.retiring_roles(roles);
    pruning.needed_by_terms_that_stay(terms, &retiring_roles);
    let retiring_groups = pruning.retiring_groups(groups);
    let retiring_scopes = pruning.retiring_scopes(scopes);
    let holders: HashSet<_> = retiring_groups.iter().map(|(group, _)| *group).collect();
    let own = retiring_groups.iter().map(|(_, scope)| *scope);
    let places: HashSet<_> = own.chain(retiring_scopes.iter().copied()).collect();
    let roles: HashSet<_> = retiring_roles.iter().copied().collect();
    let ends = |held: &&Assignment| {
        holders.contains(&held.holder) || places.contains(&held.scope) || roles.contains(&held.role)
    };
    pruning.unassign(gone.into_iter().filter(|held| !ends(held)).collect());
    pruning.terms(terms, &retiring_scopes, &retiring_roles);
    pruning.retire_groups(&retiring_groups);
    pruning.retire_scopes(&retiring_scopes);
    pruning.retire_roles(&retiring_roles);
    pruning.templates(templates);
}

/// What something that stays rests on.
#[derive(Default)]
struct Needed {
    roles: HashSet<RoleId>,
    scopes: HashSet<ScopeId>,
    groups: HashSet<PrincipalId>,
}

struct Pruning<'all, 'state, 'row> {
    comparing: &'all Comparing<'state>,
    resolved: &'all Resolved<'row>,
    plan: &'all mut Plan,
    needed: Needed,
}

impl<'state> Pruning<'_, 'state, '_> {
    /// A place is needed with all places that it will lie in.
    fn need_place(&mut self, place: Which<ScopeId>) {
        let mut place = Some(place);
        while let Some(here) = place {
            if let Which::Known(id) = here
                && !self.needed.scopes.insert(id)
            {
                return;
            }
            place = self.resolved.finder.parents.get(&here).copied();
        }
    }

    fn needed_by_rows(&mut self) {
        let resolved = self.resolved;
        for scope in &resolved.scopes {
            self.need_place(scope.which);
            self.need_place(scope.parent);
        }
        for group in &resolved.groups {
            self.needed.groups.extend(group.which.known());
            self.need_place(group.parent);
        }
        for terms in &resolved.terms {
            self.needed.roles.extend(terms.role.known());
            self.need_place(terms.scope);
            for value in terms.own.values.values() {
                if let super::Value::Stages(stages) = value {
                    let holders = stages.iter().flat_map(Stage::holders);
                    self.needed.groups.extend(holders.filter_map(|one| one.known()));
                    let roles = stages.iter().flat_map(Stage::roles);
                    self.needed.roles.extend(roles.filter_map(|one| one.known()));
                }
            }
        }
        for assignment in &resolved.assignments {
            self.needed.roles.extend(assignment.role.known());
            self.needed.groups.extend(assignment.holder.known());
            self.need_place(assignment.scope);
        }
        let owned: Vec<_> =
            self.comparing.state.groups.iter().map(|group| (group.id, group.scope)).collect();
        for (group, scope) in owned {
            if self.needed.scopes.contains(&scope) {
                self.needed.groups.insert(group);
            }
        }
    }

    /// What places say themselves stays, unless a row or pruning says otherwise: with its place, and whoever approves by it.
    fn needed_by_terms_that_stay(&mut self, prune: Option<bool>, retiring: &[RoleId]) {
        for terms in &self.comparing.state.terms {
            let (role, scope) = (Which::Known(terms.role), Which::Known(terms.scope));
            let row = self.resolved.terms.iter().find(|it| it.role == role && it.scope == scope);
            let is_root = terms.scope == ScopeId::ROOT;
            let stays = match row {
                // Only the organisation keeps what its row does not say.
                Some(row) => is_root && !row.own.values.contains_key("stages"),
                None => is_root || prune != Some(true),
            };
            if !stays || retiring.contains(&terms.role) {
                continue;
            }
            self.need_place(scope);
            if let Some(super::Value::Stages(stages)) = terms.own.values.get("stages") {
                self.needed.groups.extend(stages.iter().flat_map(Stage::holders));
                self.needed.roles.extend(stages.iter().flat_map(Stage::roles));
            }
        }
    }

    fn keep(&mut self, noun: Noun, name: String, kept: Option<&'static str>) {
        self.plan.unlisted.push(Unlisted { noun, name, kept });
    }

    fn called(&self, held: &Assignment) -> String {
        let Assignment { holder, role, scope, .. } = *held;
        let comparing = self.comparing;
        format!(
            "{} as {} at {}",
            comparing.holder(Which::Known(holder)),
            comparing.role(Which::Known(role)),
            comparing.place(Which::Known(scope)),
        )
    }

    /// The assignments that go. What stays needs its role, its place and its holder.
    fn assignments(
        &mut self,
        prune: Option<bool>,
        listed: &HashSet<AssignmentId>,
    ) -> Vec<&'state Assignment> {
        let state = self.comparing.state;
        let safe: HashSet<_> =
            state.accounts.iter().filter(|it| it.break_glass).map(|it| it.id).collect();
        let last = self.leaves_nobody(listed, &safe);
        let mut gone = Vec::new();
        for held in state.assignments.iter().filter(|held| !listed.contains(&held.id)) {
            let kept = if safe.contains(&held.holder) {
                Some(EMERGENCY)
            } else if last && held.role == RoleId::GLOBAL_ADMINISTRATOR {
                Some(LAST)
            } else {
                None
            };
            if prune == Some(true) && kept.is_none() {
                gone.push(held);
                continue;
            }
            self.needed.roles.insert(held.role);
            self.needed.groups.insert(held.holder);
            self.need_place(Which::Known(held.scope));
            if prune.is_some() {
                let name = self.called(held);
                self.keep(Noun::Assignment, name, kept);
            }
        }
        gone
    }

    /// Whether nobody would be Global Administrator for good if all that is not listed went.
    fn leaves_nobody(&self, listed: &HashSet<AssignmentId>, safe: &HashSet<PrincipalId>) -> bool {
        let state = self.comparing.state;
        let users: HashSet<_> = state
            .accounts
            .iter()
            .filter(|account| account.kind == PrincipalKind::User)
            .map(|account| account.id)
            .collect();
        let stays = |held: &&Assignment| {
            held.role == RoleId::GLOBAL_ADMINISTRATOR
                && held.kind == AssignmentKind::Active
                && held.ends_at.is_none()
                && users.contains(&held.holder)
                && (listed.contains(&held.id) || safe.contains(&held.holder))
        };
        let given = self.resolved.assignments.iter().any(|wanted| {
            wanted.role == Which::Known(RoleId::GLOBAL_ADMINISTRATOR)
                && wanted.row.kind == AssignmentKind::Active
                && wanted.row.until.is_none()
        });
        !given && state.assignments.iter().find(stays).is_none()
    }

    fn unassign(&mut self, gone: Vec<&Assignment>) {
        for held in gone {
            let kind = held.kind.name();
            let write = Write::Unassign { assignment: held.id };
            let (name, lines) = (self.called(held), vec![Line::new("kind", kind, "")]);
            self.step(Verb::Remove, Noun::Assignment, name, (lines, write));
        }
    }

    fn step(&mut self, verb: Verb, noun: Noun, name: String, (lines, write): (Vec<Line>, Write)) {
        self.plan.steps.push(Step { at: None, verb, noun, name, lines, write, weaker: false });
    }

    fn terms(&mut self, prune: Option<bool>, retiring: &[ScopeId], roles: &[RoleId]) {
        let Some(prune) = prune else { return };
        let comparing = self.comparing;
        for terms in &comparing.state.terms {
            let (role, scope) = (Which::Known(terms.role), Which::Known(terms.scope));
            let is_listed =
                self.resolved.terms.iter().any(|it| it.role == role && it.scope == scope);
            let goes_anyway = retiring.contains(&terms.scope) || roles.contains(&terms.role);
            // A role always has terms at the organisation.
            let stays_anyway = terms.scope == ScopeId::ROOT || terms.own.values.is_empty();
            if is_listed || goes_anyway || stays_anyway {
                continue;
            }
            let name = format!("of {} at {}", comparing.role(role), comparing.place(scope));
            if prune {
                let own = super::terms::OwnTerms::default();
                let lines = comparing.lines(&super::difference::known(&terms.own), &own);
                let write = Write::SaveTerms { role, scope, after: terms.number, own };
                self.step(Verb::Remove, Noun::Settings, name, (lines, write));
            } else {
                self.keep(Noun::Settings, name, None);
            }
        }
    }

    fn retiring_groups(&mut self, prune: Option<bool>) -> Vec<(PrincipalId, ScopeId)> {
        let mut retiring = Vec::new();
        let rows: HashSet<_> =
            self.resolved.groups.iter().filter_map(|it| it.which.known()).collect();
        let state = self.comparing.state;
        for group in state.groups.iter().filter(|group| !rows.contains(&group.id)) {
            let used =
                self.needed.groups.contains(&group.id) || self.needed.scopes.contains(&group.scope);
            if prune == Some(true) && group.seen && !used {
                retiring.push((group.id, group.scope));
                continue;
            }
            self.need_place(Which::Known(group.scope));
            if prune.is_some() && group.seen {
                let kept = (prune == Some(true)).then_some(USED);
                self.keep(Noun::Group, group.name.to_string(), kept);
            }
        }
        retiring
    }

    /// All places that go, those within others too.
    fn retiring_scopes(&mut self, prune: Option<bool>) -> Vec<ScopeId> {
        let Some(prune) = prune else { return Vec::new() };
        let rows: HashSet<_> =
            self.resolved.scopes.iter().filter_map(|it| it.which.known()).collect();
        let state = self.comparing.state;
        let mut retiring = Vec::new();
        for scope in state.scopes.iter().filter(|it| it.seen && !rows.contains(&it.id)) {
            let used = self.needed.scopes.contains(&scope.id);
            if prune && !used {
                retiring.push(scope.id);
            } else {
                let name = self.comparing.place(Which::Known(scope.id)).to_owned();
                self.keep(Noun::Scope, name, prune.then_some(USED));
            }
        }
        retiring
    }

    fn retiring_roles(&mut self, prune: Option<bool>) -> Vec<RoleId> {
        let Some(prune) = prune else { return Vec::new() };
        let rows: HashSet<_> = self.resolved.roles.iter().filter_map(|it| it.1.known()).collect();
        let state = self.comparing.state;
        let mut retiring = Vec::new();
        for role in state.roles.iter().filter(|it| !it.built_in && !rows.contains(&it.id)) {
            if prune && !self.needed.roles.contains(&role.id) {
                retiring.push(role.id);
            } else {
                self.keep(Noun::Role, role.name.to_string(), prune.then_some(USED));
            }
        }
        retiring
    }

    fn retire_groups(&mut self, retiring: &[(PrincipalId, ScopeId)]) {
        for (group, scope) in retiring {
            let name = self.comparing.holder(Which::Known(*group));
            let name = name.strip_prefix("group:").unwrap_or(name).to_owned();
            let write = Write::RetireScope { scope: *scope };
            self.step(Verb::Retire, Noun::Group, name, (Vec::new(), write));
        }
    }

    /// Retiring a place retires what lies in it, so only the topmost are steps.
    fn retire_scopes(&mut self, retiring: &[ScopeId]) {
        for scope in retiring {
            let parent = self.resolved.finder.parents.get(&Which::Known(*scope)).copied();
            if parent.and_then(Which::known).is_some_and(|parent| retiring.contains(&parent)) {
                continue;
            }
            let name = self.comparing.place(Which::Known(*scope)).to_owned();
            let write = Write::RetireScope { scope: *scope };
            self.step(Verb::Retire, Noun::Scope, name, (Vec::new(), write));
        }
    }

    fn retire_roles(&mut self, retiring: &[RoleId]) {
        for role in retiring {
            let name = self.comparing.role(Which::Known(*role)).to_owned();
            let write = Write::RetireRole { role: *role };
            self.step(Verb::Retire, Noun::Role, name, (Vec::new(), write));
        }
    }

    fn templates(&mut self, prune: Option<bool>) {
        let Some(prune) = prune else { return };
        let rows: HashSet<_> =
            self.resolved.templates.iter().filter_map(|it| it.which.known()).collect();
        let state = self.comparing.state;
        for template in state.templates.iter().filter(|it| !it.built_in && !rows.contains(&it.id)) {
            let name = template.name.to_string();
            if prune {
                let write = Write::RetireTemplate { template: template.id };
                self.step(Verb::Retire, Noun::Template, name, (Vec::new(), write));
            } else {
                self.keep(Noun::Template, name, None);
            }
        }
    }
}
