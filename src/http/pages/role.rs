//! Roles: which there are, who has one, and what happened with it.
use axum::extract::Path;
use axum_extra::extract::Query;
use serde::Deserialize;

use super::{
    assigned, chronicle,
    page::{Answer, Opened, Page, id, show},
    plain_words,
    say::Reader,
    view::{
        Pages,
        form::Choice,
        frame::Section,
        role::{Activity, RoleActivity, RoleAssignments, RoleHead, RoleRow, Roles},
    },
};
use crate::{
    domain::{
        assignment::AssignmentKind,
        id::{AssignmentId, RoleId, ScopeId},
        permission::Permission,
        principal::PrincipalKind,
    },
    error::Error,
    http::language::tell,
    service::{
        assignment::{self, Filter},
        audit, principal, request,
        role::{self, Told},
        scope,
    },
};

/// How many events a page has.
const EVENTS: u16 = 50;

/// The place that a role is to be given at, in the address.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Somewhere {
    scope: Option<ScopeId>,
}

/// The list of roles; or, for a place, of those that can be held there, to give one of them.
pub async fn list(page: Page, Query(somewhere): Query<Somewhere>) -> Answer {
    let mut roles = role::list(&page.app, &page.actor).await?;
    let place = match somewhere.scope {
        None => None,
        Some(id) => Some(scope::show(&page.app, &page.actor, id).await?.told),
    };
    let opened = page.open(Section::Roles).await?;
    if let Some(place) = &place {
        roles.retain(|role| role.retired_at.is_none() && role.scope_kinds.contains(&place.kind));
    }
    let mut rows: Vec<_> = roles.iter().map(row).collect();
    if let Some(place) = &place {
        for row in &mut rows {
            row.link = format!("{}/assignments/new?scope={}", row.link, place.id);
        }
    }
    show(&Roles {
        may_make: place.is_none() && opened.permissions.allow(Permission::ManageRoles),
        place: place.map(|place| place.name).unwrap_or_default(),
        rows,
        frame: opened.frame,
    })
}

fn row(told: &Told) -> RoleRow {
    RoleRow {
        link: format!("/roles/{}", told.id),
        name: told.name.clone(),
        purpose: told.description.clone(),
        privileged: told.privileged,
        retired: told.retired_at.is_some(),
        captions: Vec::new(),
        eligible: told.eligible,
        active: told.assigned + told.activated,
        standing: told.assigned,
    }
}

/// What stands over each tab of a role's page.
#[must_use]
pub fn head(told: &Told, opened: &Opened, tab: &'static str) -> RoleHead {
    let in_use = told.retired_at.is_none();
    RoleHead {
        link: format!("/roles/{}", told.id),
        name: told.name.clone(),
        purpose: told.description.clone(),
        privileged: told.privileged,
        retired: !in_use,
        allows: told.permissions.iter().map(|name| plain_words::permission(name)).collect(),
        may_assign: in_use && opened.somewhere.allow(Permission::ManageAssignments),
        change: if in_use && !told.built_in && opened.permissions.allow(Permission::ManageRoles) {
            format!("/roles/{}/change", told.id)
        } else {
            String::new()
        },
        tab,
    }
}

/// Which assignments a role's page shows, in the address.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Wanted {
    state: String,
    after: String,
}

/// Who has a role.
pub async fn assignments(
    page: Page,
    Path(role): Path<String>,
    Query(wanted): Query<Wanted>,
) -> Answer {
    let id: RoleId = id(&role, "role")?;
    let told = role::show(&page.app, &page.actor, id).await?;
    let opened = page.open(Section::Roles).await?;
    let state = match wanted.state.as_str() {
        "active" => "active",
        "expired" => "expired",
        _ => "eligible",
    };
    let kind = match state {
        "active" => Some(AssignmentKind::Active),
        "eligible" => Some(AssignmentKind::Eligible),
        _ => None,
    };
    let after: Option<AssignmentId> = wanted.after.parse().ok();
    let filter =
        Filter { role: Some(id), kind, over: state == "expired", after, ..Filter::default() };
    let rows = assignment::list(&page.app, &page.actor, filter).await?;
    let full = i64::try_from(rows.len()).is_ok_and(|length| length == assignment::PAGE);
    let link = format!("/roles/{id}?state={state}");
    let next = rows.last().filter(|_| full && state != "expired");
    show(&RoleAssignments {
        role: head(&told, &opened, "assignments"),
        state,
        counts: [told.eligible.to_string(), (told.assigned + told.activated).to_string()],
        rows: rows.iter().map(|told| assigned::row(told, &opened.reader)).collect(),
        pages: Pages {
            first: if after.is_some() { link.clone() } else { String::new() },
            next: next.map(|last| format!("{link}&after={}", last.id)).unwrap_or_default(),
        },
        frame: opened.frame,
    })
}

