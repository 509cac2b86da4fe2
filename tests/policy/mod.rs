//! Policy as code: what there is as files, the difference, and making it as the files say, all of it or nothing.
mod command;
mod roles;
mod round_trip;
mod together;

use latchkey::{
    domain::{
        actor::Actor,
        assignment::AssignmentKind,
        id::ScopeId,
        policy::{Files, Noun, Plan, Verb},
        time::Duration,
    },
    error::Error,
    service::{
        assignment,
        policy::{self, Applied, Apply},
        scope,
    },
};
use uuid::Uuid;

use crate::support::{World, reason, until};

const ROLE: &str = "Database operator";

/// Finance / Ledger and Sales, a group, and people; root administers all of it, fin only Finance.
async fn world() -> World {
    let world = World::new().await;
    world.people(["ada", "bob", "eve", "root", "fin"]).await;
    world.active("root", "Global Administrator").await;
    world.role(ROLE, |_| ()).await;
    let finance = world.scope("Finance", ScopeId::ROOT, "folder").await;
    world.scope("Ledger", finance, "system").await;
    world.scope("Sales", ScopeId::ROOT, "folder").await;
    world.group("Operators", &["ada", "bob"]).await;
    world.give("active", "fin", "Privileged Role Administrator", finance).await;
    world
}

fn files<const COUNT: usize>(files: [(&str, &str); COUNT]) -> Files {
    files.into_iter().map(|(name, text)| (name.to_owned(), text.to_owned())).collect()
}

fn wanted(files: &Files) -> Apply {
    Apply { files: files.clone(), prune: false, reason: reason(), code: None, seen: None }
}

async fn apply(world: &World, by: &Actor, files: &Files) -> Result<Applied, Error> {
    policy::apply(&world.app, by, &wanted(files)).await
}

async fn plan(world: &World, by: &str, files: &Files) -> Plan {
    policy::plan(&world.app, &world.actor(by).await, files, false).await.unwrap()
}

/// Why something was refused, one reason a line.
fn reasons<T: std::fmt::Debug>(outcome: Result<T, Error>) -> String {
    match outcome.unwrap_err() {
        Error::Invalid(faults) => {
            let told =
                faults.into_iter().map(|fault| format!("{}, {}", fault.field, fault.message));
            told.collect::<Vec<_>>().join("\n")
        }
        other => other.to_string(),
    }
}

const EVERYTHING: [(&str, &str); 5] = [
    (
        "roles.toml",
        "[[role]]\nname = \"Ledger Reader\"\ndescription = \"Reads the books.\"\nprivileged = false\n",
    ),
    (
        "scopes.toml",
        "[[scope]]\npath = \"Production\"\nkind = \"folder\"\n\n[[scope]]\npath = \"Production / Database\"\nkind = \"system\"\ndescription = \"The main one.\"\n",
    ),
    ("groups.toml", "[[group]]\nname = \"On call\"\nlies_in = \"Production\"\n"),
    (
        "settings.toml",
        "[[template]]\nname = \"Short\"\nmaximum = \"30m\"\n\n[[settings]]\nrole = \"Ledger Reader\"\nscope = \"/\"\nmaximum = \"2h\"\nrequires_approval = true\nstages = [{ approvers = [\"group:On call\"] }]\n\n[[settings]]\nrole = \"Database operator\"\nscope = \"Production / Database\"\nmaximum = \"1h\"\nenforced = [\"maximum\"]\n",
    ),
    (
        "assignments.toml",
        "[[assignment]]\nholder = \"user:ada\"\nrole = \"Member\"\nscope = \"group:On call\"\nkind = \"active\"\n\n[[assignment]]\nholder = \"user:bob\"\nrole = \"Member\"\nscope = \"group:On call\"\nkind = \"active\"\n\n[[assignment]]\nholder = \"group:On call\"\nrole = \"Database operator\"\nscope = \"Production / Database\"\nkind = \"eligible\"\nuntil = 2099-01-01T00:00:00Z\nreason = \"They carry the pager.\"\n\n[[assignment]]\nholder = \"user:eve\"\nrole = \"Ledger Reader\"\nscope = \"Finance / Ledger\"\nkind = \"eligible\"\n",
    ),
];

