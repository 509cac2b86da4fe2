//! Approvals that could not come about: refused when they are written, told when they become so.
use latchkey::{
    domain::{
        approval::Stage, id::RoleId, request::RequestState, survivability::Problem, time::Duration,
    },
    error::Error,
    service::{person, posture},
};

use super::{
    HOUR,
    stages::{ROLE, asked, conflict, save, staged},
};
use crate::support::{World, reason};

async fn refused(world: &World, stages: Vec<Stage>, says: &str) {
    match save(world, stages).await {
        Err(Error::Invalid(faults)) => {
            let told =
                faults.iter().any(|fault| fault.field == "stages" && fault.message.contains(says));
            assert!(told, "{says}: {faults:?}");
        }
        other => panic!("{says}: {other:?}"),
    }
}

/// What everybody who looks at the whole is told about approvals.
async fn problems(world: &World) -> Vec<&'static str> {
    let posture = posture::show(&world.app, &world.actor("root").await).await.unwrap();
    let names = posture.problems.iter().map(Problem::name);
    names.filter(|name| name.ends_with("approves")).collect()
}

#[tokio::test]
async fn terms_that_nobody_could_agree_to_are_not_saved() {
    let world = staged(|world| vec![world.stage(&["bob", "eve"])]).await;
    world.mark_privileged(ROLE, false).await;
    world.group("Empty", &[]).await;
    world.group("Blue", &["bob", "carl"]).await;
    let one_more = "name one more person";
    let too_few = "too few people can approve";
    refused(&world, vec![world.stage_of(2, &["bob", "eve"])], one_more).await;
    refused(&world, vec![world.stage_of(3, &["bob", "eve"])], too_few).await;
    refused(&world, vec![world.stage_of_each(&["Blue", "Empty"])], too_few).await;
    refused(&world, vec![world.stage_of_each(&["bob", "Blue"])], one_more).await;
    // Two stages take three people, since nobody says yes twice.
    let same = || world.stage(&["bob", "eve"]);
    refused(&world, vec![same(), same()], one_more).await;
    refused(&world, vec![same(), world.stage(&[])], "stage 2 names nobody").await;
    refused(&world, Vec::new(), "say who approves").await;
    let many = vec![world.stage(&["bob", "carl", "dora", "eve", "mallory", "root", "ada"]); 6];
    refused(&world, many, "at most 5 stages").await;
    for enough in [
        vec![world.stage_of(2, &["bob", "eve", "dora"])],
        vec![same(), world.stage(&["bob", "dora", "eve"])],
        vec![world.stage_of_each(&["Blue", "dora"])],
    ] {
        let outcome = save(&world, enough.clone()).await;
        let hangs_by_dora = enough[0].approvers.len() == 2 && enough.len() == 1;
        assert_eq!(outcome.is_err(), hangs_by_dora, "{outcome:?}");
    }
}

#[tokio::test]
async fn an_approval_that_comes_to_hang_by_one_person_is_told_and_that_person_stays() {
    let world = staged(|world| vec![world.stage_of(2, &["bob", "carl", "eve"])]).await;
    assert_eq!(problems(&world).await, [""; 0]);
    let root = world.actor("root").await;
    let disable = async |name: &str| {
        person::disable(&world.app, &root, world.principal(name), &reason()).await
    };
    disable("carl").await.unwrap();
    assert_eq!(problems(&world).await, ["one_approves"]);
    conflict(disable("bob").await);
}

#[tokio::test]
async fn an_approval_that_becomes_impossible_by_the_clock_is_told() {
    let world = staged(|_| Vec::new()).await;
    world.group("Blue", &["bob", "carl"]).await;
    world.group("Green", &[]).await;
    let until = Some(world.now().await + Duration::days(1));
    let green = (RoleId::MEMBER, world.scope_id("Green"));
    for name in ["dora", "eve"] {
        world.assign("active", world.principal(name), green, (None, until)).await;
    }
    world.mark_privileged(ROLE, false).await;
    save(&world, vec![world.stage_of_each(&["Blue", "Green"])]).await.unwrap();
    assert_eq!(problems(&world).await, [""; 0]);
    world.run_due().await;
    assert_eq!(alarms(&world).await, 0, "nothing is wrong yet");
    world.advance(Duration::days(1)).await;
    assert_eq!(problems(&world).await, ["nobody_approves"]);

    // Administrators are told, once however often it is looked for, and again if it comes to be so again.
    for _ in 0..3 {
        world.run_due().await;
        world.advance(Duration::minutes(10)).await;
    }
    assert_eq!(alarms(&world).await, 1);
    assert_eq!(recorded(&world).await, 1);
    let again = Some(world.now().await + Duration::days(1));
    for name in ["dora", "eve"] {
        world.assign("active", world.principal(name), green, (None, again)).await;
    }
    world.run_due().await;
    world.advance(Duration::days(1)).await;
    world.run_due().await;
    assert_eq!((alarms(&world).await, recorded(&world).await), (2, 2));
    world.check_invariants().await;
}

/// How many mails have told an administrator that nobody can approve the role any more.
async fn alarms(world: &World) -> i64 {
    let sql = "select count(*) from outbox where recipient_id = $1 and starts_with(subject, $2)";
    sqlx::query_scalar(sql)
        .bind(world.principal("root"))
        .bind(format!("Nobody can approve: {ROLE} at "))
        .fetch_one(&world.owner)
        .await
        .unwrap()
}

async fn recorded(world: &World) -> i64 {
    world.count("select count(*) from audit_events where kind = 'approval.unreachable'").await
}

#[tokio::test]
async fn a_yes_that_leaves_nobody_for_the_next_stage_ends_the_request_at_once() {
    let world = staged(|world| {
        vec![world.stage(&["bob", "carl", "eve"]), world.stage_of(2, &["bob", "carl", "ada"])]
    })
    .await;
    let request = asked(&world, HOUR).await;
    // Of the second stage ada is out, since she asks, and bob, since he has spoken.
    world.approve("bob", request).await.unwrap();
    assert_eq!(world.state(request).await, RequestState::Failed);
    assert!(!world.holds("ada", ROLE).await);
    world.check_invariants().await;
}
