//! Change requests: making them, deciding them under lock, and finding those that wait.
use sqlx::{PgConnection, types::Json};

use super::{Change, OnConstraint as _, settings::Approver};
use crate::{
    domain::{
        change_request::{Amended, ChangeState, Line, Proposed, Write},
        id::{AssignmentId, ChangeRequestId, PersonId, PrincipalId, ProofId, RoleId, ScopeId},
        time::Instant,
    },
    error::Error,
};

/// Makes a change wait.
pub async fn open(
    change: &mut Change,
    id: ChangeRequestId,
    proposed: &Proposed,
) -> Result<(), Error> {
    let at = change.at();
    let author = change.actor().user().cloned().ok_or(Error::Unauthenticated)?;
    sqlx::query!(
        r#"
        insert into change_requests (
            id, kind, prior, state, author_id, author_person_id, permission, scope_id, role_id, subject_id,
            assignment_id, payload, difference, reason, created_at, expires_at
        )
        values ($1, $2, 'new', 'pending', $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
        "#,
        id.0,
        proposed.write.name(),
        author.principal.0,
        author.person.0,
        proposed.permission.name(),
        proposed.scope.0,
        proposed.role.map(|id| id.0),
        proposed.subject.map(|id| id.0),
        proposed.write.assignment().map(|id| id.0),
        Json(&proposed.write) as _,
        Json(&proposed.difference) as _,
        proposed.reason.as_str(),
        at,
        proposed.expires_at,
    )
    .execute(change.connection())
    .await
    .on_constraint("change_requests_more_time_once", || {
        Error::Conflict("more time was asked for already, and waits for a decision".to_owned())
    })?;
    Ok(())
}

/// A change request that is about to be decided or closed, held under lock.
#[derive(Clone, Debug)]
pub struct Locked {
    /// Which.
    pub id: ChangeRequestId,
    /// Where it stands.
    pub state: ChangeState,
    /// The account that made it.
    pub author: PrincipalId,
    /// The human being behind it.
    pub author_person: PersonId,
    /// Their name.
    pub author_name: String,
    /// Whether that account may be used.
    pub author_enabled: bool,
    /// The name of the permission that it takes.
    pub permission: String,
    /// Where.
    pub scope: ScopeId,
    /// The role that it is about.
    pub role: Option<RoleId>,
    /// Whoever gets something by it.
    pub subject: Option<PrincipalId>,
    /// What is to be done.
    pub write: Json<Write>,
    /// Why.
    pub reason: String,
    /// When it lapses.
    pub expires_at: Instant,
    /// Who decided it.
    pub decided_by: Option<String>,
}

/// Reads a change request and holds it, and before it its author's account, under lock until the change ends.
pub async fn lock(change: &mut Change, id: ChangeRequestId) -> Result<Locked, Error> {
    sqlx::query!(
        r#"
        select principals.id from principals
        where id = (select author_id from change_requests where change_requests.id = $1)
        for share
        "#,
        id.0,
    )
    .fetch_optional(change.connection())
    .await?;
    sqlx::query_as!(
        Locked,
        r#"
        select
            change_requests.id as "id: ChangeRequestId", state as "state: ChangeState",
            author_id as "author: PrincipalId", author_person_id as "author_person: PersonId",
            persons.display_name as author_name, principals.disabled_at is null as "author_enabled!", permission,
            scope_id as "scope: ScopeId", role_id as "role: RoleId", subject_id as "subject: PrincipalId",
            payload as "write: Json<Write>", reason, expires_at,
            (select display_name from persons where persons.id = decider_person_id) as decided_by
        from change_requests
        join principals on principals.id = author_id
        join persons on persons.id = author_person_id
        where change_requests.id = $1
        for update of change_requests
        "#,
        id.0,
    )
    .fetch_optional(change.connection())
    .await?
    .ok_or(Error::NotFound("change request"))
}

/// What somebody said to it.
#[derive(Clone, Debug)]
pub struct Decision<'a> {
    /// Whose word it is: the account and the human being behind it.
    pub by: (PrincipalId, PersonId),
    /// Why.
    pub reason: &'a str,
    /// What was made of it.
    pub amended: Amended,
    /// The proof that came with it.
    pub proof: ProofId,
}

