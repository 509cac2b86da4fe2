//! What a person can do, now and at most: the facts that say so.
use sqlx::PgConnection;

use crate::{
    domain::{
        assignment::{AssignmentKind, AssignmentOrigin},
        extent::{Claim, Giveable, Holding, Passage, Way},
        id::{AssignmentId, PrincipalId, RoleId, ScopeId},
        principal::PrincipalKind,
        role::ScopeKind,
        time::Instant,
    },
    error::Error,
};

/// Whoever can be reached from an account: by what a role is had there is told.
#[derive(Clone, Debug)]
pub struct Carrier {
    /// The account, group or application.
    pub id: PrincipalId,
    /// What it is.
    pub kind: PrincipalKind,
    /// What it is called; of another account, the name to sign in with.
    pub name: String,
    /// The way to it from the account that was asked about, if that is no assignment.
    pub way: Option<Way>,
}

/// The enabled accounts of the same human being, the applications that they can sign in as, and every group that any of these
/// belongs to, may get into, or owns.
pub async fn carriers(
    connection: &mut PgConnection,
    account: PrincipalId,
) -> Result<Vec<Carrier>, Error> {
    let rows = sqlx::query!(
        r#"
        with recursive accounts (id) as (
            select $1::uuid
            union
            select others.id
            from principals as account
            join principals as others on others.person_id = account.person_id and others.kind = 'user'
                and others.disabled_at is null
            where account.id = $1
        ),
        own (id) as (
            select id from accounts
            union
            select next.application_id
            from own
            cross join lateral acts_as(own.id) as next
            join principals as application on application.id = next.application_id
                and application.disabled_at is null
        ),
        carriers (id) as (
            select id from own
            union
            select scopes.group_id
            from carriers
            join assignments on assignments.principal_id = carriers.id and ended_at is null and ends_at > instant()
                and role_id in ('00000000-0000-8000-8000-000000000008', '00000000-0000-8000-8000-000000000009')
            join scopes on scopes.id = assignments.scope_id and scopes.kind = 'group' and retired_at is null
        )
        select principals.id as "id!: PrincipalId", kind as "kind!: PrincipalKind", name as "name!"
        from carriers
        join principals on principals.id = carriers.id
        order by name_folded, principals.id
        "#,
        account.0,
    )
    .fetch_all(connection)
    .await?;
    let way = |into, kind| match kind {
        PrincipalKind::User if into != account => Some(Passage::OtherAccount),
        PrincipalKind::ServicePrincipal => Some(Passage::SignsInAs),
        PrincipalKind::User | PrincipalKind::Group => None,
    };
    Ok(rows
        .into_iter()
        .map(|row| Carrier {
            way: way(row.id, row.kind).map(|passage| Way {
                from: account,
                into: row.id,
                passage,
                approval: false,
            }),
            id: row.id,
            kind: row.kind,
            name: row.name,
        })
        .collect())
}

/// A role that somebody has at a place, as it is told.
#[derive(Clone, Debug)]
pub struct Told {
    /// What the rules know of it.
    pub holding: Holding,
    /// Eligible or active.
    pub kind: AssignmentKind,
    /// Assigned or activated.
    pub origin: AssignmentOrigin,
    /// The role's name.
    pub role_name: String,
    /// Whether it is privileged.
    pub privileged: bool,
    /// The names of the place and those above it, without the organisation's; empty for the organisation.
    pub path: String,
    /// From when.
    pub starts_at: Instant,
    /// Until when; none if for good.
    pub ends_at: Option<Instant>,
    /// Whether the asker may see it: it is at one of the places where they may look, or counts there.
    pub visible: bool,
}

