//! Windows in which a role is held.
use super::{Lab, change, rows};

#[tokio::test]
async fn a_window_runs_forward_and_lasts() {
    let lab = Lab::new().await;
    let until = |end| rows::eligible().with("ends_at", end);
    lab.takes(rows::eligible()).await;
    lab.takes(until("'infinity'")).await;
    lab.takes(until("instant() + interval '5 minutes'")).await;
    lab.refuses("assignments_last_five_minutes", until("instant() + interval '299 seconds'")).await;
    // Only activations may be as short as their eligibility leaves them.
    lab.refuses("assignments_run_forward", lab_activation("ends_at", "instant()")).await;
    lab.takes(lab_activation("ends_at", "instant() + interval '1 minute'")).await;
    lab.refuses("assignments_end_whole", rows::eligible().with("ended_at", "instant()")).await;
    lab.refuses("assignments_end_whole", rows::eligible().with("end_reason", "'removed'")).await;
    lab.refuses(
        "assignments_justification_length",
        rows::eligible().with("justification", "repeat('x', 4097)"),
    )
    .await;
    lab.refuses("assignments_recorded", rows::eligible().unrecorded()).await;
}

/// Bob's request with an activation in which one value is another.
fn lab_activation(column: &'static str, value: &str) -> String {
    format!("{} {}", rows::request().sql(), rows::activation().with(column, value).sql())
}

#[tokio::test]
async fn windows_of_one_role_never_overlap() {
    let lab = Lab::new().await;
    let again = |from: &str, kind: &str| {
        rows::eligible().with("kind", kind).with("starts_at", from).with("ends_at", "'infinity'")
    };
    lab.takes(again("instant()", "'eligible'")).await;
    lab.refuses("assignments_do_not_overlap", again("instant() + interval '89 days'", "'active'"))
        .await;
    lab.takes(again("instant() + interval '90 days'", "'active'")).await;
    lab.takes(again("instant()", "'active'").with("scope_id", "id('system')")).await;
    let end = change("assignments", "standing", "ended_at = instant(), end_reason = 'removed'");
    lab.takes(format!("{end} {}", again("instant()", "'active'").sql())).await;
}

#[tokio::test]
async fn an_activation_is_active_and_names_all_that_it_rests_on() {
    let lab = Lab::new().await;
    lab.takes(format!("{} {}", rows::request().sql(), rows::activation().sql())).await;
    lab.refuses("assignments_activated_are_active", lab_activation("kind", "'eligible'")).await;
    lab.refuses("assignments_activated_whole", lab_activation("maximum_seconds", "null")).await;
    lab.refuses("assignments_activated_whole", rows::eligible().with("maximum_seconds", "3600"))
        .await;
    lab.refuses("assignments_request", lab_activation("maximum_seconds", "28740")).await;
    lab.refuses("assignments_request", lab_activation("request_id", "id('waiting')")).await;
    lab.refuses(
        "assignments_eligibility",
        lab_activation("eligibility_ends_at", "instant() + interval '1 day'"),
    )
    .await;
}

#[tokio::test]
async fn an_activation_is_no_longer_than_allowed() {
    let lab = Lab::new().await;
    lab.refuses(
        "assignments_within_maximum",
        lab_activation("ends_at", "instant() + interval '28801 seconds'"),
    )
    .await;
    // Ada's eligibility for the guarded role ends in thirty days.
    let granted = |column, value| {
        let request = rows::request()
            .with("role_id", "id('guarded')")
            .with("eligibility_id", "id('bob guarded')")
            .with("settings_id", "id('guarded terms')");
        let activation = rows::activation()
            .with("role_id", "id('guarded')")
            .with("eligibility_id", "id('bob guarded')")
            .with("eligibility_ends_at", "instant() + interval '30 days'")
            .with("starts_at", "instant() + interval '29 days 23 hours 30 minutes'")
            .with(column, value);
        format!("{} {}", request.sql(), activation.sql())
    };
    lab.refuses(
        "assignments_within_eligibility",
        granted("ends_at", "instant() + interval '30 days 1 minute'"),
    )
    .await;
    // Without the approval that the terms ask for, it fails later than that.
    lab.refuses("assignments_need_approval", granted("ends_at", "instant() + interval '30 days'"))
        .await;
}

