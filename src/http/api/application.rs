//! Applications: registering them, who answers for them, and what they sign in with.
use axum::{extract::State, http::StatusCode};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;

use super::{
    answer::{Created, Page, created, done},
    assignment::{Assignment, Why},
    cursor,
};
use crate::{
    App,
    domain::{
        application::CredentialKind,
        id::{ApplicationCredentialId, PersonId, PrincipalId},
        text::{Description, Name},
        time::Instant,
    },
    http::{
        Web,
        actor::Bearer,
        extract::{Json, Path, Query},
        problem::ApiError,
    },
    secret::PublicKey,
    service::application::{self, Credential, Detail, NewApplication, NewKey, NewSecret, Told},
};

pub(super) fn routes() -> OpenApiRouter<Web> {
    OpenApiRouter::new()
        .routes(routes!(list, register))
        .routes(routes!(show, rename))
        .routes(routes!(disable))
        .routes(routes!(enable))
        .routes(routes!(add_owner))
        .routes(routes!(remove_owner))
        .routes(routes!(make_accountable))
        .routes(routes!(make_secret))
        .routes(routes!(add_key))
        .routes(routes!(revoke))
}

/// An application.
#[derive(Serialize, ToSchema)]
struct Application {
    /// The application: its client identifier as well.
    principal: PrincipalId,
    /// What it is called.
    name: String,
    /// What it is for.
    description: String,
    /// The name of the person who is accountable for it.
    accountable: String,
    /// How many people own it.
    owners: i64,
    /// The roles that it holds now.
    roles: Vec<String>,
    /// How many secrets and keys it has that are good.
    credentials: i64,
    /// When the first of these ends.
    credentials_end_at: Option<Instant>,
    /// When it last signed in.
    last_used_at: Option<Instant>,
    /// When it was registered.
    created_at: Instant,
    /// When it was disabled.
    disabled_at: Option<Instant>,
}

impl From<Told> for Application {
    fn from(told: Told) -> Self {
        Self {
            principal: told.principal,
            name: told.name,
            description: told.description,
            accountable: told.accountable_name,
            owners: told.owners,
            roles: told.roles,
            credentials: told.credentials,
            credentials_end_at: told.credentials_end_at,
            last_used_at: told.last_used_at,
            created_at: told.created_at,
            disabled_at: told.disabled_at,
        }
    }
}

/// Which applications are wanted.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Wanted {
    /// Those whose name or description contains this.
    search: Option<String>,
    /// Where to go on, from `next`.
    cursor: Option<String>,
}

/// Applications by name: all of them with the permission `people.read` or `applications.manage`, else one's own.
#[utoipa::path(
    get, path = "/applications", tag = "applications", params(Wanted),
    responses((status = OK, body = Page<Application>, description = "The applications"))
)]
async fn list(
    State(app): State<App>,
    Bearer(actor): Bearer,
    Query(wanted): Query<Wanted>,
) -> Result<Json<Page<Application>>, ApiError> {
    let after = cursor::List::Applications.read(&app.keys, wanted.cursor.as_deref())?;
    let found = application::list(&app, &actor, wanted.search, after).await?;
    let next = cursor::end(&found, application::PAGE)
        .map(|last| cursor::List::Applications.write(&app.keys, &last.name));
    Ok(Json(Page::of(found, next)))
}

/// An application to be registered.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewApplicationBody {
    /// What it is called.
    name: Name,
    /// What it is for.
    #[serde(default)]
    #[schema(required = false)]
    description: Description,
    /// Who answers for it, by any account of theirs, the accountable one first; oneself, if left out.
    #[serde(default)]
    #[schema(required = false, max_items = 20)]
    owners: Vec<PrincipalId>,
}

/// Registers an application, which holds nothing yet.
#[utoipa::path(
    post, path = "/applications", tag = "applications", request_body = NewApplicationBody,
    responses((status = CREATED, body = Created, description = "The application"))
)]
async fn register(
    State(app): State<App>,
    Bearer(actor): Bearer,
    Json(body): Json<NewApplicationBody>,
) -> Result<(StatusCode, Json<Created>), ApiError> {
    let NewApplicationBody { name, description, owners } = body;
    let new = NewApplication { name, description, owners };
    Ok(created(application::register(&app, &actor, &new).await?.0))
}

/// Somebody who answers for an application.
#[derive(Serialize, ToSchema)]
struct ApplicationOwner {
    /// An account of theirs.
    principal: PrincipalId,
    /// The human being.
    person: PersonId,
    /// Their name.
    name: String,
    /// Whether they are accountable.
    accountable: bool,
    /// Since when.
    since: Instant,
}

