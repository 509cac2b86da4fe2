//! What ends with something else, held under lock before the time of that end is read: so nothing ends later than what it rests
//! on.
use super::Change;
use crate::{
    domain::{
        assignment::AssignmentOrigin,
        id::{AssignmentId, PrincipalId, RoleId, ScopeId},
    },
    error::Error,
};

/// What rests on something: open requests and what is held.
#[derive(Clone, Copy, Debug)]
pub enum Resting<'a> {
    /// What is asked for and activated by this eligibility.
    OnEligibility(AssignmentId),
    /// What these accounts have asked for and activated.
    OfAccounts(&'a [PrincipalId]),
    /// What is held of this role, and asked for.
    OfRole(RoleId),
    /// What is held at these places, among which are all below, and asked for there.
    AtPlaces(&'a [ScopeId]),
}

/// Open requests, held in one order. One text for each condition, so that each is planned for itself.
macro_rules! requests {
    ($change:ident, $condition:literal, $given:expr) => {
        sqlx::query!(
            "select from requests where state in ('pending', 'scheduled') and "
                + $condition
                + " order by id for update",
            $given,
        )
        .execute($change.connection())
        .await?
    };
}

/// What is held of roles, held under lock in one order; says which.
macro_rules! assignments {
    ($change:ident, $condition:literal, $given:expr) => {
        sqlx::query_scalar!(
            "select id from assignments where ended_at is null and "
                + $condition
                + " order by id for no key update",
            $given,
        )
        .fetch_all($change.connection())
        .await?
    };
}

/// Holds it until the change ends: what was assigned, then requests, then what was activated, each in one order, as everybody
/// takes them. Says what is held of roles.
pub async fn hold(change: &mut Change, resting: Resting<'_>) -> Result<Vec<uuid::Uuid>, Error> {
    match resting {
        Resting::OnEligibility(id) => {
            requests!(change, "eligibility_id = $1", id.0);
            Ok(assignments!(change, "eligibility_id = $1", id.0))
        }
        Resting::OfAccounts(accounts) => {
            let ids: Vec<_> = accounts.iter().map(|id| id.0).collect();
            requests!(change, "principal_id = any($1)", &ids);
            Ok(assignments!(change, "principal_id = any($1) and origin = 'activated'", &ids))
        }
        Resting::OfRole(id) => {
            let assigned = assignments!(change, "role_id = $1 and origin = 'assigned'", id.0);
            requests!(change, "role_id = $1", id.0);
            let activated = assignments!(change, "role_id = $1 and origin = 'activated'", id.0);
            Ok([assigned, activated].concat())
        }
        Resting::AtPlaces(places) => {
            let ids: Vec<_> = places.iter().map(|id| id.0).collect();
            let assigned = held_at(change, &ids, AssignmentOrigin::Assigned).await?;
            requests!(change, "scope_id = any($1)", &ids);
            let activated = held_at(change, &ids, AssignmentOrigin::Activated).await?;
            Ok([assigned, activated].concat())
        }
    }
}

/// What is held at these places and came about in this way, held under lock. By role and place, as it is indexed.
async fn held_at(
    change: &mut Change,
    places: &[uuid::Uuid],
    origin: AssignmentOrigin,
) -> Result<Vec<uuid::Uuid>, Error> {
    Ok(sqlx::query_scalar!(
        r#"
        select id from assignments
        where ended_at is null and origin = $2 and id in (
            select there.id
            from unnest($1::uuid[]) as place
            cross join roles
            join assignments as there on there.role_id = roles.id and there.scope_id = place and there.ended_at is null
        )
        order by id
        for no key update
        "#,
        places,
        origin as AssignmentOrigin,
    )
    .fetch_all(change.connection())
    .await?)
}

/// The accounts that belong to groups by this one: itself, or, of a group, all who belong to it.
pub async fn behind(change: &mut Change, account: PrincipalId) -> Result<Vec<PrincipalId>, Error> {
    Ok(sqlx::query_scalar!(
        r#"
        with recursive behind (id) as (
            select $1::uuid
            union
            select assignments.principal_id
            from behind
            join scopes on scopes.group_id = behind.id
            join assignments on assignments.scope_id = scopes.id and assignments.ended_at is null
                and assignments.role_id = '00000000-0000-8000-8000-000000000008'
        )
        select id as "id!: PrincipalId" from behind
        "#,
        account.0,
    )
    .fetch_all(change.connection())
    .await?)
}
