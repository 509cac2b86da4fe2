//! The terms of roles.
use axum::{
    extract::State,
    response::{IntoResponse as _, Response},
};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    answer::Page,
    change_request::{self, ChangeRequest},
};
use crate::{
    App,
    domain::{
        approval::Resilience,
        id::{RoleId, ScopeId, SettingsId},
        settings::{Declared, Difference, Field, Fields, Settings},
        text::Justification,
        time::Instant,
    },
    http::{
        Web,
        actor::Bearer,
        extract::{Json, Path, Query},
        problem::ApiError,
    },
    service::settings::{self, Detail, FieldAt, Names, Outcome, Save, Version},
};

pub(super) fn routes() -> OpenApiRouter<Web> {
    OpenApiRouter::new().routes(routes!(terms, save)).routes(routes!(versions))
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
    /// The terms in force there with it, its own and those that it inherits.
    settings: Settings,
    /// The fields that are its own.
    own: Fields,
    /// Those of its own that nobody below may change.
    enforced: Fields,
    /// The name of the template that it came from.
    template: Option<String>,
    /// The version above that made it necessary.
    because: Option<SettingsId>,
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
            own: version.own,
            enforced: version.enforced,
            template: version.template,
            because: version.because,
            author: version.author,
            reason: version.reason,
            created_at: version.created_at,
        }
    }
}

/// The terms in force at a scope.
#[derive(Serialize, ToSchema)]
struct RoleSettings {
    /// The scope.
    scope: ScopeId,
    /// Its name.
    scope_name: String,
    /// The number of the newest version at the scope itself; 0 if it has none and only inherits.
    number: i32,
    /// The version in force, at the scope or at the nearest one above that has one.
    current: SettingsVersion,
    /// Where each field comes from.
    fields: Vec<FieldSource>,
    /// What the approval hangs by, if there is one.
    resilience: Option<Resilience>,
    /// The names of the people, groups and roles that the terms name by their identifiers.
    #[schema(value_type = std::collections::BTreeMap<String, String>)]
    names: Names,
    /// Whether the asker may change the terms here.
    may_change: bool,
}

/// Where a field comes from.
#[derive(Serialize, ToSchema)]
struct FieldSource {
    /// Which.
    field: Field,
    /// Its value, in words.
    value: String,
    /// The scope that it comes from.
    scope: ScopeId,
    /// The name of that scope.
    scope_name: String,
    /// The number of the version there.
    version: i32,
    /// The name of the template that this version came from.
    template: Option<String>,
    /// Whether the scope that was asked about says this itself.
    own: bool,
    /// Whether it is enforced above, so that it cannot be changed here.
    locked: bool,
    /// Whether it is enforced from here on down.
    enforced: bool,
    /// What the scope says itself, while something enforced above overrules it.
    set_aside: Option<String>,
}

impl From<FieldAt> for FieldSource {
    fn from(at: FieldAt) -> Self {
        Self {
            field: at.field,
            value: at.value,
            scope: at.from,
            scope_name: at.from_name,
            version: at.from_version,
            template: at.template,
            own: at.own,
            locked: at.locked,
            enforced: at.enforced,
            set_aside: at.set_aside,
        }
    }
}

impl From<Detail> for RoleSettings {
    fn from(detail: Detail) -> Self {
        Self {
            scope: detail.place.id,
            scope_name: detail.place.name,
            number: detail.number,
            current: detail.current.into(),
            fields: detail.fields.into_iter().map(FieldSource::from).collect(),
            resilience: detail.resilience,
            names: detail.names,
            may_change: detail.may_change,
        }
    }
}

/// The terms on which a role may be held at a scope, and where each of them comes from.
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
    Ok(Json(settings::show(&app, &actor, id, place.scope()).await?.into()))
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

/// All versions of a role's terms at a scope itself, newest first, each with what it changed.
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

/// The next version of a role's terms at a scope.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NextSettings {
    /// The terms, all of them. What is in fields that are not the scope's own means nothing.
    settings: Settings,
    /// The fields that are the scope's own; all others are inherited. All that are not enforced above, if left out.
    own: Option<Fields>,
    /// Those of its own that nobody below may change. If left out, none.
    #[serde(default)]
    #[schema(required = false)]
    enforced: Fields,
    /// The number of the newest version at the scope that one has seen, 0 if there is none: if there is a newer one, nothing
    /// is written.
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
    /// How many scopes below got a new version because of it.
    below: usize,
}

/// Writes the next version of a role's terms at a scope, and at every scope below whose terms follow from it. Weaker terms of
/// a privileged role wait for a second administrator.
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
    let NextSettings { settings: terms, own, enforced, after, reason } = body;
    let own = match own {
        Some(own) => own,
        None if place.scope() == ScopeId::ROOT => Field::all(),
        None => settings::unlocked(&app, &actor, id, place.scope()).await?,
    };
    let save = Save {
        role: id,
        scope: place.scope(),
        own: Declared { settings: terms, own, enforced },
        after,
        template: None,
        reason,
    };
    match settings::save(&app, &actor, &save).await? {
        Outcome::Done(settings::Written { id, number, below }) => {
            Ok(Json(Written { id, number, below }).into_response())
        }
        Outcome::Waits(id) => Ok(change_request::accepted(&app, &actor, id).await?.into_response()),
    }
}
