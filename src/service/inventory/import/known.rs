//! What the names in a file come to, and what of it nobody may import.
use std::collections::{BTreeMap, BTreeSet, HashMap};

use sqlx::PgConnection;

use super::plan::Plan;
use crate::{
    domain::{
        actor::{Actor, User},
        assignment::AssignmentKind,
        id::{PrincipalId, RoleId, ScopeId},
        inventory::{Fault, Field, Found, Holder, KnownPlace, Mapping, Wanted, find, names, word},
        permission::Permission,
        principal::PrincipalKind,
        role::ScopeKind,
        settings::SHORTEST,
        text::{Name, fold},
        time::Instant,
    },
    error::Error,
    service::{access, group, reach},
    store::{self, inventory::lookup},
};

/// Everything that names in the file come to, read at once.
#[expect(clippy::struct_excessive_bools, reason = "each is a right of its own")]
pub(super) struct Known {
    pub(super) now: Instant,
    principals: Vec<lookup::Principal>,
    by_name: HashMap<String, Vec<usize>>,
    roles: HashMap<String, lookup::Role>,
    places: HashMap<String, Found>,
    groups: HashMap<ScopeId, GroupRight>,
    /// What the actor acts for or can get into: nothing may be imported for it.
    own: BTreeSet<PrincipalId>,
    may_make_roles: bool,
    may_make_scopes: bool,
    may_assign_new: bool,
    may_assign_at_root: bool,
}

/// What the actor may do with a group.
#[derive(Default)]
struct GroupRight {
    /// Why they may not say who belongs to it.
    refused: Option<String>,
    /// Whether it approves what they ask for themself.
    approves: bool,
}

/// A row on its way: what it comes to as far as is known.
pub(super) struct Resolved {
    pub(super) wanted: Wanted,
    pub(super) principal: PrincipalId,
    pub(super) role: Option<RoleId>,
    pub(super) scope: Option<ScopeId>,
}

/// Reads what is known of everything that a file names, as far as the actor may give roles there.
pub(super) async fn know(
    connection: &mut PgConnection,
    actor: &Actor,
    user: &User,
    mapping: &Mapping,
    wanted: &[&Wanted],
) -> Result<Known, Error> {
    let distinct = |mut names: Vec<String>| {
        names.sort();
        names.dedup();
        names
    };
    let holders = distinct(wanted.iter().map(|row| row.holder.name.clone()).collect());
    let roles = distinct(wanted.iter().map(|row| fold(&row.role)).collect());
    let scopes = distinct(wanted.iter().map(|row| row.scope.clone()).collect());
    let within = access::authorise_somewhere(connection, actor, Permission::ManageAssignments)
        .await?
        .limited();
    let principals = lookup::principals(connection, &holders).await?;
    let places = places(connection, &scopes, within.as_deref()).await?;
    let groups = groups(connection, actor, user, &places).await?;
    let parent = mapping.make_scopes_under;
    let mut may_below = async |permission| match parent {
        Some(parent) => may(connection, actor, permission, parent).await,
        None => Ok(false),
    };
    let may_make_scopes = may_below(Permission::ManageScopes).await?;
    let may_assign_new = may_below(Permission::ManageAssignments).await?;
    Ok(Known {
        now: store::now(connection).await?,
        by_name: by_name(&principals),
        principals,
        roles: lookup::roles(connection, &roles)
            .await?
            .into_iter()
            .map(|role| (role.name.clone(), role))
            .collect(),
        places,
        groups,
        own: reach::acts_for(connection, &[user.person]).await?,
        may_make_roles: may(connection, actor, Permission::ManageRoles, ScopeId::ROOT).await?,
        may_make_scopes,
        may_assign_new,
        may_assign_at_root: within.is_none(),
    })
}

/// Who is meant by a name, or by an address.
fn by_name(principals: &[lookup::Principal]) -> HashMap<String, Vec<usize>> {
    let mut by_name: HashMap<String, Vec<usize>> = HashMap::new();
    for (index, principal) in principals.iter().enumerate() {
        by_name.entry(principal.name.clone()).or_default().push(index);
        if let Some(email) = principal.email.clone().filter(|email| *email != principal.name) {
            by_name.entry(email).or_default().push(index);
        }
    }
    by_name
}

