//! Places in the tree: looking, making, renaming, moving and retiring them.
use axum::extract::Path;
use axum_extra::extract::Query;
use serde::Deserialize;

use super::{
    done::Done,
    faults::Faults,
    page::{Answer, Opened, Page, Posted, answer, done, id, new_key, show},
    say::Reader,
    view::{
        form::{Choice, Field},
        frame::Section,
        scope::{
            Crumb, HoldingRow, MoveEffect, MoveScope, NewScope, RenameScope, RetireScope, Scope,
            ScopeRow, Scopes,
        },
        status::{Kind, Status},
    },
};
use crate::{
    domain::{
        assignment::AssignmentKind,
        id::ScopeId,
        permission::Permission,
        role::ScopeKind,
        text::{Description, Justification, Name},
    },
    http::language::tell,
    service::{
        change_request::Outcome,
        scope::{self, Holding, Node, Told},
    },
};

/// What a kind of place is called.
#[must_use]
pub fn kind(kind: ScopeKind) -> String {
    match kind {
        ScopeKind::Organization => tell!("scope-organisation"),
        ScopeKind::Folder => tell!("scope-folder"),
        ScopeKind::System => tell!("scope-system"),
        ScopeKind::Resource => tell!("scope-resource"),
        ScopeKind::Group => tell!("word-group"),
    }
}

/// What the forms of one place send.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Form {
    kind: String,
    name: String,
    description: String,
    idempotency_key: Option<String>,
}

/// Where the reader's sight of the tree begins.
pub async fn list(page: Page) -> Answer {
    let roots = scope::roots(&page.app, &page.actor).await?;
    if let [only] = roots.as_slice() {
        return draw(&page, only.id, Faults::default(), &Form::default()).await;
    }
    let opened = page.open(Section::Resources).await?;
    show(&Scopes { rows: roots.iter().map(row).collect(), frame: opened.frame })
}

fn row(told: &Told) -> ScopeRow {
    ScopeRow {
        link: match told.group {
            Some(group) => format!("/groups/{group}"),
            None => format!("/resources/{}", told.id),
        },
        name: told.name.clone(),
        kind: kind(told.kind),
        purpose: told.description.clone(),
        children: told.children,
        eligible: told.eligible,
        active: told.active,
    }
}

/// Somebody's role, at `here` or elsewhere.
pub fn holding(held: &Holding, here: ScopeId, reader: &Reader) -> HoldingRow {
    let until = held
        .ends_at
        .map(|end| tell!("word-until-of-inside", end = reader.instant(end).text))
        .unwrap_or_default();
    let state = match (held.kind, held.activated) {
        (AssignmentKind::Eligible, _) => Kind::Eligible,
        (AssignmentKind::Active, _) => Kind::Active,
    };
    HoldingRow {
        link: format!("/assignments/{}", held.assignment),
        who: held.holder.clone(),
        role: held.role_name.clone(),
        privileged: held.privileged,
        scope: if held.scope == here { String::new() } else { held.scope_name.clone() },
        status: Status::new(state, until),
    }
}

/// One place.
pub async fn one(page: Page, Path(place): Path<String>) -> Answer {
    draw(&page, id(&place, "resource")?, Faults::default(), &Form::default()).await
}

async fn draw(page: &Page, id: ScopeId, mut faults: Faults, form: &Form) -> Answer {
    let node = scope::show(&page.app, &page.actor, id).await?;
    let Opened { frame, reader, .. } = page.open(Section::Resources).await?;
    let status = faults.status();
    // The two forms of the page have the same fields; which one was sent can be told by its kind.
    let (creating, renaming) =
        if form.kind.is_empty() { (None, Some(form)) } else { (Some(form), None) };
    let Node { told, way, inside, here, inherited, may_manage, may_assign } = &node;
    let movable = *may_manage && told.kind != ScopeKind::Organization;
    let create = may_manage.then(|| creation(told.kind, &mut faults, creating));
    let rename = (movable && told.kind != ScopeKind::Group).then(|| {
        let typed = renaming.filter(|form| !form.name.is_empty());
        RenameScope {
            name: faults.take("name", typed.map_or(&told.name, |form| &form.name)),
            purpose: faults
                .take("description", typed.map_or(&told.description, |form| &form.description)),
        }
    });
    let view = Scope {
        action: format!("/resources/{id}"),
        name: told.name.clone(),
        kind: kind(told.kind),
        purpose: told.description.clone(),
        retired: told.retired_at.is_some(),
        way: way.iter().filter(|place| place.id != id).map(crumb).collect(),
        inside: inside.iter().map(row).collect(),
        here: here.iter().map(|held| holding(held, id, &reader)).collect(),
        inherited: inherited.iter().map(|held| holding(held, id, &reader)).collect(),
        create,
        rename,
        may_move: movable,
        assign: if *may_assign { format!("/roles?scope={id}") } else { String::new() },
        problems: faults.rest(),
        frame,
    };
    answer(status, &view)
}

