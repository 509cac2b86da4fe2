//! Terms that inherit, and templates.
use super::{Lab, change, rows};

/// Terms at the system, below the organisation, that own these fields.
fn below(own: &str) -> rows::Row {
    rows::settings().with("scope_id", "id('system')").with("version", "1").with("own_fields", own)
}

#[tokio::test]
async fn a_version_owns_known_fields_and_enforces_its_own() {
    let lab = Lab::new().await;
    lab.takes(rows::settings()).await;
    lab.refuses("role_settings_own_are_known", below("'{maximum,colour}'")).await;
    let enforced = |row: rows::Row, fields: &str| row.with("enforced_fields", fields);
    lab.takes(enforced(below("'{maximum}'"), "'{maximum}'")).await;
    lab.refuses("role_settings_enforced_are_own", enforced(below("'{}'"), "'{maximum}'")).await;
    lab.refuses(
        "role_settings_organisation_owns_all",
        rows::settings().with("own_fields", "'{maximum}'"),
    )
    .await;
    for name in ["''", "repeat('x', 121)"] {
        lab.refuses(
            "role_settings_template_name_length",
            rows::settings().with("template_name", name),
        )
        .await;
    }
}

#[tokio::test]
async fn rules_of_notices_are_rules() {
    let lab = Lab::new().await;
    let rules = rows::settings().with("notices", "'[]'");
    lab.refuses("role_settings_notices_are_rules", rules).await;
}

#[tokio::test]
async fn what_is_inherited_is_what_is_in_force_above() {
    let lab = Lab::new().await;
    let inherit = "role_settings_inherit";
    let all = "settings_fields()";
    lab.takes(below("'{}'")).await;
    // Each by itself: the terms at the organisation ask for nothing, and allow eight hours and permanence.
    for (field, column, other) in [
        ("maximum", "activation_maximum_seconds", "3600"),
        ("authentication", "activation_authentication", "'mfa'"),
        ("requires_justification", "activation_requires_justification", "true"),
        ("requires_ticket", "activation_requires_ticket", "true"),
        ("requires_approval", "activation_requires_approval", "true"),
        ("eligible_may_be_permanent", "eligible_may_be_permanent", "false"),
        ("eligible_maximum", "eligible_maximum_seconds", "3600"),
        ("eligible_requires_justification", "eligible_requires_justification", "true"),
        ("eligible_requires_mfa", "eligible_requires_mfa", "true"),
        ("active_may_be_permanent", "active_may_be_permanent", "false"),
        ("active_maximum", "active_maximum_seconds", "3600"),
        ("active_requires_justification", "active_requires_justification", "true"),
        ("active_requires_mfa", "active_requires_mfa", "true"),
        ("notices", "notices", "'{\"ended.requester\": {\"default_recipients\": false}}'"),
    ] {
        lab.takes(below(&format!("'{{{field}}}'")).with(column, other)).await;
        let without = format!("array_remove({all}, '{field}')");
        lab.refuses(inherit, below(&without).with(column, other)).await;
    }
    let (stage, approver) = (rows::stage().sql(), rows::approver().sql());
    for stages in [stage.clone(), format!("{stage} {approver}")] {
        lab.takes(format!("{} {stages}", below("'{stages}'").sql())).await;
        let without = "array_remove(settings_fields(), 'stages')";
        lab.refuses(inherit, format!("{} {stages}", below(without).sql())).await;
    }
}

#[tokio::test]
async fn a_change_above_reaches_below_or_is_refused() {
    let lab = Lab::new().await;
    let inherit = "role_settings_inherit";
    let shorter = |row: rows::Row, id: &str| {
        row.with("id", id).with("activation_maximum_seconds", "3600").sql()
    };
    let above = shorter(rows::settings(), "id('above')");
    let again = shorter(below("'{}'").with("version", "2"), "id('again')");
    lab.refuses(inherit, format!("{} {above}", below("'{}'").sql())).await;
    lab.takes(format!("{} {above} {again}", below("'{}'").sql())).await;
    // What is its own stays, unless it is enforced above.
    lab.takes(format!("{} {above}", below("'{maximum}'").sql())).await;
    let enforcing = rows::settings().with("enforced_fields", "'{maximum}'");
    let enforcing = shorter(enforcing, "id('above')");
    lab.refuses(inherit, format!("{} {enforcing}", below("'{maximum}'").sql())).await;
    lab.takes(format!("{} {enforcing} {again}", below("'{maximum}'").sql())).await;
}

#[tokio::test]
async fn templates_have_names_name_nobody_and_stay() {
    let lab = Lab::new().await;
    let table = "settings_templates";
    lab.takes(rows::template()).await;
    for name in ["''", "repeat('x', 121)"] {
        lab.refuses("settings_templates_name_length", rows::template().with("name", name)).await;
    }
    let long = rows::template().with("description", "repeat('x', 1001)");
    lab.refuses("settings_templates_description_length", long).await;
    let none = rows::template().with("version", "0");
    lab.refuses("settings_templates_version_positive", none).await;
    let strict = rows::template().with("name_folded", "'strict'");
    lab.refuses("settings_templates_name_unique", strict).await;
    let terms = |stage: &str| {
        let terms = format!("'{{\"activation\": {{\"stages\": [{{{stage}}}]}}}}'");
        rows::template().with("terms", &terms)
    };
    lab.takes(terms(r#""approvers": ["manager"], "escalation": null, "skipped_if": {}"#)).await;
    let ada = "00000000-0000-8000-8000-00000000000a";
    for stage in [
        format!(r#""approvers": ["manager", "{ada}"]"#),
        format!(r#""approvers": ["manager"], "escalation": {{"approvers": ["{ada}"]}}"#),
        format!(r#""approvers": ["manager"], "skipped_if": {{"on_call": "{ada}"}}"#),
    ] {
        lab.refuses("settings_templates_people_are_chosen_later", terms(&stage)).await;
    }
    let none = rows::template().with("terms", "'{}'");
    lab.refuses("settings_templates_people_are_chosen_later", none).await;
    lab.refuses("settings_templates_recorded", rows::template().unrecorded()).await;
    let made = rows::template().sql();
    let rename = "update settings_templates set name = 'Mine' where id = id('new');";
    lab.takes(format!("{made} {rename}")).await;
    lab.takes(format!("{made} {}", change(table, "new", "version = 2, retired_at = instant()")))
        .await;
    for what in ["version = 2", "retired_at = instant()"] {
        let change = format!("update settings_templates set {what} where built_in");
        lab.refuses("settings_templates_built_in_stay", change).await;
    }
    lab.refuses_the_owner(
        "settings_templates_frozen",
        "update settings_templates set built_in = false",
    )
    .await;
    lab.history("settings_templates_never_deleted", "delete from settings_templates").await;
}
