//! How the whole stands: who has standing power, who is active now, what waits and for how long.
use sqlx::PgConnection;

use crate::{
    domain::{
        assignment::AssignmentOrigin,
        id::{AssignmentId, PrincipalId, RoleId, ScopeId},
        principal::PrincipalKind,
        time::Instant,
    },
    error::Error,
};

/// What is not counted further.
pub const COUNTED: i64 = 10_000;

/// How many there are of each, [`COUNTED`] at most.
#[derive(Clone, Debug)]
pub struct Counts {
    /// The time of the answer.
    pub now: Instant,
    /// How many privileged roles are held without having been activated.
    pub standing: i64,
    /// How many activations run.
    pub active: i64,
    /// How many requests wait for a decision.
    pub pending: i64,
    /// Since when the oldest of them waits.
    pub oldest_pending: Option<Instant>,
    /// How many changes wait for a second administrator.
    pub changes: i64,
    /// Since when the oldest of them waits.
    pub oldest_change: Option<Instant>,
    /// How many assignments end soon.
    pub expiring: i64,
}

/// Counts what there is at and below `places`. "Soon" is within so many seconds.
pub async fn counts(
    connection: &mut PgConnection,
    places: Option<&[ScopeId]>,
    soon_seconds: i64,
) -> Result<Counts, Error> {
    let places = super::ids(places);
    Ok(sqlx::query_as!(
        Counts,
        r#"
        with clock as materialized (select instant() as now)
        select
            clock.now as "now!",
            (select count(*) from (
                select from live_assignments(clock.now) as held
                join roles on roles.id = held.role_id and privileged
                where origin = 'assigned' and ($1::uuid[] is null or exists (select from scope_ancestors
                    where scope_ancestors.scope_id = held.scope_id and ancestor_id = any($1)))
                limit $3
            ) as standing) as "standing!",
            (select count(*) from (
                select from live_assignments(clock.now) as held
                where origin = 'activated' and ($1::uuid[] is null or exists (select from scope_ancestors
                    where scope_ancestors.scope_id = held.scope_id and ancestor_id = any($1)))
                limit $3
            ) as running) as "active!",
            pending.number as "pending!", pending.oldest as "oldest_pending?",
            changes.number as "changes!", changes.oldest as "oldest_change?",
            (select count(*) from (
                select from assignments
                where origin = 'assigned' and ended_at is null and ends_at < 'infinity' and ends_at > clock.now
                    and ends_at <= clock.now + $2::bigint * interval '1 second'
                    and ($1::uuid[] is null or exists (select from scope_ancestors
                        where scope_ancestors.scope_id = assignments.scope_id and ancestor_id = any($1)))
                limit $3
            ) as ending) as "expiring!"
        from clock
        cross join lateral (
            select count(*) as number, min(created_at) as oldest
            from requests
            where state = 'pending' and expires_at > clock.now
                and ($1::uuid[] is null or exists (select from scope_ancestors
                    where scope_ancestors.scope_id = requests.scope_id and ancestor_id = any($1)))
        ) as pending
        cross join lateral (
            select count(*) as number, min(created_at) as oldest
            from change_requests
            where state = 'pending' and expires_at > clock.now
                and ($1::uuid[] is null or exists (select from scope_ancestors
                    where scope_ancestors.scope_id = change_requests.scope_id and ancestor_id = any($1)))
        ) as changes
        "#,
        places.as_deref(),
        soon_seconds,
        COUNTED,
    )
    .fetch_one(connection)
    .await?)
}

/// Somebody who has power now.
#[derive(Clone, Debug)]
pub struct Holder {
    /// The assignment.
    pub assignment: AssignmentId,
    /// Assigned or activated.
    pub origin: AssignmentOrigin,
    /// Who.
    pub principal: PrincipalId,
    /// What that is.
    pub kind: PrincipalKind,
    /// Their name.
    pub name: String,
    /// The account's name.
    pub account: String,
    /// Whether the account is kept for emergencies.
    pub break_glass: bool,
    /// Whether it was activated in an emergency, without its approval.
    pub emergency: bool,
    /// The role.
    pub role: RoleId,
    /// Its name.
    pub role_name: String,
    /// Whether it is privileged.
    pub privileged: bool,
    /// Where.
    pub scope: ScopeId,
    /// The name of that place.
    pub scope_name: String,
    /// Since when.
    pub starts_at: Instant,
    /// Until when; none if for good.
    pub ends_at: Option<Instant>,
}

/// Which of them are wanted.
#[derive(Clone, Copy, Debug)]
pub struct Wanted<'a> {
    /// Those who have activated a role; else those who hold a privileged one without that.
    pub activated: bool,
    /// Those at and below these places.
    pub places: Option<&'a [ScopeId]>,
    /// Those that come after this one.
    pub after: Option<(Instant, AssignmentId)>,
}

/// Who has power now, who has had it longest first, `limit` at most.
pub async fn holders(
    connection: &mut PgConnection,
    wanted: Wanted<'_>,
    limit: i64,
) -> Result<Vec<Holder>, Error> {
    let places = super::ids(wanted.places);
    let origin =
        if wanted.activated { AssignmentOrigin::Activated } else { AssignmentOrigin::Assigned };
    Ok(sqlx::query_as!(
        Holder,
        r#"
        select
            held.id as "assignment!: AssignmentId", origin as "origin!: AssignmentOrigin",
            principal_id as "principal!: PrincipalId", principals.kind as "kind: PrincipalKind",
            coalesce(display_name, principals.name) as "name!", principals.name as account, break_glass,
            roles.id as "role: RoleId", roles.name as role_name, privileged, scopes.id as "scope: ScopeId",
            scopes.name as scope_name, starts_at as "starts_at!", nullif(ends_at, 'infinity') as "ends_at: Instant",
            coalesce((select requests.emergency from requests where requests.id = held.request_id), false) as "emergency!"
        from (select instant() as now) as clock
        cross join lateral live_assignments(clock.now) as held
        join principals on principals.id = principal_id
        left join persons on persons.id = principals.person_id and principals.kind = 'user'
        join roles on roles.id = held.role_id
        join scopes on scopes.id = held.scope_id
        where origin = $1 and ($1 = 'activated' or privileged)
            and ($2::uuid[] is null or exists (select from scope_ancestors
                where scope_ancestors.scope_id = held.scope_id and ancestor_id = any($2)))
            and ($3::timestamptz is null or (starts_at, held.id) > ($3, $4::uuid))
        order by starts_at, held.id
        limit $5
        "#,
        origin as AssignmentOrigin,
        places.as_deref(),
        wanted.after.map(|(at, _)| at),
        wanted.after.map(|(_, id)| id.0),
        limit,
    )
    .fetch_all(connection)
    .await?)
}
