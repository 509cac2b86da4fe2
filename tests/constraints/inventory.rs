//! Imports, conversions, history, and the list of standing access.
use super::{HISTORY, Lab, change, rows};

const NEW: &str = "id('new')";

/// The import, and then that.
fn then(what: &str) -> String {
    format!("{} {what} select record('target', {NEW});", rows::import().sql())
}

fn set(what: &str) -> String {
    then(&format!("update imports set {what} where id = {NEW};"))
}

const DONE: &str = "state = 'done', file = null, closed_at = instant(), mapping = '{}', fingerprint = hash('x'), \
                    made = 1, already = 0, left_out = 0, shortened = 0, roles_made = 0, scopes_made = 0";

#[tokio::test]
async fn an_import_is_a_draft_with_its_file_until_it_is_closed() {
    let lab = Lab::new().await;
    let import = rows::import;
    lab.refuses("imports_file_name_length", import().with("file_name", "''")).await;
    lab.refuses("imports_digest_length", import().with("digest", "'x'::bytea")).await;
    lab.refuses("imports_size", import().with("rows_read", "50001")).await;
    lab.refuses("imports_file_until_closed", import().with("file", "null")).await;
    lab.refuses("imports_closed_whole", import().with("closed_at", "instant()")).await;
    lab.refuses("imports_done_whole", import().with("made", "1")).await;
    lab.refuses("imports_recorded", import().unrecorded()).await;
    lab.takes(set(DONE)).await;
    lab.refuses("imports_done_whole", set(&DONE.replace("made = 1, ", ""))).await;
    lab.refuses("imports_done_whole", set(&DONE.replace("mapping = '{}', ", ""))).await;
    lab.refuses("imports_fingerprint_length", set(&DONE.replace("hash('x')", "'x'::bytea"))).await;
    lab.refuses("imports_file_until_closed", set(&DONE.replace("file = null, ", ""))).await;
    let discarded = "state = 'discarded', file = null, closed_at = instant()";
    lab.takes(set(discarded)).await;
    let again = format!("update imports set {discarded} where id = {NEW};");
    lab.refuses("imports_stay_closed", then(&format!("{again} {again}"))).await;
    let closing = format!("update imports set {discarded} where id = id('old import')");
    lab.refuses("imports_closing_recorded", closing).await;
}

#[tokio::test]
async fn what_was_handed_in_stays_as_it_was() {
    let lab = Lab::new().await;
    let other = "update imports set file_name = 'other.csv' where id = id('old import')";
    lab.refuses_the_owner("imports_frozen", other).await;
    lab.history("imports_never_deleted", "delete from imports").await;
    lab.history("import_rows_frozen", "update import_rows set line = 3").await;
    let row = |row: rows::Row| then(&row.sql());
    lab.takes(row(rows::import_row())).await;
    lab.refuses("import_rows_line", row(rows::import_row().with("line", "0"))).await;
    let nothing = rows::import_row().with("assignment_id", "null");
    lab.refuses("import_rows_made_something", row(nothing.clone())).await;
    lab.takes(row(nothing.with("outcome", "'left_out'"))).await;
}

