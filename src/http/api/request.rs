//! Requests: seeing where they stand, taking them back, and deciding other people's.
use axum::{extract::State, http::StatusCode};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    answer::{Outcomes, Page, duration, outcomes},
    cursor,
};
use crate::{
    App,
    domain::{
        approval::{Stage, StageState, Standing, Written},
        assignment::AssignmentEnd,
        id::{AssignmentId, PersonId, PrincipalId, RequestId, RoleId, ScopeId, SettingsId},
        request::{RequestKind, RequestState, Verdict},
        text::Justification,
        time::{Duration, Instant},
    },
    error::Error,
    http::{
        Web,
        actor::Bearer,
        extract::{Json, Path, Query},
        problem::{ApiError, Problem},
    },
    service::{
        approval::{self, Answer},
        request::{self, Detail, Filter, PAGE, Told},
    },
};

pub(super) fn routes() -> OpenApiRouter<Web> {
    OpenApiRouter::new()
        .routes(routes!(list))
        .routes(routes!(show))
        .routes(routes!(cancel))
        .routes(routes!(decide))
        .routes(routes!(decide_several))
        .routes(routes!(awaiting))
}

/// A request.
#[derive(Serialize, ToSchema)]
pub(super) struct Request {
    /// Which.
    id: RequestId,
    /// What is asked for.
    kind: RequestKind,
    /// Where it stands.
    state: RequestState,
    /// The account that asks.
    principal: PrincipalId,
    /// The human being behind it.
    person: PersonId,
    /// Their name.
    requester: String,
    /// The role.
    role: RoleId,
    /// Its name.
    role_name: String,
    /// Where.
    scope: ScopeId,
    /// That place's name.
    scope_name: String,
    /// The version of the role's terms that it was made under.
    settings: SettingsId,
    /// For how long.
    requested: Duration,
    /// For how long the approver granted it, if for less.
    granted: Option<Duration>,
    /// From when, if not at once.
    starts_at: Option<Instant>,
    /// Why.
    justification: String,
    /// Whether it was an emergency that skipped approval.
    emergency: bool,
    /// The number of the ticket.
    ticket_number: String,
    /// Where that ticket is.
    ticket_system: String,
    /// When it was made.
    created_at: Instant,
    /// When it lapses, if it waits.
    expires_at: Option<Instant>,
    /// When it was closed.
    closed_at: Option<Instant>,
    /// Why it failed.
    failure: Option<String>,
    /// The activation that came of it.
    activation: Option<Activation>,
    /// The decision.
    decision: Option<Decision>,
}

/// The activation that came of a request.
#[derive(Serialize, ToSchema)]
struct Activation {
    /// Which.
    assignment: AssignmentId,
    /// From when.
    starts_at: Option<Instant>,
    /// Until when.
    ends_at: Option<Instant>,
    /// When it was ended.
    ended_at: Option<Instant>,
    /// Why it was ended.
    end_reason: Option<AssignmentEnd>,
}

/// What an approver said.
#[derive(Serialize, ToSchema)]
struct Decision {
    /// Yes or no.
    verdict: Verdict,
    /// Who.
    by: Option<String>,
    /// When.
    at: Option<Instant>,
    /// Why.
    justification: Option<String>,
}

impl TryFrom<Told> for Request {
    type Error = Error;

    fn try_from(told: Told) -> Result<Self, Error> {
        let duration = |seconds| duration(seconds, "requests", told.id.0);
        Ok(Self {
            id: told.id,
            kind: told.kind,
            emergency: told.emergency,
            state: told.state,
            principal: told.principal,
            person: told.person,
            requester: told.requester,
            role: told.role,
            role_name: told.role_name,
            scope: told.scope,
            scope_name: told.scope_name,
            settings: told.settings,
            requested: duration(told.requested_seconds)?,
            granted: told.granted_seconds.map(duration).transpose()?,
            starts_at: told.starts_at,
            justification: told.justification,
            ticket_number: told.ticket_number,
            ticket_system: told.ticket_system,
            created_at: told.created_at,
            expires_at: told.expires_at,
            closed_at: told.closed_at,
            failure: told.failure,
            activation: told.assignment.map(|assignment| Activation {
                assignment,
                starts_at: told.active_from,
                ends_at: told.active_until,
                ended_at: told.ended_at,
                end_reason: told.end_reason,
            }),
            decision: told.verdict.map(|verdict| Decision {
                verdict,
                by: told.decided_by,
                at: told.decided_at,
                justification: told.decision_justification,
            }),
        })
    }
}

