//! What a person can do, now and at most.
use axum::extract::Path;
use axum_extra::extract::Query;
use serde::Deserialize;

use super::{
    page::{Answer, Opened, Page, id, show},
    say::Reader,
    view::{
        Pages, Who,
        extent::{Bundle, Chain, Extent, Extents, Giving, Tie},
        frame::Section,
        role::AssignmentRow,
        status::{Kind, Status},
    },
};
use crate::{
    domain::{
        assignment::{AssignmentKind, AssignmentOrigin},
        extent::{Claim, Effort},
        id::PrincipalId,
        percent,
    },
    http::language::{tell, translate},
    service::extent::{self, AtHand, Explained, Filter, Reached},
};

/// So many of each sort are shown on the person's page.
const FIRST: usize = 8;

/// What is beyond what is held, by what it takes.
const BEYOND: [(Effort, &str, &str, &str); 3] = [
    (Effort::Alone, "alone", "extent-by-themself", "extent-nobody-else-is-asked"),
    (
        Effort::Approval,
        "approval",
        "extent-with-an-approval",
        "extent-somebody-else-has-to-approve",
    ),
    (Effort::Gift, "gift", "extent-only-if-somebody-else-gives", "extent-within-their-reach-as-an"),
];

/// What a person can do, as their page shows it.
#[must_use]
pub fn tell(
    principal: PrincipalId,
    extent: &extent::Extent,
    disabled: bool,
    reader: &Reader,
) -> Extent {
    let rows = |list: &[AtHand]| list.iter().map(|it| row(it, disabled, reader)).collect();
    Extent {
        held: rows(&extent.held),
        eligible: rows(&extent.eligible),
        bundles: bundles(principal, &extent.reached),
        groups: extent.groups.iter().map(|held| group(held, reader)).collect(),
        places: extent.places.iter().map(place).collect(),
        applications: extent
            .applications
            .iter()
            .map(|it| Tie {
                link: format!("/applications/{}", it.id),
                name: it.name.clone(),
                detail: String::new(),
            })
            .collect(),
    }
}

fn row(it: &AtHand, disabled: bool, reader: &Reader) -> AssignmentRow {
    let told = &it.told;
    AssignmentRow {
        id: told.holding.assignment.to_string(),
        link: format!("/assignments/{}", told.holding.assignment),
        who: Who::default(),
        kind: String::new(),
        role: told.role_name.clone(),
        scope: told.path.clone(),
        status: status(it, disabled, reader),
        how: how(it),
        from: reader.instant(told.starts_at),
        until: it.until.map(|until| reader.instant(until)),
    }
}

fn status(it: &AtHand, disabled: bool, reader: &Reader) -> Status {
    let told = &it.told;
    if disabled {
        return Status::new(Kind::Ended, tell!("word-account-disabled"));
    }
    match (told.holding.claim, told.kind, it.until) {
        (Claim::Later, ..) => Status::new(
            Kind::Scheduled,
            tell!("word-starts", starts_at = reader.instant(told.starts_at).text),
        ),
        (_, AssignmentKind::Eligible, _) => Status::new(
            Kind::Eligible,
            if told.holding.approval { tell!("extent-with-approval") } else { String::new() },
        ),
        (_, AssignmentKind::Active, Some(end)) => {
            let kind = if reader.soon(end) { Kind::Ending } else { Kind::Active };
            Status::new(kind, tell!("word-left", end = reader.left(end)))
        }
        (_, AssignmentKind::Active, None) => Status::new(Kind::Active, ""),
    }
}

/// By which way it is had: "Assigned directly", "Through Operators, then Platform".
fn how(it: &AtHand) -> String {
    match (it.through.as_slice(), it.told.origin) {
        ([], AssignmentOrigin::Assigned) => tell!("extent-directly"),
        ([], AssignmentOrigin::Activated) => tell!("word-activated"),
        (groups, _) => tell!("extent-through", groups = groups.join(", then ")),
    }
}

fn group(held: &AtHand, reader: &Reader) -> Tie {
    let told = &held.told;
    let role = match told.holding.claim {
        Claim::Holds => told.role_name.clone(),
        Claim::MayActivate => {
            tell!("extent-may-become", role = told.role_name.to_lowercase())
        }
        Claim::Later => tell!("extent-later", role_name = told.role_name),
    };
    let through = match held.through.as_slice() {
        [] => String::new(),
        groups => tell!("extent-through-of", groups = groups.join(", then ")),
    };
    let until = held.until.map(|end| tell!("word-until-of", end = reader.instant(end).text));
    Tie {
        link: told.holding.group.map(|group| format!("/groups/{group}")).unwrap_or_default(),
        name: told.path.rsplit(" / ").next().unwrap_or_default().to_owned(),
        detail: format!("{role}{through}{}", until.unwrap_or_default()),
    }
}

