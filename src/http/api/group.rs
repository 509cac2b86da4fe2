//! Groups, and who belongs to them.
use axum::{extract::State, http::StatusCode};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    answer::{Created, Outcomes, Page, created, done},
    assignment::{Assignment, AssignmentOutcome, Why, told},
};
use crate::{
    App,
    domain::{
        id::{PrincipalId, ScopeId},
        text::{Description, Justification, Name},
    },
    http::{
        Web,
        actor::Bearer,
        extract::{Json, Path},
        problem::ApiError,
    },
    service::{assignment, group},
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
    /// Where it lies.
    parent: ScopeId,
    /// How many belong to it directly.
    members: i64,
    /// Whether it carries a privileged role, so that changing it takes the right to assign that.
    protected: bool,
    /// The roles whose activation its members may approve.
    approves: Vec<String>,
}

impl From<group::Group> for Group {
    fn from(group: group::Group) -> Self {
        Self {
            principal: group.principal,
            scope: group.scope,
            name: group.name,
            description: group.description,
            parent: group.parent,
            members: group.members,
            protected: group.protected,
            approves: group.approves,
        }
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
    let groups = group::list(&app, &actor, None).await?;
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
    /// Where it lies; in the organisation if left out.
    parent: Option<ScopeId>,
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
    let NewGroup { name, description, parent } = body;
    let new = group::NewGroup { name, description, parent: parent.unwrap_or(ScopeId::ROOT) };
    Ok(created(group::create(&app, &actor, &new).await?.0))
}

/// A group with its members.
#[derive(Serialize, ToSchema)]
struct GroupDetail {
    /// The group.
    group: Group,
    /// The names of the places above it; empty if it lies in the organisation.
    place: String,
    /// Who belongs to it, or may activate belonging to it: assignments of Member at its scope.
    members: Vec<Assignment>,
    /// Who owns it, or may activate owning it: assignments of Owner at its scope.
    owners: Vec<Assignment>,
    /// What it is given or eligible for, for its members.
    carries: Vec<Assignment>,
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
    let group::Detail { group, place, members, owners, carries, .. } =
        group::show(&app, &actor, id).await?;
    let told = |list: Vec<assignment::Told>| list.into_iter().map(Assignment::from).collect();
    Ok(Json(GroupDetail {
        group: group.into(),
        place,
        members: told(members),
        owners: told(owners),
        carries: told(carries),
    }))
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
        (status = CREATED, body = Outcomes<AssignmentOutcome>, description = "All of them belong to it, or some of them wait"),
        (status = ACCEPTED, body = Outcomes<AssignmentOutcome>, description = "All of them wait for somebody else's word, since their author would gain by them"),
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
    done(group::remove(&app, &actor, id, principal, &body.justification).await)
}
