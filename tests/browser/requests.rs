//! Requests that do not simply succeed at once: planned, taken back, denied.
use super::Site;

use crate::support::approved_by;

#[tokio::test]
async fn a_planned_activation_starts_by_itself() {
    let Some(site) = Site::start().await else { return };
    let world = &site.world;
    let ada = site.person("ada").await;
    world.role("Database Operator", |_| ()).await;
    world.eligible("ada", "Database Operator").await;
    let browser = site.browser_of(&ada).await;

    browser.visit("/").await;
    browser.press("Activate Database Operator").await;
    browser.choose("Later").await;
    let tomorrow = "new Date(Date.now() + 86400000 - new Date().getTimezoneOffset() * 60000)";
    let start = browser.evaluate(&format!("{tomorrow}.toISOString().slice(0, 16)")).await;
    browser.set("starts_at", start.as_str().expect("it is a time")).await;
    browser.sees("It starts tomorrow").await;
    browser.look("requests-1-later").await;
    browser.press("Activate").await;
    browser.sees("It is scheduled and starts by itself.").await;
    browser.visit("/").await;
    browser.sees("Pending and scheduled 1").await;
    browser.sees("You hold nothing right now.").await;

    world.advance_seconds(86_400).await;
    world.run_due().await;
    // Being signed in does not last that long.
    let (_, session) = world.signed_in("ada").await;
    site.hand(&browser, &session).await;
    browser.visit("/").await;
    browser.sees("Active now 1").await;
    world.check_invariants().await;
}

#[tokio::test]
async fn a_request_is_taken_back_and_another_is_denied_with_a_reason() {
    let Some(site) = Site::start().await else { return };
    let world = &site.world;
    let (ada, bob) = (site.person("ada").await, site.person("bob").await);
    let approver = world.principal("bob");
    world
        .role("Database Operator", |settings| {
            settings.activation.requires_approval = true;
            settings.activation.stages = approved_by([approver]);
            settings.activation.stages[0].requires_justification = true;
        })
        .await;
    world.eligible("ada", "Database Operator").await;
    let browser = site.browser_of(&ada).await;

    for take_back in [true, false] {
        browser.visit("/").await;
        browser.press("Activate Database Operator").await;
        browser.fill("justification", "The nightly export hangs.").await;
        browser.press("Ask for approval").await;
        browser.sees("Your request waits for approval.").await;
        if take_back {
            browser.visit("/").await;
            browser.press("Cancel").await;
            browser.press("Cancel the request").await;
            browser.sees("The request was taken back.").await;
        }
    }
    let request = browser.path().await;

    site.hand(&browser, &bob.signed_in.session).await;
    browser.visit("/approvals").await;
    browser.sees("Waiting for you 1").await;
    browser.visit(&request).await;
    browser.fill("justification", "Not during the quarterly close.").await;
    browser.fill("code", &world.next_code(&bob).await).await;
    browser.press("Deny").await;
    browser.sees("You denied the request.").await;

    site.hand(&browser, &ada.signed_in.session).await;
    browser.visit(&request).await;
    browser.sees("bob denied").await;
    browser.sees("Not during the quarterly close.").await;
    browser.look("requests-2-denied").await;
    browser.visit("/").await;
    browser.sees("You hold nothing right now.").await;
    world.check_invariants().await;
}
