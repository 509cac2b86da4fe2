//! Groups: who belongs to them, owns them, and what they carry. Belonging is itself an active assignment: of Member, at the
//! group's place in the tree; owning is one of Owner there.
use serde_json::json;
use sqlx::PgConnection;

use crate::{
    App,
    domain::{
        actor::Actor,
        assignment::AssignmentKind,
        audit::{Event, Kind},
        id::{PrincipalId, RoleId, ScopeId},
        permission::Permission,
        role::ScopeKind,
        text::{Description, Justification, Name},
    },
    error::Error,
    service::{
        access,
        assignment::{self, Assign, Assigned},
    },
    store::{
        self, Change,
        assignment::{Told, Wanted},
    },
};

pub use crate::store::group::Group;

/// The groups that the asker may see, by name.
pub async fn list(app: &App, actor: &Actor, search: Option<String>) -> Result<Vec<Group>, Error> {
    let mut connection = app.database.acquire().await?;
    let places = access::authorise_somewhere(&mut connection, actor, Permission::ReadRoles).await?;
    let search = search.map(|search| search.replace('\0', "")).filter(|it| !it.trim().is_empty());
    let wanted = store::group::Wanted { id: None, places: places.limited(), search };
    store::group::list(&mut connection, &wanted).await
}

/// A group with all that its page shows.
#[derive(Clone, Debug)]
pub struct Detail {
    /// The group.
    pub group: Group,
    /// Where it lies: the names above it.
    pub place: String,
    /// Who belongs to it, and who may activate belonging to it.
    pub members: Vec<Told>,
    /// Who owns it, and who may activate owning it.
    pub owners: Vec<Told>,
    /// What it is given or eligible for, groups that it belongs to among them.
    pub carries: Vec<Told>,
    /// Whether the asker may change it.
    pub may_change: bool,
}

/// One group.
pub async fn show(app: &App, actor: &Actor, id: PrincipalId) -> Result<Detail, Error> {
    let mut connection = app.database.acquire().await?;
    let places = access::authorise_somewhere(&mut connection, actor, Permission::ReadRoles).await?;
    let wanted =
        store::group::Wanted { id: Some(id), places: places.limited(), ..Default::default() };
    let group = store::group::list(&mut connection, &wanted)
        .await?
        .pop()
        .ok_or(Error::NotFound("group"))?;
    let of = |role| Wanted { scope: Some(group.scope), role: Some(role), ..Wanted::default() };
    let carried = Wanted { principal: Some(id), ..Wanted::default() };
    Ok(Detail {
        place: store::scope::path(&mut connection, group.parent).await?,
        members: store::assignment::list(&mut connection, of(RoleId::MEMBER), 1000).await?,
        owners: store::assignment::list(&mut connection, of(RoleId::OWNER), 1000).await?,
        carries: store::assignment::list(&mut connection, carried, 1000).await?,
        may_change: group.retired_at.is_none()
            && authorise(&mut connection, actor, group.scope).await.is_ok(),
        group,
    })
}

/// Refuses unless `actor` may change who belongs to the group at `scope`, who owns it, and where it lies: that takes the
/// right over the group, and the right to assign everything that it carries, by itself or through groups that it belongs to.
pub(super) async fn authorise(
    connection: &mut PgConnection,
    actor: &Actor,
    scope: ScopeId,
) -> Result<(), Error> {
    access::authorise_at(connection, actor, Permission::ManageGroups, scope).await?;
    let group = store::group::at(connection, scope).await?;
    for (place, kind) in store::group::carried_at(connection, group).await? {
        let needed = assignment::permission(kind);
        access::authorise_at(connection, actor, needed, place).await.map_err(|error| match error {
            Error::Forbidden(_) => Error::NotAllowed(
                "this group carries roles that you may not assign: somebody who may has to change it".to_owned(),
            ),
            error => error,
        })?;
    }
    Ok(())
}

/// Refuses unless `actor` may give and take roles at `scope`, which is of that kind.
pub(super) async fn authorise_assigning(
    connection: &mut PgConnection,
    actor: &Actor,
    scope: ScopeId,
    kind: ScopeKind,
) -> Result<(), Error> {
    if kind == ScopeKind::Group {
        authorise(connection, actor, scope).await
    } else {
        access::authorise_at(connection, actor, Permission::ManageAssignments, scope).await
    }
}

/// A group to be made.
#[derive(Clone, Debug)]
pub struct NewGroup {
    /// Its name.
    pub name: Name,
    /// What it is for.
    pub description: Description,
    /// Where it lies.
    pub parent: ScopeId,
}

/// Makes a group, with nobody in it.
pub async fn create(app: &App, actor: &Actor, new: &NewGroup) -> Result<PrincipalId, Error> {
    let mut change = match Change::begin(&app.database, actor).await {
        Err(Error::Repeated(before)) => return Ok(PrincipalId(before)),
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
    new: &NewGroup,
) -> Result<PrincipalId, Error> {
    access::authorise_at(change.connection(), actor, Permission::ManageGroups, new.parent).await?;
    let (id, scope) = store::group::create(change, new.parent, &new.name, &new.description).await?;
    let event = Event::new(Kind::GroupCreated).subject(id).target(id.0).detail(json!({
        "name": new.name, "description": new.description, "scope": scope, "parent": new.parent,
    }));
    change.record(&event).await?;
    Ok(id)
}

/// Adds people, or groups, to a group, for good.
pub async fn add(
    app: &App,
    actor: &Actor,
    group: PrincipalId,
    people: Vec<PrincipalId>,
    reason: &Justification,
) -> Result<Vec<Assigned>, Error> {
    let group = show(app, actor, group).await?.group;
    let wanted = Assign {
        principals: people,
        role: RoleId::MEMBER,
        scope: group.scope,
        kind: AssignmentKind::Active,
        starts_at: None,
        ends_at: None,
        justification: reason.clone(),
    };
    assignment::assign(app, actor, &wanted, None).await
}

/// Takes somebody out of a group at once.
pub async fn remove(
    app: &App,
    actor: &Actor,
    group: PrincipalId,
    person: PrincipalId,
    reason: &Justification,
) -> Result<(), Error> {
    let group = show(app, actor, group).await?.group;
    let membership =
        store::group::membership(&mut *app.database.acquire().await?, group.scope, person)
            .await?
            .ok_or(Error::NotFound("member"))?;
    assignment::remove(app, actor, membership, reason).await
}

/// Gives a group another name and description.
pub async fn rename(
    app: &App,
    actor: &Actor,
    id: PrincipalId,
    name: &Name,
    description: &Description,
) -> Result<(), Error> {
    let before = show(app, actor, id).await?.group;
    let mut change = Change::begin(&app.database, actor).await?;
    access::authorise_at(change.connection(), actor, Permission::ManageGroups, before.scope)
        .await?;
    store::group::rename(&mut change, id, name, description).await?;
    store::scope::rename(&mut change, before.scope, name, description).await?;
    change.made(id.0).await?;
    let event = |target| {
        Event::new(Kind::GroupChanged)
            .subject(id)
            .target(target)
            .detail(json!({ "before": before.name, "after": name, "description": description }))
    };
    change.record(&event(before.scope.0)).await?;
    change.commit(&event(id.0)).await?;
    app.wake.audit().notify_one();
    Ok(())
}
