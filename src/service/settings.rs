//! The terms of roles: seeing them, and writing the next version.
use serde_json::json;

use crate::{
    App,
    domain::{
        actor::Actor,
        audit::{Event, Kind},
        id::{PrincipalId, RoleId, ScopeId, SettingsId},
        permission::Permission,
        settings::{Difference, Settings},
        text::Justification,
    },
    error::Error,
    service::{access, approval, reach},
    store::{self, Change},
};

pub use crate::store::settings::Version;

/// The terms of a role with where they come from.
#[derive(Clone, Debug)]
pub struct Detail {
    /// The version in force.
    pub current: Version,
    /// The names of who may approve, and whether each is a group.
    pub approvers: Vec<(PrincipalId, String, bool)>,
    /// How many enabled people those come to.
    pub approving_people: usize,
    /// All versions, newest first, each with what it changed.
    pub history: Vec<(Version, Vec<Difference>)>,
    /// The names behind the identifiers in `history`.
    pub names: Vec<(PrincipalId, String, bool)>,
}

/// The terms of `role` at `scope`, and their history.
pub async fn show(app: &App, actor: &Actor, role: RoleId, scope: ScopeId) -> Result<Detail, Error> {
    let mut connection = app.database.acquire().await?;
    access::authorise(&mut connection, actor, Permission::ReadRoles).await?;
    store::role::one(&mut connection, role).await?;
    store::role::scope(&mut connection, scope).await?;
    let current = store::settings::current(&mut connection, role, scope).await?;
    let named: Vec<_> = current.settings.activation.approvers.iter().copied().collect();
    let approvers = store::person::names(&mut connection, &named).await?;
    let now = store::now(&mut connection).await?;
    let approving_people = store::settings::approving_people(&mut connection, &named, now).await?;
    let versions = store::settings::history(&mut connection, role, current.scope).await?;
    let everybody: Vec<_> = versions
        .iter()
        .flat_map(|version| version.settings.activation.approvers.iter().copied())
        .collect();
    let everybody_named = store::person::names(&mut connection, &everybody).await?;
    Ok(Detail {
        current,
        approvers,
        approving_people,
        history: with_differences(versions),
        names: everybody_named,
    })
}

fn with_differences(versions: Vec<Version>) -> Vec<(Version, Vec<Difference>)> {
    let before: Vec<_> = versions
        .iter()
        .skip(1)
        .map(|version| Some(version.settings.clone()))
        .chain([None])
        .collect();
    versions
        .into_iter()
        .zip(before)
        .map(|(version, before)| {
            let difference =
                before.map(|before| before.difference(&version.settings)).unwrap_or_default();
            (version, difference)
        })
        .collect()
}

/// Writes the next version of the terms of `role` at `scope`. It counts for what is asked from now on; what waits is judged
/// by the stricter of its own terms and these, and closed if that leaves nobody who may decide it.
///
/// `after` is the number of the version that the author has seen: if there is a newer one, nothing is written.
#[expect(
    clippy::too_many_arguments,
    reason = "an author says each of these; none follows from another"
)]
pub async fn save(
    app: &App,
    actor: &Actor,
    role: RoleId,
    scope: ScopeId,
    settings: &Settings,
    after: i32,
    reason: &Justification,
) -> Result<SettingsId, Error> {
    let mut change = match Change::begin(&app.database, actor).await {
        Err(Error::Repeated(before)) => return Ok(SettingsId(before)),
        begun => begun?,
    };
    access::authorise(change.connection(), actor, Permission::ManageSettings).await?;
    store::role::one(change.connection(), role).await?;
    store::role::scope(change.connection(), scope).await?;
    let current = store::settings::current(change.connection(), role, scope).await?;
    if current.number != after {
        return Err(Error::Conflict(
            "somebody else has changed these settings meanwhile: look at theirs first".to_owned(),
        ));
    }
    if reason.is_empty() {
        return Err(Error::invalid("reason", "write why the settings change"));
    }
    let named: Vec<_> = settings.activation.approvers.iter().copied().collect();
    let now = change.at();
    let approving = store::settings::approving_people(change.connection(), &named, now).await?;
    let faults = settings.faults(approving);
    if !faults.is_empty() {
        return Err(Error::Invalid(faults));
    }
    let difference = current.settings.difference(settings);
    if difference.is_empty() {
        return Err(Error::Conflict("nothing has changed".to_owned()));
    }
    if current.settings.weakened_by(settings) {
        reach::refuse_easing(&mut change, role, scope).await?;
    }
    let id =
        store::settings::write(&mut change, role, scope, settings, after, reason.as_str()).await?;
    approval::fail_undecidable(app, &mut change, role).await?;
    change.made(id.0).await?;
    let event = Event::new(Kind::SettingsChanged).role(role, scope).target(id.0).detail(json!({
        "version": after + 1,
        "difference": difference,
        "reason": reason,
        "weakened": current.settings.weakened_by(settings),
    }));
    change.commit(&event).await?;
    app.wake.everything();
    Ok(id)
}
