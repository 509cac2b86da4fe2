//! What somebody can come to hold.
use std::collections::{BTreeMap, BTreeSet};

use sqlx::PgConnection;

use crate::{
    domain::{
        id::{PersonId, PrincipalId, RoleId, ScopeId},
        permission::Permissions,
        reach::Graph,
    },
    error::Error,
};

/// The accounts of `people` and the applications that these can sign in as.
pub async fn own(
    connection: &mut PgConnection,
    people: &[PersonId],
) -> Result<BTreeSet<PrincipalId>, Error> {
    let people: Vec<_> = people.iter().map(|id| id.0).collect();
    let own = sqlx::query_scalar!(
        r#"
        with recursive own (id) as (
            select id from principals where person_id = any($1)
            union
            select next.application_id from own cross join lateral acts_as(own.id) as next
        )
        select id as "id!: PrincipalId" from own
        "#,
        &people,
    )
    .fetch_all(connection)
    .await?;
    Ok(own.into_iter().collect())
}

/// As much of the picture as can be seen from `own`; the tree, and what roles allow, are read by themselves.
pub async fn graph(
    connection: &mut PgConnection,
    own: &BTreeSet<PrincipalId>,
) -> Result<Graph, Error> {
    let ways = ways(connection, own).await?;
    let guarded_ways = ways.iter().filter(|(_, guarded)| **guarded).map(|(way, _)| *way).collect();
    let ways: BTreeSet<_> = ways.into_keys().collect();
    let principals: Vec<_> =
        own.iter().copied().chain(ways.iter().map(|(_, group)| *group)).map(|id| id.0).collect();
    let rows = sqlx::query!(
        r#"
        select
            principal_id as "principal: PrincipalId", role_id as "role: RoleId", scope_id as "scope: ScopeId",
            bool_or(kind = 'eligible') as "eligible!",
            bool_and(kind = 'eligible' and coalesce((
                select activation_requires_approval
                from current_settings(assignments.role_id, assignments.scope_id)
            ), false)) as "guarded!"
        from assignments
        where principal_id = any($1) and ended_at is null and ends_at > instant()
        group by principal_id, role_id, scope_id
        "#,
        &principals,
    )
    .fetch_all(connection)
    .await?;
    let mut graph = Graph { own: own.clone(), ways, guarded_ways, ..Graph::default() };
    for row in rows {
        let held = (row.principal, row.role, row.scope);
        graph.holdings.insert(held);
        if row.eligible {
            graph.eligible.insert(held);
        }
        if row.guarded {
            graph.guarded.insert(held);
        }
    }
    Ok(graph)
}

/// The ways into groups from `own`, and on from these; true for those that somebody else has to approve.
async fn ways(
    connection: &mut PgConnection,
    own: &BTreeSet<PrincipalId>,
) -> Result<BTreeMap<(PrincipalId, PrincipalId), bool>, Error> {
    let from: Vec<_> = own.iter().map(|id| id.0).collect();
    let ways = sqlx::query!(
        r#"
        with recursive ways (from_id, group_id) as (
            select assignments.principal_id, scopes.group_id
            from unnest($1::uuid[]) as own
            join assignments on assignments.principal_id = own and ended_at is null and ends_at > instant()
                and role_id in ('00000000-0000-8000-8000-000000000008', '00000000-0000-8000-8000-000000000009')
            join scopes on scopes.id = assignments.scope_id and scopes.kind = 'group'
            union
            select assignments.principal_id, scopes.group_id
            from ways
            join assignments on assignments.principal_id = ways.group_id and ended_at is null and ends_at > instant()
                and role_id in ('00000000-0000-8000-8000-000000000008', '00000000-0000-8000-8000-000000000009')
            join scopes on scopes.id = assignments.scope_id and scopes.kind = 'group'
        )
        select
            from_id as "from!: PrincipalId", ways.group_id as "group!: PrincipalId",
            -- Several memberships and ownerships make one way, which is guarded if all of them are.
            (
                select bool_and(assignments.kind = 'eligible' and coalesce((
                    select activation_requires_approval
                    from current_settings(assignments.role_id, assignments.scope_id)
                ), false))
                from scopes
                join assignments on assignments.scope_id = scopes.id and assignments.principal_id = from_id
                    and ended_at is null and ends_at > instant()
                    and role_id in ('00000000-0000-8000-8000-000000000008', '00000000-0000-8000-8000-000000000009')
                where scopes.group_id = ways.group_id
            ) as "guarded!"
        from ways
        "#,
        &from,
    )
    .fetch_all(connection)
    .await?;
    Ok(ways.into_iter().map(|way| ((way.from, way.group), way.guarded)).collect())
}

