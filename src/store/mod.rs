//! SQL, and nothing but SQL. One file for each aggregate.
//!
//! Functions that write take a [`Change`], which can only be committed together with an audit event. Bookkeeping that is
//! nobody's act takes a plain connection: when a session was last seen, counters of failed attempts, claims on the outbox,
//! the audit chain.
use sqlx::{PgConnection, PgPool, Postgres, Transaction};
use tracing::{Instrument as _, Span, field};

use crate::{
    domain::{
        actor::{Actor, User, Who},
        audit::{Event, Kind},
        id::ScopeId,
        time::Instant,
    },
    error::Error,
};

pub mod access;
pub mod access_check;
pub mod access_token;
pub mod account;
pub mod activation;
pub mod application;
pub mod assignment;
pub mod audit;
pub mod change_request;
pub mod credential;
pub mod database;
pub mod delivery;
pub mod demo;
pub mod deputy;
pub mod due;
pub mod emergency;
pub mod expiring;
pub mod extent;
pub mod factor;
pub mod group;
pub mod inventory;
pub mod language;
pub mod mfa_proof;
pub mod notice;
pub mod one_time_link;
pub mod operation;
pub mod outbox;
pub mod person;
pub mod policy;
pub mod posture;
pub mod principal;
pub mod reach;
pub mod reminder;
pub mod request;
pub mod resting;
pub mod role;
pub mod scope;
pub mod search;
pub mod session;
pub mod settings;
pub mod summary;
pub mod survivability;
pub mod throttle;
pub mod ticket;
pub mod witness;

/// The schema, carried in the binary.
pub static MIGRATOR: sqlx::migrate::Migrator = sqlx::migrate!();

