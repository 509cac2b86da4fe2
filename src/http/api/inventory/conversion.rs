//! From standing access to eligibility, step by step.
use axum::{extract::State, http::StatusCode};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    App,
    domain::{
        id::{AssignmentId, ConversionId, PrincipalId, RoleId, ScopeId},
        inventory::Step,
        text::{Justification, TicketNumber, TicketSystem},
        time::{Duration, Instant},
    },
    http::{
        Web,
        actor::Bearer,
        api::{
            answer::{Outcomes, Page, done, outcomes, status},
            assignment::Why,
            cursor,
        },
        extract::{Json, Path, Query},
        problem::{ApiError, Problem},
    },
    service::{
        activation::Reasons,
        inventory::conversion::{self, PAGE, Told},
    },
};

pub(super) fn routes() -> OpenApiRouter<Web> {
    OpenApiRouter::new()
        .routes(routes!(list, start))
        .routes(routes!(show))
        .routes(routes!(rehearse))
        .routes(routes!(finish))
        .routes(routes!(abandon))
}

/// The way of an assignment from standing to eligible.
#[derive(Serialize, ToSchema)]
struct Conversion {
    /// Which.
    id: ConversionId,
    /// Where it stands.
    step: Step,
    /// The standing assignment.
    active: AssignmentId,
    /// The eligible one.
    eligible: AssignmentId,
    /// Who holds them.
    principal: PrincipalId,
    /// The holder's name.
    holder: String,
    /// The role.
    role: RoleId,
    /// Its name.
    role_name: String,
    /// Where.
    scope: ScopeId,
    /// That place's name.
    scope_name: String,
    /// Who began it.
    started_by: String,
    /// When.
    started_at: Instant,
    /// When its holder tried it.
    tried_at: Option<Instant>,
    /// When the standing access ended.
    finished_at: Option<Instant>,
    /// When it was given up.
    abandoned_at: Option<Instant>,
}

impl From<Told> for Conversion {
    fn from(told: Told) -> Self {
        Self {
            step: conversion::step(&told),
            id: told.id,
            active: told.active,
            eligible: told.eligible,
            principal: told.principal,
            holder: told.holder,
            role: told.role,
            role_name: told.role_name,
            scope: told.scope,
            scope_name: told.scope_name,
            started_by: told.started_by_name,
            started_at: told.started_at,
            tried_at: told.tried_at,
            finished_at: told.finished_at,
            abandoned_at: told.abandoned_at,
        }
    }
}

/// Which conversions are wanted.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Wanted {
    /// Those under way, or those that are over.
    open: Option<bool>,
    /// Where the page before ended.
    cursor: Option<String>,
}

/// Conversions, newest first.
#[utoipa::path(
    get, path = "/inventory/conversions", tag = "inventory", params(Wanted),
    responses((status = OK, body = Page<Conversion>, description = "A page of conversions"))
)]
async fn list(
    State(app): State<App>,
    Bearer(actor): Bearer,
    Query(wanted): Query<Wanted>,
) -> Result<Json<Page<Conversion>>, ApiError> {
    let before = cursor::List::Conversions.read(&app.keys, wanted.cursor.as_deref())?;
    let found = conversion::list(&app, &actor, wanted.open, before).await?;
    let next =
        cursor::end(&found, PAGE).map(|last| cursor::List::Conversions.write(&app.keys, &last.id));
    Ok(Json(Page::of(found, next)))
}

/// One conversion; also for whoever is to try it.
#[utoipa::path(
    get, path = "/inventory/conversions/{id}", tag = "inventory",
    params(("id" = ConversionId, Path, description = "The conversion")),
    responses((status = OK, body = Conversion, description = "The conversion"))
)]
async fn show(
    State(app): State<App>,
    Bearer(actor): Bearer,
    Path(id): Path<ConversionId>,
) -> Result<Json<Conversion>, ApiError> {
    Ok(Json(conversion::show(&app, &actor, id).await?.into()))
}

/// Standing assignments that are to become eligible.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Start {
    /// Which; 100 at most.
    #[schema(min_items = 1, max_items = 100)]
    assignments: Vec<AssignmentId>,
    /// Why.
    #[serde(default)]
    #[schema(required = false)]
    justification: Justification,
    /// A code from one's authenticator, if the terms of one of the roles ask for one.
    code: Option<String>,
}

