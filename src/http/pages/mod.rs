//! The pages: the use cases as forms, for people.
use axum::Router;

use super::{Web, routes::Routes};

pub mod problem;
pub mod view;

/// Every page, and every form.
#[must_use]
pub fn routes() -> Routes {
    Routes::new()
}

/// The face for people.
pub(super) fn router() -> Router<Web> {
    routes()
        .into_router()
        .fallback(super::problem::no_such_address)
        .method_not_allowed_fallback(super::problem::no_such_method)
}
