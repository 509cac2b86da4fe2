//! Counts standing access once a day.
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::{App, service::inventory::history, telemetry};

/// How often it is looked at whether a new day has come.
const LOOK: Duration = Duration::from_mins(10);

/// Counts until `shutdown`.
pub async fn run(app: App, shutdown: CancellationToken) {
    loop {
        match telemetry::round("history", history::note(&app), |noted| *noted).await {
            Ok(true) => tracing::info!("counted today's standing access"),
            Ok(false) => {}
            Err(error) => tracing::warn!(
                error = &error as &dyn std::error::Error,
                "today's standing access could not be counted"
            ),
        }
        tokio::select! {
            () = tokio::time::sleep(LOOK) => {}
            () = shutdown.cancelled() => return,
        }
    }
}
