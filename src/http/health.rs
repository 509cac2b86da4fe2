//! Whether the server lives, and whether it can serve.
use axum::{Router, extract::State, http::StatusCode, response::IntoResponse, routing::get};

use super::{Web, extract::Json};
use crate::service;

pub(super) fn router() -> Router<Web> {
    Router::new().route("/livez", get(live)).route("/readyz", get(ready))
}

/// Alive is whatever can answer: a database that is away is no reason to start anew.
async fn live() -> &'static str {
    "alive\n"
}

async fn ready(State(web): State<Web>) -> impl IntoResponse {
    let readiness = service::readiness::examine(&web.app).await;
    let status = if readiness.ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (status, Json(readiness))
}
