//! What happens by itself: ends, scheduled starts, requests that lapse. Whether somebody holds a role never depends on it:
//! that is a comparison with the clock. This writes down, records and announces what is already so.
use std::time::Duration;

use serde_json::json;

use crate::{
    App,
    domain::{
        activation::{Decision, Refusal, StartFacts, start},
        actor::Actor,
        audit::Kind,
        id::RequestId,
    },
    error::Error,
    service::{activation, approval, change_request, emergency, notice, reminder},
    store::{self, Change, activation::Grant},
};

/// How many are done in one transaction.
const BATCH: i64 = 1000;
/// How many scheduled starts are looked up at once.
const STARTS: i64 = 100;

/// Does everything that is due now. Says how much that was.
pub async fn run(app: &App) -> Result<usize, Error> {
    let mut done = 0;
    loop {
        let round = end_active(app).await?
            + end_eligibilities(app).await?
            + expire_requests(app).await?
            + pass_in_silence(app).await?
            + escalate(app).await?
            + emergency::remind(app).await?
            + change_request::lapse(app).await?
            + start_scheduled(app).await?;
        done += round;
        if round == 0 {
            reminder::remind(app).await?;
            notice::tell_due(app).await?;
            approval::alarm(app).await?;
            notice::send_summaries(app).await?;
            return Ok(done);
        }
        app.wake.audit().notify_one();
        app.wake.outbox().notify_one();
    }
}

/// How long until something is due; none if nothing is in sight.
pub async fn wait(app: &App) -> Result<Option<Duration>, Error> {
    let mut connection = app.worker_database.acquire().await?;
    let due = store::due::next(&mut connection).await?;
    let told = store::notice::next(&mut connection).await?;
    Ok(due
        .into_iter()
        .chain(told)
        .min()
        .map(|milliseconds| Duration::from_millis(u64::try_from(milliseconds).unwrap_or(0))))
}

async fn end_active(app: &App) -> Result<usize, Error> {
    let mut change = Change::begin(&app.worker_database, &Actor::system()).await?;
    let ended = store::due::end_active(&mut change, BATCH).await?;
    if ended > 0 {
        change.commit_recorded().await?;
    }
    Ok(ended)
}

async fn end_eligibilities(app: &App) -> Result<usize, Error> {
    let mut change = Change::begin(&app.worker_database, &Actor::system()).await?;
    let due = store::due::lock_eligibilities(&mut change, BATCH).await?;
    if !due.is_empty() {
        store::due::end_eligibilities(&mut change, &due).await?;
        change.commit_recorded().await?;
    }
    Ok(due.len())
}

async fn expire_requests(app: &App) -> Result<usize, Error> {
    let mut change = Change::begin(&app.worker_database, &Actor::system()).await?;
    let expired = store::due::expire_requests(&mut change, BATCH).await?;
    if expired > 0 {
        change.commit_recorded().await?;
    }
    Ok(expired)
}

/// Moves on the requests whose stage is over in silence, where that means yes.
async fn pass_in_silence(app: &App) -> Result<usize, Error> {
    let due = store::due::silent(&mut *app.worker_database.acquire().await?, STARTS).await?;
    let mut passed = 0;
    for request in due {
        // One that can't be judged must not hold up the others: it is tried again with the next round.
        match store::retried(|| approval::silent(app, request)).await {
            Ok(done) => passed += usize::from(done),
            Err(error) => {
                tracing::error!(%request, error = &error as &dyn std::error::Error, "silence could not be taken for a yes");
            }
        }
    }
    Ok(passed)
}

/// Asks others where a stage takes long.
async fn escalate(app: &App) -> Result<usize, Error> {
    let due =
        store::request::to_escalate(&mut *app.worker_database.acquire().await?, STARTS).await?;
    let mut escalated = 0;
    for request in due {
        match store::retried(|| approval::escalate(app, request)).await {
            Ok(done) => escalated += usize::from(done),
            Err(error) => {
                tracing::error!(%request, error = &error as &dyn std::error::Error, "others could not be asked");
            }
        }
    }
    Ok(escalated)
}

async fn start_scheduled(app: &App) -> Result<usize, Error> {
    let due = store::due::startable(&mut *app.worker_database.acquire().await?, STARTS).await?;
    let mut started = 0;
    for (request, _) in due {
        // One that can't be judged must not hold up the others: it is tried again with the next round.
        match start_one(app, request).await {
            Ok(done) => started += usize::from(done),
            Err(error) => {
                tracing::error!(%request, error = &error as &dyn std::error::Error, "scheduled start failed");
            }
        }
    }
    Ok(started)
}

/// Judges one scheduled activation again, and lets it take effect or fail. False if another server was first.
async fn start_one(app: &App, request: RequestId) -> Result<bool, Error> {
    let mut change = Change::begin(&app.worker_database, &Actor::system()).await?;
    let aim = store::request::aim_of(change.connection(), request).await?;
    let held = store::activation::lock_eligibility(&mut change, aim).await?;
    let locked = store::request::lock(&mut change, request).await?;
    let around = activation::end_overdue(&mut change, &held, Some(request)).await?;
    let Ok(granted) = locked.state.clone().start(around.now) else { return Ok(false) };
    let pinned = store::settings::version(change.connection(), locked.settings).await?;
    let newest = store::settings::current(change.connection(), locked.role, locked.scope).await?;
    let terms = pinned.settings.activation.stricter(&newest.settings.activation);
    let facts = StartFacts {
        facts: approval::approval_facts(&locked, &held, &around, None),
        approved: locked.approved,
    };
    match start(&terms, &facts) {
        Decision::Activate(end) => {
            store::request::advance(&mut change, request, &granted, None).await?;
            let grant = Grant {
                request,
                settings: locked.settings,
                maximum: locked.maximum,
                eligibility: &held,
            };
            let assignment = activation::take_effect(&mut change, grant, None, end).await?;
            notice::activation_started(app, &mut change, request, end.at).await?;
            let event = approval::about(&locked, Kind::ActivationStarted).assignment(assignment);
            change.commit(&event.detail(json!({ "ends_at": end.at }))).await?;
        }
        Decision::Refuse(refusals) => fail(app, change, &locked, &refusals).await?,
        Decision::AwaitApproval { .. } | Decision::Schedule { .. } => return Ok(false),
    }
    Ok(true)
}

async fn fail(
    app: &App,
    mut change: Change,
    locked: &store::request::Locked,
    refusals: &[Refusal],
) -> Result<(), Error> {
    approval::fail(app, &mut change, locked, refusals).await?;
    change.commit_recorded().await
}
