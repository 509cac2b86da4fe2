//! Sends what the outbox holds: every notice at least once, and again only if a server died between sending and noting it.
use std::time::Duration;

use serde_json::json;

use crate::{
    App,
    domain::{
        actor::Actor,
        audit::{Event, Kind},
        channel::MAIL,
        delivery::{Next, Room, TRIAL, Trouble, after_failure, lane_pause, room},
        notice,
        time::Instant,
    },
    error::Error,
    gateway::{
        channel::{Channel, Message},
        egress,
        mail::{self, Letter, Mailer, SendError},
    },
    secret,
    service::language,
    store::{
        self, Change,
        outbox::{Claim, Parcel},
    },
};

/// How long a notice stays with whoever took it on: longer than sending it may take.
const LEASE_SECONDS: i32 = 120;
const _: () = assert!(mail::PATIENCE.as_secs() < 100, "the lease must outlast the longest try");
const _: () = assert!(egress::PATIENCE.as_secs() < 100, "the lease must outlast the longest try");
/// For how many milliseconds nothing gets through a channel before administrators are told.
const TOLD_AFTER: i64 = 3_600_000;

/// The event of mails that tell of undelivered ones; about those themselves nobody is told.
const UNDELIVERED: &str = "delivery.given_up";

/// How the notices of a lane leave.
#[derive(Clone, Copy)]
pub enum Way<'a> {
    /// As mails.
    Mail(&'a Mailer),
    /// To a channel.
    Channel(&'a Channel),
}

impl Way<'_> {
    fn lane(&self) -> &str {
        match self {
            Self::Mail(_) => MAIL,
            Self::Channel(channel) => &channel.name,
        }
    }
}

/// Takes on up to `most` notices of a lane that are to be sent now: none while it is let be, and one to see whether it works
/// again.
pub async fn claim(app: &App, lane: &str, most: usize) -> Result<Vec<Claim>, Error> {
    let mut transaction = app.database.begin().await?;
    let (fares, now) = store::outbox::lock_lane(&mut transaction, lane).await?;
    let most = match room(fares, now) {
        Room::Nothing => return Ok(Vec::new()),
        Room::Plenty => i64::try_from(most).unwrap_or(i64::MAX),
        Room::One => 1,
    };
    let claims = store::outbox::claim(&mut transaction, lane, most, LEASE_SECONDS).await?;
    if room(fares, now) == Room::One && !claims.is_empty() {
        store::delivery::hold_lane(&mut transaction, lane, TRIAL).await?;
    }
    transaction.commit().await?;
    Ok(claims)
}

/// Sends one notice that was taken on, and notes how it went. No connection to the database is held while it is sent.
pub async fn deliver(app: &App, way: Way<'_>, claim: &Claim) -> Result<(), Error> {
    tracing::Span::current().record("way", way.lane());
    let outcome = send(app, way, claim).await;
    let mut connection = app.database.acquire().await?;
    let Err(failure) = outcome else {
        if !store::outbox::sent(&mut connection, claim).await? {
            tracing::warn!(notice = %claim.id, "a notice took too long, and may have been sent twice");
        }
        app.metrics.delivered(way.lane(), "sent");
        return store::delivery::lane_works(&mut connection, way.lane()).await;
    };
    let chance = f64::from(u16::from_be_bytes(secret::random())) / f64::from(u16::MAX);
    match after_failure(claim.tries, failure.trouble, chance) {
        Next::Retry(pause) => {
            let lane = way.lane();
            app.metrics.delivered(lane, "failed");
            tracing::warn!(notice = %claim.id, lane, attempt = claim.attempt, %failure, "a notice was not sent");
            store::outbox::failed(&mut connection, claim, &failure.text, pause).await?;
        }
        Next::GiveUp => {
            app.metrics.delivered(way.lane(), "given_up");
            drop(connection);
            give_up(app, way, claim, &failure.text).await?;
            connection = app.database.acquire().await?;
        }
    }
    match failure.trouble {
        Trouble::Lane(asked) => {
            let lane = way.lane();
            let told = store::delivery::lane_fails(&mut connection, lane, &failure.text).await?;
            let Some((failures, since)) = told else { return Ok(()) };
            if let Some(pause) = lane_pause(failures, asked, chance) {
                store::delivery::hold_lane(&mut connection, lane, pause).await?;
            }
            drop(connection);
            tell_of_dead_channel(app, way, since, &failure.text).await
        }
        // The other side has answered about this one notice: it is there.
        Trouble::Lasting => store::delivery::lane_works(&mut connection, way.lane()).await,
        Trouble::Passing => Ok(()),
    }
}

