//! How much standing access there was, day by day.
use crate::{
    App,
    domain::{actor::Actor, permission::Permission},
    error::Error,
    service::access,
    store,
};

pub use crate::store::inventory::history::Day;

/// Counts today, unless that was done. Nobody's act, and told to nobody; says whether it was done now.
pub async fn note(app: &App) -> Result<bool, Error> {
    store::inventory::history::note(&mut *app.worker_database.acquire().await?).await
}

/// The latest days, oldest first, `limit` at most. It is of the whole organisation, and so for those who may read all of it.
pub async fn list(app: &App, actor: &Actor, limit: i64) -> Result<Vec<Day>, Error> {
    let mut connection = app.database.acquire().await?;
    access::authorise(&mut connection, actor, Permission::ReadRoles).await?;
    store::inventory::history::list(&mut connection, limit).await
}
