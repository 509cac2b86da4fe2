//! Places: the tree in which roles are held.
use sqlx::PgConnection;

use super::{Change, OnConstraint as _};
use crate::{
    domain::{
        assignment::AssignmentKind,
        id::{AssignmentId, PrincipalId, RoleId, ScopeId},
        role::ScopeKind,
        text::{Description, Name},
        time::Instant,
    },
    error::Error,
};

/// A place as it is told.
#[derive(Clone, Debug)]
pub struct Told {
    /// Which.
    pub id: ScopeId,
    /// Where it lies; none for the organisation.
    pub parent: Option<ScopeId>,
    /// What it is.
    pub kind: ScopeKind,
    /// The group whose place it is.
    pub group: Option<PrincipalId>,
    /// Its name.
    pub name: String,
    /// What it is for.
    pub description: String,
    /// When it was retired.
    pub retired_at: Option<Instant>,
    /// How many places lie in it.
    pub children: i64,
    /// How many eligible assignments there are at it.
    pub eligible: i64,
    /// How many hold a role at it.
    pub active: i64,
}

/// A place with the names of those above it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// Which.
    pub id: ScopeId,
    /// What it is.
    pub kind: ScopeKind,
    /// Its name, after those above it, without the organisation's: "Finance / Ledger".
    pub path: String,
}

/// Which places are wanted.
#[derive(Clone, Copy, Debug)]
enum Wanted<'a> {
    One(ScopeId),
    In(ScopeId),
    These(&'a [ScopeId]),
}

async fn select(connection: &mut PgConnection, wanted: Wanted<'_>) -> Result<Vec<Told>, Error> {
    let (one, parent, these) = match wanted {
        Wanted::One(id) => (Some(id.0), None, None),
        Wanted::In(id) => (None, Some(id.0), None),
        Wanted::These(ids) => (None, None, Some(ids.iter().map(|id| id.0).collect::<Vec<_>>())),
    };
    Ok(sqlx::query_as!(
        Told,
        r#"
        select
            scopes.id as "id: ScopeId", parent_id as "parent: ScopeId", kind as "kind: ScopeKind",
            group_id as "group: PrincipalId", name, description, retired_at,
            (select count(*) from scopes as inside where inside.parent_id = scopes.id and inside.retired_at is null)
                as "children!",
            held.eligible as "eligible!", held.active as "active!"
        from scopes
        -- Role by role, since assignments are found by their role first.
        cross join lateral (
            select
                coalesce(sum(counted.eligible), 0)::bigint as eligible, coalesce(sum(counted.active), 0)::bigint as active
            from roles
            cross join lateral (
                select
                    count(*) filter (where assignments.kind = 'eligible') as eligible,
                    count(*) filter (where assignments.kind = 'active') as active
                from assignments
                where role_id = roles.id and scope_id = scopes.id and ended_at is null and ends_at > instant()
            ) as counted
            where scopes.kind = any(roles.scope_kinds)
        ) as held
        where scopes.id = $1 or (parent_id = $2 and retired_at is null) or scopes.id = any($3)
        order by scopes.kind, name_folded
        limit 1000
        "#,
        one,
        parent,
        these.as_deref(),
    )
    .fetch_all(connection)
    .await?)
}

/// One place.
pub async fn one(connection: &mut PgConnection, id: ScopeId) -> Result<Told, Error> {
    select(connection, Wanted::One(id)).await?.pop().ok_or(Error::NotFound("scope"))
}

/// The places in use that lie directly in `parent`, by kind and name; a thousand at most.
pub async fn inside(connection: &mut PgConnection, parent: ScopeId) -> Result<Vec<Told>, Error> {
    select(connection, Wanted::In(parent)).await
}

/// These places.
pub async fn these(connection: &mut PgConnection, ids: &[ScopeId]) -> Result<Vec<Told>, Error> {
    select(connection, Wanted::These(ids)).await
}

/// The places from the organisation down to `id`, with it.
pub async fn way_to(connection: &mut PgConnection, id: ScopeId) -> Result<Vec<Place>, Error> {
    Ok(sqlx::query_as!(
        Place,
        r#"
        select scopes.id as "id: ScopeId", kind as "kind: ScopeKind", name as path
        from scope_ancestors
        join scopes on scopes.id = ancestor_id
        where scope_ancestors.scope_id = $1
        order by depth desc
        "#,
        id.0,
    )
    .fetch_all(connection)
    .await?)
}

/// The places in use below `id` where `role` can be held, or all kinds of place if none is given; by their paths, `limit` at
/// most.
pub async fn below(
    connection: &mut PgConnection,
    id: ScopeId,
    role: Option<RoleId>,
    limit: i64,
) -> Result<Vec<Place>, Error> {
    Ok(sqlx::query_as!(
        Place,
        r#"
        select scopes.id as "id: ScopeId", scopes.kind as "kind: ScopeKind", coalesce(names.path, '') as "path!"
        from scope_ancestors as below
        join scopes on scopes.id = below.scope_id and scopes.retired_at is null
        cross join lateral (
            select string_agg(above.name, ' / ' order by way.depth desc) as path
            from scope_ancestors as way
            join scopes as above on above.id = way.ancestor_id and above.parent_id is not null
            where way.scope_id = scopes.id
        ) as names
        where below.ancestor_id = $1 and below.depth > 0
            and ($2::uuid is null or exists (select from roles where id = $2 and scopes.kind = any(scope_kinds)))
        order by names.path
        limit $3
        "#,
        id.0,
        role.map(|role| role.0),
        limit,
    )
    .fetch_all(connection)
    .await?)
}

