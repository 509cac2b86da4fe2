//! Shutting an account out at once.
use axum::{extract::State, http::StatusCode};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    answer::done,
    assignment::Why,
    person::{OneTimeLink, link},
};
use crate::{
    App,
    domain::id::PrincipalId,
    http::{
        Web,
        actor::Bearer,
        extract::{Json, Path},
        problem::ApiError,
    },
    service::lockout,
};

pub(super) fn routes() -> OpenApiRouter<Web> {
    OpenApiRouter::new().routes(routes!(end_access)).routes(routes!(require_new_factors))
}

/// Ends all access of an account now: what it has activated, its open requests, its sessions and tokens. It keeps what it was
/// given, and can sign in again.
#[utoipa::path(
    post, path = "/people/{id}/end-access", tag = "people", request_body = Why,
    params(("id" = PrincipalId, Path, description = "The account")),
    responses((status = NO_CONTENT, description = "It has ended"))
)]
async fn end_access(
    State(app): State<App>,
    Bearer(actor): Bearer,
    Path(id): Path<PrincipalId>,
    Json(body): Json<Why>,
) -> Result<StatusCode, ApiError> {
    done(lockout::end_access(&app, &actor, id, &body.justification).await)
}

/// Ends all access of an account now, and takes its authenticator and recovery codes away: it works again once its owner has
/// set up new ones with the link that this makes.
#[utoipa::path(
    post, path = "/people/{id}/require-new-factors", tag = "people", request_body = Why,
    params(("id" = PrincipalId, Path, description = "The account")),
    responses((status = CREATED, body = OneTimeLink, description = "The link"))
)]
async fn require_new_factors(
    State(app): State<App>,
    Bearer(actor): Bearer,
    Path(id): Path<PrincipalId>,
    Json(body): Json<Why>,
) -> Result<(StatusCode, Json<OneTimeLink>), ApiError> {
    let invited = lockout::require_new_factors(&app, &actor, id, &body.justification).await?;
    Ok(link(invited))
}
