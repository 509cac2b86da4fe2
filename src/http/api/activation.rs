//! Activating roles, extending what runs, and being done.
use axum::{extract::State, http::StatusCode};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    answer::{Named, Outcomes, outcomes, status},
    me::ActivationNeeds,
};
use crate::{
    App,
    domain::{
        activation::Intent,
        approval::StageState,
        id::{AssignmentId, RequestId, RoleId, ScopeId},
        request::{RequestKind, RequestState},
        text::{Justification, TicketNumber, TicketSystem},
        time::{Duration, Instant},
    },
    error::Error,
    http::{
        Web,
        actor::Bearer,
        extract::{Json, Path, Query},
        problem::{ApiError, Problem, Reason},
    },
    service::activation::{self, Chosen, Reasons, Wish},
};

pub(super) fn routes() -> OpenApiRouter<Web> {
    OpenApiRouter::new()
        .routes(routes!(activate))
        .routes(routes!(preview))
        .routes(routes!(extend))
        .routes(routes!(deactivate))
}

/// Roles to activate together.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "roles": [{ "eligibility": "01938f3a-5f10-7cc2-b8a5-3f1c6f6f2a11", "duration": "PT2H" }],
    "justification": "Restore the orders table",
    "ticket_number": "OPS-4711",
    "ticket_system": "Jira",
    "code": "287082"
}))]
struct Activate {
    /// Which, 50 at most; each for its own time.
    #[schema(min_items = 1, max_items = 50)]
    roles: Vec<WantedRole>,
    /// From when; at once, or as soon as it is approved, if left out.
    starts_at: Option<Instant>,
    /// Why.
    #[serde(default)]
    #[schema(required = false)]
    justification: Justification,
    /// The number of the ticket that asks for it.
    #[serde(default)]
    #[schema(required = false)]
    ticket_number: TicketNumber,
    /// Where that ticket is.
    #[serde(default)]
    #[schema(required = false)]
    ticket_system: TicketSystem,
    /// Whether it is an emergency: approval is skipped where the role allows it, everybody who would have been asked is told at
    /// once, and somebody else reviews it afterwards.
    #[serde(default)]
    #[schema(required = false)]
    emergency: bool,
    /// A code from one's authenticator, for roles that ask for a fresh proof.
    code: Option<String>,
}

/// One role to activate.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct WantedRole {
    /// The eligible assignment: one's own, or that of a group that one belongs to.
    eligibility: AssignmentId,
    /// A place below that of the eligibility, to hold the role there only.
    scope: Option<ScopeId>,
    /// For how long.
    duration: Duration,
}

/// What became of one role of several.
#[derive(Serialize, ToSchema)]
struct ActivationOutcome {
    /// The eligible assignment.
    eligibility: AssignmentId,
    /// The place below that of the eligibility, if one was chosen.
    scope: Option<ScopeId>,
    /// The status that the answer would have, had this been the only role.
    #[schema(example = 201)]
    status: u16,
    /// The request, if it was taken.
    request: Option<Requested>,
    /// Why it was not taken.
    problem: Option<Problem>,
}

/// A request that was taken.
#[derive(Serialize, ToSchema)]
struct Requested {
    /// Which.
    request: RequestId,
    /// Where it stands.
    state: RequestState,
    /// The activation, if access was given.
    assignment: Option<AssignmentId>,
    /// When access ends, if it was given.
    ends_at: Option<Instant>,
    /// Whether it ends there because the eligibility does.
    cut_by_eligibility: bool,
    /// When the request lapses, if it waits for approval.
    decide_by: Option<Instant>,
}

impl From<activation::Requested> for Requested {
    fn from(requested: activation::Requested) -> Self {
        let activation::Requested {
            request,
            state,
            assignment,
            ends_at,
            cut_by_eligibility,
            decide_by,
        } = requested;
        Self { request, state, assignment, ends_at, cut_by_eligibility, decide_by }
    }
}

/// Activates roles, with one reason and one code. One role's refusal does not stop the others.
#[utoipa::path(
    post, path = "/activations", tag = "activations", request_body = Activate,
    responses(
        (status = CREATED, body = Outcomes<ActivationOutcome>, description = "All of them were taken"),
        (status = MULTI_STATUS, body = Outcomes<ActivationOutcome>, description = "Some were not taken; each outcome says why"),
    )
)]
async fn activate(
    State(app): State<App>,
    Bearer(actor): Bearer,
    Json(body): Json<Activate>,
) -> Result<(StatusCode, Json<Outcomes<ActivationOutcome>>), ApiError> {
    let wishes: Vec<_> = body
        .roles
        .into_iter()
        .map(|WantedRole { eligibility, scope, duration }| Wish {
            chosen: Chosen { eligibility, scope },
            duration,
        })
        .collect();
    let reasons = Reasons {
        starts_at: body.starts_at,
        justification: body.justification,
        ticket_number: body.ticket_number,
        ticket_system: body.ticket_system,
        emergency: body.emergency,
    };
    let fulfilments =
        activation::activate(&app, &actor, &wishes, &reasons, body.code.as_deref()).await?;
    let parts = fulfilments.into_iter().map(|fulfilment| {
        let (request, problem) = match fulfilment.outcome {
            Ok(requested) => (Some(Requested::from(requested)), None),
            Err(error) => (None, Some(Problem::from(&error))),
        };
        let status = status(problem.as_ref());
        let Chosen { eligibility, scope } = fulfilment.chosen;
        ActivationOutcome { eligibility, scope, status, request, problem }
    });
    outcomes(parts.collect(), |outcome| outcome.problem.as_ref())
}

