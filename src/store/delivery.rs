//! What became of the notices, and how each lane fares.
use sqlx::{Connection as _, PgConnection};
use uuid::Uuid;

use super::{Change, audit::plan_each_search};
use crate::{
    domain::{
        delivery::{Place, State, Wait},
        time::Instant,
    },
    error::Error,
};

/// How many old notices are removed by one statement.
const PART: i64 = 1_000;
/// How many such statements follow each other.
const PARTS: usize = 100;

/// A notice, as those see it who look after its way. What it says is not for them.
#[derive(Clone, Debug)]
pub struct Delivery {
    /// Identifies it.
    pub id: Uuid,
    /// When it was written.
    pub at: Instant,
    /// The stable name of what happened, if it has one.
    pub event: Option<String>,
    /// The channel; none: it is a mail.
    pub channel: Option<String>,
    /// The address, if it is a mail.
    pub address: Option<String>,
    /// Where it stands.
    pub state: State,
    /// How often it has been tried.
    pub attempts: i32,
    /// When it went out.
    pub sent_at: Option<Instant>,
    /// What it waits for, if it waits.
    pub waits_for: Option<Wait>,
    /// When it is tried at the earliest, if it waits, is not in turn already, and that can be told.
    pub next_attempt_at: Option<Instant>,
    /// Why it failed the last time, unless it went out since.
    pub last_error: Option<String>,
}

/// Which notices are wanted.
#[derive(Clone, Debug, Default)]
pub struct Wanted {
    /// This one alone.
    pub id: Option<Uuid>,
    /// In this lane.
    pub lane: Option<String>,
    /// That stand so.
    pub state: Option<State>,
    /// Of this event.
    pub event: Option<String>,
    /// To this address.
    pub address: Option<String>,
}

struct Row {
    id: Uuid,
    created_at: Instant,
    event: Option<String>,
    channel: Option<String>,
    address: Option<String>,
    state: String,
    attempts: i32,
    sent_at: Option<Instant>,
    next_attempt_at: Instant,
    last_error: Option<String>,
    paused_until: Option<Instant>,
    behind: bool,
    now: Instant,
}

impl From<Row> for Delivery {
    fn from(row: Row) -> Self {
        let state = State::named(&row.state).unwrap_or(State::Waiting);
        let place = Place {
            not_before: row.next_attempt_at,
            paused_until: row.paused_until,
            behind: row.behind,
            now: row.now,
        };
        let (waits_for, next_attempt_at) = state.waits_for(place).unzip();
        Self {
            id: row.id,
            at: row.created_at,
            event: row.event,
            channel: row.channel,
            address: row.address,
            state,
            attempts: row.attempts,
            sent_at: row.sent_at,
            waits_for,
            next_attempt_at: next_attempt_at.flatten(),
            last_error: row.last_error,
        }
    }
}

/// Notices, the newest first, those after `after`.
pub async fn list(
    connection: &mut PgConnection,
    wanted: &Wanted,
    after: Option<(Instant, Uuid)>,
    limit: i64,
) -> Result<Vec<Delivery>, Error> {
    let (after_at, after_id) = after.unzip();
    let mut transaction = connection.begin().await?;
    plan_each_search(&mut transaction).await?;
    // Each state is said as the index of it has it: whatever is being sent, or failed, was tried.
    let rows = sqlx::query_as!(
        Row,
        r#"
        with clock as materialized (select instant() as now)
        select id, created_at, event, channel, address, attempts, sent_at, next_attempt_at, last_error,
            (select now from clock) as "now!",
            (select paused_until from delivery_lanes where name = coalesce(outbox.channel, 'mail')) as paused_until,
            sent_at is null and given_up_at is null and exists (
                select from outbox as earlier
                where earlier.channel = outbox.channel and earlier.thread_id = outbox.thread_id
                    and earlier.sent_at is null and earlier.given_up_at is null
                    and (earlier.created_at, earlier.id) < (outbox.created_at, outbox.id)
            ) as "behind!",
            case
                when sent_at is not null then 'sent'
                when given_up_at is not null then 'given_up'
                when claimed_until > (select now from clock) then 'being_sent'
                when failures > 0 then 'retrying'
                else 'waiting'
            end as "state!"
        from outbox
        where ($1::text is null or coalesce(channel, 'mail') = $1)
            and case $2::text
                when 'sent' then sent_at is not null
                when 'given_up' then sent_at is null and given_up_at is not null
                when 'being_sent' then sent_at is null and given_up_at is null and attempts > 0
                    and claimed_until > (select now from clock)
                when 'retrying' then sent_at is null and given_up_at is null and attempts > 0 and failures > 0
                    and (claimed_until is null or claimed_until <= (select now from clock))
                when 'waiting' then sent_at is null and given_up_at is null and failures = 0
                    and (claimed_until is null or claimed_until <= (select now from clock))
                else true
            end
            and ($3::text is null or event = $3)
            and ($4::text is null or lower(address) = lower($4))
            and ($5::timestamptz is null or (created_at, id) < ($5, $6::uuid))
            and ($8::uuid is null or id = $8)
        order by created_at desc, id desc
        limit $7
        "#,
        wanted.lane,
        wanted.state.map(State::name),
        wanted.event,
        wanted.address,
        after_at as Option<Instant>,
        after_id,
        limit,
        wanted.id,
    )
    .fetch_all(&mut *transaction)
    .await?;
    transaction.commit().await?;
    Ok(rows.into_iter().map(Delivery::from).collect())
}

