//! What the database holds of what was said of it outside, and what came of it when it did not.
use sqlx::PgConnection;
use uuid::Uuid;

use super::Change;
use crate::{
    domain::{
        audit::Head,
        id::{PrincipalId, SessionId},
        text::Justification,
        time::Instant,
        witness::Statement,
    },
    error::Error,
};

/// What a statement is compared with.
#[derive(Clone, Copy, Debug)]
pub struct Held {
    /// The epoch.
    pub epoch: i32,
    /// The hash under the statement's number, if there is one.
    pub hash: Option<[u8; 32]>,
    /// Where the log ends.
    pub head: Head,
    /// Whether it is known already that the database was put back.
    pub quarantined: bool,
    /// The time.
    pub now: Instant,
}

/// What the database holds under a number of the audit log.
pub async fn held(connection: &mut PgConnection, sequence: i64) -> Result<Held, Error> {
    let row = sqlx::query!(
        r#"
        select
            (select max(number) from epochs) as "epoch!", audit_seals.hash as "hash?", audit_head.sequence,
            audit_head.hash as head_hash, in_quarantine() as "quarantined!", instant() as "now!: Instant"
        from audit_head
        left join audit_seals on audit_seals.sequence = $1
        "#,
        sequence,
    )
    .fetch_one(connection)
    .await?;
    let whole = |hash: Vec<u8>| {
        hash.try_into().map_err(|_| Error::Inconsistent { table: "audit_seals", id: Uuid::nil() })
    };
    Ok(Held {
        epoch: row.epoch,
        hash: row.hash.map(whole).transpose()?,
        head: Head { sequence: row.sequence, hash: whole(row.head_hash)? },
        quarantined: row.quarantined,
        now: row.now,
    })
}

/// Puts the database into quarantine. False if it is already.
pub async fn begin_quarantine(
    change: &mut Change,
    id: Uuid,
    said: &Statement,
    held: &Held,
) -> Result<bool, Error> {
    let at = change.at();
    let begun = sqlx::query!(
        r#"
        insert into quarantines (
            id, begun_at, epoch, witnessed_epoch, witnessed_sequence, witnessed_hash, witnessed_at, found_sequence, found_hash
        )
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
        on conflict ((true)) where ended_by is null do nothing
        "#,
        id,
        at,
        held.epoch,
        said.epoch,
        said.head.sequence,
        said.head.hash.as_slice(),
        said.at,
        held.head.sequence,
        held.head.hash.as_slice(),
    )
    .execute(change.connection())
    .await?;
    Ok(begun.rows_affected() == 1)
}

/// A quarantine that has not ended.
#[derive(Clone, Debug)]
pub struct Quarantine {
    /// Which.
    pub id: Uuid,
    /// Since when.
    pub begun_at: Instant,
    /// The epoch that is to end with it.
    pub epoch: i32,
    /// The number up to which the log went by the witness.
    pub witnessed_sequence: i64,
    /// When the witness said so.
    pub witnessed_at: Instant,
    /// The number at which the log ended instead.
    pub found_sequence: i64,
}

/// The quarantine, if there is one.
pub async fn quarantine(connection: &mut PgConnection) -> Result<Option<Quarantine>, Error> {
    Ok(sqlx::query_as!(
        Quarantine,
        r#"
        select id, begun_at, epoch, witnessed_sequence, witnessed_at, found_sequence
        from quarantines where ended_by is null
        "#,
    )
    .fetch_optional(connection)
    .await?)
}

/// Refuses if nobody may activate anything now: the database was put back, or its clock went back.
pub async fn let_activate(connection: &mut PgConnection) -> Result<(), Error> {
    let found = sqlx::query!(
        r#"select in_quarantine() as "quarantined!", clock_went_back() as "clock_went_back!""#
    )
    .fetch_one(connection)
    .await?;
    if found.quarantined {
        return Err(Error::Conflict(
            "the database was put back to an earlier state: nobody activates anything until an emergency account has looked at it"
                .to_owned(),
        ));
    }
    if found.clock_went_back {
        return Err(Error::Conflict(
            "the clock of the database went back: nobody activates anything until it is right again"
                .to_owned(),
        ));
    }
    Ok(())
}

