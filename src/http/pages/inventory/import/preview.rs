//! What would come of an import.
use super::{
    super::super::{
        page::new_key,
        say::Reader,
        view::{
            form::Field,
            inventory::{BadRow, Preview, PreviewRow},
        },
    },
    said,
};
use crate::{
    domain::{assignment::AssignmentKind, id::ScopeId, text::fold},
    http::language::tell,
    service::inventory::import::{self, Plan, Planned, Verdict},
};

/// So many rows of a preview are shown.
const SHOWN: usize = 50;
/// So many bad rows of a preview are shown.
const BAD_SHOWN: usize = 200;

/// What would come of it.
pub(super) fn preview(
    plan: &Plan,
    found: &import::Preview,
    reader: &Reader,
    code: Field,
    problems: Vec<String>,
) -> Preview {
    let (make, bad, already) = (plan.made(), plan.bad(), plan.already());
    let will = |wish: bool, names: &[String]| if wish { names.join(", ") } else { String::new() };
    let mapping = &found.mapping;
    Preview {
        sentence: [
            tell!("inventory-would-be-made", make = make),
            tell!("inventory-rows-there-already", already = already),
            tell!("inventory-rows-bad", bad = bad),
        ]
        .join(" "),
        same_before: found
            .same_before
            .as_ref()
            .map(|before| {
                let when = before.closed_at.map(|at| reader.instant(at).text).unwrap_or_default();
                tell!("inventory-the-same-file-was-imported", by_name = before.by_name, when = when)
            })
            .unwrap_or_default(),
        make,
        shortened: plan.shortened(),
        rows: plan.rows.iter().filter_map(|row| preview_row(row, reader)).take(SHOWN).collect(),
        more: make.saturating_sub(SHOWN),
        bad,
        bad_rows: plan.rows.iter().filter_map(bad_row).take(BAD_SHOWN).collect(),
        more_bad: bad.saturating_sub(BAD_SHOWN),
        new_roles: will(mapping.make_roles, &plan.unknown_roles),
        new_places: will(mapping.make_scopes_under.is_some(), &plan.unknown_scopes),
        nobody: plan.unknown_principals.join(", "),
        code: plan.needs_code.then_some(code),
        button: if make == 0 {
            tell!("inventory-close-the-import")
        } else {
            tell!("inventory-import-assignments", make = make)
        },
        idempotency_key: new_key(),
        problems,
    }
}

fn preview_row(row: &Planned, reader: &Reader) -> Option<PreviewRow> {
    let Verdict::Make(make) = &row.verdict else { return None };
    Some(PreviewRow {
        line: row.line,
        who: row.said.principal.clone(),
        role: row.said.role.clone(),
        place: if fold(&row.said.scope).is_empty() || make.scope == Some(ScopeId::ROOT) {
            String::new()
        } else {
            row.said.scope.clone()
        },
        kind: match make.kind {
            AssignmentKind::Eligible => tell!("word-eligible"),
            AssignmentKind::Active => tell!("word-active"),
        },
        until: make.window.ends_at.map(|end| reader.instant(end)),
        shortened: make.shortened,
    })
}

fn bad_row(row: &Planned) -> Option<BadRow> {
    let Verdict::Bad(faults) = &row.verdict else { return None };
    Some(BadRow {
        line: row.line,
        said: said(&row.said),
        reasons: faults.iter().map(|fault| super::told(&fault.sentence())).collect(),
    })
}
