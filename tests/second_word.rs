//! What would widen what its author can come to hold waits for somebody else, who gains nothing by it.
use latchkey::{
    domain::{
        assignment::AssignmentKind,
        change_request::ChangeState,
        id::{ChangeRequestId, RoleId, ScopeId},
        permission::Permissions,
        role::{Definition, ScopeKind},
        settings::{Declared, Field},
        text::{Description, Name},
        time::Duration,
    },
    error::Error,
    service::{
        assignment::{self, Assign},
        role::{self, RoleChange},
        scope,
        settings::{self, Save},
    },
};

use crate::{
    change_request::{decide, mails, state, word},
    support::{World, done, reason, waits},
};

const ROLE: &str = "Database operator";
const ADMINISTRATOR: &str = "Privileged Role Administrator";

/// Two who may assign, one of whom belongs to a group with somebody else who may, and one who is above all.
async fn world() -> World {
    let world = World::new().await;
    world.people(["ada", "bob", "carl", "root"]).await;
    world.active("root", "Global Administrator").await;
    for name in ["ada", "bob"] {
        world.active(name, ADMINISTRATOR).await;
    }
    world.role(ROLE, |_| ()).await;
    world.group("Operators", &["ada", "bob"]).await;
    world
}

async fn ask(world: &World, by: &str, to: &str, kind: AssignmentKind) -> ChangeRequestId {
    let wanted = Assign {
        principals: vec![world.principal(to)],
        role: world.role_id(ROLE),
        scope: ScopeId::ROOT,
        kind,
        starts_at: None,
        ends_at: None,
        justification: reason(),
    };
    let assigned = assignment::assign(&world.app, &world.actor(by).await, &wanted, None).await;
    waits(assigned.unwrap().pop().unwrap().outcome)
}

#[tokio::test]
async fn a_role_for_oneself_is_given_by_somebody_who_gains_nothing_by_it() {
    let world = world().await;
    let change = ask(&world, "ada", "ada", AssignmentKind::Eligible).await;
    assert_eq!(world.eligibility_or_none("ada", ROLE).await, None);
    assert_eq!(mails(&world, "bob").await, ["Your word? ada: Database operator for ada, eligible"]);
    let own = decide(&world, "ada", change, &word(true)).await;
    assert!(matches!(own, Err(Error::NotAllowed(_))), "{own:?}");
    decide(&world, "bob", change, &word(true)).await.unwrap();
    assert_eq!(state(&world, change).await, ChangeState::CarriedOut);
    world.activate("ada", ROLE, Duration::hours(1)).await.unwrap();
    world.check_invariants().await;
}

#[tokio::test]
async fn whoever_gains_by_a_role_for_a_group_does_not_agree_to_it() {
    let world = world().await;
    let change = ask(&world, "ada", "Operators", AssignmentKind::Eligible).await;
    let refused = decide(&world, "bob", change, &word(true)).await;
    assert!(matches!(refused, Err(Error::NotAllowed(_) | Error::NotFound(_))), "{refused:?}");
    assert_eq!(state(&world, change).await, ChangeState::Pending);
    decide(&world, "root", change, &word(true)).await.unwrap();
    world.assignment_of("Operators", ROLE, ScopeId::ROOT).await;
    world.check_invariants().await;
}

#[tokio::test]
async fn more_time_and_standing_access_for_oneself_wait_too() {
    let world = world().await;
    let own = world.eligible_for("ada", ROLE, Duration::days(2)).await;
    let ada = world.actor("ada").await;
    let active = AssignmentKind::Active;
    let change = waits(assignment::convert(&world.app, &ada, own, active, &reason(), None).await);
    assert!(!world.holds("ada", ROLE).await);
    decide(&world, "root", change, &word(false)).await.unwrap();
    assert_eq!(state(&world, change).await, ChangeState::Declined);
    let change = waits(assignment::convert(&world.app, &ada, own, active, &reason(), None).await);
    decide(&world, "root", change, &word(true)).await.unwrap();
    assert!(world.holds("ada", ROLE).await);
    // What was asked for twice is done once.
    let again = assignment::convert(&world.app, &ada, own, active, &reason(), None).await;
    assert!(matches!(again, Err(Error::Conflict(_))), "{again:?}");
    world.check_invariants().await;
}

