//! A role's settings: read, history, form.
use askama::Template;

use super::{
    Caption, Instant,
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
    /// The place's name.
    pub place: String,
    /// Whether that is the whole organisation.
    pub at_root: bool,
    /// The place, in the list.
    pub chosen: Field,
    /// Places to choose from; none if there is no choice.
    pub places: Vec<Choice>,
    /// Places below with terms of their own: where those are, and the name.
    pub below: Vec<(String, String)>,
    /// Field by field.
    pub rows: Vec<SettingRow>,
    /// Where to change them; empty without the right.
    pub edit: String,
    /// Where to make a template of them; empty without the right.
    pub template: String,
    /// Where to make everything inherited again; empty if it cannot be.
    pub reset: String,
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
    /// The template that it came from; may be empty.
    pub template: String,
    /// The fields that it enforces below; may be empty.
    pub enforced: String,
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
pub struct EditSettings {
    /// Around it.
    pub frame: Frame,
    /// Where the form goes.
    pub action: String,
    /// Where to go back to.
    pub back: String,
    /// The role's name.
    pub role: String,
    /// The place's name.
    pub place: String,
    /// Whether that is the whole organisation.
    pub at_root: bool,
    /// The place.
    pub scope: String,
    /// The newest version; one that is newer still refuses the form.
    pub version: i64,
    /// Those that others have saved since the form was begun, newest first.
    pub newer: Vec<Version>,
    /// What is wrong with the whole.
    pub problems: Vec<String>,
    /// The fields.
    pub groups: Vec<Group>,
    /// Whether the rules of notices are the place's own, or inherited; none at the organisation, which says everything.
    pub notices: Option<Setting>,
    /// Who is told of what.
    pub topics: Vec<NoticeTopic>,
    /// Fields that are the place's own, though they are locked at the moment.
    pub kept: Vec<&'static str>,
    /// The fields that may be enforced below.
    pub enforce: Vec<Choice>,
    /// Whether some are.
    pub enforces: bool,
    /// Why the settings change.
    pub reason: Field,
}

/// Fields that belong together.
pub struct Group {
    /// What they are about.
    pub title: String,
    /// What that means.
    pub help: String,
    /// The fields.
    pub settings: Vec<Setting>,
}

/// A field of the terms on a form.
pub struct Setting {
    /// Its name on the form.
    pub input: &'static str,
    /// What it is called.
    pub label: String,
    /// `length`, `check`, `choice`, `stages` or `locked`.
    pub kind: &'static str,
    /// What helps to fill it in.
    pub help: String,
    /// Whether something must be written.
    pub required: bool,
    /// Whether its box is ticked.
    pub ticked: bool,
    /// What can be chosen.
    pub choices: Vec<Choice>,
    /// The stages of the approval.
    pub stages: Vec<StageForm>,
    /// What is in force above.
    pub above: String,
    /// Where that comes from.
    pub from: String,
    /// What was filled in.
    pub field: Field,
}

/// What people are told of, about one thing.
pub struct NoticeTopic {
    /// What it is about.
    pub title: String,
    /// Each occasion with each audience.
    pub cells: Vec<NoticeCell>,
    /// How many differ from what ships.
    pub changed: usize,
    /// The same in words.
    pub differs: String,
}

/// One occasion, as one audience is told of it.
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
pub struct NoticeCell {
    /// The name of the choice on the form.
    pub told: String,
    /// The name of the field for further addresses.
    pub others_name: String,
    /// What happens.
    pub label: String,
    /// Who is told.
    pub audience: String,
    /// Whether it asks something of them.
    pub asks: bool,
    /// Whether nobody can switch it off.
    pub fixed: bool,
    /// What can be chosen.
    pub choices: Vec<Choice>,
    /// What is.
    pub chosen: Field,
    /// Whether others may be told as well.
    pub takes_others: bool,
    /// What the field for them is called.
    pub others_label: String,
    /// Those others.
    pub others: Field,
    /// How many there are to be told.
    pub tells: String,
    /// Whether it is as it ships.
    pub told_is_shipped: bool,
}

/// A stage of an approval on a form. Each of its inputs has the stage's number behind its name.
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
pub struct StageForm {
    /// Counted from 1.
    pub number: usize,
    /// Whether it says something already; one that does not is folded.
    pub is_there: bool,
    /// Who may decide.
    pub approvers: Vec<Choice>,
    /// What is wrong with them.
    pub approvers_field: Field,
    /// How many must agree.
    pub agree: Field,
    /// How many can.
    pub agreements: Vec<Choice>,
    /// How long it waits.
    pub timeout: Field,
    /// What silence means.
    pub silence: Field,
    /// What it can mean.
    pub silences: Vec<Choice>,
    /// Whether a reason is asked for.
    pub reason: bool,
    /// Whether a code is asked for.
    pub code: bool,
    /// After how long others are asked.
    pub escalate_after: Field,
    /// Whom.
    pub escalate_to: Vec<Choice>,
    /// What is wrong with them.
    pub escalate_to_field: Field,
    /// The longest for which nobody is asked.
    pub skip_length: Field,
    /// The hours within which nobody is asked: from, until, their time zone and days.
    pub skip_from: Field,
    /// Until.
    pub skip_until: Field,
    /// The time zone.
    pub skip_zone: Field,
    /// The days.
    pub skip_days: Vec<Choice>,
    /// What is wrong with them.
    pub skip_days_field: Field,
    /// The group on call for whose members nobody is asked.
    pub skip_on_call: Field,
    /// The groups.
    pub groups: Vec<Choice>,
    /// Whether a verified ticket is enough.
    pub skip_ticket: bool,
    /// Whether something is said of when others, or nobody, are asked.
    pub more: bool,
}

/// A field of the terms in force.
pub struct SettingRow {
    /// What it is called.
    pub label: String,
    /// Its value.
    pub value: String,
    /// Where it comes from: "Organisation, version 3".
    pub from: String,
    /// The template behind that version; may be empty.
    pub template: String,
    /// Whether the place says this itself.
    pub own: bool,
    /// Whether it is enforced above.
    pub locked: bool,
    /// Whether it is enforced from here on down.
    pub enforced: bool,
    /// What the place says itself, while it is overruled; may be empty.
    pub set_aside: String,
    /// Where to make it inherited again; empty if it cannot be.
    pub reset: String,
}

/// What a change would do.
pub struct Impact {
    /// What differs at the place itself.
    pub changes: Vec<Change>,
    /// What differs below it.
    pub below: Vec<PlaceChange>,
    /// Whom it concerns.
    pub consequences: Vec<Sentence>,
    /// Whether it makes a privileged role easier to come by.
    pub weakens: bool,
}

/// What differs at a place.
pub struct PlaceChange {
    /// Its name.
    pub place: String,
    /// What differs.
    pub changes: Vec<Change>,
}

/// What a change of one role's terms would do, before it is made.
#[derive(Template)]
#[template(path = "settings/review.html")]
pub struct Review {
    /// Around it.
    pub frame: Frame,
    /// What it is about.
    pub title: String,
    /// The role's name.
    pub role: String,
    /// The place's name.
    pub place: String,
    /// Where the form goes.
    pub action: String,
    /// Where to go back to; empty if that is the form as it was filled in.
    pub back: String,
    /// Sent twice, it acts once.
    pub idempotency_key: String,
    /// What was filled in, to be sent once more.
    pub repeat: Vec<(String, String)>,
    /// Why, if that is not among it.
    pub reason: Option<Field>,
    /// What it would do.
    pub impact: Impact,
    /// What the button says.
    pub button: String,
    /// What is wrong with the whole.
    pub problems: Vec<String>,
}

/// The list of templates.
#[derive(Template)]
#[template(path = "settings/templates.html")]
pub struct Templates {
    /// Around it.
    pub frame: Frame,
    /// Whether the reader may make one.
    pub may_make: bool,
    /// The templates.
    pub rows: Vec<TemplateRow>,
}

/// A template in the list.
pub struct TemplateRow {
    /// Its page.
    pub link: String,
    /// Its name.
    pub name: String,
    /// What it is for.
    pub description: String,
    /// Whether it ships with Latchkey.
    pub built_in: bool,
    /// Its terms in few words.
    pub captions: Vec<Caption>,
}

/// A template, and the form for it.
#[derive(Template)]
#[template(path = "settings/template.html")]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
pub struct EditTemplate {
    /// Around it.
    pub frame: Frame,
    /// Its name, or that it is new.
    pub title: String,
    /// What it is for.
    pub told: String,
    /// Whether it ships with Latchkey.
    pub built_in: bool,
    /// Whether it is out of use.
    pub retired: bool,
    /// Whether it is to be made.
    pub is_new: bool,
    /// Whether the reader may change it.
    pub may_change: bool,
    /// Sent twice, it acts once.
    pub idempotency_key: String,
    /// Where the form goes.
    pub action: String,
    /// Where to take it out of use; empty if one cannot.
    pub retire: String,
    /// Where to give it to roles; empty if one cannot.
    pub apply: String,
    /// Where to make one's own instead; empty if one cannot.
    pub copy: String,
    /// Where to go back to.
    pub back: &'static str,
    /// The version that the form started from.
    pub version: String,
    /// The terms, where they cannot be changed.
    pub terms: Vec<(String, String)>,
    /// The fields.
    pub groups: Vec<Group>,
    /// Who is told of what.
    pub topics: Vec<NoticeTopic>,
    /// Its name.
    pub name: Field,
    /// What it is for.
    pub description: Field,
    /// What is wrong with the whole.
    pub problems: Vec<String>,
}

/// The form for giving terms to several roles.
#[derive(Template)]
#[template(path = "settings/apply.html")]
pub struct ApplyTerms {
    /// Around it.
    pub frame: Frame,
    /// The roles.
    pub roles: Vec<Choice>,
    /// What is wrong with them.
    pub roles_field: Field,
    /// The places.
    pub places: Vec<Choice>,
    /// The one that is chosen.
    pub place: Field,
    /// The templates.
    pub templates: Vec<Choice>,
    /// The one that is chosen.
    pub template: Field,
    /// The fields that can be given instead.
    pub groups: Vec<Group>,
    /// Whether they are to be seen at once.
    pub opened: bool,
    /// Who may approve.
    pub approvers: Vec<Choice>,
    /// What is wrong with them.
    pub approvers_field: Field,
    /// What is wrong with the whole.
    pub problems: Vec<String>,
}

/// What giving terms to several roles would do, before it is done.
#[derive(Template)]
#[template(path = "settings/apply_review.html")]
pub struct ReviewMany {
    /// Around it.
    pub frame: Frame,
    /// The form as it was filled in.
    pub back: String,
    /// Sent twice, it acts once.
    pub idempotency_key: String,
    /// What was filled in, to be sent once more.
    pub repeat: Vec<(String, String)>,
    /// How many roles would get the terms.
    pub ready: usize,
    /// The roles.
    pub roles: Vec<ProposedRole>,
    /// Why.
    pub reason: Field,
    /// What is wrong with the whole.
    pub problems: Vec<String>,
}

/// One role of several, before.
pub struct ProposedRole {
    /// Its name.
    pub name: String,
    /// The fields that stay as they are, because they are locked; may be empty.
    pub locked: String,
    /// What would change.
    pub impact: Option<Impact>,
    /// Why it cannot.
    pub refused: Vec<String>,
}

/// What became of several roles.
#[derive(Template)]
#[template(path = "settings/applied.html")]
pub struct AppliedRoles {
    /// Around it.
    pub frame: Frame,
    /// The roles.
    pub roles: Vec<AppliedRole>,
}

/// One role of several, after.
pub struct AppliedRole {
    /// Its name.
    pub name: String,
    /// Its settings.
    pub link: String,
    /// The version that was written; 0 if none was.
    pub version: i64,
    /// How many places below follow it.
    pub below: usize,
    /// Where it waits for a second administrator; empty if it does not.
    pub waits: String,
    /// Why it was not given the terms.
    pub refused: Vec<String>,
}
