//! Changes that need somebody else's word: seeing them, taking them back, and deciding other people's.
use axum::{extract::State, http::StatusCode};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    answer::{Named, Page, done},
    cursor,
};
use crate::{
    App,
    domain::{
        actor::Actor,
        assignment::AssignmentKind,
        change_request::ChangeState,
        id::{AssignmentId, ChangeRequestId, PrincipalId, RoleId, ScopeId},
        request::Verdict,
        text::Justification,
        time::Instant,
    },
    error::Error,
    http::{
        Web,
        actor::Bearer,
        extract::{Json, Path, Query},
        problem::ApiError,
    },
    service::change_request::{self, Amended, Answer, Detail, Filter, Line, PAGE, Told},
};

pub(super) fn routes() -> OpenApiRouter<Web> {
    OpenApiRouter::new()
        .routes(routes!(list))
        .routes(routes!(awaiting))
        .routes(routes!(show))
        .routes(routes!(withdraw))
        .routes(routes!(decide))
}

/// A change that needs somebody else's word.
#[derive(Serialize, ToSchema)]
pub(super) struct ChangeRequest {
    /// Which.
    id: ChangeRequestId,
    /// What is to be done.
    #[schema(example = "save_settings")]
    write: String,
    /// Where it stands.
    state: ChangeState,
    /// The account that made it.
    author: PrincipalId,
    /// Their name.
    author_name: String,
    /// What whoever decides must be allowed, there or above.
    #[schema(example = "settings.manage")]
    permission: String,
    /// The role that it is about.
    role: Option<RoleId>,
    /// Its name.
    role_name: Option<String>,
    /// Where.
    scope: ScopeId,
    /// That place's name.
    scope_name: String,
    /// Whoever gets something by it.
    subject: Option<PrincipalId>,
    /// Their name.
    subject_name: Option<String>,
    /// The assignment that it changes.
    assignment: Option<AssignmentId>,
    /// Before and after.
    difference: Vec<Line>,
    /// Why.
    reason: String,
    /// When it was made.
    created_at: Instant,
    /// When it lapses.
    expires_at: Instant,
    /// When it was closed.
    closed_at: Option<Instant>,
    /// Why it could not be carried out.
    failure: Option<String>,
    /// What somebody said to it.
    word: Option<Word>,
}

/// What somebody said to a change.
#[derive(Serialize, ToSchema)]
struct Word {
    /// Who.
    by: String,
    /// Why.
    reason: String,
    /// What they made of it, if anything else than was asked for.
    amended: Option<Amended>,
}

impl From<Told> for ChangeRequest {
    fn from(told: Told) -> Self {
        let (reason, amended) = (told.decision_reason, told.amended.map(|amended| amended.0));
        Self {
            id: told.id,
            write: told.write.name().to_owned(),
            state: told.state,
            author: told.author,
            author_name: told.author_name,
            permission: told.permission,
            role: told.role,
            role_name: told.role_name,
            scope: told.scope,
            scope_name: told.scope_name,
            subject: told.subject,
            subject_name: told.subject_name,
            assignment: told.write.assignment(),
            difference: told.difference.0,
            reason: told.reason,
            created_at: told.created_at,
            expires_at: told.expires_at,
            closed_at: told.closed_at,
            failure: told.failure,
            word: told.decided_by.map(|by| Word { by, reason, amended }),
        }
    }
}

/// Tells of a change that was made to wait.
pub(super) async fn accepted(
    app: &App,
    actor: &Actor,
    id: ChangeRequestId,
) -> Result<(StatusCode, Json<ChangeRequest>), ApiError> {
    let told = change_request::seen(app, actor, id).await?.told;
    Ok((StatusCode::ACCEPTED, Json(told.into())))
}

/// A change request with what its page shows.
#[derive(Serialize, ToSchema)]
struct ChangeRequestDetail {
    /// The change request.
    change_request: ChangeRequest,
    /// When this was so, by the database's clock.
    at: Instant,
    /// Who may decide it now.
    deciders: Vec<Named>,
    /// Whether one may decide it now.
    may_decide: bool,
    /// Whether one may take it back now.
    may_withdraw: bool,
    /// Whether it is one's own.
    own: bool,
}

impl From<Detail> for ChangeRequestDetail {
    fn from(detail: Detail) -> Self {
        let deciders = detail
            .deciders
            .into_iter()
            .map(|decider| Named { principal: decider.principal, name: decider.name });
        Self {
            at: detail.now,
            deciders: deciders.collect(),
            may_decide: detail.may_decide,
            may_withdraw: detail.may_withdraw,
            own: detail.own,
            change_request: detail.told.into(),
        }
    }
}

