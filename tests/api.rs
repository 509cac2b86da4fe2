//! The API: what programs get, and how they are told what is wrong.
use axum::{body::Body, http::Request};
use latchkey::domain::time::Duration;
use serde_json::json;

use crate::support::{
    World, approved_by,
    http::{EVERY_SCOPE, call},
};

/// Ada is eligible, Bob and Eve approve "Production operator"; "Reader" asks for nothing.
async fn small_company() -> World {
    let world = World::new().await;
    world.people(["ada", "bob", "eve"]).await;
    let approvers = world.group("Approvers", &["bob", "eve"]).await;
    world
        .role("Production operator", |terms| {
            terms.activation.requires_approval = true;
            terms.activation.stages = approved_by([approvers]);
        })
        .await;
    world.role("Reader", |terms| terms.activation.requires_justification = true).await;
    world
}

#[tokio::test]
async fn a_program_activates_asks_and_is_done() {
    let world = small_company().await;
    let eligibility = world.eligible("ada", "Reader").await;
    let token = world.access_token("ada", &EVERY_SCOPE).await;
    let me = world.ask_api("get", "/v1/me", &token, None).await;
    assert_eq!(me.json()["name"], "ada");

    let body = json!({
        "roles": [{ "eligibility": eligibility, "duration": "PT1H" }],
        "justification": "Look at the orders",
    });
    let made = world.ask_api("post", "/v1/activations", &token, Some(&body)).await;
    assert_eq!(made.status, 201, "{:?}", made.json());
    let request = &made.json()["outcomes"][0]["request"];
    assert_eq!(request["state"], "granted");
    let ends_at = world.now().await + Duration::hours(1);
    assert_eq!(request["ends_at"], ends_at.to_string());

    let question = json!({ "checks": [{ "role": world.role_id("Reader") }] });
    let held = world.ask_api("post", "/v1/access/check", &token, Some(&question)).await;
    assert_eq!(held.json()["answers"][0]["allowed"], true);
    let mine = world.ask_api("get", "/v1/me/access", &token, None).await.json();
    assert_eq!(mine["active"][0]["role_name"], "Reader");
    assert_eq!(mine["eligible"][0]["active"], true);

    let activation = request["assignment"].as_str().unwrap().to_owned();
    let path = format!("/v1/activations/{activation}/deactivate");
    assert_eq!(world.ask_api("post", &path, &token, None).await.status, 204);
    let held = world.ask_api("post", "/v1/access/check", &token, Some(&question)).await;
    assert_eq!(held.json()["answers"][0]["allowed"], false);
    world.check_invariants().await;
}

#[tokio::test]
async fn a_refusal_names_every_rule_and_one_of_several_does_not_stop_the_rest() {
    let world = small_company().await;
    let reader = world.eligible("ada", "Reader").await;
    let operator = world.eligible("ada", "Production operator").await;
    let token = world.access_token("ada", &["activate"]).await;
    let role = |eligibility, duration| json!({ "eligibility": eligibility, "duration": duration });
    let body = json!({ "roles": [role(reader, "PT20H")] });
    let refused = world.ask_api("post", "/v1/activations", &token, Some(&body)).await;
    assert_eq!(refused.status, 422);
    assert_eq!(refused.header("content-type"), "application/problem+json");
    let problem = refused.json();
    assert_eq!(problem["type"], "/problems/refused");
    let rules: Vec<_> =
        problem["reasons"].as_array().unwrap().iter().map(|reason| &reason["rule"]).collect();
    assert_eq!(rules, ["duration", "justification_needed"]);
    let id = refused.header("x-request-id");
    assert_eq!(problem["instance"], format!("urn:uuid:{id}"));

    let body = json!({ "roles": [role(reader, "PT1H"), role(operator, "PT1H")] });
    let mixed = world.ask_api("post", "/v1/activations", &token, Some(&body)).await;
    assert_eq!(mixed.status, 207);
    let outcomes = mixed.json()["outcomes"].clone();
    assert_eq!(outcomes[0]["status"], 422);
    assert_eq!(outcomes[0]["problem"]["type"], "/problems/refused");
    assert_eq!(outcomes[1]["status"], 201);
    assert_eq!(outcomes[1]["request"]["state"], "pending");
}

#[tokio::test]
async fn a_request_with_a_key_takes_effect_once() {
    let world = small_company().await;
    let eligibility = world.eligible("ada", "Reader").await;
    let token = world.access_token("ada", &["activate"]).await;
    let body = |reason: &str| {
        json!({
            "roles": [{ "eligibility": eligibility, "duration": "PT1H" }],
            "justification": reason,
        })
    };
    let keyed = |reason: &str, key: &str| {
        let mut request = call("post", "/v1/activations", &token, Some(&body(reason)));
        request.headers_mut().insert("idempotency-key", key.parse().unwrap());
        request
    };
    let first = world.send(keyed("One", "a-key")).await;
    let again = world.send(keyed("One", "a-key")).await;
    assert_eq!((first.status, again.status), (201, 201));
    let request = |answer: serde_json::Value| answer["outcomes"][0]["request"]["request"].clone();
    assert_eq!(request(first.json()), request(again.json()));
    assert_eq!(world.count("select count(*) from requests").await, 1);
    assert_eq!(world.send(keyed("Two", "a-key")).await.status, 409);
    for bad in ["", "a b", &"x".repeat(201)] {
        let refused = world.send(keyed("One", bad)).await;
        assert_eq!(
            (refused.status, &refused.json()["fields"][0]["field"]),
            (400, &json!("Idempotency-Key"))
        );
    }
}

