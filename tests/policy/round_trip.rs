//! Whatever there is comes back as it was: written into the files of one installation and applied to another, too.
use latchkey::{
    domain::{id::ScopeId, policy::Files},
    service::policy,
};

use super::{apply, files, plan};
use crate::support::World;

/// Places eight deep, a group in a group, an application, terms inherited and enforced, a template, and dates to come.
const ALL: [(&str, &str); 5] = [
    (
        "roles.toml",
        "[[role]]\nname = \"Deployer\"\ndescription = \"Ships it.\\nCarefully.\"\nprivileged = true\n",
    ),
    (
        "scopes.toml",
        "[[scope]]\npath = \"One\"\nkind = \"folder\"\n[[scope]]\npath = \"One / Two\"\nkind = \"folder\"\n[[scope]]\npath = \"One / Two / Three\"\nkind = \"folder\"\n[[scope]]\npath = \"One / Two / Three / Four\"\nkind = \"folder\"\n[[scope]]\npath = \"One / Two / Three / Four / Five\"\nkind = \"folder\"\n[[scope]]\npath = \"One / Two / Three / Four / Five / Six\"\nkind = \"folder\"\n[[scope]]\npath = \"One / Two / Three / Four / Five / Six / Seven\"\nkind = \"system\"\n[[scope]]\npath = \"One / Two / Three / Four / Five / Six / Seven / Eight\"\nkind = \"resource\"\n",
    ),
    (
        "groups.toml",
        "[[group]]\nname = \"Platform\"\nlies_in = \"One\"\n[[group]]\nname = \"On call\"\nlies_in = \"One / Two\"\n",
    ),
    (
        "settings.toml",
        "[[template]]\nname = \"Short\"\ndescription = \"For nights.\"\nmaximum = \"1h30m\"\nauthentication = \"mfa\"\nstages = [{ approvers = [\"manager\"], on_silence = \"approve\" }]\n\n[[settings]]\nrole = \"Deployer\"\nscope = \"One\"\nmaximum = \"4h\"\nrequires_ticket = true\nstages = [\n{ approvers = [\"manager\", \"group:Platform\"], agree = \"each\", timeout = \"4h\", escalate_after = \"1h\", escalate_to = [\"scope owners\", \"holders of Deployer\"], requires_justification = false, authentication = \"none\", skipped_if = { no_longer_than = \"1h\", within = { time_zone = \"Europe/Copenhagen\", days = [\"monday\", \"saturday\"], from = \"22:00\", until = \"06:00\" }, on_call = \"group:On call\", ticket_verified = true } },\n{ approvers = [\"user:ada\"], agree = 3 },\n]\nenforced = [\"requires_ticket\"]\n\n[[settings]]\nrole = \"Deployer\"\nscope = \"One / Two / Three / Four / Five / Six / Seven\"\nmaximum = \"1h\"\n\n[[settings]]\nrole = \"Member\"\nscope = \"group:On call\"\nmaximum = \"2h\"\n",
    ),
    (
        "assignments.toml",
        "[[assignment]]\nholder = \"user:ada\"\nrole = \"Member\"\nscope = \"group:On call\"\nkind = \"active\"\n[[assignment]]\nholder = \"user:bob\"\nrole = \"Owner\"\nscope = \"group:On call\"\nkind = \"active\"\n[[assignment]]\nholder = \"group:On call\"\nrole = \"Member\"\nscope = \"group:Platform\"\nkind = \"active\"\n[[assignment]]\nholder = \"group:Platform\"\nrole = \"Deployer\"\nscope = \"One / Two / Three / Four / Five / Six / Seven / Eight\"\nkind = \"eligible\"\nuntil = 2099-01-01T00:00:00Z\n[[assignment]]\nholder = \"user:eve\"\nrole = \"Deployer\"\nscope = \"One\"\nkind = \"eligible\"\nfrom = 2098-01-01T00:00:00Z\n[[assignment]]\nholder = \"application:pipeline\"\nrole = \"Database operator\"\nscope = \"One / Two\"\nkind = \"active\"\nreason = \"It deploys.\"\n",
    ),
];

/// A stage with everything in it, as the files have it.
const STAGE: &str = r#"    { approvers = ["group:Platform", "manager"], agree = "each", timeout = "4h", escalate_after = "1h", escalate_to = ["holders of Deployer", "scope owners"], requires_justification = false, authentication = "none", skipped_if = { no_longer_than = "1h", within = { time_zone = "Europe/Copenhagen", days = ["monday", "saturday"], from = "22:00", until = "06:00" }, on_call = "group:On call", ticket_verified = true } },"#;

async fn world() -> World {
    let world = super::world().await;
    world.application("pipeline", "eve").await;
    world
}

/// Without identifiers, so that another installation understands them.
fn portable(exported: &Files) -> Files {
    let without = |text: &str| {
        text.lines().filter(|line| !line.starts_with("id = ")).collect::<Vec<_>>().join("\n")
    };
    exported.iter().map(|(name, text)| (name.clone(), without(text))).collect()
}

