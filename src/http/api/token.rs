//! One's own access tokens. New ones are made in the browser only, so that a stolen token makes no others.
use axum::{extract::State, http::StatusCode};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::answer::Page;
use crate::{
    App,
    domain::id::AccessTokenId,
    http::{
        Web,
        actor::Bearer,
        extract::{Json, Path},
        problem::ApiError,
    },
    service::access_token::{self, ListedToken},
};

pub(super) fn routes() -> OpenApiRouter<Web> {
    OpenApiRouter::new().routes(routes!(list)).routes(routes!(revoke))
}

/// One's own access tokens. Their texts were shown when they were made, and nowhere since.
#[utoipa::path(
    get, path = "/tokens", tag = "tokens",
    responses((status = OK, body = Page<ListedToken>, description = "The tokens"))
)]
async fn list(
    State(app): State<App>,
    Bearer(actor): Bearer,
) -> Result<Json<Page<ListedToken>>, ApiError> {
    Ok(Json(Page::whole(access_token::list(&app, &actor).await?)))
}

/// Ends one of one's own access tokens at once; the one that is shown as well.
#[utoipa::path(
    delete, path = "/tokens/{id}", tag = "tokens",
    params(("id" = AccessTokenId, Path, description = "The token")),
    responses((status = NO_CONTENT, description = "It no longer works"))
)]
async fn revoke(
    State(app): State<App>,
    Bearer(actor): Bearer,
    Path(id): Path<AccessTokenId>,
) -> Result<StatusCode, ApiError> {
    access_token::revoke(&app, &actor, id).await?;
    Ok(StatusCode::NO_CONTENT)
}
