//! That somebody is left who can get in when nothing else works, and somebody who can say yes: told where it is missing, and
//! refused where a change would end it.
use latchkey::{
    domain::{
        assignment::AssignmentKind,
        id::{AssignmentId, PrincipalId, RoleId, ScopeId},
        permission::Permissions,
        role::{Definition, ScopeKind},
        settings::Authentication,
        survivability::Problem,
        text::{Description, Name},
        time::Duration,
    },
    error::Error,
    service::{
        activation::Reasons,
        assignment::{self, Assign},
        group,
        inventory::conversion,
        lockout, person, posture, role, scope,
        settings::{self, Save},
    },
};

use serde_json::json;

use crate::support::{World, approved_by, done, http::EVERY_SCOPE, reason, until, waits};

impl World {
    /// Makes somebody's account one that is kept for emergencies, and ready for them. Gives back the assignment.
    async fn emergency_account(&self, name: &str) -> AssignmentId {
        self.person(name).await;
        self.enrol(name).await;
        let mut change = self.owner.begin().await.unwrap();
        for sql in [
            "insert into audit_events (id, at, kind, outcome, actor_kind, actor_name, target_id, detail)
             values (gen_random_uuid(), instant(), 'person.changed', 'success', 'operator', 'A test', $1, '{}')",
            "update principals set break_glass = true where id = $1",
        ] {
            sqlx::query(sql).bind(self.principal(name)).execute(&mut *change).await.unwrap();
        }
        change.commit().await.unwrap();
        self.active(name, "Global Administrator").await
    }

    async fn problems(&self, by: &str) -> Vec<&'static str> {
        let posture = posture::show(&self.app, &self.actor(by).await).await.unwrap();
        posture.problems.iter().map(Problem::name).collect()
    }

    async fn disable(&self, by: &str, name: &str) -> Result<(), Error> {
        let actor = self.actor(by).await;
        person::disable(&self.app, &actor, self.principal(name), &reason()).await
    }
}

/// Root administers; two emergency accounts are ready; two people approve.
async fn world() -> World {
    let world = World::new().await;
    world.people(["ada", "bob", "eve", "root"]).await;
    world.active("root", "Global Administrator").await;
    world.emergency_account("glass-1").await;
    world.emergency_account("glass-2").await;
    world
}

async fn approved(world: &World, approvers: &[PrincipalId]) {
    world
        .role("Approved", |terms| {
            terms.activation.requires_approval = true;
            terms.activation.stages = approved_by(approvers.iter().copied());
        })
        .await;
}

fn conflict<T: std::fmt::Debug>(outcome: Result<T, Error>, says: &str) {
    match outcome {
        Err(Error::Conflict(why)) if why.contains(says) => {}
        other => panic!("a refusal that says {says:?} was expected: {other:?}"),
    }
}

#[tokio::test]
async fn the_last_two_people_who_are_ready_for_an_emergency_stay() {
    let world = world().await;
    assert_eq!(world.problems("root").await, [""; 0]);
    let root = world.actor("root").await;
    let glass = world.assignment_of("glass-1", "Global Administrator", ScopeId::ROOT).await;
    conflict(world.disable("root", "glass-1").await, "emergency");
    let why = reason();
    conflict(assignment::remove(&world.app, &root, glass, &why).await, "emergency");
    let end = Some(world.now().await + Duration::days(30));
    conflict(assignment::update(&world.app, &root, glass, until(end, &why)).await, "emergency");
    let eligible = AssignmentKind::Eligible;
    conflict(
        assignment::convert(&world.app, &root, glass, eligible, &why, None).await,
        "emergency",
    );
    // Nor step by step.
    let code = world.fresh_code("root").await;
    let begun = conversion::start(&world.app, &root, &[glass], &why, Some(&code)).await.unwrap();
    let [conversion::Begun { outcome: Ok(converted), .. }] = begun.as_slice() else {
        panic!("{begun:?}")
    };
    let reasons = Reasons { justification: reason(), ..Reasons::default() };
    let (holder, code) = (world.actor("glass-1").await, world.fresh_code("glass-1").await);
    let (app, hour) = (&world.app, Duration::hours(1));
    conversion::rehearse(app, &holder, *converted, hour, &reasons, Some(&code)).await.unwrap();
    conflict(conversion::finish(app, &root, *converted, &why).await, "emergency");
    world.emergency_account("glass-3").await;
    conversion::finish(app, &root, *converted, &why).await.unwrap();
    world.check_invariants().await;
}

