//! Whoever stands in for an approver.
use latchkey::{
    domain::{id::RequestId, request::Verdict, time::Duration},
    service::request,
};

use super::{
    HOUR,
    stages::{ROLE, asked, staged, unseen, waits},
};
use crate::support::{World, rules};

const WEEK: Duration = Duration::days(7);

async fn may_decide(world: &World, name: &str, request: RequestId) -> bool {
    let actor = world.actor(name).await;
    request::show(&world.app, &actor, request).await.is_ok_and(|seen| seen.may_decide)
}

#[tokio::test]
async fn a_deputy_decides_for_the_approver_and_the_request_says_for_whom() {
    let world = staged(|world| vec![world.stage(&["bob", "eve"])]).await;
    world.stands_in("carl", "bob", world.now().await, WEEK).await;
    let request = asked(&world, HOUR).await;
    assert_eq!(world.told().await, ["bob", "carl", "eve"], "both are asked");
    world.approve("carl", request).await.unwrap();
    assert!(world.holds("ada", ROLE).await);
    let ada = world.actor("ada").await;
    let seen = request::show(&world.app, &ada, request).await.unwrap();
    let said = &seen.said[0];
    assert_eq!((said.by.as_str(), said.deputised.as_deref()), ("carl", Some("bob")));
    world.check_invariants().await;
}

#[tokio::test]
async fn an_approver_and_their_deputy_count_once() {
    let world = staged(|world| vec![world.stage_of(2, &["bob", "dora", "eve"])]).await;
    world.stands_in("carl", "bob", world.now().await, WEEK).await;
    for (first, second) in [("bob", "carl"), ("carl", "bob")] {
        let request = asked(&world, HOUR).await;
        world.approve(first, request).await.unwrap();
        assert!(!may_decide(&world, second, request).await);
        world.approve(second, request).await.unwrap_err();
        assert!(waits(&world, request).await);
        world.deny("eve", request).await.unwrap();
    }
    world.check_invariants().await;
}

#[tokio::test]
async fn a_deputy_of_two_approvers_counts_once_too() {
    let world = staged(|world| vec![world.stage_of(2, &["bob", "dora", "eve"])]).await;
    for name in ["bob", "eve"] {
        world.stands_in("carl", name, world.now().await, WEEK).await;
    }
    let request = asked(&world, HOUR).await;
    world.approve("carl", request).await.unwrap();
    assert!(waits(&world, request).await);
    world.approve("carl", request).await.unwrap_err();
    assert!(waits(&world, request).await);
    // An approver who stands in for another speaks for themself, and once.
    world.stands_in("dora", "eve", world.now().await, WEEK).await;
    world.approve("dora", request).await.unwrap();
    assert!(world.holds("ada", ROLE).await);
    let ada = world.actor("ada").await;
    let seen = request::show(&world.app, &ada, request).await.unwrap();
    assert!(seen.said.iter().any(|said| said.by == "dora" && said.deputised.is_none()));
    world.check_invariants().await;
}

#[tokio::test]
async fn nobody_decides_what_they_ask_for_as_a_deputy_nor_does_their_own_deputy() {
    let world = staged(|world| vec![world.stage(&["ada", "bob", "eve"])]).await;
    let now = world.now().await;
    world.stands_in("ada", "bob", now, WEEK).await;
    world.stands_in("carl", "ada", now, WEEK).await;
    let request = asked(&world, HOUR).await;
    assert_eq!(world.told().await, ["bob", "eve"]);
    for verdict in [Verdict::Approve, Verdict::Deny] {
        assert_eq!(rules(world.decide("ada", request, verdict, None).await), ["own_request"]);
        unseen(world.decide("carl", request, verdict, None).await);
    }
    assert!(waits(&world, request).await);
    // Neither from another account.
    world.second_account("ada-admin", "ada").await;
    assert_eq!(rules(world.approve("ada-admin", request).await), ["own_request"]);
    world.check_invariants().await;
}

#[tokio::test]
async fn a_deputy_of_a_deputy_decides_nothing() {
    let world = staged(|world| vec![world.stage(&["bob", "eve"])]).await;
    let now = world.now().await;
    world.stands_in("carl", "bob", now, WEEK).await;
    world.stands_in("dora", "carl", now, WEEK).await;
    let request = asked(&world, HOUR).await;
    assert_eq!(world.told().await, ["bob", "carl", "eve"]);
    unseen(world.approve("dora", request).await);
    assert!(waits(&world, request).await);
    world.check_invariants().await;
}

#[tokio::test]
async fn a_deputy_decides_within_the_dates_and_neither_before_nor_after() {
    let world = staged(|world| vec![world.stage(&["bob", "eve"])]).await;
    let from = world.now().await + HOUR;
    world.stands_in("carl", "bob", from, Duration::hours(2)).await;
    let request = asked(&world, HOUR).await;
    assert_eq!(world.told().await, ["bob", "eve"]);
    world.advance_seconds(3599).await;
    assert!(!may_decide(&world, "carl", request).await);
    unseen(world.approve("carl", request).await);
    // A code takes its time: the clock stands at the beginning of the dates or later by now.
    world.advance_seconds(60).await;
    assert!(may_decide(&world, "carl", request).await);
    world.advance(Duration::hours(2)).await;
    assert!(!may_decide(&world, "carl", request).await);
    unseen(world.approve("carl", request).await);
    world.approve("bob", request).await.unwrap();
    world.check_invariants().await;
}

#[tokio::test]
async fn what_a_deputy_may_is_over_at_once_when_it_is_taken_back() {
    let world = staged(|world| vec![world.stage(&["bob", "eve"])]).await;
    world.stands_in("carl", "bob", world.now().await, WEEK).await;
    let request = asked(&world, HOUR).await;
    assert!(may_decide(&world, "carl", request).await);
    world
        .execute(
            "begin;
             insert into audit_events (id, at, kind, outcome, actor_kind, actor_name, target_id, detail)
             select gen_random_uuid(), instant(), 'test.changed', 'success', 'operator', 'A test', id, '{}' from deputies;
             update deputies set ended_at = instant();
             commit",
        )
        .await;
    unseen(world.approve("carl", request).await);
    world.check_invariants().await;
}
