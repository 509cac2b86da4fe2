//! No constraint, unique index or trigger without a test: the database's own catalogue says which there are.
use super::{Lab, rows};

const TESTS: [&str; 18] = [
    include_str!("applications.rs"),
    include_str!("approvals.rs"),
    include_str!("assignments.rs"),
    include_str!("audit.rs"),
    include_str!("changes.rs"),
    include_str!("credentials.rs"),
    include_str!("decisions.rs"),
    include_str!("emergencies.rs"),
    include_str!("gate.rs"),
    include_str!("inventory.rs"),
    include_str!("notices.rs"),
    include_str!("people.rs"),
    include_str!("policy.rs"),
    include_str!("requests.rs"),
    include_str!("rights.rs"),
    include_str!("roles.rs"),
    include_str!("settings.rs"),
    include_str!("witness.rs"),
];

#[tokio::test]
async fn every_constraint_has_a_test() {
    let lab = Lab::new().await;
    let names: Vec<String> = sqlx::query_scalar(include_str!("catalogue.sql"))
        .fetch_all(&lab.world.owner)
        .await
        .unwrap();
    assert!(names.len() > 100, "the catalogue lists them: {names:?}");
    let named = |name: &str| {
        TESTS.iter().any(|test| {
            test.contains(&format!("\"{name}\"")) || test.contains(&format!("`{name}`"))
        })
    };
    let untested: Vec<_> = names.iter().filter(|name| !named(name)).collect();
    assert!(untested.is_empty(), "no test names {untested:?}");
}

#[tokio::test]
async fn every_reference_is_to_something() {
    let lab = Lab::new().await;
    let references: Vec<(String, String, String)> = sqlx::query_as(
        "select conrelid::regclass::text, attname::text, conname::text
         from pg_constraint join pg_attribute on attrelid = conrelid and attnum = conkey[1]
         where contype = 'f' and connamespace = 'public'::regnamespace and cardinality(conkey) = 1",
    )
    .fetch_all(&lab.world.owner)
    .await
    .unwrap();
    // Triggers that look at the referenced row refuse before the reference is checked; those marked 23503 can't be tried
    // by spoiling one value alone.
    let guarded = [
        ("requests", "eligibility_id", "requests_need_an_eligibility"),
        ("requests", "role_id", "requests_need_an_eligibility"),
        ("requests", "scope_id", "requests_need_an_eligibility"),
        ("requests", "extends_id", "requests_extend_their_own"),
        ("assignments", "role_id", "assignments_need_what_is_in_use"),
        ("assignments", "scope_id", "assignments_need_what_is_in_use"),
        ("sessions", "principal_id", "sessions_need_an_enabled_account"),
        ("scopes", "parent_id", "23503"),
        ("scopes", "group_id", "23503"),
        ("mfa_proofs", "access_token_id", "23503"),
        ("conversions", "active_id", "conversions_of_one_role"),
        ("conversions", "eligible_id", "conversions_of_one_role"),
        ("mfa_proofs", "principal_id", "mfa_proofs_are_of_people"),
        ("role_settings", "author_id", "role_settings_author_is_themself"),
        ("decisions", "for_person_id", "decisions_by_deputies"),
        ("application_owners", "principal_id", "application_owners_are_people"),
        ("application_owners", "person_id", "application_owners_are_people"),
        ("application_credentials", "principal_id", "application_credentials_need_an_application"),
    ];
    let mut tried = 0;
    for row in rows::all() {
        for (_, column, name) in references.iter().filter(|(table, column, _)| {
            table == row.table() && row.columns().any(|known| known == column)
        }) {
            let known = row.columns().find(|known| known == column).unwrap();
            if (row.table(), known) == ("principals", "person_id") && row.sql().contains("'group'")
            {
                continue;
            }
            let guard = guarded
                .iter()
                .find(|(table, guarded, _)| (*table, *guarded) == (row.table(), known));
            let expected = guard.map_or(name.as_str(), |(_, _, constraint)| *constraint);
            if expected != "23503" {
                lab.refuses(expected, row.clone().with(known, "gen_random_uuid()")).await;
                tried += 1;
            }
        }
    }
    assert!(tried > 20, "references were tried: {tried}");
}

#[tokio::test]
async fn every_kind_of_row_is_taken_as_the_tests_make_it() {
    let lab = Lab::new().await;
    for row in rows::all() {
        lab.takes(row).await;
    }
}
