//! What is told because time has passed: five minutes left, ended, nobody decided. Each once, however many servers there are.
use crate::{
    App,
    domain::{
        actor::Actor,
        notice::{
            occasion::{Audience, Occasion},
            request::{self, Why},
        },
        time::Instant,
    },
    error::Error,
    service::{
        due::Tried,
        notice::{News, request::lapsed, tell},
    },
    store::{
        self, Change,
        notice::{Course, Ending},
    },
};

/// How many are told of in one transaction.
const BATCH: i64 = 200;

/// Tells everybody who is due; of each course whatever becomes of the others.
pub(in crate::service) async fn tell_due(app: &App, tried: &mut Tried) -> Result<(), Error> {
    let due = store::notice::due(&mut *app.worker_database.acquire().await?).await?;
    for course in due {
        let told = tell_all(app, course).await;
        tried.note(&format!("{course:?}"), told);
    }
    Ok(())
}

async fn tell_all(app: &App, course: Course) -> Result<(), Error> {
    while batch(app, course).await? {}
    Ok(())
}

/// Tells of one batch. Whether there may be more.
async fn batch(app: &App, course: Course) -> Result<bool, Error> {
    let mut change = Change::begin(&app.worker_database, &Actor::system()).await?;
    let Some(through) = store::notice::lock(&mut change, course).await? else { return Ok(false) };
    let now = change.settle().await?;
    let taken = match course {
        Course::EndingSoon => ending_soon(app, &mut change, through).await?,
        Course::Ended => ended(app, &mut change, through).await?,
        Course::Lapsed => nobody_decided(app, &mut change, through).await?,
        Course::DailySummary | Course::WeeklySummary | Course::UnreachableApprovals => 0,
    };
    let full = i64::try_from(taken).is_ok_and(|taken| taken >= BATCH);
    if !full {
        store::notice::advance(&mut change, course, now).await?;
    }
    change.commit_recorded().await?;
    if taken > 0 {
        app.wake.outbox().notify_one();
    }
    Ok(full)
}

fn facts<'a>(ending: &'a Ending, link: &'a str) -> request::Ending<'a> {
    request::Ending {
        holder: &ending.holder,
        role: &ending.role_name,
        scope: &ending.scope_name,
        ends_at: ending.ends_at,
        link,
    }
}

async fn ending_soon(app: &App, change: &mut Change, through: Instant) -> Result<usize, Error> {
    let endings = store::notice::take_ending_soon(change, through, BATCH).await?;
    for ending in &endings {
        let link = request::request_link(&app.public_url, ending.request);
        let extend = format!("{}/activations/{}/extend", app.public_url, ending.assignment);
        let facts = facts(ending, &link);
        let news = News {
            occasion: Occasion::EndingSoon,
            place: Some((ending.role, ending.scope)),
            thread: Some(ending.request.0),
            author: None,
            pressing: false,
            alone: false,
            to: &[(Audience::Requester, vec![ending.principal])],
            letter: &|_| request::ending_soon(&facts, &extend),
            link: &link,
        };
        tell(app, change, &news).await?;
    }
    Ok(endings.len())
}

async fn ended(app: &App, change: &mut Change, through: Instant) -> Result<usize, Error> {
    let endings = store::notice::take_ended(change, through, BATCH).await?;
    for ending in &endings {
        let link = request::request_link(&app.public_url, ending.request);
        let facts = facts(ending, &link);
        let why = if ending.early { Why::EligibilityEnded } else { Why::TimeUp };
        let news = News {
            occasion: Occasion::Ended,
            place: Some((ending.role, ending.scope)),
            thread: Some(ending.request.0),
            author: None,
            pressing: false,
            alone: false,
            to: &[(Audience::Requester, vec![ending.principal])],
            letter: &|audience| request::ended(&facts, why, audience),
            link: &link,
        };
        tell(app, change, &news).await?;
    }
    Ok(endings.len())
}

async fn nobody_decided(app: &App, change: &mut Change, through: Instant) -> Result<usize, Error> {
    let requests = store::notice::take_lapsed(change, through, BATCH).await?;
    for request in &requests {
        lapsed(app, change, *request).await?;
    }
    Ok(requests.len())
}
