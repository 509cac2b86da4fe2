//! Fields that nobody may set, in bodies and forms that are right but for them (V1).
use std::collections::{BTreeMap, BTreeSet};

use axum::{body::Body, http::Request};
use latchkey::domain::id::ScopeId;
use serde_json::{Value, json};

use super::{Browser, changed, description, operations, state};
use crate::support::{
    World,
    http::{Answer, EVERY_SCOPE, call},
    things::{Things, body, company},
};

/// What the database keeps and no request says. Some operations take a field of one of these names; it is theirs.
const NOBODYS: [&str; 24] = [
    "id",
    "request_id",
    "state",
    "status",
    "outcome",
    "approver_id",
    "approved_by",
    "approved_at",
    "decided_at",
    "activated_at",
    "granted_seconds",
    "expires_at",
    "closed_at",
    "principal_id",
    "person_id",
    "owner_id",
    "role_id",
    "scope_id",
    "settings_id",
    "policy_version",
    "maximum_seconds",
    "created_by",
    "created_at",
    "disabled_at",
];

/// The schema that a schema stands for.
fn meant<'a>(description: &'a Value, schema: &'a Value) -> &'a Value {
    match schema["$ref"].as_str() {
        Some(reference) => {
            let found = description.pointer(reference.trim_start_matches('#')).unwrap();
            meant(description, found)
        }
        None => schema,
    }
}

/// The schemas that one is put together from, or that it is one of.
fn parts(schema: &Value) -> impl Iterator<Item = &Value> {
    let kinds = ["oneOf", "anyOf", "allOf"].into_iter();
    kinds.filter_map(move |kind| schema[kind].as_array()).flatten()
}

/// The ways to all objects in a body that take fields by name, with those fields.
type Objects = BTreeMap<String, BTreeSet<String>>;

fn objects(description: &Value, schema: &Value, sent: &Value, way: &str, found: &mut Objects) {
    let schema = meant(description, schema);
    for part in parts(schema) {
        objects(description, part, sent, way, found);
    }
    if let (Some(fields), Some(sent)) = (schema["properties"].as_object(), sent.as_object()) {
        found.entry(way.to_owned()).or_default().extend(fields.keys().cloned());
        for (name, field) in fields {
            let inside = sent.get(name).unwrap_or(&Value::Null);
            objects(description, field, inside, &format!("{way}/{name}"), found);
        }
    }
    for (name, inside) in sent.as_object().into_iter().flatten() {
        let values = &schema["additionalProperties"];
        objects(description, values, inside, &format!("{way}/{name}"), found);
    }
    for (index, inside) in sent.as_array().into_iter().flatten().enumerate() {
        objects(description, &schema["items"], inside, &format!("{way}/{index}"), found);
    }
}

/// Looks through everything that a schema leads to for objects with fields of their own that would take others as well.
fn find_open(
    description: &Value,
    schema: &Value,
    way: &str,
    seen: &mut BTreeSet<String>,
    open: &mut BTreeSet<String>,
) {
    if !schema.is_object()
        || schema["$ref"].as_str().is_some_and(|reference| !seen.insert(reference.to_owned()))
    {
        return;
    }
    let schema = meant(description, schema);
    if schema["properties"].is_object() && schema["additionalProperties"] != false {
        open.insert(way.to_owned());
    }
    let fields = schema["properties"].as_object().into_iter().flatten();
    let fields = fields.map(|(name, field)| (format!("{way}.{name}"), field));
    let lists = [("items", "[]"), ("additionalProperties", ".*")]
        .map(|(name, step)| (format!("{way}{step}"), &schema[name]));
    let parts = parts(schema).map(|part| (way.to_owned(), part));
    for (way, inside) in fields.chain(lists).chain(parts) {
        find_open(description, inside, &way, seen, open);
    }
}

/// The schema of the body that an operation takes, if it takes one.
fn schema_of(operation: &Value) -> Option<&Value> {
    operation.pointer("/requestBody/content/application~1json/schema")
}

#[test]
fn no_part_of_any_body_takes_a_field_that_it_does_not_know() {
    let description = description();
    let (mut bodies, mut open) = (0, BTreeSet::new());
    for (method, path, operation) in operations(&description) {
        let Some(schema) = schema_of(operation) else { continue };
        let way = format!("{method} {path}: ");
        find_open(&description, schema, &way, &mut BTreeSet::new(), &mut open);
        bodies += 1;
    }
    assert!(bodies > 40, "{bodies}");
    assert!(open.is_empty(), "{open:#?}");
}

