//! Requests as they are told: one, lists, and those that wait for somebody.
use sqlx::PgConnection;

use crate::{
    domain::{
        assignment::AssignmentEnd,
        id::{AssignmentId, PersonId, PrincipalId, RequestId, RoleId, ScopeId, SettingsId},
        request::{RequestKind, RequestState, Verdict},
        time::Instant,
    },
    error::Error,
};

/// A request as it is told.
#[derive(Clone, Debug)]
pub struct Told {
    /// Which.
    pub id: RequestId,
    /// Whether it is for more time.
    pub kind: RequestKind,
    /// Where it stands.
    pub state: RequestState,
    /// Who asks.
    pub principal: PrincipalId,
    /// The human being behind it.
    pub person: PersonId,
    /// Their name.
    pub requester: String,
    /// For which role.
    pub role: RoleId,
    /// Its name.
    pub role_name: String,
    /// At which scope.
    pub scope: ScopeId,
    /// Its name.
    pub scope_name: String,
    /// The terms that were pinned.
    pub settings: SettingsId,
    /// For how many seconds.
    pub requested_seconds: i64,
    /// What an approver left of that.
    pub granted_seconds: Option<i64>,
    /// From when, if later.
    pub starts_at: Option<Instant>,
    /// Why.
    pub justification: String,
    /// The ticket.
    pub ticket_number: String,
    /// Where it is.
    pub ticket_system: String,
    /// Whether it was an emergency that skipped approval.
    pub emergency: bool,
    /// When it was made.
    pub created_at: Instant,
    /// When it lapses if it is pending.
    pub expires_at: Option<Instant>,
    /// When it was closed.
    pub closed_at: Option<Instant>,
    /// Why it failed.
    pub failure: Option<String>,
    /// The activation that it gave.
    pub assignment: Option<AssignmentId>,
    /// When that began.
    pub active_from: Option<Instant>,
    /// When that ends, or would have.
    pub active_until: Option<Instant>,
    /// When that was ended.
    pub ended_at: Option<Instant>,
    /// Why that was ended.
    pub end_reason: Option<AssignmentEnd>,
    /// What an approver said.
    pub verdict: Option<Verdict>,
    /// Which approver.
    pub decided_by: Option<String>,
    /// When.
    pub decided_at: Option<Instant>,
    /// Why.
    pub decision_justification: Option<String>,
}

/// Which requests are wanted.
#[derive(Clone, Copy, Debug, Default)]
pub struct Wanted<'a> {
    /// Those of this account.
    pub principal: Option<PrincipalId>,
    /// Those for this role.
    pub role: Option<RoleId>,
    /// Those that are open, or those that are closed.
    pub open: Option<bool>,
    /// Those that this account has decided.
    pub decided_by: Option<PrincipalId>,
    /// Those that come after this one in the list, newest first.
    pub after: Option<(Instant, RequestId)>,
    /// Those at or below these places.
    pub places: Option<&'a [ScopeId]>,
}

/// Reads requests as they are [told](Told). What is looked for stands in the text, since the database keeps its plan for each
/// text: one with every condition that anybody may have would be planned anew each time.
macro_rules! told {
    ($conditions:literal, $($given:expr),+ $(,)?) => {
        sqlx::query_as!(
            Told,
            r#"
            select
                requests.id as "id: RequestId", requests.kind as "kind: RequestKind", state as "state: RequestState",
                requests.principal_id as "principal: PrincipalId", requests.person_id as "person: PersonId",
                persons.display_name as requester, requests.role_id as "role: RoleId", roles.name as role_name,
                requests.scope_id as "scope: ScopeId", scopes.name as scope_name,
                requests.settings_id as "settings: SettingsId", requested_seconds, granted_seconds, requests.starts_at,
                requests.justification, ticket_number, ticket_system, emergency, requests.created_at, expires_at, closed_at, failure,
                given.id as "assignment?: AssignmentId", given.starts_at as "active_from?", given.ends_at as "active_until?",
                given.ended_at as "ended_at?", given.end_reason as "end_reason?: AssignmentEnd", decision.verdict as "verdict?: Verdict",
                decision.display_name as "decided_by?", decision.created_at as "decided_at?",
                decision.justification as "decision_justification?"
            from requests
            join persons on persons.id = requests.person_id
            join roles on roles.id = requests.role_id
            join scopes on scopes.id = requests.scope_id
            left join assignments as given on given.request_id = requests.id
            left join lateral (
                select verdict, decisions.created_at, decisions.justification, display_name
                from decisions
                join persons on persons.id = approver_person_id
                where request_id = requests.id
                order by decisions.created_at desc
                limit 1
            ) as decision on true
            "# + $conditions,
            $($given),+
        )
    };
}

/// Requests, newest first, `limit` at most.
pub async fn list(
    connection: &mut PgConnection,
    wanted: Wanted<'_>,
    limit: i64,
) -> Result<Vec<Told>, Error> {
    let places = crate::store::ids(wanted.places);
    let wanted = told!(
        r#"
        where ($1::uuid is null or requests.principal_id = $1)
            and ($2::uuid is null or requests.role_id = $2)
            and ($3::boolean is null or (state in ('pending', 'scheduled')) = $3)
            -- By the latest of the approver's own decisions, so that those of all others are not walked past.
            and ($4::uuid is null or requests.id = any(array(
                select request_id from decisions where approver_id = $4 order by created_at desc limit $7
            )))
            and ($5::timestamptz is null or (requests.created_at, requests.id) < ($5, $6::uuid))
            and ($8::uuid[] is null or exists (
                select from scope_ancestors
                where scope_ancestors.scope_id = requests.scope_id and ancestor_id = any($8)
            ))
        order by requests.created_at desc, requests.id desc
        limit $7
        "#,
        wanted.principal.map(|id| id.0),
        wanted.role.map(|id| id.0),
        wanted.open,
        wanted.decided_by.map(|id| id.0),
        wanted.after.map(|(at, _)| at),
        wanted.after.map(|(_, id)| id.0),
        limit,
        places.as_deref(),
    );
    Ok(wanted.fetch_all(connection).await?)
}

