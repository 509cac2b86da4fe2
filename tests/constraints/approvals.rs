//! The stages of an approval, how a request goes through them, and who stands in for whom.
use super::{Lab, change, rows};

/// New terms for the operator's role that ask for an approval, with what else comes in the same transaction.
fn terms(more: &str) -> String {
    format!("{} {more}", rows::settings().with("activation_requires_approval", "true").sql())
}

/// Terms with one stage, of which something may be otherwise.
fn stage(column: &'static str, value: &str) -> String {
    terms(&rows::stage().with(column, value).sql())
}

#[tokio::test]
async fn a_stage_waits_for_a_sensible_while_and_for_a_sensible_number_of_people() {
    let lab = Lab::new().await;
    for (constraint, column, fine, wrong) in [
        ("approval_stages_position", "position", &["1", "5"][..], &["0", "6"][..]),
        ("approval_stages_agree", "agree", &["null", "1", "10"], &["0", "11"]),
        (
            "approval_stages_timeout",
            "timeout_seconds",
            &["300", "2592000"],
            &["240", "2592060", "301"],
        ),
        (
            "approval_stages_escalation",
            "escalation_seconds",
            &["null", "300", "86340"],
            &["240", "301", "86400"],
        ),
        ("approval_stages_skipped_if", "skipped_if", &["'{}'"], &["'[]'", "'null'"]),
    ] {
        for value in fine {
            lab.takes(stage(column, value)).await;
        }
        for value in wrong {
            lab.refuses(constraint, stage(column, value)).await;
        }
    }
}

#[tokio::test]
async fn stages_and_approvers_come_with_their_version_and_are_frozen_with_it() {
    let lab = Lab::new().await;
    let late = rows::stage().with("settings_id", "id('guarded terms')").with("position", "2");
    lab.refuses("approval_stages_come_with_their_version", late).await;
    lab.history("approval_stages_frozen", "update approval_stages set agree = 2").await;
    lab.history("approval_stages_frozen", "delete from approval_stages").await;
    let made = rows::stage().sql();
    let named = |row: rows::Row| terms(&format!("{made} {}", row.sql()));
    lab.takes(named(rows::approver())).await;
    // Of a stage that the terms have.
    lab.refuses("settings_approvers_stage", named(rows::approver().with("stage", "2"))).await;
    let twice =
        format!("{} {}", rows::approver().sql(), rows::approver().with("escalation", "true").sql());
    lab.refuses("settings_approvers_once", terms(&format!("{made} {twice}"))).await;
    let manager = rows::approver().with("kind", "'manager'").with("principal_id", "null");
    lab.takes(named(manager.clone())).await;
    let twice = format!("{} {}", manager.sql(), manager.sql());
    lab.refuses("settings_approvers_once", terms(&format!("{made} {twice}"))).await;
    let holders = manager.clone().with("kind", "'role_holders'");
    lab.takes(named(holders.clone().with("role_id", "id('guarded')"))).await;
    for wrong in [
        holders,
        manager.clone().with("principal_id", "id('bob')"),
        manager.clone().with("role_id", "id('guarded')"),
        manager.with("kind", "'principal'"),
        rows::approver().with("role_id", "id('guarded')"),
    ] {
        lab.refuses("settings_approvers_whole", named(wrong)).await;
    }
}

#[tokio::test]
async fn nobody_manages_themself() {
    let lab = Lab::new().await;
    let manages = |who: &str| {
        format!("update persons set manager_id = person('{who}') where id = person('ada')")
    };
    lab.takes(manages("bob")).await;
    lab.refuses("persons_manage_others", manages("ada")).await;
}

#[tokio::test]
async fn a_deputy_is_somebody_else_for_a_while_and_is_recorded() {
    let lab = Lab::new().await;
    lab.takes(rows::deputy()).await;
    lab.refuses("deputies_are_others", rows::deputy().with("deputy_id", "person('bob')")).await;
    lab.refuses("deputies_run_forward", rows::deputy().with("ends_at", "instant()")).await;
    let until = |days: u32| {
        rows::deputy().with("ends_at", &format!("instant() + {days} * interval '1 day'"))
    };
    lab.takes(until(92)).await;
    lab.refuses("deputies_are_for_a_while", until(93)).await;
    lab.takes(rows::deputy().with("reason", "repeat('x', 1000)")).await;
    lab.refuses("deputies_reason_length", rows::deputy().with("reason", "repeat('x', 1001)")).await;
    let (made, second) = (rows::deputy().sql(), rows::deputy().with("id", "id('second')"));
    lab.refuses("deputies_do_not_overlap", format!("{made} {}", second.sql())).await;
    let other = second.clone().with("deputy_id", "person('root')").sql();
    lab.takes(format!("{made} {other}")).await;
    lab.refuses("deputies_recorded", rows::deputy().unrecorded()).await;
    let ends = change("deputies", "new", "ended_at = instant()");
    lab.takes(format!("{made} {ends} {}", second.sql())).await;
    lab.refuses(
        "deputies_stay_ended",
        format!("{made} {ends} {}", change("deputies", "new", "ended_at = null")),
    )
    .await;
    for frozen in ["ends_at = ends_at + interval '1 day'", "deputy_id = person('root')"] {
        let changed = format!("{made} {}", change("deputies", "new", frozen));
        lab.refuses_the_owner("deputies_frozen", changed).await;
    }
    lab.history("deputies_never_deleted", "delete from deputies").await;
}

