//! Versions of the terms of roles.
mod approvers;
mod impact;
mod put_back;
mod template;
mod tree;
mod write;

pub use approvers::{Approver, Nominee, approver_names, candidates, resilience, without_manager};
pub use impact::{OutOfTerms, Waiting, eligible_under, out_of_terms, running_under, waiting_under};
pub use put_back::weakened_lately;
use sqlx::{PgConnection, types::Json};
pub use template::{
    Template, change_template, create_template, retire_template, template, templates,
};
pub use tree::{
    Place, Placed, around, lock, place, places, privileged_roles_at, roles_to_recompute,
};
pub use write::{Next, write, write_first};

use crate::{
    domain::{
        approval::Stage,
        id::{RoleId, ScopeId, SettingsId},
        notice::rule::Notices,
        settings::{
            ActivationTerms, AssignmentTerms, Authentication, Declared, Field, Fields, Settings,
        },
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
    /// The terms in force there: its own, and what it inherits.
    pub settings: Settings,
    /// The fields that are its own.
    pub own: Fields,
    /// Those of its own that count everywhere below.
    pub enforced: Fields,
    /// Its own terms, while what is enforced above overrules some of them.
    pub set_aside: Option<Settings>,
    /// The name of the template that it came from.
    pub template: Option<String>,
    /// The version above that made it necessary.
    pub because: Option<SettingsId>,
    /// Who wrote it; none for the terms that ship with Latchkey.
    pub author: Option<String>,
    /// Why.
    pub reason: String,
    /// When.
    pub created_at: Instant,
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
    allows_emergency: bool,
    emergency_maximum_seconds: i64,
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
    stages: Json<Vec<Stage>>,
    own_fields: Vec<String>,
    enforced_fields: Vec<String>,
    set_aside: Option<Json<Settings>>,
    template_name: Option<String>,
    because_id: Option<SettingsId>,
    notices: Json<Notices>,
}

/// The fields of these names.
fn fields(names: &[String]) -> Fields {
    names.iter().filter_map(|name| Field::named(name)).collect()
}

/// The names of these fields.
fn names(fields: &Fields) -> Vec<String> {
    fields.iter().map(|field| field.name().to_owned()).collect()
}

impl Version {
    /// What its scope says itself.
    #[must_use]
    pub fn declared(&self) -> Declared {
        Declared {
            settings: self.set_aside.as_ref().unwrap_or(&self.settings).clone(),
            own: self.own.clone(),
            enforced: self.enforced.clone(),
        }
    }
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
                stages: row.stages.0,
                allows_emergency: row.allows_emergency,
                emergency_maximum: duration(row.emergency_maximum_seconds)?,
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
            notices: row.notices.0,
        };
        Ok(Self {
            id: row.id,
            role: row.role_id,
            scope: row.scope_id,
            number: row.version,
            settings,
            own: fields(&row.own_fields),
            enforced: fields(&row.enforced_fields),
            set_aside: row.set_aside.map(|Json(settings)| settings),
            template: row.template_name,
            because: row.because_id,
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
pub(in crate::store) async fn load(
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
            allows_emergency, emergency_maximum_seconds,
            eligible_may_be_permanent, eligible_maximum_seconds, eligible_requires_justification, eligible_requires_mfa,
            active_may_be_permanent, active_maximum_seconds, active_requires_justification, active_requires_mfa,
            reason, created_at, own_fields, enforced_fields, set_aside as "set_aside: Json<Settings>", template_name,
            because_id as "because_id: SettingsId", notices as "notices: Json<Notices>",
            coalesce(
                (select name from principals where id = author_id and kind = 'service_principal'),
                (select display_name from persons where id = author_person_id)
            ) as author,
            stages_of(id) as "stages!: Json<Vec<Stage>>"
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
