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
    let mut sentences = Vec::new();
    let mut say = |icon, text: String| sentences.push(Sentence { icon, text });
    let go_by_it = |verb: &str, verbs: &str, rest: &str| match preview.eligible {
        0 => "Nobody is eligible yet.".to_owned(),
        1 => format!("1 eligible person {verb} {rest}"),
        more => format!("{more} eligible people {verbs} {rest}"),
    };
    if !preview.weaker.is_empty() {
        let who = go_by_it("gets", "get", "it easier.");
        say("alert", format!("Less is asked for: {}. {who}", labels(&preview.weaker)));
    }
    if !preview.stricter.is_empty() {
        let who = go_by_it("goes", "go", "by it from the next activation on.");
        say("lock", format!("More is asked for: {}. {who}", labels(&preview.stricter)));
    }
    for (fields, what) in [
        (&preview.newly_enforced, "From now on enforced below"),
        (&preview.no_longer_enforced, "No longer enforced below"),
    ] {
        if !fields.is_empty() {
            say("lock", format!("{what}: {}.", labels(fields)));
        }
    }
    if preview.running > 0 {
        let running = usize::try_from(preview.running).unwrap_or(0);
        say(
            "clock",
            format!(
                "{} until its end as it was granted.",
                match running {
                    1 => "1 running activation goes on".to_owned(),
                    more => format!("{more} running activations go on, each"),
                }
            ),
        );
    }
    if !preview.out_of_terms.is_empty() {
        let named: Vec<_> = preview.out_of_terms.iter().map(|one| outside(one, reader)).collect();
        say(
            "calendar",
            format!("Longer than will be allowed, and not ended by this: {}.", named.join(", ")),
        );
    }
    let waiting = |closed: bool| {
        let these = preview.waiting.iter().filter(move |waiting| waiting.undecidable == closed);
        these.map(|waiting| waiting.requester.clone()).collect::<Vec<_>>()
    };
    let (closed, judged) = (waiting(true), waiting(false));
    if !judged.is_empty() {
        say(
            "waiting",
            format!(
                "{} of {} will be judged by the stricter of both terms.",
                say::count(judged.len(), "waiting request"),
                judged.join(", ")
            ),
        );
    }
    if !closed.is_empty() {
        say(
            "close",
            format!(
                "{} of {} will be closed: nobody could decide it any more.",
                say::count(closed.len(), "waiting request"),
                closed.join(", ")
            ),
        );
    }
    if sentences.is_empty() {
        sentences.push(Sentence {
            icon: "info",
            text: "Nobody gains or loses anything by it right now.".to_owned(),
        });
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
