//! What programs send, read into types that are right by construction.
//!
//! Whatever can't be read is told by the field that is wrong and what would be right.
use axum::{
    RequestPartsExt as _,
    body::{Body, Bytes},
    extract::{
        FromRequest, FromRequestParts, Request,
        path::ErrorKind,
        rejection::{BytesRejection, PathRejection},
    },
    http::{HeaderMap, StatusCode, header, request::Parts},
    response::{IntoResponse, Response},
};
use serde::{Serialize, de::DeserializeOwned};

use super::problem::{ApiError, Kind, Problem};

/// A body in JSON, coming or going.
#[derive(Debug)]
pub struct Json<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Json<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &S) -> Result<Self, ApiError> {
        if !is_json(request.headers()) {
            let detail = "Send the body as application/json.";
            return Err(Problem::new(Kind::UnsupportedMediaType, detail).into());
        }
        let bytes = Bytes::from_request(request, state).await.map_err(|error| unread(&error))?;
        parse(&bytes).map(Self)
    }
}

impl<T: Serialize> IntoResponse for Json<T> {
    fn into_response(self) -> Response {
        axum::Json(self.0).into_response()
    }
}

fn is_json(headers: &HeaderMap) -> bool {
    headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.split(';').next())
        .is_some_and(|media_type| media_type.trim().eq_ignore_ascii_case("application/json"))
}

/// The request with all of its body at hand, and that body.
pub(super) async fn whole(request: Request) -> Result<(Request, Bytes), Problem> {
    let (parts, body) = request.into_parts();
    let request = Request::from_parts(parts.clone(), body);
    let body = Bytes::from_request(request, &()).await.map_err(|error| unread(&error))?;
    Ok((Request::from_parts(parts, Body::from(body.clone())), body))
}

/// Why a body could not be read.
fn unread(rejection: &BytesRejection) -> Problem {
    match rejection.status() {
        StatusCode::PAYLOAD_TOO_LARGE => Problem::new(Kind::TooLarge, "Send a shorter body."),
        _ => Problem::field("", "the body did not arrive in full"),
    }
}

fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, ApiError> {
    let mut deserializer = serde_json::Deserializer::from_slice(bytes);
    let body = serde_path_to_error::deserialize(&mut deserializer).map_err(|error| {
        let path = error.path().to_string();
        let message = error.inner().to_string();
        let message = message.rsplit_once(" at line ").map_or(message.as_str(), |(said, _)| said);
        fault(path.trim_matches('.'), message)
    })?;
    deserializer
        .end()
        .map_err(|_| Problem::field("", "there is more after the end of the JSON"))?;
    Ok(body)
}

/// What is wrong at `path`: serde names a missing or unknown field in its message, not in the path.
fn fault(path: &str, message: &str) -> Problem {
    let path = if path == "?" { "" } else { path };
    for (start, what) in [
        ("missing field `", "is missing"),
        ("unknown field `", "is not a field of this request"),
        ("duplicate field `", "is there twice"),
    ] {
        let Some(name) = message.strip_prefix(start).and_then(|rest| rest.split('`').next()) else {
            continue;
        };
        let way = match path {
            "" => name.to_owned(),
            path if path == name || path.ends_with(&format!(".{name}")) => path.to_owned(),
            path => format!("{path}.{name}"),
        };
        return Problem::field(way, what);
    }
    Problem::field(path.to_owned(), message)
}

/// What stands behind the question mark.
#[derive(Debug)]
pub struct Query<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Query<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        match axum::extract::Query::<T>::try_from_uri(&parts.uri) {
            Ok(query) => Ok(Self(query.0)),
            Err(rejection) => {
                let text = rejection.body_text();
                let said = text.split_once(": ").map_or(text.as_str(), |(_, said)| said);
                let is_name = |text: &str| {
                    text.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '_')
                };
                Err(match said.split_once(": ") {
                    Some((name, message)) if is_name(name) => fault(name, message),
                    _ => fault("", said),
                }
                .into())
            }
        }
    }
}

/// The identifiers in an address.
#[derive(Debug)]
pub struct Path<T>(pub T);

impl<T: DeserializeOwned + Send + 'static, S: Send + Sync> FromRequestParts<S> for Path<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        let path = parts.extract::<axum::extract::Path<T>>().await;
        Ok(Self(path.map_err(|rejection| misread(&rejection))?.0))
    }
}

fn misread(rejection: &PathRejection) -> Problem {
    let PathRejection::FailedToDeserializePathParams(error) = rejection else {
        return Problem::field("", "this address cannot be read");
    };
    match error.kind() {
        ErrorKind::ParseErrorAtKey { key, .. }
        | ErrorKind::DeserializeError { key, .. }
        | ErrorKind::InvalidUtf8InPathParam { key } => {
            Problem::field(key.clone(), "this is not an identifier")
        }
        _ => Problem::field("id", "this is not an identifier"),
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;
    use crate::domain::time::Duration;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Body {
        #[expect(dead_code, reason = "only read")]
        roles: Vec<Part>,
    }

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Part {
        #[expect(dead_code, reason = "only read")]
        duration: Duration,
    }

    fn told(text: &str) -> (String, String) {
        let ApiError(problem) = parse::<Body>(text.as_bytes()).unwrap_err();
        let field = problem.fields.first().unwrap();
        (field.field.to_string(), field.message.clone())
    }

    #[test]
    fn a_fault_is_told_by_its_field() {
        for (text, field, message) in [
            ("{}", "roles", "is missing"),
            (r#"{"roles": [], "state": 1}"#, "state", "is not a field of this request"),
            (r#"{"roles": [{}]}"#, "roles[0].duration", "is missing"),
            (
                r#"{"roles": [{"duration": "PT1H", "x": 1}]}"#,
                "roles[0].x",
                "is not a field of this request",
            ),
            (r#"{"roles": [], "roles": []}"#, "roles", "is there twice"),
            (
                r#"{"roles": [{"duration": "soon"}]}"#,
                "roles[0].duration",
                "write a duration such as 90m, 2h30m or PT1H",
            ),
            (r#"{"roles": []} x"#, "", "there is more after the end of the JSON"),
        ] {
            assert_eq!(told(text), (field.to_owned(), message.to_owned()), "{text}");
        }
    }

    #[test]
    fn what_is_no_json_is_refused() {
        let deep = "[".repeat(100_000);
        for text in ["", "{", "nul", "\u{0}", "{\"roles\": 1e400}", deep.as_str()] {
            assert_eq!(parse::<Body>(text.as_bytes()).unwrap_err().0.status, 400);
        }
        assert_eq!(parse::<Body>(b"{\"roles\": \"\\ud800\"}").unwrap_err().0.status, 400);
        assert_eq!(parse::<Body>(&[0xff]).unwrap_err().0.status, 400);
    }
}
