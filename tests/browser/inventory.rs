//! From a file of what is held today to access that is there only when it is needed.
use super::Site;

#[tokio::test]
async fn todays_access_comes_from_a_file_and_becomes_eligibility() {
    let Some(mut site) = Site::start().await else { return };
    let (ada, grace) = (site.person("ada").await, site.person("grace").await);
    site.world.active("grace", "Global Administrator").await;
    site.world.role("Database Operator", |_| ()).await;
    let browser = site.browser_of(&grace).await;

    browser.visit("/inventory").await;
    browser.press("Imports").await;
    browser.press("Import a file").await;
    browser.look("inventory-1-file").await;
    let file = "Login;Function;Colour\nada;Database Operator;blue\nnobody;Database Operator;red\n";
    browser.fill("text", file).await;
    browser.press("Go on to the columns").await;
    browser.sees("Choose the column with the role").await;
    browser.look("inventory-2-columns").await;
    browser.select("role", "Function").await;
    browser.press("Show what would come of it").await;
    browser.sees("1 assignment would be made").await;
    browser.sees("people are invited, not imported").await;
    browser.look("inventory-3-preview").await;
    browser.press("Import 1 assignment").await;
    browser.sees("so nothing was").await;
    browser.choose("Import the good rows, leave out the bad one").await;
    browser.press("Import 1 assignment").await;
    browser.sees("The import is done.").await;
    browser.sees("1 assignment made").await;
    browser.look("inventory-4-imported").await;

    browser.visit("/inventory").await;
    browser.look("inventory-5-standing").await;
    browser.tick("Select ada, Database Operator").await;
    browser.fill("justification", "Needed twice a year.").await;
    browser.press("Make them eligible beside it").await;
    browser.sees("were asked to try it").await;
    browser.sees("Waits for its holder to try it").await;
    browser.look("inventory-6-conversions").await;
    site.mail_to("ada", "Try your eligibility: Database Operator").await;

    let other = site.browser_of(&ada).await;
    other.visit("/").await;
    other.sees("Standing access, always on").await;
    other.press("Try your new eligibility for Database Operator").await;
    other.look("inventory-7-try").await;
    other.fill("justification", "A try").await;
    other.press("Try it").await;
    other.sees("It works.").await;

    browser.visit("/inventory/conversions").await;
    browser.press("Finish").await;
    browser.fill("justification", "It works for ada.").await;
    browser.press("End the standing access").await;
    browser.sees("The standing access has ended.").await;
    browser.visit("/inventory/conversions?view=over").await;
    browser.sees("Standing access ended by grace").await;
    browser.look("inventory-8-over").await;

    other.visit("/").await;
    other.sees("You hold nothing right now.").await;
    other.sees("Database Operator").await;
    site.world.check_invariants().await;
}