/// The place that each of these texts means.
async fn places(
    connection: &mut PgConnection,
    said: &[String],
    within: Option<&[ScopeId]>,
) -> Result<HashMap<String, Found>, Error> {
    let mut wanted: Vec<_> = said.iter().flat_map(|scope| names(scope)).collect();
    wanted.sort();
    wanted.dedup();
    let mut by_last: HashMap<String, Vec<KnownPlace>> = HashMap::new();
    for place in lookup::places(connection, &wanted, within).await? {
        by_last.entry(place.path.last().cloned().unwrap_or_default()).or_default().push(place);
    }
    let found = said.iter().map(|scope| {
        let mut names = names(scope);
        names.dedup();
        let near: Vec<_> =
            names.iter().filter_map(|name| by_last.get(name)).flatten().cloned().collect();
        (scope.clone(), find(scope, &near))
    });
    Ok(found.collect())
}

/// What the actor may do with each group among these places.
async fn groups(
    connection: &mut PgConnection,
    actor: &Actor,
    user: &User,
    places: &HashMap<String, Found>,
) -> Result<HashMap<ScopeId, GroupRight>, Error> {
    let mut groups: HashMap<ScopeId, GroupRight> = HashMap::new();
    let mut approved_by: BTreeMap<ScopeId, BTreeSet<(RoleId, ScopeId)>> = BTreeMap::new();
    for found in places.values() {
        let Found::One(scope, ScopeKind::Group) = found else { continue };
        if groups.contains_key(scope) {
            continue;
        }
        let refused = match group::authorise(connection, actor, *scope).await {
            Ok(()) => None,
            Err(Error::Forbidden(_)) => {
                Some("you may not say who belongs to this group".to_owned())
            }
            Err(Error::NotAllowed(why)) => Some(why),
            Err(error) => return Err(error),
        };
        approved_by
            .insert(*scope, store::reach::approved_by(connection, (RoleId::MEMBER, *scope)).await?);
        groups.insert(*scope, GroupRight { refused, approves: false });
    }
    let all = approved_by.values().flatten().copied().collect();
    let waited_for = reach::wait_for(connection, &[user.person], all).await?;
    for (scope, roles) in approved_by {
        if let Some(group) = groups.get_mut(&scope) {
            group.approves = !roles.is_disjoint(&waited_for);
        }
    }
    Ok(groups)
}

async fn may(
    connection: &mut PgConnection,
    actor: &Actor,
    permission: Permission,
    scope: ScopeId,
) -> Result<bool, Error> {
    match access::authorise_at(connection, actor, permission, scope).await {
        Ok(()) => Ok(true),
        Err(Error::Forbidden(_)) => Ok(false),
        Err(error) => Err(error),
    }
}

const NOBODY: &str = "there is nobody of that name or address: people are invited, not imported";
const NO_ROLE: &str = "there is no role of that name";
const NO_PLACE: &str = "there is no place of that name where you may give roles";

impl Known {
    /// Finds what a row names, and refuses what nobody may import.
    pub(super) fn resolve(
        &self,
        mapping: &Mapping,
        wanted: Wanted,
        plan: &mut Plan,
    ) -> Result<Resolved, Vec<Fault>> {
        let mut faults = Vec::new();
        let mut fault = |field: Field, reason: String| {
            faults.push(Fault::new(mapping.column(field).unwrap_or_default(), reason));
        };
        let principal = self.holder(&wanted.holder).unwrap_or_else(|reason| {
            if reason == NOBODY {
                plan.unknown_principals.push(wanted.holder.name.clone());
            }
            fault(Field::Principal, reason);
            None
        });
        let role = self.roles.get(&fold(&wanted.role));
        if role.is_none() {
            plan.unknown_roles.push(wanted.role.clone());
            let made = may_be_made(&wanted.role, mapping.make_roles, self.may_make_roles, NO_ROLE);
            made.unwrap_or_else(|reason| fault(Field::Role, reason));
        }
        let scope = self.scope(&wanted.scope, mapping, plan).unwrap_or_else(|reason| {
            fault(Field::Scope, reason);
            None
        });
        if let Some(principal) = principal {
            let kind = scope.map_or(ScopeKind::System, |(_, kind)| kind);
            for (field, reason) in self.forbidden(&wanted, (principal, role, kind)) {
                fault(field, reason.to_owned());
            }
            let group = scope.and_then(|(scope, _)| self.groups.get(&scope));
            for reason in group.map(|right| right.reasons(role)).unwrap_or_default() {
                fault(Field::Scope, reason);
            }
        }
        match principal {
            Some(principal) if faults.is_empty() => Ok(Resolved {
                principal: principal.id,
                role: role.map(|role| role.id),
                scope: scope.map(|(scope, _)| scope),
                wanted,
            }),
            _ => Err(faults),
        }
    }

