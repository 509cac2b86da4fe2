//! Roles and the terms on which they may be held.
use super::{Lab, change, rows};

#[tokio::test]
async fn roles_have_names_of_their_own_and_stay() {
    let lab = Lab::new().await;
    lab.takes(rows::role()).await;
    lab.refuses("roles_name_length", rows::role().with("name", "''")).await;
    lab.refuses("roles_name_length", rows::role().with("name", "repeat('x', 121)")).await;
    lab.refuses("roles_description_length", rows::role().with("description", "repeat('x', 1001)"))
        .await;
    lab.refuses("roles_held_somewhere", rows::role().with("scope_kinds", "'{}'")).await;
    lab.refuses("roles_name_unique", rows::role().with("name_folded", "'global administrator'"))
        .await;
    lab.refuses("roles_recorded", rows::role().unrecorded()).await;
    lab.refuses(
        "roles_recorded",
        "update roles set permissions = '{audit.read}' where id = id('operator')",
    )
    .await;
    lab.takes(change("roles", "operator", "permissions = '{audit.read}'")).await;
    lab.refuses_the_owner("roles_frozen", change("roles", "operator", "built_in = true")).await;
    lab.history("roles_never_deleted", "delete from roles").await;
}

/// Ends everything that somebody holds of a role.
fn end_all(role: &str) -> String {
    format!(
        "update assignments set ended_at = instant(), end_reason = 'removed' where role_id = id('{role}') and ended_at is null;
         select record('assignment', id) from assignments where role_id = id('{role}');"
    )
}

#[tokio::test]
async fn who_administers_is_privileged() {
    let lab = Lab::new().await;
    let may = |permissions| rows::role().with("permissions", permissions);
    lab.takes(may("'{roles.read,audit.read}'")).await;
    lab.refuses("roles_that_administer_are_privileged", may("'{roles.read,assignments.manage}'"))
        .await;
    lab.takes(may("'{assignments.manage}'").with("privileged", "true")).await;
    lab.refuses("roles_permissions_are_known", may("'{everything}'").with("privileged", "true"))
        .await;
}

#[tokio::test]
async fn a_role_is_held_where_its_kind_of_place_allows() {
    let lab = Lab::new().await;
    lab.takes(rows::eligible().with("scope_id", "id('system')")).await;
    lab.refuses("assignments_fit_the_role", rows::eligible().with("scope_id", "id('team scope')"))
        .await;
    lab.takes(rows::pending().with("scope_id", "id('system')")).await;
    lab.refuses("requests_fit_the_role", rows::pending().with("scope_id", "id('team scope')"))
        .await;
}

#[tokio::test]
async fn retiring_a_role_or_a_place_ends_all_that_rests_on_it() {
    let lab = Lab::new().await;
    let retire = |role| change("roles", role, "retired_at = instant()");
    lab.takes(format!("{} {}", end_all("proved"), retire("proved"))).await;
    lab.refuses("retiring_ends_all", retire("proved")).await;
    lab.refuses("retiring_ends_all", retire("operator")).await;
    lab.refuses("retiring_ends_all", retire("guarded")).await;
    let end = change("assignments", "running", "ended_at = instant(), end_reason = 'removed'");
    lab.refuses("retiring_ends_all", format!("{end} {}", retire("operator"))).await;
    lab.takes(format!("{} {}", end_all("operator"), retire("operator"))).await;
    let place = change("scopes", "system", "retired_at = instant()");
    lab.takes(&*place).await;
    let held = rows::eligible().with("scope_id", "id('system')").sql();
    lab.refuses("retiring_ends_all", format!("{held} {place}")).await;
    lab.refuses("assignments_need_what_is_in_use", format!("{place} {held}")).await;
    let inside = rows::scope().with("kind", "'resource'").with("parent_id", "id('system')").sql();
    lab.refuses("retiring_ends_all", format!("{inside} {place}")).await;
    let waits = rows::pending().with("scope_id", "id('system')").sql();
    lab.refuses("retiring_ends_all", format!("{waits} {place}")).await;
    let built_in = "update roles set retired_at = instant() where built_in";
    lab.refuses("roles_built_in_stay", built_in).await;
}

#[tokio::test]
async fn terms_are_within_reason() {
    let lab = Lab::new().await;
    lab.takes(rows::settings()).await;
    for (column, constraint, most) in [
        ("activation_maximum_seconds", "role_settings_activation_maximum", 86_400),
        ("eligible_maximum_seconds", "role_settings_eligible_maximum", 315_360_000),
        ("active_maximum_seconds", "role_settings_active_maximum", 315_360_000),
    ] {
        for good in [300, most] {
            lab.takes(rows::settings().with(column, &good.to_string())).await;
        }
        for bad in [240, 330, most + 60] {
            lab.refuses(constraint, rows::settings().with(column, &bad.to_string())).await;
        }
    }
    lab.refuses("role_settings_reason_length", rows::settings().with("reason", "''")).await;
    lab.refuses(
        "role_settings_reason_length",
        rows::settings().with("reason", "repeat('x', 4097)"),
    )
    .await;
    lab.refuses("role_settings_version_check", rows::settings().with("version", "0")).await;
    lab.refuses("role_settings_version_unique", rows::settings().with("version", "1")).await;
    lab.refuses("role_settings_recorded", rows::settings().unrecorded()).await;
}

#[tokio::test]
async fn a_version_of_the_terms_is_frozen_with_its_approvers() {
    let lab = Lab::new().await;
    lab.history("role_settings_frozen", "update role_settings set reason = 'x'").await;
    lab.history("role_settings_frozen", "delete from role_settings").await;
    lab.history(
        "settings_approvers_frozen",
        "update settings_approvers set principal_id = id('ada')",
    )
    .await;
    lab.history("settings_approvers_frozen", "delete from settings_approvers").await;
    let (stage, approver) = (rows::stage().sql(), rows::approver());
    lab.takes(format!("{} {stage} {}", rows::settings().sql(), approver.sql())).await;
    for settings in ["id('guarded terms')", "id('operator terms')"] {
        let late =
            approver.clone().with("settings_id", settings).with("principal_id", "id('root')");
        lab.refuses("settings_approvers_come_with_their_version", late).await;
    }
}