/// The names of a place and those above it, without the organisation's; empty for the organisation.
pub async fn path(connection: &mut PgConnection, id: ScopeId) -> Result<String, Error> {
    let names: Vec<_> =
        way_to(connection, id).await?.into_iter().skip(1).map(|place| place.path).collect();
    Ok(names.join(" / "))
}

/// Creates a place.
pub async fn create(
    change: &mut Change,
    parent: ScopeId,
    kind: ScopeKind,
    name: &Name,
    description: &Description,
) -> Result<ScopeId, Error> {
    let id = ScopeId::new();
    let at = change.at();
    let created = sqlx::query!(
        r#"
        insert into scopes (id, parent_id, kind, name, name_folded, description, created_at)
        values ($1, $2, $3, $4, $5, $6, $7)
        "#,
        id.0,
        parent.0,
        kind as ScopeKind,
        name.as_str(),
        name.folded(),
        description.as_str(),
        at,
    )
    .execute(change.connection())
    .await;
    fits(created)?;
    Ok(id)
}

/// Gives a place another name and description.
pub async fn rename(
    change: &mut Change,
    id: ScopeId,
    name: &Name,
    description: &Description,
) -> Result<(), Error> {
    let renamed = sqlx::query!(
        "update scopes set name = $2, name_folded = $3, description = $4 where id = $1",
        id.0,
        name.as_str(),
        name.folded(),
        description.as_str(),
    )
    .execute(change.connection())
    .await;
    fits(renamed)
}

/// Puts a place, with all that lies below it, into another one.
pub async fn relocate(change: &mut Change, id: ScopeId, parent: ScopeId) -> Result<(), Error> {
    let moved = sqlx::query!("update scopes set parent_id = $2 where id = $1", id.0, parent.0)
        .execute(change.connection())
        .await;
    fits(moved)
}

/// Gives the rules of the tree their meaning.
fn fits<T>(written: sqlx::Result<T>) -> Result<(), Error> {
    written
        .on_constraint("scopes_name_unique", || {
            Error::invalid("name", "something of that name is there already")
        })
        .on_constraint("scopes_fit", || {
            Error::invalid(
                "parent",
                "folders and systems lie in folders or in the organisation, and nothing lies in a group",
            )
        })
        .on_constraint("scopes_parent_in_use", || {
            Error::invalid("parent", "that place is no longer in use")
        })
        .on_constraint("scopes_acyclic", || {
            Error::invalid("parent", "a place cannot be moved into itself, or below itself")
        })
        .map(drop)
}

/// The places in use from `id` down, deepest first, held under lock: nobody is given anything there
/// meanwhile.
pub async fn lock_below(
    change: &mut Change,
    id: ScopeId,
) -> Result<Vec<(ScopeId, Option<PrincipalId>)>, Error> {
    let locked = sqlx::query!(
        r#"
        select scopes.id as "id: ScopeId", group_id as "group: PrincipalId"
        from scope_ancestors
        join scopes on scopes.id = scope_ancestors.scope_id and retired_at is null
        where ancestor_id = $1
        order by depth desc, scopes.id
        for update of scopes
        "#,
        id.0,
    )
    .fetch_all(change.connection())
    .await?;
    Ok(locked.into_iter().map(|place| (place.id, place.group)).collect())
}

/// Takes places out of use, and the groups whose places they are.
pub async fn retire(change: &mut Change, ids: &[ScopeId]) -> Result<Vec<PrincipalId>, Error> {
    let at = change.at();
    let ids: Vec<_> = ids.iter().map(|id| id.0).collect();
    sqlx::query!("update scopes set retired_at = $2 where id = any($1)", &ids, at)
        .execute(change.connection())
        .await?;
    Ok(sqlx::query_scalar!(
        r#"
        update principals set disabled_at = $2
        where id in (select group_id from scopes where id = any($1)) and disabled_at is null
        returning id as "id: PrincipalId"
        "#,
        &ids,
        at,
    )
    .fetch_all(change.connection())
    .await?)
}

/// Somebody who holds a role at a place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holding {
    /// The assignment.
    pub assignment: AssignmentId,
    /// Eligible or active.
    pub kind: AssignmentKind,
    /// Who.
    pub principal: PrincipalId,
    /// Their name.
    pub holder: String,
    /// Which role.
    pub role: RoleId,
    /// Its name.
    pub role_name: String,
    /// Whether it is privileged.
    pub privileged: bool,
    /// Where it is held.
    pub scope: ScopeId,
    /// The name of that place.
    pub scope_name: String,
    /// Whether it is an activation.
    pub activated: bool,
    /// Until when, if it ends.
    pub ends_at: Option<Instant>,
}

