//! Reads the audit log: by filter, a page at a time from the newest, or all of it from the oldest.
use futures_util::{Stream, TryStreamExt};
use ipnet::IpNet;
use sqlx::PgConnection;
use uuid::Uuid;

use crate::{
    domain::{
        audit::{ActorKind, Cursor, Entry, Filter, Kind, Outcome, Seal},
        id::{AssignmentId, EventId, PersonId, PrincipalId, RequestId, RoleId, ScopeId, SessionId},
        time::Instant,
    },
    error::Error,
};

/// An event with its seal, as the tables hold it.
struct Row {
    id: EventId,
    transaction: i64,
    at: Instant,
    kind: String,
    outcome: Outcome,
    actor_kind: ActorKind,
    actor: Option<PrincipalId>,
    actor_person: Option<PersonId>,
    actor_name: String,
    subject: Option<PrincipalId>,
    subject_name: Option<String>,
    role: Option<RoleId>,
    role_name: Option<String>,
    scope: Option<ScopeId>,
    scope_name: Option<String>,
    request: Option<RequestId>,
    assignment: Option<AssignmentId>,
    target: Option<Uuid>,
    session: Option<SessionId>,
    address: Option<IpNet>,
    correlation: Option<Uuid>,
    detail: String,
    sequence: Option<i64>,
    sealed_at: Option<Instant>,
    previous_hash: Option<Vec<u8>>,
    hash: Option<Vec<u8>>,
}

impl TryFrom<Row> for Entry {
    type Error = Error;

    fn try_from(row: Row) -> Result<Self, Error> {
        let inconsistent = || Error::Inconsistent { table: "audit_seals", id: row.id.0 };
        let seal = match (row.sequence, row.sealed_at, row.previous_hash, row.hash) {
            (Some(sequence), Some(sealed_at), Some(previous), Some(hash)) => Some(Seal {
                sequence,
                sealed_at,
                previous: previous.try_into().map_err(|_| inconsistent())?,
                hash: hash.try_into().map_err(|_| inconsistent())?,
            }),
            _ => None,
        };
        Ok(Self {
            id: row.id,
            transaction: row.transaction,
            at: row.at,
            kind: row.kind,
            outcome: row.outcome,
            actor_kind: row.actor_kind,
            actor: row.actor,
            actor_person: row.actor_person,
            actor_name: row.actor_name,
            subject: row.subject,
            subject_name: row.subject_name,
            role: row.role,
            role_name: row.role_name,
            scope: row.scope,
            scope_name: row.scope_name,
            request: row.request,
            assignment: row.assignment,
            target: row.target,
            session: row.session,
            address: row.address,
            correlation: row.correlation,
            detail: row.detail,
            seal,
        })
    }
}

/// Makes Postgres plan each search of this transaction for the very filter that it has: what does not narrow falls away,
/// and the index that fits the rest is walked. A plan for any filter could use none.
pub async fn plan_each_search(connection: &mut PgConnection) -> Result<(), Error> {
    sqlx::query!("select set_config('plan_cache_mode', 'force_custom_plan', true)")
        .fetch_one(connection)
        .await?;
    Ok(())
}

/// The identifiers of the newest events that `filter` wants, `limit` of those before `cursor`.
///
/// Expects [`plan_each_search`].
pub async fn newest(
    connection: &mut PgConnection,
    filter: &Filter,
    cursor: Option<Cursor>,
    limit: i64,
) -> Result<Vec<EventId>, Error> {
    Ok(sqlx::query_scalar!(
        r#"
        select id as "id: EventId"
        from audit_events as events
        where
            ($1::uuid is null or request_id = $1)
            and ($2::uuid is null or actor_id = $2)
            and ($3::uuid is null or subject_id = $3)
            and ($4::uuid is null or actor_id = $4 or subject_id = $4)
            and ($5::uuid is null or role_id = $5)
            and ($6::text is null or kind = $6)
            and ($7::audit_outcome is null or outcome = $7)
            and at >= coalesce($8::timestamptz, '-infinity') and at < coalesce($9::timestamptz, 'infinity')
            and (at, id) < (coalesce($10::timestamptz, 'infinity'), coalesce($11::uuid, 'ffffffff-ffff-ffff-ffff-ffffffffffff'::uuid))
        order by at desc, id desc
        limit $12
        "#,
        filter.request.map(|id| id.0),
        filter.actor.map(|id| id.0),
        filter.subject.map(|id| id.0),
        filter.concerns.map(|id| id.0),
        filter.role.map(|id| id.0),
        filter.kind.map(Kind::name),
        filter.outcome as Option<Outcome>,
        filter.from as Option<Instant>,
        filter.until as Option<Instant>,
        cursor.map(|cursor| cursor.at) as Option<Instant>,
        cursor.map(|cursor| cursor.id.0),
        limit,
    )
    .fetch_all(connection)
    .await?)
}

