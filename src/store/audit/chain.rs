//! The chain: what is to be sealed, the seals, and where the chain ends.
use sqlx::PgConnection;
use uuid::Uuid;

use crate::{
    domain::{
        audit::{Chain, Head, Seal},
        id::EventId,
        time::Instant,
    },
    error::Error,
};

/// The lock that whoever seals holds until its transaction ends.
const SEALER: i64 = 0x4c61_7463_6853_6561;

/// What whoever seals begins with.
#[derive(Clone, Debug)]
pub struct Turn {
    /// The chain so far.
    pub chain: Chain,
    /// The time.
    pub now: Instant,
    /// The oldest transaction that was running when the turn began: what earlier ones wrote is visible, or never will be.
    pub horizon: i64,
    /// Whether the database was restored to where transactions have lower numbers than the events that it holds, so
    /// that numbers do not tell which events are new.
    pub restored: bool,
}

/// Takes the turn to seal; none if somebody else has it.
pub async fn take_turn(connection: &mut PgConnection) -> Result<Option<Turn>, Error> {
    let taken = sqlx::query_scalar!(r#"select pg_try_advisory_xact_lock($1) as "taken!""#, SEALER)
        .fetch_one(&mut *connection)
        .await?;
    if !taken {
        return Ok(None);
    }
    // A statement of its own: what the last holder of the turn has committed is visible only to one that begins now.
    let head = sqlx::query!(
        r#"
        select
            audit_head.sequence, audit_head.hash, sealed_at as "sealed_at?", instant() as "now!",
            pg_snapshot_xmin(pg_current_snapshot())::text::bigint as "horizon!",
            settled_before > pg_snapshot_xmax(pg_current_snapshot()) as "restored!"
        from audit_head
        left join audit_seals on audit_seals.sequence = audit_head.sequence
        "#,
    )
    .fetch_one(connection)
    .await?;
    let end = Head { sequence: head.sequence, hash: hash_of(head.hash)? };
    let chain = Chain::from(end, head.sealed_at);
    Ok(Some(Turn { chain, now: head.now, horizon: head.horizon, restored: head.restored }))
}

/// An event that has no seal.
#[derive(Clone, Copy, Debug)]
pub struct Unsealed {
    /// The event.
    pub id: Uuid,
    /// The transaction that wrote it.
    pub transaction: i64,
}

/// The events that have no seal, of transactions since the last look: the first `limit` by the number of their transaction.
pub async fn unsealed(connection: &mut PgConnection, limit: i64) -> Result<Vec<Unsealed>, Error> {
    Ok(sqlx::query_as!(
        Unsealed,
        r#"
        select id, transaction_id::text::bigint as "transaction!"
        from audit_events
        where transaction_id >= (select settled_before from audit_head)
            and transaction_id < pg_snapshot_xmax(pg_current_snapshot())
            and not exists (select from audit_seals where event_id = id)
        order by audit_events.transaction_id
        limit $1
        "#,
        limit,
    )
    .fetch_all(connection)
    .await?)
}

/// The events that have no seal, whatever their transactions: looks at the whole log, and is slow.
pub async fn unsealed_anywhere(
    connection: &mut PgConnection,
    limit: i64,
) -> Result<Vec<Unsealed>, Error> {
    Ok(sqlx::query_as!(
        Unsealed,
        r#"
        select id, transaction_id::text::bigint as "transaction!"
        from audit_events
        where not exists (select from audit_seals where event_id = id)
        order by audit_events.transaction_id
        limit $1
        "#,
        limit,
    )
    .fetch_all(connection)
    .await?)
}

/// Whether the log holds events of transactions that this database has yet to come to: those of before a restore.
pub async fn holds_restored(connection: &mut PgConnection) -> Result<bool, Error> {
    Ok(sqlx::query_scalar!(
        r#"
        select coalesce(max(transaction_id) >= pg_snapshot_xmax(pg_current_snapshot()), false) as "restored!"
        from audit_events
        "#,
    )
    .fetch_one(connection)
    .await?)
}

/// Adds seals to the end of the chain.
pub async fn add_seals(
    connection: &mut PgConnection,
    seals: &[(EventId, Seal)],
) -> Result<(), Error> {
    let ids: Vec<Uuid> = seals.iter().map(|(id, _)| id.0).collect();
    let sequences: Vec<i64> = seals.iter().map(|(_, seal)| seal.sequence).collect();
    let times: Vec<Instant> = seals.iter().map(|(_, seal)| seal.sealed_at).collect();
    let previous: Vec<Vec<u8>> = seals.iter().map(|(_, seal)| seal.previous.to_vec()).collect();
    let hashes: Vec<Vec<u8>> = seals.iter().map(|(_, seal)| seal.hash.to_vec()).collect();
    sqlx::query!(
        r#"
        insert into audit_seals (sequence, event_id, sealed_at, previous_hash, hash)
        select * from unnest($1::bigint[], $2::uuid[], $3::timestamptz[], $4::bytea[], $5::bytea[])
        "#,
        &sequences,
        &ids,
        &times as &[Instant],
        &previous,
        &hashes,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Notes where the chain ends now; and, if it is known, before which transaction everything is sealed.
pub async fn move_head(
    connection: &mut PgConnection,
    head: &Head,
    settled_before: Option<i64>,
) -> Result<(), Error> {
    sqlx::query!(
        r#"
        update audit_head set
            sequence = $1, hash = $2, settled_before = coalesce($3::bigint::text::xid8, settled_before)
        "#,
        head.sequence,
        head.hash.as_slice(),
        settled_before,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Where the chain ends.
pub async fn head(connection: &mut PgConnection) -> Result<Head, Error> {
    let head = sqlx::query!("select sequence, hash from audit_head").fetch_one(connection).await?;
    Ok(Head { sequence: head.sequence, hash: hash_of(head.hash)? })
}

/// What waits to be sealed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Waiting {
    /// How many events.
    pub unsealed: i64,
    /// For how many milliseconds the oldest of them has waited; none if there are none.
    pub oldest_milliseconds: Option<i64>,
}

/// What waits to be sealed.
pub async fn waiting(connection: &mut PgConnection) -> Result<Waiting, Error> {
    Ok(sqlx::query_as!(
        Waiting,
        r#"
        select
            count(*) as "unsealed!",
            (extract(epoch from instant() - min(at)) * 1000)::bigint as oldest_milliseconds
        from audit_events
        where transaction_id >= (select settled_before from audit_head)
            and transaction_id < pg_snapshot_xmax(pg_current_snapshot())
            and not exists (select from audit_seals where event_id = id)
        "#,
    )
    .fetch_one(connection)
    .await?)
}

/// The seals after number `after` up to number `last`, in order, `limit` of them.
pub async fn seals(
    connection: &mut PgConnection,
    after: i64,
    last: i64,
    limit: i64,
) -> Result<Vec<(EventId, Seal)>, Error> {
    sqlx::query!(
        r#"
        select sequence, event_id, sealed_at, previous_hash, hash
        from audit_seals
        where sequence > $1 and sequence <= $2
        order by sequence
        limit $3
        "#,
        after,
        last,
        limit,
    )
    .fetch_all(connection)
    .await?
    .into_iter()
    .map(|row| {
        let seal = Seal {
            sequence: row.sequence,
            sealed_at: row.sealed_at,
            previous: hash_of(row.previous_hash)?,
            hash: hash_of(row.hash)?,
        };
        Ok((EventId(row.event_id), seal))
    })
    .collect()
}

/// The first number given beyond `last`, if there is one.
pub async fn beyond(connection: &mut PgConnection, last: i64) -> Result<Option<i64>, Error> {
    Ok(sqlx::query_scalar!("select min(sequence) from audit_seals where sequence > $1", last)
        .fetch_one(connection)
        .await?)
}

/// What a walk along the whole chain found.
#[derive(Clone, Debug)]
pub struct Verified {
    /// When it began.
    pub verified_at: Instant,
    /// How many events were found in order.
    pub sealed: i64,
    /// Where the chain ended.
    pub head: Head,
    /// The number of the first bad event.
    pub first_bad: Option<i64>,
    /// That event.
    pub first_bad_event: Option<EventId>,
    /// What is wrong with it.
    pub problem: Option<String>,
}

/// Keeps what a walk found, unless a later one has been kept.
pub async fn keep_verification(
    connection: &mut PgConnection,
    found: &Verified,
) -> Result<(), Error> {
    sqlx::query!(
        r#"
        insert into audit_verification
            (verified_at, sealed, head_sequence, head_hash, first_bad, first_bad_event, problem)
        values ($1, $2, $3, $4, $5, $6, $7)
        on conflict (only_one) do update set
            verified_at = excluded.verified_at, sealed = excluded.sealed, head_sequence = excluded.head_sequence,
            head_hash = excluded.head_hash, first_bad = excluded.first_bad,
            first_bad_event = excluded.first_bad_event, problem = excluded.problem
        where audit_verification.verified_at <= excluded.verified_at
        "#,
        found.verified_at,
        found.sealed,
        found.head.sequence,
        found.head.hash.as_slice(),
        found.first_bad,
        found.first_bad_event.map(|id| id.0),
        found.problem.as_deref(),
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// What the last walk found.
pub async fn last_verification(connection: &mut PgConnection) -> Result<Option<Verified>, Error> {
    sqlx::query!(
        r#"
        select
            verified_at, sealed, head_sequence, head_hash, first_bad, first_bad_event as "first_bad_event: EventId",
            problem
        from audit_verification
        "#,
    )
    .fetch_optional(connection)
    .await?
    .map(|row| {
        Ok(Verified {
            verified_at: row.verified_at,
            sealed: row.sealed,
            head: Head { sequence: row.head_sequence, hash: hash_of(row.head_hash)? },
            first_bad: row.first_bad,
            first_bad_event: row.first_bad_event,
            problem: row.problem,
        })
    })
    .transpose()
}

fn hash_of(bytes: Vec<u8>) -> Result<[u8; 32], Error> {
    bytes.try_into().map_err(|_| Error::Inconsistent { table: "audit_seals", id: Uuid::nil() })
}
