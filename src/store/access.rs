//! Who may do what right now: always asked of the live assignments, never remembered.
use sqlx::PgConnection;

use crate::{
    domain::{
        id::{PrincipalId, ScopeId},
        permission::{Permission, Permissions},
    },
    error::Error,
};

/// What somebody's roles in Latchkey allow.
#[derive(Clone, Debug, Default)]
pub struct Allowed {
    /// In the whole organisation.
    pub everywhere: Permissions,
    /// Anywhere at all, be it in the whole organisation or at one place.
    pub somewhere: Permissions,
}

/// What `principal`'s active roles in Latchkey allow at this moment.
pub async fn allowed(
    connection: &mut PgConnection,
    principal: PrincipalId,
) -> Result<Allowed, Error> {
    let names = sqlx::query!(
        r#"
        select
            coalesce(array_agg(distinct permission), '{}') as "somewhere!",
            coalesce(array_agg(distinct permission) filter (
                where held.scope_id = '00000000-0000-8000-8000-000000000000'
            ), '{}') as "everywhere!"
        from (select instant() as now) as clock
        cross join lateral effective_assignments($1, clock.now) as held
        join roles on roles.id = held.role_id
        cross join lateral unnest(roles.permissions) as permission
        "#,
        principal.0,
    )
    .fetch_one(connection)
    .await?;
    Ok(Allowed {
        everywhere: Permissions::named(&names.everywhere),
        somewhere: Permissions::named(&names.somewhere),
    })
}

/// Whether one of `principal`'s active roles in Latchkey allows this at `scope`, being held there or at a scope above.
pub async fn permitted(
    connection: &mut PgConnection,
    principal: PrincipalId,
    permission: Permission,
    scope: ScopeId,
) -> Result<bool, Error> {
    Ok(sqlx::query_scalar!(
        r#"select permitted($1, $2, $3, instant()) as "permitted!""#,
        principal.0,
        permission.name(),
        scope.0,
    )
    .fetch_one(connection)
    .await?)
}

/// The scopes at which one of `principal`'s active roles in Latchkey allows this, and below which it does too.
pub async fn places(
    connection: &mut PgConnection,
    principal: PrincipalId,
    permission: Permission,
) -> Result<Vec<ScopeId>, Error> {
    Ok(sqlx::query_scalar!(
        r#"
        select distinct held.scope_id as "scope!: ScopeId"
        from (select instant() as now) as clock
        cross join lateral effective_assignments($1, clock.now) as held
        join roles on roles.id = held.role_id and $2 = any(roles.permissions)
        "#,
        principal.0,
        permission.name(),
    )
    .fetch_all(connection)
    .await?)
}

/// Whether an account belongs to a group at this moment.
pub async fn belongs(
    connection: &mut PgConnection,
    principal: PrincipalId,
    group: PrincipalId,
) -> Result<bool, Error> {
    Ok(sqlx::query_scalar!(
        r#"
        select exists (
            select from belongs_to($1, instant()) as groups where groups.group_id = $2
        ) as "belongs!"
        "#,
        principal.0,
        group.0,
    )
    .fetch_one(connection)
    .await?)
}

/// One step of the way by which somebody holds a role.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// They belong to this group, or the group before does.
    Group(PrincipalId, String),
    /// The role is held here, at or above the place that was asked about.
    Scope(ScopeId, String),
}

/// The way from `principal` to the role that `through` holds at `held_at`: the shortest row of groups, then the places from
/// there down to `scope`.
pub async fn way(
    connection: &mut PgConnection,
    principal: PrincipalId,
    through: Option<PrincipalId>,
    held_at: ScopeId,
    scope: ScopeId,
) -> Result<Vec<Step>, Error> {
    let mut steps = Vec::new();
    if let Some(group) = through {
        let row = sqlx::query!(
            r#"
            with recursive row_of (last, groups) as (
                select $1::uuid, array[]::uuid[]
                union all
                select scopes.group_id, row_of.groups || scopes.group_id
                from row_of
                join assignments on assignments.principal_id = row_of.last and ended_at is null and kind = 'active'
                    and role_id = '00000000-0000-8000-8000-000000000008'
                    and starts_at <= instant() and instant() < ends_at
                join scopes on scopes.id = assignments.scope_id
                where cardinality(row_of.groups) < 5
            )
            select principals.id as "id!: PrincipalId", principals.name as "name!"
            from (
                select groups from row_of where last = $2 and cardinality(groups) > 0
                order by cardinality(groups)
                limit 1
            ) as shortest
            cross join unnest(shortest.groups) with ordinality as step (id, number)
            join principals on principals.id = step.id
            order by number
            "#,
            principal.0,
            group.0,
        )
        .fetch_all(&mut *connection)
        .await?;
        steps.extend(row.into_iter().map(|step| Step::Group(step.id, step.name)));
    }
    let places = super::scope::way_to(connection, scope).await?;
    let down = places.into_iter().skip_while(|place| place.id != held_at);
    steps.extend(down.map(|place| Step::Scope(place.id, place.path)));
    Ok(steps)
}

/// Whether `principal` holds, is eligible for, or approves a privileged role anywhere: what only some administrators may
/// touch.
pub async fn reaches_privilege(
    connection: &mut PgConnection,
    principal: PrincipalId,
) -> Result<bool, Error> {
    Ok(sqlx::query_scalar!(r#"select reaches_privilege($1) as "reaches!""#, principal.0)
        .fetch_one(connection)
        .await?)
}
