//! What policy files speak of, read whole; and what was applied from them.
use std::collections::HashSet;

use sqlx::{PgConnection, types::Json};

use super::{Change, settings::Version};
use crate::{
    domain::{
        assignment::AssignmentKind,
        id::{
            AssignmentId, ChangeRequestId, PersonId, PolicyApplicationId, PrincipalId, RoleId,
            ScopeId,
        },
        policy::Files,
        principal::PrincipalKind,
        role::ScopeKind,
        time::Instant,
    },
    error::Error,
};

/// A place in use that is not a group's.
#[derive(Clone, Debug)]
pub struct Place {
    /// Which.
    pub id: ScopeId,
    /// Where it lies.
    pub parent: ScopeId,
    /// What it is.
    pub kind: ScopeKind,
    /// Its name.
    pub name: String,
    /// What it is for.
    pub description: String,
}

/// All places in use but the organisation and those of groups.
pub async fn places(connection: &mut PgConnection) -> Result<Vec<Place>, Error> {
    Ok(sqlx::query_as!(
        Place,
        r#"
        select id as "id: ScopeId", parent_id as "parent!: ScopeId", kind as "kind: ScopeKind", name, description
        from scopes
        where retired_at is null and parent_id is not null and kind <> 'group'
        order by id
        "#,
    )
    .fetch_all(connection)
    .await?)
}

/// A group in use.
#[derive(Clone, Debug)]
pub struct Group {
    /// Which.
    pub id: PrincipalId,
    /// Its own place.
    pub scope: ScopeId,
    /// Where it lies.
    pub parent: ScopeId,
    /// Its name.
    pub name: String,
    /// What it is for.
    pub description: String,
}

/// All groups in use.
pub async fn groups(connection: &mut PgConnection) -> Result<Vec<Group>, Error> {
    Ok(sqlx::query_as!(
        Group,
        r#"
        select principals.id as "id: PrincipalId", scopes.id as "scope: ScopeId", parent_id as "parent!: ScopeId",
            principals.name, principals.description
        from scopes
        join principals on principals.id = group_id and disabled_at is null
        where retired_at is null
        order by principals.id
        "#,
    )
    .fetch_all(connection)
    .await?)
}

/// A user or application.
#[derive(Clone, Debug)]
pub struct Account {
    /// Which.
    pub id: PrincipalId,
    /// What it is.
    pub kind: PrincipalKind,
    /// Its name.
    pub name: String,
    /// Whether it is there for emergencies.
    pub break_glass: bool,
}

/// All enabled users and applications.
pub async fn accounts(connection: &mut PgConnection) -> Result<Vec<Account>, Error> {
    Ok(sqlx::query_as!(
        Account,
        r#"
        select id as "id: PrincipalId", kind as "kind: PrincipalKind", name, break_glass
        from principals
        where kind <> 'group' and disabled_at is null
        order by id
        "#,
    )
    .fetch_all(connection)
    .await?)
}

/// An assignment that is not over.
#[derive(Clone, Debug)]
pub struct Held {
    /// Which.
    pub id: AssignmentId,
    /// Whose.
    pub holder: PrincipalId,
    /// Which role.
    pub role: RoleId,
    /// Where.
    pub scope: ScopeId,
    /// Eligible or active.
    pub kind: AssignmentKind,
    /// From when.
    pub starts_at: Instant,
    /// Until when.
    pub ends_at: Option<Instant>,
    /// Whether it was made to start later than at once.
    pub scheduled: bool,
}

/// All assignments that are not over at `now`, without activations.
pub async fn assignments(connection: &mut PgConnection, now: Instant) -> Result<Vec<Held>, Error> {
    Ok(sqlx::query_as!(
        Held,
        r#"
        select
            assignments.id as "id: AssignmentId", principal_id as "holder: PrincipalId", role_id as "role: RoleId",
            scope_id as "scope: ScopeId", assignments.kind as "kind: AssignmentKind", starts_at,
            nullif(ends_at, 'infinity') as "ends_at: Instant", starts_at > assignments.created_at as "scheduled!"
        from assignments
        join principals on principals.id = principal_id and disabled_at is null
        join scopes on scopes.id = scope_id and scopes.retired_at is null
        join roles on roles.id = role_id and roles.retired_at is null
        where origin = 'assigned' and ended_at is null and ends_at > $1
        order by principal_id, role_id, scope_id, starts_at
        "#,
        now as Instant,
    )
    .fetch_all(connection)
    .await?)
}

