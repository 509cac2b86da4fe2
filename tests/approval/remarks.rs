//! What people say and do about a request beside deciding it, and deciding several at once.
use axum::{body::Body, http::Request};
use latchkey::{
    domain::{
        request::{RequestState, Verdict},
        text::Comment,
        time::Duration,
    },
    error::Error,
    service::{
        approval::{self, Answer},
        remark, request,
    },
};

use super::{ROLE, asked, world};
use crate::support::{World, reason};

async fn subjects(world: &World, to: &str, begins: &str) -> usize {
    let all: Vec<String> = sqlx::query_scalar("select subject from outbox where recipient_id = $1")
        .bind(world.principal(to))
        .fetch_all(&world.owner)
        .await
        .unwrap();
    all.iter().filter(|subject| subject.starts_with(begins)).count()
}

#[tokio::test]
async fn whoever_asks_and_whoever_decides_write_to_one_another() {
    let world = world().await;
    world.people(["dora"]).await;
    let request = asked(&world).await;
    let say = async |who: &'static str, text: &'static str| {
        let text: Comment = text.parse().unwrap();
        remark::comment(&world.app, &world.actor(who).await, request, &text).await
    };
    say("bob", "For which ticket?").await.unwrap();
    assert_eq!(subjects(&world, "ada", "bob wrote about your request: ").await, 1);
    say("ada", "OPS-1").await.unwrap();
    assert_eq!(subjects(&world, "bob", "ada wrote about their request: ").await, 1);
    assert!(matches!(say("dora", "I see you").await, Err(Error::NotFound(_))), "nobody else does");
    assert!(matches!(say("ada", "").await, Err(Error::Invalid(_))));
    let detail = request::show(&world.app, &world.actor("eve").await, request).await.unwrap();
    let said: Vec<_> = detail.remarks.iter().map(|it| it.text.as_str()).collect();
    assert_eq!(said, ["For which ticket?", "OPS-1"]);
    world.check_invariants().await;
}

#[tokio::test]
async fn the_others_see_who_is_looking_at_it_for_a_quarter_of_an_hour() {
    let world = world().await;
    let request = asked(&world).await;
    let looks = async || {
        let detail = request::show(&world.app, &world.actor("eve").await, request).await.unwrap();
        detail.claim().map(|remark| remark.principal)
    };
    assert_eq!(looks().await, None);
    remark::claim(&world.app, &world.actor("bob").await, request, false).await.unwrap();
    assert_eq!(looks().await, Some(world.principal("bob")));
    remark::claim(&world.app, &world.actor("bob").await, request, true).await.unwrap();
    assert_eq!(looks().await, None, "he left it to the others");
    remark::claim(&world.app, &world.actor("bob").await, request, false).await.unwrap();
    world.advance(Duration::minutes(15)).await;
    assert_eq!(looks().await, None);
    let own = remark::claim(&world.app, &world.actor("ada").await, request, false).await;
    assert!(matches!(own, Err(Error::NotAllowed(_))), "it is not hers to decide: {own:?}");
    world.people(["dora"]).await;
    let dora = world.actor("dora").await;
    let stranger = remark::claim(&world.app, &dora, request, false).await;
    assert!(matches!(stranger, Err(Error::NotFound(_))), "she knows of no request: {stranger:?}");
    world.deny("eve", request).await.unwrap();
    let late = remark::claim(&world.app, &world.actor("bob").await, request, false).await;
    assert!(matches!(late, Err(Error::Conflict(_))), "eve was first: {late:?}");
    world.check_invariants().await;
}

#[tokio::test]
async fn whoever_waits_asks_again_once_an_hour() {
    let world = world().await;
    let request = asked(&world).await;
    let nudge =
        async |who: &'static str| remark::nudge(&world.app, &world.actor(who).await, request).await;
    nudge("ada").await.unwrap();
    assert_eq!(subjects(&world, "bob", "Still waiting: ").await, 1);
    assert!(matches!(nudge("ada").await, Err(Error::Conflict(_))));
    assert!(matches!(nudge("bob").await, Err(Error::NotAllowed(_))));
    world.people(["dora"]).await;
    assert!(matches!(nudge("dora").await, Err(Error::NotFound(_))), "she knows of no request");
    world.advance(Duration::hours(1)).await;
    nudge("ada").await.unwrap();
    world.deny("bob", request).await.unwrap();
    world.advance(Duration::hours(1)).await;
    assert!(matches!(nudge("ada").await, Err(Error::Conflict(_))), "nobody has to decide any more");
    world.check_invariants().await;
}

#[tokio::test]
async fn several_requests_are_decided_alike_with_one_code_and_one_that_fails_stops_no_other() {
    let world = world().await;
    world.people(["gus"]).await;
    world.eligible_for("gus", ROLE, Duration::days(30)).await;
    let first = asked(&world).await;
    let second = world.activate("gus", ROLE, Duration::hours(1)).await.unwrap().request;
    world.deny("eve", first).await.unwrap();
    let code = world.fresh_code("bob").await;
    let answer = Answer { verdict: Verdict::Approve, granted: None, justification: reason() };
    let bob = world.actor("bob").await;
    let decided =
        approval::decide_several(&world.app, &bob, &[first, second], &answer, &code).await;
    let decided = decided.unwrap();
    assert!(decided[0].outcome.is_err(), "eve was first");
    assert_eq!(decided[1].outcome.as_ref().ok(), Some(&RequestState::Granted));
    assert!(world.holds("gus", ROLE).await);
    world.check_invariants().await;
}

#[tokio::test]
async fn whoever_reads_only_writes_nothing_and_nobody_floods_the_others() {
    let world = world().await;
    let request = asked(&world).await;
    let path = format!("/v1/requests/{request}/comments");
    let body = serde_json::json!({ "text": "One more thing" });
    let reading = world.access_token("ada", &["read"]).await;
    assert_eq!(world.ask_api("post", &path, &reading, Some(&body)).await.status, 403);
    let writing = world.access_token("ada", &["read", "activate"]).await;
    for _ in 0..30 {
        assert_eq!(world.ask_api("post", &path, &writing, Some(&body)).await.status, 204);
    }
    assert_eq!(world.ask_api("post", &path, &writing, Some(&body)).await.status, 409);
    world.advance(Duration::hours(1)).await;
    assert_eq!(world.ask_api("post", &path, &writing, Some(&body)).await.status, 204);
}

#[tokio::test]
async fn what_happened_to_a_request_is_told_in_the_order_in_which_it_did() {
    let world = world().await;
    let request = asked(&world).await;
    world.advance(Duration::minutes(5)).await;
    world.approve("bob", request).await.unwrap();
    world.advance(Duration::minutes(5)).await;
    let text: Comment = "It works by now".parse().unwrap();
    remark::comment(&world.app, &world.actor("ada").await, request, &text).await.unwrap();
    let (_, session) = world.signed_in("ada").await;
    let read = Request::get(format!("/requests/{request}"))
        .header("cookie", format!("__Host-latchkey={}", &*session.reveal()));
    let answer = world.send(read.body(Body::empty()).unwrap()).await;
    let page = String::from_utf8(answer.body.to_vec()).unwrap();
    let (before, after) = page.split_once("Access began").unwrap();
    assert!(after.contains("It works by now") && !before.contains("It works by now"), "{page}");
}
