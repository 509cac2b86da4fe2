//! Places: the tree in which roles are held.
use axum::{
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    answer::{Created, Page, created, done},
    change_request::{ChangeRequest, accepted},
};
use crate::{
    App,
    domain::{
        assignment::AssignmentKind,
        id::{AssignmentId, PrincipalId, RoleId, ScopeId},
        role::ScopeKind,
        text::{Description, Justification, Name},
        time::Instant,
    },
    error::Error,
    http::{
        Web,
        actor::Bearer,
        extract::{Json, Path},
        problem::ApiError,
    },
    service::{change_request::Outcome, scope},
};

pub(super) fn routes() -> OpenApiRouter<Web> {
    OpenApiRouter::new()
        .routes(routes!(list, create))
        .routes(routes!(show, rename))
        .routes(routes!(relocate))
        .routes(routes!(retire))
}

/// A place.
#[derive(Serialize, ToSchema)]
struct Scope {
    /// Which.
    id: ScopeId,
    /// Where it lies; none for the organisation.
    parent: Option<ScopeId>,
    /// What it is.
    kind: ScopeKind,
    /// The group whose place it is.
    group: Option<PrincipalId>,
    /// Its name.
    name: String,
    /// What it is for.
    description: String,
    /// When it was retired.
    retired_at: Option<Instant>,
    /// How many places lie in it.
    children: i64,
    /// How many eligible assignments there are at it.
    eligible: i64,
    /// How many hold a role at it.
    active: i64,
}

impl From<scope::Told> for Scope {
    fn from(told: scope::Told) -> Self {
        Self {
            id: told.id,
            parent: told.parent,
            kind: told.kind,
            group: told.group,
            name: told.name,
            description: told.description,
            retired_at: told.retired_at,
            children: told.children,
            eligible: told.eligible,
            active: told.active,
        }
    }
}

/// Somebody who holds a role at a place.
#[derive(Serialize, ToSchema)]
struct Holding {
    /// The assignment.
    assignment: AssignmentId,
    /// Eligible or active.
    kind: AssignmentKind,
    /// Who.
    principal: PrincipalId,
    /// Their name.
    holder: String,
    /// Which role.
    role: RoleId,
    /// Its name.
    role_name: String,
    /// Whether it is privileged.
    privileged: bool,
    /// Where it is held.
    scope: ScopeId,
    /// The name of that place.
    scope_name: String,
    /// Until when, if it ends.
    ends_at: Option<Instant>,
}

fn holdings(held: Vec<scope::Holding>) -> Vec<Holding> {
    held.into_iter()
        .map(|held| Holding {
            assignment: held.assignment,
            kind: held.kind,
            principal: held.principal,
            holder: held.holder,
            role: held.role,
            role_name: held.role_name,
            privileged: held.privileged,
            scope: held.scope,
            scope_name: held.scope_name,
            ends_at: held.ends_at,
        })
        .collect()
}

/// A place by its name.
#[derive(Serialize, ToSchema)]
struct Place {
    /// Which.
    id: ScopeId,
    /// What it is.
    kind: ScopeKind,
    /// Its name, or its names from above.
    name: String,
}

fn places(places: Vec<scope::Place>) -> Vec<Place> {
    places
        .into_iter()
        .map(|place| Place { id: place.id, kind: place.kind, name: place.path })
        .collect()
}

/// A place with what lies around it.
#[derive(Serialize, ToSchema)]
struct ScopeDetail {
    /// The place.
    scope: Scope,
    /// The places from the organisation down to it.
    way: Vec<Place>,
    /// What lies in it; a thousand at most.
    inside: Vec<Scope>,
    /// Who holds what here; five hundred at most.
    here: Vec<Holding>,
    /// Who holds what above, which counts here too; five hundred at most.
    inherited: Vec<Holding>,
}

/// The topmost places that one may see: the organisation, for those who may see all of it.
#[utoipa::path(
    get, path = "/scopes", tag = "scopes",
    responses((status = OK, body = Page<Scope>, description = "The places"))
)]
async fn list(
    State(app): State<App>,
    Bearer(actor): Bearer,
) -> Result<Json<Page<Scope>>, ApiError> {
    let roots = scope::roots(&app, &actor).await?;
    Ok(Json(Page::whole(roots.into_iter().map(Scope::from).collect())))
}

/// One place with what lies in it, and who holds what there.
#[utoipa::path(
    get, path = "/scopes/{id}", tag = "scopes",
    params(("id" = ScopeId, Path, description = "The place")),
    responses((status = OK, body = ScopeDetail, description = "The place"))
)]
async fn show(
    State(app): State<App>,
    Bearer(actor): Bearer,
    Path(id): Path<ScopeId>,
) -> Result<Json<ScopeDetail>, ApiError> {
    let node = scope::show(&app, &actor, id).await?;
    Ok(Json(ScopeDetail {
        scope: node.told.into(),
        way: places(node.way),
        inside: node.inside.into_iter().map(Scope::from).collect(),
        here: holdings(node.here),
        inherited: holdings(node.inherited),
    }))
}

/// A place to be made.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewScope {
    /// Where it lies.
    parent: ScopeId,
    /// A folder, a system or a resource.
    kind: ScopeKind,
    /// Its name.
    name: Name,
    /// What it is for.
    #[serde(default)]
    #[schema(required = false)]
    description: Description,
}