/// The whole picture, as `people` see it: with the accounts of everybody else, and the applications that these can sign in as.
pub async fn whole(connection: &mut PgConnection, people: &[PersonId]) -> Result<Graph, Error> {
    let ids: Vec<_> = people.iter().map(|id| id.0).collect();
    let own = own(connection, people).await?;
    let others = sqlx::query!(
        r#"
        select
            others.id as "id: PrincipalId", reaches_privilege(others.id) as "protected!"
        from principals as others
        where others.kind = 'user' and others.person_id <> all($1)
        "#,
        &ids,
    )
    .fetch_all(&mut *connection)
    .await?;
    let acts_as = sqlx::query!(
        r#"
        select id as "account: PrincipalId", application_id as "application!: PrincipalId"
        from principals
        cross join lateral acts_as(id)
        "#
    )
    .fetch_all(&mut *connection)
    .await?;
    let groups = sqlx::query!(
        r#"
        select group_id as "id!: PrincipalId", id as "place: ScopeId" from scopes
        where kind = 'group' and retired_at is null
        "#,
    )
    .fetch_all(&mut *connection)
    .await?;
    let from = own.iter().copied().chain(others.iter().map(|other| other.id));
    let from = from.chain(acts_as.iter().map(|as_which| as_which.application));
    let from = from.chain(groups.iter().map(|group| group.id));
    let mut whole = graph(connection, &from.collect()).await?;
    whole.see_groups(groups.into_iter().map(|group| (group.id, group.place)));
    whole.own = own;
    whole.ways.extend(acts_as.into_iter().map(|way| (way.account, way.application)));
    whole.accounts.extend(others.into_iter().map(|other| (other.id, other.protected)));
    Ok(whole)
}

/// What each role allows in Latchkey; roles that allow nothing are left out.
pub async fn permissions(
    connection: &mut PgConnection,
) -> Result<BTreeMap<RoleId, Permissions>, Error> {
    let rows = sqlx::query!(
        r#"select id as "id: RoleId", permissions from roles where permissions <> '{}' and retired_at is null"#
    )
    .fetch_all(connection)
    .await?;
    Ok(rows.into_iter().map(|row| (row.id, Permissions::named(&row.permissions))).collect())
}

/// The roles whose approvers the holders of `role` at `scope` are, with the places for which the terms that say so were written:
/// by that role or as owners, or by a group that it makes them members of, and what comes with that.
pub async fn approved_by(
    connection: &mut PgConnection,
    (role, scope): (RoleId, ScopeId),
) -> Result<BTreeSet<(RoleId, ScopeId)>, Error> {
    let rows = sqlx::query!(
        r#"
        with recursive up (id) as (
            select group_id from scopes
            where id = $2 and kind = 'group' and $1 = '00000000-0000-8000-8000-000000000008'::uuid
            union
            select scopes.group_id
            from up
            join assignments on assignments.principal_id = up.id and ended_at is null and ends_at > instant()
                and role_id = '00000000-0000-8000-8000-000000000008'
            join scopes on scopes.id = assignments.scope_id
        ),
        given (role_id, scope_id) as (
            select $1::uuid, $2::uuid
            union
            select role_id, scope_id
            from up
            join assignments on principal_id = up.id and ended_at is null and ends_at > instant()
        ),
        named (settings_id, scope_id) as (
            select settings_id, null::uuid from up join settings_approvers on principal_id = up.id
            union
            -- Who is on call needs nobody's word: as good as one's own.
            select settings_id, null::uuid
            from up
            join approval_stages on skipped_if ? 'on_call' and skipped_if ->> 'on_call' = up.id::text
            union
            select settings_id, given.scope_id from given join settings_approvers using (role_id)
            union
            select settings_id, given.scope_id
            from given
            join settings_approvers on kind = 'scope_owners'
            where given.role_id = '00000000-0000-8000-8000-000000000009'
        )
        select distinct terms.role_id as "role: RoleId", terms.scope_id as "scope: ScopeId"
        from named
        join role_settings as terms on terms.id = settings_id and activation_requires_approval
        where not exists (
            select from role_settings as newer
            where newer.role_id = terms.role_id and newer.scope_id = terms.scope_id and newer.version > terms.version
        ) and (
            -- Holders decide at their own place and below it.
            named.scope_id is null or exists (
                select from scope_ancestors as near
                where near.scope_id = terms.scope_id and near.ancestor_id = named.scope_id
                    or near.scope_id = named.scope_id and near.ancestor_id = terms.scope_id
            )
        )
        "#,
        role.0,
        scope.0,
    )
    .fetch_all(connection)
    .await?;
    Ok(rows.into_iter().map(|row| (row.role, row.scope)).collect())
}

/// Of these places, every pair of one that lies in the other.
pub async fn nesting(
    connection: &mut PgConnection,
    places: &BTreeSet<ScopeId>,
) -> Result<BTreeSet<(ScopeId, ScopeId)>, Error> {
    let places: Vec<_> = places.iter().map(|id| id.0).collect();
    let pairs = sqlx::query!(
        r#"
        select scope_id as "scope: ScopeId", ancestor_id as "ancestor: ScopeId" from scope_ancestors
        where scope_id = any($1) and ancestor_id = any($1)
        "#,
        &places,
    )
    .fetch_all(connection)
    .await?;
    Ok(pairs.into_iter().map(|pair| (pair.scope, pair.ancestor)).collect())
}
