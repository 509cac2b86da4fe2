//! From standing access to eligibility, step by step.
use latchkey::{
    domain::{
        activation::Refusal,
        assignment::AssignmentKind,
        id::{AssignmentId, ConversionId, ScopeId},
        inventory::Step,
        settings::Authentication,
        time::Duration,
    },
    error::Error,
    service::{
        activation::Reasons,
        assignment::{self, Assign},
        inventory::conversion::{self, Told},
    },
};

use crate::support::{World, approved_by, done, reason, rules};

const HOUR: Duration = Duration::hours(1);

async fn world() -> World {
    let world = World::new().await;
    world.people(["ada", "bob", "root"]).await;
    world.active("root", "Global Administrator").await;
    world.role("Operator", |_| ()).await;
    world
}

async fn start_as(world: &World, by: &str, id: AssignmentId) -> Result<ConversionId, Error> {
    let actor = world.actor(by).await;
    conversion::start(&world.app, &actor, &[id], &reason(), None).await?.pop().unwrap().outcome
}

async fn try_it(
    world: &World,
    by: &str,
    id: ConversionId,
    code: Option<&str>,
) -> Result<(), Error> {
    let reasons = Reasons { justification: reason(), ..Reasons::default() };
    conversion::rehearse(&world.app, &world.actor(by).await, id, HOUR, &reasons, code).await
}

async fn finish(world: &World, id: ConversionId) -> Result<(), Error> {
    conversion::finish(&world.app, &world.actor("root").await, id, &reason()).await
}

async fn told(world: &World, id: ConversionId) -> Told {
    conversion::show(&world.app, &world.actor("root").await, id).await.unwrap()
}

async fn mails(world: &World, to: &str) -> Vec<String> {
    sqlx::query_scalar("select subject from outbox where recipient_id = $1 and event is distinct from 'summary.sent' order by created_at, id")
        .bind(world.principal(to))
        .fetch_all(&world.owner)
        .await
        .unwrap()
}

#[tokio::test]
async fn eligibility_comes_beside_it_is_tried_and_then_the_standing_access_ends() {
    let world = world().await;
    let standing = world.active("ada", "Operator").await;
    let id = start_as(&world, "root", standing).await.unwrap();
    assert_eq!(conversion::to_try(&world.app, &world.actor("ada").await).await.unwrap().len(), 1);
    assert!(conversion::to_try(&world.app, &world.actor("bob").await).await.unwrap().is_empty());
    // Nothing is lost yet, and the order is kept.
    assert!(!told(&world, id).await.active_ended);
    let early = finish(&world, id).await.unwrap_err();
    assert!(early.to_string().contains("not tried"), "{early}");
    world.advance(Duration::minutes(1)).await;
    try_it(&world, "ada", id, None).await.unwrap();
    assert_eq!(
        world.count("select count(*) from assignments where origin = 'activated'").await,
        0,
        "a try gives nothing"
    );
    world.advance(Duration::minutes(1)).await;
    finish(&world, id).await.unwrap();
    let done = told(&world, id).await;
    assert!(done.active_ended && done.eligible_live && done.finished_at.is_some());
    assert_eq!(
        mails(&world, "ada").await,
        [
            "Try your eligibility: Operator at Organisation",
            "Tried and works: ada, Operator at Organisation",
            "Activate it when you need it: Operator at Organisation",
        ]
    );
    assert_eq!(mails(&world, "root").await, ["Tried and works: ada, Operator at Organisation"]);
    world.activate("ada", "Operator", HOUR).await.unwrap();
    let ended: String =
        sqlx::query_scalar("select end_reason::text from assignments where id = $1")
            .bind(standing)
            .fetch_one(&world.owner)
            .await
            .unwrap();
    assert_eq!(ended, "converted");
    let events = world.events().await;
    for kind in
        ["conversion.started", "conversion.tried", "conversion.finished", "assignment.removed"]
    {
        assert!(events.iter().any(|event| event == kind), "{kind} in {events:?}");
    }
    world.check_invariants().await;
}

#[tokio::test]
async fn access_that_has_not_begun_is_not_converted_step_by_step() {
    let world = world().await;
    let wanted = Assign {
        principals: vec![world.principal("ada")],
        role: world.role_id("Operator"),
        scope: ScopeId::ROOT,
        kind: AssignmentKind::Active,
        starts_at: Some(world.now().await + Duration::days(1)),
        ends_at: None,
        justification: reason(),
    };
    let root = world.actor("root").await;
    let given = assignment::assign(&world.app, &root, &wanted, None).await.unwrap().pop().unwrap();
    let standing = done(given.outcome).unwrap();
    let early = start_as(&world, "root", standing).await.unwrap_err();
    assert!(early.to_string().contains("has not begun"), "{early}");
    world.advance(Duration::days(2)).await;
    start_as(&world, "root", standing).await.unwrap();
}

