//! Where applications sign in: the token endpoint of OAuth 2.0, for the grant `client_credentials` alone.
//!
//! What comes in and goes out is laid down elsewhere (RFC 6749 sections 2.3, 3.2, 4.4 and 5; RFC 7521; RFC 7523), so that
//! the libraries of others can be used.
use std::collections::BTreeMap;

use axum::{
    Router,
    extract::{Form, State, rejection::FormRejection},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
    routing::post,
};
use data_encoding::BASE64;
use secrecy::SecretString;
use serde_json::json;

use super::Web;
use crate::{
    App,
    domain::{
        actor::{Actor, TokenScope},
        application::{SCOPES, scopes},
        percent,
    },
    error::Error,
    http::problem::Problem,
    service::{
        application::{self, Asked, Issued, Proof},
        sign_in::Visitor,
    },
};

/// The only kind of assertion that is taken (RFC 7523 section 2.2).
const ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// The token endpoint.
pub(super) fn router() -> Router<Web> {
    Router::new().route("/oauth/token", post(token).fallback(super::problem::no_such_method))
}

/// Why no token is given (RFC 6749 section 5.2).
#[derive(Debug)]
struct Refusal {
    status: StatusCode,
    error: &'static str,
    description: String,
    retry_after: Option<u64>,
}

impl Refusal {
    fn new(error: &'static str, description: impl Into<String>) -> Self {
        let status = if error == "invalid_client" {
            StatusCode::UNAUTHORIZED
        } else {
            StatusCode::BAD_REQUEST
        };
        Self { status, error, description: description.into(), retry_after: None }
    }

    fn request(description: impl Into<String>) -> Self {
        Self::new("invalid_request", description)
    }
}

impl From<Error> for Refusal {
    fn from(error: Error) -> Self {
        let problem = Problem::from(&error);
        match error {
            Error::Unauthenticated => Self::new(
                "invalid_client",
                "This application is not known, is disabled, or did not prove who it is.",
            ),
            _ => Self {
                status: problem.status(),
                error: match problem.status() {
                    StatusCode::INTERNAL_SERVER_ERROR => "server_error",
                    _ => "temporarily_unavailable",
                },
                description: problem.detail,
                retry_after: problem.retry_after,
            },
        }
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let body = json!({ "error": self.error, "error_description": self.description });
        let mut response = answer(self.status, body);
        let headers = response.headers_mut();
        if self.status == StatusCode::UNAUTHORIZED {
            let scheme = HeaderValue::from_static("Basic realm=\"latchkey\"");
            headers.insert(header::WWW_AUTHENTICATE, scheme);
        }
        if let Some(seconds) = self.retry_after {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}

/// An answer that nobody keeps.
fn answer(status: StatusCode, body: serde_json::Value) -> Response {
    let mut response = (status, axum::Json(body)).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::PRAGMA, HeaderValue::from_static("no-cache"));
    response
}

async fn token(
    State(app): State<App>,
    visitor: Visitor,
    headers: HeaderMap,
    form: Result<Form<Vec<(String, String)>>, FormRejection>,
) -> Response {
    let issued = match read(&headers, form) {
        Ok(asked) => issue(&app, &visitor.actor, asked).await,
        Err(refusal) => Err(refusal),
    };
    match issued {
        Ok(Issued { token, scopes, lasts }) => {
            let scopes: Vec<_> = scopes.into_iter().map(TokenScope::name).collect();
            let body = json!({
                "access_token": token.reveal().as_str(),
                "token_type": "Bearer",
                "expires_in": lasts,
                "scope": scopes.join(" "),
            });
            answer(StatusCode::OK, body)
        }
        Err(refusal) => refusal.into_response(),
    }
}

async fn issue(app: &App, visitor: &Actor, asked: Asked) -> Result<Issued, Refusal> {
    Ok(application::issue(app, visitor, asked).await?)
}

/// The fields of a form, each there once at most; what is empty counts as left out (RFC 6749 section 3.2).
struct Fields(BTreeMap<String, String>);

impl Fields {
    fn of(pairs: Vec<(String, String)>) -> Result<Self, Refusal> {
        let mut fields = BTreeMap::new();
        for (name, value) in pairs {
            if fields.contains_key(&name) {
                return Err(Refusal::request("A field is there twice."));
            }
            fields.insert(name, value);
        }
        fields.retain(|_, value| !value.is_empty());
        Ok(Self(fields))
    }