/// Changes the stage in which ada's request waits.
fn moved(what: &str) -> String {
    format!("update request_stages set {what} where request_id = id('waiting');")
}

/// A request of bob's that waits for two stages, of which the second may be otherwise.
fn second_stage(spoil: impl FnOnce(rows::Row) -> rows::Row) -> String {
    let stages = [1, 2].map(|position| rows::stage().with("position", &position.to_string()).sql());
    let request = rows::pending().with("settings_id", "id('new')").sql();
    let second = rows::request_stage()
        .with("position", "2")
        .with("state", "'waiting'")
        .with("opened_at", "null")
        .with("expires_at", "null");
    let first = rows::request_stage().sql();
    format!("{} {request} {first} {}", terms(&stages.concat()), spoil(second).sql())
}

#[tokio::test]
async fn the_stages_of_a_request_are_those_of_its_terms_and_come_with_it() {
    let lab = Lab::new().await;
    let come = "request_stages_come_with_their_request";
    lab.takes(second_stage(|row| row)).await;
    let skipped = |row: rows::Row| row.with("state", "'skipped'").with("settled_at", "instant()");
    lab.takes(second_stage(skipped)).await;
    lab.refuses(come, second_stage(|row| row.with("position", "3"))).await;
    for state in ["agreed", "silent", "closed"] {
        let settled = |row: rows::Row| {
            row.with("state", &format!("'{state}'"))
                .with("opened_at", "instant()")
                .with("expires_at", "instant() + interval '1 day'")
                .with("settled_at", "instant()")
        };
        lab.refuses(come, second_stage(settled)).await;
    }
    // Later than the request, or of one that asks for no approval.
    let late = |row: rows::Row| skipped(row).with("settled_at", "instant() + interval '1 second'");
    lab.refuses(come, second_stage(late)).await;
    let none = rows::request_stage().with("request_id", "id('granted')");
    lab.refuses(come, none).await;
    // Terms have no other stages, so that a request cannot either.
    let without = format!("alter table request_stages disable trigger {come};");
    let nowhere = second_stage(|row| row.with("position", "6"));
    lab.refuses_the_owner("request_stages_position", format!("{without} {nowhere}")).await;
    let open = |row: rows::Row| {
        row.with("state", "'open'")
            .with("opened_at", "instant()")
            .with("expires_at", "instant() + interval '1 day'")
    };
    lab.refuses("request_stages_one_open", second_stage(open)).await;
}

#[tokio::test]
async fn a_stage_that_is_open_has_its_times_and_one_that_is_settled_was_settled() {
    let lab = Lab::new().await;
    for (constraint, column, value) in [
        ("request_stages_opened", "expires_at", "instant() + interval '1 day'"),
        ("request_stages_opened", "state", "'open'"),
        ("request_stages_settled", "state", "'skipped'"),
        ("request_stages_settled", "settled_at", "instant()"),
        ("request_stages_explanation_length", "explanation", "repeat('x', 1001)"),
    ] {
        lab.refuses(constraint, second_stage(|row| row.with(column, value))).await;
    }
    let timed = |column: &'static str, value: &'static str| {
        let open = rows::request_stage().with(column, value).sql();
        let request = rows::pending().with("settings_id", "id('new')").sql();
        format!("{} {request} {open}", terms(&rows::stage().sql()))
    };
    lab.takes(timed("escalates_at", "instant() + interval '1 hour'")).await;
    lab.refuses("request_stages_run_forward", timed("expires_at", "instant()")).await;
    for wrong in ["instant()", "instant() + interval '1 day'"] {
        lab.refuses("request_stages_escalate_in_time", timed("escalates_at", wrong)).await;
    }
    let early = "update request_stages set escalated_at = instant() where request_id = id('new');";
    let due = timed("escalates_at", "instant() + interval '1 hour'");
    lab.refuses("request_stages_escalate_when_due", format!("{due} {early}")).await;
}