/// A secret or a key of an application.
#[derive(Serialize, ToSchema)]
struct ApplicationCredential {
    /// Which: of a key, what an assertion may say as `kid`.
    id: ApplicationCredentialId,
    /// Secret or key.
    kind: CredentialKind,
    /// What it is called.
    name: String,
    /// What kind of key it is.
    key: Option<String>,
    /// The first half of the SHA-256 of the key.
    fingerprint: Option<String>,
    /// When it was made.
    created_at: Instant,
    /// Who made it.
    created_by: Option<String>,
    /// When it ends.
    expires_at: Instant,
    /// When it was revoked.
    revoked_at: Option<Instant>,
    /// When it was last used.
    last_used_at: Option<Instant>,
}

impl From<Credential> for ApplicationCredential {
    fn from(told: Credential) -> Self {
        let key = told.public_key.and_then(|der| PublicKey::from_der(&der).ok());
        Self {
            id: told.id,
            kind: told.kind,
            name: told.name,
            key: key.as_ref().map(PublicKey::describe),
            fingerprint: key.as_ref().map(PublicKey::fingerprint),
            created_at: told.created_at,
            created_by: told.created_by,
            expires_at: told.expires_at,
            revoked_at: told.revoked_at,
            last_used_at: told.last_used_at,
        }
    }
}

/// An application with who answers for it, what it signs in with, and what it holds.
#[derive(Serialize, ToSchema)]
struct ApplicationDetail {
    /// The application.
    application: Application,
    /// Who answers for it, the accountable one first.
    owners: Vec<ApplicationOwner>,
    /// What it signs in with and signed in with.
    credentials: Vec<ApplicationCredential>,
    /// What it holds, and will hold.
    assignments: Vec<Assignment>,
}

/// One application. To those who neither own it nor may see all of them, it does not exist.
#[utoipa::path(
    get, path = "/applications/{id}", tag = "applications",
    params(("id" = PrincipalId, Path, description = "The application")),
    responses((status = OK, body = ApplicationDetail, description = "The application"))
)]
async fn show(
    State(app): State<App>,
    Bearer(actor): Bearer,
    Path(id): Path<PrincipalId>,
) -> Result<Json<ApplicationDetail>, ApiError> {
    let Detail { told, owners, credentials, assignments, .. } =
        application::show(&app, &actor, id).await?;
    let owners = owners.into_iter().map(|owner| ApplicationOwner {
        principal: owner.principal,
        person: owner.person,
        name: owner.name,
        accountable: owner.accountable,
        since: owner.since,
    });
    Ok(Json(ApplicationDetail {
        application: told.into(),
        owners: owners.collect(),
        credentials: credentials.into_iter().map(ApplicationCredential::from).collect(),
        assignments: assignments.into_iter().map(Assignment::from).collect(),
    }))
}

/// Another name and description.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ApplicationNames {
    /// What it is called.
    name: Name,
    /// What it is for.
    description: Description,
}

/// Gives an application another name and description.
#[utoipa::path(
    patch, path = "/applications/{id}", tag = "applications", request_body = ApplicationNames,
    params(("id" = PrincipalId, Path, description = "The application")),
    responses((status = NO_CONTENT, description = "It is changed"))
)]
async fn rename(
    State(app): State<App>,
    Bearer(actor): Bearer,
    Path(id): Path<PrincipalId>,
    Json(body): Json<ApplicationNames>,
) -> Result<StatusCode, ApiError> {
    done(application::rename(&app, &actor, id, &body.name, &body.description).await)
}

/// Disables an application: its tokens end at once, and what it holds has no effect until it is enabled.
#[utoipa::path(
    post, path = "/applications/{id}/disable", tag = "applications", request_body = Why,
    params(("id" = PrincipalId, Path, description = "The application")),
    responses((status = NO_CONTENT, description = "It is disabled"))
)]
async fn disable(
    State(app): State<App>,
    Bearer(actor): Bearer,
    Path(id): Path<PrincipalId>,
    Json(body): Json<Why>,
) -> Result<StatusCode, ApiError> {
    done(application::disable(&app, &actor, id, &body.justification).await)
}

/// Enables an application again, with what it holds.
#[utoipa::path(
    post, path = "/applications/{id}/enable", tag = "applications", request_body = Why,
    params(("id" = PrincipalId, Path, description = "The application")),
    responses((status = NO_CONTENT, description = "It is enabled"))
)]
async fn enable(
    State(app): State<App>,
    Bearer(actor): Bearer,
    Path(id): Path<PrincipalId>,
    Json(body): Json<Why>,
) -> Result<StatusCode, ApiError> {
    done(application::enable(&app, &actor, id, &body.justification).await)
}

/// Somebody who is to own an application.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewOwner {
    /// Any account of theirs.
    principal: PrincipalId,
}

/// Makes somebody an owner. Nobody does that for themself where the application holds a role.
#[utoipa::path(
    post, path = "/applications/{id}/owners", tag = "applications", request_body = NewOwner,
    params(("id" = PrincipalId, Path, description = "The application")),
    responses((status = NO_CONTENT, description = "They own it"))
)]
async fn add_owner(
    State(app): State<App>,
    Bearer(actor): Bearer,
    Path(id): Path<PrincipalId>,
    Json(body): Json<NewOwner>,
) -> Result<StatusCode, ApiError> {
    done(application::add_owner(&app, &actor, id, body.principal).await)
}