/// The stable names of all events that notices were sent of.
pub async fn events(connection: &mut PgConnection) -> Result<Vec<String>, Error> {
    Ok(sqlx::query_scalar!(
        r#"
        with recursive known as (
            (select event from outbox where event is not null order by event limit 1)
            union all
            select (select outbox.event from outbox where outbox.event > known.event order by outbox.event limit 1)
            from known where known.event is not null
        )
        select event as "event!" from known where event is not null
        "#,
    )
    .fetch_all(connection)
    .await?)
}

/// How a lane fares, for people.
#[derive(Clone, Debug)]
pub struct Fares {
    /// Its name.
    pub name: String,
    /// How often in a row nothing got through.
    pub failures: i32,
    /// Until when it is let be.
    pub paused_until: Option<Instant>,
    /// When something got through last.
    pub succeeded_at: Option<Instant>,
    /// Since when nothing has got through.
    pub failing_since: Option<Instant>,
    /// What it said last.
    pub last_error: Option<String>,
}

/// How each lane fares that was ever used.
pub async fn lanes(connection: &mut PgConnection) -> Result<Vec<Fares>, Error> {
    Ok(sqlx::query_as!(
        Fares,
        r#"
        select name, failures, paused_until, succeeded_at, failing_since, last_error
        from delivery_lanes order by name
        "#,
    )
    .fetch_all(connection)
    .await?)
}

/// How many wait in each lane, and how many were given up.
pub async fn backlog(connection: &mut PgConnection) -> Result<Vec<(String, i64, i64)>, Error> {
    let rows = sqlx::query!(
        r#"
        select lane as "lane!", sum(waiting)::bigint as "waiting!", sum(given_up)::bigint as "given_up!"
        from (
            select coalesce(channel, 'mail') as lane, count(*) as waiting, 0 as given_up
            from outbox where sent_at is null and given_up_at is null group by 1
            union all
            select coalesce(channel, 'mail'), 0, count(*)
            from outbox where sent_at is null and given_up_at is not null group by 1
        ) as counted
        group by lane order by lane
        "#,
    )
    .fetch_all(connection)
    .await?;
    Ok(rows.into_iter().map(|row| (row.lane, row.waiting, row.given_up)).collect())
}

