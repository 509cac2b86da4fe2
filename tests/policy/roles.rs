//! Roles of the organisation's own in files: where they can be held, and what they allow.
use latchkey::{
    domain::{
        change_request::ChangeState,
        policy::{Files, Noun, Verb},
        role::ScopeKind,
    },
    service::{policy, role},
};

use super::{ROLE, apply, files, plan, reasons, world};
use crate::{
    change_request::{decide, state, word},
    support::World,
};

const HELP_DESK: &str = "[[role]]\nname = \"Help desk\"\nprivileged = false\nheld_at = [\"group\", \"organization\"]\npermissions = [\"people.read\", \"access.check\"]\n";

fn roles(text: &str) -> Files {
    files([("roles.toml", text)])
}

async fn allows(world: &World, name: &str) -> Vec<String> {
    let root = world.actor("root").await;
    let roles = role::list(&world.app, &root).await.unwrap();
    roles.into_iter().find(|role| role.name == name).expect("there is such a role").permissions
}

#[tokio::test]
async fn a_custom_administrator_role_comes_back_as_it_was_written() {
    let world = world().await;
    let root = world.actor("root").await;
    apply(&world, &root, &roles(HELP_DESK)).await.unwrap();
    assert_eq!(allows(&world, "Help desk").await, ["people.read", "access.check"]);
    let exported = policy::export(&world.app, &root).await.unwrap();
    for line in [
        "held_at = [\"organization\", \"group\"]",
        "permissions = [\"people.read\", \"access.check\"]",
    ] {
        assert!(exported["roles.toml"].contains(line), "{line} in {}", exported["roles.toml"]);
    }
    // What is usual is not written, so that an ordinary role stays short.
    assert_eq!(exported["roles.toml"].matches("\nheld_at").count(), 1);
    let again = policy::plan(&world.app, &root, &exported, true).await.unwrap();
    assert!(again.is_empty() && again.unlisted.is_empty(), "{again}");
    world.check_invariants().await;
}

#[tokio::test]
async fn what_a_role_allows_and_where_follows_the_files() {
    let world = world().await;
    let root = world.actor("root").await;
    apply(&world, &root, &roles(HELP_DESK)).await.unwrap();
    let wider = HELP_DESK.replace("\"access.check\"", "\"audit.read\"");
    let planned = plan(&world, "root", &roles(&wider)).await;
    let [step] = planned.steps.as_slice() else { panic!("{planned}") };
    assert_eq!((step.verb, step.noun), (Verb::Change, Noun::Role));
    let [line] = step.lines.as_slice() else { panic!("{planned}") };
    assert_eq!(
        (line.field.as_str(), line.before.as_str(), line.after.as_str()),
        ("permissions", "people.read, access.check", "people.read, audit.read")
    );
    apply(&world, &root, &roles(&wider)).await.unwrap();
    assert_eq!(allows(&world, "Help desk").await, ["people.read", "audit.read"]);
    // Left out, it is held where roles usually are, and allows nothing.
    let plain = "[[role]]\nname = \"Help desk\"\nprivileged = false\n";
    apply(&world, &root, &roles(plain)).await.unwrap();
    assert!(allows(&world, "Help desk").await.is_empty());
    let told = role::list(&world.app, &root).await.unwrap();
    let told = told.into_iter().find(|role| role.name == "Help desk").unwrap();
    assert_eq!(told.scope_kinds, ScopeKind::USUAL);
    // What no role can be is told with its line, and what ships with Latchkey stays.
    let open = HELP_DESK.replace("\"access.check\"", "\"people.manage\"");
    let refused = reasons(apply(&world, &root, &roles(&open)).await);
    assert!(
        refused.contains("line 3, privileged: whoever holds this role can change"),
        "{refused}"
    );
    let shipped = "[[role]]\nname = \"Auditor\"\nprivileged = true\npermissions = []\n";
    let refused = reasons(apply(&world, &root, &roles(shipped)).await);
    assert!(refused.contains("a role that ships with Latchkey stays as it is"), "{refused}");
    world.check_invariants().await;
}

#[tokio::test]
async fn a_role_that_its_author_reaches_allows_more_by_file_only_with_somebody_elses_word() {
    let world = world().await;
    world.active("ada", "Privileged Role Administrator").await;
    world.eligible("ada", ROLE).await;
    let wider = format!(
        "[[role]]\nname = \"{ROLE}\"\nprivileged = true\npermissions = [\"people.read\"]\n"
    );
    let applied = apply(&world, &world.actor("ada").await, &roles(&wider)).await.unwrap();
    let change = applied.waits.expect("it waits");
    assert!(allows(&world, ROLE).await.is_empty());
    decide(&world, "root", change, &word(true)).await.unwrap();
    assert_eq!(state(&world, change).await, ChangeState::CarriedOut);
    assert_eq!(allows(&world, ROLE).await, ["people.read"]);
    // Nobody makes a role less guarded alone; the plan says so beforehand.
    let open = wider.replace("privileged = true", "privileged = false");
    assert!(plan(&world, "root", &roles(&open)).await.steps.iter().all(|step| step.weaker));
    let applied = apply(&world, &world.actor("root").await, &roles(&open)).await.unwrap();
    assert!(applied.waits.is_some());
    world.check_invariants().await;
}
