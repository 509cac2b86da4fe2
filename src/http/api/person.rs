//! People: inviting, disabling and helping them back in.
use axum::{extract::State, http::StatusCode};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    answer::{Page, done},
    assignment::{Assignment, Why},
    cursor,
    request::Request,
};
use crate::{
    App,
    domain::{
        id::{PersonId, PrincipalId},
        text::{DisplayName, Email, Justification, Name, UserName},
        time::Instant,
    },
    error::Error,
    http::{
        Web,
        actor::Bearer,
        extract::{Json, Path, Query},
        problem::ApiError,
    },
    service::person::{self, Invitation, Invited, NewPerson, PAGE, Told},
};

pub(super) fn routes() -> OpenApiRouter<Web> {
    OpenApiRouter::new()
        .routes(routes!(list, invite))
        .routes(routes!(show))
        .routes(routes!(disable))
        .routes(routes!(enable))
        .routes(routes!(recovery_link))
        .routes(routes!(set_manager))
}

/// A person's account.
#[derive(Serialize, ToSchema)]
#[expect(clippy::struct_field_names, reason = "the name of the field in the API")]
struct Person {
    /// The account.
    principal: PrincipalId,
    /// The human being.
    person: PersonId,
    /// Their name.
    name: String,
    /// The name that they sign in with.
    user_name: String,
    /// Their address.
    email: String,
    /// Whether the account is kept for emergencies.
    break_glass: bool,
    /// When it was made.
    created_at: Instant,
    /// When it was disabled.
    disabled_at: Option<Instant>,
    /// Whether they have set up how they sign in.
    enrolled: bool,
    /// When they last signed in.
    last_signed_in_at: Option<Instant>,
    /// How many roles they are eligible for.
    eligible: i64,
    /// How many roles they hold now.
    active: i64,
}

impl From<Told> for Person {
    fn from(told: Told) -> Self {
        Self {
            principal: told.principal,
            person: told.person,
            name: told.name,
            user_name: told.user_name,
            email: told.email,
            break_glass: told.break_glass,
            created_at: told.created_at,
            disabled_at: told.disabled_at,
            enrolled: told.enrolled,
            last_signed_in_at: told.last_signed_in_at,
            eligible: told.eligible,
            active: told.active,
        }
    }
}

/// Which people are wanted.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Wanted {
    /// Those whose name, user name or address contains this.
    search: Option<Name>,
    /// Where the page before ended.
    cursor: Option<String>,
}

/// People, by name.
#[utoipa::path(
    get, path = "/people", tag = "people", params(Wanted),
    responses((status = OK, body = Page<Person>, description = "A page of people"))
)]
async fn list(
    State(app): State<App>,
    Bearer(actor): Bearer,
    Query(wanted): Query<Wanted>,
) -> Result<Json<Page<Person>>, ApiError> {
    let after = cursor::List::People.read(&app.keys, wanted.cursor.as_deref())?;
    let search = wanted.search.map(|search| search.to_string());
    let found = person::list(&app, &actor, search, after).await?;
    let next = cursor::end(&found, PAGE)
        .map(|last| cursor::List::People.write(&app.keys, &(&last.name, last.principal)));
    Ok(Json(Page::of(found, next)))
}

/// A person with what they can do.
#[derive(Serialize, ToSchema)]
struct PersonDetail {
    /// The account.
    person: Person,
    /// The person's other accounts.
    other_accounts: Vec<PrincipalId>,
    /// What the account is eligible for and holds.
    assignments: Vec<Assignment>,
    /// What it held before, latest first.
    ended: Vec<Assignment>,
    /// Its requests, newest first.
    requests: Vec<Request>,
    /// Whether one may disable the account or help it back in.
    may_manage: bool,
    /// Whether it is one's own person.
    own: bool,
}

/// One person. Everybody may see themself.
#[utoipa::path(
    get, path = "/people/{id}", tag = "people",
    params(("id" = PrincipalId, Path, description = "The account")),
    responses((status = OK, body = PersonDetail, description = "The person"))
)]
async fn show(
    State(app): State<App>,
    Bearer(actor): Bearer,
    Path(id): Path<PrincipalId>,
) -> Result<Json<PersonDetail>, ApiError> {
    let detail = person::show(&app, &actor, id).await?;
    let requests: Result<_, Error> = detail.requests.into_iter().map(Request::try_from).collect();
    Ok(Json(PersonDetail {
        person: detail.told.into(),
        other_accounts: detail.other_accounts.iter().map(|told| told.principal).collect(),
        assignments: detail.assignments.into_iter().map(Assignment::from).collect(),
        ended: detail.ended.into_iter().map(Assignment::from).collect(),
        requests: requests?,
        may_manage: detail.may_manage,
        own: detail.own,
    }))
}

