//! Emergencies and their reviews, and what is remarked about requests.
use super::{Lab, rows};

/// Bob's request in an emergency with its review, and what then happens to that.
fn reviewed(closing: &str) -> String {
    format!("{} {} {closing}", rows::emergency().sql(), rows::emergency_review().sql())
}

fn close(what: &str) -> String {
    format!("update emergency_reviews set {what} where request_id = id('new');")
}

const CLOSED: &str = "verdict = 'justified', note = 'It was', reviewer_id = id('eve'), reviewer_person_id = person('eve'), closed_at = instant()";

#[tokio::test]
async fn an_emergency_is_for_now_and_says_why() {
    let lab = Lab::new().await;
    lab.takes(rows::emergency()).await;
    for (column, value) in [("justification", "''"), ("starts_at", "instant() + interval '1 hour'")]
    {
        lab.refuses("requests_emergency", rows::emergency().with(column, value)).await;
    }
}

#[tokio::test]
async fn somebody_else_looks_at_an_emergency_once_and_says_what_they_found() {
    let lab = Lab::new().await;
    lab.takes(reviewed("")).await;
    lab.takes(reviewed(&close(CLOSED))).await;
    let own = CLOSED.replace("'eve'", "'bob'");
    lab.refuses("emergency_reviews_never_ones_own", reviewed(&close(&own))).await;
    let liar = CLOSED.replace("person('eve')", "person('ada')");
    lab.refuses("emergency_reviews_reviewer", reviewed(&close(&liar))).await;
    let half = "verdict = 'justified', note = 'It was'";
    lab.refuses("emergency_reviews_closed_whole", reviewed(&close(half))).await;
    let silent = CLOSED.replace("note = 'It was'", "note = ''");
    lab.refuses("emergency_reviews_note", reviewed(&close(&silent))).await;
    let early = CLOSED.replace("closed_at = instant()", "closed_at = instant() - interval '1 day'");
    lab.refuses("emergency_reviews_run_forward", reviewed(&close(&early))).await;
    let again = format!("{} {}", close(CLOSED), close("note = 'No'"));
    lab.refuses("emergency_reviews_stay_closed", reviewed(&again)).await;
    let other = rows::emergency_review().with("requester_person_id", "person('eve')").sql();
    let other = format!("{} {other}", rows::emergency().sql());
    lab.refuses("emergency_reviews_request", other).await;
    let later = close("due_at = due_at + interval '1 day'");
    lab.refuses_the_owner("emergency_reviews_frozen", reviewed(&later)).await;
    lab.history("emergency_reviews_never_deleted", "delete from emergency_reviews").await;
    // Of a request that was recorded when it was made.
    let unrecorded = rows::emergency_review()
        .with("request_id", "id('granted')")
        .with("requester_person_id", "person('ada')");
    lab.takes(format!("{} select record('request', id('granted'));", unrecorded.sql())).await;
    lab.refuses("emergency_reviews_recorded", unrecorded).await;
}

#[tokio::test]
async fn access_in_an_emergency_takes_terms_that_allow_it_and_a_review() {
    let lab = Lab::new().await;
    let allowing = rows::settings().with("allows_emergency", "true").sql();
    let given = |terms: &str, review: bool, hours: u32| {
        let settings = if terms.is_empty() { "id('operator terms')" } else { "id('new')" };
        let request = rows::emergency().with("settings_id", settings).sql();
        let review = if review { rows::emergency_review().sql() } else { String::new() };
        let access = rows::activation()
            .with("settings_id", settings)
            .with("ends_at", &format!("instant() + interval '{hours} hours'"))
            .sql();
        format!("{terms} {request} {review} {access}")
    };
    lab.takes(given(&allowing, true, 1)).await;
    lab.refuses("assignments_in_emergency", given("", true, 1)).await;
    lab.refuses("assignments_in_emergency_are_reviewed", given(&allowing, false, 1)).await;
    let short = rows::settings()
        .with("allows_emergency", "true")
        .with("emergency_maximum_seconds", "1800")
        .sql();
    lab.refuses("assignments_in_emergency", given(&short, true, 1)).await;
    for seconds in ["240", "330", "86460"] {
        let terms = rows::settings().with("emergency_maximum_seconds", seconds);
        lab.refuses("role_settings_emergency_maximum", terms).await;
    }
}

#[tokio::test]
async fn what_is_remarked_stays_and_is_recorded() {
    let lab = Lab::new().await;
    lab.takes(rows::remark()).await;
    lab.refuses("request_remarks_text", rows::remark().with("text", "''")).await;
    lab.refuses("request_remarks_text", rows::remark().with("kind", "'claim'")).await;
    lab.refuses("request_remarks_text", rows::remark().with("text", "repeat('x', 2001)")).await;
    lab.refuses("request_remarks_author", rows::remark().with("author_person_id", "person('eve')"))
        .await;
    lab.refuses("request_remarks_recorded", rows::remark().unrecorded()).await;
    lab.history("request_remarks_frozen", "delete from request_remarks").await;
    let nudge = |id: &str, author: &str| {
        rows::remark()
            .with("id", id)
            .with("kind", "'nudge'")
            .with("text", "''")
            .with("author_id", &format!("id('{author}')"))
            .with("author_person_id", &format!("person('{author}')"))
    };
    lab.takes(nudge("id('new')", "ada")).await;
    let once = "request_remarks_nudge_once_an_hour";
    lab.refuses(once, nudge("id('new')", "bob")).await;
    let twice =
        format!("{} {}", nudge("id('new')", "ada").sql(), nudge("id('second')", "ada").sql());
    lab.refuses(once, twice).await;
}