#[tokio::test]
async fn what_was_exported_is_as_it_is_and_names_no_secrets() {
    let world = world().await;
    world.settings(ROLE, |terms| terms.activation.maximum = Duration::hours(3)).await;
    world.eligible_for("ada", ROLE, Duration::days(7)).await;
    world.give("eligible", "Operators", ROLE, world.scope_id("Ledger")).await;
    let root = world.actor("root").await;
    let files = policy::export(&world.app, &root).await.unwrap();
    assert_eq!(files, policy::export(&world.app, &root).await.unwrap(), "the same text each time");
    let plan = policy::plan(&world.app, &root, &files, true).await.unwrap();
    assert!(plan.is_empty() && plan.unlisted.is_empty(), "{plan}");
    let all = files.values().cloned().collect::<String>();
    assert!(
        all.contains("path = \"Finance / Ledger\"") && all.contains("holder = \"group:Operators\""),
        "{all}"
    );
    assert!(all.contains("maximum = \"3h\""), "{all}");
    assert!(!all.contains("@example.org"), "no mail addresses");
}

#[tokio::test]
async fn an_apply_makes_everything_and_a_second_one_finds_nothing_to_do() {
    let world = world().await;
    let root = world.actor("root").await;
    let files = files(EVERYTHING);
    let applied = apply(&world, &root, &files).await.unwrap();
    assert!(applied.id.is_some());
    let made = applied.plan.steps.iter().filter(|step| step.verb == Verb::Create).count();
    assert_eq!(made, 10, "{}", applied.plan);
    let again = apply(&world, &root, &files).await.unwrap();
    assert!(again.plan.is_empty() && again.id.is_none(), "{}", again.plan);
    let text = policy::export(&world.app, &root).await.unwrap();
    assert!(text["settings.toml"].contains("approvers = [\"group:On call\"]"), "{text:?}");
    assert!(text["settings.toml"].contains("enforced = [\"maximum\"]"), "{text:?}");
    let events = world.events().await;
    for kind in [
        "role.created",
        "scope.created",
        "group.created",
        "template.created",
        "settings.changed",
        "assignment.created",
        "policy.applied",
    ] {
        assert!(events.iter().any(|event| event == kind), "{kind} in {events:?}");
    }
    let standing = policy::standing(&world.app, &root).await.unwrap();
    assert!(standing.last.is_some_and(|last| last.actor_name == "root" && last.steps > 10));
    assert!(standing.drift.unwrap().is_empty());
    world.check_invariants().await;
}

#[tokio::test]
async fn what_drifts_after_an_apply_is_told_field_by_field() {
    let world = world().await;
    let root = world.actor("root").await;
    apply(&world, &root, &files(EVERYTHING)).await.unwrap();
    let id = sqlx::query_scalar("select id from scopes where name = 'Database'");
    let id: ScopeId = id.fetch_one(&world.owner).await.unwrap();
    let (name, description) = ("Database".parse().unwrap(), "Another.".parse().unwrap());
    scope::rename(&world.app, &root, id, &name, &description).await.unwrap();
    let drift = policy::standing(&world.app, &root).await.unwrap().drift.unwrap();
    let [step] = drift.steps.as_slice() else { panic!("{drift}") };
    assert_eq!((step.verb, step.noun), (Verb::Change, Noun::Scope));
    assert_eq!(
        (step.lines[0].before.as_str(), step.lines[0].after.as_str()),
        ("Another.", "The main one.")
    );
}

