//! Somebody else decides.
use latchkey::{
    domain::{
        id::{AssignmentId, RequestId},
        request::{RequestState, Verdict},
        settings::Settings,
        text::Justification,
        time::Duration,
    },
    error::Error,
    service::{
        activation::Reasons,
        approval::{self, Answer},
        person, request,
    },
};

mod approvers;
mod circle;
mod conditions;
mod dead_ends;
mod deputies;
mod deputy_service;
mod emergency;
mod ends;
mod facts;
mod remarks;
mod silence;
mod stages;
mod whom;

use crate::support::{World, approved_by, reason, rules};

const ROLE: &str = "Security Administrator of the shop";
const HOUR: Duration = Duration::hours(1);

/// Ada may ask for a role that bob and eve approve; root is an administrator.
async fn world() -> World {
    let world = World::new().await;
    world.people(["ada", "bob", "eve", "mallory", "root"]).await;
    world.active("root", "Global Administrator").await;
    let approvers = [world.principal("bob"), world.principal("eve")];
    world.role(ROLE, |terms| asks_for_approval(terms, &approvers)).await;
    world.eligible_for("ada", ROLE, Duration::days(30)).await;
    world
}

fn asks_for_approval(terms: &mut Settings, approvers: &[latchkey::domain::id::PrincipalId]) {
    terms.activation.maximum = Duration::hours(4);
    terms.activation.requires_approval = true;
    terms.activation.stages = approved_by(approvers.iter().copied());
}

async fn asked(world: &World) -> RequestId {
    let asked = world.activate("ada", ROLE, Duration::hours(2)).await.unwrap();
    assert_eq!(asked.state, RequestState::Pending);
    asked.request
}

/// The activation that a request gave.
async fn given_by(world: &World, request: RequestId) -> AssignmentId {
    sqlx::query_scalar("select id from assignments where request_id = $1")
        .bind(request)
        .fetch_one(&world.owner)
        .await
        .unwrap()
}

#[tokio::test]
async fn a_request_waits_and_its_approvers_are_told() {
    let world = world().await;
    let request = asked(&world).await;
    assert!(!world.holds("ada", ROLE).await);
    for (name, waiting) in [("bob", 1), ("eve", 1), ("ada", 0), ("mallory", 0)] {
        let awaiting = request::awaiting(&world.app, &world.actor(name).await).await.unwrap();
        assert_eq!(awaiting.len(), waiting, "{name}");
    }
    let mails: Vec<(String, String)> =
        sqlx::query_as("select address, body from outbox order by address")
            .fetch_all(&world.owner)
            .await
            .unwrap();
    let addresses: Vec<_> = mails.iter().map(|(address, _)| address.as_str()).collect();
    assert_eq!(addresses, ["bob@example.org", "eve@example.org"]);
    let link = format!("https://latchkey.example.org/approvals/{request}");
    assert!(
        mails.iter().all(|(_, body)| body.contains(&link) || body.contains(&request.to_string())),
        "{mails:?}"
    );
    assert_eq!(world.events().await, ["activation.requested"]);
    world.check_invariants().await;
}

#[tokio::test]
async fn the_clock_starts_at_the_approval() {
    let world = world().await;
    let request = asked(&world).await;
    world.advance(Duration::hours(20)).await;
    world.approve("bob", request).await.unwrap();
    assert_eq!(world.state(request).await, RequestState::Granted);
    world.advance(Duration::minutes(119)).await;
    assert!(world.holds("ada", ROLE).await);
    world.advance(Duration::minutes(1)).await;
    assert!(!world.holds("ada", ROLE).await);
    let told = ["activation.requested", "step_up.done", "request.approved", "activation.started"];
    let events: Vec<_> = world.events().await;
    assert!(told.iter().all(|kind| events.iter().any(|event| event == kind)), "{events:?}");
    world.check_invariants().await;
}

#[tokio::test]
async fn an_approver_may_leave_less_time_but_never_more() {
    let world = world().await;
    let request = asked(&world).await;
    for wrong in [Duration::minutes(121), Duration::minutes(4)] {
        let outcome = world.decide("bob", request, Verdict::Approve, Some(wrong)).await;
        assert_eq!(rules(outcome), ["more_than_asked"]);
    }
    assert_eq!(world.state(request).await, RequestState::Pending);
    world.decide("bob", request, Verdict::Approve, Some(Duration::minutes(30))).await.unwrap();
    world.advance(Duration::minutes(29)).await;
    assert!(world.holds("ada", ROLE).await);
    world.advance(Duration::minutes(1)).await;
    assert!(!world.holds("ada", ROLE).await);
    world.check_invariants().await;
}

