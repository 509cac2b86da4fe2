//! Roles and their terms.
use axum::{extract::State, http::StatusCode};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::answer::{Created, Page, created};
use crate::{
    App,
    domain::{
        id::{PrincipalId, RoleId, ScopeId, SettingsId},
        permission::{Permission, Permissions},
        role::ScopeKind,
        settings::{Difference, Settings},
        text::{Description, Justification, Name},
        time::Instant,
    },
    error::Error,
    http::{
        Web,
        actor::Bearer,
        extract::{Json, Path, Query},
        problem::ApiError,
    },
    service::{
        role::{self, Told},
        settings::{self, Version},
    },
};

pub(super) fn routes() -> OpenApiRouter<Web> {
    OpenApiRouter::new()
        .routes(routes!(list, create))
        .routes(routes!(show, change))
        .routes(routes!(retire))
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
    fn terms(self) -> Result<role::Terms, Error> {
        let known = |name: &String| Permission::named(name).is_some();
        if !self.permissions.iter().all(known) {
            return Err(Error::invalid("permissions", "there is no such permission"));
        }
        Ok(role::Terms {
            name: self.name,
            description: self.description,
            privileged: self.privileged,
            scope_kinds: self.scope_kinds.unwrap_or_else(|| role::USUAL_KINDS.to_vec()),
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
    Ok(created(role::create(&app, &actor, &body.terms()?).await?.0))
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

/// Changes a role that the organisation made. Nobody widens a role that they can come to hold themself.
#[utoipa::path(
    put, path = "/roles/{id}", tag = "roles", request_body = ChangedRole,
    params(("id" = RoleId, Path, description = "The role")),
    responses((status = NO_CONTENT, description = "It is so"))
)]
async fn change(
    State(app): State<App>,
    Bearer(actor): Bearer,
    Path(id): Path<RoleId>,
    Json(body): Json<ChangedRole>,
) -> Result<StatusCode, ApiError> {
    let to = body.role.terms()?;
    let wanted = role::RoleChange { role: id, to, reason: body.justification };
    role::change(&app, &actor, &wanted).await?;
    Ok(StatusCode::NO_CONTENT)
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

/// Writes the next version of a role's terms.
#[utoipa::path(
    put, path = "/roles/{id}/settings", tag = "roles", request_body = NextSettings,
    params(("id" = RoleId, Path, description = "The role"), Place),
    responses((status = OK, body = Written, description = "The version"))
)]
async fn save(
    State(app): State<App>,
    Bearer(actor): Bearer,
    Path(id): Path<RoleId>,
    Query(place): Query<Place>,
    Json(body): Json<NextSettings>,
) -> Result<Json<Written>, ApiError> {
    let NextSettings { settings: terms, after, reason } = body;
    let written = settings::save(&app, &actor, id, place.scope(), &terms, after, &reason).await?;
    Ok(Json(Written { id: written, number: after.saturating_add(1) }))
}
