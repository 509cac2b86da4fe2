//! Emergencies on ordinary accounts: approval is skipped, everybody is told, and somebody else looks at it afterwards.
use latchkey::{
    domain::{
        activation::Refusal, emergency::ReviewVerdict, id::RequestId, request::RequestState,
        text::Comment, time::Duration,
    },
    error::Error,
    service::{
        activation::{Reasons, Requested},
        due, emergency, overview, remark, request,
    },
};

use super::{ROLE, asked, asks_for_approval, world};
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

#[tokio::test]
async fn more_time_than_an_emergency_may_take_is_refused_by_its_own_limit() {
    let world = allowed().await;
    let limits = async |hours| match urgent(&world, Duration::hours(hours)).await {
        Err(Error::Refused(refusals)) => refusals,
        other => panic!("a refusal by the rules was expected: {other:?}"),
    };
    // The second is longer than any activation may be, too: the limit that counts is named, once.
    for hours in [2, 20] {
        let refusals = limits(hours).await;
        assert!(
            matches!(refusals[..], [Refusal::Duration { longest, .. }] if longest == Duration::hours(1)),
            "{refusals:?}"
        );
    }
    assert!(!world.holds("ada", ROLE).await, "nothing was cut to fit");
}

#[tokio::test]
async fn an_emergency_takes_the_place_of_what_waits() {
    let world = allowed().await;
    let waiting = asked(&world).await;
    let mine = overview::my_access(&world.app, &world.actor("ada").await).await.unwrap();
    let offered: Vec<_> = mine.eligible.iter().map(|it| (it.requested, it.in_emergency)).collect();
    assert_eq!(offered, [(true, true)]);
    let again = world.activate("ada", ROLE, Duration::hours(1)).await;
    assert_eq!(rules(again), ["already_requested"], "as usual one request waits at a time");
    // What is refused takes nothing back.
    assert_eq!(rules(urgent(&world, Duration::hours(2)).await), ["duration"]);
    assert_eq!(world.state(waiting).await, RequestState::Pending);
    let given = urgent(&world, Duration::hours(1)).await.unwrap();
    assert_eq!(given.state, RequestState::Granted);
    assert!(world.holds("ada", ROLE).await);
    assert_eq!(world.state(waiting).await, RequestState::Cancelled);
    let events = world.events().await;
    assert!(events.iter().any(|kind| kind == "request.cancelled"), "{events:?}");
    for who in ["bob", "eve"] {
        let told = subjects(&world, who).await;
        assert!(told.iter().any(|it| it.starts_with("Emergency: ")), "{who}: {told:?}");
        assert!(!told.iter().any(|it| it.starts_with("Taken back: ")), "once is enough: {told:?}");
    }
    assert!(world.approve("bob", waiting).await.is_err(), "it waits no more");
    world.check_invariants().await;
}

#[tokio::test]
async fn an_emergency_takes_the_place_of_what_begins_later() {
    let world = allowed().await;
    let later = world.activate_later("ada", ROLE, Duration::hours(1), Duration::hours(9)).await;
    let later = later.unwrap().request;
    world.approve("bob", later).await.unwrap();
    assert_eq!(world.state(later).await, RequestState::Scheduled);
    urgent(&world, Duration::hours(1)).await.unwrap();
    assert_eq!(world.state(later).await, RequestState::Cancelled);
    world.advance(Duration::hours(9)).await;
    due::run(&world.app).await.unwrap();
    assert!(!world.holds("ada", ROLE).await);
    world.check_invariants().await;
}

#[tokio::test]
async fn of_an_emergency_whoever_used_it_and_whoever_may_review_it_write_to_one_another() {
    let world = allowed().await;
    let given = urgent(&world, Duration::hours(1)).await.unwrap();
    let say = async |who: &'static str, text: &'static str| {
        let text: Comment = text.parse().unwrap();
        remark::comment(&world.app, &world.actor(who).await, given.request, &text).await
    };
    say("ada", "The disk was full").await.unwrap();
    let wrote = async |who: &'static str, begins: &'static str| {
        let told = subjects(&world, who).await;
        told.iter().filter(|it| it.starts_with(begins)).count()
    };
    for reviewer in ["bob", "eve", "root"] {
        assert_eq!(wrote(reviewer, "ada wrote about their request: ").await, 1, "{reviewer}");
    }
    for (number, reviewer) in (1..).zip(["bob", "root"]) {
        say(reviewer, "Which one?").await.unwrap();
        let about = "wrote about your request: ";
        let told = subjects(&world, "ada").await;
        assert_eq!(told.iter().filter(|it| it.contains(about)).count(), number, "{reviewer}");
    }
    assert!(matches!(say("mallory", "I see you").await, Err(Error::NotFound(_))));
    review(&world, "bob", given.request).await.unwrap();
    world.check_invariants().await;
}
