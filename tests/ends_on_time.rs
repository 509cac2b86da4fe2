//! What ends, starts and lapses by itself.
use latchkey::{
    domain::{
        request::RequestState,
        time::{Duration, Instant},
    },
    service::{activation, due},
};

use crate::support::World;

const ROLE: &str = "Database operator";
const HOUR: Duration = Duration::hours(1);

async fn world() -> World {
    let world = World::new().await;
    world.people(["ada", "bob", "root"]).await;
    world.active("root", "Global Administrator").await;
    world.role(ROLE, |_| ()).await;
    world.eligible("ada", ROLE).await;
    world
}

#[tokio::test]
async fn an_end_is_written_down_once_and_recorded() {
    let world = world().await;
    world.activate("ada", ROLE, HOUR).await.unwrap();
    world.advance_seconds(3599).await;
    assert_eq!(world.run_due().await, 0);
    world.advance_seconds(1).await;
    assert_eq!(world.run_due().await, 1);
    assert_eq!(world.run_due().await, 0);
    assert_eq!(world.events().await, ["activation.started", "activation.ended"]);
    world.check_invariants().await;
}

#[tokio::test]
async fn several_servers_share_the_work_and_do_nothing_twice() {
    let world = world().await;
    for number in 0..12 {
        let name = format!("person-{number}");
        world.person(&name).await;
        world.eligible(&name, ROLE).await;
        world.activate(&name, ROLE, HOUR).await.unwrap();
    }
    world.advance(HOUR).await;
    let servers = (0..5).map(|_| due::run(&world.app));
    let done: usize =
        futures_util::future::join_all(servers).await.into_iter().map(Result::unwrap).sum();
    assert_eq!(done, 12);
    let ended =
        world.count("select count(*) from audit_events where kind = 'activation.ended'").await;
    assert_eq!(ended, 12);
    world.check_invariants().await;
}

#[tokio::test]
async fn one_start_has_one_effect_however_many_servers_see_it() {
    let world = world().await;
    world.activate_later("ada", ROLE, HOUR, HOUR).await.unwrap();
    world.advance(HOUR).await;
    let done = futures_util::future::join_all((0..5).map(|_| due::run(&world.app))).await;
    assert!(done.iter().all(Result::is_ok), "{done:?}");
    assert_eq!(world.events().await, ["activation.scheduled", "activation.started"]);
    assert_eq!(world.count("select count(*) from assignments where origin = 'activated'").await, 1);
    world.check_invariants().await;
}

#[tokio::test]
async fn after_an_outage_all_that_is_overdue_is_done_at_once() {
    let world = world().await;
    world.role("Backup operator", |_| ()).await;
    world.role("Firewall operator", |_| ()).await;
    world.eligible_for("bob", "Backup operator", Duration::hours(2)).await;
    world.eligible("bob", "Firewall operator").await;
    world.activate("ada", ROLE, HOUR).await.unwrap();
    world.activate("bob", "Backup operator", Duration::hours(8)).await.unwrap();
    let late = world.activate_later("bob", "Firewall operator", HOUR, HOUR).await.unwrap().request;
    world.advance(Duration::days(3)).await;
    assert!(!world.holds("ada", ROLE).await);
    assert!(!world.holds("bob", "Backup operator").await);
    assert_eq!(world.run_due().await, 4);
    // What could not start in time starts now, for its whole duration.
    assert_eq!(world.state(late).await, RequestState::Granted);
    world.advance(Duration::minutes(59)).await;
    assert!(world.holds("bob", "Firewall operator").await);
    world.advance(Duration::minutes(1)).await;
    assert!(!world.holds("bob", "Firewall operator").await);
    world.check_invariants().await;
}

#[tokio::test]
async fn the_end_of_an_eligibility_ends_all_that_rests_on_it() {
    let world = world().await;
    world.role("Backup operator", |_| ()).await;
    world.eligible_for("bob", "Backup operator", Duration::hours(2)).await;
    world.activate("bob", "Backup operator", Duration::hours(8)).await.unwrap();
    world.advance(Duration::hours(2)).await;
    assert!(world.run_due().await >= 1);
    let left = world
        .count(
            "select count(*) from assignments join roles on roles.id = role_id
                where ended_at is null and roles.name = 'Backup operator'",
        )
        .await;
    assert_eq!(left, 0);
    world.check_invariants().await;
}

