//! The terms of roles: seeing them and where they come from, and writing the next version.
mod apply;
mod plan;
mod preview;
mod save;
mod template;

pub use apply::{Applied, Apply, Given, Proposal, apply, propose};
pub use preview::{Preview, preview};
pub(super) use save::privileged_terms;
pub(super) use save::try_within;
pub use save::{
    Reset, Rewritten, Save, Written, examine, recompute_below, reset, save, weakens, write_within,
};
use sqlx::PgConnection;
pub use template::{NewTemplate, change, create, retire, template, templates};
pub(super) use template::{change_within, create_within, retire_within};

use self::plan::Standing;
use crate::{
    App,
    domain::{
        actor::Actor,
        approval::Resilience,
        id::{RoleId, ScopeId},
        permission::Permission,
        settings::{Declared, Difference, Field, Fields, Settings},
    },
    error::Error,
    service::{access, role::Told},
    store,
};
pub use crate::{
    domain::change_request::Outcome,
    store::settings::{OutOfTerms, Place, Template, Version, Waiting},
};

/// The names of the people, groups and roles behind identifiers.
pub use crate::domain::settings::Names;

/// The terms of a role with where they come from.
#[derive(Clone, Debug)]
pub struct Detail {
    /// The role.
    pub role: Told,
    /// The place.
    pub place: Place,
    /// The number of the newest version at the place itself; 0 if it has none and only inherits.
    pub number: i32,
    /// The version in force, at the place or at the nearest one above that has one.
    pub current: Version,
    /// What the place says itself.
    pub declared: Declared,
    /// Each field by itself.
    pub fields: Vec<FieldAt>,
    /// What the approval hangs by, if the terms in force ask for one.
    pub resilience: Option<Resilience>,
    /// All versions at the place itself, newest first, each with what it changed.
    pub history: Vec<(Version, Vec<Difference>)>,
    /// The names behind the identifiers in `history` and `fields`.
    pub names: Names,
    /// The places that the reader may look at.
    pub places: Vec<Place>,
    /// Those of them below this one that say something themselves.
    pub below: Vec<Place>,
    /// Whether the reader may change the terms here.
    pub may_change: bool,
}

/// A field of the terms at a place.
#[derive(Clone, Debug)]
pub struct FieldAt {
    /// Which.
    pub field: Field,
    /// Its value, in words.
    pub value: String,
    /// The place that it comes from.
    pub from: ScopeId,
    /// The name of that place.
    pub from_name: String,
    /// The number of the version there.
    pub from_version: i32,
    /// The name of the template that this version came from.
    pub template: Option<String>,
    /// Whether the place says this itself.
    pub own: bool,
    /// Whether it is enforced above, so that it cannot be changed here.
    pub locked: bool,
    /// Whether it is enforced from here on down.
    pub enforced: bool,
    /// What the place says itself, while something enforced above overrules it.
    pub set_aside: Option<String>,
    /// What is in force above: what is inherited here, or would be.
    pub inherited: String,
    /// The name of the place that this comes from.
    pub inherited_from: String,
}

impl Detail {
    /// The fields that are enforced above.
    #[must_use]
    pub fn locked(&self) -> Fields {
        self.fields.iter().filter(|field| field.locked).map(|field| field.field).collect()
    }
}

