//! The form for a role's terms: what is wrong with it, and what it would do.
use std::fmt::Write as _;

use axum::{body::Body, http::Request};
use latchkey::domain::{percent, time::Duration};

use crate::support::World;

const ROLE: &str = "Database operator";

async fn company() -> World {
    let world = World::new().await;
    world.people(["root", "bob", "eve"]).await;
    world.active("root", "Global Administrator").await;
    world.role(ROLE, |_| ()).await;
    // Weaker terms of a privileged role would wait for a second administrator.
    world.mark_privileged(ROLE, false).await;
    world
}

/// Sends the form with these fields, begun at the first version, and reads the page that comes of it.
async fn send(world: &World, fields: &[(&str, &str)]) -> (u16, String) {
    send_after(world, 1, fields).await
}

/// The same, begun at that version.
async fn send_after(world: &World, version: u8, fields: &[(&str, &str)]) -> (u16, String) {
    let (_, session) = world.signed_in("root").await;
    let token = world.app.keys.form_token(&session.hash());
    let mut body = format!("version={version}&csrf={token}");
    for (name, value) in fields {
        write!(body, "&{name}={}", percent::encode(value)).unwrap();
    }
    let request = Request::post(format!("/roles/{}/settings", world.role_id(ROLE)))
        .header("cookie", format!("__Host-latchkey={}", &*session.reveal()))
        .header("content-type", "application/x-www-form-urlencoded")
        .body(Body::from(body));
    let answer = world.send(request.unwrap()).await;
    (answer.status, String::from_utf8(answer.body.to_vec()).unwrap())
}

/// What is said beside an input, with the marks around it; nothing if nothing is.
fn beside<'a>(page: &'a str, input: &str) -> &'a str {
    let said = page.split_once(&format!("id=\"{input}-error\"")).map_or("", |(_, rest)| rest);
    said.split_once("</p>").map_or("", |(said, _)| said)
}

#[tokio::test]
async fn whoever_errs_in_several_ways_is_told_all_of_it_at_once_and_beside_the_fields() {
    let world = company().await;
    let bob = world.principal("bob").to_string();
    let (status, page) = send(
        &world,
        &[
            ("maximum", "a while"),
            ("emergency_maximum", "25h"),
            ("eligible_maximum", "365 days"),
            ("active_maximum", "1m"),
            ("requires_approval", "on"),
            ("approver_1", bob.as_str()),
            ("agree_1", "1"),
            ("timeout_1", "1m"),
            ("skip_from_1", "noon"),
            ("skip_until_1", "17:00"),
            ("skip_zone_1", "Mars/Olympus"),
            ("reason", ""),
        ],
    )
    .await;
    assert_eq!(status, 422, "{page}");
    for (input, said) in [
        ("maximum", "write a duration"),
        ("emergency_maximum", "between 5 min and"),
        ("active_maximum", "between 5 min and"),
        ("stages", "name one more person"),
        ("timeout_1", "it waits between"),
        ("skip_from_1", "write a time of day"),
        ("skip_zone_1", "is no time zone"),
        ("skip_day_1", "choose the days"),
        ("reason", "write why the settings change"),
    ] {
        let told = beside(&page, input).to_lowercase();
        assert!(told.contains(said), "{input}: {told:?}\n{page}");
    }
    assert_eq!(beside(&page, "eligible_maximum"), "");
    assert!(page.contains("<title>Error: "), "{page}");
    assert!(page.contains("Please fix "), "{page}");
    assert!(page.contains("<a href=\"#maximum\">Longest activation: "), "{page}");
    assert!(page.contains("id=\"maximum\" autofocus"), "{page}");
    assert!(!page.contains("role=\"alert\" tabindex"), "nothing is left to be told above: {page}");
    world.check_invariants().await;
}

#[tokio::test]
async fn the_review_warns_of_a_stage_that_is_never_asked() {
    let world = company().await;
    let (bob, eve) = (world.principal("bob").to_string(), world.principal("eve").to_string());
    let warning = "Stage 1 is never asked at Organisation: every activation is at most 8 h, and it is \
                   skipped up to 8 h.";
    for (skipped, warned) in [("4h", false), ("8h", true)] {
        let (status, page) = send(
            &world,
            &[
                ("maximum", "8h"),
                ("emergency_maximum", "1h"),
                ("eligible_maximum", "365 days"),
                ("active_maximum", "180 days"),
                ("requires_approval", "on"),
                ("approver_1", bob.as_str()),
                ("approver_1", eve.as_str()),
                ("agree_1", "1"),
                ("timeout_1", "24h"),
                ("skip_length_1", skipped),
                ("reason", "Short work needs nobody."),
            ],
        )
        .await;
        assert_eq!(status, 200, "{page}");
        assert_eq!(page.contains(warning), warned, "{page}");
        assert!(page.contains("Nothing is saved yet."), "{page}");
    }
    world.check_invariants().await;
}

#[tokio::test]
async fn whoever_was_overtaken_sees_by_what_and_goes_on_from_there() {
    let world = company().await;
    world.settings(ROLE, |terms| terms.activation.maximum = Duration::hours(6)).await;
    let fields = [
        ("maximum", "3h"),
        ("emergency_maximum", "1h"),
        ("eligible_maximum", "365 days"),
        ("active_maximum", "180 days"),
        ("reason", "Three hours are enough."),
    ];
    let (status, page) = send(&world, &fields).await;
    assert_eq!(status, 409, "{page}");
    assert!(page.contains("Saved since you began"), "{page}");
    assert!(page.contains("<ins>6 h</ins>"), "{page}");
    assert!(page.contains("name=\"version\" value=\"2\""), "{page}");
    assert!(page.contains("name=\"maximum\" value=\"3h\""), "what was typed stays: {page}");
    let (status, page) = send_after(&world, 2, &fields).await;
    assert_eq!(status, 200, "{page}");
    assert!(page.contains("Nothing is saved yet."), "{page}");
    world.check_invariants().await;
}
