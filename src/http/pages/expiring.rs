//! Assignments that end soon, and those that have run out lately.
use axum_extra::extract::Query;
use serde::Deserialize;

use super::{
    page::{Answer, Page, place_in_time, show},
    say,
    terms::place,
    view::{
        Pages, Who,
        expiring::{Expiring, ExpiringRow},
        form::Choice,
        frame::Section,
    },
};
use crate::{
    domain::{assignment::AssignmentKind, id::RoleId, permission::Permission, time::Duration},
    http::language::tell,
    service::{
        expiring::{self, Filter, Told},
        role,
    },
};

/// How far ahead one can look, in days.
const AHEAD: [u32; 3] = [1, 14, 30];

/// The filter of the list, in the address.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Wanted {
    state: String,
    days: String,
    role: String,
    after: String,
}

/// The list.
pub async fn list(page: Page, Query(wanted): Query<Wanted>) -> Answer {
    let over = wanted.state == "over";
    let days = wanted.days.parse().ok().filter(|days| AHEAD.contains(days)).unwrap_or(14);
    let role: Option<RoleId> = wanted.role.parse().ok();
    let after = place_in_time(&wanted.after);
    let filter = Filter { over, within: Duration::days(days), role, after };
    let found = expiring::list(&page.app, &page.actor, filter).await?;
    let roles = role::list(&page.app, &page.actor).await?;
    let opened = page.open(Section::Roles).await?;
    let reader = &opened.reader;
    let of_role = role.map(|role| format!("&role={role}")).unwrap_or_default();
    let here = if over { "state=over".to_owned() } else { format!("days={days}") };
    let here = format!("/assignments/expiring?{here}{of_role}");
    let full = i64::try_from(found.len()).is_ok_and(|length| length == expiring::PAGE);
    let next = found.last().filter(|_| full);
    show(&Expiring {
        choices: choices(over, days, &of_role),
        roles: roles
            .iter()
            .map(|told| {
                Choice::new(told.id.to_string(), told.name.clone()).chosen(role == Some(told.id))
            })
            .collect(),
        days,
        over,
        may_change: opened.permissions.allow(Permission::ManageAssignments),
        rows: found.iter().map(|told| row(told, reader)).collect(),
        pages: Pages {
            first: if after.is_some() { here.clone() } else { String::new() },
            next: next
                .map(|last| format!("{here}&after={}~{}", last.ends_at, last.id))
                .unwrap_or_default(),
        },
        frame: opened.frame,
    })
}

fn choices(over: bool, days: u32, of_role: &str) -> Vec<Choice> {
    let ahead = AHEAD.map(|each| {
        let label = if each == 1 {
            tell!("expiring-next-day")
        } else {
            tell!("expiring-next-days", each = each)
        };
        Choice::new(format!("/assignments/expiring?days={each}{of_role}"), label)
            .chosen(!over && each == days)
    });
    let run_out = Choice::new(
        format!("/assignments/expiring?state=over{of_role}"),
        tell!("expiring-run-out"),
    )
    .chosen(over);
    ahead.into_iter().chain([run_out]).collect()
}

fn row(told: &Told, reader: &say::Reader) -> ExpiringRow {
    ExpiringRow {
        id: told.id.to_string(),
        link: format!("/assignments/{}", told.id),
        who: Who {
            name: told.holder.clone(),
            initials: say::initials(&told.holder),
            detail: told.account.clone(),
            ..Who::default()
        },
        role: told.role_name.clone(),
        scope: place(told.scope, &told.scope_name),
        kind: kind_word(told.kind),
        ends: reader.instant(told.ends_at),
        asked: told.asked.map(|change| format!("/changes/{change}")).unwrap_or_default(),
    }
}

/// What a kind of assignment is called.
#[must_use]
pub fn kind_word(kind: AssignmentKind) -> String {
    match kind {
        AssignmentKind::Eligible => tell!("word-eligible"),
        AssignmentKind::Active => tell!("word-active"),
    }
}