/// The terms of `role` at `scope`, where each of them comes from, and their history.
pub async fn show(app: &App, actor: &Actor, role: RoleId, scope: ScopeId) -> Result<Detail, Error> {
    let mut connection = app.database.acquire().await?;
    access::authorise_at_place(&mut connection, actor, Permission::ReadRoles, scope).await?;
    let told = store::role::one(&mut connection, role).await?;
    let standing = Standing::read(&mut connection, role, scope).await?;
    let current = store::settings::current(&mut connection, role, scope).await?;
    let terms = &current.settings.activation;
    let resilience = if terms.requires_approval {
        let now = store::now(&mut connection).await?;
        let at = (role, scope);
        Some(store::settings::resilience(&mut connection, &terms.stages, at, now).await?)
    } else {
        None
    };
    let versions = store::settings::history(&mut connection, role, scope).await?;
    let everybody: Vec<_> = std::iter::once(&current)
        .chain(&versions)
        .flat_map(|version| [Some(&version.settings), version.set_aside.as_ref()])
        .flatten()
        .flat_map(Settings::identifiers)
        .collect();
    let names = store::settings::approver_names(&mut connection, &everybody).await?;
    let reader = actor.user().map(|user| user.principal);
    let places = store::settings::places(&mut connection, Some(role), reader).await?;
    let says = |place: &&Place| {
        place.id != scope && place.path.contains(&scope) && standing.tree.find(place.id).is_some()
    };
    Ok(Detail {
        role: told,
        number: standing.number,
        fields: fields(&standing)?,
        declared: standing.declared,
        resilience,
        history: with_differences(versions),
        names,
        below: places.iter().filter(says).cloned().collect(),
        places,
        may_change: may_change(&mut connection, actor, scope).await?,
        place: standing.place,
        current,
    })
}

/// The fields of the terms of `role` that a scope may say itself: those that are not enforced above it.
pub async fn unlocked(
    app: &App,
    actor: &Actor,
    role: RoleId,
    scope: ScopeId,
) -> Result<Fields, Error> {
    let mut connection = app.database.acquire().await?;
    access::authorise_at_place(&mut connection, actor, Permission::ManageSettings, scope).await?;
    store::role::one(&mut connection, role).await?;
    let locked = Standing::read(&mut connection, role, scope).await?.locked;
    Ok(Field::all().difference(&locked).copied().collect())
}

/// Whether `actor` may change terms at `scope`.
async fn may_change(
    connection: &mut PgConnection,
    actor: &Actor,
    scope: ScopeId,
) -> Result<bool, Error> {
    match access::authorise_at(connection, actor, Permission::ManageSettings, scope).await {
        Ok(()) => Ok(true),
        Err(Error::Forbidden(_) | Error::NotAllowed(_)) => Ok(false),
        Err(error) => Err(error),
    }
}

/// The places that `actor` may read the terms of roles at.
pub async fn places(app: &App, actor: &Actor) -> Result<Vec<Place>, Error> {
    let mut connection = app.database.acquire().await?;
    let reader = actor.user().map(|user| user.principal);
    store::settings::places(&mut connection, None, reader).await
}

/// Whether `actor` may change terms at one of these places.
pub async fn may_manage_somewhere(
    app: &App,
    actor: &Actor,
    places: &[Place],
) -> Result<bool, Error> {
    let mut connection = app.database.acquire().await?;
    for place in places {
        if may_change(&mut connection, actor, place.id).await? {
            return Ok(true);
        }
    }
    Ok(false)
}

fn fields(standing: &Standing) -> Result<Vec<FieldAt>, Error> {
    let settings = &standing.resolved.effective.settings;
    let path = &standing.place.path;
    let way = path.get(..path.len().saturating_sub(1)).filter(|way| !way.is_empty());
    let above = standing.tree.resolve(way.unwrap_or(path), None)?;
    let name = |scope| standing.tree.find(scope).map(|from| from.place.name.clone());
    let tell = |field: Field| {
        let scope = standing.resolved.scope_of(field);
        let from = standing
            .tree
            .find(scope)
            .ok_or(Error::Inconsistent { table: "scopes", id: scope.0 })?;
        let own = standing.declared.own.contains(&field);
        let overruled = own && !field.same(&standing.declared.settings, settings);
        Ok(FieldAt {
            field,
            value: field.value(settings),
            from: scope,
            from_name: from.place.name.clone(),
            from_version: from.version.number,
            template: from.version.template.clone(),
            own,
            locked: standing.locked.contains(&field),
            enforced: standing.declared.enforced.contains(&field),
            set_aside: overruled.then(|| field.value(&standing.declared.settings)),
            inherited: field.value(&above.effective.settings),
            inherited_from: name(above.scope_of(field)).unwrap_or_default(),
        })
    };
    Field::all().into_iter().map(tell).collect()
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
