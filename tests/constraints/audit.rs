//! The record of everything that happened, and what is to be sent.
use super::{HISTORY, Lab, rows};

#[tokio::test]
async fn events_are_whole() {
    let lab = Lab::new().await;
    lab.takes(rows::event()).await;
    for kind in ["''", "'Test.changed'", "'test'", "'test.changed '"] {
        lab.refuses("audit_events_kind_check", rows::event().with("kind", kind)).await;
    }
    lab.refuses("audit_events_user_is_named", rows::event().with("actor_id", "null")).await;
    lab.refuses("audit_events_user_is_named", rows::event().with("actor_kind", "'system'")).await;
    let size = |bytes: usize| {
        rows::event().with("detail", &format!("('\"' || repeat('x', {}) || '\"')::json", bytes - 2))
    };
    lab.takes(size(65_536)).await;
    lab.refuses("audit_events_detail_size", size(65_537)).await;
    // Which transaction an event belongs to can't be made up.
    lab.refuses("42501", rows::event().with("transaction_id", "'7'")).await;
}

#[tokio::test]
async fn an_event_of_another_transaction_does_not_count() {
    let lab = Lab::new().await;
    lab.world.execute("select record('request', id('waiting'))").await;
    lab.refuses(
        "requests_recorded",
        "update requests set state = 'cancelled', closed_at = instant() where id = id('waiting')",
    )
    .await;
}

#[tokio::test]
async fn nobody_changes_or_removes_what_was_recorded() {
    let lab = Lab::new().await;
    for change in ["update audit_events set kind = 'a.b'", "delete from audit_events"] {
        lab.history("audit_events_are_final", change).await;
    }
    lab.refuses_the_owner(HISTORY, "truncate audit_events cascade").await;
    for change in [
        "update audit_seals set hash = hash('x')",
        "delete from audit_seals",
        "truncate audit_seals",
    ] {
        lab.history("audit_seals_are_final", change).await;
    }
    for change in ["delete from audit_head", "truncate audit_head"] {
        lab.history("audit_head_stays", change).await;
    }
}

#[tokio::test]
async fn seals_are_whole_and_each_event_has_one() {
    let lab = Lab::new().await;
    lab.takes(rows::seal()).await;
    lab.refuses("audit_seals_sequence_check", rows::seal().with("sequence", "0")).await;
    lab.refuses("audit_seals_hash_check", rows::seal().with("hash", r"'\x00'")).await;
    lab.refuses("audit_seals_previous_hash_check", rows::seal().with("previous_hash", r"'\x00'"))
        .await;
    let second = rows::seal().with("sequence", "2").sql();
    lab.refuses("audit_seals_event_id_key", format!("{} {second}", rows::seal().sql())).await;
}

#[tokio::test]
async fn the_chain_has_one_head() {
    let lab = Lab::new().await;
    lab.refuses("audit_head_hash_check", r"update audit_head set hash = '\x00'").await;
    lab.refuses("audit_head_only_one_check", "update audit_head set only_one = false").await;
    lab.refuses("audit_head_pkey", "insert into audit_head values (true, 0, hash('x'), '0')").await;
}

#[tokio::test]
async fn the_last_verification_is_kept_with_what_it_found() {
    let lab = Lab::new().await;
    lab.takes(rows::verification()).await;
    let found = rows::verification().with("first_bad", "1");
    lab.refuses("audit_verification_problem_is_somewhere", found.clone()).await;
    lab.takes(found.with("problem", "'changed'")).await;
    lab.refuses(
        "audit_verification_head_hash_check",
        rows::verification().with("head_hash", r"'\x00'"),
    )
    .await;
    lab.refuses("audit_verification_sealed_check", rows::verification().with("sealed", "-1")).await;
    lab.refuses(
        "audit_verification_only_one_check",
        rows::verification().with("only_one", "false"),
    )
    .await;
}

