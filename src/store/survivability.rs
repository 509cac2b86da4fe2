//! Whether anybody is left who can get in, and who can approve.
use sqlx::{PgConnection, types::Json};

use super::Change;
use crate::{
    domain::{
        approval::{Resilience, Stage},
        id::{PrincipalId, RoleId, ScopeId, SettingsId},
        survivability::{Approval, Footing},
    },
    error::Error,
};

/// Lets those whose changes might together leave nobody wait for one another: it is the lock that the last administrator is
/// kept by, so that there is one order.
pub async fn lock(change: &mut Change) -> Result<(), Error> {
    sqlx::query!(
        r#"select id from roles where id = '00000000-0000-8000-8000-000000000001' for no key update"#
    )
    .fetch_optional(change.connection())
    .await?;
    Ok(())
}

/// How many people are ready for an emergency, and how many administer all of Latchkey for good.
pub async fn people(connection: &mut PgConnection) -> Result<Footing, Error> {
    let row = sqlx::query!(
        r#"
        select
            count(distinct person_id) as "administrators!",
            count(distinct person_id) filter (
                where break_glass
                    and exists (select from password_credentials where principal_id = principals.id)
                    and exists (
                        select from totp_credentials
                        where principal_id = principals.id and confirmed_at is not null and removed_at is null
                            and totp_credentials.disabled_at is null
                    )
            ) as "ready!"
        from assignments
        join principals on principals.id = principal_id and principals.kind = 'user' and disabled_at is null
        where role_id = '00000000-0000-8000-8000-000000000001' and scope_id = '00000000-0000-8000-8000-000000000000'
            and assignments.kind = 'active' and origin = 'assigned' and ended_at is null and ends_at = 'infinity'
            and starts_at <= instant()
        "#
    )
    .fetch_one(connection)
    .await?;
    let number = |count: i64| usize::try_from(count).unwrap_or(0);
    Ok(Footing {
        ready: number(row.ready),
        administrators: number(row.administrators),
        ..Footing::default()
    })
}

/// Which terms that ask for an approval are wanted.
#[derive(Clone, Copy, Debug, Default)]
pub struct Wanted<'a> {
    /// Those that name one of these accounts and groups, or a group that one of them may get into.
    pub naming: Option<&'a [PrincipalId]>,
    /// These.
    pub settings: Option<&'a [SettingsId]>,
    /// Those at or below these places.
    pub places: Option<&'a [ScopeId]>,
    /// Those whose approval cannot come about, or hangs by one person.
    pub lacking: bool,
}

/// The terms in force that ask for an approval, with what it hangs by; the worst first, `limit` at most.
#[expect(clippy::too_many_lines, reason = "one statement, so that all of it is true at one moment")]
pub async fn approvals(
    connection: &mut PgConnection,
    wanted: Wanted<'_>,
    limit: usize,
) -> Result<Vec<Approval>, Error> {
    let naming = wanted.naming.map(|ids| ids.iter().map(|id| id.0).collect::<Vec<_>>());
    let settings = wanted.settings.map(|ids| ids.iter().map(|id| id.0).collect::<Vec<_>>());
    let places = super::ids(wanted.places);
    let rows = sqlx::query!(
        r#"
        with named as materialized (
            select ways.principal_id from unnest($1::uuid[]) as account cross join lateral ways_of(account) as ways
        ),
        asking as materialized (
            select terms.id, terms.role_id, roles.name as role_name, terms.scope_id, scopes.name as scope_name
            from role_settings as terms
            join roles on roles.id = terms.role_id and roles.retired_at is null
            join scopes on scopes.id = terms.scope_id and scopes.retired_at is null
            where activation_requires_approval
                and ($2::uuid[] is null or terms.id = any($2))
                and ($1::uuid[] is null or exists (
                    select from settings_approvers
                    where settings_id = terms.id and (
                        principal_id in (select principal_id from named)
                        or settings_approvers.role_id in (
                            select held.role_id from named
                            join assignments as held on held.principal_id = named.principal_id and held.ended_at is null
                        )
                        or settings_approvers.kind <> 'principal'
                    )
                ))
                and ($3::uuid[] is null or exists (
                    select from scope_ancestors
                    where scope_ancestors.scope_id = terms.scope_id and ancestor_id = any($3)
                ))
                and not exists (
                    select from role_settings as newer
                    where newer.role_id = terms.role_id and newer.scope_id = terms.scope_id
                        and newer.version > terms.version
                )
        )
        select
            asking.id as "settings!: SettingsId", role_id as "role!: RoleId", role_name as "role_name!",
            scope_id as "scope!: ScopeId", scope_name as "scope_name!", stages_of(asking.id) as "stages!: Json<Vec<Stage>>"
        from asking
        order by role_name, scope_name, asking.id
        limit $4
        "#,
        naming.as_deref(),
        settings.as_deref(),
        places.as_deref(),
        MOST,
    )
    .fetch_all(&mut *connection)
    .await?;
    let now = super::now(connection).await?;
    let mut approvals = Vec::new();
    for row in rows {
        let (role, scope) = (row.role, row.scope);
        let resilience =
            super::settings::resilience(connection, &row.stages.0, (role, scope), now).await?;
        if !wanted.lacking || resilience < Resilience::Enough {
            let (role_name, scope_name) = (row.role_name, row.scope_name);
            let settings = row.settings;
            approvals.push(Approval { settings, role, role_name, scope, scope_name, resilience });
        }
    }
    approvals.sort_by_key(|approval| approval.resilience);
    approvals.truncate(limit);
    Ok(approvals)
}

/// Notes which terms ask for an approval that nobody can give, and says of which that was not known.
pub async fn note_unreachable(
    change: &mut Change,
    unreachable: &[SettingsId],
) -> Result<Vec<SettingsId>, Error> {
    let at = change.at();
    let unreachable: Vec<_> = unreachable.iter().map(|id| id.0).collect();
    sqlx::query!("delete from approval_alarms where settings_id <> all($1)", &unreachable)
        .execute(change.connection())
        .await?;
    Ok(sqlx::query_scalar!(
        r#"
        insert into approval_alarms (settings_id, since)
        select id, $2 from unnest($1::uuid[]) as id
        on conflict do nothing
        returning settings_id as "id: SettingsId"
        "#,
        &unreachable,
        at,
    )
    .fetch_all(change.connection())
    .await?)
}

/// So many terms are looked at.
pub const MOST: i64 = 5000;
