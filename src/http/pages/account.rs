//! The reader's own account: how they sign in, where they are signed in, and the tokens of their programs.
use axum::{
    extract::Path,
    response::{IntoResponse as _, Response},
};
use axum_extra::extract::CookieJar;
use secrecy::SecretString;
use serde::Deserialize;

use super::{
    done::Done,
    faults::Faults,
    language::{self, Chosen},
    page::{Answer, Opened, Page, Posted, answer, done, id, new_key, show},
    request::Nothing,
    say::{self, Reader},
    view::{
        Fact,
        account::{
            Account, ChangePassword, Confirm, NewCodes, NewFactor, NewToken, Session, Token,
            TokenShown,
        },
        form::Choice,
        frame::Section,
    },
};
use crate::{
    domain::{
        actor::{TokenScope, Via},
        text::Name,
    },
    http::{
        actor::{forget_session, keep_session},
        language::tell,
    },
    service::{
        self,
        access_token::{self, ListedToken, Wanted},
        credential, enrolment, session,
    },
};

/// The account page.
pub async fn one(page: Page) -> Answer {
    let chosen = Chosen::from(service::language::mine(&page.app, &page.actor).await?);
    draw(&page, &chosen, Faults::default()).await
}

/// Draws the page, with what was chosen on it and what is wrong with that.
pub async fn draw(page: &Page, chosen: &Chosen, mut faults: Faults) -> Answer {
    let status = faults.status();
    let overview = credential::overview(&page.app, &page.actor).await?;
    let sessions = session::list(&page.app, &page.actor).await?;
    let tokens = access_token::list(&page.app, &page.actor).await?;
    let Opened { frame, reader, .. } = page.open(Section::Account).await?;
    let view = Account {
        facts: vec![
            Fact::new(tell!("word-name"), page.user.name.clone()),
            Fact::new(tell!("word-user-name"), overview.user_name),
        ],
        language: faults.take("language", chosen.language.as_str()),
        languages: language::languages(),
        time_zone: faults.take("time_zone", chosen.time_zone.as_str()),
        time_zones: language::time_zones(),
        codes_left: overview.recovery_codes_left,
        sessions: sessions.iter().map(|session| tell(page, session, &reader)).collect(),
        tokens: tokens.iter().map(|token| tell_token(token, &reader)).collect(),
        frame,
    };
    answer(status, &view)
}

fn tell(page: &Page, told: &session::ListedSession, reader: &Reader) -> Session {
    let current = page.user.via == Via::Session(told.id);
    Session {
        device: say::device(&told.user_agent),
        address: told.client_address.map(|address| address.to_string()).unwrap_or_default(),
        since: reader.instant(told.created_at),
        seen: reader.ago(told.last_seen_at),
        current,
        end: if current { String::new() } else { format!("/account/sessions/{}/end", told.id) },
    }
}

fn tell_token(told: &ListedToken, reader: &Reader) -> Token {
    let scopes: Vec<_> = told.scopes.iter().map(|scope| scope_words(*scope).0).collect();
    Token {
        name: told.name.clone(),
        scopes: scopes.join(", "),
        expires: reader.instant(told.expires_at),
        used: told.last_used_at.map(|at| reader.ago(at)),
        live: told.expires_at > reader.now,
        revoke: format!("/account/tokens/{}/revoke", told.id),
    }
}

fn scope_words(scope: TokenScope) -> (String, String) {
    match scope {
        TokenScope::Read => (tell!("account-read"), tell!("account-what-you-may-read-but")),
        TokenScope::Activate => {
            (tell!("word-activate"), tell!("account-activate-extend-and-end-your"))
        }
        TokenScope::Approve => (tell!("word-approve"), tell!("account-decide-requests-as-you-may")),
        TokenScope::Administer => {
            (tell!("word-administer"), tell!("account-change-roles-settings-assignments-and"))
        }
        TokenScope::Audit => (tell!("word-audit"), tell!("account-read-and-export-the-audit")),
        TokenScope::CheckAccess => {
            (tell!("account-check-access"), tell!("account-ask-whether-somebody-holds-a"))
        }
    }
}

/// The form that changes the password.
pub async fn password(page: Page) -> Answer {
    draw_password(&page, Faults::default()).await
}

async fn draw_password(page: &Page, mut faults: Faults) -> Answer {
    let status = faults.status();
    let username = credential::overview(&page.app, &page.actor).await?.user_name;
    let view = ChangePassword {
        username,
        frame: page.open(Section::Account).await?.frame,
        current: faults.take("old_password", ""),
        password: faults.take("new_password", ""),
        again: faults.take("again", ""),
        code: faults.take("code", ""),
        problems: faults.rest(),
    };
    answer(status, &view)
}

