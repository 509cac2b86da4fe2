//! Versions of the terms of roles.
use sqlx::PgConnection;

use super::{Change, OnConstraint as _};
use crate::{
    domain::{
        id::{PersonId, PrincipalId, RoleId, ScopeId, SettingsId},
        settings::{ActivationTerms, AssignmentTerms, Authentication, Settings},
        time::{Duration, Instant},
    },
    error::Error,
};

/// One frozen version.
#[derive(Clone, Debug)]
pub struct Version {
    /// Which.
    pub id: SettingsId,
    /// The role.
    pub role: RoleId,
    /// The scope that it was written for.
    pub scope: ScopeId,
    /// Counted from 1.
    pub number: i32,
    /// The terms.
    pub settings: Settings,
    /// Who wrote it; none for the terms that ship with Latchkey.
    pub author: Option<String>,
    /// Why.
    pub reason: String,
    /// When.
    pub created_at: Instant,
}

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

#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
struct Row {
    id: SettingsId,
    role_id: RoleId,
    scope_id: ScopeId,
    version: i32,
    activation_maximum_seconds: i64,
    activation_authentication: Authentication,
    activation_requires_justification: bool,
    activation_requires_ticket: bool,
    activation_requires_approval: bool,
    approval_timeout_seconds: i64,
    approval_requires_justification: bool,
    eligible_may_be_permanent: bool,
    eligible_maximum_seconds: i64,
    eligible_requires_justification: bool,
    eligible_requires_mfa: bool,
    active_may_be_permanent: bool,
    active_maximum_seconds: i64,
    active_requires_justification: bool,
    active_requires_mfa: bool,
    reason: String,
    created_at: Instant,
    author: Option<String>,
    approvers: Vec<PrincipalId>,
}

impl TryFrom<Row> for Version {
    type Error = Error;

    fn try_from(row: Row) -> Result<Self, Error> {
        let duration = |seconds| {
            Duration::from_seconds(seconds)
                .map_err(|_| Error::Inconsistent { table: "role_settings", id: row.id.0 })
        };
        let settings = Settings {
            activation: ActivationTerms {
                maximum: duration(row.activation_maximum_seconds)?,
                authentication: row.activation_authentication,
                requires_justification: row.activation_requires_justification,
                requires_ticket: row.activation_requires_ticket,
                requires_approval: row.activation_requires_approval,
                approvers: row.approvers.into_iter().collect(),
                approval_timeout: duration(row.approval_timeout_seconds)?,
                approval_requires_justification: row.approval_requires_justification,
            },
            eligible: AssignmentTerms {
                may_be_permanent: row.eligible_may_be_permanent,
                maximum: duration(row.eligible_maximum_seconds)?,
                requires_justification: row.eligible_requires_justification,
                requires_mfa: row.eligible_requires_mfa,
            },
            active: AssignmentTerms {
                may_be_permanent: row.active_may_be_permanent,
                maximum: duration(row.active_maximum_seconds)?,
                requires_justification: row.active_requires_justification,
                requires_mfa: row.active_requires_mfa,
            },
        };
        Ok(Self {
            id: row.id,
            role: row.role_id,
            scope: row.scope_id,
            number: row.version,
            settings,
            author: row.author,
            reason: row.reason,
            created_at: row.created_at,
        })
    }
}

/// The terms in force for `role` at `scope`.
pub async fn current(
    connection: &mut PgConnection,
    role: RoleId,
    scope: ScopeId,
) -> Result<Version, Error> {
    load(connection, &[], Some((role, scope)))
        .await?
        .pop()
        .ok_or(Error::Inconsistent { table: "role_settings", id: role.0 })
}

/// The version with this identifier.
pub async fn version(connection: &mut PgConnection, id: SettingsId) -> Result<Version, Error> {
    load(connection, &[id.0], None).await?.pop().ok_or(Error::NotFound("version of the settings"))
}

/// The versions of the terms of `role` at `scope` itself, newest first, two hundred at most.
pub async fn history(
    connection: &mut PgConnection,
    role: RoleId,
    scope: ScopeId,
) -> Result<Vec<Version>, Error> {
    let ids = sqlx::query_scalar!(
        "select id from role_settings where role_id = $1 and scope_id = $2 order by version desc limit 200",
        role.0,
        scope.0,
    )
    .fetch_all(&mut *connection)
    .await?;
    load(connection, &ids, None).await
}

