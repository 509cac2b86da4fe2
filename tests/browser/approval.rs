//! Asking somebody, and being asked.
use super::{Site, activation::careful, site::link_in};
use crate::support::credentials::PASSWORD;

#[tokio::test]
async fn an_approver_follows_the_mail_on_a_telephone_and_approves_for_less() {
    let Some(mut site) = Site::start().await else { return };
    let (ada, bob, eve) =
        (site.person("ada").await, site.person("bob").await, site.person("eve").await);
    let approvers = ["bob", "eve"].map(|name| site.world.principal(name));
    site.world
        .role("Database Operator", |settings| {
            careful(settings);
            settings.activation.requires_approval = true;
            settings.activation.approval_requires_justification = true;
            settings.activation.approvers.extend(approvers);
        })
        .await;
    site.world.eligible("ada", "Database Operator").await;

    let browser = site.browser_of(&ada).await;
    browser.visit("/").await;
    browser.press("Activate Database Operator").await;
    browser.sees("It needs approval").await;
    browser.look("approval-1-sheet").await;
    browser.fill("duration", "4h").await;
    browser.fill("justification", "The nightly export hangs.").await;
    browser.fill("code", &site.world.next_code(&ada).await).await;
    browser.press("Ask for approval").await;
    browser.sees("Your request waits for approval.").await;
    browser.look("approval-2-asked").await;

    let mail = site.mail_to("bob", "Approval wanted").await;
    let link = link_in(&mail, &site.url);
    let telephone = site.browser().await;
    telephone.show_as(360, "light").await;
    telephone.visit(&link).await;
    telephone.sees("Sign in").await;
    telephone.fill("user_name", "bob").await;
    telephone.fill("password", PASSWORD).await;
    telephone.press("Continue").await;
    telephone.sees("One more step").await;
    telephone.fill("code", &site.world.next_code(&bob).await).await;
    telephone.press("Sign in").await;
    telephone.sees("Your decision").await;
    assert!(link.ends_with(&telephone.path().await), "one lands where the mail pointed");
    telephone.look("approval-3-decision").await;
    telephone.show_as(360, "light").await;
    telephone.fill("justification", "An hour is enough for that.").await;
    telephone.fill("duration", "1h").await;
    if telephone.evaluate("document.getElementsByName('code').length").await != 0 {
        telephone.fill("code", &site.world.next_code(&bob).await).await;
    }
    telephone.press("Approve").await;
    telephone.sees("You approved the request.").await;
    telephone.look("approval-4-approved").await;

    browser.visit("/").await;
    browser.sees("Active now 1").await;
    let countdown =
        browser.evaluate("document.querySelector('[data-countdown]').textContent").await;
    assert!(countdown.as_str().is_some_and(|left| left.starts_with("59:")), "{countdown}");
    browser.look("approval-5-active").await;

    site.hand(&browser, &eve.signed_in.session).await;
    browser.visit(&link).await;
    browser.sees("bob approved for 1 h").await;
    browser.does_not_see("Your decision").await;
    browser.look("approval-6-decided-by-another").await;
    browser.visit("/approvals").await;
    browser.sees("Nobody waits for you.").await;
    browser.look("approval-7-approvals").await;
    site.world.check_invariants().await;
}