/// What that form sends.
#[derive(Deserialize)]
pub struct Passwords {
    old_password: SecretString,
    new_password: SecretString,
    again: SecretString,
    code: String,
}

/// Whether the same was typed twice.
pub fn same(one: &SecretString, other: &SecretString) -> bool {
    use secrecy::ExposeSecret as _;
    one.expose_secret() == other.expose_secret()
}

/// Changes the password.
pub async fn change_password(jar: CookieJar, posted: Posted<Passwords>) -> Answer {
    let Posted { page, form } = posted;
    if !same(&form.new_password, &form.again) {
        return draw_password(&page, Faults::field("again", tell!("word-this-is-not-the-same")))
            .await;
    }
    let (old, new) = (&form.old_password, &form.new_password);
    match credential::change_password(&page.app, &page.actor, old, new, &form.code).await {
        Ok(secret) => with(keep_session(jar, &secret), done("/account", Done::PasswordChanged)),
        Err(error) => draw_password(&page, Faults::of(error)?).await,
    }
}

/// An answer with the cookies that go along.
fn with(jar: CookieJar, answer: Answer) -> Answer {
    Ok((jar, answer?).into_response())
}

/// What a form with nothing but a code sends.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Code {
    code: String,
}

/// What a question for a code is about.
struct Question {
    title: &'static str,
    text: &'static str,
    action: &'static str,
    button: &'static str,
}

const REPLACE: Question = Question {
    title: "account-replace-your-authenticator",
    text: "account-give-a-code-from-the",
    action: "/account/authenticator",
    button: "word-go-on",
};
const RENEW: Question = Question {
    title: "account-new-recovery-codes",
    text: "account-the-codes-that-you-have",
    action: "/account/recovery-codes",
    button: "account-make-new-codes",
};

async fn ask(page: &Page, question: &Question, mut faults: Faults) -> Answer {
    let status = faults.status();
    let view = Confirm {
        frame: page.open(Section::Account).await?.frame,
        title: tell!(question.title),
        text: tell!(question.text),
        action: question.action.to_owned(),
        button: tell!(question.button),
        code: faults.take("code", ""),
        problems: faults.rest(),
    };
    answer(status, &view)
}

/// Asks for a code before the authenticator is replaced.
pub async fn authenticator(page: Page) -> Answer {
    ask(&page, &REPLACE, Faults::default()).await
}

/// Begins to replace the authenticator.
pub async fn begin_authenticator(posted: Posted<Code>) -> Answer {
    let Posted { page, form } = posted;
    match credential::begin_authenticator(&page.app, &page.actor, &form.code).await {
        Ok(new) => draw_authenticator(&page, new, Faults::default()).await,
        Err(error) => ask(&page, &REPLACE, Faults::of(error)?).await,
    }
}

async fn draw_authenticator(
    page: &Page,
    new: enrolment::NewAuthenticator,
    mut faults: Faults,
) -> Answer {
    let status = faults.status();
    let view = NewFactor {
        frame: page.open(Section::Account).await?.frame,
        qr: new.picture,
        secret: new.seed,
        code: faults.take("code", ""),
        problems: faults.rest(),
    };
    answer(status, &view)
}

/// Puts the new authenticator in the place of the old one.
pub async fn confirm_authenticator(jar: CookieJar, posted: Posted<Code>) -> Answer {
    let Posted { page, form } = posted;
    match credential::confirm_authenticator(&page.app, &page.actor, &form.code).await {
        Ok(secret) => {
            with(keep_session(jar, &secret), done("/account", Done::AuthenticatorReplaced))
        }
        Err(error) => {
            let faults = Faults::of(error)?;
            match credential::overview(&page.app, &page.actor).await?.pending {
                Some(new) => draw_authenticator(&page, new, faults).await,
                None => ask(&page, &REPLACE, faults).await,
            }
        }
    }
}

/// Asks for a code before recovery codes are made.
pub async fn recovery_codes(page: Page) -> Answer {
    ask(&page, &RENEW, Faults::default()).await
}