/// Somebody who may decide.
#[derive(Serialize, ToSchema)]
struct Decider {
    /// The account.
    principal: PrincipalId,
    /// The name.
    name: String,
    /// Whom they stand in for, if they do.
    stands_in_for: Option<String>,
    /// Whether they are asked only because it takes long.
    escalation: bool,
}

impl From<request::Decider> for Decider {
    fn from(decider: request::Decider) -> Self {
        Self {
            principal: decider.principal,
            name: decider.name,
            stands_in_for: decider.deputises,
            escalation: decider.escalation,
        }
    }
}

/// A stage of the approval.
#[derive(Serialize, ToSchema)]
struct RequestStage {
    /// Counted from 1.
    number: usize,
    /// What it asks for.
    #[schema(value_type = Written)]
    terms: Stage,
    /// Where it stands.
    state: StageState,
    /// When its approvers were first asked.
    opened_at: Option<Instant>,
    /// When others may decide as well.
    escalates_at: Option<Instant>,
    /// When it is over.
    expires_at: Option<Instant>,
    /// Why nobody needed to be asked; empty otherwise.
    explanation: String,
}

impl From<(Stage, Standing, String)> for RequestStage {
    fn from((terms, standing, explanation): (Stage, Standing, String)) -> Self {
        Self {
            number: standing.number,
            terms,
            state: standing.state,
            opened_at: standing.opened_at,
            escalates_at: standing.escalates_at,
            expires_at: standing.expires_at,
            explanation,
        }
    }
}

/// What somebody said.
#[derive(Serialize, ToSchema)]
struct DecisionWord {
    /// In which stage.
    stage: i16,
    /// What.
    verdict: Verdict,
    /// Who.
    by: String,
    /// Whom they stood in for, if they did.
    stood_in_for: Option<String>,
    /// Why.
    justification: String,
    /// When.
    at: Instant,
    /// When whoever asks had last agreed to something that this approver asked for, if that was within thirty days before a yes.
    by_turns: Option<Instant>,
}

impl From<request::Said> for DecisionWord {
    fn from(said: request::Said) -> Self {
        Self {
            stage: said.stage,
            verdict: said.verdict,
            by: said.by,
            stood_in_for: said.deputised,
            justification: said.justification,
            at: said.at,
            by_turns: said.by_turns,
        }
    }
}

/// A request with what its page shows.
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
#[derive(Serialize, ToSchema)]
struct RequestDetail {
    /// The request.
    request: Request,
    /// When this was so, by the database's clock.
    at: Instant,
    /// Who may decide it now: for themselves, or standing in for somebody.
    deciders: Vec<Decider>,
    /// Who would, but that whoever asks agreed to the activation by which they could, or to one that it rests on.
    barred: Vec<Decider>,
    /// The stages of its approval.
    stages: Vec<RequestStage>,
    /// What was said of it, in order.
    decisions: Vec<DecisionWord>,
    /// What people wrote about it and who looked at it, in order; the last five hundred.
    remarks: Vec<Remark>,
    /// Whether a decision now takes a code.
    asks_for_proof: bool,
    /// Whether one may decide it now.
    may_decide: bool,
    /// Whether one may take it back now.
    may_cancel: bool,
    /// Whether it is one's own.
    own: bool,
    /// What else the requester holds at the moment; for whoever may decide or read requests.
    holds: Vec<String>,
    /// When the requester last had this role.
    last_held: Option<Instant>,
}

impl TryFrom<Detail> for RequestDetail {
    type Error = Error;

