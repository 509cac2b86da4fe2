//! Arriving: from an invitation to one's own access, and back again another day.
use latchkey::domain::{sign_in::LinkPurpose, totp};

use super::{Browser, Site};
use crate::support::credentials::{PASSWORD, seed};

/// Goes on from a link to one's own access, and gives back the seed of the authenticator that was set up.
pub async fn set_up(site: &Site, browser: &Browser, link: &str, password: &str) -> Vec<u8> {
    browser.visit(link).await;
    browser.press("Begin").await;
    browser.fill("password", password).await;
    browser.fill("again", password).await;
    browser.press("Continue").await;
    browser.sees("Set up your authenticator").await;
    let seed = seed(&browser.shown_in("secret").await.replace(' ', ""));
    browser.fill("code", &totp::code_at(&seed, site.world.now().await)).await;
    browser.press("Confirm").await;
    browser.press("I have kept them").await;
    browser.sees("My access").await;
    seed
}

/// Signs in with a password and the next code.
pub async fn sign_in(site: &Site, browser: &Browser, name: &str, password: &str, seed: &[u8]) {
    browser.visit("/sign-in").await;
    browser.fill("user_name", name).await;
    browser.fill("password", password).await;
    browser.press("Continue").await;
    browser.sees("One more step").await;
    site.world.advance_seconds(30).await;
    browser.fill("code", &totp::code_at(seed, site.world.now().await)).await;
    browser.press("Sign in").await;
    browser.sees("My access").await;
}

#[tokio::test]
async fn somebody_who_is_invited_sets_up_an_account_and_signs_in_again() {
    let Some(site) = Site::start().await else { return };
    let world = &site.world;
    world.person("ada").await;
    let link = world.link("ada", LinkPurpose::Invitation).await;
    let browser = site.browser().await;

    browser.visit(&format!("/invitation/{}", *link.reveal())).await;
    browser.sees("Welcome, ada").await;
    browser.look("arrival-1-invitation").await;
    browser.press("Begin").await;
    browser.sees("Choose a password").await;
    browser.look("arrival-2-password").await;
    browser.fill("password", PASSWORD).await;
    browser.fill("again", PASSWORD).await;
    browser.press("Continue").await;
    browser.sees("Set up your authenticator").await;
    browser.look("arrival-3-authenticator").await;
    let seed = seed(&browser.shown_in("secret").await.replace(' ', ""));
    browser.fill("code", &totp::code_at(&seed, world.now().await)).await;
    browser.press("Confirm").await;
    browser.sees("Keep these recovery codes").await;
    browser.look("arrival-4-recovery-codes").await;
    browser.press("I have kept them").await;
    browser.sees("My access").await;
    browser.sees("Nothing else to activate.").await;
    browser.look("arrival-5-my-access").await;

    browser.press("Sign out").await;
    browser.sees("You are signed out.").await;
    browser.look("arrival-6-signed-out").await;
    browser.fill("user_name", "ada").await;
    browser.fill("password", PASSWORD).await;
    browser.press("Continue").await;
    browser.sees("One more step").await;
    browser.look("arrival-7-code").await;
    world.advance_seconds(30).await;
    browser.fill("code", &totp::code_at(&seed, world.now().await)).await;
    browser.press("Sign in").await;
    browser.sees("You hold nothing right now.").await;
    assert_eq!(browser.path().await, "/");
    world.check_invariants().await;
}
