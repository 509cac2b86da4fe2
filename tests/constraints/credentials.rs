//! What people prove themselves with.
use super::{Lab, rows};

#[tokio::test]
async fn an_account_has_one_password_and_one_authenticator_in_use() {
    let lab = Lab::new().await;
    lab.takes(rows::password()).await;
    let second = rows::password().with("id", "id('second')").sql();
    lab.refuses(
        "password_credentials_principal_id_key",
        format!("{} {second}", rows::password().sql()),
    )
    .await;
    lab.refuses("password_credentials_recorded", rows::password().unrecorded()).await;

    let confirmed = |name: &str| {
        rows::totp().with("id", &format!("id('{name}')")).with("confirmed_at", "instant()").sql()
    };
    lab.takes(format!("{} {}", rows::totp().sql(), confirmed("second"))).await;
    lab.refuses(
        "totp_credentials_one_in_use",
        format!("{} {}", confirmed("new"), confirmed("second")),
    )
    .await;
    lab.refuses("totp_credentials_failures_check", rows::totp().with("failures", "-1")).await;
    let recent = rows::totp().with("recent_failures", "-1");
    lab.refuses("totp_credentials_recent_failures_check", recent).await;
}

#[tokio::test]
async fn accepted_time_steps_only_rise() {
    let lab = Lab::new().await;
    let first = rows::totp().with("last_step", "7").sql();
    let step = |step| format!("{first} update totp_credentials set last_step = {step}");
    lab.takes(step(8)).await;
    lab.refuses("totp_steps_rise", step(6)).await;
}

#[tokio::test]
async fn what_becomes_of_an_authenticator_is_recorded() {
    let lab = Lab::new().await;
    for what in ["confirmed_at = instant()", "disabled_at = instant()", "removed_at = instant()"] {
        let change = format!("{} update totp_credentials set {what};", rows::totp().sql());
        lab.refuses("totp_credentials_recorded", &*change).await;
        lab.takes(format!("{change} select record('target', id('new'))")).await;
    }
    lab.takes(format!("{} update totp_credentials set failures = 1;", rows::totp().sql())).await;
}

#[tokio::test]
async fn secrets_are_stored_as_hashes_of_their_own() {
    let lab = Lab::new().await;
    for (row, column, length, unique) in [
        (
            rows::recovery_code(),
            "code_hash",
            "recovery_codes_code_hash_check",
            "recovery_codes_code_hash_key",
        ),
        (
            rows::link(),
            "token_hash",
            "one_time_links_token_hash_check",
            "one_time_links_token_hash_key",
        ),
        (rows::session(), "secret_hash", "sessions_secret_hash_check", "sessions_secret_hash_key"),
        (
            rows::device(),
            "token_hash",
            "known_devices_token_hash_check",
            "known_devices_token_hash_key",
        ),
        (
            rows::token(),
            "token_hash",
            "access_tokens_token_hash_check",
            "access_tokens_token_hash_key",
        ),
    ] {
        lab.takes(row.clone()).await;
        lab.refuses(length, row.clone().with(column, r"'\x00'")).await;
        let second = row.clone().with("id", "id('second')").sql();
        lab.refuses(unique, format!("{} {second}", row.sql())).await;
    }
}

#[tokio::test]
async fn links_run_out_and_are_recorded() {
    let lab = Lab::new().await;
    lab.refuses("one_time_links_run_forward", rows::link().with("expires_at", "instant()")).await;
    lab.refuses("one_time_links_recorded", rows::link().unrecorded()).await;
}

#[tokio::test]
async fn a_session_says_how_far_the_sign_in_has_come() {
    let lab = Lab::new().await;
    lab.refuses(
        "sessions_signed_in_are_authenticated",
        rows::session().with("authenticated_at", "null"),
    )
    .await;
    let verified = rows::session().with("stage", "'password_verified'");
    lab.refuses("sessions_signed_in_are_authenticated", verified.clone()).await;
    lab.takes(verified.with("authenticated_at", "null")).await;
    let enrolling = rows::session().with("stage", "'enrolling'").with("authenticated_at", "null");
    lab.refuses("sessions_enrolling_have_a_link", enrolling.clone()).await;
    lab.takes(format!(
        "{} {}",
        rows::link().sql(),
        enrolling.clone().with("link_id", "id('new')").sql()
    ))
    .await;
    let password = |row: rows::Row| row.with("password_hash", "'hash'");
    lab.refuses("sessions_enrolling_have_a_password", password(rows::session())).await;
    let chosen = password(enrolling.with("link_id", "id('new')")).sql();
    lab.takes(format!("{} {chosen}", rows::link().sql())).await;
    lab.refuses(
        "sessions_user_agent_check",
        rows::session().with("user_agent", "repeat('x', 401)"),
    )
    .await;
    let disable = "update principals set disabled_at = instant() where id = id('eve'); select record('target', id('eve'));";
    lab.refuses("sessions_need_an_enabled_account", format!("{disable} {}", rows::session().sql()))
        .await;
}

