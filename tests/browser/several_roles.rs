//! Several roles at once.
use latchkey::domain::time::Duration;

use super::{Site, activation::careful};

#[tokio::test]
async fn several_roles_are_asked_for_with_one_reason_and_one_code_and_each_is_answered() {
    let Some(site) = Site::start().await else { return };
    let world = &site.world;
    let ada = site.person("ada").await;
    world.role("Database Operator", careful).await;
    world.role("Network Operator", careful).await;
    world
        .role("Payroll Reader", |settings| {
            careful(settings);
            settings.activation.maximum = Duration::hours(1);
        })
        .await;
    for role in ["Database Operator", "Network Operator", "Payroll Reader"] {
        world.eligible("ada", role).await;
    }
    let browser = site.browser_of(&ada).await;

    browser.visit("/").await;
    for role in ["Database Operator", "Network Operator", "Payroll Reader"] {
        browser.tick(&format!("Select {role}")).await;
    }
    browser.sees("3 roles selected").await;
    browser.look("several-1-selected").await;
    browser.press("Activate selected").await;
    browser.sees("Activate 3 roles").await;
    browser.look("several-2-sheet").await;
    browser.fill("duration", "2h").await;
    browser.fill("justification", "The quarterly close.").await;
    browser.fill("code", &world.next_code(&ada).await).await;
    browser.press("Activate").await;
    browser.sees("2 requests taken, 1 refused").await;
    browser.look("several-3-answers").await;
    browser.press("Go on").await;
    browser.sees("Active now 2").await;
    browser.look("several-4-my-access").await;
    world.check_invariants().await;
}