#[tokio::test]
async fn an_approver_decides_with_a_code_and_the_second_is_told_who_did() {
    let world = small_company().await;
    let eligibility = world.eligible("ada", "Production operator").await;
    let (bob, eve) = (world.enrol("bob").await, world.enrol("eve").await);
    let ada = world.access_token("ada", &EVERY_SCOPE).await;
    let body = json!({ "roles": [{ "eligibility": eligibility, "duration": "PT2H" }] });
    let asked = world.ask_api("post", "/v1/activations", &ada, Some(&body)).await;
    let id = asked.json()["outcomes"][0]["request"]["request"].as_str().unwrap().to_owned();
    let decisions = format!("/v1/requests/{id}/decisions");

    let token = world.access_token("bob", &["read", "approve"]).await;
    let waiting = world.ask_api("get", "/v1/approvals", &token, None).await.json();
    assert_eq!(waiting["items"][0]["request"]["id"], id.as_str());
    let wrong = json!({ "verdict": "approve", "code": "not a code" });
    let refused = world.ask_api("post", &decisions, &token, Some(&wrong)).await;
    assert_eq!(refused.json()["type"], "/problems/code-not-accepted");

    let code = world.next_code(&bob).await;
    let yes = json!({ "verdict": "approve", "duration": "PT1H", "code": code });
    let decided = world.ask_api("post", &decisions, &token, Some(&yes)).await;
    assert_eq!(decided.status, 200, "{:?}", decided.json());
    assert_eq!(decided.json()["request"]["decision"]["by"], "bob");
    assert_eq!(decided.json()["request"]["granted"], "PT1H");

    let token = world.access_token("eve", &["approve"]).await;
    let no = json!({ "verdict": "deny", "code": world.next_code(&eve).await });
    let late = world.ask_api("post", &decisions, &token, Some(&no)).await;
    assert_eq!(late.status, 409);
    assert!(late.json()["detail"].as_str().unwrap().contains("bob"));
    world.check_invariants().await;
}

#[tokio::test]
async fn what_is_sent_wrongly_is_told_by_field_and_rule() {
    let world = small_company().await;
    let token = world.access_token("ada", &EVERY_SCOPE).await;
    let ask = async |method, path, body: &serde_json::Value| {
        let answer = world.ask_api(method, path, &token, Some(body)).await;
        (answer.status, answer.json()["fields"][0]["field"].clone())
    };
    let unknown = json!({ "roles": [], "state": "granted" });
    assert_eq!(ask("post", "/v1/activations", &unknown).await, (400, json!("state")));
    let long = json!({ "roles": [], "justification": "x".repeat(5000) });
    assert_eq!(ask("post", "/v1/activations", &long).await, (400, json!("justification")));
    let nothing = json!({});
    assert_eq!(ask("get", "/v1/requests?open=perhaps", &nothing).await, (400, json!("open")));
    assert_eq!(ask("get", "/v1/requests?state=x", &nothing).await, (400, json!("state")));
    assert_eq!(ask("get", "/v1/requests?cursor=x", &nothing).await, (400, json!("cursor")));
    assert_eq!(ask("get", "/v1/requests/1", &nothing).await, (400, json!("id")));
    assert_eq!(ask("get", "/v1/nothing", &nothing).await.0, 404);
    assert_eq!(ask("post", "/v1/me", &nothing).await.0, 405);

    let form = Request::post("/api/v1/access/check")
        .header("authorization", format!("Bearer {token}"))
        .header("content-type", "application/x-www-form-urlencoded");
    assert_eq!(world.send(form.body(Body::from("a=b")).unwrap()).await.status, 415);
    let large = json!({ "checks": [], "x": "x".repeat(300_000) });
    let refused = world.ask_api("post", "/v1/access/check", &token, Some(&large)).await;
    assert_eq!(
        (refused.status, refused.json()["type"].as_str()),
        (413, Some("/problems/too-large"))
    );
    let wrong = world.ask_api("post", "/v1/me", &token, None).await;
    assert_eq!(wrong.header("allow"), "GET,HEAD");
}

