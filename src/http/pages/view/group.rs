//! Groups: the list, one group.
use askama::Template;

use super::{
    Instant, Who,
    form::{Choice, Field},
    frame::Frame,
    role::AssignmentRow,
    status::Status,
};

/// The list of groups.
#[derive(Template)]
#[template(path = "group/list.html")]
pub struct Groups {
    /// Around it.
    pub frame: Frame,
    /// The groups by name.
    pub rows: Vec<GroupRow>,
    /// The form that makes one; none without the right.
    pub create: Option<CreateGroup>,
}

/// A group in the list.
pub struct GroupRow {
    /// The group's page.
    pub link: String,
    /// Its name.
    pub name: String,
    /// What it is for.
    pub purpose: String,
    /// How many are in it now.
    pub members: i64,
    /// Whether it carries a privileged role.
    pub protected: bool,
    /// On which roles its members decide.
    pub decides: String,
}

/// The form that makes a group.
pub struct CreateGroup {
    /// Sent twice, it acts once.
    pub idempotency_key: String,
    /// Its name.
    pub name: Field,
    /// What it is for.
    pub purpose: Field,
    /// Where it can lie.
    pub places: Vec<Choice>,
    /// Where it shall lie.
    pub parent: Field,
    /// What is wrong with the whole.
    pub problems: Vec<String>,
}

/// One group.
#[derive(Template)]
#[template(path = "group/show.html")]
pub struct Group {
    /// Around it.
    pub frame: Frame,
    /// Where its forms go; each adds its verb.
    pub action: String,
    /// Its name.
    pub name: String,
    /// What it is for.
    pub purpose: String,
    /// Where it lies; empty in the organisation.
    pub place: String,
    /// The page of that place.
    pub place_link: String,
    /// Whether it carries a privileged role.
    pub protected: bool,
    /// Whether it is retired.
    pub retired: bool,
    /// On which roles its members decide.
    pub decides: Vec<String>,
    /// Its members.
    pub members: Vec<Member>,
    /// Who may activate belonging to it.
    pub may_join: Vec<AssignmentRow>,
    /// Who owns it, or may activate owning it.
    pub owners: Vec<AssignmentRow>,
    /// What it is given or eligible for.
    pub carries: Vec<AssignmentRow>,
    /// Where membership and ownership are given in other ways; empty without the right.
    pub give: [String; 2],
    /// The terms of belonging to it and of owning it.
    pub settings: [String; 2],
    /// Its name and what it is for, to be changed; none without the right.
    pub rename: Option<[Field; 2]>,
    /// Where it is retired; empty without the right.
    pub retire: String,
    /// The form that adds somebody; none without the right.
    pub add: Option<AddMember>,
}

/// Somebody in a group.
pub struct Member {
    /// Who.
    pub who: Who,
    /// The state of the membership.
    pub status: Status,
    /// Since when.
    pub since: Instant,
    /// Until when; none if it does not end.
    pub until: Option<Instant>,
    /// Where to remove; empty without the right.
    pub remove: String,
    /// What removing does.
    pub consequence: String,
}

/// The form that adds somebody to a group.
pub struct AddMember {
    /// Sent twice, it acts once.
    pub idempotency_key: String,
    /// Who could be added.
    pub people: Vec<Choice>,
    /// What is wrong with the choice.
    pub people_field: Field,
    /// Why.
    pub reason: Field,
    /// What is wrong with the whole.
    pub problems: Vec<String>,
}
