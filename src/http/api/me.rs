//! Who one is, and what one holds.
use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{assignment::Assignment, request::Request};
use crate::{
    App,
    domain::{
        actor::{TokenScope, Via},
        id::{AccessTokenId, PersonId, PrincipalId},
        language::Wishes,
        settings::{ActivationTerms, Authentication},
        time::{Duration, Instant},
    },
    error::Error,
    http::{Web, actor::Bearer, extract::Json, problem::ApiError},
    service::{access, language, overview},
};

pub(super) fn routes() -> OpenApiRouter<Web> {
    OpenApiRouter::new()
        .routes(routes!(me))
        .routes(routes!(my_access))
        .routes(routes!(my_language, choose_language))
}

/// Who one is.
#[derive(Serialize, ToSchema)]
struct Me {
    /// The account.
    principal: PrincipalId,
    /// The human being behind it.
    person: PersonId,
    /// The person's name.
    name: String,
    /// The token that was shown.
    token: Option<AccessTokenId>,
    /// What the token may be used for.
    scopes: Vec<TokenScope>,
    /// What one's roles in Latchkey allow at this moment.
    #[schema(value_type = Vec<String>, example = json!(["roles.read"]))]
    permissions: Vec<&'static str>,
}

/// Who one is, what the token is good for, and what one's roles in Latchkey allow at this moment.
#[utoipa::path(get, path = "/me", tag = "me", responses((status = OK, body = Me, description = "Oneself")))]
async fn me(State(app): State<App>, Bearer(actor): Bearer) -> Result<Json<Me>, ApiError> {
    let permissions = access::my_permissions(&app, &actor).await?.names();
    let user = access::person(&actor)?.clone();
    let (token, scopes) = match user.via {
        Via::AccessToken(token, scopes) => (Some(token), scopes),
        Via::Session(_) => (None, Vec::new()),
    };
    Ok(Json(Me {
        principal: user.principal,
        person: user.person,
        name: user.name,
        token,
        scopes,
        permissions,
    }))
}

/// What one can do, and holds right now.
#[derive(Serialize, ToSchema)]
struct MyAccess {
    /// When this was so, by the database's clock.
    at: Instant,
    /// What is held now, activated or assigned.
    active: Vec<Assignment>,
    /// Requests that are open.
    requests: Vec<Request>,
    /// What can be activated.
    eligible: Vec<Eligible>,
    /// How many requests, changes and reviews of emergencies wait for one's word.
    awaiting_me: usize,
}

/// Something that can be activated.
#[derive(Serialize, ToSchema)]
struct Eligible {
    /// The eligible assignment.
    assignment: Assignment,
    /// What activating it asks for.
    terms: ActivationNeeds,
    /// Whether it is held now.
    active: bool,
    /// Whether a request for it is open.
    requested: bool,
}

/// What an activation asks for.
#[derive(Serialize, ToSchema)]
pub(super) struct ActivationNeeds {
    /// The longest activation.
    maximum: Duration,
    /// What must be proved freshly.
    authentication: Authentication,
    /// Whether a reason must be given.
    requires_justification: bool,
    /// Whether a ticket must be given.
    requires_ticket: bool,
    /// Whether somebody else must approve.
    requires_approval: bool,
}

impl From<ActivationTerms> for ActivationNeeds {
    fn from(terms: ActivationTerms) -> Self {
        Self {
            maximum: terms.maximum,
            authentication: terms.authentication,
            requires_justification: terms.requires_justification,
            requires_ticket: terms.requires_ticket,
            requires_approval: terms.requires_approval,
        }
    }
}

/// What one can activate, has asked for, and holds right now.
#[utoipa::path(
    get, path = "/me/access", tag = "me",
    responses((status = OK, body = MyAccess, description = "One's access"))
)]
async fn my_access(
    State(app): State<App>,
    Bearer(actor): Bearer,
) -> Result<Json<MyAccess>, ApiError> {
    let mine = overview::my_access(&app, &actor).await?;
    let awaiting_me = overview::awaiting_me(&app, &actor).await?;
    let requests: Result<_, Error> = mine.open.into_iter().map(Request::try_from).collect();
    let eligible = mine.eligible.into_iter().map(|eligible| Eligible {
        assignment: eligible.assignment.into(),
        terms: eligible.terms.into(),
        active: eligible.active,
        requested: eligible.requested,
    });
    Ok(Json(MyAccess {
        at: mine.now,
        active: mine.active.into_iter().map(Assignment::from).collect(),
        requests: requests?,
        eligible: eligible.collect(),
        awaiting_me,
    }))
}

/// In which language and in which time zone one is told things.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct LanguageChoice {
    /// The language, `en` or `da`; none if the browser or the organisation decides.
    #[schema(example = "da")]
    language: Option<String>,
    /// The time zone, by its name; none if the browser or the organisation decides.
    #[schema(example = "Europe/Copenhagen")]
    time_zone: Option<String>,
}

impl From<Wishes> for LanguageChoice {
    fn from(wishes: Wishes) -> Self {
        Self {
            language: wishes.language.map(|language| language.tag().to_owned()),
            time_zone: wishes.time_zone.map(|zone| zone.as_str().to_owned()),
        }
    }
}

/// The language and the time zone that one has chosen for pages and mails.
#[utoipa::path(
    get, path = "/me/language", tag = "me",
    responses((status = OK, body = LanguageChoice, description = "What one has chosen"))
)]
async fn my_language(
    State(app): State<App>,
    Bearer(actor): Bearer,
) -> Result<Json<LanguageChoice>, ApiError> {
    Ok(Json(language::mine(&app, &actor).await?.into()))
}

/// Chooses the language and the time zone of pages and mails. The interface itself speaks English and UTC.
#[utoipa::path(
    put, path = "/me/language", tag = "me",
    request_body = LanguageChoice,
    responses((status = OK, body = LanguageChoice, description = "What is chosen now"))
)]
async fn choose_language(
    State(app): State<App>,
    Bearer(actor): Bearer,
    Json(body): Json<LanguageChoice>,
) -> Result<Json<LanguageChoice>, ApiError> {
    let (language, zone) = (body.language.unwrap_or_default(), body.time_zone.unwrap_or_default());
    let wishes = Wishes::read(&language, &zone).map_err(Error::Invalid)?;
    language::choose(&app, &actor, &wishes).await?;
    Ok(Json(wishes.into()))
}