#[tokio::test]
async fn a_conversion_goes_through_its_steps_once() {
    let lab = Lab::new().await;
    let conversion = rows::conversion;
    lab.refuses("conversions_recorded", conversion().unrecorded()).await;
    for (column, value) in [("active_id", "id('standing')"), ("eligible_id", "id('ada operator')")]
    {
        lab.refuses("conversions_of_one_role", conversion().with(column, value)).await;
    }
    let tried = "tried_at = instant(), tried_by = id('eve')";
    let finished = "finished_at = instant(), finished_by = id('root')";
    let abandoned = "abandoned_at = instant(), abandoned_by = id('root')";
    for (name, columns) in [
        ("conversions_tried_whole", "tried_at = instant()".to_owned()),
        ("conversions_finished_whole", format!("{tried}, finished_at = instant()")),
        ("conversions_abandoned_whole", "abandoned_at = instant()".to_owned()),
        ("conversions_tried_first", finished.to_owned()),
        (
            "conversions_in_order",
            "tried_by = id('eve'), tried_at = instant() - interval '1 day'".to_owned(),
        ),
        ("conversions_one_end", format!("{tried}, {finished}, {abandoned}")),
        ("conversions_end_standing_access", format!("{tried}, {finished}")),
    ] {
        let sql =
            format!("{} update conversions set {columns} where id = {NEW};", conversion().sql());
        lab.refuses(name, sql).await;
    }
    let over = format!(
        "{} update conversions set abandoned_at = instant(), abandoned_by = id('root') where id = {NEW};",
        conversion().sql()
    );
    lab.takes(&over).await;
    let after =
        "update conversions set tried_at = instant(), tried_by = id('eve') where id = id('new');";
    lab.refuses("conversions_stay_over", format!("{over} {after}")).await;
    let twice = conversion().with("id", "id('newer')");
    lab.refuses("conversions_one_open", format!("{} {}", conversion().sql(), twice.sql())).await;
    lab.takes(format!("{over} {}", twice.sql())).await;
    let other = format!("{} update conversions set eligible_made = true;", conversion().sql());
    lab.refuses_the_owner("conversions_frozen", other).await;
    lab.history("conversions_never_deleted", "delete from conversions").await;
}

#[tokio::test]
async fn a_days_counts_are_no_less_than_nothing_and_stay() {
    let lab = Lab::new().await;
    lab.refuses("access_history_counts", rows::history().with("eligible", "-1")).await;
    lab.history("access_history_frozen", "update access_history set eligible = 0").await;
}

/// `standing_access_begins`, `standing_access_changes`, `standing_access_ranked`, `standing_access_listed`,
/// `standing_access_used` and `standing_access_used_later` keep the list; nobody else does.
#[tokio::test]
async fn the_list_of_standing_access_follows_by_itself() {
    let lab = Lab::new().await;
    lab.refuses(HISTORY, "update standing_access set rank = 0").await;
    lab.refuses_the_owner("standing_access_rank", "update standing_access set rank = 4").await;
    let expect = |what: &str, rank: &str| {
        format!(
            "{what} do $$ begin
                if (select rank::text || list::text || (last_used_at > '-infinity')::text from standing_access
                    where assignment_id = id('standing')) is distinct from '{rank}' then
                    raise exception 'it is %', (select to_jsonb(s) from standing_access as s where assignment_id = id('standing'));
                end if;
            end $$"
        )
    };
    lab.takes(expect("", "2peoplefalse")).await;
    let permanent = change("assignments", "standing", "ends_at = 'infinity'");
    lab.takes(expect(&permanent, "3peoplefalse")).await;
    let harmless = change("roles", "operator", "privileged = false");
    lab.takes(expect(&harmless, "0peoplefalse")).await;
    let emergency = change("principals", "eve", "break_glass = true");
    lab.takes(expect(&emergency, "2break_glassfalse")).await;
    let begun = rows::session().with("principal_id", "id('eve')");
    lab.takes(expect(&begun.sql(), "2peopletrue")).await;
    let later = begun.with("stage", "'password_verified'").with("authenticated_at", "null").sql()
        + "; update sessions set stage = 'signed_in', authenticated_at = instant() where id = id('new');";
    lab.takes(expect(&later, "2peopletrue")).await;
    let token = rows::token().with("principal_id", "id('eve')").sql()
        + "update access_tokens set last_used_at = instant() where id = id('new');";
    lab.takes(expect(&token, "2peopletrue")).await;
    let ended = change("assignments", "standing", "ended_at = instant(), end_reason = 'removed'");
    lab.takes(format!(
        "{ended} do $$ begin
            if exists (select from standing_access where assignment_id = id('standing')) then
                raise exception 'it is still listed';
            end if;
        end $$"
    ))
    .await;
}
