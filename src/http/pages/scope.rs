//! Places in the tree: looking, making, renaming, moving and retiring them.
use axum::extract::Path;
use axum_extra::extract::Query;
use serde::Deserialize;

use super::{
    done::Done,
    faults::Faults,
    page::{Answer, Opened, Page, Posted, answer, done, id, new_key, show},
    say::{self, Reader},
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
    service::scope::{self, Holding, Node, Told},
};

/// What a kind of place is called.
#[must_use]
pub fn kind(kind: ScopeKind) -> &'static str {
    match kind {
        ScopeKind::Organization => "Organisation",
        ScopeKind::Folder => "Folder",
        ScopeKind::System => "System",
        ScopeKind::Resource => "Resource",
        ScopeKind::Group => "Group",
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
    let until =
        held.ends_at.map(|end| format!("until {}", reader.instant(end).text)).unwrap_or_default();
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

fn creation(parent: ScopeKind, faults: &mut Faults, form: Option<&Form>) -> NewScope {
    let kinds: &[(&str, &str)] = match parent {
        ScopeKind::Organization | ScopeKind::Folder => {
            &[("folder", "Folder"), ("system", "System"), ("resource", "Resource")]
        }
        ScopeKind::System | ScopeKind::Resource => &[("resource", "Resource")],
        ScopeKind::Group => &[],
    };
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
        kinds: kinds.iter().map(|(value, label)| Choice::new(*value, *label)).collect(),
    }
}

/// Makes a place in another.
pub async fn create(Path(place): Path<String>, posted: Posted<Form>) -> Answer {
    let Posted { page, form } = posted;
    let parent: ScopeId = id(&place, "resource")?;
    let mut faults = Faults::default();
    let name: Option<Name> = faults.read("name", &form.name);
    let description: Option<Description> = faults.read("description", &form.description);
    let kind = match form.kind.as_str() {
        "folder" => Some(ScopeKind::Folder),
        "system" => Some(ScopeKind::System),
        "resource" => Some(ScopeKind::Resource),
        _ => {
            faults.note("kind", "Choose a folder, a system or a resource.");
            None
        }
    };
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
        let may_lie = match node.told.kind {
            ScopeKind::Folder | ScopeKind::System => {
                matches!(place.kind, ScopeKind::Organization | ScopeKind::Folder)
            }
            ScopeKind::Resource | ScopeKind::Group | ScopeKind::Organization => {
                place.kind != ScopeKind::Group
            }
        };
        may_lie && place.id != id && Some(place.id) != node.told.parent
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
    let label = if place.path.is_empty() { "The whole organisation" } else { place.path.as_str() };
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
            "activation",
        ),
    }
}

fn ends(ended: i64, closed: i64, what: &str) -> Vec<String> {
    let counted = |number: i64, what: &str| say::count(usize::try_from(number).unwrap_or(0), what);
    [
        (ended > 0).then(|| format!("{} end at once.", counted(ended, what))),
        (closed > 0).then(|| format!("{} are closed.", counted(closed, "open request"))),
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
        faults.note("parent", "Choose where it shall lie.");
    }
    let reason: Option<Justification> = faults.read("justification", &form.justification);
    let (Some(to), Some(reason)) = (to, reason) else {
        return draw_move(&page, id, faults, &form).await;
    };
    match scope::relocate(&page.app, &page.actor, id, to, &reason).await {
        Ok(_) => done(&format!("/resources/{id}"), Done::PlaceMoved),
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
        ends: ends(effect.assignments, effect.requests, "assignment"),
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