/// The oldest events that `filter` wants, `limit` of those after `cursor`, as they come in.
///
/// Expects [`plan_each_search`].
pub fn oldest<'a>(
    connection: &'a mut PgConnection,
    filter: &Filter,
    cursor: Option<Cursor>,
    limit: i64,
) -> impl Stream<Item = Result<Entry, Error>> + use<'a> {
    sqlx::query_as!(
        Row,
        r#"
        select
            events.id as "id: EventId", events.transaction_id::text::bigint as "transaction!", events.at, events.kind,
            events.outcome as "outcome: Outcome", events.actor_kind as "actor_kind: ActorKind",
            events.actor_id as "actor: PrincipalId", events.actor_person_id as "actor_person: PersonId",
            events.actor_name, events.subject_id as "subject: PrincipalId", events.subject_name,
            events.role_id as "role: RoleId", events.role_name, events.scope_id as "scope: ScopeId",
            events.scope_name, events.request_id as "request: RequestId",
            events.assignment_id as "assignment: AssignmentId", events.target_id as target,
            events.session_id as "session: SessionId", events.client_address as "address: IpNet",
            events.correlation_id as correlation, events.detail::text as "detail!",
            seals.sequence as "sequence?", seals.sealed_at as "sealed_at?",
            seals.previous_hash as "previous_hash?", seals.hash as "hash?"
        from audit_events as events
        left join lateral (
            select * from audit_seals where event_id = events.id limit 1
        ) as seals on true
        where
            ($1::uuid is null or request_id = $1)
            and ($2::uuid is null or actor_id = $2)
            and ($3::uuid is null or subject_id = $3)
            and ($4::uuid is null or actor_id = $4 or subject_id = $4)
            and ($5::uuid is null or role_id = $5)
            and ($6::text is null or kind = $6)
            and ($7::audit_outcome is null or outcome = $7)
            and at >= coalesce($8::timestamptz, '-infinity') and at < coalesce($9::timestamptz, 'infinity')
            and (at, id) > (coalesce($10::timestamptz, '-infinity'), coalesce($11::uuid, '00000000-0000-0000-0000-000000000000'::uuid))
        order by at, events.id
        limit $12
        "#,
        filter.request.map(|id| id.0),
        filter.actor.map(|id| id.0),
        filter.subject.map(|id| id.0),
        filter.concerns.map(|id| id.0),
        filter.role.map(|id| id.0),
        filter.kind.map(Kind::name),
        filter.outcome as Option<Outcome>,
        filter.from as Option<Instant>,
        filter.until as Option<Instant>,
        cursor.map(|cursor| cursor.at) as Option<Instant>,
        cursor.map(|cursor| cursor.id.0),
        limit,
    )
    .fetch(connection)
    .map_err(Error::from)
    .and_then(async |row| row.try_into())
}

/// The events with these identifiers, in this order, as they come in. One that is gone is left out.
pub fn entries<'a>(
    connection: &'a mut PgConnection,
    ids: &'a [Uuid],
) -> impl Stream<Item = Result<Entry, Error>> + use<'a> {
    sqlx::query_as!(
        Row,
        r#"
        select
            events.id as "id: EventId", events.transaction_id::text::bigint as "transaction!", events.at, events.kind,
            events.outcome as "outcome: Outcome", events.actor_kind as "actor_kind: ActorKind",
            events.actor_id as "actor: PrincipalId", events.actor_person_id as "actor_person: PersonId",
            events.actor_name, events.subject_id as "subject: PrincipalId", events.subject_name,
            events.role_id as "role: RoleId", events.role_name, events.scope_id as "scope: ScopeId",
            events.scope_name, events.request_id as "request: RequestId",
            events.assignment_id as "assignment: AssignmentId", events.target_id as target,
            events.session_id as "session: SessionId", events.client_address as "address: IpNet",
            events.correlation_id as correlation, events.detail::text as "detail!",
            seals.sequence as "sequence?", seals.sealed_at as "sealed_at?",
            seals.previous_hash as "previous_hash?", seals.hash as "hash?"
        from unnest($1::uuid[]) with ordinality as wanted (id, place)
        join audit_events as events on events.id = wanted.id
        left join audit_seals as seals on event_id = events.id
        order by place
        "#,
        ids,
    )
    .fetch(connection)
    .map_err(Error::from)
    .and_then(async |row| row.try_into())
}
