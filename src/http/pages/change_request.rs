//! Changes that need somebody else's word: one of them, deciding it and taking it back.
use axum::extract::Path;
use serde::Deserialize;

use super::{
    done::Done,
    faults::Faults,
    page::{Answer, Page, Posted, answer, done, id, new_key},
    plain_words,
    say::{self, Reader},
    terms::place,
    view::{
        Fact, Who,
        change_request::{ChangeRequest, ChangeRow, Decision, Wish},
        form::{Choice, Field},
        frame::Section,
        request::Step,
        settings::Change,
        status::{Kind, Status},
    },
};
use crate::{
    domain::{
        assignment::AssignmentKind,
        change_request::{ChangeState, Write},
        id::ChangeRequestId,
        text::{Justification, sentence},
        time::Instant,
    },
    error::Error,
    http::language::{tell, translate},
    service::{
        change_request::{self, Amended, Line, Told},
        settings::Names,
    },
};

/// Where a change stands.
fn status(told: &Told, reader: &Reader) -> Status {
    match told.state {
        ChangeState::Pending if told.expires_at <= reader.now => Status::new(Kind::TimedOut, ""),
        ChangeState::Pending => Status::new(
            Kind::Pending,
            tell!("change-request-lapses-in", left = reader.left(told.expires_at)),
        ),
        ChangeState::CarriedOut => Status::new(Kind::CarriedOut, ""),
        ChangeState::Declined => Status::new(Kind::Denied, ""),
        ChangeState::Withdrawn => Status::new(Kind::Cancelled, ""),
        ChangeState::Lapsed => Status::new(Kind::TimedOut, ""),
        ChangeState::Failed => {
            Status::new(Kind::Refused, tell!("change-request-when-it-was-agreed-to"))
        }
    }
}

/// What is wanted, said after "asks for".
fn what(told: &Told) -> String {
    let about = change_request::about(told, "");
    let (role, subject) = (about.role, about.subject);
    match about.write {
        Write::SaveSettings { .. } => tell!("change-request-weaker-settings", role = role),
        Write::Assign { kind, .. } => {
            let kind = plain_words::value("kind", kind.name(), &Names::new());
            tell!("change-request-assign", role = role, subject = subject, kind = kind)
        }
        Write::UpdateAssignment { .. } => {
            tell!("change-request-other-dates", role = role, subject = subject)
        }
        Write::ConvertAssignment { to, .. } => {
            let kind = plain_words::value("kind", to.name(), &Names::new());
            tell!("change-request-convert", role = role, subject = subject, kind = kind)
        }
        Write::MoveScope { .. } => tell!("change-request-another-place", place = about.scope),
        Write::ChangeRole { .. } => tell!("change-request-change-of-role", role = role),
        Write::ExtendAssignment { .. } => tell!("change-request-more-time", role = role),
        Write::RenewAssignment { .. } => tell!("change-request-again", role = role),
        Write::ApplyPolicy { .. } => tell!("change-request-policy-files"),
    }
}

/// A change as a row.
#[must_use]
pub fn row(told: &Told, reader: &Reader) -> ChangeRow {
    ChangeRow {
        link: format!("/changes/{}", told.id),
        author: told.author_name.clone(),
        what: what(told),
        scope: place(told.scope, &told.scope_name),
        reason: told.reason.clone(),
        status: status(told, reader),
        at: reader.instant(told.created_at),
    }
}

/// One change.
pub async fn one(page: Page, Path(change): Path<String>) -> Answer {
    draw(&page, id(&change, "change request")?, Faults::default(), &Decided::default()).await
}

async fn draw(page: &Page, id: ChangeRequestId, mut faults: Faults, typed: &Decided) -> Answer {
    let detail = change_request::show(&page.app, &page.actor, id).await?;
    let section = if detail.may_decide { Section::Approvals } else { Section::Requests };
    let opened = page.open(section).await?;
    let (told, reader) = (&detail.told, &opened.reader);
    let code = faults.status();
    let decision = detail.may_decide.then(|| form(told, reader, &mut faults, typed));
    let (problems, cannot_decide) = match &decision {
        Some(_) => (faults.rest(), String::new()),
        None => (Vec::new(), faults.rest().join(" ")),
    };
    let waits = told.state == ChangeState::Pending;
    let view = ChangeRequest {
        back: if detail.may_decide {
            ("/approvals", tell!("word-approvals"))
        } else {
            ("/requests", tell!("word-requests"))
        },
        author: who(&told.author_name),
        verb: if waits { tell!("word-asks-for") } else { tell!("word-asked-for") },
        what: what(told),
        status: status(told, reader),
        reason: told.reason.clone(),
        failure: told.failure.as_deref().map(translate).unwrap_or_default(),
        changes: told.difference.iter().map(|line| tell(line, &detail.names, reader)).collect(),
        facts: facts(told),
        deciders: detail.deciders.iter().map(|decider| named(page, decider)).collect(),
        nobody: nobody(told),
        decide_by: waits.then(|| reader.instant(told.expires_at)),
        timeline: story(told, reader),
        decision: decision.map(|form| Decision { problems, ..form }),
        cannot_decide,
        withdraw: if detail.may_withdraw {
            format!("/changes/{id}/withdraw")
        } else {
            String::new()
        },
        frame: opened.frame,
    };
    answer(code, &view)
}