fn definition(name: &str, privileged: bool, permissions: &[&str]) -> Definition {
    let permissions: Vec<_> = permissions.iter().map(|&name| name.to_owned()).collect();
    Definition {
        name: Name::parse(name).unwrap(),
        description: Description::default(),
        privileged,
        scope_kinds: ScopeKind::USUAL.to_vec(),
        permissions: Permissions::from(permissions),
    }
}

async fn change(world: &World, by: &str, role: RoleId, to: Definition) -> ChangeRequestId {
    let wanted = RoleChange { role, to, reason: reason() };
    waits(role::change(&world.app, &world.actor(by).await, &wanted).await)
}

#[tokio::test]
async fn a_role_that_its_author_reaches_allows_more_only_with_somebody_elses_word() {
    let world = world().await;
    let role = world.role_id(ROLE);
    world.eligible("ada", ROLE).await;
    let wider = definition(ROLE, true, &["people.read"]);
    let asked = change(&world, "ada", role, wider.clone()).await;
    let permissions = || async {
        role::show(&world.app, &world.actor("root").await, role).await.unwrap().permissions
    };
    assert!(permissions().await.is_empty());
    decide(&world, "root", asked, &word(true)).await.unwrap();
    assert_eq!(permissions().await, ["people.read"]);
    // Nobody makes a role less guarded alone, whether they gain by it or not.
    let open = definition(ROLE, false, &["people.read"]);
    let first = change(&world, "root", role, open.clone()).await;
    let second = change(&world, "root", role, open).await;
    decide(&world, "bob", first, &word(true)).await.unwrap();
    // The other one was asked for of a role that is no longer the same.
    let late = decide(&world, "bob", second, &word(true)).await;
    assert!(matches!(late, Err(Error::Conflict(_))), "{late:?}");
    assert_eq!(state(&world, second).await, ChangeState::Failed);
    // Anything else is done at once.
    let narrower =
        RoleChange { role, to: definition("Data base operator", false, &[]), reason: reason() };
    done(role::change(&world.app, &world.actor("root").await, &narrower).await).unwrap();
    world.check_invariants().await;
}

#[tokio::test]
async fn a_place_is_not_moved_alone_to_where_privileged_roles_have_weaker_terms() {
    let world = world().await;
    let strict = world.scope("Strict", ScopeId::ROOT, "folder").await;
    let ledger = world.scope("Ledger", strict, "system").await;
    let (root, role) = (world.actor("root").await, world.role_id(ROLE));
    let mut own = Declared {
        settings: settings::show(&world.app, &root, role, strict).await.unwrap().current.settings,
        own: [Field::Maximum].into(),
        enforced: [].into(),
    };
    own.settings.activation.maximum = Duration::hours(1);
    let save = Save { role, scope: strict, own, after: 0, template: None, reason: reason() };
    done(settings::save(&world.app, &root, &save).await).unwrap();
    let effect = scope::preview_move(&world.app, &root, ledger, ScopeId::ROOT).await.unwrap();
    assert!(effect.weakens && !effect.gains, "{effect:?}");
    let change = waits(scope::relocate(&world.app, &root, ledger, ScopeId::ROOT, &reason()).await);
    let lies_in = || async { scope::show(&world.app, &root, ledger).await.unwrap().told.parent };
    assert_eq!(lies_in().await, Some(strict));
    decide(&world, "bob", change, &word(true)).await.unwrap();
    assert_eq!(lies_in().await, Some(ScopeId::ROOT));
    // Back to where the terms are stricter nobody else is needed.
    done(scope::relocate(&world.app, &root, ledger, strict, &reason()).await).unwrap();
    world.check_invariants().await;
}
