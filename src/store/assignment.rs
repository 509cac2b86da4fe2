//! Assignments: eligible and active, by whom they are held.
use sqlx::PgConnection;

use super::{
    Change, OnConstraint as _,
    resting::{self, Resting},
};
use crate::{
    domain::{
        assignment::{AssignmentEnd, AssignmentKind, AssignmentOrigin, Window},
        id::{AssignmentId, PersonId, PrincipalId, RequestId, RoleId, ScopeId, SettingsId},
        principal::PrincipalKind,
        time::Instant,
    },
    error::Error,
};

/// What an administrator assigns.
#[derive(Clone, Copy, Debug)]
pub struct NewAssignment<'a> {
    /// Eligible or active.
    pub kind: AssignmentKind,
    /// To whom.
    pub principal: PrincipalId,
    /// Which role.
    pub role: RoleId,
    /// At which scope.
    pub scope: ScopeId,
    /// From when until when.
    pub window: Window,
    /// Why.
    pub justification: &'a str,
    /// The terms in force.
    pub settings: SettingsId,
}

/// A role or a place went out of use while it was given.
pub(in crate::store) fn out_of_use() -> Error {
    Error::Conflict("this role or place has just gone out of use".to_owned())
}

/// Makes an assignment.
pub async fn make(change: &mut Change, new: NewAssignment<'_>) -> Result<AssignmentId, Error> {
    let id = AssignmentId::new();
    let at = change.at();
    let by = change.actor().principal().map(|id| id.0);
    sqlx::query!(
        r#"
        insert into assignments (
            id, kind, origin, principal_id, role_id, scope_id, starts_at, ends_at, justification, created_at, created_by,
            settings_id
        )
        values ($1, $2, 'assigned', $3, $4, $5, $6, coalesce($7::timestamptz, 'infinity'), $8, $9, $10, $11)
        "#,
        id.0,
        new.kind as AssignmentKind,
        new.principal.0,
        new.role.0,
        new.scope.0,
        new.window.starts_at,
        new.window.ends_at,
        new.justification,
        at,
        by,
        new.settings.0,
    )
    .execute(change.connection())
    .await
    .on_constraint("assignments_do_not_overlap", || {
        let kind = if new.kind == AssignmentKind::Eligible { "eligible for" } else { "actively assigned" };
        Error::Conflict(format!("already {kind} this role in that time: change that assignment instead"))
    })
    .on_constraint("assignments_fit_the_role", || {
        Error::invalid("scope", "this role can't be held at that kind of place")
    })
    .on_constraint("assignments_need_what_is_in_use", out_of_use)
    .on_constraint("groups_nest_without_a_circle", || {
        Error::Conflict("a group cannot belong to itself, nor to a group that belongs to it".to_owned())
    })
    .on_constraint("groups_nest_five_deep", || {
        Error::Conflict("groups can be nested five deep: this would make it six".to_owned())
    })?;
    Ok(id)
}

/// An assignment that is about to be changed, held under lock.
#[derive(Clone, Debug)]
pub struct Locked {
    /// Which.
    pub id: AssignmentId,
    /// Eligible or active.
    pub kind: AssignmentKind,
    /// Assigned or activated.
    pub origin: AssignmentOrigin,
    /// Whose.
    pub principal: PrincipalId,
    /// The human being behind it.
    pub person: Option<PersonId>,
    /// Which role.
    pub role: RoleId,
    /// Its name.
    pub role_name: String,
    /// At which scope.
    pub scope: ScopeId,
    /// Its name.
    pub scope_name: String,
    /// From when.
    pub starts_at: Instant,
    /// Until when.
    pub ends_at: Option<Instant>,
    /// Whether it is over.
    pub ended: bool,
    /// The request that an activation came from.
    pub request: Option<RequestId>,
}

/// Reads an assignment and holds it and its holder's account under lock until the change ends: of two changes to what one
/// account holds, the second waits here. What may end with it is held too.
pub async fn lock(change: &mut Change, id: AssignmentId) -> Result<Locked, Error> {
    let locked = sqlx::query_as!(
        Locked,
        r#"
        select
            assignments.id as "id: AssignmentId", assignments.kind as "kind: AssignmentKind",
            origin as "origin: AssignmentOrigin", principal_id as "principal: PrincipalId",
            person_id as "person: PersonId", role_id as "role: RoleId", roles.name as role_name,
            scope_id as "scope: ScopeId", scopes.name as scope_name, starts_at, nullif(ends_at, 'infinity') as "ends_at: Instant",
            ended_at is not null as "ended!", request_id as "request: RequestId"
        from assignments
        join principals on principals.id = principal_id
        join roles on roles.id = role_id
        join scopes on scopes.id = scope_id
        where assignments.id = $1
        for no key update of principals
        for update of assignments
        "#,
        id.0,
    )
    .fetch_optional(change.connection())
    .await?
    .ok_or(Error::NotFound("assignment"))?;
    if locked.role == RoleId::MEMBER {
        let behind = resting::behind(change, locked.principal).await?;
        super::principal::hold_all(change, &behind).await?;
        resting::hold(change, Resting::OfAccounts(&behind)).await?;
    } else if locked.kind == AssignmentKind::Eligible {
        resting::hold(change, Resting::OnEligibility(id)).await?;
    }
    Ok(locked)
}

