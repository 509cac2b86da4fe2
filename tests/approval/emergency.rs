//! Emergencies on ordinary accounts: approval is skipped, everybody is told, and somebody else looks at it afterwards.
use latchkey::{
    domain::{emergency::ReviewVerdict, id::RequestId, request::RequestState, time::Duration},
    error::Error,
    service::{
        activation::{Reasons, Requested},
        due, emergency, request,
    },
};

use super::{ROLE, asks_for_approval, world};
use crate::support::{World, reason, rules};

/// The role takes an approval, and can be had without one for an hour in an emergency.
async fn allowed() -> World {
    let world = world().await;
    let approvers = [world.principal("bob"), world.principal("eve")];
    world
        .settings(ROLE, |terms| {
            asks_for_approval(terms, &approvers);
            terms.activation.allows_emergency = true;
            terms.activation.emergency_maximum = Duration::hours(1);
        })
        .await;
    world
}

async fn urgent(world: &World, duration: Duration) -> Result<Requested, Error> {
    let reasons = Reasons { justification: reason(), emergency: true, ..Reasons::default() };
    let actor = world.actor("ada").await;
    world.ask(&actor, world.wish("ada", ROLE, duration).await, &reasons, None).await
}

async fn subjects(world: &World, to: &str) -> Vec<String> {
    sqlx::query_scalar("select subject from outbox where recipient_id = $1 order by created_at, id")
        .bind(world.principal(to))
        .fetch_all(&world.owner)
        .await
        .unwrap()
}

async fn review(world: &World, by: &str, request: RequestId) -> Result<(), Error> {
    let actor = world.actor(by).await;
    emergency::review(&world.app, &actor, request, ReviewVerdict::Justified, &reason()).await
}

#[tokio::test]
async fn an_emergency_gives_access_at_once_for_a_shorter_time_and_everybody_is_told() {
    let world = allowed().await;
    assert_eq!(rules(urgent(&world, Duration::hours(2)).await), ["duration"]);
    let given = urgent(&world, Duration::hours(1)).await.unwrap();
    assert_eq!(given.state, RequestState::Granted);
    assert!(world.holds("ada", ROLE).await);
    for skipped in ["bob", "eve"] {
        let told = subjects(&world, skipped).await;
        assert!(told.iter().any(|it| it.starts_with("Emergency: ")), "{skipped}: {told:?}");
    }
    for who in ["ada", "root"] {
        let told = subjects(&world, who).await;
        assert_eq!(told.iter().filter(|it| it.starts_with("Emergency: ")).count(), 1, "{told:?}");
    }
    let told = request::show(&world.app, &world.actor("ada").await, given.request).await.unwrap();
    assert!(told.told.emergency, "it is marked");
    world.advance(Duration::hours(1)).await;
    assert!(!world.holds("ada", ROLE).await);
    world.check_invariants().await;
}

#[tokio::test]
async fn what_is_no_emergency_is_asked_for_as_usual() {
    let world = world().await;
    assert_eq!(rules(urgent(&world, Duration::hours(1)).await), ["no_emergency"]);
    let world = allowed().await;
    world
        .settings(ROLE, |terms| {
            terms.activation.allows_emergency = true;
        })
        .await;
    assert_eq!(rules(urgent(&world, Duration::hours(1)).await), ["emergency_not_needed"]);
    let world = allowed().await;
    let without = Reasons { emergency: true, ..Reasons::default() };
    let actor = world.actor("ada").await;
    let wish = world.wish("ada", ROLE, Duration::hours(1)).await;
    assert_eq!(rules(world.ask(&actor, wish, &without, None).await), ["justification_needed"]);
}

#[tokio::test]
async fn somebody_else_reviews_an_emergency_once() {
    let world = allowed().await;
    let given = urgent(&world, Duration::hours(1)).await.unwrap();
    assert!(matches!(review(&world, "ada", given.request).await, Err(Error::NotFound(_))));
    let waiting = emergency::awaiting(&world.app, &world.actor("bob").await).await.unwrap();
    assert_eq!(waiting.len(), 1, "it waits for whoever was skipped");
    review(&world, "bob", given.request).await.unwrap();
    assert!(matches!(review(&world, "eve", given.request).await, Err(Error::Conflict(_))));
    assert!(emergency::awaiting(&world.app, &world.actor("bob").await).await.unwrap().is_empty());
    assert!(subjects(&world, "ada").await.iter().any(|it| it.starts_with("Reviewed by ")));
    world.check_invariants().await;
}

#[tokio::test]
async fn an_emergency_that_nobody_reviews_in_time_is_told_of_once() {
    let world = allowed().await;
    urgent(&world, Duration::hours(1)).await.unwrap();
    world.advance(Duration::hours(72)).await;
    due::run(&world.app).await.unwrap();
    let overdue = async |who: &'static str| {
        let told = subjects(&world, who).await;
        told.iter().filter(|it| it.starts_with("Overdue review: ")).count()
    };
    assert_eq!(overdue("bob").await, 0, "three days after its end, not before");
    world.advance(Duration::hours(1)).await;
    due::run(&world.app).await.unwrap();
    due::run(&world.app).await.unwrap();
    assert_eq!((overdue("bob").await, overdue("ada").await), (1, 0));
    world.check_invariants().await;
}

#[tokio::test]
async fn every_emergency_can_be_read_a_page_at_a_time() {
    let world = allowed().await;
    let mut used = Vec::new();
    for _ in 0..=emergency::PAGE {
        used.push(urgent(&world, Duration::hours(1)).await.unwrap().request.0.to_string());
        world.advance(Duration::hours(1)).await;
    }
    used.reverse();
    let token = world.access_token("root", &["read"]).await;
    let mut path = "/v1/emergencies".to_owned();
    let mut read = Vec::new();
    loop {
        let page = world.ask_api("get", &path, &token, None).await.json();
        let items = page["items"].as_array().unwrap();
        read.extend(items.iter().map(|it| it["request"].as_str().unwrap().to_owned()));
        let Some(next) = page["next"].as_str() else { break };
        path = format!("/v1/emergencies?cursor={next}");
    }
    assert_eq!(read, used, "each once, newest first");
}
