//! What a person can do at most.
use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{answer::Page, cursor};
use crate::{
    App,
    domain::{
        extent::{Claim, Effort, Passage},
        id::{AssignmentId, PrincipalId, RoleId, ScopeId},
    },
    http::{
        Web,
        actor::Bearer,
        extract::{Json, Path, Query},
        problem::ApiError,
    },
    service::extent::{self, Explained, Filter, Reached},
};

pub(super) fn routes() -> OpenApiRouter<Web> {
    OpenApiRouter::new().routes(routes!(list))
}

/// One step of the way to a role.
#[derive(Serialize, ToSchema)]
struct ExtentStep {
    /// The step in words.
    words: String,
    /// Where it leads: an account, an application or a group.
    principal: Option<PrincipalId>,
    /// How it leads there.
    passage: Option<Passage>,
    /// The assignment that is had there.
    assignment: Option<AssignmentId>,
    /// How it is had.
    claim: Option<Claim>,
    /// The place at which the role before allows giving roles.
    gives_at: Option<ScopeId>,
    /// Whether somebody else has to approve this step.
    approval: bool,
}

impl From<Explained> for ExtentStep {
    fn from(step: Explained) -> Self {
        let nothing = Self {
            words: step.words(),
            principal: None,
            passage: None,
            assignment: None,
            claim: None,
            gives_at: None,
            approval: false,
        };
        match step {
            Explained::Way { passage, into, approval, .. } => {
                Self { principal: Some(into), passage: Some(passage), approval, ..nothing }
            }
            Explained::Has { assignment, claim, approval, .. } => {
                Self { assignment: Some(assignment), claim: Some(claim), approval, ..nothing }
            }
            Explained::Given { scope, .. } => Self { gives_at: Some(scope), ..nothing },
        }
    }
}

/// A role at a place that somebody holds, or could come to hold.
#[derive(Serialize, ToSchema)]
struct ReachedRole {
    /// The role.
    role: RoleId,
    /// Its name.
    role_name: String,
    /// Whether it is privileged.
    privileged: bool,
    /// Where. It counts there and below.
    scope: ScopeId,
    /// The names of that place and those above it; empty for the organisation.
    path: String,
    /// What it takes.
    effort: Effort,
    /// The steps that lead there, of all ways that which takes least.
    steps: Vec<ExtentStep>,
}

impl From<Reached> for ReachedRole {
    fn from(reached: Reached) -> Self {
        Self {
            role: reached.role,
            role_name: reached.role_name,
            privileged: reached.privileged,
            scope: reached.scope,
            path: reached.path,
            effort: reached.effort,
            steps: reached.steps.into_iter().map(ExtentStep::from).collect(),
        }
    }
}

/// Which of them are wanted.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Wanted {
    /// Those that take this.
    effort: Option<Effort>,
    /// Where the page before ended.
    cursor: Option<String>,
}

/// Every role at every place that a person holds or could come to hold, by which steps, and whose help those take; what takes
/// least first. Everybody may see their own.
#[utoipa::path(
    get, path = "/people/{id}/extent", tag = "people",
    params(("id" = PrincipalId, Path, description = "The account"), Wanted),
    responses((status = OK, body = Page<ReachedRole>, description = "A page of roles"))
)]
async fn list(
    State(app): State<App>,
    Bearer(actor): Bearer,
    Path(id): Path<PrincipalId>,
    Query(wanted): Query<Wanted>,
) -> Result<Json<Page<ReachedRole>>, ApiError> {
    let after = cursor::List::Extent.read(&app.keys, wanted.cursor.as_deref())?;
    let filter = Filter { effort: wanted.effort, after };
    let found = extent::list(&app, &actor, id, &filter).await?;
    let next = found.next.map(|next| cursor::List::Extent.write(&app.keys, &next));
    Ok(Json(Page::of(found.rows, next)))
}
