//! What is due: found, ended and recorded in single statements, so that a crowd that is due at one instant is done quickly.
use sqlx::PgConnection;

use super::Change;
use crate::{
    domain::{id::RequestId, time::Instant},
    error::Error,
};

/// Milliseconds until the next thing is due, by the database's clock; none if nothing ever is. Negative if overdue.
pub async fn next(connection: &mut PgConnection) -> Result<Option<i64>, Error> {
    Ok(sqlx::query_scalar!(
        r#"
        select ceil(extract(epoch from least(
            (select min(ends_at) from assignments where ended_at is null and ends_at < 'infinity'),
            (select min(starts_at) from requests where state = 'scheduled'),
            (select min(expires_at) from requests where state = 'pending'),
            (select min(escalates_at) from request_stages where state = 'open' and escalated_at is null),
            (select min(due_at) from emergency_reviews where closed_at is null and reminded_at is null)
        ) - instant()) * 1000)::bigint as "milliseconds"
        "#,
    )
    .fetch_one(connection)
    .await?)
}

/// Ends the active assignments whose time is up, `limit` at most, each with its event. Says how many.
///
/// Servers share the work: what one is ending, the others skip.
pub async fn end_active(change: &mut Change, limit: i64) -> Result<usize, Error> {
    let at = change.at();
    let correlation = change.actor().correlation;
    let ended = sqlx::query!(
        r#"
        with due as (
            select id from assignments
            where kind = 'active' and ended_at is null and ends_at <= $1 and ends_at < 'infinity'
            order by ends_at
            limit $2
            for update skip locked
        ),
        ended as (
            update assignments set ended_at = $1, end_reason = 'expired'
            from due
            where assignments.id = due.id
            returning assignments.*
        )
        insert into audit_events (
            id, at, kind, outcome, actor_kind, actor_name, subject_id, subject_name, role_id, role_name, scope_id,
            scope_name, request_id, assignment_id, correlation_id, detail
        )
        select
            gen_random_uuid(), $1, case ended.origin when 'activated' then 'activation.ended' else 'assignment.expired' end,
            'success', 'system', 'Latchkey', ended.principal_id, case principals.kind when 'user' then persons.display_name else principals.name end,
            ended.role_id, roles.name, ended.scope_id, scopes.name, ended.request_id, ended.id, $3,
            json_build_object('because', 'expired', 'due', ended.ends_at)
        from ended
        join principals on principals.id = ended.principal_id
        left join persons on persons.id = principals.person_id
        join roles on roles.id = ended.role_id
        join scopes on scopes.id = ended.scope_id
        "#,
        at,
        limit,
        correlation,
    )
    .execute(change.connection())
    .await?;
    Ok(usize::try_from(ended.rows_affected()).unwrap_or(usize::MAX))
}

/// The eligibilities whose time is up, `limit` at most, held under lock.
pub async fn lock_eligibilities(change: &mut Change, limit: i64) -> Result<Vec<uuid::Uuid>, Error> {
    let at = change.at();
    Ok(sqlx::query_scalar!(
        r#"
        select id from assignments
        where kind = 'eligible' and ended_at is null and ends_at <= $1 and ends_at < 'infinity'
        order by ends_at
        limit $2
        for update skip locked
        "#,
        at,
        limit,
    )
    .fetch_all(change.connection())
    .await?)
}

