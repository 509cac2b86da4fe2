//! Reading what there is, as far as whoever asks may see it.
use std::collections::{HashMap, HashSet};

use sqlx::PgConnection;

use crate::{
    domain::{
        id::{PrincipalId, RoleId, ScopeId},
        permission::Permissions,
        policy::{Account, Assignment, Group, OwnTerms, Role, Scope, State, Template, Terms},
        role::ScopeKind,
        settings::{Field, Settings},
        text::{Description, Name, TextError},
        time::Instant,
    },
    error::Error,
    service::access::Places,
    store,
};

/// Everything that policy speaks of at these places and below, and the time. Of other places, those are there that show the
/// way to these.
pub(super) async fn state(
    connection: &mut PgConnection,
    places: &Places,
) -> Result<(State, Instant), Error> {
    let seen = match places.clone().limited() {
        None => Seen(None),
        Some(places) => Seen(Some(store::policy::at_or_below(connection, &places).await?)),
    };
    let now = store::now(connection).await?;
    let state = State {
        partial: seen.0.is_some(),
        roles: roles(connection).await?,
        scopes: scopes(connection, &seen).await?,
        groups: groups(connection, &seen).await?,
        accounts: accounts(connection).await?,
        // Templates belong to the whole organisation.
        templates: if seen.0.is_none() { templates(connection).await? } else { Vec::new() },
        terms: terms(connection, &seen).await?,
        assignments: assignments(connection, now, &seen).await?,
    };
    Ok((state, now))
}

/// The places that the asker may see; none is all of them.
struct Seen(Option<HashSet<ScopeId>>);

impl Seen {
    fn has(&self, place: ScopeId) -> bool {
        self.0.as_ref().is_none_or(|seen| seen.contains(&place))
    }
}

fn inconsistent(table: &'static str, id: uuid::Uuid) -> impl FnOnce(TextError) -> Error {
    move |_| Error::Inconsistent { table, id }
}

async fn roles(connection: &mut PgConnection) -> Result<Vec<Role>, Error> {
    let told = store::role::list(connection, None, None, None).await?;
    let in_use = told.into_iter().filter(|role| role.retired_at.is_none());
    in_use
        .map(|role| {
            let RoleId(id) = role.id;
            Ok(Role {
                id: role.id,
                name: Name::parse(&role.name).map_err(inconsistent("roles", id))?,
                description: Description::parse(&role.description)
                    .map_err(inconsistent("roles", id))?,
                privileged: role.privileged,
                held_at: ScopeKind::in_order(&role.scope_kinds),
                permissions: Permissions::named(&role.permissions),
                built_in: role.built_in,
            })
        })
        .collect()
}

async fn scopes(connection: &mut PgConnection, seen: &Seen) -> Result<Vec<Scope>, Error> {
    let places = store::policy::places(connection).await?;
    let parents: HashMap<_, _> = places.iter().map(|place| (place.id, place.parent)).collect();
    let mut shown = HashSet::new();
    for place in places.iter().filter(|place| seen.has(place.id)) {
        let mut here = Some(place.id);
        while let Some(place) = here.filter(|place| shown.insert(*place)) {
            here = parents.get(&place).copied();
        }
    }
    places
        .into_iter()
        .filter(|place| shown.contains(&place.id))
        .map(|place| {
            let ScopeId(id) = place.id;
            Ok(Scope {
                seen: seen.has(place.id),
                id: place.id,
                parent: place.parent,
                kind: place.kind,
                name: Name::parse(&place.name).map_err(inconsistent("scopes", id))?,
                description: described(seen.has(place.id), &place.description)
                    .map_err(inconsistent("scopes", id))?,
            })
        })
        .collect()
}

async fn groups(connection: &mut PgConnection, seen: &Seen) -> Result<Vec<Group>, Error> {
    let groups = store::policy::groups(connection).await?;
    groups
        .into_iter()
        .map(|group| {
            let PrincipalId(id) = group.id;
            Ok(Group {
                seen: seen.has(group.scope),
                id: group.id,
                scope: group.scope,
                parent: group.parent,
                name: Name::parse(&group.name).map_err(inconsistent("principals", id))?,
                description: described(seen.has(group.scope), &group.description)
                    .map_err(inconsistent("principals", id))?,
            })
        })
        .collect()
}

/// What is out of sight has a name, and nothing is said of it.
fn described(seen: bool, description: &str) -> Result<Description, TextError> {
    if seen { Description::parse(description) } else { Ok(Description::default()) }
}

async fn accounts(connection: &mut PgConnection) -> Result<Vec<Account>, Error> {
    let accounts = store::policy::accounts(connection).await?.into_iter();
    let account = |account: store::policy::Account| Account {
        id: account.id,
        kind: account.kind,
        name: account.name,
        break_glass: account.break_glass,
    };
    Ok(accounts.map(account).collect())
}

async fn templates(connection: &mut PgConnection) -> Result<Vec<Template>, Error> {
    let templates = store::settings::templates(connection).await?.into_iter();
    templates
        .map(|template| {
            let id = template.id.0;
            let terms = OwnTerms::of(&template.settings, |_| true);
            Ok(Template {
                id: template.id,
                name: Name::parse(&template.name)
                    .map_err(inconsistent("settings_templates", id))?,
                description: Description::parse(&template.description)
                    .map_err(inconsistent("settings_templates", id))?,
                number: template.version,
                built_in: template.built_in,
                terms,
            })
        })
        .collect()
}

async fn terms(connection: &mut PgConnection, seen: &Seen) -> Result<Vec<Terms>, Error> {
    let versions = store::policy::terms(connection).await?.into_iter();
    let said = versions.filter(|version| seen.has(version.scope)).map(|version| {
        let declared = version.declared();
        let own =
            |name: &str| Field::named(name).is_some_and(|field| declared.own.contains(&field));
        let mut terms = OwnTerms::of(&declared.settings, own);
        terms.enforced = declared.enforced.iter().map(|field| field.name()).collect();
        Terms { role: version.role, scope: version.scope, number: version.number, own: terms }
    });
    Ok(said.collect())
}

async fn assignments(
    connection: &mut PgConnection,
    now: Instant,
    seen: &Seen,
) -> Result<Vec<Assignment>, Error> {
    let held = store::policy::assignments(connection, now).await?.into_iter();
    let assignment = |held: store::policy::Held| Assignment {
        id: held.id,
        holder: held.holder,
        role: held.role,
        scope: held.scope,
        kind: held.kind,
        starts_at: held.starts_at,
        ends_at: held.ends_at,
        scheduled: held.scheduled,
    };
    Ok(held.filter(|held| seen.has(held.scope)).map(assignment).collect())
}

/// Terms to begin with, where some fields are said.
pub(super) fn laid_over(mut settings: Settings, own: &OwnTerms<PrincipalId, RoleId>) -> Settings {
    own.write(&mut settings);
    settings
}
