//! Looking at what somebody can do at most, and shutting them out.
use latchkey::domain::{id::ScopeId, time::Duration};

use crate::support::approved_by;

use super::Site;

#[tokio::test]
async fn an_administrator_sees_what_somebody_can_do_at_most_and_shuts_them_out() {
    let Some(site) = Site::start().await else { return };
    let world = &site.world;
    let (grace, ada) = (site.person("grace").await, site.person("ada").await);
    world.people(["bob", "eve"]).await;
    world.active("grace", "Global Administrator").await;
    for role in ["Database Operator", "Backup Operator", "Release Manager"] {
        world.role(role, |_| ()).await;
    }
    let approvers = [world.principal("bob"), world.principal("eve")];
    world
        .settings("Release Manager", |terms| {
            terms.activation.requires_approval = true;
            terms.activation.stages = approved_by(approvers);
        })
        .await;
    let finance = world.scope("Finance", ScopeId::ROOT, "folder").await;
    world.group("Night crew", &["ada"]).await;
    world.group("Guests", &[]).await;
    world.give("active", "Night crew", "Database Operator", finance).await;
    world.give("eligible", "ada", "Member", world.scope_id("Guests")).await;
    world.give("eligible", "Guests", "Release Manager", ScopeId::ROOT).await;
    world.eligible("ada", "Backup Operator").await;
    world.give("eligible", "ada", "Privileged Role Administrator", finance).await;
    world.activate("ada", "Backup Operator", Duration::hours(1)).await.unwrap();
    let browser = site.browser_of(&grace).await;
    let hers = site.browser_of(&ada).await;

    browser.visit("/people").await;
    browser.press("ada").await;
    browser.sees("Through Night crew").await;
    browser.sees("With an approval").await;
    browser.sees("may join Guests").await;
    browser.sees("may activate Release Manager, which somebody else must approve").await;
    browser.sees("Only if somebody else gives it").await;
    browser.look("extent-1-person").await;

    browser.press("End all access").await;
    browser.fill("justification", "Her laptop was stolen.").await;
    browser.press("End access now").await;
    browser.sees("All access of this account has ended").await;
    assert!(!world.holds("ada", "Backup Operator").await);
    hers.visit("/").await;
    hers.sees("Sign in").await;

    browser.press("Require new factors").await;
    browser.fill("justification", "Her phone as well.").await;
    browser.press("Take them away now").await;
    browser.sees("A new link for ada").await;
    browser.press("Go to ada").await;
    browser.sees("New factors needed").await;
    world.check_invariants().await;
}
