//! Requests: what is asked for, and the moves from one state to the next.
use super::{Lab, change, rows};

#[tokio::test]
async fn what_is_asked_for_is_within_reason() {
    let lab = Lab::new().await;
    lab.takes(rows::request()).await;
    lab.takes(rows::pending()).await;
    let asked = |seconds| rows::request().with("requested_seconds", seconds);
    lab.takes(asked("300")).await;
    lab.refuses("requests_duration", asked("299")).await;
    lab.refuses("requests_duration", asked("86401").with("maximum_seconds", "90000")).await;
    lab.refuses("requests_within_maximum", asked("28801")).await;
    lab.takes(rows::request().with("granted_seconds", "3600")).await;
    lab.refuses("requests_granted_duration", rows::request().with("granted_seconds", "3601")).await;
    lab.refuses("requests_granted_duration", rows::request().with("granted_seconds", "299")).await;
    for (column, most) in [("justification", 4096), ("ticket_number", 120), ("ticket_system", 120)]
    {
        lab.takes(rows::request().with(column, &format!("repeat('x', {most})"))).await;
        lab.refuses(
            "requests_text_length",
            rows::request().with(column, &format!("repeat('x', {})", most + 1)),
        )
        .await;
    }
}

#[tokio::test]
async fn an_extension_names_what_it_extends_and_starts_at_once() {
    let lab = Lab::new().await;
    let extension = rows::request()
        .with("kind", "'extend'")
        .with("extends_id", "id('running')")
        .with("principal_id", "id('ada')")
        .with("person_id", "person('ada')")
        .with("eligibility_id", "id('ada operator')");
    lab.takes(extension.clone()).await;
    lab.refuses("requests_extend_something", extension.clone().with("extends_id", "null")).await;
    lab.refuses("requests_extend_something", extension.clone().with("kind", "'activate'")).await;
    lab.refuses("requests_extend_at_once", extension.clone().with("starts_at", "instant()")).await;
    lab.refuses(
        "requests_extend_their_own",
        rows::request().with("kind", "'extend'").with("extends_id", "id('running')"),
    )
    .await;
    lab.refuses("requests_extend_their_own", extension.with("extends_id", "id('ada operator')"))
        .await;
}

#[tokio::test]
async fn a_request_is_made_by_an_enabled_user_on_an_eligibility_of_their_own() {
    let lab = Lab::new().await;
    // By the trigger `requests_rest_on_an_eligibility`.
    for (column, other) in [
        ("eligibility_id", "id('ada operator')"),
        ("eligibility_id", "id('bob proved')"),
        ("eligibility_id", "id('standing')"),
        ("role_id", "id('proved')"),
    ] {
        lab.refuses("requests_need_an_eligibility", rows::pending().with(column, other)).await;
    }
    lab.takes(rows::pending().with("scope_id", "id('system')")).await;
    lab.refuses(
        "requests_need_an_enabled_user",
        rows::pending().with("principal_id", "id('backup')"),
    )
    .await;
    let disable = "update sessions set ended_at = instant(); update principals set disabled_at = instant() where id = id('bob');
        select record('target', id('bob'));";
    lab.refuses("requests_need_an_enabled_user", format!("{disable} {}", rows::pending().sql()))
        .await;
    let end = change("assignments", "bob operator", "ended_at = instant(), end_reason = 'removed'");
    lab.refuses("requests_need_an_eligibility", format!("{end} {}", rows::pending().sql())).await;
    lab.refuses("requests_principal", rows::pending().with("person_id", "person('eve')")).await;
}

#[tokio::test]
async fn each_state_has_what_belongs_to_it() {
    let lab = Lab::new().await;
    lab.refuses("requests_pending_lapse", rows::pending().with("expires_at", "null")).await;
    let scheduled = rows::pending().with("state", "'scheduled'");
    lab.refuses("requests_scheduled_start", scheduled.clone()).await;
    lab.takes(scheduled.with("starts_at", "instant() + interval '1 hour'")).await;
    lab.refuses("requests_closed", rows::pending().with("closed_at", "instant()")).await;
    lab.refuses("requests_closed", rows::request().with("closed_at", "null")).await;
    lab.refuses("requests_failure", rows::request().with("failure", "'because'")).await;
    lab.refuses(
        "requests_failure",
        change("requests", "waiting", "state = 'failed', closed_at = instant()"),
    )
    .await;
}

#[tokio::test]
async fn one_request_for_a_role_is_open_at_a_time() {
    let lab = Lab::new().await;
    let second = rows::pending().with("id", "id('second')").sql();
    lab.refuses("requests_one_open", format!("{} {second}", rows::pending().sql())).await;
    let granted = rows::request().with("id", "id('second')").sql();
    lab.takes(format!("{} {granted}", rows::pending().sql())).await;
}