#[tokio::test]
async fn a_try_is_judged_by_the_roles_own_terms() {
    let world = world().await;
    world
        .settings("Operator", |terms| {
            terms.activation.authentication = Authentication::Mfa;
            terms.activation.requires_ticket = true;
            terms.activation.requires_approval = true;
            terms.activation.stages =
                approved_by([world.principal("ada"), world.principal("root")]);
        })
        .await;
    let id = start_as(&world, "root", world.active("ada", "Operator").await).await.unwrap();
    let refused = try_it(&world, "ada", id, None).await;
    assert_eq!(rules(refused), ["ticket_needed", "proof_needed"]);
    assert!(matches!(try_it(&world, "ada", id, Some("000000")).await, Err(Error::StepUp(_))));
    let reasons = Reasons {
        justification: reason(),
        ticket_number: "INC-1".parse().unwrap(),
        ticket_system: "Jira".parse().unwrap(),
        ..Reasons::default()
    };
    let code = world.fresh_code("ada").await;
    let actor = world.actor("ada").await;
    conversion::rehearse(&world.app, &actor, id, HOUR, &reasons, Some(&code)).await.unwrap();
    assert!(told(&world, id).await.tried_at.is_some());
    let again = try_it(&world, "ada", id, None).await;
    assert!(matches!(again, Err(Error::Conflict(_))), "{again:?}");
    world.check_invariants().await;
}

#[tokio::test]
async fn a_try_says_if_nobody_could_approve() {
    let world = world().await;
    world
        .settings("Operator", |terms| {
            terms.activation.requires_approval = true;
            terms.activation.stages = approved_by([world.principal("ada")]);
        })
        .await;
    let id = start_as(&world, "root", world.active("ada", "Operator").await).await.unwrap();
    let refused = try_it(&world, "ada", id, None).await;
    assert!(
        matches!(&refused, Err(Error::Refused(why)) if why == &[Refusal::NobodyCanApprove]),
        "{refused:?}"
    );
    assert!(told(&world, id).await.tried_at.is_none());
}

#[tokio::test]
async fn only_whoever_holds_it_tries_it() {
    let world = world().await;
    let id = start_as(&world, "root", world.active("ada", "Operator").await).await.unwrap();
    for name in ["bob", "root"] {
        assert!(matches!(try_it(&world, name, id, None).await, Err(Error::NotFound(_))));
    }
}

#[tokio::test]
async fn any_member_tries_it_for_a_group() {
    let world = world().await;
    world.group("Crew", &["ada"]).await;
    let here = (world.role_id("Operator"), ScopeId::ROOT);
    let standing = world.assign("active", world.principal("Crew"), here, (None, None)).await;
    let id = start_as(&world, "root", standing).await.unwrap();
    assert!(matches!(try_it(&world, "bob", id, None).await, Err(Error::NotFound(_))));
    try_it(&world, "ada", id, None).await.unwrap();
    finish(&world, id).await.unwrap();
    assert_eq!(mails(&world, "ada").await.len(), 3, "members are told");
    world.check_invariants().await;
}

#[tokio::test]
async fn nobody_is_left_with_an_eligibility_that_was_never_tried_or_is_gone() {
    let world = world().await;
    let id = start_as(&world, "root", world.active("ada", "Operator").await).await.unwrap();
    let early = finish(&world, id).await.unwrap_err();
    assert!(early.to_string().contains("not tried"), "{early}");
    try_it(&world, "ada", id, None).await.unwrap();
    let eligible = told(&world, id).await.eligible;
    assignment::remove(&world.app, &world.actor("root").await, eligible, &reason()).await.unwrap();
    let late = finish(&world, id).await.unwrap_err();
    assert!(late.to_string().contains("eligibility is over"), "{late}");
    assert!(!told(&world, id).await.active_ended);
    world.check_invariants().await;
}

#[tokio::test]
async fn given_up_everything_is_as_it_was() {
    let world = world().await;
    let standing = world.active("ada", "Operator").await;
    let id = start_as(&world, "root", standing).await.unwrap();
    let twice = start_as(&world, "root", standing).await;
    assert!(matches!(twice, Err(Error::Conflict(_))), "{twice:?}");
    let actor = world.actor("root").await;
    conversion::abandon(&world.app, &actor, id, &reason()).await.unwrap();
    let now = told(&world, id).await;
    assert!(!now.active_ended && !now.eligible_live);
    assert!(matches!(finish(&world, id).await, Err(Error::Conflict(_))));
    // It can be begun anew; an eligibility that was there before stays when it is given up.
    let eligible = world.eligible("ada", "Operator").await;
    let id = start_as(&world, "root", standing).await.unwrap();
    assert_eq!(told(&world, id).await.eligible, eligible);
    conversion::abandon(&world.app, &actor, id, &reason()).await.unwrap();
    assert!(told(&world, id).await.eligible_live);
    world.check_invariants().await;
}

