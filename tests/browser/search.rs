//! Finding something by a part of its name, from every page.
use latchkey::domain::id::ScopeId;

use super::Site;

#[tokio::test]
async fn whatever_has_a_name_is_found_from_every_page() {
    let Some(site) = Site::start().await else { return };
    let world = &site.world;
    let (grace, ada) = (site.person("grace").await, site.person("ada").await);
    world.active("grace", "Global Administrator").await;
    world.people(["Chloé Ledger", "bob"]).await;
    world.role("Ledger Operator", |_| ()).await;
    world.group("Ledger crew", &["bob"]).await;
    let finance = world.scope("Finance", ScopeId::ROOT, "folder").await;
    world.scope("Ledger", finance, "system").await;
    for number in 1..9 {
        world.person(&format!("Quentin Quay {number}")).await;
    }
    let browser = site.browser_of(&grace).await;

    browser.visit("/audit").await;
    browser.fill("q", "ledger\n").await;
    browser.sees("Ledger crew").await;
    browser.sees("Chloé Ledger").await;
    browser.sees("Ledger Operator").await;
    browser.sees("Finance").await;
    browser.look("search-1-found").await;
    browser.press("Chloé Ledger").await;
    browser.sees("This person holds no role right now").await;

    browser.fill("q", "quay\n").await;
    browser.press("All people found").await;
    browser.sees("Quentin Quay 8").await;
    browser.fill("q", "nothing of the sort\n").await;
    browser.sees("Nothing found").await;

    let hers = site.browser_of(&ada).await;
    hers.visit("/search?q=ledger").await;
    hers.sees("Nothing found").await;
    world.check_invariants().await;
}
