//! Groups: which there are, what they carry, and who belongs to them.
use sqlx::PgConnection;

use super::{Change, OnConstraint as _, ids};
use crate::{
    domain::{
        id::{AssignmentId, PrincipalId, ScopeId},
        role::ScopeKind,
        text::{Description, Name},
        time::Instant,
    },
    error::Error,
};

/// A group as it is told.
#[derive(Clone, Debug)]
pub struct Group {
    /// The group.
    pub principal: PrincipalId,
    /// Its place in the tree, where Member and Owner are held.
    pub scope: ScopeId,
    /// Its name.
    pub name: String,
    /// What it is for.
    pub description: String,
    /// Where it lies.
    pub parent: ScopeId,
    /// How many belong to it directly.
    pub members: i64,
    /// Whether it carries a privileged role, directly or through a group that it belongs to, so that changing it takes the
    /// right to assign that.
    pub protected: bool,
    /// When it was retired.
    pub retired_at: Option<Instant>,
    /// For which roles its members may approve.
    pub approves: Vec<String>,
}

/// Which groups are wanted.
#[derive(Clone, Debug, Default)]
pub struct Wanted {
    /// This one, in use or not.
    pub id: Option<PrincipalId>,
    /// Those at or below these places.
    pub places: Option<Vec<ScopeId>>,
    /// Those whose name contains this.
    pub search: Option<String>,
}

/// Groups in use by name, five hundred at most.
#[expect(clippy::too_many_lines, reason = "one statement, so that all of it is true at one moment")]
pub async fn list(connection: &mut PgConnection, wanted: &Wanted) -> Result<Vec<Group>, Error> {
    let places = ids(wanted.places.as_deref());
    Ok(sqlx::query_as!(
        Group,
        r#"
        select
            principals.id as "principal: PrincipalId", scopes.id as "scope: ScopeId", principals.name,
            principals.description, scopes.parent_id as "parent!: ScopeId", scopes.retired_at,
            (select count(*) from live_assignments(clock.now) as members
                where members.scope_id = scopes.id and members.role_id = '00000000-0000-8000-8000-000000000008') as "members!",
            exists (
                with recursive up (id) as (
                    select principals.id
                    union
                    select above.group_id
                    from up
                    join assignments on assignments.principal_id = up.id and ended_at is null
                        and role_id = '00000000-0000-8000-8000-000000000008'
                    join scopes as above on above.id = assignments.scope_id
                )
                select from up
                join assignments on principal_id = up.id and ended_at is null and ends_at > clock.now
                join roles on roles.id = role_id and privileged
                where role_id <> '00000000-0000-8000-8000-000000000008'
            ) or exists (
                select from approval_stages as stages
                join role_settings as terms on terms.id = stages.settings_id and terms.activation_requires_approval
                join roles on roles.id = terms.role_id and privileged
                where stages.skipped_if ? 'on_call' and stages.skipped_if ->> 'on_call' = principals.id::text
                    and not exists (
                        select from role_settings as newer
                        where newer.role_id = terms.role_id and newer.scope_id = terms.scope_id
                            and newer.version > terms.version
                    )
            ) as "protected!",
            array(
                select roles.name from roles
                cross join lateral current_settings(roles.id, '00000000-0000-8000-8000-000000000000') as settings
                join settings_approvers on settings_id = settings.id and principal_id = principals.id
                where activation_requires_approval
                order by roles.name
            ) as "approves!"
        from (select instant() as now) as clock
        cross join principals
        join scopes on scopes.group_id = principals.id
        where principals.kind = 'group' and ($1::uuid is null or principals.id = $1)
            and ($1::uuid is not null or scopes.retired_at is null)
            and ($2::uuid[] is null or exists (
                select from scope_ancestors
                where scope_ancestors.scope_id = scopes.id and ancestor_id = any($2)
            ))
            and ($3::text is null or position(lower($3) in principals.name_folded) > 0)
        order by principals.name
        limit 500
        "#,
        wanted.id.map(|id| id.0),
        places.as_deref(),
        wanted.search,
    )
    .fetch_all(connection)
    .await?)
}

