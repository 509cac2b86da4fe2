//! Standing access, worst first.
use latchkey::{
    domain::{id::ScopeId, permission::Permission, time::Duration},
    error::Error,
    service::{
        assignment,
        inventory::standing::{self, Filter, List, PAGE},
        person, role, scope,
    },
};

use crate::support::{World, reason};

async fn world() -> World {
    let world = World::new().await;
    world.people(["ada", "bob", "eve", "root"]).await;
    world.active("root", "Global Administrator").await;
    world.role("Operator", |_| ()).await;
    world
}

async fn list(world: &World, filter: &Filter) -> Vec<(String, String, u8)> {
    let listed = standing::list(&world.app, &world.actor("root").await, filter).await.unwrap();
    listed
        .rows
        .into_iter()
        .map(|row| (row.told.account, row.told.role_name, row.score.points))
        .collect()
}

#[tokio::test]
async fn the_worst_stands_first() {
    let world = world().await;
    let soon = world.now().await + Duration::days(30);
    let operator = (world.role_id("Operator"), ScopeId::ROOT);
    world.active("bob", "Global Reader").await;
    world.assign("active", world.principal("eve"), operator, (None, Some(soon))).await;
    world.active("ada", "Operator").await;
    world.active("bob", "Operator").await;
    world.advance(Duration::days(10)).await;
    world.signed_in("bob").await;
    world.advance(Duration::days(2)).await;
    let rows = list(&world, &Filter::default()).await;
    let order: Vec<_> = rows.iter().map(|(who, role, _)| format!("{who} {role}")).collect();
    assert_eq!(
        order,
        [
            "ada Operator",
            "bob Operator",
            "root Global Administrator",
            "eve Operator",
            "bob Global Reader"
        ],
        "privileged and permanent, and among these whoever was away for longest"
    );
    assert!(rows.windows(2).all(|pair| pair[0].2 >= pair[1].2), "{rows:?}");
    world.check_invariants().await;
}

#[tokio::test]
async fn what_ends_or_is_only_activated_is_not_listed_and_groups_are_listed_once() {
    let world = world().await;
    world.group("Crew", &["ada", "bob"]).await;
    world
        .assign(
            "active",
            world.principal("Crew"),
            (world.role_id("Operator"), ScopeId::ROOT),
            (None, None),
        )
        .await;
    let taken = world.active("eve", "Operator").await;
    world.eligible("ada", "Operator").await;
    world.activate("ada", "Operator", Duration::hours(1)).await.unwrap();
    assignment::remove(&world.app, &world.actor("root").await, taken, &reason()).await.unwrap();
    let filter = Filter { role: Some(world.role_id("Operator")), ..Filter::default() };
    let rows = list(&world, &filter).await;
    assert_eq!(rows.iter().map(|row| row.0.as_str()).collect::<Vec<_>>(), ["Crew"]);
    // A member's sign-in is the group's.
    let listed = standing::list(&world.app, &world.actor("root").await, &filter).await.unwrap();
    assert!(listed.rows[0].told.last_here.is_some());
    assert!(listed.rows[0].score.reasons.contains(&"held by everybody in a group".to_owned()));
    world.check_invariants().await;
}

#[tokio::test]
async fn applications_and_emergency_accounts_stand_apart() {
    let world = world().await;
    world.application("backup", "ada").await;
    world.active("backup", "Operator").await;
    world.active("eve", "Operator").await;
    let mut change = world.owner.begin().await.unwrap();
    sqlx::query("update principals set break_glass = true where id = $1")
        .bind(world.principal("eve"))
        .execute(&mut *change)
        .await
        .unwrap();
    sqlx::query(
        "insert into audit_events (id, at, kind, outcome, actor_kind, actor_name, target_id, detail)
         values (gen_random_uuid(), instant(), 'person.changed', 'success', 'operator', 'A test', $1, '{}')",
    )
    .bind(world.principal("eve"))
    .execute(&mut *change)
    .await
    .unwrap();
    change.commit().await.unwrap();
    let of = async |kind| list(&world, &Filter { list: kind, ..Filter::default() }).await;
    assert_eq!(of(List::Applications).await[0].0, "backup");
    assert_eq!(of(List::BreakGlass).await[0].0, "eve");
    assert_eq!(of(List::People).await.len(), 1, "the administrator alone");
    let counts = standing::counts(&world.app, &world.actor("root").await).await.unwrap();
    assert_eq!((counts.privileged, counts.applications, counts.break_glass), (1, 1, 1));
}

