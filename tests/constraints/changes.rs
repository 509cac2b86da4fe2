//! Changes that wait for somebody's word, and reminders.
use super::{Lab, change, rows};

/// Closes the change that waits, with these words of the decider.
fn decided(what: &str) -> String {
    change(
        "change_requests",
        "asked",
        &format!(
            "closed_at = instant(), decider_id = id('bob'), decider_person_id = person('bob'), proof_id = id('change proof'), {what}"
        ),
    )
}

#[tokio::test]
async fn a_change_moves_along_its_edges_only() {
    let lab = Lab::new().await;
    let close = |state: &str| {
        change("change_requests", "asked", &format!("state = '{state}', closed_at = instant()"))
    };
    for state in ["withdrawn", "lapsed"] {
        lab.takes(close(state)).await;
        lab.refuses("change_requests_move", format!("{} {}", close(state), close("withdrawn")))
            .await;
        lab.refuses(
            "change_requests_move",
            format!("{} {}", close(state), decided("state = 'carried_out'")),
        )
        .await;
    }
    for state in ["carried_out", "declined"] {
        lab.takes(decided(&format!("state = '{state}'"))).await;
    }
    lab.takes(decided("state = 'failed', failure = 'x'")).await;
    lab.refuses(
        "change_requests_move",
        rows::change_request().with("state", "'withdrawn'").with("closed_at", "instant()"),
    )
    .await;
    lab.refuses("change_requests_closed", rows::change_request().with("closed_at", "instant()"))
        .await;
    lab.refuses(
        "change_requests_closed",
        change("change_requests", "asked", "state = 'withdrawn'"),
    )
    .await;
}

#[tokio::test]
async fn nobody_decides_their_own_change_by_whichever_account() {
    let lab = Lab::new().await;
    let by = |account: &str, person: &str| {
        decided(&format!(
            "state = 'carried_out', decider_id = id('{account}'), decider_person_id = person('{person}')"
        ))
        .replace("decider_id = id('bob'), decider_person_id = person('bob'), ", "")
        .replace("id('change proof')", &format!("id('{account} change proof')"))
    };
    for account in ["ada", "ada-admin"] {
        let proof = format!(
            "insert into mfa_proofs (id, principal_id, session_id, method, challenge, created_at, spent_for, spent_at)
             values (id('{account} change proof'), id('{account}'), id('ada session'), 'totp', hash('x'), instant(), id('asked'), instant());"
        );
        lab.refuses("change_requests_never_ones_own", format!("{proof} {}", by(account, "ada")))
            .await;
        lab.refuses("change_requests_decider", format!("{proof} {}", by(account, "eve"))).await;
    }
    lab.refuses(
        "change_requests_author",
        rows::change_request().with("author_person_id", "person('bob')"),
    )
    .await;
}

#[tokio::test]
async fn a_decision_is_whole_in_time_and_proved_by_whose_it_is() {
    let lab = Lab::new().await;
    let close = |what: &str| change("change_requests", "asked", what);
    lab.refuses(
        "change_requests_decided_whole",
        close("state = 'carried_out', closed_at = instant()"),
    )
    .await;
    lab.refuses("change_requests_decided_whole", decided("state = 'withdrawn'")).await;
    lab.refuses(
        "change_requests_decided_whole",
        decided("state = 'declined'").replace("proof_id = id('change proof'), ", ""),
    )
    .await;
    lab.refuses(
        "change_requests_in_time",
        decided("state = 'declined'")
            .replace("closed_at = instant()", "closed_at = instant() + interval '31 days'"),
    )
    .await;
    lab.refuses("change_requests_failure", decided("state = 'failed'")).await;
    lab.refuses("change_requests_failure", decided("state = 'declined', failure = 'x'")).await;
    lab.refuses(
        "change_requests_proof",
        decided("state = 'declined'").replace("id('change proof')", "id('bob proof')"),
    )
    .await;
    lab.refuses(
        "change_proofs_are_ones_own",
        decided("state = 'declined'").replace("id('change proof')", "id('ada proof')"),
    )
    .await;
    let other = rows::change_request().sql();
    let same_proof = decided("state = 'declined'").replace("id('asked')", "id('new')");
    let moved = "update mfa_proofs set spent_for = id('new') where id = id('change proof');";
    let outcome = format!("{} {other} {moved} {same_proof}", decided("state = 'declined'"));
    // The proof can't be spent again, and so can't be used for two decisions: `change_requests_proof_id_key`.
    assert!(
        lab.outcome(latchkey::gateway::private_postgres::DatabaseRole::Application, &outcome)
            .await
            .is_some()
    );
}

#[tokio::test]
async fn a_change_is_told_in_words_and_waits_for_a_while() {
    let lab = Lab::new().await;
    lab.takes(rows::change_request()).await;
    lab.refuses("change_requests_kind_is_a_name", rows::change_request().with("kind", "'A b'"))
        .await;
    lab.refuses(
        "change_requests_run_forward",
        rows::change_request().with("expires_at", "instant()"),
    )
    .await;
    for (column, text) in [
        ("reason", "''"),
        ("reason", "repeat('x', 4097)"),
        ("decision_reason", "repeat('x', 4097)"),
    ] {
        lab.refuses("change_requests_text_length", rows::change_request().with(column, text)).await;
    }
    let wish = rows::change_request()
        .with("kind", "'extend_assignment'")
        .with("assignment_id", "id('ada guarded')");
    let again = wish.clone().with("id", "id('again')").with("kind", "'renew_assignment'");
    lab.refuses("change_requests_more_time_once", format!("{} {}", wish.sql(), again.sql())).await;
}

#[tokio::test]
async fn what_was_wanted_stays_and_is_recorded() {
    let lab = Lab::new().await;
    lab.refuses("change_requests_recorded", rows::change_request().unrecorded()).await;
    lab.history("change_requests_never_deleted", "delete from change_requests").await;
    lab.refuses_the_owner(
        "change_requests_frozen",
        change(
            "change_requests",
            "asked",
            "payload = '[]', state = 'withdrawn', closed_at = instant()",
        ),
    )
    .await;
    lab.history("reminders_frozen", "update reminders set told_at = instant()").await;
    lab.history("reminders_frozen", "delete from reminders").await;
    lab.takes(rows::reminder()).await;
}

#[tokio::test]
async fn the_same_policy_files_are_asked_for_once_while_they_wait() {
    let lab = Lab::new().await;
    let files = |id: &'static str, plan: &'static str| {
        rows::change_request()
            .with("id", id)
            .with("kind", "'apply_policy'")
            .with("role_id", "null")
            .with("payload", plan)
            .sql()
    };
    let (one, other) = ("'{\"plan\": \"one\"}'", "'{\"plan\": \"other\"}'");
    let asked = files("id('new')", one);
    lab.takes(format!("{asked} {}", files("id('second')", other))).await;
    lab.refuses("change_requests_policy_once", format!("{asked} {}", files("id('second')", one)))
        .await;
}
