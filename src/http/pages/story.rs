//! What happened to a request, step by step.
use super::{
    say::{self, Reader},
    view::request::Step,
};
use crate::{
    domain::request::{RequestState, Verdict},
    service::request::{Detail, Told},
};

/// Everything that happened to a request, oldest first, and what it waits for.
#[must_use]
pub fn of(detail: &Detail, reader: &Reader) -> Vec<Step> {
    let told = &detail.told;
    let begun = told.active_from.filter(|at| *at <= reader.now);
    [
        Some(asked(told, reader)),
        decided(told, reader),
        begun.map(|at| step("active", "good", "Access began", reader.instant(at))),
        closed(told, reader),
        ended(told, reader),
        waits(told, reader),
    ]
    .into_iter()
    .flatten()
    .collect()
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
    let text = format!("asked for {}", say::length(told.requested_seconds));
    Step { by: told.requester.clone(), ..step("key", "", text, reader.instant(told.created_at)) }
}

fn decided(told: &Told, reader: &Reader) -> Option<Step> {
    let (verdict, by, at) = (told.verdict?, told.decided_by.clone()?, told.decided_at?);
    let (icon, tone, text) = match verdict {
        Verdict::Approve => {
            let time = say::length(told.granted_seconds.unwrap_or(told.requested_seconds));
            ("approval", "good", format!("approved for {time}"))
        }
        Verdict::Deny => ("denied", "bad", "denied".to_owned()),
    };
    let said = told.decision_justification.clone().unwrap_or_default();
    Some(Step { by, said, ..step(icon, tone, text, reader.instant(at)) })
}

/// What closed it, other than a decision or its taking effect.
fn closed(told: &Told, reader: &Reader) -> Option<Step> {
    let at = reader.instant(told.closed_at?);
    match told.state {
        RequestState::Cancelled => Some(step("ended", "", "Taken back", at)),
        RequestState::Expired => Some(step("waiting", "warn", "Nobody decided in time", at)),
        RequestState::Failed => {
            let why = told.failure.clone().unwrap_or_default();
            Some(Step { said: why, ..step("denied", "bad", "Not granted", at) })
        }
        RequestState::Pending
        | RequestState::Scheduled
        | RequestState::Granted
        | RequestState::Denied => None,
    }
}

fn ended(told: &Told, reader: &Reader) -> Option<Step> {
    let due = told.active_until.filter(|end| *end <= reader.now);
    let at = told.ended_at.or(due)?;
    let early = told.ended_at.zip(told.active_until).is_some_and(|(ended, due)| ended < due);
    let text = if early { "Access ended early" } else { "Access ended: its time was up" };
    Some(step("ended", "", text, reader.instant(at)))
}

fn waits(told: &Told, reader: &Reader) -> Option<Step> {
    let (icon, text, at) = match told.state {
        RequestState::Pending => ("waiting", "Expires unless somebody decides", told.expires_at?),
        RequestState::Scheduled => ("calendar", "Starts by itself", told.starts_at?),
        _ if told.ended_at.is_none() => {
            ("clock", "Ends by itself", told.active_until.filter(|end| *end > reader.now)?)
        }
        _ => return None,
    };
    Some(step(icon, "wait", text, reader.instant(at)))
}
