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
        Some(at) => format!("oldest waits {}", say::span(reader.now.since(at).as_secs())),
        None => "nothing waits".to_owned(),
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
            "Standing privileged access",
            counts.standing,
            "always on".to_owned(),
            standing,
            "always",
        ),
        tile(
            "Active now",
            counts.active,
            "activated, and ends by itself".to_owned(),
            active,
            "active",
        ),
    ];
    if posture.sees_requests {
        let link = "/requests?view=all";
        for (name, count, oldest, icon) in [
            ("Requests waiting", counts.pending, counts.oldest_pending, "waiting"),
            ("Changes waiting", counts.changes, counts.oldest_change, "approval"),
        ] {
            tiles.push(tile(name, count, waits(oldest), link, icon));
        }
    }
    if posture.everywhere {
        let link = "/assignments/expiring";
        tiles.push(tile(
            "Expiring soon",
            counts.expiring,
            "within 14 days".to_owned(),
            link,
            "clock",
        ));
    }
    tiles
}

fn problems_tile(problems: &[Problem]) -> Tile {
    let critical = problems.iter().filter(|it| it.severity() == Severity::Critical).count();
    let (tone, detail) = match (problems.len(), critical) {
        (0, _) => ("good", "nothing hangs by one person".to_owned()),
        (_, 0) => ("warn", "to look at".to_owned()),
        (_, critical) => ("bad", format!("{critical} critical")),
    };
    Tile {
        name: "Problems",
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
            ("/people/invite".to_owned(), "Invite an emergency account")
        }
        Problem::NobodyApproves(terms) | Problem::OneApproves(terms) => {
            let (role, scope) = (terms.role, terms.scope);
            (format!("/roles/{role}/settings/edit?scope={scope}"), "Name approvers")
        }
    };
    view::posture::Problem {
        critical: problem.severity() == Severity::Critical,
        title: problem.title(),
        advice: problem.advice(),
        link,
        act,
    }
}

fn tell(held: &Holder, reader: &Reader) -> view::posture::Holder {
    let (kind, link) = match held.kind {
        PrincipalKind::User => ("Person", format!("/people/{}", held.principal)),
        PrincipalKind::Group => ("Group", format!("/groups/{}", held.principal)),
        PrincipalKind::ServicePrincipal => {
            ("Application", format!("/applications/{}", held.principal))
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
