//! Activations: what they rest on, and how they begin and end.
use sqlx::PgConnection;

use super::{Change, OnConstraint as _, account, witness};
use crate::{
    domain::{
        activation::{End, Running},
        assignment::AssignmentEnd,
        id::{AssignmentId, PersonId, PrincipalId, RequestId, RoleId, ScopeId},
        time::{Duration, Instant},
    },
    error::Error,
};

/// What somebody means to activate, for themself.
#[derive(Clone, Copy, Debug)]
pub struct Aim {
    /// The eligibility: their own, or that of a group that they belong to.
    pub eligibility: AssignmentId,
    /// Who.
    pub principal: PrincipalId,
    /// Where, if not at the whole place that the eligibility is for: somewhere below it.
    pub scope: Option<ScopeId>,
}

/// An eligibility as one account may use it at one place, held under lock until the change ends.
#[derive(Clone, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
pub struct Eligibility {
    /// Which.
    pub id: AssignmentId,
    /// Who may use it.
    pub principal: PrincipalId,
    /// The human being behind that account.
    pub person: PersonId,
    /// For which role.
    pub role: RoleId,
    /// Its name.
    pub role_name: String,
    /// At which scope it is to be used.
    pub scope: ScopeId,
    /// From when.
    pub starts_at: Instant,
    /// Until when; none if for good.
    pub ends_at: Option<Instant>,
    /// Whether the account, or the group that is eligible and that it belongs to, may use it.
    pub belongs: bool,
    /// Until when the account belongs to that group, if that ends.
    pub belongs_until: Option<Instant>,
    /// Whether it has been ended.
    pub ended: bool,
    /// Whether the account may be used.
    pub enabled: bool,
    /// Whether role and scope are in use.
    pub role_in_use: bool,
}

