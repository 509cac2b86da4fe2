//! What would come of an import, row by row: judged by the same facts in the preview and at the moment when it is done.
use std::collections::{BTreeMap, HashMap};

use sqlx::PgConnection;

use crate::{
    domain::{
        actor::{Actor, User},
        assignment::{AssignmentKind, AssignmentOrigin, Window, faults},
        id::{AssignmentId, PrincipalId, RoleId, ScopeId},
        inventory::{
            Fault, Field, Found, Holder, HolderKind, KnownPlace, Mapping, Said, Sheet, Wanted,
            find, names, read,
        },
        permission::Permission,
        role::ScopeKind,
        settings::SHORTEST,
        text::{Name, fold},
        time::Instant,
    },
    error::Error,
    service::{access, role::first_terms},
    store::{
        self,
        inventory::lookup::{self, Slot},
    },
};

/// What would come of an import.
#[derive(Clone, Debug, Default)]
pub struct Plan {
    /// Row by row.
    pub rows: Vec<Planned>,
    /// The names of roles that are not there: made, or the reason why rows are bad.
    pub unknown_roles: Vec<String>,
    /// The same of places.
    pub unknown_scopes: Vec<String>,
    /// The people, groups and applications that are not there. They are never made here.
    pub unknown_principals: Vec<String>,
    /// Whether a fresh code is asked for, as the terms of one of the roles do.
    pub needs_code: bool,
}

/// One row.
#[derive(Clone, Debug)]
pub struct Planned {
    /// Its line.
    pub line: i32,
    /// What it says.
    pub said: Said,
    /// What would come of it.
    pub verdict: Verdict,
}

/// What would come of a row.
#[derive(Clone, Debug)]
pub enum Verdict {
    /// An assignment.
    Make(Make),
    /// Nothing: that assignment is there already.
    There(AssignmentId),
    /// Nothing: an earlier line says the same.
    Twice(i32),
    /// It can't be imported.
    Bad(Vec<Fault>),
}

/// An assignment to be made.
#[derive(Clone, Debug)]
pub struct Make {
    /// To whom.
    pub principal: PrincipalId,
    /// Which role; none if it is to be made first.
    pub role: Option<RoleId>,
    /// Where; none if that is to be made first.
    pub scope: Option<ScopeId>,
    /// Eligible or active.
    pub kind: AssignmentKind,
    /// From when until when.
    pub window: Window,
    /// Why.
    pub justification: String,
    /// What about it is outside the role's terms.
    pub outside: Vec<String>,
    /// The terms in force; none if the role is to be made first.
    pub settings: Option<crate::domain::id::SettingsId>,
}

impl Plan {
    /// How many rows have a verdict like that.
    #[must_use]
    pub fn count(&self, like: fn(&Verdict) -> bool) -> usize {
        self.rows.iter().filter(|row| like(&row.verdict)).count()
    }

    /// How many assignments would be made.
    #[must_use]
    pub fn made(&self) -> usize {
        self.count(|verdict| matches!(verdict, Verdict::Make(_)))
    }

    /// How many rows are there already.
    #[must_use]
    pub fn already(&self) -> usize {
        self.count(|verdict| matches!(verdict, Verdict::There(_) | Verdict::Twice(_)))
    }

    /// How many rows can't be imported.
    #[must_use]
    pub fn bad(&self) -> usize {
        self.count(|verdict| matches!(verdict, Verdict::Bad(_)))
    }

    /// How many assignments would be outside their role's terms.
    #[must_use]
    pub fn outside(&self) -> usize {
        self.count(|verdict| matches!(verdict, Verdict::Make(make) if !make.outside.is_empty()))
    }
}

/// Everything that names in the file come to, read at once.
struct Known {
    principals: Vec<lookup::Principal>,
    by_name: HashMap<String, Vec<usize>>,
    roles: HashMap<String, lookup::Role>,
    places: HashMap<String, Found>,
    own_groups: Vec<PrincipalId>,
    may_make_roles: bool,
    may_make_scopes: bool,
    may_assign_new: bool,
    now: Instant,
}