    /// The one that a name means.
    fn holder(&self, holder: &Holder) -> Result<Option<&lookup::Principal>, String> {
        let found: Vec<_> = self
            .by_name
            .get(&holder.name)
            .into_iter()
            .flatten()
            .filter_map(|index| self.principals.get(*index))
            .filter(|principal| holder.kind.is_none_or(|kind| kind == principal.kind))
            .collect();
        match found.as_slice() {
            [] => Err(NOBODY.to_owned()),
            [one] => Ok(Some(one)),
            [one, other, ..] if one.kind == other.kind => Err(format!(
                "there are {} accounts with that address: write the user name",
                found.len()
            )),
            [one, other, ..] => Err(format!(
                "there is a {} and a {} of that name: write one of them before it, as in group:Operators",
                word(one.kind),
                word(other.kind)
            )),
        }
    }

    /// The place that a text means; none if it is to be made.
    fn scope(
        &self,
        said: &str,
        mapping: &Mapping,
        plan: &mut Plan,
    ) -> Result<Option<(ScopeId, ScopeKind)>, String> {
        match self.places.get(said) {
            Some(Found::One(ScopeId::ROOT, _)) if !self.may_assign_at_root => {
                Err("you may not give roles in the whole organisation".to_owned())
            }
            Some(Found::One(scope, kind)) => Ok(Some((*scope, *kind))),
            Some(Found::Several(number)) => Err(format!(
                "there are {number} places of that name: write the path, as in Folder / System"
            )),
            Some(Found::None) | None => {
                plan.unknown_scopes.push(said.to_owned());
                let wish = mapping.make_scopes_under.is_some();
                let allowed = self.may_make_scopes && self.may_assign_new;
                may_be_made(said, wish, allowed, NO_PLACE)?;
                Ok(None)
            }
        }
    }

    /// What nobody may import, or nobody can hold.
    fn forbidden(
        &self,
        wanted: &Wanted,
        (principal, role, place): (&lookup::Principal, Option<&lookup::Role>, ScopeKind),
    ) -> Vec<(Field, &'static str)> {
        let own = self.own.contains(&principal.id).then_some(match principal.kind {
            PrincipalKind::User => {
                "that is yourself: nobody imports anything for themself, by whichever account"
            }
            PrincipalKind::Group => {
                "you belong to this group, or can get into it: somebody else must import what it holds"
            }
            PrincipalKind::ServicePrincipal => {
                "you can sign in as this application: somebody else must import what it holds"
            }
        });
        let eligible_application = principal.kind == PrincipalKind::ServicePrincipal
            && wanted.kind == AssignmentKind::Eligible;
        let over = wanted.ends_at.is_some_and(|end| end <= self.now + SHORTEST);
        let backwards =
            wanted.starts_at.zip(wanted.ends_at).is_some_and(|(start, end)| end < start + SHORTEST);
        [
            own.map(|reason| (Field::Principal, reason)),
            principal.disabled.then_some((Field::Principal, "it is disabled, or no longer in use")),
            eligible_application.then_some((
                Field::Kind,
                "an application can activate nothing, so it can't be eligible",
            )),
            role.is_some_and(|role| !role.scope_kinds.contains(&place))
                .then_some((Field::Role, "this role can't be held there")),
            (principal.kind == PrincipalKind::Group && place == ScopeKind::Group).then_some((
                Field::Principal,
                "a group is put into a group on that group's page, not by an import",
            )),
            over.then_some((Field::EndsAt, "that is over, or nearly so")),
            backwards.then_some((Field::EndsAt, "it ends before it starts")),
        ]
        .into_iter()
        .flatten()
        .collect()
    }
}

impl GroupRight {
    fn reasons(&self, role: Option<&lookup::Role>) -> Vec<String> {
        let approves = self.approves && role.is_some_and(|role| role.id == RoleId::MEMBER);
        let approves = approves.then(|| {
            "this group approves a role that you are eligible for yourself: somebody else must choose its members"
                .to_owned()
        });
        self.refused.clone().into_iter().chain(approves).collect()
    }
}

/// Whether something that is not there may be made.
fn may_be_made(name: &str, wished: bool, allowed: bool, missing: &str) -> Result<(), String> {
    if !wished {
        return Err(missing.to_owned());
    }
    if !allowed {
        return Err(format!("{missing}, and you may not make it"));
    }
    Name::parse(name).map(|_| ()).map_err(|error| format!("it can't be called that: {error}"))
}
