//! Emergencies and their reviews.
use axum::{extract::State, http::StatusCode};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    answer::{Page, done},
    cursor,
};
use crate::{
    App,
    domain::{
        emergency::ReviewVerdict,
        id::{PrincipalId, RequestId, RoleId, ScopeId},
        text::Justification,
        time::Instant,
    },
    http::{
        Web,
        actor::Bearer,
        extract::{Json, Path, Query},
        problem::ApiError,
    },
    service::emergency::{self, PAGE},
};

pub(super) fn routes() -> OpenApiRouter<Web> {
    OpenApiRouter::new().routes(routes!(review)).routes(routes!(list))
}

/// What a reviewer found.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Review {
    /// Whether it was an emergency.
    verdict: ReviewVerdict,
    /// What was found.
    note: Justification,
}

/// Closes the review of somebody else's emergency.
#[utoipa::path(
    post, path = "/requests/{id}/review", tag = "requests", request_body = Review,
    params(("id" = RequestId, Path, description = "The request that was an emergency")),
    responses((status = NO_CONTENT, description = "It is reviewed"))
)]
async fn review(
    State(app): State<App>,
    Bearer(actor): Bearer,
    Path(id): Path<RequestId>,
    Json(body): Json<Review>,
) -> Result<StatusCode, ApiError> {
    done(emergency::review(&app, &actor, id, body.verdict, &body.note).await)
}

/// An emergency with its review.
#[derive(Serialize, ToSchema)]
struct Emergency {
    /// The request.
    request: RequestId,
    /// Who.
    principal: PrincipalId,
    /// Their name.
    requester: String,
    /// Which role.
    role: RoleId,
    /// Its name.
    role_name: String,
    /// Where.
    scope: ScopeId,
    /// Its name.
    scope_name: String,
    /// Why, as they said.
    justification: String,
    /// When.
    opened_at: Instant,
    /// By when somebody must have looked at it.
    due_at: Instant,
    /// What somebody made of it.
    verdict: Option<ReviewVerdict>,
    /// In their words.
    note: String,
    /// Who that was.
    reviewer: Option<String>,
    /// When.
    closed_at: Option<Instant>,
}

impl From<emergency::Told> for Emergency {
    fn from(told: emergency::Told) -> Self {
        Self {
            request: told.request,
            principal: told.principal,
            requester: told.requester,
            role: told.role,
            role_name: told.role_name,
            scope: told.scope,
            scope_name: told.scope_name,
            justification: told.justification,
            opened_at: told.opened_at,
            due_at: told.due_at,
            verdict: told.verdict,
            note: told.note,
            reviewer: told.reviewer,
            closed_at: told.closed_at,
        }
    }
}

/// Which emergencies are wanted.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Wanted {
    /// Those that somebody has reviewed, or those that nobody has; all if left out.
    reviewed: Option<bool>,
    /// Where the page before ended.
    cursor: Option<String>,
}

/// The emergencies where one may read requests, newest first.
#[utoipa::path(
    get, path = "/emergencies", tag = "requests", params(Wanted),
    responses((status = OK, body = Page<Emergency>, description = "A page of emergencies"))
)]
async fn list(
    State(app): State<App>,
    Bearer(actor): Bearer,
    Query(wanted): Query<Wanted>,
) -> Result<Json<Page<Emergency>>, ApiError> {
    let after = cursor::List::Emergencies.read(&app.keys, wanted.cursor.as_deref())?;
    let found = emergency::list(&app, &actor, wanted.reviewed, after).await?;
    let next = cursor::end(&found, PAGE)
        .map(|last| cursor::List::Emergencies.write(&app.keys, &(last.opened_at, last.request)));
    Ok(Json(Page::of(found, next)))
}
