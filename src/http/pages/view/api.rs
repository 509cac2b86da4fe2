//! The readable page about the JSON interface.
use askama::Template;

use super::frame::Frame;

/// The page.
#[derive(Template)]
#[template(path = "api/docs.html")]
pub struct ApiDocs {
    /// Around it.
    pub frame: Frame,
    /// The program's address.
    pub base: String,
    /// The version of the interface.
    pub version: String,
    /// The operations by subject.
    pub groups: Vec<Group>,
    /// The kinds of problems.
    pub problems: Vec<Problem>,
}

/// A kind of problem.
pub struct Problem {
    /// Its type, which is the address of its page.
    pub link: &'static str,
    /// What it is.
    pub title: String,
    /// The HTTP status of its answers.
    pub status: u16,
}

/// Operations on one subject.
pub struct Group {
    /// The subject.
    pub name: String,
    /// A name for links.
    pub anchor: String,
    /// Its operations.
    pub operations: Vec<Operation>,
}

/// One operation.
pub struct Operation {
    /// `get`, `post` …
    pub method: String,
    /// Its path.
    pub path: String,
    /// One sentence.
    pub summary: String,
    /// More; may be empty.
    pub description: String,
    /// Its parameters.
    pub parameters: Vec<Parameter>,
    /// The fields of its body.
    pub body: Vec<Parameter>,
    /// Its answers.
    pub answers: Vec<(String, String)>,
}

/// A parameter or a field.
pub struct Parameter {
    /// Its name.
    pub name: String,
    /// Its type.
    pub kind: String,
    /// Whether it must be given.
    pub required: bool,
    /// What it means.
    pub text: String,
}
