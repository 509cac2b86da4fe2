//! Giving and taking roles.
use axum::{
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use serde::{Deserialize, Deserializer, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    answer::{Created, Outcomes, Page, created, outcomes, status},
    change_request::{ChangeRequest, accepted},
    cursor,
};
use crate::{
    App,
    domain::{
        actor::Actor,
        assignment::{AssignmentEnd, AssignmentKind, AssignmentOrigin},
        id::{AssignmentId, ChangeRequestId, PrincipalId, RequestId, RoleId, ScopeId},
        text::Justification,
        time::Instant,
    },
    error::Error,
    http::{
        Web,
        actor::Bearer,
        extract::{Json, Path, Query},
        problem::{ApiError, Problem},
    },
    service::{
        assignment::{self, Assign, Assigned, Filter, NewDates, PAGE, Told},
        change_request::Outcome,
    },
};

pub(super) fn routes() -> OpenApiRouter<Web> {
    OpenApiRouter::new()
        .routes(routes!(list, assign))
        .routes(routes!(show, update))
        .routes(routes!(remove))
        .routes(routes!(make_eligible))
        .routes(routes!(make_active))
}

/// An assignment: a principal, a role, a scope and a window.
#[derive(Serialize, ToSchema)]
pub(super) struct Assignment {
    /// Which.
    id: AssignmentId,
    /// Eligible or active.
    kind: AssignmentKind,
    /// Assigned by an administrator, or activated by its holder.
    origin: AssignmentOrigin,
    /// Whose.
    principal: PrincipalId,
    /// The name of the person or group.
    holder: String,
    /// The account's name.
    account: String,
    /// Whether that account is disabled, so that none of this has effect.
    disabled: bool,
    /// The role.
    role: RoleId,
    /// Its name.
    role_name: String,
    /// Whether it is privileged.
    privileged: bool,
    /// Where.
    scope: ScopeId,
    /// That place's name.
    scope_name: String,
    /// From when.
    starts_at: Instant,
    /// Until when; none if for good.
    ends_at: Option<Instant>,
    /// When it was ended.
    ended_at: Option<Instant>,
    /// Why it was ended.
    end_reason: Option<AssignmentEnd>,
    /// Why it was made.
    justification: String,
    /// When it was made.
    created_at: Instant,
    /// By whom.
    created_by: Option<String>,
    /// The request that an activation came from.
    request: Option<RequestId>,
    /// The eligibility that an activation rests on.
    eligibility: Option<AssignmentId>,
    /// When its holder last had the role actively, for eligible ones.
    last_used: Option<Instant>,
}

impl From<Told> for Assignment {
    fn from(told: Told) -> Self {
        Self {
            id: told.id,
            kind: told.kind,
            origin: told.origin,
            principal: told.principal,
            holder: told.holder,
            account: told.account,
            disabled: told.disabled,
            role: told.role,
            role_name: told.role_name,
            privileged: told.privileged,
            scope: told.scope,
            scope_name: told.scope_name,
            starts_at: told.starts_at,
            ends_at: told.ends_at,
            ended_at: told.ended_at,
            end_reason: told.end_reason,
            justification: told.justification,
            created_at: told.created_at,
            created_by: told.created_by,
            request: told.request,
            eligibility: told.eligibility,
            last_used: told.last_used,
        }
    }
}

/// Which assignments are wanted.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Wanted {
    /// Those of this account; without the permission `roles.read` only one's own.
    principal: Option<PrincipalId>,
    /// Those of this role.
    role: Option<RoleId>,
    /// Those at this scope.
    scope: Option<ScopeId>,
    /// Those of this kind.
    kind: Option<AssignmentKind>,
    /// The latest that are over, instead of those that are not.
    over: Option<bool>,
    /// Where the page before ended.
    cursor: Option<String>,
}

/// Assignments, in the order of their making; or the latest that are over.
#[utoipa::path(
    get, path = "/assignments", tag = "assignments", params(Wanted),
    responses((status = OK, body = Page<Assignment>, description = "A page of assignments"))
)]
async fn list(
    State(app): State<App>,
    Bearer(actor): Bearer,
    Query(wanted): Query<Wanted>,
) -> Result<Json<Page<Assignment>>, ApiError> {
    let filter = Filter {
        principal: wanted.principal,
        role: wanted.role,
        scope: wanted.scope,
        kind: wanted.kind,
        over: wanted.over.unwrap_or_default(),
        after: cursor::List::Assignments.read(&app.keys, wanted.cursor.as_deref())?,
    };
    let found = assignment::list(&app, &actor, filter).await?;
    let next = cursor::end(&found, PAGE)
        .filter(|_| !filter.over)
        .map(|last| cursor::List::Assignments.write(&app.keys, &last.id));
    Ok(Json(Page::of(found, next)))
}

