//! Requests: the list, one of them, deciding it and taking it back.
use axum::extract::Path;
use axum_extra::extract::Query;
use serde::Deserialize;

use super::{
    change_request::row as tell_change,
    done::Done,
    faults::Faults,
    page::{Answer, Page, Posted, answer, done, id, new_key, place_in_time, show},
    say::{self, Reader},
    story,
    terms::{at_place, place, ticket},
    view::{
        Fact, Pages, Who,
        frame::Section,
        request::{DecisionForm, Request, RequestRow, Requests},
        status::{Kind, Status},
    },
};
use crate::{
    domain::{
        id::RequestId,
        permission::Permission,
        request::{RequestKind, RequestState, Verdict},
        text::Justification,
        time::Duration,
    },
    error::Error,
    service::{
        approval, change_request,
        request::{self, Detail, Filter, Told},
    },
};

/// Where a request stands.
#[must_use]
pub fn status(told: &Told, reader: &Reader) -> Status {
    let now = reader.now;
    match (told.state, told.active_until) {
        (RequestState::Pending, _) => match told.expires_at {
            Some(end) if end <= now => Status::new(Kind::TimedOut, ""),
            Some(end) => Status::new(Kind::Pending, format!("expires in {}", reader.left(end))),
            None => Status::new(Kind::Pending, ""),
        },
        (RequestState::Scheduled, _) => {
            let start =
                told.starts_at.map(|start| format!("starts {}", reader.instant(start).text));
            Status::new(Kind::Scheduled, start.unwrap_or_default())
        }
        (RequestState::Granted, Some(end)) if told.ended_at.is_none() && end > now => {
            let kind = if reader.soon(end) { Kind::Ending } else { Kind::Active };
            Status::new(kind, format!("{} left", reader.left(end)))
        }
        (RequestState::Granted, _) => Status::new(Kind::Ended, ""),
        (RequestState::Denied, _) => Status::new(Kind::Denied, ""),
        (RequestState::Cancelled, _) => Status::new(Kind::Cancelled, ""),
        (RequestState::Expired, _) => Status::new(Kind::TimedOut, ""),
        (RequestState::Failed, _) => Status::new(Kind::Refused, ""),
    }
}

/// The filter of the list, in the address.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Wanted {
    view: String,
    after: String,
}

/// The list of requests.
pub async fn list(page: Page, Query(wanted): Query<Wanted>) -> Answer {
    let opened = page.open(Section::Requests).await?;
    let may_see_all = opened.somewhere.allow(Permission::ReadRequests);
    let all = wanted.view == "all" && may_see_all;
    let filter =
        Filter { everybody: all, after: place_in_time(&wanted.after), ..Filter::default() };
    let told = request::list(&page.app, &page.actor, filter).await?;
    let view = if all { "view=all&" } else { "" };
    let full = i64::try_from(told.len()).is_ok_and(|length| length == request::PAGE);
    let next = told
        .last()
        .filter(|_| full)
        .map(|last| format!("/requests?{view}after={}~{}", last.created_at, last.id));
    let changes = if wanted.after.is_empty() {
        let filter = change_request::Filter { everybody: all, ..Default::default() };
        change_request::list(&page.app, &page.actor, filter).await?
    } else {
        Vec::new()
    };
    show(&Requests {
        all,
        changes: changes.iter().take(20).map(|told| tell_change(told, &opened.reader)).collect(),
        may_see_all,
        rows: told.iter().map(|told| row(told, &opened.reader)).collect(),
        pages: Pages {
            first: if wanted.after.is_empty() {
                String::new()
            } else {
                format!("/requests?{}", view.trim_end_matches('&'))
            },
            next: next.unwrap_or_default(),
        },
        frame: opened.frame,
    })
}

