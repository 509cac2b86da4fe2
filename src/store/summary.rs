//! What the summaries tell: figures of a week, and what waits.
use sqlx::PgConnection;

use crate::{
    domain::{
        id::{ChangeRequestId, PrincipalId, RequestId, RoleId, ScopeId},
        notice::summary::Unused,
        permission::Permission,
        time::Instant,
    },
    error::Error,
};

/// Somebody who administers a place, or could after activating a role.
#[derive(Clone, Copy, Debug)]
pub struct Administrator {
    /// Who.
    pub principal: PrincipalId,
    /// The topmost place on its way down.
    pub scope: ScopeId,
}

/// Everybody who is allowed this anywhere, now or after activating a role, with the topmost places where they are.
pub async fn administrators(
    connection: &mut PgConnection,
    permission: Permission,
    at: Instant,
) -> Result<Vec<Administrator>, Error> {
    Ok(sqlx::query_as!(
        Administrator,
        r#"
        with held as (
            select principal_id, role_id, scope_id from live_assignments($2)
            union
            select principal_id, role_id, scope_id from live_eligibilities($2)
        ),
        ways as materialized (
            select distinct candidates.id, held.scope_id
            from held
            join roles on roles.id = held.role_id and $1 = any (roles.permissions)
            join principals as holders on holders.id = held.principal_id
            cross join lateral (
                select holders.id where holders.kind = 'user'
                union all
                select members.principal_id from members_of(holders.id, $2) as members where holders.kind = 'group'
            ) as candidates (id)
        )
        select ways.id as "principal!: PrincipalId", ways.scope_id as "scope!: ScopeId"
        from ways
        join principals on principals.id = ways.id and principals.kind = 'user' and principals.disabled_at is null
        where not exists (
            select from scope_ancestors
            join ways as higher on higher.id = ways.id and higher.scope_id = ancestor_id
            where scope_ancestors.scope_id = ways.scope_id and depth > 0
        )
        order by ways.scope_id, ways.id
        "#,
        permission.name(),
        at,
    )
    .fetch_all(connection)
    .await?)
}

/// The figures of a span of time below a place.
#[derive(Clone, Debug)]
pub struct Figures {
    /// The name of the place.
    pub place: String,
    /// How many people activated roles.
    pub people: i64,
    /// How often.
    pub activations: i64,
    /// How many assignments were made without end, to hold without activation.
    pub permanent: i64,
    /// How many with an end, to hold without activation.
    pub active: i64,
    /// How many to be eligible.
    pub eligible: i64,
}

/// What was done below `scope` from one moment to another.
pub async fn figures(
    connection: &mut PgConnection,
    scope: ScopeId,
    (from, to): (Instant, Instant),
) -> Result<Figures, Error> {
    Ok(sqlx::query_as!(
        Figures,
        r#"
        select
            (select name from scopes where id = $1) as "place!",
            count(distinct principals.person_id) filter (where made.origin = 'activated' and requests.kind = 'activate')
                as "people!",
            count(*) filter (where made.origin = 'activated' and requests.kind = 'activate') as "activations!",
            count(*) filter (where made.origin = 'assigned' and made.kind = 'active' and made.ends_at = 'infinity')
                as "permanent!",
            count(*) filter (where made.origin = 'assigned' and made.kind = 'active' and made.ends_at < 'infinity')
                as "active!",
            count(*) filter (where made.kind = 'eligible') as "eligible!"
        from assignments as made
        join scope_ancestors on scope_ancestors.scope_id = made.scope_id and ancestor_id = $1
        join principals on principals.id = made.principal_id
        left join requests on requests.id = made.request_id
        where made.created_at >= $2 and made.created_at < $3
        "#,
        scope.0,
        from,
        to,
    )
    .fetch_one(connection)
    .await?)
}

/// A role with how many hold it.
#[derive(Clone, Debug)]
pub struct Ranked {
    /// Which.
    pub role: RoleId,
    /// Its name.
    pub name: String,
    /// How many hold it for good or are eligible for it.
    pub holders: i64,
}

/// The roles that the most hold for good or are eligible for below `scope`, most first; Member aside.
pub async fn top_roles(
    connection: &mut PgConnection,
    scope: ScopeId,
    at: Instant,
    limit: i64,
) -> Result<Vec<Ranked>, Error> {
    Ok(sqlx::query_as!(
        Ranked,
        r#"
        select roles.id as "role: RoleId", roles.name, held.holders as "holders!"
        from (
            select role_id, count(distinct principal_id) as holders
            from assignments
            join scope_ancestors on scope_ancestors.scope_id = assignments.scope_id and ancestor_id = $1
            where ended_at is null and starts_at <= $2 and ends_at > $2
                and (kind = 'eligible' or origin = 'assigned' and ends_at = 'infinity')
                and role_id <> '00000000-0000-8000-8000-000000000008'
            group by role_id
            order by holders desc, role_id
            limit $3
        ) as held
        join roles on roles.id = held.role_id
        order by held.holders desc, roles.name_folded
        "#,
        scope.0,
        at,
        limit,
    )
    .fetch_all(connection)
    .await?)
}

