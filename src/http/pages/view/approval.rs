//! Approvals: what waits for the reader, and what others have decided.
use askama::Template;

use super::{
    Caption, Fact, Instant, Who, change_request::ChangeRow, form::Field, frame::Frame,
    status::Status,
};

/// The approvals page.
#[derive(Template)]
#[template(path = "approval/list.html")]
pub struct Approvals {
    /// Around it.
    pub frame: Frame,
    /// What waits, oldest first.
    pub pending: Vec<Pending>,
    /// Sent twice, several are decided once.
    pub idempotency_key: String,
    /// Whether several were chosen.
    pub several_open: bool,
    /// Why several are decided.
    pub reason: Field,
    /// The code for several.
    pub code: Field,
    /// What is wrong with the whole.
    pub problems: Vec<String>,
    /// Emergencies that wait for the reader's review.
    pub emergencies: Vec<Emergency>,
    /// Changes that wait for a second administrator, oldest first.
    pub waiting_changes: Vec<ChangeRow>,
    /// Wishes for more time, oldest first.
    pub wishes: Vec<ChangeRow>,
    /// What was decided, newest first.
    pub decided: Vec<Decided>,
    /// Changes that the reader has decided, newest first.
    pub decided_changes: Vec<ChangeRow>,
}

/// An emergency that waits for a review.
pub struct Emergency {
    /// Its page.
    pub link: String,
    /// "Grace Hopper · Production Operator".
    pub title: String,
    /// Why, as they said.
    pub reason: String,
    /// By when.
    pub due: Instant,
    /// Whether that is over.
    pub overdue: bool,
}

/// A request that waits for a decision.
pub struct Pending {
    /// Which.
    pub id: String,
    /// Whether it is chosen.
    pub chosen: bool,
    /// The request's page.
    pub link: String,
    /// Who asks.
    pub requester: Who,
    /// The role.
    pub role: String,
    /// Where; empty for the whole organisation.
    pub scope: String,
    /// How long.
    pub duration: String,
    /// Why.
    pub reason: String,
    /// Ticket and start, where given.
    pub captions: Vec<Caption>,
    /// What the requester holds now and when the role was last used.
    pub background: Vec<Fact>,
    /// Since when.
    pub since: Instant,
    /// How long there is left.
    pub status: Status,
}

/// A request that was decided.
pub struct Decided {
    /// The request's page.
    pub link: String,
    /// Who asked.
    pub requester: Who,
    /// The role.
    pub role: String,
    /// What was decided.
    pub status: Status,
    /// "handled by Grace Hopper".
    pub by: String,
    /// When.
    pub at: Instant,
}
