//! Bringing in what is held elsewhere: the file, the mapping, the preview, what came of it.
use axum::extract::Path;
use axum_extra::extract::Query;
use serde::Deserialize;

use super::{
    super::{
        done::Done,
        faults::Faults,
        page::{Answer, Opened, Page, Posted, answer, done, id, new_key, show},
        request::Nothing,
        say::{self, Reader},
        view::{
            Fact, Pages,
            form::{Choice, Field},
            frame::Section,
            inventory::{
                BadRow, ImportDone, ImportDraft, ImportRow, ImportedRow, Imports, MappedField,
                NewImport, Preview, PreviewRow,
            },
        },
    },
    standing,
};
use crate::{
    domain::{
        assignment::AssignmentKind,
        id::{ImportId, ScopeId},
        inventory::{self, Mapping, Said},
        role::ScopeKind,
        text::fold,
    },
    http::csrf::ProtectedParts,
    service::{
        self,
        inventory::import::{self, Outcome, PAGE, Plan, Row, State, Told, Verdict},
    },
};

/// So many rows of a preview are shown.
const SHOWN: usize = 50;
/// So many bad rows of a preview are shown.
const BAD_SHOWN: usize = 200;

/// Where a page of a list begins, in the address.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Begin {
    before: String,
    after: String,
    outcome: String,
}

/// The imports.
pub async fn list(page: Page, Query(begin): Query<Begin>) -> Answer {
    let found = import::list(&page.app, &page.actor, begin.before.parse().ok()).await?;
    let Opened { frame, reader, .. } = page.open(Section::Inventory).await?;
    let may_import = import::may(&page.app, &page.actor).await?;
    let is_full = i64::try_from(found.len()).unwrap_or(i64::MAX) >= PAGE;
    let next = found.last().filter(|_| is_full);
    show(&Imports {
        may_import,
        pages: Pages {
            first: String::new(),
            next: next
                .map(|last| format!("/inventory/imports?before={}", last.id))
                .unwrap_or_default(),
        },
        rows: found.iter().map(|told| row(told, page.user.principal, &reader)).collect(),
        frame,
    })
}

fn row(told: &Told, reader_account: crate::domain::id::PrincipalId, reader: &Reader) -> ImportRow {
    let goes_on = told.state != State::Draft || told.created_by == reader_account;
    ImportRow {
        link: if goes_on { format!("/inventory/imports/{}", told.id) } else { String::new() },
        file: told.file_name.clone(),
        state: word(told.state),
        by: told.by_name.clone(),
        at: reader.instant(told.created_at),
        outcome: outcome(told),
    }
}

fn word(state: State) -> &'static str {
    match state {
        State::Draft => "Draft",
        State::Done => "Done",
        State::Discarded => "Thrown away",
    }
}

fn number(count: Option<i32>) -> usize {
    count.and_then(|count| usize::try_from(count).ok()).unwrap_or_default()
}

/// What came of an import, in a sentence.
fn outcome(told: &Told) -> String {
    if told.state != State::Done {
        return say::count(number(Some(told.rows_read)), "row");
    }
    let mut said = vec![
        format!("{} made", say::count(number(told.made), "assignment")),
        format!("{} there already", number(told.already)),
    ];
    let more = [
        (number(told.left_out), "left out"),
        (number(told.outside_terms), "outside the terms"),
        (number(told.roles_made), "new roles"),
        (number(told.scopes_made), "new places"),
    ];
    said.extend(
        more.iter().filter(|(count, _)| *count > 0).map(|(count, what)| format!("{count} {what}")),
    );
    said.join(", ")
}

/// The form that takes a file.
pub async fn new(page: Page) -> Answer {
    draw_new(&page, Faults::default(), "").await
}

async fn draw_new(page: &Page, mut faults: Faults, text: &str) -> Answer {
    import::refuse_others(&page.app, &page.actor).await?;
    let Opened { frame, .. } = page.open(Section::Inventory).await?;
    let status = faults.status();
    let view = NewImport {
        file: faults.take("file", ""),
        text: Field::new(text),
        problems: faults.rest(),
        frame,
    };
    answer(status, &view)
}