/// Terms that changed.
#[derive(Clone, Debug)]
pub struct Changed {
    /// Of which role.
    pub role: RoleId,
    /// Its name.
    pub role_name: String,
    /// Where.
    pub scope: ScopeId,
    /// Its name.
    pub scope_name: String,
    /// By whom; none if by Latchkey itself.
    pub by: Option<String>,
}

/// The terms that somebody changed below `scope` from one moment to another, newest first; each role and place once.
pub async fn changed_settings(
    connection: &mut PgConnection,
    scope: ScopeId,
    (from, to): (Instant, Instant),
    limit: i64,
) -> Result<Vec<Changed>, Error> {
    Ok(sqlx::query_as!(
        Changed,
        r#"
        select role_id as "role!: RoleId", role_name as "role_name!", scope_id as "scope!: ScopeId",
            scope_name as "scope_name!", author as by
        from (
            select distinct on (terms.role_id, terms.scope_id)
                terms.role_id, roles.name as role_name, terms.scope_id, scopes.name as scope_name, terms.created_at,
                coalesce(
                    (select name from principals where id = author_id and kind = 'service_principal'),
                    (select display_name from persons where id = author_person_id)
                ) as author
            from role_settings as terms
            join scope_ancestors on scope_ancestors.scope_id = terms.scope_id and ancestor_id = $1
            join roles on roles.id = terms.role_id
            join scopes on scopes.id = terms.scope_id
            where terms.created_at >= $2 and terms.created_at < $3 and because_id is null
            order by terms.role_id, terms.scope_id, terms.version desc
        ) as newest
        order by created_at desc
        limit $4
        "#,
        scope.0,
        from,
        to,
        limit,
    )
    .fetch_all(connection)
    .await?)
}

/// The eligibilities below `scope` that were there for ninety days and not used, oldest first, and how many those are; no
/// more than a thousand are counted.
pub async fn unused(
    connection: &mut PgConnection,
    scope: ScopeId,
    at: Instant,
    limit: i64,
) -> Result<(Vec<Unused>, i64), Error> {
    let rows = sqlx::query!(
        r#"
        with idle as materialized (
            select held.id, held.principal_id, held.role_id, held.scope_id, held.created_at
            from live_eligibilities($2) as held
            join scope_ancestors on scope_ancestors.scope_id = held.scope_id and ancestor_id = $1
            where held.created_at < $2::timestamptz - interval '90 days'
                and not exists (
                    select from assignments as used
                    where used.eligibility_id = held.id and used.created_at > $2::timestamptz - interval '90 days'
                )
            order by held.created_at, held.id
            limit 1000
        )
        select case principals.kind when 'user' then display_name else principals.name end as "holder!",
            roles.name as role, scopes.name as scope, (select count(*) from idle) as "count!"
        from (select * from idle order by created_at, id limit $3) as idle
        join principals on principals.id = idle.principal_id
        left join persons on persons.id = principals.person_id
        join roles on roles.id = idle.role_id
        join scopes on scopes.id = idle.scope_id
        order by idle.created_at, idle.id
        "#,
        scope.0,
        at,
        limit,
    )
    .fetch_all(connection)
    .await?;
    let count = rows.first().map_or(0, |row| row.count);
    let unused =
        rows.into_iter().map(|row| Unused { holder: row.holder, role: row.role, scope: row.scope });
    Ok((unused.collect(), count))
}

/// The requests that wait at this moment, soonest to lapse first.
pub async fn pending_requests(
    connection: &mut PgConnection,
    at: Instant,
) -> Result<Vec<RequestId>, Error> {
    Ok(sqlx::query_scalar!(
        r#"
        select id as "id: RequestId" from requests
        where state = 'pending' and expires_at > $1
        order by expires_at, id
        "#,
        at,
    )
    .fetch_all(connection)
    .await?)
}

/// The changes that wait for a word at this moment, soonest to lapse first.
pub async fn pending_changes(
    connection: &mut PgConnection,
    at: Instant,
) -> Result<Vec<ChangeRequestId>, Error> {
    Ok(sqlx::query_scalar!(
        r#"
        select id as "id: ChangeRequestId" from change_requests
        where state = 'pending' and expires_at > $1
        order by expires_at, id
        "#,
        at,
    )
    .fetch_all(connection)
    .await?)
}
