//! People: inviting, disabling and helping them back in.
use serde_json::json;

use crate::{
    App,
    domain::{
        activation::Refusal,
        actor::Actor,
        assignment::{AssignmentEnd, AssignmentKind},
        audit::{Event, Kind},
        id::{PersonId, PrincipalId, RoleId, ScopeId},
        permission::Permission,
        sign_in::LinkPurpose,
        text::{Justification, UserName},
    },
    error::Error,
    service::{
        access,
        assignment::{self, Assign},
        enrolment, extent, lockout, survivability,
    },
    store::{self, Change, assignment::Wanted, resting::Resting},
};

pub use crate::store::{
    factor::Factors,
    person::{NewPerson, Told},
};

/// How many people a page of the list has.
pub const PAGE: i64 = 100;

/// A person with what they can do.
#[derive(Clone, Debug)]
pub struct Detail {
    /// The account.
    pub told: Told,
    /// The person's other accounts.
    pub other_accounts: Vec<Told>,
    /// What the person can do, now and at most.
    pub extent: extent::Extent,
    /// What the account proves with that it is its owner's; none if the asker sees a part of the organisation only.
    pub factors: Option<Factors>,
    /// What the account is eligible for and holds now.
    pub assignments: Vec<store::assignment::Told>,
    /// What it held before, latest first.
    pub ended: Vec<store::assignment::Told>,
    /// Its requests, newest first.
    pub requests: Vec<store::request::Told>,
    /// The name of whom the person answers to.
    pub manager: Option<String>,
    /// Whether the asker may disable the account or help it back in.
    pub may_manage: bool,
    /// Whether it is the asker's own person.
    pub own: bool,
}

/// People by name.
pub async fn list(
    app: &App,
    actor: &Actor,
    search: Option<String>,
    after: Option<(String, PrincipalId)>,
) -> Result<Vec<Told>, Error> {
    let mut connection = app.database.acquire().await?;
    access::authorise(&mut connection, actor, Permission::ReadPeople).await?;
    // No name has such a character, and the database takes none.
    let search = search.map(|search| search.replace('\0', "")).filter(|it| !it.trim().is_empty());
    let wanted = store::person::Wanted { search, after, ..Default::default() };
    store::person::list(&mut connection, &wanted, PAGE).await
}

/// One person. Everybody may see themself; who looks after a part of the organisation sees what counts there.
pub async fn show(app: &App, actor: &Actor, principal: PrincipalId) -> Result<Detail, Error> {
    let mut connection = app.database.acquire().await?;
    let places = extent::places(&mut connection, actor, principal).await?;
    let told = store::person::one(&mut connection, principal).await?;
    let extent = extent::read(&mut connection, principal, places.as_deref()).await?;
    let wanted =
        Wanted { principal: Some(principal), places: places.as_deref(), ..Wanted::default() };
    let asked = store::request::Wanted {
        principal: Some(principal),
        places: places.as_deref(),
        ..store::request::Wanted::default()
    };
    let requests = store::request::list(&mut connection, asked, 20).await?;
    let nothing_here = extent.is_empty() && requests.is_empty();
    let (mut other_accounts, mut factors) = (Vec::new(), None);
    match places {
        Some(_) if nothing_here => return Err(Error::NotFound("person")),
        Some(_) => {}
        None => {
            let accounts = store::person::accounts_told(&mut connection, told.person).await?;
            other_accounts.extend(accounts.into_iter().filter(|it| it.principal != principal));
            factors = Some(store::factor::of(&mut connection, principal).await?);
        }
    }
    Ok(Detail {
        other_accounts,
        factors,
        extent,
        assignments: store::assignment::list(&mut connection, wanted, 500).await?,
        ended: store::assignment::ended(&mut connection, wanted, 20).await?,
        requests,
        manager: store::person::manager(&mut connection, told.person).await?.map(|(_, name)| name),
        may_manage: may_manage(&mut connection, actor, principal).await.is_ok(),
        own: actor.people().contains(&told.person),
        told,
    })
}

/// Whoever can reach a privileged role is managed only by those who may manage such people: otherwise resetting a
/// password would be a way into the role.
pub(super) async fn may_manage(
    connection: &mut sqlx::PgConnection,
    actor: &Actor,
    principal: PrincipalId,
) -> Result<(), Error> {
    access::authorise(connection, actor, Permission::ManagePeople).await?;
    if store::access::reaches_privilege(connection, principal).await? {
        access::authorise(connection, actor, Permission::ManagePrivilegedPeople).await?;
    }
    Ok(())
}

/// Whom to invite.
#[derive(Clone, Debug)]
pub struct Invitation {
    /// Who it is.
    pub person: NewPerson,
    /// The account of the same human being, if they have one: this one is another account of theirs.
    pub same_person_as: Option<PrincipalId>,
}

/// An account, and the link that lets its owner set it up. The link is shown this once.
#[derive(Clone, Debug)]
pub struct Invited {
    /// The account.
    pub principal: PrincipalId,
    /// Where its owner goes.
    pub link: String,
}

