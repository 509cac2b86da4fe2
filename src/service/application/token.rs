//! How applications sign in: with a secret, or with an assertion that they signed with a key (RFC 6749, RFC 7523).
//!
//! To whoever tries, an application that does not exist, is disabled, or has another secret looks the same and takes the
//! same work. Wrong ones are counted and soon not answered any more. Right ones always are: a secret has 256 random bits,
//! so that looking at it gives nothing away, and nobody can lock an application out.
use std::fmt;

use secrecy::{ExposeSecret as _, SecretString};
use serde_json::json;
use sha2::{Digest as _, Sha256};

use crate::{
    App,
    domain::{
        actor::{Actor, TokenScope, Who},
        application::{Claims, TOKEN_LASTS},
        audit::{Event, Kind},
        id::{AccessTokenId, PrincipalId},
        text::fold,
        throttle::Source,
    },
    error::Error,
    secret::{Assertion, PublicKey, Token, TokenKind},
    service::second_factor,
    store::{
        self, Change,
        application::Candidate,
        throttle::{Admission, Counter},
    },
};

/// The address at which applications sign in, and for which their assertions are.
#[must_use]
pub fn endpoint(public_url: &str) -> String {
    format!("{}/oauth/token", public_url.trim_end_matches('/'))
}

/// What an application signs in with.
pub enum Proof {
    /// A secret.
    Secret(SecretString),
    /// An assertion that it signed.
    Assertion(SecretString),
}

impl fmt::Debug for Proof {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Secret(_) => "Secret",
            Self::Assertion(_) => "Assertion",
        })
    }
}

/// What an application asks for.
#[derive(Debug)]
pub struct Asked {
    /// Who it says it is. An assertion says it by itself.
    pub client: Option<String>,
    /// What it signs in with.
    pub proof: Proof,
    /// What the token is to be good for.
    pub scopes: Vec<TokenScope>,
}

/// A token for an application.
#[derive(Debug)]
pub struct Issued {
    /// The token.
    pub token: Token,
    /// What it may be used for.
    pub scopes: Vec<TokenScope>,
    /// For how many seconds.
    pub lasts: i64,
}

/// Why a sign-in failed, for the log alone.
struct Denied(&'static str);

/// Signs an application in and gives it a token. Fails with [`Error::Unauthenticated`] whatever is wrong with it.
pub async fn issue(app: &App, visitor: &Actor, asked: Asked) -> Result<Issued, Error> {
    let (client, outcome) = match &asked.proof {
        Proof::Secret(secret) => {
            let client = asked.client.clone().unwrap_or_default();
            let outcome = by_secret(app, visitor, &client, secret, &asked.scopes).await;
            (client, outcome)
        }
        Proof::Assertion(text) => {
            let assertion = Assertion::parse(text.expose_secret());
            let claimed = assertion.as_ref().and_then(Assertion::claimed_subject);
            let client = claimed.or_else(|| asked.client.clone()).unwrap_or_default();
            let outcome = if asked.client.as_ref().is_some_and(|named| *named != client) {
                Ok(Err(Denied("wrong_subject")))
            } else {
                by_assertion(app, visitor, &client, assertion, &asked.scopes).await
            };
            (client, outcome)
        }
    };
    match outcome {
        Ok(Ok(issued)) => Ok(issued),
        Ok(Err(denied)) => refuse(app, visitor, &client, &denied).await,
        Err(Error::Unauthenticated) => {
            refuse(app, visitor, &client, &Denied("ended_meanwhile")).await
        }
        Err(error) => Err(error),
    }
}

/// The application that somebody says it is; nobody's identifier, if that can be none.
fn identifier(client: &str) -> PrincipalId {
    client.parse().unwrap_or(PrincipalId(uuid::Uuid::nil()))
}

async fn by_secret(
    app: &App,
    visitor: &Actor,
    client: &str,
    secret: &SecretString,
    scopes: &[TokenScope],
) -> Result<Result<Issued, Denied>, Error> {
    // What can be no secret is looked for all the same: under a hash that nothing has.
    let secret = Token::parse(TokenKind::ApplicationSecret, secret.expose_secret())
        .unwrap_or_else(|| Token::random(TokenKind::ApplicationSecret));
    let (id, hash) = (identifier(client), secret.hash());
    let mut connection = app.database.acquire().await?;
    let found = store::application::candidates(&mut connection, id, Some(&hash)).await?.pop();
    drop(connection);
    match found {
        None => Ok(Err(Denied("wrong_secret"))),
        Some(candidate) => give(app, visitor, (id, &candidate), scopes, None).await,
    }
}

async fn by_assertion(
    app: &App,
    visitor: &Actor,
    client: &str,
    assertion: Option<Assertion<'_>>,
    scopes: &[TokenScope],
) -> Result<Result<Issued, Denied>, Error> {
    let Some(assertion) = assertion else { return Ok(Err(Denied("unreadable_assertion"))) };
    let id = identifier(client);
    let mut connection = app.database.acquire().await?;
    let candidates = store::application::candidates(&mut connection, id, None).await?;
    drop(connection);
    let Some((candidate, claims)) = signer(&assertion, &candidates) else {
        return Ok(Err(Denied("wrong_signature")));
    };
    give(app, visitor, (id, candidate), scopes, Some((client, &claims))).await
}

/// The key that an assertion was signed with, and what it says. Where there is no key, as much is done as for one.
fn signer<'a>(
    assertion: &Assertion<'_>,
    candidates: &'a [Candidate],
) -> Option<(&'a Candidate, Claims)> {
    let named = |candidate: &&Candidate| {
        assertion.key().is_none_or(|key| key == candidate.credential.to_string())
    };
    let mut looked = false;
    for candidate in candidates.iter().filter(named) {
        let key = candidate.public_key.as_deref().and_then(|der| PublicKey::from_der(der).ok());
        if let Some(key) = key {
            looked = true;
            if let Some(claims) = key.verify(assertion) {
                return Some((candidate, claims));
            }
        }
    }
    if !looked && let Some(nobodys) = PublicKey::nobodys(assertion) {
        let _ = nobodys.verify(assertion);
    }
    None
}

