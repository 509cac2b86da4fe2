//! Roles: which there are, making new ones, changing and retiring them.
use serde_json::json;

use crate::{
    App,
    domain::{
        actor::Actor,
        assignment::AssignmentEnd,
        audit::{Event, Kind},
        change_request::{Line, Outcome, Proposed, Write},
        id::{RoleId, ScopeId},
        notice::rule::Notices,
        permission::{Permission, Permissions},
        settings::{ActivationTerms, AssignmentTerms, Authentication, Settings},
        text::{Description, Justification, Name},
        time::Duration,
    },
    error::Error,
    service::{access, change_request, reach, request, scope},
    store::{self, Change, request::Of, resting::Resting},
};

pub use crate::{domain::role::Definition, store::role::Told};

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

/// Refuses what no role can be.
fn check(role: &Definition) -> Result<(), Error> {
    let faults = role.faults();
    if faults.is_empty() { Ok(()) } else { Err(Error::Invalid(faults)) }
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
            stages: Vec::new(),
            allows_emergency: false,
            emergency_maximum: crate::domain::settings::usual_emergency(),
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
        notices: Notices::default(),
    }
}

/// Makes a role, with its first terms.
pub async fn create(app: &App, actor: &Actor, new: &Definition) -> Result<RoleId, Error> {
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
    new: &Definition,
) -> Result<RoleId, Error> {
    access::authorise(change.connection(), actor, Permission::ManageRoles).await?;
    check(new)?;
    let id = store::role::create(change, new).await?;
    let terms = first_terms(new.privileged);
    let why = "The terms that a new role begins with";
    let settings = store::settings::write_first(change, id, &terms, why).await?;
    let event = Event::new(Kind::SettingsChanged).role(id, ScopeId::ROOT).target(settings.0);
    change.record(&event.detail(json!({ "version": 1 }))).await?;
    let event = Event::new(Kind::RoleCreated).role(id, ScopeId::ROOT).target(id.0);
    change.record(&event.detail(facts(new))).await?;
    Ok(id)
}

fn facts(role: &Definition) -> serde_json::Value {
    json!({
        "name": role.name, "description": role.description, "privileged": role.privileged,
        "scope_kinds": role.scope_kinds, "permissions": role.permissions.names(),
    })
}

/// What becomes of a role.
#[derive(Clone, Debug)]
pub struct RoleChange {
    /// Which role.
    pub role: RoleId,
    /// What it is from now on.
    pub to: Definition,
    /// Why.
    pub reason: Justification,
}

/// Changes what a role is: its name, where it can be held, what it allows, whether it is privileged. What its author gains
/// by, and that a role is no longer privileged, waits for somebody else's word.
pub async fn change(app: &App, actor: &Actor, wanted: &RoleChange) -> Result<Outcome<()>, Error> {
    change_seen(app, actor, wanted, |_| true).await
}

/// The same, if the role still is what its author has seen.
pub async fn change_seen(
    app: &App,
    actor: &Actor,
    wanted: &RoleChange,
    is_seen: impl Fn(&Definition) -> bool,
) -> Result<Outcome<()>, Error> {
    let mut change = match Change::begin(&app.database, actor).await {
        Err(Error::Repeated(before)) => return change_request::repeated(app, before, ()).await,
        begun => begun?,
    };
    let told = own_of_the_organisation(&mut change, actor, wanted.role).await?;
    let from = definition(&told)?;
    if !is_seen(&from) {
        return Err(changed_meanwhile());
    }
    let lets_go = actor.principal().is_some() && from.privileged && !wanted.to.privileged;
    match change_within(&mut change, actor, wanted, &from).await {
        Ok(()) if !lets_go => {}
        Ok(()) | Err(Error::Widens(_)) => {
            drop(change);
            let proposed = proposal(wanted, from);
            return change_request::propose_instead(app, actor, proposed).await;
        }
        Err(error) => return Err(error),
    }
    change.made(wanted.role.0).await?;
    change.commit_recorded().await?;
    app.wake.everything();
    Ok(Outcome::Done(()))
}

fn changed_meanwhile() -> Error {
    Error::Conflict(
        "somebody else has changed this role meanwhile: look at it again before you change it"
            .to_owned(),
    )
}

fn proposal(wanted: &RoleChange, from: Definition) -> Proposed {
    let RoleChange { role, to, reason } = wanted;
    let difference = lines(&from).into_iter().zip(lines(to));
    Proposed {
        permission: Permission::ManageRoles,
        scope: ScopeId::ROOT,
        role: Some(*role),
        subject: None,
        difference: difference
            .filter(|((_, before), (_, after))| before != after)
            .map(|((field, before), (_, after))| Line::new(field, before, after))
            .collect(),
        reason: reason.clone(),
        expires_at: None,
        write: Write::ChangeRole { role: *role, from: Box::new(from), to: Box::new(to.clone()) },
    }
}

