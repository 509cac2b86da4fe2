//! Activating a role, holding it, and giving it back.
use latchkey::domain::{
    approval::{Conditions, Stage},
    settings::{Authentication, Settings},
    time::Duration,
};

use super::Site;

/// Terms that ask for a code and a reason.
pub fn careful(settings: &mut Settings) {
    settings.activation.authentication = Authentication::Mfa;
    settings.activation.requires_justification = true;
}

#[tokio::test]
async fn a_role_is_activated_in_two_clicks_extended_and_given_back() {
    let Some(site) = Site::start().await else { return };
    let world = &site.world;
    let ada = site.person("ada").await;
    world.role("Database Operator", careful).await;
    world.eligible("ada", "Database Operator").await;
    let browser = site.browser_of(&ada).await;

    browser.visit("/").await;
    browser.sees("You hold nothing right now.").await;
    browser.look("activation-1-eligible").await;
    browser.press("Activate Database Operator").await;
    browser.sees("What will happen").await;
    browser.look("activation-2-sheet").await;
    browser.fill("duration", "1h").await;
    browser.fill("justification", "The nightly export hangs.").await;
    browser.fill("code", &world.next_code(&ada).await).await;
    browser.press("Activate").await;
    browser.sees("It is active now. It ends by itself.").await;
    let countdown =
        browser.evaluate("document.querySelector('[data-countdown]').textContent").await;
    let countdown = countdown.as_str().expect("it counts down").to_owned();
    assert!(countdown.starts_with("59:") || countdown == "1:00:00", "{countdown}");
    browser.look("activation-3-active").await;

    world.advance_seconds(20 * 60).await;
    browser.press("Extend").await;
    browser.sees("More time joins on without a gap.").await;
    browser.look("activation-4-extend").await;
    browser.fill("duration", "2h").await;
    browser.fill("justification", "The export needs a second run.").await;
    browser.fill("code", &world.next_code(&ada).await).await;
    browser.press("Extend").await;
    browser.sees("You have more time, without a gap.").await;
    browser.sees("1:59:").await;

    browser.press("I’m done").await;
    browser.look("activation-5-done").await;
    browser.press("End access now").await;
    browser.sees("That access has ended.").await;
    browser.sees("You hold nothing right now.").await;
    browser.visit("/requests").await;
    browser.sees("Database Operator").await;
    browser.look("activation-6-requests").await;
    world.check_invariants().await;
}

#[tokio::test]
async fn a_role_is_activated_without_scripts() {
    let Some(site) = Site::start().await else { return };
    let world = &site.world;
    let ada = site.person("ada").await;
    world.role("Database Operator", careful).await;
    world.eligible("ada", "Database Operator").await;
    let browser = site.browser_of(&ada).await;
    browser.without_scripts().await;

    browser.visit("/").await;
    browser.press("Activate Database Operator").await;
    browser.fill("duration", "45m").await;
    browser.fill("justification", "The nightly export hangs.").await;
    browser.fill("code", &world.next_code(&ada).await).await;
    browser.press("Activate").await;
    browser.sees("It is active now. It ends by itself.").await;
    browser.press("I’m done").await;
    browser.press("End access now").await;
    browser.sees("That access has ended.").await;
    world.check_invariants().await;
}

#[tokio::test]
async fn the_sheet_says_anew_who_has_to_approve_as_it_is_filled_in() {
    let Some(site) = Site::start().await else { return };
    let world = &site.world;
    let ada = site.person("ada").await;
    world.person("bob").await;
    let an_hour = Conditions { no_longer_than: Some(Duration::hours(1)), ..Conditions::default() };
    let stage = Stage { skipped_if: an_hour, ..world.stage(&["bob"]) };
    world
        .role("Database Operator", |settings| {
            settings.activation.requires_approval = true;
            settings.activation.stages = vec![stage];
            settings.activation.allows_emergency = true;
        })
        .await;
    world.eligible("ada", "Database Operator").await;
    let browser = site.browser_of(&ada).await;

    browser.visit("/").await;
    browser.press("Activate Database Operator").await;
    browser.fill("duration", "2h").await;
    browser.sees("It needs approval").await;
    browser.sees("This is an emergency").await;
    browser.fill("duration", "30m").await;
    browser.sees("Nobody needs to be asked").await;
    browser.does_not_see("It needs approval").await;
    browser.does_not_see("This is an emergency").await;
    // What was sent and refused is not sent again by going back to it: it is the sheet, as it was filled in.
    browser.press("2 h").await;
    browser.sees("It needs approval").await;
    browser.fill("duration", "90h").await;
    browser.press("Ask for approval").await;
    browser.sees("Please fix one thing").await;
    assert_eq!(browser.path().await, "/activations/new");
    browser.fill("duration", "30m").await;
    browser.sees("Nobody needs to be asked").await;
    browser.press("Activate").await;
    browser.sees("It is active now. It ends by itself.").await;

    world.advance_seconds(20 * 60).await;
    browser.press("Extend").await;
    browser.fill("duration", "50m").await;
    browser.sees("It needs approval").await;
    browser.sees("A rule about the length counts all of it").await;
    browser.fill("duration", "35m").await;
    browser.sees("Nobody needs to be asked").await;
    world.check_invariants().await;
}