/// What `carriers` have that is not over, of roles and at places that are in use. Whoever may look at `places` alone sees what
/// is at them, below, and above, since that counts there too.
#[expect(clippy::too_many_lines, reason = "one statement, so that all of it is true at one moment")]
pub async fn holdings(
    connection: &mut PgConnection,
    carriers: &[PrincipalId],
    places: Option<&[ScopeId]>,
) -> Result<Vec<Told>, Error> {
    let carriers: Vec<_> = carriers.iter().map(|id| id.0).collect();
    let places = super::ids(places);
    let rows = sqlx::query!(
        r#"
        select
            held.id as "assignment: AssignmentId", held.principal_id as "holder: PrincipalId",
            held.role_id as "role: RoleId", held.scope_id as "scope: ScopeId", scopes.kind as "place: ScopeKind",
            scopes.group_id as "group: PrincipalId", held.kind as "kind: AssignmentKind",
            origin as "origin: AssignmentOrigin", roles.name as role_name, privileged, starts_at,
            nullif(ends_at, 'infinity') as "ends_at: Instant", starts_at > clock.now as "later!",
            held.kind = 'eligible' and terms.activation_requires_approval as "approval!",
            'assignments.manage' = any(permissions) as "gives!", coalesce(names.path, '') as "path!",
            $2::uuid[] is null or exists (
                select from scope_ancestors
                where (scope_id = held.scope_id and ancestor_id = any($2))
                    or (ancestor_id = held.scope_id and scope_id = any($2))
            ) as "visible!"
        from (select instant() as now) as clock
        cross join unnest($1::uuid[]) as carrier
        join assignments as held on held.principal_id = carrier and ended_at is null and ends_at > clock.now
        join roles on roles.id = held.role_id and roles.retired_at is null
        join scopes on scopes.id = held.scope_id and scopes.retired_at is null
        cross join lateral current_settings(held.role_id, held.scope_id) as terms
        cross join lateral (
            select string_agg(above.name, ' / ' order by way.depth desc) as path
            from scope_ancestors as way
            join scopes as above on above.id = way.ancestor_id and above.parent_id is not null
            where way.scope_id = scopes.id
        ) as names
        order by privileged desc, roles.name, names.path nulls first, held.id
        "#,
        &carriers,
        places.as_deref(),
    )
    .fetch_all(connection)
    .await?;
    let claim = |later, kind| match (later, kind) {
        (true, _) => Claim::Later,
        (false, AssignmentKind::Active) => Claim::Holds,
        (false, AssignmentKind::Eligible) => Claim::MayActivate,
    };
    Ok(rows
        .into_iter()
        .map(|row| Told {
            holding: Holding {
                assignment: row.assignment,
                holder: row.holder,
                role: row.role,
                scope: row.scope,
                place: row.place,
                group: row.group,
                claim: claim(row.later, row.kind),
                approval: row.approval,
                // In a group there is nothing to give but belonging to it, which is a way.
                gives: row.gives && row.place != ScopeKind::Group,
            },
            kind: row.kind,
            origin: row.origin,
            role_name: row.role_name,
            privileged: row.privileged,
            path: row.path,
            starts_at: row.starts_at,
            ends_at: row.ends_at,
            visible: row.visible,
        })
        .collect())
}

/// A role that can be given, with its name.
#[derive(Clone, Debug)]
pub struct Role {
    /// What the rules know of it.
    pub giveable: Giveable,
    /// Its name.
    pub name: String,
    /// Whether it is privileged.
    pub privileged: bool,
}

/// The roles in use, but for belonging to groups.
pub async fn roles(connection: &mut PgConnection) -> Result<Vec<Role>, Error> {
    let rows = sqlx::query!(
        r#"
        select id as "id: RoleId", name, privileged, scope_kinds as "kinds: Vec<ScopeKind>"
        from roles
        where retired_at is null and id <> '00000000-0000-8000-8000-000000000008'
        order by name_folded
        "#
    )
    .fetch_all(connection)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| Role {
            giveable: Giveable { role: row.id, kinds: row.kinds },
            name: row.name,
            privileged: row.privileged,
        })
        .collect())
}
