//! Who decides for the reader, and for whom the reader decides.
use askama::Template;

use super::{Instant, form::Field, frame::Frame};

/// The page.
#[derive(Template)]
#[template(path = "deputy/list.html")]
pub struct Deputies {
    /// Around it.
    pub frame: Frame,
    /// Who stands in for the reader.
    pub deputies: Vec<Deputy>,
    /// For whom the reader stands in.
    pub represented: Vec<Deputy>,
    /// The user name or mail address of the next.
    pub deputy: Field,
    /// From when.
    pub starts_at: Field,
    /// Until when.
    pub ends_at: Field,
    /// Why.
    pub reason: Field,
    /// A fresh code.
    pub code: Field,
    /// The zone in which the dates are read.
    pub zone: String,
    /// Sent twice, it acts once.
    pub idempotency_key: String,
    /// What is wrong with the whole.
    pub problems: Vec<String>,
}

/// Somebody who stands in for somebody.
pub struct Deputy {
    /// The other one's name.
    pub name: String,
    /// Why; may be empty.
    pub reason: String,
    /// From when.
    pub from: Instant,
    /// Until when.
    pub until: Instant,
    /// Whether it counts now.
    pub now: bool,
    /// Where to end it; empty for who cannot.
    pub end: String,
}