/// Takes a file, or what was pasted.
pub async fn create(page: Page, ProtectedParts(parts): ProtectedParts) -> Answer {
    let file = parts.iter().find(|part| part.name == "file" && !part.bytes.is_empty());
    let text = parts.iter().find(|part| part.name == "text");
    let pasted = text.map(|part| String::from_utf8_lossy(&part.bytes)).unwrap_or_default();
    let (name, bytes) = match file {
        Some(file) => (file.file_name.clone().unwrap_or_default(), file.bytes.as_ref()),
        None => ("pasted".to_owned(), pasted.as_bytes()),
    };
    if bytes.is_empty() {
        return draw_new(&page, Faults::field("file", "Choose a file, or paste its text."), "")
            .await;
    }
    match import::upload(&page.app, &page.actor, &name, bytes).await {
        Ok(id) => Ok(axum::response::IntoResponse::into_response(axum::response::Redirect::to(
            &format!("/inventory/imports/{id}"),
        ))),
        Err(error) => {
            let shown = if pasted.len() < 100_000 { pasted.as_ref() } else { "" };
            draw_new(&page, Faults::of(error)?, shown).await
        }
    }
}

/// One import: its mapping and preview, or what came of it.
pub async fn one(page: Page, Path(import): Path<String>, Query(begin): Query<Begin>) -> Answer {
    let id: ImportId = id(&import, "import")?;
    let told = import::show(&page.app, &page.actor, id).await?;
    if told.state == State::Draft && told.created_by == page.user.principal {
        draw_draft(&page, id, Faults::default(), None).await
    } else {
        draw_done(&page, &told, &begin).await
    }
}

/// What the mapping's form sends.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Form {
    principal: String,
    role: String,
    scope: String,
    kind: String,
    starts_at: String,
    ends_at: String,
    justification: String,
    default_role: String,
    default_scope: String,
    default_kind: String,
    default_justification: String,
    make_roles: Option<String>,
    privileged_role: Vec<String>,
    under: String,
}

impl Form {
    fn mapping(&self) -> Mapping {
        let column = |name: &str| (!name.is_empty()).then(|| name.to_owned());
        Mapping {
            principal: column(&self.principal),
            role: column(&self.role),
            scope: column(&self.scope),
            kind: column(&self.kind),
            starts_at: column(&self.starts_at),
            ends_at: column(&self.ends_at),
            justification: column(&self.justification),
            default_role: self.default_role.trim().to_owned(),
            default_scope: self.default_scope.trim().to_owned(),
            default_kind: (self.default_kind == "eligible").then_some(AssignmentKind::Eligible),
            default_justification: self.default_justification.trim().to_owned(),
            make_roles: self.make_roles.is_some(),
            privileged_roles: self.privileged_role.clone(),
            make_scopes_under: self.under.parse().ok(),
        }
    }
}

/// Takes the mapping, and shows what would come of it.
pub async fn map(Path(import): Path<String>, posted: Posted<Form>) -> Answer {
    let Posted { page, form } = posted;
    let id: ImportId = id(&import, "import")?;
    let mapping = form.mapping();
    match import::map(&page.app, &page.actor, id, &mapping).await {
        Ok(()) => Ok(axum::response::IntoResponse::into_response(axum::response::Redirect::to(
            &format!("/inventory/imports/{id}#preview"),
        ))),
        Err(error) => draw_draft(&page, id, Faults::of(error)?, Some(mapping)).await,
    }
}

