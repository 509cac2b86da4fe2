//! Who is to hold what, compared with who does.
use std::collections::{HashMap, HashSet};

use super::{Comparing, changed};
use crate::domain::{
    assignment::AssignmentKind,
    id::{AssignmentId, PrincipalId, RoleId, ScopeId},
    policy::{
        plan::{Line, Noun, Step, Verb, Which, Write},
        resolve::{Resolved, WantedAssignment},
        state::Assignment,
    },
    time::Instant,
};

/// What came of comparing.
pub(super) struct Compared {
    /// The steps for who belongs to groups, and who owns them.
    pub(super) memberships: Vec<Step>,
    /// The steps for everything else.
    pub(super) others: Vec<Step>,
    /// The assignments that are in the files.
    pub(super) listed: HashSet<AssignmentId>,
    /// How many rows are over.
    pub(super) over: usize,
}

/// Compares.
pub(super) fn compare(
    comparing: &Comparing<'_>,
    resolved: &Resolved<'_>,
    now: Instant,
) -> Compared {
    let is_over = |wanted: &&WantedAssignment<'_>| wanted.row.until.is_some_and(|end| end <= now);
    let (over, wanted): (Vec<_>, Vec<_>) = resolved.assignments.iter().partition(is_over);
    let mut pairing = Pairing::of(&comparing.state.assignments, wanted);
    pairing.pair(|wanted, have| wanted.row.id == Some(have.id));
    let same_kind = |wanted: &WantedAssignment<'_>, have: &Assignment| wanted.row.kind == have.kind;
    pairing.pair(|wanted, have| same_kind(wanted, have) && dates(wanted, have, now).is_empty());
    pairing.pair(same_kind);
    pairing.pair(|_, _| true);
    let Pairing { pairs, alone, .. } = pairing;
    let listed = pairs.iter().map(|(_, have)| have.id).collect();
    let mut found =
        Compared { memberships: Vec::new(), others: Vec::new(), listed, over: over.len() };
    let groups: HashSet<_> = comparing.state.groups.iter().map(|group| group.scope).collect();
    let new_groups: HashSet<_> = resolved
        .groups
        .iter()
        .filter_map(|group| new_place(group.at, group.which.known().is_none()))
        .collect();
    let steps = alone.into_iter().map(|wanted| (wanted, comparing.given(wanted))).chain(
        pairs.into_iter().filter_map(|(wanted, have)| {
            comparing.changed_to(wanted, have, now).map(|step| (wanted, step))
        }),
    );
    for (wanted, step) in steps {
        let in_group = match wanted.scope {
            Which::Known(scope) => groups.contains(&scope),
            new @ Which::New(_) => new_groups.contains(&new),
        };
        if in_group { found.memberships.push(step) } else { found.others.push(step) }
    }
    found.memberships.sort_by_key(|step| step.at);
    found.others.sort_by_key(|step| step.at);
    found
}

fn new_place(at: crate::domain::policy::At, is_new: bool) -> Option<Which<ScopeId>> {
    is_new.then_some(Which::New(at))
}

/// Who holds which role where.
type Key = (PrincipalId, RoleId, ScopeId);

fn key_of(have: &Assignment) -> Key {
    (have.holder, have.role, have.scope)
}

/// None if it is about something that is yet to be made.
fn key_wanted(wanted: &WantedAssignment<'_>) -> Option<Key> {
    Some((wanted.holder.known()?, wanted.role.known()?, wanted.scope.known()?))
}

/// Finds for each row the assignment that it is about.
struct Pairing<'all, 'row> {
    free: HashMap<Key, Vec<&'all Assignment>>,
    pairs: Vec<(&'all WantedAssignment<'row>, &'all Assignment)>,
    alone: Vec<&'all WantedAssignment<'row>>,
}

impl<'all, 'row> Pairing<'all, 'row> {
    fn of(have: &'all [Assignment], alone: Vec<&'all WantedAssignment<'row>>) -> Self {
        let mut free: HashMap<_, Vec<_>> = HashMap::new();
        for assignment in have {
            free.entry(key_of(assignment)).or_default().push(assignment);
        }
        Self { free, pairs: Vec::new(), alone }
    }

    fn pair(&mut self, fits: impl Fn(&WantedAssignment<'_>, &Assignment) -> bool) {
        for wanted in std::mem::take(&mut self.alone) {
            let there = key_wanted(wanted).and_then(|key| self.free.get_mut(&key));
            let found = there.and_then(|there| {
                let place = there.iter().position(|have| fits(wanted, have))?;
                Some(there.remove(place))
            });
            match found {
                Some(have) => self.pairs.push((wanted, have)),
                None => self.alone.push(wanted),
            }
        }
    }
}

fn end(end: Option<Instant>) -> String {
    end.map_or_else(|| "for good".to_owned(), |end| end.to_string())
}

/// What differs in the dates. What has begun keeps its beginning, and a row that names none leaves it.
fn dates(wanted: &WantedAssignment<'_>, have: &Assignment, now: Instant) -> Vec<Line> {
    let from = wanted.row.from.filter(|from| *from > now || have.starts_at > now);
    let from = from.unwrap_or(have.starts_at);
    changed(&[
        ("from", have.starts_at.to_string(), from.to_string()),
        ("until", end(have.ends_at), end(wanted.row.until)),
    ])
}

impl Comparing<'_> {
    fn called(&self, wanted: &WantedAssignment<'_>) -> String {
        let WantedAssignment { holder, role, scope, .. } = *wanted;
        format!("{} as {} at {}", self.holder(holder), self.role(role), self.place(scope))
    }

    fn given(&self, wanted: &WantedAssignment<'_>) -> Step {
        let row = wanted.row;
        let mut lines = vec![Line::new("kind", "", row.kind.name())];
        lines.extend(row.from.map(|from| Line::new("from", "", from)));
        lines.push(Line::new("until", "", end(row.until)));
        let write = Write::Assign {
            holder: wanted.holder,
            role: wanted.role,
            scope: wanted.scope,
            kind: row.kind,
            from: row.from,
            until: row.until,
            reason: row.reason.clone(),
        };
        let what = (Verb::Create, Noun::Assignment, self.called(wanted));
        Step::of(wanted.at, what, lines, write)
    }

    fn changed_to(
        &self,
        wanted: &WantedAssignment<'_>,
        have: &Assignment,
        now: Instant,
    ) -> Option<Step> {
        let row = wanted.row;
        let dates = dates(wanted, have, now);
        let reason = row.reason.clone();
        let from = row.from.filter(|from| *from > now || have.starts_at > now);
        let (lines, write) = if row.kind == have.kind {
            if dates.is_empty() {
                return None;
            }
            (dates, Write::SetDates { assignment: have.id, from, until: row.until, reason })
        } else {
            let kinds =
                changed(&[("kind", have.kind.name().to_owned(), row.kind.name().to_owned())]);
            let to: AssignmentKind = row.kind;
            let write = Write::Convert { assignment: have.id, to, from, until: row.until, reason };
            (kinds.into_iter().chain(dates).collect(), write)
        };
        let what = (Verb::Change, Noun::Assignment, self.called(wanted));
        Some(Step::of(wanted.at, what, lines, write))
    }
}
