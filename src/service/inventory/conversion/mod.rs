//! From standing access to eligibility, step by step: the eligibility comes beside it, its holder tries that, and then the
//! standing access ends. Until then it can be given up, and everything is as it was.
use crate::{
    App,
    domain::{
        actor::{Actor, TokenScope, User},
        audit::{Event, Kind},
        id::ConversionId,
        inventory::Step,
        notice::{assignment::Administered, letter::Letter},
        permission::Permission,
    },
    error::Error,
    service::{access, notice},
    store::{self, Change, assignment::Locked, inventory::conversion::Wanted},
};

mod end;
mod start;
mod trial;

pub use end::{abandon, finish};
pub use start::{Begun, start};
pub use trial::{Trial, rehearse, trial};

pub use crate::store::inventory::conversion::Told;

/// How many conversions a page has.
pub const PAGE: i64 = 100;

/// Where a conversion stands.
#[must_use]
pub fn step(told: &Told) -> Step {
    Step::of(told.tried_at, told.finished_at, told.abandoned_at, told.active_ended)
}

/// The conversions under way, or those that are over, where the asker may see them.
pub async fn list(
    app: &App,
    actor: &Actor,
    open: Option<bool>,
    before: Option<ConversionId>,
) -> Result<Vec<Told>, Error> {
    let mut connection = app.database.acquire().await?;
    let places = access::authorise_somewhere(&mut connection, actor, Permission::ReadRoles).await?;
    let places = places.limited();
    let wanted = Wanted { open, before, places: places.as_deref(), ..Wanted::default() };
    store::inventory::conversion::list(&mut connection, wanted, PAGE).await
}

/// How many conversions are under way where the asker may see them, counted up to one more than a page has.
pub async fn under_way(app: &App, actor: &Actor) -> Result<i64, Error> {
    let mut connection = app.database.acquire().await?;
    let places = access::authorise_somewhere(&mut connection, actor, Permission::ReadRoles).await?;
    let places = places.limited();
    store::inventory::conversion::under_way(&mut connection, places.as_deref(), PAGE + 1).await
}

/// What the actor is to try: of their own, and of groups that they belong to. An application has nothing to try.
pub async fn to_try(app: &App, actor: &Actor) -> Result<Vec<Told>, Error> {
    let Some(user) = actor.user() else { return Ok(Vec::new()) };
    let mut connection = app.database.acquire().await?;
    let ids = store::inventory::conversion::to_try(&mut connection, user.principal, PAGE).await?;
    // Mostly there is nothing to try, and everybody asks whenever they look at their access.
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let wanted = Wanted { ids: Some(&ids), ..Wanted::default() };
    store::inventory::conversion::list(&mut connection, wanted, PAGE).await
}

/// One conversion: for those whose it is, and for those who may read roles at its place.
pub async fn show(app: &App, actor: &Actor, id: ConversionId) -> Result<Told, Error> {
    let own = access::principal(actor, TokenScope::Read)?;
    let mut connection = app.database.acquire().await?;
    let mine = Wanted { ids: Some(&[id]), for_account: Some(own), ..Wanted::default() };
    if let Some(told) = store::inventory::conversion::list(&mut connection, mine, 1).await?.pop() {
        return Ok(told);
    }
    let places = access::authorise_somewhere(&mut connection, actor, Permission::ReadRoles).await?;
    let places = places.limited();
    let seen = Wanted { ids: Some(&[id]), places: places.as_deref(), ..Wanted::default() };
    store::inventory::conversion::list(&mut connection, seen, 1)
        .await?
        .pop()
        .ok_or(Error::NotFound("conversion"))
}

fn over() -> Error {
    Error::Conflict("this conversion is over already".to_owned())
}

fn about(kind: Kind, locked: &Locked, conversion: ConversionId) -> Event {
    Event::new(kind)
        .subject(locked.principal)
        .role(locked.role, locked.scope)
        .assignment(locked.id)
        .target(conversion.0)
}

/// What a mail about standing access says.
fn facts<'a>(
    user: &'a User,
    locked: &'a Locked,
    reason: &'a str,
    link: &'a str,
) -> Administered<'a> {
    Administered {
        by: &user.name,
        holder: "",
        role: &locked.role_name,
        scope: &locked.scope_name,
        reason,
        link,
    }
}

/// Tells whoever acts for a holder: the account, or everybody who belongs to a group.
async fn tell_holder(
    app: &App,
    change: &mut Change,
    locked: &Locked,
    facts: &Administered<'_>,
    letter: fn(&Administered<'_>) -> Letter,
) -> Result<(), Error> {
    let behind = store::inventory::conversion::accounts_behind(change, locked.principal).await?;
    notice::converted(app, change, (locked.role, locked.scope), behind, (facts, letter)).await
}