/// A row on its way: what it comes to as far as is known.
struct Resolved {
    wanted: Wanted,
    principal: PrincipalId,
    role: Option<RoleId>,
    scope: Option<(ScopeId, ScopeKind)>,
}

/// Works out what would come of a file.
pub(super) async fn plan(
    connection: &mut PgConnection,
    actor: &Actor,
    user: &User,
    sheet: &Sheet,
    mapping: &Mapping,
) -> Result<Plan, Error> {
    let read: Vec<_> = sheet.rows.iter().map(|row| (row.line, read(sheet, row, mapping))).collect();
    let wanted: Vec<&Wanted> =
        read.iter().filter_map(|(_, (_, wanted))| wanted.as_ref().ok()).collect();
    let known = know(connection, actor, user, mapping, &wanted).await?;
    let mut plan = Plan::default();
    let mut rights = BTreeMap::new();
    let mut resolved = Vec::with_capacity(read.len());
    for (line, (said, wanted)) in read {
        let outcome = match wanted {
            Err(faults) => Err(faults),
            Ok(wanted) => resolve(&known, user, mapping, wanted, &mut plan),
        };
        let outcome = match outcome {
            Ok(row) => {
                if permitted(connection, actor, &mut rights, &row, &known).await? {
                    Ok(row)
                } else {
                    let column = mapping.column(Field::Scope).unwrap_or_default();
                    Err(vec![Fault::new(column, "you may not give roles there")])
                }
            }
            bad => bad,
        };
        resolved.push((line, said, outcome));
    }
    judge(connection, user, &known, mapping, resolved, &mut plan).await?;
    for names in [&mut plan.unknown_roles, &mut plan.unknown_scopes, &mut plan.unknown_principals] {
        names.sort();
        names.dedup_by_key(|name| fold(name));
    }
    Ok(plan)
}