/// Where a list of events begins, in the address.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Onwards {
    after: String,
}

/// What happened with a role: every event for those who may read the audit trail, requests for those who may read them.
pub async fn activity(
    page: Page,
    Path(role): Path<String>,
    Query(onwards): Query<Onwards>,
) -> Answer {
    let id: RoleId = id(&role, "role")?;
    let told = role::show(&page.app, &page.actor, id).await?;
    let opened = page.open(Section::Roles).await?;
    let may_audit = opened.permissions.allow(Permission::ReadAudit);
    let cursor: Option<audit::Cursor> = onwards.after.parse().ok();
    let (events, next) = if may_audit {
        let filter = audit::Filter { role: Some(id), ..audit::Filter::default() };
        let found = audit::events(&page.app, &page.actor, &filter, cursor, EVENTS).await?;
        (found.entries, found.next)
    } else {
        (Vec::new(), None)
    };
    let requests = if !may_audit && opened.permissions.allow(Permission::ReadRequests) {
        let filter = request::Filter { everybody: true, role: Some(id), ..Default::default() };
        request::list(&page.app, &page.actor, filter).await?
    } else {
        Vec::new()
    };
    let link = format!("/roles/{id}/activity");
    show(&RoleActivity {
        role: head(&told, &opened, "activity"),
        requests: requests.iter().map(|told| tell(told, &opened.reader)).collect(),
        events: events.iter().map(|entry| chronicle::tell(entry, &opened.reader)).collect(),
        audit: if may_audit { format!("/audit?role={id}") } else { String::new() },
        pages: Pages {
            first: if cursor.is_some() { link.clone() } else { String::new() },
            next: next.map(|next| format!("{link}?after={next}")).unwrap_or_default(),
        },
        frame: opened.frame,
    })
}

/// A request as something that happened.
#[must_use]
pub fn tell(told: &request::Told, reader: &Reader) -> Activity {
    let status = super::request::status(told, reader);
    let outcome = match status.detail.as_str() {
        "" => status.kind.word().to_lowercase(),
        detail => format!("{}, {detail}", status.kind.word().to_lowercase()),
    };
    Activity {
        icon: status.kind.icon(),
        tone: match status.kind.name() {
            "active" => "good",
            "pending" | "scheduled" => "wait",
            "ending" => "warn",
            "denied" | "revoked" => "bad",
            _ => "",
        },
        by: told.requester.clone(),
        text: format!("{}: {outcome}", super::request::sentence(told)),
        said: told.justification.clone(),
        at: reader.instant(told.created_at),
        link: format!("/requests/{}", told.id),
    }
}

/// Whoever can be chosen to hold a role, with those that are chosen.
pub async fn choices(page: &Page, chosen: &[String]) -> Result<Vec<Choice>, Error> {
    choose_from(page, chosen, |_| true).await
}

/// The people among them.
pub async fn people(page: &Page, chosen: &[String]) -> Result<Vec<Choice>, Error> {
    choose_from(page, chosen, |kind| kind == PrincipalKind::User).await
}

async fn choose_from(
    page: &Page,
    chosen: &[String],
    of: impl Fn(PrincipalKind) -> bool,
) -> Result<Vec<Choice>, Error> {
    let candidates = principal::candidates(&page.app, &page.actor, None).await?;
    let choice = |candidate: principal::Candidate| {
        let value = candidate.id.to_string();
        let is_chosen = chosen.contains(&value);
        let hint = match candidate.kind {
            PrincipalKind::User => candidate.hint,
            PrincipalKind::Group => tell!("word-group"),
            PrincipalKind::ServicePrincipal => tell!("word-application"),
        };
        Choice::new(value, candidate.name).hint(hint).chosen(is_chosen)
    };
    Ok(candidates.into_iter().filter(|candidate| of(candidate.kind)).map(choice).collect())
}