/// Makes new recovery codes and shows them, this once.
pub async fn renew_recovery_codes(jar: CookieJar, posted: Posted<Code>) -> Answer {
    let Posted { page, form } = posted;
    match credential::renew_recovery_codes(&page.app, &page.actor, &form.code).await {
        Ok((secret, codes)) => {
            let codes = codes.iter().map(|code| code.reveal().to_string()).collect();
            let frame = page.open(Section::Account).await?.frame;
            with(keep_session(jar, &secret), show(&NewCodes { frame, codes }))
        }
        Err(error) => ask(&page, &RENEW, Faults::of(error)?).await,
    }
}

/// What the form for a token sends.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct TokenForm {
    name: String,
    days: String,
    scope: Vec<String>,
    code: String,
    idempotency_key: Option<String>,
}

/// The form for a token.
pub async fn new_token(page: Page) -> Answer {
    draw_token(&page, Faults::default(), &TokenForm::default()).await
}

async fn draw_token(page: &Page, mut faults: Faults, form: &TokenForm) -> Answer {
    let status = faults.status();
    let scopes = TokenScope::ALL.iter().map(|(scope, name)| {
        let (word, hint) = scope_words(*scope);
        let chosen = form.scope.iter().any(|chosen| chosen == name);
        Choice::new(*name, word).hint(hint).chosen(chosen)
    });
    let days = if form.days.is_empty() { "30" } else { &form.days };
    let view = NewToken {
        frame: page.open(Section::Account).await?.frame,
        idempotency_key: form.idempotency_key.clone().unwrap_or_else(new_key),
        name: faults.take("name", &form.name),
        lifetime: faults.take("days", days),
        lifetimes: [
            ("7", tell!("account-7-days")),
            ("30", tell!("word-30-days")),
            ("90", tell!("word-90-days")),
            ("365", tell!("word-1-year")),
        ]
        .map(|(value, label)| Choice::new(value, label))
        .to_vec(),
        scopes: scopes.collect(),
        scopes_field: faults.take("scopes", ""),
        code: Some(faults.take("code", "")),
        problems: faults.rest(),
    };
    answer(status, &view)
}

/// Makes a token and shows it, this once.
pub async fn create_token(posted: Posted<TokenForm>) -> Answer {
    let Posted { page, form } = posted;
    let mut faults = Faults::default();
    let name: Option<Name> = faults.read("name", &form.name);
    let days: Option<u16> = faults.read("days", &form.days);
    let (Some(name), Some(days)) = (name, days) else {
        return draw_token(&page, faults, &form).await;
    };
    let scopes = form.scope.iter().filter_map(|name| TokenScope::named(name)).collect();
    let wanted = Wanted { name, scopes, days };
    match access_token::create(&page.app, &page.actor, wanted, &form.code).await {
        Ok((token, listed)) => {
            let Opened { frame, reader, .. } = page.open(Section::Account).await?;
            show(&TokenShown {
                name: listed.name,
                token: token.reveal().to_string(),
                until: reader.instant(listed.expires_at),
                base: page.app.public_url.to_string(),
                frame,
            })
        }
        Err(error) => draw_token(&page, Faults::of(error)?, &form).await,
    }
}

/// Ends a token.
pub async fn revoke_token(Path(token): Path<String>, posted: Posted<Nothing>) -> Answer {
    let Posted { page, .. } = posted;
    access_token::revoke(&page.app, &page.actor, id(&token, "token")?).await?;
    done("/account", Done::TokenRevoked)
}

/// Ends one of one's sessions.
pub async fn end_session(Path(session): Path<String>, posted: Posted<Nothing>) -> Answer {
    let Posted { page, .. } = posted;
    session::end(&page.app, &page.actor, id(&session, "session")?).await?;
    done("/account", Done::SessionEnded)
}

/// Signs out everywhere.
pub async fn end_all_sessions(jar: CookieJar, posted: Posted<Nothing>) -> Answer {
    let Posted { page, .. } = posted;
    session::end_all(&page.app, &page.actor).await?;
    leave(jar, Done::SignedOutEverywhere)
}

/// Signs out.
pub async fn sign_out(jar: CookieJar, posted: Posted<Nothing>) -> Answer {
    let Posted { page, .. } = posted;
    session::sign_out(&page.app, &page.actor).await?;
    leave(jar, Done::SignedOut)
}

/// Takes what the browser keeps of the session, pages in its cache included.
fn leave(jar: CookieJar, what: Done) -> Answer {
    let mut response: Response = with(forget_session(jar), done("/sign-in", what))?;
    response
        .headers_mut()
        .insert("clear-site-data", axum::http::HeaderValue::from_static("\"cache\", \"storage\""));
    Ok(response)
}
