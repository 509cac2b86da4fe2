//! Approvals: what waits for the reader, and what became of what did.
use serde::Deserialize;

use super::{
    change_request,
    done::Done,
    faults::{Faults, reasons_of},
    page::{Answer, Page, Posted, answer, done, new_key},
    request::{background, status},
    say::{self, Reader},
    terms::{at_place, place, ticket},
    view::{
        Caption, Who,
        approval::{Approvals, Decided, Emergency, Pending},
        frame::Section,
        status::{Kind, Status},
    },
};
use crate::{
    domain::request::{RequestState, Verdict},
    http::language::tell,
    service::{
        self, approval, emergency,
        request::{self, Detail, Told},
    },
};

/// What waits for the reader, and what others have decided.
pub async fn list(page: Page) -> Answer {
    draw(&page, Faults::default(), &Several::default()).await
}

/// What is sent to decide several alike.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Several {
    request: Vec<String>,
    decision: String,
    justification: String,
    code: String,
    idempotency_key: Option<String>,
}

async fn draw(page: &Page, mut faults: Faults, form: &Several) -> Answer {
    let opened = page.open(Section::Approvals).await?;
    let pending = request::awaiting(&page.app, &page.actor).await?;
    let decided = request::handled(&page.app, &page.actor).await?;
    let emergencies = emergency::awaiting(&page.app, &page.actor).await?;
    let reader = &opened.reader;
    let waiting = service::change_request::awaiting(&page.app, &page.actor).await?;
    let (wishes, changes): (Vec<_>, Vec<_>) = waiting.iter().partition(|told| told.write.is_wish());
    let rows = |told: Vec<&service::change_request::Told>| {
        told.into_iter().map(|told| change_request::row(told, reader)).collect()
    };
    let status = faults.status();
    let view = Approvals {
        waiting_changes: rows(changes),
        wishes: rows(wishes),
        pending: pending.iter().map(|detail| tell_pending(page, detail, form, reader)).collect(),
        decided: decided.iter().take(20).map(|told| tell_decided(page, told, reader)).collect(),
        decided_changes: service::change_request::handled(&page.app, &page.actor)
            .await?
            .iter()
            .take(20)
            .map(|told| change_request::row(told, reader))
            .collect(),
        emergencies: emergencies.iter().map(|told| tell_emergency(told, reader)).collect(),
        idempotency_key: form.idempotency_key.clone().unwrap_or_else(new_key),
        several_open: !form.request.is_empty(),
        reason: faults.take("justification", &form.justification),
        code: faults.take("code", ""),
        problems: faults.rest(),
        frame: opened.frame,
    };
    answer(status, &view)
}

fn tell_emergency(told: &emergency::Told, reader: &Reader) -> Emergency {
    Emergency {
        link: format!("/requests/{}", told.request),
        title: format!(
            "{} · {}{}",
            told.requester,
            told.role_name,
            at_place(told.scope, &told.scope_name)
        ),
        reason: told.justification.clone(),
        due: reader.instant(told.due_at),
        overdue: told.due_at <= reader.now,
    }
}

/// Decides several alike.
pub async fn decide(posted: Posted<Several>) -> Answer {
    let Posted { page, form } = posted;
    let mut faults = Faults::default();
    let requests: Vec<_> = form.request.iter().filter_map(|id| id.parse().ok()).collect();
    let verdict = if form.decision == "approve" { Verdict::Approve } else { Verdict::Deny };
    let Some(justification) = faults.read("justification", &form.justification) else {
        return draw(&page, faults, &form).await;
    };
    let answer = approval::Answer { verdict, granted: None, justification };
    let decided = match approval::decide_several(
        &page.app,
        &page.actor,
        &requests,
        &answer,
        &form.code,
    )
    .await
    {
        Ok(decided) => decided,
        Err(error) => return draw(&page, Faults::of(error)?, &form).await,
    };
    let failed: Vec<_> =
        decided.iter().filter_map(|it| Some((it.request, it.outcome.as_ref().err()?))).collect();
    if failed.is_empty() {
        return done("/approvals", Done::DecidedSeveral);
    }
    for (request, error) in &failed {
        let told = request::show(&page.app, &page.actor, *request).await;
        let name = told.map(|it| format!("{}, {}", it.told.requester, it.told.role_name));
        let name = name.unwrap_or_else(|_| request.to_string());
        faults.note("", format!("{name}: {}", reasons_of(error).join(" ")));
    }
    let left = failed.iter().map(|(request, _)| request.to_string()).collect();
    let form = Several { request: left, idempotency_key: None, code: String::new(), ..form };
    draw(&page, faults, &form).await
}

fn who(name: &str) -> Who {
    Who { name: name.to_owned(), initials: say::initials(name), ..Who::default() }
}

fn tell_pending(page: &Page, detail: &Detail, form: &Several, reader: &Reader) -> Pending {
    let told = &detail.told;
    let asked = reader.ago(told.created_at).text;
    let mut captions = vec![Caption::new("clock", tell!("approval-asked", asked = asked))];
    let ticket = ticket(&told.ticket_number, &told.ticket_system);
    if !ticket.is_empty() {
        captions.insert(0, Caption::new("ticket", ticket));
    }
    if let Some(start) = told.starts_at {
        captions.push(Caption::new(
            "calendar",
            tell!("word-starts-of", start = reader.instant(start).text),
        ));
    }
    if !detail.would_further(page.user.principal) {
        captions.push(Caption::new("check", tell!("request-whom-you-decide-for-have")));
    }
    Pending {
        id: told.id.to_string(),
        chosen: form.request.contains(&told.id.to_string()),
        link: format!("/requests/{}", told.id),
        requester: who(&told.requester),
        role: told.role_name.clone(),
        scope: place(told.scope, &told.scope_name),
        duration: say::length(told.requested_seconds),
        reason: told.justification.clone(),
        captions,
        background: background(detail, reader),
        since: reader.instant(told.created_at),
        status: status(told, reader),
    }
}

fn tell_decided(page: &Page, told: &Told, reader: &Reader) -> Decided {
    let by = match &told.decided_by {
        _ if told.state == RequestState::Pending => tell!("approval-you-agreed-others-still"),
        Some(name) if *name == page.user.name => tell!("approval-handled-by-you"),
        Some(name) => tell!("approval-handled-by", name = name),
        None => tell!("approval-nobody-decided"),
    };
    let at = told.decided_at.or(told.closed_at).unwrap_or(told.created_at);
    Decided {
        link: format!("/requests/{}", told.id),
        requester: who(&told.requester),
        role: told.role_name.clone(),
        status: decided_status(told, reader),
        by,
        at: reader.instant(at),
    }
}

/// What was decided, and what has become of it.
fn decided_status(told: &Told, reader: &Reader) -> Status {
    let status = status(told, reader);
    match (told.verdict, status.kind) {
        (Some(Verdict::Approve), Kind::Ended | Kind::Revoked) => {
            Status { detail: tell!("approval-after-approval"), ..status }
        }
        _ => status,
    }
}