fn row(told: &Told, reader: &Reader) -> RequestRow {
    RequestRow {
        link: format!("/requests/{}", told.id),
        requester: who(&told.requester),
        kind: kind(told).to_owned(),
        role: told.role_name.clone(),
        scope: place(told.scope, &told.scope_name),
        duration: say::length(told.granted_seconds.unwrap_or(told.requested_seconds)),
        reason: told.justification.clone(),
        status: status(told, reader),
        at: reader.instant(told.created_at),
    }
}

fn kind(told: &Told) -> &'static str {
    match told.kind {
        RequestKind::Activate => "Activate",
        RequestKind::Extend => "Extend",
    }
}

fn who(name: &str) -> Who {
    Who { name: name.to_owned(), initials: say::initials(name), ..Who::default() }
}

/// What a request asks for, said after the requester's name.
#[must_use]
pub fn sentence(told: &Told) -> String {
    let verb = match (told.kind, told.state.is_open()) {
        (RequestKind::Activate, true) => "asks for",
        (RequestKind::Activate, false) => "asked for",
        (RequestKind::Extend, true) => "asks for more time with",
        (RequestKind::Extend, false) => "asked for more time with",
    };
    let place = at_place(told.scope, &told.scope_name);
    format!("{verb} {}{place} for {}", told.role_name, say::length(told.requested_seconds))
}

/// One request.
pub async fn one(page: Page, Path(request): Path<String>) -> Answer {
    draw(&page, id(&request, "request")?, Faults::default(), &Decision::default()).await
}

async fn draw(page: &Page, id: RequestId, mut faults: Faults, typed: &Decision) -> Answer {
    let detail = request::show(&page.app, &page.actor, id).await?;
    let section = if detail.may_decide { Section::Approvals } else { Section::Requests };
    let opened = page.open(section).await?;
    let (told, reader) = (&detail.told, &opened.reader);
    let status_code = faults.status();
    let decision = detail.may_decide.then(|| decision_form(told, &mut faults, typed));
    let (problems, cannot_decide) = match &decision {
        Some(_) => (faults.rest(), String::new()),
        None => (Vec::new(), faults.rest().join(" ")),
    };
    let view = Request {
        back: if detail.may_decide {
            ("/approvals", "Approvals")
        } else {
            ("/requests", "Requests")
        },
        requester: who(&told.requester),
        sentence: sentence(told),
        status: status(told, reader),
        reason: told.justification.clone(),
        facts: facts(told, reader),
        deciders: detail.approvers.iter().map(|approver| decider(page, approver)).collect(),
        decide_by: told
            .expires_at
            .filter(|_| told.state == RequestState::Pending)
            .map(|end| reader.instant(end)),
        background: background(&detail, reader),
        timeline: story::of(&detail, reader),
        decision: decision.map(|form| DecisionForm { problems, ..form }),
        cannot_decide,
        cancel: if detail.may_cancel { format!("/requests/{id}/cancel") } else { String::new() },
        finish: finish(&detail, reader),
        story: if opened.permissions.allow(Permission::ReadAudit) {
            format!("/audit/stories/{id}")
        } else {
            String::new()
        },
        frame: opened.frame,
    };
    answer(status_code, &view)
}

/// Where the requester ends what the request gave; nothing for others, and when it is over.
fn finish(detail: &Detail, reader: &Reader) -> String {
    let told = &detail.told;
    let runs = told.ended_at.is_none() && told.active_until.is_some_and(|end| end > reader.now);
    match told.assignment {
        Some(assignment) if detail.own && runs => format!("/activations/{assignment}/deactivate"),
        _ => String::new(),
    }
}

fn decider(page: &Page, approver: &request::Approver) -> Who {
    let detail = if approver.person == page.user.person { "you" } else { "" };
    Who { detail: detail.to_owned(), ..who(&approver.name) }
}

