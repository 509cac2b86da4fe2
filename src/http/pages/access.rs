//! My access.
use super::{
    assigned,
    expiring::kind_word,
    page::{Answer, Page, show},
    request::status,
    say::{self, Reader},
    terms::{at_place, captions, place, ticket},
    view::{
        Caption,
        access::{Coming, Eligible, Ends, Held, MyAccess, RunningOut, Todo},
        frame::Section,
    },
};
use crate::{
    domain::assignment::AssignmentOrigin,
    http::language::tell,
    service::{assignment, expiring, inventory::conversion, overview, request},
};

/// What one can do, and holds right now.
pub async fn list(page: Page) -> Answer {
    let opened = page.open(Section::Access).await?;
    let mine = overview::my_access(&page.app, &page.actor).await?;
    let (ending, over) = expiring::own(&page.app, &page.actor).await?;
    let to_try = conversion::to_try(&page.app, &page.actor).await?;
    let reader = &opened.reader;
    show(&MyAccess {
        todo: to_try.iter().map(tell_try).chain(todo(opened.frame.approvals, &mine)).collect(),
        running_out: ending
            .iter()
            .map(|told| tell_running_out(told, false, reader))
            .chain(over.iter().map(|told| tell_running_out(told, true, reader)))
            .collect(),
        held: mine.active.iter().map(|held| tell_held(held, reader)).collect(),
        coming: mine.open.iter().map(|request| tell_coming(request, reader)).collect(),
        eligible: mine
            .eligible
            .iter()
            .filter(|can| !can.active)
            .map(|can| tell_eligible(can, reader))
            .collect(),
        frame: opened.frame,
    })
}

/// An eligibility that is to take the place of standing access, once it was tried.
fn tell_try(told: &conversion::Told) -> Todo {
    let place = at_place(told.scope, &told.scope_name);
    Todo {
        icon: "check",
        text: tell!(
            "access-try-your-new-eligibility-for",
            role_name = told.role_name,
            place = place
        ),
        link: format!("/inventory/conversions/{}/try", told.id),
        urgent: false,
    }
}

fn todo(awaiting: usize, mine: &overview::MyAccess) -> Vec<Todo> {
    let waiting = (awaiting > 0).then(|| Todo {
        icon: "approval",
        text: match awaiting {
            1 => tell!("access-1-request-waits-for-your"),
            number => tell!("access-requests-wait-for-your-decision", number = number),
        },
        link: "/approvals".to_owned(),
        urgent: false,
    });
    let ending = (mine.ending_soon > 0).then(|| Todo {
        icon: "clock",
        text: match mine.ending_soon {
            1 => tell!("access-1-role-of-yours-ends"),
            number => tell!("access-roles-of-yours-end-soon", number = number),
        },
        link: "#active".to_owned(),
        urgent: true,
    });
    [waiting, ending].into_iter().flatten().collect()
}

fn tell_running_out(told: &expiring::Told, over: bool, reader: &Reader) -> RunningOut {
    RunningOut {
        role: told.role_name.clone(),
        scope: place(told.scope, &told.scope_name),
        kind: kind_word(told.kind),
        ends: reader.instant(told.ends_at),
        over,
        ask: format!("/assignments/{}/more-time", told.id),
        asked: told.asked.map(|change| format!("/changes/{change}")).unwrap_or_default(),
    }
}

fn tell_held(held: &assignment::Told, reader: &Reader) -> Held {
    let activated = held.origin == AssignmentOrigin::Activated;
    let link =
        |verb| if activated { format!("/activations/{}/{verb}", held.id) } else { String::new() };
    Held {
        role: held.role_name.clone(),
        scope: place(held.scope, &held.scope_name),
        how: assigned::origin(held),
        reason: held.justification.clone(),
        ends: held.ends_at.map(|end| Ends {
            at: reader.instant(end),
            began: held.starts_at.to_string(),
            left: reader.left(end),
            percent: share_left(
                end.since(reader.now).as_secs(),
                end.since(held.starts_at).as_secs(),
            ),
            soon: reader.soon(end),
        }),
        extend: link("extend"),
        finish: link("deactivate"),
        request: held.request.map(|request| format!("/requests/{request}")).unwrap_or_default(),
    }
}

/// How much of a span is left, of a hundred.
fn share_left(left: i64, whole: i64) -> u8 {
    let share = left.saturating_mul(100).checked_div(whole).unwrap_or(0).clamp(0, 100);
    u8::try_from(share).unwrap_or(100)
}

fn tell_coming(request: &request::Told, reader: &Reader) -> Coming {
    let mut captions = vec![Caption::new(
        "clock",
        say::length(request.granted_seconds.unwrap_or(request.requested_seconds)),
    )];
    let ticket = ticket(&request.ticket_number, &request.ticket_system);
    if !ticket.is_empty() {
        captions.push(Caption::new("ticket", ticket));
    }
    if !request.justification.is_empty() {
        captions.push(Caption::new("reason", request.justification.clone()));
    }
    Coming {
        role: request.role_name.clone(),
        scope: place(request.scope, &request.scope_name),
        status: status(request, reader),
        captions,
        link: format!("/requests/{}", request.id),
        cancel: format!("/requests/{}/cancel", request.id),
    }
}

fn tell_eligible(can: &overview::Eligible, reader: &Reader) -> Eligible {
    let told = &can.assignment;
    let mut captions = captions(&can.terms);
    if let Some(end) = told.ends_at {
        captions.push(Caption::new(
            "calendar",
            tell!("access-eligible-until", end = reader.instant(end).text),
        ));
    }
    Eligible {
        id: told.id.to_string(),
        role: told.role_name.clone(),
        scope: place(told.scope, &told.scope_name),
        purpose: told.role_description.clone(),
        captions,
        activate: if can.requested && !can.in_emergency {
            String::new()
        } else {
            format!("/activations/new?assignment={}", told.id)
        },
        unavailable: tell!("access-asked-for"),
    }
}