#[tokio::test]
async fn only_a_bearer_token_opens_the_api_and_only_for_what_it_is_for() {
    let world = small_company().await;
    let (_, session) = world.signed_in("ada").await;
    let cookie = Request::get("/api/v1/me")
        .header("cookie", format!("__Host-latchkey={}", &*session.reveal()))
        .body(Body::empty())
        .unwrap();
    let refused = world.send(cookie).await;
    assert_eq!(refused.status, 401);
    assert_eq!(refused.header("www-authenticate"), "Bearer realm=\"latchkey\"");
    assert_eq!(world.ask_api("get", "/v1/me", "lk_pat_x", None).await.status, 401);
    let token = world.access_token("ada", &["check_access"]).await;
    let refused = world.ask_api("get", "/v1/me/access", &token, None).await;
    assert_eq!(
        (refused.status, refused.json()["type"].as_str()),
        (403, Some("/problems/not-allowed"))
    );
}

#[tokio::test]
async fn every_answer_has_its_headers() {
    let world = small_company().await;
    for path in [
        "/",
        "/sign-in",
        "/nothing",
        "/livez",
        "/readyz",
        "/api/v1/me",
        "/api/v1/x",
        "/api/openapi.json",
    ] {
        let answer = world.send(Request::get(path).body(Body::empty()).unwrap()).await;
        for (name, value) in [
            ("x-content-type-options", "nosniff"),
            ("referrer-policy", "same-origin"),
            ("cross-origin-opener-policy", "same-origin"),
            ("cross-origin-resource-policy", "same-origin"),
            ("strict-transport-security", "max-age=63072000; includeSubDomains"),
            ("reporting-endpoints", "csp=\"/csp-reports\""),
            ("cache-control", "no-store"),
        ] {
            assert_eq!(answer.header(name), value, "{path}: {name}");
        }
        assert!(answer.header("permissions-policy").starts_with("publickey-credentials-get"));
        let policy = answer.header("content-security-policy");
        assert!(policy.starts_with("default-src 'none'; "), "{path}: {policy}");
        assert!(!policy.contains("unsafe"), "{path}: {policy}");
        let is_page = answer.header("content-type").starts_with("text/html");
        assert_eq!(policy.contains("script-src 'nonce-"), is_page, "{path}: {policy}");
        assert_eq!(answer.header("x-request-id").len(), 36, "{path}");
    }
}

#[tokio::test]
async fn a_server_is_ready_when_its_database_and_clock_are() {
    let world = World::new().await;
    let get = |path: &str| Request::get(path).body(Body::empty()).unwrap();
    assert_eq!(world.send(get("/livez")).await.status, 200);
    let ready = world.send(get("/readyz")).await;
    assert_eq!((ready.status, ready.json()["ready"].as_bool()), (200, Some(true)));
    world.app.database.close().await;
    let away = world.send(get("/readyz")).await;
    assert_eq!((away.status, away.json()["database"].as_bool()), (503, Some(false)));
    assert_eq!(world.send(get("/livez")).await.status, 200);
    let refused = world.ask_api("get", "/v1/me", &format!("lk_pat_{}", "A".repeat(43)), None).await;
    assert_eq!((refused.status, refused.header("retry-after")), (503, "1"));
}

#[tokio::test]
async fn a_list_goes_on_where_its_page_ended() {
    let world = small_company().await;
    world.active("bob", "Global Administrator").await;
    for number in 0..120 {
        world.person(&format!("person-{number:03}")).await;
    }
    let token = world.access_token("bob", &["read"]).await;
    let first = world.ask_api("get", "/v1/people", &token, None).await.json();
    let next = first["next"].as_str().unwrap();
    let path = format!("/v1/people?cursor={next}");
    let second = world.ask_api("get", &path, &token, None).await.json();
    assert_eq!(second["next"], json!(null));
    let count = |page: &serde_json::Value| page["items"].as_array().unwrap().len();
    assert_eq!(count(&first) + count(&second), 123);
    let elsewhere = format!("/v1/requests?cursor={next}");
    assert_eq!(world.ask_api("get", &elsewhere, &token, None).await.status, 400);
}

#[tokio::test]
async fn the_log_is_read_and_taken_away() {
    let world = small_company().await;
    world.active("bob", "Auditor").await;
    let token = world.access_token("bob", &["audit"]).await;
    let events = world.ask_api("get", "/v1/audit/events?kind=role.created", &token, None).await;
    let events = events.json()["items"].clone();
    assert!(events.as_array().unwrap().iter().all(|event| event["kind"] == "role.created"));
    assert_eq!(events[0]["target"], json!(world.role_id("Reader")));
    for (format, kind) in [("csv", "text/csv"), ("jsonl", "application/jsonl")] {
        let path = format!("/v1/audit/export?format={format}");
        let copy = world.ask_api("get", &path, &token, None).await;
        assert_eq!(copy.status, 200);
        assert!(copy.header("content-type").starts_with(kind));
        assert!(copy.header("content-disposition").ends_with(&format!(".{format}\"")));
        assert!(String::from_utf8_lossy(&copy.body).contains("role.created"));
    }
    let chain = world.ask_api("get", "/v1/audit/verification", &token, None).await.json();
    assert!(chain["head"]["sequence"].as_i64().unwrap() > 0);
}
