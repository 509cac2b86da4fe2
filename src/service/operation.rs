//! How things stand, for whoever operates Latchkey.
use std::time::Duration;

use crate::{
    App,
    error::Error,
    metrics::{Standing, Waiting},
    store,
};

/// How long the database may take to say how things stand.
const PATIENCE: Duration = Duration::from_secs(3);

/// Everything that is counted and measured, with how things stand now. A database that does not answer is told of too.
pub async fn metrics(app: &App) -> String {
    let pools = [("requests", &app.database), ("workers", &app.worker_database)];
    for (name, pool) in pools {
        let most = pool.options().get_max_connections();
        app.metrics.connections(name, pool.size(), pool.num_idle(), most);
    }
    let found = tokio::time::timeout(PATIENCE, standing(app)).await;
    if let Ok(Err(error)) = &found {
        tracing::warn!(error = error as &dyn std::error::Error, "how things stand is not known");
    }
    app.metrics.text(found.ok().and_then(Result::ok).as_ref())
}

async fn standing(app: &App) -> Result<Standing, Error> {
    let mut connection = app.worker_database.acquire().await?;
    let counts = store::operation::counts(&mut connection).await?;
    let sealing = store::audit::waiting(&mut connection).await?;
    let outbox = store::operation::outbox(&mut connection).await?;
    Ok(Standing {
        activations: counts.activations,
        requests_waiting: counts.requests_waiting,
        ends_overdue: counts.ends_overdue,
        oldest_overdue_seconds: counts.oldest_overdue_seconds,
        unsealed: sealing.unsealed,
        oldest_unsealed_seconds: seconds(sealing.oldest_milliseconds.unwrap_or(0)),
        outbox: outbox
            .into_iter()
            .map(|it| Waiting {
                way: it.lane,
                notices: it.waiting,
                oldest_seconds: it.oldest_seconds,
            })
            .collect(),
    })
}

fn seconds(milliseconds: i64) -> f64 {
    Duration::from_millis(u64::try_from(milliseconds).unwrap_or(0)).as_secs_f64()
}
