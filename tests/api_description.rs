//! The description of the API that programs read.
use std::collections::BTreeSet;

use latchkey::http::api;
use serde_json::Value;

fn description() -> Value {
    serde_json::to_value(api::description()).unwrap()
}

/// Every operation, with its method and path.
fn operations(description: &Value) -> Vec<(String, &Value)> {
    let paths = description["paths"].as_object().unwrap();
    paths
        .iter()
        .flat_map(|(path, item)| {
            let item = item.as_object().unwrap();
            item.iter().map(move |(method, operation)| (format!("{method} {path}"), operation))
        })
        .collect()
}

#[test]
fn it_is_openapi_3_1_and_speaks_of_tokens() {
    let description = description();
    assert_eq!(description["openapi"], "3.1.0");
    assert_eq!(description["info"]["title"], "Latchkey");
    assert_eq!(description["components"]["securitySchemes"]["bearer"]["scheme"], "bearer");
    assert!(operations(&description).len() > 30);
}

#[test]
fn every_operation_is_told_with_its_problems_and_its_key() {
    let description = description();
    let mut identifiers = BTreeSet::new();
    for (name, operation) in operations(&description) {
        assert!(operation["summary"].is_string(), "{name} has no summary");
        assert!(
            identifiers.insert(operation["operationId"].to_string()),
            "{name}: its id is not its own"
        );
        let responses = operation["responses"].as_object().unwrap();
        for status in ["400", "401", "403", "500", "503"] {
            assert!(responses.contains_key(status), "{name} lacks {status}");
        }
        if name.contains('{') {
            assert!(responses.contains_key("404"), "{name} lacks 404");
        }
        let parameters = operation["parameters"].as_array().cloned().unwrap_or_default();
        let has_key = parameters.iter().any(|parameter| parameter["name"] == "Idempotency-Key");
        assert_eq!(has_key, name.starts_with("post "), "{name}");
    }
}

#[test]
fn every_body_takes_no_field_that_it_does_not_know() {
    let description = description();
    for (name, operation) in operations(&description) {
        let Some(body) = operation.pointer("/requestBody/content/application~1json/schema") else {
            continue;
        };
        let reference = body["$ref"].as_str().unwrap();
        let schema = description.pointer(reference.trim_start_matches('#')).unwrap();
        assert_eq!(schema["additionalProperties"], false, "{name}");
    }
}
