//! Everybody reads in their own language and time zone, and nothing is left untranslated.
use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use latchkey::{
    domain::{
        language::{Language, ROOMS, Reader, Wishes, faults, keys, recognise, source},
        notice::occasion::Occasion,
        sign_in::CodeRefusal,
        time::Instant,
    },
    http::problem::Kind,
    service::language,
};
use serde_json::json;

use crate::support::{World, http::EVERY_SCOPE};

mod words;

/// Beginnings of keys of which the rest is put in by the program: the type of a problem, the field of a file.
const BUILT: [&str; 8] = [
    "problem-title-",
    "inventory-field-",
    "policy-verb-",
    "policy-noun-",
    "error-",
    "said-",
    "notice-",
    "notices-",
];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The files below a folder with that ending.
fn files(folder: &str, ending: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![root().join(folder)];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|found| found == ending) {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

/// Everything between quotation marks in the sources and templates: keys are among it.
fn quoted() -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for path in files("src", "rs").into_iter().chain(files("templates", "html")) {
        let text = fs::read_to_string(path).unwrap();
        found.extend(text.split('"').map(str::to_owned));
    }
    found
}

#[test]
fn every_room_has_a_file_in_every_language_and_every_file_is_a_room() {
    assert_eq!(faults(), &[] as &[String]);
    for folder in ["locales/en", "locales/da"] {
        let names: BTreeSet<_> = files(folder, "ftl")
            .iter()
            .map(|path| path.file_stem().unwrap().to_str().unwrap().to_owned())
            .collect();
        assert_eq!(names, ROOMS.iter().map(ToString::to_string).collect(), "{folder}");
    }
    for language in Language::OFFERED {
        assert!(ROOMS.iter().all(|room| source(language, room).is_some()), "{}", language.tag());
    }
}

#[test]
fn every_text_is_used_and_every_text_that_is_used_is_there() {
    let quoted = quoted();
    let known = keys(Language::English);
    let unused: Vec<_> = known
        .keys()
        .filter(|key| !quoted.contains(*key) && !BUILT.iter().any(|begin| key.starts_with(begin)))
        .collect();
    assert!(unused.is_empty(), "nothing says these: {unused:#?}");
    let mut missing = Vec::new();
    for path in files("src", "rs").into_iter().chain(files("templates", "html")) {
        let text = fs::read_to_string(&path).unwrap();
        for asked in ["tell!(\"", "tell!(\n", "frame.text(\"", "frame.say(\""] {
            for (at, _) in text.match_indices(asked) {
                let rest = text[at + asked.len()..].trim_start().trim_start_matches('"');
                let key = rest.split('"').next().unwrap();
                let is_plain = key.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
                if is_plain && key.contains('-') && !known.contains_key(key) {
                    missing.push(format!("{}: {key}", path.display()));
                }
            }
        }
    }
    assert!(missing.is_empty(), "no catalogue has these: {missing:#?}");
}

#[test]
fn each_problem_is_named_as_programs_are_told() {
    for kind in Kind::ALL {
        assert_eq!(Reader::english().text(&kind.title_key(), &[]), kind.title());
    }
}

#[test]
fn templates_hold_no_words_of_their_own() {
    let mut found = Vec::new();
    for path in files("templates", "html") {
        let text = fs::read_to_string(&path).unwrap();
        found.extend(words::in_template(&text).map(|word| format!("{}: {word}", path.display())));
    }
    assert!(found.is_empty(), "put these into the catalogue: {found:#?}");
}

#[test]
fn the_sources_of_pages_hold_no_words_of_their_own() {
    let mut found = Vec::new();
    for path in files("src/http/pages", "rs") {
        let text = fs::read_to_string(&path).unwrap();
        found.extend(words::in_source(&text).map(|word| format!("{}: {word}", path.display())));
    }
    assert!(found.is_empty(), "put these into the catalogue: {found:#?}");
}

