//! Assignments that end: more time for them, asked for or given, and who is reminded.
use latchkey::{
    domain::{
        assignment::{AssignmentKind, AssignmentOrigin},
        change_request::ChangeState,
        id::{AssignmentId, ChangeRequestId, RoleId, ScopeId},
        time::{Duration, Instant},
    },
    error::Error,
    service::{
        assignment::{self, Prolonged, Told},
        change_request::{Amended, Answer},
        expiring,
    },
};

use crate::{
    change_request::{decide, mails, state, word},
    support::{World, reason, until},
};

const ROLE: &str = "Database operator";
const DAY: Duration = Duration::days(1);

async fn world() -> World {
    let world = World::new().await;
    world.people(["ada", "bob", "root", "deputy"]).await;
    world.active("root", "Global Administrator").await;
    world.role(ROLE, |terms| terms.eligible.may_be_permanent = false).await;
    world
}

async fn ask(
    world: &World,
    name: &str,
    id: AssignmentId,
    ends_at: Instant,
) -> Result<ChangeRequestId, Error> {
    let actor = world.actor(name).await;
    assignment::ask_for_more_time(&world.app, &actor, id, ends_at, &reason()).await
}

async fn show(world: &World, id: AssignmentId) -> Told {
    assignment::show(&world.app, &world.actor("root").await, id).await.unwrap()
}

/// What somebody has of the role, assigned and not over.
async fn held(world: &World, name: &str) -> Vec<Told> {
    let filter = assignment::Filter {
        principal: Some(world.principal(name)),
        role: Some(world.role_id(ROLE)),
        ..assignment::Filter::default()
    };
    let all = assignment::list(&world.app, &world.actor("root").await, filter).await.unwrap();
    all.into_iter().filter(|told| told.origin == AssignmentOrigin::Assigned).collect()
}

#[tokio::test]
async fn more_time_is_asked_for_from_two_weeks_before_the_end() {
    let world = world().await;
    let id = world.eligible_for("ada", ROLE, Duration::days(20)).await;
    let end = show(&world, id).await.ends_at.unwrap();
    let outcome = ask(&world, "ada", id, end + Duration::days(30)).await;
    assert!(
        matches!(&outcome, Err(Error::Conflict(why)) if why.contains("14 days")),
        "{outcome:?}"
    );
    world.advance(Duration::days(6)).await;
    // Not by others, not for less, not beyond the terms, and not without a reason.
    let outcome = ask(&world, "bob", id, end + DAY).await;
    assert!(matches!(outcome, Err(Error::NotFound(_))), "{outcome:?}");
    for wrong in [end, end + Duration::days(366)] {
        let outcome = ask(&world, "ada", id, wrong).await;
        assert!(matches!(outcome, Err(Error::Invalid(_))), "{outcome:?}");
    }
    let ada = world.actor("ada").await;
    let unsaid = latchkey::domain::text::Justification::default();
    let outcome = assignment::ask_for_more_time(&world.app, &ada, id, end + DAY, &unsaid).await;
    assert!(matches!(outcome, Err(Error::Invalid(_))), "{outcome:?}");
    let asked = ask(&world, "ada", id, end + Duration::days(30)).await.unwrap();
    let outcome = ask(&world, "ada", id, end + DAY).await;
    assert!(
        matches!(&outcome, Err(Error::Conflict(why)) if why.contains("already")),
        "{outcome:?}"
    );
    decide(&world, "root", asked, &word(true)).await.unwrap();
    let told = show(&world, id).await;
    assert_eq!((told.id, told.ends_at), (id, Some(end + Duration::days(30))));
    assert_eq!(held(&world, "ada").await.len(), 1, "the same one, with another end");
    world.check_invariants().await;
}