/// Gives an assignment another window. Activations that rest on it must have been cut before.
pub async fn set_window(
    change: &mut Change,
    id: AssignmentId,
    window: Window,
) -> Result<(), Error> {
    sqlx::query!(
        r#"
        update assignments set starts_at = $2, ends_at = coalesce($3::timestamptz, 'infinity')
        where id = $1 and ended_at is null
        "#,
        id.0,
        window.starts_at,
        window.ends_at,
    )
    .execute(change.connection())
    .await
    .on_constraint("assignments_do_not_overlap", || {
        Error::Conflict("another assignment of the same kind covers part of that time".to_owned())
    })?;
    Ok(())
}

/// Lets the activations that rest on `eligibility` end at `end` at the latest. Says which were cut.
pub async fn cut_activations(
    change: &mut Change,
    eligibility: AssignmentId,
    end: Instant,
) -> Result<Vec<AssignmentId>, Error> {
    Ok(sqlx::query_scalar!(
        r#"
        update assignments set ends_at = $2
        where eligibility_id = $1 and ended_at is null and ends_at > $2
        returning id as "id: AssignmentId"
        "#,
        eligibility.0,
        end,
    )
    .fetch_all(change.connection())
    .await?)
}

/// An assignment as it is told.
#[derive(Clone, Debug)]
pub struct Told {
    /// Which.
    pub id: AssignmentId,
    /// Eligible or active.
    pub kind: AssignmentKind,
    /// Assigned or activated.
    pub origin: AssignmentOrigin,
    /// Whose.
    pub principal: PrincipalId,
    /// The name of the person or group.
    pub holder: String,
    /// The account's name.
    pub account: String,
    /// What holds it: a user, a group for its members, or an application.
    pub holder_kind: PrincipalKind,
    /// Whether that account is disabled, so that none of this has effect.
    pub disabled: bool,
    /// Which role.
    pub role: RoleId,
    /// Its name.
    pub role_name: String,
    /// What it lets one do.
    pub role_description: String,
    /// Whether it is privileged.
    pub privileged: bool,
    /// At which scope.
    pub scope: ScopeId,
    /// Its name.
    pub scope_name: String,
    /// From when.
    pub starts_at: Instant,
    /// Until when; none if for good.
    pub ends_at: Option<Instant>,
    /// When it was ended.
    pub ended_at: Option<Instant>,
    /// Why it was ended.
    pub end_reason: Option<AssignmentEnd>,
    /// Why it was made.
    pub justification: String,
    /// When it was made.
    pub created_at: Instant,
    /// By whom.
    pub created_by: Option<String>,
    /// The request that an activation came from.
    pub request: Option<RequestId>,
    /// The eligibility that an activation rests on.
    pub eligibility: Option<AssignmentId>,
    /// Whether it was activated in an emergency, without its approval.
    pub emergency: bool,
    /// When its holder last had the role actively, for eligible ones.
    pub last_used: Option<Instant>,
}

/// Which assignments are wanted.
#[derive(Clone, Copy, Debug, Default)]
pub struct Wanted<'a> {
    /// Those of this account.
    pub principal: Option<PrincipalId>,
    /// Those of this role.
    pub role: Option<RoleId>,
    /// Those at this scope.
    pub scope: Option<ScopeId>,
    /// Those of this kind.
    pub kind: Option<AssignmentKind>,
    /// Those that come after this one.
    pub after: Option<AssignmentId>,
    /// Those at or below these places.
    pub places: Option<&'a [ScopeId]>,
}

