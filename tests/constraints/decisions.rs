//! What approvers say.
use super::{Lab, change, rows};

#[tokio::test]
async fn nobody_decides_their_own_request_by_whichever_account() {
    let lab = Lab::new().await;
    lab.takes(rows::decision()).await;
    lab.takes(rows::decision().with("verdict", "'deny'")).await;
    let by = |account: &str, person: &str, requester: &str, of: &str| {
        let spend = format!(
            "update mfa_proofs set spent_for = id('mine'), spent_at = instant() where id = id('{account} proof');"
        );
        let decision = rows::decision()
            .with("id", "id('mine')")
            .with("proof_id", &format!("id('{account} proof')"))
            .with("approver_id", &format!("id('{account}')"))
            .with("approver_person_id", &format!("person('{person}')"))
            .with("for_person_id", &format!("person('{of}')"))
            .with("requester_person_id", &format!("person('{requester}')"));
        format!("{spend} {}", decision.sql())
    };
    lab.takes(by("eve", "eve", "ada", "eve")).await;
    let deputy = rows::deputy().with("deputy_id", "person('ada')").sql();
    for account in ["ada", "ada-admin"] {
        lab.refuses("decisions_for_others", by(account, "ada", "ada", "ada")).await;
        // Nor for somebody whom they stand in for.
        let for_bob = by(account, "ada", "ada", "bob");
        lab.refuses("decisions_never_ones_own", format!("{deputy} {for_bob}")).await;
    }
    // Lying about who is who does not help.
    lab.refuses("decisions_approver", by("ada-admin", "eve", "ada", "eve")).await;
    lab.refuses("decisions_request", by("ada-admin", "ada", "eve", "ada")).await;
}

#[tokio::test]
async fn an_application_decides_nothing_not_even_as_its_owner() {
    let lab = Lab::new().await;
    let proof = rows::proof().with("principal_id", "id('backup')");
    lab.refuses("mfa_proofs_are_of_people", proof).await;
    let decision = rows::decision().with("approver_id", "id('backup')");
    lab.refuses("proofs_are_ones_own", decision).await;
}

#[tokio::test]
async fn nobody_in_particular_decides_nothing() {
    // The code of a value that must not be missing.
    const MISSING: &str = "23502";
    let lab = Lab::new().await;
    for column in ["approver_person_id", "for_person_id", "requester_person_id"] {
        lab.refuses(MISSING, rows::decision().with(column, "null")).await;
    }
    for account in ["null", "gen_random_uuid()"] {
        let nobody = rows::decision().with("approver_id", account);
        lab.refuses("proofs_are_ones_own", nobody).await;
    }
    let stranger = rows::decision().with("approver_person_id", "person('nobody')");
    lab.refuses("decisions_by_deputies", stranger).await;
}

#[tokio::test]
async fn only_what_still_waits_can_be_decided() {
    let lab = Lab::new().await;
    for closed in ["cancelled", "expired"] {
        let close =
            change("requests", "waiting", &format!("state = '{closed}', closed_at = instant()"));
        lab.refuses("decisions_on_pending", format!("{close} {}", rows::decision().sql())).await;
    }
    let granted = rows::decision().with("request_id", "id('granted')");
    lab.refuses("decisions_on_pending", granted).await;
    lab.refuses(
        "decisions_on_pending",
        rows::decision().with("created_at", "instant() + interval '1 day'"),
    )
    .await;
    lab.refuses(
        "decisions_on_pending",
        rows::decision().with("created_at", "instant() - interval '1 second'"),
    )
    .await;
}