#[test]
fn whatever_the_rules_and_the_use_cases_refuse_with_can_be_told_in_danish() {
    let mut found = Vec::new();
    for folder in ["src/domain", "src/service", "src/store"] {
        for path in files(folder, "rs") {
            let text = fs::read_to_string(&path).unwrap();
            for said in words::refusals(&text).filter(|said| recognise(said).is_none()) {
                found.push(format!("{}: {said}", path.display()));
            }
        }
    }
    assert!(found.is_empty(), "put these into the room error: {found:#?}");
}

#[test]
fn whoever_gives_a_code_that_does_not_count_is_told_why_in_danish() {
    let refusals = [
        CodeRefusal::Unreadable,
        CodeRefusal::Wrong,
        CodeRefusal::Used,
        CodeRefusal::WaitUntil(Instant::new(jiff::Timestamp::UNIX_EPOCH)),
        CodeRefusal::Disabled,
        CodeRefusal::Missing,
        CodeRefusal::RecoveryCodeNotEnough,
    ];
    for refusal in refusals {
        assert!(recognise(refusal.message()).is_some(), "{}", refusal.message());
    }
}

#[test]
fn every_occasion_has_its_words() {
    let known = keys(Language::Danish);
    for (occasion, name) in Occasion::ALL {
        assert!(name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_'), "{name}");
        let key = format!("notices-{}", name.replace('_', "-"));
        assert!(*occasion == Occasion::Summary || known.contains_key(&key), "{key}");
    }
}

#[tokio::test]
async fn what_a_person_chooses_is_kept_recorded_and_used_for_mails() {
    let world = World::new().await;
    let ada = world.person("ada").await;
    let actor = world.actor("ada").await;
    let mut connection = world.app.database.acquire().await.unwrap();
    let before = language::reader_of(&mut connection, &world.app, ada).await.unwrap();
    assert_eq!((before.language, before.zone_name()), (Language::English, "UTC"));
    let wishes = Wishes::read("da", "Europe/Copenhagen").unwrap();
    language::choose(&world.app, &actor, &wishes).await.unwrap();
    assert_eq!(language::mine(&world.app, &actor).await.unwrap(), wishes);
    let reader = language::reader_of(&mut connection, &world.app, ada).await.unwrap();
    assert_eq!((reader.language, reader.zone_name()), (Language::Danish, "Europe/Copenhagen"));
    let events = world.events().await;
    assert_eq!(events.iter().filter(|kind| kind.starts_with("person.changed")).count(), 1);
    language::choose(&world.app, &actor, &wishes).await.unwrap();
    assert_eq!(world.events().await, events, "what is so already is no change");
    language::choose(&world.app, &actor, &Wishes::default()).await.unwrap();
    let after = language::reader_of(&mut connection, &world.app, ada).await.unwrap();
    assert_eq!(after, world.app.reader, "without a wish the organisation's settings count");
    world.check_invariants().await;
}

#[tokio::test]
async fn programs_choose_too_and_are_told_what_is_no_language_or_zone() {
    let world = World::new().await;
    world.person("ada").await;
    let token = world.access_token("ada", &EVERY_SCOPE).await;
    let body = json!({ "language": "da", "time_zone": "america/new_york" });
    let kept = world.ask_api("put", "/v1/me/language", &token, Some(&body)).await.json();
    assert_eq!(kept, json!({ "language": "da", "time_zone": "America/New_York" }));
    let told = world.ask_api("get", "/v1/me/language", &token, None).await.json();
    assert_eq!(told, kept);
    for (field, body) in [
        ("language", json!({ "language": "en-XA", "time_zone": null })),
        ("time_zone", json!({ "language": null, "time_zone": "Mars/Olympus" })),
    ] {
        let refused = world.ask_api("put", "/v1/me/language", &token, Some(&body)).await.json();
        assert_eq!(refused["fields"][0]["field"], field, "{refused}");
    }
    let reading = world.access_token("ada", &["read"]).await;
    let refused = world.ask_api("put", "/v1/me/language", &reading, Some(&body)).await.json();
    assert_eq!(refused["status"], 403, "a token that may only read changes nothing");
}