#[tokio::test]
async fn a_denial_is_final() {
    let world = world().await;
    let request = asked(&world).await;
    world.deny("eve", request).await.unwrap();
    assert_eq!(world.state(request).await, RequestState::Denied);
    assert!(!world.holds("ada", ROLE).await);
    let late = world.approve("bob", request).await.unwrap_err();
    assert!(matches!(&late, Error::Conflict(message) if message.contains("eve")), "{late:?}");
    // She may ask again.
    asked(&world).await;
    world.check_invariants().await;
}

#[tokio::test]
async fn of_two_who_decide_at_once_the_first_wins_and_the_other_is_told_who() {
    let world = world().await;
    for _ in 0..4 {
        let request = asked(&world).await;
        let (yes, no) = tokio::join!(world.approve("bob", request), world.deny("eve", request));
        let (winner, loser) = match (&yes, &no) {
            (Ok(()), Err(loser)) => ("bob", loser),
            (Err(loser), Ok(())) => ("eve", loser),
            both => panic!("one wins: {both:?}"),
        };
        assert!(matches!(loser, Error::Conflict(message) if message.contains(winner)), "{loser:?}");
        if yes.is_ok() {
            let id = sqlx::query_scalar("select id from assignments where request_id = $1")
                .bind(request)
                .fetch_one(&world.owner)
                .await
                .unwrap();
            world.deactivate("ada", id).await.unwrap();
        }
    }
    world.check_invariants().await;
}

#[tokio::test]
async fn approving_and_taking_back_at_once_has_one_winner() {
    let world = world().await;
    for _ in 0..4 {
        let request = asked(&world).await;
        let ada = world.actor("ada").await;
        let (approved, cancelled) =
            tokio::join!(world.approve("bob", request), request::cancel(&world.app, &ada, request));
        assert_eq!(usize::from(approved.is_ok()) + usize::from(cancelled.is_ok()), 1);
        if let Ok(()) = approved {
            let id = sqlx::query_scalar("select id from assignments where request_id = $1")
                .bind(request)
                .fetch_one(&world.owner)
                .await
                .unwrap();
            world.deactivate("ada", id).await.unwrap();
        }
    }
    world.check_invariants().await;
}

#[tokio::test]
async fn a_decision_takes_a_fresh_code_and_a_reason_where_the_terms_ask() {
    let world = world().await;
    let approvers = [world.principal("bob"), world.principal("eve")];
    world
        .settings(ROLE, |terms| {
            asks_for_approval(terms, &approvers);
            terms.activation.stages[0].requires_justification = true;
        })
        .await;
    let request = asked(&world).await;
    let bob = world.actor("bob").await;
    let decide = async |justification: Justification, code: &str| {
        let answer = Answer { verdict: Verdict::Approve, granted: None, justification };
        approval::decide(&world.app, &bob, request, &answer, code).await
    };
    let code = world.fresh_code("bob").await;
    assert!(matches!(decide(Justification::default(), &code).await, Err(Error::Invalid(_))));
    let Err(Error::Invalid(all)) = decide(Justification::default(), "").await else { panic!() };
    let fields: Vec<_> = all.iter().map(|fault| fault.field).collect();
    assert_eq!(fields, ["justification", "code"], "all that is missing is told at once");
    assert!(matches!(decide(reason(), "").await, Err(Error::StepUp(_))));
    let others = world.fresh_code("eve").await;
    assert!(matches!(decide(reason(), &others).await, Err(Error::StepUp(_))));
    let code = world.fresh_code("bob").await;
    decide(reason(), &code).await.unwrap();
    world.check_invariants().await;
}

/// Ways in which a request ends, or has ended.
#[derive(Clone, Copy, Debug)]
enum Ending {
    Approved,
    Denied,
    Cancelled,
    Lapsed,
    LapsedUnnoticed,
    Failed,
}

#[tokio::test]
async fn what_is_decided_stays_decided() {
    use Ending::{Approved, Cancelled, Denied, Failed, Lapsed, LapsedUnnoticed};
    for ending in [Approved, Denied, Cancelled, Lapsed, LapsedUnnoticed, Failed] {
        let world = world().await;
        let request = asked(&world).await;
        match ending {
            Approved => world.approve("bob", request).await.unwrap(),
            Denied => world.deny("bob", request).await.unwrap(),
            Cancelled => {
                request::cancel(&world.app, &world.actor("ada").await, request).await.unwrap();
            }
            Lapsed | LapsedUnnoticed => world.advance(Duration::hours(24)).await,
            Failed => {
                let eligibility = world.eligibility("ada", ROLE).await;
                world.take_away("root", eligibility).await.unwrap();
            }
        }
        if matches!(ending, Lapsed) {
            assert_eq!(world.run_due().await, 1);
        }
        let before = world.state(request).await;
        for late in [world.approve("eve", request).await, world.deny("eve", request).await] {
            assert!(matches!(late, Err(Error::Conflict(_))), "{ending:?}: {late:?}");
        }
        if !matches!(ending, LapsedUnnoticed) {
            let late = request::cancel(&world.app, &world.actor("ada").await, request).await;
            assert_eq!(rules(late), ["not_open"], "{ending:?}");
        }
        assert_eq!(world.state(request).await, before, "{ending:?}");
        assert!(world.count("select count(*) from decisions").await <= 1);
        world.check_invariants().await;
    }
}

