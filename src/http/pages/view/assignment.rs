//! Forms that make and change assignments.
use askama::Template;

use super::{
    Fact, Who,
    form::{Choice, Field},
    frame::Frame,
    status::Status,
};

/// The form that makes assignments.
#[derive(Template)]
#[template(path = "assignment/new.html")]
pub struct NewAssignment {
    /// Around it.
    pub frame: Frame,
    /// Sent twice, it acts once.
    pub idempotency_key: String,
    /// Where the form goes.
    pub action: String,
    /// Where to go back to.
    pub back: String,
    /// The role's name.
    pub role: String,
    /// Where it is given.
    pub scope: Field,
    /// Where it may be given.
    pub places: Vec<Choice>,
    /// What is wrong with the whole.
    pub problems: Vec<String>,
    /// Whom it may be assigned to.
    pub principals: Vec<Choice>,
    /// What is wrong with the choice.
    pub principals_field: Field,
    /// `eligible` or `active`.
    pub kind: Field,
    /// `always` or `until`.
    pub length: Field,
    /// When it begins; empty for at once.
    pub starts_at: Field,
    /// When it ends.
    pub ends_at: Field,
    /// What the settings allow.
    pub length_help: String,
    /// The zone in which times are read.
    pub zone: String,
    /// Why.
    pub reason: Field,
    /// Whether a reason must be given.
    pub reason_required: bool,
    /// The code; none if no second factor is asked for.
    pub code: Option<Field>,
    /// Whether the code is asked for in any case.
    pub code_required: bool,
    /// When the code is asked for.
    pub code_help: String,
}

/// One assignment, and what may be done with it.
#[derive(Template)]
#[template(path = "assignment/edit.html")]
pub struct EditAssignment {
    /// Around it.
    pub frame: Frame,
    /// Where it is given again, if it has run out; empty otherwise.
    pub again: String,
    /// Where to go back to.
    pub back: String,
    /// Where the forms go; each adds its verb.
    pub action: String,
    /// Who holds it.
    pub who: Who,
    /// The role's name.
    pub role: String,
    /// Its state.
    pub status: Status,
    /// Kind, scope, window, author, reason.
    pub facts: Vec<Fact>,
    /// What is wrong with the whole.
    pub problems: Vec<String>,
    /// Whether the reader may change it.
    pub may_change: bool,
    /// Whether the reader may take it away.
    pub may_remove: bool,
    /// `always` or `until`.
    pub length: Field,
    /// When it ends.
    pub ends_at: Field,
    /// What the settings allow.
    pub length_help: String,
    /// The zone in which times are read.
    pub zone: String,
    /// Why.
    pub reason: Field,
    /// The code; none if no second factor is asked for.
    pub code: Option<Field>,
    /// What turning it into the other kind is called: "Make eligible".
    pub convert: String,
    /// What that does.
    pub convert_consequence: String,
    /// What removing it does.
    pub remove_consequence: String,
}
