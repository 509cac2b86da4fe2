//! Activations: what they rest on, and how they begin and end.
use sqlx::PgConnection;

use super::{Change, OnConstraint as _};
use crate::{
    domain::{
        activation::{End, Running},
        assignment::AssignmentEnd,
        id::{AssignmentId, PersonId, PrincipalId, RequestId, RoleId, ScopeId},
        time::{Duration, Instant},
    },
    error::Error,
};

/// An eligibility, held under lock until the change ends.
#[derive(Clone, Debug)]
pub struct Eligibility {
    /// Which.
    pub id: AssignmentId,
    /// Whose.
    pub principal: PrincipalId,
    /// The human being behind it.
    pub person: PersonId,
    /// For which role.
    pub role: RoleId,
    /// Its name.
    pub role_name: String,
    /// At which scope.
    pub scope: ScopeId,
    /// From when.
    pub starts_at: Instant,
    /// Until when; none if for good.
    pub ends_at: Option<Instant>,
    /// Whether it has been ended.
    pub ended: bool,
    /// Whether its holder's account may be used.
    pub enabled: bool,
    /// Whether role and scope are in use.
    pub role_in_use: bool,
}

/// Reads an eligibility of `holder`, or of anybody if none is given, and holds it and its holder's account under lock.
pub async fn lock_eligibility(
    change: &mut Change,
    id: AssignmentId,
    holder: Option<PrincipalId>,
) -> Result<Eligibility, Error> {
    sqlx::query_as!(
        Eligibility,
        r#"
        select
            eligibilities.id as "id: AssignmentId", principal_id as "principal: PrincipalId",
            person_id as "person!: PersonId", role_id as "role: RoleId", roles.name as role_name,
            scope_id as "scope: ScopeId", starts_at, nullif(ends_at, 'infinity') as "ends_at: Instant",
            ended_at is not null as "ended!", disabled_at is null as "enabled!",
            roles.retired_at is null and scopes.retired_at is null as "role_in_use!"
        from assignments as eligibilities
        join principals on principals.id = principal_id
        join roles on roles.id = role_id
        join scopes on scopes.id = scope_id
        where eligibilities.id = $1 and eligibilities.kind = 'eligible' and ($2::uuid is null or principal_id = $2)
            and person_id is not null
        for share of principals
        for update of eligibilities
        "#,
        id.0,
        holder.map(|holder| holder.0),
    )
    .fetch_optional(change.connection())
    .await?
    .ok_or(Error::NotFound("eligibility"))
}

/// What else is held or asked for, of the same role at the same scope.
#[derive(Clone, Copy, Debug)]
pub struct Surroundings {
    /// The time at which this was read, with all locks held.
    pub now: Instant,
    /// The activation that has not been ended; it may be overdue.
    pub running: Option<Running>,
    /// Whether the role is held without activation.
    pub standing: bool,
    /// From when it will be held without activation, if an administrator has said so.
    pub standing_from: Option<Instant>,
    /// Whether a request is open, other than the one that is being decided.
    pub open_request: bool,
}

/// Reads what else there is of `eligibility`'s role, and the time.
pub async fn surroundings(
    change: &mut Change,
    eligibility: &Eligibility,
    except: Option<RequestId>,
) -> Result<Surroundings, Error> {
    let row = sqlx::query!(
        r#"
        select
            clock.now as "now!",
            running.id as "running_id?: AssignmentId",
            running.ends_at as "running_until?",
            exists (
                select from assignments
                where principal_id = $1 and role_id = $2 and scope_id = $3 and kind = 'active' and origin = 'assigned'
                    and ended_at is null and starts_at <= clock.now and clock.now < ends_at
            ) as "standing!",
            (
                select min(starts_at) from assignments
                where principal_id = $1 and role_id = $2 and scope_id = $3 and kind = 'active' and origin = 'assigned'
                    and ended_at is null and starts_at > clock.now
            ) as "standing_from",
            exists (
                select from requests
                where principal_id = $1 and role_id = $2 and scope_id = $3 and state in ('pending', 'scheduled')
                    and id is distinct from $4
            ) as "open_request!"
        from (select instant() as now) as clock
        left join assignments as running
            on principal_id = $1 and role_id = $2 and scope_id = $3 and origin = 'activated' and ended_at is null
        "#,
        eligibility.principal.0,
        eligibility.role.0,
        eligibility.scope.0,
        except.map(|id| id.0),
    )
    .fetch_one(change.connection())
    .await?;
    change.set_at(row.now);
    Ok(Surroundings {
        now: row.now,
        running: row.running_id.zip(row.running_until).map(|(id, ends_at)| Running { id, ends_at }),
        standing: row.standing,
        standing_from: row.standing_from,
        open_request: row.open_request,
    })
}

/// What an activation is made from.
#[derive(Clone, Copy, Debug)]
pub struct Grant<'a> {
    /// The request that was granted.
    pub request: RequestId,
    /// The terms that were pinned with it.
    pub settings: crate::domain::id::SettingsId,
    /// Their maximum.
    pub maximum: Duration,
    /// The eligibility that it rests on.
    pub eligibility: &'a Eligibility,
}

