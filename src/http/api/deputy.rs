//! Deputies: who decides for oneself while one is away, and for whom one decides.
use axum::{extract::State, http::StatusCode};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;

use super::answer::{Page, done};
use crate::{
    App,
    domain::{id::PersonId, text::Description, time::Instant},
    http::{
        Web,
        actor::Bearer,
        extract::{Json, Path},
        problem::ApiError,
    },
    service::deputy::{self, Told, Wanted},
};

pub(super) fn routes() -> OpenApiRouter<Web> {
    OpenApiRouter::new().routes(routes!(list, name)).routes(routes!(end))
}

/// Somebody who decides for somebody, for a while.
#[expect(clippy::struct_field_names, reason = "the names of the fields in the API")]
#[derive(Serialize, ToSchema)]
struct Deputy {
    /// Which.
    #[schema(value_type = String, format = Uuid)]
    id: Uuid,
    /// Whom they stand in for.
    person: PersonId,
    /// That one's name.
    name: String,
    /// The deputy.
    deputy: PersonId,
    /// Their name.
    deputy_name: String,
    /// From when.
    starts_at: Instant,
    /// Until when.
    ends_at: Instant,
    /// Why.
    reason: String,
}

impl From<Told> for Deputy {
    fn from(told: Told) -> Self {
        let Told { id, person, name, deputy, deputy_name, starts_at, ends_at, reason } = told;
        Self { id, person, name, deputy, deputy_name, starts_at, ends_at, reason }
    }
}

/// One's deputies, and those whom one stands in for, that are not over.
#[utoipa::path(
    get, path = "/me/deputies", tag = "me",
    responses((status = OK, body = Page<Deputy>, description = "The deputies"))
)]
async fn list(
    State(app): State<App>,
    Bearer(actor): Bearer,
) -> Result<Json<Page<Deputy>>, ApiError> {
    let told = deputy::list(&app, &actor).await?;
    Ok(Json(Page::whole(told.into_iter().map(Deputy::from).collect())))
}

/// A deputy who is to be named.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "deputy": "grace", "ends_at": "2027-01-08T07:00:00Z", "reason": "Holiday", "code": "123456" }))]
struct NewDeputy {
    /// Their user name or mail address.
    deputy: String,
    /// From when; now if left out.
    starts_at: Option<Instant>,
    /// Until when; 92 days after the start at most.
    ends_at: Instant,
    /// Why.
    #[serde(default)]
    #[schema(required = false)]
    reason: Description,
    /// A code from one's authenticator.
    #[serde(default)]
    #[schema(required = false)]
    code: String,
}

/// What was made.
#[derive(Serialize, ToSchema)]
struct NewDeputyId {
    /// Which.
    #[schema(value_type = String, format = Uuid)]
    id: Uuid,
}

/// Names who decides for oneself for a while. They are told, and never decide what they ask for themselves.
#[utoipa::path(
    post, path = "/me/deputies", tag = "me", request_body = NewDeputy,
    responses((status = CREATED, body = NewDeputyId, description = "They are named"))
)]
async fn name(
    State(app): State<App>,
    Bearer(actor): Bearer,
    Json(body): Json<NewDeputy>,
) -> Result<(StatusCode, Json<NewDeputyId>), ApiError> {
    let NewDeputy { deputy, starts_at, ends_at, reason, code } = body;
    let wanted = Wanted { deputy, starts_at, ends_at, reason };
    let id = deputy::name(&app, &actor, &wanted, &code).await?;
    Ok((StatusCode::CREATED, Json(NewDeputyId { id })))
}

/// Ends what one has named, now.
#[utoipa::path(
    post, path = "/me/deputies/{id}/end", tag = "me",
    params(("id" = Uuid, Path, description = "The deputy")),
    responses((status = NO_CONTENT, description = "It has ended"))
)]
async fn end(
    State(app): State<App>,
    Bearer(actor): Bearer,
    Path(id): Path<Uuid>,
) -> Result<StatusCode, ApiError> {
    done(deputy::end(&app, &actor, id).await)
}
