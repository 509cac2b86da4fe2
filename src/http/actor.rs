//! Who asks: the session cookie on pages, the bearer token on the API, and never the one in the other's place.
use std::convert::Infallible;

use axum::{
    extract::{FromRef, FromRequestParts},
    http::{HeaderMap, Method, header, request::Parts},
    response::{IntoResponse, Redirect, Response},
};
use axum_extra::extract::cookie::{Cookie, CookieJar, SameSite};
use uuid::Uuid;

use super::{
    Web,
    client_address::ClientAddress,
    correlation::Correlation,
    problem::{ApiError, PageError},
};
use crate::{
    App,
    domain::{
        actor::{Actor, Idempotency, User, Who},
        language::Wishes,
        percent,
    },
    error::Error,
    secret::{Token, TokenHash, TokenKind},
    service::{self, sign_in::Visitor},
};

/// The cookie that holds the secret of a session, at whichever stage it is.
const SESSION: &str = "__Host-latchkey";
/// The cookie that marks a browser as one that somebody signed in from.
const DEVICE: &str = "__Host-latchkey-device";
/// What says on the way to the sign-in that a session is over.
const OVER: &str = "&done=session-over";
/// More of what a browser calls itself is not kept.
const USER_AGENT_MOST: usize = 400;

/// Somebody who is signed in, on a page.
#[derive(Clone, Debug)]
pub struct SignedIn {
    /// Who, for every use case.
    pub actor: Actor,
    /// The account.
    pub user: User,
    /// In which language and time zone they want to be told things.
    pub wishes: Wishes,
    /// What every form of theirs carries in its field `csrf`.
    pub form_token: String,
}

/// Somebody who showed a bearer token, on the API.
#[derive(Clone, Debug)]
pub struct Bearer(pub Actor);

/// A bearer token that was shown on the API, before anybody has looked whose it is: for what looks and answers at once.
#[derive(Debug)]
pub struct Shown(pub Token);

/// The secret of a sign-in or enrolment that has not finished, with what its forms carry in their field `csrf`.
#[derive(Debug)]
pub struct Unfinished {
    /// The secret.
    pub secret: Token,
    /// What its forms carry.
    pub form_token: String,
}

/// Why somebody may not see a page.
#[derive(Debug)]
pub enum Rejection {
    /// They are not signed in; afterwards they come back to `next`.
    SignInFirst {
        /// The path and query that they asked for, or those of the page whose form they sent.
        next: Option<String>,
        /// Whether they were signed in, as far as can be told.
        over: bool,
    },
    /// Something else failed.
    Failed(Error),
}

impl IntoResponse for Rejection {
    fn into_response(self) -> Response {
        match self {
            Self::SignInFirst { next: Some(next), over } => {
                let (next, said) = (percent::encode(&next), if over { OVER } else { "" });
                Redirect::to(&format!("/sign-in?next={next}{said}")).into_response()
            }
            Self::SignInFirst { next: None, .. } => Redirect::to("/sign-in").into_response(),
            Self::Failed(error) => PageError(error).into_response(),
        }
    }
}

/// Finds out who is signed in with a request's cookie.
pub async fn signed_in(app: &App, parts: &Parts) -> Result<SignedIn, Error> {
    let secret = cookie(&parts.headers, SESSION, TokenKind::Session);
    let secret = secret.ok_or(Error::Unauthenticated)?;
    let (user, wishes) = service::session::authenticate(app, &secret).await?;
    let actor = actor(parts, Who::User(user.clone()));
    Ok(SignedIn { actor, user, wishes, form_token: app.keys.form_token(&secret.hash()) })
}

/// Finds out whose bearer token a request shows. Cookies do not count.
pub async fn bearer(app: &App, parts: &Parts) -> Result<Actor, Error> {
    let who = service::access_token::authenticate(app, bearer_text(&parts.headers)?).await?;
    Ok(actor(parts, who))
}

/// The bearer token that a request shows, whoever's it is, and whatever it is.
fn bearer_text(headers: &HeaderMap) -> Result<&str, Error> {
    let mut shown = headers.get_all(header::AUTHORIZATION).iter();
    let (Some(shown), None) = (shown.next(), shown.next()) else {
        return Err(Error::Unauthenticated);
    };
    let (scheme, token) = shown
        .to_str()
        .ok()
        .and_then(|shown| shown.split_once(' '))
        .ok_or(Error::Unauthenticated)?;
    if scheme.eq_ignore_ascii_case("bearer") { Ok(token) } else { Err(Error::Unauthenticated) }
}

impl<S> FromRequestParts<S> for SignedIn
where
    App: FromRef<S>,
    S: Send + Sync,
{
    type Rejection = Rejection;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Rejection> {
        let app = App::from_ref(state);
        signed_in(&app, parts).await.map_err(|error| match error {
            Error::Unauthenticated => sign_in_first(&app, parts),
            other => Rejection::Failed(other),
        })
    }
}

