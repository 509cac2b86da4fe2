//! What surrounds every page: how late it is, what its reader may open, and how many requests wait for them.
use sqlx::PgConnection;

use crate::{
    App,
    domain::{
        actor::{Actor, TokenScope},
        permission::Permissions,
        time::Instant,
    },
    error::Error,
    service::{
        access::{self, Allowed},
        emergency,
    },
    store,
};

/// So many of each kind that waits are counted.
const MOST: i64 = 100;

/// What surrounds every page.
#[derive(Clone, Debug)]
pub struct Around {
    /// The time.
    pub now: Instant,
    /// What the reader may do at this moment in the whole organisation.
    pub permissions: Permissions,
    /// What the reader may do somewhere, be it at one place.
    pub somewhere: Permissions,
    /// How many requests, changes and reviews of emergencies wait for the reader's word.
    pub awaiting: usize,
    /// Whether the reader owns an application.
    pub owns_applications: bool,
    /// Whether nothing that was activated is in force, since the database was put back to an earlier state.
    pub quarantined: bool,
}

/// Reads what surrounds every page.
pub async fn around(app: &App, actor: &Actor) -> Result<Around, Error> {
    let user = access::user(actor, TokenScope::Read)?;
    let mut connection = app.database.acquire().await?;
    let (now, quarantined) = store::witness::now_and_quarantine(&mut connection).await?;
    let Allowed { everywhere, somewhere } = access::allowed(&mut connection, actor).await?;
    Ok(Around {
        now,
        permissions: everywhere,
        somewhere,
        awaiting: awaiting(&mut connection, actor).await?,
        owns_applications: store::application::owns(&mut connection, user.person, None).await?,
        quarantined,
    })
}

/// How many requests, changes and reviews of emergencies wait for the asker's word.
pub(super) async fn awaiting(connection: &mut PgConnection, actor: &Actor) -> Result<usize, Error> {
    let own = access::user(actor, TokenScope::Read)?.principal;
    Ok(store::request::awaiting(connection, own, MOST).await?.len()
        + store::change_request::awaiting(connection, own, MOST).await?.len()
        + emergency::awaiting_from(connection, actor).await?.len())
}

/// The time, for pages of nobody in particular.
pub async fn now(app: &App) -> Result<Instant, Error> {
    store::now(&mut *app.database.acquire().await?).await
}