#[tokio::test]
async fn failed_attempts_are_counted_under_a_digest() {
    let lab = Lab::new().await;
    lab.takes(rows::throttle()).await;
    lab.refuses("sign_in_throttles_key_check", rows::throttle().with("key", r"'\x00'")).await;
    lab.refuses("sign_in_throttles_failures_check", rows::throttle().with("failures", "-1")).await;
}

#[tokio::test]
async fn tokens_end_within_a_year_and_are_recorded() {
    let lab = Lab::new().await;
    let ends = |end| rows::token().with("expires_at", end);
    lab.takes(ends("instant() + interval '366 days'")).await;
    lab.refuses("access_tokens_end", ends("instant() + interval '366 days 1 second'")).await;
    lab.refuses("access_tokens_end", ends("instant()")).await;
    lab.refuses("access_tokens_name_check", rows::token().with("name", "''")).await;
    lab.refuses("access_tokens_scopes_check", rows::token().with("scopes", "'{}'")).await;
    lab.refuses("access_tokens_recorded", rows::token().unrecorded()).await;
}

#[tokio::test]
async fn taking_a_token_back_is_recorded() {
    let lab = Lab::new().await;
    lab.world.execute("begin; insert into access_tokens
        values (id('old'), id('ada'), 'old', hash('old'), '{read}', instant(), instant() + interval '1 day');
        select record('target', id('old')); commit").await;
    let revoke = "update access_tokens set revoked_at = instant();";
    lab.refuses("access_tokens_revoked_recorded", revoke).await;
    lab.takes(format!("{revoke} select record('target', id('old'))")).await;
    lab.takes("update access_tokens set last_used_at = instant()").await;
}

#[tokio::test]
async fn a_proof_is_bound_to_one_act_and_spent_once_while_it_is_fresh() {
    let lab = Lab::new().await;
    lab.takes(rows::proof()).await;
    lab.refuses("mfa_proofs_are_bound", rows::proof().with("session_id", "null")).await;
    lab.refuses("mfa_proofs_challenge_check", rows::proof().with("challenge", r"'\x00'")).await;
    lab.refuses("mfa_proofs_spent_whole", rows::proof().with("spent_at", "instant()")).await;
    lab.refuses("mfa_proofs_spent_whole", rows::proof().with("spent_for", "id('act')")).await;
    let spend = |proof, after| {
        format!(
            "update mfa_proofs set spent_for = id('act'), spent_at = created_at + interval '{after} seconds'
             where id = id('{proof}')"
        )
    };
    lab.takes(spend("bob proof", 300)).await;
    lab.refuses("mfa_proofs_fresh", spend("bob proof", 301)).await;
    lab.refuses("mfa_proofs_spend_once", spend("said proof", 0)).await;
    for frozen in [
        "principal_id = id('ada')",
        "challenge = hash('other')",
        "created_at = instant() + interval '1 hour'",
    ] {
        let sql = format!("update mfa_proofs set {frozen} where id = id('bob proof')");
        lab.refuses_the_owner("mfa_proofs_frozen", sql).await;
    }
    lab.history("mfa_proofs_never_deleted", "delete from mfa_proofs").await;
}

#[tokio::test]
async fn a_row_names_the_proof_that_was_spent_for_it() {
    let lab = Lab::new().await;
    // By `mfa_proofs_spent_unique`, which the foreign keys of requests and decisions stand on.
    lab.refuses_the_owner(
        "2BP01",
        "alter table mfa_proofs drop constraint mfa_proofs_spent_unique",
    )
    .await;
    let unspent = rows::request().with("proof_id", "id('bob proof')");
    lab.refuses("requests_proof", unspent.clone()).await;
    let spend = "update mfa_proofs set spent_for = id('new'), spent_at = instant() where id = id('bob proof');";
    lab.takes(format!("{spend} {}", unspent.sql())).await;
    let other = "update mfa_proofs set spent_for = id('other'), spent_at = instant() where id = id('bob proof');";
    lab.refuses("requests_proof", format!("{other} {}", unspent.sql())).await;
}
