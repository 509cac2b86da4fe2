//! Turns errors into answers (RFC 9457): JSON for programs, a page for people.
//!
//! A handler's error becomes a [`Problem`] that travels as an extension of an empty answer. The face that the request
//! was for puts it into words on the way out, when it also knows the request's id. What went wrong inside is logged
//! here, once, and shown to nobody.
use std::borrow::Cow;

use axum::{
    body::Body,
    extract::{MatchedPath, Request},
    http::{HeaderValue, StatusCode, header, request::Parts},
    response::{IntoResponse, Response},
};
use serde::{Serialize, Serializer};
use utoipa::ToSchema;

use super::{Web, correlation::Correlation, pages};
use crate::{
    domain::{activation::Refusal, actor::Actor, fault::FieldError, permission::Permission},
    error::Error,
    service::refusal,
};

/// Seconds to wait before trying again when the database is not there, or two changes got in each other's way.
const SHORT_WAIT: u64 = 1;

/// Every way in which something can not be done. The names are stable.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "the titles say it, and docs/api.md tells of each")]
pub enum Kind {
    Invalid,
    Unauthenticated,
    NotAllowed,
    PermissionNeeded,
    CodeNotAccepted,
    NotFound,
    MethodNotAllowed,
    Conflict,
    TooLarge,
    UnsupportedMediaType,
    Refused,
    TooManyAttempts,
    Internal,
    Unavailable,
}

impl Kind {
    /// All of them.
    pub const ALL: [Self; 14] = [
        Self::Invalid,
        Self::Unauthenticated,
        Self::NotAllowed,
        Self::PermissionNeeded,
        Self::CodeNotAccepted,
        Self::NotFound,
        Self::MethodNotAllowed,
        Self::Conflict,
        Self::TooLarge,
        Self::UnsupportedMediaType,
        Self::Refused,
        Self::TooManyAttempts,
        Self::Internal,
        Self::Unavailable,
    ];

    /// Its stable name, as an address.
    #[must_use]
    pub const fn name(self) -> &'static str {
        self.facts().0
    }

    /// The status of its answers.
    #[must_use]
    pub const fn status(self) -> StatusCode {
        self.facts().1
    }

    /// What it is, in words that are always the same.
    #[must_use]
    pub const fn title(self) -> &'static str {
        self.facts().2
    }

    /// The key of those words in the catalogue.
    #[must_use]
    pub fn title_key(self) -> String {
        self.name().replace("/problems/", "problem-title-")
    }

    /// The kind of that name, as it stands after the last stroke of its address.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name().strip_prefix("/problems/") == Some(name))
    }

    const fn facts(self) -> (&'static str, StatusCode, &'static str) {
        match self {
            Self::Invalid => {
                ("/problems/invalid", StatusCode::BAD_REQUEST, "What was sent is not right")
            }
            Self::Unauthenticated => {
                ("/problems/unauthenticated", StatusCode::UNAUTHORIZED, "Sign in first")
            }
            Self::NotAllowed => {
                ("/problems/not-allowed", StatusCode::FORBIDDEN, "You may not do this")
            }
            Self::PermissionNeeded => {
                ("/problems/permission-needed", StatusCode::FORBIDDEN, "You lack a permission")
            }
            Self::CodeNotAccepted => {
                ("/problems/code-not-accepted", StatusCode::FORBIDDEN, "The code does not count")
            }
            Self::NotFound => ("/problems/not-found", StatusCode::NOT_FOUND, "Not found"),
            Self::MethodNotAllowed => (
                "/problems/method-not-allowed",
                StatusCode::METHOD_NOT_ALLOWED,
                "This address does not take this method",
            ),
            Self::Conflict => (
                "/problems/conflict",
                StatusCode::CONFLICT,
                "It does not go together with how things stand",
            ),
            Self::TooLarge => {
                ("/problems/too-large", StatusCode::PAYLOAD_TOO_LARGE, "That is too much")
            }
            Self::UnsupportedMediaType => (
                "/problems/unsupported-media-type",
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "This is sent in another format",
            ),
            Self::Refused => {
                ("/problems/refused", StatusCode::UNPROCESSABLE_ENTITY, "The rules say no")
            }
            Self::TooManyAttempts => {
                ("/problems/too-many-attempts", StatusCode::TOO_MANY_REQUESTS, "Too many attempts")
            }
            Self::Internal => {
                ("/problems/internal", StatusCode::INTERNAL_SERVER_ERROR, "Something went wrong")
            }
            Self::Unavailable => (
                "/problems/unavailable",
                StatusCode::SERVICE_UNAVAILABLE,
                "This is not possible at the moment",
            ),
        }
    }
}

