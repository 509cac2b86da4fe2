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

/// The page about one kind of problem.
#[derive(Template)]
#[template(path = "api/problem.html")]
pub struct ProblemKind {
    /// Around it.
    pub frame: Gate,
    /// Its stable name, which is this page's address.
    pub name: &'static str,
    /// What it is.
    pub title: String,
    /// The HTTP status of its answers.
    pub status: u16,
    /// What it means, and what to do.
    pub meaning: String,
}
