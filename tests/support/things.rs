//! A company with one of each thing, and what is asked about them, for tests that go through every route.
use std::{collections::BTreeMap, fmt::Write as _};

use latchkey::{
    domain::{id::ScopeId, time::Duration},
    service::{
        inventory::{conversion, import},
        settings,
    },
};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{World, applications::Pair, approved_by, http::EVERY_SCOPE, reason};

/// What stands in the place of the parameters in paths.
pub struct Things(pub BTreeMap<&'static str, String>);

/// A company with one of each asker. "user" is eligible for what "approver" and "other" approve.
pub async fn company() -> World {
    let world = World::new().await;
    world.people(["user", "approver", "other", "auditor", "admin", "second", "bystander"]).await;
    world.active("auditor", "Auditor").await;
    world.active("admin", "Global Administrator").await;
    world.active("second", "Global Administrator").await;
    let approvers = world.group("Approvers", &["approver", "other"]).await;
    world
        .role("Operator", |terms| {
            terms.activation.requires_approval = true;
            terms.activation.stages = approved_by([approvers]);
        })
        .await;
    world.role("Reader", |_| ()).await;
    world
}

/// A change that waits for a second administrator.
async fn waiting_change(world: &World) -> String {
    let (second, role) = (world.actor("second").await, world.role_id("Reader"));
    let shown = settings::show(&world.app, &second, role, ScopeId::ROOT).await.unwrap().current;
    let mut next = shown.settings;
    next.activation.maximum = Duration::hours(12);
    let (after, why) = (shown.number, reason());
    let save = settings::Save::whole(role, &next, after, &why);
    match settings::save(&world.app, &second, &save).await {
        Ok(settings::Outcome::Waits(change)) => change.to_string(),
        outcome => panic!("{outcome:?}"),
    }
}

impl Things {
    /// Makes one of each.
    pub async fn of(world: &World) -> Self {
        let operator = world.eligible("user", "Operator").await;
        let reader = world.eligible("user", "Reader").await;
        let token = world.access_token("user", &EVERY_SCOPE).await;
        let role = |id| json!({ "eligibility": id, "duration": "PT1H" });
        let body = json!({ "roles": [role(operator), role(reader)] });
        let made = world.ask_api("post", "/v1/activations", &token, Some(&body)).await.json();
        let made = |index: usize, what: &str| {
            made["outcomes"][index]["request"][what].as_str().unwrap().to_owned()
        };
        let group = world.group("Crew", &[]).await;
        let admin = world.actor("admin").await;
        let file = "user,role\nbystander,Operator\n".as_bytes();
        let import = import::upload(&world.app, &admin, "today.csv", file).await.unwrap();
        let standing = world.active("other", "Reader").await;
        let begun =
            conversion::start(&world.app, &admin, &[standing], &reason(), None).await.unwrap();
        let conversion = begun.into_iter().next().unwrap().outcome.unwrap();
        let change = waiting_change(world).await;
        let application = world.register("admin", "Crew Sync", &["user"]).await.unwrap();
        Self(BTreeMap::from([
            ("eligibility", operator.to_string()),
            ("change", change.clone()),
            ("change-request", change),
            ("assignment", world.eligible("bystander", "Reader").await.to_string()),
            ("request", made(0, "request")),
            ("activation", made(1, "assignment")),
            ("role", world.role_id("Operator").to_string()),
            ("person", world.principal("bystander").to_string()),
            ("principal", world.principal("bystander").to_string()),
            ("group", group.to_string()),
            ("import", import.to_string()),
            ("conversion", conversion.to_string()),
            ("scope", world.scope("Finance", ScopeId::ROOT, "folder").await.to_string()),
            ("application", application.to_string()),
            ("credential", Uuid::now_v7().to_string()),
            ("delivery", Uuid::now_v7().to_string()),
            ("name", "mail".to_owned()),
            ("way", "mail".to_owned()),
            ("problem", "refused".to_owned()),
            ("file", "roles.toml".to_owned()),
            ("template", "00000000-0000-8000-a000-000000000001".to_owned()),
            ("token", Uuid::now_v7().to_string()),
            ("session", Uuid::now_v7().to_string()),
            ("deputy", Uuid::now_v7().to_string()),
        ]))
    }

    /// The path with things in the place of its parameters; `{id}` is what the list before it is of.
    pub fn fill(&self, path: &str) -> String {
        let mut list = "";
        let mut filled = String::new();
        for part in path.split('/').skip(1) {
            let name = match part.strip_prefix('{').and_then(|part| part.strip_suffix('}')) {
                None => None,
                Some("id") if list == "people" => Some("person"),
                Some("id") if list == "deliveries" => Some("delivery"),
                Some("id") if list == "deputies" => Some("deputy"),
                Some("id") => Some(list.trim_end_matches('s')),
                Some(name) => Some(name),
            };
            list = part;
            write!(filled, "/{}", name.map_or(part, |name| &self.0[name])).unwrap();
        }
        match path {
            "/v1/activations/preview" => format!("{filled}?eligibility={}", self.0["eligibility"]),
            "/v1/search" => format!("{filled}?q=er"),
            "/activations/new" => format!("{filled}?assignment={}", self.0["eligibility"]),
            _ => filled,
        }
    }
}

/// What is sent: right in form, so that the answer tells of rights.
pub fn body(method: &str, path: &str, asker: usize, things: &Things) -> Option<Value> {
    let wish = json!({ "eligibility": things.0["eligibility"], "duration": "PT1H" });
    let why = json!({ "justification": "For the table" });
    match (method, path.trim_start_matches("/v1")) {
        ("post", "/activations") => Some(json!({ "roles": [wish] })),
        ("post", "/activations/{id}/extend") => Some(json!({ "duration": "PT2H" })),
        ("post", "/requests/{id}/decisions" | "/change-requests/{id}/decisions") => {
            Some(json!({ "verdict": "approve", "code": "no code" }))
        }
        ("post", "/requests/{id}/comments") => Some(json!({ "text": "For the table" })),
        (
            "post",
            "/requests/{id}/claim"
            | "/requests/{id}/release"
            | "/requests/{id}/nudge"
            | "/me/deputies/{id}/end"
            | "/settings/templates/{id}/retire",
        ) => None,
        ("post", "/requests/{id}/review") => {
            Some(json!({ "verdict": "justified", "note": "For the table" }))
        }
        ("post", "/approvals/decisions") => Some(json!({
            "requests": [things.0["request"]], "verdict": "approve", "justification": "For the table",
        })),
        ("post", "/me/deputies") => Some(json!({
            "deputy": "bystander@example.org", "ends_at": "2040-04-01T00:00:00Z",
        })),
        ("put", "/people/{id}/manager") => Some(json!({
            "manager": "second@example.org", "justification": "For the table",
        })),
        ("post", "/assignments/{id}/more-time") => {
            Some(json!({ "ends_at": "2040-06-05T09:00:00Z", "reason": "For the table" }))
        }
        ("post", "/assignments/bulk") => Some(json!({
            "assignments": [things.0["assignment"]], "operation": "remove", "justification": "For the table",
        })),
        ("post", "/access/check") => Some(json!({ "checks": [{
            "principal": things.0["person"], "role": things.0["role"],
        }] })),
        ("post", "/scopes") => Some(json!({
            "parent": things.0["scope"], "kind": "system", "name": format!("System of {asker}"),
        })),
        ("patch", "/scopes/{id}") => Some(json!({ "name": "Finance" })),
        ("post", "/scopes/{id}/move") => Some(json!({ "to": ScopeId::ROOT, "preview": true })),
        ("post", "/scopes/{id}/retire" | "/roles/{id}/retire") => Some(json!({ "preview": true })),
        ("post", "/roles") => {
            Some(json!({ "name": format!("Role of {asker}"), "privileged": false }))
        }
        ("put", "/me/notices") => Some(json!({ "ways": { "decided": "daily" } })),
        ("post", "/roles/{id}/notices/preview") => Some(json!({ "notices": {} })),
        ("put", "/me/language") => {
            Some(json!({ "language": "en", "time_zone": "Europe/Copenhagen" }))
        }
        ("put", "/roles/{id}") => Some(json!({
            "role": { "name": format!("Changed by {asker}"), "privileged": true },
        })),
        // Nothing is retired, so that the rows after it still have a role.
        ("put", "/roles/{id}/settings") => Some(json!({
            "settings": careful_settings(), "after": 1, "reason": "Shorter",
        })),
        ("post", "/settings/templates") => {
            Some(json!({ "name": format!("Template of {asker}"), "settings": careful_settings() }))
        }
        ("put", "/settings/templates/{id}") => {
            Some(json!({ "name": "Other", "settings": careful_settings(), "after": 1 }))
        }
        ("post", "/policy/plan") => Some(json!({ "files": { "scopes.toml": "" } })),
        ("post", "/policy/apply") => {
            Some(json!({ "files": { "scopes.toml": "" }, "reason": "As it is" }))
        }
        ("post", "/settings/apply") => Some(json!({
            "roles": [things.0["role"]], "template": things.0["template"], "preview": true,
        })),
        ("post", "/assignments") => Some(json!({
            "principals": [things.0["person"]], "role": things.0["role"], "kind": "eligible",
        })),
        ("patch", "/assignments/{id}") | ("post", "/assignments/{id}/prolong") => {
            Some(json!({ "ends_at": "2040-06-05T09:00:00Z" }))
        }
        ("post", "/people") => Some(json!({
            "name": "New", "user_name": format!("new-{asker}"), "email": format!("new-{asker}@example.org"),
        })),
        ("post", "/applications") => Some(json!({ "name": format!("Application of {asker}") })),
        ("patch", "/applications/{id}") => Some(json!({ "name": "Crew Sync", "description": "" })),
        ("post", "/applications/{id}/owners") => Some(json!({ "principal": things.0["person"] })),
        ("post", "/applications/{id}/secrets") => Some(json!({ "name": "first", "days": 90 })),
        ("post", "/applications/{id}/keys") => Some(json!({
            "name": "first", "days": 90, "public_key": Pair::p256().public_pem(),
        })),
        ("post", path) if path.contains("/owners/{principal}/") || path.ends_with("/revoke") => {
            None
        }
        ("post", "/groups") => Some(json!({ "name": format!("Group of {asker}") })),
        ("post", "/groups/{id}/members") => Some(json!({ "principals": [things.0["person"]] })),
        ("post", path) if path.ends_with("/cancel") || path.ends_with("/deactivate") => None,
        ("post", path) if path.ends_with("/recovery-link") || path.ends_with("/discard") => None,
        ("post", "/inventory/imports") => {
            Some(json!({ "content": "user,role\nbystander,Reader\n" }))
        }
        ("post", "/inventory/imports/{id}/preview") => {
            Some(json!({ "principal": "user", "role": "role" }))
        }
        ("post", "/inventory/imports/{id}/confirm") => Some(json!({})),
        ("post", "/inventory/conversions") => {
            Some(json!({ "assignments": [things.0["assignment"]] }))
        }
        ("post", "/inventory/conversions/{id}/try") => Some(json!({ "duration": "PT1H" })),
        ("post", "/change-requests/{id}/withdraw") => None,
        ("post", _) => Some(why),
        _ => None,
    }
}

fn careful_settings() -> Value {
    let assignment = json!({
        "may_be_permanent": true, "maximum": "PT720H",
        "requires_justification": false, "requires_mfa": false,
    });
    json!({
        "activation": {
            "maximum": "PT4H", "authentication": "mfa", "requires_justification": true,
            "requires_ticket": false, "requires_approval": false, "stages": [],
        },
        "eligible": assignment, "active": assignment,
    })
}
