//! Says of each row that could be read whether it is there already, and what the terms say of it.
use std::collections::HashMap;

use sqlx::PgConnection;

use super::{
    known::{Known, Resolved},
    plan::{Make, Plan, Planned, Verdict},
};
use crate::{
    domain::{
        assignment::{AssignmentKind, AssignmentOrigin, Window, faults},
        id::{PrincipalId, RoleId, ScopeId},
        inventory::{Fault, Field, Mapping, Said},
        settings::AssignmentTerms,
        text::fold,
        time::Instant,
    },
    error::Error,
    service::role::first_terms,
    store::inventory::lookup::{self, Slot},
};

/// A row with its line, what it says, and what it comes to or all that is wrong with it.
type Way = (i32, Said, Result<Resolved, Vec<Fault>>);

/// Judges each row, in the order of the file.
pub(super) async fn judge(
    connection: &mut PgConnection,
    known: &Known,
    mapping: &Mapping,
    rows: Vec<Way>,
    plan: &mut Plan,
) -> Result<(), Error> {
    let slots: Vec<Slot> = rows.iter().filter_map(|(_, _, row)| slot(row.as_ref().ok()?)).collect();
    let mut held: HashMap<Slot, Vec<lookup::Held>> = HashMap::new();
    for one in lookup::held(connection, &slots).await? {
        let index = usize::try_from(one.number - 1).unwrap_or(usize::MAX);
        if let Some(slot) = slots.get(index) {
            held.entry(*slot).or_default().push(one);
        }
    }
    let mut pairs: Vec<_> =
        rows.iter().filter_map(|(_, _, row)| pair(row.as_ref().ok()?, mapping)).collect();
    pairs.sort();
    pairs.dedup();
    let found = lookup::terms(connection, &pairs).await?;
    let terms: HashMap<_, _> = pairs.into_iter().zip(found).collect();
    let mut facts =
        Facts { now: known.now, mapping, held: &held, terms: &terms, earlier: Earlier::new() };
    for (line, said, row) in rows {
        let verdict = match row {
            Err(faults) => Verdict::Bad(faults),
            Ok(row) => facts.judge(line, &row, plan),
        };
        plan.rows.push(Planned { line, said, verdict });
    }
    Ok(())
}

fn slot(row: &Resolved) -> Option<Slot> {
    Some(Slot {
        principal: row.principal,
        role: row.role?,
        scope: row.scope?,
        kind: row.wanted.kind,
    })
}

/// The role and the place whose terms count: for a place that is to be made, those of the one above it.
fn pair(row: &Resolved, mapping: &Mapping) -> Option<(RoleId, ScopeId)> {
    Some((row.role?, row.scope.or(mapping.make_scopes_under)?))
}

fn overlap(one: Window, other: Window) -> bool {
    let before = |end: Option<Instant>, start: Instant| end.is_some_and(|end| end <= start);
    !before(one.ends_at, other.starts_at) && !before(other.ends_at, one.starts_at)
}

type Earlier = HashMap<(PrincipalId, String, String, AssignmentKind), Vec<(i32, Window)>>;

/// What is known of all rows, and of those that came before.
struct Facts<'a> {
    now: Instant,
    mapping: &'a Mapping,
    held: &'a HashMap<Slot, Vec<lookup::Held>>,
    terms: &'a HashMap<(RoleId, ScopeId), lookup::Terms>,
    earlier: Earlier,
}

impl Facts<'_> {
    /// Judges a row that could be read.
    fn judge(&mut self, line: i32, row: &Resolved, plan: &mut Plan) -> Verdict {
        let wanted = &row.wanted;
        let window = Window {
            starts_at: wanted.starts_at.unwrap_or(self.now).max(self.now),
            ends_at: wanted.ends_at,
        };
        if let Some(verdict) = self.there(row, window) {
            return verdict;
        }
        let in_force = pair(row, self.mapping).and_then(|pair| self.terms.get(&pair));
        let first = first_terms(self.mapping.makes_privileged(&wanted.role));
        let terms = match (wanted.kind, in_force) {
            (AssignmentKind::Eligible, Some(terms)) => &terms.eligible,
            (AssignmentKind::Active, Some(terms)) => &terms.active,
            (AssignmentKind::Eligible, None) => &first.eligible,
            (AssignmentKind::Active, None) => &first.active,
        };
        let (window, shortened) = match self.fit(window, terms) {
            Ok(fitted) => fitted,
            Err(faults) => return Verdict::Bad(faults),
        };
        if let Some(before) = self.said_before(line, row, window) {
            return Verdict::Twice(before);
        }
        plan.needs_code |= terms.requires_mfa;
        Verdict::Make(Make {
            principal: row.principal,
            role: row.role,
            scope: row.scope,
            kind: wanted.kind,
            window,
            justification: wanted.justification.clone(),
            shortened,
            settings: in_force.map(|terms| terms.settings),
        })
    }

    /// Whether the same is held already in that time.
    fn there(&self, row: &Resolved, window: Window) -> Option<Verdict> {
        let held =
            slot(row).and_then(|slot| self.held.get(&slot)).into_iter().flatten().find(|held| {
                overlap(window, Window { starts_at: held.starts_at, ends_at: held.ends_at })
            })?;
        Some(match held.origin {
            AssignmentOrigin::Assigned => Verdict::There(held.id),
            AssignmentOrigin::Activated => Verdict::Bad(vec![Fault::new(
                self.mapping.column(Field::Kind).unwrap_or_default(),
                "the role is activated at this moment: import the row when that is over",
            )]),
        })
    }

    /// The window as the terms allow it, and whether it ends sooner for that; or what is wrong with it.
    fn fit(&self, window: Window, terms: &AssignmentTerms) -> Result<(Window, bool), Vec<Fault>> {
        let latest = window.starts_at + terms.maximum;
        let too_long = !terms.may_be_permanent && window.ends_at.is_none_or(|end| end > latest);
        if too_long && !self.mapping.end_by_terms {
            let column = self.mapping.column(Field::EndsAt).unwrap_or_default();
            let reason = format!(
                "the role's terms allow at most {}: give an earlier end, or let such rows end as late as the terms allow",
                terms.maximum
            );
            return Err(vec![Fault::new(column, reason)]);
        }
        let window = if too_long { Window { ends_at: Some(latest), ..window } } else { window };
        // There is always a reason: at least that it was imported. The code is asked for once, for all rows.
        let faults = faults(window, terms, true, true, self.now);
        if faults.is_empty() {
            Ok((window, too_long))
        } else {
            Err(faults.into_iter().map(|fault| Fault::new("", fault.message)).collect())
        }
    }

    /// The earlier line that says the same, if there is one; else notes this one.
    fn said_before(&mut self, line: i32, row: &Resolved, window: Window) -> Option<i32> {
        let place = row.scope.map_or_else(|| fold(&row.wanted.scope), |scope| scope.to_string());
        let key = (row.principal, fold(&row.wanted.role), place, row.wanted.kind);
        let lines = self.earlier.entry(key).or_default();
        if let Some((before, _)) = lines.iter().find(|(_, other)| overlap(window, *other)) {
            return Some(*before);
        }
        lines.push((line, window));
        None
    }
}
