//! Signing in, and setting an account up through a one-time link.
use axum::{
    extract::Path,
    http::StatusCode,
    response::{IntoResponse as _, Redirect},
};
use axum_extra::extract::{CookieJar, Form, Query};
use secrecy::SecretString;
use serde::Deserialize;

use super::{
    account::same,
    faults::Faults,
    page::{Answer, Visit, answer, show},
    view::sign_in::{Accept, Codes, DeadLink, Enrol, OpenLink, SecondFactor, SignIn},
};
use crate::{
    domain::{percent, sign_in::LinkPurpose},
    error::Error,
    http::{
        actor::{Unfinished, keep, keep_session},
        csrf::ProtectedForm,
        language::tell,
    },
    service::{enrolment, sign_in, sign_in::Visitor},
};

/// Where to go afterwards, in the address.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Next {
    next: String,
    kind: String,
}

/// Only a path of our own is gone on to.
#[must_use]
pub fn inside(next: &str) -> &str {
    let is_path = next.starts_with('/') && !next.starts_with("//") && !next.contains('\\');
    if is_path && !next.chars().any(char::is_control) { next } else { "/" }
}

/// The form for name and password.
pub async fn name(visit: Visit, Query(next): Query<Next>) -> Answer {
    draw_name(&visit, Faults::default(), "", &next.next)
}

fn draw_name(visit: &Visit, mut faults: Faults, user_name: &str, next: &str) -> Answer {
    let status = faults.status();
    let view = SignIn {
        frame: visit.gate(""),
        username: faults.take("user_name", user_name),
        password: faults.take("password", ""),
        next: inside(next).to_owned(),
        problems: faults.rest(),
        notice: visit.notice(),
    };
    answer(status, &view)
}

/// What that form sends. There is no session yet whose token it could carry.
#[derive(Deserialize)]
pub struct NameForm {
    user_name: String,
    password: SecretString,
    #[serde(default)]
    next: String,
}

/// Takes name and password.
pub async fn take_name(
    visit: Visit,
    visitor: Visitor,
    jar: CookieJar,
    Form(form): Form<NameForm>,
) -> Answer {
    match sign_in::begin(&visit.app, &visitor, &form.user_name, &form.password).await {
        Ok(secret) => {
            let next = percent::encode(inside(&form.next));
            let on = Redirect::to(&format!("/sign-in/code?next={next}"));
            Ok((keep_session(jar, &secret), on).into_response())
        }
        Err(Error::Unauthenticated) => {
            let mut faults = Faults::field("", tell!("sign-in-user-name-or-password-is"));
            let _ = faults.take("user_name", "");
            draw_name(&visit, faults, &form.user_name, &form.next)
        }
        Err(error) => draw_name(&visit, Faults::of(error)?, &form.user_name, &form.next),
    }
}

/// The form for the second factor.
pub async fn code(visit: Visit, unfinished: Unfinished, Query(next): Query<Next>) -> Answer {
    if !sign_in::is_waiting(&visit.app, &unfinished.secret).await? {
        return begin_again(&next.next);
    }
    let recovery = next.kind == "recovery";
    draw_code(&visit, &unfinished, Faults::default(), &next.next, recovery)
}

/// Back to name and password, to end up at the same place.
#[expect(clippy::unnecessary_wraps, reason = "it is the answer of a handler")]
fn begin_again(next: &str) -> Answer {
    let next = percent::encode(inside(next));
    Ok(Redirect::to(&format!("/sign-in?next={next}")).into_response())
}

fn draw_code(
    visit: &Visit,
    unfinished: &Unfinished,
    mut faults: Faults,
    next: &str,
    recovery: bool,
) -> Answer {
    let status = faults.status();
    let other = if recovery { "" } else { "&kind=recovery" };
    let view = SecondFactor {
        frame: visit.gate(&unfinished.form_token),
        code: faults.take("code", ""),
        other: format!("/sign-in/code?next={}{other}", percent::encode(inside(next))),
        next: inside(next).to_owned(),
        recovery,
        problems: faults.rest(),
    };
    answer(status, &view)
}

/// What that form sends.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct CodeForm {
    code: String,
    kind: String,
    next: String,
}

/// Takes the second factor and signs in.
pub async fn take_code(
    visit: Visit,
    visitor: Visitor,
    unfinished: Unfinished,
    jar: CookieJar,
    ProtectedForm(form): ProtectedForm<CodeForm>,
) -> Answer {
    match sign_in::finish(&visit.app, &visitor, &unfinished.secret, &form.code).await {
        Ok(signed_in) => {
            Ok((keep(jar, &signed_in), Redirect::to(inside(&form.next))).into_response())
        }
        Err(Error::Unauthenticated) => begin_again(&form.next),
        Err(error) => {
            let recovery = form.kind == "recovery";
            draw_code(&visit, &unfinished, Faults::of(error)?, &form.next, recovery)
        }
    }
}

/// The page behind an invitation. Opening it changes nothing.
pub async fn invitation(visit: Visit, Path(token): Path<String>) -> Answer {
    draw_link(&visit, LinkPurpose::Invitation, &token).await
}

