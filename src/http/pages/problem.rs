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
        language::{reader_now, tell, translate},
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
        title: tell!(&kind.title_key()),
        status: kind.status().as_u16(),
        meaning: meaning(kind),
    })
}

/// What it means, and what a program does about it.
fn meaning(kind: Kind) -> String {
    match kind {
        Kind::Invalid => {
            tell!("problem-something-that-was-sent-is")
        }
        Kind::Unauthenticated => {
            tell!("problem-there-is-no-token-or")
        }
        Kind::NotAllowed => {
            tell!("problem-whoever-asks-may-not-do")
        }
        Kind::PermissionNeeded => {
            tell!("problem-it-takes-a-permission-that")
        }
        Kind::CodeNotAccepted => {
            tell!("problem-the-code-was-wrong-used")
        }
        Kind::NotFound => tell!("problem-there-is-no-such-thing"),
        Kind::MethodNotAllowed => tell!("problem-the-address-takes-other-methods"),
        Kind::Conflict => {
            tell!("problem-it-does-not-go-together")
        }
        Kind::TooLarge => tell!("problem-the-body-is-too-long"),
        Kind::UnsupportedMediaType => {
            tell!("problem-the-body-is-not-json")
        }
        Kind::Refused => {
            tell!("problem-the-rules-of-the-role")
        }
        Kind::TooManyAttempts => {
            tell!("problem-too-much-was-tried-in")
        }
        Kind::Internal => {
            tell!("problem-a-fault-of-the-server")
        }
        Kind::Unavailable => {
            tell!("problem-it-is-not-possible-at")
        }
    }
}

/// The page about `problem`.
#[must_use]
pub fn page(web: &Web, asked: &Asked, problem: &Problem) -> String {
    let page = ProblemPage {
        frame: Gate {
            reader: reader_now(),
            organisation: web.site.organisation_name.clone(),
            theme: asked.theme,
            nonce: asked.nonce.clone(),
            csrf: String::new(),
            now: String::new(),
        },
        status: problem.status,
        title: tell!(&problem.kind.title_key()),
        detail: match problem.permission {
            Some(permission) => tell!(
                "problem-this-takes-a-role-that",
                what = plain_words::permission(permission.name()).to_lowercase()
            ),
            None => sentence(&translate(&problem.detail)),
        },
        reasons: problem.reasons.iter().map(|reason| translate(&reason.message)).collect(),
        id: problem.instance.trim_start_matches("urn:uuid:").to_owned(),
    };
    page.render().unwrap_or_else(|_| problem.title.to_owned())
}
