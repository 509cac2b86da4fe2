//! Assignments that end soon, and those that have run out lately.
use askama::Template;

use super::{Instant, Pages, Who, form::Choice, frame::Frame};

/// The list.
#[derive(Template)]
#[template(path = "expiring/list.html")]
pub struct Expiring {
    /// Around it.
    pub frame: Frame,
    /// How far to look, each with its address.
    pub choices: Vec<Choice>,
    /// The roles to choose from.
    pub roles: Vec<Choice>,
    /// How many days are looked ahead.
    pub days: u32,
    /// Whether those are shown that have run out.
    pub over: bool,
    /// Whether the reader may change some of them.
    pub may_change: bool,
    /// The assignments.
    pub rows: Vec<ExpiringRow>,
    /// Where the rest is.
    pub pages: Pages,
}

/// An assignment in the list.
pub struct ExpiringRow {
    /// The assignment.
    pub id: String,
    /// Its page.
    pub link: String,
    /// Who holds it.
    pub who: Who,
    /// The role.
    pub role: String,
    /// Where; empty for the whole organisation.
    pub scope: String,
    /// Eligible or active.
    pub kind: String,
    /// When it ends, or has ended.
    pub ends: Instant,
    /// Where the wish for more time is; empty if there is none.
    pub asked: String,
}