/// The time, by the only clock that decides anything.
pub async fn now(connection: &mut PgConnection) -> Result<Instant, Error> {
    Ok(sqlx::query_scalar!(r#"select instant() as "now!""#).fetch_one(connection).await?)
}

/// A transaction that can only be committed by saying what happened.
///
/// One that is dropped leaves no trace. If the actor brought an idempotency key, the key is taken at the start and kept
/// with what the change made.
pub struct Change {
    transaction: Transaction<'static, Postgres>,
    actor: Actor,
    at: Instant,
    span: Span,
    /// What was recorded first.
    first: Option<Kind>,
}

impl Change {
    /// Begins a change by `actor`.
    ///
    /// Fails with [`Error::Repeated`] if the actor's idempotency key has made something before.
    pub async fn begin(database: &PgPool, actor: &Actor) -> Result<Self, Error> {
        let span = tracing::debug_span!("change", event = field::Empty, done = field::Empty);
        let mut transaction = database.begin().await?;
        let at = now(&mut transaction).await?;
        let mut change = Self { transaction, actor: actor.clone(), at, span, first: None };
        change.refuse_repeat().await?;
        Ok(change)
    }

    /// When the change happens. Read again with [`Change::settle`] after waiting for locks.
    #[must_use]
    pub fn at(&self) -> Instant {
        self.at
    }

    /// Who makes the change.
    #[must_use]
    pub fn actor(&self) -> &Actor {
        &self.actor
    }

    /// Reads the time again: facts are judged at the moment when all locks are held.
    pub async fn settle(&mut self) -> Result<Instant, Error> {
        self.at = now(&mut self.transaction).await?;
        Ok(self.at)
    }

    /// Notes the time that a statement of this change has read, with all locks held.
    pub(crate) fn set_at(&mut self, at: Instant) {
        self.at = at;
    }

    /// From here on the change is made by somebody else: by whoever has just proved who they are.
    pub fn identify(&mut self, user: User) {
        self.actor.who = Who::User(user);
    }

    /// Marks a point within the change that [`Change::undo`] goes back to.
    pub async fn mark(&mut self) -> Result<(), Error> {
        sqlx::query!("savepoint marked").execute(&mut *self.transaction).await?;
        Ok(())
    }

    /// Keeps all since the mark, and forgets the mark.
    pub async fn unmark(&mut self) -> Result<(), Error> {
        sqlx::query!("release savepoint marked").execute(&mut *self.transaction).await?;
        Ok(())
    }

    /// Undoes all since the mark, even what the database has refused.
    pub async fn undo(&mut self) -> Result<(), Error> {
        sqlx::query!("rollback to savepoint marked").execute(&mut *self.transaction).await?;
        Ok(())
    }

    /// Lets the database judge now what it would judge at the commit.
    pub async fn judge(&mut self) -> Result<(), Error> {
        sqlx::query!("set constraints all immediate").execute(&mut *self.transaction).await?;
        sqlx::query!("set constraints all deferred").execute(&mut *self.transaction).await?;
        Ok(())
    }

    /// Records one of several events of this change.
    pub async fn record(&mut self, event: &Event) -> Result<(), Error> {
        self.first.get_or_insert(event.kind);
        audit::append(&mut self.transaction, &self.actor, self.at, event).await
    }

    /// Records many events of this change.
    pub async fn record_all(&mut self, events: &[Event]) -> Result<(), Error> {
        self.first = self.first.or_else(|| events.first().map(|event| event.kind));
        audit::append_all(&mut self.transaction, &self.actor, self.at, events).await
    }

    /// Records `event` and commits it together with everything done so far.
    pub async fn commit(mut self, event: &Event) -> Result<(), Error> {
        self.record(event).await?;
        self.finish().await
    }

    /// Commits a change whose events were all recorded before.
    pub async fn commit_recorded(self) -> Result<(), Error> {
        self.finish().await
    }

    /// Commits. What only the database can see, since it looks last, is told as what it is.
    async fn finish(self) -> Result<(), Error> {
        const GATE: [&str; 4] = [
            "assignments_within_newest_maximum",
            "assignments_need_approval",
            "assignments_need_the_newest_approval",
            "assignments_need_a_proof",
        ];
        let changed = || {
            Error::Conflict(
                "the terms of this role changed at this very moment: look at them and try again"
                    .to_owned(),
            )
        };
        if let Some(kind) = self.first {
            self.span.record("event", kind.name());
        }
        let span = tracing::debug_span!(parent: &self.span, "commit");
        let committed = self.transaction.commit().instrument(span).await.map_err(Error::from);
        if committed.is_ok() {
            self.span.record("done", true);
        }
        GATE.iter().fold(committed, |committed, name| committed.on_constraint(name, changed))
    }

    /// Keeps what the actor's idempotency key made, if there is a key.
    pub async fn made(&mut self, target: uuid::Uuid) -> Result<(), Error> {
        let (Some(idempotency), Some(asker)) = (&self.actor.idempotency, self.actor.principal())
        else {
            return Ok(());
        };
        sqlx::query!(
            r#"
            insert into idempotency_keys (principal_id, key, fingerprint, target_id, created_at)
            values ($1, $2, $3, $4, $5)
            "#,
            asker.0,
            idempotency.key,
            idempotency.fingerprint.as_slice(),
            target,
            self.at,
        )
        .execute(&mut *self.transaction)
        .await?;
        Ok(())
    }

    async fn refuse_repeat(&mut self) -> Result<(), Error> {
        let (Some(idempotency), Some(asker)) = (&self.actor.idempotency, self.actor.principal())
        else {
            return Ok(());
        };
        // Of two at once with the same key, the second waits here until it can see what the first has made.
        sqlx::query!(
            "select pg_advisory_xact_lock(hashtextextended($1 || $2, 0))",
            asker.0.to_string(),
            idempotency.key,
        )
        .execute(&mut *self.transaction)
        .await?;
        let before = sqlx::query!(
            "select fingerprint, target_id from idempotency_keys where principal_id = $1 and key = $2",
            asker.0,
            idempotency.key,
        )
        .fetch_optional(&mut *self.transaction)
        .await?;
        match before {
            None => Ok(()),
            Some(before) if before.fingerprint == idempotency.fingerprint => {
                Err(Error::Repeated(before.target_id))
            }
            Some(_) => Err(Error::Conflict(
                "this idempotency key was used before for something else: take a new one"
                    .to_owned(),
            )),
        }
    }

    /// The transaction's connection; for this layer, and for reading facts within the change.
    pub(crate) fn connection(&mut self) -> &mut PgConnection {
        &mut self.transaction
    }
}

/// Carries out a whole transaction, and does it anew if the database chose it to give way to another one; so often at most.
/// Nothing of what was given up remains.
pub async fn retried<T, Attempt>(attempt: impl Fn() -> Attempt) -> Result<T, Error>
where
    Attempt: Future<Output = Result<T, Error>>,
{
    const ATTEMPTS: usize = 5;
    for _ in 1..ATTEMPTS {
        match attempt().await {
            Err(error) if error.is_collision() => {}
            outcome => return outcome,
        }
    }
    attempt().await
}

/// Removes idempotency keys that no client repeats any more.
pub async fn prune_idempotency_keys(connection: &mut PgConnection) -> Result<u64, Error> {
    let pruned = sqlx::query!(
        "delete from idempotency_keys where created_at < instant() - interval '7 days'"
    )
    .execute(connection)
    .await?;
    Ok(pruned.rows_affected())
}

/// Gives a broken constraint its meaning.
pub(crate) trait OnConstraint<T> {
    /// Turns a violation of the constraint called `name` into the error that `meaning` gives.
    fn on_constraint(self, name: &str, meaning: impl FnOnce() -> Error) -> Result<T, Error>;
}

impl<T> OnConstraint<T> for Result<T, Error> {
    fn on_constraint(self, name: &str, meaning: impl FnOnce() -> Error) -> Result<T, Error> {
        self.map_err(|error| match &error {
            Error::Database(cause) if broken(cause) == Some(name) => meaning(),
            _ => error,
        })
    }
}

impl<T> OnConstraint<T> for sqlx::Result<T> {
    fn on_constraint(self, name: &str, meaning: impl FnOnce() -> Error) -> Result<T, Error> {
        self.map_err(Error::from).on_constraint(name, meaning)
    }
}

/// Places as the database knows them.
fn ids(places: Option<&[ScopeId]>) -> Option<Vec<uuid::Uuid>> {
    places.map(|places| places.iter().map(|id| id.0).collect())
}

fn broken(error: &sqlx::Error) -> Option<&str> {
    error.as_database_error().and_then(sqlx::error::DatabaseError::constraint)
}