#[tokio::test]
async fn an_emergency_account_in_the_wrong_hands_is_shut_out_at_once_all_the_same() {
    let world = world().await;
    let (root, glass) = (world.actor("root").await, world.principal("glass-1"));
    lockout::require_new_factors(&world.app, &root, glass, &reason()).await.unwrap();
    assert_eq!(world.problems("root").await, ["few_ready_for_emergencies"]);
    // What is worse already does not keep anybody from anything else.
    world.disable("root", "ada").await.unwrap();
    world.check_invariants().await;
}

#[tokio::test]
async fn an_emergency_account_without_factors_or_without_the_role_is_not_ready() {
    let world = World::new().await;
    world.people(["root", "glass"]).await;
    world.active("root", "Global Administrator").await;
    let told = ["few_ready_for_emergencies", "one_administrator"];
    assert_eq!(world.problems("root").await, told);
    world.emergency_account("glass-1").await;
    assert_eq!(world.problems("root").await, ["few_ready_for_emergencies"]);
    world.emergency_account("glass-2").await;
    assert_eq!(world.problems("root").await, [""; 0]);
    world
        .execute(
            "begin;
             insert into audit_events (id, at, kind, outcome, actor_kind, actor_name, target_id, detail)
             select gen_random_uuid(), instant(), 'authenticator.disabled', 'success', 'system', 'A test', id, '{}'
             from totp_credentials;
             update totp_credentials set disabled_at = instant();
             commit",
        )
        .await;
    assert_eq!(world.problems("root").await, ["few_ready_for_emergencies"]);
}

#[tokio::test]
async fn the_last_one_who_can_approve_a_role_stays() {
    let world = world().await;
    approved(&world, &[world.principal("ada"), world.principal("bob")]).await;
    world.disable("root", "ada").await.unwrap();
    assert_eq!(world.problems("root").await, ["one_approves"]);
    conflict(world.disable("root", "bob").await, "nobody who can approve Approved");
    let enable = person::enable;
    let ada = world.principal("ada");
    enable(&world.app, &world.actor("root").await, ada, &reason()).await.unwrap();
    world.disable("root", "bob").await.unwrap();
}

#[tokio::test]
async fn a_group_of_approvers_is_not_emptied_or_retired_while_a_role_needs_it() {
    let world = world().await;
    let inner = world.group("Inner", &["ada", "bob"]).await;
    let outer = world.group("Outer", &[]).await;
    let nested = world.give("active", "Inner", "Member", world.scope_id("Outer")).await;
    approved(&world, &[outer]).await;
    assert_eq!(world.problems("root").await, [""; 0]);
    let (root, why) = (world.actor("root").await, reason());
    group::remove(&world.app, &root, inner, world.principal("ada"), &why).await.unwrap();
    let last = group::remove(&world.app, &root, inner, world.principal("bob"), &why).await;
    conflict(last, "nobody who can approve Approved");
    conflict(assignment::remove(&world.app, &root, nested, &why).await, "nobody who can approve");
    for name in ["Inner", "Outer"] {
        let place = world.scope_id(name);
        conflict(scope::retire(&world.app, &root, place, &why).await, "nobody who can approve");
    }
    let (role, shown) = (world.role_id("Approved"), world.now().await);
    let current = settings::show(&world.app, &root, role, ScopeId::ROOT).await.unwrap().current;
    let mut next = current.settings;
    next.activation.requires_approval = true;
    next.activation.stages = approved_by([world.principal("ada"), world.principal("eve")]);
    world.settings("Approved", |terms| *terms = next).await;
    scope::retire(&world.app, &root, world.scope_id("Outer"), &why).await.unwrap();
    assert_eq!(world.now().await, shown);
    world.check_invariants().await;
}

#[tokio::test]
async fn terms_that_nobody_could_approve_are_not_saved_and_groups_in_groups_count() {
    let world = world().await;
    world.role("Operator", |_| ()).await;
    world.group("Inner", &["ada", "bob"]).await;
    let outer = world.group("Outer", &[]).await;
    let empty = world.group("Empty", &[]).await;
    world.give("active", "Inner", "Member", world.scope_id("Outer")).await;
    let (root, role) = (world.actor("root").await, world.role_id("Operator"));
    let save = async |approvers: PrincipalId| {
        let shown = settings::show(&world.app, &root, role, ScopeId::ROOT).await.unwrap().current;
        let mut next = shown.settings;
        next.activation.requires_approval = true;
        next.activation.stages = approved_by([approvers]);
        let save = Save::whole(role, &next, shown.number, &reason());
        settings::save(&world.app, &root, &save).await
    };
    let refused = save(empty).await;
    assert!(matches!(refused, Err(Error::Invalid(_))), "{refused:?}");
    save(outer).await.unwrap();
}

