//! What people are shown when something could not be done.
use askama::Template as _;
use axum::{extract::Request, http::header};

use super::view::{
    frame::{Gate, Theme},
    problem::ProblemPage,
};
use crate::http::{Web, headers::Nonce, problem::Problem};

/// What the page needs to know of a request, kept before a handler takes it.
pub struct Asked {
    nonce: String,
    theme: Theme,
}

impl Asked {
    /// What `request` says.
    #[must_use]
    pub fn by(request: &Request) -> Self {
        let cookies = request.headers().get(header::COOKIE).and_then(|value| value.to_str().ok());
        let theme = cookies
            .into_iter()
            .flat_map(|cookies| cookies.split(';'))
            .find_map(|cookie| cookie.trim().strip_prefix("theme="));
        Self {
            nonce: request
                .extensions()
                .get::<Nonce>()
                .map(|nonce| nonce.0.to_string())
                .unwrap_or_default(),
            theme: theme.map(Theme::named).unwrap_or_default(),
        }
    }
}

/// The page about `problem`.
#[must_use]
pub fn page(web: &Web, asked: &Asked, problem: &Problem) -> String {
    let page = ProblemPage {
        frame: Gate {
            organisation: web.site.organisation_name.clone(),
            theme: asked.theme,
            nonce: asked.nonce.clone(),
            csrf: String::new(),
            now: String::new(),
        },
        status: problem.status,
        title: problem.title.to_owned(),
        detail: super::faults::sentence(&problem.detail),
        reasons: problem.reasons.iter().map(|reason| reason.message.clone()).collect(),
        id: problem.instance.trim_start_matches("urn:uuid:").to_owned(),
    };
    page.render().unwrap_or_else(|_| problem.title.to_owned())
}
