//! No other site may act in the name of somebody who is signed in here.
//!
//! Three things stand in the way: the cookie is not sent along by other sites' forms; [`layer`] refuses whatever a
//! browser says came from elsewhere, on every route; and every form carries a token that is made from the session's
//! secret with a key of the server.
use axum::{
    body::Body,
    extract::{FromRef, FromRequest, Multipart, RawForm, Request},
    http::{Method, StatusCode, header},
    response::{IntoResponse, Response},
};
use axum_extra::extract::Form;
use serde::{Deserialize, de::DeserializeOwned};
use tower_http::csrf::CsrfLayer;

use super::{
    actor::form_hash,
    problem::{Kind, Problem},
};
use crate::App;

/// Refuses every request that would change something and that a browser says came from another site.
///
/// Programs send neither of the headers that tell, and pass; they have bearer tokens, which no browser adds by itself.
///
/// A proxy may change the host that a request names; a browser on our own site names our own origin all the same.
pub fn layer(public_url: &str) -> CsrfLayer {
    CsrfLayer::new().add_trusted_origin(public_url).unwrap_or_else(|_| {
        tracing::warn!(
            "public_url is no origin: browsers must reach us under the name that proxies pass on"
        );
        CsrfLayer::new()
    })
}

/// A form that carried the token of the browser's own session. Fields that come several times become lists.
#[derive(Clone, Copy, Debug)]
pub struct ProtectedForm<T>(pub T);

/// Why a form was not taken.
#[derive(Debug)]
pub enum Rejection {
    /// It did not carry the session's token.
    Foreign,
    /// It could not be read.
    Unreadable(Response),
}

impl IntoResponse for Rejection {
    fn into_response(self) -> Response {
        match self {
            Self::Foreign => Problem::new(
                Kind::NotAllowed,
                "This form is out of date. Go back, load the page again and repeat what you did.",
            )
            .into_response(),
            Self::Unreadable(response) => unreadable(&response),
        }
    }
}

/// A form that cannot be read: longer than any that is filled in by hand, or with fields that ours do not have.
#[must_use]
pub fn unreadable(rejected: &Response) -> Response {
    let (kind, detail) = match rejected.status() {
        StatusCode::PAYLOAD_TOO_LARGE => {
            (Kind::TooLarge, "This form is too long. Go back and write less.")
        }
        StatusCode::UNSUPPORTED_MEDIA_TYPE => (Kind::UnsupportedMediaType, "This is no form."),
        _ => (
            Kind::Invalid,
            "This form could not be read. Go back, load the page again and repeat what you did.",
        ),
    };
    Problem::new(kind, detail).into_response()
}

/// The one field that every form has.
#[derive(Deserialize)]
struct Carried {
    csrf: String,
}

impl<T, S> FromRequest<S> for ProtectedForm<T>
where
    T: DeserializeOwned,
    App: FromRef<S>,
    S: Send + Sync,
{
    type Rejection = Rejection;

    async fn from_request(request: Request, state: &S) -> Result<Self, Rejection> {
        // A form in an address could be a link.
        if matches!(*request.method(), Method::GET | Method::HEAD) {
            return Err(Rejection::Foreign);
        }
        let hash = form_hash(request.headers()).ok_or(Rejection::Foreign)?;
        let RawForm(bytes) = RawForm::from_request(request, state)
            .await
            .map_err(|rejection| Rejection::Unreadable(rejection.into_response()))?;
        let Carried { csrf } =
            read(bytes.clone().into(), state).await.map_err(|_| Rejection::Foreign)?;
        if !App::from_ref(state).keys.is_form_token(&hash, &csrf) {
            return Err(Rejection::Foreign);
        }
        read(bytes.into(), state).await.map(Self).map_err(Rejection::Unreadable)
    }
}

/// The parts of a form that carries files, once it has shown the token of the browser's own session.
pub struct ProtectedParts(pub Vec<Part>);

/// A part of a form that carries files.
pub struct Part {
    /// The field.
    pub name: String,
    /// What the file is called; none if it is no file.
    pub file_name: Option<String>,
    /// What is in it.
    pub bytes: axum::body::Bytes,
}

impl<S> FromRequest<S> for ProtectedParts
where
    App: FromRef<S>,
    S: Send + Sync,
{
    type Rejection = Rejection;

    async fn from_request(request: Request, state: &S) -> Result<Self, Rejection> {
        let hash = form_hash(request.headers()).ok_or(Rejection::Foreign)?;
        let unreadable = |response| Rejection::Unreadable(response);
        let mut form =
            Multipart::from_request(request, state).await.map_err(|_| Rejection::Foreign)?;
        let mut parts: Vec<Part> = Vec::new();
        let mut shown = false;
        while let Some(field) =
            form.next_field().await.map_err(|error| unreadable(error.into_response()))?
        {
            let name = field.name().unwrap_or_default().to_owned();
            let file_name = field.file_name().map(str::to_owned);
            let bytes = field.bytes().await.map_err(|error| unreadable(error.into_response()))?;
            // It comes first, so that nothing is gathered for a stranger.
            if name == "csrf" {
                let token = std::str::from_utf8(&bytes).unwrap_or_default();
                shown = App::from_ref(state).keys.is_form_token(&hash, token);
            } else if shown {
                parts.push(Part { name, file_name, bytes });
            }
            if !shown {
                return Err(Rejection::Foreign);
            }
        }
        if shown { Ok(Self(parts)) } else { Err(Rejection::Foreign) }
    }
}

/// Reads a form's body as some type.
async fn read<T: DeserializeOwned, S: Send + Sync>(body: Body, state: &S) -> Result<T, Response> {
    let mut request = Request::new(body);
    *request.method_mut() = Method::POST;
    let form = header::HeaderValue::from_static("application/x-www-form-urlencoded");
    request.headers_mut().insert(header::CONTENT_TYPE, form);
    let read = Form::<T>::from_request(request, state).await;
    read.map(|Form(form)| form).map_err(IntoResponse::into_response)
}