async fn know(
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
    let place_names = distinct(scopes.iter().flat_map(|scope| names(scope)).collect());
    let principals = lookup::principals(connection, &holders).await?;
    let roles = lookup::roles(connection, &roles).await?;
    let places: Vec<KnownPlace> = lookup::places(connection, &place_names).await?;
    let mut by_name: HashMap<String, Vec<usize>> = HashMap::new();
    for (index, principal) in principals.iter().enumerate() {
        by_name.entry(principal.name.clone()).or_default().push(index);
        if let Some(email) = principal.email.clone().filter(|email| *email != principal.name) {
            by_name.entry(email).or_default().push(index);
        }
    }
    let parent = mapping.make_scopes_under;
    Ok(Known {
        by_name,
        principals,
        roles: roles.into_iter().map(|role| (role.name.clone(), role)).collect(),
        places: scopes.into_iter().map(|scope| (scope.clone(), find(&scope, &places))).collect(),
        own_groups: lookup::groups_of(connection, user.person).await?,
        may_make_roles: may(connection, actor, Permission::ManageRoles, ScopeId::ROOT).await?,
        may_make_scopes: match parent {
            Some(parent) => may(connection, actor, Permission::ManageScopes, parent).await?,
            None => false,
        },
        may_assign_new: match parent {
            Some(parent) => may(connection, actor, Permission::ManageAssignments, parent).await?,
            None => false,
        },
        now: store::now(connection).await?,
    })
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

/// Whether the actor may give roles where a row wants one.
async fn permitted(
    connection: &mut PgConnection,
    actor: &Actor,
    rights: &mut BTreeMap<ScopeId, bool>,
    row: &Resolved,
    known: &Known,
) -> Result<bool, Error> {
    let Some((scope, kind)) = row.scope else { return Ok(known.may_assign_new) };
    if let Some(right) = rights.get(&scope) {
        return Ok(*right);
    }
    let permission = if kind == ScopeKind::Group {
        Permission::ManageGroups
    } else {
        Permission::ManageAssignments
    };
    let right = may(connection, actor, permission, scope).await?;
    rights.insert(scope, right);
    Ok(right)
}

/// Finds what a row names, and refuses what nobody may import.
fn resolve(
    known: &Known,
    user: &User,
    mapping: &Mapping,
    wanted: Wanted,
    plan: &mut Plan,
) -> Result<Resolved, Vec<Fault>> {
    let mut faults = Vec::new();
    let column = |field: Field| mapping.column(field).unwrap_or_default().to_owned();
    let principal = holder(known, &wanted.holder).unwrap_or_else(|reason| {
        if reason == NOBODY {
            plan.unknown_principals.push(wanted.holder.name.clone());
        }
        faults.push(Fault::new(column(Field::Principal), reason));
        None
    });
    let role = known.roles.get(&fold(&wanted.role));
    if role.is_none() {
        plan.unknown_roles.push(wanted.role.clone());
        if let Err(reason) =
            may_be_made(&wanted.role, mapping.make_roles, known.may_make_roles, "role")
        {
            faults.push(Fault::new(column(Field::Role), reason));
        }
    }
    let scope = match known.places.get(&wanted.scope) {
        Some(Found::One(scope, kind)) => Some((*scope, *kind)),
        Some(Found::Several(number)) => {
            let reason = format!(
                "there are {number} places of that name: write the path, as in Folder / System"
            );
            faults.push(Fault::new(column(Field::Scope), reason));
            None
        }
        Some(Found::None) | None => {
            plan.unknown_scopes.push(wanted.scope.clone());
            let wish = mapping.make_scopes_under.is_some();
            if let Err(reason) = may_be_made(&wanted.scope, wish, known.may_make_scopes, "place") {
                faults.push(Fault::new(column(Field::Scope), reason));
            }
            None
        }
    };
    if let Some(principal) = principal {
        let whole = (principal, role, scope.map(|(_, kind)| kind));
        faults.extend(forbidden(known, user, mapping, &wanted, whole));
    }
    match (principal, faults.is_empty()) {
        (Some(principal), true) => {
            Ok(Resolved { principal: principal.id, role: role.map(|role| role.id), scope, wanted })
        }
        _ => Err(faults),
    }
}

const NOBODY: &str = "there is nobody of that name or address: people are invited, not imported";

/// The one that a name means.
fn holder<'a>(known: &'a Known, holder: &Holder) -> Result<Option<&'a lookup::Principal>, String> {
    let of_kind = |index: &&usize| {
        let kind = known.principals.get(**index).map(|principal| principal.kind);
        holder.kind.is_none() || kind == holder.kind
    };
    let indices: Vec<_> = known
        .by_name
        .get(&holder.name)
        .map(|indices| indices.iter().filter(of_kind).collect())
        .unwrap_or_default();
    let mut found = indices.iter().filter_map(|index| known.principals.get(**index));
    match (found.next(), found.next()) {
        (None, _) => Err(NOBODY.to_owned()),
        (Some(one), None) => Ok(Some(one)),
        (Some(one), Some(other)) if one.kind == other.kind => Err(format!(
            "there are {} accounts with that address: write the user name",
            indices.len()
        )),
        (Some(one), Some(other)) => Err(format!(
            "there is a {} and a {} of that name: write one of them before it, as in group:Operators",
            one.kind.word(),
            other.kind.word()
        )),
    }
}

/// Whether something that is not there may be made.
fn may_be_made(name: &str, wished: bool, allowed: bool, what: &str) -> Result<(), String> {
    if !wished {
        return Err(format!("there is no {what} of that name"));
    }
    if !allowed {
        return Err(format!("there is no {what} of that name, and you may not make it"));
    }
    Name::parse(name).map(|_| ()).map_err(|error| format!("that is no name for a {what}: {error}"))
}