    fn try_from(detail: Detail) -> Result<Self, Error> {
        Ok(Self {
            at: detail.now,
            deciders: detail.deciders.into_iter().map(Decider::from).collect(),
            barred: detail.barred.into_iter().map(Decider::from).collect(),
            stages: detail.stages.into_iter().map(RequestStage::from).collect(),
            decisions: detail.said.into_iter().map(DecisionWord::from).collect(),
            remarks: detail.remarks.into_iter().map(Remark::from).collect(),
            asks_for_proof: detail.asks_for_proof,
            may_decide: detail.may_decide,
            may_cancel: detail.may_cancel,
            own: detail.own,
            holds: detail.holds,
            last_held: detail.last_held,
            request: detail.told.try_into()?,
        })
    }
}

/// Something that was remarked about a request.
#[derive(Serialize, ToSchema)]
struct Remark {
    /// What sort of.
    kind: request::RemarkKind,
    /// Who.
    by: String,
    /// What they wrote; empty but for comments.
    text: String,
    /// When.
    at: Instant,
}

impl From<request::Remark> for Remark {
    fn from(remark: request::Remark) -> Self {
        let request::Remark { kind, by, text, at, .. } = remark;
        Self { kind, by, text, at }
    }
}

/// Which requests are wanted.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Wanted {
    /// Everybody's, not only one's own; takes the permission `requests.read`.
    everybody: Option<bool>,
    /// Those of this account; of others takes the same permission.
    principal: Option<PrincipalId>,
    /// Those for this role.
    role: Option<RoleId>,
    /// Only those that are open, or only those that are closed.
    open: Option<bool>,
    /// Where the page before ended.
    cursor: Option<String>,
}

/// Requests, newest first.
#[utoipa::path(
    get, path = "/requests", tag = "requests", params(Wanted),
    responses((status = OK, body = Page<Request>, description = "A page of requests"))
)]
async fn list(
    State(app): State<App>,
    Bearer(actor): Bearer,
    Query(wanted): Query<Wanted>,
) -> Result<Json<Page<Request>>, ApiError> {
    let after = cursor::List::Requests.read(&app.keys, wanted.cursor.as_deref())?;
    let filter = Filter {
        everybody: wanted.everybody.unwrap_or_default(),
        principal: wanted.principal,
        role: wanted.role,
        open: wanted.open,
        after,
    };
    let found = request::list(&app, &actor, filter).await?;
    let next = cursor::end(&found, PAGE)
        .map(|last| cursor::List::Requests.write(&app.keys, &(last.created_at, last.id)));
    let items: Result<_, Error> = found.into_iter().map(Request::try_from).collect();
    Ok(Json(Page { items: items?, next }))
}

/// One request, if one made it, may or did decide it, or may read requests.
#[utoipa::path(
    get, path = "/requests/{id}", tag = "requests",
    params(("id" = RequestId, Path, description = "The request")),
    responses((status = OK, body = RequestDetail, description = "The request"))
)]
async fn show(
    State(app): State<App>,
    Bearer(actor): Bearer,
    Path(id): Path<RequestId>,
) -> Result<Json<RequestDetail>, ApiError> {
    detail(request::show(&app, &actor, id).await?)
}

fn detail(detail: Detail) -> Result<Json<RequestDetail>, ApiError> {
    Ok(Json(detail.try_into()?))
}

/// Takes an open request back: one's own, or anybody's with the permission `requests.cancel`.
#[utoipa::path(
    post, path = "/requests/{id}/cancel", tag = "requests",
    params(("id" = RequestId, Path, description = "The request")),
    responses((status = NO_CONTENT, description = "It was taken back"))
)]
async fn cancel(
    State(app): State<App>,
    Bearer(actor): Bearer,
    Path(id): Path<RequestId>,
) -> Result<StatusCode, ApiError> {
    match request::cancel(&app, &actor, id).await {
        Ok(()) | Err(Error::Repeated(_)) => Ok(StatusCode::NO_CONTENT),
        Err(error) => Err(error.into()),
    }
}

