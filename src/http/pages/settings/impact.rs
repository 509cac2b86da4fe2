//! What a change of terms would do, told before it is made.
use super::{
    super::{
        plain_words,
        say::{self, Reader},
        view::settings::{Impact, PlaceChange, Sentence},
    },
    changes,
};
use crate::{
    domain::{assignment::AssignmentKind, settings::Field},
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
            text: "Nobody gains or loses anything by it right now.".to_owned(),
        });
    }
    sentences
}

/// What is asked for, and of how many.
fn terms(preview: &Preview) -> Vec<Sentence> {
    let of = |one: &str, many: &str| match preview.eligible {
        0 => "Nobody is eligible yet.".to_owned(),
        1 => format!("1 eligible person {one}"),
        more => format!("{more} eligible people {many}"),
    };
    let less = of("gets it easier.", "get it easier.");
    let more =
        of("goes by it from the next activation on.", "go by it from the next activation on.");
    [
        ("alert", "Less is asked for", &preview.weaker, less),
        ("lock", "More is asked for", &preview.stricter, more),
        ("lock", "From now on enforced below", &preview.newly_enforced, String::new()),
        ("info", "No longer enforced below", &preview.no_longer_enforced, String::new()),
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
        1 => Some("1 running activation goes on until its end as it was granted.".to_owned()),
        more => {
            Some(format!("{more} running activations go on, each until its end as it was granted."))
        }
    };
    if let Some(running) = running {
        say("clock", running);
    }
    if !preview.out_of_terms.is_empty() {
        let named: Vec<_> = preview.out_of_terms.iter().map(|one| outside(one, reader)).collect();
        say(
            "calendar",
            format!("Longer than will be allowed, and not ended by this: {}.", named.join(", ")),
        );
    }
    for (closed, icon, fate) in [
        (false, "waiting", "judged by the stricter of both terms"),
        (true, "close", "closed: nobody could decide it any more"),
    ] {
        let these = preview.waiting.iter().filter(|waiting| waiting.undecidable == closed);
        let named: Vec<_> = these.map(|waiting| waiting.requester.clone()).collect();
        if !named.is_empty() {
            let count = say::count(named.len(), "waiting request");
            say(icon, format!("{count} of {} will be {fate}.", named.join(", ")));
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
            format!("{} and {} more", first.join(", "), labels.len() - SHOWN)
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
        || "without end".to_owned(),
        |end| format!("until {}", reader.instant(end).text),
    );
    format!("{} ({kind} at {}, {end})", one.holder, one.place)
}
