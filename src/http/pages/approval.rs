//! Approvals: what waits for the reader, and what became of what did.
use super::{
    change_request,
    page::{Answer, Page, show},
    request::{background, status},
    say::{self, Reader},
    terms::{place, ticket},
    view::{
        Caption, Who,
        approval::{Approvals, Decided, Pending},
        frame::Section,
        status::{Kind, Status},
    },
};
use crate::{
    domain::request::Verdict,
    service::{
        self,
        request::{self, Detail, Told},
    },
};

/// What waits for the reader, and what others have decided.
pub async fn list(page: Page) -> Answer {
    let opened = page.open(Section::Approvals).await?;
    let pending = request::awaiting(&page.app, &page.actor).await?;
    let decided = request::handled(&page.app, &page.actor).await?;
    let reader = &opened.reader;
    let waiting = service::change_request::awaiting(&page.app, &page.actor).await?;
    let (wishes, changes): (Vec<_>, Vec<_>) = waiting.iter().partition(|told| told.write.is_wish());
    show(&Approvals {
        waiting_changes: changes
            .into_iter()
            .map(|told| change_request::row(told, reader))
            .collect(),
        wishes: wishes.into_iter().map(|told| change_request::row(told, reader)).collect(),
        pending: pending.iter().map(|detail| tell_pending(detail, reader)).collect(),
        decided: decided.iter().take(20).map(|told| tell_decided(&page, told, reader)).collect(),
        decided_changes: service::change_request::handled(&page.app, &page.actor)
            .await?
            .iter()
            .take(20)
            .map(|told| change_request::row(told, reader))
            .collect(),
        frame: opened.frame,
    })
}

fn who(name: &str) -> Who {
    Who { name: name.to_owned(), initials: say::initials(name), ..Who::default() }
}

fn tell_pending(detail: &Detail, reader: &Reader) -> Pending {
    let told = &detail.told;
    let asked = reader.ago(told.created_at).text;
    let mut captions = vec![Caption::new("clock", format!("asked {asked}"))];
    let ticket = ticket(&told.ticket_number, &told.ticket_system);
    if !ticket.is_empty() {
        captions.insert(0, Caption::new("ticket", ticket));
    }
    if let Some(start) = told.starts_at {
        captions.push(Caption::new("calendar", format!("starts {}", reader.instant(start).text)));
    }
    Pending {
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
        Some(name) if *name == page.user.name => "Handled by you".to_owned(),
        Some(name) => format!("Handled by {name}"),
        None => "Nobody decided".to_owned(),
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
            Status { detail: "after approval".to_owned(), ..status }
        }
        _ => status,
    }
}
