//! Policy files.
use askama::Template;

use super::{Instant, form::Field, frame::Frame};

/// The page of the policy files.
#[derive(Template)]
#[template(path = "policy/show.html")]
pub struct Policy {
    /// Around it.
    pub frame: Frame,
    /// What is wrong with the files, or why nothing was applied.
    pub problems: Vec<String>,
    /// The files.
    pub files: Vec<File>,
    /// Whether what is in none of them goes.
    pub prune: bool,
    /// The plan, once it was asked for.
    pub plan: Option<Plan>,
    /// Whether the reader may apply anything.
    pub may_apply: bool,
    /// Why.
    pub reason: Field,
    /// A code.
    pub code: Field,
    /// What was applied last.
    pub last: Option<Last>,
    /// What differs from that.
    pub drift: Vec<String>,
}

/// One file.
pub struct File {
    /// Its name.
    pub name: &'static str,
    /// The name of its field.
    pub input: &'static str,
    /// What the field is called.
    pub label: String,
    /// What it is to say.
    pub wanted: Field,
}

/// What there is to do.
pub struct Plan {
    /// Step by step.
    pub steps: Vec<Step>,
    /// What is in none of the files.
    pub unlisted: Vec<String>,
    /// What tells it from every other plan.
    pub digest: String,
    /// What is said if it takes a second administrator.
    pub waits: &'static str,
    /// So that it is applied once.
    pub key: String,
}

/// One thing to do.
pub struct Step {
    /// What, in words.
    pub what: String,
    /// Where it is written.
    pub at: String,
    /// Whether it makes the terms of a privileged role weaker.
    pub weaker: bool,
    /// What changes.
    pub fields: Vec<Change>,
}

/// A field before and after.
pub struct Change {
    /// The field.
    pub name: String,
    /// Its value, or both.
    pub value: String,
}

/// What was applied last.
pub struct Last {
    /// By whom.
    pub by: String,
    /// When.
    pub at: Instant,
    /// Why.
    pub reason: String,
    /// What tells the files from others.
    pub digest: String,
    /// The audit trail from then on.
    pub audit: String,
}
