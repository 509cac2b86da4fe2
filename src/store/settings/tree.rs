//! Where in the tree of scopes a role has terms.
use sqlx::PgConnection;

use super::{super::Change, Version, load};
use crate::{
    domain::{
        id::{PrincipalId, RoleId, ScopeId, SettingsId},
        permission::Permission,
        role::ScopeKind,
    },
    error::Error,
};

/// A place, and the way to it.
#[derive(Clone, Debug)]
pub struct Place {
    /// Which.
    pub id: ScopeId,
    /// Its name.
    pub name: String,
    /// What it is.
    pub kind: ScopeKind,
    /// The places from the organisation down to this one, which is the last.
    pub path: Vec<ScopeId>,
}

/// The newest version at a place.
#[derive(Clone, Debug)]
pub struct Placed {
    /// The place.
    pub place: Place,
    /// The version.
    pub version: Version,
}

/// Keeps everybody else from changing the terms of `role`, anywhere, until the change is over.
pub async fn lock(change: &mut Change, role: RoleId) -> Result<(), Error> {
    sqlx::query!("select id from roles where id = $1 for no key update", role.0)
        .fetch_optional(change.connection())
        .await?
        .map(|_| ())
        .ok_or(Error::NotFound("role"))
}

/// A place that is in use.
pub async fn place(connection: &mut PgConnection, id: ScopeId) -> Result<Place, Error> {
    sqlx::query_as!(
        Place,
        r#"
        select id as "id: ScopeId", name, kind as "kind: ScopeKind",
            array(
                select ancestor_id from scope_ancestors where scope_id = scopes.id order by depth desc
            ) as "path!: Vec<ScopeId>"
        from scopes
        where id = $1 and retired_at is null
        "#,
        id.0,
    )
    .fetch_optional(connection)
    .await?
    .ok_or(Error::NotFound("scope"))
}

/// The places where `role` has terms or could have some, as far as `reader` may read roles there; five hundred at most, each
/// after the one that it lies in. No reader is Latchkey itself.
pub async fn places(
    connection: &mut PgConnection,
    role: Option<RoleId>,
    reader: Option<PrincipalId>,
) -> Result<Vec<Place>, Error> {
    Ok(sqlx::query_as!(
        Place,
        r#"
        select scopes.id as "id: ScopeId", scopes.name, scopes.kind as "kind: ScopeKind",
            path.ids as "path!: Vec<ScopeId>"
        from scopes
        cross join lateral (
            select array_agg(ancestor_id order by depth desc) as ids, array_agg(above.name_folded order by depth desc) as names
            from scope_ancestors
            join scopes as above on above.id = ancestor_id
            where scope_id = scopes.id
        ) as path
        where scopes.retired_at is null
            and (scopes.kind <> 'group' or exists (select from roles where id = $1 and 'group' = any (scope_kinds)))
            and ($2::uuid is null or exists (
                select from (select instant() as now) as clock
                cross join lateral live_assignments(clock.now) as held
                join roles on roles.id = held.role_id and $3 = any (roles.permissions)
                where held.principal_id = $2 and held.scope_id = any (path.ids)
            ))
        order by path.names
        limit 500
        "#,
        role.map(|role| role.0),
        reader.map(|reader| reader.0),
        Permission::ReadRoles.name(),
    )
    .fetch_all(connection)
    .await?)
}

/// The newest versions of `role` at `scope`, above it and below it; each after those above it.
pub async fn around(
    connection: &mut PgConnection,
    role: RoleId,
    scope: ScopeId,
) -> Result<Vec<Placed>, Error> {
    let rows = sqlx::query!(
        r#"
        select scopes.id as "scope: ScopeId", scopes.name, scopes.kind as "kind: ScopeKind", path.ids as "path!: Vec<ScopeId>",
            newest.id as "settings: SettingsId"
        from scopes
        cross join lateral (
            select id from role_settings where role_id = $1 and scope_id = scopes.id order by version desc limit 1
        ) as newest
        cross join lateral (
            select array_agg(ancestor_id order by depth desc) as ids from scope_ancestors where scope_id = scopes.id
        ) as path
        where $2 = any (path.ids)
            or exists (select from scope_ancestors where scope_id = $2 and ancestor_id = scopes.id)
        order by cardinality(path.ids), scopes.name_folded, scopes.id
        "#,
        role.0,
        scope.0,
    )
    .fetch_all(&mut *connection)
    .await?;
    let ids: Vec<_> = rows.iter().map(|row| row.settings.0).collect();
    let mut versions = load(connection, &ids, None).await?;
    let mut placed = Vec::with_capacity(rows.len());
    for row in rows {
        let found = versions.iter().position(|version| version.id == row.settings);
        let index =
            found.ok_or(Error::Inconsistent { table: "role_settings", id: row.settings.0 })?;
        let place = Place { id: row.scope, name: row.name, kind: row.kind, path: row.path };
        placed.push(Placed { place, version: versions.swap_remove(index) });
    }
    Ok(placed)
}

/// The roles with terms or waiting requests at `scope` or below it, in the order in which they are to be locked.
pub async fn roles_to_recompute(
    connection: &mut PgConnection,
    scope: ScopeId,
) -> Result<Vec<RoleId>, Error> {
    Ok(sqlx::query_scalar!(
        r#"
        select role_id as "role!: RoleId"
        from (
            select role_id, scope_id from role_settings
            union
            select role_id, scope_id from requests where state = 'pending'
        ) as concerned
        join scope_ancestors on scope_ancestors.scope_id = concerned.scope_id and ancestor_id = $1
        group by role_id
        order by role_id
        "#,
        scope.0,
    )
    .fetch_all(connection)
    .await?)
}
