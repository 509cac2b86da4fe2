//! What each page shows: plain structures of ready-made text, one file a noun, each with its template.
//!
//! They know neither the domain nor the services, so that a page can be looked at with any content.

pub mod access;
pub mod account;
pub mod activation;
pub mod api;
pub mod application;
pub mod approval;
pub mod assignment;
pub mod audit;
pub mod bulk;
pub mod change_request;
pub mod delivery;
pub mod deputy;
pub mod expiring;
pub mod extent;
pub mod form;
pub mod frame;
pub mod group;
pub mod inventory;
pub mod notice;
pub mod person;
pub mod policy;
pub mod posture;
pub mod problem;
pub mod request;
pub mod role;
pub mod scope;
pub mod search;
pub mod settings;
pub mod sign_in;
pub mod status;
pub mod witness;

/// An instant: as people say it, and exactly.
#[derive(Clone, Debug, Default)]
pub struct Instant {
    /// "Today 14:30", "in 20 min", "3 weeks ago".
    pub text: String,
    /// RFC 3339, for machines.
    pub machine: String,
    /// With seconds and time zone, shown on hover.
    pub exact: String,
}

/// Somebody who is named on a page.
#[derive(Clone, Debug, Default)]
pub struct Who {
    /// The name to show.
    pub name: String,
    /// One or two letters that stand for the name.
    pub initials: String,
    /// The account's name, or another word that tells two people of one name apart.
    pub detail: String,
    /// Where the reader may see more; empty if nowhere.
    pub link: String,
}

/// A short term of use, such as "at most 4 h".
#[derive(Clone, Debug)]
pub struct Caption {
    /// The name of its icon.
    pub icon: &'static str,
    /// Its words.
    pub text: String,
}

impl Caption {
    /// A caption with its icon.
    pub fn new(icon: &'static str, text: impl Into<String>) -> Self {
        Self { icon, text: text.into() }
    }
}

/// A name and its value in a list of facts.
#[derive(Clone, Debug)]
pub struct Fact {
    /// What it is.
    pub name: String,
    /// What it says.
    pub value: String,
    /// The instant that it says, if it says one.
    pub at: Option<Instant>,
    /// Where more is told, outside of Latchkey; empty if nowhere.
    pub link: String,
}

impl Fact {
    /// A fact from its two halves.
    pub fn new(name: impl Into<String>, value: impl Into<String>) -> Self {
        Self { name: name.into(), value: value.into(), at: None, link: String::new() }
    }

    /// An instant with its name.
    pub fn at(name: impl Into<String>, at: Instant) -> Self {
        Self { name: name.into(), value: at.text.clone(), at: Some(at), link: String::new() }
    }

    /// The same, leading to where more is told.
    #[must_use]
    pub fn leading_to(self, link: Option<String>) -> Self {
        Self { link: link.unwrap_or_default(), ..self }
    }

    /// An instant with its name, or what is said where there is none.
    pub fn at_or(
        name: impl Into<String>,
        at: Option<Instant>,
        otherwise: impl Into<String>,
    ) -> Self {
        match at {
            Some(at) => Self::at(name, at),
            None => Self::new(name, otherwise),
        }
    }
}

/// Where the rest of a long list is.
#[derive(Clone, Debug, Default)]
pub struct Pages {
    /// The address of the beginning; empty on the first page.
    pub first: String,
    /// The address of the next page; empty on the last one.
    pub next: String,
}
