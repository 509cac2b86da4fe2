//! The language and the time zone that the reader chooses on their account page.
use serde::Deserialize;

use super::{
    account,
    done::Done,
    faults::Faults,
    page::{Answer, Posted, done},
    view::form::Choice,
};
use crate::{
    domain::language::{Language, TimeZoneName, Wishes},
    error::Error,
    http::language::tell,
    service::language,
};

/// The languages to choose from.
pub fn languages() -> Vec<Choice> {
    let offered = Language::OFFERED.map(|it| Choice::new(it.tag(), it.own_name()));
    std::iter::once(Choice::new("", tell!("account-as-the-browser-asks"))).chain(offered).collect()
}

/// The time zones to choose from.
pub fn time_zones() -> Vec<Choice> {
    let offered = TimeZoneName::offered().into_iter().map(|name| Choice::new(name.clone(), name));
    std::iter::once(Choice::new("", tell!("account-as-the-browser-says"))).chain(offered).collect()
}

/// What the form for language and time zone sends; empty is as the browser says.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Chosen {
    /// The language.
    pub language: String,
    /// The time zone.
    pub time_zone: String,
}

impl From<Wishes> for Chosen {
    fn from(wishes: Wishes) -> Self {
        Self {
            language: wishes.language.map(Language::tag).unwrap_or_default().to_owned(),
            time_zone: wishes.time_zone.map(|zone| zone.as_str().to_owned()).unwrap_or_default(),
        }
    }
}

/// Keeps the language and the time zone that the reader wants.
pub async fn choose(posted: Posted<Chosen>) -> Answer {
    let Posted { page, form } = posted;
    let kept = match Wishes::read(&form.language, &form.time_zone) {
        Ok(wishes) => language::choose(&page.app, &page.actor, &wishes).await,
        Err(wrong) => Err(Error::Invalid(wrong)),
    };
    match kept {
        Ok(()) => done("/account", Done::LanguageChosen),
        Err(error) => account::draw(&page, &form, Faults::of(error)?).await,
    }
}
