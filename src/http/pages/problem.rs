//! What people are shown when something could not be done.
use askama::Template as _;
use axum::{
    extract::{Path, Request},
    http::header,
};

use super::{
    page::{Answer, Visit, show},
    plain_words,
    view::{
        frame::{Gate, Theme},
        problem::{ProblemKind, ProblemPage},
    },
};
use crate::{
    domain::text::sentence,
    error::Error,
    http::{
        Web,
        headers::Nonce,
        problem::{Kind, Problem},
    },
};

/// What the page needs to know of a request, kept before a handler takes it.
pub struct Asked {
    nonce: String,
    theme: Theme,
}

impl Asked {
    /// What `request` says.
    #[must_use]
    pub fn by(request: &Request) -> Self {
        let cookies = request.headers().get(header::COOKIE).and_then(|value| value.to_str().ok());
        let theme = cookies
            .into_iter()
            .flat_map(|cookies| cookies.split(';'))
            .find_map(|cookie| cookie.trim().strip_prefix("theme="));
        Self {
            nonce: request
                .extensions()
                .get::<Nonce>()
                .map(|nonce| nonce.0.to_string())
                .unwrap_or_default(),
            theme: theme.map(Theme::named).unwrap_or_default(),
        }
    }
}

/// The page about one kind of problem, which is the address that its `type` gives.
pub async fn kind(visit: Visit, Path(name): Path<String>) -> Answer {
    let kind = Kind::named(&name).ok_or(Error::NotFound("kind of problem"))?;
    show(&ProblemKind {
        frame: visit.gate(""),
        name: kind.name(),
        title: kind.title(),
        status: kind.status().as_u16(),
        meaning: meaning(kind),
    })
}

/// What it means, and what a program does about it.
const fn meaning(kind: Kind) -> &'static str {
    match kind {
        Kind::Invalid => {
            "Something that was sent is not right. The member fields names every field that is not, and what to write."
        }
        Kind::Unauthenticated => {
            "There is no token, or it does not count any more. Send one as a bearer token."
        }
        Kind::NotAllowed => {
            "Whoever asks may not do this, whatever their roles. The member detail says why."
        }
        Kind::PermissionNeeded => {
            "It takes a permission that no role gives that is held right now. The member detail names it. Activate a role that has it."
        }
        Kind::CodeNotAccepted => {
            "The code was wrong, used already, or too old. Wait for the next one. A code counts once, and for one act."
        }
        Kind::NotFound => "There is no such thing, or none that whoever asks may know of.",
        Kind::MethodNotAllowed => "The address takes other methods. The Allow header lists them.",
        Kind::Conflict => {
            "It does not go together with how things stand now, such as a request that somebody else has decided. Read again, then decide what to do."
        }
        Kind::TooLarge => "The body is too long.",
        Kind::UnsupportedMediaType => {
            "The body is not JSON, or does not say that it is. Send it as application/json."
        }
        Kind::Refused => {
            "The rules of the role say no. The member reasons lists every rule that did, each with its stable name, its limit and what to do."
        }
        Kind::TooManyAttempts => {
            "Too much was tried in a short time. Wait as many seconds as the Retry-After header says."
        }
        Kind::Internal => {
            "A fault of the server. Its log tells more under the id in the member instance."
        }
        Kind::Unavailable => {
            "It is not possible at the moment. Try again after as many seconds as the Retry-After header says; with the same idempotency key nothing happens twice."
        }
    }
}

/// The page about `problem`.
#[must_use]
pub fn page(web: &Web, asked: &Asked, problem: &Problem) -> String {
    let page = ProblemPage {
        frame: Gate {
            organisation: web.site.organisation_name.clone(),
            theme: asked.theme,
            nonce: asked.nonce.clone(),
            csrf: String::new(),
            now: String::new(),
        },
        status: problem.status,
        title: problem.title.to_owned(),
        detail: match problem.permission {
            Some(permission) => format!(
                "This takes a role that allows one to: {}. None that you hold right now does. If you are eligible for one, activate it and come back.",
                plain_words::permission(permission.name()).to_lowercase()
            ),
            None => sentence(&problem.detail),
        },
        reasons: problem.reasons.iter().map(|reason| reason.message.clone()).collect(),
        id: problem.instance.trim_start_matches("urn:uuid:").to_owned(),
    };
    page.render().unwrap_or_else(|_| problem.title.to_owned())
}
