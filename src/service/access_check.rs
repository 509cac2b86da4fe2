//! "May this account do this now?", asked by other applications: the hottest path.
//!
//! What one question costs is mostly the way to the database and back. So whoever asks while others are being answered is gathered
//! with all who do, and asked for in one statement: the more is asked, the less each costs, and nobody who asks alone waits for
//! company. An answer is never older than its question: the statement begins after all that it answers were asked.
use std::{
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use sqlx::{PgConnection, PgPool};
use tokio::sync::{Semaphore, oneshot};

use crate::{
    App,
    domain::{
        actor::TokenScope,
        id::{AssignmentId, PrincipalId, ScopeId},
        permission::Permission,
        time::Instant,
    },
    error::Error,
    secret::{Token, TokenHash},
    service::access::lacks,
    store::{self, access_check::Answered},
};

pub use crate::store::{access::Step, access_check::Question};

/// How many questions one statement answers at most.
const MOST: usize = 100;
/// How many statements answer at once, at most.
const LANES: usize = 4;
/// With fewer questions waiting no further statement is begun beside one that is on its way: they fare better by the next one.
const ENOUGH: usize = 50;
/// Whoever asks while a statement takes longer than this is not made to wait for it: its connection may be dead.
const QUICK: Duration = Duration::from_millis(100);
/// How long the database may take for them. What waits for longer is told to come back, so that its lane is free again.
const PATIENCE: Duration = Duration::from_secs(5);
/// With so many waiting, those who have gone are looked for.
const CROWD: usize = 500;

/// The answer to a [`Question`], true at the instant that it names.
#[derive(Clone, Debug)]
pub struct Answer {
    /// Whether the role is held.
    pub allowed: bool,
    /// When that was so, by the database's clock.
    pub at: Instant,
    /// Until when it is, if nothing changes and if it ends at all.
    pub until: Option<Instant>,
    /// The assignment that gives it.
    pub assignment: Option<AssignmentId>,
    /// The group that has it, if it is held by belonging to one.
    pub through: Option<PrincipalId>,
    /// Where it is held: at the place that was asked about, or above.
    pub held_at: Option<ScopeId>,
    /// The way from the account to the role, if that was asked for too.
    pub way: Option<Vec<Step>>,
}

/// Answers questions about who holds what, asked with a token. Everybody may ask about themself; about others takes
/// [`Permission::CheckAccess`] at the place that they ask about. `explain` asks for the way by which each is held.
pub async fn check(
    app: &App,
    token: &Token,
    questions: Vec<Question>,
    explain: bool,
) -> Result<Vec<Answer>, Error> {
    let explained = if explain { questions.clone() } else { Vec::new() };
    let answered = app.access_checks.ask(&app.database, token.hash(), questions).await?;
    let Answered { asker, scopes, held, .. } = answered.ok_or(Error::Unauthenticated)?;
    if !scopes.contains(&TokenScope::CheckAccess) {
        return Err(lacks(TokenScope::CheckAccess));
    }
    if held.iter().any(|held| !held.may_ask) {
        return Err(Error::Forbidden(Permission::CheckAccess));
    }
    let answer = |held: store::access_check::Held| Answer {
        allowed: held.assignment.is_some(),
        at: held.at,
        until: held.until,
        assignment: held.assignment,
        through: held.through,
        held_at: held.held_at,
        way: None,
    };
    let mut answers: Vec<_> = held.into_iter().map(answer).collect();
    if explain {
        let mut connection = app.database.acquire().await?;
        for (answer, question) in answers.iter_mut().zip(&explained) {
            answer.way = Some(way(&mut connection, asker, answer, question).await?);
        }
    }
    Ok(answers)
}

async fn way(
    connection: &mut PgConnection,
    asker: PrincipalId,
    answer: &Answer,
    question: &Question,
) -> Result<Vec<Step>, Error> {
    let Some(held_at) = answer.held_at else { return Ok(Vec::new()) };
    let principal = question.principal.unwrap_or(asker);
    store::access::way(connection, principal, answer.through, held_at, question.scope).await
}

/// Those who wait for an answer, and the lanes by which they get it.
#[derive(Debug)]
pub struct AccessChecks {
    waiting: Mutex<Vec<Waiting>>,
    lanes: Arc<Semaphore>,
    /// How many lanes wait for a statement that takes long.
    slow: AtomicUsize,
}

/// Somebody who waits.
#[derive(Debug)]
struct Waiting {
    token: TokenHash,
    questions: Vec<Question>,
    tell: oneshot::Sender<Result<Option<Answered>, Error>>,
}

impl Waiting {
    fn is_there(&self) -> bool {
        !self.tell.is_closed()
    }
}

impl Default for AccessChecks {
    fn default() -> Self {
        Self {
            waiting: Mutex::default(),
            lanes: Arc::new(Semaphore::new(LANES)),
            slow: AtomicUsize::new(0),
        }
    }
}

impl AccessChecks {
    /// Asks, together with whoever else does. None if the token is not live.
    async fn ask(
        self: &Arc<Self>,
        database: &PgPool,
        token: TokenHash,
        questions: Vec<Question>,
    ) -> Result<Option<Answered>, Error> {
        let (tell, told) = oneshot::channel();
        self.join(Waiting { token, questions, tell });
        self.open_lane(database);
        told.await.map_err(|_| Error::Internal("nobody answers access checks".to_owned()))?
    }

    fn join(&self, one: Waiting) {
        let mut waiting = self.waiting();
        if waiting.len() >= CROWD {
            waiting.retain(Waiting::is_there);
        }
        waiting.push(one);
    }

    /// Answers until nobody waits any more, unless those who do that already are enough.
    fn open_lane(self: &Arc<Self>, database: &PgPool) {
        let open = LANES - self.lanes.available_permits();
        let is_served = open > self.slow.load(Ordering::Relaxed);
        if is_served && questions(&self.waiting()) < ENOUGH {
            return;
        }
        let Ok(lane) = Arc::clone(&self.lanes).try_acquire_owned() else { return };
        let (all, database) = (Arc::clone(self), database.clone());
        tokio::spawn(async move {
            loop {
                let batch = all.next();
                if batch.is_empty() {
                    break;
                }
                all.answer(&database, batch).await;
            }
            drop(lane);
            // Whoever came since then found no free lane.
            if !all.waiting().is_empty() {
                all.open_lane(&database);
            }
        });
    }

    /// Answers these. If that takes long, others are answered meanwhile.
    async fn answer(self: &Arc<Self>, database: &PgPool, batch: Vec<Waiting>) {
        // A task of its own: whatever happens to it, the lane goes on.
        let mut answered = tokio::spawn(answer(database.clone(), batch));
        if tokio::time::timeout(QUICK, &mut answered).await.is_err() {
            self.slow.fetch_add(1, Ordering::Relaxed);
            if !self.waiting().is_empty() {
                self.open_lane(database);
            }
            drop(answered.await);
            self.slow.fetch_sub(1, Ordering::Relaxed);
        }
    }

    /// Those who are answered next, without those who have gone.
    fn next(&self) -> Vec<Waiting> {
        let mut waiting = self.waiting();
        waiting.retain(Waiting::is_there);
        let mut questions = 0;
        let fits = |it: &&Waiting| {
            questions += it.questions.len();
            questions <= MOST
        };
        let many = waiting.iter().take_while(fits).count().max(1).min(waiting.len());
        waiting.drain(..many).collect()
    }

    fn waiting(&self) -> MutexGuard<'_, Vec<Waiting>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn questions(waiting: &[Waiting]) -> usize {
    waiting.iter().map(|it| it.questions.len()).sum()
}

/// Asks the database for all of them in one statement, and tells each.
async fn answer(database: PgPool, batch: Vec<Waiting>) {
    let calls: Vec<_> = batch.iter().map(|it| (it.token, it.questions.as_slice())).collect();
    let asked = async {
        let mut connection = database.acquire().await?;
        let answered = store::access_check::answer(&mut connection, &calls).await?;
        let in_use = answered.iter().flatten().filter(|it| !it.noted).map(|it| it.token);
        let in_use: Vec<_> = in_use.collect();
        if !in_use.is_empty() {
            store::access_token::touch(&mut connection, &in_use).await?;
        }
        Ok(answered)
    };
    let answered = tokio::time::timeout(PATIENCE, asked).await;
    let too_late = || sqlx::Error::Io(std::io::ErrorKind::TimedOut.into());
    // Whoever has gone meanwhile is told nothing.
    match answered.unwrap_or_else(|_| Err(too_late().into())) {
        Ok(answers) => batch.into_iter().zip(answers).for_each(|(it, answer)| {
            let _ = it.tell.send(Ok(answer));
        }),
        Err(error) => {
            let error = Arc::new(error);
            for it in batch {
                let _ = it.tell.send(Err(Error::Shared(Arc::clone(&error))));
            }
        }
    }
}
