//! Many assignments at once.
use latchkey::{
    domain::{
        assignment::AssignmentKind,
        id::{AssignmentId, RoleId},
        text::Justification,
        time::Duration,
    },
    error::Error,
    service::assignment::{self, Bulk, Operation, Row},
};

use crate::support::{World, reason};

const ROLE: &str = "Database operator";

async fn world() -> World {
    let world = World::new().await;
    world.people(["ada", "bob", "eve", "root", "deputy"]).await;
    world.active("root", "Global Administrator").await;
    world
        .role(ROLE, |terms| {
            terms.active.requires_mfa = true;
            terms.active.may_be_permanent = false;
            terms.active.maximum = Duration::days(30);
        })
        .await;
    world
}

fn bulk(assignments: &[AssignmentId], operation: Operation) -> Bulk {
    Bulk { assignments: assignments.to_vec(), operation, reason: reason() }
}

async fn rehearse(world: &World, bulk: &Bulk) -> Vec<Row> {
    assignment::rehearse(&world.app, &world.actor("root").await, bulk).await.unwrap()
}

async fn change(world: &World, bulk: &Bulk) -> Result<Vec<Row>, Error> {
    let code = world.fresh_code("root").await;
    assignment::change_many(&world.app, &world.actor("root").await, bulk, &code).await
}

/// Why each was refused, or nothing.
fn said(rows: &[Row]) -> Vec<Option<String>> {
    rows.iter().map(|row| row.outcome.as_ref().err().map(ToString::to_string)).collect()
}

#[tokio::test]
async fn the_preview_tells_what_happens_and_writes_nothing() {
    let world = world().await;
    let soon = world.eligible_for("ada", ROLE, Duration::days(5)).await;
    let for_good = world.eligible("bob", ROLE).await;
    let own = world.eligible_for("root", ROLE, Duration::days(5)).await;
    let activation = {
        world.eligible("eve", ROLE).await;
        world.activate("eve", ROLE, Duration::hours(1)).await.unwrap().assignment.unwrap()
    };
    let over = world.eligible_for("deputy", ROLE, Duration::hours(1)).await;
    world.take_away("root", over).await.unwrap();
    let nobody = AssignmentId::new();
    let all = [soon, for_good, own, activation, over, nobody];
    let ends = Operation::SetEnd(Some(world.now().await + Duration::days(20)));
    for operation in [
        Operation::Extend(Duration::days(10)),
        ends,
        Operation::MakeActive,
        Operation::MakeEligible,
        Operation::Remove,
    ] {
        let bulk = bulk(&all, operation);
        let events = world.count("select count(*) from audit_events").await;
        let mails = world.count("select count(*) from outbox").await;
        let shown = rehearse(&world, &bulk).await;
        let again = rehearse(&world, &bulk).await;
        assert_eq!(said(&shown), said(&again));
        assert_eq!(world.count("select count(*) from audit_events").await, events);
        assert_eq!(world.count("select count(*) from outbox").await, mails);
        let done = change(&world, &bulk).await.unwrap();
        assert_eq!(said(&shown), said(&done), "{operation:?}");
        world.check_invariants().await;
    }
}

#[tokio::test]
async fn one_after_the_other_is_shown_as_it_would_be() {
    let world = world().await;
    world.active("deputy", "Global Administrator").await;
    world.active("root", "Privileged Role Administrator").await;
    let administrators: Vec<AssignmentId> =
        sqlx::query_scalar("select id from assignments where role_id = $1 order by id")
            .bind(RoleId::GLOBAL_ADMINISTRATOR)
            .fetch_all(&world.owner)
            .await
            .unwrap();
    let shown = rehearse(&world, &bulk(&administrators, Operation::Remove)).await;
    let said = said(&shown);
    assert!(said[0].is_none(), "{said:?}");
    assert!(said[1].as_ref().is_some_and(|why| why.contains("leave nobody")), "{said:?}");
}