/// The newest version of the terms of every role at every place that has some.
pub async fn terms(connection: &mut PgConnection) -> Result<Vec<Version>, Error> {
    let ids = sqlx::query_scalar!(
        r#"
        select distinct on (role_id, scope_id) role_settings.id
        from role_settings
        join scopes on scopes.id = scope_id and scopes.retired_at is null
        join roles on roles.id = role_id and roles.retired_at is null
        order by role_id, scope_id, version desc
        "#,
    )
    .fetch_all(&mut *connection)
    .await?;
    super::settings::load(connection, &ids, None).await
}

/// These places and all below them, those of groups too.
pub async fn at_or_below(
    connection: &mut PgConnection,
    places: &[ScopeId],
) -> Result<HashSet<ScopeId>, Error> {
    let places: Vec<_> = places.iter().map(|place| place.0).collect();
    let found = sqlx::query_scalar!(
        r#"select distinct scope_id as "id: ScopeId" from scope_ancestors where ancestor_id = any($1)"#,
        &places,
    )
    .fetch_all(connection)
    .await?;
    Ok(found.into_iter().collect())
}

/// Lets one apply at a time.
pub async fn lock(change: &mut Change) -> Result<(), Error> {
    sqlx::query!("select pg_advisory_xact_lock(hashtextextended('latchkey policy', 0))")
        .execute(change.connection())
        .await?;
    Ok(())
}

/// What was applied.
#[derive(Clone, Debug)]
pub struct Application {
    /// Which.
    pub id: PolicyApplicationId,
    /// When.
    pub applied_at: Instant,
    /// By whom.
    pub actor_name: String,
    /// What tells the files from all others.
    pub digest: String,
    /// The places below which whoever applied them could see; none if that was everywhere.
    pub places: Option<Vec<ScopeId>>,
    /// The files.
    pub files: Files,
    /// Whether what was in none of the files went.
    pub prune: bool,
    /// How many things it did.
    pub steps: i32,
    /// Why.
    pub reason: String,
}

/// The last one.
pub async fn last(connection: &mut PgConnection) -> Result<Option<Application>, Error> {
    let row = sqlx::query!(
        r#"
        select id as "id: PolicyApplicationId", applied_at as "applied_at: Instant", actor_name, digest,
            places as "places: Vec<ScopeId>", files as "files: Json<Files>", prune, steps, reason
        from policy_applications
        order by applied_at desc, id desc
        limit 1
        "#,
    )
    .fetch_optional(connection)
    .await?;
    Ok(row.map(|row| Application {
        id: row.id,
        applied_at: row.applied_at,
        actor_name: row.actor_name,
        digest: row.digest,
        places: row.places,
        files: row.files.0,
        prune: row.prune,
        steps: row.steps,
        reason: row.reason,
    }))
}

/// What is to be kept of an apply.
#[derive(Clone, Debug)]
pub struct Keep<'all> {
    /// The files.
    pub files: &'all Files,
    /// What tells them from all others.
    pub digest: &'all str,
    /// The places below which whoever wrote them can see; none if that is everywhere.
    pub places: Option<Vec<ScopeId>>,
    /// Whether what was in none of them went.
    pub prune: bool,
    /// How many things it did.
    pub steps: i32,
    /// By whom, in words.
    pub by: &'all str,
    /// Why.
    pub reason: &'all str,
}

/// Keeps what was applied.
pub async fn keep(
    change: &mut Change,
    id: PolicyApplicationId,
    keep: &Keep<'_>,
) -> Result<(), Error> {
    let by = change.actor().principal().ok_or(Error::Unauthenticated)?;
    let at = change.at();
    let places: Option<Vec<_>> =
        keep.places.as_ref().map(|places| places.iter().map(|place| place.0).collect());
    sqlx::query!(
        r#"
        insert into policy_applications (
            id, applied_at, applied_by, actor_name, places, digest, files, prune, steps, reason
        )
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
        "#,
        id.0,
        at as Instant,
        by.0,
        keep.by,
        places.as_deref(),
        keep.digest,
        Json(keep.files) as Json<&Files>,
        keep.prune,
        keep.steps,
        keep.reason,
    )
    .execute(change.connection())
    .await?;
    Ok(())
}

/// The change request by which somebody has asked for this plan and which still waits.
pub async fn waiting(
    connection: &mut PgConnection,
    person: PersonId,
    plan: &str,
) -> Result<Option<ChangeRequestId>, Error> {
    Ok(sqlx::query_scalar!(
        r#"
        select id as "id: ChangeRequestId"
        from change_requests
        where kind = 'apply_policy' and state = 'pending' and author_person_id = $1 and payload ->> 'plan' = $2
            and expires_at > instant()
        "#,
        person.0,
        plan,
    )
    .fetch_optional(connection)
    .await?)
}
