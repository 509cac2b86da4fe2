//! What is said and done about a request without deciding it: comments, looking at it, asking again.
use axum::{extract::State, http::StatusCode};
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::answer::done;
use crate::{
    App,
    domain::{id::RequestId, text::Comment},
    http::{
        Web,
        actor::Bearer,
        extract::{Json, Path},
        problem::ApiError,
    },
    service::remark,
};

pub(super) fn routes() -> OpenApiRouter<Web> {
    OpenApiRouter::new()
        .routes(routes!(comment))
        .routes(routes!(claim))
        .routes(routes!(release))
        .routes(routes!(nudge))
}

/// Something to say.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Say {
    /// What.
    text: Comment,
}

/// Says something about a request that is one's own, or that one may or did decide. The other side is told.
#[utoipa::path(
    post, path = "/requests/{id}/comments", tag = "requests", request_body = Say,
    params(("id" = RequestId, Path, description = "The request")),
    responses((status = NO_CONTENT, description = "It is said"))
)]
async fn comment(
    State(app): State<App>,
    Bearer(actor): Bearer,
    Path(id): Path<RequestId>,
    Json(body): Json<Say>,
) -> Result<StatusCode, ApiError> {
    done(remark::comment(&app, &actor, id, &body.text).await)
}

/// Tells the others, for a quarter of an hour, that one is looking at a request that one may decide.
#[utoipa::path(
    post, path = "/requests/{id}/claim", tag = "requests",
    params(("id" = RequestId, Path, description = "The request")),
    responses((status = NO_CONTENT, description = "They see it"))
)]
async fn claim(
    State(app): State<App>,
    Bearer(actor): Bearer,
    Path(id): Path<RequestId>,
) -> Result<StatusCode, ApiError> {
    done(remark::claim(&app, &actor, id, false).await)
}

/// Leaves a request to the others again.
#[utoipa::path(
    post, path = "/requests/{id}/release", tag = "requests",
    params(("id" = RequestId, Path, description = "The request")),
    responses((status = NO_CONTENT, description = "They see it"))
)]
async fn release(
    State(app): State<App>,
    Bearer(actor): Bearer,
    Path(id): Path<RequestId>,
) -> Result<StatusCode, ApiError> {
    done(remark::claim(&app, &actor, id, true).await)
}

/// Asks those who may decide one's own request again: once an hour at most.
#[utoipa::path(
    post, path = "/requests/{id}/nudge", tag = "requests",
    params(("id" = RequestId, Path, description = "The request")),
    responses((status = NO_CONTENT, description = "They have been asked"))
)]
async fn nudge(
    State(app): State<App>,
    Bearer(actor): Bearer,
    Path(id): Path<RequestId>,
) -> Result<StatusCode, ApiError> {
    done(remark::nudge(&app, &actor, id).await)
}
