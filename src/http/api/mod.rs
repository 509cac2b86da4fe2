//! The API: the use cases as JSON, for programs that show a bearer token.
use std::sync::LazyLock;

use axum::{
    Router,
    body::Bytes,
    http::{HeaderValue, header},
    middleware,
    response::{IntoResponse, Response},
};
use utoipa::openapi::OpenApi;
use utoipa_axum::router::OpenApiRouter;

use super::{Web, idempotency, problem};

mod access_check;
mod activation;
mod answer;
mod application;
mod assignment;
mod audit;
mod bulk;
mod change_request;
mod cursor;
mod delivery;
mod deputy;
mod description;
mod emergency;
mod expiring;
mod extent;
mod group;
mod inventory;
mod lockout;
mod me;
mod more_time;
mod notice;
mod person;
pub(super) mod policy;
mod posture;
mod quarantine;
mod remark;
mod request;
mod role;
mod scope;
mod search;
mod settings;
mod template;
mod token;

/// The face for programs.
pub(super) fn router() -> Router<Web> {
    let (router, _) = described().split_for_parts();
    router
        .layer(middleware::from_fn(idempotency::read))
        .fallback(problem::no_such_address)
        .method_not_allowed_fallback(problem::no_such_method)
}

/// The operations, each with its description.
fn described() -> OpenApiRouter<Web> {
    let operations = OpenApiRouter::new()
        .merge(me::routes())
        .merge(deputy::routes())
        .merge(activation::routes())
        .merge(request::routes())
        .merge(remark::routes())
        .merge(emergency::routes())
        .merge(change_request::routes())
        .merge(access_check::routes())
        .merge(role::routes())
        .merge(scope::routes())
        .merge(notice::routes())
        .merge(settings::routes())
        .merge(template::routes())
        .merge(assignment::routes())
        .merge(expiring::routes())
        .merge(more_time::routes())
        .merge(bulk::routes())
        .merge(person::routes())
        .merge(extent::routes())
        .merge(lockout::routes())
        .merge(quarantine::routes())
        .merge(search::routes())
        .merge(posture::routes())
        .merge(group::routes())
        .merge(policy::routes())
        .merge(inventory::routes())
        .merge(application::routes())
        .merge(audit::routes())
        .merge(delivery::routes())
        .merge(token::routes());
    OpenApiRouter::with_openapi(description::beginning()).nest("/v1", operations)
}

/// The description of all operations.
#[must_use]
pub fn description() -> OpenApi {
    let (_, description) = described().split_for_parts();
    description::finished(description)
}

/// Serves the description.
pub(super) async fn document() -> Response {
    static DOCUMENT: LazyLock<Bytes> =
        LazyLock::new(|| description().to_json().unwrap_or_default().into());
    let media_type = HeaderValue::from_static("application/json");
    ([(header::CONTENT_TYPE, media_type)], DOCUMENT.clone()).into_response()
}