async fn draw_draft(
    page: &Page,
    id: ImportId,
    mut faults: Faults,
    typed: Option<Mapping>,
) -> Answer {
    let found = import::preview(&page.app, &page.actor, id).await?;
    let tree = service::inventory::standing::places(&page.app, &page.actor).await?;
    let Opened { frame, reader, .. } = page.open(Section::Inventory).await?;
    let is_typed = typed.is_some();
    let mapping = typed.unwrap_or_else(|| found.mapping.clone());
    if let Err(wrong) = &found.plan
        && !is_typed
    {
        for fault in wrong {
            faults.note(fault.field, &fault.message);
        }
    }
    let status =
        if is_typed || !faults.is_empty() { faults.status() } else { axum::http::StatusCode::OK };
    let status = if found.plan.is_err() && !is_typed { axum::http::StatusCode::OK } else { status };
    let fields = fields(&mapping, &found.columns, &mut faults);
    let code = faults.take("code", "");
    let problems = faults.rest();
    let preview = match &found.plan {
        Ok(plan) if !is_typed => Some(preview(plan, &found, &reader, code, problems.clone())),
        Ok(_) | Err(_) => None,
    };
    let roles = found.plan.as_ref().map(|plan| plan.unknown_roles.clone()).unwrap_or_default();
    let folders =
        standing::places(&tree, |kind| matches!(kind, ScopeKind::Organization | ScopeKind::Folder));
    let view = ImportDraft {
        action: format!("/inventory/imports/{id}"),
        file: found.told.file_name.clone(),
        rows: say::count(number(Some(found.told.rows_read)), "row"),
        columns: found.columns.clone(),
        sample: found.sample.clone(),
        fields,
        default_kind: Field::new(match mapping.default_kind {
            Some(AssignmentKind::Eligible) => "eligible",
            Some(AssignmentKind::Active) | None => "active",
        }),
        kinds: vec![Choice::new("active", "Active"), Choice::new("eligible", "Eligible")],
        make_roles: mapping.make_roles,
        missing_roles: roles
            .iter()
            .map(|role| Choice::new(role, role).chosen(mapping.makes_privileged(role)))
            .collect(),
        under: Field::new(mapping.make_scopes_under.map(|id| id.to_string()).unwrap_or_default()),
        places: std::iter::once(Choice::new("", "Don’t make places")).chain(folders).collect(),
        problems: if preview.is_some() { Vec::new() } else { problems },
        preview,
        frame,
    };
    answer(status, &view)
}

fn fields(mapping: &Mapping, columns: &[String], faults: &mut Faults) -> Vec<MappedField> {
    inventory::Field::ALL
        .into_iter()
        .map(|(field, name, label)| {
            let none = match field {
                inventory::Field::Principal => "Choose a column",
                _ => "No column",
            };
            let (fallback, help) = match field {
                inventory::Field::Role => ("default_role", "For rows without one"),
                inventory::Field::Scope => {
                    ("default_scope", "For rows without one; empty is the whole organisation")
                }
                inventory::Field::Justification => {
                    ("default_justification", "For rows without one")
                }
                inventory::Field::Principal
                | inventory::Field::Kind
                | inventory::Field::StartsAt
                | inventory::Field::EndsAt => ("", ""),
            };
            MappedField {
                name,
                label,
                column: faults.take(name, mapping.column(field).unwrap_or_default()),
                columns: std::iter::once(Choice::new("", none))
                    .chain(columns.iter().map(|column| Choice::new(column, column)))
                    .collect(),
                fallback,
                otherwise: mapping.fallback(field).to_owned(),
                help,
            }
        })
        .collect()
}

fn preview(
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
        sentence: format!(
            "{} would be made. {} there already. {}",
            say::count(make, "assignment"),
            if already == 1 { "1 row is".to_owned() } else { format!("{already} rows are") },
            match bad {
                0 => "No row is bad.".to_owned(),
                1 => "1 row can’t be imported.".to_owned(),
                bad => format!("{bad} rows can’t be imported."),
            },
        ),
        same_before: found
            .same_before
            .as_ref()
            .map(|before| {
                let when = before.closed_at.map(|at| reader.instant(at).text).unwrap_or_default();
                format!(
                    "The same file was imported with the same mapping by {}, {when}.",
                    before.by_name
                )
            })
            .unwrap_or_default(),
        make,
        outside: plan.outside(),
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
            "Close the import".to_owned()
        } else {
            format!("Import {}", say::count(make, "assignment"))
        },
        idempotency_key: new_key(),
        problems,
    }
}

fn preview_row(row: &import::Planned, reader: &Reader) -> Option<PreviewRow> {
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
            AssignmentKind::Eligible => "Eligible",
            AssignmentKind::Active => "Active",
        },
        until: make.window.ends_at.map(|end| reader.instant(end)),
        outside: make.outside.join("; "),
    })
}

fn bad_row(row: &import::Planned) -> Option<BadRow> {
    let Verdict::Bad(faults) = &row.verdict else { return None };
    Some(BadRow {
        line: row.line,
        said: said(&row.said),
        reasons: faults.iter().map(inventory::Fault::sentence).collect(),
    })
}

