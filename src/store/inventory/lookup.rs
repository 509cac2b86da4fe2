//! What the names in an import come to: many at once.
use sqlx::PgConnection;

use crate::{
    domain::{
        assignment::{AssignmentKind, AssignmentOrigin},
        id::{AssignmentId, PrincipalId, RoleId, ScopeId, SettingsId},
        inventory::KnownPlace,
        principal::PrincipalKind,
        role::ScopeKind,
        settings::AssignmentTerms,
        time::{Duration, Instant},
    },
    error::Error,
    store::ids,
};

/// Somebody or something that a name or an address may mean.
#[derive(Clone, Debug)]
pub struct Principal {
    /// Which.
    pub id: PrincipalId,
    /// What it is.
    pub kind: PrincipalKind,
    /// The folded name.
    pub name: String,
    /// The folded address of the person whose account it is.
    pub email: Option<String>,
    /// Whether it may not be used.
    pub disabled: bool,
}

/// Everybody and everything with one of these names or addresses, folded.
pub async fn principals(
    connection: &mut PgConnection,
    names: &[String],
) -> Result<Vec<Principal>, Error> {
    Ok(sqlx::query_as!(
        Principal,
        r#"
        select principals.id as "id: PrincipalId", kind as "kind: PrincipalKind", name_folded as name,
            case when kind = 'user' then email_folded end as email,
            disabled_at is not null as "disabled!"
        from principals
        left join persons on persons.id = person_id
        where principals.id in (
            select id from principals where kind = 'user' and name_folded = any($1)
            union
            select id from principals where kind = 'group' and name_folded = any($1)
            union
            select id from principals where kind = 'service_principal' and name_folded = any($1)
            union
            select accounts.id from persons
            join principals as accounts on accounts.person_id = persons.id and accounts.kind = 'user'
            where persons.email_folded = any($1)
        )
        "#,
        names,
    )
    .fetch_all(connection)
    .await?)
}

/// A role that a name means.
#[derive(Clone, Debug)]
pub struct Role {
    /// Which.
    pub id: RoleId,
    /// The folded name.
    pub name: String,
    /// Where it can be held.
    pub scope_kinds: Vec<ScopeKind>,
}

/// The roles in use with one of these names, folded.
pub async fn roles(connection: &mut PgConnection, names: &[String]) -> Result<Vec<Role>, Error> {
    Ok(sqlx::query_as!(
        Role,
        r#"
        select id as "id: RoleId", name_folded as name, scope_kinds as "scope_kinds: Vec<ScopeKind>"
        from roles where name_folded = any($1) and retired_at is null
        "#,
        names,
    )
    .fetch_all(connection)
    .await?)
}

/// The places in use with one of these names, folded, with the way to each; at or below `within`.
pub async fn places(
    connection: &mut PgConnection,
    names: &[String],
    within: Option<&[ScopeId]>,
) -> Result<Vec<KnownPlace>, Error> {
    let within = ids(within);
    Ok(sqlx::query_as!(
        KnownPlace,
        r#"
        select id as "id: ScopeId", kind as "kind: ScopeKind", array(
            select above.name_folded from scope_ancestors
            join scopes as above on above.id = ancestor_id
            where scope_id = scopes.id
            order by depth desc
        ) as "path!"
        from scopes
        where name_folded = any($1) and retired_at is null and ($2::uuid[] is null or exists (
            select from scope_ancestors where scope_id = scopes.id and ancestor_id = any($2)
        ))
        "#,
        names,
        within.as_deref(),
    )
    .fetch_all(connection)
    .await?)
}

/// One question about who holds what.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Slot {
    /// Who.
    pub principal: PrincipalId,
    /// Which role.
    pub role: RoleId,
    /// Where.
    pub scope: ScopeId,
    /// In which way.
    pub kind: AssignmentKind,
}