/// Creates an account, with a one-time link to hand to its owner. A break-glass account also gets Global Administrator,
/// active and for good.
pub async fn invite(app: &App, actor: &Actor, invitation: &Invitation) -> Result<Invited, Error> {
    let mut change = Change::begin(&app.database, actor).await.map_err(already_done)?;
    access::authorise(change.connection(), actor, Permission::ManagePeople).await?;
    let new = &invitation.person;
    if new.break_glass {
        access::authorise(change.connection(), actor, Permission::ManagePrivilegedPeople).await?;
    }
    let principal = if let Some(other) = invitation.same_person_as {
        // Who is the person behind an account may see and do what that person may.
        let other = store::person::one(change.connection(), other).await?;
        for account in store::person::accounts(change.connection(), other.person).await? {
            may_manage(change.connection(), actor, account).await?;
        }
        refuse_confusion(change.connection(), new, Some(other.person)).await?;
        store::person::add_account(&mut change, other.person, &new.user_name, new.break_glass)
            .await?
    } else {
        refuse_confusion(change.connection(), new, None).await?;
        store::person::create(&mut change, new).await?.1
    };
    let event =
        Event::new(Kind::PersonInvited).subject(principal).target(principal.0).detail(json!({
            "name": new.name,
            "user_name": new.user_name,
            "email": new.email,
            "break_glass": new.break_glass,
            "same_person_as": invitation.same_person_as,
        }));
    change.record(&event).await?;
    if new.break_glass {
        make_administrator(app, &mut change, principal, "Break-glass account").await?;
    }
    let token = enrolment::issue_link(&mut change, principal, LinkPurpose::Invitation).await?;
    change.made(principal.0).await?;
    change.commit_recorded().await?;
    app.wake.everything();
    Ok(Invited {
        principal,
        link: enrolment::address(&app.public_url, LinkPurpose::Invitation, &token),
    })
}

/// Deputies and managers are named by a user name or a mail address, so nobody's name is somebody else's address.
async fn refuse_confusion(
    connection: &mut sqlx::PgConnection,
    new: &NewPerson,
    person: Option<PersonId>,
) -> Result<(), Error> {
    let known = store::person::called(connection, new.user_name.as_str()).await?;
    if known.is_some_and(|(_, known)| Some(known) != person) {
        return Err(Error::invalid("user_name", "this user name is taken"));
    }
    // Another account keeps the address of its person.
    if person.is_none() && store::person::called(connection, new.email.as_str()).await?.is_some() {
        let told = "somebody has this address already: give that person another account instead";
        return Err(Error::invalid("email", told));
    }
    Ok(())
}

/// A link is shown once: a repeat of the same request does not get another.
pub(super) fn already_done(error: Error) -> Error {
    match error {
        Error::Repeated(_) => Error::Conflict(
            "this was done before, and the link was shown then: make a new one on the person's page".to_owned(),
        ),
        error => error,
    }
}

/// Invites an administrator from the command line: the way in when there is no other.
pub async fn invite_administrator(app: &App, new: &NewPerson) -> Result<Invited, Error> {
    let actor = Actor::operator();
    let mut change = Change::begin(&app.database, &actor).await?;
    refuse_confusion(change.connection(), new, None).await?;
    let (_, principal) = store::person::create(&mut change, new).await?;
    let event = Event::new(Kind::PersonInvited).subject(principal).target(principal.0).detail(json!({
        "name": new.name, "user_name": new.user_name, "email": new.email, "break_glass": new.break_glass,
    }));
    change.record(&event).await?;
    make_administrator(app, &mut change, principal, "Invited at the command line").await?;
    let token = enrolment::issue_link(&mut change, principal, LinkPurpose::Invitation).await?;
    change.commit_recorded().await?;
    app.wake.everything();
    Ok(Invited {
        principal,
        link: enrolment::address(&app.public_url, LinkPurpose::Invitation, &token),
    })
}

async fn make_administrator(
    app: &App,
    change: &mut Change,
    principal: PrincipalId,
    why: &str,
) -> Result<(), Error> {
    let wanted = Assign {
        principals: vec![principal],
        role: RoleId::GLOBAL_ADMINISTRATOR,
        scope: ScopeId::ROOT,
        kind: AssignmentKind::Active,
        starts_at: None,
        ends_at: None,
        justification: Justification::parse(why)
            .map_err(|error| Error::invalid("justification", error))?,
    };
    assignment::give(app, change, &wanted, principal, assignment::Proof::None).await.map(drop)
}

/// A link with which somebody sets up their sign-in anew, from the command line.
pub async fn recover(app: &App, user_name: &UserName) -> Result<Invited, Error> {
    let principal = store::person::named(&mut *app.database.acquire().await?, user_name)
        .await?
        .ok_or(Error::NotFound("person"))?;
    recovery_link(app, &Actor::operator(), principal).await
}

