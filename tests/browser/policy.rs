//! Policy files, as an administrator pastes, looks at and applies them.
use super::{Site, window::Browser};

async fn site() -> Option<(Site, Browser)> {
    let site = Site::start().await?;
    let grace = site.person("grace").await;
    site.world.people(["ada", "bob"]).await;
    site.world.active("grace", "Global Administrator").await;
    site.world.role("Database Operator", |_| ()).await;
    let browser = site.browser_of(&grace).await;
    Some((site, browser))
}

#[tokio::test]
async fn an_administrator_looks_at_a_plan_and_applies_it() {
    let Some((site, browser)) = site().await else { return };
    browser.visit("/policy").await;
    browser.sees("Nothing was ever applied from files.").await;
    browser.press("scopes.toml").await;
    browser.fill("scopes", "[[scope]]\npath = \"Production\"\nkind = \"fold\"\n").await;
    browser.press("Show the plan").await;
    browser.sees("scopes.toml, line 3, kind: write folder, system or resource").await;
    browser.press("scopes.toml").await;
    browser.fill("scopes", "[[scope]]\npath = \"Production\"\nkind = \"folder\"\n").await;
    browser.press("Show the plan").await;
    browser.sees("Create scope Production").await;
    browser.look("policy-1-plan").await;
    browser.fill("reason", "CHG-12").await;
    browser.press("Apply all of it").await;
    browser.sees("All of it is done").await;
    browser.sees("Everything is still as those files say.").await;
    browser.look("policy-2-applied").await;
    site.world
        .execute("update scopes set name = 'Products', name_folded = 'products' where name = 'Production'")
        .await;
    browser.visit("/policy").await;
    browser.sees("Drift: what there is differs from those files.").await;
    browser.look("policy-3-drift").await;
    site.world.check_invariants().await;
}
