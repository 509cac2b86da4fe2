//! Removing what is over and nobody's history: old sessions, forgotten browsers and counters, spent idempotency keys, notices
//! that went out long ago.
use crate::{App, error::Error, store};

/// Removes what is over. Says how much it was.
pub async fn prune(app: &App) -> Result<u64, Error> {
    let mut connection = app.worker_database.acquire().await?;
    let sessions = store::session::prune(&mut connection).await?;
    let counters = store::throttle::prune(&mut connection).await?;
    let keys = store::prune_idempotency_keys(&mut connection).await?;
    let of_applications = store::application::prune(&mut connection).await?;
    let told = store::notice::prune(&mut connection).await?;
    let notices = store::delivery::prune(&mut connection).await?;
    Ok(sessions + counters + keys + of_applications + told + notices)
}