/// What a row says, in one line.
fn said(said: &Said) -> String {
    [&said.principal, &said.role, &said.scope]
        .into_iter()
        .filter(|text| !text.is_empty())
        .map(|text| text.chars().take(80).collect::<String>())
        .collect::<Vec<_>>()
        .join(" · ")
}

/// What the form that confirms sends.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Confirm {
    leave_out: Option<String>,
    code: String,
}

/// Imports.
pub async fn confirm(Path(import): Path<String>, posted: Posted<Confirm>) -> Answer {
    let Posted { page, form } = posted;
    let id: ImportId = id(&import, "import")?;
    let code = Some(form.code.as_str());
    match import::confirm(&page.app, &page.actor, id, form.leave_out.is_some(), code).await {
        Ok(_) => done(&format!("/inventory/imports/{id}"), Done::Imported),
        Err(error) => draw_draft(&page, id, Faults::of(error)?, None).await,
    }
}

/// Throws a file away.
pub async fn discard(Path(import): Path<String>, posted: Posted<Nothing>) -> Answer {
    let Posted { page, .. } = posted;
    let id: ImportId = id(&import, "import")?;
    match import::discard(&page.app, &page.actor, id).await {
        Ok(()) => done("/inventory/imports", Done::Discarded),
        Err(error) => draw_draft(&page, id, Faults::of(error)?, None).await,
    }
}

async fn draw_done(page: &Page, told: &Told, begin: &Begin) -> Answer {
    let (outcome_wanted, name) = match begin.outcome.as_str() {
        "left_out" => (Outcome::LeftOut, "left_out"),
        "already" => (Outcome::Already, "already"),
        _ => (Outcome::Made, "made"),
    };
    let after = begin.after.parse().unwrap_or_default();
    let rows = if told.state == State::Done {
        import::rows(&page.app, &page.actor, told.id, Some(outcome_wanted), after).await?
    } else {
        Vec::new()
    };
    let Opened { frame, reader, .. } = page.open(Section::Inventory).await?;
    let link = format!("/inventory/imports/{}", told.id);
    let is_full = i64::try_from(rows.len()).unwrap_or(i64::MAX) >= PAGE;
    let next = rows.last().filter(|_| is_full);
    show(&ImportDone {
        file: told.file_name.clone(),
        state: word(told.state),
        sentence: outcome(told),
        facts: facts(told, &reader),
        outcome: name,
        outcomes: if told.state == State::Done {
            [
                ("made", told.made, "Made"),
                ("already", told.already, "There already"),
                ("left_out", told.left_out, "Left out"),
            ]
            .into_iter()
            .map(|(name, count, words)| {
                (format!("{link}?outcome={name}"), words, count.unwrap_or_default(), name)
            })
            .collect()
        } else {
            Vec::new()
        },
        pages: Pages {
            first: String::new(),
            next: next
                .map(|last| format!("{link}?outcome={name}&after={}", last.line))
                .unwrap_or_default(),
        },
        rows: rows.iter().map(imported).collect(),
        frame,
    })
}

fn imported(row: &Row) -> ImportedRow {
    ImportedRow {
        line: row.line,
        said: said(&row.said.0),
        notes: row.notes.clone(),
        link: row.assignment.map(|id| format!("/assignments/{id}")).unwrap_or_default(),
    }
}

fn facts(told: &Told, reader: &Reader) -> Vec<Fact> {
    let mut facts = vec![
        Fact::new("By", told.by_name.clone()),
        Fact::at("Handed in", reader.instant(told.created_at)),
    ];
    if let Some(closed) = told.closed_at {
        facts.push(Fact::at("Closed", reader.instant(closed)));
    }
    facts.push(Fact::new("Rows", told.rows_read.to_string()));
    facts.push(Fact::new("SHA-256", data_encoding::HEXLOWER.encode(&told.digest)));
    let mapping = told.mapping.as_ref().map(|mapping| &mapping.0);
    for (field, _, label) in inventory::Field::ALL {
        if let Some(column) = mapping.and_then(|mapping| mapping.column(field)) {
            facts.push(Fact::new(format!("{label} from"), column.to_owned()));
        }
    }
    facts
}
