//! What people are told, and who is told: occasions and audiences, the rules for them, what each person chose, and letters
//! made from the facts.
//!
//! Whatever people wrote stands quoted, line by line, so that nobody's reason can pass for Latchkey's own words. No mail
//! carries a secret or a link that does something by being opened.
pub mod account;
pub mod assignment;
pub mod change;
pub mod delivery;
pub mod emergency;
pub mod letter;
pub mod occasion;
pub mod plan;
pub mod preference;
pub mod request;
pub mod rule;
pub mod summary;

use std::fmt::Write as _;

pub use assignment::more_time_link;
pub use request::{Decided, Verdict, request_link};

/// One message to one person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mail {
    subject: String,
    body: String,
    html: Option<String>,
    event: Option<&'static str>,
}

impl Mail {
    /// The longest subject, in characters.
    pub const SUBJECT_MOST: usize = 200;
    /// The longest text, in characters.
    pub const BODY_MOST: usize = 20_000;
    /// The longest HTML text, in characters.
    pub const HTML_MOST: usize = 100_000;

    /// A message. Anything in the subject that could begin another header becomes a space; what is too long is cut.
    #[must_use]
    pub fn new(subject: &str, body: &str) -> Self {
        let subject: String = single_line(subject).chars().take(Self::SUBJECT_MOST).collect();
        Self {
            subject,
            body: body.chars().take(Self::BODY_MOST).collect(),
            html: None,
            event: None,
        }
    }

    /// The same with an HTML text beside the plain one. One that is too long is left out: half a page says nothing.
    #[must_use]
    pub fn with_html(self, html: &str) -> Self {
        let fits = html.chars().count() <= Self::HTML_MOST;
        Self { html: fits.then(|| html.to_owned()), ..self }
    }

    /// The same as the notice of an event, by its stable name, such as `request.pending`.
    #[must_use]
    pub fn with_event(self, event: &'static str) -> Self {
        Self { event: Some(event), ..self }
    }

    /// The subject: one line.
    #[must_use]
    pub fn subject(&self) -> &str {
        &self.subject
    }

    /// The text.
    #[must_use]
    pub fn body(&self) -> &str {
        &self.body
    }

    /// The HTML text, if there is one.
    #[must_use]
    pub fn html(&self) -> Option<&str> {
        self.html.as_deref()
    }

    /// The stable name of what happened.
    #[must_use]
    pub fn event(&self) -> Option<&'static str> {
        self.event
    }
}

/// An instant for channels: to the minute, in universal time.
pub(crate) fn moment(at: super::time::Instant) -> String {
    at.timestamp().strftime("%-d %B %Y, %H:%M UTC").to_string()
}

/// What ends a line, in whatever way it is shown.
const BREAKS: [char; 7] = ['\n', '\r', '\u{b}', '\u{c}', '\u{85}', '\u{2028}', '\u{2029}'];

/// What somebody wrote, line by line, so that it can not pass for our own words.
fn quote(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 16);
    for part in text.split(BREAKS) {
        // Writing to a string cannot fail.
        let _ = writeln!(quoted, "> {part}");
    }
    quoted
}

fn single_line(text: &str) -> String {
    let separates = |c: char| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}');
    let spaced: String = text.chars().map(|c| if separates(c) { ' ' } else { c }).collect();
    spaced.split(' ').filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests;