/// Ends these eligibilities and what rests on them, each with its event.
pub async fn end_eligibilities(change: &mut Change, ids: &[uuid::Uuid]) -> Result<(), Error> {
    let at = change.at();
    let correlation = change.actor().correlation;
    sqlx::query!(
        r#"
        with closed as (
            update requests set state = 'failed', closed_at = $1, failure = 'The eligibility has ended.'
            where eligibility_id = any($2) and state in ('pending', 'scheduled')
            returning *
        ),
        ended as (
            update assignments
            set ended_at = $1, end_reason = case kind when 'eligible' then 'expired' else 'eligibility_ended' end::assignment_end
            where (id = any($2) or eligibility_id = any($2)) and ended_at is null
            returning *
        ),
        told as (
            select principal_id, role_id, scope_id, id as request_id, null::uuid as assignment_id, 'activation.failed' as kind,
                'refused' as outcome, json_build_object('rules', array['not_eligible'], 'reasons', failure) as detail
            from closed
            union all
            select principal_id, role_id, scope_id, request_id, id,
                case kind when 'eligible' then 'assignment.expired' else 'activation.ended' end,
                'success', json_build_object('because', end_reason, 'due', ends_at)
            from ended
        )
        insert into audit_events (
            id, at, kind, outcome, actor_kind, actor_name, subject_id, subject_name, role_id, role_name, scope_id,
            scope_name, request_id, assignment_id, correlation_id, detail
        )
        select
            gen_random_uuid(), $1, told.kind, told.outcome::audit_outcome, 'system', 'Latchkey', told.principal_id,
            case principals.kind when 'user' then persons.display_name else principals.name end, told.role_id, roles.name, told.scope_id, scopes.name,
            told.request_id, told.assignment_id, $3, told.detail
        from told
        join principals on principals.id = told.principal_id
        left join persons on persons.id = principals.person_id
        join roles on roles.id = told.role_id
        join scopes on scopes.id = told.scope_id
        "#,
        at,
        ids,
        correlation,
    )
    .execute(change.connection())
    .await?;
    Ok(())
}

/// Closes the pending requests that nobody decided in time, `limit` at most, each with its event. Says how many.
pub async fn expire_requests(change: &mut Change, limit: i64) -> Result<usize, Error> {
    let at = change.at();
    let correlation = change.actor().correlation;
    let expired = sqlx::query!(
        r#"
        with due as (
            select id from requests
            where state = 'pending' and expires_at <= $1 and not silence_approves(id)
            order by expires_at
            limit $2
            for update skip locked
        ),
        expired as (
            update requests set state = 'expired', closed_at = $1
            from due
            where requests.id = due.id
            returning requests.*
        )
        insert into audit_events (
            id, at, kind, outcome, actor_kind, actor_name, subject_id, subject_name, role_id, role_name, scope_id,
            scope_name, request_id, correlation_id, detail
        )
        select
            gen_random_uuid(), $1, 'request.expired', 'success', 'system', 'Latchkey', expired.principal_id,
            persons.display_name, expired.role_id, roles.name, expired.scope_id, scopes.name, expired.id, $3,
            json_build_object('due', expired.expires_at)
        from expired
        join persons on persons.id = expired.person_id
        join roles on roles.id = expired.role_id
        join scopes on scopes.id = expired.scope_id
        "#,
        at,
        limit,
        correlation,
    )
    .execute(change.connection())
    .await?;
    Ok(usize::try_from(expired.rows_affected()).unwrap_or(usize::MAX))
}

/// The pending requests whose stage is over in silence, where that means yes, `limit` at most. Nothing is locked.
pub async fn silent(connection: &mut PgConnection, limit: i64) -> Result<Vec<RequestId>, Error> {
    Ok(sqlx::query_scalar!(
        r#"
        select id as "id: RequestId" from requests
        where state = 'pending' and expires_at <= instant() and silence_approves(id)
        order by expires_at
        limit $1
        "#,
        limit,
    )
    .fetch_all(connection)
    .await?)
}

/// Whether silence means yes in the stage of a request that is open.
pub async fn silence_approves(
    connection: &mut PgConnection,
    request: RequestId,
) -> Result<bool, Error> {
    Ok(sqlx::query_scalar!(r#"select silence_approves($1) as "approves!""#, request.0)
        .fetch_one(connection)
        .await?)
}

/// The scheduled requests whose time has come, earliest first, `limit` at most. Nothing is locked.
pub async fn startable(
    connection: &mut PgConnection,
    limit: i64,
) -> Result<Vec<(RequestId, Instant)>, Error> {
    let rows = sqlx::query!(
        r#"
        select id as "id: RequestId", starts_at as "starts_at!" from requests
        where state = 'scheduled' and starts_at <= instant() and not in_quarantine()
        order by starts_at
        limit $1
        "#,
        limit,
    )
    .fetch_all(connection)
    .await?;
    Ok(rows.into_iter().map(|row| (row.id, row.starts_at)).collect())
}