#[tokio::test]
async fn a_stage_moves_forward_and_is_settled_for_good() {
    let lab = Lab::new().await;
    let rule = "request_stages_move";
    let settled = |state: &str| moved(&format!("state = '{state}', settled_at = instant()"));
    // Silence speaks when the time is over, where the terms say that it does.
    lab.refuses(rule, settled("silent")).await;
    for state in ["agreed", "closed"] {
        lab.takes(settled(state)).await;
        let again = moved("state = 'open', settled_at = null");
        lab.refuses(rule, format!("{} {again}", settled(state))).await;
    }
    lab.refuses(rule, moved("state = 'skipped', settled_at = instant()")).await;
    lab.refuses(rule, moved("expires_at = expires_at + interval '1 day'")).await;
    lab.refuses_the_owner("request_stages_frozen", moved("position = 2")).await;
    lab.history("request_stages_never_deleted", "delete from request_stages").await;
    // When the request is over, so are its stages, by `requests_close_their_stages`.
    let cancelled = change("requests", "waiting", "state = 'cancelled', closed_at = instant()");
    let over =
        "select 1 / (state = 'closed' and settled_at is not null)::integer from request_stages
        where request_id = id('waiting')";
    lab.takes(format!("{cancelled} {over}")).await;
}

#[tokio::test]
async fn a_word_is_said_in_the_open_stage_for_oneself_or_for_whom_one_stands_in_for() {
    let lab = Lab::new().await;
    lab.refuses("decisions_in_the_open_stage", rows::decision().with("stage", "2")).await;
    let agreed = moved("state = 'agreed', settled_at = instant()");
    lab.refuses("decisions_in_the_open_stage", format!("{agreed} {}", rows::decision().sql()))
        .await;
    // Bob decides for eve while he stands in for her.
    let for_eve = rows::decision().with("for_person_id", "person('eve')").sql();
    let stands_in = |row: rows::Row| {
        row.with("person_id", "person('eve')").with("deputy_id", "person('bob')").sql()
    };
    lab.refuses("decisions_by_deputies", for_eve.as_str()).await;
    lab.takes(format!("{} {for_eve}", stands_in(rows::deputy()))).await;
    let later = stands_in(rows::deputy().with("starts_at", "instant() + interval '1 minute'"));
    lab.refuses("decisions_by_deputies", format!("{later} {for_eve}")).await;
    let ended = change("deputies", "new", "ended_at = instant()");
    let then = stands_in(rows::deputy());
    lab.refuses("decisions_by_deputies", format!("{then} {ended} {for_eve}")).await;
    let for_ada =
        rows::deputy().with("person_id", "person('ada')").with("deputy_id", "person('bob')");
    let own = rows::decision().with("for_person_id", "person('ada')").sql();
    lab.refuses("decisions_for_others", format!("{} {own}", for_ada.sql())).await;
    // Of eve and whoever stands in for her one counts.
    let eve = "update mfa_proofs set spent_for = id('second'), spent_at = instant() where id = id('eve proof');";
    let second = rows::decision()
        .with("id", "id('second')")
        .with("proof_id", "id('eve proof')")
        .with("approver_id", "id('eve')")
        .with("approver_person_id", "person('eve')")
        .with("for_person_id", "person('eve')")
        .sql();
    let both = format!("{} {for_eve} {eve} {second}", stands_in(rows::deputy()));
    lab.refuses("decisions_one_word_an_approver", both).await;
}

#[tokio::test]
async fn a_word_without_a_proof_is_for_stages_that_ask_for_none() {
    let lab = Lab::new().await;
    let rule = "decisions_need_a_proof";
    let unproved = rows::decision().with("proof_id", "null");
    lab.refuses(rule, unproved.clone()).await;
    // Bob asks on terms that want no proof; eve decides.
    let stage = |settings: &str, authentication: &str| {
        rows::stage()
            .with("settings_id", settings)
            .with("authentication", &format!("'{authentication}'"))
            .sql()
    };
    let asked = |authentication: &str| {
        let request = rows::pending().with("settings_id", "id('new')").sql();
        let stage = stage("id('new')", authentication);
        format!("{} {request} {}", terms(&stage), rows::request_stage().sql())
    };
    let said = unproved
        .with("request_id", "id('new')")
        .with("requester_person_id", "person('bob')")
        .with("approver_id", "id('eve')")
        .with("approver_person_id", "person('eve')")
        .with("for_person_id", "person('eve')")
        .sql();
    lab.takes(format!("{} {said}", asked("none"))).await;
    lab.refuses(rule, format!("{} {said}", asked("mfa"))).await;
    let newest = |asks: &str, authentication: &str| {
        let terms = rows::settings()
            .with("id", "id('newest')")
            .with("version", "3")
            .with("activation_requires_approval", asks)
            .sql();
        format!("{terms} {}", stage("id('newest')", authentication))
    };
    lab.refuses(rule, format!("{} {} {said}", asked("none"), newest("true", "mfa"))).await;
    lab.takes(format!("{} {} {said}", asked("none"), newest("true", "none"))).await;
    lab.takes(format!("{} {} {said}", asked("none"), newest("false", "mfa"))).await;
}
