//! Deputies: who decides for an approver while that one is away. Named by the approver alone, for dates, for everybody to see.
use serde_json::json;
use sqlx::PgConnection;
use uuid::Uuid;

use crate::{
    App,
    domain::{
        actor::{Actor, TokenScope, User},
        audit::{Event, Kind},
        fault::FieldError,
        id::{PersonId, PrincipalId},
        language::Message,
        step_up::Act,
        text::Description,
        time::{Duration, Instant},
    },
    error::Error,
    service::{access, credential::prove, enrolment, notice, step_up},
    store::{self, Change, deputy::New},
};

pub use crate::store::deputy::Told;

/// How many deputies somebody can have named who are not over.
const MOST: usize = 10;
/// How far ahead a deputy can be named.
const FURTHEST: Duration = Duration::days(366);
/// For how long a deputy can be named. The database holds the same limit.
const LONGEST: Duration = Duration::days(92);

/// The asker's deputies, and those whom they stand in for.
pub async fn list(app: &App, actor: &Actor) -> Result<Vec<Told>, Error> {
    let user = access::user(actor, TokenScope::Read)?;
    store::deputy::of(&mut *app.database.acquire().await?, user.person).await
}

/// What an approver wants.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// The deputy's user name or mail address, as they are known.
    pub deputy: String,
    /// From when; now if none.
    pub starts_at: Option<Instant>,
    /// Until when.
    pub ends_at: Instant,
    /// Why, such as "Holiday".
    pub reason: Description,
}

impl Wanted {
    /// From when, if it is named at that time.
    fn starts_from(&self, at: Instant) -> Instant {
        self.starts_at.filter(|start| *start > at).unwrap_or(at)
    }

    /// What is wrong with the dates, if they are named at that time.
    fn wrong_dates(&self, at: Instant) -> Option<&'static str> {
        let starts_at = self.starts_from(at);
        if self.ends_at <= at || starts_at > at + FURTHEST {
            Some("choose dates that lie ahead, within a year")
        } else if self.ends_at <= starts_at {
            Some("choose an end that comes after the start")
        } else {
            (self.ends_at > starts_at + LONGEST).then_some("a deputy stands in for 92 days at most")
        }
    }
}

/// Names who decides for oneself for a while, which takes a fresh code: it gives one's own say away. Both are told.
pub async fn name(app: &App, actor: &Actor, wanted: &Wanted, code: &str) -> Result<Uuid, Error> {
    let user = access::user(actor, TokenScope::Approve)?;
    match Change::begin(&app.database, actor).await {
        Err(Error::Repeated(before)) => return Ok(before),
        begun => drop(begun?),
    }
    // No code is used up for what can be mended before; but without one nobody learns here who there is.
    let mut wrong = mistakes(&mut *app.database.acquire().await?, user, wanted).await?;
    if !wrong.is_empty() {
        if code.trim().is_empty() {
            wrong.push(FieldError::new("code", step_up::ENTER_A_CODE));
        }
        return Err(Error::Invalid(wrong));
    }
    let act = Act::NameDeputy { deputy: wanted.deputy.clone(), ends_at: wanted.ends_at };
    let plain = Actor { idempotency: None, ..actor.clone() };
    let [proof] = prove(app, &plain, code, act.clone()).await?;
    let Considered { mut change, account, starts_at } =
        match consider(app, actor, user, wanted).await {
            Err(Error::Repeated(before)) => return Ok(before),
            considered => considered?,
        };
    let new = New {
        person: user.person,
        deputy: account.1,
        starts_at,
        ends_at: wanted.ends_at,
        reason: wanted.reason.as_str(),
    };
    let id = store::deputy::name(&mut change, &new).await?;
    store::mfa_proof::spend(&mut change, proof, &act, id).await?;
    notice::deputy_named(app, &mut change, account.0, (starts_at, wanted.ends_at)).await?;
    let what = Message::new("notice-credential-deputy").with("name", wanted.deputy.trim());
    enrolment::tell(app, &mut change, user.principal, what).await?;
    change.made(id).await?;
    let event = Event::new(Kind::DeputyNamed).subject(account.0).target(id).detail(json!({
        "starts_at": starts_at, "ends_at": wanted.ends_at, "reason": wanted.reason,
    }));
    change.commit(&event).await?;
    app.wake.everything();
    Ok(id)
}

/// All that is wrong and tells nothing of others: the dates, one's own name, and how many one has named.
async fn mistakes(
    connection: &mut PgConnection,
    user: &User,
    wanted: &Wanted,
) -> Result<Vec<FieldError>, Error> {
    let now = store::now(connection).await?;
    let own = store::deputy::of(connection, user.person).await?;
    let account = store::person::called(connection, &wanted.deputy).await?;
    let deputy = if wanted.deputy.trim().is_empty() {
        Some("nobody has that user name or mail address")
    } else if account.is_some_and(|(_, person)| person == user.person) {
        Some("choose somebody else, not another account of yours")
    } else {
        has_named_enough(&own, user).then_some("you have named ten already: end one first")
    };
    let deputy = deputy.map(|why| FieldError::new("deputy", why));
    let dates = wanted.wrong_dates(now).map(|why| FieldError::new("ends_at", why));
    Ok(deputy.into_iter().chain(dates).collect())
}

fn has_named_enough(known: &[Told], user: &User) -> bool {
    known.iter().filter(|told| told.person == user.person).count() >= MOST
}

/// A deputy who can be named.
struct Considered {
    change: Change,
    account: (PrincipalId, PersonId),
    starts_at: Instant,
}

async fn consider(
    app: &App,
    actor: &Actor,
    user: &User,
    wanted: &Wanted,
) -> Result<Considered, Error> {
    let mut change = Change::begin(&app.database, actor).await?;
    let account = store::person::called(change.connection(), &wanted.deputy)
        .await?
        .ok_or_else(|| Error::invalid("deputy", "nobody has that user name or mail address"))?;
    let own = store::deputy::of(change.connection(), user.person).await?;
    if has_named_enough(&own, user) {
        return Err(Error::invalid("deputy", "you have named ten already: end one first"));
    }
    let at = change.settle().await?;
    if let Some(why) = wanted.wrong_dates(at) {
        return Err(Error::invalid("ends_at", why));
    }
    Ok(Considered { change, account, starts_at: wanted.starts_from(at) })
}

/// Ends what one has named oneself.
pub async fn end(app: &App, actor: &Actor, id: Uuid) -> Result<(), Error> {
    let user = access::user(actor, TokenScope::Approve)?;
    let mut change = Change::begin(&app.database, actor).await?;
    change.settle().await?;
    let Some(deputy) = store::deputy::end(&mut change, id, user.person).await? else {
        return Err(Error::NotFound("deputy"));
    };
    change.made(id).await?;
    let event = Event::new(Kind::DeputyEnded).target(id).detail(json!({ "deputy_person": deputy }));
    change.commit(&event).await?;
    app.wake.everything();
    Ok(())
}