/// One assignment.
#[utoipa::path(
    get, path = "/assignments/{id}", tag = "assignments",
    params(("id" = AssignmentId, Path, description = "The assignment")),
    responses((status = OK, body = Assignment, description = "The assignment"))
)]
async fn show(
    State(app): State<App>,
    Bearer(actor): Bearer,
    Path(id): Path<AssignmentId>,
) -> Result<Json<Assignment>, ApiError> {
    Ok(Json(assignment::show(&app, &actor, id).await?.into()))
}

/// A role for one person or several.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "principals": ["01938f3a-5f10-7cc2-b8a5-3f1c6f6f2a11"],
    "role": "01938f3a-5f10-7cc2-b8a5-3f1c6f6f2a12",
    "kind": "eligible",
    "ends_at": "2027-01-31T17:00:00Z",
    "justification": "On call until the end of January"
}))]
struct NewAssignment {
    /// To whom; 100 at most.
    #[schema(min_items = 1, max_items = 100)]
    principals: Vec<PrincipalId>,
    /// Which role.
    role: RoleId,
    /// Where; in the whole organisation if left out.
    scope: Option<ScopeId>,
    /// Eligible or active.
    kind: AssignmentKind,
    /// From when; at once if left out.
    starts_at: Option<Instant>,
    /// Until when; for good if left out.
    ends_at: Option<Instant>,
    /// Why.
    #[serde(default)]
    #[schema(required = false)]
    justification: Justification,
    /// A code from one's authenticator, if the role's terms ask for one.
    code: Option<String>,
}

/// What became of one person's assignment.
#[derive(Serialize, ToSchema)]
pub(super) struct AssignmentOutcome {
    /// Who was to get it.
    principal: PrincipalId,
    /// The status that the answer would have, had this been the only person.
    #[schema(example = 201)]
    status: u16,
    /// The assignment.
    assignment: Option<AssignmentId>,
    /// The change that waits for somebody else's word instead, since its author would gain by it.
    change_request: Option<ChangeRequestId>,
    /// Why there is none.
    problem: Option<Problem>,
}

/// Tells what became of each person's assignment.
pub(super) fn told(
    assigned: Vec<Assigned>,
) -> Result<(StatusCode, Json<Outcomes<AssignmentOutcome>>), ApiError> {
    let parts = assigned.into_iter().map(|Assigned { principal, outcome }| {
        let (assignment, change_request, problem) = match outcome {
            Ok(Outcome::Done(id)) => (Some(id), None, None),
            Ok(Outcome::Waits(id)) => (None, Some(id), None),
            Err(error) => (None, None, Some(Problem::from(&error))),
        };
        let status = match change_request {
            Some(_) => StatusCode::ACCEPTED.as_u16(),
            None => status(problem.as_ref()),
        };
        AssignmentOutcome { principal, status, assignment, change_request, problem }
    });
    let parts: Vec<_> = parts.collect();
    let wait = parts.iter().all(|part| part.change_request.is_some());
    let (status, body) = outcomes(parts, |outcome| outcome.problem.as_ref())?;
    Ok((if wait { StatusCode::ACCEPTED } else { status }, body))
}

/// Assigns a role to one person or several. One person's refusal does not stop the others.
#[utoipa::path(
    post, path = "/assignments", tag = "assignments", request_body = NewAssignment,
    responses(
        (status = CREATED, body = Outcomes<AssignmentOutcome>, description = "All of them were made, or some of them wait"),
        (status = ACCEPTED, body = Outcomes<AssignmentOutcome>, description = "All of them wait for somebody else's word, since their author would gain by them"),
        (status = MULTI_STATUS, body = Outcomes<AssignmentOutcome>, description = "Some were not made; each outcome says why"),
    )
)]
async fn assign(
    State(app): State<App>,
    Bearer(actor): Bearer,
    Json(body): Json<NewAssignment>,
) -> Result<(StatusCode, Json<Outcomes<AssignmentOutcome>>), ApiError> {
    let wanted = Assign {
        principals: body.principals,
        role: body.role,
        scope: body.scope.unwrap_or(ScopeId::ROOT),
        kind: body.kind,
        starts_at: body.starts_at,
        ends_at: body.ends_at,
        justification: body.justification,
    };
    told(assignment::assign(&app, &actor, &wanted, body.code.as_deref()).await?)
}

/// Other dates.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Dates {
    /// From when; stays as it is if left out.
    starts_at: Option<Instant>,
    /// Until when: stays as it is if left out, for good if null.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<Instant>)]
    #[expect(clippy::option_option, reason = "left out and null are not the same")]
    ends_at: Option<Option<Instant>>,
    /// Why.
    #[serde(default)]
    #[schema(required = false)]
    justification: Justification,
    /// A code from one's authenticator, if it is for more time and the role's terms ask for one.
    code: Option<String>,
}

