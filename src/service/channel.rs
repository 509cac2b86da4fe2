//! Tells channels what happened, in the transaction in which it happens.
use serde_json::json;

use crate::{
    App,
    domain::{
        actor::{Actor, Who},
        change_notice,
        change_request::ChangeState,
        channel::Announcement,
        id::{PrincipalId, RoleId, ScopeId},
        notice::{self, Decided},
        request::RequestKind,
        survivability::Approval,
        time::Instant,
    },
    error::Error,
    store::{self, Change, request::Told},
};

/// Writes one message to each configured channel that wants the event.
pub async fn announce(
    app: &App,
    change: &mut Change,
    announcement: &Announcement,
) -> Result<(), Error> {
    for channel in app.channels.iter() {
        if channel.wanted.wants(&announcement.event) {
            store::outbox::enqueue_message(change, &channel.name, announcement).await?;
        }
    }
    Ok(())
}

/// Whether any channel wants the event.
fn is_wanted(app: &App, event: &str) -> bool {
    app.channels.iter().any(|channel| channel.wanted.wants(event))
}

/// Tells of a request: `what` happened, as the rest of a sentence about who asked.
pub(in crate::service) async fn request(
    app: &App,
    change: &mut Change,
    told: &Told,
    (event, title): (&str, &str),
    more: impl FnOnce(Announcement) -> Announcement,
) -> Result<(), Error> {
    if !is_wanted(app, event) {
        return Ok(());
    }
    let link = notice::request_link(&app.public_url, told.id);
    let ticket = format!("{} {}", told.ticket_number, told.ticket_system);
    let announcement = Announcement::new(event, title, &link)
        .of(told.id.0)
        .fact("Reason", &told.justification)
        .fact("Ticket", &ticket)
        .data(json!({
            "request": told.id,
            "kind": told.kind,
            "requester": { "id": told.principal, "name": told.requester },
            "role": { "id": told.role, "name": told.role_name },
            "scope": { "id": told.scope, "name": told.scope_name },
            "requested_seconds": told.requested_seconds,
            "granted_seconds": told.granted_seconds,
            "starts_at": told.starts_at,
            "justification": told.justification,
            "ticket": { "number": told.ticket_number, "system": told.ticket_system },
        }));
    announce(app, change, &more(announcement)).await
}

/// Somebody could not wait for an approval.
pub(in crate::service) async fn emergency(
    app: &App,
    change: &mut Change,
    told: &Told,
    ends_at: Instant,
) -> Result<(), Error> {
    let title = format!("EMERGENCY: {} activated {}", told.requester, told.role_name);
    request(app, change, told, ("activation.emergency", &title), |it| {
        it.fact("Scope", &told.scope_name).fact("Ends at", &notice::moment(ends_at))
    })
    .await
}

/// Somebody waits for a decision.
pub(in crate::service) async fn request_pending(
    app: &App,
    change: &mut Change,
    told: &Told,
    decide_by: Instant,
) -> Result<(), Error> {
    let extension = if told.kind == RequestKind::Extend { "more time as " } else { "" };
    let title = format!("{} asks for {extension}{}", told.requester, place(told));
    request(app, change, told, ("request.pending", &title), |it| {
        it.fact("Decide by", &notice::moment(decide_by))
    })
    .await
}

/// A request was approved or denied.
pub(in crate::service) async fn request_decided(
    app: &App,
    change: &mut Change,
    told: &Told,
    decided: &Decided<'_>,
) -> Result<(), Error> {
    let (approver, word) = (decided.approver, decided.word());
    let title = format!("{approver} {word} what {} asked for: {}", told.requester, place(told));
    request(app, change, told, (decided.event(), &title), |it| {
        it.fact("Reason given", decided.reason)
    })
    .await
}

/// Access has begun: at once, after an approval, or at its time.
pub(in crate::service) async fn activation_started(
    app: &App,
    change: &mut Change,
    told: &Told,
    ends_at: Instant,
) -> Result<(), Error> {
    let title = format!("{} is now {}", told.requester, place(told));
    request(app, change, told, ("activation.started", &title), |it| {
        it.fact("Ends at", &notice::moment(ends_at))
    })
    .await
}

/// Access that was to start could not.
pub(in crate::service) async fn activation_failed(
    app: &App,
    change: &mut Change,
    told: &Told,
    why: &str,
) -> Result<(), Error> {
    let title = format!("{} could not become {}", told.requester, place(told));
    request(app, change, told, ("activation.failed", &title), |it| it.fact("Because", why)).await
}

/// An assignment was given, or access taken, by an administrator.
pub(in crate::service) async fn assignment(
    app: &App,
    change: &mut Change,
    told: &store::assignment::Told,
    (event, by, reason): (&str, &str, &str),
) -> Result<(), Error> {
    let (role, scope) = (&told.role_name, &told.scope_name);
    let title = match event {
        "assignment.given" => format!("{by} assigned {role} at {scope} to {}", told.holder),
        _ => format!("{by} ended the access of {} to {role} at {scope}", told.holder),
    };
    let until = told.ends_at.map(notice::moment).unwrap_or_default();
    let announcement = Announcement::new(event, &title, &app.public_url)
        .of(told.id.0)
        .fact("Kind", &format!("{:?}", told.kind))
        .fact("Until", &until)
        .fact("Reason", reason)
        .data(json!({
            "assignment": told.id,
            "kind": told.kind,
            "holder": { "id": told.principal, "name": told.holder },
            "role": { "id": told.role, "name": told.role_name },
            "scope": { "id": told.scope, "name": told.scope_name },
            "starts_at": told.starts_at,
            "ends_at": told.ends_at,
            "by": by,
            "reason": reason,
        }));
    announce(app, change, &announcement).await
}

