//! Approvers that are not named one by one: the manager, the owners of the place, the holders of a role.
use latchkey::{
    domain::{
        activation::{Intent, Refusal},
        approval::{Approver, Stage},
        id::{RoleId, ScopeId},
        request::RequestState,
        time::Duration,
    },
    error::Error,
    service::{activation, request},
};

use super::{
    HOUR,
    stages::{ROLE, asked, save, set, staged, unseen, waits},
};
use crate::support::rules;

fn by(approver: Approver) -> Vec<Stage> {
    vec![Stage { requires_justification: false, ..Stage::of([approver]) }]
}

#[tokio::test]
async fn the_manager_of_whoever_asks_approves_and_no_other() {
    let world = staged(|_| by(Approver::Manager)).await;
    world.manages("bob", "ada").await;
    world.manages("carl", "eve").await;
    world.manages("dora", "bob").await;
    let request = asked(&world, HOUR).await;
    assert_eq!(world.told().await, ["bob"]);
    for other in ["carl", "dora"] {
        unseen(world.approve(other, request).await);
    }
    // Whoever manages her by now decides.
    world.manages("eve", "ada").await;
    unseen(world.approve("bob", request).await);
    world.approve("eve", request).await.unwrap();
    assert!(world.holds("ada", ROLE).await);
    world.check_invariants().await;
}

#[tokio::test]
async fn whoever_has_no_manager_is_told_before_they_ask() {
    let world = staged(|_| by(Approver::Manager)).await;
    let ada = world.actor("ada").await;
    let foreseen = async || {
        let chosen = activation::Chosen::whole(world.eligibility("ada", ROLE).await);
        let time = (None, None);
        let preview =
            activation::preview(&world.app, &ada, chosen, time, Intent::Activate).await.unwrap();
        preview.refusals.iter().map(Refusal::rule).collect::<Vec<_>>()
    };
    assert_eq!(foreseen().await, ["nobody_can_approve"]);
    assert_eq!(rules(world.activate("ada", ROLE, HOUR).await), ["nobody_can_approve"]);
    world.manages("bob", "ada").await;
    assert_eq!(foreseen().await, [""; 0]);
    asked(&world, HOUR).await;
    world.check_invariants().await;
}

#[tokio::test]
async fn terms_that_would_leave_somebody_without_an_approver_are_refused_by_name() {
    let world = staged(|world| vec![world.stage(&["bob", "eve"])]).await;
    world.group("Team", &["carl"]).await;
    world.eligible("Team", ROLE).await;
    world.manages("bob", "ada").await;
    let outcome = save(&world, by(Approver::Manager)).await;
    let Err(Error::Invalid(faults)) = &outcome else { panic!("{outcome:?}") };
    assert_eq!(faults[0].field, "stages");
    assert!(faults[0].message.ends_with("no manager: carl"), "{faults:?}");
    world.manages("bob", "carl").await;
    world.mark_privileged(ROLE, false).await;
    save(&world, by(Approver::Manager)).await.unwrap();
}

#[tokio::test]
async fn the_owners_of_a_place_approve_what_is_asked_for_there_and_below() {
    let world = staged(|_| by(Approver::ScopeOwners)).await;
    let shop = world.scope("Shop", ScopeId::ROOT, "folder").await;
    let till = world.scope("Till", shop, "system").await;
    let office = world.scope("Office", ScopeId::ROOT, "folder").await;
    let owner = async |name: &str, place| {
        world.assign("active", world.principal(name), (RoleId::OWNER, place), (None, None)).await;
    };
    owner("bob", shop).await;
    owner("eve", office).await;
    let role = world.role_id(ROLE);
    let eligibility =
        world.assign("eligible", world.principal("carl"), (role, till), (None, None)).await;
    let chosen = activation::Chosen::whole(eligibility);
    let wish = activation::Wish { chosen, duration: HOUR };
    let carl = world.actor("carl").await;
    let asked = world.ask(&carl, wish, &activation::Reasons::default(), None).await.unwrap();
    assert_eq!(asked.state, RequestState::Pending);
    assert_eq!(world.told().await, ["bob"]);
    unseen(world.approve("eve", asked.request).await);
    world.approve("bob", asked.request).await.unwrap();
    assert!(world.holds_at("carl", ROLE, till).await);
    world.check_invariants().await;
}

#[tokio::test]
async fn whoever_holds_a_role_approves_for_as_long_as_they_do() {
    let world = staged(|_| Vec::new()).await;
    let role = world.role("Approver", |_| ()).await;
    set(&world, |_| by(Approver::RoleHolders(role))).await;
    world.eligible("bob", "Approver").await;
    assert_eq!(rules(world.activate("ada", ROLE, HOUR).await), ["nobody_can_approve"]);
    let end = Some(world.now().await + Duration::hours(2));
    let here = (role, ScopeId::ROOT);
    world.assign("active", world.principal("carl"), here, (None, end)).await;
    let request = asked(&world, HOUR).await;
    assert_eq!(world.told().await, ["carl"]);
    let carl = world.actor("carl").await;
    assert_eq!(request::awaiting(&world.app, &carl).await.unwrap().len(), 1);
    unseen(world.approve("bob", request).await);
    // To be eligible is not to hold: bob has to activate first.
    world.activate("bob", "Approver", HOUR).await.unwrap();
    world.advance(Duration::hours(2)).await;
    unseen(world.approve("carl", request).await);
    unseen(world.approve("bob", request).await);
    world.activate("bob", "Approver", HOUR).await.unwrap();
    assert!(waits(&world, request).await);
    world.approve("bob", request).await.unwrap();
    assert!(world.holds("ada", ROLE).await);
    world.check_invariants().await;
}