#[tokio::test]
async fn a_request_spends_a_proof_of_its_own() {
    let lab = Lab::new().await;
    let spent = rows::request()
        .with("principal_id", "id('ada')")
        .with("person_id", "person('ada')")
        .with("eligibility_id", "id('ada operator')")
        .with("proof_id", "id('new proof')");
    lab.takes(spent.clone()).await;
    lab.refuses("proofs_are_ones_own", rows::request().with("proof_id", "id('new proof')")).await;
    lab.refuses("requests_proof_id_key", spent.with("proof_id", "id('waiting proof')")).await;
}

#[tokio::test]
async fn the_words_of_a_proof_guard_are_those_of_its_triggers() {
    let lab = Lab::new().await;
    // Both are the same function: `requests_proof_is_ones_own` and `decisions_proof_is_ones_own`.
    for (table, trigger) in
        [("requests", "requests_proof_is_ones_own"), ("decisions", "decisions_proof_is_ones_own")]
    {
        let sql = format!("alter table {table} disable trigger {trigger}");
        assert_eq!(
            lab.outcome(latchkey::gateway::private_postgres::DatabaseRole::Owner, &sql).await,
            None
        );
    }
}

#[tokio::test]
async fn a_request_moves_along_the_edges_and_along_nothing_else() {
    let lab = Lab::new().await;
    const STATES: [&str; 8] =
        ["new", "pending", "scheduled", "granted", "denied", "cancelled", "expired", "failed"];
    const EDGES: [(&str, &str); 12] = [
        ("new", "pending"),
        ("new", "scheduled"),
        ("new", "granted"),
        ("pending", "scheduled"),
        ("pending", "granted"),
        ("pending", "denied"),
        ("pending", "cancelled"),
        ("pending", "expired"),
        ("pending", "failed"),
        ("scheduled", "granted"),
        ("scheduled", "cancelled"),
        ("scheduled", "failed"),
    ];
    let closes = |state: &str| !matches!(state, "new" | "pending" | "scheduled");
    let values = |state: &str| {
        let closed = if closes(state) { "instant()" } else { "null" };
        let failure = if state == "failed" { "'because'" } else { "null" };
        (closed, failure)
    };
    let born = |state: &str| {
        let (closed, failure) = values(state);
        rows::pending()
            .with("state", &format!("'{state}'"))
            .with("starts_at", "instant() + interval '1 hour'")
            .with("closed_at", closed)
            .with("failure", failure)
            .sql()
    };
    let moved = |state: &str| {
        let (closed, failure) = values(state);
        change(
            "requests",
            "new",
            &format!("state = '{state}', closed_at = {closed}, failure = {failure}"),
        )
    };
    for next in STATES {
        if EDGES.contains(&("new", next)) {
            lab.takes(born(next)).await;
        } else {
            lab.refuses("requests_move", born(next)).await;
        }
    }
    for prior in ["pending", "scheduled"] {
        for next in STATES {
            let script = format!("{} {}", born(prior), moved(next));
            if EDGES.contains(&(prior, next)) {
                lab.takes(script).await;
            } else {
                lab.refuses("requests_move", script).await;
            }
        }
    }
    for last in ["granted", "denied", "cancelled", "expired", "failed"] {
        for next in STATES {
            let path = if last == "granted" {
                born(last)
            } else {
                format!("{} {}", born("pending"), moved(last))
            };
            lab.refuses("requests_move", format!("{path} {}", moved(next))).await;
        }
    }
}

#[tokio::test]
async fn what_was_asked_for_is_frozen_and_kept() {
    let lab = Lab::new().await;
    for frozen in [
        "principal_id = id('bob')",
        "role_id = id('operator')",
        "maximum_seconds = 20000",
        "requested_seconds = 14400",
        "justification = 'x'",
        "settings_id = id('operator terms')",
        "eligibility_id = id('bob guarded')",
        "starts_at = instant()",
    ] {
        let sql = change(
            "requests",
            "waiting",
            &format!("state = 'cancelled', closed_at = instant(), {frozen}"),
        );
        lab.refuses_the_owner("requests_frozen", sql).await;
    }
    // It waits for as long as its stage does, and keeps that time when it is over.
    lab.takes(change("requests", "waiting", "expires_at = 'infinity'")).await;
    let late = "state = 'cancelled', closed_at = instant(), expires_at = 'infinity'";
    lab.refuses_the_owner("requests_move", change("requests", "waiting", late)).await;
    lab.refuses("requests_recorded", rows::request().unrecorded()).await;
    lab.refuses(
        "requests_recorded",
        "update requests set state = 'cancelled', closed_at = instant() where id = id('waiting')",
    )
    .await;
    lab.history("requests_never_deleted", "delete from requests").await;
    // The keys that activations and decisions hold on to.
    for key in ["requests_person", "requests_terms"] {
        lab.refuses_the_owner("2BP01", format!("alter table requests drop constraint {key}")).await;
    }
}