#[tokio::test]
async fn a_program_sets_nothing_but_what_a_body_is_for() {
    let world = company().await;
    let things = Things::of(&world).await;
    let token = world.access_token("admin", &EVERY_SCOPE).await;
    let description = description();
    let before = state(&world).await;
    let (mut tried, mut wrong) = (0, Vec::new());
    for (method, path, operation) in operations(&description) {
        let Some(schema) = schema_of(operation) else { continue };
        let told = format!("{method} {path}");
        let right = body(method, path, 0, &things).unwrap_or_else(|| panic!("no body for {told}"));
        let mut places = Objects::new();
        objects(&description, schema, &right, "", &mut places);
        assert!(places.contains_key(""), "{told} takes no object");
        for (way, fields) in places {
            for name in NOBODYS.into_iter().filter(|name| !fields.contains(*name)) {
                let mut forged = right.clone();
                forged.pointer_mut(&way).unwrap()[name] = json!("forged");
                let request = call(method, &things.fill(path), &token, Some(&forged));
                let answer = world.send(request).await;
                if !is_refused_for(&answer, name) {
                    wrong.push(format!("{told} {way} {name}: {} {}", answer.status, answer.json()));
                }
                tried += 1;
            }
        }
        let tables = changed(&before, &state(&world).await);
        assert!(tables.is_empty(), "{told} has changed {tables:?}");
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert!(tried > 1000, "{tried}");
}

/// Whether that field is told to be the one that is wrong.
fn is_refused_for(answer: &Answer, name: &str) -> bool {
    let told = answer.json();
    let field = told["fields"][0]["field"].as_str().unwrap_or_default();
    answer.status == 400 && field.rsplit('.').next() == Some(name)
}

/// An id that nobody and nothing has.
const FORGED: &str = "00000000-0000-7000-8000-00000000beef";

#[tokio::test]
async fn what_is_added_to_a_form_does_nothing() {
    let ids = NOBODYS.map(|name| format!("&{name}={FORGED}")).concat();
    let added = format!("{ids}&state=granted&status=approved&granted_seconds=86400");
    let (plain, forged) = (story("").await, story(&added).await);
    assert_eq!(plain, forged);
    for expected in ["granted", "approve", "grace", "Night shift"] {
        assert!(plain.iter().any(|line| line.contains(expected)), "{expected}: {plain:#?}");
    }
}

/// Asks, decides, invites, and makes a group and a role with forms that say this as well. Tells what came of it.
async fn story(added: &str) -> Vec<String> {
    let world = company().await;
    let eligibility = world.eligible("user", "Operator").await;
    let user = Browser::of(&world, "user").await;
    let approver = Browser::of(&world, "approver").await;
    let admin = Browser::of(&world, "admin").await;
    let mut told = Vec::new();

    let asks = format!("assignment={eligibility}&duration=2h&justification=Orders{added}");
    told.push(send(&world, user.form("/activations", &asks)).await);
    let request: uuid::Uuid =
        sqlx::query_scalar("select id from requests").fetch_one(&world.owner).await.unwrap();
    let code = world.fresh_code("approver").await;
    let decides = format!("decision=approve&duration=1h&justification=Fine&code={code}{added}");
    let way = format!("/requests/{request}/decision");
    told.push(send(&world, approver.form(&way, &decides)).await);

    let invites = format!("name=Grace&user_name=grace&email=grace@example.org{added}");
    told.push(send(&world, admin.form("/people", &invites)).await);
    let groups = format!("name=Night+shift&description=&parent={}{added}", ScopeId::ROOT);
    told.push(send(&world, admin.form("/groups", &groups)).await);
    let makes = format!("name=Watcher&description=&scope_kinds=organization{added}");
    told.push(send(&world, admin.form("/roles", &makes)).await);

    told.extend(rows(&world).await);
    world.check_invariants().await;
    told
}

/// The status, and where it leads, without the ids.
async fn send(world: &World, request: Request<Body>) -> String {
    let answer = world.send(request).await;
    let page = answer.header("location").split('?').next().unwrap_or_default().to_owned();
    let ids = |step: &str| if step.len() == 36 { "id".to_owned() } else { step.to_owned() };
    let way: Vec<_> = page.split('/').map(ids).collect();
    format!("{} {}", answer.status, way.join("/"))
}

/// These rows without their ids, which are never the same twice, and whom they belong to.
async fn rows(world: &World) -> Vec<String> {
    let mut rows: Vec<String> = Vec::new();
    for table in
        ["requests", "decisions", "assignments", "persons", "principals", "roles", "scopes"]
    {
        let sql = format!("select '{table} ' || to_jsonb(found)::text from {table} as found");
        let found: Vec<String> =
            sqlx::query_scalar(sqlx::AssertSqlSafe(sql)).fetch_all(&world.owner).await.unwrap();
        assert!(found.iter().all(|row| !row.contains(FORGED)), "{found:#?}");
        rows.extend(found);
    }
    let id = regex::Regex::new("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}").unwrap();
    let mut rows: Vec<_> = rows.iter().map(|row| id.replace_all(row, "id").into_owned()).collect();
    let named: Vec<String> = sqlx::query_scalar(
        "select 'asked by ' || name from requests join principals on principals.id = requests.principal_id
         union all
         select 'decided by ' || name from decisions join principals on principals.id = decisions.approver_id
         union all
         select 'held by ' || name from assignments join principals on principals.id = assignments.principal_id
         where request_id is not null",
    )
    .fetch_all(&world.owner)
    .await
    .unwrap();
    rows.extend(named);
    rows.sort();
    rows
}