/// Tells a field that is null from one that is left out.
#[expect(clippy::option_option, reason = "left out, null, and given are three things")]
fn given<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Option<Instant>>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}

/// Gives an assignment other dates. Activations that rest on it never outlast it.
#[utoipa::path(
    patch, path = "/assignments/{id}", tag = "assignments", request_body = Dates,
    params(("id" = AssignmentId, Path, description = "The assignment")),
    responses(
        (status = NO_CONTENT, description = "It has the new dates"),
        (status = ACCEPTED, body = ChangeRequest, description = "It waits for somebody else's word, since its author would gain by it"),
    )
)]
async fn update(
    State(app): State<App>,
    Bearer(actor): Bearer,
    Path(id): Path<AssignmentId>,
    Json(body): Json<Dates>,
) -> Result<Response, ApiError> {
    let ends_at = match body.ends_at {
        Some(ends_at) => ends_at,
        None => assignment::show(&app, &actor, id).await?.ends_at,
    };
    let dates = NewDates {
        starts_at: body.starts_at,
        ends_at,
        reason: &body.justification,
        code: body.code.as_deref(),
    };
    match assignment::update(&app, &actor, id, dates).await? {
        Outcome::Done(()) => Ok(StatusCode::NO_CONTENT.into_response()),
        Outcome::Waits(id) => Ok(accepted(&app, &actor, id).await?.into_response()),
    }
}

/// Why something is done.
#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Why {
    /// Why.
    #[serde(default)]
    #[schema(required = false)]
    pub(super) justification: Justification,
}

/// Takes a role away at once. What rests on it ends in the same moment.
#[utoipa::path(
    post, path = "/assignments/{id}/remove", tag = "assignments", request_body = Why,
    params(("id" = AssignmentId, Path, description = "The assignment")),
    responses((status = NO_CONTENT, description = "It has ended"))
)]
async fn remove(
    State(app): State<App>,
    Bearer(actor): Bearer,
    Path(id): Path<AssignmentId>,
    Json(body): Json<Why>,
) -> Result<StatusCode, ApiError> {
    match assignment::remove(&app, &actor, id, &body.justification).await {
        Ok(()) | Err(Error::Repeated(_)) => Ok(StatusCode::NO_CONTENT),
        Err(error) => Err(error.into()),
    }
}

/// Why an assignment becomes one of the other kind.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Convert {
    /// Why.
    #[serde(default)]
    #[schema(required = false)]
    justification: Justification,
    /// A code from one's authenticator, if the role's terms ask for one.
    code: Option<String>,
}

/// Makes an active assignment eligible: the old one ends and a new one begins in one moment.
#[utoipa::path(
    post, path = "/assignments/{id}/make-eligible", tag = "assignments", request_body = Convert,
    params(("id" = AssignmentId, Path, description = "The active assignment")),
    responses(
        (status = CREATED, body = Created, description = "The eligible assignment"),
        (status = ACCEPTED, body = ChangeRequest, description = "It waits for somebody else's word, since its author would gain by it"),
    )
)]
async fn make_eligible(
    State(app): State<App>,
    Bearer(actor): Bearer,
    Path(id): Path<AssignmentId>,
    Json(body): Json<Convert>,
) -> Result<Response, ApiError> {
    convert(&app, &actor, id, AssignmentKind::Eligible, body).await
}

/// Makes an eligible assignment active: the old one ends and a new one begins in one moment.
#[utoipa::path(
    post, path = "/assignments/{id}/make-active", tag = "assignments", request_body = Convert,
    params(("id" = AssignmentId, Path, description = "The eligible assignment")),
    responses(
        (status = CREATED, body = Created, description = "The active assignment"),
        (status = ACCEPTED, body = ChangeRequest, description = "It waits for somebody else's word, since its author would gain by it"),
    )
)]
async fn make_active(
    State(app): State<App>,
    Bearer(actor): Bearer,
    Path(id): Path<AssignmentId>,
    Json(body): Json<Convert>,
) -> Result<Response, ApiError> {
    convert(&app, &actor, id, AssignmentKind::Active, body).await
}

async fn convert(
    app: &App,
    actor: &Actor,
    id: AssignmentId,
    to: AssignmentKind,
    body: Convert,
) -> Result<Response, ApiError> {
    let Convert { justification, code } = body;
    match assignment::convert(app, actor, id, to, &justification, code.as_deref()).await? {
        Outcome::Done(made) => Ok(created(made.0).into_response()),
        Outcome::Waits(id) => Ok(accepted(app, actor, id).await?.into_response()),
    }
}
