//! Whom terms concern: asked before and after a new version is written, to tell what it changes.
use sqlx::PgConnection;

use crate::{
    domain::{
        assignment::AssignmentKind,
        id::{AssignmentId, RequestId, RoleId, ScopeId, SettingsId},
        time::Instant,
    },
    error::Error,
};

/// An assignment that the terms in force would not allow to be made as it is.
#[derive(Clone, Debug)]
pub struct OutOfTerms {
    /// Which.
    pub assignment: AssignmentId,
    /// Eligible or active.
    pub kind: AssignmentKind,
    /// The name of whose it is.
    pub holder: String,
    /// The name of the place where it is held.
    pub place: String,
    /// When it ends; none if for good.
    pub ends_at: Option<Instant>,
}

/// A request that waits for an approver.
#[derive(Clone, Debug)]
pub struct Waiting {
    /// Which.
    pub request: RequestId,
    /// The name of whose it is.
    pub requester: String,
    /// Whether there is nobody who may decide it.
    pub undecidable: bool,
}

/// The open assignments of `role` at `scope` or below it that are without end, or longer, where the terms in force don't
/// allow it; five hundred at most.
pub async fn out_of_terms(
    connection: &mut PgConnection,
    role: RoleId,
    scope: ScopeId,
) -> Result<Vec<OutOfTerms>, Error> {
    Ok(sqlx::query_as!(
        OutOfTerms,
        r#"
        select
            assignments.id as "assignment: AssignmentId", assignments.kind as "kind: AssignmentKind",
            coalesce(display_name, principals.name) as "holder!", scopes.name as place,
            nullif(ends_at, 'infinity') as "ends_at: Instant"
        from assignments
        join scope_ancestors on scope_ancestors.scope_id = assignments.scope_id and ancestor_id = $2
        join scopes on scopes.id = assignments.scope_id
        join principals on principals.id = principal_id
        left join persons on persons.id = principals.person_id
        cross join lateral current_settings(role_id, assignments.scope_id) as terms
        cross join lateral (
            select
                case assignments.kind
                    when 'eligible' then eligible_may_be_permanent else active_may_be_permanent
                end as may_be_permanent,
                case assignments.kind
                    when 'eligible' then eligible_maximum_seconds else active_maximum_seconds
                end as maximum_seconds
        ) as allowed
        where assignments.role_id = $1 and ended_at is null and origin = 'assigned' and ends_at > instant()
            and case
                when ends_at = 'infinity' then not allowed.may_be_permanent
                else ends_at > starts_at + make_interval(secs => allowed.maximum_seconds::double precision)
            end
        order by 3, assignments.id
        limit 500
        "#,
        role.0,
        scope.0,
    )
    .fetch_all(connection)
    .await?)
}

/// How many are eligible for `role` and may activate it under these versions: at the versions' scopes, being eligible there
/// or above, or below, where those are the terms in force.
pub async fn eligible_under(
    connection: &mut PgConnection,
    role: RoleId,
    versions: &[SettingsId],
) -> Result<i64, Error> {
    let versions: Vec<_> = versions.iter().map(|version| version.0).collect();
    Ok(sqlx::query_scalar!(
        r#"
        select count(distinct held.principal_id) as "count!"
        from (select instant() as now) as clock
        cross join lateral live_eligibilities(clock.now) as held
        where held.role_id = $1 and (
            exists (
                select from role_settings as terms
                join scope_ancestors on scope_ancestors.scope_id = terms.scope_id and ancestor_id = held.scope_id
                where terms.id = any ($2)
            )
            or exists (
                select from current_settings(held.role_id, held.scope_id) as terms where terms.id = any ($2)
            )
        )
        "#,
        role.0,
        &versions,
    )
    .fetch_one(connection)
    .await?)
}

/// How many have activated `role` where these versions are in force.
pub async fn running_under(
    connection: &mut PgConnection,
    role: RoleId,
    versions: &[SettingsId],
) -> Result<i64, Error> {
    let versions: Vec<_> = versions.iter().map(|version| version.0).collect();
    Ok(sqlx::query_scalar!(
        r#"
        select count(*) as "count!"
        from (select instant() as now) as clock
        cross join lateral live_assignments(clock.now) as held
        where held.role_id = $1 and held.origin = 'activated' and exists (
            select from current_settings(held.role_id, held.scope_id) as terms where terms.id = any ($2)
        )
        "#,
        role.0,
        &versions,
    )
    .fetch_one(connection)
    .await?)
}

/// The requests for `role` that wait for an approver where these versions are in force; five hundred at most.
pub async fn waiting_under(
    connection: &mut PgConnection,
    role: RoleId,
    versions: &[SettingsId],
) -> Result<Vec<Waiting>, Error> {
    let versions: Vec<_> = versions.iter().map(|version| version.0).collect();
    Ok(sqlx::query_as!(
        Waiting,
        r#"
        select requests.id as "request: RequestId", display_name as requester,
            not exists (select from deciders_of(requests.id, clock.now)) as "undecidable!"
        from (select instant() as now) as clock
        cross join requests
        join persons on persons.id = requests.person_id
        where requests.role_id = $1 and state = 'pending' and exists (
            select from current_settings(requests.role_id, requests.scope_id) as terms where terms.id = any ($2)
        )
        order by requests.created_at, requests.id
        limit 500
        "#,
        role.0,
        &versions,
    )
    .fetch_all(connection)
    .await?)
}