/// The page behind a recovery link. Opening it changes nothing.
pub async fn recovery(visit: Visit, Path(token): Path<String>) -> Answer {
    draw_link(&visit, LinkPurpose::Recovery, &token).await
}

async fn draw_link(visit: &Visit, purpose: LinkPurpose, token: &str) -> Answer {
    match enrolment::look(&visit.app, purpose, token).await {
        Ok(addressee) => show(&OpenLink {
            frame: visit.gate(""),
            invited: purpose == LinkPurpose::Invitation,
            name: addressee.display_name,
            username: addressee.user_name,
            action: format!("/{}/{}", purpose.name(), percent::encode(token)),
        }),
        Err(error) => dead(visit, error),
    }
}

/// A link that does not work; other errors are passed on.
fn dead(visit: &Visit, error: Error) -> Answer {
    match error {
        Error::NotFound(_) | Error::Unauthenticated => {
            answer(StatusCode::NOT_FOUND, &DeadLink { frame: visit.gate("") })
        }
        error => Err(error.into()),
    }
}

/// Begins to set up an account with an invitation.
pub async fn open_invitation(
    visit: Visit,
    visitor: Visitor,
    jar: CookieJar,
    Path(token): Path<String>,
) -> Answer {
    open(&visit, &visitor, jar, LinkPurpose::Invitation, &token).await
}

/// Begins to set up an account anew with a recovery link.
pub async fn open_recovery(
    visit: Visit,
    visitor: Visitor,
    jar: CookieJar,
    Path(token): Path<String>,
) -> Answer {
    open(&visit, &visitor, jar, LinkPurpose::Recovery, &token).await
}

async fn open(
    visit: &Visit,
    visitor: &Visitor,
    jar: CookieJar,
    purpose: LinkPurpose,
    token: &str,
) -> Answer {
    match enrolment::open(&visit.app, visitor, purpose, token).await {
        Ok(secret) => Ok((keep_session(jar, &secret), Redirect::to("/welcome")).into_response()),
        Err(error) => dead(visit, error),
    }
}

/// The step of setting an account up that comes next.
pub async fn welcome(visit: Visit, unfinished: Unfinished) -> Answer {
    draw_welcome(&visit, &unfinished, Faults::default()).await
}

async fn draw_welcome(visit: &Visit, unfinished: &Unfinished, mut faults: Faults) -> Answer {
    let enrolment = match enrolment::show(&visit.app, &unfinished.secret).await {
        Ok(enrolment) => enrolment,
        Err(error) => return dead(visit, error),
    };
    let status = faults.status();
    let frame = visit.gate(&unfinished.form_token);
    if enrolment.has_password {
        let view = Enrol {
            frame,
            qr: enrolment.authenticator.picture,
            secret: enrolment.authenticator.seed,
            code: faults.take("code", ""),
            problems: faults.rest(),
        };
        return answer(status, &view);
    }
    let view = Accept {
        frame,
        invited: enrolment.purpose == LinkPurpose::Invitation,
        name: enrolment.display_name,
        username: enrolment.user_name,
        password: faults.take("password", ""),
        again: faults.take("again", ""),
        problems: faults.rest(),
    };
    answer(status, &view)
}

/// What the first step sends.
#[derive(Deserialize)]
pub struct PasswordForm {
    password: SecretString,
    again: SecretString,
}

/// Takes the password.
pub async fn take_password(
    visit: Visit,
    visitor: Visitor,
    unfinished: Unfinished,
    ProtectedForm(form): ProtectedForm<PasswordForm>,
) -> Answer {
    if !same(&form.password, &form.again) {
        let faults = Faults::field("again", tell!("word-this-is-not-the-same"));
        return draw_welcome(&visit, &unfinished, faults).await;
    }
    let secret = &unfinished.secret;
    match enrolment::choose_password(&visit.app, &visitor, secret, &form.password).await {
        Ok(()) => Ok(Redirect::to("/welcome").into_response()),
        Err(error) => draw_welcome(&visit, &unfinished, Faults::of(error)?).await,
    }
}

/// Takes the authenticator's first code, signs in, and shows the recovery codes, this once.
pub async fn accept(
    visit: Visit,
    visitor: Visitor,
    unfinished: Unfinished,
    jar: CookieJar,
    ProtectedForm(form): ProtectedForm<CodeForm>,
) -> Answer {
    match enrolment::accept(&visit.app, &visitor, &unfinished.secret, &form.code).await {
        Ok(enrolled) => {
            let codes =
                enrolled.recovery_codes.iter().map(|code| code.reveal().to_string()).collect();
            let view = Codes { frame: visit.gate(""), codes };
            Ok((keep(jar, &enrolled.signed_in), show(&view)?).into_response())
        }
        Err(error) => draw_welcome(&visit, &unfinished, Faults::of(error)?).await,
    }
}

#[cfg(test)]
mod tests {
    use super::inside;

    #[test]
    fn nobody_is_sent_elsewhere_after_signing_in() {
        assert_eq!(inside("/requests/1?x=2"), "/requests/1?x=2");
        for elsewhere in
            ["//evil.example", "/\\evil.example", "https:evil.example", "evil", "", "/a\nb"]
        {
            assert_eq!(inside(elsewhere), "/", "{elsewhere}");
        }
    }
}