#[tokio::test]
async fn whoever_decides_may_give_another_end_and_another_kind() {
    let world = world().await;
    let id = world.eligible_for("ada", ROLE, Duration::days(10)).await;
    let end = show(&world, id).await.ends_at.unwrap();
    let asked = ask(&world, "ada", id, end + Duration::days(90)).await.unwrap();
    let shorter = Amended { ends_at: Some(end + Duration::days(7)), kind: None };
    decide(&world, "root", asked, &Answer { amended: shorter, ..word(true) }).await.unwrap();
    assert_eq!(show(&world, id).await.ends_at, Some(end + Duration::days(7)));
    world.advance(Duration::days(4)).await;
    let asked = ask(&world, "ada", id, end + Duration::days(90)).await.unwrap();
    let too_long = Amended { ends_at: Some(end + Duration::days(900)), kind: None };
    let outcome = decide(&world, "root", asked, &Answer { amended: too_long, ..word(true) }).await;
    assert!(matches!(outcome, Err(Error::Invalid(_))), "{outcome:?}");
    assert_eq!(state(&world, asked).await, ChangeState::Pending, "it can be decided otherwise");
    let active =
        Amended { ends_at: Some(end + Duration::days(9)), kind: Some(AssignmentKind::Active) };
    decide(&world, "root", asked, &Answer { amended: active, ..word(true) }).await.unwrap();
    assert!(world.holds("ada", ROLE).await);
    let held = held(&world, "ada").await;
    assert_eq!(held.len(), 1);
    assert_eq!(
        (held[0].kind, held[0].ends_at),
        (AssignmentKind::Active, Some(end + Duration::days(9)))
    );
    world.check_invariants().await;
}

#[tokio::test]
async fn what_has_run_out_is_given_again_with_an_end_of_the_deciders() {
    let world = world().await;
    let id = world.eligible_for("ada", ROLE, DAY).await;
    world.advance(Duration::days(2)).await;
    world.run_due().await;
    let wished = world.now().await + Duration::days(60);
    let asked = ask(&world, "ada", id, wished).await.unwrap();
    let outcome = decide(&world, "root", asked, &word(true)).await;
    assert!(matches!(outcome, Err(Error::Invalid(_))), "an end must be named: {outcome:?}");
    let named = Amended { ends_at: Some(wished), kind: None };
    decide(&world, "root", asked, &Answer { amended: named, ..word(true) }).await.unwrap();
    let held = held(&world, "ada").await;
    assert_eq!((held.len(), held[0].ends_at), (1, Some(wished)));
    assert_ne!(held[0].id, id, "the old one stays as history");
    let outcome = ask(&world, "ada", id, wished + DAY).await;
    assert!(matches!(outcome, Err(Error::Conflict(_))), "it is held again: {outcome:?}");
    world.check_invariants().await;
}

#[tokio::test]
async fn thirty_days_after_its_end_it_is_too_late() {
    let world = world().await;
    let id = world.eligible_for("ada", ROLE, DAY).await;
    let end = show(&world, id).await.ends_at.unwrap();
    let asked = ask(&world, "ada", id, end + DAY).await.unwrap();
    world.advance(Duration::days(31)).await;
    world.run_due().await;
    assert_eq!(state(&world, asked).await, ChangeState::Lapsed);
    let outcome = ask(&world, "ada", id, end + Duration::days(60)).await;
    assert!(matches!(outcome, Err(Error::Conflict(_))), "{outcome:?}");
}

#[tokio::test]
async fn what_was_taken_away_does_not_come_back_by_being_asked_for() {
    let world = world().await;
    let id = world.eligible_for("ada", ROLE, DAY).await;
    let end = show(&world, id).await.ends_at.unwrap();
    let asked = ask(&world, "ada", id, end + DAY).await.unwrap();
    world.take_away("root", id).await.unwrap();
    let outcome = ask(&world, "ada", id, end + DAY).await;
    assert!(matches!(outcome, Err(Error::Conflict(_))), "{outcome:?}");
    let outcome = decide(&world, "root", asked, &word(true)).await;
    assert!(matches!(outcome, Err(Error::Conflict(_))), "{outcome:?}");
    assert_eq!(state(&world, asked).await, ChangeState::Failed);
    assert!(held(&world, "ada").await.is_empty());
}