    fn take(&mut self, name: &str) -> Option<String> {
        self.0.remove(name)
    }
}

/// Reads what an application asks for, and what it signs in with.
fn read(
    headers: &HeaderMap,
    form: Result<Form<Vec<(String, String)>>, FormRejection>,
) -> Result<Asked, Refusal> {
    let Form(pairs) =
        form.map_err(|_| Refusal::request("Send a form, as application/x-www-form-urlencoded."))?;
    let mut fields = Fields::of(pairs)?;
    match fields.take("grant_type").as_deref() {
        Some("client_credentials") => {}
        Some(_) => {
            let known = "The only grant_type here is client_credentials.";
            return Err(Refusal::new("unsupported_grant_type", known));
        }
        None => return Err(Refusal::request("Say grant_type=client_credentials.")),
    }
    let scopes = scopes(fields.take("scope").as_deref()).ok_or_else(|| {
        let known: Vec<_> = SCOPES.into_iter().map(TokenScope::name).collect();
        Refusal::new("invalid_scope", format!("An application may ask for {}.", known.join(", ")))
    })?;
    let (client, proof) = proof(basic(headers)?, &mut fields)?;
    Ok(Asked { client, proof, scopes })
}

/// Who an application says it is, and how it proves it: in exactly one way (RFC 6749 section 2.3).
fn proof(
    basic: Option<(String, String)>,
    fields: &mut Fields,
) -> Result<(Option<String>, Proof), Refusal> {
    let (client, secret) = (fields.take("client_id"), fields.take("client_secret"));
    let (kind, assertion) = (fields.take("client_assertion_type"), fields.take("client_assertion"));
    match (basic, secret, kind, assertion) {
        (Some((id, secret)), None, None, None)
            if client.as_ref().is_none_or(|client| *client == id) =>
        {
            Ok((Some(id), Proof::Secret(SecretString::from(secret))))
        }
        (None, Some(secret), None, None) if client.is_some() => {
            Ok((client, Proof::Secret(SecretString::from(secret))))
        }
        (None, None, Some(kind), Some(assertion)) if kind == ASSERTION_TYPE => {
            Ok((client, Proof::Assertion(SecretString::from(assertion))))
        }
        (None, None, None, None) => {
            Err(Refusal::new("invalid_client", "Show a client secret, or a client assertion."))
        }
        _ => Err(Refusal::request(format!(
            "Prove who you are in one way: by HTTP Basic, by client_id and client_secret, or by client_assertion with \
             the client_assertion_type {ASSERTION_TYPE}."
        ))),
    }
}

/// The name and password of HTTP Basic, each of which was encoded like a form (RFC 6749 section 2.3.1).
fn basic(headers: &HeaderMap) -> Result<Option<(String, String)>, Refusal> {
    let mut shown = headers.get_all(header::AUTHORIZATION).iter();
    let (shown, more) = (shown.next(), shown.next());
    let Some(shown) = shown else { return Ok(None) };
    let read = || {
        let (scheme, encoded) = shown.to_str().ok()?.split_once(' ')?;
        let text = scheme
            .eq_ignore_ascii_case("basic")
            .then(|| BASE64.decode(encoded.trim().as_bytes()).ok())??;
        let text = String::from_utf8(text).ok()?;
        let (name, password) = text.split_once(':')?;
        Some((percent::decode(name)?, percent::decode(password)?))
    };
    let read = read().filter(|_| more.is_none());
    read.map(Some).ok_or_else(|| {
        Refusal::new("invalid_client", "The Authorization header is not that of HTTP Basic.")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(basic: &str, form: &str) -> Result<(Option<String>, &'static str), &'static str> {
        let mut headers = HeaderMap::new();
        if !basic.is_empty() {
            let value = format!("Basic {}", BASE64.encode(basic.as_bytes()));
            headers.insert(header::AUTHORIZATION, value.parse().unwrap());
        }
        let pair = |pair: &str| {
            let (name, value) = pair.split_once('=').unwrap();
            (name.to_owned(), value.to_owned())
        };
        let pairs = form.split('&').filter(|form| !form.is_empty()).map(pair).collect();
        match read(&headers, Ok(Form(pairs))) {
            Ok(Asked { client, proof: Proof::Secret(_), .. }) => Ok((client, "secret")),
            Ok(Asked { client, proof: Proof::Assertion(_), .. }) => Ok((client, "assertion")),
            Err(refusal) => Err(refusal.error),
        }
    }

    const GRANT: &str = "grant_type=client_credentials";

    #[test]
    fn an_application_proves_itself_in_one_way() {
        let named = Some("app".to_owned());
        assert_eq!(asked("app:s", GRANT), Ok((named.clone(), "secret")));
        assert_eq!(asked("a%70p:s%2B", GRANT), Ok((named.clone(), "secret")));
        assert_eq!(
            asked("app:s", &format!("{GRANT}&client_id=app")),
            Ok((named.clone(), "secret"))
        );
        let form = format!("{GRANT}&client_id=app&client_secret=s&scope=read");
        assert_eq!(asked("", &form), Ok((named, "secret")));
        let signed =
            format!("{GRANT}&client_assertion_type={ASSERTION_TYPE}&client_assertion=a.b.c");
        assert_eq!(asked("", &signed), Ok((None, "assertion")));

        assert_eq!(asked("", GRANT), Err("invalid_client"));
        assert_eq!(asked("no colon", GRANT), Err("invalid_client"));
        assert_eq!(asked("app:s", &form), Err("invalid_request"));
        assert_eq!(asked("app:s", &signed), Err("invalid_request"));
        assert_eq!(asked("app:s", &format!("{GRANT}&client_id=other")), Err("invalid_request"));
        assert_eq!(asked("", &format!("{GRANT}&client_secret=s")), Err("invalid_request"));
        assert_eq!(asked("", &format!("{GRANT}&client_assertion=a.b.c")), Err("invalid_request"));
        assert_eq!(asked("", &format!("{form}&client_id=app")), Err("invalid_request"));
    }

    #[test]
    fn nothing_else_is_granted() {
        assert_eq!(asked("app:s", ""), Err("invalid_request"));
        assert_eq!(asked("app:s", "grant_type="), Err("invalid_request"));
        assert_eq!(asked("app:s", "grant_type=password"), Err("unsupported_grant_type"));
        assert_eq!(asked("app:s", &format!("{GRANT}&scope=activate")), Err("invalid_scope"));
    }
}
