//! Groups: belonging for good or for a while, owning, groups in groups, and roles that members get or activate by them.
use latchkey::{
    domain::{
        assignment::AssignmentKind,
        id::{AssignmentId, PrincipalId, RoleId, ScopeId},
        request::RequestState,
        time::Duration,
    },
    error::Error,
    service::{
        access_check::Step,
        activation::{self, Chosen, Reasons, Requested, Wish},
        assignment::{self, Assign},
        group, overview,
    },
};

use crate::support::{World, approved_by, done, reason, until, waits};

const ROLE: &str = "Database operator";
const HOUR: Duration = Duration::hours(1);

async fn world() -> World {
    let world = World::new().await;
    world.people(["ada", "bob", "eve", "root"]).await;
    world.active("root", "Global Administrator").await;
    world.role(ROLE, |_| ()).await;
    world
}

/// Activates an eligibility that somebody has by a group.
async fn activate(
    world: &World,
    name: &str,
    eligibility: AssignmentId,
    duration: Duration,
) -> Result<Requested, Error> {
    let wish = Wish { chosen: Chosen::whole(eligibility), duration };
    world.ask(&world.actor(name).await, wish, &Reasons::default(), None).await
}

async fn assign(world: &World, by: &str, wanted: &Assign) -> Result<AssignmentId, Error> {
    let mut given = assignment::assign(&world.app, &world.actor(by).await, wanted, None).await?;
    done(given.pop().unwrap().outcome)
}

/// Makes sure that nothing is given, since it waits for somebody else's word.
async fn asks(world: &World, by: &str, wanted: &Assign) {
    let given = assignment::assign(&world.app, &world.actor(by).await, wanted, None).await;
    waits(given.unwrap().pop().unwrap().outcome);
}

fn membership(world: &World, group: &str, of: PrincipalId) -> Assign {
    role_in(world, group, of, RoleId::MEMBER)
}

fn role_in(world: &World, group: &str, of: PrincipalId, role: RoleId) -> Assign {
    Assign {
        principals: vec![of],
        role,
        scope: world.scope_id(group),
        kind: AssignmentKind::Active,
        starts_at: None,
        ends_at: None,
        justification: reason(),
    }
}

#[tokio::test]
async fn members_hold_what_their_group_holds_as_long_as_they_belong() {
    let world = world().await;
    world.group("Operators", &["ada"]).await;
    world.give("active", "Operators", ROLE, ScopeId::ROOT).await;
    assert!(world.holds("ada", ROLE).await);
    assert!(!world.holds("bob", ROLE).await);
    let way = world.check("ada", ROLE, ScopeId::ROOT).await.way.unwrap();
    assert!(matches!(&way[0], Step::Group(_, name) if name == "Operators"), "{way:?}");
    let group = world.principal("Operators");
    let root = world.actor("root").await;
    group::remove(&world.app, &root, group, world.principal("ada"), &reason()).await.unwrap();
    assert!(!world.holds("ada", ROLE).await);
}

#[tokio::test]
async fn each_member_activates_for_themself_what_their_group_is_eligible_for() {
    let world = world().await;
    world.group("Operators", &["ada", "bob"]).await;
    let eligibility = world.give("eligible", "Operators", ROLE, ScopeId::ROOT).await;
    let mine = overview::my_access(&world.app, &world.actor("ada").await).await.unwrap();
    assert_eq!(mine.eligible.len(), 1);
    activate(&world, "ada", eligibility, HOUR).await.unwrap();
    assert!(world.holds("ada", ROLE).await);
    assert!(!world.holds("bob", ROLE).await, "nobody activates for the others");
    activate(&world, "bob", eligibility, HOUR).await.unwrap();
    assert!(world.holds("bob", ROLE).await);
    let stranger = activate(&world, "eve", eligibility, HOUR).await;
    assert!(matches!(stranger, Err(Error::NotFound("eligibility"))), "{stranger:?}");
    world.check_invariants().await;
}

#[tokio::test]
async fn leaving_a_group_ends_what_was_activated_by_it_in_the_same_moment() {
    let world = world().await;
    world.group("Operators", &["ada", "bob"]).await;
    world
        .role("Approved", |terms| {
            terms.activation.requires_approval = true;
            terms.activation.stages =
                approved_by([world.principal("eve"), world.principal("root")]);
        })
        .await;
    let eligibility = world.give("eligible", "Operators", ROLE, ScopeId::ROOT).await;
    let asked = world.give("eligible", "Operators", "Approved", ScopeId::ROOT).await;
    activate(&world, "ada", eligibility, HOUR).await.unwrap();
    activate(&world, "bob", eligibility, HOUR).await.unwrap();
    let waiting = activate(&world, "ada", asked, HOUR).await.unwrap();
    let (root, group) = (world.actor("root").await, world.principal("Operators"));
    group::remove(&world.app, &root, group, world.principal("ada"), &reason()).await.unwrap();
    assert!(!world.holds("ada", ROLE).await);
    assert!(world.holds("bob", ROLE).await);
    assert_eq!(world.state(waiting.request).await, RequestState::Failed);
    let ended = "select count(*) from assignments where end_reason = 'membership_ended'";
    assert_eq!(world.count(ended).await, 1);
    world.check_invariants().await;
}

