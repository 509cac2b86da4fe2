//! What is held today.
use utoipa_axum::router::OpenApiRouter;

use crate::http::Web;

mod conversion;
mod import;
mod standing;

pub(super) fn routes() -> OpenApiRouter<Web> {
    OpenApiRouter::new()
        .merge(standing::routes())
        .merge(import::routes())
        .merge(conversion::routes())
}
