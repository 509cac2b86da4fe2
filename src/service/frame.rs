//! What surrounds every page: how late it is, what its reader may open, and how many requests wait for them.
use crate::{
    App,
    domain::{
        actor::{Actor, TokenScope},
        permission::Permissions,
        time::Instant,
    },
    error::Error,
    service::{access, emergency},
    store,
};

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
    Ok(Around {
        now: store::now(&mut connection).await?,
        permissions: access::permissions(&mut connection, actor).await?,
        somewhere: access::permissions_anywhere(&mut connection, actor).await?,
        awaiting: store::request::awaiting(&mut connection, user.principal, 100).await?.len()
            + store::change_request::awaiting(&mut connection, user.principal, 100).await?.len()
            + emergency::awaiting_from(&mut connection, actor).await?.len(),
        owns_applications: store::application::owns(&mut connection, user.person, None).await?,
        quarantined: store::witness::in_quarantine(&mut connection).await?,
    })
}

/// The time, for pages of nobody in particular.
pub async fn now(app: &App) -> Result<Instant, Error> {
    store::now(&mut *app.database.acquire().await?).await
}
