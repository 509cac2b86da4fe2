//! What auditors do.
use latchkey::domain::time::Duration;

use crate::support::approved_by;

use super::Site;

#[tokio::test]
async fn an_auditor_finds_a_decision_reads_its_story_and_takes_away_exactly_what_was_found() {
    let Some(site) = Site::start().await else { return };
    let world = &site.world;
    world.people(["ada", "bob"]).await;
    let grace = site.person("grace").await;
    world.active("grace", "Auditor").await;
    let bob = world.principal("bob");
    world
        .role("Database Operator", |settings| {
            settings.activation.requires_approval = true;
            settings.activation.stages = approved_by([bob]);
        })
        .await;
    world.eligible("ada", "Database Operator").await;
    let asked = world.activate("ada", "Database Operator", Duration::hours(1)).await.unwrap();
    world.approve("bob", asked.request).await.unwrap();
    let browser = site.browser_of(&grace).await;

    browser.visit("/audit").await;
    browser.sees("bob approved ada’s request for Database Operator").await;
    browser.set("to", "2020-01-01").await;
    browser.press("Show").await;
    browser.sees("Nothing matches.").await;
    browser.press("Clear").await;
    browser.sees("grace signed in").await;
    browser.set("from", "2020-01-01").await;
    browser.select("actor", "bob").await;
    browser.select("action", "request.approved").await;
    browser.press("Show").await;
    browser.sees("Clear").await;
    browser.sees("bob approved ada’s request").await;
    browser.does_not_see("signed in").await;
    browser.look("auditor-1-found").await;

    let csv = browser.download("CSV").await;
    let rows: Vec<_> = csv.lines().collect();
    assert_eq!(rows.len(), 2, "a header and the one event: {csv}");
    assert!(rows[0].starts_with("at,kind,outcome") && rows[1].contains(",request.approved,"));
    let lines = browser.download("JSON Lines").await;
    assert_eq!(lines.lines().count(), 1, "{lines}");
    let event: serde_json::Value = serde_json::from_str(&lines).expect("a line is JSON");
    assert_eq!(event["kind"], "request.approved");
    assert_eq!(event["request_id"], asked.request.to_string());

    browser.press_first("details.event > summary").await;
    browser.press("The whole story").await;
    browser.sees("Every event of this request").await;
    for told in ["ada asked for Database Operator", "bob approved ada’s request", "started"] {
        browser.sees(told).await;
    }
    browser.look("auditor-2-story").await;
    browser.visit("/audit").await;
    browser.press("Verify now").await;
    browser.sees("sealed events are unchanged and in order").await;
    world.check_invariants().await;
}
