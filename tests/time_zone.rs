//! Time is the same everywhere: in whatever zone the database lives, and on the days on which clocks do odd things.
use latchkey::domain::time::Duration;

use crate::support::{World, http::EVERY_SCOPE};

const ROLE: &str = "Database operator";

/// Moments just before something odd: clocks that go forward and back in Newfoundland, the end of a year, a leap day, and the
/// end of 32 bits. That of 31 is past already where the clock of a test begins.
const ODD: [&str; 5] = [
    "2040-03-11 05:20:00+00",
    "2040-11-04 04:20:00+00",
    "2040-12-31 23:55:00+00",
    "2044-02-28 23:50:00+00",
    "2106-02-07 06:28:00+00",
];

/// A database that lives in Newfoundland, half an hour off from everybody else.
const ABROAD: &str = "do $$ begin
    execute format('alter database %I set timezone to ''America/St_Johns''', current_database());
end $$";

/// What somebody is told who activates for half an hour.
async fn story(abroad: bool) -> Vec<String> {
    let world = World::new().await;
    if abroad {
        world.execute(ABROAD).await;
    }
    world.role(ROLE, |_| ()).await;
    let mut told = Vec::new();
    for moment in ODD {
        sqlx::query("update test_clock set at = $1::text::timestamptz")
            .bind(moment)
            .execute(&world.owner)
            .await
            .unwrap();
        let name = format!("ada-{}", told.len());
        world.person(&name).await;
        world.eligible(&name, ROLE).await;
        let token = world.access_token(&name, &EVERY_SCOPE).await;
        world.activate(&name, ROLE, Duration::minutes(30)).await.unwrap();
        let mine = world.ask_api("get", "/v1/me/access", &token, None).await.json();
        told.push(mine["active"][0]["ends_at"].as_str().unwrap().to_owned());
        world.advance_seconds(1799).await;
        assert!(world.holds(&name, ROLE).await, "{moment}: a second before its end");
        world.advance_seconds(1).await;
        assert!(!world.holds(&name, ROLE).await, "{moment}: at its end");
        assert_eq!(world.run_due().await, 1, "{moment}");
    }
    world.check_invariants().await;
    told
}

#[tokio::test]
async fn half_an_hour_is_half_an_hour_in_every_zone_and_on_every_day() {
    let told = story(false).await;
    assert_eq!(
        told,
        [
            "2040-03-11T05:50:00Z",
            "2040-11-04T04:50:00Z",
            "2041-01-01T00:25:00Z",
            "2044-02-29T00:20:00Z",
            "2106-02-07T06:58:00Z"
        ]
    );
    assert_eq!(told, story(true).await, "it is told alike from a database that lives elsewhere");
}