impl Serialize for Kind {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

/// Why something was not done.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Problem {
    /// What kind of problem it is: a stable name that a program can act on.
    #[serde(rename = "type")]
    #[schema(value_type = String, format = "uri-reference", example = "/problems/refused")]
    pub kind: Kind,
    /// What kind of problem it is, for people.
    #[schema(value_type = String, example = "The rules say no")]
    pub title: &'static str,
    /// The HTTP status.
    #[schema(example = 422)]
    pub status: u16,
    /// What went wrong this time, and what to do.
    #[schema(example = "Write a reason: this role asks for one.")]
    pub detail: String,
    /// The id of this very answer, by which an administrator finds it in the log if anything was done for it.
    #[schema(format = "uri-reference", example = "urn:uuid:01938f3a-5f10-7cc2-b8a5-3f1c6f6f2a11")]
    pub instance: String,
    /// Every rule that said no.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    pub reasons: Vec<Reason>,
    /// Every field that is not right.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    pub fields: Vec<Field>,
    /// How many seconds to wait before another try makes sense.
    #[serde(skip)]
    pub retry_after: Option<u64>,
    /// What is missing, if it is a permission; programs read it in the detail.
    #[serde(skip)]
    pub permission: Option<Permission>,
}

/// A rule that said no.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Reason {
    /// The stable name of the rule.
    #[schema(value_type = String, example = "justification_needed")]
    pub rule: &'static str,
    /// The field that it is about, if it is about one.
    #[schema(value_type = Option<String>, example = "justification")]
    pub field: Option<&'static str>,
    /// The rule's limit, and what to do.
    #[schema(example = "Write a reason: this role asks for one.")]
    pub message: String,
}

impl From<&Refusal> for Reason {
    fn from(refusal: &Refusal) -> Self {
        Self { rule: refusal.rule(), field: refusal.field(), message: refusal.to_string() }
    }
}

/// A field that is not right.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = ProblemField)]
pub struct Field {
    /// Its name, or the way to it, such as `roles[0].duration`.
    #[schema(value_type = String, example = "duration")]
    pub field: Cow<'static, str>,
    /// What is wrong with it, and what to do.
    #[schema(example = "write a duration such as 90m, 2h30m or PT1H")]
    pub message: String,
}

impl From<&FieldError> for Field {
    fn from(error: &FieldError) -> Self {
        Self { field: Cow::Borrowed(error.field), message: error.message.clone() }
    }
}

impl Problem {
    /// A problem of that kind.
    #[must_use]
    pub fn new(kind: Kind, detail: impl Into<String>) -> Self {
        Self {
            kind,
            title: kind.title(),
            status: kind.status().as_u16(),
            detail: detail.into(),
            instance: String::new(),
            reasons: Vec::new(),
            fields: Vec::new(),
            retry_after: None,
            permission: None,
        }
    }

    /// One field is not right.
    #[must_use]
    pub fn field(field: impl Into<Cow<'static, str>>, message: impl Into<String>) -> Self {
        let field = Field { field: field.into(), message: message.into() };
        let detail = match field.field.as_ref() {
            "" => field.message.clone(),
            name => format!("{name}: {}", field.message),
        };
        Self { fields: vec![field], ..Self::new(Kind::Invalid, detail) }
    }

    /// It is not possible now, but may be in a moment. Why is for the log.
    #[must_use]
    pub fn unavailable(why: impl std::fmt::Display) -> Self {
        tracing::warn!(%why, "cannot answer at the moment");
        let detail = "Try again in a moment. With the same idempotency key nothing happens twice.";
        Self { retry_after: Some(SHORT_WAIT), ..Self::new(Kind::Unavailable, detail) }
    }

