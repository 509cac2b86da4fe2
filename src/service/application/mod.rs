//! Applications: registering them, and who answers for them.
//!
//! Whoever has a secret of an application is as powerful as the application: its owners, and whoever made a secret or key that
//! is still good. So its owners and what it signs in with are changed only by those who might as well give the roles that it
//! holds, and nobody comes to hold anything by such a change.
use serde_json::json;
use sqlx::PgConnection;

use crate::{
    App,
    domain::{
        actor::{Actor, TokenScope},
        application::OWNERS_MOST,
        audit::{Event, Kind},
        id::{AccessTokenId, ApplicationCredentialId, PersonId, PrincipalId},
        permission::{Permission, Permissions},
        text::{Description, Justification, Name},
    },
    error::Error,
    service::{access, audit, reach},
    store::{self, Change, OnConstraint as _, assignment},
};

mod credential;
mod token;

pub use credential::{NewKey, NewSecret, add_key, make_secret, revoke};
pub use token::{Asked, Issued, Proof, endpoint, issue};

pub use crate::store::application::{Credential, Owner, Told};

/// How many applications a page of the list has.
pub const PAGE: i64 = 100;
/// How much of what happened is shown.
const ACTIVITY: u16 = 20;

/// An application with everything that its page shows.
#[derive(Debug)]
pub struct Detail {
    /// The application.
    pub told: Told,
    /// Who answers for it.
    pub owners: Vec<Owner>,
    /// What it signs in with.
    pub credentials: Vec<Credential>,
    /// What it holds and will hold.
    pub assignments: Vec<assignment::Told>,
    /// What it did and what was done about it, newest first.
    pub activity: Vec<audit::Entry>,
    /// What the reader may do.
    pub may: May,
}

/// What somebody may do about an application.
#[derive(Clone, Copy, Debug, Default)]
#[expect(clippy::struct_excessive_bools, reason = "each one is a right of its own")]
pub struct May {
    /// Change its name, its description and its owners, and enable it.
    pub administer: bool,
    /// Revoke what it signs in with, and disable it.
    pub hold_keys: bool,
    /// Make what it signs in with: its owners, and while it holds nothing, whoever administers it.
    pub make_keys: bool,
    /// Give it roles.
    pub assign: bool,
    /// See other people's pages.
    pub read_people: bool,
}

/// Whether somebody may see every application.
#[must_use]
pub fn may_list(permissions: &Permissions) -> bool {
    permissions.allow(Permission::ManageApplications) || permissions.allow(Permission::ReadPeople)
}

/// Applications by name: all of them for those who may see them, else the asker's own.
pub async fn list(
    app: &App,
    actor: &Actor,
    search: Option<String>,
    after: Option<String>,
) -> Result<Vec<Told>, Error> {
    let mut connection = app.database.acquire().await?;
    access::principal(actor, TokenScope::Read)?;
    let permissions = access::permissions(&mut connection, actor).await?;
    let owner = match (may_list(&permissions), actor.user()) {
        (true, _) => None,
        (false, Some(user)) => Some(user.person),
        (false, None) => return Err(Error::Forbidden(Permission::ManageApplications)),
    };
    let owns_any = match owner {
        Some(person) => store::application::owns(&mut connection, person, None).await?,
        None => true,
    };
    if !owns_any {
        return Err(Error::Forbidden(Permission::ManageApplications));
    }
    // No name has such a character, and the database takes none.
    let clean = |text: String| text.replace('\0', "");
    let search = search.map(clean).filter(|search| !search.trim().is_empty());
    let wanted = store::application::Wanted {
        principal: None,
        owner,
        search,
        after: after.map(clean).filter(|after| !after.is_empty()),
    };
    store::application::list(&mut connection, &wanted, PAGE).await
}

/// One application. To those who neither own it nor may see all of them, it does not exist.
pub async fn show(app: &App, actor: &Actor, id: PrincipalId) -> Result<Detail, Error> {
    let mut connection = app.database.acquire().await?;
    access::principal(actor, TokenScope::Read)?;
    let told = seen(&mut connection, actor, id).await?;
    let wanted = assignment::Wanted { principal: Some(id), ..Default::default() };
    let assignments = assignment::list(&mut connection, wanted, 500).await?;
    Ok(Detail {
        owners: store::application::owners(&mut connection, id).await?,
        credentials: store::application::credentials(&mut connection, id).await?,
        activity: audit::concerning(&mut connection, id, ACTIVITY).await?,
        may: may(&mut connection, actor, id, assignments.is_empty()).await?,
        assignments,
        told,
    })
}