/// Ends that somebody owns an application. One owner always remains.
#[utoipa::path(
    post, path = "/applications/{id}/owners/{principal}/remove", tag = "applications",
    params(
        ("id" = PrincipalId, Path, description = "The application"),
        ("principal" = PrincipalId, Path, description = "Any account of the owner"),
    ),
    responses((status = NO_CONTENT, description = "They no longer own it"))
)]
async fn remove_owner(
    State(app): State<App>,
    Bearer(actor): Bearer,
    Path((id, principal)): Path<(PrincipalId, PrincipalId)>,
) -> Result<StatusCode, ApiError> {
    done(application::remove_owner(&app, &actor, id, principal).await)
}

/// Makes another owner accountable.
#[utoipa::path(
    post, path = "/applications/{id}/owners/{principal}/make-accountable", tag = "applications",
    params(
        ("id" = PrincipalId, Path, description = "The application"),
        ("principal" = PrincipalId, Path, description = "Any account of the owner"),
    ),
    responses((status = NO_CONTENT, description = "They are accountable"))
)]
async fn make_accountable(
    State(app): State<App>,
    Bearer(actor): Bearer,
    Path((id, principal)): Path<(PrincipalId, PrincipalId)>,
) -> Result<StatusCode, ApiError> {
    done(application::make_accountable(&app, &actor, id, principal).await)
}

/// A secret to be made.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewSecretBody {
    /// What to call it.
    name: Name,
    /// For how many days it is good: 365 at most.
    #[schema(minimum = 1, maximum = 365)]
    days: u16,
    /// A code from one's authenticator app. People must show one.
    code: Option<String>,
}

/// A secret, shown this once.
#[derive(Serialize, ToSchema)]
struct MadeSecret {
    /// Which.
    id: ApplicationCredentialId,
    /// The client identifier to use it with.
    client_id: PrincipalId,
    /// The secret.
    client_secret: String,
}

/// Makes a secret for an application to sign in with. It is shown this once.
#[utoipa::path(
    post, path = "/applications/{id}/secrets", tag = "applications", request_body = NewSecretBody,
    params(("id" = PrincipalId, Path, description = "The application")),
    responses((status = CREATED, body = MadeSecret, description = "The secret"))
)]
async fn make_secret(
    State(app): State<App>,
    Bearer(actor): Bearer,
    Path(id): Path<PrincipalId>,
    Json(body): Json<NewSecretBody>,
) -> Result<(StatusCode, Json<MadeSecret>), ApiError> {
    let new = NewSecret { name: &body.name, days: body.days, code: body.code.as_deref() };
    let (credential, secret) = application::make_secret(&app, &actor, id, &new).await?;
    let client_secret = secret.reveal().to_string();
    Ok((StatusCode::CREATED, Json(MadeSecret { id: credential, client_id: id, client_secret })))
}

/// A key to be registered.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewKeyBody {
    /// What to call it.
    name: Name,
    /// For how many days it is good: 730 at most.
    #[schema(minimum = 1, maximum = 730)]
    days: u16,
    /// The public key in PEM: RSA of at least 2048 bits, P-256 or Ed25519.
    #[schema(max_length = 8192)]
    public_key: String,
    /// A code from one's authenticator app. People must show one.
    code: Option<String>,
}

/// Registers a public key, with whose other half an application signs assertions.
#[utoipa::path(
    post, path = "/applications/{id}/keys", tag = "applications", request_body = NewKeyBody,
    params(("id" = PrincipalId, Path, description = "The application")),
    responses((status = CREATED, body = Created, description = "The key"))
)]
async fn add_key(
    State(app): State<App>,
    Bearer(actor): Bearer,
    Path(id): Path<PrincipalId>,
    Json(body): Json<NewKeyBody>,
) -> Result<(StatusCode, Json<Created>), ApiError> {
    let NewKeyBody { name, days, public_key, code } = &body;
    let new = NewKey { name, days: *days, public_key, code: code.as_deref() };
    Ok(created(application::add_key(&app, &actor, id, &new).await?.0))
}

/// Revokes a secret or key at once, and ends the tokens that were got with it.
#[utoipa::path(
    post, path = "/applications/{id}/credentials/{credential}/revoke", tag = "applications",
    params(
        ("id" = PrincipalId, Path, description = "The application"),
        ("credential" = ApplicationCredentialId, Path, description = "The secret or key"),
    ),
    responses((status = NO_CONTENT, description = "It no longer works"))
)]
async fn revoke(
    State(app): State<App>,
    Bearer(actor): Bearer,
    Path((id, credential)): Path<(PrincipalId, Uuid)>,
) -> Result<StatusCode, ApiError> {
    done(application::revoke(&app, &actor, id, ApplicationCredentialId(credential)).await)
}
