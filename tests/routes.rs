//! Every route, asked by everybody: `routes.txt` says what each of them may expect.
//!
//! A route that is missing from the table fails the test, and so does one that the table alone knows.
use std::{collections::BTreeMap, fmt::Write as _, fs, path::Path};

use axum::{
    body::Body,
    http::{Method, Request},
};
use latchkey::{
    domain::{id::ScopeId, time::Duration},
    http::{api, pages},
    service::{
        inventory::{conversion, import},
        settings,
    },
};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::{
    World,
    applications::Pair,
    approved_by,
    http::{EVERY_SCOPE, call},
    reason,
};

/// Who asks, in the order of the table's columns. Whoever may do most comes last.
const ASKERS: [&str; 6] = ["", "user", "approver", "other", "auditor", "admin"];

/// What stands in the place of the parameters in paths.
struct Things(BTreeMap<&'static str, String>);

#[tokio::test]
async fn every_api_route_answers_everybody_as_the_table_says() {
    let world = company().await;
    let things = things(&world).await;
    let mut tokens = Vec::new();
    for name in ASKERS {
        tokens.push(match name {
            "" => String::new(),
            name => world.access_token(name, &EVERY_SCOPE).await,
        });
    }
    let description = serde_json::to_value(api::description()).unwrap();
    let mut found = BTreeMap::new();
    let mut paths: Vec<_> = description["paths"].as_object().unwrap().iter().collect();
    // The request waits for as long as somebody could still do something about it.
    paths.sort_by_key(|(path, _)| path.ends_with("/cancel"));
    for (path, item) in paths {
        for method in item.as_object().unwrap().keys() {
            let mut row = Vec::new();
            for (asker, token) in tokens.iter().enumerate() {
                let body = body(method, path, asker, &things);
                let request = call(method, &things.fill(path), token, body.as_ref());
                row.push(world.send(request).await.status);
            }
            found.insert(format!("{method} /api{path}"), row);
        }
    }
    compare("/api", &found);
    world.check_invariants().await;
}

#[tokio::test]
async fn every_page_answers_everybody_as_the_table_says() {
    let world = company().await;
    let things = things(&world).await;
    let mut cookies = Vec::new();
    for name in ASKERS {
        cookies.push(match name {
            "" => String::new(),
            name => format!("__Host-latchkey={}", &*world.signed_in(name).await.1.reveal()),
        });
    }
    let mut found = BTreeMap::new();
    for (method, path) in pages::routes().list() {
        let mut row = Vec::new();
        for cookie in &cookies {
            row.push(visit(&world, method, &things.fill(path), cookie).await);
        }
        found.insert(format!("{} {path}", method.as_str().to_lowercase()), row);
    }
    compare("/", &found);
    world.check_invariants().await;
}

#[tokio::test]
async fn whoever_reloads_a_form_that_was_refused_gets_the_page_it_belongs_to() {
    let world = World::new().await;
    for (form, page) in [
        ("/requests/7/decision", "/requests/7"),
        ("/requests/7/decision?decision=approve", "/requests/7"),
        ("/deliveries/ways/mail/test", "/deliveries"),
        ("/policy/plan", "/policy"),
        ("/activations", "/"),
        ("/theme", "/"),
    ] {
        let read = Request::get(form).body(Body::empty()).unwrap();
        let answer = world.send(read).await;
        assert_eq!((answer.status, answer.header("location")), (303, page), "{form}");
    }
}

/// Asks as a browser; what acts is sent without the token that our own forms carry.
async fn visit(world: &World, method: &Method, path: &str, cookie: &str) -> u16 {
    let request = Request::builder()
        .method(method)
        .uri(path)
        .header("cookie", cookie)
        .header("content-type", "application/x-www-form-urlencoded")
        .body(Body::from("justification=x"));
    world.send(request.unwrap()).await.status
}

/// Fails with the rows as they are, to be looked at and, if they are right, put into the table.
fn compare(face: &str, found: &BTreeMap<String, Vec<u16>>) {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/routes.txt");
    let table = fs::read_to_string(file).unwrap();
    let expected: BTreeMap<_, _> = table
        .lines()
        .filter(|line| !line.starts_with('#') && !line.is_empty())
        .map(|line| line.split_once("  ").unwrap())
        .map(|(route, row)| {
            (route.to_owned(), row.split_whitespace().collect::<Vec<_>>().join(" "))
        })
        .filter(|(route, _)| route.contains(" /api/") == (face == "/api"))
        .collect();
    let mut wrong = String::new();
    for (route, row) in found {
        let row = row.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ");
        if expected.get(route) != Some(&row) {
            writeln!(wrong, "{route:60}  {row}").unwrap();
        }
    }
    for route in expected.keys().filter(|route| !found.contains_key(*route)) {
        writeln!(wrong, "{route} is in the table alone").unwrap();
    }
    assert!(wrong.is_empty(), "these answers are not those of tests/routes.txt:\n{wrong}");
}

/// A company with one of each asker. "user" is eligible for what "approver" and "other" approve.
async fn company() -> World {
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

async fn things(world: &World) -> Things {
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
    let begun = conversion::start(&world.app, &admin, &[standing], &reason(), None).await.unwrap();
    let conversion = begun.into_iter().next().unwrap().outcome.unwrap();
    let change = waiting_change(world).await;
    let application = world.register("admin", "Crew Sync", &["user"]).await.unwrap();
    Things(BTreeMap::from([
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
    /// The path with things in the place of its parameters; `{id}` is what the list before it is of.
    fn fill(&self, path: &str) -> String {
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
fn body(method: &str, path: &str, asker: usize, things: &Things) -> Option<Value> {
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
