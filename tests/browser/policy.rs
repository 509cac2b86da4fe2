//! Policy files, as an administrator pastes, looks at and applies them.
use latchkey::{
    domain::{id::ScopeId, text::Description},
    service::scope,
};

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

async fn rename_production(site: &Site) {
    let world = &site.world;
    let id: ScopeId = sqlx::query_scalar("select id from scopes where name = 'Production'")
        .fetch_one(&world.owner)
        .await
        .unwrap();
    let (grace, name) = (world.actor("grace").await, "Products".parse().unwrap());
    scope::rename(&world.app, &grace, id, &name, &Description::default()).await.unwrap();
}

#[tokio::test]
async fn an_administrator_looks_at_a_plan_and_applies_it() {
    let Some((site, browser)) = site().await else { return };
    browser.visit("/policy").await;
    browser.sees("Nothing was ever applied from files.").await;
    browser.press("Write scopes.toml").await;
    browser.fill("scopes", "[[scope]]\npath = \"Production\"\nkind = \"fold\"\n").await;
    browser.press("Show the plan").await;
    browser.sees("scopes.toml, line 3, kind: write folder, system or resource").await;
    browser.fill("scopes", "[[scope]]\npath = \"Production\"\nkind = \"folder\"\n").await;
    browser.press("Show the plan").await;
    browser.sees("Create scope Production").await;
    browser.look("policy-1-plan").await;
    browser.fill("reason", "CHG-12").await;
    browser.press("Apply all of it").await;
    browser.sees("All of it is done").await;
    browser.sees("Everything is still as those files say.").await;
    browser.look("policy-2-applied").await;
    rename_production(&site).await;
    browser.visit("/policy").await;
    browser.sees("Drift: what there is differs from those files.").await;
    browser.look("policy-3-drift").await;
    site.world.check_invariants().await;
}

#[tokio::test]
async fn what_makes_settings_weaker_waits_for_a_second_administrator() {
    let Some((site, browser)) = site().await else { return };
    site.world.active("ada", "Global Administrator").await;
    browser.visit("/policy").await;
    browser.press("Write settings.toml").await;
    let weaker = "[[settings]]\nrole = \"Database Operator\"\nscope = \"/\"\nmaximum = \"24h\"\n";
    browser.fill("settings", weaker).await;
    browser.press("Show the plan").await;
    browser.sees("Change settings of Database Operator at /").await;
    browser.sees("all of it waits until a second administrator agrees").await;
    browser.look("policy-4-weaker").await;
    browser.fill("reason", "CHG-13").await;
    browser.press("Ask for all of it").await;
    browser.sees("grace asks for policy files").await;
    browser.sees("Change settings of Database Operator at / (weaker)").await;
    browser.look("policy-5-waits").await;
    site.world.check_invariants().await;
}
