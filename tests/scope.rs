//! Places: a tree of them, what is held at one counting everywhere below, and what moving and retiring do.
use latchkey::{
    domain::{
        assignment::AssignmentKind,
        id::ScopeId,
        permission::Permission,
        role::ScopeKind,
        text::{Description, Name},
        time::Duration,
    },
    error::Error,
    service::{
        access_check::Step,
        activation::{Chosen, Reasons, Wish},
        assignment::{self, Assign},
        scope::{self, NewScope},
    },
};

use crate::{
    change_request::{decide, word},
    support::{World, done, reason, waits},
};

const ROLE: &str = "Database operator";
const HOUR: Duration = Duration::hours(1);

/// Finance / Ledger / Books, and Sales beside Finance; root administers all of it, fin only Finance.
async fn world() -> World {
    let world = World::new().await;
    world.people(["ada", "bob", "root", "fin"]).await;
    world.active("root", "Global Administrator").await;
    world.role(ROLE, |_| ()).await;
    let finance = world.scope("Finance", ScopeId::ROOT, "folder").await;
    let ledger = world.scope("Ledger", finance, "system").await;
    world.scope("Books", ledger, "resource").await;
    world.scope("Sales", ScopeId::ROOT, "folder").await;
    world.give("active", "fin", "Privileged Role Administrator", finance).await;
    world
}

fn new(parent: ScopeId, kind: ScopeKind, name: &str) -> NewScope {
    let name = Name::parse(name).unwrap();
    NewScope { parent, kind, name, description: Description::default() }
}

async fn make(world: &World, by: &str, new: &NewScope) -> Result<ScopeId, Error> {
    scope::create(&world.app, &world.actor(by).await, new).await
}

#[tokio::test]
async fn what_is_held_at_a_place_counts_everywhere_below_it_and_nowhere_else() {
    let world = world().await;
    let (finance, books, sales) =
        (world.scope_id("Finance"), world.scope_id("Books"), world.scope_id("Sales"));
    world.give("active", "ada", ROLE, finance).await;
    assert!(world.holds_at("ada", ROLE, finance).await);
    assert!(world.holds_at("ada", ROLE, books).await);
    assert!(!world.holds_at("ada", ROLE, sales).await);
    assert!(!world.holds_at("ada", ROLE, ScopeId::ROOT).await);
    let way = world.check("ada", ROLE, books).await.way.unwrap();
    let names: Vec<_> = way
        .iter()
        .map(|step| match step {
            Step::Scope(_, name) | Step::Group(_, name) => name.as_str(),
        })
        .collect();
    assert_eq!(names, ["Finance", "Ledger", "Books"]);
}

#[tokio::test]
async fn an_eligibility_may_be_activated_for_a_place_below_only() {
    let world = world().await;
    let (finance, ledger, books, sales) = (
        world.scope_id("Finance"),
        world.scope_id("Ledger"),
        world.scope_id("Books"),
        world.scope_id("Sales"),
    );
    let eligibility = world.give("eligible", "ada", ROLE, finance).await;
    let ada = world.actor("ada").await;
    let at = |scope| Wish { chosen: Chosen { eligibility, scope: Some(scope) }, duration: HOUR };
    world.ask(&ada, at(ledger), &Reasons::default(), None).await.unwrap();
    assert!(world.holds_at("ada", ROLE, ledger).await);
    assert!(world.holds_at("ada", ROLE, books).await);
    assert!(!world.holds_at("ada", ROLE, finance).await);
    let elsewhere = world.ask(&ada, at(sales), &Reasons::default(), None).await;
    assert!(matches!(elsewhere, Err(Error::NotFound("eligibility"))), "{elsewhere:?}");
    let above = world.ask(&ada, at(ScopeId::ROOT), &Reasons::default(), None).await;
    assert!(matches!(above, Err(Error::NotFound("eligibility"))), "{above:?}");
    world.check_invariants().await;
}

#[tokio::test]
async fn places_are_made_where_they_fit() {
    let world = world().await;
    let (finance, ledger) = (world.scope_id("Finance"), world.scope_id("Ledger"));
    make(&world, "root", &new(finance, ScopeKind::Folder, "Payroll")).await.unwrap();
    let again = make(&world, "root", &new(finance, ScopeKind::System, "payroll")).await;
    assert!(matches!(again, Err(Error::Invalid(_))), "{again:?}");
    let inside_a_system = make(&world, "root", &new(ledger, ScopeKind::Folder, "Odd")).await;
    assert!(matches!(inside_a_system, Err(Error::Invalid(_))), "{inside_a_system:?}");
    let group = make(&world, "root", &new(finance, ScopeKind::Group, "Odd")).await;
    assert!(matches!(group, Err(Error::Invalid(_))), "{group:?}");
    assert_eq!(world.events().await, ["scope.created"]);
}

