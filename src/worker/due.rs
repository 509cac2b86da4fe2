//! Ends, starts and lapses on time: a timer armed at the next due instant, and woken when something is due earlier.
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::{App, service};

/// The longest sleep: what another server has made due is noticed by then even if its wake-up is lost.
const LONGEST_SLEEP: Duration = Duration::from_secs(1);

/// Runs until `shutdown`.
pub async fn run(app: App, shutdown: CancellationToken) {
    while !shutdown.is_cancelled() {
        let sleep = match step(&app).await {
            Ok(wait) => wait.unwrap_or(LONGEST_SLEEP).min(LONGEST_SLEEP),
            Err(error) => {
                tracing::error!(
                    error = &error as &dyn std::error::Error,
                    "what is due could not be done"
                );
                LONGEST_SLEEP
            }
        };
        tokio::select! {
            () = tokio::time::sleep(sleep) => {}
            () = app.wake.due().notified() => {}
            () = shutdown.cancelled() => {}
        }
    }
}

async fn step(app: &App) -> Result<Option<Duration>, crate::error::Error> {
    service::due::run(app).await?;
    service::due::wait(app).await
}
