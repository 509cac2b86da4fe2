//! Looks every minute whether tickets were closed that access rests on.
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::{App, service::ticket, telemetry};

/// How often.
const PERIOD: Duration = Duration::from_mins(1);

/// Looks until `shutdown`.
pub async fn run(app: App, shutdown: CancellationToken) {
    loop {
        let ending = ticket::end_closed(&app);
        match telemetry::round("closed tickets", ending, |ended| *ended > 0).await {
            Ok(0) => {}
            Ok(ended) => tracing::info!(ended, "access ended whose ticket was closed"),
            Err(error) => tracing::warn!(
                error = &error as &dyn std::error::Error,
                "tickets could not be looked at"
            ),
        }
        tokio::select! {
            () = tokio::time::sleep(PERIOD) => {}
            () = shutdown.cancelled() => return,
        }
    }
}