/// Which change requests are wanted.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Wanted {
    /// Everybody's, not only one's own; takes the permission `requests.read`.
    everybody: Option<bool>,
    /// Only those that wait, or only those that do not.
    open: Option<bool>,
    /// Where the page before ended.
    cursor: Option<String>,
}

/// Change requests, newest first.
#[utoipa::path(
    get, path = "/change-requests", tag = "change requests", params(Wanted),
    responses((status = OK, body = Page<ChangeRequest>, description = "A page of change requests"))
)]
async fn list(
    State(app): State<App>,
    Bearer(actor): Bearer,
    Query(wanted): Query<Wanted>,
) -> Result<Json<Page<ChangeRequest>>, ApiError> {
    let after = cursor::List::ChangeRequests.read(&app.keys, wanted.cursor.as_deref())?;
    let filter =
        Filter { everybody: wanted.everybody.unwrap_or_default(), open: wanted.open, after };
    let found = change_request::list(&app, &actor, filter).await?;
    let next = cursor::end(&found, PAGE)
        .map(|last| cursor::List::ChangeRequests.write(&app.keys, &(last.created_at, last.id)));
    Ok(Json(Page::of(found, next)))
}

/// The change requests that wait for one's word, oldest first.
#[utoipa::path(
    get, path = "/change-requests/awaiting", tag = "change requests",
    responses((status = OK, body = Page<ChangeRequest>, description = "What waits"))
)]
async fn awaiting(
    State(app): State<App>,
    Bearer(actor): Bearer,
) -> Result<Json<Page<ChangeRequest>>, ApiError> {
    let waiting = change_request::awaiting(&app, &actor).await?;
    Ok(Json(Page::whole(waiting.into_iter().map(ChangeRequest::from).collect())))
}

/// One change request, if one made it, may or did decide it, or may read requests.
#[utoipa::path(
    get, path = "/change-requests/{id}", tag = "change requests",
    params(("id" = ChangeRequestId, Path, description = "The change request")),
    responses((status = OK, body = ChangeRequestDetail, description = "The change request"))
)]
async fn show(
    State(app): State<App>,
    Bearer(actor): Bearer,
    Path(id): Path<ChangeRequestId>,
) -> Result<Json<ChangeRequestDetail>, ApiError> {
    Ok(Json(change_request::show(&app, &actor, id).await?.into()))
}

/// Takes back what one asked for oneself, while it waits.
#[utoipa::path(
    post, path = "/change-requests/{id}/withdraw", tag = "change requests",
    params(("id" = ChangeRequestId, Path, description = "The change request")),
    responses((status = NO_CONTENT, description = "It was taken back"))
)]
async fn withdraw(
    State(app): State<App>,
    Bearer(actor): Bearer,
    Path(id): Path<ChangeRequestId>,
) -> Result<StatusCode, ApiError> {
    done(change_request::withdraw(&app, &actor, id).await)
}

/// A word to a change.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "verdict": "approve",
    "reason": "Agreed with the database team",
    "code": "287082"
}))]
struct DecideChange {
    /// Yes or no.
    verdict: Verdict,
    /// Why; needed for a no.
    #[serde(default)]
    #[schema(required = false)]
    reason: Justification,
    /// The kind of assignment, if another than the one that more time is asked for.
    kind: Option<AssignmentKind>,
    /// Until when, if not until when it was asked for. What has run out is given again only with an end.
    ends_at: Option<Instant>,
    /// A code from one's authenticator.
    code: String,
}

/// Decides what somebody else wants to change. What is approved is carried out at once. The first decision wins; whoever
/// comes later is told who decided.
#[utoipa::path(
    post, path = "/change-requests/{id}/decisions", tag = "change requests", request_body = DecideChange,
    params(("id" = ChangeRequestId, Path, description = "The change request")),
    responses((status = OK, body = ChangeRequestDetail, description = "The change request, decided"))
)]
async fn decide(
    State(app): State<App>,
    Bearer(actor): Bearer,
    Path(id): Path<ChangeRequestId>,
    Json(body): Json<DecideChange>,
) -> Result<Json<ChangeRequestDetail>, ApiError> {
    let DecideChange { verdict, reason, kind, ends_at, code } = body;
    let amended = Amended { kind, ends_at };
    let answer = Answer { agree: verdict == Verdict::Approve, reason, amended };
    match change_request::decide(&app, &actor, id, &answer, &code).await {
        Ok(()) | Err(Error::Repeated(_)) => {
            Ok(Json(change_request::seen(&app, &actor, id).await?.into()))
        }
        Err(error) => Err(error.into()),
    }
}