#[tokio::test]
async fn activations_and_what_comes_through_a_group_are_not_extended_like_this() {
    let world = world().await;
    world.eligible_for("ada", ROLE, DAY).await;
    let activation =
        world.activate("ada", ROLE, Duration::hours(1)).await.unwrap().assignment.unwrap();
    let later = world.now().await + Duration::days(5);
    let outcome = ask(&world, "ada", activation, later).await;
    assert!(matches!(outcome, Err(Error::Conflict(_))), "{outcome:?}");
    let crew = world.group("Crew", &["bob"]).await;
    let soon = Some(world.now().await + DAY);
    let role = (world.role_id(ROLE), ScopeId::ROOT);
    let groups = world.assign("eligible", crew, role, (None, soon)).await;
    let outcome = ask(&world, "bob", groups, later).await;
    assert!(matches!(outcome, Err(Error::NotFound(_))), "{outcome:?}");
}

#[tokio::test]
async fn an_administrator_gives_more_time_without_being_asked_but_not_to_themself() {
    let world = world().await;
    let id = world.eligible_for("ada", ROLE, Duration::days(100)).await;
    let root = world.actor("root").await;
    let why = reason();
    let end = world.now().await + Duration::days(300);
    let prolong = async |id, kind| {
        let prolonged = Prolonged { kind, ends_at: end, reason: &why };
        assignment::prolong(&world.app, &root, id, prolonged, None).await
    };
    assert_eq!(prolong(id, None).await.unwrap(), id);
    assert_eq!(show(&world, id).await.ends_at, Some(end));
    let short = world.eligible_for("bob", ROLE, DAY).await;
    world.advance(Duration::days(3)).await;
    world.run_due().await;
    let again = prolong(short, Some(AssignmentKind::Active)).await.unwrap();
    assert_ne!(again, short);
    assert!(world.holds("bob", ROLE).await);
    let own = world.eligible_for("root", ROLE, DAY).await;
    let outcome = prolong(own, None).await;
    assert!(matches!(outcome, Err(Error::Widens(_))), "{outcome:?}");
    let outcome = {
        let prolonged = Prolonged { kind: None, ends_at: end, reason: &why };
        assignment::prolong(&world.app, &world.actor("ada").await, own, prolonged, None).await
    };
    assert!(matches!(outcome, Err(Error::Forbidden(_))), "{outcome:?}");
    world.check_invariants().await;
}

#[tokio::test]
async fn the_list_shows_what_ends_and_what_has_run_out() {
    let world = world().await;
    let soon = world.eligible_for("ada", ROLE, Duration::days(2)).await;
    world.eligible_for("bob", ROLE, Duration::days(20)).await;
    world.eligible_for("deputy", ROLE, Duration::hours(1)).await;
    world.advance(DAY).await;
    world.run_due().await;
    let root = world.actor("root").await;
    let list = async |filter| {
        let found = expiring::list(&world.app, &root, filter).await.unwrap();
        found.into_iter().map(|told| told.holder).collect::<Vec<_>>()
    };
    let filter = expiring::Filter::default();
    assert_eq!(list(filter).await, ["ada"]);
    assert_eq!(
        list(expiring::Filter { within: Duration::days(30), ..filter }).await,
        ["ada", "bob"]
    );
    assert_eq!(list(expiring::Filter { over: true, ..filter }).await, ["deputy"]);
    let role = Some(RoleId::AUDITOR);
    assert!(list(expiring::Filter { role, ..filter }).await.is_empty());
    let ada = world.actor("ada").await;
    let outcome = expiring::list(&world.app, &ada, filter).await;
    assert!(matches!(outcome, Err(Error::Forbidden(_))), "{outcome:?}");
    let (ending, over) = expiring::own(&world.app, &ada).await.unwrap();
    assert_eq!((ending.len(), over.len(), ending[0].id), (1, 0, soon));
}