#[tokio::test]
async fn a_delegated_administrator_sees_and_changes_what_lies_below_and_nothing_else() {
    let world = world().await;
    let (finance, ledger, sales) =
        (world.scope_id("Finance"), world.scope_id("Ledger"), world.scope_id("Sales"));
    let fin = world.actor("fin").await;
    let roots = scope::roots(&world.app, &fin).await.unwrap();
    assert_eq!(roots.iter().map(|root| root.id).collect::<Vec<_>>(), [finance]);
    scope::show(&world.app, &fin, ledger).await.unwrap();
    for hidden in [sales, ScopeId::ROOT] {
        let seen = scope::show(&world.app, &fin, hidden).await;
        assert!(matches!(seen, Err(Error::NotFound("scope"))), "{seen:?}");
    }
    make(&world, "fin", &new(ledger, ScopeKind::Resource, "Journal")).await.unwrap();
    let outside = make(&world, "fin", &new(sales, ScopeKind::System, "Shop")).await;
    assert!(matches!(outside, Err(Error::Forbidden(Permission::ManageScopes))), "{outside:?}");
    let wanted = |scope| Assign {
        principals: vec![world.principal("ada")],
        role: world.role_id(ROLE),
        scope,
        kind: AssignmentKind::Eligible,
        starts_at: None,
        ends_at: None,
        justification: reason(),
    };
    let mut below = assignment::assign(&world.app, &fin, &wanted(ledger), None).await.unwrap();
    below.pop().unwrap().outcome.unwrap();
    for scope in [sales, ScopeId::ROOT] {
        let outside = assignment::assign(&world.app, &fin, &wanted(scope), None).await;
        assert!(matches!(outside, Err(Error::Forbidden(_))), "{outside:?}");
    }
    let elsewhere = world.give("eligible", "ada", ROLE, sales).await;
    let seen = assignment::show(&world.app, &fin, elsewhere).await;
    assert!(matches!(seen, Err(Error::NotFound(_))), "{seen:?}");
    let all = assignment::list(&world.app, &fin, assignment::Filter::default()).await.unwrap();
    assert!(all.iter().all(|told| [finance, ledger].contains(&told.scope)), "{all:?}");
    let removed = assignment::remove(&world.app, &fin, elsewhere, &reason()).await;
    assert!(removed.is_err());
}

#[tokio::test]
async fn moving_a_place_says_first_who_gains_and_who_loses_and_ends_what_no_longer_rests_on_anything()
 {
    let world = world().await;
    let (finance, ledger, sales) =
        (world.scope_id("Finance"), world.scope_id("Ledger"), world.scope_id("Sales"));
    let eligibility = world.give("eligible", "ada", ROLE, finance).await;
    world.give("active", "bob", ROLE, sales).await;
    let ada = world.actor("ada").await;
    let wish = Wish { chosen: Chosen { eligibility, scope: Some(ledger) }, duration: HOUR };
    world.ask(&ada, wish, &Reasons::default(), None).await.unwrap();
    let root = world.actor("root").await;
    let effect = scope::preview_move(&world.app, &root, ledger, sales).await.unwrap();
    let names = |held: &[scope::Holding]| -> Vec<String> {
        held.iter().filter(|held| held.role_name == ROLE).map(|held| held.holder.clone()).collect()
    };
    assert_eq!(
        (names(&effect.lose), names(&effect.gain)),
        (vec!["ada".into()], vec!["bob".into()])
    );
    assert_eq!(effect.ending, 1);
    assert!(world.holds_at("ada", ROLE, ledger).await, "a preview changes nothing");
    assert!(!world.holds_at("bob", ROLE, ledger).await);
    done(scope::relocate(&world.app, &root, ledger, sales, &reason()).await).unwrap();
    assert!(!world.holds_at("ada", ROLE, ledger).await);
    assert!(world.holds_at("bob", ROLE, ledger).await);
    assert!(world.holds_at("bob", ROLE, world.scope_id("Books")).await);
    assert!(!world.holds_at("bob", ROLE, finance).await);
    let events = world.events().await;
    assert_eq!(&events[events.len() - 2..], ["activation.ended", "scope.moved"]);
    world.check_invariants().await;
}

