//! How the reader is told what asks nothing of them.
use askama::Template;

use super::{
    form::{Choice, Field},
    frame::Frame,
};

/// What the reader has chosen, to be changed.
#[derive(Template)]
#[template(path = "notice/mine.html")]
pub struct MyNotices {
    /// Around it.
    pub frame: Frame,
    /// What is wrong with the whole.
    pub problems: Vec<String>,
    /// In which zone times are.
    pub zone: String,
    /// When quiet hours begin.
    pub quiet_from: Field,
    /// When they end.
    pub quiet_to: Field,
    /// Whether the summary of the day is wanted.
    pub daily: bool,
    /// Whether the summary of the week is.
    pub weekly: bool,
    /// Each occasion that one may choose about.
    pub rows: Vec<OccasionRow>,
}

/// An occasion that one may choose about.
pub struct OccasionRow {
    /// Its stable name.
    pub name: &'static str,
    /// What it is called.
    pub label: String,
    /// What can be chosen.
    pub choices: Vec<Choice>,
}
