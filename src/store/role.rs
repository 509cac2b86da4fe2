//! Roles and scopes.
use sqlx::PgConnection;

use super::{Change, OnConstraint as _};
use crate::{
    domain::{
        id::{RoleId, ScopeId},
        role::{Definition, ScopeKind},
        text::Name,
        time::Instant,
    },
    error::Error,
};

/// A role as it is told.
#[derive(Clone, Debug)]
pub struct Told {
    /// Which.
    pub id: RoleId,
    /// Its name.
    pub name: String,
    /// What it lets one do.
    pub description: String,
    /// Whether it ships with Latchkey.
    pub built_in: bool,
    /// Whether it is privileged.
    pub privileged: bool,
    /// What it allows in Latchkey.
    pub permissions: Vec<String>,
    /// Where it can be held.
    pub scope_kinds: Vec<ScopeKind>,
    /// When it was retired.
    pub retired_at: Option<Instant>,
    /// How many eligible assignments there are.
    pub eligible: i64,
    /// How many people hold it without activation.
    pub assigned: i64,
    /// How many have activated it.
    pub activated: i64,
}

/// All roles that can be held at a kind of scope, by name, with how many hold them at or below `places`; with `id`, only that
/// one.
pub async fn list(
    connection: &mut PgConnection,
    kind: Option<ScopeKind>,
    id: Option<RoleId>,
    places: Option<&[ScopeId]>,
) -> Result<Vec<Told>, Error> {
    let places = super::ids(places);
    Ok(sqlx::query_as!(
        Told,
        r#"
        select
            roles.id as "id: RoleId", name, description, built_in, privileged, permissions,
            scope_kinds as "scope_kinds: Vec<ScopeKind>", retired_at,
            coalesce(eligible, 0) as "eligible!", coalesce(assigned, 0) as "assigned!", coalesce(activated, 0) as "activated!"
        from roles
        left join (
            select
                role_id,
                count(*) filter (where kind = 'eligible') as eligible,
                count(*) filter (where kind = 'active' and origin = 'assigned') as assigned,
                count(*) filter (where origin = 'activated') as activated
            from assignments
            where ended_at is null and ends_at > instant() and ($2::uuid is null or role_id = $2)
                and ($3::uuid[] is null or exists (
                    select from scope_ancestors
                    where scope_ancestors.scope_id = assignments.scope_id and ancestor_id = any($3)
                ))
            group by role_id
        ) as held on held.role_id = roles.id
        where ($1::scope_kind is null or $1 = any(scope_kinds)) and ($2::uuid is null or roles.id = $2)
        order by privileged desc, name
        "#,
        kind as Option<ScopeKind>,
        id.map(|id| id.0),
        places.as_deref(),
    )
    .fetch_all(connection)
    .await?)
}

/// One role.
pub async fn one(connection: &mut PgConnection, id: RoleId) -> Result<Told, Error> {
    list(connection, None, Some(id), None).await?.pop().ok_or(Error::NotFound("role"))
}

/// Creates a role.
pub async fn create(change: &mut Change, role: &Definition) -> Result<RoleId, Error> {
    let id = RoleId::new();
    let at = change.at();
    let Definition { name, description, privileged, scope_kinds, .. } = role;
    sqlx::query!(
        r#"
        insert into roles (id, name, name_folded, description, privileged, scope_kinds, created_at, permissions)
        values ($1, $2, $3, $4, $5, $6, $7, $8)
        "#,
        id.0,
        name.as_str(),
        name.folded(),
        description.as_str(),
        privileged,
        scope_kinds as &[ScopeKind],
        at,
        &Vec::from(role.permissions.clone()),
    )
    .execute(change.connection())
    .await
    .on_constraint("roles_name_unique", || {
        Error::invalid("name", "there is a role of that name already")
    })?;
    Ok(id)
}

