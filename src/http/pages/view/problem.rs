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

/// What is to be mended, at the top of a page that draws a form again.
#[derive(Template)]
#[template(path = "partials/refused.html")]
pub struct Refused {
    /// How many things.
    pub title: String,
    /// Each of them.
    pub faults: Vec<Fault>,
}

/// One of them. Its texts stand on a page already, escaped.
pub struct Fault {
    /// What the field is called; may be empty.
    pub name: String,
    /// What is wrong, and what to do.
    pub said: String,
    /// Where it is mended: an element of the page.
    pub target: String,
    /// Whether that is the field itself.
    pub is_field: bool,
}
