//! Asking somebody, and being asked.
use super::{Site, activation::careful, site::link_in};
use crate::support::{approved_by, credentials::PASSWORD};
use latchkey::domain::{settings::Authentication, time::Duration};

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
            settings.activation.stages = approved_by(approvers);
            settings.activation.stages[0].requires_justification = true;
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

    let mail = site.mail_to("bob", "Approve?").await;
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
    let back = site.mail_to("ada", "Approved").await;
    assert!(back["body"].to_string().contains("An hour is enough for that."), "{back}");

    browser.visit("/").await;
    browser.sees("Active now 1").await;
    let countdown =
        browser.evaluate("document.querySelector('[data-countdown]').textContent").await;
    let left = countdown.as_str().unwrap_or_default();
    assert!(left == "1:00:00" || left.starts_with("59:"), "{countdown}");
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

#[tokio::test]
async fn who_is_signed_in_on_a_telephone_decides_with_two_taps() {
    let Some(mut site) = Site::start().await else { return };
    let (_, bob, mallory) =
        (site.person("ada").await, site.person("bob").await, site.person("mallory").await);
    site.person("eve").await;
    let approvers = ["bob", "eve"].map(|name| site.world.principal(name));
    site.world
        .role("Database Operator", |settings| {
            settings.activation.requires_approval = true;
            settings.activation.stages = approved_by(approvers);
            settings.activation.stages[0].authentication = Authentication::None;
        })
        .await;
    site.world.eligible("ada", "Database Operator").await;
    site.world.activate("ada", "Database Operator", Duration::hours(1)).await.unwrap();

    // The first tap opens the mail's link; the second decides, without scrolling.
    let link = link_in(&site.mail_to("bob", "Approve?").await, &site.url);
    let telephone = site.browser_of(&bob).await;
    telephone.show_as(360, "dark").await;
    telephone.visit(&link).await;
    telephone.sees("Your decision").await;
    let approve = "document.querySelector('button[value=approve]').getBoundingClientRect().bottom";
    let (bottom, height) =
        (telephone.evaluate(approve).await, telephone.evaluate("window.innerHeight").await);
    assert!(bottom.as_f64() <= height.as_f64(), "{bottom} of {height}");

    // Whoever the mail was forwarded to learns nothing.
    let forwarded = site.browser_of(&mallory).await;
    forwarded.visit(&link).await;
    forwarded.sees("This is not yours to see").await;
    forwarded.does_not_see("Database Operator").await;
    forwarded.look("approval-8-forwarded").await;

    telephone.press("Approve").await;
    telephone.sees("You approved the request.").await;
    let usable = site.mail_to("ada", "Approved").await;
    assert!(usable["subject"].to_string().contains("Database Operator"), "{usable}");
    site.world.check_invariants().await;
}
