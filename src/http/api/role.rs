//! Roles.
use axum::{extract::State, http::StatusCode};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::answer::{Created, Page, created};
use crate::{
    App,
    domain::{
        id::RoleId,
        role::ScopeKind,
        text::{Description, Name},
        time::Instant,
    },
    http::{
        Web,
        actor::Bearer,
        extract::{Json, Path},
        problem::ApiError,
    },
    service::role::{self, Told},
};

pub(super) fn routes() -> OpenApiRouter<Web> {
    OpenApiRouter::new().routes(routes!(list, create)).routes(routes!(show))
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

/// A role to be made.
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
    let NewRole { name, description, privileged } = body;
    let new = role::NewRole { name, description, privileged };
    Ok(created(role::create(&app, &actor, &new).await?.0))
}
