//! Policy as code: what there is as files, and making it as files say.
use std::collections::BTreeMap;

use axum::{
    extract::{DefaultBodyLimit, State},
    response::{IntoResponse as _, Response},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::change_request::{self, ChangeRequest};
use crate::{
    App,
    domain::{
        id::PolicyApplicationId,
        policy::{Line, Noun, Plan, Step, Unlisted, Verb},
        text::Justification,
    },
    http::{Web, actor::Bearer, extract::Json, problem::ApiError},
    service::policy::{self, Apply},
};

/// How much text policy files may be, in bytes: those of some ten thousand assignments many times over.
pub(in crate::http) const LARGEST: usize = 16 * 1024 * 1024;

pub(super) fn routes() -> OpenApiRouter<Web> {
    OpenApiRouter::new()
        .routes(routes!(export))
        .routes(routes!(plan))
        .routes(routes!(apply))
        .layer(DefaultBodyLimit::max(LARGEST))
}

/// Policy files.
#[derive(Serialize, ToSchema)]
struct PolicyFiles {
    /// The text of each file, in TOML, by its name: `roles.toml`, `scopes.toml`, `groups.toml`, `settings.toml` and
    /// `assignments.toml`.
    files: BTreeMap<String, String>,
}

/// Everything that the asker may see, as files. They name nobody's secrets and no mail addresses.
#[utoipa::path(
    get, path = "/policy/export", tag = "policy",
    responses((status = OK, body = PolicyFiles, description = "The files"))
)]
async fn export(
    State(app): State<App>,
    Bearer(actor): Bearer,
) -> Result<Json<PolicyFiles>, ApiError> {
    Ok(Json(PolicyFiles { files: policy::export(&app, &actor).await? }))
}

/// Files to be compared with what there is.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Compare {
    /// The text of each file by its name. What a file that is missing would tell of is left alone.
    files: BTreeMap<String, String>,
    /// Whether what is in none of the files is to go.
    #[serde(default)]
    #[schema(required = false)]
    prune: bool,
}

/// One thing to do.
#[derive(Serialize, ToSchema)]
struct PolicyStep {
    /// What is done.
    verb: Verb,
    /// With what kind of thing.
    noun: Noun,
    /// What it is called.
    name: String,
    /// Its fields, as far as they change.
    fields: Vec<Line>,
    /// The file that asks for it; none for what goes because no file has it.
    file: Option<&'static str>,
    /// The line in that file.
    line: Option<usize>,
    /// Whether it makes the terms of a privileged role weaker, or the role an ordinary one, as far as that can be told before:
    /// then all of the plan waits for a second administrator.
    weaker: bool,
}

impl From<Step> for PolicyStep {
    fn from(step: Step) -> Self {
        Self {
            verb: step.verb,
            noun: step.noun,
            name: step.name,
            fields: step.lines,
            file: step.at.map(|at| at.file.name()),
            line: step.at.map(|at| at.line),
            weaker: step.weaker,
        }
    }
}

/// The difference between files and what there is.
#[derive(Serialize, ToSchema)]
struct PolicyPlan {
    /// What tells this plan from every other; give it back as `plan` to apply exactly this.
    digest: String,
    /// What there is to do, in this order. Nothing, if everything is as the files say.
    steps: Vec<PolicyStep>,
    /// What is in none of the files and stays.
    unlisted: Vec<Unlisted>,
    /// How many rows are over, so that they can be taken out of the files.
    over: usize,
}

impl From<Plan> for PolicyPlan {
    fn from(plan: Plan) -> Self {
        Self {
            digest: plan.digest(),
            steps: plan.steps.into_iter().map(PolicyStep::from).collect(),
            unlisted: plan.unlisted,
            over: plan.over,
        }
    }
}

/// Shows what it takes to make it as files say. Nothing is done. What is wrong with the files is told all at once, each with
/// its file and line.
#[utoipa::path(
    post, path = "/policy/plan", tag = "policy", request_body = Compare,
    responses((status = OK, body = PolicyPlan, description = "The plan"))
)]
async fn plan(
    State(app): State<App>,
    Bearer(actor): Bearer,
    Json(body): Json<Compare>,
) -> Result<Json<PolicyPlan>, ApiError> {
    Ok(Json(policy::plan(&app, &actor, &body.files, body.prune).await?.into()))
}

/// Files to be applied.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ApplyPolicy {
    /// The text of each file by its name.
    files: BTreeMap<String, String>,
    /// Whether what is in none of the files is to go.
    #[serde(default)]
    #[schema(required = false)]
    prune: bool,
    /// Why.
    reason: Justification,
    /// A code from the token owner's authenticator, if the terms of a role ask for one.
    code: Option<String>,
    /// The digest of the plan that was looked at; if it would be another by now, nothing is done.
    plan: Option<String>,
}

/// What was applied.
#[derive(Serialize, ToSchema)]
struct AppliedPolicy {
    /// The record of it; none if there was nothing to do.
    id: Option<PolicyApplicationId>,
    /// What was done.
    plan: PolicyPlan,
}

/// Makes it as files say, with the rights of the token's owner at each place: all of it, or nothing, with every reason why
/// not. Applied again, there is nothing to do. What makes the terms of a privileged role weaker, or widens what its author can
/// come to hold, waits, as a whole, for a second administrator.
#[utoipa::path(
    post, path = "/policy/apply", tag = "policy", request_body = ApplyPolicy,
    responses(
        (status = OK, body = AppliedPolicy, description = "What was done"),
        (status = ACCEPTED, body = ChangeRequest, description = "It waits for a second administrator"),
    )
)]
async fn apply(
    State(app): State<App>,
    Bearer(actor): Bearer,
    Json(body): Json<ApplyPolicy>,
) -> Result<Response, ApiError> {
    let ApplyPolicy { files, prune, reason, code, plan } = body;
    let wanted = Apply { files, prune, reason, code, seen: plan };
    let applied = policy::apply(&app, &actor, &wanted).await?;
    if let Some(waits) = applied.waits {
        return Ok(change_request::accepted(&app, &actor, waits).await?.into_response());
    }
    Ok(Json(AppliedPolicy { id: applied.id, plan: applied.plan.into() }).into_response())
}
