//! Who is told of what about a role, and how one wants to be told oneself.
use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::answer::Page;
use crate::{
    App,
    domain::{
        id::{RoleId, ScopeId},
        notice::{
            occasion::{Audience, Occasion},
            preference::Preferences,
            rule::{Notices, Rule},
        },
    },
    http::{
        Web,
        actor::Bearer,
        extract::{Json, Path, Query},
        problem::ApiError,
    },
    service::notice::{self, Counted},
};

pub(super) fn routes() -> OpenApiRouter<Web> {
    OpenApiRouter::new()
        .routes(routes!(mine, choose))
        .routes(routes!(rules))
        .routes(routes!(preview))
}

/// How one wants to be told of what asks nothing of one.
#[utoipa::path(
    get, path = "/me/notices", tag = "me",
    responses((status = OK, body = Preferences, description = "What one has chosen"))
)]
async fn mine(
    State(app): State<App>,
    Bearer(actor): Bearer,
) -> Result<Json<Preferences>, ApiError> {
    Ok(Json(notice::mine(&app, &actor).await?))
}

/// Says how one wants to be told. What asks something of one always comes at once.
#[utoipa::path(
    put, path = "/me/notices", tag = "me", request_body = Preferences,
    responses((status = OK, body = Preferences, description = "What one has chosen"))
)]
async fn choose(
    State(app): State<App>,
    Bearer(actor): Bearer,
    Json(chosen): Json<Preferences>,
) -> Result<Json<Preferences>, ApiError> {
    notice::choose(&app, &actor, &chosen).await?;
    Ok(Json(notice::mine(&app, &actor).await?))
}

/// Where the rules are to be looked up.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Place {
    /// The scope; the whole organisation if left out.
    scope: Option<ScopeId>,
}

/// Who is told of one occasion, in one part.
#[derive(Serialize, ToSchema)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
struct Cell {
    /// What happens.
    occasion: Occasion,
    /// Who is told.
    audience: Audience,
    /// Whether it asks something of them.
    asks: bool,
    /// Whether nobody can switch it off.
    fixed: bool,
    /// Whether other addresses may be told as well.
    takes_others: bool,
    /// The rule.
    rule: Rule,
    /// Whether that is what ships.
    shipped: bool,
    /// How many people this tells; none if that is whoever it is about.
    people: Option<usize>,
    /// How many of them in the summary of the day.
    in_summary: usize,
    /// How many further addresses.
    addresses: usize,
}

impl From<Counted> for Cell {
    fn from(counted: Counted) -> Self {
        let cell = counted.cell;
        Self {
            occasion: cell.occasion,
            audience: cell.audience,
            asks: cell.asks(),
            fixed: cell.is_fixed(),
            takes_others: cell.takes_others(),
            rule: counted.rule,
            shipped: counted.shipped,
            people: counted.people,
            in_summary: counted.in_summary,
            addresses: counted.addresses,
        }
    }
}

fn cells(counted: Vec<Counted>) -> Json<Page<Cell>> {
    Json(Page::whole(counted.into_iter().map(Cell::from).collect()))
}

/// Who is told of what about a role at a scope, and how many that are.
#[utoipa::path(
    get, path = "/roles/{id}/notices", tag = "roles",
    params(("id" = RoleId, Path, description = "The role"), Place),
    responses((status = OK, body = Page<Cell>, description = "Every occasion with every audience"))
)]
async fn rules(
    State(app): State<App>,
    Bearer(actor): Bearer,
    Path(id): Path<RoleId>,
    Query(place): Query<Place>,
) -> Result<Json<Page<Cell>>, ApiError> {
    let scope = place.scope.unwrap_or(ScopeId::ROOT);
    Ok(cells(notice::preview(&app, &actor, (id, scope), None).await?))
}

/// Rules that are not written.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Proposed {
    /// The rules that differ from what ships.
    notices: Notices,
}

/// How many people rules would tell, before they are written with the terms of the role. Nothing changes.
#[utoipa::path(
    post, path = "/roles/{id}/notices/preview", tag = "roles", request_body = Proposed,
    params(("id" = RoleId, Path, description = "The role"), Place),
    responses((status = OK, body = Page<Cell>, description = "Every occasion with every audience"))
)]
async fn preview(
    State(app): State<App>,
    Bearer(actor): Bearer,
    Path(id): Path<RoleId>,
    Query(place): Query<Place>,
    Json(body): Json<Proposed>,
) -> Result<Json<Page<Cell>>, ApiError> {
    let scope = place.scope.unwrap_or(ScopeId::ROOT);
    Ok(cells(notice::preview(&app, &actor, (id, scope), Some(&body.notices)).await?))
}
