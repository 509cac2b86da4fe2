//! A request for a page: who reads it, how they want to see it, and what came with a form.
use askama::Template;
use axum::{
    body::{Body, Bytes},
    extract::{FromRequest, FromRequestParts, Request},
    http::{HeaderMap, StatusCode, header, request::Parts},
    response::{Html, IntoResponse, Redirect, Response},
};
use serde::de::DeserializeOwned;
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use super::{
    done::Done,
    refused,
    say::{self, Reader},
    view::frame::{Flash, Frame, Gate, Rights, Section, Theme},
};
use crate::{
    App,
    domain::{
        actor::{Actor, Idempotency, User},
        permission::{Permission, Permissions},
        time::Instant,
    },
    error::Error,
    http::{
        Web,
        actor::SignedIn,
        csrf::{self, ProtectedForm},
        headers::Nonce,
        language::{prefer, reader_now},
        problem::PageError,
    },
    service::{self, application::may_list},
};

/// What a handler of a page answers.
pub type Answer = Result<Response, PageError>;

/// How a browser wants to see pages, and where it is.
#[derive(Clone, Debug)]
pub struct Look {
    theme: Theme,
    nonce: String,
    path: String,
    done: Option<Done>,
}

impl Look {
    fn of(parts: &Parts) -> Self {
        let nonce = parts.extensions.get::<Nonce>().map(|nonce| nonce.0.to_string());
        Self {
            theme: Theme::named(&cookie(&parts.headers, "theme")),
            nonce: nonce.unwrap_or_default(),
            path: parts.uri.path_and_query().map_or("/", |path| path.as_str()).to_owned(),
            done: Done::of(parts.uri.query().unwrap_or_default()),
        }
    }
}

/// A cookie that carries a wish and no secret.
fn cookie(headers: &HeaderMap, name: &str) -> String {
    let cookies = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut pairs = cookies
        .flat_map(|cookies| cookies.split(';'))
        .filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(found, _)| *found == name).map(|(_, value)| value.to_owned()).unwrap_or_default()
}

/// A request by somebody who is signed in.
#[derive(Clone)]
pub struct Page {
    /// The use cases.
    pub app: App,
    /// Who asks.
    pub actor: Actor,
    /// The account that asks.
    pub user: User,
    organisation: String,
    form_token: String,
    look: Look,
}

impl FromRequestParts<Web> for Page {
    type Rejection = crate::http::actor::Rejection;

    async fn from_request_parts(parts: &mut Parts, web: &Web) -> Result<Self, Self::Rejection> {
        let SignedIn { actor, user, wishes, form_token } =
            SignedIn::from_request_parts(parts, web).await?;
        prefer(&wishes);
        Ok(Self {
            app: web.app.clone(),
            actor,
            user,
            organisation: web.site.organisation_name.clone(),
            form_token,
            look: Look::of(parts),
        })
    }
}

/// The frame of a page, what its reader may do, and how they say times.
pub struct Opened {
    /// The frame.
    pub frame: Frame,
    /// What the reader may do at this moment in the whole organisation.
    pub permissions: Permissions,
    /// What the reader may do somewhere, be it at one place.
    pub somewhere: Permissions,
    /// How the reader says times.
    pub reader: Reader,
}

impl Page {
    /// The same, telling what was done, where the answer is the page itself.
    #[must_use]
    pub fn telling(mut self, done: Done) -> Self {
        self.look.done = Some(done);
        self
    }

    /// Reads what surrounds the page.
    pub async fn open(&self, section: Section) -> Result<Opened, Error> {
        let around = service::frame::around(&self.app, &self.actor).await?;
        let reader = Reader::new(around.now, reader_now());
        let frame = Frame {
            organisation: self.organisation.clone(),
            person: self.user.name.clone(),
            initials: say::initials(&self.user.name),
            reader: reader.told.clone(),
            zone_stated: zone_stated(&reader),
            section,
            approvals: around.awaiting,
            rights: Rights {
                applications: may_list(&around.permissions) || around.owns_applications,
                ..rights(&around.permissions, &around.somewhere)
            },
            theme: self.look.theme,
            nonce: self.look.nonce.clone(),
            csrf: self.form_token.clone(),
            path: self.look.path.clone(),
            now: around.now.to_string(),
            flash: self.look.done.map(Flash::from),
            quarantined: around.quarantined,
        };
        Ok(Opened { frame, permissions: around.permissions, somewhere: around.somewhere, reader })
    }
}

/// The zone by its name, and as it is called at this time of the year.
fn zone_stated(reader: &Reader) -> String {
    let (name, short) = (reader.zone_name(), reader.told.zone_at(reader.now));
    if name == short { name } else { format!("{name} ({short})") }
}

