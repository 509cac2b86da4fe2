//! Who may approve under which terms.
use std::collections::BTreeMap;

use sqlx::PgConnection;
use uuid::Uuid;

use crate::{
    domain::{
        approval::{self, Approver as Entry, Candidate, MANAGER, Resilience, Stage},
        id::{PersonId, PrincipalId, RoleId, ScopeId},
        time::Instant,
    },
    error::Error,
};

/// Somebody who may approve.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Approver {
    /// The account.
    pub principal: PrincipalId,
    /// The human being.
    pub person: PersonId,
    /// Their name.
    pub name: String,
}

/// Somebody who may approve in a stage.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Nominee {
    /// The account.
    pub principal: PrincipalId,
    /// The human being.
    pub person: PersonId,
    /// Their name.
    pub name: String,
    /// In which stage, and by what.
    pub candidate: Candidate,
    /// Who stands in for them at the moment.
    pub deputies: Vec<String>,
}

/// The enabled people who may decide in these stages at `at`: for a place, and whoever asks there, if anybody does yet; but those who could
/// only by a right that rests on a yes of whoever asks.
pub async fn candidates(
    connection: &mut PgConnection,
    stages: &[Stage],
    (requester, place): (Option<PersonId>, ScopeId),
    at: Instant,
) -> Result<Vec<Nominee>, Error> {
    let named = Named::of(stages);
    let rows = sqlx::query!(
        r#"
        select
            named.stage as "stage!", named.entry as "entry!", named.escalation as "escalation!",
            accounts.principal_id as "principal!: PrincipalId", accounts.person_id as "person!: PersonId",
            display_name as name,
            array(
                select standing_in.display_name
                from deputies
                join persons as standing_in on standing_in.id = deputy_id
                where deputies.person_id = accounts.person_id and deputies.ended_at is null
                    and deputies.starts_at <= $9 and $9 < deputies.ends_at
                    and deputy_id is distinct from $7
                order by 1
            ) as "deputies!: Vec<String>"
        from unnest($1::smallint[], $2::text[], $3::text[], $4::uuid[], $5::uuid[], $6::boolean[])
            as named (stage, entry, kind, principal_id, role_id, escalation)
        cross join lateral accounts_behind(
            named.kind::approver_kind, named.principal_id, named.role_id, $7, $8, $9
        ) as accounts
        join persons on persons.id = accounts.person_id
        where not speaks_in_a_circle(accounts.person_id, named.entry, $7, $8, $9)
        order by stage, escalation, display_name, accounts.principal_id
        "#,
        &named.stages,
        &named.entries,
        &named.kinds,
        &named.principals as &[Option<Uuid>],
        &named.roles as &[Option<Uuid>],
        &named.escalations,
        requester.map(|person| person.0),
        place.0,
        at,
    )
    .fetch_all(connection)
    .await?;
    let approver =
        |stage, person, entry, escalation| Candidate { stage, entry, escalation, person };
    Ok(rows
        .into_iter()
        .map(|row| Nominee {
            principal: row.principal,
            person: row.person,
            name: row.name,
            candidate: approver(
                usize::try_from(row.stage).unwrap_or(0),
                row.person,
                row.entry,
                row.escalation,
            ),
            deputies: row.deputies,
        })
        .collect())
}

/// What the approval by these stages hangs by, for the terms of `role` at `scope`. Managers count if everybody who is eligible has
/// one.
pub async fn resilience(
    connection: &mut PgConnection,
    stages: &[Stage],
    (role, scope): (RoleId, ScopeId),
    at: Instant,
) -> Result<Resilience, Error> {
    let found = candidates(connection, stages, (None, scope), at).await?;
    let mut candidates: Vec<_> = found.into_iter().map(|approver| approver.candidate).collect();
    let asks_managers: Vec<_> = (1..)
        .zip(stages)
        .filter(|(_, stage)| stage.everybody().any(|entry| *entry == Entry::Manager))
        .collect();
    if !asks_managers.is_empty() && without_manager(connection, role, scope, at).await?.is_empty() {
        candidates.extend(asks_managers.into_iter().map(|(number, stage)| Candidate {
            stage: number,
            entry: Entry::<PrincipalId, RoleId>::Manager.to_string(),
            escalation: !stage.approvers.contains(&Entry::Manager),
            person: MANAGER,
        }));
    }
    Ok(approval::resilience(stages, &candidates))
}

