//! What can be said over HTTP names no file, command, library or address that the server would use (V46).
use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

use serde_json::Value;

use super::{description, operations};

/// What such a setting would be called, in whatever it is called.
const SUSPICIOUS: [&str; 23] = [
    "path",
    "file",
    "folder",
    "directory",
    "dir",
    "command",
    "cmd",
    "exec",
    "script",
    "program",
    "binary",
    "shell",
    "library",
    "lib",
    "plugin",
    "module",
    "socket",
    "url",
    "uri",
    "host",
    "address",
    "endpoint",
    "template",
];

/// What is called like that all the same, and why it does no harm.
const HARMLESS: [(&str, &str); 5] = [
    ("file", "the content of a list that is handed in; nothing is opened"),
    ("files", "the contents of policy files by name, kept in memory"),
    ("template", "terms by name, found by their identifier in the database"),
    ("file_name", "what a list that is handed in is called on its page"),
    ("address", "a filter of the list of notices: those to a mail address"),
];

/// The words in a name: `activeFile`, `active_file` and `active-file` have the same.
fn words(name: &str) -> BTreeSet<String> {
    let mut spaced = String::new();
    for letter in name.chars() {
        if letter.is_uppercase() {
            spaced.push(' ');
        }
        spaced.push(if letter.is_alphanumeric() { letter.to_ascii_lowercase() } else { ' ' });
    }
    spaced.split_whitespace().map(|word| word.trim_end_matches('s').to_owned()).collect()
}

fn is_suspicious(name: &str) -> bool {
    let words = words(name);
    SUSPICIOUS.iter().any(|suspicious| words.contains(suspicious.trim_end_matches('s')))
        && !HARMLESS.iter().any(|(harmless, _)| *harmless == name)
}

/// The names of all fields that a schema leads to.
fn fields(
    description: &Value,
    schema: &Value,
    seen: &mut BTreeSet<String>,
    found: &mut BTreeSet<String>,
) {
    if let Some(reference) = schema["$ref"].as_str() {
        if seen.insert(reference.to_owned()) {
            let meant = description.pointer(reference.trim_start_matches('#')).unwrap();
            fields(description, meant, seen, found);
        }
        return;
    }
    for (name, field) in schema["properties"].as_object().into_iter().flatten() {
        found.insert(name.clone());
        fields(description, field, seen, found);
    }
    let kinds = ["oneOf", "anyOf", "allOf", "prefixItems"].into_iter();
    let parts = kinds.filter_map(|kind| schema[kind].as_array()).flatten();
    for inside in parts.chain(["items", "additionalProperties"].map(|name| &schema[name])) {
        if inside.is_object() {
            fields(description, inside, seen, found);
        }
    }
}

/// The names of the fields that templates of pages have.
fn named_in_templates(folder: &Path, found: &mut BTreeMap<String, String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            named_in_templates(&path, found);
            continue;
        }
        let text = fs::read_to_string(&path).unwrap();
        let literal = text.split(" name=\"").skip(1);
        let macros = text.split("form::").skip(1).filter_map(|call| {
            let (name, rest) = call.split_once("(\"")?;
            name.bytes().all(|byte| byte.is_ascii_lowercase()).then_some(rest)
        });
        let names = literal.chain(macros);
        for name in names.filter_map(|rest| rest.split('"').next()) {
            if !name.contains('{') {
                found.insert(name.to_owned(), path.display().to_string());
            }
        }
    }
}

#[test]
fn nothing_that_a_program_sends_names_a_file_a_command_or_an_address_of_the_server() {
    let description = description();
    let (mut all, mut suspicious) = (BTreeSet::new(), Vec::new());
    for (method, path, operation) in operations(&description) {
        let content = operation.pointer("/requestBody/content").and_then(Value::as_object);
        for body in content.into_iter().flat_map(|content| content.values()) {
            let mut found = BTreeSet::new();
            fields(&description, &body["schema"], &mut BTreeSet::new(), &mut found);
            suspicious.extend(
                found
                    .iter()
                    .filter(|name| is_suspicious(name))
                    .map(|name| format!("{method} {path}: {name}")),
            );
            all.extend(found);
        }
        for parameter in operation["parameters"].as_array().into_iter().flatten() {
            let name = parameter["name"].as_str().unwrap();
            if is_suspicious(name) {
                suspicious.push(format!("{method} {path}: {name}"));
            }
        }
    }
    assert!(all.len() > 80, "bodies were looked at: {}", all.len());
    assert!(
        suspicious.is_empty(),
        "say in HARMLESS why these do no harm, or take them away: {suspicious:#?}"
    );
}

#[test]
fn no_form_names_a_file_a_command_or_an_address_of_the_server() {
    let mut found = BTreeMap::new();
    named_in_templates(&Path::new(env!("CARGO_MANIFEST_DIR")).join("templates"), &mut found);
    assert!(found.len() > 50, "forms were looked at: {found:?}");
    let suspicious: Vec<_> = found.iter().filter(|(name, _)| is_suspicious(name)).collect();
    assert!(
        suspicious.is_empty(),
        "say in HARMLESS why these do no harm, or take them away: {suspicious:#?}"
    );
}

#[test]
fn a_setting_that_would_do_harm_is_seen() {
    for name in ["log_file", "sealCommand", "plugin", "webhook_url", "hosts", "lib", "cert-path"] {
        assert!(is_suspicious(name), "{name}");
    }
    for name in ["justification", "profile", "liberty", "duration", "ticket_system"] {
        assert!(!is_suspicious(name), "{name}");
    }
}
