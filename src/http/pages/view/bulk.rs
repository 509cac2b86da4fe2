//! Many assignments at once: what would happen, and what did.
use askama::Template;

use super::{Fact, Who, form::Field, frame::Frame, status::Status};

/// What would happen, and the form that does it; or what has happened.
#[derive(Template)]
#[template(path = "assignment/bulk.html")]
pub struct Bulk {
    /// Around it.
    pub frame: Frame,
    /// "Take away 3 assignments".
    pub title: String,
    /// What is done, as the address says it.
    pub operation: &'static str,
    /// The assignments, as the address says them.
    pub assignments: Vec<String>,
    /// How much more time, if that is what is done.
    pub more: Option<Field>,
    /// Until when, if that is what is done.
    pub end: Option<Field>,
    /// The time zone of that end.
    pub zone: String,
    /// What becomes of each.
    pub rows: Vec<BulkRow>,
    /// How many of them would change.
    pub possible: usize,
    /// The form that does it; none when it is done.
    pub form: Option<BulkForm>,
    /// What is wrong with the whole.
    pub problems: Vec<String>,
}

/// One of many assignments.
pub struct BulkRow {
    /// Who holds it.
    pub who: Who,
    /// The role.
    pub role: String,
    /// What is or would be so.
    pub status: Status,
    /// What it is now, and what it becomes.
    pub facts: Vec<Fact>,
    /// Why nothing comes of it.
    pub reasons: Vec<String>,
    /// Its page; empty if there is none.
    pub link: String,
}

/// The form that does it.
pub struct BulkForm {
    /// Sent twice, it acts once.
    pub idempotency_key: String,
    /// Why.
    pub reason: Field,
    /// The code.
    pub code: Field,
}
