//! An application: registered by an administrator, looked after by its owner.
use serde_json::{Value, json};

use super::Site;

#[tokio::test]
async fn an_application_is_registered_signs_in_and_is_locked_out() {
    let Some(site) = Site::start().await else { return };
    let world = &site.world;
    let (grace, olga) = (site.person("grace").await, site.person("olga").await);
    world.active("grace", "Global Administrator").await;
    world.role("Database Operator", |_| ()).await;
    let browser = site.browser_of(&grace).await;

    browser.visit("/applications").await;
    browser.sees("No application yet.").await;
    browser.look("application-1-none").await;
    browser.press("Register application").await;
    browser.fill("name", "Night Backup").await;
    browser.fill("description", "Copies every database at night.").await;
    browser.choose("olga").await;
    browser.look("application-2-register").await;
    browser.press_within("form", "Register").await;
    browser.sees("The application is registered.").await;
    browser.look("application-3-registered").await;
    let application = browser.path().await.rsplit('/').next().expect("it has a path").to_owned();

    browser.visit("/roles").await;
    browser.press("Database Operator").await;
    browser.press("Add assignment").await;
    browser.choose("Night Backup").await;
    browser.choose("Without end").await;
    browser.fill("justification", "It runs every night.").await;
    browser.press("Assign").await;
    browser.sees("it can't be eligible").await;
    browser.choose("Holds it the whole time.").await;
    browser.press("Assign").await;
    browser.sees("The role is assigned.").await;

    // Its owner has no right but this one.
    site.hand(&browser, &olga.signed_in.session).await;
    browser.visit("/").await;
    browser.press("Applications").await;
    browser.press("Night Backup").await;
    browser.sees("Database Operator").await;
    browser.sees("It has no way to sign in yet.").await;
    browser.does_not_see("Give it a role").await;
    browser.press("New secret").await;
    browser.fill("name", "backup-host").await;
    browser.fill("code", &world.next_code(&olga).await).await;
    browser.press("Make the secret").await;
    browser.sees("It is not shown again.").await;
    browser.look("application-4-secret").await;
    let secret = browser.shown_in("secret").await;

    let token = token(&site.url, &application, &secret).await.expect("the secret is right");
    let question = json!({ "role": world.role_id("Database Operator") });
    assert_eq!(check(&site.url, &token, &question).await, (200, json!(true)));

    browser.press("Back to Night Backup").await;
    browser.sees("used just now").await;
    browser.sees("signed in").await;
    browser.look("application-5-used").await;
    browser.press("Revoke").await;
    browser.press("Revoke now").await;
    browser.sees("It no longer works").await;
    browser.look("application-6-revoked").await;
    assert_eq!(check(&site.url, &token, &question).await.0, 401);
    assert_eq!(super::application::token(&site.url, &application, &secret).await, None);
    world.check_invariants().await;
}

/// A token by real HTTP, if there is one to be had.
async fn token(url: &str, application: &str, secret: &str) -> Option<String> {
    let asked = reqwest::Client::new()
        .post(format!("{url}/oauth/token"))
        .basic_auth(application, Some(secret))
        .form(&[("grant_type", "client_credentials")])
        .send()
        .await
        .expect("it answers");
    let told: Value = asked.json().await.expect("it answers in JSON");
    told["access_token"].as_str().map(str::to_owned)
}

/// Asks whether the bearer of a token holds a role.
async fn check(url: &str, token: &str, question: &Value) -> (u16, Value) {
    let asked = reqwest::Client::new()
        .post(format!("{url}/api/v1/access/check"))
        .bearer_auth(token)
        .json(&json!({ "checks": [question] }))
        .send()
        .await
        .expect("it answers");
    let status = asked.status().as_u16();
    let told: Value = asked.json().await.unwrap_or_default();
    (status, told["answers"][0]["allowed"].clone())
}
