//! Places: the tree in which roles are held, and what moving or retiring a part of it does to those who hold them.
use serde_json::json;

use crate::{
    App,
    domain::{
        actor::Actor,
        assignment::{AssignmentEnd, AssignmentKind},
        audit::{Event, Kind},
        id::{RequestId, RoleId, ScopeId},
        permission::Permission,
        role::ScopeKind,
        text::{Description, Justification, Name},
    },
    error::Error,
    service::{
        access::{self, Places},
        assignment::{self, Proof},
        group, reach, request, settings,
    },
    store::{self, Change, activation::Ended, request::Of},
};

pub use crate::store::scope::{Holding, Place, Told};

/// How many places, or holders, are told at once.
pub const MOST: i64 = 500;

/// A place with what lies around it.
#[derive(Clone, Debug)]
pub struct Node {
    /// The place.
    pub told: Told,
    /// The places above it, from the organisation down, itself last; as far as the asker may see them.
    pub way: Vec<Place>,
    /// The places in it.
    pub inside: Vec<Told>,
    /// Who holds what here.
    pub here: Vec<Holding>,
    /// Who holds what at a place above, which counts here too.
    pub inherited: Vec<Holding>,
    /// Whether the asker may create, rename, move and retire here.
    pub may_manage: bool,
    /// Whether the asker may give and take roles here.
    pub may_assign: bool,
}

/// The topmost places that the asker may see.
pub async fn roots(app: &App, actor: &Actor) -> Result<Vec<Told>, Error> {
    let mut connection = app.database.acquire().await?;
    let places = access::authorise_somewhere(&mut connection, actor, Permission::ReadRoles).await?;
    let ids = match places {
        Places::Everywhere => vec![ScopeId::ROOT],
        Places::Below(places) => {
            let nesting =
                store::reach::nesting(&mut connection, &places.iter().copied().collect()).await?;
            let lies_in_another =
                |id: &ScopeId| nesting.iter().any(|(place, above)| place == id && above != id);
            places.into_iter().filter(|id| !lies_in_another(id)).collect()
        }
    };
    store::scope::these(&mut connection, &ids).await
}

/// One place. One that the asker may not see does not exist for them.
pub async fn show(app: &App, actor: &Actor, id: ScopeId) -> Result<Node, Error> {
    let mut connection = app.database.acquire().await?;
    access::authorise_somewhere(&mut connection, actor, Permission::ReadRoles).await?;
    let mut may = async |permission| {
        access::authorise_at(&mut connection, actor, permission, id).await.is_ok()
    };
    if !may(Permission::ReadRoles).await {
        return Err(Error::NotFound("scope"));
    }
    let (may_manage, may_assign) =
        (may(Permission::ManageScopes).await, may(Permission::ManageAssignments).await);
    let told = store::scope::one(&mut connection, id).await?;
    let way = store::scope::way_to(&mut connection, id).await?;
    let above: Vec<_> = way.iter().map(|place| place.id).filter(|place| *place != id).collect();
    Ok(Node {
        inside: store::scope::inside(&mut connection, id).await?,
        here: store::scope::holdings(&mut connection, &[id], MOST).await?,
        inherited: store::scope::holdings(&mut connection, &above, MOST).await?,
        may_manage: may_manage && told.retired_at.is_none(),
        may_assign: may_assign && told.retired_at.is_none(),
        told,
        way,
    })
}

/// The places where the asker may do this, by their paths: to choose one of.
pub async fn choices(
    app: &App,
    actor: &Actor,
    permission: Permission,
    role: Option<RoleId>,
) -> Result<Vec<Place>, Error> {
    let mut connection = app.database.acquire().await?;
    let places = access::authorise_somewhere(&mut connection, actor, permission).await?;
    let roots = places.limited().unwrap_or_else(|| vec![ScopeId::ROOT]);
    let mut choices = Vec::new();
    for root in roots {
        let (kind, _) = store::role::scope(&mut connection, root).await?;
        let fits = match role {
            None => true,
            Some(role) => {
                store::role::one(&mut connection, role).await?.scope_kinds.contains(&kind)
            }
        };
        if fits {
            let path = store::scope::path(&mut connection, root).await?;
            choices.push(Place { id: root, kind, path });
        }
        choices.extend(store::scope::below(&mut connection, root, role, MOST).await?);
    }
    choices.sort_by(|one, other| one.path.cmp(&other.path));
    choices.dedup_by_key(|place| place.id);
    Ok(choices)
}

