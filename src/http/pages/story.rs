//! What happened to a request, step by step.
use super::{
    assigned::why_ended,
    say::{self, Reader},
    view::request::Step,
};
use crate::{
    domain::{
        approval::{StageState, Standing},
        emergency::ReviewVerdict,
        request::{RequestState, Verdict},
        settings,
        time::Instant,
    },
    http::language::{tell, translate},
    service::{
        emergency,
        request::{Detail, Remark, RemarkKind, Said, Told},
    },
};

/// Everything that happened to a request, oldest first, and what it waits for; `review` is that of an emergency.
#[must_use]
pub fn of(detail: &Detail, review: Option<&emergency::Detail>, reader: &Reader) -> Vec<Step> {
    let told = &detail.told;
    let begun = told.active_from.filter(|at| *at <= reader.now);
    let begun = begun
        .map(|at| (at, step("active", "good", tell!("request-access-began"), reader.instant(at))));
    let skipped =
        detail.stages.iter().filter(|(_, standing, _)| standing.state == StageState::Skipped);
    let skipped =
        skipped.map(|(_, standing, why)| skipped_stage(detail, standing.number, why, reader));
    let said = detail.said.iter().map(|word| (word.at, said(detail, word, reader)));
    let silent = detail.stages.iter().filter_map(|(_, stage, _)| silent(detail, stage, reader));
    let remarks = detail.remarks.iter().map(|it| (it.at, remark(it, reader)));
    let taken = review.map(|it| (it.told.opened_at, taken(&it.told, reader)));
    let reviewed = review.and_then(|it| reviewed(&it.told, reader));
    // Of what happened at the same moment, in this order.
    let mut steps: Vec<_> = std::iter::once((told.created_at, asked(told, reader)))
        .chain(taken)
        .chain(skipped.map(|step| (told.created_at, step)))
        .chain(said)
        .chain(silent)
        .chain(remarks)
        .chain(begun)
        .chain(closed(told, reader))
        .chain(ended(told, reader))
        .chain(reviewed)
        .collect();
    steps.sort_by_key(|(at, _)| *at);
    steps.into_iter().map(|(_, step)| step).chain(waits(told, reader)).collect()
}

fn step(
    icon: &'static str,
    tone: &'static str,
    text: impl Into<String>,
    at: super::view::Instant,
) -> Step {
    Step { icon, tone, by: String::new(), text: text.into(), said: String::new(), at }
}

fn asked(told: &Told, reader: &Reader) -> Step {
    let text = tell!("request-asked-for-of", length = say::length(told.requested_seconds));
    Step { by: told.requester.clone(), ..step("key", "", text, reader.instant(told.created_at)) }
}

fn taken(told: &emergency::Told, reader: &Reader) -> Step {
    let at = reader.instant(told.opened_at);
    let text = tell!("request-took-it-in-an-emergency");
    Step { by: told.requester.clone(), ..step("alert", "bad", text, at) }
}

/// What somebody made of an emergency.
fn reviewed(told: &emergency::Told, reader: &Reader) -> Option<(Instant, Step)> {
    let closed_at = told.closed_at?;
    let at = reader.instant(closed_at);
    let (icon, tone, text) = match told.verdict? {
        ReviewVerdict::Justified => ("check", "good", tell!("request-reviewed-justified")),
        ReviewVerdict::NotJustified => ("denied", "bad", tell!("request-reviewed-not-justified")),
    };
    let by = told.reviewer.clone().unwrap_or_default();
    Some((closed_at, Step { by, said: told.note.clone(), ..step(icon, tone, text, at) }))
}

/// The text, with the stage that it is of if there are several.
fn in_stage(detail: &Detail, number: usize, text: String) -> String {
    if detail.stages.len() > 1 {
        format!("{text} ({})", tell!("request-story-stage", number = number))
    } else {
        text
    }
}

fn skipped_stage(detail: &Detail, number: usize, why: &str, reader: &Reader) -> Step {
    let text = tell!("request-nobody-needed-to-be-asked", why = settings::rules(why));
    let at = reader.instant(detail.told.created_at);
    step("check", "", in_stage(detail, number, text), at)
}

