//! Bringing in what is held elsewhere.
use axum::{extract::State, http::StatusCode};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    App,
    domain::{
        id::{AssignmentId, ImportId, PrincipalId},
        inventory::{Fault, Format, Mapping, Said},
        time::Instant,
    },
    error::Error,
    http::{
        Web,
        actor::Bearer,
        api::{
            answer::{Created, Page, created, done},
            cursor,
        },
        extract::{Json, Path, Query},
        problem::ApiError,
    },
    service::inventory::import::{self, PAGE, Plan, RowOutcome, State as Stage, Verdict},
};

pub(super) fn routes() -> OpenApiRouter<Web> {
    OpenApiRouter::new()
        .routes(routes!(list, upload))
        .routes(routes!(show))
        .routes(routes!(preview))
        .routes(routes!(confirm))
        .routes(routes!(discard))
        .routes(routes!(rows))
}

/// A list of assignments that was handed in.
#[derive(Serialize, ToSchema)]
struct Import {
    /// Which.
    id: ImportId,
    /// Draft, done or discarded.
    state: Stage,
    /// What the file was called.
    file_name: String,
    /// What it was written as.
    format: Format,
    /// Its SHA-256, in hexadecimal.
    sha256: String,
    /// How many rows it has.
    rows_read: i32,
    /// How it is read.
    mapping: Option<Mapping>,
    /// Who handed it in.
    created_by: PrincipalId,
    /// When.
    created_at: Instant,
    /// When it was imported or thrown away.
    closed_at: Option<Instant>,
    /// What came of it.
    counts: Option<Counts>,
}

/// What came of an import.
#[derive(Serialize, ToSchema)]
struct Counts {
    /// Assignments made.
    made: i32,
    /// Rows that were there already.
    already: i32,
    /// Rows left out.
    left_out: i32,
    /// Assignments that end sooner than was said, as late as their roles' terms allow.
    shortened: i32,
    /// Roles made.
    roles_made: i32,
    /// Places made.
    scopes_made: i32,
}

impl From<import::Counts> for Counts {
    fn from(counts: import::Counts) -> Self {
        let import::Counts { made, already, left_out, shortened, roles_made, scopes_made } = counts;
        Self { made, already, left_out, shortened, roles_made, scopes_made }
    }
}

impl From<import::Told> for Import {
    fn from(told: import::Told) -> Self {
        let counts = told.made.map(|made| Counts {
            made,
            already: told.already.unwrap_or_default(),
            left_out: told.left_out.unwrap_or_default(),
            shortened: told.shortened.unwrap_or_default(),
            roles_made: told.roles_made.unwrap_or_default(),
            scopes_made: told.scopes_made.unwrap_or_default(),
        });
        Self {
            id: told.id,
            state: told.state,
            file_name: told.file_name,
            format: told.format,
            sha256: data_encoding::HEXLOWER.encode(&told.digest),
            rows_read: told.rows_read,
            mapping: told.mapping.map(|mapping| mapping.0),
            created_by: told.created_by,
            created_at: told.created_at,
            closed_at: told.closed_at,
            counts,
        }
    }
}

/// Where a page of imports begins.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct After {
    /// Where the page before ended.
    cursor: Option<String>,
}

/// Imports, newest first: all of them with the permission `roles.read` in the whole organisation, else one's own.
#[utoipa::path(
    get, path = "/inventory/imports", tag = "inventory", params(After),
    responses((status = OK, body = Page<Import>, description = "A page of imports"))
)]
async fn list(
    State(app): State<App>,
    Bearer(actor): Bearer,
    Query(after): Query<After>,
) -> Result<Json<Page<Import>>, ApiError> {
    let before = cursor::List::Imports.read(&app.keys, after.cursor.as_deref())?;
    let found = import::list(&app, &actor, before).await?;
    let next =
        cursor::end(&found, PAGE).map(|last| cursor::List::Imports.write(&app.keys, &last.id));
    Ok(Json(Page::of(found, next)))
}

/// A file to be looked at.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct File {
    /// What it is called.
    #[serde(default)]
    #[schema(required = false)]
    file_name: String,
    /// Its text: CSV, an array of JSON objects, or JSON Lines. At most 10 MiB and 50000 rows.
    content: String,
}

/// Hands in a file. Nothing comes of it until it is confirmed.
#[utoipa::path(
    post, path = "/inventory/imports", tag = "inventory", request_body = File,
    responses((status = CREATED, body = Created, description = "The import, as a draft"))
)]
async fn upload(
    State(app): State<App>,
    Bearer(actor): Bearer,
    Json(file): Json<File>,
) -> Result<(StatusCode, Json<Created>), ApiError> {
    let id = import::upload(&app, &actor, &file.file_name, file.content.as_bytes()).await?;
    Ok(created(id.0))
}

/// One import.
#[utoipa::path(
    get, path = "/inventory/imports/{id}", tag = "inventory",
    params(("id" = ImportId, Path, description = "The import")),
    responses((status = OK, body = Import, description = "The import"))
)]
async fn show(
    State(app): State<App>,
    Bearer(actor): Bearer,
    Path(id): Path<ImportId>,
) -> Result<Json<Import>, ApiError> {
    Ok(Json(import::show(&app, &actor, id).await?.into()))
}

/// A row that can't be imported.
#[derive(Serialize, ToSchema)]
struct BadRow {
    /// Its line in the file.
    line: i32,
    /// What it says.
    said: Said,
    /// What is wrong with it.
    faults: Vec<Fault>,
}