/// The time, and whether nothing that was activated is in force, since the database was put back.
pub async fn now_and_quarantine(connection: &mut PgConnection) -> Result<(Instant, bool), Error> {
    let found =
        sqlx::query!(r#"select instant() as "now!: Instant", in_quarantine() as "quarantined!""#)
            .fetch_one(connection)
            .await?;
    Ok((found.now, found.quarantined))
}

/// Begins the epoch after `epoch`, and ends the quarantine with it.
pub async fn begin_epoch(
    change: &mut Change,
    quarantine: &Quarantine,
    by: PrincipalId,
    why: &Justification,
) -> Result<i32, Error> {
    let (at, number) = (change.at(), quarantine.epoch + 1);
    sqlx::query!(
        "insert into epochs (number, started_at, started_by, reason) values ($1, $2, $3, $4)",
        number,
        at,
        by.0,
        why.as_str(),
    )
    .execute(change.connection())
    .await?;
    sqlx::query!("update quarantines set ended_by = $2 where id = $1", quarantine.id, number)
        .execute(change.connection())
        .await?;
    Ok(number)
}

/// Ends every activation and closes every open request, each with its event: all of them are what was before.
pub async fn end_what_was_before(change: &mut Change) -> Result<(), Error> {
    let at = change.at();
    let correlation = change.actor().correlation;
    sqlx::query!(
        r#"
        with closed as (
            update requests set state = 'failed', closed_at = $1,
                failure = 'The database was put back to an earlier state. Ask again.'
            where state in ('pending', 'scheduled')
            returning *
        ),
        ended as (
            update assignments set ended_at = $1, end_reason = 'restored'
            where origin = 'activated' and ended_at is null
            returning *
        ),
        told as (
            select principal_id, role_id, scope_id, id as request_id, null::uuid as assignment_id, 'activation.failed' as kind,
                'refused' as outcome, json_build_object('rules', array['restored'], 'reasons', failure) as detail
            from closed
            union all
            select principal_id, role_id, scope_id, request_id, id, 'activation.ended', 'success',
                json_build_object('because', end_reason, 'due', ends_at)
            from ended
        )
        insert into audit_events (
            id, at, kind, outcome, actor_kind, actor_name, subject_id, subject_name, role_id, role_name, scope_id,
            scope_name, request_id, assignment_id, correlation_id, detail
        )
        select
            gen_random_uuid(), $1, told.kind, told.outcome::audit_outcome, 'system', 'Latchkey', told.principal_id,
            persons.display_name, told.role_id, roles.name, told.scope_id, scopes.name, told.request_id, told.assignment_id,
            $2, told.detail
        from told
        join principals on principals.id = told.principal_id
        left join persons on persons.id = principals.person_id
        join roles on roles.id = told.role_id
        join scopes on scopes.id = told.scope_id
        "#,
        at,
        correlation,
    )
    .execute(change.connection())
    .await?;
    Ok(())
}

/// Ends every session but one, takes back every one-time link, and every token with its event: some of them may have been ended
/// before, in what is gone.
pub async fn end_ways_in(change: &mut Change, but: SessionId) -> Result<(), Error> {
    let at = change.at();
    let correlation = change.actor().correlation;
    sqlx::query!(
        "update sessions set ended_at = $1 where ended_at is null and id <> $2",
        at,
        but.0
    )
    .execute(change.connection())
    .await?;
    sqlx::query!(
        "update one_time_links set revoked_at = $1 where used_at is null and revoked_at is null",
        at
    )
    .execute(change.connection())
    .await?;
    sqlx::query!(
        r#"
        with revoked as (
            update access_tokens set revoked_at = $1
            where revoked_at is null and expires_at > $1
            returning id, principal_id
        )
        insert into audit_events (
            id, at, kind, outcome, actor_kind, actor_name, subject_id, subject_name, target_id, correlation_id, detail
        )
        select gen_random_uuid(), $1, 'token.revoked', 'success', 'system', 'Latchkey', principals.id,
            coalesce(persons.display_name, principals.name), revoked.id, $2, json_build_object('because', 'restored')
        from revoked
        join principals on principals.id = revoked.principal_id
        left join persons on persons.id = principals.person_id and principals.kind = 'user'
        "#,
        at,
        correlation,
    )
    .execute(change.connection())
    .await?;
    Ok(())
}