#[tokio::test]
async fn nothing_is_moved_into_itself() {
    let world = world().await;
    let root = world.actor("root").await;
    let (finance, ledger) = (world.scope_id("Finance"), world.scope_id("Ledger"));
    let deep = world.scope("Deep", finance, "folder").await;
    for (what, to) in [(finance, deep), (finance, finance), (finance, ledger)] {
        let moved = scope::relocate(&world.app, &root, what, to, &reason()).await;
        assert!(matches!(moved, Err(Error::Invalid(_))), "{moved:?}");
    }
    let moved = scope::relocate(&world.app, &root, ScopeId::ROOT, finance, &reason()).await;
    assert!(matches!(moved, Err(Error::Conflict(_))), "{moved:?}");
}

#[tokio::test]
async fn moving_takes_the_right_at_both_places_and_gives_the_mover_nothing() {
    let world = world().await;
    let (finance, ledger, sales) =
        (world.scope_id("Finance"), world.scope_id("Ledger"), world.scope_id("Sales"));
    let fin = world.actor("fin").await;
    let moved = scope::relocate(&world.app, &fin, ledger, sales, &reason()).await;
    assert!(matches!(moved, Err(Error::Forbidden(Permission::ManageScopes))), "{moved:?}");
    // One who looks after both, and is eligible for something at one of them, can't bring a place below that.
    world.give("active", "fin", "Privileged Role Administrator", sales).await;
    world.give("eligible", "fin", ROLE, sales).await;
    let effect = scope::preview_move(&world.app, &fin, ledger, sales).await.unwrap();
    assert!(effect.gains, "{effect:?}");
    let change = waits(scope::relocate(&world.app, &fin, ledger, sales, &reason()).await);
    assert_eq!(
        world.count("select count(*) from audit_events where kind = 'scope.moved'").await,
        0
    );
    // Somebody who gains nothing by it agrees, and it is done.
    decide(&world, "root", change, &word(true)).await.unwrap();
    let root = world.actor("root").await;
    let back = scope::relocate(&world.app, &root, ledger, sales, &reason()).await;
    assert!(matches!(back, Err(Error::Conflict(_))), "{back:?}");
    done(scope::relocate(&world.app, &root, ledger, finance, &reason()).await).unwrap();
}

#[tokio::test]
async fn retiring_a_place_ends_everything_there_and_below_in_one_moment() {
    let world = world().await;
    let (finance, ledger, books) =
        (world.scope_id("Finance"), world.scope_id("Ledger"), world.scope_id("Books"));
    let eligibility = world.give("eligible", "ada", ROLE, ledger).await;
    world.give("active", "bob", ROLE, books).await;
    let ada = world.actor("ada").await;
    let wish = Wish { chosen: Chosen { eligibility, scope: Some(books) }, duration: HOUR };
    world.ask(&ada, wish, &Reasons::default(), None).await.unwrap();
    let root = world.actor("root").await;
    let effect = scope::preview_retire(&world.app, &root, ledger).await.unwrap();
    assert_eq!((effect.assignments, effect.places.len()), (3, 1));
    scope::retire(&world.app, &root, ledger, &reason()).await.unwrap();
    assert!(!world.holds_at("ada", ROLE, books).await);
    assert!(!world.holds_at("bob", ROLE, books).await);
    let open = "select count(*) from assignments where ended_at is null and end_reason is null
        and scope_id in (select id from scopes where retired_at is not null)";
    assert_eq!(world.count(open).await, 0);
    let again = scope::retire(&world.app, &root, ledger, &reason()).await;
    assert!(matches!(again, Err(Error::Conflict(_))), "{again:?}");
    // The name is free again, and what comes back by that name has nothing of what was.
    let anew = make(&world, "root", &new(finance, ScopeKind::System, "Ledger")).await.unwrap();
    assert!(!world.holds_at("ada", ROLE, anew).await);
    world.check_invariants().await;
}

#[tokio::test]
async fn a_role_is_held_only_at_the_kinds_of_place_that_it_allows() {
    let world = world().await;
    let wanted = Assign {
        principals: vec![world.principal("ada")],
        role: world.role_id("User Administrator"),
        scope: world.scope_id("Finance"),
        kind: AssignmentKind::Eligible,
        starts_at: None,
        ends_at: None,
        justification: reason(),
    };
    let refused = assignment::assign(&world.app, &world.actor("root").await, &wanted, None).await;
    assert!(matches!(refused, Err(Error::Invalid(_))), "{refused:?}");
}
