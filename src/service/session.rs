//! Sessions: whose a browser's secret is, which one has, and ending them.
use serde_json::json;

use crate::{
    App,
    domain::{
        actor::{Actor, User, Via},
        audit::{Event, Kind},
        id::{PrincipalId, SessionId},
        language::Wishes,
    },
    error::Error,
    secret::Token,
    service::access,
    store::{self, Change, session::Stage},
};

pub use crate::store::session::ListedSession;

/// Says who is signed in with a secret, and how they want to be told things.
pub async fn authenticate(app: &App, secret: &Token) -> Result<(User, Wishes), Error> {
    let mut connection = app.database.acquire().await?;
    let found = store::session::find(&mut connection, &secret.hash(), Stage::SignedIn).await?;
    let session = found.ok_or(Error::Unauthenticated)?;
    if !session.noted {
        store::session::touch(&mut connection, session.id).await?;
    }
    let wishes = Wishes::stored(session.language.as_deref(), session.time_zone.as_deref());
    let store::session::Session { id, principal, person, name, .. } = session;
    Ok((User { principal, person, name, via: Via::Session(id) }, wishes))
}

/// Lists one's own sessions.
pub async fn list(app: &App, actor: &Actor) -> Result<Vec<ListedSession>, Error> {
    let user = access::person(actor)?;
    let mut connection = app.database.acquire().await?;
    store::session::list(&mut connection, user.principal).await
}

/// Signs out: ends the session that the request came with.
pub async fn sign_out(app: &App, actor: &Actor) -> Result<(), Error> {
    let (principal, session) = own(actor)?;
    let mut change = Change::begin(&app.database, actor).await?;
    if store::session::end_own(&mut change, principal, session).await? {
        let event = Event::new(Kind::SignOutDone).subject(principal).target(session.0);
        change.commit(&event).await?;
    }
    Ok(())
}

/// Ends one of one's own sessions.
pub async fn end(app: &App, actor: &Actor, session: SessionId) -> Result<(), Error> {
    let user = access::person(actor)?;
    let mut change = Change::begin(&app.database, actor).await?;
    if !store::session::end_own(&mut change, user.principal, session).await? {
        return Err(Error::NotFound("session"));
    }
    let event = Event::new(Kind::SessionsEnded)
        .subject(user.principal)
        .target(session.0)
        .detail(json!({ "count": 1 }));
    change.commit(&event).await
}

/// Signs out everywhere: ends every session that one has, this one as well, and forgets every browser.
pub async fn end_all(app: &App, actor: &Actor) -> Result<u64, Error> {
    let user = access::person(actor)?;
    let mut change = Change::begin(&app.database, actor).await?;
    let ended = store::session::end_all(&mut change, user.principal, None).await?;
    store::session::forget_devices(&mut change, user.principal).await?;
    let event =
        Event::new(Kind::SessionsEnded).subject(user.principal).detail(json!({ "count": ended }));
    change.commit(&event).await?;
    Ok(ended)
}

/// The account and the session that a request came with; tokens have none.
pub(super) fn own(actor: &Actor) -> Result<(PrincipalId, SessionId), Error> {
    let user = access::person(actor)?;
    match user.via {
        Via::Session(session) => Ok((user.principal, session)),
        Via::AccessToken(..) => Err(Error::NotAllowed(
            "this is done in the browser; a token cannot change how its owner signs in".to_owned(),
        )),
    }
}
