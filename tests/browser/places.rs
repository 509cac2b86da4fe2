//! A tree of places and groups, looked after in the browser: built, delegated, activated in a part of it, moved, retired.
use latchkey::domain::id::ScopeId;

use super::{Site, activation::careful};

#[tokio::test]
async fn a_tree_is_built_and_a_role_is_activated_in_a_part_of_it_only() {
    let Some(site) = Site::start().await else { return };
    let (grace, ada) = (site.person("grace").await, site.person("ada").await);
    site.world.active("grace", "Global Administrator").await;
    site.world.role("Database Operator", |_| ()).await;
    let browser = site.browser_of(&grace).await;

    browser.visit("/").await;
    browser.press("Resources").await;
    browser.sees("Nothing lies in it").await;
    for (what, name) in [("Folder", "Finance"), ("Folder", "Sales")] {
        browser.press("Add something in it").await;
        browser.select("kind", what).await;
        browser.fill("name", name).await;
        browser.press_within("main", "Add").await;
        browser.sees("It is there now").await;
    }
    browser.press("Finance").await;
    browser.press("Add something in it").await;
    browser.select("kind", "System").await;
    browser.fill("name", "Ledger").await;
    browser.press_within("main", "Add").await;
    browser.sees("It is there now").await;
    browser.look("places-1-folder").await;

    browser.press("Assign a role here").await;
    browser.sees("Assign a role at Finance").await;
    browser.press("Database Operator").await;
    browser.choose("ada").await;
    browser.choose("Without end").await;
    browser.fill("justification", "Looks after the books.").await;
    browser.press("Assign").await;
    browser.sees("The role is assigned").await;
    browser.sees("Finance").await;

    let hers = site.browser_of(&ada).await;
    hers.visit("/").await;
    hers.press("Activate").await;
    hers.select("at", "Only Finance / Ledger").await;
    hers.fill("justification", "Close the year.").await;
    hers.look("places-2-activate").await;
    hers.press_within("form", "Activate").await;
    hers.sees("It is active now").await;
    hers.sees("Ledger").await;
    assert!(!site.world.holds("ada", "Database Operator").await);
    site.world.check_invariants().await;
}

#[tokio::test]
async fn who_looks_after_a_folder_moves_and_retires_what_is_in_it_after_seeing_what_that_does() {
    let Some(site) = Site::start().await else { return };
    let world = &site.world;
    let fin = site.person("fin").await;
    world.people(["ada", "bob", "root"]).await;
    world.active("root", "Global Administrator").await;
    world.role("Database Operator", careful).await;
    let finance = world.scope("Finance", ScopeId::ROOT, "folder").await;
    let north = world.scope("North", finance, "folder").await;
    let south = world.scope("South", finance, "folder").await;
    world.scope("Ledger", north, "system").await;
    world.scope("Elsewhere", ScopeId::ROOT, "folder").await;
    world.give("active", "fin", "Privileged Role Administrator", finance).await;
    world.give("eligible", "ada", "Database Operator", north).await;
    world.give("eligible", "bob", "Database Operator", south).await;
    let browser = site.browser_of(&fin).await;

    browser.visit("/resources").await;
    browser.sees("Finance").await;
    browser.does_not_see("Elsewhere").await;
    browser.press("North").await;
    browser.press("Ledger").await;
    browser.press("Move").await;
    browser.does_not_see("Elsewhere").await;
    browser.select("to", "Finance / South").await;
    browser.press("Show what that does").await;
    browser.sees("These count here from then on").await;
    browser.sees("bob").await;
    browser.look("places-3-move").await;
    browser.fill("justification", "It belongs to the south.").await;
    browser.press("Move it there").await;
    browser.sees("It lies there now").await;

    browser.visit(&format!("/resources/{south}")).await;
    browser.press("Retire").await;
    browser.sees("These lose their roles there").await;
    browser.look("places-4-retire").await;
    browser.fill("justification", "The south is closed.").await;
    browser.press("Retire it now").await;
    browser.sees("It is retired").await;
    browser.does_not_see("South").await;
    world.check_invariants().await;
}

#[tokio::test]
async fn a_group_gets_a_role_and_each_member_activates_it() {
    let Some(site) = Site::start().await else { return };
    let world = &site.world;
    let (grace, ada) = (site.person("grace").await, site.person("ada").await);
    world.active("grace", "Global Administrator").await;
    world.person("bob").await;
    world.role("Database Operator", |_| ()).await;
    world.group("Crew", &["bob"]).await;
    let browser = site.browser_of(&grace).await;

    browser.visit("/groups").await;
    browser.fill("name", "Operators").await;
    browser.press("Make the group").await;
    browser.sees("The group is made").await;
    browser.choose("ada").await;
    browser.choose("Crew").await;
    browser.fill("justification", "On call this month.").await;
    browser.press_within("main", "Add").await;
    browser.sees("They belong to the group now").await;
    browser.visit(&format!("/roles/{}/assignments/new", world.role_id("Database Operator"))).await;
    browser.choose("Operators").await;
    browser.choose("Without end").await;
    browser.fill("justification", "They run it.").await;
    browser.press("Assign").await;
    browser.sees("The role is assigned").await;
    browser.visit("/groups").await;
    browser.press("Operators").await;
    browser.sees("Protected").await;
    browser.sees("Database Operator").await;
    browser.look("places-5-group").await;

    let hers = site.browser_of(&ada).await;
    hers.visit("/").await;
    hers.press("Activate").await;
    hers.press_within("form", "Activate").await;
    hers.sees("It is active now").await;

    world.check_invariants().await;
}
