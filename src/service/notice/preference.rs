//! How people want to be told of what asks nothing of them.
use serde_json::json;

use crate::{
    App,
    domain::{
        actor::{Actor, TokenScope},
        audit::{Event, Kind},
        notice::preference::{Preferences, Way},
    },
    error::Error,
    service::access,
    store::{self, Change},
};

/// What the person who asks has chosen.
pub async fn mine(app: &App, actor: &Actor) -> Result<Preferences, Error> {
    let user = access::user(actor, TokenScope::Read)?;
    store::notice::preferences(&mut *app.database.acquire().await?, user.person).await
}

/// Keeps what the person who asks has chosen. It is theirs under each of their accounts.
pub async fn choose(app: &App, actor: &Actor, chosen: &Preferences) -> Result<(), Error> {
    let user = access::user(actor, TokenScope::Administer)?;
    let faults = chosen.faults();
    if !faults.is_empty() {
        return Err(Error::Invalid(faults));
    }
    let mut chosen = chosen.clone();
    chosen.ways.retain(|_, way| *way != Way::AtOnce);
    let mut change = Change::begin(&app.database, actor).await?;
    let before = store::notice::preferences(change.connection(), user.person).await?;
    if before == chosen {
        return Ok(());
    }
    store::notice::choose(&mut change, user.person, &chosen).await?;
    let event = Event::new(Kind::NoticesChosen)
        .subject(user.principal)
        .target(user.person.0)
        .detail(json!({ "before": before, "after": chosen }));
    change.commit(&event).await?;
    app.wake.audit().notify_one();
    Ok(())
}
