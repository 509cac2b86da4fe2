//! Deputies: who decides for an approver while that one is away. Named by the approver alone, for dates, for everybody to see.
use serde_json::json;
use uuid::Uuid;

use crate::{
    App,
    domain::{
        actor::{Actor, TokenScope},
        audit::{Event, Kind},
        text::Description,
        time::{Duration, Instant},
    },
    error::Error,
    service::{access, notice},
    store::{self, Change, deputy::New},
};

pub use crate::store::deputy::Told;

/// How far ahead a deputy can be named.
const FURTHEST: Duration = Duration::days(366);

/// The asker's deputies, and those whom they stand in for.
pub async fn list(app: &App, actor: &Actor) -> Result<Vec<Told>, Error> {
    let user = access::user(actor, TokenScope::Read)?;
    store::deputy::of(&mut *app.database.acquire().await?, user.person).await
}

/// What an approver wants.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// The deputy's user name or mail address, as they are known.
    pub deputy: String,
    /// From when; now if none.
    pub starts_at: Option<Instant>,
    /// Until when.
    pub ends_at: Instant,
    /// Why, such as "Holiday".
    pub reason: Description,
}

/// Names who decides for oneself for a while. The deputy is told.
pub async fn name(app: &App, actor: &Actor, wanted: &Wanted) -> Result<Uuid, Error> {
    let user = access::user(actor, TokenScope::Approve)?;
    let mut change = match Change::begin(&app.database, actor).await {
        Err(Error::Repeated(before)) => return Ok(before),
        begun => begun?,
    };
    let connection = change.connection();
    let account = store::person::called(connection, &wanted.deputy)
        .await?
        .ok_or_else(|| Error::invalid("deputy", "nobody has that user name or mail address"))?;
    let at = change.settle().await?;
    let starts_at = wanted.starts_at.filter(|start| *start > at).unwrap_or(at);
    if wanted.ends_at <= at || starts_at > at + FURTHEST {
        return Err(Error::invalid("ends_at", "choose dates that lie ahead, within a year"));
    }
    let new = New {
        person: user.person,
        deputy: account.1,
        starts_at,
        ends_at: wanted.ends_at,
        reason: wanted.reason.as_str(),
    };
    let id = store::deputy::name(&mut change, &new).await?;
    notice::deputy_named(app, &mut change, account.0, (starts_at, wanted.ends_at)).await?;
    change.made(id).await?;
    let event = Event::new(Kind::DeputyNamed).subject(account.0).target(id).detail(json!({
        "starts_at": starts_at, "ends_at": wanted.ends_at, "reason": wanted.reason,
    }));
    change.commit(&event).await?;
    app.wake.everything();
    Ok(id)
}

/// Ends what one has named oneself.
pub async fn end(app: &App, actor: &Actor, id: Uuid) -> Result<(), Error> {
    let user = access::user(actor, TokenScope::Approve)?;
    let mut change = Change::begin(&app.database, actor).await?;
    change.settle().await?;
    let Some(deputy) = store::deputy::end(&mut change, id, user.person).await? else {
        return Err(Error::NotFound("deputy"));
    };
    change.made(id).await?;
    let event = Event::new(Kind::DeputyEnded).target(id).detail(json!({ "deputy_person": deputy }));
    change.commit(&event).await?;
    app.wake.everything();
    Ok(())
}