/// Makes a role something else.
pub async fn write(change: &mut Change, id: RoleId, role: &Definition) -> Result<(), Error> {
    let Definition { name, description, privileged, scope_kinds, .. } = role;
    sqlx::query!(
        r#"
        update roles set
            name = $2, name_folded = $3, description = $4, privileged = $5, scope_kinds = $6, permissions = $7
        where id = $1
        "#,
        id.0,
        name.as_str(),
        name.folded(),
        description.as_str(),
        privileged,
        scope_kinds as &[ScopeKind],
        &Vec::from(role.permissions.clone()),
    )
    .execute(change.connection())
    .await
    .on_constraint("roles_name_unique", || {
        Error::invalid("name", "there is a role of that name already")
    })?;
    Ok(())
}

/// Locks a role, so that nobody is given it meanwhile.
pub async fn lock(change: &mut Change, id: RoleId) -> Result<Told, Error> {
    sqlx::query!("select id from roles where id = $1 for update", id.0)
        .fetch_optional(change.connection())
        .await?
        .ok_or(Error::NotFound("role"))?;
    one(change.connection(), id).await
}

/// The kinds of place at which a role is held.
pub async fn held_at(connection: &mut PgConnection, id: RoleId) -> Result<Vec<ScopeKind>, Error> {
    Ok(sqlx::query_scalar!(
        r#"
        select distinct scopes.kind as "kind: ScopeKind"
        from assignments
        join scopes on scopes.id = scope_id
        where role_id = $1 and ended_at is null
        "#,
        id.0,
    )
    .fetch_all(connection)
    .await?)
}

/// How many assignments and activations of a role there are, and how many open requests for it.
pub async fn count(connection: &mut PgConnection, id: RoleId) -> Result<(i64, i64), Error> {
    let row = sqlx::query!(
        r#"
        select
            (select count(*) from assignments where role_id = $1 and ended_at is null) as "assignments!",
            (select count(*) from requests where role_id = $1 and state in ('pending', 'scheduled')) as "requests!"
        "#,
        id.0,
    )
    .fetch_one(connection)
    .await?;
    Ok((row.assignments, row.requests))
}

/// Ends whatever is held of a role, activations too.
pub async fn end_assignments(
    change: &mut Change,
    id: RoleId,
) -> Result<Vec<super::activation::Ended>, Error> {
    let at = change.at();
    Ok(sqlx::query_as!(
        super::activation::Ended,
        r#"
        update assignments set ended_at = $2, end_reason = 'role_retired'
        where role_id = $1 and ended_at is null
        returning id as "id: _", principal_id as "principal: _", role_id as "role: RoleId", scope_id as "scope: ScopeId",
            request_id as "request: _"
        "#,
        id.0,
        at,
    )
    .fetch_all(change.connection())
    .await?)
}

/// Takes a role out of use.
pub async fn retire(change: &mut Change, id: RoleId) -> Result<(), Error> {
    let at = change.at();
    sqlx::query!("update roles set retired_at = $2 where id = $1", id.0, at)
        .execute(change.connection())
        .await?;
    Ok(())
}

/// The kind of a scope that is in use, and its name.
pub async fn scope(
    connection: &mut PgConnection,
    id: ScopeId,
) -> Result<(ScopeKind, String), Error> {
    let row = sqlx::query!(
        r#"select kind as "kind: ScopeKind", name from scopes where id = $1 and retired_at is null"#,
        id.0,
    )
    .fetch_optional(connection)
    .await?
    .ok_or(Error::NotFound("scope"))?;
    Ok((row.kind, row.name))
}

/// What the organisation is called.
pub async fn organisation(connection: &mut PgConnection) -> Result<String, Error> {
    Ok(sqlx::query_scalar!("select name from scopes where parent_id is null")
        .fetch_one(connection)
        .await?)
}

/// Calls the organisation by another name; nobody's power depends on it.
pub async fn name_organisation(connection: &mut PgConnection, name: &Name) -> Result<(), Error> {
    sqlx::query!(
        "update scopes set name = $1, name_folded = $2 where parent_id is null and name <> $1",
        name.as_str(),
        name.folded(),
    )
    .execute(connection)
    .await?;
    Ok(())
}
