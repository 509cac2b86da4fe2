//! The audit trail.
use askama::Template;

use super::{
    Fact, Instant, Pages,
    form::{Choice, Field},
    frame::Frame,
    status::Status,
};

/// The audit page.
#[derive(Template)]
#[template(path = "audit/list.html")]
pub struct Audit {
    /// Around it.
    pub frame: Frame,
    /// Whether the chain is whole.
    pub seal: Seal,
    /// What is looked for.
    pub filter: Filter,
    /// What was found, newest first.
    pub events: Vec<Event>,
    /// Where the rest is.
    pub pages: Pages,
    /// The same filter as CSV; empty without the right.
    pub csv: String,
    /// The same filter as JSON Lines.
    pub json: String,
}

/// What the last verification said.
pub struct Seal {
    /// `good`, `bad`, or nothing while it is not known.
    pub tone: &'static str,
    /// "Verified: 12,345 events, none changed".
    pub text: String,
    /// Where to verify now.
    pub verify: String,
}

/// What is looked for.
pub struct Filter {
    /// From this day.
    pub from: Field,
    /// To this day.
    pub to: Field,
    /// Who did it.
    pub actor: Field,
    /// To whom.
    pub subject: Field,
    /// The people to choose from.
    pub people: Vec<Choice>,
    /// Which role.
    pub role: Field,
    /// The roles to choose from.
    pub roles: Vec<Choice>,
    /// What was done.
    pub action: Field,
    /// The actions to choose from.
    pub actions: Vec<Choice>,
    /// How it went.
    pub outcome: Field,
    /// The outcomes to choose from.
    pub outcomes: Vec<Choice>,
    /// Whether anything is set.
    pub used: bool,
}

/// An event.
pub struct Event {
    /// Its number; empty until it is sealed.
    pub number: String,
    /// When.
    pub at: Instant,
    /// Who.
    pub actor: String,
    /// What, said after the actor's name.
    pub text: String,
    /// Why; may be empty.
    pub said: String,
    /// The action's stable name.
    pub action: String,
    /// Whether it was refused or failed.
    pub bad: bool,
    /// Its further fields.
    pub facts: Vec<Fact>,
    /// The hash that seals it; empty until it is sealed.
    pub hash: String,
    /// The story it belongs to; empty if none.
    pub story: String,
}

/// The story of one request.
#[derive(Template)]
#[template(path = "audit/story.html")]
pub struct Story {
    /// Around it.
    pub frame: Frame,
    /// "Ada Lovelace asks for …".
    pub title: String,
    /// Where it stands; none if the reader may not see the request.
    pub status: Option<Status>,
    /// The request's own page.
    pub request: String,
    /// The events, oldest first.
    pub events: Vec<Event>,
    /// The same as CSV; empty without the right.
    pub csv: String,
    /// The same as JSON Lines.
    pub json: String,
}