/// What would come of a draft.
#[derive(Serialize, ToSchema)]
#[schema(as = ImportPreview)]
struct Preview {
    /// The names of the columns.
    columns: Vec<String>,
    /// How it is read.
    mapping: Mapping,
    /// Assignments that would be made.
    make: usize,
    /// Of these, how many would end sooner than was said, as late as their roles' terms allow.
    shortened: usize,
    /// Rows that are there already.
    already: usize,
    /// How many rows can't be imported.
    bad: usize,
    /// The first thousand of them.
    bad_rows: Vec<BadRow>,
    /// Roles that are not there.
    unknown_roles: Vec<String>,
    /// Places that are not there.
    unknown_scopes: Vec<String>,
    /// People, groups and applications that are not there.
    unknown_principals: Vec<String>,
    /// Whether confirming asks for a code from one's authenticator.
    needs_code: bool,
    /// An earlier import of the same file with the same mapping.
    same_before: Option<ImportId>,
}

/// Sets how a draft is read, and says what would come of it.
#[utoipa::path(
    post, path = "/inventory/imports/{id}/preview", tag = "inventory", request_body = Mapping,
    params(("id" = ImportId, Path, description = "The import")),
    responses((status = OK, body = Preview, description = "What would come of it"))
)]
async fn preview(
    State(app): State<App>,
    Bearer(actor): Bearer,
    Path(id): Path<ImportId>,
    Json(mapping): Json<Mapping>,
) -> Result<Json<Preview>, ApiError> {
    import::map(&app, &actor, id, &mapping).await?;
    let found = import::preview(&app, &actor, id).await?;
    let plan = found.plan.map_err(Error::Invalid)?;
    Ok(Json(Preview {
        columns: found.columns,
        mapping: found.mapping,
        make: plan.made(),
        shortened: plan.shortened(),
        already: plan.already(),
        bad: plan.bad(),
        bad_rows: bad_rows(&plan),
        unknown_roles: plan.unknown_roles,
        unknown_scopes: plan.unknown_scopes,
        unknown_principals: plan.unknown_principals,
        needs_code: plan.needs_code,
        same_before: found.same_before.map(|before| before.id),
    }))
}

fn bad_rows(plan: &Plan) -> Vec<BadRow> {
    const MOST: usize = 1000;
    let bad = plan.rows.iter().filter_map(|row| match &row.verdict {
        Verdict::Bad(faults) => {
            Some(BadRow { line: row.line, said: row.said.clone(), faults: faults.clone() })
        }
        Verdict::Make(_) | Verdict::There(_) | Verdict::Twice(_) => None,
    });
    bad.take(MOST).collect()
}

/// How a draft is to be imported.
#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
struct Confirm {
    /// Whether to import the good rows and leave out the bad ones; else nothing is imported if there is a bad one.
    leave_out_bad_rows: bool,
    /// A code from one's authenticator, if the terms of one of the roles ask for one.
    code: Option<String>,
}

/// Imports a draft as it is mapped: all of it, or nothing.
#[utoipa::path(
    post, path = "/inventory/imports/{id}/confirm", tag = "inventory", request_body = Confirm,
    params(("id" = ImportId, Path, description = "The import")),
    responses((status = OK, body = Counts, description = "What came of it"))
)]
async fn confirm(
    State(app): State<App>,
    Bearer(actor): Bearer,
    Path(id): Path<ImportId>,
    Json(body): Json<Confirm>,
) -> Result<Json<Counts>, ApiError> {
    let code = body.code.as_deref();
    Ok(Json(import::confirm(&app, &actor, id, body.leave_out_bad_rows, code).await?.into()))
}

/// Throws a draft away, with its file.
#[utoipa::path(
    post, path = "/inventory/imports/{id}/discard", tag = "inventory",
    params(("id" = ImportId, Path, description = "The import")),
    responses((status = NO_CONTENT, description = "It is gone"))
)]
async fn discard(
    State(app): State<App>,
    Bearer(actor): Bearer,
    Path(id): Path<ImportId>,
) -> Result<StatusCode, ApiError> {
    done(import::discard(&app, &actor, id).await)
}

/// What became of a row.
#[derive(Serialize, ToSchema)]
struct Row {
    /// Its line in the file.
    line: i32,
    /// What became of it.
    outcome: RowOutcome,
    /// What it said.
    said: Said,
    /// Why it was left out, or in which way it is not what was said.
    notes: Vec<String>,
    /// The assignment that it made, or that was there.
    assignment: Option<AssignmentId>,
}

/// Which rows are wanted.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Rows {
    /// Those with this outcome.
    outcome: Option<RowOutcome>,
    /// Where the page before ended.
    cursor: Option<String>,
}

/// What became of the rows of an import, a hundred at a time in the order of the file.
#[utoipa::path(
    get, path = "/inventory/imports/{id}/rows", tag = "inventory",
    params(("id" = ImportId, Path, description = "The import"), Rows),
    responses((status = OK, body = Page<Row>, description = "A page of rows"))
)]
async fn rows(
    State(app): State<App>,
    Bearer(actor): Bearer,
    Path(id): Path<ImportId>,
    Query(wanted): Query<Rows>,
) -> Result<Json<Page<Row>>, ApiError> {
    let after = cursor::List::ImportRows.read(&app.keys, wanted.cursor.as_deref())?;
    let rows = import::rows(&app, &actor, id, wanted.outcome, after.unwrap_or_default()).await?;
    let next =
        cursor::end(&rows, PAGE).map(|last| cursor::List::ImportRows.write(&app.keys, &last.line));
    let rows = rows.into_iter().map(|row| Row {
        line: row.line,
        outcome: row.outcome,
        said: row.said.0,
        notes: row.notes,
        assignment: row.assignment,
    });
    Ok(Json(Page { items: rows.collect(), next }))
}