#[tokio::test]
async fn one_code_is_judged_once_and_bound_to_each() {
    let world = world().await;
    let five = Duration::days(5);
    let all =
        [world.eligible_for("ada", ROLE, five).await, world.eligible_for("bob", ROLE, five).await];
    let root = world.actor("root").await;
    let bulk = bulk(&all, Operation::MakeActive);
    for code in ["", "000000"] {
        let outcome = assignment::change_many(&world.app, &root, &bulk, code).await;
        assert!(matches!(outcome, Err(Error::StepUp(_))), "{outcome:?}");
    }
    let code = world.fresh_code("root").await;
    let rows = assignment::change_many(&world.app, &root, &bulk, &code).await.unwrap();
    assert!(rows.iter().all(|row| row.outcome.is_ok()), "{rows:?}");
    for name in ["ada", "bob"] {
        assert!(world.holds(name, ROLE).await);
    }
    assert_eq!(world.count("select count(*) from mfa_proofs where spent_at is not null").await, 2);
    let outcome = assignment::change_many(&world.app, &root, &bulk, &code).await;
    assert!(matches!(outcome, Err(Error::StepUp(_))), "{outcome:?}");
    world.check_invariants().await;
}

#[tokio::test]
async fn it_takes_a_reason_the_right_and_no_more_than_a_hundred() {
    let world = world().await;
    let id = world.eligible_for("ada", ROLE, Duration::days(5)).await;
    let unsaid = Bulk { reason: Justification::default(), ..bulk(&[id], Operation::Remove) };
    let outcome = change(&world, &unsaid).await;
    assert!(matches!(outcome, Err(Error::Invalid(_))), "{outcome:?}");
    for number in [0, 101] {
        let outcome = change(&world, &bulk(&vec![id; number], Operation::Remove)).await;
        assert!(matches!(outcome, Err(Error::Invalid(_))), "{outcome:?}");
    }
    let bob = world.actor("bob").await;
    let rows =
        assignment::rehearse(&world.app, &bob, &bulk(&[id], Operation::Remove)).await.unwrap();
    assert!(matches!(rows[0].outcome, Err(Error::Forbidden(_))), "{rows:?}");
    assert!(rows[0].told.is_none(), "who may not read roles learns nothing");
}

#[tokio::test]
async fn more_time_is_counted_from_each_end() {
    let world = world().await;
    let ada = world.eligible_for("ada", ROLE, Duration::days(5)).await;
    let bob = world.eligible_for("bob", ROLE, Duration::days(9)).await;
    let now = world.now().await;
    let rows = change(&world, &bulk(&[ada, bob], Operation::Extend(Duration::days(10)))).await;
    let ends: Vec<_> = rows.unwrap().iter().map(|row| row.ends_at).collect();
    assert_eq!(ends, [Some(now + Duration::days(15)), Some(now + Duration::days(19))]);
    let root = world.actor("root").await;
    let told = assignment::show(&world.app, &root, bob).await.unwrap();
    assert_eq!((told.ends_at, told.kind), (ends[1], AssignmentKind::Eligible));
}

#[tokio::test]
async fn programs_preview_and_change_many() {
    let world = world().await;
    let ada = world.eligible_for("ada", ROLE, Duration::days(5)).await;
    let bob = world.eligible("bob", ROLE).await;
    let token = world.access_token("root", &crate::support::http::EVERY_SCOPE).await;
    let mut body = serde_json::json!({
        "assignments": [ada, bob], "operation": "extend", "duration": "P30D",
        "justification": "For a test", "preview": true,
    });
    let shown = world.ask_api("post", "/v1/assignments/bulk", &token, Some(&body)).await;
    assert_eq!(shown.status, 200, "{shown:?}");
    let statuses = |answer: &serde_json::Value| {
        let outcomes = answer["outcomes"].as_array().unwrap();
        outcomes.iter().map(|outcome| outcome["status"].clone()).collect::<Vec<_>>()
    };
    let foretold = statuses(&shown.json());
    assert_eq!(foretold, [201, 409]);
    body["preview"] = false.into();
    body["code"] = world.fresh_code("root").await.into();
    let done = world.ask_api("post", "/v1/assignments/bulk", &token, Some(&body)).await;
    assert_eq!(done.status, 207, "{done:?}");
    assert_eq!(statuses(&done.json()), foretold);
}
