//! The texts themselves, compiled in.
use std::{collections::BTreeMap, sync::LazyLock};

use fluent_bundle::{
    FluentArgs, FluentError, FluentMessage, FluentResource, FluentValue, concurrent::FluentBundle,
};
use unic_langid::LanguageIdentifier;

use super::{Argument, Language, Reader};

type Bundle = FluentBundle<FluentResource>;

macro_rules! rooms {
    ($($room:literal),* $(,)?) => {
        /// The rooms of the catalogue: each has a file of this name in every language.
        pub const ROOMS: &[&str] = &[$($room),*];
        const ENGLISH: &[&str] =
            &[$(include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/locales/en/", $room, ".ftl"))),*];
        const DANISH: &[&str] =
            &[$(include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/locales/da/", $room, ".ftl"))),*];
    };
}

rooms![
    "word",
    "time",
    "frame",
    "status",
    "done",
    "sign_in",
    "account",
    "access",
    "assignment",
    "bulk",
    "expiring",
    "role",
    "scope",
    "person",
    "group",
    "application",
    "witness",
    "extent",
    "inventory",
    "policy",
    "posture",
    "audit",
    "search",
    "api",
    "problem",
    "error",
    "said",
    "settings",
    "activation",
    "request",
    "approval",
    "deputy",
    "change_request",
    "notice",
    "delivery",
];

/// What every text of a language is found in.
struct Catalogue {
    english: Bundle,
    danish: Bundle,
    faults: Vec<String>,
}

static CATALOGUE: LazyLock<Catalogue> = LazyLock::new(|| {
    let mut faults = Vec::new();
    let english = bundle(Language::English, ENGLISH, &mut faults);
    let danish = bundle(Language::Danish, DANISH, &mut faults);
    Catalogue { english, danish, faults }
});

/// A file that is broken gives the texts that can be read; a test keeps broken files from being built.
fn bundle(language: Language, files: &[&str], faults: &mut Vec<String>) -> Bundle {
    let tag = language.tag();
    // By its tag the plural rules are chosen; both tags are well formed.
    let identifier: LanguageIdentifier = tag.parse().unwrap_or_default();
    let mut bundle = Bundle::new_concurrent(vec![identifier]);
    // The marks that set values apart from text of another direction would be seen in plain text and in attributes.
    bundle.set_use_isolating(false);
    for (room, file) in ROOMS.iter().zip(files) {
        let resource =
            FluentResource::try_new((*file).to_owned()).unwrap_or_else(|(resource, errors)| {
                faults.extend(errors.iter().map(|error| format!("{tag}/{room}: {error}")));
                resource
            });
        if let Err(errors) = bundle.add_resource(resource) {
            faults.extend(errors.iter().map(|error| format!("{tag}/{room}: {error}")));
        }
    }
    bundle
}

/// The text of a key for a reader.
pub(super) fn text(reader: &Reader, key: &str, arguments: &[(&'static str, Argument)]) -> String {
    let catalogue = &*CATALOGUE;
    let in_english = || find(&catalogue.english, reader, key, arguments);
    match reader.language {
        Language::English => in_english(),
        Language::Danish => find(&catalogue.danish, reader, key, arguments).or_else(in_english),
        Language::Bracketed => in_english().map(|text| format!("⟦{text}⟧")),
    }
    .unwrap_or_else(|| key.to_owned())
}

fn find(
    bundle: &Bundle,
    reader: &Reader,
    key: &str,
    arguments: &[(&'static str, Argument)],
) -> Option<String> {
    let pattern = bundle.get_message(key).as_ref().and_then(FluentMessage::value)?;
    let mut values = FluentArgs::with_capacity(arguments.len());
    for (name, argument) in arguments {
        values.set(*name, value(reader, argument));
    }
    // A value that is missing shows as its name; a test keeps that from happening.
    let mut errors: Vec<FluentError> = Vec::new();
    Some(bundle.format_pattern(pattern, Some(&values), &mut errors).into_owned())
}

fn value(reader: &Reader, argument: &Argument) -> FluentValue<'static> {
    match argument {
        Argument::Text(text) => text.clone().into(),
        Argument::Number(number) => (*number).into(),
        Argument::Duration(duration) => reader.duration(*duration).into(),
        Argument::Instant(at) => reader.instant(*at).into(),
        Argument::Message(message) => reader.say(message).into(),
        Argument::All(items) => reader.all_of(&texts(reader, items)).into(),
        Argument::Any(items) => reader.any_of(&texts(reader, items)).into(),
        Argument::Joined(between, items) => texts(reader, items).join(between).into(),
    }
}

/// A value by itself, as this reader is told it.
pub(super) fn said(reader: &Reader, argument: &Argument) -> String {
    match value(reader, argument) {
        FluentValue::String(text) => text.into_owned(),
        FluentValue::Number(number) => number.as_string().into_owned(),
        _ => String::new(),
    }
}

fn texts(reader: &Reader, items: &[Argument]) -> Vec<String> {
    items.iter().map(|item| said(reader, item)).collect()
}

/// What is wrong with the files of the catalogue: nothing, in anything that was tested.
#[must_use]
pub fn faults() -> &'static [String] {
    &CATALOGUE.faults
}

/// The file of a room in a language, as it was written.
#[must_use]
pub fn source(language: Language, room: &str) -> Option<&'static str> {
    let files = if language == Language::Danish { DANISH } else { ENGLISH };
    ROOMS.iter().position(|known| *known == room).and_then(|at| files.get(at).copied())
}

/// The keys of a language, each with the values that its text asks for.
#[must_use]
pub fn keys(language: Language) -> BTreeMap<String, Vec<String>> {
    let files = if language == Language::Danish { DANISH } else { ENGLISH };
    let mut keys = BTreeMap::new();
    let mut key = String::new();
    for line in files.iter().flat_map(|file| file.lines()) {
        if let Some((name, _)) = line.split_once('=')
            && line.starts_with(|first: char| first.is_ascii_alphabetic())
        {
            name.trim().clone_into(&mut key);
            keys.entry(key.clone()).or_insert_with(Vec::new);
        }
        if line.starts_with('#') {
            continue;
        }
        let values: &mut Vec<String> = keys.entry(key.clone()).or_default();
        for (at, _) in line.match_indices('$') {
            let rest = line.get(at + 1..).unwrap_or_default();
            let end = rest.find(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_');
            let name = rest.get(..end.unwrap_or(rest.len())).unwrap_or_default().to_owned();
            if !values.contains(&name) {
                values.push(name);
            }
        }
        values.sort();
    }
    keys.remove("");
    keys
}
