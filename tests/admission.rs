//! More is asked at once than can be answered.

use axum::{Router, body::Body, http::Request};
use futures_util::stream;
use latchkey::{config::Config, http};

use crate::support::{
    World,
    http::{EVERY_SCOPE, answered, call},
};

const MINE: &str = "/v1/me/access";

/// Everything that the program serves, to so many at once.
fn for_at_most(world: &World, requests: usize) -> Router {
    let mut config = Config { public_url: world.app.public_url.to_string(), ..Config::default() };
    config.http.max_requests = requests;
    http::router(world.app.clone(), &config)
}

async fn world() -> (World, String) {
    let world = World::new().await;
    world.person("ada").await;
    let token = world.access_token("ada", &EVERY_SCOPE).await;
    (world, token)
}

#[tokio::test]
async fn whoever_finds_no_place_is_told_at_once_to_come_back_and_nothing_is_done() {
    let (world, token) = world().await;
    let router = for_at_most(&world, 1);
    let mut held = world.owner.begin().await.unwrap();
    sqlx::query("lock table access_tokens in access exclusive mode")
        .execute(&mut *held)
        .await
        .unwrap();
    let inside = tokio::spawn(answered(router.clone(), call("get", MINE, &token, None)));
    world.until_somebody_waits_for_a_lock().await;

    let refused = answered(router.clone(), call("get", MINE, &token, None)).await;
    assert_eq!(refused.status, 503);
    assert!(refused.header("retry-after").parse::<u32>().is_ok());
    assert_eq!(refused.header("content-type"), "application/problem+json");
    assert_eq!(
        refused.json()["instance"].as_str().unwrap(),
        format!("urn:uuid:{}", refused.header("x-request-id")),
        "it has an id as every answer has"
    );
    assert_eq!(refused.header("x-content-type-options"), "nosniff", "and the headers of all");
    assert_eq!(refused.header("cache-control"), "no-store");
    let counted = r#"{method="GET",route="any",status="503"} 1"#;
    assert!(world.app.metrics.text(None).contains(counted));
    assert!(refused.json()["detail"].as_str().unwrap().contains("Nothing was done"));
    let page = Request::get("/").header("accept-language", "da").body(Body::empty()).unwrap();
    let page = answered(router.clone(), page).await;
    assert_eq!(page.status, 503, "pages and programs share the places");
    assert!(String::from_utf8_lossy(&page.body).contains("Intet blev gjort"));
    let alive = Request::get("/livez").body(Body::empty()).unwrap();
    assert_eq!(answered(router.clone(), alive).await.status, 200, "it lives all the same");

    held.rollback().await.unwrap();
    assert_eq!(inside.await.unwrap().status, 200, "whoever was inside is answered");
    assert_eq!(answered(router, call("get", MINE, &token, None)).await.status, 200);
}

#[tokio::test]
async fn whoever_sends_slowly_keeps_nobody_out() {
    let (world, token) = world().await;
    let router = for_at_most(&world, 1);
    let slow = Request::post("/api/v1/access/check")
        .header("authorization", format!("Bearer {token}"))
        .header("content-type", "application/json")
        .body(Body::from_stream(stream::pending::<Result<Vec<u8>, std::io::Error>>()))
        .unwrap();
    let slow = tokio::spawn(answered(router.clone(), slow));
    for _ in 0..10 {
        assert_eq!(answered(router.clone(), call("get", MINE, &token, None)).await.status, 200);
    }
    assert!(!slow.is_finished(), "it is still on its way");
    slow.abort();
}

#[tokio::test]
async fn whoever_hands_in_a_file_slowly_keeps_nobody_out_but_others_with_files() {
    let (world, token) = world().await;
    let router = for_at_most(&world, 1);
    let file = || {
        Request::post("/api/v1/inventory/imports")
            .header("authorization", format!("Bearer {token}"))
            .header("content-type", "application/json")
            .body(Body::from_stream(stream::pending::<Result<Vec<u8>, std::io::Error>>()))
            .unwrap()
    };
    let slow: Vec<_> = (0..8).map(|_| tokio::spawn(answered(router.clone(), file()))).collect();
    for _ in 0..10 {
        assert_eq!(answered(router.clone(), call("get", MINE, &token, None)).await.status, 200);
    }
    assert!(slow.iter().all(|it| !it.is_finished()), "they are still on their way");
    assert_eq!(
        answered(router.clone(), file()).await.status,
        503,
        "files have places of their own"
    );
    for it in slow {
        it.abort();
    }
}

#[tokio::test]
async fn programs_leave_an_eighth_of_the_places_to_people() {
    let (world, token) = world().await;
    let router = for_at_most(&world, 8);
    let mut held = world.owner.begin().await.unwrap();
    sqlx::query("lock table access_tokens in access exclusive mode")
        .execute(&mut *held)
        .await
        .unwrap();
    let ask = || answered(router.clone(), call("get", MINE, &token, None));
    let inside: Vec<_> = (0..7).map(|_| tokio::spawn(ask())).collect();
    world.until_somebody_waits_for_a_lock().await;

    assert_eq!(ask().await.status, 503, "the last place is for people");
    let body = stream::iter([Ok::<_, std::convert::Infallible>("{}")]);
    let unknown = Request::post("/api/v1/activations")
        .header("authorization", format!("Bearer {token}"))
        .header("content-type", "application/json")
        .body(Body::from_stream(body))
        .unwrap();
    let unknown = answered(router.clone(), unknown).await;
    assert_eq!(unknown.status, 503, "also from who does not say how much they send");
    let page = Request::get("/sign-in").body(Body::empty()).unwrap();
    assert_eq!(answered(router.clone(), page).await.status, 200, "who signs in");
    held.rollback().await.unwrap();
    for one in inside {
        assert_eq!(one.await.unwrap().status, 200);
    }
}
