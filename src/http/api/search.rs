//! Looking for something by a part of its name.
use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;

use super::cursor;
use crate::{
    App,
    domain::search::Found,
    http::{
        Web,
        actor::Bearer,
        extract::{Json, Query},
        problem::ApiError,
    },
    service::search::{self, Hit, Wish},
};

pub(super) fn routes() -> OpenApiRouter<Web> {
    OpenApiRouter::new().routes(routes!(find))
}

/// Something that was found.
#[derive(Serialize, ToSchema)]
struct SearchHit {
    /// What it is.
    kind: Found,
    /// Which.
    id: Uuid,
    /// Its name.
    name: String,
    /// What tells it from others of that name: the account, the place above, what it is for.
    detail: String,
    /// Whether it is disabled.
    disabled: bool,
}

impl From<Hit> for SearchHit {
    fn from(hit: Hit) -> Self {
        let Hit { kind, id, name, detail, disabled, .. } = hit;
        Self { kind, id, name, detail, disabled }
    }
}

/// What was found.
#[derive(Serialize, ToSchema)]
struct SearchAnswer {
    /// By kind; of each kind first what begins as was asked.
    items: Vec<SearchHit>,
    /// The kinds of which there is more.
    more: Vec<Found>,
    /// The `cursor` of the next page, if one kind was asked for; none on the last one.
    next: Option<String>,
}

/// What is looked for.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Asked {
    /// A part of the name. Case and accents do not matter; one or two characters begin a word.
    #[param(max_length = 120)]
    q: String,
    /// Things of this kind alone; six of each kind if it is left out.
    kind: Option<Found>,
    /// Where the page before ended; only together with `kind`.
    cursor: Option<String>,
}

/// People, groups, applications, roles and places by a part of their names. Everybody finds what they may see.
#[utoipa::path(
    get, path = "/search", tag = "search", params(Asked),
    responses((status = OK, body = SearchAnswer, description = "What was found"))
)]
async fn find(
    State(app): State<App>,
    Bearer(actor): Bearer,
    Query(asked): Query<Asked>,
) -> Result<Json<SearchAnswer>, ApiError> {
    let cursor = asked.cursor.as_deref().filter(|_| asked.kind.is_some());
    let after = cursor::List::Search.read(&app.keys, cursor)?;
    let wish = Wish { asked: asked.q, kind: asked.kind, after };
    let found = search::find(&app, &actor, &wish).await?;
    let last = found.hits.last().filter(|_| wish.kind.is_some() && !found.more.is_empty());
    let next = last.map(|last| cursor::List::Search.write(&app.keys, &last.position));
    let items = found.hits.into_iter().map(SearchHit::from).collect();
    Ok(Json(SearchAnswer { items, more: found.more, next }))
}
