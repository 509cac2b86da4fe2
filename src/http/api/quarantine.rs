//! Whether the database was put back to an earlier state.
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;

use crate::{
    App,
    domain::time::Instant,
    http::{Web, actor::Bearer, extract::Json, problem::ApiError},
    service::witness,
};

pub(super) fn routes() -> OpenApiRouter<Web> {
    OpenApiRouter::new().routes(routes!(show))
}

/// Whether the database is in quarantine.
#[derive(Serialize, ToSchema)]
struct QuarantineState {
    /// Whether nothing that was activated is in force.
    quarantined: bool,
    /// What was found; none if all is well.
    quarantine: Option<Quarantine>,
}

/// A database that does not hold what the witness was told.
#[derive(Serialize, ToSchema)]
struct Quarantine {
    /// Which.
    id: Uuid,
    /// Since when.
    begun_at: Instant,
    /// The epoch that ends with it.
    epoch: i32,
    /// The number up to which the audit log went by the witness.
    witnessed_sequence: i64,
    /// When the witness was told so.
    witnessed_at: Instant,
    /// The number at which the log ended instead.
    found_sequence: i64,
}

/// Whether the database was put back to an earlier state, so that nothing that was activated is in force. An emergency
/// account ends it, in a browser.
#[utoipa::path(
    get, path = "/quarantine", tag = "audit",
    responses((status = OK, body = QuarantineState, description = "How it stands"))
)]
async fn show(
    State(app): State<App>,
    Bearer(actor): Bearer,
) -> Result<Json<QuarantineState>, ApiError> {
    let found = witness::show(&app, &actor).await?;
    let quarantine = found.map(|(found, _)| Quarantine {
        id: found.id,
        begun_at: found.begun_at,
        epoch: found.epoch,
        witnessed_sequence: found.witnessed_sequence,
        witnessed_at: found.witnessed_at,
        found_sequence: found.found_sequence,
    });
    Ok(Json(QuarantineState { quarantined: quarantine.is_some(), quarantine }))
}
