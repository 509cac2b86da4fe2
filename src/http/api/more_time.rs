//! More time for assignments: asked for by their holders, or given.
use axum::{extract::State, http::StatusCode};
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    answer::{Created, created},
    change_request::{self, ChangeRequest},
};
use crate::{
    App,
    domain::{assignment::AssignmentKind, id::AssignmentId, text::Justification, time::Instant},
    http::{
        Web,
        actor::Bearer,
        extract::{Json, Path},
        problem::ApiError,
    },
    service::assignment::{self, Prolonged},
};

pub(super) fn routes() -> OpenApiRouter<Web> {
    OpenApiRouter::new().routes(routes!(more_time)).routes(routes!(prolong))
}

/// What the holder of an assignment wishes for.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct MoreTime {
    /// Until when.
    ends_at: Instant,
    /// Why.
    reason: Justification,
}

/// Asks for more time for an assignment of one's own: from 14 days before it ends, and again within 30 days after that.
#[utoipa::path(
    post, path = "/assignments/{id}/more-time", tag = "assignments", request_body = MoreTime,
    params(("id" = AssignmentId, Path, description = "The assignment")),
    responses((status = ACCEPTED, body = ChangeRequest, description = "It waits for whoever may assign the role"))
)]
async fn more_time(
    State(app): State<App>,
    Bearer(actor): Bearer,
    Path(id): Path<AssignmentId>,
    Json(body): Json<MoreTime>,
) -> Result<(StatusCode, Json<ChangeRequest>), ApiError> {
    let MoreTime { ends_at, reason } = body;
    let asked = assignment::ask_for_more_time(&app, &actor, id, ends_at, &reason).await?;
    change_request::accepted(&app, &actor, asked).await
}

/// More time, as it is given.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Prolong {
    /// Until when.
    ends_at: Instant,
    /// Of another kind from now on; as it is if left out.
    kind: Option<AssignmentKind>,
    /// Why.
    #[serde(default)]
    #[schema(required = false)]
    justification: Justification,
    /// A code from one's authenticator, if the role's terms ask for one.
    code: Option<String>,
}

/// Gives more time for somebody else's assignment: another end to one that runs, or the same anew within 30 days after it
/// has run out.
#[utoipa::path(
    post, path = "/assignments/{id}/prolong", tag = "assignments", request_body = Prolong,
    params(("id" = AssignmentId, Path, description = "The assignment")),
    responses((status = CREATED, body = Created, description = "The assignment, the same or a new one"))
)]
async fn prolong(
    State(app): State<App>,
    Bearer(actor): Bearer,
    Path(id): Path<AssignmentId>,
    Json(body): Json<Prolong>,
) -> Result<(StatusCode, Json<Created>), ApiError> {
    let Prolong { ends_at, kind, justification, code } = body;
    let prolonged = Prolonged { kind, ends_at, reason: &justification };
    let made = assignment::prolong(&app, &actor, id, prolonged, code.as_deref()).await?;
    Ok(created(made.0))
}
