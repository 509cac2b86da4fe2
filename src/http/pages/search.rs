//! Looking for people, groups, applications, roles and places.
use axum_extra::extract::Query;
use serde::Deserialize;

use super::{
    page::{Answer, Opened, Page, show},
    view::{
        self, Pages,
        frame::Section,
        search::{Group, Search},
    },
};
use crate::{
    domain::{percent, search::Found},
    http::language::tell,
    service::search::{self, Finding, Hit, Wish},
};

/// What is looked for, in the address.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Asked {
    q: String,
    kind: String,
    after: String,
}

/// What was found.
pub async fn find(page: Page, Query(asked): Query<Asked>) -> Answer {
    let kind = Found::named(&asked.kind);
    let after = serde_json::from_str(&asked.after).ok().filter(|_| kind.is_some());
    let is_first = after.is_none();
    let wish = Wish { asked: asked.q.clone(), kind, after };
    let found = search::find(&page.app, &page.actor, &wish).await?;
    let Opened { frame, .. } = page.open(Section::None).await?;
    let every_kind = format!("/search?q={}", percent::encode(&asked.q));
    let of = |kind: Found| format!("{every_kind}&kind={}", kind.name());
    let last = found.hits.last().filter(|_| kind.is_some() && !found.more.is_empty());
    let next = last.map(|last| {
        let position = serde_json::to_string(&last.position).unwrap_or_default();
        format!("{}&after={}", of(last.kind), percent::encode(&position))
    });
    show(&Search {
        groups: groups(
            &found,
            |found_kind| {
                if kind.is_some() { String::new() } else { of(found_kind) }
            },
        ),
        asked: asked.q,
        pages: Pages {
            first: kind.filter(|_| !is_first).map(of).unwrap_or_default(),
            next: next.unwrap_or_default(),
        },
        every_kind: if kind.is_some() { every_kind.clone() } else { String::new() },
        frame,
    })
}

fn groups(found: &Finding, all: impl Fn(Found) -> String) -> Vec<Group> {
    let of = |(kind, name): (Found, &'static str)| {
        let (title, icon) = match kind {
            Found::Person => (tell!("word-people"), "people"),
            Found::Group => (tell!("word-groups"), "group"),
            Found::Application => (tell!("word-applications"), "code"),
            Found::Role => (tell!("word-roles"), "role"),
            Found::Place => (tell!("word-resources"), "tree"),
        };
        let hits = found.hits.iter().filter(|hit| hit.kind == kind).map(tell).collect();
        let all = if found.more.contains(&kind) { all(kind) } else { String::new() };
        Group { title, icon, kind: name, hits, all }
    };
    Found::ALL.map(of).into_iter().filter(|group| !group.hits.is_empty()).collect()
}

fn tell(hit: &Hit) -> view::search::Hit {
    let folder = match hit.kind {
        Found::Person => "people",
        Found::Group => "groups",
        Found::Application => "applications",
        Found::Role => "roles",
        Found::Place => "resources",
    };
    view::search::Hit {
        link: format!("/{folder}/{}", hit.id),
        name: hit.name.clone(),
        detail: hit.detail.clone(),
        disabled: hit.disabled,
    }
}
