//! Who must agree, one stage after the other.
use latchkey::{
    domain::{
        approval::Stage,
        id::{RequestId, ScopeId},
        request::{RequestState, Verdict},
        settings::Authentication,
        text::Justification,
        time::Duration,
    },
    error::Error,
    service::{
        approval::{self, Answer},
        request,
        settings::{self, Outcome, Save},
    },
};

use super::{HOUR, given_by};
use crate::support::{World, approvals::asks_in_stages, reason};

pub(super) const ROLE: &str = "Operator of the shop";

/// Ada may ask for a role that others approve; the others are there, and root is an administrator.
pub(super) async fn staged(stages: impl FnOnce(&World) -> Vec<Stage>) -> World {
    let world = World::new().await;
    world.people(["ada", "bob", "carl", "dora", "eve", "mallory", "root"]).await;
    world.active("root", "Global Administrator").await;
    world.role(ROLE, |_| ()).await;
    set(&world, stages).await;
    world.eligible("ada", ROLE).await;
    world
}

/// Gives the role new terms.
pub(super) async fn set(world: &World, stages: impl FnOnce(&World) -> Vec<Stage>) {
    let stages = stages(world);
    world.settings(ROLE, |terms| asks_in_stages(terms, stages)).await;
}

/// Root saves these stages, as the settings page does.
pub(super) async fn save(
    world: &World,
    stages: Vec<Stage>,
) -> Result<Outcome<settings::Written>, Error> {
    let root = world.actor("root").await;
    let role = world.role_id(ROLE);
    let shown = settings::show(&world.app, &root, role, ScopeId::ROOT).await?.current;
    let mut terms = shown.settings;
    asks_in_stages(&mut terms, stages);
    let save = Save::whole(role, &terms, shown.number, &reason());
    settings::save(&world.app, &root, &save).await
}

/// The stages as they are.
pub(super) async fn of(world: &World) -> Vec<Stage> {
    let (root, role) = (world.actor("root").await, world.role_id(ROLE));
    let shown = settings::show(&world.app, &root, role, ScopeId::ROOT).await.unwrap();
    shown.current.settings.activation.stages
}

/// What ada asks for waits.
pub(super) async fn asked(world: &World, duration: Duration) -> RequestId {
    let asked = world.activate("ada", ROLE, duration).await.unwrap();
    assert_eq!(asked.state, RequestState::Pending);
    asked.request
}

/// A word without a code.
pub(super) async fn say(
    world: &World,
    name: &str,
    request: RequestId,
    verdict: Verdict,
) -> Result<RequestState, Error> {
    let justification = Justification::default();
    let answer = Answer { verdict, granted: None, justification };
    approval::decide(&world.app, &world.actor(name).await, request, &answer, "").await
}

pub(super) async fn waits(world: &World, request: RequestId) -> bool {
    world.state(request).await == RequestState::Pending
}

#[expect(clippy::needless_pass_by_value, reason = "an outcome is used up by looking at it")]
pub(super) fn unseen<T: std::fmt::Debug>(outcome: Result<T, Error>) {
    assert!(matches!(outcome, Err(Error::NotFound(_))), "{outcome:?}");
}

#[expect(clippy::needless_pass_by_value, reason = "an outcome is used up by looking at it")]
pub(super) fn conflict<T: std::fmt::Debug>(outcome: Result<T, Error>) {
    assert!(matches!(outcome, Err(Error::Conflict(_))), "{outcome:?}");
}

#[tokio::test]
async fn two_of_three_must_agree() {
    let world = staged(|world| vec![world.stage_of(2, &["bob", "carl", "dora"])]).await;
    let request = asked(&world, HOUR).await;
    assert_eq!(world.told().await, ["bob", "carl", "dora"]);
    world.approve("bob", request).await.unwrap();
    assert!(waits(&world, request).await && !world.holds("ada", ROLE).await);
    assert_eq!(world.told().await, ["ada"], "she hears that one has agreed");
    conflict(world.approve("bob", request).await);
    conflict(world.deny("bob", request).await);
    world.approve("dora", request).await.unwrap();
    assert!(world.holds("ada", ROLE).await);
    assert_eq!(world.told().await, ["ada", "carl"], "carl has nothing left to do");
    conflict(world.approve("carl", request).await);
    world.check_invariants().await;
}

