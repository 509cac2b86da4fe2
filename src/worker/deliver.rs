//! Sends mails, several at a time: a mail server that is slow about one recipient holds up nobody else.
use std::{sync::Arc, time::Duration};

use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::{App, error::Error, gateway::mail::Mailer, service::outbox};

/// How many mails are on their way at once.
const AT_ONCE: usize = 16;
/// The longest sleep: what another server has written, and has not sent itself, is seen by then.
const LONGEST_SLEEP: Duration = Duration::from_secs(5);
/// The shortest sleep: whatever is overdue but taken on by another server must not keep this one busy.
const SHORTEST_SLEEP: Duration = Duration::from_millis(100);

/// Sends until `shutdown`, and then waits for what is on its way.
pub async fn run(app: App, mailer: Arc<Mailer>, shutdown: CancellationToken) {
    let mut under_way = JoinSet::new();
    while !shutdown.is_cancelled() {
        let sleep = match step(&app, &mailer, &mut under_way).await {
            Ok(sleep) => sleep,
            Err(error) => {
                report(&error);
                LONGEST_SLEEP
            }
        };
        tokio::select! {
            () = tokio::time::sleep(sleep) => {}
            () = app.wake.outbox().notified() => {}
            Some(_) = under_way.join_next() => {}
            () = shutdown.cancelled() => {}
        }
    }
    under_way.join_all().await;
}

/// Takes on as many mails as there is room for. Says how long to sleep if nothing happens.
async fn step(
    app: &App,
    mailer: &Arc<Mailer>,
    under_way: &mut JoinSet<()>,
) -> Result<Duration, Error> {
    while under_way.try_join_next().is_some() {}
    let room = AT_ONCE.saturating_sub(under_way.len());
    if room == 0 {
        return Ok(LONGEST_SLEEP);
    }
    for claim in outbox::claim(app, room).await? {
        let (app, mailer) = (app.clone(), Arc::clone(mailer));
        under_way.spawn(async move {
            if let Err(error) = outbox::deliver(&app, &mailer, &claim).await {
                report(&error);
            }
        });
    }
    let wait = outbox::wait(app).await?.unwrap_or(LONGEST_SLEEP);
    Ok(wait.clamp(SHORTEST_SLEEP, LONGEST_SLEEP))
}

fn report(error: &Error) {
    tracing::error!(error = error as &dyn std::error::Error, "mails could not be sent");
}
