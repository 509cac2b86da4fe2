//! Who tries to change what they have no permission for stands in the audit log, and fills it with nothing.
use axum::{body::Body, http::Request};
use latchkey::domain::time::Duration;
use serde_json::json;

use super::{Browser, FORM};
use crate::support::{World, http::EVERY_SCOPE};

async fn refusals(world: &World) -> Vec<(String, String, Option<String>)> {
    sqlx::query_as(
        "select actor_name, detail ->> 'tried', detail ->> 'permission' from audit_events
         where kind = 'access.refused' and outcome = 'refused' order by at, id",
    )
    .fetch_all(&world.owner)
    .await
    .unwrap()
}

#[tokio::test]
async fn who_tries_what_they_have_no_right_to_is_written_down() {
    let world = World::new().await;
    world.people(["ada", "bob", "mallory"]).await;
    let browser = Browser::of(&world, "mallory").await;
    let disable = |name: &str| format!("/people/{}/disable", world.principal(name));
    let form = browser.form(&disable("ada"), "justification=Because");
    assert_eq!(world.send(form).await.status, 403);
    let first = ("mallory".to_owned(), "POST /people/{person}/disable".to_owned());
    let told = refusals(&world).await;
    assert_eq!(told.len(), 1, "{told:?}");
    assert_eq!((told[0].0.clone(), told[0].1.clone()), first);
    assert_eq!(told[0].2.as_deref(), Some("people.manage"));
    let about: uuid::Uuid =
        sqlx::query_scalar("select target_id from audit_events where kind = 'access.refused'")
            .fetch_one(&world.owner)
            .await
            .unwrap();
    assert_eq!(about, world.principal("ada").0);
    // The same act on the same thing is told once an hour; on another, or by another door, by itself.
    for _ in 0..3 {
        world.send(browser.form(&disable("ada"), "justification=Because")).await;
    }
    assert_eq!(refusals(&world).await.len(), 1);
    world.send(browser.form(&disable("bob"), "justification=Because")).await;
    assert_eq!(refusals(&world).await.len(), 2);
    let token = world.access_token("mallory", &EVERY_SCOPE).await;
    let (path, body) = (format!("/v1{}", disable("ada")), json!({ "justification": "Because" }));
    assert_eq!(world.ask_api("post", &path, &token, Some(&body)).await.status, 403);
    assert_eq!(refusals(&world).await.len(), 3);
    world.advance(Duration::hours(1)).await;
    let browser = Browser::of(&world, "mallory").await;
    world.send(browser.form(&disable("ada"), "justification=Because")).await;
    assert_eq!(refusals(&world).await.len(), 4);
    world.check_invariants().await;
}

#[tokio::test]
async fn nobody_fills_the_log_with_what_they_are_refused() {
    let world = World::new().await;
    world.people(["ada", "mallory"]).await;
    let disable = format!("/people/{}/disable", world.principal("ada"));
    // Whom nobody knows, and a form that another site has sent.
    let unknown = Request::post(&*disable)
        .header("content-type", FORM)
        .body(Body::from("justification=Because"))
        .unwrap();
    world.send(unknown).await;
    let api = format!("/v1{disable}");
    let body = json!({ "justification": "Because" });
    assert_eq!(world.ask_api("post", &api, "lk_pat_nobody", Some(&body)).await.status, 401);
    let browser = Browser::of(&world, "mallory").await;
    let foreign = browser
        .ask("POST", &disable)
        .header("content-type", FORM)
        .header("sec-fetch-site", "cross-site")
        .body(Body::from("justification=Because"))
        .unwrap();
    assert_eq!(world.send(foreign).await.status, 403);
    // Reading is no change.
    assert_eq!(world.send(browser.read("/people")).await.status, 403);
    assert!(refusals(&world).await.is_empty());
    // Sixty an hour are enough to see that something is going on.
    for _ in 0..70 {
        let path = format!("/people/{}/disable", uuid::Uuid::now_v7());
        world.send(browser.form(&path, "justification=Because")).await;
    }
    assert_eq!(refusals(&world).await.len(), 60);
}
