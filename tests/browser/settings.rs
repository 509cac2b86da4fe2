//! Terms that inherit, as an administrator sets them.
use latchkey::domain::{id::ScopeId, text::fold};
use uuid::Uuid;

use super::{Browser, Site};
use crate::support::World;

async fn site() -> Option<(Site, Browser)> {
    let site = Site::start().await?;
    let grace = site.person("grace").await;
    site.world.people(["bob", "eve", "ada"]).await;
    site.world.active("grace", "Global Administrator").await;
    site.world.role("Database Operator", |_| ()).await;
    site.world.role("Backup Operator", |_| ()).await;
    site.world.eligible("ada", "Database Operator").await;
    folder(&site.world, "Finance").await;
    let browser = site.browser_of(&grace).await;
    Some((site, browser))
}

/// A folder right below the organisation.
pub async fn folder(world: &World, name: &str) -> ScopeId {
    let id = ScopeId::new();
    let mut transaction = world.owner.begin().await.unwrap();
    sqlx::query(
        "insert into scopes (id, parent_id, kind, name, name_folded, created_at)
         values ($1, $2, 'folder', $3, $4, instant())",
    )
    .bind(id)
    .bind(ScopeId::ROOT)
    .bind(name)
    .bind(fold(name))
    .execute(&mut *transaction)
    .await
    .unwrap();
    sqlx::query(
        "insert into audit_events (id, at, kind, outcome, actor_kind, actor_name, target_id, detail)
         values ($1, instant(), 'scope.created', 'success', 'operator', 'A test', $2, '{}')",
    )
    .bind(Uuid::now_v7())
    .bind(id)
    .execute(&mut *transaction)
    .await
    .unwrap();
    transaction.commit().await.unwrap();
    id
}

#[tokio::test]
async fn what_is_enforced_at_the_organisation_is_locked_in_a_folder() {
    let Some((site, browser)) = site().await else { return };
    // Weaker terms of a privileged role would wait for a second administrator.
    site.world.mark_privileged("Database Operator", false).await;
    browser.visit("/roles").await;
    browser.press("Database Operator").await;
    browser.press("Settings").await;
    browser.sees("Where each comes from").await;
    browser.press("Change settings").await;
    browser.fill("maximum", "3h").await;
    browser.press("Enforce settings below").await;
    browser.press_first("input[name=enforce][value=maximum]").await;
    browser.fill("reason", "Nobody needs more.").await;
    browser.look("inherit-1-enforce").await;
    browser.press("Review").await;
    browser.sees("More is asked for: Longest activation.").await;
    browser.sees("1 eligible person goes by it").await;
    browser.sees("From now on enforced below: Longest activation.").await;
    browser.look("inherit-2-review").await;
    browser.press("Save version 2").await;
    browser.sees("Enforced below").await;
    browser.select("scope", "\u{2003}Finance").await;
    browser.press("Show").await;
    browser.sees("Organisation, version 2, enforced").await;
    browser.sees("No version of its own.").await;
    browser.look("inherit-3-folder").await;
    browser.press("Change settings").await;
    browser.sees("3 h enforced at Organisation").await;
    browser.select("requires_ticket", "Yes").await;
    browser.fill("reason", "Auditors ask for it.").await;
    browser.look("inherit-4-edit").await;
    browser.press("Review").await;
    browser.press("Save version 1").await;
    browser.sees("Set here, version 1").await;
    browser.look("inherit-5-own").await;
    browser.press("Inherit Ticket again").await;
    browser.sees("Ticket: inherit again").await;
    browser.fill("reason", "They changed their minds.").await;
    browser.look("inherit-6-reset").await;
    browser.press("Inherit again").await;
    browser.sees("The settings are saved as a new version.").await;
    browser.does_not_see("Set here").await;
    site.world.check_invariants().await;
}

#[tokio::test]
async fn a_template_is_applied_to_two_roles_after_a_preview() {
    let Some((site, browser)) = site().await else { return };
    browser.visit("/roles").await;
    browser.press("Templates").await;
    browser.sees("Small company baseline").await;
    browser.look("templates-1-list").await;
    browser.press("Strict").await;
    browser.sees("It ships with Latchkey").await;
    browser.look("templates-2-strict").await;
    browser.press("Apply to roles").await;
    browser.choose("Database Operator").await;
    browser.choose("Backup Operator").await;
    browser.choose("bob").await;
    browser.choose("eve").await;
    browser.look("templates-3-apply").await;
    browser.press("Preview").await;
    browser.sees("Nothing is saved yet.").await;
    browser
        .sees("Longer than will be allowed, and not ended by this: ada (eligible at Organisation")
        .await;
    browser.look("templates-4-preview").await;
    browser.fill("reason", "The auditors' advice.").await;
    browser.press("Apply to 2 roles").await;
    browser.sees("Saved as version 2.").await;
    browser.look("templates-5-applied").await;
    browser.press("Backup Operator").await;
    browser.sees("An activation lasts at most 2 h").await;
    browser.sees("Template “Strict”").await;
    browser.press("Make a template of these").await;
    browser.look("templates-6-new").await;
    browser.fill("name", "Ours").await;
    browser.press("Make the template").await;
    browser.sees("The template is saved.").await;
    browser.press("Take out of use").await;
    browser.press("Take out of use now").await;
    browser.sees("The template is out of use.").await;
    site.world.check_invariants().await;
}
