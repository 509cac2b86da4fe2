//! Roles: the list, and one role with its tabs.
use askama::Template;

use super::{
    Caption, Instant, Pages, Who,
    audit::Event,
    form::{Choice, Field},
    frame::Frame,
    status::Status,
};

/// The list of roles.
#[derive(Template)]
#[template(path = "role/list.html")]
pub struct Roles {
    /// Around it.
    pub frame: Frame,
    /// Whether the reader may make one.
    pub may_make: bool,
    /// The place for which a role is to be chosen; empty if the list is looked at for itself.
    pub place: String,
    /// The roles by name.
    pub rows: Vec<RoleRow>,
}

/// A role in the list.
pub struct RoleRow {
    /// The role's page.
    pub link: String,
    /// Its name.
    pub name: String,
    /// What it lets its holder do.
    pub purpose: String,
    /// Whether it is privileged.
    pub privileged: bool,
    /// Whether it is out of use.
    pub retired: bool,
    /// Its terms.
    pub captions: Vec<Caption>,
    /// How many may activate it.
    pub eligible: i64,
    /// How many hold it now.
    pub active: i64,
    /// How many of these hold it all the time.
    pub standing: i64,
}

/// The head of a role's page, the same over each tab.
#[derive(Clone)]
pub struct RoleHead {
    /// Where the role's pages begin.
    pub link: String,
    /// Its name.
    pub name: String,
    /// What it lets its holder do.
    pub purpose: String,
    /// Whether it is privileged.
    pub privileged: bool,
    /// Whether it is out of use.
    pub retired: bool,
    /// What it allows in Latchkey, in plain words.
    pub allows: Vec<String>,
    /// Whether the reader may assign it.
    pub may_assign: bool,
    /// Where it is changed; empty for those who may not.
    pub change: String,
    /// `assignments`, `settings` or `activity`.
    pub tab: &'static str,
}

/// A role's assignments.
#[derive(Template)]
#[template(path = "role/assignments.html")]
pub struct RoleAssignments {
    /// Around it.
    pub frame: Frame,
    /// Over the tab.
    pub role: RoleHead,
    /// `eligible`, `active` or `expired`.
    pub state: &'static str,
    /// How many there are, eligible and active.
    pub counts: [String; 2],
    /// The assignments.
    pub rows: Vec<AssignmentRow>,
    /// Where the rest is.
    pub pages: Pages,
}

/// An assignment in a list.
pub struct AssignmentRow {
    /// The assignment.
    pub id: String,
    /// The assignment's page; empty where there is nothing to change.
    pub link: String,
    /// Who.
    pub who: Who,
    /// "Person", "Group", "Application".
    pub kind: String,
    /// The role, in lists of several roles.
    pub role: String,
    /// Where; empty for the whole organisation.
    pub scope: String,
    /// Its state.
    pub status: Status,
    /// How it came about: "Assigned", "Activated", "Through Operations".
    pub how: String,
    /// When it began.
    pub from: Instant,
    /// When it ends; none if it does not.
    pub until: Option<Instant>,
}

/// A role's activity.
#[derive(Template)]
#[template(path = "role/activity.html")]
pub struct RoleActivity {
    /// Around it.
    pub frame: Frame,
    /// Over the tab.
    pub role: RoleHead,
    /// What was asked for, newest first, for readers without the right to read the audit trail.
    pub requests: Vec<Activity>,
    /// Every event, newest first, for readers with it.
    pub events: Vec<Event>,
    /// The audit trail of this role, with all its filters; empty without the right.
    pub audit: String,
    /// Where the rest is.
    pub pages: Pages,
}

/// Something that happened, in one sentence.
pub struct Activity {
    /// The name of its icon.
    pub icon: &'static str,
    /// `good`, `bad`, `wait`, `warn` or nothing.
    pub tone: &'static str,
    /// Who did it.
    pub by: String,
    /// What.
    pub text: String,
    /// Why; may be empty.
    pub said: String,
    /// When.
    pub at: Instant,
    /// Its request; empty if there is none.
    pub link: String,
}

/// What a role is, as fields of a form.
pub struct RoleFields {
    /// Its name.
    pub name: Field,
    /// What it lets its holder do.
    pub description: Field,
    /// Whether it is privileged.
    pub privileged: bool,
    /// What is wrong with that.
    pub privileged_field: Field,
    /// Where it can be held.
    pub kinds: Vec<Choice>,
    /// What is wrong with that.
    pub kinds_field: Field,
    /// What it allows in Latchkey.
    pub permissions: Vec<PermissionGroup>,
    /// Whether that is anything.
    pub allows_something: bool,
    /// What is wrong with that.
    pub permissions_field: Field,
}

/// Permissions that belong together.
pub struct PermissionGroup {
    /// What they are about.
    pub title: String,
    /// Each of them.
    pub choices: Vec<Choice>,
}

/// The form for a new role.
#[derive(Template)]
#[template(path = "role/new.html")]
pub struct NewRole {
    /// Around it.
    pub frame: Frame,
    /// Sent twice, it acts once.
    pub idempotency_key: String,
    /// What it is to be.
    pub fields: RoleFields,
    /// What is wrong with the whole.
    pub problems: Vec<String>,
}

/// The form for what a role is to be from now on.
#[derive(Template)]
#[template(path = "role/change.html")]
pub struct ChangeRole {
    /// Around it.
    pub frame: Frame,
    /// The role's page.
    pub action: String,
    /// What it is called now.
    pub role: String,
    /// Sent twice, it acts once.
    pub idempotency_key: String,
    /// What the role was when the form was drawn.
    pub seen: String,
    /// What it is to be.
    pub fields: RoleFields,
    /// Why.
    pub reason: Field,
    /// What is wrong with the whole.
    pub problems: Vec<String>,
}

/// Retiring a role, with what that does.
#[derive(Template)]
#[template(path = "role/retire.html")]
pub struct RetireRole {
    /// Around it.
    pub frame: Frame,
    /// The role's page.
    pub action: String,
    /// The role.
    pub name: String,
    /// What ends.
    pub ends: Vec<String>,
    /// Why.
    pub reason: Field,
    /// What is wrong with the whole.
    pub problems: Vec<String>,
}
