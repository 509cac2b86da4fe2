//! What happens if nobody answers.
use latchkey::{
    domain::{
        approval::{Approver, Escalation, Silence, Stage},
        request::RequestState,
        time::Duration,
    },
    error::Error,
    service::request,
};

use super::{
    HOUR, given_by,
    stages::{ROLE, asked, conflict, save, set, staged, unseen, waits},
};
use crate::support::World;

/// Bob and eve decide; after an hour carl may as well.
fn escalating(world: &World) -> Stage {
    let escalation = Escalation {
        after: HOUR,
        approvers: [Approver::Principal(world.principal("carl"))].into(),
    };
    Stage { escalation: Some(escalation), ..world.stage(&["bob", "eve"]) }
}

/// Bob and eve decide; their silence means yes.
fn lenient(world: &World) -> Stage {
    Stage { on_silence: Silence::Approve, ..world.stage(&["bob", "eve"]) }
}

#[tokio::test]
async fn others_are_asked_after_the_time_and_may_decide_then_and_not_before() {
    let world = staged(|world| vec![escalating(world)]).await;
    let request = asked(&world, HOUR).await;
    assert_eq!(world.told().await, ["bob", "eve"]);
    world.advance_seconds(3599).await;
    assert_eq!(world.run_due().await, 0);
    unseen(world.approve("carl", request).await);
    world.advance_seconds(1).await;
    assert_eq!(world.run_due().await, 1);
    assert_eq!(world.told().await, ["carl"]);
    assert!(world.events().await.contains(&"request.escalated".to_owned()));
    let carl = world.actor("carl").await;
    assert_eq!(request::awaiting(&world.app, &carl).await.unwrap().len(), 1);
    assert_eq!(world.run_due().await, 0, "they are asked once");
    world.approve("carl", request).await.unwrap();
    assert!(world.holds("ada", ROLE).await);
    assert_eq!(world.told().await, ["ada", "bob", "eve"]);
    world.deactivate("ada", given_by(&world, request).await).await.unwrap();
    // Those who were asked first still decide, and what they have decided escalates no more.
    let request = asked(&world, HOUR).await;
    world.advance(Duration::minutes(90)).await;
    world.approve("bob", request).await.unwrap();
    world.run_due().await;
    assert_eq!(world.told().await, ["ada", "bob", "carl", "eve", "eve"]);
    world.check_invariants().await;
}

#[tokio::test]
async fn whoever_is_asked_later_stands_for_any_of_those_who_did_not_answer() {
    let world = staged(|_| Vec::new()).await;
    world.group("Blue", &["bob"]).await;
    world.group("Green", &["eve", "dora"]).await;
    set(&world, |world| {
        vec![Stage {
            approvers: world.stage(&["Blue", "Green"]).approvers,
            agree: latchkey::domain::approval::Agreement::Each,
            ..escalating(world)
        }]
    })
    .await;
    let request = asked(&world, HOUR).await;
    world.approve("eve", request).await.unwrap();
    world.advance(HOUR).await;
    world.approve("carl", request).await.unwrap();
    assert!(world.holds("ada", ROLE).await);
    world.check_invariants().await;
}

#[tokio::test]
async fn silence_is_a_no_unless_the_terms_say_otherwise() {
    for (on_silence, state) in
        [(Silence::Deny, RequestState::Expired), (Silence::Approve, RequestState::Granted)]
    {
        let world = staged(|world| vec![Stage { on_silence, ..lenient(world) }]).await;
        world.mark_privileged(ROLE, false).await;
        let request = asked(&world, HOUR).await;
        world.told().await;
        world.advance_seconds(24 * 3600 - 1).await;
        assert_eq!(world.run_due().await, 0);
        world.advance_seconds(1).await;
        assert!(!world.holds("ada", ROLE).await, "not before it is written down");
        assert_eq!(world.run_due().await, 1);
        assert_eq!(world.state(request).await, state);
        let granted = state == RequestState::Granted;
        assert_eq!(world.holds("ada", ROLE).await, granted);
        let told = world.told().await;
        assert_eq!(told.contains(&"root".to_owned()), granted, "administrators are told: {told:?}");
        let events = world.events().await;
        let silent = events.contains(&"request.passed_in_silence".to_owned());
        assert_eq!(silent, granted, "{events:?}");
        assert_eq!(world.count("select count(*) from decisions").await, 0);
        conflict(world.deny("bob", request).await);
        world.advance_seconds(3599).await;
        assert_eq!(world.holds("ada", ROLE).await, granted);
        world.advance_seconds(1).await;
        assert!(!world.holds("ada", ROLE).await);
        world.check_invariants().await;
    }
}

#[tokio::test]
async fn after_a_silent_stage_the_next_one_is_asked() {
    let world = staged(|world| vec![lenient(world), world.stage(&["carl", "dora"])]).await;
    world.mark_privileged(ROLE, false).await;
    let request = asked(&world, HOUR).await;
    world.told().await;
    world.advance(Duration::days(1)).await;
    world.run_due().await;
    assert!(waits(&world, request).await);
    assert_eq!(world.told().await, ["carl", "dora", "root"]);
    world.approve("dora", request).await.unwrap();
    assert!(world.holds("ada", ROLE).await);
    world.check_invariants().await;
}

#[tokio::test]
async fn silence_never_approves_what_is_privileged() {
    let world = staged(|world| vec![world.stage(&["bob", "eve"])]).await;
    let outcome = save(&world, vec![lenient(&world)]).await;
    let Err(Error::Invalid(faults)) = &outcome else { panic!("{outcome:?}") };
    assert_eq!(faults[0].message, "stage 1: silence never approves a privileged role");
    // Nor what has become so since it was asked for.
    world.mark_privileged(ROLE, false).await;
    save(&world, vec![lenient(&world)]).await.unwrap();
    let request = asked(&world, HOUR).await;
    world.mark_privileged(ROLE, true).await;
    world.advance(Duration::days(1)).await;
    world.run_due().await;
    assert_eq!(world.state(request).await, RequestState::Expired);
    assert!(!world.holds("ada", ROLE).await);
    world.check_invariants().await;
}

#[tokio::test]
async fn silence_is_a_no_once_the_newest_terms_say_so() {
    for (newest, state) in
        [(Silence::Deny, RequestState::Expired), (Silence::Approve, RequestState::Granted)]
    {
        let world = staged(|world| vec![lenient(world)]).await;
        world.mark_privileged(ROLE, false).await;
        let request = asked(&world, HOUR).await;
        set(&world, |world| vec![Stage { on_silence: newest, ..lenient(world) }]).await;
        world.advance(Duration::days(1)).await;
        world.run_due().await;
        assert_eq!(world.state(request).await, state);
        world.check_invariants().await;
    }
}

#[tokio::test]
async fn silence_gives_nothing_to_whom_it_could_not_be_given() {
    let world = staged(|world| vec![lenient(world)]).await;
    world.mark_privileged(ROLE, false).await;
    let request = asked(&world, Duration::hours(8)).await;
    // The newest terms allow less than was asked for.
    world
        .settings(ROLE, |terms| {
            terms.activation.maximum = HOUR;
            terms.activation.requires_approval = true;
            terms.activation.requires_justification = true;
            terms.activation.stages = vec![lenient(&world)];
        })
        .await;
    world.advance(Duration::days(1)).await;
    world.run_due().await;
    assert_eq!(world.state(request).await, RequestState::Failed);
    assert!(!world.holds("ada", ROLE).await);
    world.check_invariants().await;
}