/// Who holds roles at these places, privileged roles first, `limit` at most.
pub async fn holdings(
    connection: &mut PgConnection,
    scopes: &[ScopeId],
    limit: i64,
) -> Result<Vec<Holding>, Error> {
    let scopes: Vec<_> = scopes.iter().map(|id| id.0).collect();
    Ok(sqlx::query_as!(
        Holding,
        r#"
        select
            held.id as "assignment: AssignmentId", held.kind as "kind: AssignmentKind",
            held.principal_id as "principal: PrincipalId", case principals.kind when 'user' then display_name else principals.name end as "holder!",
            roles.id as "role: RoleId", roles.name as role_name, privileged, places.id as "scope: ScopeId",
            places.name as scope_name, held.origin = 'activated' as "activated!",
            nullif(held.ends_at, 'infinity') as "ends_at: Instant"
        from roles
        cross join unnest($1::uuid[]) as wanted
        join scopes as places on places.id = wanted
        join assignments as held on held.role_id = roles.id and held.scope_id = places.id and held.ended_at is null
        join principals on principals.id = held.principal_id
        left join persons on persons.id = principals.person_id
        where held.ends_at > instant()
        order by privileged desc, roles.name, held.kind, 4, held.id
        limit $2
        "#,
        &scopes,
        limit,
    )
    .fetch_all(connection)
    .await?)
}

/// How many hold roles at these places, and how many requests for them are open.
pub async fn count(connection: &mut PgConnection, scopes: &[ScopeId]) -> Result<(i64, i64), Error> {
    let scopes: Vec<_> = scopes.iter().map(|id| id.0).collect();
    let row = sqlx::query!(
        r#"
        select
            (
                select count(*)
                from roles
                cross join unnest($1::uuid[]) as wanted
                join assignments on role_id = roles.id and scope_id = wanted and ended_at is null
            ) as "assignments!",
            (select count(*) from requests where scope_id = any($1) and state in ('pending', 'scheduled')) as "requests!"
        "#,
        &scopes,
    )
    .fetch_one(connection)
    .await?;
    Ok((row.assignments, row.requests))
}

/// Ends those of these assignments that have not ended, because their places are retired. Says which.
pub async fn end_assignments(
    change: &mut Change,
    ids: &[uuid::Uuid],
) -> Result<Vec<super::activation::Ended>, Error> {
    let at = change.at();
    Ok(sqlx::query_as!(
        super::activation::Ended,
        r#"
        update assignments set ended_at = $2, end_reason = 'scope_retired'
        where id = any($1) and ended_at is null
        returning id as "id: AssignmentId", principal_id as "principal: PrincipalId", role_id as "role: RoleId",
            scope_id as "scope: ScopeId", request_id as "request: _"
        "#,
        ids,
        at,
    )
    .fetch_all(change.connection())
    .await?)
}

/// Activations at `id` and below whose eligibility is at none of the places above them any more, ended. Says which.
pub async fn end_moved(
    change: &mut Change,
    id: ScopeId,
) -> Result<Vec<super::activation::Ended>, Error> {
    let at = change.at();
    Ok(sqlx::query_as!(
        super::activation::Ended,
        r#"
        update assignments set ended_at = $2, end_reason = 'scope_moved'
        where id in (
            select activation.id
            from roles
            cross join scope_ancestors as below
            join assignments as activation
                on activation.role_id = roles.id and activation.scope_id = below.scope_id and activation.kind = 'active'
                and activation.ended_at is null
            join assignments as eligibility on eligibility.id = activation.eligibility_id
            where below.ancestor_id = $1 and not exists (
                select from scope_ancestors as way
                where way.scope_id = activation.scope_id and way.ancestor_id = eligibility.scope_id
            )
        )
        returning id as "id: AssignmentId", principal_id as "principal: PrincipalId", role_id as "role: RoleId",
            scope_id as "scope: ScopeId", request_id as "request: _"
        "#,
        id.0,
        at,
    )
    .fetch_all(change.connection())
    .await?)
}

/// Open requests at `id` and below whose eligibility is at none of the places above them any more.
pub async fn moved_requests(
    connection: &mut PgConnection,
    id: ScopeId,
) -> Result<Vec<crate::domain::id::RequestId>, Error> {
    Ok(sqlx::query_scalar!(
        r#"
        select requests.id as "id: crate::domain::id::RequestId"
        from scope_ancestors as below
        join requests on requests.scope_id = below.scope_id and state in ('pending', 'scheduled')
        join assignments as eligibility on eligibility.id = requests.eligibility_id
        where below.ancestor_id = $1 and not exists (
            select from scope_ancestors as way
            where way.scope_id = requests.scope_id and way.ancestor_id = eligibility.scope_id
        )
        "#,
        id.0,
    )
    .fetch_all(connection)
    .await?)
}