/// The places at which `group`, or a group that it belongs to, is given anything or eligible for it.
pub async fn carried_at(
    connection: &mut PgConnection,
    group: PrincipalId,
) -> Result<Vec<(ScopeId, ScopeKind)>, Error> {
    let rows = sqlx::query!(
        r#"
        with recursive up (id) as (
            select $1::uuid
            union
            select scopes.group_id
            from up
            join assignments on assignments.principal_id = up.id and ended_at is null and ends_at > instant()
                and role_id in ('00000000-0000-8000-8000-000000000008', '00000000-0000-8000-8000-000000000009')
            join scopes on scopes.id = assignments.scope_id and scopes.kind = 'group'
        )
        select distinct scopes.id as "scope: ScopeId", scopes.kind as "kind: ScopeKind"
        from up
        join assignments on assignments.principal_id = up.id and ended_at is null and ends_at > instant()
        join scopes on scopes.id = assignments.scope_id
        "#,
        group.0,
    )
    .fetch_all(connection)
    .await?;
    Ok(rows.into_iter().map(|row| (row.scope, row.kind)).collect())
}

/// The group whose place this is.
pub async fn at(connection: &mut PgConnection, scope: ScopeId) -> Result<PrincipalId, Error> {
    sqlx::query_scalar!(
        r#"select group_id as "id: PrincipalId" from scopes where id = $1"#,
        scope.0
    )
    .fetch_optional(connection)
    .await?
    .flatten()
    .ok_or(Error::NotFound("group"))
}

/// Gives a group another name and description.
pub async fn rename(
    change: &mut Change,
    id: PrincipalId,
    name: &Name,
    description: &Description,
) -> Result<(), Error> {
    sqlx::query!(
        "update principals set name = $2, name_folded = $3, description = $4 where id = $1 and kind = 'group'",
        id.0,
        name.as_str(),
        name.folded(),
        description.as_str(),
    )
    .execute(change.connection())
    .await
    .on_constraint("principals_name_unique", || {
        Error::invalid("name", "there is a group of that name already")
    })?;
    Ok(())
}

/// Creates a group, with its place in the tree.
pub async fn create(
    change: &mut Change,
    parent: ScopeId,
    name: &Name,
    description: &Description,
) -> Result<(PrincipalId, ScopeId), Error> {
    let (principal, scope) = (PrincipalId::new(), ScopeId::new());
    let at = change.at();
    sqlx::query!(
        r#"
        insert into principals (id, kind, name, name_folded, description, created_at)
        values ($1, 'group', $2, $3, $4, $5)
        "#,
        principal.0,
        name.as_str(),
        name.folded(),
        description.as_str(),
        at,
    )
    .execute(change.connection())
    .await
    .on_constraint("principals_name_unique", || {
        Error::invalid("name", "there is a group of that name already")
    })?;
    sqlx::query!(
        r#"
        insert into scopes (id, parent_id, kind, group_id, name, name_folded, created_at)
        values ($1, $2, 'group', $3, $4, $5, $6)
        "#,
        scope.0,
        parent.0,
        principal.0,
        name.as_str(),
        name.folded(),
        at,
    )
    .execute(change.connection())
    .await
    .on_constraint("scopes_name_unique", || {
        Error::invalid("name", "something of that name is there already")
    })
    .on_constraint("scopes_fit", || Error::invalid("parent", "nothing lies in a group"))
    .on_constraint("scopes_parent_in_use", || {
        Error::invalid("parent", "that place is no longer in use")
    })?;
    Ok((principal, scope))
}

/// An assignment's identifier, for those who only know whose it is.
pub async fn membership(
    connection: &mut PgConnection,
    scope: ScopeId,
    principal: PrincipalId,
) -> Result<Option<AssignmentId>, Error> {
    Ok(sqlx::query_scalar!(
        r#"
        select id as "id: AssignmentId" from assignments
        where scope_id = $1 and principal_id = $2 and role_id = '00000000-0000-8000-8000-000000000008' and ended_at is null
        limit 1
        "#,
        scope.0,
        principal.0,
    )
    .fetch_optional(connection)
    .await?)
}

/// The groups that an account belongs to at `at`, directly or through others.
pub async fn groups_of(
    connection: &mut PgConnection,
    principal: PrincipalId,
    at: Instant,
) -> Result<std::collections::BTreeSet<PrincipalId>, Error> {
    let groups = sqlx::query_scalar!(
        r#"select group_id as "id!: PrincipalId" from belongs_to($1, $2)"#,
        principal.0,
        at,
    )
    .fetch_all(connection)
    .await?;
    Ok(groups.into_iter().collect())
}
