//! The overview for administrators: how the whole stands, and who has power now.
use axum_extra::extract::Query;
use serde::Deserialize;

use super::{
    page::{Answer, Opened, Page, place_in_time, show},
    say::{self, Reader},
    terms::place,
    view::{
        self, Pages, Who,
        frame::Section,
        posture::{Holders, Overview, Tile},
    },
};
use crate::{
    domain::{
        principal::PrincipalKind,
        survivability::{Problem, Severity},
        time::Instant,
    },
    http::language::{tell, translate},
    service::posture::{self, COUNTED, Holder, Posture},
};

/// The overview.
pub async fn one(page: Page) -> Answer {
    let posture = posture::show(&page.app, &page.actor).await?;
    let Opened { frame, reader, .. } = page.open(Section::Overview).await?;
    show(&Overview {
        whole: posture.everywhere,
        tiles: tiles(&posture, &reader),
        problems: posture.problems.iter().map(problem).collect(),
        more_active: usize::try_from(posture.counts.active)
            .is_ok_and(|active| active > posture.active.len()),
        active: posture.active.iter().map(|held| tell(held, &reader)).collect(),
        frame,
    })
}

fn number(count: i64) -> String {
    if count >= COUNTED { "10 000+".to_owned() } else { count.to_string() }
}

fn tiles(posture: &Posture, reader: &Reader) -> Vec<Tile> {
    let counts = &posture.counts;
    let waits = |oldest: Option<Instant>| match oldest {
        Some(at) => tell!("posture-oldest-waits", at = say::span(reader.now.since(at).as_secs())),
        None => tell!("posture-nothing-waits"),
    };
    let (standing, active) = ("/overview/holders", "/overview/holders?view=active");
    let tile = |name, count, detail: String, link: &str, icon| Tile {
        name,
        number: number(count),
        detail,
        link: link.to_owned(),
        tone: "",
        icon,
    };
    let mut tiles = vec![
        problems_tile(&posture.problems),
        tile(
            tell!("posture-standing-privileged-access"),
            counts.standing,
            tell!("posture-always-on"),
            standing,
            "always",
        ),
        tile(
            tell!("word-active-now"),
            counts.active,
            tell!("posture-activated-and-ends-by-itself"),
            active,
            "active",
        ),
    ];
    if posture.sees_requests {
        let link = "/requests?view=all";
        for (name, count, oldest, icon) in [
            (tell!("posture-requests-waiting"), counts.pending, counts.oldest_pending, "waiting"),
            (tell!("posture-changes-waiting"), counts.changes, counts.oldest_change, "approval"),
        ] {
            tiles.push(tile(name, count, waits(oldest), link, icon));
        }
    }
    if posture.everywhere {
        let link = "/assignments/expiring";
        tiles.push(tile(
            tell!("posture-expiring-soon"),
            counts.expiring,
            tell!("posture-within-14-days"),
            link,
            "clock",
        ));
    }
    tiles
}

fn problems_tile(problems: &[Problem]) -> Tile {
    let critical = problems.iter().filter(|it| it.severity() == Severity::Critical).count();
    let (tone, detail) = match (problems.len(), critical) {
        (0, _) => ("good", tell!("posture-nothing-hangs-by-one-person-inside")),
        (_, 0) => ("warn", tell!("posture-to-look-at")),
        (_, critical) => ("bad", tell!("posture-critical-of", critical = critical)),
    };
    Tile {
        name: tell!("word-problems"),
        number: problems.len().to_string(),
        detail,
        link: "#problems".to_owned(),
        tone,
        icon: if problems.is_empty() { "approval" } else { "alert" },
    }
}

fn problem(problem: &Problem) -> view::posture::Problem {
    let (link, act) = match problem {
        Problem::FewReady { .. } | Problem::OneAdministrator => {
            ("/people/invite".to_owned(), tell!("posture-invite-an-emergency-account"))
        }
        Problem::Unreviewed { .. } => {
            ("/approvals".to_owned(), tell!("posture-review-emergencies"))
        }
        Problem::NobodyApproves(terms) | Problem::OneApproves(terms) => {
            let (role, scope) = (terms.role, terms.scope);
            (format!("/roles/{role}/settings/edit?scope={scope}"), tell!("posture-name-approvers"))
        }
    };
    view::posture::Problem {
        critical: problem.severity() == Severity::Critical,
        title: translate(&problem.title()),
        advice: translate(problem.advice()),
        link,
        act,
    }
}

fn tell(held: &Holder, reader: &Reader) -> view::posture::Holder {
    let (kind, link) = match held.kind {
        PrincipalKind::User => (tell!("word-person"), format!("/people/{}", held.principal)),
        PrincipalKind::Group => (tell!("word-group"), format!("/groups/{}", held.principal)),
        PrincipalKind::ServicePrincipal => {
            (tell!("word-application"), format!("/applications/{}", held.principal))
        }
    };
    view::posture::Holder {
        who: Who {
            name: held.name.clone(),
            initials: say::initials(&held.name),
            detail: held.account.clone(),
            link,
        },
        kind,
        emergency: held.break_glass,
        in_emergency: held.emergency,
        role: held.role_name.clone(),
        privileged: held.privileged,
        place: place(held.scope, &held.scope_name),
        since: reader.instant(held.starts_at),
        until: held.ends_at.map(|end| reader.instant(end)),
        left: held.ends_at.map(|end| reader.left(end)).unwrap_or_default(),
    }
}

/// Which of them are wanted, in the address.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Wanted {
    view: String,
    after: String,
}

/// Who has power now.
pub async fn holders(page: Page, Query(wanted): Query<Wanted>) -> Answer {
    let activated = wanted.view == "active";
    let after = place_in_time(&wanted.after);
    let found = posture::holders(&page.app, &page.actor, activated, after).await?;
    let Opened { frame, reader, .. } = page.open(Section::Overview).await?;
    let here = format!("/overview/holders?view={}", if activated { "active" } else { "standing" });
    let full = i64::try_from(found.len()).is_ok_and(|length| length == posture::PAGE);
    let next = found.last().filter(|_| full);
    show(&Holders {
        activated,
        rows: found.iter().map(|held| tell(held, &reader)).collect(),
        pages: Pages {
            first: if after.is_some() { here.clone() } else { String::new() },
            next: next
                .map(|last| format!("{here}&after={}~{}", last.starts_at, last.assignment))
                .unwrap_or_default(),
        },
        frame,
    })
}