#[tokio::test]
async fn everything_comes_back_as_it_was_here_and_elsewhere() {
    let (here, there) = (world().await, world().await);
    let root = here.actor("root").await;
    let applied = apply(&here, &root, &files(ALL)).await.unwrap();
    assert!(applied.id.is_some());
    let exported = policy::export(&here.app, &root).await.unwrap();
    for (file, line) in [
        ("scopes.toml", "path = \"One / Two / Three / Four / Five / Six / Seven / Eight\""),
        ("roles.toml", "description = \"Ships it.\\nCarefully.\""),
        ("settings.toml", "enforced = [\"requires_ticket\"]"),
        ("settings.toml", "maximum = \"1h30m\""),
        ("settings.toml", "scope = \"group:On call\""),
        ("settings.toml", STAGE),
        ("settings.toml", "    { approvers = [\"user:ada\"], agree = 3, timeout = \"24h\" },\n"),
        (
            "settings.toml",
            "{ approvers = [\"manager\"], timeout = \"24h\", on_silence = \"approve\" }",
        ),
        ("assignments.toml", "holder = \"group:On call\""),
        ("assignments.toml", "holder = \"application:pipeline\""),
        ("assignments.toml", "from = 2098-01-01T00:00:00Z"),
    ] {
        assert!(exported[file].contains(line), "{line} in {}", exported[file]);
    }
    let none = policy::plan(&here.app, &root, &exported, true).await.unwrap();
    assert!(none.is_empty() && none.unlisted.is_empty(), "{none}");

    let elsewhere = there.actor("root").await;
    apply(&there, &elsewhere, &portable(&exported)).await.unwrap();
    let back = policy::export(&there.app, &elsewhere).await.unwrap();
    assert_eq!(portable(&back), portable(&exported), "the same, but for the identifiers");
    there.check_invariants().await;
}

#[tokio::test]
async fn an_application_is_given_nothing_alone_by_whoever_answers_for_it() {
    let world = super::world().await;
    world.application("pipeline", "root").await;
    let given = files([(
        "assignments.toml",
        "[[assignment]]\nholder = \"application:pipeline\"\nrole = \"Database operator\"\nscope = \"/\"\nkind = \"active\"\n",
    )]);
    assert!(apply(&world, &world.actor("root").await, &given).await.unwrap().waits.is_some());
}

#[tokio::test]
async fn nobody_comes_to_hold_more_alone_by_moving_a_place_below_where_they_hold_something() {
    let world = super::world().await;
    world.people(["mover"]).await;
    for place in ["Finance", "Sales"] {
        world.give("active", "mover", "Privileged Role Administrator", world.scope_id(place)).await;
    }
    world.give("eligible", "mover", super::ROLE, world.scope_id("Sales")).await;
    let mover = world.actor("mover").await;
    let exported = policy::export(&world.app, &mover).await.unwrap();
    let moved = exported["scopes.toml"].replace("Finance / Ledger", "Sales / Ledger");
    let moved = files([("scopes.toml", moved.as_str())]);
    assert!(apply(&world, &mover, &moved).await.unwrap().waits.is_some());
    assert!(!world.holds_at("mover", super::ROLE, world.scope_id("Ledger")).await);
}

#[tokio::test]
async fn ten_thousand_assignments_are_compared_at_once() {
    let world = super::world().await;
    world.give("eligible", "ada", super::ROLE, world.scope_id("Sales")).await;
    for number in 0..100 {
        world.person(&format!("person{number}")).await;
        world.scope(&format!("Place {number}"), ScopeId::ROOT, "folder").await;
    }
    // Behind the program's back: by the program itself they would take minutes.
    let mut connection = world.owner.acquire().await.unwrap();
    for statement in [
        "set session_replication_role = replica",
        "insert into assignments
         select (jsonb_populate_record(given, jsonb_build_object(
             'id', gen_random_uuid(), 'principal_id', people.id, 'scope_id', places.id))).*
         from assignments as given
         cross join principals as people
         cross join scopes as places
         where given.kind = 'eligible' and people.name like 'person%' and places.name like 'Place %'",
        "set session_replication_role = default",
    ] {
        sqlx::query(statement).execute(&mut *connection).await.unwrap();
    }
    drop(connection);
    let root = world.actor("root").await;
    let exported = policy::export(&world.app, &root).await.unwrap();
    assert!(exported["assignments.toml"].matches("[[assignment]]").count() > 10_000);
    assert!(plan(&world, "root", &exported).await.is_empty());
}

#[tokio::test]
async fn what_a_stage_says_half_is_a_fault_and_not_left_out() {
    let world = world().await;
    let root = world.actor("root").await;
    for (stage, says) in [
        (
            "skipped_if = { no_longer_than = \"1h\", within = { time_zone = \"UTC\", from = \"08:00\", until = \"17:00\" } }",
            "days: this is missing",
        ),
        ("escalate_to = [\"manager\"]", "escalate_after: this is missing"),
        ("agree = \"all\"", "agree: write how many must agree, or \"each\""),
        ("skipped_if = { unless = true }", "unless: unknown key"),
        (
            "skipped_if = { within = { time_zone = \"UTC\", days = [\"today\"], from = \"8\", until = \"17:00\" } }",
            "today is no day",
        ),
    ] {
        let terms = format!(
            "[[settings]]\nrole = \"Database operator\"\nscope = \"/\"\nstages = [{{ approvers = [\"user:ada\", \"user:bob\"], {stage} }}]\n"
        );
        let outcome =
            policy::plan(&world.app, &root, &files([("settings.toml", &terms)]), false).await;
        let told = super::reasons(outcome);
        assert!(told.contains(says), "{says}: {told}");
    }
}
