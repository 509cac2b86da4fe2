//! What has changed meanwhile is judged when somebody decides, and when the start has come.
use latchkey::{
    domain::{
        approval::{Agreement, Approver, Conditions, Stage},
        id::RoleId,
        request::{RequestState, Verdict},
        settings::{Authentication, Settings},
        time::Duration,
    },
    service::{
        approval::{self, Answer},
        lockout, request,
    },
};

use super::{HOUR, ROLE, asked, asks_for_approval, disable, stages, world};
use crate::support::{World, reason};

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
    MoreMustAgree,
    AnotherStage,
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
            Self::MoreMustAgree | Self::AnotherStage => {
                let approvers = [world.principal("bob"), world.principal("eve")];
                let stricter = |terms: &mut Settings| {
                    asks_for_approval(terms, &approvers);
                    let stages = &mut terms.activation.stages;
                    if matches!(self, Self::MoreMustAgree) {
                        stages[0].agree = Agreement::People(2);
                    } else {
                        stages.push(stages[0].clone());
                    }
                };
                world.settings(ROLE, stricter).await;
            }
        }
    }
}

#[tokio::test]
async fn facts_are_judged_again_when_somebody_decides() {
    use Change::{
        AnotherStage, ApproverDisabled, ApproverLeftTheGroup, EligibilityOver, EligibilityRemoved,
        MaximumShortened, MoreMustAgree, ProofNowAsked, RequesterDisabled,
    };
    for change in [
        EligibilityRemoved,
        EligibilityOver,
        RequesterDisabled,
        ApproverDisabled,
        ApproverLeftTheGroup,
        MaximumShortened,
        ProofNowAsked,
        MoreMustAgree,
        AnotherStage,
    ] {
        let world = world().await;
        let team = world.group("Approvers", &["bob", "eve"]).await;
        world
            .settings(ROLE, |terms| {
                asks_for_approval(terms, &[team]);
                terms.activation.stages[0].timeout = Duration::days(30);
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
            EligibilityRemoved | RequesterDisabled | ProofNowAsked | MoreMustAgree
            | AnotherStage => RequestState::Failed,
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
        AnotherStage, EligibilityOver, EligibilityRemoved, MaximumShortened, MoreMustAgree,
        ProofNowAsked, RequesterDisabled,
    };
    for change in [
        EligibilityRemoved,
        EligibilityOver,
        RequesterDisabled,
        MaximumShortened,
        ProofNowAsked,
        MoreMustAgree,
        AnotherStage,
    ] {
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
async fn what_would_have_to_be_asked_of_more_people_by_now_is_closed_and_says_so() {
    let world = stages::staged(|world| {
        vec![
            Stage {
                skipped_if: Conditions { no_longer_than: Some(HOUR), ..Conditions::default() },
                ..Stage::of([
                    Approver::Principal(world.principal("bob")),
                    Approver::Principal(world.principal("carl")),
                ])
            },
            Stage::of([
                Approver::Principal(world.principal("dora")),
                Approver::Principal(world.principal("eve")),
            ]),
        ]
    })
    .await;
    let short = stages::asked(&world, HOUR).await;
    let mut always = stages::of(&world).await;
    always[0].skipped_if = Conditions::default();
    stages::save(&world, always).await.unwrap();
    assert_eq!(world.state(short).await, RequestState::Failed, "bob or carl have their say by now");
    let told = request::show(&world.app, &world.actor("ada").await, short).await.unwrap().told;
    assert!(told.failure.unwrap().contains("more approval"));
    // What had their word asked for anyway goes on.
    let long = stages::asked(&world, HOUR).await;
    let mut later = stages::of(&world).await;
    later[0].timeout = Duration::hours(2);
    stages::save(&world, later).await.unwrap();
    assert_eq!(world.state(long).await, RequestState::Pending);
}

#[tokio::test]
async fn terms_that_newly_ask_for_a_ticket_hold_for_what_was_scheduled_without() {
    let world = world().await;
    world.settings(ROLE, |_| ()).await;
    let later = world.activate_later("ada", ROLE, HOUR, HOUR).await.unwrap().request;
    world.settings(ROLE, |terms| terms.activation.requires_ticket = true).await;
    world.advance(HOUR).await;
    world.run_due().await;
    assert_eq!(world.state(later).await, RequestState::Failed);
    assert!(!world.holds("ada", ROLE).await);
}

/// How an approver loses the right to have said yes.
#[derive(Clone, Copy, Debug)]
enum Loss {
    Disabled,
    ShutOut,
    TakenFromTheGroup,
}

impl Loss {
    async fn happen(self, world: &World) {
        match self {
            Self::Disabled => disable(world, "bob").await,
            Self::ShutOut => {
                let root = world.actor("root").await;
                let bob = world.principal("bob");
                lockout::end_access(&world.app, &root, bob, &reason()).await.unwrap();
            }
            Self::TakenFromTheGroup => Change::ApproverLeftTheGroup.happen(world).await,
        }
    }
}

/// Bob, eve and carl approve as members of a group; so many of them.
async fn by_a_group(people: u8) -> World {
    let world = world().await;
    world.person("carl").await;
    let team = world.group("Approvers", &["bob", "eve", "carl"]).await;
    world
        .settings(ROLE, |terms| {
            asks_for_approval(terms, &[team]);
            terms.activation.stages[0].agree = Agreement::People(people);
        })
        .await;
    world
}

#[tokio::test]
async fn a_yes_counts_no_longer_when_whoever_gave_it_may_not_give_it_any_more() {
    for loss in [Loss::Disabled, Loss::ShutOut, Loss::TakenFromTheGroup] {
        let world = by_a_group(1).await;
        let later = world.activate_later("ada", ROLE, HOUR, Duration::days(2)).await.unwrap();
        world.approve("bob", later.request).await.unwrap();
        assert_eq!(world.state(later.request).await, RequestState::Scheduled);
        world.told().await;
        loss.happen(&world).await;
        // Whoever asked is told at once, and not when it should have begun.
        assert_eq!(world.state(later.request).await, RequestState::Failed, "{loss:?}");
        assert!(world.told().await.contains(&"ada".to_owned()), "{loss:?}");
        for name in ["ada", "eve"] {
            let actor = world.actor(name).await;
            let told = request::show(&world.app, &actor, later.request).await.unwrap().told;
            assert!(told.failure.unwrap().contains("can give it no longer"), "{loss:?}: {name}");
        }
        // Eve's word does for another one.
        let again = world.activate_later("ada", ROLE, HOUR, HOUR).await.unwrap().request;
        world.approve("eve", again).await.unwrap();
        world.advance(HOUR).await;
        world.run_due().await;
        assert_eq!(world.state(again).await, RequestState::Granted, "{loss:?}");
        world.check_invariants().await;
    }
}

#[tokio::test]
async fn nobody_s_yes_waits_for_others_longer_than_it_counts() {
    for loss in [Loss::Disabled, Loss::ShutOut, Loss::TakenFromTheGroup] {
        let world = by_a_group(2).await;
        let request = asked(&world).await;
        world.approve("bob", request).await.unwrap();
        assert_eq!(world.state(request).await, RequestState::Pending);
        loss.happen(&world).await;
        assert_eq!(world.state(request).await, RequestState::Failed, "{loss:?}");
        assert!(world.approve("eve", request).await.is_err());
        assert!(!world.holds("ada", ROLE).await);
        world.check_invariants().await;
    }
}

#[tokio::test]
async fn a_yes_is_judged_again_at_the_start_whatever_was_told_before() {
    const DISABLED: &str =
        "update sessions set ended_at = instant() where ended_at is null and principal_id in
            (select id from principals where name = 'bob');
        update principals set disabled_at = instant() where name = 'bob'";
    const TAKEN: &str = "update assignments set ended_at = instant(), end_reason = 'removed'
        where role_id = '00000000-0000-8000-8000-000000000008'
            and principal_id in (select id from principals where name = 'bob')";
    for behind in [DISABLED, TAKEN] {
        let world = by_a_group(1).await;
        let later = world.activate_later("ada", ROLE, HOUR, Duration::days(2)).await.unwrap();
        world.approve("bob", later.request).await.unwrap();
        // Behind the program's back, so that nobody looks before the time has come.
        let script = format!(
            "begin; {behind};
             insert into audit_events (id, at, kind, outcome, actor_kind, actor_name, target_id, assignment_id, detail)
             select gen_random_uuid(), instant(), 'test.changed', 'success', 'operator', 'A test', principals.id,
                 assignments.id, '{{}}'
             from principals join assignments on principal_id = principals.id where principals.name = 'bob';
             commit"
        );
        sqlx::raw_sql(sqlx::AssertSqlSafe(script)).execute(&world.owner).await.unwrap();
        assert_eq!(world.state(later.request).await, RequestState::Scheduled);
        world.advance(Duration::days(2)).await;
        world.run_due().await;
        assert_eq!(world.state(later.request).await, RequestState::Failed);
        assert!(!world.holds("ada", ROLE).await);
        world.check_invariants().await;
    }
}

#[tokio::test]
async fn a_yes_stays_one_when_only_time_has_passed() {
    let world = by_a_group(1).await;
    let on_call = (RoleId::MEMBER, world.scope_id("Approvers"));
    let until = Some(world.now().await + HOUR);
    world.assign("active", world.principal("mallory"), on_call, (None, until)).await;
    let later = world.activate_later("ada", ROLE, HOUR, Duration::days(2)).await.unwrap().request;
    world.approve("mallory", later).await.unwrap();
    // Somebody else's leaving is no reason either.
    Loss::TakenFromTheGroup.happen(&world).await;
    world.advance(Duration::days(2)).await;
    world.run_due().await;
    assert_eq!(world.state(later).await, RequestState::Granted);
    world.check_invariants().await;
}
