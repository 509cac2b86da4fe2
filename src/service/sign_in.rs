//! Signing in: first the password, then the second factor.
//!
//! Between the two there is a session of its own kind in the database, with a secret of its own: a browser that has
//! shown the password can show a code and nothing else. Every step gives another secret, and the one before ends in the
//! same commit. To whoever tries names or passwords, an account that does not exist, is disabled or has another password
//! looks the same and takes the same work.
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::json;

use crate::{
    App,
    domain::{
        actor::{Actor, User, Via},
        audit::{Event, Kind},
        id::{PrincipalId, SessionId},
        sign_in::CodeRefusal,
        text::fold,
        throttle::Source,
    },
    error::Error,
    secret::{Token, TokenKind, Verdict, Whose},
    service::{notice, second_factor},
    store::{
        self, Change,
        account::Account,
        credential::Password,
        session::{NewSession, Stage},
        throttle::{Admission, Counter},
    },
};

/// A browser that nobody is signed in with.
pub struct Visitor {
    /// Nobody, from some address.
    pub actor: Actor,
    /// What the browser calls itself.
    pub user_agent: String,
    /// What marks it as one that somebody signed in from before.
    pub device: Option<Token>,
}

/// The secrets that a browser keeps once somebody is signed in.
#[derive(Debug)]
pub struct SignedIn {
    /// Opens the session.
    pub session: Token,
    /// Marks the browser as known, if it was not before.
    pub device: Option<Token>,
}

/// Names longer than any account's are cut before they are compared and counted.
const NAME_MOST: usize = 120;

/// Takes a name and a password. Gives back the secret with which the browser goes on to the second factor.
pub async fn begin(
    app: &App,
    visitor: &Visitor,
    name: &str,
    password: &SecretString,
) -> Result<Token, Error> {
    let name = folded(name);
    let mut connection = app.database.acquire().await?;
    let account = store::account::named(&mut connection, &name).await?;
    let stored = match account {
        Some(account) => store::credential::password(&mut connection, account).await?,
        None => None,
    };
    let is_known = match (account, &visitor.device) {
        (Some(account), Some(device)) => {
            store::session::is_known_device(&mut connection, account, &device.hash()).await?
        }
        _ => false,
    };
    // No connection is held while the password waits for its turn.
    drop(connection);
    let counters = counters(app, visitor, &name, is_known);
    match store::throttle::admit(&app.database, &counters).await? {
        Admission::Evaluate => {}
        Admission::Wait { now, until } => return Err(second_factor::busy(now, until)),
    }
    let hash = stored.as_ref().map(|stored| stored.hash.as_str());
    let whose = if is_known { Whose::Known } else { Whose::Stranger };
    let verdict = match app.passwords.verify(whose, password.expose_secret(), hash).await {
        Ok(verdict) => verdict,
        Err(busy) => {
            let mut connection = app.database.acquire().await?;
            store::throttle::give_back(&mut connection, &counters).await?;
            return Err(busy.into());
        }
    };
    match (account, stored, verdict) {
        (Some(account), Some(stored), Verdict::Right | Verdict::RightButOutdated) => {
            let mut connection = app.database.acquire().await?;
            store::throttle::clear(&mut connection, &counters).await?;
            drop(connection);
            if verdict == Verdict::RightButOutdated {
                rehash(app, visitor, account, &stored, password).await?;
            }
            await_second_factor(app, visitor, account).await
        }
        _ => refuse(app, visitor, account).await,
    }
}

/// A name as it is compared and counted: in one spelling, cut, and with nothing in it that the database cannot hold.
fn folded(name: &str) -> String {
    let readable = |letter: char| if letter.is_control() { '\u{fffd}' } else { letter };
    fold(name).chars().take(NAME_MOST).map(readable).collect()
}

/// Whose wrong passwords this one is counted with: those of the known browser, else those of its network and of all.
fn counters(app: &App, visitor: &Visitor, name: &str, is_known: bool) -> Vec<Counter> {
    let sources = match (&visitor.device, visitor.actor.address) {
        (Some(device), _) if is_known => vec![Source::KnownDevice(*device.hash().as_array())],
        (_, Some(address)) => vec![Source::network_of(address), Source::Everywhere],
        (_, None) => vec![Source::Everywhere],
    };
    let counter = |source: Source| {
        let key = app.keys.throttle_key(name, &source.key());
        Counter { source, key }
    };
    sources.into_iter().map(counter).collect()
}

async fn refuse(
    app: &App,
    visitor: &Visitor,
    account: Option<PrincipalId>,
) -> Result<Token, Error> {
    let change = Change::begin(&app.database, &visitor.actor).await?;
    let event = Event::failed(Kind::SignInFailed).detail(json!({ "because": "wrong_password" }));
    let event = Event { subject: account, ..event };
    change.commit(&event).await?;
    Err(Error::invalid("password", "This name and password do not belong together."))
}

