//! Assignments that end soon, and those that have run out lately.
use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{answer::Page, cursor};
use crate::{
    App,
    domain::{
        assignment::AssignmentKind,
        id::{AssignmentId, ChangeRequestId, PrincipalId, RoleId, ScopeId},
        time::{Duration, Instant},
    },
    http::{
        Web,
        actor::Bearer,
        extract::{Json, Query},
        problem::ApiError,
    },
    service::expiring::{self, Filter, PAGE, Told},
};

pub(super) fn routes() -> OpenApiRouter<Web> {
    OpenApiRouter::new().routes(routes!(list))
}

/// An assignment that ends soon, or has run out.
#[derive(Serialize, ToSchema)]
struct ExpiringAssignment {
    /// Which.
    id: AssignmentId,
    /// Eligible or active.
    kind: AssignmentKind,
    /// Whose.
    principal: PrincipalId,
    /// The name of the person or group.
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
    /// Until when.
    ends_at: Instant,
    /// The wish for more time that waits for a decision.
    asked: Option<ChangeRequestId>,
}

impl From<Told> for ExpiringAssignment {
    fn from(told: Told) -> Self {
        Self {
            id: told.id,
            kind: told.kind,
            principal: told.principal,
            holder: told.holder,
            account: told.account,
            role: told.role,
            role_name: told.role_name,
            privileged: told.privileged,
            scope: told.scope,
            scope_name: told.scope_name,
            starts_at: told.starts_at,
            ends_at: told.ends_at,
            asked: told.asked,
        }
    }
}

/// Which of them are wanted.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Wanted {
    /// Those that end within so many days; 14 if left out.
    #[param(minimum = 1, maximum = 366)]
    days: Option<u16>,
    /// Those of this role.
    role: Option<RoleId>,
    /// Those that have run out in the last 30 days, instead of those that end.
    over: Option<bool>,
    /// Where the page before ended.
    cursor: Option<String>,
}

/// Assignments that end soon, soonest first; or those that have run out, latest first.
#[utoipa::path(
    get, path = "/assignments/expiring", tag = "assignments", params(Wanted),
    responses((status = OK, body = Page<ExpiringAssignment>, description = "A page of assignments"))
)]
async fn list(
    State(app): State<App>,
    Bearer(actor): Bearer,
    Query(wanted): Query<Wanted>,
) -> Result<Json<Page<ExpiringAssignment>>, ApiError> {
    let after = cursor::List::Expiring.read(&app.keys, wanted.cursor.as_deref())?;
    let filter = Filter {
        over: wanted.over.unwrap_or_default(),
        within: Duration::days(u32::from(wanted.days.unwrap_or(14).clamp(1, 366))),
        role: wanted.role,
        after,
    };
    let found = expiring::list(&app, &actor, filter).await?;
    let next = cursor::end(&found, PAGE)
        .map(|last| cursor::List::Expiring.write(&app.keys, &(last.ends_at, last.id)));
    Ok(Json(Page::of(found, next)))
}