/// What nobody may import, or nobody can hold.
fn forbidden(
    known: &Known,
    user: &User,
    mapping: &Mapping,
    wanted: &Wanted,
    (principal, role, place): (&lookup::Principal, Option<&lookup::Role>, Option<ScopeKind>),
) -> Vec<Fault> {
    let who = mapping.column(Field::Principal).unwrap_or_default();
    let mut faults = Vec::new();
    let mut fault = |column: &str, reason: &str| faults.push(Fault::new(column, reason));
    if principal.person == Some(user.person) {
        fault(who, "that is yourself: nobody imports anything for themself, by whichever account");
    }
    if known.own_groups.contains(&principal.id) {
        fault(who, "you belong to this group: somebody else must import what it holds");
    }
    if principal.disabled {
        fault(who, "this account is disabled");
    }
    if principal.kind == HolderKind::ServicePrincipal && wanted.kind == AssignmentKind::Eligible {
        fault(
            mapping.column(Field::Kind).unwrap_or_default(),
            "an application can activate nothing, so it can't be eligible",
        );
    }
    let place = place.unwrap_or(ScopeKind::System);
    if role.is_some_and(|role| !role.scope_kinds.contains(&place)) {
        fault(mapping.column(Field::Role).unwrap_or_default(), "this role can't be held there");
    }
    if principal.kind == HolderKind::Group && place == ScopeKind::Group {
        fault(who, "a group does not belong to a group");
    }
    if wanted.ends_at.is_some_and(|end| end <= known.now + SHORTEST) {
        fault(mapping.column(Field::EndsAt).unwrap_or_default(), "that is over, or nearly so");
    }
    if wanted.starts_at.zip(wanted.ends_at).is_some_and(|(start, end)| end < start + SHORTEST) {
        fault(mapping.column(Field::EndsAt).unwrap_or_default(), "it ends before it starts");
    }
    faults
}

type Way = (i32, Said, Result<Resolved, Vec<Fault>>);

/// Says of each row that could be read whether it is there already, and what the terms say of it.
async fn judge(
    connection: &mut PgConnection,
    user: &User,
    known: &Known,
    mapping: &Mapping,
    rows: Vec<Way>,
    plan: &mut Plan,
) -> Result<(), Error> {
    let slots: Vec<Slot> = rows.iter().filter_map(|(_, _, row)| slot(row.as_ref().ok()?)).collect();
    let mut held: HashMap<Slot, Vec<lookup::Held>> = HashMap::new();
    for one in lookup::held(connection, &slots).await? {
        let index = usize::try_from(one.number - 1).unwrap_or(usize::MAX);
        if let Some(slot) = slots.get(index) {
            held.entry(*slot).or_default().push(one);
        }
    }
    let mut pairs: Vec<_> =
        rows.iter().filter_map(|(_, _, row)| pair(row.as_ref().ok()?, mapping)).collect();
    pairs.sort();
    pairs.dedup();
    let found = lookup::terms(connection, &pairs).await?;
    let terms: HashMap<_, _> = pairs.into_iter().zip(found).collect();
    let mut facts = Facts { known, mapping, held: &held, terms: &terms, earlier: Earlier::new() };
    for (line, said, row) in rows {
        let verdict = match row {
            Err(faults) => Verdict::Bad(faults),
            Ok(row) => {
                let gains = approves(connection, user, &row)
                    .await?
                    .map(|reason| vec![Fault::new("", reason)]);
                match gains {
                    Some(faults) => Verdict::Bad(faults),
                    None => facts.judge(line, &row, plan),
                }
            }
        };
        plan.rows.push(Planned { line, said, verdict });
    }
    Ok(())
}

