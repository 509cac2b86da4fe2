//! The way of notices: what became of each, sending one again, and trying whether a channel works.
use serde_json::json;
use uuid::Uuid;

use crate::{
    App,
    domain::{
        actor::Actor,
        audit::{Event, Kind},
        channel::{self, Announcement, MAIL},
        delivery::Wait,
        notice,
        permission::Permission,
        time::Instant,
    },
    error::Error,
    gateway::channel::Channel,
    service::{access, language},
    store::{self, Change},
};

pub use crate::store::delivery::{Delivery, Wanted};

/// How many a page of the list has.
pub const PAGE: i64 = 50;

/// Where a page of the list ends.
pub type Position = (Instant, Uuid);

/// Notices, the newest first, [`PAGE`] at most, and where to go on.
pub async fn list(
    app: &App,
    actor: &Actor,
    wanted: &Wanted,
    after: Option<Position>,
) -> Result<(Vec<Delivery>, Option<Position>), Error> {
    let mut connection = app.database.acquire().await?;
    access::authorise(&mut connection, actor, Permission::ReadAudit).await?;
    let mut found = store::delivery::list(&mut connection, wanted, after, PAGE + 1).await?;
    let page = usize::try_from(PAGE).unwrap_or(usize::MAX);
    let more = found.len() > page;
    found.truncate(page);
    let next = found.last().filter(|_| more).map(|last| (last.at, last.id));
    for notice in found.iter_mut().filter(|notice| notice.waits_for.is_some()) {
        // Nobody tries it, whatever it waited for before.
        if notice.channel.as_ref().is_some_and(|name| configured(app, name).is_none()) {
            notice.waits_for = Some(Wait::Channel);
            notice.next_attempt_at = None;
        }
    }
    Ok((found, next))
}

/// The channel of that name.
fn configured<'a>(app: &'a App, name: &str) -> Option<&'a Channel> {
    app.channels.iter().find(|channel| channel.name == name)
}

/// The names of the events that notices were sent of, for choosing one.
pub async fn events(app: &App, actor: &Actor) -> Result<Vec<String>, Error> {
    let mut connection = app.database.acquire().await?;
    access::authorise(&mut connection, actor, Permission::ReadAudit).await?;
    store::delivery::events(&mut connection).await
}

/// A way by which notices leave, and how it fares.
#[derive(Clone, Debug)]
pub struct Lane {
    /// Its name: that of the channel, or `mail`.
    pub name: String,
    /// What kind of channel it is; none: mail, or a channel that is configured no more.
    pub kind: Option<channel::Kind>,
    /// The host that it calls.
    pub host: String,
    /// Which events it wants; empty: all.
    pub events: Vec<String>,
    /// With how many secrets messages are signed.
    pub secrets: usize,
    /// Whether it is configured.
    pub configured: bool,
    /// How many notices wait.
    pub waiting: i64,
    /// How many were given up.
    pub given_up: i64,
    /// Since when nothing has got through.
    pub failing_since: Option<Instant>,
    /// Until when it is let be.
    pub paused_until: Option<Instant>,
    /// When something got through last.
    pub succeeded_at: Option<Instant>,
    /// What it said last, if it fails.
    pub last_error: Option<String>,
}

/// Mail and every channel, with how it fares.
pub async fn lanes(app: &App, actor: &Actor) -> Result<Vec<Lane>, Error> {
    let mut connection = app.database.acquire().await?;
    access::authorise(&mut connection, actor, Permission::ReadAudit).await?;
    let fares = store::delivery::lanes(&mut connection).await?;
    let backlog = store::delivery::backlog(&mut connection).await?;
    let mut names = vec![MAIL];
    names.extend(app.channels.iter().map(|channel| channel.name.as_str()));
    // What waits for a channel that is configured no more is not forgotten.
    for (lane, ..) in &backlog {
        if !names.contains(&lane.as_str()) {
            names.push(lane);
        }
    }
    let lane = |name: &&str| {
        let channel = configured(app, name);
        let fares = fares.iter().find(|fares| fares.name == **name);
        let (_, waiting, given_up) =
            backlog.iter().find(|(lane, ..)| lane == *name).cloned().unwrap_or_default();
        Lane {
            name: (*name).to_owned(),
            kind: channel.map(|channel| channel.kind),
            host: channel.map(Channel::host).unwrap_or_default(),
            events: channel.map(|it| it.wanted.names().to_vec()).unwrap_or_default(),
            secrets: channel.map_or(0, Channel::secrets),
            configured: channel.is_some() || **name == *MAIL,
            waiting,
            given_up,
            failing_since: fares.and_then(|fares| fares.failing_since),
            paused_until: fares.and_then(|fares| fares.paused_until),
            succeeded_at: fares.and_then(|fares| fares.succeeded_at),
            last_error: fares.and_then(|fares| fares.last_error.clone()),
        }
    };
    Ok(names.iter().map(lane).collect())
}

/// Puts a notice in line again that was given up or waits.
pub async fn resend(app: &App, actor: &Actor, id: Uuid) -> Result<(), Error> {
    authorise(app, actor).await?;
    let mut change = match Change::begin(&app.database, actor).await {
        Err(Error::Repeated(_)) => return Ok(()),
        begun => begun?,
    };
    let Some(resent) = store::delivery::resend(&mut change, id).await? else {
        return Err(Error::NotFound("notice"));
    };
    change.made(id).await?;
    let event = Event::new(Kind::DeliveryResent).target(id).detail(json!({
        "channel": resent.channel.as_deref().unwrap_or(MAIL),
        "to": resent.address,
        "event": resent.event,
    }));
    change.commit(&event).await?;
    app.wake.everything();
    Ok(())
}

/// Puts a test in line through a channel, or a mail to the asker's own address. Says which notice it is: whether it gets
/// through is only known once it was tried.
pub async fn test(app: &App, actor: &Actor, lane: &str) -> Result<Uuid, Error> {
    authorise(app, actor).await?;
    let known = configured(app, lane);
    if known.is_none() && lane != MAIL {
        return Err(Error::NotFound("channel"));
    }
    let mut change = match Change::begin(&app.database, actor).await {
        Err(Error::Repeated(before)) => return Ok(before),
        begun => begun?,
    };
    let link = format!("{}/deliveries?lane={lane}", app.public_url);
    let id = if let Some(channel) = known {
        let title = "A test from Latchkey: this channel works";
        let told = Announcement::new("channel.tested", title, &link);
        store::outbox::enqueue_message(&mut change, &channel.name, &told).await?
    } else {
        let asker = access::person(actor)?.principal;
        let at = change.at();
        let reader = language::reader_of(change.connection(), app, asker).await?;
        let letter = notice::delivery::test_mail(at, &link);
        let mail = letter.written(&reader).with_event("channel.tested");
        let written = store::outbox::enqueue(&mut change, asker, &mail, None).await?;
        written.ok_or(Error::Inconsistent { table: "persons", id: asker.0 })?
    };
    change.made(id).await?;
    change.commit(&Event::new(Kind::ChannelTested).detail(json!({ "channel": lane }))).await?;
    app.wake.everything();
    Ok(id)
}

async fn authorise(app: &App, actor: &Actor) -> Result<(), Error> {
    let mut connection = app.database.acquire().await?;
    access::authorise(&mut connection, actor, Permission::ReadAudit).await?;
    access::authorise(&mut connection, actor, Permission::ManageSettings).await
}
