//! What a browser or a person wishes for, read with care: both come from outside.
use jiff::tz::TimeZone;

use super::{Language, Message, Reader};
use crate::domain::fault::FieldError;

/// The language that a header `Accept-Language` asks for first among those that Latchkey speaks.
#[must_use]
pub fn wished(header: &str) -> Option<Language> {
    let mut best: Option<(f32, Language)> = None;
    // A browser sends a handful; more is somebody's joke.
    for part in header.split(',').take(30) {
        let (tag, parameters) = part.split_once(';').unwrap_or((part, ""));
        let weight =
            parameters.trim().strip_prefix("q=").map_or(Some(1.0), |q| q.trim().parse().ok());
        let weight = weight.filter(|weight: &f32| *weight > 0.0 && *weight <= 1.0);
        let (Some(weight), Some(language)) = (weight, of(tag.trim())) else { continue };
        if best.is_none_or(|(most, _)| weight > most) {
            best = Some((weight, language));
        }
    }
    best.map(|(_, language)| language)
}

fn of(tag: &str) -> Option<Language> {
    if tag.eq_ignore_ascii_case(Language::Bracketed.tag()) {
        return Some(Language::Bracketed);
    }
    let primary = tag.split('-').next().unwrap_or_default();
    Language::OFFERED.into_iter().find(|language| primary.eq_ignore_ascii_case(language.tag()))
}

/// The name of a time zone that exists: `Europe/Copenhagen`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TimeZoneName(String);

impl TimeZoneName {
    /// The longest name that is looked up at all.
    const LONGEST: usize = 64;

    /// A zone by its name in the IANA list, however it is capitalised.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let is_name = (1..=Self::LONGEST).contains(&text.len())
            && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"/_+-".contains(&byte));
        let zone = is_name.then(|| TimeZone::get(text).ok()).flatten()?;
        zone.iana_name().map(|name| Self(name.to_owned()))
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The zone.
    #[must_use]
    pub fn zone(&self) -> TimeZone {
        TimeZone::get(&self.0).unwrap_or(TimeZone::UTC)
    }

    /// The zones that are offered: places by continent, and UTC; not the old names and abbreviations.
    #[must_use]
    pub fn offered() -> Vec<String> {
        const CONTINENTS: [&str; 10] = [
            "Africa/",
            "America/",
            "Antarctica/",
            "Arctic/",
            "Asia/",
            "Atlantic/",
            "Australia/",
            "Europe/",
            "Indian/",
            "Pacific/",
        ];
        let places = jiff::tz::db().available().map(|name| name.as_str().to_owned());
        let mut names: Vec<_> = places
            .filter(|name| CONTINENTS.iter().any(|continent| name.starts_with(continent)))
            .collect();
        names.sort();
        names.dedup();
        names.insert(0, "UTC".to_owned());
        names
    }
}

/// What a person has chosen for themself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wishes {
    /// The language; none if the browser or the organisation decides.
    pub language: Option<Language>,
    /// The time zone; none if the browser or the organisation decides.
    pub time_zone: Option<TimeZoneName>,
}

impl Wishes {
    /// What was stored. A language or a zone that is no longer known counts as no wish.
    #[must_use]
    pub fn stored(language: Option<&str>, time_zone: Option<&str>) -> Self {
        Self {
            language: language.and_then(Language::named),
            time_zone: time_zone.and_then(TimeZoneName::parse),
        }
    }

    /// What somebody chose in a form or through the interface; empty is no wish.
    pub fn read(language: &str, time_zone: &str) -> Result<Self, Vec<FieldError>> {
        let wishes = Self::stored(Some(language), Some(time_zone));
        let wrong = [
            (language, wishes.language.is_none(), "language", "error-choose-a-language"),
            (time_zone, wishes.time_zone.is_none(), "time_zone", "error-choose-a-time-zone"),
        ];
        let wrong: Vec<_> = wrong
            .into_iter()
            .filter(|(text, unknown, ..)| !text.is_empty() && *unknown)
            .map(|(.., field, key)| FieldError::new(field, Message::new(key).to_string()))
            .collect();
        if wrong.is_empty() { Ok(wishes) } else { Err(wrong) }
    }

    /// The reader with these wishes, and what is not wished for as `otherwise` has it.
    #[must_use]
    pub fn reader(&self, otherwise: &Reader) -> Reader {
        Reader {
            language: self.language.unwrap_or(otherwise.language),
            zone: self
                .time_zone
                .as_ref()
                .map_or_else(|| otherwise.zone.clone(), TimeZoneName::zone),
        }
    }
}
