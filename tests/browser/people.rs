//! Letting people in, helping them back in, and giving one of them a second account.
use super::{
    Site,
    arrival::{set_up, sign_in},
};
use crate::support::credentials::PASSWORD;

#[tokio::test]
async fn somebody_is_invited_recovered_disabled_and_enabled_again() {
    let Some(site) = Site::start().await else { return };
    let grace = site.person("grace").await;
    site.world.active("grace", "Global Administrator").await;
    let browser = site.browser_of(&grace).await;
    let other = site.browser().await;

    browser.visit("/people").await;
    browser.press("Invite person").await;
    browser.fill("name", "Eve Example").await;
    browser.fill("user_name", "eve").await;
    browser.fill("email", "eve@example.org").await;
    browser.press("Invite").await;
    browser.sees("Eve Example is invited").await;
    set_up(&site, &other, &browser.shown_in("link").await, PASSWORD).await;

    browser.press("Go to Eve Example").await;
    let eve = browser.path().await;
    browser.press("Reset sign-in").await;
    browser.press("Make the link").await;
    browser.sees("A new link for Eve Example").await;
    other.press("Sign out").await;
    let password = "nine kettles on the roof";
    let seed = set_up(&site, &other, &browser.shown_in("link").await, password).await;

    browser.visit(&eve).await;
    browser.press("Disable").await;
    browser.fill("justification", "A long leave.").await;
    browser.press("Disable now").await;
    browser.sees("The account is disabled").await;
    browser.press("Enable").await;
    browser.fill("justification", "Back again.").await;
    browser.press("Enable now").await;
    browser.sees("The account works again").await;
    sign_in(&site, &other, "eve", password, &seed).await;

    browser.press("Another account").await;
    browser.sees("Another account of Eve Example").await;
    browser.fill("user_name", "eve-admin").await;
    browser.press("Invite").await;
    browser.sees("Eve Example is invited").await;
    browser.visit(&eve).await;
    browser.sees("Other accounts eve-admin").await;
    browser.look("people-4-two-accounts").await;
    site.world.check_invariants().await;
}