/// The versions called `ids`, and the one in force for a role at a scope; newest first.
async fn load(
    connection: &mut PgConnection,
    ids: &[uuid::Uuid],
    in_force: Option<(RoleId, ScopeId)>,
) -> Result<Vec<Version>, Error> {
    sqlx::query_as!(
        Row,
        r#"
        select
            id as "id: SettingsId", role_id as "role_id: RoleId", scope_id as "scope_id: ScopeId", version,
            activation_maximum_seconds, activation_authentication as "activation_authentication: Authentication",
            activation_requires_justification, activation_requires_ticket, activation_requires_approval,
            approval_timeout_seconds, approval_requires_justification,
            eligible_may_be_permanent, eligible_maximum_seconds, eligible_requires_justification, eligible_requires_mfa,
            active_may_be_permanent, active_maximum_seconds, active_requires_justification, active_requires_mfa,
            reason, created_at,
            (select display_name from persons where id = author_person_id) as author,
            array(select principal_id from settings_approvers where settings_id = role_settings.id)
                as "approvers!: Vec<PrincipalId>"
        from role_settings
        where id = any($1 || array(select id from current_settings($2, $3)))
        order by version desc
        "#,
        ids,
        in_force.map(|(role, _)| role.0),
        in_force.map(|(_, scope)| scope.0),
    )
    .fetch_all(connection)
    .await?
    .into_iter()
    .map(Version::try_from)
    .collect()
}

/// Writes the next version. Of two at once, one gets a conflict.
pub async fn write(
    change: &mut Change,
    role: RoleId,
    scope: ScopeId,
    settings: &Settings,
    after: i32,
    reason: &str,
) -> Result<SettingsId, Error> {
    let id = SettingsId::new();
    let at = change.at();
    let author = change.actor().user().map(|user| (user.principal.0, user.person.0));
    let terms = &settings.activation;
    sqlx::query!(
        r#"
        insert into role_settings (
            id, role_id, scope_id, version,
            activation_maximum_seconds, activation_authentication, activation_requires_justification,
            activation_requires_ticket, activation_requires_approval, approval_timeout_seconds,
            approval_requires_justification,
            eligible_may_be_permanent, eligible_maximum_seconds, eligible_requires_justification, eligible_requires_mfa,
            active_may_be_permanent, active_maximum_seconds, active_requires_justification, active_requires_mfa,
            author_id, author_person_id, reason, created_at
        )
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23)
        "#,
        id.0,
        role.0,
        scope.0,
        after + 1,
        terms.maximum.seconds(),
        terms.authentication as Authentication,
        terms.requires_justification,
        terms.requires_ticket,
        terms.requires_approval,
        terms.approval_timeout.seconds(),
        terms.approval_requires_justification,
        settings.eligible.may_be_permanent,
        settings.eligible.maximum.seconds(),
        settings.eligible.requires_justification,
        settings.eligible.requires_mfa,
        settings.active.may_be_permanent,
        settings.active.maximum.seconds(),
        settings.active.requires_justification,
        settings.active.requires_mfa,
        author.map(|(principal, _)| principal),
        author.map(|(_, person)| person),
        reason,
        at,
    )
    .execute(change.connection())
    .await
    .on_constraint("role_settings_version_unique", || {
        Error::Conflict("somebody else has changed these settings meanwhile: look at theirs first".to_owned())
    })?;
    name_approvers(change, id, terms).await?;
    Ok(id)
}

async fn name_approvers(
    change: &mut Change,
    id: SettingsId,
    terms: &ActivationTerms,
) -> Result<(), Error> {
    let approvers: Vec<_> = terms.approvers.iter().map(|id| id.0).collect();
    sqlx::query!(
        "insert into settings_approvers (settings_id, principal_id) select $1, unnest($2::uuid[])",
        id.0,
        &approvers,
    )
    .execute(change.connection())
    .await
    .on_constraint("settings_approvers_principal_id_fkey", || {
        Error::invalid("approvers", "there is no such person or group")
    })?;
    Ok(())
}

/// The enabled people who may approve under `settings` at `at`.
pub async fn approvers(
    connection: &mut PgConnection,
    settings: SettingsId,
    at: Instant,
) -> Result<Vec<Approver>, Error> {
    Ok(sqlx::query_as!(
        Approver,
        r#"
        select principal_id as "principal!: PrincipalId", person_id as "person!: PersonId", display_name as name
        from approvers_of($1, $2) as approvers
        join persons on persons.id = person_id
        order by display_name, principal_id
        "#,
        settings.0,
        at,
    )
    .fetch_all(connection)
    .await?)
}

/// How many enabled people the named users and groups come to at `at`.
pub async fn approving_people(
    connection: &mut PgConnection,
    named: &[PrincipalId],
    at: Instant,
) -> Result<usize, Error> {
    let named: Vec<_> = named.iter().map(|id| id.0).collect();
    let count = sqlx::query_scalar!(
        r#"
        select count(distinct users.person_id) as "count!"
        from principals as users
        where users.kind = 'user' and users.disabled_at is null and (
            users.id = any($1)
            or exists (
                select from live_assignments($2) as members
                join scopes on scopes.id = members.scope_id
                where members.principal_id = users.id and scopes.group_id = any($1)
                    and members.role_id = '00000000-0000-8000-8000-000000000008'
            )
        )
        "#,
        &named,
        at,
    )
    .fetch_one(connection)
    .await?;
    Ok(usize::try_from(count).unwrap_or(0))
}