/// Reads an application for somebody who may know of it.
async fn seen(
    connection: &mut PgConnection,
    actor: &Actor,
    id: PrincipalId,
) -> Result<Told, Error> {
    let told = store::application::one(connection, id).await?;
    let permissions = access::permissions(connection, actor).await?;
    if may_list(&permissions) || owns(connection, actor, id).await? || actor.principal() == Some(id)
    {
        Ok(told)
    } else {
        Err(Error::NotFound("application"))
    }
}

/// Whether a person who asks owns an application. What an application is owned by owns nothing through it.
async fn owns(
    connection: &mut PgConnection,
    actor: &Actor,
    id: PrincipalId,
) -> Result<bool, Error> {
    match actor.user() {
        Some(user) => store::application::owns(connection, user.person, Some(id)).await,
        None => Ok(false),
    }
}

async fn may(
    connection: &mut PgConnection,
    actor: &Actor,
    id: PrincipalId,
    holds_nothing: bool,
) -> Result<May, Error> {
    let permissions = access::permissions(connection, actor).await?;
    let owns = owns(connection, actor, id).await?;
    let hold_keys = hold_keys(connection, actor, id).await.is_ok();
    Ok(May {
        administer: administer(connection, actor, id).await.is_ok(),
        hold_keys,
        make_keys: hold_keys && (owns || holds_nothing),
        assign: permissions.allow(Permission::ManageAssignments) && !owns,
        read_people: permissions.allow(Permission::ReadPeople),
    })
}

/// Refuses unless `actor` may change who answers for an application. One that can reach a privileged role is changed only
/// by those who may manage people who can: whoever owns it is as good as its holder.
async fn administer(
    connection: &mut PgConnection,
    actor: &Actor,
    id: PrincipalId,
) -> Result<(), Error> {
    access::authorise(connection, actor, Permission::ManageApplications).await?;
    if store::access::reaches_privilege(connection, id).await? {
        access::authorise(connection, actor, Permission::ManagePrivilegedPeople).await?;
    }
    if actor.principal() == Some(id) {
        return Err(Error::NotAllowed("an application does not change itself".to_owned()));
    }
    Ok(())
}

/// Refuses unless `actor` may make and revoke what an application signs in with: its owners, and whoever administers it.
async fn hold_keys(
    connection: &mut PgConnection,
    actor: &Actor,
    id: PrincipalId,
) -> Result<(), Error> {
    if owns(connection, actor, id).await? {
        access::user(actor, TokenScope::Administer).map(drop)
    } else {
        administer(connection, actor, id).await
    }
}

/// Locks an application that `actor` may know of, and reads the time again.
async fn lock(change: &mut Change, actor: &Actor, id: PrincipalId) -> Result<Told, Error> {
    seen(change.connection(), actor, id).await?;
    let told = store::application::lock(change, id).await?;
    change.settle().await?;
    Ok(told)
}

/// An application to be registered.
#[derive(Clone, Debug)]
pub struct NewApplication {
    /// What it is called.
    pub name: Name,
    /// What it is for.
    pub description: Description,
    /// Who answers for it, by any account of theirs, the accountable one first; whoever registers it, if nobody is named.
    pub owners: Vec<PrincipalId>,
}

/// Registers an application, which holds nothing yet.
pub async fn register(
    app: &App,
    actor: &Actor,
    new: &NewApplication,
) -> Result<PrincipalId, Error> {
    let mut change = match Change::begin(&app.database, actor).await {
        Err(Error::Repeated(before)) => return Ok(PrincipalId(before)),
        begun => begun?,
    };
    access::authorise(change.connection(), actor, Permission::ManageApplications).await?;
    let mut owners = Vec::new();
    for account in &new.owners {
        let (person, _) = person_of(&mut change, *account).await?;
        if !owners.contains(&person) {
            owners.push(person);
        }
    }
    if let (true, Some(user)) = (owners.is_empty(), actor.user()) {
        owners.push(user.person);
    }
    if owners.len() > OWNERS_MOST {
        return Err(Error::invalid("owners", format!("choose at most {OWNERS_MOST} people")));
    }
    let [accountable, others @ ..] = owners.as_slice() else {
        return Err(Error::invalid("owners", "choose at least one person who answers for it"));
    };
    let (name, description) = (&new.name, &new.description);
    let id = store::application::create(&mut change, name, description, *accountable).await?;
    for owner in others {
        store::application::add_owner(&mut change, id, *owner).await?;
    }
    change.made(id.0).await?;
    let event = Event::new(Kind::ApplicationRegistered)
        .subject(id)
        .target(id.0)
        .detail(json!({ "name": name, "description": description, "owners": owners }));
    finish(app, change, &event).await?;
    Ok(id)
}

