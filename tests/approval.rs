//! Somebody else decides.
use std::collections::BTreeSet;

use latchkey::{
    domain::{
        actor::{Actor, TokenScope, User, Via, Who},
        id::{AccessTokenId, RequestId, ScopeId},
        request::{RequestState, Verdict},
        settings::{Authentication, Settings},
        text::Justification,
        time::Duration,
    },
    error::Error,
    service::{
        activation::Reasons,
        approval::{self, Answer},
        assignment, person, request, settings,
    },
};

use crate::support::{World, reason, rules};

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
    terms.activation.approvers = approvers.iter().copied().collect();
}

async fn asked(world: &World) -> RequestId {
    let asked = world.activate("ada", ROLE, Duration::hours(2)).await.unwrap();
    assert_eq!(asked.state, RequestState::Pending);
    asked.request
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
async fn nobody_decides_their_own_request_by_any_door() {
    let world = world().await;
    world.second_account("ada-admin", "ada").await;
    let team = world.group("Approvers", &["ada", "bob", "ada-admin"]).await;
    let everybody = ["ada", "ada-admin", "bob"].map(|name| world.principal(name));
    world
        .settings(ROLE, |terms| {
            asks_for_approval(terms, &everybody);
            terms.activation.approvers.insert(team);
        })
        .await;
    let request = asked(&world).await;
    for name in ["ada", "ada-admin"] {
        for verdict in [Verdict::Approve, Verdict::Deny] {
            assert_eq!(
                rules(world.decide(name, request, verdict, None).await),
                ["own_request"],
                "{name}"
            );
        }
        let detail = request::show(&world.app, &world.actor(name).await, request).await.unwrap();
        assert!(!detail.may_decide);
        assert!(
            detail.approvers.iter().all(|approver| approver.name.contains("bob")),
            "{:?}",
            detail.approvers
        );
    }
    // Nor by a token of the API.
    let token = User {
        principal: world.principal("ada-admin"),
        person: world.person_of("ada-admin"),
        name: "ada".to_owned(),
        via: Via::AccessToken(access_token(&world, "ada-admin").await, vec![TokenScope::Approve]),
    };
    let by_token = Actor { who: Who::User(token), ..world.actor("ada-admin").await };
    let answer = Answer { verdict: Verdict::Approve, granted: None, justification: reason() };
    let code = world.fresh_code("ada-admin").await;
    let outcome = approval::decide(&world.app, &by_token, request, &answer, &code).await;
    assert_eq!(rules(outcome), ["own_request"]);
    assert_eq!(world.state(request).await, RequestState::Pending);
    assert_eq!(world.count("select count(*) from decisions").await, 0);
    world.approve("bob", request).await.unwrap();
    world.check_invariants().await;
}

async fn access_token(world: &World, name: &str) -> AccessTokenId {
    let id = AccessTokenId::new();
    let mut transaction = world.owner.begin().await.unwrap();
    sqlx::query(
        "insert into access_tokens (id, principal_id, name, token_hash, scopes, created_at, expires_at)
         values ($1, $2, 'a test', sha256($1::text::bytea), '{approve}', instant(), instant() + interval '1 day')",
    )
    .bind(id)
    .bind(world.principal(name))
    .execute(&mut *transaction)
    .await
    .unwrap();
    sqlx::query(
        "insert into audit_events (id, at, kind, outcome, actor_kind, actor_name, target_id, detail)
         values (gen_random_uuid(), instant(), 'token.created', 'success', 'operator', 'A test', $1, '{}')",
    )
    .bind(id)
    .execute(&mut *transaction)
    .await
    .unwrap();
    transaction.commit().await.unwrap();
    id
}

#[tokio::test]
async fn whoever_would_gain_does_not_name_the_approvers() {
    let world = world().await;
    world.active("ada", "Privileged Role Administrator").await;
    let role = world.role_id(ROLE);
    let ada = world.actor("ada").await;
    let shown = settings::show(&world.app, &ada, role, ScopeId::ROOT).await.unwrap().current;
    for weaker in [
        |terms: &mut Settings| terms.activation.requires_approval = false,
        |terms: &mut Settings| terms.activation.maximum = Duration::hours(8),
    ] {
        let mut terms = shown.settings.clone();
        weaker(&mut terms);
        let outcome = save(&world, "ada", &terms, shown.number).await;
        assert!(matches!(outcome, Err(Error::NotAllowed(_))), "{outcome:?}");
    }
    let mut terms = shown.settings.clone();
    terms.activation.approvers.insert(world.principal("mallory"));
    let outcome = save(&world, "ada", &terms, shown.number).await;
    assert!(matches!(outcome, Err(Error::NotAllowed(_))), "{outcome:?}");
    save(&world, "root", &terms, shown.number).await.unwrap();
}

async fn save(
    world: &World,
    name: &str,
    terms: &Settings,
    after: i32,
) -> Result<latchkey::domain::id::SettingsId, Error> {
    let actor = world.actor(name).await;
    settings::save(&world.app, &actor, world.role_id(ROLE), ScopeId::ROOT, terms, after, &reason())
        .await
}

#[tokio::test]
async fn only_those_who_are_named_see_and_decide() {
    let world = world().await;
    let request = asked(&world).await;
    let outcome = world.approve("mallory", request).await;
    assert!(matches!(outcome, Err(Error::NotFound(_))), "{outcome:?}");
    // An administrator sees it, and decides it no more than anybody else.
    request::show(&world.app, &world.actor("root").await, request).await.unwrap();
    assert_eq!(rules(world.approve("root", request).await), ["not_an_approver"]);
    assert_eq!(world.state(request).await, RequestState::Pending);
}

#[tokio::test]
async fn a_decision_takes_a_fresh_code_and_a_reason_where_the_terms_ask() {
    let world = world().await;
    let approvers = [world.principal("bob"), world.principal("eve")];
    world
        .settings(ROLE, |terms| {
            asks_for_approval(terms, &approvers);
            terms.activation.approval_requires_justification = true;
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

/// Facts that change between the request and its effect.
#[derive(Clone, Copy, Debug)]
enum Change {
    EligibilityRemoved,
    EligibilityOver,
    RequesterDisabled,
    ApproverDisabled,
    ApproverLeftTheGroup,
    MaximumShortened,
    ProofNowAsked,
}

impl Change {
    async fn happen(self, world: &World) {
        match self {
            Self::EligibilityRemoved => {
                let eligibility = world.eligibility("ada", ROLE).await;
                world.take_away("root", eligibility).await.unwrap();
            }
            Self::EligibilityOver => {
                world.settings(ROLE, |_| ()).await;
                world.advance(Duration::days(30)).await;
            }
            Self::RequesterDisabled => disable(world, "ada").await,
            Self::ApproverDisabled => disable(world, "bob").await,
            Self::ApproverLeftTheGroup => {
                let membership = sqlx::query_scalar(
                    "select assignments.id from assignments join roles on roles.id = role_id
                     where roles.name = 'Member' and principal_id = $1",
                )
                .bind(world.principal("bob"))
                .fetch_one(&world.owner)
                .await
                .unwrap();
                world.take_away("root", membership).await.unwrap();
            }
            Self::MaximumShortened => {
                let approvers = [world.principal("bob"), world.principal("eve")];
                let shorter = |terms: &mut Settings| {
                    asks_for_approval(terms, &approvers);
                    terms.activation.maximum = Duration::minutes(30);
                };
                world.settings(ROLE, shorter).await;
            }
            Self::ProofNowAsked => {
                let approvers = [world.principal("bob"), world.principal("eve")];
                let stricter = |terms: &mut Settings| {
                    asks_for_approval(terms, &approvers);
                    terms.activation.authentication = Authentication::Mfa;
                };
                world.settings(ROLE, stricter).await;
            }
        }
    }
}

async fn disable(world: &World, name: &str) {
    person::disable(&world.app, &world.actor("root").await, world.principal(name), &reason())
        .await
        .unwrap();
}

#[tokio::test]
async fn facts_are_judged_again_when_somebody_decides() {
    use Change::{
        ApproverDisabled, ApproverLeftTheGroup, EligibilityOver, EligibilityRemoved,
        MaximumShortened, ProofNowAsked, RequesterDisabled,
    };
    for change in [
        EligibilityRemoved,
        EligibilityOver,
        RequesterDisabled,
        ApproverDisabled,
        ApproverLeftTheGroup,
        MaximumShortened,
        ProofNowAsked,
    ] {
        let world = world().await;
        let team = world.group("Approvers", &["bob", "eve"]).await;
        world
            .settings(ROLE, |terms| {
                asks_for_approval(terms, &[team]);
                terms.activation.approval_timeout = Duration::days(30);
            })
            .await;
        let request = asked(&world).await;
        let bob = world.actor("bob").await;
        change.happen(&world).await;
        let answer = Answer { verdict: Verdict::Approve, granted: None, justification: reason() };
        let code = world.fresh_code("bob").await;
        let outcome = approval::decide(&world.app, &bob, request, &answer, &code).await;
        match change {
            MaximumShortened => {
                outcome.unwrap();
                world.advance(Duration::minutes(30)).await;
                assert!(!world.holds("ada", ROLE).await, "{change:?}");
            }
            _ => {
                assert!(outcome.is_err(), "{change:?}");
                assert!(
                    world
                        .count("select count(*) from assignments where origin = 'activated'")
                        .await
                        == 0
                );
            }
        }
        let expected = match change {
            EligibilityRemoved | RequesterDisabled | ProofNowAsked => RequestState::Failed,
            MaximumShortened => RequestState::Granted,
            // It has lapsed, or waits for somebody who may still decide.
            EligibilityOver | ApproverDisabled | ApproverLeftTheGroup => RequestState::Pending,
        };
        assert_eq!(world.state(request).await, expected, "{change:?}");
        world.check_invariants().await;
    }
}

#[tokio::test]
async fn facts_are_judged_again_when_the_start_has_come() {
    use Change::{
        EligibilityOver, EligibilityRemoved, MaximumShortened, ProofNowAsked, RequesterDisabled,
    };
    for change in
        [EligibilityRemoved, EligibilityOver, RequesterDisabled, MaximumShortened, ProofNowAsked]
    {
        let world = world().await;
        let later =
            world.activate_later("ada", ROLE, HOUR, Duration::days(29)).await.unwrap().request;
        world.approve("bob", later).await.unwrap();
        assert_eq!(world.state(later).await, RequestState::Scheduled);
        change.happen(&world).await;
        world.advance(Duration::days(29)).await;
        world.run_due().await;
        if matches!(change, MaximumShortened) {
            assert!(world.holds("ada", ROLE).await);
            world.advance(Duration::minutes(30)).await;
        } else {
            assert_eq!(world.state(later).await, RequestState::Failed, "{change:?}");
        }
        let held = world
            .count("select count(*) from live_assignments(instant()) where origin = 'activated'")
            .await;
        assert_eq!(held, 0, "{change:?}");
        world.check_invariants().await;
    }
}

#[tokio::test]
async fn terms_that_newly_ask_for_approval_hold_for_what_was_scheduled_without() {
    let world = world().await;
    world.settings(ROLE, |_| ()).await;
    let later = world.activate_later("ada", ROLE, HOUR, HOUR).await.unwrap().request;
    assert_eq!(world.state(later).await, RequestState::Scheduled);
    let approvers = [world.principal("bob"), world.principal("eve")];
    world.settings(ROLE, |terms| asks_for_approval(terms, &approvers)).await;
    world.advance(HOUR).await;
    world.run_due().await;
    assert_eq!(world.state(later).await, RequestState::Failed);
    world.check_invariants().await;
}

#[tokio::test]
async fn a_role_that_nobody_could_approve_cannot_be_saved_like_that() {
    let world = world().await;
    let root = world.actor("root").await;
    let shown = settings::show(&world.app, &root, world.role_id(ROLE), ScopeId::ROOT)
        .await
        .unwrap()
        .current;
    let empty = world.group("Nobody", &[]).await;
    world.second_account("bob-admin", "bob").await;
    let bob_twice = BTreeSet::from([world.principal("bob"), world.principal("bob-admin")]);
    for approvers in [
        BTreeSet::new(),
        BTreeSet::from([world.principal("bob")]),
        bob_twice,
        BTreeSet::from([empty]),
    ] {
        let mut terms = shown.settings.clone();
        terms.activation.approvers = approvers;
        let outcome = save(&world, "root", &terms, shown.number).await;
        assert!(
            matches!(&outcome, Err(Error::Invalid(faults)) if faults[0].field == "approvers"),
            "{outcome:?}"
        );
    }
}

#[tokio::test]
async fn a_request_that_nobody_can_approve_is_refused_at_once() {
    let world = world().await;
    disable(&world, "bob").await;
    let request = asked(&world).await;
    request::cancel(&world.app, &world.actor("ada").await, request).await.unwrap();
    disable(&world, "eve").await;
    let outcome = world.activate("ada", ROLE, HOUR).await;
    assert_eq!(rules(outcome), ["nobody_can_approve"]);
    // The requester does not count, by whichever account.
    world.second_account("ada-admin", "ada").await;
    let own = [world.principal("ada"), world.principal("ada-admin")];
    world.settings(ROLE, |terms| asks_for_approval(terms, &own)).await;
    assert_eq!(rules(world.activate("ada", ROLE, HOUR).await), ["nobody_can_approve"]);
    world.check_invariants().await;
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
    let running = sqlx::query_scalar("select id from assignments where request_id = $1")
        .bind(first)
        .fetch_one(&world.owner)
        .await
        .unwrap();
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
async fn nobody_is_eligible_and_approver_by_administering_alone() {
    let world = world().await;
    world.active("mallory", "Privileged Role Administrator").await;
    let wanted = assignment::Assign {
        principals: vec![world.principal("mallory")],
        role: world.role_id(ROLE),
        scope: ScopeId::ROOT,
        kind: latchkey::domain::assignment::AssignmentKind::Eligible,
        starts_at: None,
        ends_at: None,
        justification: reason(),
    };
    let outcome =
        assignment::assign(&world.app, &world.actor("mallory").await, &wanted, None).await.unwrap();
    assert!(matches!(outcome[0].outcome, Err(Error::NotAllowed(_))), "{outcome:?}");
}