#[tokio::test]
async fn pages_follow_one_another_without_a_gap() {
    let world = world().await;
    for number in 0..PAGE + 20 {
        let name = format!("person-{number}");
        world.person(&name).await;
        world.active(&name, if number % 2 == 0 { "Operator" } else { "Global Reader" }).await;
    }
    let actor = world.actor("root").await;
    let mut filter = Filter::default();
    let mut seen = Vec::new();
    loop {
        let listed = standing::list(&world.app, &actor, &filter).await.unwrap();
        seen.extend(listed.rows.into_iter().map(|row| (row.score.points, row.told.assignment)));
        let Some(next) = listed.next else { break };
        filter.after = Some(next);
    }
    assert_eq!(seen.len(), PAGE + 21);
    assert!(seen.windows(2).all(|pair| pair[0].0 >= pair[1].0));
    let mut ids: Vec<_> = seen.iter().map(|(_, id)| *id).collect();
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), PAGE + 21);
    let others = Filter { privileged: Some(false), permanent: Some(true), ..Filter::default() };
    assert_eq!(list(&world, &others).await.len(), PAGE / 2 + 10);
    let dated = Filter { permanent: Some(false), ..Filter::default() };
    assert_eq!(list(&world, &dated).await.len(), 0);
}

#[tokio::test]
async fn reading_it_takes_the_right_to() {
    let world = world().await;
    let refused = standing::list(&world.app, &world.actor("ada").await, &Filter::default()).await;
    assert!(matches!(refused, Err(Error::Forbidden(Permission::ReadRoles))));
}

#[tokio::test]
async fn what_is_out_of_use_is_neither_listed_nor_counted() {
    let world = world().await;
    let root = world.actor("root").await;
    world.role("Retired", |_| ()).await;
    world.scope("Closed", ScopeId::ROOT, "system").await;
    world.active("ada", "Operator").await;
    world.active("bob", "Operator").await;
    world.active("eve", "Retired").await;
    world.give("active", "eve", "Operator", world.scope_id("Closed")).await;
    let counted = async || standing::counts(&world.app, &root).await.unwrap();
    let before = counted().await;
    assert_eq!((before.privileged, list(&world, &Filter::default()).await.len()), (5, 5));
    person::disable(&world.app, &root, world.principal("bob"), &reason()).await.unwrap();
    role::retire(&world.app, &root, world.role_id("Retired"), &reason()).await.unwrap();
    scope::retire(&world.app, &root, world.scope_id("Closed"), &reason()).await.unwrap();
    assert_eq!((counted().await.privileged, list(&world, &Filter::default()).await.len()), (2, 2));
}

#[tokio::test]
async fn the_worst_is_found_without_looking_at_all_of_it() {
    let world = world().await;
    world.active("ada", "Operator").await;
    let mut connection = world.owner.acquire().await.unwrap();
    sqlx::query("set enable_seqscan = off").execute(&mut *connection).await.unwrap();
    let plan: Vec<String> = sqlx::query_scalar(
        "explain select assignment_id from (select instant() as now) as clock
         cross join lateral standing_at(clock.now) as standing
         where list = 'people' and rank = 3 order by last_used_at, assignment_id limit 50",
    )
    .fetch_all(&mut *connection)
    .await
    .unwrap();
    let plan = plan.join("\n");
    assert!(plan.contains("standing_access_worst") && !plan.contains("Function Scan"), "{plan}");
}