#[tokio::test]
async fn one_vote_a_person_with_a_proof_of_its_own() {
    let lab = Lab::new().await;
    let spend = "update mfa_proofs set spent_for = id('second'), spent_at = instant() where id = id('bob proof');";
    let second =
        rows::decision().with("id", "id('second')").with("proof_id", "id('bob proof')").sql();
    lab.refuses(
        "decisions_one_vote_a_person",
        format!("{} {spend} {second}", rows::decision().sql()),
    )
    .await;
    let same_proof =
        rows::decision().with("id", "id('second')").with("approver_id", "id('bob')").sql();
    lab.refuses("decisions_proof_id_key", format!("{} {same_proof}", rows::decision().sql())).await;
    lab.refuses("decisions_proof", rows::decision().with("proof_id", "id('bob proof')")).await;
    lab.refuses("proofs_are_ones_own", rows::decision().with("proof_id", "id('waiting proof')"))
        .await;
    lab.refuses(
        "decisions_justification_check",
        rows::decision().with("justification", "repeat('x', 4097)"),
    )
    .await;
}

#[tokio::test]
async fn what_was_said_stays_and_is_recorded() {
    let lab = Lab::new().await;
    lab.refuses("decisions_recorded", rows::decision().unrecorded()).await;
    lab.history("decisions_frozen", "update decisions set verdict = 'deny'").await;
    lab.history("decisions_frozen", "delete from decisions").await;
}

#[tokio::test]
async fn nobody_decides_by_a_right_that_whoever_asks_agreed_to() {
    let lab = Lab::new().await;
    let stage_of = |settings: &str| {
        rows::stage().with("settings_id", settings).with("authentication", "'none'").sql()
    };
    // Eve holds a role, since bob agreed to it.
    let of_eve = |row: rows::Row| {
        row.with("principal_id", "id('eve')")
            .with("role_id", "id('proved')")
            .with("eligibility_id", "id('eve proved')")
            .with("settings_id", "id('terms of eve')")
    };
    let given = [
        change("assignments", "eve standing", "ended_at = instant(), end_reason = 'removed'"),
        rows::settings()
            .with("id", "id('terms of eve')")
            .with("role_id", "id('proved')")
            .with("activation_requires_approval", "true")
            .sql(),
        stage_of("id('terms of eve')"),
        rows::approver()
            .with("settings_id", "id('terms of eve')")
            .with("principal_id", "id('bob')")
            .sql(),
        of_eve(rows::pending())
            .with("id", "id('asked by eve')")
            .with("person_id", "person('eve')")
            .sql(),
        rows::request_stage().with("request_id", "id('asked by eve')").sql(),
        rows::decision()
            .with("id", "id('said to eve')")
            .with("request_id", "id('asked by eve')")
            .with("requester_person_id", "person('eve')")
            .with("proof_id", "null")
            .sql(),
        "update request_stages set state = 'agreed', settled_at = instant() where request_id = id('asked by eve');"
            .to_owned(),
        change("requests", "asked by eve", "state = 'granted', closed_at = instant()"),
        of_eve(rows::activation())
            .with("id", "id('held by eve')")
            .with("request_id", "id('asked by eve')")
            .sql(),
    ]
    .concat();
    // Bob asks for what holders of that role agree to.
    let asked = |also: &str| {
        let terms = rows::settings().with("activation_requires_approval", "true").sql();
        let holders = rows::approver()
            .with("kind", "'role_holders'")
            .with("principal_id", "null")
            .with("role_id", "id('proved')")
            .sql();
        let request = rows::pending().with("settings_id", "id('new')").sql();
        let said = rows::decision()
            .with("request_id", "id('new')")
            .with("requester_person_id", "person('bob')")
            .with("approver_id", "id('eve')")
            .with("approver_person_id", "person('eve')")
            .with("for_person_id", "person('eve')")
            .with("proof_id", "null")
            .sql();
        let stage = stage_of("id('new')");
        let open = rows::request_stage().sql();
        format!("{given} {terms} {stage} {holders} {also} {request} {open} {said}")
    };
    lab.refuses("decisions_in_no_circle", asked("")).await;
    lab.takes(asked(&rows::approver().sql())).await;
}
