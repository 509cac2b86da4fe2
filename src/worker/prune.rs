//! Tidies up once an hour.
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::{App, service, telemetry};

/// How often.
const PERIOD: Duration = Duration::from_hours(1);

/// Tidies up until `shutdown`.
pub async fn run(app: App, shutdown: CancellationToken) {
    loop {
        match telemetry::round("tidying up", service::prune::prune(&app), |removed| *removed > 0)
            .await
        {
            Ok(0) => {}
            Ok(removed) => tracing::info!(removed, "removed what is over"),
            Err(error) => {
                tracing::warn!(error = %error, cause = ?error, "what is over could not be removed");
            }
        }
        tokio::select! {
            () = tokio::time::sleep(PERIOD) => {}
            () = shutdown.cancelled() => return,
        }
    }
}
