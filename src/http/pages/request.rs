//! Requests: the list, one of them, deciding it and taking it back.
use axum::{extract::Path, http::StatusCode};
use axum_extra::extract::Query;
use serde::Deserialize;

use super::{
    change_request::row as tell_change,
    done::Done,
    emergency::reviewed,
    faults::Faults,
    page::{Answer, Page, Posted, answer, done, id, new_key, place_in_time, show},
    say::{self, Reader},
    story,
    terms::{at_place, place, ticket},
    view::{
        Fact, Pages, Who,
        frame::Section,
        request::{DecisionForm, NotYours, Request, RequestRow, Requests},
        status::{Kind, Status},
    },
};
use crate::{
    domain::{
        activation::Refusal,
        approval::{Agreement, Approver, Stage, StageState},
        id::RequestId,
        permission::Permission,
        request::{RequestKind, RequestState, Verdict},
        text::Justification,
        time::Duration,
    },
    error::Error,
    http::language::{reader_now, tell, translate},
    service::{
        approval, change_request, emergency,
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
            Some(end) => {
                Status::new(Kind::Pending, tell!("request-expires-in", end = reader.left(end)))
            }
            None => Status::new(Kind::Pending, ""),
        },
        (RequestState::Scheduled, _) => {
            let start = told
                .starts_at
                .map(|start| tell!("word-starts-of", start = reader.instant(start).text));
            Status::new(Kind::Scheduled, start.unwrap_or_default())
        }
        (RequestState::Granted, Some(end)) if told.ended_at.is_none() && end > now => {
            let kind = if reader.soon(end) { Kind::Ending } else { Kind::Active };
            Status::new(kind, tell!("word-left", end = reader.left(end)))
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
        kind: kind(told),
        role: told.role_name.clone(),
        scope: place(told.scope, &told.scope_name),
        duration: say::length(told.granted_seconds.unwrap_or(told.requested_seconds)),
        emergency: told.emergency,
        reason: told.justification.clone(),
        status: status(told, reader),
        at: reader.instant(told.created_at),
    }
}

fn kind(told: &Told) -> String {
    match told.kind {
        RequestKind::Activate => tell!("word-activate"),
        RequestKind::Extend => tell!("word-extend"),
    }
}

fn who(name: &str) -> Who {
    Who { name: name.to_owned(), initials: say::initials(name), ..Who::default() }
}

/// What a request asks for, said after the requester's name.
#[must_use]
pub fn sentence(told: &Told) -> String {
    let verb = match (told.kind, told.state.is_open()) {
        (RequestKind::Activate, true) => tell!("word-asks-for"),
        (RequestKind::Activate, false) => tell!("word-asked-for"),
        (RequestKind::Extend, true) => tell!("request-asks-for-more-time-with"),
        (RequestKind::Extend, false) => tell!("request-asked-for-more-time-with"),
    };
    let place = at_place(told.scope, &told.scope_name);
    tell!(
        "request-for-of",
        verb = verb,
        role = told.role_name,
        place = place,
        length = say::length(told.requested_seconds)
    )
}

/// One request.
pub async fn one(page: Page, Path(request): Path<String>) -> Answer {
    draw(&page, id(&request, "request")?, Faults::default(), &Decision::default()).await
}

