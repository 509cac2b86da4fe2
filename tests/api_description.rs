//! The description of the API that programs read.
use std::{collections::BTreeSet, fs, path::Path};

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

/// The names under which the types of a source are described.
fn schemas(source: &str) -> Vec<String> {
    let derived = source.split("#[derive(").skip(1);
    let described = derived.filter_map(|rest| {
        let (traits, rest) = rest.split_once(")]")?;
        traits.contains("ToSchema").then_some(rest)
    });
    described
        .map(|rest| {
            let mut lines = rest.lines().map(str::trim);
            let mut own = None;
            let declared = lines.find_map(|line| {
                own = own.or_else(|| line.split_once("schema(as = ").map(|(_, name)| name));
                line.split_once("struct ")
                    .or_else(|| line.split_once("enum "))
                    .filter(|(before, _)| !before.starts_with("//") && !before.starts_with('#'))
            });
            let name = own.or(declared.map(|(_, name)| name)).unwrap();
            name.chars().take_while(|letter| letter.is_alphanumeric()).collect::<String>()
        })
        // A macro does not name what it declares.
        .filter(|name| !name.is_empty())
        .collect()
}

fn sources(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries
        .flat_map(|path| {
            if path.is_dir() { sources(&path) } else { vec![fs::read_to_string(path).unwrap()] }
        })
        .collect()
}

#[test]
fn nothing_is_described_under_the_name_of_something_else() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut names = BTreeSet::new();
    for name in sources(&folder).iter().flat_map(|source| schemas(source)) {
        assert!(names.insert(name.clone()), "two types are described as {name}");
    }
    assert!(names.len() > 100, "{names:?}");
}