/// Reads the eligibility that `aim` is about and holds it and the account under lock.
///
/// Members of one group do not wait for one another; two requests of one account do.
pub async fn lock_eligibility(change: &mut Change, aim: Aim) -> Result<Eligibility, Error> {
    witness::let_activate(change.connection()).await?;
    // What follows sees what whoever held it before has done to the groups of this account.
    account::hold_alone(change, aim.principal).await?;
    sqlx::query_as!(
        Eligibility,
        r#"
        select
            eligibilities.id as "id: AssignmentId", users.id as "principal: PrincipalId",
            users.person_id as "person!: PersonId", role_id as "role: RoleId", roles.name as role_name,
            places.id as "scope: ScopeId", starts_at, nullif(ends_at, 'infinity') as "ends_at: Instant",
            (principal_id = users.id or belonging.until is not null) as "belongs!",
            nullif(belonging.until, 'infinity') as "belongs_until?: Instant",
            ended_at is not null as "ended!", users.disabled_at is null and holders.disabled_at is null as "enabled!",
            roles.retired_at is null and places.retired_at is null as "role_in_use!"
        from assignments as eligibilities
        join principals as holders on holders.id = principal_id
        join principals as users on users.id = $2 and users.kind = 'user'
        join roles on roles.id = role_id
        join scopes as places on places.id = coalesce($3, eligibilities.scope_id)
        join scope_ancestors on scope_ancestors.scope_id = places.id and ancestor_id = eligibilities.scope_id
        left join lateral (
            select until from belongs_to(users.id, instant()) as groups where groups.group_id = principal_id
        ) as belonging on principal_id <> users.id
        where eligibilities.id = $1 and eligibilities.kind = 'eligible'
        for share of eligibilities
        "#,
        aim.eligibility.0,
        aim.principal.0,
        aim.scope.map(|scope| scope.0),
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

/// Since when access has gone on without a gap that this activation is the last part of.
pub async fn unbroken_since(
    connection: &mut PgConnection,
    activation: AssignmentId,
) -> Result<Instant, Error> {
    Ok(sqlx::query_scalar!(
        r#"
        with recursive parts as (
            select id, request_id, starts_at from assignments where id = $1
            union
            select earlier.id, earlier.request_id, earlier.starts_at
            from parts
            join requests on requests.id = parts.request_id
            join assignments as earlier on earlier.id = requests.extends_id
        )
        select min(starts_at) as "since!: Instant" from parts
        "#,
        activation.0,
    )
    .fetch_one(connection)
    .await?)
}

/// Reads what else there is of `eligibility`'s role, and the time.
pub async fn surroundings(
    change: &mut Change,
    eligibility: &Eligibility,
    except: Option<RequestId>,
) -> Result<Surroundings, Error> {
    let row = sqlx::query!(
        r#"
        with held as materialized (
            select id, origin, starts_at, ends_at
            -- The offset keeps every other condition, and so every other index, out of here: by whom, not by how or when.
            from (select * from assignments where principal_id = $1 and role_id = $2 and ended_at is null offset 0) as assignments
            where scope_id = $3 and kind = 'active'
        )
        select
            clock.now as "now!",
            running.id as "running_id?: AssignmentId",
            running.ends_at as "running_until?",
            exists (
                select from held where origin = 'assigned' and starts_at <= clock.now and clock.now < ends_at
            ) as "standing!",
            (select min(starts_at) from held where origin = 'assigned' and starts_at > clock.now) as "standing_from",
            exists (
                select from requests
                where principal_id = $1 and role_id = $2 and scope_id = $3 and state in ('pending', 'scheduled')
                    and id is distinct from $4
            ) as "open_request!"
        from (select instant() as now) as clock
        left join held as running on origin = 'activated'
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
    because: AssignmentEnd,
) -> Result<Vec<Ended>, Error> {
    let at = change.at();
    Ok(sqlx::query_as!(
        Ended,
        r#"
        update assignments set ended_at = $2, end_reason = $3
        where principal_id = $1 and origin = 'activated' and ended_at is null
        returning id as "id: AssignmentId", principal_id as "principal: PrincipalId", role_id as "role: RoleId",
            scope_id as "scope: ScopeId", request_id as "request: RequestId"
        "#,
        principal.0,
        at,
        because as AssignmentEnd,
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

/// The role and place that `aim` is about, if it is the account's to use.
pub async fn role_of(connection: &mut PgConnection, aim: Aim) -> Result<(RoleId, ScopeId), Error> {
    let row = sqlx::query!(
        r#"
        select role_id as "role: RoleId", scope_ancestors.scope_id as "scope: ScopeId" from assignments
        join scope_ancestors
            on scope_ancestors.scope_id = coalesce($3, assignments.scope_id) and ancestor_id = assignments.scope_id
        where id = $1 and kind = 'eligible' and (
            principal_id = $2
            or exists (select from belongs_to($2, instant()) as groups where groups.group_id = principal_id)
        )
        "#,
        aim.eligibility.0,
        aim.principal.0,
        aim.scope.map(|scope| scope.0),
    )
    .fetch_optional(connection)
    .await?
    .ok_or(Error::NotFound("eligibility"))?;
    Ok((row.role, row.scope))
}

/// Ends what rests on belonging to groups, once `member` has left `group`: activations and open requests on the eligibilities
/// of that group, and of those that it belongs to, of everybody who does not belong there any more.
pub async fn end_unsupported(
    change: &mut Change,
    member: PrincipalId,
    group: ScopeId,
) -> Result<(Vec<Ended>, Vec<RequestId>), Error> {
    let at = change.at();
    let lost = sqlx::query!(
        r#"
        select activation_id as "activation?: AssignmentId", request_id as "request?: RequestId"
        from unsupported($1, (select group_id from scopes where id = $2))
        "#,
        member.0,
        group.0,
    )
    .fetch_all(change.connection())
    .await?;
    let activations: Vec<_> =
        lost.iter().filter_map(|lost| lost.activation.map(|id| id.0)).collect();
    let requests = lost.iter().filter_map(|lost| lost.request).collect();
    let ended = sqlx::query_as!(
        Ended,
        r#"
        update assignments set ended_at = $2, end_reason = 'membership_ended'
        where id = any($1) and ended_at is null
        returning id as "id: AssignmentId", principal_id as "principal: PrincipalId", role_id as "role: RoleId",
            scope_id as "scope: ScopeId", request_id as "request: RequestId"
        "#,
        &activations,
        at,
    )
    .fetch_all(change.connection())
    .await?;
    Ok((ended, requests))
}

/// Lets activations on the eligibilities of the group at `group`, and of those that it belongs to, last no longer than their
/// holders belong there. Says which were cut.
pub async fn cut_to_membership(change: &mut Change, group: ScopeId) -> Result<Vec<Ended>, Error> {
    Ok(sqlx::query_as!(
        Ended,
        r#"
        with recursive up (id) as (
            select group_id from scopes where id = $1
            union
            select scopes.group_id
            from up
            join assignments on assignments.principal_id = up.id and ended_at is null
                and role_id = '00000000-0000-8000-8000-000000000008'
            join scopes on scopes.id = assignments.scope_id
        ),
        resting as (
            select activation.id, belonging.until
            from up
            join assignments as eligibility
                on eligibility.principal_id = up.id and eligibility.kind = 'eligible' and eligibility.ended_at is null
            join assignments as activation on activation.eligibility_id = eligibility.id and activation.ended_at is null
            cross join lateral (
                select until from belongs_to(activation.principal_id, instant()) as groups where groups.group_id = up.id
            ) as belonging
            where belonging.until < activation.ends_at
        )
        update assignments set ends_at = resting.until
        from resting
        where assignments.id = resting.id
        returning assignments.id as "id: AssignmentId", principal_id as "principal: PrincipalId",
            role_id as "role: RoleId", scope_id as "scope: ScopeId", request_id as "request: RequestId"
        "#,
        group.0,
    )
    .fetch_all(change.connection())
    .await?)
}
