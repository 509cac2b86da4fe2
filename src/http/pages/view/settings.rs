//! A role's settings: read, history, form.
use askama::Template;

use super::{
    Instant,
    form::{Choice, Field},
    frame::Frame,
    role::RoleHead,
};

/// A role's settings and how they came about.
#[derive(Template)]
#[template(path = "settings/show.html")]
pub struct Settings {
    /// Around it.
    pub frame: Frame,
    /// Over the tab.
    pub role: RoleHead,
    /// In plain words.
    pub summary: Vec<Sentence>,
    /// Where to change them; empty without the right.
    pub edit: String,
    /// The versions, newest first.
    pub versions: Vec<Version>,
}

/// A sentence about the settings.
pub struct Sentence {
    /// The name of its icon.
    pub icon: &'static str,
    /// The sentence.
    pub text: String,
}

/// A version of the settings.
pub struct Version {
    /// Its number.
    pub number: i64,
    /// Who made it.
    pub by: String,
    /// When.
    pub at: Instant,
    /// Why.
    pub reason: String,
    /// What changed against the one before.
    pub changes: Vec<Change>,
}

/// A change of one setting.
pub struct Change {
    /// Which setting.
    pub setting: String,
    /// What it was; empty if there was nothing.
    pub before: String,
    /// What it is; empty if there is nothing.
    pub after: String,
}

/// The form.
#[derive(Template)]
#[template(path = "settings/edit.html")]
#[expect(clippy::struct_excessive_bools, reason = "each one is a box on the form")]
pub struct EditSettings {
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
    /// The version that the form started from; a newer one refuses the form.
    pub version: i64,
    /// What is wrong with the whole.
    pub problems: Vec<String>,
    /// Longest activation.
    pub longest_activation: Field,
    /// Second factor on activation.
    pub activation_mfa: bool,
    /// Reason on activation.
    pub activation_reason: bool,
    /// Ticket on activation.
    pub activation_ticket: bool,
    /// Approval on activation.
    pub approval: bool,
    /// Who may approve.
    pub approvers: Vec<Choice>,
    /// What is wrong with the approvers.
    pub approvers_field: Field,
    /// How long a request waits.
    pub request_timeout: Field,
    /// Whether eligible assignments may be permanent.
    pub permanent_eligible: bool,
    /// Longest dated eligible assignment.
    pub longest_eligible: Field,
    /// Whether active assignments may be permanent.
    pub permanent_active: bool,
    /// Longest dated active assignment.
    pub longest_active: Field,
    /// Second factor of the administrator on active assignment.
    pub assignment_mfa: bool,
    /// Reason on active assignment.
    pub assignment_reason: bool,
    /// Which notices are sent, nine boxes in three groups.
    pub notices: Vec<NoticeGroup>,
    /// Why the settings change.
    pub reason: Field,
    /// The code; none if no second factor is asked for.
    pub code: Option<Field>,
}

/// Notices on one occasion.
pub struct NoticeGroup {
    /// The occasion.
    pub title: String,
    /// Who is told.
    pub boxes: Vec<Choice>,
}