/// What an account has asked for that is open, newest first, `limit` at most.
pub async fn open_of(
    connection: &mut PgConnection,
    principal: PrincipalId,
    limit: i64,
) -> Result<Vec<Told>, Error> {
    let open = told!(
        r#"
        where requests.principal_id = $1 and state in ('pending', 'scheduled')
        order by requests.created_at desc, requests.id desc
        limit $2
        "#,
        principal.0,
        limit,
    );
    Ok(open.fetch_all(connection).await?)
}

/// Whether this account has decided that request.
pub async fn has_decided(
    connection: &mut PgConnection,
    approver: PrincipalId,
    request: RequestId,
) -> Result<bool, Error> {
    Ok(sqlx::query_scalar!(
        r#"select exists (select from decisions where request_id = $1 and approver_id = $2) as "decided!""#,
        request.0,
        approver.0,
    )
    .fetch_one(connection)
    .await?)
}

/// The pending requests that `approver` may decide, oldest first, `limit` at most.
#[expect(clippy::too_many_lines, reason = "one statement, so that all of it is true at one moment")]
pub async fn awaiting(
    connection: &mut PgConnection,
    approver: PrincipalId,
    limit: i64,
) -> Result<Vec<RequestId>, Error> {
    Ok(sqlx::query_scalar!(
        r#"
        with clock as materialized (select instant() as now),
        -- The accounts that count as the approver's: their own, and those of whom they stand in for.
        speaking as materialized (
            select principals.id, principals.person_id from principals where principals.id = $1
            union all
            select accounts.id, accounts.person_id
            from clock
            join principals as own on own.id = $1
            join deputies on deputy_id = own.person_id and ended_at is null
                and deputies.starts_at <= clock.now and clock.now < deputies.ends_at
            join principals as accounts on accounts.person_id = deputies.person_id and accounts.kind = 'user'
        ),
        mine as materialized (
            select id from speaking
            union
            select groups.group_id from clock, speaking cross join lateral belongs_to(speaking.id, clock.now) as groups
        )
        select requests.id as "id: RequestId"
        from clock
        -- Only what was asked for on terms that may mean the approver is looked at more closely.
        join requests on state = 'pending' and expires_at > clock.now and (
            settings_id = any(array(
                select settings_id from settings_approvers where principal_id = any(array(select id from mine))
            ))
            or settings_id = any(array(
                select settings_id from settings_approvers
                where settings_approvers.role_id = any(array(
                    select held.role_id from assignments as held
                    where held.principal_id = any(array(select id from mine)) and ended_at is null and held.kind = 'active'
                ))
            ))
            or person_id = any(array(
                select persons.id from persons where manager_id = any(array(select speaking.person_id from speaking))
            )) and exists (
                select from settings_approvers as named
                where named.settings_id = requests.settings_id and named.kind = 'manager'
            )
            or exists (
                select from settings_approvers as named
                where named.settings_id = requests.settings_id and named.kind = 'scope_owners'
            ) and scope_id = any(array(
                select scope_ancestors.scope_id from assignments as owned
                join scope_ancestors on ancestor_id = owned.scope_id
                where owned.principal_id = any(array(select id from mine)) and owned.ended_at is null
                    and owned.kind = 'active' and owned.role_id = '00000000-0000-8000-8000-000000000009'
            ))
        )
        where exists (
            select from deciders_of(requests.id, clock.now) as deciders where deciders.principal_id = $1
        )
        order by requests.created_at, requests.id
        limit $2
        "#,
        approver.0,
        limit,
    )
    .fetch_all(connection)
    .await?)
}

/// The pending requests for `role`, oldest first.
pub async fn pending(connection: &mut PgConnection, role: RoleId) -> Result<Vec<RequestId>, Error> {
    Ok(sqlx::query_scalar!(
        r#"
        select id as "id: RequestId" from requests
        where role_id = $1 and state = 'pending'
        order by created_at, id
        "#,
        role.0,
    )
    .fetch_all(connection)
    .await?)
}

/// The request `id`, as it is told.
pub async fn one(connection: &mut PgConnection, id: RequestId) -> Result<Told, Error> {
    told!("where requests.id = $1", id.0)
        .fetch_optional(connection)
        .await?
        .ok_or(Error::NotFound("request"))
}

/// What else the requester holds now, in words, and when they last had this role.
pub async fn context(
    connection: &mut PgConnection,
    principal: PrincipalId,
    role: RoleId,
    at: Instant,
) -> Result<(Vec<String>, Option<Instant>), Error> {
    let holds = sqlx::query_scalar!(
        r#"
        select distinct roles.name
        from effective_assignments($1, $2) as held
        join roles on roles.id = held.role_id
        order by roles.name
        limit 20
        "#,
        principal.0,
        at,
    )
    .fetch_all(&mut *connection)
    .await?;
    let last_held = sqlx::query_scalar!(
        r#"
        select max(ended_at) as "last?" from assignments
        where principal_id = $1 and role_id = $2 and kind = 'active' and ended_at is not null
        "#,
        principal.0,
        role.0,
    )
    .fetch_one(connection)
    .await?;
    Ok((holds, last_held))
}
