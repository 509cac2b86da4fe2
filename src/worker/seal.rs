//! Seals events soon after they happen, raises the alarm if some stay unsealed, and walks along the chain once a day.
use std::time::Duration;

use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::{
    App,
    domain::{actor::Actor, witness::Statement},
    error::Error,
    service::{
        audit::{self, Sealed},
        witness::{self, Witnessed},
    },
    telemetry,
};

/// How long events gather before they are sealed together: one after the other would cost a write to the disk each.
const GATHER: Duration = Duration::from_millis(100);
/// The longest sleep: what another server has written, and has not sealed itself, is seen by then.
const LONGEST_SLEEP: Duration = Duration::from_secs(1);
/// The age at which an unsealed event is an alarm.
const TOO_OLD: Duration = Duration::from_secs(5);
/// How often that is looked at.
const LOOK: Duration = Duration::from_secs(5);
/// How often the end of the chain is written to the log and to the witness, where no database administrator can change it.
const WITNESS: Duration = Duration::from_mins(1);
/// How often it is looked at whether the chain should be walked along again.
const VERIFY: Duration = Duration::from_hours(1);

/// Seals until `shutdown`.
pub async fn run(app: App, shutdown: CancellationToken) {
    let mut everywhere = true;
    let mut looked = Instant::now();
    let mut witnessed = Witness::default();
    while !shutdown.is_cancelled() {
        match drain(&app, everywhere).await {
            Ok(ours) => everywhere = everywhere && !ours,
            Err(error) => report("events could not be sealed", &error),
        }
        if looked.elapsed() >= LOOK {
            looked = Instant::now();
            if let Err(error) = look(&app, &mut witnessed).await {
                report("unsealed events could not be counted", &error);
            }
        }
        tokio::select! {
            () = tokio::time::sleep(LONGEST_SLEEP) => {}
            () = app.wake.audit().notified() => tokio::time::sleep(GATHER).await,
            () = shutdown.cancelled() => {}
        }
    }
    if let Err(error) = drain(&app, false).await {
        report("the last events could not be sealed", &error);
    }
}

/// Walks along the chain once a day, until `shutdown`.
pub async fn verify(app: App, shutdown: CancellationToken) {
    loop {
        if let Err(error) = audit::verify_daily(&app).await {
            report("the audit log could not be verified", &error);
        }
        tokio::select! {
            () = tokio::time::sleep(VERIFY) => {}
            () = shutdown.cancelled() => return,
        }
    }
}

/// Seals all that is visible; false if another server is at it.
async fn drain(app: &App, everywhere: bool) -> Result<bool, Error> {
    loop {
        let came = |sealed: &Sealed| matches!(sealed, Sealed::Some(_) | Sealed::All(1..));
        match telemetry::round("sealing", audit::seal(app, everywhere), came).await? {
            Sealed::NotOurTurn => return Ok(false),
            Sealed::All(_) => return Ok(true),
            Sealed::Some(_) => {}
        }
    }
}

#[derive(Default)]
struct Witness {
    at: Option<Instant>,
    said: Option<Statement>,
}

async fn look(app: &App, witness: &mut Witness) -> Result<(), Error> {
    let waiting = audit::waiting(app).await?;
    if let Some(oldest) = waiting.oldest.filter(|oldest| *oldest > TOO_OLD) {
        tracing::error!(
            unsealed = waiting.unsealed,
            oldest_seconds = oldest.as_secs(),
            "audit events wait to be sealed for too long"
        );
    }
    if witness.at.is_none_or(|at| at.elapsed() >= WITNESS) {
        witness.at = Some(Instant::now());
        let head = audit::head(app, &Actor::system()).await?;
        if witness.said.is_none_or(|said| said.head != head) {
            tracing::info!(%head, "the audit log ends here");
        }
        let attesting = witness::attest(app, witness.said);
        let came = |witnessed: &Witnessed| *witnessed != Witnessed::Nowhere;
        match telemetry::round("witness", attesting, came).await {
            Ok(Witnessed::Held(said)) => witness.said = Some(said),
            Ok(Witnessed::Quarantined | Witnessed::Nowhere) => {}
            Err(error) => report("the end of the audit log could not be witnessed", &error),
        }
    }
    Ok(())
}

fn report(what: &str, error: &Error) {
    tracing::error!(error = error as &dyn std::error::Error, "{what}");
}