#[tokio::test]
async fn whoever_administers_one_place_applies_there_and_nowhere_else() {
    let world = world().await;
    let fin = world.actor("fin").await;
    let within = files([
        ("scopes.toml", "[[scope]]\npath = \"Finance / Payroll\"\nkind = \"system\"\n"),
        (
            "assignments.toml",
            "[[assignment]]\nholder = \"user:ada\"\nrole = \"Database operator\"\nscope = \"Finance / Payroll\"\nkind = \"eligible\"\n",
        ),
    ]);
    apply(&world, &fin, &within).await.unwrap();
    let exported = policy::export(&world.app, &fin).await.unwrap();
    assert!(
        exported["scopes.toml"].contains("Finance / Payroll")
            && !exported["scopes.toml"].contains("Sales")
    );
    // One of these is theirs and the other is not, so neither is done.
    let beyond = files([(
        "scopes.toml",
        "[[scope]]\npath = \"Finance / Archive\"\nkind = \"system\"\n\n[[scope]]\npath = \"Elsewhere\"\nkind = \"folder\"\n",
    )]);
    let refused = reasons(apply(&world, &fin, &beyond).await);
    assert!(
        refused
            .starts_with("scopes.toml, line 5, create scope Elsewhere: this needs the permission"),
        "{refused}"
    );
    assert!(!refused.contains("Archive"), "{refused}");
    let archive = world.count("select count(*) from scopes where name = 'Archive'").await;
    assert_eq!(archive, 0, "nothing is half done");
    // What they may not see does not exist for them.
    let unseen = files([(
        "assignments.toml",
        "[[assignment]]\nholder = \"user:ada\"\nrole = \"Database operator\"\nscope = \"Sales\"\nkind = \"eligible\"\n",
    )]);
    assert!(
        reasons(apply(&world, &fin, &unseen).await).contains("scope: there is no place \"Sales\"")
    );
    // What they see only by name they write nothing about, so that nobody learns more by trying.
    let guessed = format!(
        "[[scope]]\nid = \"{}\"\npath = \"Guessed\"\nkind = \"folder\"\n",
        world.scope_id("Sales")
    );
    let named = files([
        ("scopes.toml", guessed.as_str()),
        (
            "groups.toml",
            "[[group]]\nname = \"Operators\"\ndescription = \"Ours.\"\nlies_in = \"Finance\"\n",
        ),
    ]);
    let refused = reasons(apply(&world, &fin, &named).await);
    assert!(refused.contains("Operators is out of your sight"), "{refused}");
    assert!(!refused.contains("Sales"), "{refused}");
    // Nor do they learn by guessing what the settings of others are, right or wrong.
    for (role, place, field) in [
        ("Database operator", "/", "maximum = \"8h\""),
        ("Member", "group:Operators", "maximum = \"8h\""),
    ] {
        let guess = format!("[[settings]]\nrole = \"{role}\"\nscope = \"{place}\"\n{field}\n");
        let guess = files([("settings.toml", guess.as_str())]);
        let refused = reasons(apply(&world, &fin, &guess).await);
        assert!(refused.contains("out of your sight"), "{refused}");
    }
    // Templates are the whole organisation's.
    let exported = policy::export(&world.app, &fin).await.unwrap();
    assert!(!exported["settings.toml"].contains("[[template]]"), "{}", exported["settings.toml"]);
    // And whoever administers nothing may not even look.
    assert!(matches!(
        apply(&world, &world.actor("ada").await, &within).await,
        Err(Error::Forbidden(_))
    ));
}

#[tokio::test]
async fn nobody_gains_alone_by_an_apply_of_their_own() {
    let world = world().await;
    let root = world.actor("root").await;
    let own = files([(
        "assignments.toml",
        "[[assignment]]\nholder = \"user:root\"\nrole = \"Database operator\"\nscope = \"/\"\nkind = \"eligible\"\n",
    )]);
    assert!(apply(&world, &root, &own).await.unwrap().waits.is_some());
    // Nor on the way through a group that the same apply makes.
    let around = files([
        ("groups.toml", "[[group]]\nname = \"Mine\"\nlies_in = \"/\"\n"),
        (
            "assignments.toml",
            "[[assignment]]\nholder = \"user:root\"\nrole = \"Member\"\nscope = \"group:Mine\"\nkind = \"active\"\n\n[[assignment]]\nholder = \"group:Mine\"\nrole = \"Database operator\"\nscope = \"/\"\nkind = \"eligible\"\n",
        ),
    ]);
    assert!(apply(&world, &root, &around).await.unwrap().waits.is_some());
    assert_eq!(world.count("select count(*) from policy_applications").await, 0);
    assert_eq!(world.count("select count(*) from principals where name = 'Mine'").await, 0);
}

#[tokio::test]
async fn what_the_terms_ask_for_is_asked_of_an_apply_too_and_one_code_proves_all_of_it() {
    let world = world().await;
    world.settings(ROLE, |terms| terms.active.requires_mfa = true).await;
    let given = files([(
        "assignments.toml",
        "[[assignment]]\nholder = \"user:ada\"\nrole = \"Database operator\"\nscope = \"Finance\"\nkind = \"active\"\n\n[[assignment]]\nholder = \"user:bob\"\nrole = \"Database operator\"\nscope = \"Sales\"\nkind = \"active\"\n",
    )]);
    let root = world.actor("root").await;
    let refused = reasons(apply(&world, &root, &given).await);
    assert_eq!(refused.lines().count(), 2, "row by row: {refused}");
    assert!(
        refused.contains(
            "line 7, create assignment user:bob as Database operator at Sales: enter a code"
        ),
        "{refused}"
    );
    let code = Some(world.fresh_code("root").await);
    let proved = Apply { code, ..wanted(&given) };
    policy::apply(&world.app, &root, &proved).await.unwrap();
    assert!(world.holds_at("ada", ROLE, world.scope_id("Ledger")).await);
}