/// Somebody has to sign in before they come back. Whoever sends a form was signed in when they were given it.
fn sign_in_first(app: &App, parts: &Parts) -> Rejection {
    let is_safe = matches!(parts.method, Method::GET | Method::HEAD);
    // Where only forms are sent to, whoever reads is led to the page that the form belongs to.
    let asked = parts.uri.path_and_query().map(ToString::to_string);
    let next = if is_safe { asked } else { page_of_form(app, &parts.headers).or(asked) };
    let had_one = cookie(&parts.headers, SESSION, TokenKind::Session).is_some();
    Rejection::SignInFirst { next, over: had_one || !is_safe }
}

/// The page of ours on which a form was filled in, if the browser says it.
fn page_of_form(app: &App, headers: &HeaderMap) -> Option<String> {
    let page = headers.get(header::REFERER)?.to_str().ok()?.strip_prefix(&*app.public_url)?;
    page.starts_with('/').then(|| page.to_owned())
}

impl FromRequestParts<Web> for Bearer {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, web: &Web) -> Result<Self, ApiError> {
        Ok(Self(bearer(&web.app, parts).await?))
    }
}

impl FromRequestParts<Web> for Shown {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &Web) -> Result<Self, ApiError> {
        let token = Token::parse_bearer(bearer_text(&parts.headers)?);
        Ok(Self(token.ok_or(Error::Unauthenticated)?))
    }
}

impl<S> FromRequestParts<S> for Unfinished
where
    App: FromRef<S>,
    S: Send + Sync,
{
    type Rejection = Rejection;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Rejection> {
        let secret = cookie(&parts.headers, SESSION, TokenKind::SignIn);
        let begin_again = || Rejection::SignInFirst { next: None, over: false };
        let secret = secret.ok_or_else(begin_again)?;
        let hash = form_hash(&parts.headers).ok_or_else(begin_again)?;
        let form_token = App::from_ref(state).keys.form_token(&hash);
        Ok(Self { secret, form_token })
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Visitor {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        let user_agent = parts.headers.get(header::USER_AGENT);
        let user_agent = user_agent.and_then(|value| value.to_str().ok()).unwrap_or_default();
        Ok(Self {
            actor: actor(parts, Who::Anonymous),
            user_agent: user_agent.chars().take(USER_AGENT_MOST).collect(),
            device: cookie(&parts.headers, DEVICE, TokenKind::KnownDevice),
        })
    }
}

/// Somebody, with where the request came from and what ties its traces together.
fn actor(parts: &Parts, who: Who) -> Actor {
    let correlation = parts.extensions.get::<Correlation>().map(|correlation| correlation.0);
    Actor {
        who,
        address: parts.extensions.get::<ClientAddress>().map(|address| address.0),
        correlation: correlation.unwrap_or_else(Uuid::now_v7),
        idempotency: parts.extensions.get::<Idempotency>().cloned(),
    }
}

/// Reads a secret from a cookie. One that comes twice was planted, and counts as none.
fn cookie(headers: &HeaderMap, name: &str, kind: TokenKind) -> Option<Token> {
    let cookies = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    let pairs = cookies.flat_map(|cookies| cookies.split(';'));
    let mut named =
        pairs.filter_map(|pair| pair.trim().split_once('=').filter(|pair| pair.0 == name));
    let (Some((_, value)), None) = (named.next(), named.next()) else { return None };
    Token::parse(kind, value)
}

/// What the form token of a browser's cookie is made from, whatever stage its session is at.
pub(super) fn form_hash(headers: &HeaderMap) -> Option<TokenHash> {
    cookie(headers, SESSION, TokenKind::Session).map(|token| token.hash())
}

/// Gives a browser the secret of a session, of a sign-in, or of an enrolment.
pub fn keep_session(jar: CookieJar, secret: &Token) -> CookieJar {
    jar.add(host_cookie(SESSION, secret.reveal().to_string()))
}

/// Marks a browser as one that somebody signed in from. For how long that counts is for the database to say.
pub fn keep_device(jar: CookieJar, device: &Token) -> CookieJar {
    let mut cookie = host_cookie(DEVICE, device.reveal().to_string());
    cookie.make_permanent();
    jar.add(cookie)
}

/// Gives a browser everything that it keeps once somebody is signed in.
pub fn keep(jar: CookieJar, signed_in: &service::sign_in::SignedIn) -> CookieJar {
    let jar = keep_session(jar, &signed_in.session);
    match &signed_in.device {
        Some(device) => keep_device(jar, device),
        None => jar,
    }
}

/// Takes the session's secret from a browser. It stays known as one that somebody signed in from.
pub fn forget_session(jar: CookieJar) -> CookieJar {
    jar.remove(host_cookie(SESSION, String::new()))
}

/// A cookie for this host alone, over TLS alone, out of reach of scripts, and not sent along by other sites' forms.
fn host_cookie(name: &'static str, value: String) -> Cookie<'static> {
    Cookie::build((name, value))
        .path("/")
        .secure(true)
        .http_only(true)
        .same_site(SameSite::Lax)
        .build()
}
