//! A database that was put back to an earlier state, and going on with it.
use super::{Lab, change, gate::granted};

/// The database does not hold what was said of it.
const FOUND: &str = "
    insert into quarantines (
        id, begun_at, epoch, witnessed_epoch, witnessed_sequence, witnessed_hash, witnessed_at, found_sequence, found_hash
    )
    values (id('found'), instant(), 1, 1, 40, sha256('said'), instant(), 30, sha256('found'));
    select record('target', id('found'));";

/// Nothing of before is left.
const EMPTY: &str = "
    update assignments set ended_at = instant(), end_reason = 'restored' where origin = 'activated' and ended_at is null;
    select record('assignment', id) from assignments where end_reason = 'restored';
    update requests set state = 'failed', closed_at = instant(), failure = 'Put back' where state in ('pending', 'scheduled');
    select record('request', id) from requests where failure = 'Put back';";

const BEGIN: &str = "insert into epochs values (2, instant(), id('eve'), 'I looked at it');";
const END: &str = "update quarantines set ended_by = 2 where id = id('found');";

/// Eve is kept for emergencies, and goes on with what was found.
fn gone_on(empty: &str, begin: &str, end: &str) -> String {
    let kept = change("principals", "eve", "break_glass = true");
    format!("{FOUND} {kept} {empty} {begin} {end}")
}

#[tokio::test]
async fn what_was_found_is_kept_as_it_was() {
    let lab = Lab::new().await;
    lab.takes(FOUND).await;
    lab.refuses("quarantines_recorded", FOUND.split_once("select").unwrap().0).await;
    lab.refuses("quarantines_hashes", FOUND.replace("sha256('said')", "'\\x00'")).await;
    let another = FOUND.replace("id('found'), instant()", "id('new'), instant()");
    lab.refuses("quarantines_one", format!("{FOUND} {another}")).await;
    let moved = "update quarantines set found_sequence = 40;";
    lab.refuses_the_owner("quarantines_frozen", format!("{FOUND} {moved}")).await;
    lab.refuses("quarantines_end_later", format!("{FOUND} update quarantines set ended_by = 1;"))
        .await;
    lab.history("quarantines_kept", "delete from quarantines").await;
    lab.history("epochs_frozen", "delete from epochs").await;
}

#[tokio::test]
async fn somebody_kept_for_emergencies_goes_on_and_nothing_of_before_is_left() {
    let lab = Lab::new().await;
    lab.takes(gone_on(EMPTY, BEGIN, END)).await;
    lab.refuses("epochs_begin_empty", gone_on("", BEGIN, END)).await;
    lab.refuses("epochs_begin_empty", gone_on(EMPTY, BEGIN, "")).await;
    let again = format!("{END} update quarantines set ended_by = null;");
    lab.refuses("quarantines_frozen", gone_on(EMPTY, BEGIN, &again)).await;
    for (what, instead) in [("id('eve')", "id('bob')"), ("(2,", "(3,")] {
        lab.refuses("epochs_start", gone_on(EMPTY, &BEGIN.replace(what, instead), "")).await;
    }
    lab.refuses(
        "epochs_start",
        format!("{} {BEGIN}", change("principals", "eve", "break_glass = true")),
    )
    .await;
    let silent = BEGIN.replace("I looked at it", "");
    lab.refuses("epochs_reason", gone_on(EMPTY, &silent, "")).await;
    // The trigger is before these.
    let unguarded = "alter table epochs disable trigger epochs_start;";
    lab.refuses_the_owner(
        "epochs_started_by",
        format!("{unguarded} insert into epochs values (2, instant(), null, 'Nobody')"),
    )
    .await;
    lab.refuses_the_owner(
        "epochs_number",
        format!("{unguarded} insert into epochs values (0, instant(), id('eve'), 'Before')"),
    )
    .await;
}

#[tokio::test]
async fn nobody_activates_anything_meanwhile() {
    let lab = Lab::new().await;
    let fine = granted("operator", |request, activation| (request, activation));
    lab.takes(fine.clone()).await;
    lab.refuses("assignments_not_in_quarantine", format!("{FOUND} {fine}")).await;
}
