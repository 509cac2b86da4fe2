//! One's own account: what one signs in with, and what programs do in one's name.
use latchkey::domain::totp;

use super::{Site, arrival::sign_in};
use crate::support::credentials::{PASSWORD, seed};

#[tokio::test]
async fn somebody_changes_what_they_sign_in_with_and_signs_out_everywhere() {
    let Some(site) = Site::start().await else { return };
    let world = &site.world;
    let ada = site.person("ada").await;
    let browser = site.browser_of(&ada).await;
    let other = site.browser_of(&ada).await;

    browser.visit("/account").await;
    browser.press("Change").await;
    let owner = browser.evaluate("document.querySelector('[autocomplete=username]').value").await;
    assert_eq!(owner, "ada", "programs that keep passwords know whose it is");
    let password = "nine kettles on the roof";
    browser.fill("old_password", PASSWORD).await;
    browser.fill("new_password", password).await;
    browser.fill("again", password).await;
    browser.fill("code", &world.next_code(&ada).await).await;
    browser.press("Change password").await;
    browser.sees("Your password is changed.").await;
    other.visit("/account").await;
    other.sees("Sign in").await;
    sign_in(&site, &other, "ada", password, &ada.seed).await;

    browser.press("Replace").await;
    browser.fill("code", &world.next_code(&ada).await).await;
    browser.press("Go on").await;
    browser.sees("The old one works until this one is confirmed.").await;
    let seed = seed(&browser.shown_in("secret").await.replace(' ', ""));
    browser.look("account-1-authenticator").await;
    browser.fill("code", &totp::code_at(&seed, world.now().await)).await;
    browser.press("Confirm").await;
    browser.sees("Your new authenticator counts from now on.").await;
    sign_in(&site, &other, "ada", password, &seed).await;

    browser.press("Sign out everywhere").await;
    browser.look("account-2-sign-out-everywhere").await;
    browser.press_within("form", "Sign out everywhere").await;
    browser.sees("You are signed out everywhere.").await;
    other.visit("/").await;
    other.sees("Sign in").await;
    world.check_invariants().await;
}

#[tokio::test]
async fn a_token_is_given_to_a_program_and_taken_back() {
    let Some(site) = Site::start().await else { return };
    let ada = site.person("ada").await;
    let browser = site.browser_of(&ada).await;

    browser.visit("/account").await;
    browser.press("New token").await;
    browser.fill("name", "Backup script").await;
    browser.choose("Read").await;
    browser.fill("code", &site.world.next_code(&ada).await).await;
    browser.press("Make the token").await;
    browser.sees("It is not shown again").await;
    browser.look("account-3-token").await;
    let token = browser.shown_in("token").await;
    let asked = || async {
        let client = reqwest::Client::new().get(format!("{}/api/v1/me", site.url));
        client.bearer_auth(&token).send().await.expect("it answers").status().as_u16()
    };
    assert_eq!(asked().await, 200);
    browser.press("Back to your account").await;
    browser.press("Revoke").await;
    browser.press("Revoke now").await;
    browser.sees("The token no longer works.").await;
    assert_eq!(asked().await, 401);
    site.world.check_invariants().await;
}