/// The page of a request, with what was wrong with what was `typed`.
pub(super) async fn draw(
    page: &Page,
    id: RequestId,
    mut faults: Faults,
    typed: &Decision,
) -> Answer {
    let detail = match request::show(&page.app, &page.actor, id).await {
        Err(Error::NotFound(_)) => return not_yours(page).await,
        shown => shown?,
    };
    // Whoever decides, or has decided, came from those that wait for them.
    let decides = detail.may_decide || detail.said.iter().any(|it| it.person == page.user.person);
    let section = if decides { Section::Approvals } else { Section::Requests };
    let opened = page.open(section).await?;
    let (told, reader) = (&detail.told, &opened.reader);
    let status_code = faults.status();
    let review = emergency::review_of(&page.app, &page.actor, id).await?;
    let faults_of_comment = faults.take("comment", &typed.comment);
    let faults_of_review = faults.take("note", &typed.note);
    let furthers = detail.may_decide && detail.would_further(page.user.principal);
    let decision = furthers.then(|| decision_form(&detail, &mut faults, typed));
    let (problems, cannot_decide) = match &decision {
        Some(_) => (faults.rest(), String::new()),
        None => (Vec::new(), why_not(page, &detail, &faults.rest())),
    };
    let path = |may, what: &str| if may { format!("/requests/{id}/{what}") } else { String::new() };
    let view = Request {
        back: if decides {
            ("/approvals", tell!("word-approvals"))
        } else {
            ("/requests", tell!("word-requests"))
        },
        requester: who(&told.requester),
        sentence: sentence(told),
        status: status(told, reader),
        reason: told.justification.clone(),
        facts: ticket_facts(page, told, facts(told, reader)).await?,
        deciders: deciders(page, &detail),
        agreement: agreement(&detail),
        decide_by: told
            .expires_at
            .filter(|_| told.state == RequestState::Pending)
            .map(|end| reader.instant(end)),
        background: background(&detail, reader),
        timeline: story::of(&detail, review.as_ref(), reader),
        decision: decision.map(|form| DecisionForm { problems, ..form }),
        claimed: claimed(page, &detail),
        claim: claim(page, &detail),
        nudge: path(detail.own && detail.waits, "nudge"),
        comment: path(detail.may_comment && !is_refused(told.state), "comment"),
        comment_field: faults_of_comment,
        emergency: review.as_ref().map(|it| reviewed(it, reader)).unwrap_or_default(),
        review: path(review.as_ref().is_some_and(|review| review.may_review), "review"),
        review_field: faults_of_review,
        cannot_decide,
        cancel: path(detail.may_cancel, "cancel"),
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

/// Whether nothing was granted, and nothing will be: then there is nothing left to write about.
fn is_refused(state: RequestState) -> bool {
    match state {
        RequestState::Pending | RequestState::Scheduled | RequestState::Granted => false,
        RequestState::Denied
        | RequestState::Cancelled
        | RequestState::Expired
        | RequestState::Failed => true,
    }
}

/// Why the reader has no form for a decision, where one might expect it.
fn why_not(page: &Page, detail: &Detail, problems: &[String]) -> String {
    if problems.is_empty() && detail.barred.iter().any(|it| it.principal == page.user.principal) {
        return translate(&Refusal::InACircle.to_string());
    }
    if detail.may_decide && problems.is_empty() {
        return tell!("request-whom-you-decide-for-have");
    }
    problems.join(" ")
}

/// Says that a request is not the reader's to see, and nothing else: a link may have been forwarded.
async fn not_yours(page: &Page) -> Answer {
    let opened = page.open(Section::Requests).await?;
    let name = page.user.name.clone();
    answer(StatusCode::NOT_FOUND, &NotYours { frame: opened.frame, name })
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

/// Who can decide now, everybody once.
fn deciders(page: &Page, detail: &Detail) -> Vec<Who> {
    let mut known = std::collections::BTreeSet::new();
    let once = detail.deciders.iter().filter(|decider| known.insert(decider.person));
    once.map(|decider| {
        let you = (decider.person == page.user.person).then(|| tell!("request-you"));
        let name = decider.deputises.as_ref();
        let stands_in = name.map(|name| tell!("request-for-who-is-away", name = name));
        let told: Vec<_> = you.into_iter().chain(stands_in).collect();
        Who { detail: told.join(", "), ..who(&decider.name) }
    })
    .collect()
}

/// Who does not decide although they are named, everybody once: they owe to whoever asks what makes them approvers.
fn barred(detail: &Detail) -> String {
    let names: std::collections::BTreeSet<_> = detail.barred.iter().map(|it| &it.name).collect();
    let names: Vec<_> = names.into_iter().cloned().collect();
    if names.is_empty() {
        return String::new();
    }
    let names = reader_now().all_of(&names);
    tell!("request-barred", names = names, requester = detail.told.requester)
}

/// Who does not decide although they are named, who must agree in the stage that is open, and what comes after it.
fn agreement(detail: &Detail) -> String {
    let told = [barred(detail), must_agree(detail)];
    told.into_iter().filter(|text| !text.is_empty()).collect::<Vec<_>>().join(" ")
}

/// Who must agree in the stage that is open, and what comes after it.
fn must_agree(detail: &Detail) -> String {
    let Some((stage, standing)) = detail.open_stage() else { return String::new() };
    let agreed = detail.votes().len();
    let many = match (stage.agree, stage.needed()) {
        (_, 1) => tell!("request-one-yes-is-enough"),
        (Agreement::Each, _) => each(detail, stage),
        (Agreement::People(_), needed) if agreed == 0 => {
            tell!("request-people-must-agree", needed = needed)
        }
        (Agreement::People(_), needed) => {
            tell!("request-of-people-have-agreed", agreed = agreed, needed = needed)
        }
    };
    let waiting = detail.stages.iter().filter(|(_, it, _)| it.state == StageState::Waiting);
    let (all, later) = (detail.stages.len(), waiting.count());
    if all == 1 {
        return many;
    }
    let stage = tell!("request-stage-of", number = standing.number, all = all);
    let after = (later > 0).then(|| tell!("request-after-that-to-go", later = later));
    [Some(stage), Some(many), after].into_iter().flatten().collect::<Vec<_>>().join(" ")
}

/// Which of the approvers, each of whom is asked, have agreed, and which have not.
fn each(detail: &Detail, stage: &Stage) -> String {
    let votes = detail.votes();
    let spoken_for = stage.spoken_for(&votes);
    let (agreed, awaited): (Vec<_>, Vec<_>) =
        stage.approvers.iter().partition(|approver| spoken_for.contains(approver));
    let names = |approvers: &[&Approver]| {
        let names: Vec<_> = approvers.iter().map(|approver| named(detail, approver)).collect();
        reader_now().all_of(&names)
    };
    let awaited = names(&awaited);
    if agreed.is_empty() {
        tell!("request-each-must-agree", awaited = awaited)
    } else {
        tell!("request-some-of-each-agreed", agreed = names(&agreed), awaited = awaited)
    }
}

fn named(detail: &Detail, approver: &Approver) -> String {
    let name = |id: &uuid::Uuid| detail.names.get(id).cloned().unwrap_or_default();
    match approver {
        Approver::Principal(id) => name(&id.0),
        Approver::Manager => tell!("said-the-requesters-manager"),
        Approver::ScopeOwners => tell!("said-the-owners-of-the-place"),
        Approver::RoleHolders(id) => tell!("said-holders-of", role = name(&id.0)),
    }
}

/// The same with the ticket, which leads to its own page, and what its system said of it.
async fn ticket_facts(page: &Page, told: &Told, mut facts: Vec<Fact>) -> Result<Vec<Fact>, Error> {
    let ticket = ticket(&told.ticket_number, &told.ticket_system);
    if !ticket.is_empty() {
        let link =
            crate::service::ticket::link(&page.app, &told.ticket_system, &told.ticket_number);
        facts.push(Fact::new(tell!("word-ticket"), ticket.clone()).leading_to(link));
    }
    if let Some((_, found)) = crate::service::ticket::verified(&page.app, told.id).await? {
        let said = match found.assignee {
            Some(assignee) => {
                tell!("request-ticket-is-assigned", state = found.state, assignee = assignee)
            }
            None => found.state,
        };
        facts.push(Fact::new(tell!("request-ticket-checked"), said));
    } else if !ticket.is_empty()
        && crate::service::ticket::can_be_verified(&page.app, &told.ticket_system)
    {
        facts.push(Fact::new(tell!("request-ticket-checked"), tell!("request-not-verified")));
    }
    Ok(facts)
}

fn facts(told: &Told, reader: &Reader) -> Vec<Fact> {
    let asked = say::length(told.requested_seconds);
    let duration = match told.granted_seconds {
        Some(granted) if granted != told.requested_seconds => {
            tell!("request-asked-for", granted = say::length(granted), asked = asked)
        }
        _ => asked,
    };
    let start = told.starts_at.map(|start| reader.instant(start));
    let mut facts = vec![
        Fact::new(tell!("word-role"), told.role_name.clone()),
        Fact::new(tell!("word-where"), told.scope_name.clone()),
        Fact::new(tell!("word-duration"), duration),
        Fact::at_or(tell!("word-start"), start, tell!("request-as-soon-as-it-is")),
    ];
    if let Some(failure) = &told.failure {
        facts.push(Fact::new(tell!("request-not-granted"), failure.clone()));
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
        if detail.holds.is_empty() { tell!("word-nothing") } else { detail.holds.join(", ") };
    let last = detail.last_held.map(|at| reader.ago(at));
    vec![
        Fact::new(tell!("word-holds-now"), holds),
        Fact::at_or(tell!("request-had-this-role"), last, tell!("word-never")),
    ]
}

/// For how long the form proposes to approve.
fn proposed(detail: &Detail) -> String {
    let asked = Duration::from_seconds(detail.told.requested_seconds);
    asked.map(say::typed).unwrap_or_default()
}

fn decision_form(detail: &Detail, faults: &mut Faults, typed: &Decision) -> DecisionForm {
    let told = &detail.told;
    let duration =
        if typed.duration.is_empty() { proposed(detail) } else { typed.duration.clone() };
    let duration = faults.take("duration", duration);
    DecisionForm {
        action: format!("/requests/{}/decision", told.id),
        idempotency_key: typed.idempotency_key.clone().unwrap_or_else(new_key),
        reason: faults.take("justification", &typed.justification),
        reason_required: detail.asks_for_reason,
        duration_help: duration.help(tell!(
            "request-asked-for-write-less-to",
            length = say::length(told.requested_seconds)
        )),
        duration,
        code: detail.asks_for_proof.then(|| faults.take("code", "")),
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
    pub(super) comment: String,
    note: String,
    idempotency_key: Option<String>,
}

impl Decision {
    /// What a reviewer of an emergency has typed.
    pub(super) fn noting(note: &str) -> Self {
        Self { note: note.to_owned(), ..Self::default() }
    }

    /// Whether somebody has typed more than the form proposed.
    fn is_begun(&self, detail: &Detail) -> bool {
        let changed = !self.duration.is_empty() && self.duration != proposed(detail);
        changed || [&self.justification, &self.comment].iter().any(|text| !text.trim().is_empty())
    }
}

/// Back to a request about which something was done beside the decision. What was typed for that stays.
pub(super) async fn go_back(page: Page, id: RequestId, what: Done, typed: Decision) -> Answer {
    let detail = request::show(&page.app, &page.actor, id).await?;
    if !typed.is_begun(&detail) {
        return done(&format!("/requests/{id}"), what);
    }
    let typed = Decision { idempotency_key: None, ..typed };
    draw(&page.telling(what), id, Faults::default(), &typed).await
}

/// Decides a request.
pub async fn decide(Path(request): Path<String>, posted: Posted<Decision>) -> Answer {
    let Posted { page, form } = posted;
    let request: RequestId = id(&request, "request")?;
    let verdict = if form.verdict == "approve" { Verdict::Approve } else { Verdict::Deny };
    match read_and_decide(&page, request, verdict, &form).await {
        Ok(RequestState::Pending) => done(&format!("/requests/{request}"), Done::Agreed),
        Ok(_) if verdict == Verdict::Approve => done("/approvals", Done::Approved),
        Ok(_) => done("/approvals", Done::Denied),
        Err(faults) => draw(&page, request, faults?, &form).await,
    }
}

async fn read_and_decide(
    page: &Page,
    request: RequestId,
    verdict: Verdict,
    form: &Decision,
) -> Result<RequestState, Result<Faults, Error>> {
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

/// Who is looking at it.
fn claimed(page: &Page, detail: &Detail) -> String {
    match detail.claim() {
        Some(remark) if remark.person == page.user.person => tell!("request-you-are-looking-at-it"),
        Some(remark) => tell!("request-is-looking-at-it", name = remark.by),
        None => String::new(),
    }
}

fn claim(page: &Page, detail: &Detail) -> Option<(String, String)> {
    let id = detail.told.id;
    let own = detail.claim().is_some_and(|remark| remark.person == page.user.person);
    let furthers = detail.may_decide && detail.would_further(page.user.principal);
    furthers.then(|| {
        if own {
            (format!("/requests/{id}/release"), tell!("request-leave-it-to-others"))
        } else {
            (format!("/requests/{id}/claim"), tell!("request-i-am-looking-at-it"))
        }
    })
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
