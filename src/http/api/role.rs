//! Roles.
use axum::{
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    answer::{Created, Page, created},
    change_request::{ChangeRequest, accepted},
};
use crate::{
    App,
    domain::{
        id::RoleId,
        permission::{Permission, Permissions},
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
    service::{
        change_request::Outcome,
        role::{self, Told},
    },
};

pub(super) fn routes() -> OpenApiRouter<Web> {
    OpenApiRouter::new()
        .routes(routes!(list, create))
        .routes(routes!(show, change))
        .routes(routes!(retire))
}

/// A role.
#[derive(Serialize, ToSchema)]
struct Role {
    /// Which.
    id: RoleId,
    /// Its name.
    name: String,
    /// What it lets one do.
    description: String,
    /// Whether it ships with Latchkey.
    built_in: bool,
    /// Whether it is privileged.
    privileged: bool,
    /// What it allows in Latchkey itself.
    permissions: Vec<String>,
    /// Where it can be held.
    scope_kinds: Vec<ScopeKind>,
    /// When it was retired.
    retired_at: Option<Instant>,
    /// How many eligible assignments there are.
    eligible: i64,
    /// How many hold it without activation.
    assigned: i64,
    /// How many have activated it.
    activated: i64,
}

impl From<Told> for Role {
    fn from(told: Told) -> Self {
        Self {
            id: told.id,
            name: told.name,
            description: told.description,
            built_in: told.built_in,
            privileged: told.privileged,
            permissions: told.permissions,
            scope_kinds: told.scope_kinds,
            retired_at: told.retired_at,
            eligible: told.eligible,
            assigned: told.assigned,
            activated: told.activated,
        }
    }
}

/// All roles, by name.
#[utoipa::path(
    get, path = "/roles", tag = "roles",
    responses((status = OK, body = Page<Role>, description = "The roles"))
)]
async fn list(State(app): State<App>, Bearer(actor): Bearer) -> Result<Json<Page<Role>>, ApiError> {
    let roles = role::list(&app, &actor).await?;
    Ok(Json(Page::whole(roles.into_iter().map(Role::from).collect())))
}

/// One role.
#[utoipa::path(
    get, path = "/roles/{id}", tag = "roles",
    params(("id" = RoleId, Path, description = "The role")),
    responses((status = OK, body = Role, description = "The role"))
)]
async fn show(
    State(app): State<App>,
    Bearer(actor): Bearer,
    Path(id): Path<RoleId>,
) -> Result<Json<Role>, ApiError> {
    Ok(Json(role::show(&app, &actor, id).await?.into()))
}

/// A role to be made, or as it is to be.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewRole {
    /// Its name.
    name: Name,
    /// What it lets one do.
    #[serde(default)]
    #[schema(required = false)]
    description: Description,
    /// Whether it is privileged.
    privileged: bool,
    /// Where it can be held; anywhere but at groups if left out.
    #[serde(default)]
    #[schema(required = false)]
    scope_kinds: Option<Vec<ScopeKind>>,
    /// What it allows in Latchkey; what changes anything makes it privileged.
    #[serde(default)]
    #[schema(required = false)]
    permissions: Vec<String>,
}

impl NewRole {
    fn definition(self) -> Result<role::Definition, Error> {
        let known = |name: &String| Permission::named(name).is_some();
        if !self.permissions.iter().all(known) {
            return Err(Error::invalid("permissions", "there is no such permission"));
        }
        Ok(role::Definition {
            name: self.name,
            description: self.description,
            privileged: self.privileged,
            scope_kinds: self.scope_kinds.unwrap_or_else(|| ScopeKind::USUAL.to_vec()),
            permissions: Permissions::named(&self.permissions),
        })
    }
}

/// Makes a role, on careful first terms.
#[utoipa::path(
    post, path = "/roles", tag = "roles", request_body = NewRole,
    responses((status = CREATED, body = Created, description = "The role"))
)]
async fn create(
    State(app): State<App>,
    Bearer(actor): Bearer,
    Json(body): Json<NewRole>,
) -> Result<(StatusCode, Json<Created>), ApiError> {
    Ok(created(role::create(&app, &actor, &body.definition()?).await?.0))
}

/// What a role is from now on.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ChangedRole {
    /// All of it.
    role: NewRole,
    /// Why.
    #[serde(default)]
    #[schema(required = false)]
    justification: Justification,
}

/// Changes a role that the organisation made. What its author would gain by waits for somebody else's word; so does a role that is no longer to be privileged.
#[utoipa::path(
    put, path = "/roles/{id}", tag = "roles", request_body = ChangedRole,
    params(("id" = RoleId, Path, description = "The role")),
    responses(
        (status = NO_CONTENT, description = "It is so"),
        (status = ACCEPTED, body = ChangeRequest, description = "It waits for somebody else's word"),
    )
)]
async fn change(
    State(app): State<App>,
    Bearer(actor): Bearer,
    Path(id): Path<RoleId>,
    Json(body): Json<ChangedRole>,
) -> Result<Response, ApiError> {
    let to = body.role.definition()?;
    let wanted = role::RoleChange { role: id, to, reason: body.justification };
    match role::change(&app, &actor, &wanted).await? {
        Outcome::Done(()) => Ok(StatusCode::NO_CONTENT.into_response()),
        Outcome::Waits(id) => Ok(accepted(&app, &actor, id).await?.into_response()),
    }
}

/// Whether and why a role is retired.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct RetireRole {
    /// Why.
    #[serde(default)]
    #[schema(required = false)]
    justification: Justification,
    /// Only say what it would do.
    #[serde(default)]
    #[schema(required = false)]
    preview: bool,
}

/// What retiring a role does, or did.
#[derive(Serialize, ToSchema)]
struct RoleRetireEffect {
    /// Whether it was only looked at.
    preview: bool,
    /// How many assignments and activations end.
    assignments: i64,
    /// How many open requests are closed.
    requests: i64,
}

/// Takes a role out of use: what is held of it ends at once. With `preview`, only says so.
#[utoipa::path(
    post, path = "/roles/{id}/retire", tag = "roles", request_body = RetireRole,
    params(("id" = RoleId, Path, description = "The role")),
    responses((status = OK, body = RoleRetireEffect, description = "What it does"))
)]
async fn retire(
    State(app): State<App>,
    Bearer(actor): Bearer,
    Path(id): Path<RoleId>,
    Json(body): Json<RetireRole>,
) -> Result<Json<RoleRetireEffect>, ApiError> {
    let RetireRole { justification, preview } = body;
    let effect = if preview {
        role::preview_retire(&app, &actor, id).await?
    } else {
        match role::retire(&app, &actor, id, &justification).await {
            Err(Error::Repeated(_)) => role::RetireEffect::default(),
            effect => effect?,
        }
    };
    let role::RetireEffect { assignments, requests } = effect;
    Ok(Json(RoleRetireEffect { preview, assignments, requests }))
}