/// Makes a place. Folders and systems lie in folders or in the organisation, resources anywhere but in groups.
#[utoipa::path(
    post, path = "/scopes", tag = "scopes", request_body = NewScope,
    responses((status = CREATED, body = Created, description = "The place"))
)]
async fn create(
    State(app): State<App>,
    Bearer(actor): Bearer,
    Json(body): Json<NewScope>,
) -> Result<(StatusCode, Json<Created>), ApiError> {
    let NewScope { parent, kind, name, description } = body;
    let new = scope::NewScope { parent, kind, name, description };
    Ok(created(scope::create(&app, &actor, &new).await?.0))
}

/// Another name for a place.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewName {
    /// Its name.
    name: Name,
    /// What it is for.
    #[serde(default)]
    #[schema(required = false)]
    description: Description,
}

/// Gives a place another name and description.
#[utoipa::path(
    patch, path = "/scopes/{id}", tag = "scopes", request_body = NewName,
    params(("id" = ScopeId, Path, description = "The place")),
    responses((status = NO_CONTENT, description = "It is called so now"))
)]
async fn rename(
    State(app): State<App>,
    Bearer(actor): Bearer,
    Path(id): Path<ScopeId>,
    Json(body): Json<NewName>,
) -> Result<StatusCode, ApiError> {
    done(scope::rename(&app, &actor, id, &body.name, &body.description).await)
}

/// Another place for a place.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Move {
    /// Where it shall lie.
    to: ScopeId,
    /// Why.
    #[serde(default)]
    #[schema(required = false)]
    justification: Justification,
    /// Only say what it would do.
    #[serde(default)]
    #[schema(required = false)]
    preview: bool,
}

/// What moving a place does, or did.
#[derive(Serialize, ToSchema)]
struct MoveEffect {
    /// Whether it was only looked at.
    preview: bool,
    /// Who holds what above where it lay, and no longer counts there.
    lose: Vec<Holding>,
    /// Who holds what above where it lies, and counts there from then on.
    gain: Vec<Holding>,
    /// How many activations end.
    ending: usize,
    /// How many open requests are closed.
    closing: usize,
    /// Whether its author would gain by it: then it waits for somebody else's word.
    gains: bool,
    /// Whether the settings of a privileged role become weaker: then it waits for somebody else's word.
    weakens: bool,
}

/// Puts a place, with all that lies below it, into another one; with `preview`, only says what that would do.
#[utoipa::path(
    post, path = "/scopes/{id}/move", tag = "scopes", request_body = Move,
    params(("id" = ScopeId, Path, description = "The place")),
    responses(
        (status = OK, body = MoveEffect, description = "What it does"),
        (status = ACCEPTED, body = ChangeRequest, description = "It waits for somebody else's word"),
    )
)]
async fn relocate(
    State(app): State<App>,
    Bearer(actor): Bearer,
    Path(id): Path<ScopeId>,
    Json(body): Json<Move>,
) -> Result<Response, ApiError> {
    let Move { to, justification, preview } = body;
    let effect = if preview {
        scope::preview_move(&app, &actor, id, to).await?
    } else {
        match scope::relocate(&app, &actor, id, to, &justification).await? {
            Outcome::Done(effect) => effect,
            Outcome::Waits(id) => return Ok(accepted(&app, &actor, id).await?.into_response()),
        }
    };
    Ok(Json(MoveEffect {
        preview,
        lose: holdings(effect.lose),
        gain: holdings(effect.gain),
        ending: effect.ending,
        closing: effect.closing,
        gains: effect.gains,
        weakens: effect.weakens,
    })
    .into_response())
}

/// Why a place is retired.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Retire {
    /// Why.
    #[serde(default)]
    #[schema(required = false)]
    justification: Justification,
    /// Only say what it would do.
    #[serde(default)]
    #[schema(required = false)]
    preview: bool,
}

/// What retiring a place does, or did.
#[derive(Serialize, ToSchema)]
struct RetireEffect {
    /// Whether it was only looked at.
    preview: bool,
    /// The places that go with it.
    places: Vec<Place>,
    /// Who loses what; five hundred at most.
    holdings: Vec<Holding>,
    /// How many assignments and activations end.
    assignments: i64,
    /// How many open requests are closed.
    requests: i64,
}

/// Takes a place, and everything below it, out of use: what is held there ends at once. With `preview`, only says so.
#[utoipa::path(
    post, path = "/scopes/{id}/retire", tag = "scopes", request_body = Retire,
    params(("id" = ScopeId, Path, description = "The place")),
    responses((status = OK, body = RetireEffect, description = "What it does"))
)]
async fn retire(
    State(app): State<App>,
    Bearer(actor): Bearer,
    Path(id): Path<ScopeId>,
    Json(body): Json<Retire>,
) -> Result<Json<RetireEffect>, ApiError> {
    let Retire { justification, preview } = body;
    let effect = if preview {
        scope::preview_retire(&app, &actor, id).await?
    } else {
        match scope::retire(&app, &actor, id, &justification).await {
            Err(Error::Repeated(_)) => scope::RetireEffect::default(),
            effect => effect?,
        }
    };
    Ok(Json(RetireEffect {
        preview,
        places: places(effect.places),
        holdings: holdings(effect.holdings),
        assignments: effect.assignments,
        requests: effect.requests,
    }))
}
