//! Many assignments at once.
use axum::{extract::State, http::StatusCode};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::answer::{Outcomes, foretold, outcomes, status};
use crate::{
    App,
    domain::{
        id::AssignmentId,
        text::Justification,
        time::{Duration, Instant},
    },
    error::Error,
    http::{
        Web,
        actor::Bearer,
        extract::Json,
        problem::{ApiError, Problem},
    },
    service::assignment::{self, Bulk, Operation, Row},
};

pub(super) fn routes() -> OpenApiRouter<Web> {
    OpenApiRouter::new().routes(routes!(change))
}

/// What is done with each.
#[derive(Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum What {
    /// It is taken away.
    Remove,
    /// It becomes eligible.
    MakeEligible,
    /// It becomes active.
    MakeActive,
    /// It gets the end `ends_at`; for good if that is left out.
    SetEnd,
    /// It gets `duration` more time.
    Extend,
}

/// A change of many assignments.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "assignments": ["01938f3a-5f10-7cc2-b8a5-3f1c6f6f2a11"],
    "operation": "extend",
    "duration": "P90D",
    "justification": "The project goes on until March",
    "preview": true
}))]
struct BulkChange {
    /// Which; 100 at most.
    #[schema(min_items = 1, max_items = 100)]
    assignments: Vec<AssignmentId>,
    /// What is done with each.
    operation: What,
    /// Until when, to set an end.
    ends_at: Option<Instant>,
    /// How much more time, to extend.
    duration: Option<Duration>,
    /// Why.
    #[serde(default)]
    #[schema(required = false)]
    justification: Justification,
    /// A code from one's authenticator; not needed for a preview.
    code: Option<String>,
    /// Whether only to tell what would happen. Nothing is written.
    #[serde(default)]
    #[schema(required = false)]
    preview: bool,
}

/// What became of one assignment.
#[derive(Serialize, ToSchema)]
struct BulkOutcome {
    /// Which was to change.
    assignment: AssignmentId,
    /// The status that the answer would have, had this been the only one.
    #[schema(example = 201)]
    status: u16,
    /// The assignment that there is afterwards: the same, or a new one. A preview tells only of the same.
    made: Option<AssignmentId>,
    /// The end that it gets, if it gets one.
    ends_at: Option<Instant>,
    /// Why nothing came of it.
    problem: Option<Problem>,
}

/// Changes many assignments, each by itself, with one reason and one code; or tells, by the same rules, what would happen.
#[utoipa::path(
    post, path = "/assignments/bulk", tag = "assignments", request_body = BulkChange,
    responses(
        (status = OK, body = Outcomes<BulkOutcome>, description = "What would happen to each"),
        (status = CREATED, body = Outcomes<BulkOutcome>, description = "All of them were changed"),
        (status = MULTI_STATUS, body = Outcomes<BulkOutcome>, description = "Some were not changed; each outcome says why"),
    )
)]
async fn change(
    State(app): State<App>,
    Bearer(actor): Bearer,
    Json(body): Json<BulkChange>,
) -> Result<(StatusCode, Json<Outcomes<BulkOutcome>>), ApiError> {
    let operation = match body.operation {
        What::Remove => Operation::Remove,
        What::MakeEligible => Operation::MakeEligible,
        What::MakeActive => Operation::MakeActive,
        What::SetEnd => Operation::SetEnd(body.ends_at),
        What::Extend => Operation::Extend(
            body.duration.ok_or_else(|| Error::invalid("duration", "say how much more time"))?,
        ),
    };
    let bulk = Bulk { assignments: body.assignments, operation, reason: body.justification };
    if body.preview {
        let rows = assignment::rehearse(&app, &actor, &bulk).await?;
        return Ok(foretold(rows.into_iter().map(|row| tell(row, true)).collect()));
    }
    let code = body.code.unwrap_or_default();
    let rows = assignment::change_many(&app, &actor, &bulk, &code).await?;
    let told = rows.into_iter().map(|row| tell(row, false)).collect();
    outcomes(told, |outcome: &BulkOutcome| outcome.problem.as_ref())
}

fn tell(row: Row, foretold: bool) -> BulkOutcome {
    let (made, problem) = match row.outcome {
        Ok(made) => (Some(made), None),
        Err(error) => (None, Some(Problem::from(&error))),
    };
    BulkOutcome {
        status: status(problem.as_ref()),
        made: made.filter(|made| !foretold || *made == row.assignment),
        ends_at: row.ends_at.filter(|_| problem.is_none()),
        assignment: row.assignment,
        problem,
    }
}
