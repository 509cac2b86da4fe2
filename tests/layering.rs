//! The one rule that `src/lib.rs` states: arrows point down, never up.
use std::{
    fs,
    path::{Path, PathBuf},
};

/// Each layer, and the words that its files must not use.
const FORBIDDEN: [(&str, &[&str]); 8] = [
    (
        "src/domain",
        &[
            "crate::store",
            "crate::service",
            "crate::gateway",
            "crate::worker",
            "crate::http",
            "crate::command",
            "crate::secret",
            "crate::config",
            "axum",
            "tokio",
            "rand::",
            "now_v7",
            "Timestamp::now",
            "sqlx::query",
        ],
    ),
    (
        "src/secret",
        &[
            "crate::store",
            "crate::service",
            "crate::gateway",
            "crate::worker",
            "crate::http",
            "axum",
            "sqlx",
        ],
    ),
    (
        "src/store",
        &[
            "crate::service",
            "crate::gateway",
            "crate::worker",
            "crate::http",
            "crate::command",
            "axum",
            "askama",
        ],
    ),
    (
        "src/service",
        &[
            "crate::worker",
            "crate::http",
            "crate::command",
            "axum",
            "askama",
            "sqlx::query",
            "query!",
            "query_as!",
        ],
    ),
    (
        "src/gateway",
        &[
            "crate::store",
            "crate::service",
            "crate::worker",
            "crate::http",
            "crate::command",
            "axum",
            "askama",
        ],
    ),
    ("src/http", &["crate::store", "crate::worker", "crate::command", "sqlx"]),
    ("src/worker", &["crate::store", "crate::http", "crate::command", "axum", "sqlx::query"]),
    ("src/command", &["sqlx::query", "query!", "axum::"]),
];

/// What only the identifiers, which make new ones, may use of all of `src/domain`.
const EXCEPTIONS: [(&str, &str); 2] =
    [("src/domain/id.rs", "now_v7"), ("src/domain/actor.rs", "now_v7")];

#[test]
fn each_layer_names_only_the_layers_below_it() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut broken = Vec::new();
    for (layer, words) in FORBIDDEN {
        for file in rust_files(&root.join(layer)) {
            let name = file.strip_prefix(root).unwrap().to_str().unwrap().to_owned();
            let text = code(&fs::read_to_string(&file).unwrap());
            broken.extend(
                words
                    .iter()
                    .filter(|word| names(&text, word) && !EXCEPTIONS.contains(&(&name, word)))
                    .map(|word| format!("{name} names {word}")),
            );
        }
    }
    assert!(broken.is_empty(), "{broken:#?}");
}

#[test]
fn only_the_store_and_the_private_database_hold_sql() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    for file in rust_files(&root.join("src")) {
        let name = file.strip_prefix(root).unwrap().to_str().unwrap();
        if name.starts_with("src/store") || name.starts_with("src/gateway/private_postgres") {
            continue;
        }
        let text = code(&fs::read_to_string(&file).unwrap());
        for word in [
            "insert into ",
            "delete from ",
            "select * from",
            "update set",
            "query!(",
            "query_scalar!(",
        ] {
            assert!(!text.contains(word), "{name} holds SQL: {word}");
        }
    }
}

/// The text without comments and without the tests at its end.
fn code(text: &str) -> String {
    let text = text.split("#[cfg(test)]").next().unwrap_or_default();
    text.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n")
}

/// Whether the word stands in the text; `crate::{a, b}` names `crate::a` as well.
fn names(text: &str, word: &str) -> bool {
    let listed = word.strip_prefix("crate::").is_some_and(|module| {
        text.match_indices("use crate::{").any(|(start, opening)| {
            let rest = &text[start + opening.len()..];
            let list = rest.split_once("};").map_or(rest, |(list, _)| list);
            list.split([',', '\n', '{']).any(|item| {
                item.trim()
                    .strip_prefix(module)
                    .is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
            })
        })
    });
    listed || text.contains(word)
}

fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    entries
        .map(|entry| entry.unwrap().path())
        .flat_map(|path| if path.is_dir() { rust_files(&path) } else { vec![path] })
        .filter(|path| path.extension().is_some_and(|extension| extension == "rs"))
        .collect()
}