#[tokio::test]
async fn each_of_two_groups_must_agree_and_nobody_stands_for_both() {
    let world = staged(|_| Vec::new()).await;
    world.group("Blue", &["bob", "carl"]).await;
    world.group("Green", &["bob", "dora"]).await;
    set(&world, |world| vec![world.stage_of_each(&["Blue", "Green"])]).await;
    // Bob is in both and counts for one: whichever the other is not in.
    for second in ["carl", "dora"] {
        let request = asked(&world, HOUR).await;
        world.approve("bob", request).await.unwrap();
        assert!(waits(&world, request).await);
        world.approve(second, request).await.unwrap();
        assert!(world.holds("ada", ROLE).await);
        world.deactivate("ada", given_by(&world, request).await).await.unwrap();
    }
    world.check_invariants().await;
}

#[tokio::test]
async fn whoever_stands_only_for_a_group_that_has_agreed_has_nothing_to_add() {
    let world = staged(|_| Vec::new()).await;
    world.group("Blue", &["bob", "carl"]).await;
    world.group("Green", &["dora", "eve"]).await;
    set(&world, |world| vec![world.stage_of_each(&["Blue", "Green"])]).await;
    let request = asked(&world, HOUR).await;
    world.approve("bob", request).await.unwrap();
    for (name, furthers) in [("carl", false), ("dora", true)] {
        let seen = request::show(&world.app, &world.actor(name).await, request).await.unwrap();
        assert!(seen.may_decide, "{name} can still say no");
        assert_eq!(seen.would_further(world.principal(name)), furthers, "{name}");
        let named: Vec<_> = seen.deciders.iter().map(|decider| decider.name.as_str()).collect();
        assert_eq!(named, ["dora", "eve"], "only they are waited for");
    }
    world.check_invariants().await;
}

#[tokio::test]
async fn two_people_of_the_same_group_do_not_stand_for_two_groups() {
    let world = staged(|_| Vec::new()).await;
    world.group("Blue", &["bob", "carl", "eve"]).await;
    world.group("Green", &["dora", "eve"]).await;
    set(&world, |world| vec![world.stage_of_each(&["Blue", "Green"])]).await;
    let request = asked(&world, HOUR).await;
    world.approve("bob", request).await.unwrap();
    world.approve("carl", request).await.unwrap();
    assert!(waits(&world, request).await);
    world.approve("dora", request).await.unwrap();
    assert!(world.holds("ada", ROLE).await);
    world.check_invariants().await;
}

#[tokio::test]
async fn a_second_stage_is_asked_after_the_first_and_has_its_own_time() {
    let world = staged(|world| {
        let short = Stage { timeout: Duration::hours(2), ..world.stage(&["carl", "dora"]) };
        vec![world.stage(&["bob", "eve"]), short]
    })
    .await;
    for lapses in [true, false] {
        let request = asked(&world, HOUR).await;
        assert_eq!(world.told().await, ["bob", "eve"]);
        unseen(world.approve("carl", request).await);
        let carl = world.actor("carl").await;
        assert!(request::awaiting(&world.app, &carl).await.unwrap().is_empty());
        world.advance(Duration::hours(20)).await;
        world.approve("bob", request).await.unwrap();
        let opened = world.now().await;
        assert!(waits(&world, request).await && !world.holds("ada", ROLE).await);
        assert_eq!(world.told().await, ["ada", "carl", "dora", "eve"]);
        conflict(world.deny("bob", request).await);
        let carl = world.actor("carl").await;
        let seen = request::show(&world.app, &carl, request).await.unwrap();
        assert!(seen.may_decide);
        assert_eq!(
            seen.told.expires_at,
            Some(opened + Duration::hours(2)),
            "its time runs from here"
        );
        if lapses {
            let left = (opened + Duration::hours(2)).since(world.now().await).as_secs();
            world.advance_seconds(left - 1).await;
            assert_eq!(world.run_due().await, 0);
            world.advance_seconds(1).await;
            conflict(world.approve("carl", request).await);
            assert_eq!(world.run_due().await, 1);
            assert_eq!(world.state(request).await, RequestState::Expired);
        } else {
            world.approve("carl", request).await.unwrap();
            assert!(world.holds("ada", ROLE).await);
        }
        world.told().await;
    }
    world.check_invariants().await;
}

#[tokio::test]
async fn a_no_in_any_stage_is_the_end() {
    let world = staged(|world| {
        vec![world.stage_of(2, &["bob", "eve", "mallory"]), world.stage(&["carl", "dora"])]
    })
    .await;
    let request = asked(&world, HOUR).await;
    world.approve("bob", request).await.unwrap();
    world.deny("eve", request).await.unwrap();
    assert_eq!(world.state(request).await, RequestState::Denied);
    conflict(world.approve("mallory", request).await);
    unseen(world.approve("carl", request).await);
    let request = asked(&world, HOUR).await;
    world.approve("bob", request).await.unwrap();
    world.approve("eve", request).await.unwrap();
    world.deny("dora", request).await.unwrap();
    assert_eq!(world.state(request).await, RequestState::Denied);
    conflict(world.approve("carl", request).await);
    assert!(!world.holds("ada", ROLE).await);
    world.check_invariants().await;
}

