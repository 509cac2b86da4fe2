//! How much standing access there was, day by day.
use latchkey::{domain::time::Duration, service::inventory::history};

use crate::support::World;

#[tokio::test]
async fn a_day_is_counted_once_by_whichever_server() {
    let world = World::new().await;
    world.people(["ada", "bob", "root"]).await;
    world.active("root", "Global Administrator").await;
    world.role("Operator", |_| ()).await;
    world.active("bob", "Global Reader").await;
    world.eligible("ada", "Operator").await;
    world.activate("ada", "Operator", Duration::hours(1)).await.unwrap();
    let (one, other) = tokio::join!(history::note(&world.app), history::note(&world.app));
    assert_eq!(usize::from(one.unwrap()) + usize::from(other.unwrap()), 1);
    assert!(!history::note(&world.app).await.unwrap());
    world.advance(Duration::days(1)).await;
    assert!(history::note(&world.app).await.unwrap());
    let days = history::list(&world.app, &world.actor("root").await, 10).await.unwrap();
    assert_eq!(days.len(), 2);
    assert!(days[0].day < days[1].day, "oldest first");
    let last = &days[1];
    assert_eq!((last.standing_privileged, last.standing_other, last.eligible), (1, 1, 1));
    assert_eq!(last.activations_day_before, 1);
    assert_eq!(days[0].activations_day_before, 0);
}