/// Makes the stored hash anew at today's cost. Nobody has to know.
async fn rehash(
    app: &App,
    visitor: &Visitor,
    account: PrincipalId,
    stored: &Password,
    password: &SecretString,
) -> Result<(), Error> {
    let hash = app.passwords.rehash(password.expose_secret()).await?;
    let mut change = Change::begin(&app.database, &visitor.actor).await?;
    if store::credential::rehash_password(&mut change, stored, &hash).await? {
        let event = Event::new(Kind::PasswordRehashed).subject(account).target(stored.id.0);
        change.commit(&event).await?;
    }
    Ok(())
}

async fn await_second_factor(
    app: &App,
    visitor: &Visitor,
    account: PrincipalId,
) -> Result<Token, Error> {
    let secret = Token::random(TokenKind::SignIn);
    let mut change = Change::begin(&app.database, &visitor.actor).await?;
    store::account::hold(&mut change, account).await?;
    let session = NewSession {
        id: SessionId::new(),
        principal: account,
        stage: Stage::PasswordVerified,
        secret: &secret.hash(),
        address: visitor.actor.address,
        user_agent: &visitor.user_agent,
        link: None,
    };
    store::session::begin(&mut change, &session).await?;
    // Not an event yet: nobody is in. What follows is one, however it ends.
    change.commit_recorded().await?;
    Ok(secret)
}

/// Says whether a browser's secret is that of a sign-in which waits for its second factor.
pub async fn is_waiting(app: &App, secret: &Token) -> Result<bool, Error> {
    let mut connection = app.database.acquire().await?;
    let hash = secret.hash();
    let found = store::session::find(&mut connection, &hash, Stage::PasswordVerified).await?;
    Ok(found.is_some())
}

/// Takes the code of a second factor, or a recovery code, and signs in.
pub async fn finish(
    app: &App,
    visitor: &Visitor,
    secret: &Token,
    code: &str,
) -> Result<SignedIn, Error> {
    let mut change = Change::begin(&app.database, &visitor.actor).await?;
    let waiting =
        store::session::find(change.connection(), &secret.hash(), Stage::PasswordVerified).await?;
    let waiting = waiting.ok_or(Error::Unauthenticated)?;
    let account = store::account::hold(&mut change, waiting.principal).await?;
    match second_factor::judge(app, &mut change, account.principal, code, true).await? {
        Ok(accepted) => {
            if !store::session::end(&mut change, waiting.id, Stage::PasswordVerified).await? {
                return Err(Error::Unauthenticated);
            }
            let detail = json!({ "method": accepted.method.name() });
            let signed_in = admit(app, &mut change, visitor, &account, detail).await?;
            change.commit_recorded().await?;
            app.wake.audit().notify_one();
            app.wake.outbox().notify_one();
            Ok(signed_in)
        }
        Err(refusal) => {
            let event = Event::failed(Kind::SignInFailed)
                .subject(account.principal)
                .detail(json!({ "because": refusal.name() }));
            let now = change.at();
            change.commit(&event).await?;
            Err(match refusal {
                CodeRefusal::WaitUntil(until) => second_factor::busy(now, until),
                _ => Error::invalid("code", refusal.message()),
            })
        }
    }
}

/// Begins the session of somebody who has proved who they are, and records it. A break-glass account is announced to
/// every administrator.
pub(super) async fn admit(
    app: &App,
    change: &mut Change,
    visitor: &Visitor,
    account: &Account,
    detail: serde_json::Value,
) -> Result<SignedIn, Error> {
    let session = Token::random(TokenKind::Session);
    let id = SessionId::new();
    change.identify(User {
        principal: account.principal,
        person: account.person,
        name: account.display_name.clone(),
        via: Via::Session(id),
    });
    let new = NewSession {
        id,
        principal: account.principal,
        stage: Stage::SignedIn,
        secret: &session.hash(),
        address: visitor.actor.address,
        user_agent: &visitor.user_agent,
        link: None,
    };
    store::session::begin(change, &new).await?;
    let device = remember(change, visitor, account.principal).await?;
    let kind = if account.break_glass { Kind::SignInBreakGlass } else { Kind::SignInSucceeded };
    change.record(&Event::new(kind).subject(account.principal).target(id.0).detail(detail)).await?;
    if account.break_glass {
        announce(app, change, account).await?;
    }
    Ok(SignedIn { session, device })
}

/// Marks the browser as known, unless it is.
async fn remember(
    change: &mut Change,
    visitor: &Visitor,
    account: PrincipalId,
) -> Result<Option<Token>, Error> {
    if let Some(device) = &visitor.device {
        let hash = device.hash();
        if store::session::is_known_device(change.connection(), account, &hash).await? {
            return Ok(None);
        }
    }
    let device = Token::random(TokenKind::KnownDevice);
    store::session::remember_device(change, account, &device.hash()).await?;
    Ok(Some(device))
}

async fn announce(app: &App, change: &mut Change, account: &Account) -> Result<(), Error> {
    let address = second_factor::place(change.actor());
    let administrators = store::account::administrators(change).await?;
    let named = (account.principal, account.user_name.as_str());
    notice::break_glass_sign_in(app, change, named, &address, administrators).await
}