/// A place to be made.
#[derive(Clone, Debug)]
pub struct NewScope {
    /// Where it lies.
    pub parent: ScopeId,
    /// What it is: anything but the organisation, and a group, which is made as a group.
    pub kind: ScopeKind,
    /// Its name.
    pub name: Name,
    /// What it is for.
    pub description: Description,
}

/// Makes a place.
pub async fn create(app: &App, actor: &Actor, new: &NewScope) -> Result<ScopeId, Error> {
    let mut change = match Change::begin(&app.database, actor).await {
        Err(Error::Repeated(before)) => return Ok(ScopeId(before)),
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
    new: &NewScope,
) -> Result<ScopeId, Error> {
    if matches!(new.kind, ScopeKind::Organization | ScopeKind::Group) {
        return Err(Error::invalid("kind", "choose a folder, a system or a resource"));
    }
    access::authorise_at(change.connection(), actor, Permission::ManageScopes, new.parent).await?;
    let id =
        store::scope::create(change, new.parent, new.kind, &new.name, &new.description).await?;
    let event = Event { scope: Some(id), ..Event::new(Kind::ScopeCreated) };
    let detail = json!({
        "name": new.name, "kind": new.kind, "parent": new.parent, "description": new.description,
    });
    change.record(&event.target(id.0).detail(detail)).await?;
    Ok(id)
}

/// Gives a place another name and description. What is held there stays.
pub async fn rename(
    app: &App,
    actor: &Actor,
    id: ScopeId,
    name: &Name,
    description: &Description,
) -> Result<(), Error> {
    let mut change = Change::begin(&app.database, actor).await?;
    rename_within(&mut change, actor, id, name, description).await?;
    change.made(id.0).await?;
    change.commit_recorded().await?;
    app.wake.audit().notify_one();
    Ok(())
}

/// The same within a change.
pub(super) async fn rename_within(
    change: &mut Change,
    actor: &Actor,
    id: ScopeId,
    name: &Name,
    description: &Description,
) -> Result<(), Error> {
    let told = visible(change, actor, id).await?;
    access::authorise_at(change.connection(), actor, Permission::ManageScopes, id).await?;
    match told.kind {
        ScopeKind::Organization => {
            return Err(Error::Conflict(
                "the organisation is named in the server's own settings".to_owned(),
            ));
        }
        ScopeKind::Group => {
            return Err(Error::Conflict("a group is renamed on its own page".to_owned()));
        }
        ScopeKind::Folder | ScopeKind::System | ScopeKind::Resource => {}
    }
    store::scope::rename(change, id, name, description).await?;
    let event = Event { scope: Some(id), ..Event::new(Kind::ScopeChanged) };
    let detail = json!({ "before": told.name, "after": name, "description": description });
    change.record(&event.target(id.0).detail(detail)).await
}

/// A place that the actor may see and that is in use; any other does not exist for them.
async fn visible(change: &mut Change, actor: &Actor, id: ScopeId) -> Result<Told, Error> {
    access::authorise_somewhere(change.connection(), actor, Permission::ReadRoles).await?;
    access::authorise_at(change.connection(), actor, Permission::ReadRoles, id)
        .await
        .map_err(|_| Error::NotFound("scope"))?;
    let told = store::scope::one(change.connection(), id).await?;
    if told.retired_at.is_some() {
        return Err(Error::Conflict("this place is retired".to_owned()));
    }
    Ok(told)
}

/// What moving a place does to those who hold something above it.
#[derive(Clone, Debug, Default)]
pub struct MoveEffect {
    /// Who holds what where the place lies now, and will not count there any more.
    pub lose: Vec<Holding>,
    /// Who holds what where the place will lie, and will count there.
    pub gain: Vec<Holding>,
    /// How many activations end.
    pub ending: usize,
    /// How many open requests are closed.
    pub closing: usize,
}

/// Says what moving a place would do. Nothing moves.
pub async fn preview_move(
    app: &App,
    actor: &Actor,
    id: ScopeId,
    parent: ScopeId,
) -> Result<MoveEffect, Error> {
    let actor = Actor { idempotency: None, ..actor.clone() };
    let mut change = Change::begin(&app.database, &actor).await?;
    // What is done here is given up with the change.
    relocate_within(app, &mut change, &actor, id, parent, &Justification::default()).await
}

/// Puts a place, with all that lies below it, into another one. What is held at it stays; what is held above it counts or
/// does not count according to where it lies then, and activations that no longer lie below their eligibility end.
pub async fn relocate(
    app: &App,
    actor: &Actor,
    id: ScopeId,
    parent: ScopeId,
    reason: &Justification,
) -> Result<MoveEffect, Error> {
    let mut change = Change::begin(&app.database, actor).await?;
    let effect = relocate_within(app, &mut change, actor, id, parent, reason).await?;
    change.made(id.0).await?;
    change.commit_recorded().await?;
    app.wake.everything();
    Ok(effect)
}

/// The same within a change.
pub(super) async fn relocate_within(
    app: &App,
    change: &mut Change,
    actor: &Actor,
    id: ScopeId,
    parent: ScopeId,
    reason: &Justification,
) -> Result<MoveEffect, Error> {
    let told = visible(change, actor, id).await?;
    let Some(old) = told.parent else {
        return Err(Error::Conflict("the organisation cannot be moved".to_owned()));
    };
    for place in [old, parent] {
        access::authorise_at(change.connection(), actor, Permission::ManageScopes, place).await?;
    }
    if old == parent {
        return Err(Error::Conflict("it lies there already".to_owned()));
    }
    if told.kind == ScopeKind::Group {
        group::authorise(change.connection(), actor, id).await?;
    }
    let before = reach::before(change, Some(id)).await?;
    let above = |way: Vec<Place>| way.into_iter().map(|place| place.id).collect::<Vec<_>>();
    let was = above(store::scope::way_to(change.connection(), old).await?);
    store::scope::relocate(change, id, parent).await?;
    let is = above(store::scope::way_to(change.connection(), parent).await?);
    reach::refuse_gain(change, before).await?;
    let no_more: Vec<_> = was.iter().copied().filter(|place| !is.contains(place)).collect();
    let from_now: Vec<_> = is.iter().copied().filter(|place| !was.contains(place)).collect();
    let lose = store::scope::holdings(change.connection(), &no_more, MOST).await?;
    let gain = store::scope::holdings(change.connection(), &from_now, MOST).await?;
    change.settle().await?;
    let ended = store::scope::end_moved(change, id).await?;
    record_ends(change, &ended, AssignmentEnd::ScopeMoved).await?;
    let moved = store::scope::moved_requests(change.connection(), id).await?;
    close(change, &moved, "The place was moved away from below that of the eligibility.").await?;
    settings::recompute_below(app, change, None, id, &moved_because(&told.name)).await?;
    let event = Event { scope: Some(id), ..Event::new(Kind::ScopeMoved) };
    let detail = json!({ "from": old, "to": parent, "justification": reason });
    change.record(&event.target(id.0).detail(detail)).await?;
    Ok(MoveEffect { lose, gain, ending: ended.len(), closing: moved.len() })
}

/// Why terms become others below a place that has moved.
fn moved_because(name: &str) -> Justification {
    Justification::parse(&format!("{name} was moved")).unwrap_or_default()
}

async fn record_ends(
    change: &mut Change,
    ended: &[Ended],
    because: AssignmentEnd,
) -> Result<(), Error> {
    for ended in ended {
        let kind =
            if ended.request.is_some() { Kind::ActivationEnded } else { Kind::AssignmentRemoved };
        let event = Event::new(kind)
            .subject(ended.principal)
            .role(ended.role, ended.scope)
            .assignment(ended.id)
            .detail(json!({ "because": because }));
        change.record(&Event { request: ended.request, ..event }).await?;
    }
    Ok(())
}

async fn close(change: &mut Change, requests: &[RequestId], why: &str) -> Result<(), Error> {
    for open in requests {
        let closed = store::request::fail_all(change, Of::Request(*open), why).await?;
        request::record_failures(change, &closed, "not_eligible", why).await?;
    }
    Ok(())
}

/// What retiring a place does.
#[derive(Clone, Debug, Default)]
pub struct RetireEffect {
    /// The places that are retired with it.
    pub places: Vec<Place>,
    /// Who loses what; the first of them.
    pub holdings: Vec<Holding>,
    /// How many assignments and activations end.
    pub assignments: i64,
    /// How many open requests are closed.
    pub requests: i64,
}

/// Says what retiring a place would do. Nothing is retired.
pub async fn preview_retire(app: &App, actor: &Actor, id: ScopeId) -> Result<RetireEffect, Error> {
    let actor = Actor { idempotency: None, ..actor.clone() };
    let mut change = Change::begin(&app.database, &actor).await?;
    retire_effect(&mut change, &actor, id).await.map(|(effect, _)| effect)
}

async fn retire_effect(
    change: &mut Change,
    actor: &Actor,
    id: ScopeId,
) -> Result<(RetireEffect, Vec<ScopeId>), Error> {
    let told = visible(change, actor, id).await?;
    let Some(parent) = told.parent else {
        return Err(Error::Conflict("the organisation cannot be retired".to_owned()));
    };
    if told.kind == ScopeKind::Group {
        group::authorise(change.connection(), actor, id).await?;
    } else {
        access::authorise_at(change.connection(), actor, Permission::ManageScopes, parent).await?;
    }
    let places = store::scope::below(change.connection(), id, None, 100_000).await?;
    let ids = store::scope::lock_below(change, id).await?;
    for place in &ids {
        let (kind, _) = store::role::scope(change.connection(), *place).await?;
        group::authorise_assigning(change.connection(), actor, *place, kind).await?;
    }
    let (assignments, requests) = store::scope::count(change.connection(), &ids).await?;
    let holdings = store::scope::holdings(change.connection(), &ids, MOST).await?;
    Ok((RetireEffect { places, holdings, assignments, requests }, ids))
}

/// Takes a place, and everything below it, out of use: what is held there ends at once, open requests are closed.
pub async fn retire(
    app: &App,
    actor: &Actor,
    id: ScopeId,
    reason: &Justification,
) -> Result<RetireEffect, Error> {
    let mut change = Change::begin(&app.database, actor).await?;
    let effect = retire_within(app, &mut change, actor, id, reason).await?;
    change.made(id.0).await?;
    change.commit_recorded().await?;
    app.wake.everything();
    Ok(effect)
}

/// The same within a change.
pub(super) async fn retire_within(
    app: &App,
    change: &mut Change,
    actor: &Actor,
    id: ScopeId,
    reason: &Justification,
) -> Result<RetireEffect, Error> {
    let (effect, ids) = retire_effect(change, actor, id).await?;
    change.settle().await?;
    let why = "The place was retired.";
    for place in &ids {
        let closed = store::request::fail_all(change, Of::Scope(*place), why).await?;
        request::record_failures(change, &closed, "role_retired", why).await?;
    }
    // A group that goes may be eligible for something elsewhere, and so may its members be by it.
    end_what_groups_hold(app, change, actor, &ids, reason).await?;
    let ended = store::scope::end_assignments(change, &ids).await?;
    record_ends(change, &ended, AssignmentEnd::ScopeRetired).await?;
    for group in store::scope::retire(change, &ids).await? {
        let event = Event::new(Kind::GroupChanged).subject(group).target(group.0);
        change.record(&event.detail(json!({ "retired": true, "justification": reason }))).await?;
    }
    for place in &ids {
        let event = Event { scope: Some(*place), ..Event::new(Kind::ScopeRetired) };
        change.record(&event.target(place.0).detail(json!({ "justification": reason }))).await?;
    }
    Ok(effect)
}

/// Takes from the groups among these places what they hold anywhere.
async fn end_what_groups_hold(
    app: &App,
    change: &mut Change,
    actor: &Actor,
    places: &[ScopeId],
    reason: &Justification,
) -> Result<(), Error> {
    for place in places {
        let Some(group) = store::scope::one(change.connection(), *place).await?.group else {
            continue;
        };
        for kind in [AssignmentKind::Eligible, AssignmentKind::Active] {
            let wanted = store::assignment::Wanted {
                principal: Some(group),
                kind: Some(kind),
                ..store::assignment::Wanted::default()
            };
            for held in store::assignment::list(change.connection(), wanted, 10_000).await? {
                let why = (reason, Proof::None);
                assignment::remove_within(app, change, actor, held.id, why).await?;
            }
        }
    }
    Ok(())
}