fn facts(told: &Told, reader: &Reader) -> Vec<Fact> {
    let asked = say::length(told.requested_seconds);
    let duration = match told.granted_seconds {
        Some(granted) if granted != told.requested_seconds => {
            format!("{} ({asked} asked for)", say::length(granted))
        }
        _ => asked,
    };
    let start = told.starts_at.map(|start| reader.instant(start));
    let mut facts = vec![
        Fact::new("Role", told.role_name.clone()),
        Fact::new("Where", told.scope_name.clone()),
        Fact::new("Duration", duration),
        Fact::at_or("Start", start, "As soon as it is granted"),
    ];
    let ticket = ticket(&told.ticket_number, &told.ticket_system);
    if !ticket.is_empty() {
        facts.push(Fact::new("Ticket", ticket));
    }
    if let Some(failure) = &told.failure {
        facts.push(Fact::new("Not granted", failure.clone()));
    }
    facts
}

/// What an approver should know of the requester.
#[must_use]
pub fn background(detail: &Detail, reader: &Reader) -> Vec<Fact> {
    if detail.own || !detail.told.state.is_open() {
        return Vec::new();
    }
    let holds =
        if detail.holds.is_empty() { "Nothing".to_owned() } else { detail.holds.join(", ") };
    let last = detail.last_held.map(|at| reader.ago(at));
    vec![Fact::new("Holds now", holds), Fact::at_or("Had this role", last, "Never")]
}

fn decision_form(told: &Told, faults: &mut Faults, typed: &Decision) -> DecisionForm {
    let asked = Duration::from_seconds(told.requested_seconds).map(say::typed).unwrap_or_default();
    let duration = if typed.duration.is_empty() { asked } else { typed.duration.clone() };
    let duration = faults.take("duration", duration);
    DecisionForm {
        action: format!("/requests/{}/decision", told.id),
        idempotency_key: typed.idempotency_key.clone().unwrap_or_else(new_key),
        reason: faults.take("justification", &typed.justification),
        duration_help: duration.help(format!(
            "Asked for {}. Write less to approve for less.",
            say::length(told.requested_seconds)
        )),
        duration,
        code: Some(faults.take("code", "")),
        problems: Vec::new(),
    }
}

/// What the approver's form sends.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Decision {
    #[serde(rename = "decision")]
    verdict: String,
    justification: String,
    duration: String,
    code: String,
    idempotency_key: Option<String>,
}

/// Decides a request.
pub async fn decide(Path(request): Path<String>, posted: Posted<Decision>) -> Answer {
    let Posted { page, form } = posted;
    let request: RequestId = id(&request, "request")?;
    let verdict = if form.verdict == "approve" { Verdict::Approve } else { Verdict::Deny };
    match read_and_decide(&page, request, verdict, &form).await {
        Ok(()) => done(
            "/approvals",
            if verdict == Verdict::Approve { Done::Approved } else { Done::Denied },
        ),
        Err(faults) => draw(&page, request, faults?, &form).await,
    }
}

async fn read_and_decide(
    page: &Page,
    request: RequestId,
    verdict: Verdict,
    form: &Decision,
) -> Result<(), Result<Faults, Error>> {
    let mut faults = Faults::default();
    let justification: Option<Justification> = faults.read("justification", &form.justification);
    let granted = match verdict {
        Verdict::Approve => faults.read::<Duration>("duration", &form.duration),
        Verdict::Deny => None,
    };
    let Some(justification) = justification.filter(|_| faults.is_empty()) else {
        return Err(Ok(faults));
    };
    let asked = request::show(&page.app, &page.actor, request).await.map_err(Err)?;
    let granted = granted.filter(|granted| granted.seconds() != asked.told.requested_seconds);
    let answer = approval::Answer { verdict, granted, justification };
    approval::decide(&page.app, &page.actor, request, &answer, &form.code).await.map_err(Faults::of)
}

/// What a form without fields sends.
#[derive(Debug, Deserialize)]
pub struct Nothing {}

/// Takes a request back.
pub async fn cancel(Path(request): Path<String>, posted: Posted<Nothing>) -> Answer {
    let Posted { page, .. } = posted;
    let request: RequestId = id(&request, "request")?;
    request::cancel(&page.app, &page.actor, request).await?;
    done(&format!("/requests/{request}"), Done::Cancelled)
}
