//! Mail to be sent: written by the change that causes it, so that it is sent exactly if the change has happened.
use sqlx::PgConnection;
use uuid::Uuid;

use super::Change;
use crate::{
    domain::{id::PrincipalId, notice::Mail, time::Instant},
    error::Error,
};

/// Puts a mail to `recipient` into the outbox. Mails of one `thread` are shown together by mail programs.
///
/// Who has no address, such as a group, gets none.
pub async fn enqueue(
    change: &mut Change,
    recipient: PrincipalId,
    mail: &Mail,
    thread: Option<Uuid>,
) -> Result<(), Error> {
    let at = change.at();
    sqlx::query!(
        r#"
        insert into outbox (id, recipient_id, address, subject, body, thread_id, created_at, next_attempt_at)
        select $1, principals.id, persons.email, $3, $4, $5, $6, $6
        from principals
        join persons on persons.id = person_id
        where principals.id = $2
        "#,
        Uuid::now_v7(),
        recipient.0,
        mail.subject(),
        mail.body(),
        thread,
        at,
    )
    .execute(change.connection())
    .await?;
    Ok(())
}

/// A mail that this server has taken on to send.
#[derive(Clone, Debug)]
pub struct Claim {
    /// Identifies the mail.
    pub id: Uuid,
    /// How often it has been tried, this time included. Tells this claim from a later one of the same mail.
    pub attempt: i32,
    /// Whom it goes to.
    pub address: String,
    /// What it says.
    pub mail: Mail,
    /// Mails of one thread are shown together.
    pub thread: Option<Uuid>,
    /// When it was written.
    pub at: Instant,
}

/// Takes on up to `limit` mails that are to be sent now, for `lease_seconds`: if this server dies, another one takes them
/// on after that. What one server is taking on, the others skip.
pub async fn claim(
    connection: &mut PgConnection,
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
            where sent_at is null and next_attempt_at <= (select now from clock)
                and (claimed_until is null or claimed_until <= (select now from clock))
            order by next_attempt_at, id
            limit $1
            for update skip locked
        )
        update outbox set
            claimed_until = (select now from clock) + $2 * interval '1 second',
            attempts = attempts + 1
        from due
        where outbox.id = due.id
        returning outbox.id, attempts, address, subject, body, thread_id, created_at
        "#,
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
            address: row.address,
            mail: Mail::new(&row.subject, &row.body),
            thread: row.thread_id,
            at: row.created_at,
        })
        .collect())
}

/// Notes that a mail was sent. False if somebody else has taken it on since.
pub async fn sent(connection: &mut PgConnection, claim: &Claim) -> Result<bool, Error> {
    let noted = sqlx::query!(
        r#"
        update outbox set sent_at = instant(), claimed_until = null, last_error = null
        where id = $1 and attempts = $2 and sent_at is null
        "#,
        claim.id,
        claim.attempt,
    )
    .execute(connection)
    .await?;
    Ok(noted.rows_affected() == 1)
}

/// Notes that a mail was not sent and why, and that it is to be tried again after so many milliseconds; none: not again.
pub async fn failed(
    connection: &mut PgConnection,
    claim: &Claim,
    why: &str,
    pause_milliseconds: Option<i64>,
) -> Result<(), Error> {
    sqlx::query!(
        r#"
        update outbox set
            claimed_until = null,
            last_error = left($3, 1000),
            next_attempt_at = coalesce(instant() + $4::bigint * interval '1 millisecond', 'infinity')
        where id = $1 and attempts = $2 and sent_at is null
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

/// Milliseconds until a mail is to be sent, by the database's clock; none if none waits. Negative if overdue.
pub async fn next(connection: &mut PgConnection) -> Result<Option<i64>, Error> {
    Ok(sqlx::query_scalar!(
        r#"
        select ceil(extract(epoch from min(greatest(next_attempt_at, claimed_until)) - instant()) * 1000)::bigint
            as milliseconds
        from outbox
        where sent_at is null and next_attempt_at < 'infinity'
        "#,
    )
    .fetch_one(connection)
    .await?)
}