#[tokio::test]
async fn an_activation_by_a_group_never_outlasts_the_membership() {
    let world = world().await;
    world.group("Operators", &[]).await;
    let end = world.now().await + HOUR;
    let scope = world.scope_id("Operators");
    let membership = world
        .assign("active", world.principal("ada"), (RoleId::MEMBER, scope), (None, Some(end)))
        .await;
    let eligibility = world.give("eligible", "Operators", ROLE, ScopeId::ROOT).await;
    let given = activate(&world, "ada", eligibility, Duration::hours(4)).await.unwrap();
    assert_eq!(given.ends_at, Some(end));
    // The membership is shortened, and so is what rests on it.
    let sooner = world.now().await + Duration::minutes(30);
    let why = reason();
    assignment::update(
        &world.app,
        &world.actor("root").await,
        membership,
        until(Some(sooner), &why),
    )
    .await
    .unwrap();
    world.advance(Duration::minutes(31)).await;
    assert!(!world.holds("ada", ROLE).await);
    world.run_due().await;
    let open = "select count(*) from assignments where kind = 'active' and ended_at is null
        and ends_at <= instant()";
    assert_eq!(world.count(open).await, 0);
    world.check_invariants().await;
}

#[tokio::test]
async fn membership_and_ownership_can_be_activated_for_a_while() {
    let world = world().await;
    world.group("Operators", &[]).await;
    let scope = world.scope_id("Operators");
    world.give("active", "Operators", ROLE, ScopeId::ROOT).await;
    let member = world.give("eligible", "ada", "Member", scope).await;
    let owner = world.give("eligible", "bob", "Owner", scope).await;
    assert!(!world.holds("ada", ROLE).await);
    let reasons = Reasons { justification: reason(), ..Reasons::default() };
    for (name, eligibility) in [("ada", member), ("bob", owner)] {
        let code = world.fresh_code(name).await;
        let wish = Wish { chosen: Chosen::whole(eligibility), duration: HOUR };
        world.ask(&world.actor(name).await, wish, &reasons, Some(&code)).await.unwrap();
    }
    assert!(world.holds("ada", ROLE).await);
    world.advance(HOUR).await;
    assert!(!world.holds("ada", ROLE).await);
}

#[tokio::test]
async fn done_with_a_membership_one_is_done_with_what_came_by_it() {
    let world = world().await;
    world.group("Operators", &[]).await;
    let scope = world.scope_id("Operators");
    let eligibility = world.give("eligible", "Operators", ROLE, ScopeId::ROOT).await;
    let membership = world.give("eligible", "ada", "Member", scope).await;
    let reasons = Reasons { justification: reason(), ..Reasons::default() };
    let code = world.fresh_code("ada").await;
    let wish = Wish { chosen: Chosen::whole(membership), duration: HOUR };
    let ada = world.actor("ada").await;
    let joined = world.ask(&ada, wish, &reasons, Some(&code)).await.unwrap();
    activate(&world, "ada", eligibility, Duration::hours(2)).await.unwrap();
    assert!(world.holds("ada", ROLE).await);
    activation::deactivate(&world.app, &ada, joined.assignment.unwrap()).await.unwrap();
    assert!(!world.holds("ada", ROLE).await);
    world.check_invariants().await;
}

#[tokio::test]
async fn whoever_still_belongs_by_another_way_keeps_what_came_by_it_no_longer_than_that() {
    let world = world().await;
    world.group("Operators", &[]).await;
    world.group("Crew", &["ada"]).await;
    let scope = world.scope_id("Operators");
    let end = world.now().await + HOUR;
    let member = (world.role_id("Member"), scope);
    world.assign("active", world.principal("Crew"), member, (None, Some(end))).await;
    let eligibility = world.give("eligible", "Operators", ROLE, ScopeId::ROOT).await;
    let membership = world.give("eligible", "ada", "Member", scope).await;
    let reasons = Reasons { justification: reason(), ..Reasons::default() };
    let code = world.fresh_code("ada").await;
    let wish = Wish { chosen: Chosen::whole(membership), duration: Duration::hours(3) };
    let ada = world.actor("ada").await;
    let joined = world.ask(&ada, wish, &reasons, Some(&code)).await.unwrap();
    activate(&world, "ada", eligibility, Duration::hours(2)).await.unwrap();
    activation::deactivate(&world.app, &ada, joined.assignment.unwrap()).await.unwrap();
    assert!(world.holds("ada", ROLE).await);
    world.advance(HOUR).await;
    assert!(!world.holds("ada", ROLE).await);
    world.run_due().await;
    world.check_invariants().await;
}

