//! Standing access, worst first, and how much there was.
use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    App,
    domain::{
        id::{AssignmentId, ConversionId, PrincipalId, RoleId, ScopeId},
        principal::PrincipalKind,
        time::Instant,
    },
    http::{
        Web,
        actor::Bearer,
        api::{answer::Page, cursor},
        extract::{Json, Query},
        problem::ApiError,
    },
    service::inventory::{
        history,
        standing::{self, Filter, List, Position},
    },
};

pub(super) fn routes() -> OpenApiRouter<Web> {
    OpenApiRouter::new().routes(routes!(list)).routes(routes!(days))
}

/// Access that is held all the time.
#[derive(Serialize, ToSchema)]
struct StandingAccess {
    /// The active assignment.
    assignment: AssignmentId,
    /// How bad it is, from 0 to 100.
    score: u8,
    /// Why, in words, worst first.
    reasons: Vec<String>,
    /// Who holds it.
    principal: PrincipalId,
    /// What kind of holder that is.
    holder_kind: PrincipalKind,
    /// The name of the person, group or application.
    holder: String,
    /// The account's name.
    account: String,
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
    /// When its holder, or a member of the group, was last here: signed in or by a token, to the hour.
    last_here: Option<Instant>,
    /// When its holder last activated the same role.
    last_activated: Option<Instant>,
    /// The conversion that is under way.
    conversion: Option<ConversionId>,
}

impl From<standing::Standing> for StandingAccess {
    fn from(standing::Standing { told, score }: standing::Standing) -> Self {
        Self {
            assignment: told.assignment,
            score: score.points,
            reasons: score.reasons,
            principal: told.principal,
            holder_kind: told.holder_kind,
            holder: told.holder,
            account: told.account,
            role: told.role,
            role_name: told.role_name,
            privileged: told.privileged,
            scope: told.scope,
            scope_name: told.scope_name,
            starts_at: told.starts_at,
            ends_at: told.ends_at,
            last_here: told.last_here,
            last_activated: told.last_activated,
            conversion: told.conversion,
        }
    }
}

/// Which standing access is wanted.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Wanted {
    /// `people` (and groups) if left out, `applications`, or `break_glass`.
    list: Option<List>,
    /// Of this role.
    role: Option<RoleId>,
    /// At this place, or below it.
    scope: Option<ScopeId>,
    /// Of privileged roles, or of others.
    privileged: Option<bool>,
    /// Without an end, or with one.
    permanent: Option<bool>,
    /// Where the page before ended.
    cursor: Option<String>,
}

/// Standing access, worst first: privileged before others, permanent before what ends, and then whoever was away for longest.
#[utoipa::path(
    get, path = "/inventory/standing", tag = "inventory", params(Wanted),
    responses((status = OK, body = Page<StandingAccess>, description = "A page of standing access"))
)]
async fn list(
    State(app): State<App>,
    Bearer(actor): Bearer,
    Query(wanted): Query<Wanted>,
) -> Result<Json<Page<StandingAccess>>, ApiError> {
    let after = cursor::List::Standing
        .read(&app.keys, wanted.cursor.as_deref())?
        .map(|(rank, last_here, assignment)| Position { rank, last_here, assignment });
    let filter = Filter {
        list: wanted.list.unwrap_or_default(),
        role: wanted.role,
        scope: wanted.scope,
        privileged: wanted.privileged,
        permanent: wanted.permanent,
        after,
    };
    let found = standing::list(&app, &actor, &filter).await?;
    let next = found.next.map(|Position { rank, last_here, assignment }| {
        cursor::List::Standing.write(&app.keys, &(rank, last_here, assignment))
    });
    Ok(Json(Page::of(found.rows, next)))
}

/// How much there was on a day.
#[derive(Serialize, ToSchema)]
struct DailyCount {
    /// The day, in universal time.
    #[schema(example = "2026-11-22")]
    day: String,
    /// When it was counted.
    taken_at: Instant,
    /// Standing assignments of privileged roles.
    standing_privileged: i64,
    /// Other standing assignments.
    standing_other: i64,
    /// Eligible assignments.
    eligible: i64,
    /// Activations on the day before.
    activations_day_before: i64,
}

/// Which days are wanted.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Span {
    /// So many of the latest days; 366 if left out, 3660 at most.
    #[param(minimum = 1, maximum = 3660)]
    days: Option<u16>,
}

/// How much standing access there was, day by day, oldest first.
#[utoipa::path(
    get, path = "/inventory/history", tag = "inventory", params(Span),
    responses((status = OK, body = Page<DailyCount>, description = "The days"))
)]
async fn days(
    State(app): State<App>,
    Bearer(actor): Bearer,
    Query(span): Query<Span>,
) -> Result<Json<Page<DailyCount>>, ApiError> {
    let most = i64::from(span.days.unwrap_or(366).clamp(1, 3660));
    let days = history::list(&app, &actor, most).await?.into_iter().map(|day| DailyCount {
        day: day.day,
        taken_at: day.taken_at,
        standing_privileged: day.standing_privileged,
        standing_other: day.standing_other,
        eligible: day.eligible,
        activations_day_before: day.activations_day_before,
    });
    Ok(Json(Page::whole(days.collect())))
}