async fn send(app: &App, way: Way<'_>, claim: &Claim) -> Result<(), SendError> {
    match (way, &claim.parcel) {
        (Way::Mail(mailer), Parcel::Mail(to, mail)) => {
            let letter = Letter { id: claim.id, to, mail, thread: claim.thread, at: claim.at };
            mailer.send(&letter).await
        }
        (Way::Channel(channel), Parcel::Message(told)) => {
            let message = Message { id: claim.id, at: claim.at, now: claim.now, told };
            channel.send(&app.egress, message).await
        }
        (Way::Mail(_), Parcel::Message(_)) | (Way::Channel(_), Parcel::Mail(..)) => {
            let text = "it is in a lane of another kind".to_owned();
            Err(SendError { trouble: Trouble::Lasting, text })
        }
    }
}

/// Keeps a notice, but tries it no more. Administrators are told, once a day for an address.
async fn give_up(app: &App, way: Way<'_>, claim: &Claim, why: &str) -> Result<(), Error> {
    let mut change = Change::begin(&app.database, &Actor::system()).await?;
    if !store::outbox::give_up(&mut change, claim, why).await? {
        return Ok(());
    }
    let about = match &claim.parcel {
        Parcel::Mail(to, _) => to.as_str(),
        Parcel::Message(_) => way.lane(),
    };
    tracing::error!(notice = %claim.id, about, why, "a notice is given up");
    let event = claim.event.as_deref();
    if event != Some(UNDELIVERED) && store::delivery::alarm(&mut change, about).await? {
        tell_administrators(app, &mut change, about, why).await?;
    }
    let given_up = Event::new(Kind::DeliveryGivenUp)
        .target(claim.id)
        .detail(json!({ "to": about, "event": event, "because": why }));
    change.commit(&given_up).await?;
    app.wake.everything();
    Ok(())
}

/// Once a channel has let nothing through for an hour, administrators are told, once a day.
async fn tell_of_dead_channel(
    app: &App,
    way: Way<'_>,
    since: Instant,
    why: &str,
) -> Result<(), Error> {
    let Way::Channel(channel) = way else { return Ok(()) };
    let mut change = Change::begin(&app.database, &Actor::system()).await?;
    let failing = change.at().timestamp().duration_since(since.timestamp()).as_millis();
    if failing < i128::from(TOLD_AFTER)
        || !store::delivery::alarm(&mut change, &channel.name).await?
    {
        return Ok(());
    }
    tell_administrators(app, &mut change, &channel.name, why).await?;
    change.commit_recorded().await?;
    app.wake.outbox().notify_one();
    Ok(())
}

async fn tell_administrators(
    app: &App,
    change: &mut Change,
    about: &str,
    why: &str,
) -> Result<(), Error> {
    let link = format!("{}/deliveries", app.public_url);
    let letter = notice::delivery::undelivered(about, why, &link);
    for administrator in store::account::administrators(change).await? {
        let address = store::delivery::address_of(change.connection(), administrator).await?;
        if address.is_some_and(|address| address != about) {
            let reader = language::reader_of(change.connection(), app, administrator).await?;
            let mail = letter.written(&reader).with_event(UNDELIVERED);
            store::outbox::enqueue(change, administrator, &mail, None).await?;
        }
    }
    Ok(())
}

/// How long until something of a lane is to be sent; none if nothing waits.
pub async fn wait(app: &App, lane: &str) -> Result<Option<Duration>, Error> {
    let milliseconds = store::outbox::next(&mut *app.database.acquire().await?, lane).await?;
    Ok(milliseconds.map(|pause| Duration::from_millis(u64::try_from(pause).unwrap_or(0))))
}
