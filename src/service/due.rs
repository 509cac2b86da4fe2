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
    telemetry,
};

/// How many are done in one transaction.
const BATCH: i64 = 1000;
/// How many scheduled starts are looked up at once.
const STARTS: i64 = 100;

/// Does everything that is due now, and then tells whoever is to be told by now. Says how much was done. What failed is said
/// after all of it was tried.
pub async fn run(app: &App) -> Result<usize, Error> {
    let done = act(app).await;
    let told = tell(app).await;
    told.and(done)
}

/// Ends, starts, escalates and lets lapse what is due now. Says how much that was.
pub async fn act(app: &App) -> Result<usize, Error> {
    let mut done = 0;
    loop {
        let mut tried = Tried::default();
        let round = tried.act("ends", end_active(app)).await
            + tried.act("ends of eligibility", end_eligibilities(app)).await
            + tried.act("requests that nobody decided", expire_requests(app)).await
            + tried.act("silence", pass_in_silence(app)).await
            + tried.act("escalations", escalate(app)).await
            + tried.act("overdue reviews", emergency::remind(app)).await
            + tried.act("changes that nobody decided", change_request::lapse(app)).await
            + tried.act("scheduled starts", start_scheduled(app)).await;
        done += round;
        if round == 0 {
            return tried.end(done);
        }
        app.wake.audit().notify_one();
        app.wake.outbox().notify_one();
    }
}

/// Tells whoever is to be told because time has passed. It may take long, and no access waits for it.
pub async fn tell(app: &App) -> Result<(), Error> {
    let mut tried = Tried::default();
    tried.note("reminders", reminder::remind(app).await);
    let told = notice::tell_due(app, &mut tried).await;
    tried.note("notices", told);
    tried.note("approvals that nobody can give", approval::alarm(app).await);
    let sent = notice::send_summaries(app, &mut tried).await;
    tried.note("summaries", sent);
    tried.end(())
}

/// How long until something is due to be done; none if nothing is in sight.
pub async fn wait(app: &App) -> Result<Option<Duration>, Error> {
    let due = store::due::next(&mut *app.worker_database.acquire().await?).await?;
    Ok(due.map(span))
}

/// How long until somebody is due to be told that access ends; none if nothing is in sight.
pub async fn wait_to_tell(app: &App) -> Result<Option<Duration>, Error> {
    let due = store::notice::next(&mut *app.worker_database.acquire().await?).await?;
    Ok(due.map(span))
}

/// Nothing for what is overdue.
fn span(milliseconds: i64) -> Duration {
    Duration::from_millis(u64::try_from(milliseconds).unwrap_or(0))
}

/// Parts of a round, of which each is tried whatever becomes of the others: what fails must not hold up what is behind it.
#[derive(Default)]
pub(in crate::service) struct Tried {
    failed: Option<Error>,
}

impl Tried {
    /// Does one part, and says how much was done.
    async fn act(
        &mut self,
        part: &'static str,
        doing: impl Future<Output = Result<usize, Error>>,
    ) -> usize {
        let outcome = telemetry::round(part, doing, |done| *done > 0).await;
        self.note(part, outcome)
    }

    /// What came of one part. A failure is logged; the part is tried again with the next round.
    pub(in crate::service) fn note<T: Default>(
        &mut self,
        part: &str,
        outcome: Result<T, Error>,
    ) -> T {
        outcome.unwrap_or_else(|error| {
            tracing::error!(
                part,
                error = &error as &dyn std::error::Error,
                "what is due could not be done"
            );
            self.failed = Some(error);
            T::default()
        })
    }

    /// What came of all of them, unless one has failed.
    fn end<T>(self, done: T) -> Result<T, Error> {
        self.failed.map_or(Ok(done), Err)
    }
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
    let connection = change.connection();
    let pinned = store::settings::version(connection, locked.settings).await?.settings;
    let newest = store::settings::current(connection, locked.role, locked.scope).await?.settings;
    let (pinned, newest) = (&pinned.activation, &newest.activation);
    let more_approval = approval::asks_for_more(connection, request, (pinned, newest)).await?;
    let terms = pinned.stricter(newest);
    let facts = StartFacts {
        facts: approval::approval_facts(&locked, &held, &around, None, more_approval),
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