fn remark(remark: &Remark, reader: &Reader) -> Step {
    let (icon, text) = match remark.kind {
        RemarkKind::Comment => ("reason", tell!("request-wrote")),
        RemarkKind::Claim => ("person", tell!("request-began-to-look-at-it")),
        RemarkKind::Release => ("person", tell!("request-left-it-to-others")),
        RemarkKind::Nudge => ("waiting", tell!("request-reminded-them")),
    };
    let said = remark.text.clone();
    Step { by: remark.by.clone(), said, ..step(icon, "", text, reader.instant(remark.at)) }
}

fn silent(detail: &Detail, standing: &Standing, reader: &Reader) -> Option<(Instant, Step)> {
    let at = standing.expires_at.filter(|_| standing.state == StageState::Silent)?;
    let text = in_stage(detail, standing.number, tell!("request-nobody-decided-in-time-which"));
    Some((at, step("waiting", "warn", text, reader.instant(at))))
}

fn said(detail: &Detail, word: &Said, reader: &Reader) -> Step {
    let told = &detail.told;
    let (icon, tone, text) = match word.verdict {
        Verdict::Approve => {
            let time = say::length(told.granted_seconds.unwrap_or(told.requested_seconds));
            ("approval", "good", tell!("request-approved-for", time = time))
        }
        Verdict::Deny => ("denied", "bad", tell!("request-denied")),
    };
    let text = match &word.deputised {
        Some(name) => tell!("request-standing-in-for", text = text, name = name),
        None => text,
    };
    let text = match word.by_turns {
        Some(at) => {
            let at = reader.instant(at).text;
            tell!("request-by-turns", text = text, requester = told.requester, at = at)
        }
        None => text,
    };
    let text = in_stage(detail, usize::try_from(word.stage).unwrap_or(0), text);
    let said = word.justification.clone();
    Step { by: word.by.clone(), said, ..step(icon, tone, text, reader.instant(word.at)) }
}

/// What closed it, other than a decision or its taking effect.
fn closed(told: &Told, reader: &Reader) -> Option<(Instant, Step)> {
    let closed_at = told.closed_at?;
    let at = reader.instant(closed_at);
    let step = match told.state {
        RequestState::Cancelled => step("ended", "", tell!("request-taken-back"), at),
        RequestState::Expired => {
            step("waiting", "warn", tell!("request-nobody-decided-in-time"), at)
        }
        RequestState::Failed => {
            let why = told.failure.as_deref().map(translate).unwrap_or_default();
            Step { said: why, ..step("denied", "bad", tell!("request-not-granted"), at) }
        }
        RequestState::Pending
        | RequestState::Scheduled
        | RequestState::Granted
        | RequestState::Denied => return None,
    };
    Some((closed_at, step))
}

fn ended(told: &Told, reader: &Reader) -> Option<(Instant, Step)> {
    let due = told.active_until.filter(|end| *end <= reader.now);
    let at = told.ended_at.or(due)?;
    let early = told.ended_at.zip(told.active_until).is_some_and(|(ended, due)| ended < due);
    let text = if early {
        let why = told.end_reason.map(why_ended).unwrap_or_default();
        tell!("request-access-ended-early", why = why)
    } else {
        tell!("request-access-ended-its-time-was")
    };
    Some((at, step("ended", "", text, reader.instant(at))))
}

fn waits(told: &Told, reader: &Reader) -> Option<Step> {
    let (icon, text, at) = match told.state {
        RequestState::Pending => {
            ("waiting", tell!("request-expires-unless-somebody-decides"), told.expires_at?)
        }
        RequestState::Scheduled => ("calendar", tell!("request-starts-by-itself"), told.starts_at?),
        _ if told.ended_at.is_none() => (
            "clock",
            tell!("word-ends-by-itself"),
            told.active_until.filter(|end| *end > reader.now)?,
        ),
        _ => return None,
    };
    Some(step(icon, "wait", text, reader.instant(at)))
}
