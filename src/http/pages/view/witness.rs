//! A database that was put back to an earlier state.
use askama::Template;

use super::{Fact, form::Field, frame::Frame};

/// The page.
#[derive(Template)]
#[template(path = "witness/quarantine.html")]
pub struct Quarantine {
    /// Around it.
    pub frame: Frame,
    /// What was found; nothing if all is well.
    pub facts: Vec<Fact>,
    /// The form, for who may go on with it.
    pub begin: Option<Begin>,
}

/// The form that begins a new epoch.
pub struct Begin {
    /// Why.
    pub reason: Field,
    /// A fresh code.
    pub code: Field,
    /// Sent twice, it acts once.
    pub idempotency_key: String,
    /// What is wrong with the whole.
    pub problems: Vec<String>,
}
