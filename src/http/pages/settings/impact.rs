//! What a change of terms would do, told before it is made.
use super::{
    super::{
        plain_words,
        say::Reader,
        view::settings::{Impact, PlaceChange, Sentence},
    },
    changes,
};
use crate::{
    domain::{
        assignment::AssignmentKind,
        settings::{Field, NeverAsked},
    },
    http::language::tell,
    service::settings::{OutOfTerms, Preview},
};

/// What a change of terms would do.
#[must_use]
pub fn tell(preview: &Preview, reader: &Reader) -> Impact {
    let names = &preview.names;
    let below = |(place, difference): &(String, Vec<_>)| PlaceChange {
        place: place.clone(),
        changes: changes(difference, names),
    };
    Impact {
        changes: changes(&preview.difference, names),
        below: preview.below.iter().map(below).collect(),
        consequences: consequences(preview, reader),
        weakens: preview.role.privileged && !preview.weaker.is_empty(),
    }
}

fn consequences(preview: &Preview, reader: &Reader) -> Vec<Sentence> {
    let mut sentences = terms(preview);
    sentences.extend(held(preview, reader));
    if sentences.is_empty() {
        sentences.push(Sentence {
            icon: "info",
            text: tell!("settings-nobody-gains-or-loses-anything"),
        });
    }
    preview.never_asked.iter().map(never_asked).chain(sentences).collect()
}

/// That a stage is there for nothing, which nobody will have meant.
fn never_asked((place, never): &(String, NeverAsked)) -> Sentence {
    let NeverAsked { stage, longest, skipped_up_to } = never;
    Sentence {
        icon: "alert",
        text: tell!(
            "settings-stage-never-asked",
            stage = stage,
            place = place,
            longest = longest,
            skipped = skipped_up_to,
        ),
    }
}

/// What is asked for, and of how many.
fn terms(preview: &Preview) -> Vec<Sentence> {
    let less = tell!("settings-eligible-get-it-easier", people = preview.eligible);
    let more = tell!("settings-eligible-go-by-it", people = preview.eligible);
    [
        ("alert", tell!("settings-less-is-asked-for"), &preview.weaker, less),
        ("lock", tell!("settings-more-is-asked-for"), &preview.stricter, more),
        (
            "lock",
            tell!("settings-from-now-on-enforced-below"),
            &preview.newly_enforced,
            String::new(),
        ),
        (
            "info",
            tell!("settings-no-longer-enforced-below"),
            &preview.no_longer_enforced,
            String::new(),
        ),
    ]
    .into_iter()
    .filter(|(_, _, fields, _)| !fields.is_empty())
    .map(|(icon, what, fields, who)| {
        let text = format!("{what}: {}. {who}", labels(fields)).trim_end().to_owned();
        Sentence { icon, text }
    })
    .collect()
}

/// What becomes of that which is held, and of those who wait.
fn held(preview: &Preview, reader: &Reader) -> Vec<Sentence> {
    let mut sentences = Vec::new();
    let mut say = |icon, text: String| sentences.push(Sentence { icon, text });
    let running = match preview.running {
        0 => None,
        1 => Some(tell!("settings-1-running-activation-goes-on")),
        more => Some(tell!("settings-running-activations-go-on-each", more = more)),
    };
    if let Some(running) = running {
        say("clock", running);
    }
    if !preview.out_of_terms.is_empty() {
        let named: Vec<_> = preview.out_of_terms.iter().map(|one| outside(one, reader)).collect();
        say("calendar", tell!("settings-longer-than-will-be-allowed", named = named.join(", ")));
    }
    for (closed, icon, fate) in [
        (false, "waiting", "settings-requests-judged"),
        (true, "close", "settings-requests-closed"),
    ] {
        let these = preview.waiting.iter().filter(|waiting| waiting.undecidable == closed);
        let named: Vec<_> = these.map(|waiting| waiting.requester.clone()).collect();
        if !named.is_empty() {
            say(icon, tell!(fate, count = named.len(), people = named.join(", ")));
        }
    }
    sentences
}

/// What fields are called; of many the first.
fn labels(fields: &[Field]) -> String {
    const SHOWN: usize = 4;
    let labels: Vec<_> = fields.iter().map(|field| plain_words::label(field.name())).collect();
    match labels.get(..SHOWN) {
        Some(first) if labels.len() > SHOWN + 1 => {
            tell!("settings-and-more", first = first.join(", "), labels = labels.len() - SHOWN)
        }
        _ => labels.join(", "),
    }
}

fn outside(one: &OutOfTerms, reader: &Reader) -> String {
    let kind = match one.kind {
        AssignmentKind::Eligible => "eligible",
        AssignmentKind::Active => "active",
    };
    let end = one.ends_at.map_or_else(
        || tell!("settings-without-end"),
        |end| tell!("word-until-of-inside", end = reader.instant(end).text),
    );
    tell!("settings-at-of", holder = one.holder, kind = kind, place = one.place, end = end)
}