/// A decision.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "verdict": "approve",
    "duration": "PT1H",
    "justification": "Agreed on the phone; one hour will do",
    "code": "287082"
}))]
struct Decide {
    /// Yes or no.
    verdict: Verdict,
    /// For how long, if for less than was asked.
    duration: Option<Duration>,
    /// Why.
    #[serde(default)]
    #[schema(required = false)]
    justification: Justification,
    /// A code from one's authenticator, where the stage that is open asks for a fresh proof.
    #[serde(default)]
    #[schema(required = false)]
    code: String,
}

/// Decides somebody else's request in the stage that is open. A no ends it; a yes may need others.
#[utoipa::path(
    post, path = "/requests/{id}/decisions", tag = "requests", request_body = Decide,
    params(("id" = RequestId, Path, description = "The request")),
    responses((status = OK, body = RequestDetail, description = "The request, decided"))
)]
async fn decide(
    State(app): State<App>,
    Bearer(actor): Bearer,
    Path(id): Path<RequestId>,
    Json(body): Json<Decide>,
) -> Result<Json<RequestDetail>, ApiError> {
    let Decide { verdict, duration, justification, code } = body;
    let answer = Answer { verdict, granted: duration, justification };
    match approval::decide(&app, &actor, id, &answer, &code).await {
        Ok(_) | Err(Error::Repeated(_)) => detail(request::seen(&app, &actor, id).await?),
        Err(error) => Err(error.into()),
    }
}

/// The requests that wait for one's decision, oldest first.
#[utoipa::path(
    get, path = "/approvals", tag = "requests",
    responses((status = OK, body = Page<RequestDetail>, description = "What waits"))
)]
async fn awaiting(
    State(app): State<App>,
    Bearer(actor): Bearer,
) -> Result<Json<Page<RequestDetail>>, ApiError> {
    let waiting = request::awaiting(&app, &actor).await?;
    let items: Result<_, Error> = waiting.into_iter().map(RequestDetail::try_from).collect();
    Ok(Json(Page::whole(items?)))
}

/// Several requests that are decided alike.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct DecideSeveral {
    /// Which, 50 at most.
    #[schema(min_items = 1, max_items = 50)]
    requests: Vec<RequestId>,
    /// Yes or no.
    verdict: Verdict,
    /// Why.
    #[serde(default)]
    #[schema(required = false)]
    justification: Justification,
    /// A code from one's authenticator, where one of them asks for a fresh proof.
    #[serde(default)]
    #[schema(required = false)]
    code: String,
}

/// What became of one of several.
#[derive(Serialize, ToSchema)]
struct DecisionOutcome {
    /// Which.
    request: RequestId,
    /// The status that deciding it alone would have had.
    status: u16,
    /// Where it stands.
    state: Option<RequestState>,
    /// Why nothing came of it.
    problem: Option<Problem>,
}

/// Decides several requests alike, each by itself: one that fails stops no other. A wrong code decides none.
#[utoipa::path(
    post, path = "/approvals/decisions", tag = "requests", request_body = DecideSeveral,
    responses(
        (status = OK, body = Outcomes<DecisionOutcome>, description = "All were decided"),
        (status = MULTI_STATUS, body = Outcomes<DecisionOutcome>, description = "Some were not; each outcome says why"),
    )
)]
async fn decide_several(
    State(app): State<App>,
    Bearer(actor): Bearer,
    Json(body): Json<DecideSeveral>,
) -> Result<(StatusCode, Json<Outcomes<DecisionOutcome>>), ApiError> {
    let DecideSeveral { requests, verdict, justification, code } = body;
    let answer = Answer { verdict, granted: None, justification };
    let decided = approval::decide_several(&app, &actor, &requests, &answer, &code).await?;
    let parts = decided.into_iter().map(|one| {
        let (state, problem) = match one.outcome {
            Ok(state) => (Some(state), None),
            Err(error) => (None, Some(Problem::from(&error))),
        };
        let status = problem.as_ref().map_or(StatusCode::OK.as_u16(), |problem| problem.status);
        DecisionOutcome { request: one.request, status, state, problem }
    });
    let (status, told) = outcomes(parts.collect(), |outcome| outcome.problem.as_ref())?;
    // Nothing is made: a decision is told as it is of one alone.
    Ok((if status == StatusCode::CREATED { StatusCode::OK } else { status }, told))
}
