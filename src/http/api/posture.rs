//! How the whole stands.
use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{answer::Page, cursor};
use crate::{
    App,
    domain::{
        assignment::AssignmentOrigin,
        id::{AssignmentId, PrincipalId, RoleId, ScopeId},
        principal::PrincipalKind,
        survivability::{Problem, Severity},
        time::Instant,
    },
    http::{
        Web,
        actor::Bearer,
        extract::{Json, Query},
        problem::ApiError,
    },
    service::posture::{self, Holder, PAGE},
};

pub(super) fn routes() -> OpenApiRouter<Web> {
    OpenApiRouter::new().routes(routes!(show)).routes(routes!(holders))
}

/// Something that everything would fall with.
#[derive(Serialize, ToSchema)]
struct SurvivabilityProblem {
    /// Its stable name.
    problem: &'static str,
    /// How bad it is.
    severity: Severity,
    /// What is wrong.
    title: String,
    /// Why that matters and what to do.
    advice: &'static str,
    /// The role that it is about.
    role: Option<RoleId>,
    /// The place at which that role's terms say so.
    scope: Option<ScopeId>,
}

impl From<&Problem> for SurvivabilityProblem {
    fn from(problem: &Problem) -> Self {
        let terms = match problem {
            Problem::NobodyApproves(terms) | Problem::OneApproves(terms) => Some(terms),
            Problem::FewReady { .. } | Problem::OneAdministrator | Problem::Unreviewed { .. } => {
                None
            }
        };
        Self {
            problem: problem.name(),
            severity: problem.severity(),
            title: problem.title(),
            advice: problem.advice(),
            role: terms.map(|terms| terms.role),
            scope: terms.map(|terms| terms.scope),
        }
    }
}

/// How the whole stands, at one instant. Nothing is counted further than ten thousand.
#[derive(Serialize, ToSchema)]
struct Overview {
    /// The time of the answer.
    at: Instant,
    /// Whether this is about the whole organisation, not only the part that one looks after.
    whole: bool,
    /// How many privileged roles are held without having been activated.
    standing: i64,
    /// How many activations run.
    active: i64,
    /// How many requests wait for a decision; none if one may not see them.
    pending: Option<i64>,
    /// Since when the oldest of them waits.
    oldest_pending: Option<Instant>,
    /// How many changes wait for a second administrator; none if one may not see them.
    changes: Option<i64>,
    /// Since when the oldest of them waits.
    oldest_change: Option<Instant>,
    /// How many assignments end within 14 days.
    expiring: i64,
    /// What everything would fall with, the worst first.
    problems: Vec<SurvivabilityProblem>,
}

/// How the whole stands: what an administrator looks at first.
#[utoipa::path(
    get, path = "/overview", tag = "overview",
    responses((status = OK, body = Overview, description = "The numbers and the problems"))
)]
async fn show(State(app): State<App>, Bearer(actor): Bearer) -> Result<Json<Overview>, ApiError> {
    let posture = posture::show(&app, &actor).await?;
    let counts = posture.counts;
    Ok(Json(Overview {
        at: counts.now,
        whole: posture.everywhere,
        standing: counts.standing,
        active: counts.active,
        pending: posture.sees_requests.then_some(counts.pending),
        oldest_pending: counts.oldest_pending.filter(|_| posture.sees_requests),
        changes: posture.sees_requests.then_some(counts.changes),
        oldest_change: counts.oldest_change.filter(|_| posture.sees_requests),
        expiring: counts.expiring,
        problems: posture.problems.iter().map(SurvivabilityProblem::from).collect(),
    }))
}

/// Somebody who has power now.
#[derive(Serialize, ToSchema)]
struct PowerHolder {
    /// The assignment.
    assignment: AssignmentId,
    /// Assigned or activated.
    origin: AssignmentOrigin,
    /// Who.
    principal: PrincipalId,
    /// What that is.
    kind: PrincipalKind,
    /// Their name.
    name: String,
    /// Whether the account is kept for emergencies.
    break_glass: bool,
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
    /// Since when.
    starts_at: Instant,
    /// Until when; none if for good.
    ends_at: Option<Instant>,
}

impl From<Holder> for PowerHolder {
    fn from(holder: Holder) -> Self {
        Self {
            assignment: holder.assignment,
            origin: holder.origin,
            principal: holder.principal,
            kind: holder.kind,
            name: holder.name,
            break_glass: holder.break_glass,
            role: holder.role,
            role_name: holder.role_name,
            privileged: holder.privileged,
            scope: holder.scope,
            scope_name: holder.scope_name,
            starts_at: holder.starts_at,
            ends_at: holder.ends_at,
        }
    }
}

/// Which of them are wanted.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Wanted {
    /// Those who have activated a role, instead of those who hold a privileged one without that.
    activated: Option<bool>,
    /// Where the page before ended.
    cursor: Option<String>,
}

/// Who has power now, who has had it longest first.
#[utoipa::path(
    get, path = "/overview/holders", tag = "overview", params(Wanted),
    responses((status = OK, body = Page<PowerHolder>, description = "A page of holders"))
)]
async fn holders(
    State(app): State<App>,
    Bearer(actor): Bearer,
    Query(wanted): Query<Wanted>,
) -> Result<Json<Page<PowerHolder>>, ApiError> {
    let after = cursor::List::Holders.read(&app.keys, wanted.cursor.as_deref())?;
    let activated = wanted.activated.unwrap_or_default();
    let found = posture::holders(&app, &actor, activated, after).await?;
    let next = cursor::end(&found, PAGE)
        .map(|last| cursor::List::Holders.write(&app.keys, &(last.starts_at, last.assignment)));
    Ok(Json(Page::of(found, next)))
}
