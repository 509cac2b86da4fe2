//! How people are told, and what waits to be told.
use super::{Lab, rows};

#[tokio::test]
async fn choices_are_whole_recorded_and_stay() {
    let lab = Lab::new().await;
    let row = || rows::preferences();
    lab.takes(row()).await;
    lab.refuses("notice_preferences_recorded", row().unrecorded()).await;
    lab.refuses("notice_preferences_ways_are_named", row().with("ways", "'[]'")).await;
    lab.refuses("notice_preferences_quiet_whole", row().with("quiet_from", "'20:00'")).await;
    let both = row().with("quiet_from", "'20:00'");
    lab.takes(both.clone().with("quiet_to", "'07:00'")).await;
    lab.refuses("notice_preferences_quiet_ends", both.with("quiet_to", "'20:00'")).await;
    lab.history("notice_preferences_never_deleted", "delete from notice_preferences").await;
}

#[tokio::test]
async fn what_waits_for_a_summary_says_what_and_where() {
    let lab = Lab::new().await;
    let row = || rows::gathered();
    lab.takes(row()).await;
    lab.refuses("gathered_notices_occasion_is_a_name", row().with("occasion", "'Ended!'")).await;
    for line in ["''", "repeat('x', 401)"] {
        lab.refuses("gathered_notices_line_length", row().with("line", line)).await;
    }
    for link in ["''", "repeat('x', 2001)"] {
        lab.refuses("gathered_notices_link_length", row().with("link", link)).await;
    }
    lab.refuses_the_owner(
        "notice_progress_kind_is_known",
        "insert into notice_progress values ('other', instant())",
    )
    .await;
}