fn crumb(place: &scope::Place) -> Crumb {
    Crumb { link: format!("/resources/{}", place.id), name: place.path.clone() }
}

/// The kinds of place that are made on the page of the one above, as forms name them; groups have a page of their own.
const MADE_HERE: [(ScopeKind, &str); 3] = [
    (ScopeKind::Folder, "folder"),
    (ScopeKind::System, "system"),
    (ScopeKind::Resource, "resource"),
];

fn creation(parent: ScopeKind, faults: &mut Faults, form: Option<&Form>) -> NewScope {
    let nothing = Form::default();
    let form = form.unwrap_or(&nothing);
    let mut take = |name, value: &String| {
        if form.kind.is_empty() { Field::new(value) } else { faults.take(name, value) }
    };
    NewScope {
        idempotency_key: form.idempotency_key.clone().unwrap_or_else(new_key),
        kind: take("kind", &form.kind),
        name: take("name", &form.name),
        purpose: take("description", &form.description),
        kinds: MADE_HERE
            .into_iter()
            .filter(|(made, _)| made.may_lie_in(parent))
            .map(|(made, value)| Choice::new(value, kind(made)))
            .collect(),
    }
}

/// Makes a place in another.
pub async fn create(Path(place): Path<String>, posted: Posted<Form>) -> Answer {
    let Posted { page, form } = posted;
    let parent: ScopeId = id(&place, "resource")?;
    let mut faults = Faults::default();
    let name: Option<Name> = faults.read("name", &form.name);
    let description: Option<Description> = faults.read("description", &form.description);
    let kind = MADE_HERE.into_iter().find_map(|(made, value)| (value == form.kind).then_some(made));
    if kind.is_none() {
        faults.note("kind", tell!("scope-choose-a-folder-a-system"));
    }
    let (Some(name), Some(description), Some(kind)) = (name, description, kind) else {
        return draw(&page, parent, faults, &form).await;
    };
    let new = scope::NewScope { parent, kind, name, description };
    match scope::create(&page.app, &page.actor, &new).await {
        Ok(_) => done(&format!("/resources/{parent}"), Done::PlaceMade),
        Err(error) => draw(&page, parent, Faults::of(error)?, &form).await,
    }
}

/// Renames a place.
pub async fn rename(Path(place): Path<String>, posted: Posted<Form>) -> Answer {
    let Posted { page, form } = posted;
    let form = Form { kind: String::new(), ..form };
    let id: ScopeId = id(&place, "resource")?;
    let mut faults = Faults::default();
    let name: Option<Name> = faults.read("name", &form.name);
    let description: Option<Description> = faults.read("description", &form.description);
    let (Some(name), Some(description)) = (name, description) else {
        return draw(&page, id, faults, &form).await;
    };
    match scope::rename(&page.app, &page.actor, id, &name, &description).await {
        Ok(()) => done(&format!("/resources/{id}"), Done::Renamed),
        Err(error) => draw(&page, id, Faults::of(error)?, &form).await,
    }
}

/// Where a place shall lie, in the address or in the form.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Move {
    to: String,
    justification: String,
}

/// Moving a place: choosing where to, and what that does.
pub async fn choose_move(
    page: Page,
    Path(place): Path<String>,
    Query(form): Query<Move>,
) -> Answer {
    draw_move(&page, id(&place, "resource")?, Faults::default(), &form).await
}

async fn draw_move(page: &Page, id: ScopeId, mut faults: Faults, form: &Move) -> Answer {
    let node = scope::show(&page.app, &page.actor, id).await?;
    let places = scope::choices(&page.app, &page.actor, Permission::ManageScopes, None).await?;
    let fits = |place: &&scope::Place| {
        node.told.kind.may_lie_in(place.kind)
            && place.id != id
            && Some(place.id) != node.told.parent
    };
    let choices: Vec<_> = places.iter().filter(fits).map(choice).collect();
    let Opened { frame, reader, .. } = page.open(Section::Resources).await?;
    let to: Option<ScopeId> = form.to.parse().ok();
    let effect = match to {
        None => None,
        Some(to) => match scope::preview_move(&page.app, &page.actor, id, to).await {
            Ok(effect) => {
                let name = choices.iter().find(|choice| choice.value == form.to);
                Some(tell_move(&effect, name.map_or("there", |choice| &choice.label), &reader))
            }
            Err(error) if faults.is_empty() => {
                faults = Faults::of(error)?;
                None
            }
            Err(_) => None,
        },
    };
    let status = faults.status();
    let view = MoveScope {
        action: format!("/resources/{id}"),
        name: node.told.name.clone(),
        to: faults.take("parent", &form.to),
        places: choices,
        effect,
        reason: faults.take("justification", &form.justification),
        problems: faults.rest(),
        frame,
    };
    answer(status, &view)
}