#[tokio::test]
async fn with_its_identifier_a_thing_is_renamed_and_moved_instead_of_made_anew() {
    let world = world().await;
    world.give("eligible", "ada", ROLE, world.scope_id("Ledger")).await;
    let root = world.actor("root").await;
    let mut text = policy::export(&world.app, &root).await.unwrap();
    for (file, from, to) in [
        ("scopes.toml", "path = \"Finance / Ledger\"", "path = \"Sales / Books\""),
        ("assignments.toml", "scope = \"Finance / Ledger\"", "scope = \"Sales / Books\""),
        ("assignments.toml", "role = \"Database operator\"", "role = \"Keeper of data\""),
        ("settings.toml", "role = \"Database operator\"", "role = \"Keeper of data\""),
        ("roles.toml", "name = \"Database operator\"", "name = \"Keeper of data\""),
        ("groups.toml", "name = \"Operators\"", "name = \"Crew\""),
        ("assignments.toml", "group:Operators", "group:Crew"),
    ] {
        let changed = text[file].replace(from, to);
        assert_ne!(changed, text[file], "{from}");
        text.insert(file.to_owned(), changed);
    }
    let planned = plan(&world, "root", &text).await;
    let verbs: Vec<_> = planned.steps.iter().map(|step| (step.verb, step.noun)).collect();
    assert_eq!(
        verbs,
        [
            (Verb::Change, Noun::Role),
            (Verb::Move, Noun::Scope),
            (Verb::Change, Noun::Scope),
            (Verb::Change, Noun::Group)
        ],
        "{planned}"
    );
    apply(&world, &root, &text).await.unwrap();
    assert!(plan(&world, "root", &text).await.is_empty());
    let still = world.assignment_of("ada", ROLE, world.scope_id("Ledger")).await;
    assert_ne!(still.0, Uuid::nil(), "what was held there is held still");
}

#[tokio::test]
async fn what_is_not_in_the_files_stays_unless_they_say_otherwise() {
    let world = world().await;
    world.give("eligible", "ada", ROLE, world.scope_id("Sales")).await;
    world.active("bob", "Global Administrator").await;
    world
        .execute(
            "begin;
             insert into audit_events (id, at, kind, outcome, actor_kind, actor_name, target_id, detail)
             select gen_random_uuid(), instant(), 'person.changed', 'success', 'operator', 'A test', id, '{}'
             from principals where name = 'eve';
             update principals set break_glass = true where name = 'eve';
             commit",
        )
        .await;
    world.active("eve", "Auditor").await;
    let root = world.actor("root").await;
    let mut text = policy::export(&world.app, &root).await.unwrap();
    text.insert("assignments.toml".to_owned(), String::new());
    let scopes = text["scopes.toml"]
        .split("[[scope]]")
        .filter(|row| !row.contains("\"Sales\""))
        .collect::<Vec<_>>()
        .join("[[scope]]");
    text.insert("scopes.toml".to_owned(), scopes);
    let planned = plan(&world, "root", &text).await;
    assert!(planned.is_empty(), "{planned}");
    assert!(
        planned.unlisted.iter().any(|it| it.noun == Noun::Scope && it.name == "Sales"),
        "{planned}"
    );
    let pruning = Apply { prune: true, ..wanted(&text) };
    // If nobody would be left, the Global Administrators stay.
    let applied = policy::apply(&world.app, &root, &pruning).await.unwrap();
    let kept: Vec<_> = applied.plan.unlisted.iter().filter(|it| it.kept.is_some()).collect();
    assert!(
        kept.iter().any(|it| it.name.contains("user:root as Global Administrator")),
        "{kept:?}"
    );
    assert!(kept.iter().any(|it| it.name.contains("user:eve as Auditor")), "{kept:?}");
    assert!(
        applied.plan.steps.iter().any(|step| step.verb == Verb::Retire && step.name == "Sales"),
        "{}",
        applied.plan
    );
    let left = world.count("select count(*) from assignments where ended_at is null").await;
    assert_eq!(left, 3, "both Global Administrators and the break-glass account's");
    world.check_invariants().await;
}

