//! The overview for administrators: how the whole stands.
use askama::Template;

use super::{Instant, Pages, Who, frame::Frame};

/// A number that leads to its list.
pub struct Tile {
    /// What is counted.
    pub name: String,
    /// How many: "12", "10 000+".
    pub number: String,
    /// What more there is to say; may be empty.
    pub detail: String,
    /// Where the list is.
    pub link: String,
    /// `bad`, `warn`, `good` or nothing.
    pub tone: &'static str,
    /// The name of its icon.
    pub icon: &'static str,
}

/// Something that everything would fall with.
pub struct Problem {
    /// Whether it is critical; else it is a warning.
    pub critical: bool,
    /// What is wrong.
    pub title: String,
    /// Why that matters and what to do.
    pub advice: String,
    /// Where that is done.
    pub link: String,
    /// What the link says.
    pub act: String,
}

/// Somebody who has power now.
pub struct Holder {
    /// Who.
    pub who: Who,
    /// "Person", "Group", "Application".
    pub kind: String,
    /// Whether the account is kept for emergencies.
    pub emergency: bool,
    /// Whether it was activated in an emergency, without its approval.
    pub in_emergency: bool,
    /// The role.
    pub role: String,
    /// Whether it is privileged.
    pub privileged: bool,
    /// Where; empty for the whole organisation.
    pub place: String,
    /// Since when.
    pub since: Instant,
    /// Until when; none if for good.
    pub until: Option<Instant>,
    /// How long that is.
    pub left: String,
}

/// The overview.
#[derive(Template)]
#[template(path = "posture/show.html")]
pub struct Overview {
    /// Around it.
    pub frame: Frame,
    /// Whether it is about the whole organisation.
    pub whole: bool,
    /// The numbers.
    pub tiles: Vec<Tile>,
    /// What everything would fall with.
    pub problems: Vec<Problem>,
    /// Some of those who have activated a role.
    pub active: Vec<Holder>,
    /// Whether there are more of them.
    pub more_active: bool,
}

/// The list of those who have power now.
#[derive(Template)]
#[template(path = "posture/holders.html")]
pub struct Holders {
    /// Around it.
    pub frame: Frame,
    /// Whether they have activated it.
    pub activated: bool,
    /// Who.
    pub rows: Vec<Holder>,
    /// Where the rest is.
    pub pages: Pages,
}