/// Closes a change request that is held under lock.
pub async fn close(
    change: &mut Change,
    id: ChangeRequestId,
    state: ChangeState,
    decision: Option<Decision<'_>>,
    failure: Option<&str>,
) -> Result<(), Error> {
    let at = change.at();
    let amended = decision
        .as_ref()
        .map(|decision| decision.amended)
        .filter(|amended| !amended.is_nothing())
        .map(Json);
    let closed = sqlx::query!(
        r#"
        update change_requests set
            state = $2, closed_at = $3, decider_id = $4, decider_person_id = $5, decision_reason = $6, amended = $7,
            proof_id = $8, failure = $9
        where id = $1 and state = 'pending'
        "#,
        id.0,
        state as ChangeState,
        at,
        decision.as_ref().map(|decision| decision.by.0.0),
        decision.as_ref().map(|decision| decision.by.1.0),
        decision.as_ref().map_or("", |decision| decision.reason),
        amended as _,
        decision.as_ref().map(|decision| decision.proof.0),
        failure,
    )
    .execute(change.connection())
    .await?;
    if closed.rows_affected() == 1 {
        Ok(())
    } else {
        Err(Error::Conflict("this change waits no longer".to_owned()))
    }
}

/// Whether `person` would gain by it.
pub async fn gains(
    connection: &mut PgConnection,
    id: ChangeRequestId,
    person: PersonId,
    at: Instant,
) -> Result<bool, Error> {
    Ok(sqlx::query_scalar!(r#"select gains_by_change($1, $2, $3) as "gains!""#, id.0, person.0, at)
        .fetch_one(connection)
        .await?)
}

/// The enabled people who may decide it at `at`.
pub async fn deciders(
    connection: &mut PgConnection,
    id: ChangeRequestId,
    at: Instant,
) -> Result<Vec<Approver>, Error> {
    Ok(sqlx::query_as!(
        Approver,
        r#"
        select principal_id as "principal!: PrincipalId", person_id as "person!: PersonId", display_name as name
        from deciders_of_change($1, $2) as deciders
        join persons on persons.id = person_id
        order by display_name, principal_id
        "#,
        id.0,
        at,
    )
    .fetch_all(connection)
    .await?)
}

/// A change request as it is told.
#[derive(Clone, Debug)]
pub struct Told {
    /// Which.
    pub id: ChangeRequestId,
    /// Where it stands.
    pub state: ChangeState,
    /// The account that made it.
    pub author: PrincipalId,
    /// The human being behind it.
    pub author_person: PersonId,
    /// Their name.
    pub author_name: String,
    /// The name of the permission that it takes.
    pub permission: String,
    /// Where.
    pub scope: ScopeId,
    /// That place's name.
    pub scope_name: String,
    /// The role that it is about.
    pub role: Option<RoleId>,
    /// Its name.
    pub role_name: Option<String>,
    /// Whoever gets something by it.
    pub subject: Option<PrincipalId>,
    /// Their name.
    pub subject_name: Option<String>,
    /// What is to be done.
    pub write: Json<Write>,
    /// Before and after.
    pub difference: Json<Vec<Line>>,
    /// Why.
    pub reason: String,
    /// When it was made.
    pub created_at: Instant,
    /// When it lapses.
    pub expires_at: Instant,
    /// The human being who decided it.
    pub decider_person: Option<PersonId>,
    /// Their name.
    pub decided_by: Option<String>,
    /// Why.
    pub decision_reason: String,
    /// What was made of it.
    pub amended: Option<Json<Amended>>,
    /// When it was closed.
    pub closed_at: Option<Instant>,
    /// Why it failed.
    pub failure: Option<String>,
}

/// Which change requests are wanted.
#[derive(Clone, Copy, Debug, Default)]
pub struct Wanted {
    /// This one.
    pub id: Option<ChangeRequestId>,
    /// Those that this human being made.
    pub author: Option<PersonId>,
    /// Those that this human being decided.
    pub decider: Option<PersonId>,
    /// Those that ask for more time for this assignment.
    pub assignment: Option<AssignmentId>,
    /// Only those that wait, or only those that do not.
    pub open: Option<bool>,
    /// Those that come after this one, newest first.
    pub after: Option<(Instant, ChangeRequestId)>,
}

/// Change requests, newest first, `limit` at most.
pub async fn list(
    connection: &mut PgConnection,
    wanted: Wanted,
    limit: i64,
) -> Result<Vec<Told>, Error> {
    Ok(sqlx::query_as!(
        Told,
        r#"
        select
            asked.id as "id: ChangeRequestId", state as "state: ChangeState", author_id as "author: PrincipalId",
            author_person_id as "author_person: PersonId", authors.display_name as author_name, permission,
            asked.scope_id as "scope: ScopeId", scopes.name as scope_name, asked.role_id as "role: RoleId",
            roles.name as "role_name?", subject_id as "subject: PrincipalId",
            coalesce(holders.display_name, subjects.name) as subject_name, payload as "write: Json<Write>",
            difference as "difference: Json<Vec<Line>>", reason, asked.created_at, expires_at,
            decider_person_id as "decider_person: PersonId", deciders.display_name as "decided_by?", decision_reason,
            amended as "amended: Json<Amended>", closed_at, failure
        from change_requests as asked
        join persons as authors on authors.id = author_person_id
        join scopes on scopes.id = asked.scope_id
        left join roles on roles.id = asked.role_id
        left join principals as subjects on subjects.id = subject_id
        left join persons as holders on holders.id = subjects.person_id
        left join persons as deciders on deciders.id = decider_person_id
        where ($1::uuid is null or asked.id = $1)
            and ($2::uuid is null or author_person_id = $2)
            and ($3::uuid is null or decider_person_id = $3)
            and ($4::uuid is null or assignment_id = $4)
            and ($5::boolean is null or (state = 'pending') = $5)
            and ($6::timestamptz is null or (asked.created_at, asked.id) < ($6, $7::uuid))
        order by asked.created_at desc, asked.id desc
        limit $8
        "#,
        wanted.id.map(|id| id.0),
        wanted.author.map(|id| id.0),
        wanted.decider.map(|id| id.0),
        wanted.assignment.map(|id| id.0),
        wanted.open,
        wanted.after.map(|(at, _)| at),
        wanted.after.map(|(_, id)| id.0),
        limit,
    )
    .fetch_all(connection)
    .await?)
}

/// The change request `id`, as it is told.
pub async fn one(connection: &mut PgConnection, id: ChangeRequestId) -> Result<Told, Error> {
    list(connection, Wanted { id: Some(id), ..Wanted::default() }, 1)
        .await?
        .pop()
        .ok_or(Error::NotFound("change request"))
}

/// The change requests that wait for the word of `principal`, oldest first, `limit` at most.
pub async fn awaiting(
    connection: &mut PgConnection,
    principal: PrincipalId,
    limit: i64,
) -> Result<Vec<ChangeRequestId>, Error> {
    Ok(sqlx::query_scalar!(
        r#"
        select asked.id as "id: ChangeRequestId"
        from (select instant() as now) as clock
        join principals as own on own.id = $1
        -- Only what takes a permission that the asker has somewhere is looked at more closely.
        join change_requests as asked on state = 'pending' and expires_at > clock.now
            and permission = any(array(
                select unnest(roles.permissions)
                from live_assignments(clock.now) as held
                join roles on roles.id = held.role_id
                where held.principal_id = $1
            ))
        where author_person_id <> own.person_id
            and exists (
                select from live_assignments(clock.now) as held
                join roles on roles.id = held.role_id and asked.permission = any(roles.permissions)
                join scope_ancestors on scope_ancestors.scope_id = asked.scope_id and ancestor_id = held.scope_id
                where held.principal_id = $1
            )
            and not gains_by_change(asked.id, own.person_id, clock.now)
        order by asked.created_at, asked.id
        limit $2
        "#,
        principal.0,
        limit,
    )
    .fetch_all(connection)
    .await?)
}

/// The change requests that nobody decided in time, `limit` at most.
pub async fn overdue(
    connection: &mut PgConnection,
    limit: i64,
) -> Result<Vec<ChangeRequestId>, Error> {
    Ok(sqlx::query_scalar!(
        r#"
        select id as "id: ChangeRequestId" from change_requests
        where state = 'pending' and expires_at <= instant()
        order by expires_at
        limit $1
        "#,
        limit,
    )
    .fetch_all(connection)
    .await?)
}