/// Whom to invite.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "name": "Ada Lovelace", "user_name": "ada", "email": "ada@example.org" }))]
struct Invite {
    /// Their name.
    name: DisplayName,
    /// The name to sign in with.
    user_name: UserName,
    /// Their address.
    email: Email,
    /// Whether the account is kept for emergencies.
    #[serde(default)]
    #[schema(required = false)]
    break_glass: bool,
    /// The account of the same human being, if they have one: this one is another account of theirs.
    same_person_as: Option<PrincipalId>,
}

/// An account, and a link for its owner.
#[derive(Serialize, ToSchema)]
pub(super) struct OneTimeLink {
    /// The account.
    principal: PrincipalId,
    /// Where its owner goes to set up how they sign in. It works once, and is shown this once.
    link: String,
}

/// Tells of an account and its link.
pub(super) fn link(invited: Invited) -> (StatusCode, Json<OneTimeLink>) {
    let Invited { principal, link } = invited;
    (StatusCode::CREATED, Json(OneTimeLink { principal, link }))
}

/// Creates an account, with a one-time link to hand to its owner. A repeat with the same key does not show the link again.
#[utoipa::path(
    post, path = "/people", tag = "people", request_body = Invite,
    responses((status = CREATED, body = OneTimeLink, description = "The account and its link"))
)]
async fn invite(
    State(app): State<App>,
    Bearer(actor): Bearer,
    Json(body): Json<Invite>,
) -> Result<(StatusCode, Json<OneTimeLink>), ApiError> {
    let Invite { name, user_name, email, break_glass, same_person_as } = body;
    let person = NewPerson { name, user_name, email, break_glass };
    Ok(link(person::invite(&app, &actor, &Invitation { person, same_person_as }).await?))
}

/// Disables an account: what it has activated ends, its open requests fail, its sessions and tokens stop working.
#[utoipa::path(
    post, path = "/people/{id}/disable", tag = "people", request_body = Why,
    params(("id" = PrincipalId, Path, description = "The account")),
    responses((status = NO_CONTENT, description = "It is disabled"))
)]
async fn disable(
    State(app): State<App>,
    Bearer(actor): Bearer,
    Path(id): Path<PrincipalId>,
    Json(body): Json<Why>,
) -> Result<StatusCode, ApiError> {
    match person::disable(&app, &actor, id, &body.justification).await {
        Ok(()) | Err(Error::Repeated(_)) => Ok(StatusCode::NO_CONTENT),
        Err(error) => Err(error.into()),
    }
}

/// Enables an account again.
#[utoipa::path(
    post, path = "/people/{id}/enable", tag = "people", request_body = Why,
    params(("id" = PrincipalId, Path, description = "The account")),
    responses((status = NO_CONTENT, description = "It is enabled"))
)]
async fn enable(
    State(app): State<App>,
    Bearer(actor): Bearer,
    Path(id): Path<PrincipalId>,
    Json(body): Json<Why>,
) -> Result<StatusCode, ApiError> {
    match person::enable(&app, &actor, id, &body.justification).await {
        Ok(()) | Err(Error::Repeated(_)) => Ok(StatusCode::NO_CONTENT),
        Err(error) => Err(error.into()),
    }
}

/// Makes a link with which somebody sets up their sign-in anew. What they have now works until they use it.
#[utoipa::path(
    post, path = "/people/{id}/recovery-link", tag = "people",
    params(("id" = PrincipalId, Path, description = "The account")),
    responses((status = CREATED, body = OneTimeLink, description = "The link"))
)]
async fn recovery_link(
    State(app): State<App>,
    Bearer(actor): Bearer,
    Path(id): Path<PrincipalId>,
) -> Result<(StatusCode, Json<OneTimeLink>), ApiError> {
    Ok(link(person::recovery_link(&app, &actor, id).await?))
}

/// Whom somebody is to answer to.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Manager {
    /// The manager's user name or mail address; empty for nobody.
    manager: String,
    /// Why.
    justification: Justification,
}

/// Says whom a person answers to. Terms of roles may ask the manager to approve, so nobody says it of themself or names themself.
#[utoipa::path(
    put, path = "/people/{id}/manager", tag = "people", request_body = Manager,
    params(("id" = PrincipalId, Path, description = "An account of the person")),
    responses((status = NO_CONTENT, description = "It is so"))
)]
async fn set_manager(
    State(app): State<App>,
    Bearer(actor): Bearer,
    Path(id): Path<PrincipalId>,
    Json(body): Json<Manager>,
) -> Result<StatusCode, ApiError> {
    done(person::set_manager(&app, &actor, id, &body.manager, &body.justification).await)
}
