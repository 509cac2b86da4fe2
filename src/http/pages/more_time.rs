//! Asking for more time for an assignment of one's own.
use axum::extract::Path;
use serde::Deserialize;

use super::{
    assigned,
    done::Done,
    faults::Faults,
    page::{Answer, Page, Posted, answer, done, id, new_key},
    say::{self},
    view::{Fact, change_request::MoreTime, frame::Section},
};
use crate::{
    domain::{assignment::AssignmentKind, id::AssignmentId, text::Justification},
    error::Error,
    http::language::tell,
    service::assignment::{self, Wish},
};

/// What the form sends.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Form {
    ends_at: String,
    zone: String,
    reason: String,
    idempotency_key: Option<String>,
}

/// The form.
pub async fn new(page: Page, Path(assignment): Path<String>) -> Answer {
    draw(&page, id(&assignment, "assignment")?, Faults::default(), &Form::default()).await
}

async fn draw(page: &Page, id: AssignmentId, mut faults: Faults, typed: &Form) -> Answer {
    let Wish { told, maximum, may_be_permanent, over } =
        assignment::may_wish(&page.app, &page.actor, id).await?;
    let opened = page.open(Section::Access).await?;
    let reader = &opened.reader;
    let from = told.ends_at.unwrap_or(reader.now).max(reader.now);
    let proposed = if may_be_permanent { from + maximum } else { reader.now + maximum };
    let kind = match told.kind {
        AssignmentKind::Eligible => tell!("word-eligible"),
        AssignmentKind::Active => tell!("word-active"),
    };
    let status = faults.status();
    let ended = if over { tell!("word-ended") } else { tell!("word-ends-again") };
    let end = told.ends_at.map(|end| reader.instant(end));
    let view = MoreTime {
        action: format!("/assignments/{id}/more-time"),
        idempotency_key: typed.idempotency_key.clone().unwrap_or_else(new_key),
        role: told.role_name.clone(),
        over,
        facts: vec![
            Fact::new(tell!("word-kind"), kind),
            Fact::new(tell!("word-where"), told.scope_name.clone()),
            Fact::new(tell!("word-how"), assigned::origin(&told)),
            Fact::at_or(ended, end, tell!("word-no-end")),
        ],
        ends_at: faults.take(
            "ends_at",
            if typed.ends_at.is_empty() { reader.field(proposed) } else { typed.ends_at.clone() },
        ),
        ends_at_help: if may_be_permanent {
            String::new()
        } else {
            tell!("assignment-at-most-from-now", maximum = maximum)
        },
        zone: if typed.zone.is_empty() { reader.zone_name() } else { typed.zone.clone() },
        reason: faults.take("reason", &typed.reason),
        problems: faults.rest(),
        frame: opened.frame,
    };
    answer(status, &view)
}

/// Asks.
pub async fn create(Path(assignment): Path<String>, posted: Posted<Form>) -> Answer {
    let Posted { page, form } = posted;
    let id: AssignmentId = id(&assignment, "assignment")?;
    match read_and_ask(&page, id, &form).await {
        Ok(change) => done(&format!("/changes/{change}"), Done::MoreTimeAsked),
        Err(faults) => draw(&page, id, faults?, &form).await,
    }
}

async fn read_and_ask(
    page: &Page,
    id: AssignmentId,
    form: &Form,
) -> Result<crate::domain::id::ChangeRequestId, Result<Faults, Error>> {
    let mut faults = Faults::default();
    let reason: Option<Justification> = faults.read("reason", &form.reason);
    let ends_at = say::read_time(&form.ends_at, &form.zone);
    if ends_at.is_none() {
        faults.note("ends_at", say::unreadable_time());
    }
    let (Some(reason), Some(ends_at)) = (reason, ends_at) else { return Err(Ok(faults)) };
    assignment::ask_for_more_time(&page.app, &page.actor, id, ends_at, &reason)
        .await
        .map_err(Faults::of)
}
