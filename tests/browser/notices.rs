//! Who is told of what, as an administrator sets it, and how somebody wants to be told.
use super::Site;

#[tokio::test]
async fn an_administrator_sees_how_many_are_told_before_saving() {
    let Some(site) = Site::start().await else { return };
    let grace = site.person("grace").await;
    site.world.people(["bob", "eve"]).await;
    site.world.active("grace", "Global Administrator").await;
    site.world.active("bob", "Global Administrator").await;
    site.world.role("Backup Operator", |_| ()).await;
    site.world.mark_privileged("Backup Operator", false).await;
    let browser = site.browser_of(&grace).await;
    browser.visit("/roles").await;
    browser.press("Backup Operator").await;
    browser.press("Settings").await;
    browser.press("Change settings").await;
    browser.press("Access for a while").await;
    browser.sees("As shipped: not told").await;
    browser.look("notices-1-matrix").await;
    browser.show_as(360, "light").await;
    browser.select("told:activated.administrators", "Told").await;
    browser.fill("others:activated.administrators", "soc@example.org").await;
    browser.fill("reason", "The watch wants to know.").await;
    browser.press("Review").await;
    browser.sees("Access has begun, administrators: tells 2 people, and 1 more address").await;
    browser.look("notices-2-review").await;
    browser.press("Save version 2").await;
    browser.sees("The settings are saved as a new version.").await;
    browser.sees("+soc@example.org").await;
    site.world.check_invariants().await;
}

#[tokio::test]
async fn an_address_beside_a_rule_that_ships_tells_nobody_else() {
    let Some(site) = Site::start().await else { return };
    let grace = site.person("grace").await;
    site.world.active("grace", "Global Administrator").await;
    site.world.role("Backup Operator", |_| ()).await;
    site.world.mark_privileged("Backup Operator", false).await;
    let browser = site.browser_of(&grace).await;
    browser.visit("/roles").await;
    browser.press("Backup Operator").await;
    browser.press("Settings").await;
    browser.press("Change settings").await;
    browser.press("Access for a while").await;
    browser.fill("others:activated.administrators", "soc@example.org").await;
    browser.fill("reason", "The watch wants to know.").await;
    browser.press("Review").await;
    browser.press("Save version 2").await;
    browser.sees("+soc@example.org").await;
    let off = "select count(*) from role_settings
         where notices -> 'activated.administrators' ->> 'default_recipients' = 'false'";
    assert_eq!(site.world.count(off).await, 1);
}

#[tokio::test]
async fn somebody_chooses_what_comes_when() {
    let Some(site) = Site::start().await else { return };
    let grace = site.person("grace").await;
    let browser = site.browser_of(&grace).await;
    browser.show_as(360, "light").await;
    browser.visit("/account").await;
    browser.press("Choose").await;
    browser.sees("Quiet hours").await;
    browser.fill("quiet_from", "20:00").await;
    browser.press("Save").await;
    browser.sees("Write both, or leave both empty.").await;
    browser.fill("quiet_to", "07:30").await;
    browser.select("way:ended", "In the daily summary").await;
    browser.look("notices-3-mine").await;
    browser.press("Save").await;
    browser.sees("You are told as you have chosen.").await;
    let chosen = "select count(*) from notice_preferences where quiet_to = '07:30' and ways ->> 'ended' = 'daily'";
    assert_eq!(site.world.count(chosen).await, 1);
    site.world.check_invariants().await;
}