/// Assignments end soon, or have ended.
pub(in crate::service) async fn endings(
    app: &App,
    change: &mut Change,
    over: bool,
    due: &[store::reminder::Due],
) -> Result<(), Error> {
    let event = if over { "assignment.ended" } else { "assignment.ending" };
    if !is_wanted(app, event) {
        return Ok(());
    }
    for due in due {
        let (role, scope) = (&due.role_name, &due.scope_name);
        let what = format!("The assignment of {} to {role} at {scope}", due.holder);
        let title = if over { format!("{what} has ended") } else { format!("{what} ends soon") };
        let link = notice::more_time_link(&app.public_url, due.assignment);
        let announcement = Announcement::new(event, &title, &link)
            .of(due.assignment.0)
            .fact(if over { "Ended at" } else { "Ends at" }, &notice::moment(due.ends_at))
            .data(json!({
                "assignment": due.assignment,
                "kind": due.kind,
                "holder": { "id": due.principal, "name": due.holder },
                "role": { "name": due.role_name },
                "scope": { "id": due.scope, "name": due.scope_name },
                "ends_at": due.ends_at,
            }));
        announce(app, change, &announcement).await?;
    }
    Ok(())
}

/// A change that needs somebody else's word waits for it, or is closed.
pub(in crate::service) async fn change_request(
    app: &App,
    change: &mut Change,
    told: &store::change_request::Told,
    about: &change_notice::Wanted<'_>,
    state: ChangeState,
) -> Result<(), Error> {
    let (author, what) = (about.author, about.what());
    let (event, title) = match state {
        ChangeState::Pending => ("change.pending", format!("{author} asks for {what}")),
        closed => ("change.closed", format!("What {author} asked for {}: {what}", closed.told())),
    };
    let link = change_notice::change_link(&app.public_url, told.id);
    let title = title.as_str();
    let announcement = Announcement::new(event, title, &link)
        .of(told.id.0)
        .fact("Reason", &told.reason)
        .data(json!({
            "change": told.id,
            "write": told.write.0.name(),
            "author": { "id": told.author, "name": told.author_name },
            "role": { "id": told.role, "name": told.role_name },
            "scope": { "id": told.scope, "name": told.scope_name },
            "reason": told.reason,
        }));
    announce(app, change, &announcement).await
}

/// The terms of a role were changed.
pub(in crate::service) async fn settings_changed(
    app: &App,
    change: &mut Change,
    (role, scope): (RoleId, ScopeId),
    reason: &str,
) -> Result<(), Error> {
    if !is_wanted(app, "settings.changed") {
        return Ok(());
    }
    let name = store::role::one(change.connection(), role).await?.name;
    let link = format!("{}/roles/{role}/settings?scope={scope}", app.public_url);
    let title = format!("{} changed the settings of {name}", by(change.actor()));
    let announcement =
        Announcement::new("settings.changed", &title, &link).fact("Reason", reason).data(json!({
            "role": { "id": role, "name": name },
            "scope": { "id": scope },
            "reason": reason,
        }));
    announce(app, change, &announcement).await
}

/// An account that is kept for emergencies was used.
pub(in crate::service) async fn break_glass(
    app: &App,
    change: &mut Change,
    account: (PrincipalId, &str),
    address: &str,
) -> Result<(), Error> {
    let (id, name) = account;
    let title = format!("The break-glass account {name} signed in");
    let link = format!("{}/audit", app.public_url);
    let announcement = Announcement::new("sign_in.break_glass", &title, &link)
        .fact("At", &notice::moment(change.at()))
        .fact("From", address)
        .data(
            json!({ "account": { "id": id, "name": name }, "address": address, "at": change.at() }),
        );
    announce(app, change, &announcement).await
}

/// Nobody can give the approval any more that terms ask for.
pub(in crate::service) async fn approval_unreachable(
    app: &App,
    change: &mut Change,
    terms: &Approval,
    link: &str,
) -> Result<(), Error> {
    let title = format!("Nobody can approve {} at {}", terms.role_name, terms.scope_name);
    let announcement = Announcement::new("settings.unreachable", &title, link).data(json!({
        "role": { "id": terms.role, "name": terms.role_name },
        "scope": { "id": terms.scope, "name": terms.scope_name },
    }));
    announce(app, change, &announcement).await
}

fn by(actor: &Actor) -> &str {
    match &actor.who {
        Who::User(user) => &user.name,
        Who::Application(application) => &application.name,
        Who::Operator => "The operator",
        Who::System | Who::Anonymous => "Latchkey",
    }
}

/// Access ended because its ticket was closed.
pub(in crate::service) async fn ticket_closed(
    app: &App,
    change: &mut Change,
    told: &Told,
) -> Result<(), Error> {
    let title = format!("{} is no longer {}: the ticket was closed", told.requester, place(told));
    request(app, change, told, ("activation.ticket_closed", &title), |it| it).await
}

fn place(told: &Told) -> String {
    format!("{} at {}", told.role_name, told.scope_name)
}