#[tokio::test]
async fn what_nobody_decides_lapses() {
    let world = world().await;
    let request = asked(&world).await;
    world.advance_seconds(24 * 3600 - 1).await;
    assert_eq!(world.run_due().await, 0);
    world.advance_seconds(1).await;
    assert_eq!(world.run_due().await, 1);
    assert_eq!(world.state(request).await, RequestState::Expired);
    assert_eq!(world.events().await, ["activation.requested", "request.expired"]);
    asked(&world).await;
    world.check_invariants().await;
}

#[tokio::test]
async fn taking_back_is_for_the_requester_and_for_administrators() {
    let world = world().await;
    for (name, may) in [("mallory", false), ("bob", false), ("ada", true), ("root", true)] {
        let request = asked(&world).await;
        let outcome = request::cancel(&world.app, &world.actor(name).await, request).await;
        assert_eq!(outcome.is_ok(), may, "{name}: {outcome:?}");
        if !may {
            request::cancel(&world.app, &world.actor("ada").await, request).await.unwrap();
        }
        assert_eq!(world.state(request).await, RequestState::Cancelled);
    }
    world.check_invariants().await;
}

#[tokio::test]
async fn an_approved_extension_takes_over_from_what_runs() {
    let world = world().await;
    let first = asked(&world).await;
    world.approve("bob", first).await.unwrap();
    let running = given_by(&world, first).await;
    world.advance(HOUR).await;
    let ada = world.actor("ada").await;
    let extend = latchkey::service::activation::extend;
    let wanted = extend(&world.app, &ada, running, Duration::hours(3), &Reasons::default(), None)
        .await
        .unwrap();
    assert_eq!(wanted.state, RequestState::Pending);
    world.advance(Duration::minutes(30)).await;
    world.approve("eve", wanted.request).await.unwrap();
    world.advance(Duration::minutes(179)).await;
    assert!(world.holds("ada", ROLE).await);
    world.advance(Duration::minutes(1)).await;
    assert!(!world.holds("ada", ROLE).await);
    world.check_invariants().await;
}

#[tokio::test]
async fn what_an_administrator_has_ended_does_not_come_back_by_an_extension() {
    let world = world().await;
    let first = asked(&world).await;
    world.approve("bob", first).await.unwrap();
    let running = given_by(&world, first).await;
    world.advance(HOUR).await;
    let ada = world.actor("ada").await;
    let extend = latchkey::service::activation::extend;
    let wanted = extend(&world.app, &ada, running, Duration::hours(3), &Reasons::default(), None)
        .await
        .unwrap();
    world.take_away("root", running).await.unwrap();
    assert_eq!(world.state(wanted.request).await, RequestState::Failed);
    let outcome = world.approve("eve", wanted.request).await;
    assert!(matches!(outcome, Err(Error::Conflict(_))), "{outcome:?}");
    assert!(!world.holds("ada", ROLE).await);
    world.check_invariants().await;
}

#[tokio::test]
async fn a_token_for_something_else_reads_no_request() {
    let world = world().await;
    let request = asked(&world).await;
    for (scopes, status) in [(["check_access"], 403), (["read"], 200)] {
        let token = world.access_token("bob", &scopes).await;
        let answer = world.ask_api("get", &format!("/v1/requests/{request}"), &token, None).await;
        assert_eq!(answer.status, status, "{scopes:?}");
    }
}

#[tokio::test]
async fn an_answer_that_would_give_no_more_time_uses_up_no_code() {
    let world = world().await;
    let request = asked(&world).await;
    world.approve("bob", request).await.unwrap();
    let running = given_by(&world, request).await;
    world.advance(Duration::minutes(30)).await;
    let actor = world.actor("ada").await;
    let wanted = Duration::hours(3);
    let extension = latchkey::service::activation::extend(
        &world.app,
        &actor,
        running,
        wanted,
        &Reasons::default(),
        None,
    )
    .await
    .unwrap();
    let code = world.fresh_code("bob").await;
    let answer = |granted| Answer { verdict: Verdict::Approve, granted, justification: reason() };
    let bob = world.actor("bob").await;
    let request = extension.request;
    let less = approval::decide(&world.app, &bob, request, &answer(Some(HOUR)), &code).await;
    assert_eq!(rules(less), ["no_more_time"]);
    assert_eq!(world.state(request).await, RequestState::Pending);
    approval::decide(&world.app, &bob, request, &answer(None), &code).await.unwrap();
    assert_eq!(world.state(request).await, RequestState::Granted);
}

async fn disable(world: &World, name: &str) {
    person::disable(&world.app, &world.actor("root").await, world.principal(name), &reason())
        .await
        .unwrap();
}