/// Lets nobody else try a lane for so many milliseconds.
pub async fn hold_lane(
    connection: &mut PgConnection,
    lane: &str,
    milliseconds: i64,
) -> Result<(), Error> {
    sqlx::query!(
        "update delivery_lanes set paused_until = instant() + $2::bigint * interval '1 millisecond' where name = $1",
        lane,
        milliseconds,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Notes that something got through. Written only where it is news.
pub async fn lane_works(connection: &mut PgConnection, lane: &str) -> Result<(), Error> {
    sqlx::query!(
        r#"
        update delivery_lanes set
            failures = 0, paused_until = null, failing_since = null, last_error = null, succeeded_at = instant()
        where name = $1
            and (failures > 0 or paused_until is not null or succeeded_at is null
                or succeeded_at < instant() - interval '1 minute')
        "#,
        lane,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Notes that nothing got through, and why. Says how often in a row that makes, and since when.
pub async fn lane_fails(
    connection: &mut PgConnection,
    lane: &str,
    why: &str,
) -> Result<Option<(i32, Instant)>, Error> {
    let row = sqlx::query!(
        r#"
        update delivery_lanes set
            failures = failures + 1, failed_at = instant(), failing_since = coalesce(failing_since, instant()),
            last_error = left($2, 1000)
        where name = $1
        returning failures, failing_since as "failing_since!"
        "#,
        lane,
        why,
    )
    .fetch_optional(connection)
    .await?;
    Ok(row.map(|row| (row.failures, row.failing_since)))
}

/// Whether administrators are to be told now that nothing reaches `about`: once a day.
pub async fn alarm(change: &mut Change, about: &str) -> Result<bool, Error> {
    let noted = sqlx::query!(
        r#"
        insert into delivery_alarms (about, told_at) values (left($1, 300), $2)
        on conflict (about) do update set told_at = excluded.told_at
        where delivery_alarms.told_at <= excluded.told_at - interval '1 day'
        "#,
        about,
        change.at(),
    )
    .execute(change.connection())
    .await?;
    Ok(noted.rows_affected() == 1)
}

/// The address of an account, if a person is behind it.
pub async fn address_of(
    connection: &mut PgConnection,
    account: crate::domain::id::PrincipalId,
) -> Result<Option<String>, Error> {
    Ok(sqlx::query_scalar!(
        r#"
        select email from principals join persons on persons.id = person_id where principals.id = $1
        "#,
        account.0,
    )
    .fetch_optional(connection)
    .await?)
}

/// What is to be sent once more.
#[derive(Clone, Debug)]
pub struct Resent {
    /// The channel; none: it is a mail.
    pub channel: Option<String>,
    /// The address, if it is a mail.
    pub address: Option<String>,
    /// The stable name of what happened.
    pub event: Option<String>,
}

/// Puts a notice in line again that was given up or waits. None if there is no such notice; refuses one that was sent or is
/// being sent.
pub async fn resend(change: &mut Change, id: Uuid) -> Result<Option<Resent>, Error> {
    let found = sqlx::query!(
        r#"
        select channel, address, event, sent_at is not null as "sent!",
            coalesce(claimed_until > instant(), false) as "busy!"
        from outbox where id = $1 for no key update
        "#,
        id,
    )
    .fetch_optional(change.connection())
    .await?;
    let Some(found) = found else { return Ok(None) };
    if found.sent {
        return Err(Error::Conflict("this notice was sent already".to_owned()));
    }
    if found.busy {
        return Err(Error::Conflict("this notice is being sent at this moment".to_owned()));
    }
    sqlx::query!(
        r#"
        update outbox set
            given_up_at = null, claimed_until = null, failures = 0, next_attempt_at = instant(), waiting_since = instant()
        where id = $1
        "#,
        id,
    )
    .execute(change.connection())
    .await?;
    Ok(Some(Resent { channel: found.channel, address: found.address, event: found.event }))
}

/// Removes notices that went out, or were given up, more than ninety days ago: what they say is nobody's business any more, and
/// the audit log keeps what matters. Some at a time, so that no lock is held for long, and not all at once where years have
/// gathered, so that a server that is to stop need not wait: the rest goes the next time.
pub async fn prune(connection: &mut PgConnection) -> Result<u64, Error> {
    let mut removed = 0;
    for _ in 0..PARTS {
        let part = sqlx::query!(
            r#"
            with clock as materialized (select instant() as now)
            delete from outbox
            where id = any(array(
                select id from outbox
                where coalesce(sent_at, given_up_at) < (select now from clock) - interval '90 days'
                order by coalesce(sent_at, given_up_at)
                limit $1
                for update skip locked
            ))
            "#,
            PART,
        )
        .execute(&mut *connection)
        .await?;
        removed += part.rows_affected();
        if part.rows_affected() < PART.unsigned_abs() {
            break;
        }
    }
    Ok(removed)
}
