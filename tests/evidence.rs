//! What the documents name as evidence is there: every test, every file, a row for each attack, and figures that add up.
use std::{collections::BTreeSet, fs, path::Path};

use regex::Regex;

/// What is tried, and the tests that would fail.
const ATTACKS: &str = "docs/attacks.md";
/// What a standard asks for, and where it can be looked up.
const REQUIREMENTS: &str = "docs/asvs.md";
/// Where the files are that are named.
const FOLDERS: [&str; 9] = [
    ".ci/",
    "deploy/",
    "docs/",
    "migrations/",
    "script/",
    "src/",
    "static/",
    "templates/",
    "tests/",
];

fn read(file: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(file);
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{file}: {error}"))
}

/// The rows of all tables in a document.
fn rows(document: &str) -> Vec<String> {
    read(document).lines().filter(|line| line.starts_with('|')).map(str::to_owned).collect()
}

/// What stands in a document's tables as code.
fn named(document: &str) -> BTreeSet<String> {
    let code = Regex::new("`([^`]+)`").unwrap();
    let rows = rows(document).join("\n");
    code.captures_iter(&rows).map(|found| found[1].to_owned()).collect()
}

/// Whether a file has a test of that name.
fn has_test(text: &str, name: &str) -> bool {
    let Some((before, _)) = text.split_once(&format!("fn {name}(")) else { return false };
    let attributes = before.rsplit("\n\n").next().unwrap_or_default();
    ["#[test]", "#[tokio::test"].iter().any(|attribute| attributes.contains(attribute))
}

#[test]
fn every_test_and_every_file_that_is_named_is_there() {
    let (mut tests, mut missing) = (0, Vec::new());
    for document in [ATTACKS, REQUIREMENTS] {
        for name in named(document) {
            let is_there = if let Some((file, test)) = name.split_once("::") {
                tests += 1;
                has_test(&read(file), test)
            } else {
                let is_file = FOLDERS.iter().any(|folder| name.starts_with(folder));
                let path = name.split(' ').next().unwrap_or_default();
                !is_file || Path::new(env!("CARGO_MANIFEST_DIR")).join(path).exists()
            };
            if !is_there {
                missing.push(format!("{document}: {name}"));
            }
        }
    }
    assert!(missing.is_empty(), "{missing:#?}");
    assert!(tests > 250, "{tests}");
}

#[test]
fn every_attack_has_a_row_with_the_tests_that_would_fail() {
    let rows = rows(ATTACKS);
    for number in 1..=47 {
        let begins = format!("| V{number} |");
        let found = rows.iter().filter(|row| row.starts_with(&begins) && row.contains("::"));
        assert_eq!(found.count(), 1, "V{number}");
    }
}

#[test]
fn every_requirement_is_judged_and_the_judgements_are_counted_rightly() {
    let (mut met, mut absent, mut not_met, mut named) = (0, 0, Vec::new(), BTreeSet::new());
    for row in rows(REQUIREMENTS).iter().filter(|row| row.starts_with("| V")) {
        let cells: Vec<_> = row.split('|').map(str::trim).collect();
        let (id, how, evidence) = (cells[1], cells[3], cells[4]);
        assert!(named.insert(id.to_owned()), "{id} stands there twice");
        if how.starts_with("met") {
            met += 1;
            assert!(!evidence.is_empty(), "{id} is met, and nothing shows it");
        } else if how.starts_with("not applicable: ") {
            absent += 1;
        } else {
            assert!(how.starts_with("**not met**: "), "{id}: {how}");
            not_met.push(id.to_owned());
        }
    }
    let all = named.len();
    let told = format!(
        "Of {all} requirements {met} are met, {absent} do not apply, and {} are not met, or not to the letter: {}.",
        not_met.len(),
        not_met.join(", ")
    );
    let text = read(REQUIREMENTS).replace('\n', " ");
    assert!(text.contains(&told), "{told}");
}
