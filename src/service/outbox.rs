//! Sends what the outbox holds: every mail at least once, and again only if a server died between sending and noting it.
use std::time::Duration;

use crate::{
    App,
    domain::delivery::{Next, after_failure},
    error::Error,
    gateway::mail::{Letter, Mailer, PATIENCE},
    secret,
    store::{self, outbox::Claim},
};

/// How long a mail stays with whoever took it on: longer than sending it may take.
const LEASE_SECONDS: i32 = 120;
const _: () = assert!(PATIENCE.as_secs() < 100, "the lease must outlast the longest try");

/// Takes on up to `most` mails that are to be sent now.
pub async fn claim(app: &App, most: usize) -> Result<Vec<Claim>, Error> {
    let most = i64::try_from(most).unwrap_or(i64::MAX);
    let mut connection = app.database.acquire().await?;
    store::outbox::claim(&mut connection, most, LEASE_SECONDS).await
}

/// Sends one mail that was taken on, and notes how it went. No connection to the database is held while it is sent.
pub async fn deliver(app: &App, mailer: &Mailer, claim: &Claim) -> Result<(), Error> {
    let letter = Letter {
        id: claim.id,
        to: &claim.address,
        mail: &claim.mail,
        thread: claim.thread,
        at: claim.at,
    };
    let outcome = mailer.send(&letter).await;
    let mut connection = app.database.acquire().await?;
    let failure = match outcome {
        Ok(()) => {
            if !store::outbox::sent(&mut connection, claim).await? {
                tracing::warn!(mail = %claim.id, "a mail took too long, and may have been sent twice");
            }
            return Ok(());
        }
        Err(failure) => failure,
    };
    let chance = f64::from(u16::from_be_bytes(secret::random())) / f64::from(u16::MAX);
    let next = after_failure(claim.attempt, failure.trouble, chance);
    let pause = match next {
        Next::Retry(pause) => {
            tracing::warn!(mail = %claim.id, attempt = claim.attempt, %failure, "a mail was not sent");
            Some(pause)
        }
        Next::GiveUp => {
            tracing::error!(mail = %claim.id, to = claim.address, %failure, "a mail is given up");
            None
        }
    };
    store::outbox::failed(&mut connection, claim, &failure.text, pause).await
}

/// How long until a mail is to be sent; none if none waits.
pub async fn wait(app: &App) -> Result<Option<Duration>, Error> {
    let milliseconds = store::outbox::next(&mut *app.database.acquire().await?).await?;
    Ok(milliseconds.map(|pause| Duration::from_millis(u64::try_from(pause).unwrap_or(0))))
}