fn who(name: &str) -> Who {
    Who { name: name.to_owned(), initials: say::initials(name), ..Who::default() }
}

fn named(page: &Page, decider: &change_request::Approver) -> Who {
    let detail = if decider.person == page.user.person {
        tell!("change-request-you")
    } else {
        String::new()
    };
    Who { detail, ..who(&decider.name) }
}

/// What to do where nobody can decide.
fn nobody(told: &Told) -> String {
    tell!(
        "change-request-it-takes-somebody-other-than",
        author_name = told.author_name,
        permission = told.permission
    )
}

/// One field before and after, in the reader's words.
fn tell(line: &Line, names: &Names, reader: &Reader) -> Change {
    let value = |text: &str| match line.field.as_str() {
        "starts_at" | "ends_at" => {
            text.parse().map_or_else(|_| text.to_owned(), |at: Instant| reader.instant(at).text)
        }
        field if text.is_empty() && !matches!(field, "approvers" | "stages") => String::new(),
        field => plain_words::value(field, text, names),
    };
    let setting = match line.field.as_str() {
        "starts_at" => tell!("word-from"),
        "ends_at" => tell!("word-until"),
        "kind" => tell!("word-kind"),
        "lies_in" => tell!("change-request-lies-in"),
        "name" => tell!("word-name"),
        "description" => tell!("change-request-what-it-lets-one-do"),
        "privileged" => tell!("word-privileged"),
        "scope_kinds" => tell!("change-request-can-be-held-at"),
        "permissions" => tell!("change-request-allows-in-latchkey"),
        field => plain_words::label(field),
    };
    Change { setting, before: value(&line.before), after: value(&line.after) }
}

fn facts(told: &Told) -> Vec<Fact> {
    let named = [
        (tell!("word-role"), told.role_name.clone()),
        (tell!("word-where"), Some(told.scope_name.clone())),
        (tell!("change-request-for"), told.subject_name.clone()),
        (tell!("word-takes"), Some(told.permission.clone())),
    ];
    named.into_iter().filter_map(|(name, value)| Some(Fact::new(name, value?))).collect()
}

fn story(told: &Told, reader: &Reader) -> Vec<Step> {
    let step = |icon, tone, by: &str, text: String, at: Instant| Step {
        icon,
        tone,
        by: by.to_owned(),
        text,
        said: String::new(),
        at: reader.instant(at),
    };
    let asked = step(
        "request",
        "",
        &told.author_name,
        tell!("change-request-asked-for-it"),
        told.created_at,
    );
    let by = told.decided_by.as_deref().unwrap_or_default();
    let closed = told.closed_at.map(|at| match told.state {
        ChangeState::CarriedOut => step(
            "approval",
            "good",
            by,
            tell!("change-request-agreed-and-it-was-carried", told = amended(told, reader)),
            at,
        ),
        ChangeState::Declined => step("denied", "bad", by, tell!("change-request-declined"), at),
        ChangeState::Failed => {
            step("denied", "bad", by, tell!("change-request-agreed-but-it-could-not"), at)
        }
        ChangeState::Withdrawn => {
            step("ended", "", &told.author_name, tell!("change-request-took-it-back"), at)
        }
        ChangeState::Lapsed | ChangeState::Pending => {
            step("ended", "", "", tell!("change-request-lapsed-nobody-decided-in-time"), at)
        }
    });
    let closed = closed.map(|step| Step { said: told.decision_reason.clone(), ..step });
    let waits = (told.state == ChangeState::Pending).then(|| {
        step(
            "waiting",
            "wait",
            "",
            tell!("change-request-lapses-unless-somebody-decides"),
            told.expires_at,
        )
    });
    [Some(asked), closed, waits].into_iter().flatten().collect()
}