/// Everybody whom stages name, column by column.
#[derive(Default)]
struct Named {
    stages: Vec<i16>,
    entries: Vec<String>,
    kinds: Vec<String>,
    principals: Vec<Option<Uuid>>,
    roles: Vec<Option<Uuid>>,
    escalations: Vec<bool>,
}

impl Named {
    fn of(stages: &[Stage]) -> Self {
        let mut named = Self::default();
        for (stage, number) in stages.iter().zip(1..) {
            let later = stage.escalation.iter().flat_map(|later| &later.approvers);
            let all = stage.approvers.iter().map(|entry| (entry, false));
            for (entry, escalation) in all.chain(later.map(|entry| (entry, true))) {
                let (kind, principal, role) = written(entry);
                named.stages.push(number);
                named.entries.push(entry.to_string());
                named.kinds.push(kind.to_owned());
                named.principals.push(principal);
                named.roles.push(role);
                named.escalations.push(escalation);
            }
        }
        named
    }
}

/// How an approver stands in the table: its kind, and the account, group or role that it names.
pub(super) fn written(approver: &Entry) -> (&'static str, Option<Uuid>, Option<Uuid>) {
    match approver {
        Entry::Principal(id) => ("principal", Some(id.0), None),
        Entry::Manager => ("manager", None, None),
        Entry::ScopeOwners => ("scope_owners", None, None),
        Entry::RoleHolders(id) => ("role_holders", None, Some(id.0)),
    }
}

/// The names of the people, groups and roles among these identifiers.
pub async fn approver_names(
    connection: &mut PgConnection,
    ids: &[Uuid],
) -> Result<BTreeMap<Uuid, String>, Error> {
    let rows = sqlx::query!(
        r#"
        select principals.id as "id!", case principals.kind when 'user' then display_name else principals.name end as "name!"
        from principals
        left join persons on persons.id = person_id
        where principals.id = any($1)
        union all
        select id, name from roles where id = any($1)
        "#,
        ids,
    )
    .fetch_all(connection)
    .await?;
    Ok(rows.into_iter().map(|row| (row.id, row.name)).collect())
}

/// Some of the people who are eligible for `role` at `scope` or below it, themselves or through a group, and have no manager
/// who could approve; ten at most.
pub async fn without_manager(
    connection: &mut PgConnection,
    role: RoleId,
    scope: ScopeId,
    at: Instant,
) -> Result<Vec<String>, Error> {
    Ok(sqlx::query_scalar!(
        r#"
        select distinct persons.display_name
        from scope_ancestors
        join assignments as held on held.scope_id = scope_ancestors.scope_id and held.role_id = $1
            and held.kind = 'eligible' and held.ended_at is null and held.ends_at > $3
        join principals as holders on holders.id = held.principal_id
        cross join lateral (
            select holders.id where holders.kind = 'user'
            union all
            select members.principal_id from members_of(holders.id, $3) as members where holders.kind = 'group'
        ) as candidates
        join principals as users on users.id = candidates.id and users.kind = 'user' and users.disabled_at is null
        join persons on persons.id = users.person_id
        where ancestor_id = $2 and not exists (
            select from principals as managers
            where managers.person_id = persons.manager_id and managers.kind = 'user' and managers.disabled_at is null
        )
        order by 1
        limit 10
        "#,
        role.0,
        scope.0,
        at,
    )
    .fetch_all(connection)
    .await?)
}
