//! Notices to be sent: written by the change that causes them, so that they are sent exactly if the change has happened.
//!
//! Mail is one lane and each channel is one; what waits in one is no business of the others.
use sqlx::PgConnection;
use uuid::Uuid;

use super::Change;
use crate::{
    domain::{
        channel::Announcement,
        delivery::{Lane, Tries},
        id::PrincipalId,
        notice::Mail,
        time::Instant,
    },
    error::Error,
};

/// Puts a mail to `recipient` into the outbox. Mails of one `thread` are shown together by mail programs.
///
/// Says which it is. Who has no address, such as a group, gets none.
pub async fn enqueue(
    change: &mut Change,
    recipient: PrincipalId,
    mail: &Mail,
    thread: Option<Uuid>,
) -> Result<Option<Uuid>, Error> {
    let (id, at) = (Uuid::now_v7(), change.at());
    let written = sqlx::query!(
        r#"
        insert into outbox (
            id, recipient_id, address, subject, body, html_body, event, thread_id, created_at, next_attempt_at, waiting_since
        )
        select $1, principals.id, persons.email, $3, $4, $5, $6, $7, $8, $8, $8
        from principals
        join persons on persons.id = person_id
        where principals.id = $2
        "#,
        id,
        recipient.0,
        mail.subject(),
        mail.body(),
        mail.html(),
        mail.event(),
        thread,
        at,
    )
    .execute(change.connection())
    .await?;
    Ok((written.rows_affected() == 1).then_some(id))
}

/// Puts a message to a channel into the outbox.
pub async fn enqueue_message(
    change: &mut Change,
    channel: &str,
    told: &Announcement,
) -> Result<Uuid, Error> {
    let (id, at) = (Uuid::now_v7(), change.at());
    sqlx::query!(
        r#"
        insert into outbox (id, channel, payload, event, thread_id, created_at, next_attempt_at, waiting_since)
        values ($1, $2, $3, $4, $5, $6, $6, $6)
        "#,
        id,
        channel,
        sqlx::types::Json(told) as _,
        told.event,
        told.thread,
        at,
    )
    .execute(change.connection())
    .await?;
    Ok(id)
}

/// What is to be sent.
#[derive(Clone, Debug)]
pub enum Parcel {
    /// A mail to an address.
    Mail(String, Box<Mail>),
    /// A message to a channel.
    Message(Box<Announcement>),
}

/// A notice that this server has taken on to send.
#[derive(Clone, Debug)]
pub struct Claim {
    /// Identifies the notice.
    pub id: Uuid,
    /// How often it has been tried, this time included. Tells this claim from a later one of the same notice.
    pub attempt: i32,
    /// How it went so far, should this time fail.
    pub tries: Tries,
    /// What it is.
    pub parcel: Parcel,
    /// The stable name of what happened.
    pub event: Option<String>,
    /// Notices of one thread belong together.
    pub thread: Option<Uuid>,
    /// When it was written.
    pub at: Instant,
    /// When it was taken on.
    pub now: Instant,
}

/// How a lane fares, and the time. The lane stays locked until the end of the transaction.
pub async fn lock_lane(
    connection: &mut PgConnection,
    lane: &str,
) -> Result<(Lane, Instant), Error> {
    loop {
        let found = sqlx::query!(
            r#"
            select failures, paused_until, instant() as "now!" from delivery_lanes where name = $1 for no key update
            "#,
            lane,
        )
        .fetch_optional(&mut *connection)
        .await?;
        if let Some(row) = found {
            return Ok((Lane { failures: row.failures, paused_until: row.paused_until }, row.now));
        }
        sqlx::query!("insert into delivery_lanes (name) values ($1) on conflict do nothing", lane)
            .execute(&mut *connection)
            .await?;
    }
}

