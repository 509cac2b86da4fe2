//! The ground that the other tests stand on.
use latchkey::{domain::time::Duration, gateway::private_postgres::DatabaseRole, store};

use crate::support::{World, approved_by};

#[tokio::test]
async fn a_world_keeps_its_promises_and_its_own_time() {
    let world = World::new().await;
    world.people(["ada", "bob", "eve"]).await;
    world.second_account("ada-admin", "ada").await;
    world.application("backup", "bob").await;
    let group = world.group("Approvers", &["bob", "eve"]).await;
    world
        .role("Database operator", |terms| {
            terms.activation.requires_approval = true;
            terms.activation.stages = approved_by([group]);
        })
        .await;
    world.eligible_for("ada", "Database operator", Duration::days(30)).await;
    world.active("bob", "Global Administrator").await;
    world.actor("ada").await;

    let before = world.now().await;
    world.advance(Duration::hours(1)).await;
    assert_eq!(world.now().await, before + Duration::hours(1));
    assert_eq!(world.count("select count(*) from live_eligibilities(instant())").await, 1);
    assert_eq!(world.count("select count(*) from live_assignments(instant())").await, 3);
    assert_eq!(world.events().await, Vec::<String>::new());
    world.check_invariants().await;
}

#[tokio::test]
async fn each_test_has_a_database_of_its_own() {
    let (one, other) = tokio::join!(World::new(), World::new());
    one.person("ada").await;
    assert_eq!(other.count("select count(*) from persons").await, 0);
}

#[tokio::test]
async fn the_program_reads_the_clock_of_the_test() {
    let world = World::new().await;
    world.person("ada").await;
    world.role("Database operator", |_| ()).await;
    world.eligible("ada", "Database operator").await;
    world
        .settings("Database operator", |terms| terms.activation.maximum = Duration::hours(1))
        .await;
    let mut connection = world.app.database.acquire().await.unwrap();
    assert_eq!(store::now(&mut connection).await.unwrap(), world.now().await);
    world.run_clock().await;
    let first = world.now().await;
    assert!(store::now(&mut connection).await.unwrap() > first);
    let program = world.database.options(DatabaseRole::Application);
    assert_eq!(program.get_username(), "latchkey_app");
}
