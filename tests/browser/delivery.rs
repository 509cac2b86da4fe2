//! What administrators do about notices that did not arrive.
use super::Site;

#[tokio::test]
async fn an_administrator_finds_what_was_given_up_sends_it_again_and_tries_mail() {
    let Some(mut site) = Site::start().await else { return };
    let grace = site.person("grace").await;
    site.world.active("grace", "Global Administrator").await;
    site.world
        .execute(
            "insert into outbox (
                id, address, subject, body, event, created_at, next_attempt_at, waiting_since, attempts, failures,
                given_up_at, last_error
             )
             select gen_random_uuid(), 'lost@example.org', 'A secret subject', 'x', 'request.pending', at, at, at, 4, 4, at,
                '550 no such person' from instant() as at",
        )
        .await;
    let browser = site.browser_of(&grace).await;
    browser.visit("/deliveries").await;
    browser.sees("lost@example.org").await;
    browser.sees("550 no such person").await;
    browser.does_not_see("A secret subject").await;
    browser.look("delivery-1-given-up").await;
    browser.select("state", "Given up").await;
    browser.press("Show").await;
    browser.sees("lost@example.org").await;
    browser.press("Send again").await;
    browser.sees("It is in line again.").await;
    browser.sees("Nothing here.").await;
    browser.press("Mail me a test").await;
    browser.sees("A test is in line.").await;
    let mail = site.mail_to("grace", "A test from Latchkey").await;
    assert!(mail["body"].as_str().is_some_and(|body| body.contains("/deliveries")), "{mail}");
    site.world.check_invariants().await;
}
