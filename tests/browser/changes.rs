//! Changes that need somebody else's word, and assignments that end.
use latchkey::domain::time::Duration;

use super::{Browser, Site};
use crate::support::credentials::Credentials;

/// Two administrators, each in a browser of their own.
async fn two_administrators() -> Option<(Site, [Credentials; 2], [Browser; 2])> {
    let site = Site::start().await?;
    let people = [site.person("grace").await, site.person("root").await];
    for person in &people {
        site.world.active(&person.name, "Global Administrator").await;
    }
    let browsers = [site.browser_of(&people[0]).await, site.browser_of(&people[1]).await];
    Some((site, people, browsers))
}

#[tokio::test]
async fn an_administrator_weakens_terms_and_a_second_one_agrees() {
    let Some((site, [_, root], [browser, other])) = two_administrators().await else { return };
    site.world
        .role("Database Operator", |terms| terms.activation.requires_justification = true)
        .await;
    browser.visit("/roles").await;
    browser.press("Database Operator").await;
    browser.press("Settings").await;
    browser.press("Change settings").await;
    browser.choose("Ask for a reason").await;
    browser.fill("reason", "Nobody reads them.").await;
    browser.press("Review").await;
    browser.sees("so it waits until a second administrator has agreed").await;
    browser.press("Ask for a second word").await;
    browser.sees("it waits for a second administrator").await;
    browser.sees("grace asks for weaker settings of Database Operator").await;
    browser.does_not_see("Your decision").await;
    browser.look("changes-1-waits").await;
    browser.visit("/requests").await;
    browser.sees("Changes that need another’s word").await;

    other.visit("/approvals").await;
    other.sees("Changes that wait for a second administrator").await;
    other.look("changes-2-approvals").await;
    other.press("grace · weaker settings of Database Operator").await;
    other.sees("Your decision").await;
    other.look("changes-3-decision").await;
    other.fill("reason", "Agreed with the team.").await;
    other.fill("code", &site.world.next_code(&root).await).await;
    other.press("Agree and carry out").await;
    other.sees("You agreed, and it is carried out.").await;
    other.look("changes-4-carried-out").await;
    browser.visit("/roles").await;
    browser.press("Database Operator").await;
    browser.press("Settings").await;
    browser.sees("v2").await;
    browser.sees("Asked for by grace, agreed to by root").await;
    site.world.check_invariants().await;
}

#[tokio::test]
async fn a_holder_asks_for_more_time_and_gets_some_of_it() {
    let Some((site, [grace, _], [browser, _])) = two_administrators().await else { return };
    let ada = site.person("ada").await;
    site.world.role("Database Operator", |_| ()).await;
    site.world.eligible_for("ada", "Database Operator", Duration::days(5)).await;
    let holder = site.browser_of(&ada).await;
    holder.visit("/").await;
    holder.sees("Running out").await;
    holder.look("more-time-1-running-out").await;
    holder.press("Ask to extend Database Operator").await;
    holder.sees("Ask for more time with Database Operator").await;
    holder.fill("reason", "The migration goes on.").await;
    holder.look("more-time-2-ask").await;
    holder.press("Ask for more time").await;
    holder.sees("Your wish waits for a decision.").await;

    browser.visit("/approvals").await;
    browser.sees("Extensions asked for").await;
    browser.press("ada · more time with Database Operator").await;
    let end = site.world.now().await + Duration::days(20);
    let end = end.to_string();
    browser.set("ends_at", end.get(..16).unwrap()).await;
    browser.fill("code", &site.world.next_code(&grace).await).await;
    browser.look("more-time-3-decision").await;
    browser.press("Agree and carry out").await;
    browser.sees("You agreed, and it is carried out.").await;
    browser.sees("until").await;
    holder.visit("/").await;
    holder.does_not_see("Running out").await;
    holder.sees("eligible until").await;
    site.world.check_invariants().await;
}

#[tokio::test]
async fn an_administrator_looks_at_what_ends_and_gives_many_more_time_without_scripts() {
    let Some((site, [grace, _], [browser, _])) = two_administrators().await else { return };
    site.world.role("Database Operator", |_| ()).await;
    for name in ["ada", "bob"] {
        site.world.person(name).await;
        site.world.eligible_for(name, "Database Operator", Duration::days(5)).await;
    }
    let own = site.world.eligible_for("grace", "Database Operator", Duration::days(5)).await;
    browser.without_scripts().await;
    browser.visit("/assignments/expiring").await;
    for name in ["ada", "bob", "grace"] {
        browser.tick(&format!("Select {name}, Database Operator")).await;
    }
    browser.press("Extend").await;
    browser.sees("Nothing has happened yet.").await;
    browser.sees("Nobody lengthens alone what they hold").await;
    browser.fill("more", "60 days").await;
    browser.press("Show what would happen").await;
    browser.sees("Then until").await;
    browser.fill("justification", "The project goes on.").await;
    browser.fill("code", &site.world.next_code(&grace).await).await;
    browser.press("Do it now").await;
    browser.sees("2 of 3 assignments changed").await;
    browser.visit("/assignments/expiring").await;
    browser.does_not_see("bob").await;
    browser.visit(&format!("/assignments/{own}")).await;
    browser.sees("grace").await;
    site.world.check_invariants().await;
}
