//! Groups, and who belongs to them.
use axum::{extract::State, http::StatusCode};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    answer::{Created, Outcomes, Page, created},
    assignment::{Assignment, AssignmentOutcome, Why, told},
};
use crate::{
    App,
    domain::{
        id::{PrincipalId, ScopeId},
        text::{Description, Justification, Name},
    },
    error::Error,
    http::{
        Web,
        actor::Bearer,
        extract::{Json, Path},
        problem::ApiError,
    },
    service::group,
};

pub(super) fn routes() -> OpenApiRouter<Web> {
    OpenApiRouter::new()
        .routes(routes!(list, create))
        .routes(routes!(show))
        .routes(routes!(add))
        .routes(routes!(remove))
}

/// A group.
#[derive(Serialize, ToSchema)]
struct Group {
    /// The group.
    principal: PrincipalId,
    /// Its place in the tree, where Member and Owner are held.
    scope: ScopeId,
    /// Its name.
    name: String,
    /// What it is for.
    description: String,
    /// How many belong to it.
    members: i64,
    /// The roles whose activation its members may approve.
    approves: Vec<String>,
}

impl From<group::Group> for Group {
    fn from(group: group::Group) -> Self {
        let group::Group { principal, scope, name, description, members, approves } = group;
        Self { principal, scope, name, description, members, approves }
    }
}

/// All groups, by name.
#[utoipa::path(
    get, path = "/groups", tag = "people",
    responses((status = OK, body = Page<Group>, description = "The groups"))
)]
async fn list(
    State(app): State<App>,
    Bearer(actor): Bearer,
) -> Result<Json<Page<Group>>, ApiError> {
    let groups = group::list(&app, &actor).await?;
    Ok(Json(Page::whole(groups.into_iter().map(Group::from).collect())))
}

/// A group to be made.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewGroup {
    /// Its name.
    name: Name,
    /// What it is for.
    #[serde(default)]
    #[schema(required = false)]
    description: Description,
}

/// Makes a group, with nobody in it.
#[utoipa::path(
    post, path = "/groups", tag = "people", request_body = NewGroup,
    responses((status = CREATED, body = Created, description = "The group"))
)]
async fn create(
    State(app): State<App>,
    Bearer(actor): Bearer,
    Json(body): Json<NewGroup>,
) -> Result<(StatusCode, Json<Created>), ApiError> {
    Ok(created(group::create(&app, &actor, &body.name, &body.description).await?.0))
}

/// A group with its members.
#[derive(Serialize, ToSchema)]
struct GroupDetail {
    /// The group.
    group: Group,
    /// Who belongs to it: active assignments of Member at its scope.
    members: Vec<Assignment>,
}

/// One group with its members.
#[utoipa::path(
    get, path = "/groups/{id}", tag = "people",
    params(("id" = PrincipalId, Path, description = "The group")),
    responses((status = OK, body = GroupDetail, description = "The group"))
)]
async fn show(
    State(app): State<App>,
    Bearer(actor): Bearer,
    Path(id): Path<PrincipalId>,
) -> Result<Json<GroupDetail>, ApiError> {
    let (group, members) = group::show(&app, &actor, id).await?;
    let members = members.into_iter().map(Assignment::from).collect();
    Ok(Json(GroupDetail { group: group.into(), members }))
}

/// People to add to a group.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewMembers {
    /// Whom; 100 at most.
    #[schema(min_items = 1, max_items = 100)]
    principals: Vec<PrincipalId>,
    /// Why.
    #[serde(default)]
    #[schema(required = false)]
    justification: Justification,
}

/// Adds people to a group, for good. One person's refusal does not stop the others.
#[utoipa::path(
    post, path = "/groups/{id}/members", tag = "people", request_body = NewMembers,
    params(("id" = PrincipalId, Path, description = "The group")),
    responses(
        (status = CREATED, body = Outcomes<AssignmentOutcome>, description = "All of them belong to it"),
        (status = MULTI_STATUS, body = Outcomes<AssignmentOutcome>, description = "Some do not; each outcome says why"),
    )
)]
async fn add(
    State(app): State<App>,
    Bearer(actor): Bearer,
    Path(id): Path<PrincipalId>,
    Json(body): Json<NewMembers>,
) -> Result<(StatusCode, Json<Outcomes<AssignmentOutcome>>), ApiError> {
    told(group::add(&app, &actor, id, body.principals, &body.justification).await?)
}

/// Takes somebody out of a group at once.
#[utoipa::path(
    post, path = "/groups/{id}/members/{principal}/remove", tag = "people", request_body = Why,
    params(
        ("id" = PrincipalId, Path, description = "The group"),
        ("principal" = PrincipalId, Path, description = "Whom"),
    ),
    responses((status = NO_CONTENT, description = "They no longer belong to it"))
)]
async fn remove(
    State(app): State<App>,
    Bearer(actor): Bearer,
    Path((id, principal)): Path<(PrincipalId, PrincipalId)>,
    Json(body): Json<Why>,
) -> Result<StatusCode, ApiError> {
    match group::remove(&app, &actor, id, principal, &body.justification).await {
        Ok(()) | Err(Error::Repeated(_)) => Ok(StatusCode::NO_CONTENT),
        Err(error) => Err(error.into()),
    }
}
