//! Asking who holds what: the hottest path.
use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    App,
    domain::{
        id::{AssignmentId, PrincipalId, RoleId, ScopeId},
        time::Instant,
    },
    error::Error,
    http::{Web, actor::Shown, extract::Json, problem::ApiError},
    service::access_check::{self, Question},
};

/// How many questions may be asked at once.
const MOST: usize = 100;

pub(super) fn routes() -> OpenApiRouter<Web> {
    OpenApiRouter::new().routes(routes!(check))
}

/// Questions.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "checks": [{
    "principal": "01938f3a-5f10-7cc2-b8a5-3f1c6f6f2a11",
    "role": "01938f3a-5f10-7cc2-b8a5-3f1c6f6f2a12"
}] }))]
struct Checks {
    /// One question or several, 100 at most.
    #[schema(min_items = 1, max_items = 100)]
    checks: Vec<Check>,
    /// Whether each answer says by which way the role is held.
    #[serde(default)]
    #[schema(required = false)]
    explain: bool,
}

/// Does this account hold this role there, at this moment?
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Check {
    /// The account; oneself if left out.
    principal: Option<PrincipalId>,
    /// The role.
    role: RoleId,
    /// Where; in the whole organisation if left out.
    scope: Option<ScopeId>,
}

/// Answers.
#[derive(Serialize, ToSchema)]
struct Answers {
    /// In the order of the questions.
    answers: Vec<Answer>,
}

/// An answer, true at the instant that it names.
#[derive(Serialize, ToSchema)]
struct Answer {
    /// Whether the role is held.
    allowed: bool,
    /// When that was so, by the database's clock.
    at: Instant,
    /// Until when it is, if nothing changes and if it ends at all.
    until: Option<Instant>,
    /// The assignment that gives it.
    assignment: Option<AssignmentId>,
    /// The group that has it, if it is held by belonging to one.
    through: Option<PrincipalId>,
    /// Where it is held: at the place that was asked about, or above.
    held_at: Option<ScopeId>,
    /// With `explain`: the way from the account to the role, by groups and then down from the place where it is held.
    #[serde(skip_serializing_if = "Option::is_none")]
    path: Option<Vec<Step>>,
}

/// A step of the way by which a role is held.
#[derive(Serialize, ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
enum Step {
    /// The account, or the group before, belongs to this group.
    Group {
        /// The group.
        id: PrincipalId,
        /// Its name.
        name: String,
    },
    /// The role is held here and counts below.
    Scope {
        /// The place.
        id: ScopeId,
        /// Its name.
        name: String,
    },
}

impl From<access_check::Step> for Step {
    fn from(step: access_check::Step) -> Self {
        match step {
            access_check::Step::Group(id, name) => Self::Group { id, name },
            access_check::Step::Scope(id, name) => Self::Scope { id, name },
        }
    }
}

/// Says whether accounts hold roles at this moment. About others this takes the permission `access.check`.
#[utoipa::path(
    post, path = "/access/check", tag = "access", request_body = Checks,
    responses((status = OK, body = Answers, description = "The answers"))
)]
async fn check(
    State(app): State<App>,
    Shown(token): Shown,
    Json(body): Json<Checks>,
) -> Result<Json<Answers>, ApiError> {
    if !(1..=MOST).contains(&body.checks.len()) {
        return Err(Error::invalid("checks", "ask between one and a hundred questions").into());
    }
    let questions: Vec<_> = body
        .checks
        .iter()
        .map(|check| Question {
            principal: check.principal,
            role: check.role,
            scope: check.scope.unwrap_or(ScopeId::ROOT),
        })
        .collect();
    let answers = access_check::check(&app, &token, questions, body.explain).await?;
    let answers = answers
        .into_iter()
        .map(|answer| Answer {
            allowed: answer.allowed,
            at: answer.at,
            until: answer.until,
            assignment: answer.assignment,
            through: answer.through,
            held_at: answer.held_at,
            path: answer.way.map(|way| way.into_iter().map(Step::from).collect()),
        })
        .collect();
    Ok(Json(Answers { answers }))
}
