//! Places: the tree in which roles are held, and what moving or retiring a part of it does to those who hold them.
use serde_json::json;

use crate::{
    App,
    domain::{
        actor::Actor,
        assignment::AssignmentEnd,
        audit::{Event, Kind},
        id::{RequestId, RoleId, ScopeId},
        permission::Permission,
        role::ScopeKind,
        text::{Description, Name},
    },
    error::Error,
    service::{
        access::{self, Places},
        request,
    },
    store::{self, Change, activation::Ended, request::Of},
};

mod relocate;
mod retire;

pub(super) use relocate::relocate_within;
pub use relocate::{MoveEffect, preview_move, relocate};
pub(super) use retire::retire_within;
pub use retire::{RetireEffect, preview_retire, retire};

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

/// Records that these were ended, and why.
pub(super) async fn record_ends(
    change: &mut Change,
    ended: &[Ended],
    because: AssignmentEnd,
) -> Result<(), Error> {
    let events: Vec<_> = ended
        .iter()
        .map(|ended| {
            let activated = ended.request.is_some();
            let kind = if activated { Kind::ActivationEnded } else { Kind::AssignmentRemoved };
            let event = Event::new(kind)
                .subject(ended.principal)
                .role(ended.role, ended.scope)
                .assignment(ended.id)
                .detail(json!({ "because": because }));
            Event { request: ended.request, ..event }
        })
        .collect();
    change.record_all(&events).await
}

async fn close(change: &mut Change, requests: &[RequestId], why: &str) -> Result<(), Error> {
    for open in requests {
        let closed = store::request::fail_all(change, Of::Request(*open), why).await?;
        request::record_failures(change, &closed, "not_eligible", why).await?;
    }
    Ok(())
}
