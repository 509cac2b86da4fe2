//! Roles: which there are, and making new ones.
use serde_json::json;

use crate::{
    App,
    domain::{
        actor::Actor,
        audit::{Event, Kind},
        id::{RoleId, ScopeId},
        permission::Permission,
        role::ScopeKind,
        settings::{ActivationTerms, AssignmentTerms, Authentication, Settings},
        text::{Description, Name},
        time::Duration,
    },
    error::Error,
    service::access,
    store::{self, Change},
};

pub use crate::store::role::Told;

/// The roles, with how many hold them where the asker may see it. Member is left out: it is seen at the groups.
pub async fn list(app: &App, actor: &Actor) -> Result<Vec<Told>, Error> {
    let mut connection = app.database.acquire().await?;
    let places = access::authorise_somewhere(&mut connection, actor, Permission::ReadRoles).await?;
    let mut roles =
        store::role::list(&mut connection, None, None, places.limited().as_deref()).await?;
    roles.retain(|role| role.id != RoleId::MEMBER);
    Ok(roles)
}

/// One role.
pub async fn show(app: &App, actor: &Actor, id: RoleId) -> Result<Told, Error> {
    let mut connection = app.database.acquire().await?;
    let places = access::authorise_somewhere(&mut connection, actor, Permission::ReadRoles).await?;
    store::role::list(&mut connection, None, Some(id), places.limited().as_deref())
        .await?
        .pop()
        .ok_or(Error::NotFound("role"))
}

/// What the organisation is called; everybody may know.
pub async fn organisation(app: &App) -> Result<String, Error> {
    store::role::organisation(&mut *app.database.acquire().await?).await
}

/// Calls the organisation what the settings call it. Nobody's power depends on it, so it is no event.
pub async fn name_organisation(app: &App, name: &str) -> Result<(), Error> {
    let name = Name::parse(name).map_err(|error| Error::invalid("organisation_name", error))?;
    store::role::name_organisation(&mut *app.database.acquire().await?, &name).await
}

/// A role to be made.
#[derive(Clone, Debug)]
pub struct NewRole {
    /// Its name.
    pub name: Name,
    /// What it lets one do.
    pub description: Description,
    /// Whether it is privileged.
    pub privileged: bool,
}

/// The terms that a new role begins with: careful for what is privileged, light for what is not.
#[must_use]
pub fn first_terms(privileged: bool) -> Settings {
    Settings {
        activation: ActivationTerms {
            maximum: Duration::hours(8),
            authentication: if privileged { Authentication::Mfa } else { Authentication::None },
            requires_justification: true,
            requires_ticket: false,
            requires_approval: false,
            approvers: std::collections::BTreeSet::new(),
            approval_timeout: Duration::hours(24),
            approval_requires_justification: true,
        },
        eligible: AssignmentTerms {
            may_be_permanent: true,
            maximum: Duration::days(365),
            requires_justification: false,
            requires_mfa: false,
        },
        active: AssignmentTerms {
            may_be_permanent: !privileged,
            maximum: Duration::days(180),
            requires_justification: true,
            requires_mfa: privileged,
        },
    }
}

/// Makes a role, with its first terms.
pub async fn create(app: &App, actor: &Actor, new: &NewRole) -> Result<RoleId, Error> {
    let mut change = match Change::begin(&app.database, actor).await {
        Err(Error::Repeated(before)) => return Ok(RoleId(before)),
        begun => begun?,
    };
    let id = create_within(&mut change, actor, new).await?;
    change.made(id.0).await?;
    change.commit_recorded().await?;
    app.wake.audit().notify_one();
    Ok(id)
}

/// The same within a change.
pub(super) async fn create_within(
    change: &mut Change,
    actor: &Actor,
    new: &NewRole,
) -> Result<RoleId, Error> {
    access::authorise(change.connection(), actor, Permission::ManageRoles).await?;
    let kinds =
        [ScopeKind::Organization, ScopeKind::Folder, ScopeKind::System, ScopeKind::Resource];
    let id =
        store::role::create(change, &new.name, &new.description, new.privileged, &kinds).await?;
    let terms = first_terms(new.privileged);
    let why = "The terms that a new role begins with";
    let settings = store::settings::write_first(change, id, &terms, why).await?;
    let event = Event::new(Kind::SettingsChanged).role(id, ScopeId::ROOT).target(settings.0);
    change.record(&event.detail(json!({ "version": 1 }))).await?;
    let event = Event::new(Kind::RoleCreated).role(id, ScopeId::ROOT).target(id.0).detail(
        json!({ "name": new.name, "description": new.description, "privileged": new.privileged }),
    );
    change.record(&event).await?;
    Ok(id)
}
