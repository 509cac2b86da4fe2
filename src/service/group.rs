//! Groups: who belongs to them. Belonging is itself an active assignment: of Member, at the group's place in the tree.
use serde_json::json;

use crate::{
    App,
    domain::{
        actor::Actor,
        assignment::AssignmentKind,
        audit::{Event, Kind},
        id::{PrincipalId, RoleId},
        permission::Permission,
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

pub use crate::store::person::Group;

/// All groups.
pub async fn list(app: &App, actor: &Actor) -> Result<Vec<Group>, Error> {
    let mut connection = app.database.acquire().await?;
    access::authorise(&mut connection, actor, Permission::ReadPeople).await?;
    store::person::groups(&mut connection, None).await
}

/// One group with its members.
pub async fn show(app: &App, actor: &Actor, id: PrincipalId) -> Result<(Group, Vec<Told>), Error> {
    let mut connection = app.database.acquire().await?;
    access::authorise(&mut connection, actor, Permission::ReadPeople).await?;
    let group = store::person::groups(&mut connection, Some(id))
        .await?
        .pop()
        .ok_or(Error::NotFound("group"))?;
    let wanted = Wanted {
        scope: Some(group.scope),
        role: Some(RoleId::MEMBER),
        kind: Some(AssignmentKind::Active),
        ..Wanted::default()
    };
    let members = store::assignment::list(&mut connection, wanted, 1000).await?;
    Ok((group, members))
}

/// Makes a group, with nobody in it.
pub async fn create(
    app: &App,
    actor: &Actor,
    name: &Name,
    description: &Description,
) -> Result<PrincipalId, Error> {
    let mut change = match Change::begin(&app.database, actor).await {
        Err(Error::Repeated(before)) => return Ok(PrincipalId(before)),
        begun => begun?,
    };
    access::authorise(change.connection(), actor, Permission::ManageGroups).await?;
    let (id, scope) = store::person::create_group(&mut change, name, description).await?;
    change.made(id.0).await?;
    let event = Event::new(Kind::GroupCreated)
        .subject(id)
        .target(id.0)
        .detail(json!({ "name": name, "description": description, "scope": scope }));
    change.commit(&event).await?;
    app.wake.audit().notify_one();
    Ok(id)
}

/// Adds people to a group, for good.
pub async fn add(
    app: &App,
    actor: &Actor,
    group: PrincipalId,
    people: Vec<PrincipalId>,
    reason: &Justification,
) -> Result<Vec<Assigned>, Error> {
    let (group, _) = show(app, actor, group).await?;
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
    let (group, _) = show(app, actor, group).await?;
    let membership =
        store::person::membership(&mut *app.database.acquire().await?, group.scope, person)
            .await?
            .ok_or(Error::NotFound("member"))?;
    assignment::remove(app, actor, membership, reason).await
}
