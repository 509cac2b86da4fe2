//! Files that weaken the terms of a privileged role: one change that a second administrator decides, as a whole.
use latchkey::{
    domain::{
        change_request::ChangeState,
        id::{ChangeRequestId, ScopeId},
        settings::Authentication,
    },
    error::Error,
    service::{
        change_request,
        policy::{self, Apply},
        settings,
    },
};

use super::{ROLE, apply, files, plan, reasons, wanted, world};
use crate::{
    change_request::{decide, mails, state, word},
    support::World,
};

/// Weaker terms of the role, and a place besides.
const WEAKER: [(&str, &str); 2] = [
    ("scopes.toml", "[[scope]]\npath = \"Production\"\nkind = \"folder\"\n"),
    (
        "settings.toml",
        "[[settings]]\nrole = \"Database operator\"\nscope = \"/\"\nauthentication = \"none\"\n",
    ),
];

/// With a second administrator, and a role that asks for a code.
async fn two() -> World {
    let world = world().await;
    world.people(["deputy"]).await;
    world.active("deputy", "Global Administrator").await;
    world.settings(ROLE, |terms| terms.activation.authentication = Authentication::Mfa).await;
    world
}

async fn asked(world: &World) -> ChangeRequestId {
    let root = world.actor("root").await;
    apply(world, &root, &files(WEAKER)).await.unwrap().waits.expect("it waits")
}

async fn asks_for(world: &World) -> Authentication {
    let (root, role) = (world.actor("root").await, world.role_id(ROLE));
    let shown = settings::show(&world.app, &root, role, ScopeId::ROOT).await.unwrap();
    shown.current.settings.activation.authentication
}

async fn places(world: &World) -> i64 {
    world.count("select count(*) from scopes where name = 'Production'").await
}

#[tokio::test]
async fn weaker_terms_make_the_whole_apply_wait_for_a_second_administrator() {
    let world = two().await;
    let planned = plan(&world, "root", &files(WEAKER)).await;
    let weaker: Vec<_> = planned.steps.iter().map(|step| step.weaker).collect();
    assert_eq!(weaker, [false, true], "the plan says so before: {planned}");
    let change = asked(&world).await;
    assert_eq!(places(&world).await, 0, "nothing is done until then");
    assert_eq!(asks_for(&world).await, Authentication::Mfa);
    assert_eq!(mails(&world, "deputy").await, ["Your word? root: policy files"]);
    let again = apply(&world, &world.actor("root").await, &files(WEAKER)).await.unwrap();
    assert_eq!(again.waits, Some(change), "asked for twice, it waits once");
    let shown = change_request::show(&world.app, &world.actor("deputy").await, change).await;
    let told: Vec<_> =
        shown.unwrap().told.difference.iter().map(|line| line.field.clone()).collect();
    assert_eq!(
        told,
        ["Create scope Production", "Change settings of Database operator at / (weaker)"]
    );

    decide(&world, "deputy", change, &word(true)).await.unwrap();
    assert_eq!(state(&world, change).await, ChangeState::CarriedOut);
    assert_eq!((places(&world).await, asks_for(&world).await), (1, Authentication::None));
    let standing = policy::standing(&world.app, &world.actor("root").await).await.unwrap();
    assert_eq!(standing.last.unwrap().actor_name, "root, agreed to by deputy");
    assert!(standing.drift.unwrap().is_empty());
    let events = world.events().await;
    for kind in ["change.requested", "settings.changed", "policy.applied", "change.approved"] {
        assert!(events.iter().any(|event| event == kind), "{kind} in {events:?}");
    }
    world.check_invariants().await;
}

#[tokio::test]
async fn what_has_changed_meanwhile_must_be_planned_again() {
    let world = two().await;
    let change = asked(&world).await;
    world.scope("Production", ScopeId::ROOT, "folder").await;
    let refused = reasons(decide(&world, "deputy", change, &word(true)).await);
    assert!(refused.contains("has changed since this plan was made"), "{refused}");
    assert_eq!(state(&world, change).await, ChangeState::Failed);
    assert_eq!(asks_for(&world).await, Authentication::Mfa, "nothing of it is done");
    // Asked for anew, it is carried out.
    let anew = asked(&world).await;
    decide(&world, "deputy", anew, &word(true)).await.unwrap();
    assert_eq!(asks_for(&world).await, Authentication::None);
}

#[tokio::test]
async fn nobody_decides_who_wants_it_or_gains_by_it() {
    let world = two().await;
    for name in ["ada", "bob"] {
        world.active(name, "Global Administrator").await;
    }
    // One is eligible for what becomes weaker, the other gets something by the same files.
    world.eligible("ada", ROLE).await;
    let mut wanted_files = files(WEAKER);
    let given = "[[assignment]]\nholder = \"user:bob\"\nrole = \"Database operator\"\nscope = \"Sales\"\nkind = \"eligible\"\n";
    wanted_files.insert("assignments.toml".to_owned(), given.to_owned());
    let root = world.actor("root").await;
    let change = apply(&world, &root, &wanted_files).await.unwrap().waits.unwrap();
    for name in ["root", "ada", "bob"] {
        let refused = decide(&world, name, change, &word(true)).await;
        assert!(matches!(refused, Err(Error::NotAllowed(_))), "{name}: {refused:?}");
    }
    let shown = change_request::show(&world.app, &root, change).await.unwrap();
    let deciders: Vec<_> = shown.deciders.iter().map(|decider| decider.name.as_str()).collect();
    assert_eq!(deciders, ["deputy"]);
    decide(&world, "deputy", change, &word(true)).await.unwrap();
}

#[tokio::test]
async fn whoever_may_do_only_a_part_leaves_the_whole_to_somebody_who_may() {
    let world = two().await;
    world.people(["narrow"]).await;
    world.role("Terms clerk", |_| ()).await;
    world
        .execute(
            "begin;
             insert into audit_events (id, at, kind, outcome, actor_kind, actor_name, role_id, target_id, detail)
             select gen_random_uuid(), instant(), 'role.changed', 'success', 'operator', 'A test', id, id, '{}'
             from roles where name = 'Terms clerk';
             update roles set permissions = '{roles.read,settings.manage,requests.read}' where name = 'Terms clerk';
             commit",
        )
        .await;
    world.active("narrow", "Terms clerk").await;
    let change = asked(&world).await;
    let outcome = decide(&world, "narrow", change, &word(true)).await;
    assert!(matches!(outcome, Err(Error::NotAllowed(_))), "{outcome:?}");
    assert_eq!(state(&world, change).await, ChangeState::Pending, "it waits for somebody else");
    decide(&world, "deputy", change, &word(true)).await.unwrap();
}

#[tokio::test]
async fn what_would_be_refused_is_refused_at_once_and_never_waits() {
    let world = two().await;
    let mut wrong = files(WEAKER);
    let nowhere = "[[assignment]]\nholder = \"user:ada\"\nrole = \"Member\"\nscope = \"/\"\nkind = \"active\"\n";
    wrong.insert("assignments.toml".to_owned(), nowhere.to_owned());
    let refused = reasons(apply(&world, &world.actor("root").await, &wrong).await);
    assert!(refused.contains("assignments.toml, line 1"), "{refused}");
    assert_eq!(world.count("select count(*) from change_requests").await, 0);
    let nameless = Apply { reason: "".parse().unwrap_or_default(), ..wanted(&files(WEAKER)) };
    let refused = policy::apply(&world.app, &world.actor("root").await, &nameless).await;
    assert!(reasons(refused).contains("write why"));
}