/// What a role is, field by field, in words.
fn lines(role: &Definition) -> [(&'static str, String); 5] {
    let kinds: Vec<_> = role.scope_kinds.iter().map(|kind| kind.name()).collect();
    [
        ("name", role.name.to_string()),
        ("description", role.description.to_string()),
        ("privileged", if role.privileged { "yes" } else { "no" }.to_owned()),
        ("scope_kinds", kinds.join(", ")),
        ("permissions", role.permissions.names().join(", ")),
    ]
}

/// What a role is, as it is told.
pub fn definition(told: &Told) -> Result<Definition, Error> {
    let inconsistent = || Error::Inconsistent { table: "roles", id: told.id.0 };
    Ok(Definition {
        name: Name::parse(&told.name).map_err(|_| inconsistent())?,
        description: Description::parse(&told.description).map_err(|_| inconsistent())?,
        privileged: told.privileged,
        scope_kinds: told.scope_kinds.clone(),
        permissions: Permissions::named(&told.permissions),
    })
}

/// The same within a change, to a role that still is what its author has seen.
pub(super) async fn change_within(
    change: &mut Change,
    actor: &Actor,
    wanted: &RoleChange,
    from: &Definition,
) -> Result<(), Error> {
    let told = own_of_the_organisation(change, actor, wanted.role).await?;
    if definition(&told)? != *from {
        return Err(changed_meanwhile());
    }
    check(&wanted.to)?;
    let before = reach::before(change, None).await?;
    for kind in store::role::held_at(change.connection(), wanted.role).await? {
        if !wanted.to.scope_kinds.contains(&kind) {
            return Err(Error::invalid(
                "scope_kinds",
                "the role is held at a place of a kind that would be left out: take it there first",
            ));
        }
    }
    store::role::write(change, wanted.role, &wanted.to).await?;
    reach::refuse_gain(change, before).await?;
    let event = Event::new(Kind::RoleChanged).role(wanted.role, ScopeId::ROOT);
    let detail = json!({
        "before": facts(from), "after": facts(&wanted.to), "justification": wanted.reason,
    });
    change.record(&event.target(wanted.role.0).detail(detail)).await
}

/// Locks a role that the organisation made itself and that is in use; those that ship with Latchkey stay as they are.
async fn own_of_the_organisation(
    change: &mut Change,
    actor: &Actor,
    role: RoleId,
) -> Result<Told, Error> {
    access::authorise(change.connection(), actor, Permission::ManageRoles).await?;
    let told = store::role::lock(change, role).await?;
    changeable(&told)?;
    Ok(told)
}

/// Refuses to change what ships with Latchkey or is out of use.
pub fn changeable(told: &Told) -> Result<(), Error> {
    if told.built_in {
        return Err(Error::Conflict("a role that ships with Latchkey stays as it is".to_owned()));
    }
    if told.retired_at.is_some() {
        return Err(Error::Conflict("this role is retired".to_owned()));
    }
    Ok(())
}

/// What retiring a role does.
#[derive(Clone, Copy, Debug, Default)]
pub struct RetireEffect {
    /// How many assignments and activations end.
    pub assignments: i64,
    /// How many open requests are closed.
    pub requests: i64,
}

/// Says what retiring a role would do. Nothing is retired.
pub async fn preview_retire(app: &App, actor: &Actor, role: RoleId) -> Result<RetireEffect, Error> {
    let actor = Actor { idempotency: None, ..actor.clone() };
    let mut change = Change::begin(&app.database, &actor).await?;
    own_of_the_organisation(&mut change, &actor, role).await?;
    let (assignments, requests) = store::role::count(change.connection(), role).await?;
    Ok(RetireEffect { assignments, requests })
}

/// Takes a role out of use: what is held of it ends at once, open requests for it are closed.
pub async fn retire(
    app: &App,
    actor: &Actor,
    role: RoleId,
    reason: &Justification,
) -> Result<RetireEffect, Error> {
    let effect = store::retried(|| retire_once(app, actor, role, reason)).await?;
    app.wake.everything();
    Ok(effect)
}

async fn retire_once(
    app: &App,
    actor: &Actor,
    role: RoleId,
    reason: &Justification,
) -> Result<RetireEffect, Error> {
    let mut change = Change::begin(&app.database, actor).await?;
    let effect = retire_within(&mut change, actor, role, reason).await?;
    change.made(role.0).await?;
    change.commit_recorded().await?;
    Ok(effect)
}

/// The same within a change.
pub(super) async fn retire_within(
    change: &mut Change,
    actor: &Actor,
    role: RoleId,
    reason: &Justification,
) -> Result<RetireEffect, Error> {
    let before = reach::before(change, None).await?;
    own_of_the_organisation(change, actor, role).await?;
    let (assignments, requests) = store::role::count(change.connection(), role).await?;
    store::resting::hold(change, Resting::OfRole(role)).await?;
    change.settle().await?;
    let why = "The role was retired.";
    let closed = store::request::fail_all(change, Of::Role(role), why).await?;
    request::record_failures(change, &closed, "role_retired", why).await?;
    let ended = store::role::end_assignments(change, role).await?;
    scope::record_ends(change, &ended, AssignmentEnd::RoleRetired).await?;
    store::role::retire(change, role).await?;
    reach::refuse_gain(change, before).await?;
    let event = Event::new(Kind::RoleRetired).role(role, ScopeId::ROOT).target(role.0);
    change.record(&event.detail(json!({ "justification": reason }))).await?;
    Ok(RetireEffect { assignments, requests })
}