#[tokio::test]
async fn an_application_can_only_lose_its_access() {
    let world = world().await;
    world.application("backup", "ada").await;
    let standing = world.active("backup", "Operator").await;
    let refused = start_as(&world, "root", standing).await.unwrap_err();
    assert!(refused.to_string().contains("can't activate anything"), "{refused}");
}

#[tokio::test]
async fn ones_own_may_go_but_never_grow_and_never_the_last() {
    let world = world().await;
    world.person("second").await;
    let end = world.now().await + Duration::days(20);
    let here = (world.role_id("Operator"), ScopeId::ROOT);
    let own = world.assign("active", world.principal("root"), here, (None, Some(end))).await;
    let id = start_as(&world, "root", own).await.unwrap();
    let eligible: Vec<assignment::Told> = assignment::list(
        &world.app,
        &world.actor("root").await,
        assignment::Filter { role: Some(here.0), ..assignment::Filter::default() },
    )
    .await
    .unwrap();
    let eligible = eligible.iter().find(|told| told.id != own).unwrap();
    assert_eq!(eligible.ends_at, Some(end), "no longer than what it replaces");
    try_it(&world, "root", id, None).await.unwrap();
    finish(&world, id).await.unwrap();
    // The last who administers Latchkey for good stays.
    let last: AssignmentId =
        sqlx::query_scalar("select id from assignments where principal_id = $1 and role_id = $2")
            .bind(world.principal("root"))
            .bind(world.role_id("Global Administrator"))
            .fetch_one(&world.owner)
            .await
            .unwrap();
    let id = start_as(&world, "root", last).await.unwrap();
    let code = world.fresh_code("root").await;
    try_it(&world, "root", id, Some(&code)).await.unwrap();
    let refused = finish(&world, id).await.unwrap_err();
    assert!(refused.to_string().contains("assign somebody else first"), "{refused}");
    assert!(!told(&world, id).await.active_ended);
    world.check_invariants().await;
}

#[tokio::test]
async fn it_takes_the_right_to_give_roles() {
    let world = world().await;
    let standing = world.active("ada", "Operator").await;
    for name in ["ada", "bob"] {
        assert!(matches!(start_as(&world, name, standing).await, Err(Error::Forbidden(_))));
    }
    let id = start_as(&world, "root", standing).await.unwrap();
    for name in ["ada", "bob"] {
        let actor = world.actor(name).await;
        let refused = conversion::finish(&world.app, &actor, id, &reason()).await;
        assert!(matches!(refused, Err(Error::Forbidden(_))), "{refused:?}");
        let refused = conversion::abandon(&world.app, &actor, id, &reason()).await;
        assert!(matches!(refused, Err(Error::Forbidden(_))), "{refused:?}");
    }
}

#[tokio::test]
async fn what_ended_in_another_way_is_over_by_itself() {
    let world = world().await;
    let standing = world.active("ada", "Operator").await;
    let id = start_as(&world, "root", standing).await.unwrap();
    let root = world.actor("root").await;
    assignment::remove(&world.app, &root, standing, &reason()).await.unwrap();
    assert_eq!(conversion::step(&told(&world, id).await), Step::Overtaken);
    let over = conversion::list(&world.app, &root, Some(false), None).await.unwrap();
    assert_eq!(over.len(), 1);
    let refused = finish(&world, id).await;
    assert!(matches!(refused, Err(Error::Conflict(_))), "{refused:?}");
    assert!(told(&world, id).await.eligible_live, "the eligibility stays");
    world.check_invariants().await;
}

#[tokio::test]
async fn administrators_of_a_place_convert_there_and_nowhere_else() {
    let world = world().await;
    let folder = world.scope("Production", ScopeId::ROOT, "folder").await;
    let shop = world.scope("Shop", folder, "system").await;
    world.give("active", "bob", "Privileged Role Administrator", folder).await;
    let inside = world.give("active", "ada", "Operator", shop).await;
    let outside = world.active("ada", "Operator").await;
    assert!(matches!(start_as(&world, "bob", outside).await, Err(Error::NotFound(_))));
    start_as(&world, "bob", inside).await.unwrap();
    start_as(&world, "root", outside).await.unwrap();
    let bob = world.actor("bob").await;
    assert_eq!(conversion::list(&world.app, &bob, None, None).await.unwrap().len(), 1);
    world.check_invariants().await;
}

#[tokio::test]
async fn what_a_group_of_ones_own_becomes_eligible_for_lasts_no_longer_than_before() {
    let world = world().await;
    world.group("Crew", &["root"]).await;
    let end = world.now().await + Duration::days(20);
    let here = (world.role_id("Operator"), ScopeId::ROOT);
    let standing = world.assign("active", world.principal("Crew"), here, (None, Some(end))).await;
    let id = start_as(&world, "root", standing).await.unwrap();
    let eligible = told(&world, id).await.eligible;
    let root = world.actor("root").await;
    assert_eq!(assignment::show(&world.app, &root, eligible).await.unwrap().ends_at, Some(end));
}