/// What the decider made of a wish.
fn amended(told: &Told, reader: &Reader) -> String {
    let Some(amended) = told.amended.map(|amended| amended.0) else { return String::new() };
    let kind = amended.kind.map(|kind| format!(", {}", kind.name()));
    let end = amended.ends_at.map(|end| tell!("word-until-of", end = reader.instant(end).text));
    [kind, end].into_iter().flatten().collect()
}

fn form(told: &Told, reader: &Reader, faults: &mut Faults, typed: &Decided) -> Decision {
    let wished = match &*told.write {
        Write::ExtendAssignment { ends_at, .. } | Write::RenewAssignment { ends_at, .. } => {
            Some(*ends_at)
        }
        Write::SaveSettings { .. }
        | Write::Assign { .. }
        | Write::MoveScope { .. }
        | Write::ChangeRole { .. }
        | Write::UpdateAssignment { .. }
        | Write::ConvertAssignment { .. }
        | Write::ApplyPolicy { .. } => None,
    };
    let wish = wished.map(|wished| Wish {
        kind: Field::new(&typed.kind),
        kinds: [
            ("", tell!("change-request-as-before")),
            ("eligible", tell!("word-eligible")),
            ("active", tell!("word-active")),
        ]
        .map(|(value, label)| Choice::new(value, label))
        .into(),
        ends_at: faults.take(
            "ends_at",
            if typed.ends_at.is_empty() { reader.field(wished) } else { typed.ends_at.clone() },
        ),
        asked: tell!("change-request-asked-for-until", wished = reader.instant(wished).text),
        zone: if typed.zone.is_empty() { reader.zone_name() } else { typed.zone.clone() },
    });
    Decision {
        action: format!("/changes/{}/decision", told.id),
        idempotency_key: typed.idempotency_key.clone().unwrap_or_else(new_key),
        wish,
        reason: faults.take("reason", &typed.reason),
        code: faults.take("code", ""),
        problems: Vec::new(),
    }
}

/// What the form of whoever decides sends.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Decided {
    decision: String,
    kind: String,
    ends_at: String,
    zone: String,
    reason: String,
    code: String,
    idempotency_key: Option<String>,
}

/// Decides a change.
pub async fn decide(Path(change): Path<String>, posted: Posted<Decided>) -> Answer {
    let Posted { page, form } = posted;
    let id: ChangeRequestId = id(&change, "change request")?;
    let told = change_request::seen(&page.app, &page.actor, id).await?.told;
    let agree = form.decision == "approve";
    let mut faults = Faults::default();
    let reason: Option<Justification> = faults.read("reason", &form.reason);
    let amended = if agree && told.write.is_wish() {
        read_wish(&mut faults, &form)
    } else {
        Amended::default()
    };
    let Some(reason) = reason.filter(|_| faults.is_empty()) else {
        return draw(&page, id, faults, &form).await;
    };
    let word = change_request::Answer { agree, reason, amended };
    match change_request::decide(&page.app, &page.actor, id, &word, &form.code).await {
        Ok(()) | Err(Error::Repeated(_)) => {
            let what = if agree { Done::ChangeAgreed } else { Done::ChangeDeclined };
            done(&format!("/changes/{id}"), what)
        }
        Err(error) => draw(&page, id, Faults::of(error)?, &form).await,
    }
}

fn read_wish(faults: &mut Faults, form: &Decided) -> Amended {
    let ends_at = say::read_time(&form.ends_at, &form.zone);
    if ends_at.is_none() {
        faults.note("ends_at", say::unreadable_time());
    }
    let kind = match form.kind.as_str() {
        "eligible" => Some(AssignmentKind::Eligible),
        "active" => Some(AssignmentKind::Active),
        _ => None,
    };
    Amended { kind, ends_at }
}

/// What a form without fields sends.
#[derive(Debug, Deserialize)]
pub struct Nothing {}

/// Takes a change back.
pub async fn withdraw(Path(change): Path<String>, posted: Posted<Nothing>) -> Answer {
    let Posted { page, .. } = posted;
    let id: ChangeRequestId = id(&change, "change request")?;
    match change_request::withdraw(&page.app, &page.actor, id).await {
        Ok(()) => done(&format!("/changes/{id}"), Done::ChangeWithdrawn),
        Err(Error::Conflict(why)) => {
            let mut faults = Faults::default();
            faults.note("", sentence(&why));
            draw(&page, id, faults, &Decided::default()).await
        }
        Err(error) => Err(error.into()),
    }
}
