//! Ends, starts and lapses on time, and tells of it: timers armed at the next due instant, and woken when something is due
//! earlier. Telling has a loop of its own, so that no access waits for a summary.
use std::{sync::Arc, time::Duration};

use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use crate::{App, error::Error, service};

/// The longest sleep: what another server has made due is noticed by then even if its wake-up is lost.
const LONGEST_SLEEP: Duration = Duration::from_secs(1);

/// How long a round that could do nothing of what is due waits for the next.
const SHORTEST_PAUSE: Duration = Duration::from_millis(100);

/// Runs until `shutdown`, and then waits for what is being told.
pub async fn run(app: App, shutdown: CancellationToken) {
    let bell = Arc::new(Notify::new());
    let telling = tokio::spawn(tell(app.clone(), Arc::clone(&bell), shutdown.clone()));
    while !shutdown.is_cancelled() {
        let done = service::due::act(&app).await;
        // What is overdue and could not be done, since somebody else is at it or it fails, is not asked for without pause.
        let shortest = if matches!(done, Ok(0)) {
            SHORTEST_PAUSE
        } else {
            bell.notify_one();
            Duration::ZERO
        };
        let wait = service::due::wait(&app).await;
        tokio::select! {
            () = tokio::time::sleep(pause(&done, wait, shortest)) => {}
            () = app.wake.due().notified() => bell.notify_one(),
            () = shutdown.cancelled() => {}
        }
    }
    if let Err(error) = telling.await {
        tracing::error!(%error, "the loop that tells of what is due ended by itself");
    }
}

/// Tells whoever is to be told, until `shutdown`.
async fn tell(app: App, bell: Arc<Notify>, shutdown: CancellationToken) {
    while !shutdown.is_cancelled() {
        let told = service::due::tell(&app).await;
        let wait = service::due::wait_to_tell(&app).await;
        tokio::select! {
            () = tokio::time::sleep(pause(&told, wait, SHORTEST_PAUSE)) => {}
            () = bell.notified() => {}
            () = shutdown.cancelled() => {}
        }
    }
}

/// How long to sleep if nothing happens. What failed, of which the log tells already, is tried again after the longest sleep.
fn pause<T>(
    done: &Result<T, Error>,
    wait: Result<Option<Duration>, Error>,
    shortest: Duration,
) -> Duration {
    match wait {
        Ok(wait) if done.is_ok() => wait.unwrap_or(LONGEST_SLEEP).clamp(shortest, LONGEST_SLEEP),
        Ok(_) => LONGEST_SLEEP,
        Err(error) => {
            tracing::error!(
                error = &error as &dyn std::error::Error,
                "what is due next could not be found out"
            );
            LONGEST_SLEEP
        }
    }
}
