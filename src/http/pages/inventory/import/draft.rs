//! A file that was handed in: which column is what, and what would come of it.
use axum::{
    extract::Path,
    http::StatusCode,
    response::{IntoResponse as _, Redirect},
};
use serde::Deserialize;

use super::{
    super::super::{
        done::Done,
        faults::Faults,
        page::{Answer, Opened, Page, Posted, answer, done, id},
        request::Nothing,
        scope::choice,
        view::{
            form::{Choice, Field},
            frame::Section,
            inventory::{ImportDraft, MappedField},
        },
    },
    number,
    preview::preview,
};
use crate::{
    domain::{
        assignment::AssignmentKind,
        id::ImportId,
        inventory::{self, Mapping},
        permission::Permission,
        role::ScopeKind,
    },
    error::Error,
    http::language::tell,
    service::{inventory::import, scope},
};

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
    end_by_terms: Option<String>,
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
            end_by_terms: self.end_by_terms.is_some(),
        }
    }
}

/// Takes the mapping, and shows what would come of it.
pub async fn map(Path(import): Path<String>, posted: Posted<Form>) -> Answer {
    let Posted { page, form } = posted;
    let id: ImportId = id(&import, "import")?;
    let mapping = form.mapping();
    match import::map(&page.app, &page.actor, id, &mapping).await {
        Ok(()) => Ok(Redirect::to(&format!("/inventory/imports/{id}#preview")).into_response()),
        Err(error) => draw(&page, id, Faults::of(error)?, Some(mapping)).await,
    }
}

pub(super) async fn draw(
    page: &Page,
    id: ImportId,
    mut faults: Faults,
    typed: Option<Mapping>,
) -> Answer {
    let found = import::preview(&page.app, &page.actor, id).await?;
    let folders = folders(page).await?;
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
    let status = if is_typed || !faults.is_empty() { faults.status() } else { StatusCode::OK };
    let status = if found.plan.is_err() && !is_typed { StatusCode::OK } else { status };
    let fields = fields(&mapping, &found.columns, &mut faults);
    let code = faults.take("code", "");
    let problems = faults.rest();
    let preview = match &found.plan {
        Ok(plan) if !is_typed => Some(preview(plan, &found, &reader, code, problems.clone())),
        Ok(_) | Err(_) => None,
    };
    let roles = found.plan.as_ref().map(|plan| plan.unknown_roles.clone()).unwrap_or_default();
    let view = ImportDraft {
        action: format!("/inventory/imports/{id}"),
        file: found.told.file_name.clone(),
        rows: tell!("inventory-rows-counted", rows = number(Some(found.told.rows_read))),
        columns: found.columns.clone(),
        sample: found.sample.clone(),
        fields,
        default_kind: Field::new(match mapping.default_kind {
            Some(AssignmentKind::Eligible) => "eligible",
            Some(AssignmentKind::Active) | None => "active",
        }),
        kinds: vec![
            Choice::new("active", tell!("word-active")),
            Choice::new("eligible", tell!("word-eligible")),
        ],
        make_roles: mapping.make_roles,
        end_by_terms: mapping.end_by_terms,
        missing_roles: roles
            .iter()
            .map(|role| Choice::new(role, role).chosen(mapping.makes_privileged(role)))
            .collect(),
        under: Field::new(mapping.make_scopes_under.map(|id| id.to_string()).unwrap_or_default()),
        places: std::iter::once(Choice::new("", tell!("inventory-dont-make-places")))
            .chain(folders)
            .collect(),
        problems: if preview.is_some() { Vec::new() } else { problems },
        preview,
        frame,
    };
    answer(status, &view)
}

fn fields(mapping: &Mapping, columns: &[String], faults: &mut Faults) -> Vec<MappedField> {
    inventory::Field::ALL
        .into_iter()
        .map(|(field, name, _)| {
            let none = match field {
                inventory::Field::Principal => tell!("inventory-choose-a-column"),
                _ => tell!("inventory-no-column"),
            };
            let (fallback, help) = match field {
                inventory::Field::Role => ("default_role", String::new()),
                inventory::Field::Scope => ("default_scope", tell!("word-the-whole-organisation")),
                inventory::Field::Justification => {
                    ("default_justification", tell!("inventory-imported-from-this-file"))
                }
                inventory::Field::Principal
                | inventory::Field::Kind
                | inventory::Field::StartsAt
                | inventory::Field::EndsAt => ("", String::new()),
            };
            MappedField {
                name,
                label: super::label(name),
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
        Err(error) => draw(&page, id, Faults::of(error)?, None).await,
    }
}

/// Throws a file away.
pub async fn discard(Path(import): Path<String>, posted: Posted<Nothing>) -> Answer {
    let Posted { page, .. } = posted;
    let id: ImportId = id(&import, "import")?;
    match import::discard(&page.app, &page.actor, id).await {
        Ok(()) => done("/inventory/imports", Done::Discarded),
        Err(error) => draw(&page, id, Faults::of(error)?, None).await,
    }
}

/// The places in which systems can be made.
async fn folders(page: &Page) -> Result<Vec<Choice>, Error> {
    let places = match scope::choices(&page.app, &page.actor, Permission::ManageScopes, None).await
    {
        Err(Error::Forbidden(_)) => Vec::new(),
        places => places?,
    };
    let folders = places
        .iter()
        .filter(|place| matches!(place.kind, ScopeKind::Organization | ScopeKind::Folder));
    Ok(folders.map(choice).collect())
}
