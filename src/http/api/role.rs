//! Roles and their terms.
use axum::{
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    answer::{Created, Page, created},
    change_request::{self, ChangeRequest},
};
use crate::{
    App,
    domain::{
        id::{PrincipalId, RoleId, ScopeId, SettingsId},
        role::ScopeKind,
        settings::{Difference, Settings},
        text::{Description, Justification, Name},
        time::Instant,
    },
    http::{
        Web,
        actor::Bearer,
        extract::{Json, Path, Query},
        problem::ApiError,
    },
    service::{
        role::{self, Told},
        settings::{self, Saved, Version},
    },
};

pub(super) fn routes() -> OpenApiRouter<Web> {
    OpenApiRouter::new()
        .routes(routes!(list, create))
        .routes(routes!(show))
        .routes(routes!(terms, save))
        .routes(routes!(versions))
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

/// Where the terms are to be looked up.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Place {
    /// The scope; the whole organisation if left out.
    scope: Option<ScopeId>,
}

impl Place {
    fn scope(&self) -> ScopeId {
        self.scope.unwrap_or(ScopeId::ROOT)
    }
}

/// One frozen version of a role's terms.
#[derive(Serialize, ToSchema)]
struct SettingsVersion {
    /// Which.
    id: SettingsId,
    /// Counted from 1.
    number: i32,
    /// The scope that it was written for.
    scope: ScopeId,
    /// The terms.
    settings: Settings,
    /// Who wrote it; none for the terms that ship with Latchkey.
    author: Option<String>,
    /// Why.
    reason: String,
    /// When.
    created_at: Instant,
}

impl From<Version> for SettingsVersion {
    fn from(version: Version) -> Self {
        Self {
            id: version.id,
            number: version.number,
            scope: version.scope,
            settings: version.settings,
            author: version.author,
            reason: version.reason,
            created_at: version.created_at,
        }
    }
}

/// The terms in force.
#[derive(Serialize, ToSchema)]
struct RoleSettings {
    /// The version in force.
    current: SettingsVersion,
    /// Who may approve.
    approvers: Vec<Approver>,
    /// How many enabled people those come to.
    approving_people: usize,
}

/// Somebody who may approve, or a group whose members may.
#[derive(Serialize, ToSchema)]
struct Approver {
    /// The account or group.
    principal: PrincipalId,
    /// The name.
    name: String,
    /// Whether it is a group.
    is_group: bool,
}

/// The terms on which a role may be held.
#[utoipa::path(
    get, path = "/roles/{id}/settings", tag = "roles",
    params(("id" = RoleId, Path, description = "The role"), Place),
    responses((status = OK, body = RoleSettings, description = "The terms in force"))
)]
async fn terms(
    State(app): State<App>,
    Bearer(actor): Bearer,
    Path(id): Path<RoleId>,
    Query(place): Query<Place>,
) -> Result<Json<RoleSettings>, ApiError> {
    let detail = settings::show(&app, &actor, id, place.scope()).await?;
    let approvers = detail.approvers.into_iter().map(|(principal, name, is_group)| Approver {
        principal,
        name,
        is_group,
    });
    Ok(Json(RoleSettings {
        current: detail.current.into(),
        approvers: approvers.collect(),
        approving_people: detail.approving_people,
    }))
}

/// A version with what it changed.
#[derive(Serialize, ToSchema)]
struct PastVersion {
    /// The version.
    #[serde(flatten)]
    version: SettingsVersion,
    /// What differs from the version before.
    difference: Vec<Difference>,
}

/// All versions of a role's terms, newest first, each with what it changed.
#[utoipa::path(
    get, path = "/roles/{id}/settings/versions", tag = "roles",
    params(("id" = RoleId, Path, description = "The role"), Place),
    responses((status = OK, body = Page<PastVersion>, description = "The versions"))
)]
async fn versions(
    State(app): State<App>,
    Bearer(actor): Bearer,
    Path(id): Path<RoleId>,
    Query(place): Query<Place>,
) -> Result<Json<Page<PastVersion>>, ApiError> {
    let detail = settings::show(&app, &actor, id, place.scope()).await?;
    let versions = detail
        .history
        .into_iter()
        .map(|(version, difference)| PastVersion { version: version.into(), difference });
    Ok(Json(Page::whole(versions.collect())))
}

/// The next version of a role's terms.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NextSettings {
    /// The terms, all of them.
    settings: Settings,
    /// The number of the version that one has seen: if there is a newer one, nothing is written.
    after: i32,
    /// Why they change.
    reason: Justification,
}

/// A version that was written.
#[derive(Serialize, ToSchema)]
struct Written {
    /// Which.
    id: SettingsId,
    /// Its number.
    number: i32,
}

/// Writes the next version of a role's terms. Weaker terms of a privileged role wait for a second administrator.
#[utoipa::path(
    put, path = "/roles/{id}/settings", tag = "roles", request_body = NextSettings,
    params(("id" = RoleId, Path, description = "The role"), Place),
    responses(
        (status = OK, body = Written, description = "The version"),
        (status = ACCEPTED, body = ChangeRequest, description = "The change waits for a second administrator"),
    )
)]
async fn save(
    State(app): State<App>,
    Bearer(actor): Bearer,
    Path(id): Path<RoleId>,
    Query(place): Query<Place>,
    Json(body): Json<NextSettings>,
) -> Result<Response, ApiError> {
    let NextSettings { settings: terms, after, reason } = body;
    match settings::save(&app, &actor, id, place.scope(), &terms, after, &reason).await? {
        Saved::Written(id) => {
            Ok(Json(Written { id, number: after.saturating_add(1) }).into_response())
        }
        Saved::Waits(id) => Ok(change_request::accepted(&app, &actor, id).await?.into_response()),
    }
}
