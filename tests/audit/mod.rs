//! The audit log: chained, searched, taken away, and honest about who broke it.
mod chain;
mod copies;
mod reading;

use latchkey::{
    domain::{
        actor::Actor,
        audit::{Event, Kind},
        id::PrincipalId,
    },
    service::audit::{self, Sealed},
    store::Change,
};
use serde_json::json;

use crate::support::World;

/// Records that `actor` did something, as the program does.
async fn record(world: &World, actor: &Actor, event: &Event) {
    let change = Change::begin(&world.app.database, actor).await.unwrap();
    change.commit(event).await.unwrap();
}

/// Records some events about `subject`, by Latchkey itself.
async fn happen(world: &World, subject: PrincipalId, count: usize) {
    for number in 0..count {
        let event =
            Event::new(Kind::PersonChanged).subject(subject).detail(json!({ "number": number }));
        record(world, &Actor::system(), &event).await;
    }
}

/// Seals all that there is.
async fn seal(world: &World) {
    while !matches!(audit::seal(&world.app, true).await.unwrap(), Sealed::All(0)) {}
}

/// An organisation with an auditor, and some events that are sealed.
async fn world() -> (World, Actor) {
    let world = World::new().await;
    let [ada, _] = world.people(["ada", "vera"]).await;
    world.active("vera", "Auditor").await;
    happen(&world, ada, 20).await;
    seal(&world).await;
    world.advance_seconds(1).await;
    let auditor = world.actor("vera").await;
    (world, auditor)
}
