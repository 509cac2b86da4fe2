//! What the server's own role may do: everything that it needs, and nothing to history.
use std::collections::BTreeSet;

use latchkey::gateway::private_postgres::DatabaseRole;

use super::{HISTORY, Lab};

/// Every right to change or remove rows; none is a right to all columns but for what is bookkeeping or a credential.
const RIGHTS: [&str; 50] = [
    "access_tokens delete",
    "access_tokens update last_used_at revoked_at",
    "application_assertions delete",
    "application_credentials update last_used_at revoked_at",
    "application_owners update ended_at",
    "approval_alarms delete",
    "assignments update eligibility_ends_at end_reason ended_at ends_at starts_at",
    "audit_head update",
    "audit_verification update",
    "change_requests update amended closed_at decider_id decider_person_id decision_reason failure prior proof_id state",
    "conversions update abandoned_at abandoned_by finished_at finished_by tried_at tried_by",
    "delivery_alarms update",
    "delivery_lanes update",
    "deputies update ended_at",
    "emergency_reviews update closed_at note reminded_at reviewer_id reviewer_person_id verdict",
    "gathered_notices delete",
    "idempotency_keys delete",
    "imports update already closed_at file fingerprint left_out made mapping roles_made scopes_made shortened state",
    "known_devices delete",
    "known_devices update",
    "mfa_proofs update spent_at spent_for",
    "notice_preferences update",
    "notice_progress update through",
    "one_time_links update revoked_at used_at",
    "outbox delete",
    "outbox update",
    "password_credentials update",
    "persons update display_name email email_folded language manager_id time_zone",
    "principals update break_glass description disabled_at name name_folded person_id",
    "quarantines update ended_by",
    "recovery_codes update removed_at used_at",
    "reminder_progress update through",
    "request_stages update escalated_at escalates_at expires_at opened_at settled_at state",
    "requests update closed_at expires_at failure granted_seconds prior state",
    "roles update description name name_folded permissions privileged retired_at scope_kinds",
    "scopes update description name name_folded parent_id retired_at",
    "sessions delete",
    "sessions update",
    "settings_templates update description name name_folded retired_at terms version",
    "sign_in_throttles delete",
    "sign_in_throttles update",
    "told_notices delete",
    "totp_credentials update",
    "- insert audit_events",
    "- insert change_moves",
    "- insert notice_progress",
    "- insert reminder_progress",
    "- insert request_moves",
    "- insert scope_ancestors",
    "- insert standing_access",
];

#[tokio::test]
async fn the_server_has_these_rights_and_no_others() {
    let lab = Lab::new().await;
    let rights: Vec<String> =
        sqlx::query_scalar(include_str!("rights.sql")).fetch_all(&lab.world.owner).await.unwrap();
    let (found, expected): (BTreeSet<_>, BTreeSet<_>) =
        (rights.iter().map(String::as_str).collect(), RIGHTS.into_iter().collect());
    assert_eq!(found, expected);
}

#[tokio::test]
async fn history_is_beyond_the_server() {
    let lab = Lab::new().await;
    for sql in [
        "delete from requests",
        "delete from decisions",
        "delete from deputies",
        "delete from request_stages",
        "delete from emergency_reviews",
        "update emergency_reviews set due_at = 'infinity'",
        "delete from request_remarks",
        "update request_remarks set text = 'Another'",
        "update requests set emergency = true",
        "update approval_stages set authentication = 'none'",
        "update settings_approvers set stage = 2",
        "update deputies set ends_at = 'infinity'",
        "delete from change_requests",
        "delete from reminders",
        "update change_requests set payload = '{}'",
        "insert into change_moves values ('declined', 'carried_out')",
        "delete from assignments",
        "delete from audit_events",
        "delete from role_settings",
        "delete from principals",
        "delete from mfa_proofs",
        "delete from imports",
        "delete from import_rows",
        "delete from conversions",
        "delete from standing_access",
        "update access_history set eligible = 0",
        "truncate sessions",
        "update audit_events set kind = 'a.b'",
        "update decisions set verdict = 'deny'",
        "update request_moves set next = 'granted'",
        "insert into request_moves values ('denied', 'granted')",
        "delete from request_moves",
        "update assignments set principal_id = id('eve')",
        "update requests set requested_seconds = 300",
        "update principals set kind = 'group'",
        "delete from application_owners",
        "delete from application_credentials",
        "update application_credentials set expires_at = 'infinity'",
        "update access_tokens set expires_at = 'infinity'",
        "update role_settings set activation_requires_approval = false",
    ] {
        lab.refuses(HISTORY, sql).await;
    }
}

#[tokio::test]
async fn the_server_can_change_no_rule() {
    let lab = Lab::new().await;
    for sql in [
        "drop table audit_events",
        "alter table requests disable trigger requests_move",
        "alter table audit_events add column x text",
        "create table x (y text)",
        "drop trigger requests_move on requests",
        "create or replace function instant() returns timestamptz language sql as 'select now()'",
        "set session_replication_role = replica",
        "set role latchkey_owner",
    ] {
        let outcome = lab.outcome(DatabaseRole::Application, sql).await;
        assert_eq!(outcome.as_deref(), Some(HISTORY), "{sql}");
    }
}