/// The person behind an enabled account, and their name.
async fn person_of(change: &mut Change, account: PrincipalId) -> Result<(PersonId, String), Error> {
    let told = store::person::one(change.connection(), account).await?;
    if told.disabled_at.is_some() {
        return Err(Error::invalid("owners", format!("{}'s account is disabled", told.name)));
    }
    Ok((told.person, told.name))
}

async fn finish(app: &App, change: Change, event: &Event) -> Result<(), Error> {
    change.commit(event).await.on_constraint("an_owner_answers", || {
        Error::Conflict(
            "somebody must answer for an application: add another owner first".to_owned(),
        )
    })?;
    app.wake.everything();
    Ok(())
}

/// Gives an application another name and description.
pub async fn rename(
    app: &App,
    actor: &Actor,
    id: PrincipalId,
    name: &Name,
    description: &Description,
) -> Result<(), Error> {
    let mut change = Change::begin(&app.database, actor).await?;
    let before = lock(&mut change, actor, id).await?;
    administer(change.connection(), actor, id).await?;
    store::application::rename(&mut change, id, name, description).await?;
    change.made(id.0).await?;
    let event = Event::new(Kind::ApplicationChanged).subject(id).target(id.0).detail(json!({
        "before": { "name": before.name, "description": before.description },
        "after": { "name": name, "description": description },
    }));
    finish(app, change, &event).await
}

/// Refuses what would let its author come to hold what an application holds. It waits for nobody: somebody else can simply do it.
async fn refuse_gain(
    change: &mut Change,
    before: reach::Before,
    why: &'static str,
) -> Result<(), Error> {
    match reach::refuse_gain(change, before).await {
        Err(Error::Widens(_)) => Err(Error::NotAllowed(why.to_owned())),
        judged => judged,
    }
}

/// Makes somebody an owner, by any account of theirs. Nobody comes to hold by their own hand what an application holds, nor by
/// the account of somebody whom they can help back in.
pub async fn add_owner(
    app: &App,
    actor: &Actor,
    id: PrincipalId,
    account: PrincipalId,
) -> Result<(), Error> {
    let mut change = Change::begin(&app.database, actor).await?;
    lock(&mut change, actor, id).await?;
    administer(change.connection(), actor, id).await?;
    let (person, name) = person_of(&mut change, account).await?;
    if store::application::owners(change.connection(), id).await?.len() >= OWNERS_MOST {
        return Err(Error::Conflict(format!("an application has at most {OWNERS_MOST} owners")));
    }
    let before = reach::before(&mut change, None).await?;
    if !store::application::add_owner(&mut change, id, person).await? {
        return Err(Error::Conflict(format!("{name} is an owner already")));
    }
    let why = if actor.people().contains(&person) {
        "nobody makes themself an owner of an application that holds a role: ask another administrator"
    } else {
        "you can help this person back in, and so would come to hold what the application holds: ask another administrator"
    };
    refuse_gain(&mut change, before, why).await?;
    change.made(id.0).await?;
    let event = Event::new(Kind::ApplicationOwnerAdded)
        .subject(id)
        .target(id.0)
        .detail(json!({ "owner": name, "person": person }));
    finish(app, change, &event).await
}

