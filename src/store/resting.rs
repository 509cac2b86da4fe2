//! What ends with something else, held under lock before the time of that end is read: so nothing ends later than what it rests
//! on.
use super::Change;
use crate::{
    domain::id::{AssignmentId, PrincipalId, RoleId, ScopeId},
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
    /// What is held at these places and asked for there, and what is activated below by it.
    AtPlaces(&'a [ScopeId]),
}

/// Holds it until the change ends; requests first, each kind in one order, as everybody takes them. Says what is held of roles.
pub async fn hold(change: &mut Change, resting: Resting<'_>) -> Result<Vec<uuid::Uuid>, Error> {
    let (mut eligibility, mut role) = (None, None);
    let (mut accounts, mut places) = (Vec::new(), Vec::new());
    match resting {
        Resting::OnEligibility(id) => eligibility = Some(id.0),
        Resting::OfAccounts(ids) => accounts.extend(ids.iter().map(|id| id.0)),
        Resting::OfRole(id) => role = Some(id.0),
        Resting::AtPlaces(ids) => places.extend(ids.iter().map(|id| id.0)),
    }
    sqlx::query!(
        r#"
        select from requests
        where state in ('pending', 'scheduled')
            and (eligibility_id = $1 or principal_id = any($2) or role_id = $3 or scope_id = any($4))
        order by id
        for update
        "#,
        eligibility,
        &accounts,
        role,
        &places,
    )
    .execute(change.connection())
    .await?;
    Ok(sqlx::query_scalar!(
        r#"
        select id from assignments
        where id in (
            select id from assignments where eligibility_id = $1 and ended_at is null
            union
            select id from assignments where principal_id = any($2) and origin = 'activated' and ended_at is null
            union
            select id from assignments where role_id = $3 and ended_at is null
            union
            select assignments.id
            from unnest($4::uuid[]) as place
            cross join roles
            join assignments on role_id = roles.id and scope_id = place and ended_at is null
            union
            select activation.id
            from unnest($4::uuid[]) as place
            cross join roles
            join assignments as eligibility
                on eligibility.role_id = roles.id and eligibility.scope_id = place and eligibility.ended_at is null
                and eligibility.kind = 'eligible'
            join assignments as activation on activation.eligibility_id = eligibility.id and activation.ended_at is null
        )
        order by id
        for no key update
        "#,
        eligibility,
        &accounts,
        role,
        &places,
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