#[tokio::test]
async fn whoever_may_be_a_member_no_longer_loses_what_came_by_it_too() {
    let world = world().await;
    world.group("Operators", &[]).await;
    let eligibility = world.give("eligible", "Operators", ROLE, ScopeId::ROOT).await;
    let scope = world.scope_id("Operators");
    let membership = world.give("eligible", "ada", "Member", scope).await;
    let reasons = Reasons { justification: reason(), ..Reasons::default() };
    let code = world.fresh_code("ada").await;
    let wish = Wish { chosen: Chosen::whole(membership), duration: HOUR };
    world.ask(&world.actor("ada").await, wish, &reasons, Some(&code)).await.unwrap();
    activate(&world, "ada", eligibility, Duration::hours(2)).await.unwrap();
    assert!(world.holds("ada", ROLE).await);
    world.take_away("root", membership).await.unwrap();
    assert!(!world.holds("ada", ROLE).await);
    world.check_invariants().await;
}

#[tokio::test]
async fn groups_belong_to_groups_five_deep_and_never_in_a_circle() {
    let world = world().await;
    for name in ["G1", "G2", "G3", "G4", "G5", "G6"] {
        world.group(name, &[]).await;
    }
    let into = |outer: &'static str, inner: &'static str| {
        let wanted = membership(&world, outer, world.principal(inner));
        let world = &world;
        async move { assign(world, "root", &wanted).await }
    };
    for (outer, inner) in [("G1", "G2"), ("G2", "G3"), ("G3", "G4"), ("G4", "G5")] {
        into(outer, inner).await.unwrap();
    }
    let sixth = into("G5", "G6").await;
    assert!(matches!(sixth, Err(Error::Conflict(_))), "{sixth:?}");
    for (outer, inner) in [("G5", "G1"), ("G1", "G1"), ("G3", "G2")] {
        let circle = into(outer, inner).await;
        assert!(matches!(circle, Err(Error::Conflict(_))), "{outer} {inner} {circle:?}");
    }
    world.give("active", "ada", "Member", world.scope_id("G5")).await;
    world.give("active", "G1", ROLE, ScopeId::ROOT).await;
    assert!(world.holds("ada", ROLE).await);
    let way = world.check("ada", ROLE, ScopeId::ROOT).await.way.unwrap();
    assert_eq!(way.len(), 6, "five groups, and where the role is held: {way:?}");
}

#[tokio::test]
async fn a_group_that_carries_roles_is_changed_only_by_those_who_may_assign_them_all() {
    let world = world().await;
    let finance = world.scope("Finance", ScopeId::ROOT, "folder").await;
    world.group("Operators", &[]).await;
    world.group("Outer", &[]).await;
    let scope = world.scope_id("Operators");
    // bob owns the group; what it carries is somebody else's to give.
    world.give("active", "bob", "Owner", scope).await;
    let add = membership(&world, "Operators", world.principal("ada"));
    assign(&world, "bob", &add).await.unwrap();
    let member = world.assignment_of("ada", "Member", scope).await;
    world.give("eligible", "Operators", ROLE, finance).await;
    let refused =
        assign(&world, "bob", &membership(&world, "Operators", world.principal("eve"))).await;
    assert!(matches!(refused, Err(Error::NotAllowed(_))), "{refused:?}");
    let taken = assignment::remove(&world.app, &world.actor("bob").await, member, &reason()).await;
    assert!(matches!(taken, Err(Error::NotAllowed(_))), "{taken:?}");
    let owner = role_in(&world, "Operators", world.principal("eve"), RoleId::OWNER);
    assert!(assign(&world, "bob", &owner).await.is_err());
    // Through another group it is the same.
    world.give("active", "bob", "Owner", world.scope_id("Outer")).await;
    world.assign("active", world.principal("Outer"), (RoleId::MEMBER, scope), (None, None)).await;
    let refused = assign(&world, "bob", &membership(&world, "Outer", world.principal("eve"))).await;
    assert!(matches!(refused, Err(Error::NotAllowed(_))), "{refused:?}");
    // Whoever may assign at that place may.
    world.give("active", "bob", "Privileged Role Administrator", finance).await;
    assign(&world, "bob", &membership(&world, "Operators", world.principal("eve"))).await.unwrap();
}