/// Ends that somebody owns an application. If they were accountable, whoever owns it longest is from now on, of those
/// whose account is enabled.
pub async fn remove_owner(
    app: &App,
    actor: &Actor,
    id: PrincipalId,
    account: PrincipalId,
) -> Result<(), Error> {
    let mut change = Change::begin(&app.database, actor).await?;
    let told = lock(&mut change, actor, id).await?;
    administer(change.connection(), actor, id).await?;
    let person = store::person::one(change.connection(), account).await?.person;
    let owners = store::application::owners(change.connection(), id).await?;
    let leaving = owners.iter().find(|owner| owner.person == person);
    let leaving = leaving.ok_or(Error::NotFound("owner"))?;
    let others = owners.iter().filter(|owner| owner.person != person);
    let heir = others.min_by_key(|owner| (owner.disabled, owner.since));
    if let (true, Some(heir)) = (told.accountable == person, heir) {
        store::application::make_accountable(&mut change, id, heir.person).await?;
    }
    store::application::remove_owner(&mut change, id, person).await?;
    change.made(id.0).await?;
    let event = Event::new(Kind::ApplicationOwnerRemoved).subject(id).target(id.0).detail(json!({
        "owner": leaving.name,
        "person": person,
        "accountable": if told.accountable == person { heir.map(|heir| &heir.name) } else { None },
    }));
    finish(app, change, &event).await
}

/// Makes another owner accountable for an application.
pub async fn make_accountable(
    app: &App,
    actor: &Actor,
    id: PrincipalId,
    account: PrincipalId,
) -> Result<(), Error> {
    let mut change = Change::begin(&app.database, actor).await?;
    let told = lock(&mut change, actor, id).await?;
    administer(change.connection(), actor, id).await?;
    let person = store::person::one(change.connection(), account).await?.person;
    let owners = store::application::owners(change.connection(), id).await?;
    let next = owners.iter().find(|owner| owner.person == person);
    let next = next.ok_or(Error::NotFound("owner"))?;
    if next.disabled {
        return Err(Error::Conflict(format!("{}'s account is disabled", next.name)));
    }
    if next.accountable {
        return Err(Error::Conflict(format!("{} is accountable already", next.name)));
    }
    store::application::make_accountable(&mut change, id, person).await?;
    change.made(id.0).await?;
    let event = Event::new(Kind::ApplicationChanged).subject(id).target(id.0).detail(json!({
        "accountable_before": told.accountable_name,
        "accountable": next.name,
    }));
    finish(app, change, &event).await
}

/// Disables an application: its tokens end in the same moment, and what it holds has no effect until it is enabled. Its
/// owners may do that, too.
pub async fn disable(
    app: &App,
    actor: &Actor,
    id: PrincipalId,
    reason: &Justification,
) -> Result<(), Error> {
    let mut change = Change::begin(&app.database, actor).await?;
    lock(&mut change, actor, id).await?;
    hold_keys(change.connection(), actor, id).await?;
    if !store::person::set_disabled(&mut change, id, true).await? {
        return Err(Error::Conflict("this application is disabled already".to_owned()));
    }
    end_tokens(&mut change, id, None).await?;
    change.made(id.0).await?;
    let event = Event::new(Kind::ApplicationDisabled)
        .subject(id)
        .target(id.0)
        .detail(json!({ "justification": reason }));
    finish(app, change, &event).await
}

/// Ends the tokens of an application, or those that were got with one secret or key, and records each.
async fn end_tokens(
    change: &mut Change,
    id: PrincipalId,
    credential: Option<ApplicationCredentialId>,
) -> Result<(), Error> {
    let ended = store::application::end_tokens(change, id, credential).await?;
    let revoked = |token: AccessTokenId| Event::new(Kind::TokenRevoked).subject(id).target(token.0);
    change.record_all(&ended.into_iter().map(revoked).collect::<Vec<_>>()).await
}

/// Enables an application again, with what it holds. That gives power back, so it takes an administrator.
pub async fn enable(
    app: &App,
    actor: &Actor,
    id: PrincipalId,
    reason: &Justification,
) -> Result<(), Error> {
    let mut change = Change::begin(&app.database, actor).await?;
    lock(&mut change, actor, id).await?;
    administer(change.connection(), actor, id).await?;
    if !store::person::set_disabled(&mut change, id, false).await? {
        return Err(Error::Conflict("this application is not disabled".to_owned()));
    }
    change.made(id.0).await?;
    let event = Event::new(Kind::ApplicationEnabled)
        .subject(id)
        .target(id.0)
        .detail(json!({ "justification": reason }));
    finish(app, change, &event).await
}
