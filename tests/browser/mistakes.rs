//! Mistakes, which cost nobody what they have typed.
use super::{Site, activation::careful};

#[tokio::test]
async fn what_was_typed_stays_and_the_error_is_beside_its_field() {
    let Some(site) = Site::start().await else { return };
    let world = &site.world;
    let ada = site.person("ada").await;
    world.role("Database Operator", careful).await;
    world.eligible("ada", "Database Operator").await;
    let browser = site.browser_of(&ada).await;

    browser.visit("/").await;
    browser.press("Activate Database Operator").await;
    browser.fill("duration", "a while").await;
    browser.fill("justification", "The nightly export hangs.").await;
    browser.fill("code", "000000").await;
    browser.press("Activate").await;
    assert!(browser.error_beside("duration").await.len() > 5);
    assert_eq!(browser.written_in("duration").await, "a while");
    assert_eq!(browser.written_in("justification").await, "The nightly export hangs.");
    assert_eq!(browser.evaluate("document.title.startsWith('Error: ')").await, true);
    assert_eq!(browser.evaluate("document.activeElement.id").await, "duration");
    browser.sees("Please fix").await;
    browser.look("mistakes-1-duration").await;
    browser.fill("duration", "12h").await;
    browser.sees("This role allows at most 8 h: choose less.").await;
    browser.fill("code", &world.next_code(&ada).await).await;
    browser.press("Activate").await;
    assert!(browser.error_beside("duration").await.contains("between 5 min and 8 h"));
    browser.sees("This role allows at most 8 h: choose less.").await;
    for (typed, ends) in [("0,5 t", true), ("0,33 t", false), ("5 hens", false), ("1h", true)] {
        browser.fill("duration", typed).await;
        let hidden = browser.evaluate("document.querySelector('[data-ends]').hidden").await;
        assert_eq!(hidden, !ends, "{typed}");
    }
    browser.does_not_see("choose less").await;
    browser.fill("code", "000000").await;
    browser.press("Activate").await;
    assert!(browser.error_beside("code").await.contains("code"));
    assert_eq!(browser.written_in("justification").await, "The nightly export hangs.");
    browser.look("mistakes-2-code").await;
    browser.visit("/requests/nothing").await;
    browser.sees("Go to My access").await;
    browser.look("mistakes-3-no-such-page").await;
    world.check_invariants().await;
}
