//! Several roles at once.
use latchkey::domain::time::Duration;

use super::{Browser, Site, activation::careful};
use crate::support::credentials::Credentials;

const ROLES: [&str; 3] = ["Database Operator", "Network Operator", "Payroll Reader"];

/// Somebody who is eligible for all of them; the last may be held for an hour only.
async fn site() -> Option<(Site, Credentials, Browser)> {
    let site = Site::start().await?;
    let ada = site.person("ada").await;
    for role in ROLES {
        site.world.role(role, careful).await;
        site.world.eligible("ada", role).await;
    }
    site.world
        .settings("Payroll Reader", |settings| {
            careful(settings);
            settings.activation.maximum = Duration::hours(1);
        })
        .await;
    let browser = site.browser_of(&ada).await;
    Some((site, ada, browser))
}

async fn select_all(browser: &Browser) {
    browser.visit("/").await;
    for role in ROLES {
        browser.tick(&format!("Select {role}")).await;
    }
}

#[tokio::test]
async fn several_roles_are_asked_for_with_one_reason_and_one_code_and_each_is_answered() {
    let Some((site, ada, browser)) = site().await else { return };
    let world = &site.world;
    select_all(&browser).await;
    browser.sees("3 roles selected").await;
    browser.look("several-1-selected").await;
    browser.press("Activate selected").await;
    browser.sees("Activate 3 roles").await;
    browser.fill("duration", "3h").await;
    browser.sees("at most 1 h").await;
    browser.look("several-2-sheet").await;
    browser.fill("justification", "The quarterly close.").await;
    browser.fill("code", &world.next_code(&ada).await).await;
    // An administrator is faster.
    world
        .settings("Network Operator", |settings| {
            careful(settings);
            settings.activation.requires_ticket = true;
        })
        .await;
    browser.press("Activate").await;
    browser.sees("2 requests taken, 1 refused").await;
    browser.sees("Give the ticket's number and its system").await;
    browser.sees("1 h, the longest that this role allows").await;
    browser.look("several-3-answers").await;
    browser.press("Go on").await;
    browser.sees("Active now 2").await;
    browser.look("several-4-my-access").await;
    world.check_invariants().await;
}

#[tokio::test]
async fn several_roles_are_activated_without_scripts_each_for_as_long_as_it_allows() {
    let Some((site, ada, browser)) = site().await else { return };
    browser.without_scripts().await;
    select_all(&browser).await;
    browser.press("Activate selected").await;
    browser.fill("duration", "3h").await;
    browser.fill("justification", "The quarterly close.").await;
    browser.fill("code", "000000").await;
    browser.press("Activate").await;
    browser.sees("at most 1 h").await;
    assert!(browser.error_beside("code").await.contains("code"));
    browser.fill("code", &site.world.next_code(&ada).await).await;
    browser.press("Activate").await;
    browser.sees("All 3 requests were taken").await;
    browser.sees("1 h, the longest that this role allows").await;
    site.world.check_invariants().await;
}