#[tokio::test]
async fn a_scheduled_start_waits_for_nobody_who_holds_the_role_already() {
    let world = world().await;
    let first = world.activate("ada", ROLE, HOUR).await.unwrap();
    // It starts when the first one ends, whose end nobody has written down by then.
    let next = world.activate_later("ada", ROLE, HOUR, HOUR).await.unwrap().request;
    world.advance(HOUR).await;
    assert_eq!(world.run_due().await, 2);
    assert_eq!(world.state(next).await, RequestState::Granted);
    assert!(world.holds("ada", ROLE).await);
    let ada = world.actor("ada").await;
    let ended = activation::deactivate(&world.app, &ada, first.assignment.unwrap()).await;
    assert!(ended.is_err());
    world.check_invariants().await;
}

#[tokio::test]
async fn a_start_fails_if_the_role_is_held_by_then() {
    let world = world().await;
    let later = world.activate_later("ada", ROLE, HOUR, HOUR).await.unwrap().request;
    world.active("ada", ROLE).await;
    world.advance(HOUR).await;
    assert_eq!(world.run_due().await, 1);
    assert_eq!(world.state(later).await, RequestState::Failed);
    let told: Vec<String> = sqlx::query_scalar(
        "select address from outbox where event is distinct from 'summary.sent'",
    )
    .fetch_all(&world.owner)
    .await
    .unwrap();
    assert_eq!(told, ["ada@example.org"]);
    world.check_invariants().await;
}

#[tokio::test]
async fn the_next_due_instant_is_known() {
    let world = world().await;
    assert_eq!(due::wait(&world.app).await.unwrap(), None);
    assert_eq!(due::wait_to_tell(&world.app).await.unwrap(), None);
    world.activate_later("ada", ROLE, HOUR, Duration::minutes(7)).await.unwrap();
    assert_eq!(due::wait(&world.app).await.unwrap(), Some(std::time::Duration::from_mins(7)));
    world.advance(Duration::minutes(9)).await;
    // Overdue is now.
    assert_eq!(due::wait(&world.app).await.unwrap(), Some(std::time::Duration::ZERO));
    world.run_due().await;
    assert_eq!(due::wait(&world.app).await.unwrap(), Some(std::time::Duration::from_hours(1)));
    // Five minutes before the end somebody is told of it.
    let told = due::wait_to_tell(&world.app).await.unwrap();
    assert_eq!(told, Some(std::time::Duration::from_mins(55)));
    world.advance(HOUR).await;
    world.run_due().await;
    assert_eq!(due::wait(&world.app).await.unwrap(), None);
    assert_eq!(due::wait_to_tell(&world.app).await.unwrap(), None);
}

#[tokio::test]
async fn what_cannot_be_done_holds_up_nothing_behind_it() {
    let world = world().await;
    world.activate("ada", ROLE, HOUR).await.unwrap();
    let next = world.activate_later("ada", ROLE, HOUR, HOUR).await.unwrap().request;
    world.advance(HOUR).await;
    world.execute("alter table change_requests rename to away").await;
    world.execute("alter table reminder_progress rename to away_too").await;
    assert!(due::run(&world.app).await.is_err(), "it says that something failed");
    assert_eq!(world.state(next).await, RequestState::Granted);
    let told =
        "select count(*) from outbox where subject = 'Ended: Database operator at Organisation'";
    assert_eq!(world.count(told).await, 1);
}

#[tokio::test]
async fn no_clock_change_lengthens_what_was_granted() {
    let world = world().await;
    let ends_at = world.activate("ada", ROLE, HOUR).await.unwrap().ends_at.unwrap();
    world.advance(HOUR).await;
    world.run_due().await;
    // The clock goes back: what was ended stays ended.
    world.advance_seconds(-3000).await;
    assert!(!world.holds("ada", ROLE).await);
    let stored: Instant =
        sqlx::query_scalar("select ends_at from assignments where origin = 'activated'")
            .fetch_one(&world.owner)
            .await
            .unwrap();
    assert_eq!(stored, ends_at);
}

#[tokio::test]
async fn an_activation_makes_room_for_a_role_that_was_given_from_later_on() {
    let world = world().await;
    let monday = world.now().await + Duration::hours(2);
    let here = (world.role_id(ROLE), latchkey::domain::id::ScopeId::ROOT);
    let later = world.activate_later("ada", ROLE, HOUR, Duration::minutes(90)).await.unwrap();
    world.assign("active", world.principal("ada"), here, (Some(monday), None)).await;
    // What was scheduled across that start is cut, and so is what begins now.
    world.advance(Duration::minutes(90)).await;
    assert_eq!(world.run_due().await, 1);
    assert_eq!(world.state(later.request).await, RequestState::Granted);
    assert!(world.holds("ada", ROLE).await);
    world.advance(Duration::minutes(30)).await;
    world.run_due().await;
    assert!(world.holds("ada", ROLE).await, "it goes on as it was given");
    let left = "select count(*) from live_assignments(instant()) where origin = 'activated'";
    assert_eq!(world.count(left).await, 0);
    world.check_invariants().await;
}
