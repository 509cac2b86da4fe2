//! Roles and scopes.
use sqlx::PgConnection;

use super::{Change, OnConstraint as _};
use crate::{
    domain::{
        id::{RoleId, ScopeId},
        role::ScopeKind,
        text::{Description, Name},
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
pub async fn create(
    change: &mut Change,
    name: &Name,
    description: &Description,
    privileged: bool,
    scope_kinds: &[ScopeKind],
) -> Result<RoleId, Error> {
    let id = RoleId::new();
    let at = change.at();
    sqlx::query!(
        r#"
        insert into roles (id, name, name_folded, description, privileged, scope_kinds, created_at)
        values ($1, $2, $3, $4, $5, $6, $7)
        "#,
        id.0,
        name.as_str(),
        name.folded(),
        description.as_str(),
        privileged,
        scope_kinds as &[ScopeKind],
        at,
    )
    .execute(change.connection())
    .await
    .on_constraint("roles_name_unique", || {
        Error::invalid("name", "there is a role of that name already")
    })?;
    Ok(id)
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
