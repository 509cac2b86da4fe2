//! Templates, and what places say about roles.
use std::collections::{BTreeMap, HashMap};

use super::{Comparing, changed, does_something};
use crate::domain::{
    approval::to_words,
    id::{PrincipalId, RoleId, ScopeId},
    policy::{
        plan::{Line, Noun, Step, Verb, Which, Write},
        resolve::Resolved,
        terms::{FIELDS, OwnTerms, Value},
        write::{length_in_words, proof_in_words},
    },
};

type Wanted = OwnTerms<Which<PrincipalId>, Which<RoleId>>;

/// The steps that templates take.
pub(super) fn templates(comparing: &Comparing<'_>, resolved: &Resolved<'_>) -> Vec<Step> {
    let mut steps = Vec::new();
    for wanted in &resolved.templates {
        let (row, name) = (wanted.row, wanted.row.name.clone());
        let have = comparing.state.templates.iter().find(|it| wanted.which.known() == Some(it.id));
        let (verb, lines, write) = match have {
            None => {
                let description = row.description.clone().unwrap_or_default();
                let mut lines = vec![Line::new("description", "", &description)];
                lines.extend(comparing.lines(&Wanted::default(), &wanted.terms));
                let terms = wanted.terms.clone();
                (Verb::Create, lines, Write::CreateTemplate { name, description, terms })
            }
            Some(have) => {
                let before = known(&have.terms);
                let terms = wanted.terms.over(&before);
                let description =
                    row.description.clone().unwrap_or_else(|| have.description.clone());
                let mut lines = changed(&[
                    ("name", have.name.to_string(), name.to_string()),
                    ("description", have.description.to_string(), description.to_string()),
                ]);
                lines.extend(comparing.lines(&before, &terms));
                let (template, after) = (have.id, have.number);
                let write = Write::ChangeTemplate { template, after, name, description, terms };
                (Verb::Change, lines, write)
            }
        };
        let name = row.name.to_string();
        steps.push(Step::of(wanted.at, (verb, Noun::Template, name), lines, write));
    }
    steps.retain(does_something);
    steps
}

/// The steps that the terms of roles at places take; a place after those above it.
pub(super) fn settings(comparing: &Comparing<'_>, resolved: &Resolved<'_>) -> Vec<Step> {
    let mut steps = Vec::new();
    let said: HashMap<_, _> = comparing
        .state
        .terms
        .iter()
        .map(|terms| ((Which::Known(terms.role), Which::Known(terms.scope)), terms))
        .collect();
    for wanted in &resolved.terms {
        let (role, scope) = (wanted.role, wanted.scope);
        let have = said.get(&(role, scope));
        let before = have.map(|have| known(&have.own)).unwrap_or_default();
        let is_root = scope == Which::Known(ScopeId::ROOT);
        // The organisation inherits nothing, so what it is not told anew stays.
        let own = if is_root { wanted.own.over(&before) } else { wanted.own.clone() };
        let lines = comparing.lines(&before, &own);
        // A new role has its first terms by then.
        let first = i32::from(is_root && role.known().is_none());
        let after = have.map_or(first, |have| have.number);
        let verb = if have.is_some() || is_root { Verb::Change } else { Verb::Create };
        if lines.is_empty() {
            continue;
        }
        let name = format!("of {} at {}", comparing.role(role), comparing.place(scope));
        let write = Write::SaveTerms { role, scope, after, own };
        steps.push(Step::of(wanted.at, (verb, Noun::Settings, name), lines, write));
    }
    let depth = |step: &Step| match &step.write {
        Write::SaveTerms { scope, .. } => {
            resolved.finder.paths.get(scope).map_or(usize::MAX, |path| path.0.len())
        }
        _ => usize::MAX,
    };
    steps.sort_by_key(depth);
    steps
}

/// Terms that name who is there.
pub(in crate::domain::policy) fn known(terms: &OwnTerms<PrincipalId, RoleId>) -> Wanted {
    terms.map(|id| Some(Which::Known(*id)), |id| Some(Which::Known(*id))).unwrap_or_default()
}

impl Comparing<'_> {
    /// The fields that differ, in words.
    pub(in crate::domain::policy) fn lines(&self, before: &Wanted, after: &Wanted) -> Vec<Line> {
        let words = |values: &BTreeMap<&str, Value<Which<PrincipalId>, Which<RoleId>>>,
                     field: &str| {
            values.get(field).map(|value| self.value(value)).unwrap_or_default()
        };
        let fields: Vec<_> = FIELDS
            .iter()
            .filter(|(field, _)| before.values.get(field) != after.values.get(field))
            .map(|(field, _)| {
                Line::new(field, words(&before.values, field), words(&after.values, field))
            })
            .collect();
        let names = |terms: &Wanted| terms.enforced.iter().copied().collect::<Vec<_>>().join(", ");
        let enforced = changed(&[("enforced", names(before), names(after))]);
        fields.into_iter().chain(enforced).collect()
    }

    fn value(&self, value: &Value<Which<PrincipalId>, Which<RoleId>>) -> String {
        match value {
            Value::Length(length) => length_in_words(*length),
            Value::Flag(flag) => flag.to_string(),
            Value::Authentication(proof) => proof_in_words(*proof).to_owned(),
            Value::Notices(notices) => notices.words(),
            Value::Stages(stages) => to_words(
                stages,
                |holder| self.holder(*holder).to_owned(),
                |role| self.role(*role).to_owned(),
            ),
        }
    }
}