#[tokio::test]
async fn nobody_widens_their_own_reach_alone_by_a_group() {
    let world = world().await;
    world.people(["pra"]).await;
    world.active("pra", "Privileged Role Administrator").await;
    world.group("Mine", &["pra"]).await;
    world.group("Powerful", &[]).await;
    world.give("eligible", "Powerful", ROLE, ScopeId::ROOT).await;
    // A role for a group that one belongs to.
    let wanted = Assign {
        principals: vec![world.principal("Mine")],
        role: world.role_id(ROLE),
        scope: ScopeId::ROOT,
        kind: AssignmentKind::Eligible,
        starts_at: None,
        ends_at: None,
        justification: reason(),
    };
    asks(&world, "pra", &wanted).await;
    // A group of one's own in a group that carries something.
    asks(&world, "pra", &membership(&world, "Powerful", world.principal("Mine"))).await;
    // Owning, by oneself or by a second account.
    world.second_account("pra-two", "pra").await;
    for name in ["pra", "pra-two"] {
        let own = role_in(&world, "Powerful", world.principal(name), RoleId::OWNER);
        asks(&world, "pra", &own).await;
    }
    // Somebody else who gains nothing by it may.
    assign(&world, "root", &wanted).await.unwrap();
}

#[tokio::test]
async fn the_last_owner_of_a_group_stays() {
    let world = world().await;
    world.group("Operators", &[]).await;
    let scope = world.scope_id("Operators");
    let ada = world.give("active", "ada", "Owner", scope).await;
    let root = world.actor("root").await;
    let gone = assignment::remove(&world.app, &root, ada, &reason()).await;
    assert!(matches!(gone, Err(Error::Conflict(_))), "{gone:?}");
    let (end, why) = (world.now().await + HOUR, reason());
    let dated = assignment::update(&world.app, &root, ada, until(Some(end), &why)).await;
    assert!(matches!(dated, Err(Error::Conflict(_))), "{dated:?}");
    world.give("active", "bob", "Owner", scope).await;
    assignment::remove(&world.app, &root, ada, &reason()).await.unwrap();
}

#[tokio::test]
async fn an_application_is_never_eligible() {
    let world = world().await;
    world.application("backup", "bob").await;
    let wanted = |kind| Assign {
        principals: vec![world.principal("backup")],
        role: world.role_id(ROLE),
        scope: ScopeId::ROOT,
        kind,
        starts_at: None,
        ends_at: None,
        justification: reason(),
    };
    let refused = assign(&world, "root", &wanted(AssignmentKind::Eligible)).await;
    assert!(matches!(refused, Err(Error::Invalid(_))), "{refused:?}");
    assign(&world, "root", &wanted(AssignmentKind::Active)).await.unwrap();
}

#[tokio::test]
async fn approvers_are_found_through_groups_in_groups() {
    let world = world().await;
    world.group("Inner", &["bob", "eve"]).await;
    let outer = world.group("Outer", &[]).await;
    world
        .assign(
            "active",
            world.principal("Inner"),
            (RoleId::MEMBER, world.scope_id("Outer")),
            (None, None),
        )
        .await;
    world
        .role("Approved", |terms| {
            terms.activation.requires_approval = true;
            terms.activation.stages = approved_by([outer]);
        })
        .await;
    world.eligible("ada", "Approved").await;
    let request = world.activate("ada", "Approved", HOUR).await.unwrap().request;
    world.approve("eve", request).await.unwrap();
    assert!(world.holds("ada", "Approved").await);
}

#[tokio::test]
async fn whoever_owns_a_protected_group_is_protected_too() {
    let world = world().await;
    world.people(["helpdesk"]).await;
    world.active("helpdesk", "User Administrator").await;
    world.group("Operators", &[]).await;
    world.give("active", "bob", "Owner", world.scope_id("Operators")).await;
    world.give("eligible", "eve", "Member", world.scope_id("Operators")).await;
    let helpdesk = world.actor("helpdesk").await;
    let reset = latchkey::service::person::recovery_link;
    reset(&world.app, &helpdesk, world.principal("bob")).await.unwrap();
    world.give("eligible", "Operators", ROLE, ScopeId::ROOT).await;
    for name in ["bob", "eve"] {
        let refused = reset(&world.app, &helpdesk, world.principal(name)).await;
        assert!(matches!(refused, Err(Error::Forbidden(_))), "{refused:?}");
    }
}
