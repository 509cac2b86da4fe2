//! Tokens for the API: made in the browser, shown once, good for some things and some time.
use serde_json::json;

use crate::{
    App,
    domain::{
        actor::{Actor, Application, TokenScope, User, Via, Who},
        audit::{Event, Kind},
        id::AccessTokenId,
        language::Message,
        sign_in::TOKEN_MOST_DAYS,
        step_up::Act,
        text::Name,
    },
    error::Error,
    secret::{Token, TokenKind},
    service::{access, credential::prove, enrolment, session::own},
    store::{self, Change},
};

pub use crate::store::access_token::ListedToken;

/// What somebody asks for who wants a token.
pub struct Wanted {
    /// What to call it.
    pub name: Name,
    /// What it may be used for.
    pub scopes: Vec<TokenScope>,
    /// For how many days.
    pub days: u16,
}

/// Makes a token. Its text is given back this once.
pub async fn create(
    app: &App,
    actor: &Actor,
    wanted: Wanted,
    code: &str,
) -> Result<(Token, ListedToken), Error> {
    let (principal, _) = own(actor)?;
    if wanted.scopes.is_empty() {
        return Err(Error::invalid("scopes", "Choose at least one thing that it may be used for."));
    }
    if !(1..=TOKEN_MOST_DAYS).contains(&wanted.days) {
        let message = format!("A token is good for 1 to {TOKEN_MOST_DAYS} days.");
        return Err(Error::invalid("days", message));
    }
    let [proof] = prove(app, actor, code, Act::CreateAccessToken).await?;
    let mut change = Change::begin(&app.database, actor).await?;
    store::account::hold(&mut change, principal).await?;
    let token = Token::random(TokenKind::PersonalAccess);
    let mut scopes = wanted.scopes;
    scopes.sort_by_key(|scope| scope.name());
    scopes.dedup();
    let at = change.at();
    let listed = ListedToken {
        id: AccessTokenId::new(),
        name: wanted.name.to_string(),
        scopes,
        created_at: at,
        expires_at: at.plus_seconds(i64::from(wanted.days) * 24 * 60 * 60),
        last_used_at: None,
    };
    store::access_token::create(&mut change, principal, &token.hash(), &listed).await?;
    store::mfa_proof::spend(&mut change, proof, &Act::CreateAccessToken, listed.id.0).await?;
    let what = Message::new("notice-credential-token").with("name", &listed.name);
    enrolment::tell(app, &mut change, principal, what).await?;
    let event =
        Event::new(Kind::TokenCreated).subject(principal).target(listed.id.0).detail(json!({
            "name": listed.name,
            "scopes": listed.scopes,
            "expires_at": listed.expires_at,
        }));
    change.commit(&event).await?;
    app.wake.audit().notify_one();
    app.wake.outbox().notify_one();
    Ok((token, listed))
}

/// Says who shows a bearer token, and what it may be used for.
pub async fn authenticate(app: &App, text: &str) -> Result<Who, Error> {
    let token = Token::parse_bearer(text).ok_or(Error::Unauthenticated)?;
    let mut connection = app.database.acquire().await?;
    let found = store::access_token::find(&mut connection, &token.hash()).await?;
    let bearer = found.ok_or(Error::Unauthenticated)?;
    if !bearer.noted {
        store::access_token::touch(&mut connection, &[bearer.id]).await?;
    }
    let store::access_token::Bearer { id, principal, person, people, name, scopes, .. } = bearer;
    Ok(match people {
        Some(people) => {
            Who::Application(Application { principal, name, people, token: id, scopes })
        }
        None => Who::User(User { principal, person, name, via: Via::AccessToken(id, scopes) }),
    })
}

/// Lists one's own tokens.
pub async fn list(app: &App, actor: &Actor) -> Result<Vec<ListedToken>, Error> {
    let user = access::person(actor)?;
    let mut connection = app.database.acquire().await?;
    store::access_token::list(&mut connection, user.principal).await
}

/// Ends one of one's own tokens.
pub async fn revoke(app: &App, actor: &Actor, token: AccessTokenId) -> Result<(), Error> {
    let user = access::person(actor)?;
    let mut change = Change::begin(&app.database, actor).await?;
    if !store::access_token::revoke(&mut change, user.principal, token).await? {
        return Err(Error::NotFound("token"));
    }
    change.commit(&Event::new(Kind::TokenRevoked).subject(user.principal).target(token.0)).await
}