fn rights(permissions: &Permissions, somewhere: &Permissions) -> Rights {
    Rights {
        inventory: somewhere.allow(Permission::ReadRoles),
        roles: somewhere.allow(Permission::ReadRoles),
        scopes: somewhere.allow(Permission::ReadRoles),
        people: permissions.allow(Permission::ReadPeople),
        groups: somewhere.allow(Permission::ReadRoles),
        audit: permissions.allow(Permission::ReadAudit),
        applications: false,
    }
}

/// A form by somebody who is signed in. It carried the session's token; fields that come several times become lists.
pub struct Posted<T> {
    /// Who sent it; sent twice with one key, it acts once.
    pub page: Page,
    /// What was filled in.
    pub form: T,
}

impl<T: DeserializeOwned> FromRequest<Web> for Posted<T> {
    type Rejection = Response;

    async fn from_request(request: Request, web: &Web) -> Result<Self, Response> {
        let (mut parts, body) = request.into_parts();
        let mut page =
            Page::from_request_parts(&mut parts, web).await.map_err(IntoResponse::into_response)?;
        let bytes = Bytes::from_request(Request::from_parts(parts.clone(), body), web)
            .await
            .map_err(|rejected| csrf::unreadable(&rejected.into_response()))?;
        page.actor.idempotency = idempotency(parts.uri.path(), &bytes);
        let request = Request::from_parts(parts, Body::from(bytes));
        let ProtectedForm(form) = ProtectedForm::<T>::from_request(request, web)
            .await
            .map_err(IntoResponse::into_response)?;
        Ok(Self { page, form })
    }
}

/// The promise that a form's hidden key makes. What proves who sends it is not part of what is asked.
fn idempotency(path: &str, body: &[u8]) -> Option<Idempotency> {
    let body = std::str::from_utf8(body).ok()?;
    let key = body.split('&').find_map(|pair| pair.strip_prefix("idempotency_key="))?;
    let key: Uuid = key.parse().ok()?;
    let mut digest = Sha256::new();
    digest.update(path);
    let asked =
        body.split('&').filter(|pair| !pair.starts_with("csrf=") && !pair.starts_with("code="));
    for pair in asked {
        digest.update("\n");
        digest.update(pair);
    }
    Some(Idempotency { key: key.to_string(), fingerprint: digest.finalize().into() })
}

/// A key for a form that creates something.
#[must_use]
pub fn new_key() -> String {
    Uuid::now_v7().to_string()
}

/// A request by somebody who is not signed in yet.
#[derive(Clone)]
pub struct Visit {
    /// The use cases.
    pub app: App,
    organisation: String,
    look: Look,
}

impl FromRequestParts<Web> for Visit {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, web: &Web) -> Result<Self, Self::Rejection> {
        Ok(Self {
            app: web.app.clone(),
            organisation: web.site.organisation_name.clone(),
            look: Look::of(parts),
        })
    }
}

impl Visit {
    /// What surrounds the page; its forms carry `form_token`.
    #[must_use]
    pub fn gate(&self, form_token: &str) -> Gate {
        Gate {
            reader: reader_now(),
            organisation: self.organisation.clone(),
            theme: self.look.theme,
            nonce: self.look.nonce.clone(),
            csrf: form_token.to_owned(),
            now: String::new(),
        }
    }

    /// What the address says was done.
    #[must_use]
    pub fn notice(&self) -> Option<Flash> {
        self.look.done.map(Flash::from)
    }
}

/// A page.
pub fn show(page: &impl Template) -> Answer {
    answer(StatusCode::OK, page)
}

/// A page with a status of its own, such as a form with what is wrong, which is told at its top as well.
pub fn answer(status: StatusCode, page: &impl Template) -> Answer {
    let text = page
        .render()
        .map_err(|error| Error::Internal(format!("a page could not be drawn: {error}")))?;
    let text = if refused::is_form(status) { refused::tell(&text)? } else { text };
    Ok((status, Html(text)).into_response())
}

/// Goes on to another page, which says what was done.
#[expect(clippy::unnecessary_wraps, reason = "it is the answer of a handler")]
pub fn done(path: &str, done: Done) -> Answer {
    let separator = if path.contains('?') { '&' } else { '?' };
    Ok(Redirect::to(&format!("{path}{separator}done={}", done.name())).into_response())
}

/// Where a page of a list begins that is ordered by time, as its address says it.
pub fn place_in_time<Id: std::str::FromStr>(text: &str) -> Option<(Instant, Id)> {
    let (at, id) = text.split_once('~')?;
    Some((at.parse().ok()?, id.parse().ok()?))
}

/// Reads an identifier in an address; one that cannot be one leads to nothing.
pub fn id<T: std::str::FromStr>(text: &str, what: &'static str) -> Result<T, Error> {
    text.parse().map_err(|_| Error::NotFound(what))
}