#[tokio::test]
async fn shortening_an_eligibility_ends_what_rests_on_it() {
    let lab = Lab::new().await;
    // The key `assignments_window_end` carries the end of the eligibility to its activations.
    lab.refuses_the_owner(
        "2BP01",
        "alter table assignments drop constraint assignments_window_end",
    )
    .await;
    let shorten =
        change("assignments", "ada operator", "ends_at = instant() + interval '30 minutes'");
    lab.refuses("assignments_within_eligibility", &*shorten).await;
    let end =
        change("assignments", "running", "ended_at = instant(), end_reason = 'eligibility_ended'");
    lab.takes(format!("{end} {shorten}")).await;
    let lengthen = change("assignments", "ada guarded", "ends_at = 'infinity'");
    lab.takes(lengthen).await;
}

#[tokio::test]
async fn an_eligibility_can_be_changed_without_a_word_about_the_activations_of_old() {
    let lab = Lab::new().await;
    let end = change("assignments", "running", "ended_at = instant(), end_reason = 'deactivated'");
    lab.world.execute("begin; update assignments set ended_at = instant(), end_reason = 'deactivated' where id = id('running');
        select record('assignment', id('running')); commit").await;
    lab.takes(change("assignments", "ada operator", "ends_at = instant() + interval '30 minutes'"))
        .await;
    lab.refuses(
        "assignments_stay_ended",
        end.replace("instant()", "instant() + interval '1 second'"),
    )
    .await;
}

#[tokio::test]
async fn ending_an_eligibility_ends_what_rests_on_it() {
    let lab = Lab::new().await;
    let end = |name| change("assignments", name, "ended_at = instant(), end_reason = 'removed'");
    lab.takes(end("bob operator")).await;
    lab.refuses("eligibility_ends_all", end("ada operator")).await;
    lab.takes(format!("{} {}", end("running"), end("ada operator"))).await;
    lab.refuses("eligibility_ends_all", end("ada guarded")).await;
    let cancel = change("requests", "waiting", "state = 'cancelled', closed_at = instant()");
    lab.takes(format!("{} {cancel}", end("ada guarded"))).await;
}

#[tokio::test]
async fn what_was_assigned_is_frozen_but_for_its_window() {
    let lab = Lab::new().await;
    for frozen in [
        "kind = 'active'",
        "principal_id = id('bob')",
        "role_id = id('proved')",
        "scope_id = id('system')",
        "created_by = id('bob')",
        "settings_id = id('proved terms')",
    ] {
        lab.refuses_the_owner("assignments_frozen", change("assignments", "ada operator", frozen))
            .await;
    }
    lab.refuses(
        "assignments_changes_recorded",
        "update assignments set ends_at = 'infinity' where id = id('standing')",
    )
    .await;
    lab.history("assignments_never_deleted", "delete from assignments").await;
}

#[tokio::test]
async fn an_activation_only_shrinks_and_what_ended_stays_ended() {
    let lab = Lab::new().await;
    let running = |what| change("assignments", "running", what);
    lab.takes(running("ends_at = instant() + interval '30 minutes'")).await;
    lab.refuses("assignments_only_shrink", running("ends_at = instant() + interval '2 hours'"))
        .await;
    lab.refuses("assignments_only_shrink", running("starts_at = instant() - interval '1 hour'"))
        .await;
    let end = running("ended_at = instant(), end_reason = 'deactivated'");
    lab.takes(&*end).await;
    for revival in [
        "ended_at = null, end_reason = null",
        "end_reason = 'expired'",
        "ends_at = instant() + interval '5 minutes'",
    ] {
        lab.refuses("assignments_stay_ended", format!("{end} {}", running(revival))).await;
    }
}

#[tokio::test]
async fn applications_are_never_eligible() {
    let lab = Lab::new().await;
    let application = rows::eligible().with("principal_id", "id('backup')");
    lab.refuses("assignments_applications_are_never_eligible", application.clone()).await;
    lab.takes(application.with("kind", "'active'")).await;
}
