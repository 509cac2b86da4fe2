//! What somebody can come to hold.
use std::collections::BTreeSet;

use sqlx::PgConnection;

use crate::{
    domain::{
        id::{PersonId, PrincipalId, RoleId, ScopeId},
        reach::Graph,
    },
    error::Error,
};

/// The accounts of `people` and the applications that they answer for.
pub async fn own(
    connection: &mut PgConnection,
    people: &[PersonId],
) -> Result<BTreeSet<PrincipalId>, Error> {
    let people: Vec<_> = people.iter().map(|id| id.0).collect();
    let own = sqlx::query_scalar!(
        r#"
        select id as "id!: PrincipalId" from principals where person_id = any($1)
        union
        select principal_id from application_owners where person_id = any($1) and ended_at is null
        "#,
        &people,
    )
    .fetch_all(connection)
    .await?;
    Ok(own.into_iter().collect())
}

/// As much of the picture as can be seen from `own`.
pub async fn graph(
    connection: &mut PgConnection,
    own: &BTreeSet<PrincipalId>,
) -> Result<Graph, Error> {
    let own: Vec<_> = own.iter().map(|id| id.0).collect();
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
        select from_id as "from!: PrincipalId", group_id as "group!: PrincipalId" from ways
        "#,
        &own,
    )
    .fetch_all(&mut *connection)
    .await?;
    let ways: BTreeSet<_> = ways.into_iter().map(|way| (way.from, way.group)).collect();
    let principals: Vec<_> =
        own.iter().copied().chain(ways.iter().map(|(_, group)| group.0)).collect();
    let holdings = sqlx::query!(
        r#"
        select distinct principal_id as "principal: PrincipalId", role_id as "role: RoleId", scope_id as "scope: ScopeId"
        from assignments
        where principal_id = any($1) and ended_at is null and ends_at > instant()
        "#,
        &principals,
    )
    .fetch_all(connection)
    .await?;
    let holdings =
        holdings.into_iter().map(|held| (held.principal, held.role, held.scope)).collect();
    Ok(Graph { ways, holdings })
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