/// What is held of a slot, and has not ended.
#[derive(Clone, Copy, Debug)]
pub struct Held {
    /// Which of the slots asked about.
    pub number: i64,
    /// The assignment.
    pub id: AssignmentId,
    /// How it came about.
    pub origin: AssignmentOrigin,
    /// From when.
    pub starts_at: Instant,
    /// Until when; none if for good.
    pub ends_at: Option<Instant>,
}

/// What is held of these slots; numbers count from 1.
pub async fn held(connection: &mut PgConnection, slots: &[Slot]) -> Result<Vec<Held>, Error> {
    let of = |what: fn(&Slot) -> uuid::Uuid| slots.iter().map(what).collect::<Vec<_>>();
    let kinds: Vec<_> = slots.iter().map(|slot| slot.kind).collect();
    Ok(sqlx::query_as!(
        Held,
        r#"
        select slot.number as "number!", assignments.id as "id: AssignmentId", origin as "origin: AssignmentOrigin",
            starts_at, nullif(ends_at, 'infinity') as "ends_at: Instant"
        from unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::assignment_kind[])
            with ordinality as slot (principal, role, scope, kind, number)
        join assignments on principal_id = slot.principal and role_id = slot.role and scope_id = slot.scope
            and assignments.kind = slot.kind and ended_at is null and ends_at > instant()
        "#,
        &of(|slot| slot.principal.0),
        &of(|slot| slot.role.0),
        &of(|slot| slot.scope.0),
        &kinds as &[AssignmentKind],
    )
    .fetch_all(connection)
    .await?)
}

/// The terms of a role at a place, as far as assignments are concerned.
#[derive(Clone, Debug)]
pub struct Terms {
    /// The version in force.
    pub settings: SettingsId,
    /// Terms for eligible assignments.
    pub eligible: AssignmentTerms,
    /// Terms for active assignments.
    pub active: AssignmentTerms,
}

/// The terms in force for each of these roles at these places, in their order.
pub async fn terms(
    connection: &mut PgConnection,
    pairs: &[(RoleId, ScopeId)],
) -> Result<Vec<Terms>, Error> {
    let roles: Vec<_> = pairs.iter().map(|(role, _)| role.0).collect();
    let scopes: Vec<_> = pairs.iter().map(|(_, scope)| scope.0).collect();
    let rows = sqlx::query!(
        r#"
        select terms.id as "id: SettingsId", eligible_may_be_permanent, eligible_maximum_seconds,
            eligible_requires_justification, eligible_requires_mfa, active_may_be_permanent, active_maximum_seconds,
            active_requires_justification, active_requires_mfa
        from unnest($1::uuid[], $2::uuid[]) with ordinality as pair (role, scope, number)
        cross join lateral current_settings(pair.role, pair.scope) as terms
        order by pair.number
        "#,
        &roles,
        &scopes,
    )
    .fetch_all(connection)
    .await?;
    rows.into_iter()
        .map(|row| {
            let duration = |seconds: Option<i64>| {
                Duration::from_seconds(seconds.unwrap_or_default()).map_err(|_| {
                    Error::Inconsistent {
                        table: "role_settings",
                        id: row.id.map_or(uuid::Uuid::nil(), |id| id.0),
                    }
                })
            };
            Ok(Terms {
                settings: row.id.unwrap_or_default(),
                eligible: AssignmentTerms {
                    may_be_permanent: row.eligible_may_be_permanent.unwrap_or_default(),
                    maximum: duration(row.eligible_maximum_seconds)?,
                    requires_justification: row.eligible_requires_justification.unwrap_or_default(),
                    requires_mfa: row.eligible_requires_mfa.unwrap_or_default(),
                },
                active: AssignmentTerms {
                    may_be_permanent: row.active_may_be_permanent.unwrap_or_default(),
                    maximum: duration(row.active_maximum_seconds)?,
                    requires_justification: row.active_requires_justification.unwrap_or_default(),
                    requires_mfa: row.active_requires_mfa.unwrap_or_default(),
                },
            })
        })
        .collect()
}