#[tokio::test]
async fn of_two_who_take_the_last_two_away_at_once_one_is_refused() {
    let world = world().await;
    world.emergency_account("glass-3").await;
    world.people(["second"]).await;
    world.active("second", "Global Administrator").await;
    let (one, other) =
        tokio::join!(world.disable("root", "glass-1"), world.disable("second", "glass-2"),);
    let refused = [one, other].into_iter().filter(Result::is_err).count();
    assert_eq!(refused, 1);
    assert_eq!(world.problems("root").await, [""; 0]);
}

#[tokio::test]
async fn what_waits_is_counted_for_those_who_may_see_requests() {
    let world = world().await;
    let root = world.actor("root").await;
    let reader = Definition {
        name: Name::parse("Role reader").unwrap(),
        description: Description::default(),
        privileged: false,
        scope_kinds: vec![ScopeKind::Organization],
        permissions: Permissions::from(vec!["roles.read".to_owned()]),
    };
    let given = Assign {
        principals: vec![world.principal("eve")],
        role: role::create(&world.app, &root, &reader).await.unwrap(),
        scope: ScopeId::ROOT,
        kind: AssignmentKind::Active,
        starts_at: None,
        ends_at: Some(world.now().await + Duration::days(1)),
        justification: reason(),
    };
    for assigned in assignment::assign(&world.app, &root, &given, None).await.unwrap() {
        done(assigned.outcome).unwrap();
    }
    world.role("Guarded", |terms| terms.activation.authentication = Authentication::Mfa).await;
    let told = settings::show(&world.app, &root, world.role_id("Guarded"), ScopeId::ROOT).await;
    let current = told.unwrap().current;
    let mut weaker = current.settings;
    weaker.activation.authentication = Authentication::None;
    let save = Save::whole(world.role_id("Guarded"), &weaker, current.number, &reason());
    waits(settings::save(&world.app, &root, &save).await);
    let told = async |name: &str| {
        let token = world.access_token(name, &EVERY_SCOPE).await;
        let told = world.ask_api("get", "/v1/overview", &token, None).await.json();
        (told["changes"].clone(), told["oldest_change"].is_null())
    };
    assert_eq!(told("root").await, (json!(1), false));
    assert_eq!(told("eve").await, (json!(null), true));
}

#[tokio::test]
async fn the_overview_counts_what_its_reader_may_see() {
    let world = world().await;
    world.people(["fin"]).await;
    let finance = world.scope("Finance", ScopeId::ROOT, "folder").await;
    world.give("active", "fin", "Privileged Role Administrator", finance).await;
    world.role("Operator", |_| ()).await;
    approved(&world, &[world.principal("bob"), world.principal("eve")]).await;
    world.eligible("ada", "Approved").await;
    let asked = world.activate("ada", "Approved", Duration::hours(1)).await.unwrap();
    world.give("eligible", "ada", "Operator", finance).await;
    world.activate("ada", "Operator", Duration::hours(1)).await.unwrap();
    world.eligible_for("bob", "Operator", Duration::days(3)).await;
    world.advance(Duration::minutes(20)).await;

    let all = posture::show(&world.app, &world.actor("root").await).await.unwrap();
    // Root, two emergency accounts, and the one who looks after Finance.
    assert_eq!((all.counts.standing, all.counts.active, all.counts.pending), (4, 1, 1));
    assert_eq!(all.counts.expiring, 1);
    assert!(all.counts.oldest_pending.is_some());
    assert_eq!(all.active[0].name, "ada");
    let part = posture::show(&world.app, &world.actor("fin").await).await.unwrap();
    assert_eq!((part.counts.standing, part.counts.active, part.counts.pending), (1, 1, 0));
    assert!(!part.everywhere);
    let nobody = posture::show(&world.app, &world.actor("ada").await).await;
    assert!(matches!(nobody, Err(Error::Forbidden(_))), "{nobody:?}");
    world.approve("bob", asked.request).await.unwrap();
    let all = posture::show(&world.app, &world.actor("root").await).await.unwrap();
    assert_eq!((all.counts.active, all.counts.pending), (2, 0));

    let root = world.actor("root").await;
    let standing = posture::holders(&world.app, &root, false, None).await.unwrap();
    assert_eq!(standing.len(), 4);
    assert!(standing.iter().all(|held| held.privileged));
    let last = standing.last().map(|held| (held.starts_at, held.assignment));
    assert!(posture::holders(&world.app, &root, false, last).await.unwrap().is_empty());
    assert_ne!(standing[0].role, RoleId::MEMBER);
}