    /// More is asked at once than can be answered, and nothing was done.
    #[must_use]
    pub fn too_much() -> Self {
        let detail =
            "More is asked at once than can be answered. Nothing was done; try again in a moment.";
        Self { retry_after: Some(SHORT_WAIT), ..Self::new(Kind::Unavailable, detail) }
    }

    /// Something is broken. What it is, is for the log.
    #[must_use]
    pub fn internal(error: &(dyn std::error::Error + 'static)) -> Self {
        tracing::error!(error, "something went wrong");
        Self::new(
            Kind::Internal,
            "This is a fault of the server. Its log tells more under the id of this answer.",
        )
    }

    /// The HTTP status.
    #[must_use]
    pub const fn status(&self) -> StatusCode {
        self.kind.status()
    }
}

impl From<&Error> for Problem {
    fn from(error: &Error) -> Self {
        let as_it_says = |kind| Self::new(kind, error.to_string());
        match error {
            Error::Refused(refusals) => Self {
                reasons: refusals.iter().map(Reason::from).collect(),
                ..as_it_says(Kind::Refused)
            },
            Error::Invalid(fields) => Self {
                fields: fields.iter().map(Field::from).collect(),
                ..as_it_says(Kind::Invalid)
            },
            Error::NotFound(_) => as_it_says(Kind::NotFound),
            Error::Unauthenticated => as_it_says(Kind::Unauthenticated),
            Error::Forbidden(permission) => {
                Self { permission: Some(*permission), ..as_it_says(Kind::PermissionNeeded) }
            }
            Error::NotAllowed(_) | Error::Widens(_) => as_it_says(Kind::NotAllowed),
            Error::Conflict(_) | Error::Repeated(_) => as_it_says(Kind::Conflict),
            Error::StepUp(message) => Self {
                fields: vec![Field { field: "code".into(), message: (*message).to_owned() }],
                ..as_it_says(Kind::CodeNotAccepted)
            },
            Error::Busy { retry_after } => {
                Self { retry_after: Some(*retry_after), ..as_it_says(Kind::TooManyAttempts) }
            }
            Error::Shared(cause) => Self::from(&**cause),
            Error::Database(cause) if error.is_passing() => Self::unavailable(cause),
            Error::Database(_) | Error::Inconsistent { .. } | Error::Internal(_) => {
                Self::internal(error)
            }
        }
    }
}

impl IntoResponse for Problem {
    /// An empty answer with the right status and headers, that a face will put into words.
    fn into_response(self) -> Response {
        let mut response = self.status().into_response();
        let headers = response.headers_mut();
        if let Some(seconds) = self.retry_after {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        if self.kind == Kind::Unauthenticated {
            let scheme = HeaderValue::from_static("Bearer realm=\"latchkey\"");
            headers.insert(header::WWW_AUTHENTICATE, scheme);
        }
        response.extensions_mut().insert(Box::new(self));
        response
    }
}

/// An error of a program's request.
#[derive(Debug)]
pub struct ApiError(pub Box<Problem>);

/// An error of a person's request.
#[derive(Debug)]
pub struct PageError(pub Error);

impl<E: Into<Error>> From<E> for ApiError {
    fn from(error: E) -> Self {
        Problem::from(&error.into()).into()
    }
}

impl From<Problem> for ApiError {
    fn from(problem: Problem) -> Self {
        Self(Box::new(problem))
    }
}

impl<E: Into<Error>> From<E> for PageError {
    fn from(error: E) -> Self {
        Self(error.into())
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        self.0.into_response()
    }
}

impl IntoResponse for PageError {
    fn into_response(self) -> Response {
        Problem::from(&self.0).into_response()
    }
}

/// No route leads there.
pub async fn no_such_address() -> Problem {
    Problem::new(Kind::NotFound, "There is nothing at this address.")
}

/// The route takes other methods only; the `Allow` header says which.
pub async fn no_such_method() -> Problem {
    Problem::new(Kind::MethodNotAllowed, "The Allow header lists the methods that it takes.")
}

/// Tells problems as `application/problem+json`.
pub(super) async fn as_json<Answered: Future<Output = Response>>(
    web: &Web,
    request: Request,
    inside: impl FnOnce(Request) -> Answered,
) -> Response {
    let correlation = request.extensions().get::<Correlation>().copied();
    let (request, tried) = trying(request);
    let mut response = inside(request).await;
    let Some(problem) = taken_from(&mut response, correlation) else { return response };
    if let (Some((parts, what)), Some(permission)) = (tried, problem.permission) {
        let actor = super::actor::bearer(&web.app, &parts).await;
        write_down(web, &parts, actor, (what, permission)).await;
    }
    tell_as_json(&problem, &mut response);
    response
}

/// Puts a problem into an answer, for a program.
pub(super) fn tell_as_json(problem: &Problem, response: &mut Response) {
    *response.body_mut() = Body::from(serde_json::to_vec(problem).unwrap_or_default());
    let media_type = HeaderValue::from_static("application/problem+json");
    response.headers_mut().insert(header::CONTENT_TYPE, media_type);
}

/// Tells problems as pages.
pub(super) async fn as_page<Answered: Future<Output = Response>>(
    web: &Web,
    request: Request,
    inside: impl FnOnce(Request) -> Answered,
) -> Response {
    let correlation = request.extensions().get::<Correlation>().copied();
    let asked = pages::problem::Asked::by(&request);
    let (request, tried) = trying(request);
    let mut response = inside(request).await;
    let Some(problem) = taken_from(&mut response, correlation) else { return response };
    if let (Some((parts, what)), Some(permission)) = (tried, problem.permission) {
        let actor = super::actor::signed_in(&web.app, &parts).await.map(|known| known.actor);
        write_down(web, &parts, actor, (what, permission)).await;
    }
    *response.body_mut() = Body::from(pages::problem::page(web, &asked, &problem));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    // Browsers ask for a password of their own when they see it.
    headers.remove(header::WWW_AUTHENTICATE);
    response
}

/// What is kept of a request that would change something, in case that it is refused: its head, and what it tries.
fn trying(request: Request) -> (Request, Option<(Parts, String)>) {
    if request.method().is_safe() {
        return (request, None);
    }
    let (parts, body) = request.into_parts();
    let route = parts.extensions.get::<MatchedPath>().map_or("", MatchedPath::as_str);
    let what = format!("{} {route}", parts.method);
    (Request::from_parts(parts.clone(), body), Some((parts, what)))
}

/// Writes down who was refused for want of a permission. That it can't be written down changes nothing about the answer.
async fn write_down(
    web: &Web,
    parts: &Parts,
    actor: Result<Actor, Error>,
    (what, permission): (String, Permission),
) {
    let target = parts.uri.path().split('/').find_map(|part| part.parse().ok());
    let tried = refusal::Tried { what, target, permission };
    let written = match actor {
        Ok(actor) => refusal::write_down(&web.app, &actor, &tried).await,
        Err(error) => Err(error),
    };
    if let Err(error) = written {
        tracing::warn!(
            error = &error as &dyn std::error::Error,
            tried = tried.what,
            "who was refused could not be written down"
        );
    }
}

/// Takes the problem out of an answer, if it is one.
fn taken_from(response: &mut Response, correlation: Option<Correlation>) -> Option<Problem> {
    response.extensions_mut().remove::<Box<Problem>>().map(|problem| Problem {
        instance: correlation.map(Correlation::instance).unwrap_or_default(),
        ..*problem
    })
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn every_kind_of_problem_has_a_name_of_its_own_and_fails() {
        let names: HashSet<_> = Kind::ALL.iter().map(|kind| kind.name()).collect();
        assert_eq!(names.len(), Kind::ALL.len());
        for kind in Kind::ALL {
            assert!(kind.status().is_client_error() || kind.status().is_server_error());
        }
    }

    #[test]
    fn what_is_broken_inside_is_not_told() {
        let problem = Problem::from(&Error::Internal("the key of table 7".to_owned()));
        assert_eq!(problem.status, 500);
        assert!(!serde_json::to_string(&problem).unwrap().contains("table 7"));
    }
}