fn place(held: &AtHand) -> Tie {
    let told = &held.told;
    let everywhere = told.path.is_empty();
    Tie {
        link: format!("/resources/{}", told.holding.scope),
        name: if everywhere { tell!("word-the-whole-organisation") } else { told.path.clone() },
        detail: told.role_name.clone(),
    }
}

fn bundles(principal: PrincipalId, reached: &[Reached]) -> Vec<Bundle> {
    let of = |(effort, name, title, text): (Effort, &'static str, &str, &str)| {
        let (given, own): (Vec<_>, Vec<_>) =
            reached.iter().filter(|it| it.effort == effort).partition(|it| is_given(it));
        let count = own.len() + given.len();
        Bundle {
            name,
            title: tell!(title),
            text: tell!(text),
            count,
            all: if own.len() > FIRST {
                format!("/people/{principal}/extent?effort={name}")
            } else {
                String::new()
            },
            rows: own.into_iter().take(FIRST).map(chain).collect(),
            giving: giving(&given),
        }
    };
    BEYOND.map(of).into_iter().filter(|bundle| bundle.count > 0).collect()
}

fn is_given(reached: &Reached) -> bool {
    matches!(reached.steps.last(), Some(Explained::Given { .. }))
}

/// Roles that may be given at the same place, together.
fn giving(given: &[&Reached]) -> Vec<Giving> {
    let mut places: Vec<_> = given.iter().map(|it| it.scope).collect();
    places.sort_unstable();
    places.dedup();
    places
        .into_iter()
        .filter_map(|place| {
            let here: Vec<_> = given.iter().filter(|it| it.scope == place).collect();
            let first = here.first()?;
            let wherever = if first.path.is_empty() {
                tell!("extent-everywhere")
            } else {
                tell!("extent-at-and-below", path = first.path)
            };
            Some(Giving {
                what: tell!("extent-roles-wherever", roles = here.len(), wherever = wherever),
                steps: first.steps.iter().map(|step| translate(&step.words())).collect(),
                roles: here.iter().map(|it| it.role_name.clone()).collect(),
            })
        })
        .collect()
}

fn chain(reached: &Reached) -> Chain {
    let beyond = BEYOND.iter().find(|(effort, ..)| *effort == reached.effort);
    Chain {
        role: reached.role_name.clone(),
        link: format!("/roles/{}", reached.role),
        place: reached.path.clone(),
        privileged: reached.privileged,
        takes: tell!(beyond.map_or("extent-held-now", |(_, _, title, _)| title)),
        steps: reached.steps.iter().map(|step| translate(&step.words())).collect(),
    }
}

/// Which of them are wanted, in the address.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Wanted {
    effort: String,
    after: String,
}

/// Every role at every place that a person holds or could come to hold.
pub async fn list(page: Page, Path(person): Path<String>, Query(wanted): Query<Wanted>) -> Answer {
    let id: PrincipalId = id(&person, "person")?;
    let effort = match wanted.effort.as_str() {
        "held" => Some(Effort::Held),
        name => BEYOND.iter().find(|(_, known, ..)| *known == name).map(|(effort, ..)| *effort),
    };
    let after = serde_json::from_str(&wanted.after).ok();
    let is_first = after.is_none();
    let found = extent::list(&page.app, &page.actor, id, &Filter { effort, after }).await?;
    let Opened { frame, .. } = page.open(Section::People).await?;
    let here = format!("/people/{id}/extent");
    let at =
        |name: &str| if name.is_empty() { here.clone() } else { format!("{here}?effort={name}") };
    let chosen = if effort.is_some() { wanted.effort.as_str() } else { "" };
    let choices = [("", tell!("extent-all")), ("held", tell!("extent-held"))]
        .into_iter()
        .chain([
            ("alone", tell!("extent-alone")),
            ("approval", tell!("word-approval")),
            ("gift", tell!("extent-given-by-others")),
        ])
        .map(|(name, title)| (title, at(name), name == chosen))
        .collect();
    let next = found.next.map(|next| {
        let position = serde_json::to_string(&next).unwrap_or_default();
        format!("{here}?effort={chosen}&after={}", percent::encode(&position))
    });
    show(&Extents {
        name: found.name,
        person: format!("/people/{id}"),
        choices,
        rows: found.rows.iter().map(chain).collect(),
        pages: Pages {
            first: if is_first { String::new() } else { at(chosen) },
            next: next.unwrap_or_default(),
        },
        frame,
    })
}
