//! The interface for programs, in words: drawn from the very document that programs read.
use serde_json::Value;

use super::{
    page::{Answer, Page, show},
    say::capital,
    view::{
        api::{ApiDocs, Group, Operation, Parameter, Problem},
        frame::Section,
    },
};
use crate::{
    error::Error,
    http::{api, language::tell, problem::Kind},
};

/// The page about the interface for programs.
pub async fn one(page: Page) -> Answer {
    let document = serde_json::to_value(api::description())
        .map_err(|error| Error::Internal(format!("the description could not be read: {error}")))?;
    show(&ApiDocs {
        frame: page.open(Section::None).await?.frame,
        base: page.app.public_url.to_string(),
        version: text(&document, "/info/version"),
        groups: groups(&document),
        problems: Kind::ALL
            .map(|kind| Problem {
                link: kind.name(),
                title: tell!(&kind.title_key()),
                status: kind.status().as_u16(),
            })
            .into(),
    })
}

/// The text at a place in the document, without its marks for code; empty if there is none.
fn text(value: &Value, place: &str) -> String {
    value.pointer(place).and_then(Value::as_str).unwrap_or_default().replace('`', "")
}

fn groups(document: &Value) -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    let paths = document.pointer("/paths").and_then(Value::as_object);
    for (path, methods) in paths.into_iter().flatten() {
        for (method, described) in methods.as_object().into_iter().flatten() {
            let tag = text(described, "/tags/0");
            let told = operation(document, method, path, described);
            match groups.iter_mut().find(|group| group.anchor == tag) {
                Some(group) => group.operations.push(told),
                None => {
                    groups.push(Group { name: capital(&tag), anchor: tag, operations: vec![told] });
                }
            }
        }
    }
    groups
}

fn operation(document: &Value, method: &str, path: &str, described: &Value) -> Operation {
    let list = |place| described.pointer(place).and_then(Value::as_array).into_iter().flatten();
    let body = described.pointer("/requestBody/content/application~1json/schema");
    let answers = described.pointer("/responses").and_then(Value::as_object);
    Operation {
        method: method.to_owned(),
        path: format!("{}{path}", text(document, "/servers/0/url")),
        summary: text(described, "/summary"),
        description: text(described, "/description"),
        parameters: list("/parameters").map(|given| parameter(document, given)).collect(),
        body: body.map(|schema| fields(document, schema)).unwrap_or_default(),
        answers: answers
            .into_iter()
            .flatten()
            .map(|(status, answer)| {
                (status.clone(), text(resolved(document, answer), "/description"))
            })
            .collect(),
    }
}

fn parameter(document: &Value, given: &Value) -> Parameter {
    Parameter {
        name: text(given, "/name"),
        kind: given.pointer("/schema").map(|schema| kind(document, schema)).unwrap_or_default(),
        required: given.pointer("/required").and_then(Value::as_bool).unwrap_or_default(),
        text: text(given, "/description"),
    }
}

/// What a reference leads to; the schema itself if it is none.
fn resolved<'a>(document: &'a Value, schema: &'a Value) -> &'a Value {
    schema
        .pointer("/$ref")
        .and_then(Value::as_str)
        .and_then(|reference| document.pointer(reference.trim_start_matches('#')))
        .unwrap_or(schema)
}

fn fields(document: &Value, schema: &Value) -> Vec<Parameter> {
    let schema = resolved(document, schema);
    let required: Vec<_> = schema
        .pointer("/required")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect();
    schema
        .pointer("/properties")
        .and_then(Value::as_object)
        .into_iter()
        .flatten()
        .map(|(name, property)| Parameter {
            name: name.clone(),
            kind: kind(document, property),
            required: required.contains(&name.as_str()),
            text: text(property, "/description"),
        })
        .collect()
}

/// What a value looks like, in a word or two.
fn kind(document: &Value, schema: &Value) -> String {
    let of_one = |place| {
        schema
            .pointer(place)
            .and_then(Value::as_array)
            .and_then(|choices| choices.iter().find(|choice| text(choice, "/type") != "null"))
    };
    if let Some(choice) = of_one("/oneOf").or_else(|| of_one("/anyOf")) {
        return kind(document, choice);
    }
    let schema = resolved(document, schema);
    if let Some(values) = schema.pointer("/enum").and_then(Value::as_array) {
        let values: Vec<_> = values.iter().filter_map(Value::as_str).collect();
        return values.join(" or ");
    }
    let name = match schema.pointer("/type") {
        Some(Value::Array(names)) => {
            names.iter().filter_map(Value::as_str).find(|name| *name != "null").unwrap_or("")
        }
        Some(Value::String(name)) => name,
        _ => "object",
    };
    match (name, schema.pointer("/items")) {
        ("array", Some(items)) => tell!("api-list-of", items = kind(document, items)),
        _ => match text(schema, "/format").as_str() {
            "" => name.to_owned(),
            format => format!("{name} ({format})"),
        },
    }
}