/// Reads assignments as they are [told](Told). What is looked for stands in the text, since the database keeps its plan for each
/// text: one with every condition that anybody may have would be planned anew each time.
macro_rules! told {
    ($conditions:literal, $($given:expr),+ $(,)?) => {
        sqlx::query_as!(
            Told,
            r#"
        select
            assignments.id as "id: AssignmentId", assignments.kind as "kind: AssignmentKind",
            origin as "origin: AssignmentOrigin", principal_id as "principal: PrincipalId",
            case principals.kind when 'user' then persons.display_name else principals.name end as "holder!",
            principals.name as account, principals.kind as "holder_kind: PrincipalKind",
            disabled_at is not null as "disabled!", role_id as "role: RoleId", roles.name as role_name,
            roles.description as role_description, privileged, scope_id as "scope: ScopeId", scopes.name as scope_name,
            starts_at, nullif(ends_at, 'infinity') as "ends_at: Instant", ended_at,
            end_reason as "end_reason: AssignmentEnd",
            -- What an activation is for was said in its request.
            coalesce(nullif(assignments.justification, ''), (select requests.justification from requests
                where requests.id = request_id), '') as "justification!", assignments.created_at,
            (select case maker.kind when 'user' then display_name else maker.name end
                from principals as maker left join persons on persons.id = maker.person_id
                where maker.id = created_by) as created_by,
            request_id as "request: RequestId", eligibility_id as "eligibility: AssignmentId",
            coalesce((select requests.emergency from requests where requests.id = request_id), false) as "emergency!",
            -- Two questions, since no index has both what has ended and what has not.
            case when assignments.kind = 'eligible' then greatest(
                (select max(used.starts_at) from assignments as used where used.principal_id = assignments.principal_id and used.role_id = assignments.role_id
                    and used.scope_id = assignments.scope_id and used.kind = 'active' and used.ended_at is null),
                (select max(used.starts_at) from assignments as used where used.principal_id = assignments.principal_id and used.role_id = assignments.role_id
                    and used.scope_id = assignments.scope_id and used.kind = 'active' and used.ended_at is not null)
            ) end as last_used
        from assignments
        join principals on principals.id = principal_id
        left join persons on persons.id = principals.person_id
        join roles on roles.id = role_id
        join scopes on scopes.id = scope_id
            "# + $conditions,
            $($given),+
        )
    };
}

/// Assignments that have not ended, in the order of their making, `limit` at most.
pub async fn list(
    connection: &mut PgConnection,
    wanted: Wanted<'_>,
    limit: i64,
) -> Result<Vec<Told>, Error> {
    select(connection, wanted, false, limit).await
}

/// Assignments that have ended, latest first, `limit` at most.
pub async fn ended(
    connection: &mut PgConnection,
    wanted: Wanted<'_>,
    limit: i64,
) -> Result<Vec<Told>, Error> {
    select(connection, wanted, true, limit).await
}

async fn select(
    connection: &mut PgConnection,
    wanted: Wanted<'_>,
    over: bool,
    limit: i64,
) -> Result<Vec<Told>, Error> {
    let places = super::ids(wanted.places);
    let wanted = told!(
        r#"
        where (ended_at is not null) = $1
            and ($2::uuid is null or principal_id = $2)
            and ($3::uuid is null or role_id = $3)
            and ($4::uuid is null or scope_id = $4)
            and ($5::assignment_kind is null or assignments.kind = $5)
            and ($6::uuid is null or assignments.id > $6)
            and ($8::uuid[] is null or exists (select from scope_ancestors
                where scope_ancestors.scope_id = assignments.scope_id and ancestor_id = any($8)))
        order by ended_at desc nulls first, assignments.id
        limit $7
        "#,
        over,
        wanted.principal.map(|id| id.0),
        wanted.role.map(|id| id.0),
        wanted.scope.map(|id| id.0),
        wanted.kind as Option<AssignmentKind>,
        wanted.after.map(|id| id.0),
        limit,
        places.as_deref(),
    );
    Ok(wanted.fetch_all(connection).await?)
}

/// One assignment, over or not.
pub async fn one(connection: &mut PgConnection, id: AssignmentId) -> Result<Told, Error> {
    told!("where assignments.id = $1", id.0)
        .fetch_optional(connection)
        .await?
        .ok_or(Error::NotFound("assignment"))
}

/// What `principal` has been given and has not ended, and what it holds or may activate at this moment through the groups that it
/// belongs to; in the order of their making, `limit` at most.
pub async fn of_account(
    connection: &mut PgConnection,
    principal: PrincipalId,
    limit: i64,
) -> Result<Vec<Told>, Error> {
    let own = told!(
        r#"
        where assignments.id = any(array(
            select own.id from assignments as own where own.principal_id = $1 and own.ended_at is null
            union all
            select assignment_id from assignments_through_groups($1, instant())
            union all
            select assignment_id from eligibilities_through_groups($1, instant())
        ))
        -- What is held now before what could be.
        order by assignments.kind = 'active' desc, assignments.id
        limit $2
        "#,
        principal.0,
        limit,
    );
    Ok(own.fetch_all(connection).await?)
}