#[tokio::test]
async fn whoever_leaves_least_time_in_any_stage_decides_how_long() {
    let world =
        staged(|world| vec![world.stage(&["bob", "eve"]), world.stage(&["carl", "dora"])]).await;
    let minutes = |minutes| Some(Duration::minutes(minutes));
    for (first, second, least) in [
        (minutes(30), None, 30),
        (None, minutes(30), 30),
        (minutes(30), minutes(90), 30),
        (minutes(90), minutes(30), 30),
        (None, None, 120),
    ] {
        let request = asked(&world, Duration::hours(2)).await;
        world.decide("bob", request, Verdict::Approve, first).await.unwrap();
        world.decide("carl", request, Verdict::Approve, second).await.unwrap();
        world.advance_seconds(i64::from(least) * 60 - 1).await;
        assert!(world.holds("ada", ROLE).await, "{first:?} {second:?}");
        world.advance_seconds(1).await;
        assert!(!world.holds("ada", ROLE).await, "{first:?} {second:?}");
        world.run_due().await;
    }
    world.check_invariants().await;
}

#[tokio::test]
async fn a_word_takes_no_code_where_its_stage_asks_for_none_unless_the_newest_terms_do() {
    let stages = |authentication| {
        move |world: &World| vec![Stage { authentication, ..world.stage(&["bob", "eve"]) }]
    };
    let world = staged(stages(Authentication::None)).await;
    let request = asked(&world, HOUR).await;
    assert_eq!(say(&world, "bob", request, Verdict::Approve).await.unwrap(), RequestState::Granted);
    world.deactivate("ada", given_by(&world, request).await).await.unwrap();
    // Asked for on the lax terms; decided on the strict ones.
    let request = asked(&world, HOUR).await;
    set(&world, stages(Authentication::Mfa)).await;
    let bob = world.actor("bob").await;
    assert!(request::show(&world.app, &bob, request).await.unwrap().asks_for_proof);
    for verdict in [Verdict::Approve, Verdict::Deny] {
        let outcome = say(&world, "bob", request, verdict).await;
        assert!(matches!(outcome, Err(Error::StepUp(_))), "{outcome:?}");
    }
    world.approve("bob", request).await.unwrap();
    world.deactivate("ada", given_by(&world, request).await).await.unwrap();
    // The other way round the terms of the request count.
    let request = asked(&world, HOUR).await;
    set(&world, stages(Authentication::None)).await;
    let outcome = say(&world, "bob", request, Verdict::Approve).await;
    assert!(matches!(outcome, Err(Error::StepUp(_))), "{outcome:?}");
    world.check_invariants().await;
}

#[tokio::test]
async fn a_request_whose_later_stage_nobody_could_agree_to_is_closed() {
    let stages = |world: &World, second: [&str; 3]| {
        vec![world.stage(&["bob", "carl", "eve"]), world.stage(&second)]
    };
    // In one case the newest terms no longer name those of the second stage; in the other whoever is left there has spoken.
    for newest in [["bob", "carl", "root"], ["carl", "eve", "root"]] {
        let world = staged(|world| {
            let second = if newest[0] == "bob" {
                ["dora", "mallory", "dora"]
            } else {
                ["bob", "dora", "mallory"]
            };
            stages(world, second)
        })
        .await;
        let request = asked(&world, HOUR).await;
        if newest[0] != "bob" {
            world.approve("bob", request).await.unwrap();
        }
        world.mark_privileged(ROLE, false).await;
        save(&world, stages(&world, newest)).await.unwrap();
        assert_eq!(world.state(request).await, RequestState::Failed, "{newest:?}");
        world.check_invariants().await;
    }
}

#[tokio::test]
async fn a_request_that_too_few_can_still_agree_to_is_closed() {
    let world = staged(|world| vec![world.stage_of(2, &["bob", "carl", "dora"])]).await;
    let request = asked(&world, HOUR).await;
    world.approve("bob", request).await.unwrap();
    // The newest terms no longer name carl, nor dora: with bob's word alone it would wait for nothing.
    world.mark_privileged(ROLE, false).await;
    save(&world, vec![world.stage_of(2, &["bob", "eve", "mallory"])]).await.unwrap();
    assert_eq!(world.state(request).await, RequestState::Failed);
    world.check_invariants().await;
}
