//! Sends notices. Mail and each channel have a loop of their own, and several are on their way in each at once: whatever is
//! slow or dead holds up nobody else.
use std::{sync::Arc, time::Duration};

use tokio::{
    sync::Notify,
    task::{JoinHandle, JoinSet},
};
use tokio_util::sync::CancellationToken;

use crate::{
    App,
    domain::channel::MAIL,
    error::Error,
    gateway::{channel::Channel, mail::Mailer},
    service::outbox::{self, Way},
    telemetry,
};

/// How many mails are on their way at once.
const MAILS_AT_ONCE: usize = 16;
/// How many messages are on their way to one channel at once.
const MESSAGES_AT_ONCE: usize = 8;
/// The longest sleep: what another server has written, and has not sent itself, is seen by then.
const LONGEST_SLEEP: Duration = Duration::from_secs(5);
/// The shortest sleep: whatever is overdue but taken on by another server must not keep this one busy.
const SHORTEST_SLEEP: Duration = Duration::from_millis(100);

/// Sends until `shutdown`, and then waits for what is on its way.
pub async fn run(app: App, mailer: Arc<Mailer>, shutdown: CancellationToken) {
    let channels = (0..app.channels.len()).map(Lane::Channel);
    let lanes: Vec<_> = std::iter::once(Lane::Mail(mailer)).chain(channels).collect();
    let (mut loops, mut bells) = (Vec::<JoinHandle<()>>::new(), Vec::new());
    for lane in lanes {
        let bell = Arc::new(Notify::new());
        bells.push(Arc::clone(&bell));
        loops.push(tokio::spawn(serve(app.clone(), lane, bell, shutdown.clone())));
    }
    while !shutdown.is_cancelled() {
        tokio::select! {
            () = app.wake.outbox().notified() => bells.iter().for_each(|bell| bell.notify_one()),
            () = shutdown.cancelled() => {}
        }
    }
    for ended in loops {
        if let Err(error) = ended.await {
            tracing::error!(%error, "a lane of the outbox ended by itself");
        }
    }
}

#[derive(Clone)]
enum Lane {
    Mail(Arc<Mailer>),
    /// By its place among the channels.
    Channel(usize),
}

impl Lane {
    fn way<'a>(&'a self, channels: &'a [Channel]) -> Option<Way<'a>> {
        match self {
            Self::Mail(mailer) => Some(Way::Mail(mailer)),
            Self::Channel(place) => channels.get(*place).map(Way::Channel),
        }
    }

    fn name<'a>(&self, channels: &'a [Channel]) -> &'a str {
        match self {
            Self::Mail(_) => MAIL,
            Self::Channel(place) => channels.get(*place).map_or("", |channel| &channel.name),
        }
    }

    fn at_once(&self) -> usize {
        match self {
            Self::Mail(_) => MAILS_AT_ONCE,
            Self::Channel(_) => MESSAGES_AT_ONCE,
        }
    }
}

/// Sends what is in one lane.
async fn serve(app: App, lane: Lane, bell: Arc<Notify>, shutdown: CancellationToken) {
    let (mut under_way, mut backlog) = (JoinSet::new(), false);
    while !shutdown.is_cancelled() {
        let sleep = match step(&app, &lane, &mut under_way, &mut backlog).await {
            Ok(sleep) => sleep,
            Err(error) => {
                report(&error);
                LONGEST_SLEEP
            }
        };
        tokio::select! {
            () = tokio::time::sleep(sleep) => {}
            () = bell.notified() => {}
            Some(_) = under_way.join_next() => {}
            () = shutdown.cancelled() => {}
        }
    }
    under_way.join_all().await;
}

/// Takes on as many notices as there is room for. Says how long to sleep if nothing happens.
async fn step(
    app: &App,
    lane: &Lane,
    under_way: &mut JoinSet<()>,
    backlog: &mut bool,
) -> Result<Duration, Error> {
    while under_way.try_join_next().is_some() {}
    let room = lane.at_once().saturating_sub(under_way.len());
    // While more waits than there is room for, several are taken on at once: each look costs as much as a sending.
    let enough = if *backlog { lane.at_once() / 4 } else { 1 };
    if room < enough {
        return Ok(LONGEST_SLEEP);
    }
    let name = lane.name(&app.channels);
    let claims = outbox::claim(app, name, room).await?;
    *backlog = claims.len() == room;
    for claim in claims {
        let (app, lane) = (app.clone(), lane.clone());
        under_way.spawn(async move {
            let Some(way) = lane.way(&app.channels) else { return };
            let delivering = outbox::deliver(&app, way, &claim);
            if let Err(error) = telemetry::round("delivery", delivering, |()| true).await {
                report(&error);
            }
        });
    }
    if *backlog {
        return Ok(LONGEST_SLEEP);
    }
    let wait = outbox::wait(app, name).await?.unwrap_or(LONGEST_SLEEP);
    Ok(wait.clamp(SHORTEST_SLEEP, LONGEST_SLEEP))
}

fn report(error: &Error) {
    tracing::error!(error = error as &dyn std::error::Error, "notices could not be sent");
}