#[tokio::test]
async fn mails_are_within_reason() {
    let lab = Lab::new().await;
    lab.takes(rows::mail()).await;
    lab.takes(rows::mail().with("recipient_id", "null")).await;
    lab.refuses("outbox_address_check", rows::mail().with("address", "'a@'")).await;
    lab.refuses("outbox_subject_check", rows::mail().with("subject", "''")).await;
    lab.refuses("outbox_body_check", rows::mail().with("body", "repeat('x', 65537)")).await;
    lab.refuses("outbox_attempts_check", rows::mail().with("attempts", "-1")).await;
    lab.refuses("outbox_failures_count", rows::mail().with("failures", "-1")).await;
    lab.refuses("outbox_event_is_a_name", rows::mail().with("event", "'Event'")).await;
    let long = rows::mail().with("html_body", "repeat('x', 131073)");
    lab.refuses("outbox_html_body_length", long).await;
    let both = rows::mail().with("sent_at", "instant()").with("given_up_at", "instant()");
    lab.refuses("outbox_sent_or_given_up", both).await;
}

#[tokio::test]
async fn only_notices_that_have_long_been_over_are_removed() {
    let lab = Lab::new().await;
    let (kept, remove) = ("outbox_is_kept", "delete from outbox;");
    lab.refuses(kept, format!("{} {remove}", rows::mail().sql())).await;
    lab.refuses_the_owner(kept, format!("{} {remove}", rows::message().sql())).await;
    for column in ["sent_at", "given_up_at"] {
        let late = rows::mail().with(column, "instant() - interval '29 days'");
        lab.refuses(kept, format!("{} {remove}", late.sql())).await;
        let over = rows::mail().with(column, "instant() - interval '30 days'");
        lab.takes(format!("{} {remove}", over.sql())).await;
    }
}

#[tokio::test]
async fn a_notice_is_either_a_mail_or_a_message() {
    let lab = Lab::new().await;
    lab.takes(rows::message()).await;
    for name in ["'mail'", "'Ops'", "'a b'", "''"] {
        let message = rows::message().with("channel", name);
        lab.refuses("outbox_channel_is_a_name", message).await;
    }
    for (column, value) in [("address", "'a@example.org'"), ("payload", "null"), ("event", "null")]
    {
        let message = rows::message().with(column, value);
        lab.refuses("outbox_mail_or_message", message).await;
    }
    lab.refuses("outbox_mail_or_message", rows::mail().with("payload", "'{}'")).await;
    lab.refuses("outbox_mail_or_message", rows::mail().with("address", "null")).await;
    let large = rows::message().with("payload", "to_json(repeat('x', 65536))");
    lab.refuses("outbox_payload_size", large).await;
}

#[tokio::test]
async fn a_lane_fails_since_some_time_or_not_at_all() {
    let lab = Lab::new().await;
    lab.takes(rows::lane()).await;
    lab.refuses("delivery_lanes_name_is_a_name", rows::lane().with("name", "'A lane'")).await;
    lab.refuses(
        "delivery_lanes_failures_count",
        rows::lane().with("failures", "-1").with("failing_since", "instant()"),
    )
    .await;
    lab.refuses("delivery_lanes_failing_whole", rows::lane().with("failures", "1")).await;
    lab.takes(rows::alarm()).await;
    lab.refuses("delivery_alarms_about_length", rows::alarm().with("about", "''")).await;
}

#[tokio::test]
async fn what_was_found_of_a_ticket_stays() {
    let lab = Lab::new().await;
    lab.takes(rows::request_ticket()).await;
    let large = rows::request_ticket().with("found", "to_json(repeat('x', 4096))");
    lab.refuses("request_tickets_found_size", large).await;
    lab.history("request_tickets_frozen", "update request_tickets set found = '{}'").await;
    lab.history("request_tickets_frozen", "delete from request_tickets").await;
}

#[tokio::test]
async fn an_idempotency_key_counts_once() {
    let lab = Lab::new().await;
    lab.takes(rows::idempotency_key()).await;
    lab.refuses("idempotency_keys_key_check", rows::idempotency_key().with("key", "''")).await;
    lab.refuses(
        "idempotency_keys_fingerprint_check",
        rows::idempotency_key().with("fingerprint", r"'\x00'"),
    )
    .await;
    let twice = format!("{} {}", rows::idempotency_key().sql(), rows::idempotency_key().sql());
    lab.refuses("idempotency_keys_pkey", twice).await;
}
