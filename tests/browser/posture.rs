//! The overview: what an administrator looks at first, and what is done about it.
use latchkey::domain::time::Duration;

use crate::support::approved_by;

use super::Site;

#[tokio::test]
async fn an_administrator_sees_what_hangs_by_one_person_and_mends_it() {
    let Some(site) = Site::start().await else { return };
    let world = &site.world;
    let grace = site.person("grace").await;
    world.people(["ada", "bob", "eve"]).await;
    world.active("grace", "Global Administrator").await;
    let bob = world.principal("bob");
    world
        .role("Release Manager", |terms| {
            terms.activation.requires_approval = true;
            terms.activation.stages = approved_by([bob]);
        })
        .await;
    world.role("Backup Operator", |_| ()).await;
    world.eligible("ada", "Backup Operator").await;
    world.eligible("ada", "Release Manager").await;
    world.activate("ada", "Backup Operator", Duration::hours(1)).await.unwrap();
    world.activate("ada", "Release Manager", Duration::hours(1)).await.unwrap();
    let browser = site.browser_of(&grace).await;

    browser.visit("/").await;
    browser.press("Overview").await;
    browser.sees("Nobody is ready for an emergency").await;
    browser.sees("The approval of Release Manager hangs by one person").await;
    browser.sees("Backup Operator").await;
    browser.look("posture-1-problems").await;
    browser.press("Name approvers: The approval of Release Manager hangs by one person").await;
    browser.sees("Saving makes version").await;

    browser.visit(&format!("/people/{bob}")).await;
    browser.press("Disable").await;
    browser.fill("justification", "He leaves.").await;
    browser.press("Disable now").await;
    browser.sees("this would leave nobody who can approve Release Manager").await;

    browser.visit("/overview").await;
    browser.press("Invite an emergency account: Nobody is ready for an emergency").await;
    browser.sees("Emergency account").await;
    browser.visit("/overview/holders").await;
    browser.sees("Global Administrator").await;
    browser.press("Active now").await;
    browser.sees("Backup Operator").await;
    world.check_invariants().await;
}
