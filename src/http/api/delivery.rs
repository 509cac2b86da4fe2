//! The way of notices.
use axum::{extract::State, http::StatusCode};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;

use super::{
    answer::{Created, Page, created, done},
    cursor,
};
use crate::{
    App,
    domain::{
        channel::Kind,
        delivery::{State as Stage, Wait},
        time::Instant,
    },
    http::{
        Web,
        actor::Bearer,
        extract::{Json, Path, Query},
        problem::ApiError,
    },
    service::delivery::{self, Lane},
};

pub(super) fn routes() -> OpenApiRouter<Web> {
    OpenApiRouter::new()
        .routes(routes!(list))
        .routes(routes!(resend))
        .routes(routes!(channels))
        .routes(routes!(test))
}

/// A notice on its way. What it says is not told here.
#[derive(Serialize, ToSchema)]
struct Delivery {
    /// Which. A webhook gets it as `webhook-id`.
    id: Uuid,
    /// When it was written.
    created_at: Instant,
    /// What happened, by its stable name.
    #[schema(example = "request.pending")]
    event: Option<String>,
    /// The channel that it goes to; none: it is a mail.
    channel: Option<String>,
    /// The address that it goes to, if it is a mail.
    address: Option<String>,
    /// Where it stands.
    state: Stage,
    /// How often it was tried.
    attempts: i32,
    /// When it went out.
    sent_at: Option<Instant>,
    /// What it waits for, if it waits.
    waits_for: Option<Wait>,
    /// When it is tried next; none: as soon as it is its turn, or nobody can tell.
    next_attempt_at: Option<Instant>,
    /// Why it failed the last time.
    last_error: Option<String>,
}

impl From<delivery::Delivery> for Delivery {
    fn from(notice: delivery::Delivery) -> Self {
        let delivery::Delivery {
            id,
            at,
            event,
            channel,
            address,
            state,
            attempts,
            sent_at,
            waits_for,
            next_attempt_at,
            last_error,
        } = notice;
        Self {
            id,
            created_at: at,
            event,
            channel,
            address,
            state,
            attempts,
            sent_at,
            waits_for,
            next_attempt_at,
            last_error,
        }
    }
}

/// Which notices are wanted.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Wanted {
    /// This one alone.
    id: Option<Uuid>,
    /// Those to this channel, or `mail`.
    channel: Option<String>,
    /// Those that stand so.
    #[param(inline)]
    state: Option<Stage>,
    /// Those of this event.
    event: Option<String>,
    /// Mails to this address.
    address: Option<String>,
    /// Where the page before ended.
    cursor: Option<String>,
}

/// Notices, the newest first.
#[utoipa::path(
    get, path = "/deliveries", tag = "deliveries", params(Wanted),
    responses((status = OK, body = Page<Delivery>, description = "A page of notices"))
)]
async fn list(
    State(app): State<App>,
    Bearer(actor): Bearer,
    Query(wanted): Query<Wanted>,
) -> Result<Json<Page<Delivery>>, ApiError> {
    let after = cursor::List::Deliveries.read(&app.keys, wanted.cursor.as_deref())?;
    let Wanted { id, channel: lane, state, event, address, .. } = wanted;
    let wish = delivery::Wanted { id, lane, state, event, address };
    let (found, next) = delivery::list(&app, &actor, &wish, after).await?;
    let next = next.map(|next| cursor::List::Deliveries.write(&app.keys, &next));
    Ok(Json(Page::of(found, next)))
}

/// Puts a notice in line again that was given up or waits.
#[utoipa::path(
    post, path = "/deliveries/{id}/resend", tag = "deliveries",
    params(("id" = Uuid, Path, description = "The notice")),
    responses((status = NO_CONTENT, description = "It is in line"))
)]
async fn resend(
    State(app): State<App>,
    Bearer(actor): Bearer,
    Path(id): Path<Uuid>,
) -> Result<StatusCode, ApiError> {
    done(delivery::resend(&app, &actor, id).await)
}

/// A way by which notices leave: mail, or a channel.
#[derive(Serialize, ToSchema)]
struct Channel {
    /// Its name; `mail` for mail.
    name: String,
    /// What kind of channel it is; none for mail, and for one that is configured no more.
    kind: Option<Kind>,
    /// The host that it calls. The rest of the address is a secret.
    host: String,
    /// Which events it wants; empty: all.
    events: Vec<String>,
    /// Whether it is configured.
    configured: bool,
    /// How many notices wait for it.
    waiting: i64,
    /// How many were given up.
    given_up: i64,
    /// Since when nothing gets through.
    failing_since: Option<Instant>,
    /// Until when it is let be.
    paused_until: Option<Instant>,
    /// When something got through last, give or take a minute.
    succeeded_at: Option<Instant>,
    /// What it said last, if it fails.
    last_error: Option<String>,
}

impl From<Lane> for Channel {
    fn from(lane: Lane) -> Self {
        Self {
            name: lane.name,
            kind: lane.kind,
            host: lane.host,
            events: lane.events,
            configured: lane.configured,
            waiting: lane.waiting,
            given_up: lane.given_up,
            failing_since: lane.failing_since,
            paused_until: lane.paused_until,
            succeeded_at: lane.succeeded_at,
            last_error: lane.last_error,
        }
    }
}

/// Mail and every channel, with how it fares.
#[utoipa::path(
    get, path = "/channels", tag = "deliveries",
    responses((status = OK, body = Page<Channel>, description = "The ways out"))
)]
async fn channels(
    State(app): State<App>,
    Bearer(actor): Bearer,
) -> Result<Json<Page<Channel>>, ApiError> {
    let lanes = delivery::lanes(&app, &actor).await?;
    Ok(Json(Page::whole(lanes.into_iter().map(Channel::from).collect())))
}

/// Puts a test in line through a channel; through `mail`, to the asker's own address. Whether it gets through is told by its
/// notice.
#[utoipa::path(
    post, path = "/channels/{name}/test", tag = "deliveries",
    params(("name" = String, Path, description = "The channel, or `mail`")),
    responses((
        status = CREATED, body = Created,
        description = "The test is in line: ask for the notice of this `id` to see what becomes of it"
    ))
)]
async fn test(
    State(app): State<App>,
    Bearer(actor): Bearer,
    Path(name): Path<String>,
) -> Result<(StatusCode, Json<Created>), ApiError> {
    Ok(created(delivery::test(&app, &actor, &name).await?))
}
