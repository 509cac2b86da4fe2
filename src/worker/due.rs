//! Ends, starts and lapses on time: a timer armed at the next due instant, and woken when something is due earlier.
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::{App, service};

/// The longest sleep: what another server has made due is noticed by then even if its wake-up is lost.
const LONGEST_SLEEP: Duration = Duration::from_secs(1);

/// How long a round that could do nothing of what is due waits for the next.
const SHORTEST_PAUSE: Duration = Duration::from_millis(100);

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
    let done = service::due::run(app).await?;
    let wait = service::due::wait(app).await?;
    // What is overdue and could not be done, since somebody else is at it or it fails, is not asked for without pause.
    Ok(if done == 0 { wait.map(|wait| wait.max(SHORTEST_PAUSE)) } else { wait })
}