/// What is asked about.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Question {
    /// The eligible assignment.
    eligibility: AssignmentId,
    /// A place below that of the eligibility.
    scope: Option<ScopeId>,
    /// For how long; for as long as the terms allow, if left out.
    duration: Option<Duration>,
    /// Whether to activate it or to extend what runs; `activate` if left out.
    intent: Option<RequestKind>,
}

/// A stage that a request would go through.
#[derive(Serialize, ToSchema)]
struct ForeseenStage {
    /// Counted from 1.
    number: usize,
    /// Where it would stand at first.
    state: StageState,
    /// Why nobody would need to be asked; empty otherwise.
    explanation: String,
}

/// What would happen.
#[derive(Serialize, ToSchema)]
struct Preview {
    /// When this was judged, by the database's clock.
    at: Instant,
    /// The role.
    role: RoleId,
    /// Its name.
    role_name: String,
    /// Where.
    scope: ScopeId,
    /// What it asks for.
    terms: ActivationNeeds,
    /// Who could approve, if approval is asked for: everybody once, whichever stage they decide in.
    approvers: Vec<Named>,
    /// The stages that it would go through.
    stages: Vec<ForeseenStage>,
    /// The activation that runs now.
    running: Option<AssignmentId>,
    /// When access would end if it began now.
    ends_at: Instant,
    /// Whether it would end there because the eligibility does.
    cut_by_eligibility: bool,
    /// Why it would be refused, as far as that can be told.
    refusals: Vec<Reason>,
}

/// Says what would happen if a role were activated or extended now. Nothing does.
#[utoipa::path(
    get, path = "/activations/preview", tag = "activations", params(Question),
    responses((status = OK, body = Preview, description = "What would happen"))
)]
async fn preview(
    State(app): State<App>,
    Bearer(actor): Bearer,
    Query(question): Query<Question>,
) -> Result<Json<Preview>, ApiError> {
    let Question { eligibility, scope, duration, intent } = question;
    let intent = match intent.unwrap_or(RequestKind::Activate) {
        RequestKind::Activate => Intent::Activate,
        RequestKind::Extend => Intent::Extend,
    };
    let preview =
        activation::preview(&app, &actor, Chosen { eligibility, scope }, (duration, None), intent)
            .await?;
    let mut known = std::collections::BTreeSet::new();
    let approvers = &preview.prospect.approvers;
    let approvers = approvers
        .iter()
        .filter(|approver| known.insert(approver.principal))
        .map(|approver| Named { principal: approver.principal, name: approver.name.clone() });
    let stages = preview.prospect.standings.iter().zip(&preview.prospect.explanations);
    let stages = stages.map(|(standing, why)| ForeseenStage {
        number: standing.number,
        state: standing.state,
        explanation: why.clone(),
    });
    Ok(Json(Preview {
        at: preview.now,
        role: preview.role,
        role_name: preview.role_name,
        scope: preview.scope,
        terms: preview.version.settings.activation.into(),
        approvers: approvers.collect(),
        stages: stages.collect(),
        running: preview.running,
        ends_at: preview.end.at,
        cut_by_eligibility: preview.end.cut_by_eligibility,
        refusals: preview.refusals.iter().map(Reason::from).collect(),
    }))
}

/// More time for an activation that runs.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Extend {
    /// For how long, from now.
    duration: Duration,
    /// Why.
    #[serde(default)]
    #[schema(required = false)]
    justification: Justification,
    /// The number of the ticket that asks for it.
    #[serde(default)]
    #[schema(required = false)]
    ticket_number: TicketNumber,
    /// Where that ticket is.
    #[serde(default)]
    #[schema(required = false)]
    ticket_system: TicketSystem,
    /// A code from one's authenticator, if the role asks for a fresh proof.
    code: Option<String>,
}

/// Gives a running activation more time, counted from now, without a gap and by the same rules again.
#[utoipa::path(
    post, path = "/activations/{id}/extend", tag = "activations", request_body = Extend,
    params(("id" = AssignmentId, Path, description = "The activation")),
    responses((status = CREATED, body = Requested, description = "The request was taken"))
)]
async fn extend(
    State(app): State<App>,
    Bearer(actor): Bearer,
    Path(id): Path<AssignmentId>,
    Json(body): Json<Extend>,
) -> Result<(StatusCode, Json<Requested>), ApiError> {
    let reasons = Reasons {
        starts_at: None,
        justification: body.justification,
        ticket_number: body.ticket_number,
        ticket_system: body.ticket_system,
        emergency: false,
    };
    let code = body.code.as_deref();
    let requested = activation::extend(&app, &actor, id, body.duration, &reasons, code).await?;
    Ok((StatusCode::CREATED, Json(requested.into())))
}

/// Ends one's own activation at once.
#[utoipa::path(
    post, path = "/activations/{id}/deactivate", tag = "activations",
    params(("id" = AssignmentId, Path, description = "The activation")),
    responses((status = NO_CONTENT, description = "It has ended"))
)]
async fn deactivate(
    State(app): State<App>,
    Bearer(actor): Bearer,
    Path(id): Path<AssignmentId>,
) -> Result<StatusCode, ApiError> {
    match activation::deactivate(&app, &actor, id).await {
        Ok(()) | Err(Error::Repeated(_)) => Ok(StatusCode::NO_CONTENT),
        Err(error) => Err(error.into()),
    }
}
