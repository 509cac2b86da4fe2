//! Looking for something by a part of its name.
use askama::Template;

use super::{Pages, frame::Frame};

/// Something that was found.
pub struct Hit {
    /// Its page.
    pub link: String,
    /// Its name.
    pub name: String,
    /// What tells it from others of that name.
    pub detail: String,
    /// Whether it is disabled.
    pub disabled: bool,
}

/// What was found of one kind.
pub struct Group {
    /// "People".
    pub title: String,
    /// The name of its icon.
    pub icon: &'static str,
    /// The name of its kind.
    pub kind: &'static str,
    /// What was found.
    pub hits: Vec<Hit>,
    /// Where all of this kind are; empty if they are here.
    pub all: String,
}

/// What was found.
#[derive(Template)]
#[template(path = "search/show.html")]
pub struct Search {
    /// Around it.
    pub frame: Frame,
    /// What was typed.
    pub asked: String,
    /// What was found, by kind.
    pub groups: Vec<Group>,
    /// Where all kinds are; empty if they are here.
    pub every_kind: String,
    /// Where the rest is.
    pub pages: Pages,
}