/// Gives a token to an application whose secret or signature is right. An assertion is judged and used up here.
async fn give(
    app: &App,
    visitor: &Actor,
    (id, candidate): (PrincipalId, &Candidate),
    scopes: &[TokenScope],
    assertion: Option<(&str, &Claims)>,
) -> Result<Result<Issued, Denied>, Error> {
    let token = Token::random(TokenKind::ServicePrincipal);
    let application = candidate.application(id, AccessTokenId::new(), scopes.to_vec());
    let actor = Actor { who: Who::Application(application.clone()), ..visitor.clone() };
    let mut change = Change::begin(&app.database, &Actor { idempotency: None, ..actor }).await?;
    if let Some((client, claims)) = assertion {
        let digest: [u8; 32] = Sha256::digest(claims.identifier()).into();
        let Some(ends_at) = claims.ends_at() else { return Ok(Err(Denied("wrong_expiry"))) };
        let first = store::application::use_up(&mut change, id, &digest, ends_at).await?;
        // The time is read after the assertion was noted: one that is forgotten by now has ended by now.
        let now = change.settle().await?;
        if let Err(fault) = claims.judge(client, &endpoint(&app.public_url), now) {
            return Ok(Err(Denied(fault.name())));
        }
        if !first {
            return Ok(Err(Denied("repeated_assertion")));
        }
    }
    let ends_at = change.at().plus_seconds(TOKEN_LASTS).min(candidate.expires_at);
    let lasts = ends_at.since(change.at()).as_secs();
    let rests_on = (candidate.credential, ends_at);
    store::application::keep_token(&mut change, &application, &token.hash(), rests_on).await?;
    let event =
        Event::new(Kind::TokenCreated).subject(id).target(application.token.0).detail(json!({
            "credential": candidate.credential,
            "by": if assertion.is_some() { "key" } else { "secret" },
            "scopes": scopes,
            "expires_at": ends_at,
        }));
    change.commit(&event).await?;
    app.wake.audit().notify_one();
    let mut connection = app.database.acquire().await?;
    store::application::touch_credential(&mut connection, candidate.credential).await?;
    Ok(Ok(Issued { token, scopes: application.scopes, lasts }))
}

/// Counts a sign-in that failed, and records it unless there have been too many.
async fn refuse(
    app: &App,
    visitor: &Actor,
    client: &str,
    denied: &Denied,
) -> Result<Issued, Error> {
    let id = identifier(client);
    let name: String = fold(client).chars().take(80).collect();
    let networks = visitor.address.map(Source::network_of);
    let counters: Vec<_> = networks
        .into_iter()
        .chain([Source::Everywhere])
        .map(|source| {
            let key = app.keys.throttle_key(&format!("application {name}"), &source.key());
            Counter { source, key }
        })
        .collect();
    match store::throttle::admit(&app.database, &counters).await? {
        Admission::Evaluate => {}
        Admission::Wait { now, until } => return Err(second_factor::busy(now, until)),
    }
    let mut change = Change::begin(&app.database, visitor).await?;
    let known = store::application::exists(change.connection(), id).await?;
    let event = Event::failed(Kind::ApplicationSignInFailed).detail(json!({ "because": denied.0 }));
    change.commit(&Event { subject: known.then_some(id), ..event }).await?;
    app.wake.audit().notify_one();
    Err(Error::Unauthenticated)
}
