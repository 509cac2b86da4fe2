//! When nobody needs to be asked.
use latchkey::{
    domain::{
        approval::{Conditions, Hours, Stage, Weekday},
        id::RoleId,
        request::RequestState,
        time::Duration,
    },
    service::{activation, request},
};

use super::{
    HOUR, given_by,
    stages::{ROLE, asked, say, set, staged, waits},
};
use crate::support::World;

/// One stage, skipped if all of this holds.
fn skipped_if(world: &World, skipped_if: Conditions) -> Vec<Stage> {
    vec![Stage { skipped_if, ..world.stage(&["bob", "eve"]) }]
}

fn short() -> Conditions {
    Conditions { no_longer_than: Some(HOUR), ..Conditions::default() }
}

/// Working days from eight to five in Copenhagen. The world begins on a Monday at ten there.
fn within_working_hours() -> Conditions {
    let days = Weekday::ALL.iter().map(|(day, _)| *day).take(5).collect();
    let hours = Hours {
        time_zone: "Europe/Copenhagen".to_owned(),
        days,
        from: "08:00".parse().unwrap(),
        until: "17:00".parse().unwrap(),
    };
    Conditions { within: Some(hours), ..Conditions::default() }
}

/// Asks, and says whether nobody had to be; ends what began.
async fn passes(world: &World, duration: Duration) -> bool {
    let asked = world.activate("ada", ROLE, duration).await.unwrap();
    match asked.state {
        RequestState::Granted => {
            assert!(world.holds("ada", ROLE).await);
            world.deactivate("ada", given_by(world, asked.request).await).await.unwrap();
            true
        }
        RequestState::Pending => {
            let ada = world.actor("ada").await;
            request::cancel(&world.app, &ada, asked.request).await.unwrap();
            false
        }
        other => panic!("{other:?}"),
    }
}

/// Why nobody was asked, as the page of the newest request says.
async fn explained(world: &World) -> String {
    let newest =
        sqlx::query_scalar("select id from requests order by created_at desc, id desc limit 1")
            .fetch_one(&world.owner)
            .await
            .unwrap();
    let ada = world.actor("ada").await;
    request::show(&world.app, &ada, newest).await.unwrap().stages.pop().unwrap().2
}

#[tokio::test]
async fn what_is_short_needs_nobody_and_the_request_says_why() {
    let world = staged(|world| skipped_if(world, short())).await;
    assert!(passes(&world, HOUR).await);
    assert_eq!(explained(&world).await, "it is for 1 h or less");
    assert!(!passes(&world, Duration::minutes(61)).await);
    assert_eq!(explained(&world).await, "");
    world.check_invariants().await;
}

#[tokio::test]
async fn the_form_says_beforehand_that_nobody_is_asked_and_why() {
    let world = staged(|world| skipped_if(world, short())).await;
    let ada = world.actor("ada").await;
    let chosen = activation::Chosen::whole(world.eligibility("ada", ROLE).await);
    for (duration, why) in [(HOUR, "it is for 1 h or less"), (Duration::hours(2), "")] {
        let intent = latchkey::domain::activation::Intent::Activate;
        let preview =
            activation::preview(&world.app, &ada, chosen, (Some(duration), None), intent).await;
        assert_eq!(preview.unwrap().prospect.explanations, [why]);
    }
}

#[tokio::test]
async fn within_working_hours_of_a_time_zone_nobody_is_asked() {
    let world = staged(|world| skipped_if(world, within_working_hours())).await;
    assert!(passes(&world, HOUR).await);
    let why = explained(&world).await;
    assert!(why.contains("Monday to Friday, 08:00 to 17:00, Europe/Copenhagen time"), "{why}");
    world.advance_seconds(7 * 3600 - 1).await;
    assert!(passes(&world, HOUR).await, "a second to five");
    world.advance_seconds(1).await;
    assert!(!passes(&world, HOUR).await, "five o'clock");
    world.advance(Duration::hours(15)).await;
    assert!(passes(&world, HOUR).await, "Tuesday at eight, by the clocks of Copenhagen");
    world.advance(Duration::days(4)).await;
    assert!(!passes(&world, HOUR).await, "Saturday");
    // What counts is when access begins, not when it is asked for.
    let monday = world.activate_later("ada", ROLE, HOUR, Duration::days(2)).await.unwrap();
    assert_eq!(monday.state, RequestState::Scheduled);
    world.advance(Duration::days(2)).await;
    world.run_due().await;
    assert!(world.holds("ada", ROLE).await);
    world.check_invariants().await;
}

#[tokio::test]
async fn whoever_is_on_call_asks_nobody_while_they_are() {
    let world = staged(|_| Vec::new()).await;
    let group = world.group("On call", &[]).await;
    let on_call = Conditions { on_call: Some(group), ..Conditions::default() };
    set(&world, |world| skipped_if(world, on_call)).await;
    assert!(!passes(&world, HOUR).await);
    let from = world.now().await + HOUR;
    let week = (Some(from), Some(from + Duration::days(7)));
    let place = (RoleId::MEMBER, world.scope_id("On call"));
    world.assign("active", world.principal("ada"), place, week).await;
    assert!(!passes(&world, HOUR).await, "her week has not begun");
    world.advance(HOUR).await;
    assert!(passes(&world, HOUR).await);
    assert_eq!(explained(&world).await, "the requester is on call in On call");
    world.advance(Duration::days(7)).await;
    assert!(!passes(&world, HOUR).await, "her week is over, whether somebody has noticed or not");
    world.check_invariants().await;
}

#[tokio::test]
async fn all_that_is_asked_for_must_hold() {
    let world = staged(|_| Vec::new()).await;
    let group = world.group("On call", &["ada"]).await;
    let all = Conditions { on_call: Some(group), ..within_working_hours() };
    let all = Conditions { no_longer_than: Some(HOUR), ..all };
    set(&world, |world| skipped_if(world, all.clone())).await;
    assert!(passes(&world, HOUR).await);
    assert!(!passes(&world, Duration::hours(2)).await);
    world.advance(Duration::hours(8)).await;
    assert!(!passes(&world, HOUR).await);
    world.advance(Duration::hours(16)).await;
    assert!(passes(&world, HOUR).await);
    // No ticket is ever verified while nothing looks them up.
    let ticket = Conditions { ticket_verified: true, ..all };
    set(&world, |world| skipped_if(world, ticket)).await;
    assert!(!passes(&world, HOUR).await);
    world.check_invariants().await;
}

#[tokio::test]
async fn one_stage_is_skipped_and_the_others_are_asked() {
    let world = staged(|world| {
        let skipped = skipped_if(world, short());
        [skipped.clone(), vec![world.stage(&["carl", "dora"])], skipped].concat()
    })
    .await;
    let request = asked(&world, HOUR).await;
    assert_eq!(world.told().await, ["carl", "dora"]);
    world.approve("carl", request).await.unwrap();
    assert!(world.holds("ada", ROLE).await);
    world.deactivate("ada", given_by(&world, request).await).await.unwrap();
    let request = asked(&world, Duration::hours(2)).await;
    world.approve("bob", request).await.unwrap();
    world.approve("carl", request).await.unwrap();
    assert!(waits(&world, request).await);
    let outcome = say(&world, "eve", request, latchkey::domain::request::Verdict::Approve).await;
    assert!(matches!(outcome, Err(latchkey::error::Error::StepUp(_))), "{outcome:?}");
    world.approve("eve", request).await.unwrap();
    assert!(world.holds("ada", ROLE).await);
    world.check_invariants().await;
}