#[tokio::test]
async fn dates_and_kinds_of_assignments_follow_the_files() {
    let world = world().await;
    world.give("eligible", "ada", ROLE, world.scope_id("Ledger")).await;
    world.give("eligible", "bob", ROLE, world.scope_id("Sales")).await;
    let changed = files([(
        "assignments.toml",
        "[[assignment]]\nholder = \"user:ada\"\nrole = \"Database operator\"\nscope = \"Finance / Ledger\"\nkind = \"active\"\nuntil = 2099-01-01T00:00:00Z\n\n[[assignment]]\nholder = \"user:bob\"\nrole = \"Database operator\"\nscope = \"Sales\"\nkind = \"eligible\"\nuntil = 2098-01-01T00:00:00Z\n\n[[assignment]]\nholder = \"user:eve\"\nrole = \"Database operator\"\nscope = \"Sales\"\nkind = \"eligible\"\nuntil = 2001-01-01T00:00:00Z\n",
    )]);
    let root = world.actor("root").await;
    let applied = apply(&world, &root, &changed).await.unwrap();
    assert_eq!((applied.plan.steps.len(), applied.plan.over), (2, 1), "{}", applied.plan);
    assert!(plan(&world, "root", &changed).await.is_empty());
    let active = world.assignment_of("ada", ROLE, world.scope_id("Ledger")).await;
    let kind: AssignmentKind = sqlx::query_scalar("select kind from assignments where id = $1")
        .bind(active)
        .fetch_one(&world.owner)
        .await
        .unwrap();
    assert_eq!(kind, AssignmentKind::Active);
}

#[tokio::test]
async fn ones_own_standing_access_becomes_eligible_alone_only_if_it_is_not_for_longer() {
    let world = world().await;
    let (root, sales) = (world.actor("root").await, world.scope_id("Sales"));
    let standing = world.give("active", "root", ROLE, sales).await;
    let end = Some("2097-01-01T00:00:00Z".parse().unwrap());
    let why = reason();
    assignment::update(&world.app, &root, standing, until(end, &why)).await.unwrap();
    let eligible = |until: &str| {
        let row = "[[assignment]]\nholder = \"user:root\"\nrole = \"Database operator\"\nscope = \"Sales\"\nkind = \"eligible\"\n";
        let text = format!("{row}until = {until}\n");
        files([("assignments.toml", text.as_str())])
    };
    let longer = apply(&world, &root, &eligible("2098-01-01T00:00:00Z")).await.unwrap();
    assert!(longer.waits.is_some(), "{}", longer.plan);
    let done = apply(&world, &root, &eligible("2096-01-01T00:00:00Z")).await.unwrap();
    assert!(done.id.is_some(), "{}", done.plan);
}

#[tokio::test]
async fn the_same_plan_waits_once_however_many_windows_ask_for_it() {
    let world = world().await;
    let root = world.actor("root").await;
    let own = files([(
        "assignments.toml",
        "[[assignment]]\nholder = \"user:root\"\nrole = \"Database operator\"\nscope = \"/\"\nkind = \"eligible\"\n",
    )]);
    let (one, other) = tokio::join!(apply(&world, &root, &own), apply(&world, &root, &own));
    let (one, other) = (one.unwrap().waits, other.unwrap().waits);
    assert!(one.is_some() && one == other, "{one:?} {other:?}");
}

#[tokio::test]
async fn a_path_that_is_ever_so_long_is_told_as_wrong_at_once() {
    let world = world().await;
    let path = vec!["Deep"; 20_000].join(" / ");
    let deep = format!("[[scope]]\npath = \"{path}\"\nkind = \"folder\"\n");
    let files = files([("scopes.toml", &deep)]);
    let told = reasons(apply(&world, &world.actor("root").await, &files).await);
    assert!(told.contains("there is no place"), "{}", &told[..200.min(told.len())]);
}

#[tokio::test]
async fn what_was_looked_at_is_what_is_applied() {
    let world = world().await;
    let root = world.actor("root").await;
    let text = files([("scopes.toml", "[[scope]]\npath = \"Production\"\nkind = \"folder\"\n")]);
    let seen = Some(plan(&world, "root", &text).await.digest());
    world.scope("Production", ScopeId::ROOT, "system").await;
    let late = Apply { seen, ..wanted(&text) };
    assert!(
        reasons(policy::apply(&world.app, &root, &late).await)
            .contains("has changed since this plan")
    );
}

#[tokio::test]
async fn what_names_nothing_that_is_there_is_told_with_its_line() {
    let world = world().await;
    let text = files([
        ("scopes.toml", "[[scope]]\npath = \"Nowhere / Deep\"\nkind = \"folder\"\n"),
        (
            "assignments.toml",
            "[[assignment]]\nholder = \"user:nobody\"\nrole = \"None such\"\nscope = \"group:Ghosts\"\nkind = \"active\"\n",
        ),
    ]);
    let told = reasons(apply(&world, &world.actor("root").await, &text).await);
    for part in [
        "scopes.toml, line 1, path: there is no place \"Nowhere\"",
        "holder: there is no user:nobody",
        "role: there is no role \"None such\"",
        "scope: there is no group \"Ghosts\"",
    ] {
        assert!(told.contains(part), "{part} in {told}");
    }
}