/// Gives access from now until `end`.
pub async fn begin(change: &mut Change, grant: Grant<'_>, end: End) -> Result<AssignmentId, Error> {
    let id = AssignmentId::new();
    let at = change.at();
    let eligibility = grant.eligibility;
    sqlx::query!(
        r#"
        insert into assignments (
            id, kind, origin, principal_id, role_id, scope_id, starts_at, ends_at, created_at, created_by,
            settings_id, request_id, eligibility_id, eligibility_ends_at, maximum_seconds
        )
        values ($1, 'active', 'activated', $2, $3, $4, $5, $6, $5, $2, $7, $8, $9, coalesce($10::timestamptz, 'infinity'), $11)
        "#,
        id.0,
        eligibility.principal.0,
        eligibility.role.0,
        eligibility.scope.0,
        at,
        end.at,
        grant.settings.0,
        grant.request.0,
        eligibility.id.0,
        eligibility.ends_at,
        grant.maximum.seconds(),
    )
    .execute(change.connection())
    .await
    .on_constraint("assignments_do_not_overlap", || {
        Error::Conflict("this role was given for the same time at this very moment".to_owned())
    })?;
    Ok(id)
}

/// Ends an assignment that has not ended. Says whether there was one to end.
pub async fn end(
    change: &mut Change,
    id: AssignmentId,
    reason: AssignmentEnd,
) -> Result<bool, Error> {
    let at = change.at();
    let ended = sqlx::query!(
        "update assignments set ended_at = $2, end_reason = $3 where id = $1 and ended_at is null",
        id.0,
        at,
        reason as AssignmentEnd,
    )
    .execute(change.connection())
    .await?;
    Ok(ended.rows_affected() == 1)
}

/// An activation or assignment that was ended.
#[derive(Clone, Copy, Debug)]
pub struct Ended {
    /// Which.
    pub id: AssignmentId,
    /// Whose.
    pub principal: PrincipalId,
    /// Of which role.
    pub role: RoleId,
    /// At which scope.
    pub scope: ScopeId,
    /// The request that it came from, if it was an activation.
    pub request: Option<RequestId>,
}

/// Ends every activation that rests on `eligibility`.
pub async fn end_all_of_eligibility(
    change: &mut Change,
    eligibility: AssignmentId,
) -> Result<Vec<Ended>, Error> {
    let at = change.at();
    Ok(sqlx::query_as!(
        Ended,
        r#"
        update assignments set ended_at = $2, end_reason = 'eligibility_ended'
        where eligibility_id = $1 and ended_at is null
        returning id as "id: AssignmentId", principal_id as "principal: PrincipalId", role_id as "role: RoleId",
            scope_id as "scope: ScopeId", request_id as "request: RequestId"
        "#,
        eligibility.0,
        at,
    )
    .fetch_all(change.connection())
    .await?)
}

/// Ends every activation of `principal`.
pub async fn end_all_of_principal(
    change: &mut Change,
    principal: PrincipalId,
) -> Result<Vec<Ended>, Error> {
    let at = change.at();
    Ok(sqlx::query_as!(
        Ended,
        r#"
        update assignments set ended_at = $2, end_reason = 'principal_disabled'
        where principal_id = $1 and origin = 'activated' and ended_at is null
        returning id as "id: AssignmentId", principal_id as "principal: PrincipalId", role_id as "role: RoleId",
            scope_id as "scope: ScopeId", request_id as "request: RequestId"
        "#,
        principal.0,
        at,
    )
    .fetch_all(change.connection())
    .await?)
}

/// An activation that runs, as its holder or an administrator wants to extend or end it.
#[derive(Clone, Debug)]
pub struct Activation {
    /// Which.
    pub id: AssignmentId,
    /// Whose.
    pub principal: PrincipalId,
    /// Of which role.
    pub role: RoleId,
    /// Its name.
    pub role_name: String,
    /// At which scope.
    pub scope: ScopeId,
    /// The eligibility that it rests on.
    pub eligibility: AssignmentId,
    /// The request that it came from.
    pub request: RequestId,
    /// When it began.
    pub starts_at: Instant,
    /// When it ends.
    pub ends_at: Instant,
}

/// The activation `id` of `holder`, if it has not been ended.
pub async fn running(
    connection: &mut PgConnection,
    id: AssignmentId,
    holder: PrincipalId,
) -> Result<Activation, Error> {
    sqlx::query_as!(
        Activation,
        r#"
        select
            assignments.id as "id: AssignmentId", principal_id as "principal: PrincipalId", role_id as "role: RoleId",
            roles.name as role_name, scope_id as "scope: ScopeId", eligibility_id as "eligibility!: AssignmentId",
            request_id as "request!: RequestId", starts_at, ends_at as "ends_at!"
        from assignments
        join roles on roles.id = role_id
        where assignments.id = $1 and principal_id = $2 and origin = 'activated' and ended_at is null
        "#,
        id.0,
        holder.0,
    )
    .fetch_optional(connection)
    .await?
    .ok_or(Error::NotFound("running activation"))
}

/// The role and scope of an eligibility of `holder`.
pub async fn role_of(
    connection: &mut PgConnection,
    eligibility: AssignmentId,
    holder: PrincipalId,
) -> Result<(RoleId, ScopeId), Error> {
    let row = sqlx::query!(
        r#"
        select role_id as "role: RoleId", scope_id as "scope: ScopeId" from assignments
        where id = $1 and principal_id = $2 and kind = 'eligible'
        "#,
        eligibility.0,
        holder.0,
    )
    .fetch_optional(connection)
    .await?
    .ok_or(Error::NotFound("eligibility"))?;
    Ok((row.role, row.scope))
}