#[tokio::test]
async fn everybody_is_reminded_once_at_each_moment() {
    let world = world().await;
    world.eligible_for("ada", ROLE, Duration::days(20)).await;
    world.run_due().await;
    assert!(mails(&world, "ada").await.is_empty(), "it is early");
    let mut expected = 0;
    for (days, new) in [(6, 1), (1, 0), (12, 1), (1, 1), (1, 0)] {
        world.advance(Duration::days(days)).await;
        world.run_due().await;
        world.run_due().await;
        expected += new;
        let (ada, root) = (mails(&world, "ada").await, mails(&world, "root").await);
        assert_eq!((ada.len(), root.len()), (expected, expected), "{ada:?} {root:?}");
    }
    let told = mails(&world, "ada").await;
    assert!(told[0].starts_with("Ends in 14 days") && told[2].starts_with("Has ended"), "{told:?}");
    assert_eq!(mails(&world, "root").await[2], "Has ended: ada, Database operator at Organisation");
    assert!(mails(&world, "deputy").await.is_empty(), "only to those who could do something");
}

#[tokio::test]
async fn an_end_that_moves_is_told_of_anew() {
    let world = world().await;
    let id = world.eligible_for("ada", ROLE, Duration::days(14)).await;
    world.run_due().await;
    assert_eq!(mails(&world, "ada").await.len(), 1);
    world.advance(DAY).await;
    let later = Some(world.now().await + Duration::days(20));
    let root = world.actor("root").await;
    assignment::update(&world.app, &root, id, until(later, &reason())).await.unwrap();
    world.run_due().await;
    assert_eq!(mails(&world, "ada").await.len(), 2, "of the new dates alone: that end is far away");
    world.advance(Duration::days(6)).await;
    world.run_due().await;
    assert_eq!(mails(&world, "ada").await.len(), 3, "now it is near");
}

#[tokio::test]
async fn two_servers_remind_nobody_twice_and_leave_nobody_out() {
    let world = world().await;
    let end = Some(world.now().await + Duration::days(15));
    let role = (world.role_id(ROLE), ScopeId::ROOT);
    for number in 0..30 {
        let name = format!("worker-{number}");
        world.person(&name).await;
        world.assign("eligible", world.principal(&name), role, (None, end)).await;
    }
    world.run_due().await;
    world.advance(Duration::days(2)).await;
    tokio::join!(world.run_due(), world.run_due(), world.run_due());
    world.run_due().await;
    let told = "select count(*) from outbox where subject like 'Ends in 14 days:%' and address <> 'root@example.org'";
    assert_eq!(world.count(told).await, 30);
    assert_eq!(mails(&world, "root").await, ["30 assignments end in 14 days"]);
}

/// However many assignments there are, only those are read whose moment has come.
#[tokio::test]
async fn reminders_are_found_by_an_index() {
    let world = world().await;
    for (index, sql) in [
        (
            "assignments_due",
            "select id from assignments where origin = 'assigned' and ended_at is null and ends_at < 'infinity'
                and ends_at > instant() + interval '14 days' and ends_at <= instant() + interval '15 days'
             order by ends_at, id limit 500",
        ),
        (
            "assignments_run_out",
            "select id from assignments where end_reason = 'expired' and origin = 'assigned'
                and ended_at >= '2040-01-01' and ended_at <= '2040-01-02' order by ended_at, id limit 500",
        ),
    ] {
        let mut connection = world.owner.acquire().await.unwrap();
        sqlx::raw_sql("set enable_seqscan = off; set enable_bitmapscan = off")
            .execute(&mut *connection)
            .await
            .unwrap();
        let plan: Vec<String> = sqlx::query_scalar(sqlx::AssertSqlSafe(format!("explain {sql}")))
            .fetch_all(&mut *connection)
            .await
            .unwrap();
        let plan = plan.join("\n");
        assert!(plan.contains(index), "{plan}");
    }
}
