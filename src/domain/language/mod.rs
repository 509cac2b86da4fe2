//! The languages that Latchkey speaks, and how a reader is told texts, times, numbers and lists.
//!
//! Every text has a key and stands in `locales`, one file a room. Whoever says something names the key and gives
//! values; what a [`Reader`] sees depends on their language and their time zone. Nothing here knows who is asking.
mod calendar;
mod catalogue;
mod fault;
mod message;
mod wish;

use jiff::tz::TimeZone;

pub use self::{
    catalogue::{ROOMS, faults, keys, source},
    fault::recognise,
    message::{Argument, Message},
    wish::{TimeZoneName, Wishes, wished},
};
use super::time::Duration;

/// A language that Latchkey speaks.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize,
)]
#[serde(try_from = "String")]
pub enum Language {
    /// English, in which every text exists.
    #[default]
    #[serde(rename = "en")]
    English,
    /// Danish.
    #[serde(rename = "da")]
    Danish,
    /// English in brackets, for finding what was never put into the catalogue. Nobody is offered it; a browser that asks
    /// for `en-XA` gets it.
    #[serde(rename = "en-XA")]
    Bracketed,
}

impl Language {
    /// The languages that people may choose.
    pub const OFFERED: [Self; 2] = [Self::English, Self::Danish];

    /// Its tag, as in `<html lang>`.
    #[must_use]
    pub const fn tag(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::Danish => "da",
            Self::Bracketed => "en-XA",
        }
    }

    /// Its name in itself, by which people find it in whatever language the page is.
    #[must_use]
    pub const fn own_name(self) -> &'static str {
        match self {
            Self::English | Self::Bracketed => "English",
            Self::Danish => "Dansk",
        }
    }

    /// The language of that tag, among those that people may choose.
    #[must_use]
    pub fn named(tag: &str) -> Option<Self> {
        Self::OFFERED.into_iter().find(|language| language.tag() == tag)
    }
}

impl TryFrom<String> for Language {
    type Error = &'static str;

    fn try_from(tag: String) -> Result<Self, Self::Error> {
        let all = [Self::English, Self::Danish, Self::Bracketed];
        all.into_iter().find(|language| language.tag() == tag).ok_or("must be en or da")
    }
}

/// Who is told something: in which language, and in which time zone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reader {
    /// The language.
    pub language: Language,
    /// The time zone.
    pub zone: TimeZone,
}

impl Default for Reader {
    fn default() -> Self {
        Self::english()
    }
}

impl Reader {
    /// A reader of that language in the zone of that name; in UTC if there is no such zone.
    #[must_use]
    pub fn new(language: Language, zone: &str) -> Self {
        let zone = TimeZoneName::parse(zone).map_or(TimeZone::UTC, |name| name.zone());
        Self { language, zone }
    }

    /// A reader of English in UTC: what programs, the log and the audit trail are told.
    #[must_use]
    pub fn english() -> Self {
        Self { language: Language::English, zone: TimeZone::UTC }
    }

    /// The name of the reader's zone: `Europe/Copenhagen`.
    #[must_use]
    pub fn zone_name(&self) -> &str {
        self.zone.iana_name().unwrap_or("UTC")
    }

    /// The text of that key. A key that the language lacks is said in English; one that exists nowhere is said itself,
    /// which a test keeps from happening.
    #[must_use]
    pub fn text(&self, key: &str, arguments: &[(&'static str, Argument)]) -> String {
        catalogue::text(self, key, arguments)
    }

    /// The text of a message.
    #[must_use]
    pub fn say(&self, message: &Message) -> String {
        match message {
            Message::Text(text) => text.clone(),
            Message::Keyed { key, arguments } => self.text(key, arguments),
        }
    }

    /// A value by itself.
    #[must_use]
    pub fn value(&self, value: &Argument) -> String {
        catalogue::said(self, value)
    }

    /// What stands before and what stands after the value `it` of a text, for a value that is more than words, such as a
    /// link. Which of them is empty is for each language to say.
    #[must_use]
    pub fn around(&self, key: &str, arguments: &[(&'static str, Argument)]) -> (String, String) {
        const GAP: &str = "\u{1}";
        let arguments: Vec<_> =
            arguments.iter().cloned().chain([("it", Argument::from(GAP))]).collect();
        let text = self.text(key, &arguments);
        match text.split_once(GAP) {
            Some((before, after)) => (before.to_owned(), after.to_owned()),
            None => (text, String::new()),
        }
    }

    /// A length of time: "2 h 30 min", "14 days".
    #[must_use]
    pub fn duration(&self, duration: Duration) -> String {
        let minutes = duration.seconds() / 60;
        let (days, hours, rest) = (minutes / 1440, minutes / 60, minutes % 60);
        match (minutes % 1440, rest) {
            (0, _) if days > 1 => self.text("time-days", &[("days", days.into())]),
            (_, 0) => self.text("time-hours", &[("hours", hours.into())]),
            _ if hours == 0 => self.text("time-minutes", &[("minutes", rest.into())]),
            _ => self
                .text("time-hours-minutes", &[("hours", hours.into()), ("minutes", rest.into())]),
        }
    }

    /// A span of time in the two units that matter, for what is left or has passed: "3 months", "1 h 30 min".
    #[must_use]
    pub fn span(&self, seconds: i64) -> String {
        let minutes = seconds / 60;
        let (days, hours, rest) = (minutes / 1440, minutes / 60, minutes % 60);
        match minutes {
            ..=0 => self.text("time-less-than-a-minute", &[]),
            1..60 => self.text("time-minutes", &[("minutes", minutes.into())]),
            60..600 if rest > 0 => self
                .text("time-hours-minutes", &[("hours", hours.into()), ("minutes", rest.into())]),
            60..2880 => self.text("time-hours", &[("hours", ((minutes + 30) / 60).into())]),
            2880..129_600 => self.text("time-days", &[("days", days.into())]),
            _ => self.text("time-months", &[("months", (days / 30).into())]),
        }
    }

    /// A number with its thousands apart: "12,500", in Danish "12.500".
    #[must_use]
    pub fn number(&self, number: i64) -> String {
        let separator = if self.language == Language::Danish { '.' } else { ',' };
        let digits = number.unsigned_abs().to_string();
        let mut text = String::from(if number < 0 { "-" } else { "" });
        for (index, digit) in digits.chars().enumerate() {
            if index > 0 && (digits.len() - index).is_multiple_of(3) {
                text.push(separator);
            }
            text.push(digit);
        }
        text
    }

    /// All of these: "Ada, Grace and Alan".
    #[must_use]
    pub fn all_of<T: AsRef<str>>(&self, items: &[T]) -> String {
        self.list("list-all", items)
    }

    /// Any of these: "Ada, Grace or Alan".
    #[must_use]
    pub fn any_of<T: AsRef<str>>(&self, items: &[T]) -> String {
        self.list("list-any", items)
    }

    fn list<T: AsRef<str>>(&self, key: &str, items: &[T]) -> String {
        match items {
            [] => String::new(),
            [one] => one.as_ref().to_owned(),
            [most @ .., last] => {
                let most: Vec<_> = most.iter().map(AsRef::as_ref).collect();
                self.text(key, &[("most", most.join(", ").into()), ("last", last.as_ref().into())])
            }
        }
    }
}

#[cfg(test)]
mod tests;