/// A place to choose.
#[must_use]
pub fn choice(place: &scope::Place) -> Choice {
    let label = if place.path.is_empty() {
        tell!("word-the-whole-organisation")
    } else {
        place.path.clone()
    };
    Choice::new(place.id.to_string(), label).hint(kind(place.kind))
}

fn tell_move(effect: &scope::MoveEffect, to: &str, reader: &Reader) -> MoveEffect {
    let rows = |held: &[Holding]| {
        held.iter().map(|held| holding(held, ScopeId::default(), reader)).collect()
    };
    MoveEffect {
        to: to.to_owned(),
        lose: rows(&effect.lose),
        gain: rows(&effect.gain),
        ends: ends(
            i64::try_from(effect.ending).unwrap_or(i64::MAX),
            i64::try_from(effect.closing).unwrap_or(i64::MAX),
            "scope-activations-end",
        ),
        waits: effect.waits().map_or_else(String::new, |why| {
            tell!("scope-another-administrator-who-gains-nothing", why = why)
        }),
    }
}

fn ends(ended: i64, closed: i64, what: &str) -> Vec<String> {
    [
        (ended > 0).then(|| tell!(what, count = ended)),
        (closed > 0).then(|| tell!("word-requests-closed", count = closed)),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// Moves a place.
pub async fn relocate(Path(place): Path<String>, posted: Posted<Move>) -> Answer {
    let Posted { page, form } = posted;
    let id: ScopeId = id(&place, "resource")?;
    let mut faults = Faults::default();
    let to: Option<ScopeId> = form.to.parse().ok();
    if to.is_none() {
        faults.note("parent", tell!("scope-choose-where-it-shall-lie"));
    }
    let reason: Option<Justification> = faults.read("justification", &form.justification);
    let (Some(to), Some(reason)) = (to, reason) else {
        return draw_move(&page, id, faults, &form).await;
    };
    match scope::relocate(&page.app, &page.actor, id, to, &reason).await {
        Ok(Outcome::Done(_)) => done(&format!("/resources/{id}"), Done::PlaceMoved),
        Ok(Outcome::Waits(change)) => done(&format!("/changes/{change}"), Done::ChangeWaits),
        Err(error) => draw_move(&page, id, Faults::of(error)?, &form).await,
    }
}

/// Why a place is retired.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Why {
    justification: String,
}

/// Retiring a place: what that does.
pub async fn consider_retiring(page: Page, Path(place): Path<String>) -> Answer {
    draw_retire(&page, id(&place, "resource")?, Faults::default(), &Why::default()).await
}

async fn draw_retire(page: &Page, id: ScopeId, mut faults: Faults, form: &Why) -> Answer {
    let node = scope::show(&page.app, &page.actor, id).await?;
    let effect = scope::preview_retire(&page.app, &page.actor, id).await?;
    let Opened { frame, reader, .. } = page.open(Section::Resources).await?;
    let status = faults.status();
    let view = RetireScope {
        action: format!("/resources/{id}"),
        name: node.told.name.clone(),
        places: effect.places.iter().map(|place| place.path.clone()).collect(),
        holdings: effect.holdings.iter().map(|held| holding(held, id, &reader)).collect(),
        ends: ends(effect.assignments, effect.requests, "scope-assignments-end"),
        reason: faults.take("justification", &form.justification),
        problems: faults.rest(),
        frame,
    };
    answer(status, &view)
}

/// Retires a place.
pub async fn retire(Path(place): Path<String>, posted: Posted<Why>) -> Answer {
    let Posted { page, form } = posted;
    let id: ScopeId = id(&place, "resource")?;
    let mut faults = Faults::default();
    let Some(reason) = faults.read::<Justification>("justification", &form.justification) else {
        return draw_retire(&page, id, faults, &form).await;
    };
    let parent = scope::show(&page.app, &page.actor, id).await?.told.parent;
    match scope::retire(&page.app, &page.actor, id, &reason).await {
        Ok(_) => {
            done(&format!("/resources/{}", parent.unwrap_or(ScopeId::ROOT)), Done::PlaceRetired)
        }
        Err(error) => draw_retire(&page, id, Faults::of(error)?, &form).await,
    }
}
