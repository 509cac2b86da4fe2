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
    pub maximum: Field,
    /// Second factor on activation.
    pub authentication: bool,
    /// Reason on activation.
    pub requires_justification: bool,
    /// Ticket on activation.
    pub requires_ticket: bool,
    /// Approval on activation.
    pub requires_approval: bool,
    /// Who may approve.
    pub approvers: Vec<Choice>,
    /// What is wrong with the approvers.
    pub approvers_field: Field,
    /// How long a request waits.
    pub approval_timeout: Field,
    /// Reason on approval.
    pub approval_requires_justification: bool,
    /// Terms of eligible assignments.
    pub eligible: Terms,
    /// Terms of active assignments.
    pub active: Terms,
    /// Why the settings change.
    pub reason: Field,
}

/// Terms of assignments that administrators make.
pub struct Terms {
    /// Whether they may be without end.
    pub may_be_permanent: bool,
    /// The longest with an end.
    pub maximum: Field,
    /// Whether the administrator gives a reason.
    pub requires_justification: bool,
    /// Whether the administrator gives a code.
    pub requires_mfa: bool,
}
