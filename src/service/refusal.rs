//! Who tried to change what they have no permission for. It is the one event that belongs to no change: what it tells of was not done.
use serde_json::json;
use uuid::Uuid;

use crate::{
    App,
    domain::{
        actor::Actor,
        audit::{Event, Kind},
        permission::Permission,
    },
    error::Error,
    store::{self, Change},
};

/// What somebody tried.
#[derive(Clone, Debug)]
pub struct Tried {
    /// The method and the route, as it is written in the code: an address may hold a secret.
    pub what: String,
    /// What it was about, if the address names something.
    pub target: Option<Uuid>,
    /// What they lack.
    pub permission: Permission,
}

/// Writes down that somebody who is signed in was refused for want of a permission: once an hour for the same act on the same thing,
/// so that nobody fills the log by it, and nothing of those whom nobody knows.
pub async fn write_down(app: &App, actor: &Actor, tried: &Tried) -> Result<(), Error> {
    let Some(account) = actor.principal() else { return Ok(()) };
    let actor = Actor { idempotency: None, ..actor.clone() };
    let mut change = Change::begin(&app.database, &actor).await?;
    if !store::audit::is_new_refusal(&mut change, account, &tried.what, tried.target).await? {
        return Ok(());
    }
    let event = Event::refused(Kind::AccessRefused)
        .detail(json!({ "tried": tried.what, "permission": tried.permission.name() }));
    change.commit(&Event { target: tried.target, ..event }).await?;
    app.wake.audit().notify_one();
    Ok(())
}