/// What became of one of several.
#[derive(Serialize, ToSchema)]
struct ConversionOutcome {
    /// The standing assignment.
    assignment: AssignmentId,
    /// The status that the answer would have, had this been the only one.
    #[schema(example = 201)]
    status: u16,
    /// The conversion.
    conversion: Option<ConversionId>,
    /// Why there is none.
    problem: Option<Problem>,
}

/// Puts an eligible assignment beside each standing one, for its holder to try. One refusal does not stop the others.
#[utoipa::path(
    post, path = "/inventory/conversions", tag = "inventory", request_body = Start,
    responses(
        (status = CREATED, body = Outcomes<ConversionOutcome>, description = "All of them have begun"),
        (status = MULTI_STATUS, body = Outcomes<ConversionOutcome>, description = "Some have not; each outcome says why"),
    )
)]
async fn start(
    State(app): State<App>,
    Bearer(actor): Bearer,
    Json(body): Json<Start>,
) -> Result<(StatusCode, Json<Outcomes<ConversionOutcome>>), ApiError> {
    let code = body.code.as_deref();
    let begun =
        conversion::start(&app, &actor, &body.assignments, &body.justification, code).await?;
    let parts = begun.into_iter().map(|begun| {
        let (conversion, problem) = match begun.outcome {
            Ok(id) => (Some(id), None),
            Err(error) => (None, Some(Problem::from(&error))),
        };
        ConversionOutcome {
            assignment: begun.assignment,
            status: status(problem.as_ref()),
            conversion,
            problem,
        }
    });
    outcomes(parts.collect(), |outcome| outcome.problem.as_ref())
}

/// What one would say when activating.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Try {
    /// For how long.
    duration: Duration,
    /// Why.
    #[serde(default)]
    #[schema(required = false)]
    justification: Justification,
    /// The ticket.
    #[serde(default)]
    #[schema(required = false)]
    ticket_number: TicketNumber,
    /// Where it is.
    #[serde(default)]
    #[schema(required = false)]
    ticket_system: TicketSystem,
    /// A code from one's authenticator, if the role's terms ask for one.
    code: Option<String>,
}

/// Tries the new eligibility, as its holder: judged like an activation. It gives nothing.
#[utoipa::path(
    post, path = "/inventory/conversions/{id}/try", tag = "inventory", request_body = Try,
    params(("id" = ConversionId, Path, description = "The conversion")),
    responses((status = NO_CONTENT, description = "It works"))
)]
async fn rehearse(
    State(app): State<App>,
    Bearer(actor): Bearer,
    Path(id): Path<ConversionId>,
    Json(body): Json<Try>,
) -> Result<StatusCode, ApiError> {
    let reasons = Reasons {
        starts_at: None,
        justification: body.justification,
        ticket_number: body.ticket_number,
        ticket_system: body.ticket_system,
        emergency: false,
    };
    conversion::rehearse(&app, &actor, id, body.duration, &reasons, body.code.as_deref()).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Ends the standing access; the eligibility stays. Refused until its holder has tried that.
#[utoipa::path(
    post, path = "/inventory/conversions/{id}/finish", tag = "inventory", request_body = Why,
    params(("id" = ConversionId, Path, description = "The conversion")),
    responses((status = NO_CONTENT, description = "The standing access has ended"))
)]
async fn finish(
    State(app): State<App>,
    Bearer(actor): Bearer,
    Path(id): Path<ConversionId>,
    Json(body): Json<Why>,
) -> Result<StatusCode, ApiError> {
    done(conversion::finish(&app, &actor, id, &body.justification).await)
}

/// Gives a conversion up: the standing access stays, the eligibility that was made for this goes.
#[utoipa::path(
    post, path = "/inventory/conversions/{id}/abandon", tag = "inventory", request_body = Why,
    params(("id" = ConversionId, Path, description = "The conversion")),
    responses((status = NO_CONTENT, description = "Everything is as it was"))
)]
async fn abandon(
    State(app): State<App>,
    Bearer(actor): Bearer,
    Path(id): Path<ConversionId>,
    Json(body): Json<Why>,
) -> Result<StatusCode, ApiError> {
    done(conversion::abandon(&app, &actor, id, &body.justification).await)
}