/// Gives a person a link with which they set up their sign-in anew. What they have now works until they use it.
pub async fn recovery_link(
    app: &App,
    actor: &Actor,
    principal: PrincipalId,
) -> Result<Invited, Error> {
    let mut change = Change::begin(&app.database, actor).await.map_err(already_done)?;
    may_manage(change.connection(), actor, principal).await?;
    let told = store::person::one(change.connection(), principal).await?;
    if actor.people().contains(&told.person) {
        return Err(Error::NotAllowed("change your own sign-in on your account page".to_owned()));
    }
    if told.disabled_at.is_some() {
        return Err(Error::Conflict("this account is disabled: enable it first".to_owned()));
    }
    let purpose = if told.enrolled { LinkPurpose::Recovery } else { LinkPurpose::Invitation };
    let token = enrolment::issue_link(&mut change, principal, purpose).await?;
    change.made(principal.0).await?;
    change.commit_recorded().await?;
    app.wake.everything();
    Ok(Invited { principal, link: enrolment::address(&app.public_url, purpose, &token) })
}

/// Disables an account: what it has activated ends, its open requests fail, its sessions and tokens stop working, all in one
/// moment. Its assignments stay on record without effect, and work again if the account is enabled.
pub async fn disable(
    app: &App,
    actor: &Actor,
    principal: PrincipalId,
    reason: &Justification,
) -> Result<(), Error> {
    store::retried(|| disable_once(app, actor, principal, reason)).await?;
    app.wake.everything();
    Ok(())
}

async fn disable_once(
    app: &App,
    actor: &Actor,
    principal: PrincipalId,
    reason: &Justification,
) -> Result<(), Error> {
    let mut change = Change::begin(&app.database, actor).await?;
    may_manage(change.connection(), actor, principal).await?;
    let before = survivability::before(&mut change, &[principal]).await?;
    if !store::person::set_disabled(&mut change, principal, true).await? {
        return Err(Error::Conflict("this account is disabled already".to_owned()));
    }
    store::resting::hold(&mut change, Resting::OfAccounts(&[principal])).await?;
    change.settle().await?;
    survivability::refuse_loss(&mut change, &before).await?;
    let why = Refusal::Disabled.to_string();
    let (because, rule) = (AssignmentEnd::PrincipalDisabled, Refusal::Disabled.rule());
    lockout::end_everything(app, &mut change, principal, because, (rule, &why)).await?;
    change.made(principal.0).await?;
    let event = Event::new(Kind::PersonDisabled)
        .subject(principal)
        .target(principal.0)
        .detail(json!({ "justification": reason }));
    change.record(&event).await?;
    assignment::commit(change).await
}

/// Enables an account again.
pub async fn enable(
    app: &App,
    actor: &Actor,
    principal: PrincipalId,
    reason: &Justification,
) -> Result<(), Error> {
    let mut change = Change::begin(&app.database, actor).await?;
    may_manage(change.connection(), actor, principal).await?;
    if !store::person::set_disabled(&mut change, principal, false).await? {
        return Err(Error::Conflict("this account is not disabled".to_owned()));
    }
    change.made(principal.0).await?;
    let event = Event::new(Kind::PersonEnabled)
        .subject(principal)
        .target(principal.0)
        .detail(json!({ "justification": reason }));
    change.commit(&event).await?;
    app.wake.everything();
    Ok(())
}

/// Says whom a person answers to, by that one's user name or mail address; nobody if it is empty. Terms of roles may ask the
/// manager to approve, so nobody says it of themself, and nobody names themself.
pub async fn set_manager(
    app: &App,
    actor: &Actor,
    principal: PrincipalId,
    manager: &str,
    reason: &Justification,
) -> Result<(), Error> {
    let mut change = Change::begin(&app.database, actor).await?;
    may_manage(change.connection(), actor, principal).await?;
    let told = store::person::one(change.connection(), principal).await?;
    let before = store::person::manager(change.connection(), told.person).await?;
    let found = match manager.trim() {
        "" => None,
        text => Some(store::person::called(change.connection(), text).await?.ok_or_else(|| {
            Error::invalid("manager", "nobody has that user name or mail address")
        })?),
    };
    let next = found.map(|(_, person)| person);
    if actor.people().contains(&told.person) || next.is_some_and(|it| actor.people().contains(&it))
    {
        return Err(Error::Widens(
            "nobody says who their own manager is, or makes themself a manager: another administrator has to do it",
        ));
    }
    if before.as_ref().map(|(person, _)| *person) == next {
        return Err(Error::Conflict("nothing has changed".to_owned()));
    }
    store::person::set_manager(&mut change, told.person, next).await?;
    change.made(principal.0).await?;
    let event = Event::new(Kind::PersonManagerChanged)
        .subject(principal)
        .target(told.person.0)
        .detail(json!({
            "before": before.map(|(_, name)| name),
            "manager": found.map(|(id, _)| id),
            "justification": reason,
        }));
    change.commit(&event).await?;
    app.wake.everything();
    Ok(())
}
