//! Roles of the organisation's own: made, held for a while, changed and retired in the browser.
use latchkey::{
    domain::{
        permission::Permissions,
        role::{Definition, ScopeKind},
        text::Description,
    },
    service::role::{self, RoleChange},
};

use super::Site;
use crate::support::{done, reason};

#[tokio::test]
async fn an_administrator_role_of_ones_own_is_made_activated_changed_and_retired() {
    let Some(site) = Site::start().await else { return };
    let (grace, ada) = (site.person("grace").await, site.person("ada").await);
    site.world.active("grace", "Global Administrator").await;
    let browser = site.browser_of(&grace).await;
    browser.visit("/roles").await;
    browser.press("New role").await;
    browser.fill("name", "Help desk").await;
    browser.choose("Privileged").await;
    browser.press("What it allows in Latchkey").await;
    browser.sees("Leave all empty for a role outside Latchkey").await;
    browser.choose("See people").await;
    browser.choose("Look after people who can reach no privileged role").await;
    browser.look("roles-1-new").await;
    browser.press("Make the role").await;
    browser.sees("can change something in Latchkey: mark it as privileged").await;
    browser.look("roles-2-mistake").await;
    browser.choose("Look after people who can reach no privileged role").await;
    browser.press("Make the role").await;
    browser.sees("The role is made.").await;

    browser.press("Add assignment").await;
    browser.choose("ada").await;
    browser.choose("Without end").await;
    browser.fill("justification", "She answers the telephone.").await;
    browser.press("Assign").await;
    browser.sees("The role is assigned").await;

    let hers = site.browser_of(&ada).await;
    hers.visit("/").await;
    hers.does_not_see("People").await;
    hers.press("Activate Help desk").await;
    hers.fill("justification", "Somebody is locked out.").await;
    hers.press_within("form", "Activate").await;
    hers.sees("It is active now").await;
    hers.press("People").await;
    hers.sees("grace").await;

    browser.visit("/roles").await;
    browser.press("Help desk").await;
    browser.press("What it allows in Latchkey").await;
    browser.look("roles-3-role").await;
    browser.press("Change role").await;
    assert_eq!(browser.written_in("name").await, "Help desk");
    browser.choose("Read and export the audit log").await;
    browser.fill("justification", "They look into complaints.").await;
    browser.look("roles-4-change").await;
    browser.press("Save the role").await;
    browser.sees("The role is changed").await;
    hers.visit("/").await;
    hers.press("Audit").await;
    hers.sees("Help desk").await;

    browser.press("Retire").await;
    browser.sees("assignments and activations end at once").await;
    browser.look("roles-5-retire").await;
    browser.fill("justification", "The desk is closed.").await;
    browser.press("Retire it now").await;
    browser.sees("The role is retired, and nobody holds it any more.").await;
    browser.does_not_see("Change role").await;
    browser.does_not_see("Add assignment").await;
    browser.look("roles-6-retired").await;
    hers.visit("/").await;
    hers.sees("You hold nothing right now").await;
    hers.does_not_see("People").await;
    site.world.check_invariants().await;
}

#[tokio::test]
async fn a_wider_role_of_ones_own_waits_and_nobody_writes_over_what_they_have_not_seen() {
    let Some(site) = Site::start().await else { return };
    let world = &site.world;
    let ada = site.person("ada").await;
    world.person("root").await;
    world.active("root", "Global Administrator").await;
    world.active("ada", "Privileged Role Administrator").await;
    let id = world.role("Night Watch", |_| ()).await;
    world.eligible("ada", "Night Watch").await;
    let browser = site.browser_of(&ada).await;
    browser.visit(&format!("/roles/{id}/change")).await;
    let to = Definition {
        name: "Night Guard".parse().unwrap(),
        description: Description::default(),
        privileged: true,
        scope_kinds: ScopeKind::USUAL.to_vec(),
        permissions: Permissions::default(),
    };
    let wanted = RoleChange { role: id, to, reason: reason() };
    done(role::change(&world.app, &world.actor("root").await, &wanted).await).unwrap();
    browser.press("What it allows in Latchkey").await;
    browser.choose("See people").await;
    browser.fill("justification", "To know whom to call.").await;
    browser.press("Save the role").await;
    browser.sees("Somebody else has changed this role meanwhile").await;

    browser.visit(&format!("/roles/{id}/change")).await;
    assert_eq!(browser.written_in("name").await, "Night Guard");
    browser.press("What it allows in Latchkey").await;
    browser.choose("See people").await;
    browser.fill("justification", "To know whom to call.").await;
    browser.press("Save the role").await;
    browser.sees("it waits for a second administrator").await;
    browser.sees("Allows in Latchkey").await;
    browser.sees("See people").await;
    world.check_invariants().await;
}