/// Whether a row would let somebody decide what the actor asks for themself.
async fn approves(
    connection: &mut PgConnection,
    user: &User,
    row: &Resolved,
) -> Result<Option<&'static str>, Error> {
    match (row.role, row.scope) {
        (Some(RoleId::MEMBER), Some((scope, _)))
            if store::settings::approve_for(connection, scope, user.person).await? =>
        {
            Ok(Some(
                "this group approves a role that you are eligible for yourself: somebody else must choose its members",
            ))
        }
        _ => Ok(None),
    }
}

fn slot(row: &Resolved) -> Option<Slot> {
    let (scope, _) = row.scope?;
    Some(Slot { principal: row.principal, role: row.role?, scope, kind: row.wanted.kind })
}

/// The role and the place whose terms count: for a place that is to be made, those of the one above it.
fn pair(row: &Resolved, mapping: &Mapping) -> Option<(RoleId, ScopeId)> {
    let scope = row.scope.map(|(scope, _)| scope).or(mapping.make_scopes_under)?;
    Some((row.role?, scope))
}

fn overlap(one: Window, other: Window) -> bool {
    let before = |end: Option<Instant>, start: Instant| end.is_some_and(|end| end <= start);
    !before(one.ends_at, other.starts_at) && !before(other.ends_at, one.starts_at)
}

type Earlier = HashMap<(PrincipalId, String, String, AssignmentKind), Vec<(i32, Window)>>;

/// What is known of all rows, and of those that came before.
struct Facts<'a> {
    known: &'a Known,
    mapping: &'a Mapping,
    held: &'a HashMap<Slot, Vec<lookup::Held>>,
    terms: &'a HashMap<(RoleId, ScopeId), lookup::Terms>,
    earlier: Earlier,
}

impl Facts<'_> {
    /// Judges a row that could be read.
    fn judge(&mut self, line: i32, row: &Resolved, plan: &mut Plan) -> Verdict {
        let wanted = &row.wanted;
        let window = Window {
            starts_at: wanted.starts_at.unwrap_or(self.known.now).max(self.known.now),
            ends_at: wanted.ends_at,
        };
        let slot = slot(row);
        let there = slot.and_then(|slot| self.held.get(&slot)).into_iter().flatten().find(|held| {
            overlap(window, Window { starts_at: held.starts_at, ends_at: held.ends_at })
        });
        match there {
            Some(held) if held.origin == AssignmentOrigin::Activated => {
                return Verdict::Bad(vec![Fault::new(
                    self.mapping.column(Field::Kind).unwrap_or_default(),
                    "the role is activated at this moment: import the row when that is over",
                )]);
            }
            Some(held) => return Verdict::There(held.id),
            None => {}
        }
        let place = row.scope.map_or_else(|| fold(&wanted.scope), |(scope, _)| scope.to_string());
        let key = (row.principal, fold(&wanted.role), place, wanted.kind);
        let lines = self.earlier.entry(key).or_default();
        if let Some((before, _)) = lines.iter().find(|(_, other)| overlap(window, *other)) {
            return Verdict::Twice(*before);
        }
        lines.push((line, window));
        let in_force = pair(row, self.mapping).and_then(|pair| self.terms.get(&pair));
        let first = first_terms(self.mapping.makes_privileged(&wanted.role));
        let terms = match (wanted.kind, in_force) {
            (AssignmentKind::Eligible, Some(terms)) => &terms.eligible,
            (AssignmentKind::Active, Some(terms)) => &terms.active,
            (AssignmentKind::Eligible, None) => &first.eligible,
            (AssignmentKind::Active, None) => &first.active,
        };
        plan.needs_code |= terms.requires_mfa;
        // The reason is at least that it was imported.
        let outside = faults(window, terms, true, true, self.known.now);
        Verdict::Make(Make {
            principal: row.principal,
            role: row.role,
            scope: row.scope.map(|(scope, _)| scope),
            kind: wanted.kind,
            window,
            justification: wanted.justification.clone(),
            outside: outside.into_iter().map(|fault| fault.message).collect(),
            settings: in_force.map(|terms| terms.settings),
        })
    }
}
