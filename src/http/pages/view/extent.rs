//! What a person can do, now and at most.
use askama::Template;

use super::{Pages, frame::Frame, role::AssignmentRow};

/// A role at a place that can be come by, and how.
pub struct Chain {
    /// The role.
    pub role: String,
    /// Its page; empty where the reader may not look.
    pub link: String,
    /// Where; empty for the whole organisation.
    pub place: String,
    /// Whether it is privileged.
    pub privileged: bool,
    /// What it takes, in words.
    pub takes: String,
    /// The steps, the first one first.
    pub steps: Vec<String>,
}

/// Roles that somebody may give at a place, and that only somebody else could give to them.
pub struct Giving {
    /// "any of 13 roles everywhere".
    pub what: String,
    /// How they come to give them.
    pub steps: Vec<String>,
    /// Which roles.
    pub roles: Vec<String>,
}

/// Those that take the same.
pub struct Bundle {
    /// Its name in the page.
    pub name: &'static str,
    /// What they take.
    pub title: String,
    /// That in a sentence.
    pub text: String,
    /// How many there are.
    pub count: usize,
    /// The first of them.
    pub rows: Vec<Chain>,
    /// What only giving to others gets at.
    pub giving: Vec<Giving>,
    /// Where all are; empty if all are here.
    pub all: String,
}

/// Something that somebody belongs to, can sign in as, or looks after.
pub struct Tie {
    /// Its page; empty where there is none.
    pub link: String,
    /// Its name.
    pub name: String,
    /// "Member", "Owner, until tomorrow 09:00".
    pub detail: String,
}

/// What a person can do.
pub struct Extent {
    /// What is held now.
    pub held: Vec<AssignmentRow>,
    /// What may be activated.
    pub eligible: Vec<AssignmentRow>,
    /// What could be held at most.
    pub bundles: Vec<Bundle>,
    /// Groups.
    pub groups: Vec<Tie>,
    /// Places that are looked after.
    pub places: Vec<Tie>,
    /// Applications that the person can sign in as.
    pub applications: Vec<Tie>,
}

/// The whole list.
#[derive(Template)]
#[template(path = "extent/list.html")]
pub struct Extents {
    /// Around it.
    pub frame: Frame,
    /// The person's name.
    pub name: String,
    /// The person's page.
    pub person: String,
    /// The choices: each a name, an address, and whether it is this one.
    pub choices: Vec<(String, String, bool)>,
    /// The roles.
    pub rows: Vec<Chain>,
    /// Where the rest is.
    pub pages: Pages,
}
