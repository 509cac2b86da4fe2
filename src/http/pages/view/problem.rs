//! What is shown when something cannot be done.
use askama::Template;

use super::frame::Gate;

/// The problem page.
#[derive(Template)]
#[template(path = "problem.html")]
pub struct ProblemPage {
    /// Around it.
    pub frame: Gate,
    /// The HTTP status.
    pub status: u16,
    /// What went wrong.
    pub title: String,
    /// What to do.
    pub detail: String,
    /// The failed rules.
    pub reasons: Vec<String>,
    /// The request's id, for whoever looks into the log.
    pub id: String,
}