/// Takes on up to `limit` notices of a lane that are to be sent now, for `lease_seconds`: if this server dies, another one
/// takes them on after that. What one server is taking on, the others skip. Of what belongs together, a channel gets one
/// after the other.
pub async fn claim(
    connection: &mut PgConnection,
    lane: &str,
    limit: i64,
    lease_seconds: i32,
) -> Result<Vec<Claim>, Error> {
    let claimed = sqlx::query!(
        r#"
        with clock as materialized (
            select instant() as now
        ),
        due as materialized (
            select id from outbox
            where coalesce(channel, 'mail') = $1 and sent_at is null and given_up_at is null
                and next_attempt_at <= (select now from clock)
                and (claimed_until is null or claimed_until <= (select now from clock))
                and (channel is null or thread_id is null or id = (
                    select id from outbox as earliest
                    where earliest.channel = outbox.channel and earliest.thread_id = outbox.thread_id
                        and sent_at is null and given_up_at is null
                    order by created_at, id
                    limit 1
                ))
            order by next_attempt_at, id
            limit $2
            for update skip locked
        )
        update outbox set
            claimed_until = (select now from clock) + $3 * interval '1 second',
            attempts = attempts + 1
        from due
        where outbox.id = due.id
        returning outbox.id, attempts, failures, address, subject, body, html_body, event, thread_id, created_at,
            payload as "payload: sqlx::types::Json<Announcement>", (select now from clock) as "now!",
            (extract(epoch from (select now from clock) - waiting_since) * 1000)::bigint as "waited!"
        "#,
        lane,
        limit,
        f64::from(lease_seconds),
    )
    .fetch_all(connection)
    .await?;
    Ok(claimed
        .into_iter()
        .map(|row| Claim {
            id: row.id,
            attempt: row.attempts,
            tries: Tries { failures: row.failures.saturating_add(1), waited: row.waited },
            parcel: if let Some(told) = row.payload {
                Parcel::Message(Box::new(told.0))
            } else {
                let [subject, body] = [row.subject, row.body].map(Option::unwrap_or_default);
                let plain = Mail::new(&subject, &body);
                let mail = row.html_body.iter().fold(plain, |mail, html| mail.with_html(html));
                Parcel::Mail(row.address.unwrap_or_default(), Box::new(mail))
            },
            event: row.event,
            thread: row.thread_id,
            at: row.created_at,
            now: row.now,
        })
        .collect())
}

/// Notes that a notice was sent. False if somebody else has taken it on since.
pub async fn sent(connection: &mut PgConnection, claim: &Claim) -> Result<bool, Error> {
    let noted = sqlx::query!(
        r#"
        update outbox set sent_at = instant(), claimed_until = null, last_error = null
        where id = $1 and attempts = $2 and sent_at is null and given_up_at is null
        "#,
        claim.id,
        claim.attempt,
    )
    .execute(connection)
    .await?;
    Ok(noted.rows_affected() == 1)
}

/// Notes that a notice was not sent and why, and that it is to be tried again after so many milliseconds.
pub async fn failed(
    connection: &mut PgConnection,
    claim: &Claim,
    why: &str,
    pause_milliseconds: i64,
) -> Result<(), Error> {
    sqlx::query!(
        r#"
        update outbox set
            claimed_until = null,
            last_error = left($3, 1000),
            failures = failures + 1,
            next_attempt_at = instant() + $4::bigint * interval '1 millisecond'
        where id = $1 and attempts = $2 and sent_at is null and given_up_at is null
        "#,
        claim.id,
        claim.attempt,
        why,
        pause_milliseconds,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Notes that a notice is tried no more, and why. False if somebody else has taken it on since.
pub async fn give_up(change: &mut Change, claim: &Claim, why: &str) -> Result<bool, Error> {
    let noted = sqlx::query!(
        r#"
        update outbox set
            claimed_until = null,
            last_error = left($3, 1000),
            failures = failures + 1,
            given_up_at = instant()
        where id = $1 and attempts = $2 and sent_at is null and given_up_at is null
        "#,
        claim.id,
        claim.attempt,
        why,
    )
    .execute(change.connection())
    .await?;
    Ok(noted.rows_affected() == 1)
}

/// Milliseconds until something of a lane is to be sent, by the database's clock; none if nothing waits. Negative if overdue.
/// What waits behind an earlier one of its thread does not count, as in [`claim`].
pub async fn next(connection: &mut PgConnection, lane: &str) -> Result<Option<i64>, Error> {
    Ok(sqlx::query_scalar!(
        r#"
        with ready as not materialized (
            select next_attempt_at, claimed_until from outbox
            where coalesce(channel, 'mail') = $1 and sent_at is null and given_up_at is null
                and (channel is null or thread_id is null or id = (
                    select id from outbox as earliest
                    where earliest.channel = outbox.channel and earliest.thread_id = outbox.thread_id
                        and sent_at is null and given_up_at is null
                    order by created_at, id
                    limit 1
                ))
        ),
        waiting as (
            (select next_attempt_at as at from ready where claimed_until is null order by next_attempt_at limit 1)
            union all
            (select claimed_until from ready where claimed_until is not null order by claimed_until limit 1)
        )
        select ceil(extract(epoch from greatest(
            min(at), (select paused_until from delivery_lanes where name = $1)
        ) - instant()) * 1000)::bigint as milliseconds
        from waiting
        having count(*) > 0
        "#,
        lane,
    )
    .fetch_optional(connection)
    .await?
    .flatten())
}
