//! What administrators do.
use super::{Browser, Site};

async fn site_of_an_administrator() -> Option<(Site, Browser)> {
    let site = Site::start().await?;
    let grace = site.person("grace").await;
    site.world.active("grace", "Global Administrator").await;
    site.world.role("Database Operator", |_| ()).await;
    let browser = site.browser_of(&grace).await;
    Some((site, browser))
}

#[tokio::test]
async fn an_administrator_changes_the_terms_of_a_role_and_reads_what_changed() {
    let Some((site, browser)) = site_of_an_administrator().await else { return };
    browser.visit("/roles").await;
    browser.look("settings-1-roles").await;
    browser.press("Database Operator").await;
    browser.press("Settings").await;
    browser.sees("An activation lasts at most 8 h").await;
    browser.look("settings-2-settings").await;
    browser.press("Change settings").await;
    browser.look("settings-3-change").await;
    browser.fill("maximum", "2h").await;
    browser.choose("Ask for a reason").await;
    browser.fill("reason", "Four hours were never needed.").await;
    browser.press("Review").await;
    browser.sees("Nothing is saved yet.").await;
    browser.sees("More is asked for: Longest activation, Reason.").await;
    browser.look("settings-3-review").await;
    browser.press("Back").await;
    browser.sees("What was asked for earlier is judged").await;
    assert_eq!(browser.written_in("maximum").await, "2h");
    assert_eq!(browser.written_in("reason").await, "Four hours were never needed.");
    browser.press("Review").await;
    browser.sees("More is asked for: Longest activation, Reason.").await;
    browser.press("Save version 2").await;
    browser.sees("The settings are saved as a new version.").await;
    browser.sees("An activation lasts at most 2 h").await;
    browser.sees("Whoever activates gives a reason.").await;
    browser.sees("Longest activation").await;
    browser.look("settings-4-history").await;
    browser.press("Activity").await;
    browser.sees("changed the settings of Database Operator").await;
    browser.sees("Four hours were never needed.").await;
    site.world.check_invariants().await;
}

#[tokio::test]
async fn an_administrator_assigns_a_role_to_two_people_converts_one_and_takes_one_away() {
    let Some((site, browser)) = site_of_an_administrator().await else { return };
    site.world.people(["ada", "bob"]).await;
    browser.visit("/roles").await;
    browser.press("Database Operator").await;
    browser.sees("Nobody is eligible.").await;
    browser.press("Add assignment").await;
    browser.look("assignments-1-assign").await;
    browser.choose("ada").await;
    browser.choose("bob").await;
    browser.choose("Without end").await;
    browser.fill("justification", "They look after the databases.").await;
    browser.press("Assign").await;
    browser.sees("The role is assigned.").await;
    browser.sees("Eligible 2").await;
    browser.look("assignments-2-eligible").await;
    browser.press("ada").await;
    browser.look("assignments-3-change").await;
    browser.fill("justification", "On call this month.").await;
    browser.press("Make active").await;
    browser.press("Convert now").await;
    browser.sees("The assignment is converted.").await;
    browser.look("assignments-4-converted").await;
    browser.fill("justification", "The month is over.").await;
    browser.press("Make eligible").await;
    browser.press("Convert now").await;
    browser.sees("The assignment is converted.").await;
    browser.sees("Make active").await;
    browser.visit("/roles").await;
    browser.press("Database Operator").await;
    browser.press("bob").await;
    browser.fill("justification", "Moved to another team.").await;
    browser.press("Take away").await;
    browser.sees("can no longer activate Database Operator").await;
    browser.press("Take away now").await;
    browser.sees("The assignment is removed").await;
    browser.look("assignments-5-removed").await;
    site.world.check_invariants().await;
}

#[tokio::test]
async fn a_person_who_is_disabled_is_signed_out() {
    let Some((site, browser)) = site_of_an_administrator().await else { return };
    let ada = site.person("ada").await;
    let other = site.browser_of(&ada).await;
    other.visit("/").await;
    other.sees("You hold nothing right now.").await;
    browser.visit("/people").await;
    browser.look("people-1-people").await;
    browser.press("ada").await;
    browser.look("people-2-person").await;
    browser.press("Disable").await;
    browser.fill("justification", "Left the company.").await;
    browser.press("Disable now").await;
    browser.sees("The account is disabled and all its access has ended.").await;
    browser.look("people-3-disabled").await;
    other.visit("/").await;
    other.sees("Sign in").await;
    assert_eq!(other.path().await, "/sign-in");
    site.world.check_invariants().await;
}
