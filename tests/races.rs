//! Sixteen people at once on few accounts and roles, and afterwards every promise still holds.
use std::sync::{
    Mutex,
    atomic::{AtomicU64, Ordering},
};

use latchkey::{
    domain::{
        actor::Actor,
        assignment::AssignmentKind,
        id::{AssignmentId, RequestId, ScopeId},
        request::Verdict,
        role::ScopeKind,
        settings::{Authentication, Settings},
        time::Duration,
    },
    error::Error,
    service::{
        activation::{self, Reasons, Wish},
        approval::{self, Answer},
        assignment::{self, Assign},
        due, lockout, person, request, role, scope, settings,
    },
};

use crate::support::{World, approved_by, reason, until};

const ACTORS: u64 = 16;
const STEPS: u64 = 40;
const PEOPLE: [&str; 5] = ["ada", "ada-admin", "bob", "eve", "root"];
const ROLES: [&str; 3] = ["Database operator", "Backup operator", "Firewall operator"];

/// Numbers that look like chance and are the same in every run.
struct Chance(u64);

impl Chance {
    fn below(&mut self, bound: usize) -> usize {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % bound
    }

    fn of<'a, T: ?Sized>(&mut self, all: &[&'a T]) -> &'a T {
        all[self.below(all.len())]
    }

    fn duration(&mut self) -> Duration {
        Duration::minutes(5 + 10 * u32::try_from(self.below(12)).unwrap())
    }
}

/// What came of all steps.
#[derive(Default)]
struct Tally {
    done: AtomicU64,
    refused: AtomicU64,
    deadlocks: Mutex<Vec<String>>,
}

impl Tally {
    /// A step may do what it wants to, or be refused for a reason; nothing else may come of it.
    fn count<T: std::fmt::Debug>(&self, what: &str, outcome: Result<T, Error>) {
        match outcome {
            Ok(_) => {
                self.done.fetch_add(1, Ordering::Relaxed);
            }
            Err(Error::Database(error)) => {
                let code = error
                    .as_database_error()
                    .and_then(|error| error.code().map(std::borrow::Cow::into_owned));
                assert!(
                    matches!(code.as_deref(), Some("40P01" | "40001" | "55P03")),
                    "{what}: {error:?}"
                );
                self.deadlocks.lock().unwrap().push(format!("{what}: {error:?}"));
            }
            Err(error @ (Error::Inconsistent { .. } | Error::Internal(_))) => {
                panic!("{what}: {error:?}")
            }
            Err(_) => {
                self.refused.fetch_add(1, Ordering::Relaxed);
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_sixteen_people_do_at_once_the_promises_hold() {
    let world = world().await;
    let tally = Tally::default();
    let everybody = (0..ACTORS).map(|number| act(&world, &tally, Chance(number * 7919 + 1)));
    futures_util::future::join_all(everybody).await;
    world.check_invariants().await;
    let (done, deadlocks) = (tally.done.into_inner(), tally.deadlocks.into_inner().unwrap());
    assert!(
        done > ACTORS * STEPS / 4,
        "much was done, not only refused: {done} of {}",
        ACTORS * STEPS
    );
    assert_eq!(deadlocks, Vec::<String>::new(), "locks are taken in one order");

    // A while later nothing is left over.
    world.advance(Duration::days(40)).await;
    world.run_due().await;
    world.check_invariants().await;
    let left = world
        .count("select (select count(*) from requests where state in ('pending', 'scheduled'))
                + (select count(*) from assignments where ended_at is null and ends_at <= instant())")
        .await;
    assert_eq!(left, 0);
}

async fn world() -> World {
    let world = World::new().await;
    world.people(["ada", "bob", "eve", "root", "rescue"]).await;
    world.second_account("ada-admin", "ada").await;
    world.active("root", "Global Administrator").await;
    world.active("rescue", "Global Administrator").await;
    let approvers = world.group("Approvers", &["ada", "bob", "eve"]).await;
    world.role(ROLES[0], |_| ()).await;
    world
        .role(ROLES[1], |terms| {
            terms.activation.requires_approval = true;
            terms.activation.stages = approved_by([approvers]);
        })
        .await;
    world.role(ROLES[2], |terms| terms.activation.authentication = Authentication::Mfa).await;
    for name in ["ada", "ada-admin", "bob", "eve"] {
        for role in ROLES {
            world.eligible_for(name, role, Duration::days(20)).await;
        }
    }
    // Everybody's authenticator is there before the race begins.
    for name in PEOPLE {
        world.fresh_code(name).await;
    }
    world
}

#[tokio::test]
async fn an_activation_that_must_give_way_to_another_transaction_is_made_all_the_same() {
    let world = World::new().await;
    world.person("ada").await;
    world.role(ROLES[0], |_| ()).await;
    let eligibility = world.eligible("ada", ROLES[0]).await;
    let mut other = world.owner.begin().await.unwrap();
    // It waits patiently, so that the database chooses the activation to give way.
    sqlx::query("set local deadlock_timeout = '1min'").execute(&mut *other).await.unwrap();
    sqlx::query("select from assignments where id = $1 for update")
        .bind(eligibility)
        .execute(&mut *other)
        .await
        .unwrap();
    let crossed = async {
        world.until_somebody_waits_for_a_lock().await;
        sqlx::query("select from principals where id = $1 for update")
            .bind(world.principal("ada"))
            .execute(&mut *other)
            .await
            .unwrap();
        other.commit().await.unwrap();
    };
    let (activated, ()) =
        tokio::join!(world.activate("ada", ROLES[0], Duration::hours(1)), crossed);
    activated.unwrap();
    assert!(world.holds("ada", ROLES[0]).await);
    world.check_invariants().await;
}

/// One of the sixteen: does this and that, in an order of its own.
async fn act(world: &World, tally: &Tally, mut chance: Chance) {
    for _ in 0..STEPS {
        let name = chance.of(&PEOPLE);
        // Whoever is disabled at this moment does nothing.
        let Some(actor) = world.try_actor(name).await else { continue };
        match chance.below(20) {
            0..=4 => ask(world, tally, &mut chance, name, &actor).await,
            5..=8 => decide(world, tally, &mut chance, name, &actor).await,
            9 => cancel(world, tally, &mut chance, &actor).await,
            10..=11 => finish(world, tally, &mut chance, &actor).await,
            12..=13 => tally.count("due", due::run(&world.app).await),
            14 => {
                world
                    .advance_seconds(60 * i64::from(u32::try_from(chance.below(90)).unwrap()))
                    .await;
            }
            _ => administer(world, tally, &mut chance).await,
        }
    }
}

async fn ask(world: &World, tally: &Tally, chance: &mut Chance, name: &str, actor: &Actor) {
    let role = chance.of(&ROLES);
    let Some(eligibility) = any::<AssignmentId>(world, chance, ELIGIBLE).await else { return };
    let own = world.eligibility_or_none(name, role).await;
    let wish = Wish {
        chosen: activation::Chosen::whole(own.unwrap_or(eligibility)),
        duration: chance.duration(),
    };
    let later = chance.below(3) == 0;
    let starts_at = if later { Some(world.now().await + chance.duration()) } else { None };
    let reasons = Reasons { starts_at, ..Reasons::default() };
    let code = world.fresh_code(name).await;
    match activation::activate(&world.app, actor, &[wish], &reasons, Some(&code)).await {
        Ok(fulfilled) => {
            for fulfilment in fulfilled {
                tally.count("activate", fulfilment.outcome);
            }
        }
        Err(error) => tally.count::<()>("activate", Err(error)),
    }
}

async fn decide(world: &World, tally: &Tally, chance: &mut Chance, name: &str, actor: &Actor) {
    let Some(request) =
        any::<RequestId>(world, chance, "select id from requests order by created_at desc limit 6")
            .await
    else {
        return;
    };
    let verdict = if chance.below(4) == 0 { Verdict::Deny } else { Verdict::Approve };
    let granted = (chance.below(3) == 0).then_some(Duration::minutes(5));
    let answer = Answer { verdict, granted, justification: reason() };
    let code = world.fresh_code(name).await;
    tally.count("decide", approval::decide(&world.app, actor, request, &answer, &code).await);
}

async fn cancel(world: &World, tally: &Tally, chance: &mut Chance, actor: &Actor) {
    let open = "select id from requests where state in ('pending', 'scheduled')";
    if let Some(request) = any::<RequestId>(world, chance, open).await {
        tally.count("cancel", request::cancel(&world.app, actor, request).await);
    }
}

async fn finish(world: &World, tally: &Tally, chance: &mut Chance, actor: &Actor) {
    let running =
        "select id from assignments where origin = 'activated' order by created_at desc limit 6";
    let Some(id) = any::<AssignmentId>(world, chance, running).await else { return };
    if chance.below(2) == 0 {
        tally.count("deactivate", activation::deactivate(&world.app, actor, id).await);
    } else {
        let wanted = chance.duration();
        let outcome =
            activation::extend(&world.app, actor, id, wanted, &Reasons::default(), None).await;
        tally.count("extend", outcome);
    }
}

async fn administer(world: &World, tally: &Tally, chance: &mut Chance) {
    let root = world.actor("rescue").await;
    let end = world.now().await + Duration::days(1 + u32::try_from(chance.below(20)).unwrap());
    let name = chance.of(&["ada", "ada-admin", "bob", "eve"]);
    match chance.below(8) {
        0 => {
            let id = any::<AssignmentId>(world, chance, ELIGIBLE).await;
            if let Some(id) = id {
                tally.count("remove", assignment::remove(&world.app, &root, id, &reason()).await);
            }
        }
        1..=3 => {
            let wanted = Assign {
                principals: vec![world.principal(name)],
                role: world.role_id(chance.of(&ROLES)),
                scope: ScopeId::ROOT,
                kind: if chance.below(6) == 0 {
                    AssignmentKind::Active
                } else {
                    AssignmentKind::Eligible
                },
                starts_at: None,
                ends_at: Some(end),
                justification: reason(),
            };
            for assigned in assignment::assign(&world.app, &root, &wanted, None).await.unwrap() {
                tally.count("assign", assigned.outcome);
            }
        }
        4 => {
            if let Some(id) = any::<AssignmentId>(world, chance, ELIGIBLE).await {
                let outcome =
                    assignment::update(&world.app, &root, id, until(Some(end), &reason())).await;
                tally.count("update", outcome);
            }
        }
        5 => {
            if let Some(id) = any::<AssignmentId>(world, chance, ASSIGNED).await {
                let to = if chance.below(2) == 0 {
                    AssignmentKind::Active
                } else {
                    AssignmentKind::Eligible
                };
                tally.count(
                    "convert",
                    assignment::convert(&world.app, &root, id, to, &reason(), None).await,
                );
            }
        }
        6 => write_terms(world, tally, chance, &root).await,
        _ => {
            let principal = world.principal(name);
            tally.count("disable", person::disable(&world.app, &root, principal, &reason()).await);
            tally.count("enable", person::enable(&world.app, &root, principal, &reason()).await);
        }
    }
}

async fn write_terms(world: &World, tally: &Tally, chance: &mut Chance, root: &Actor) {
    let role = world.role_id(chance.of(&ROLES));
    let shown = settings::show(&world.app, root, role, ScopeId::ROOT).await.unwrap().current;
    let mut terms: Settings = shown.settings;
    terms.activation.maximum = chance.duration();
    if chance.below(4) == 0 {
        terms.activation.authentication =
            if chance.below(2) == 0 { Authentication::Mfa } else { Authentication::None };
    }
    let save = settings::Save::whole(role, &terms, shown.number, &reason());
    let outcome = settings::save(&world.app, root, &save).await;
    tally.count("save", outcome);
}

const ELIGIBLE: &str = "select id from assignments where kind = 'eligible' and ended_at is null";
const ASSIGNED: &str = "select assignments.id from assignments join roles on roles.id = role_id
    where origin = 'assigned' and ended_at is null and not built_in";

/// One of the rows that the question finds.
async fn any<Id>(world: &World, chance: &mut Chance, question: &'static str) -> Option<Id>
where
    Id: Copy + Send + Unpin + sqlx::Type<sqlx::Postgres> + for<'r> sqlx::Decode<'r, sqlx::Postgres>,
{
    let all: Vec<Id> = sqlx::query_scalar(question).fetch_all(&world.owner).await.unwrap();
    (!all.is_empty()).then(|| all[chance.below(all.len())])
}

#[tokio::test]
async fn nothing_ends_later_than_what_it_rested_on() {
    let world = World::new().await;
    world.people(["ada", "root"]).await;
    world.active("root", "Global Administrator").await;
    let root = world.actor("root").await;
    let (place, why) = (world.scope("Sales", ScopeId::ROOT, "system").await, reason());
    for name in ROLES {
        world.role(name, |_| ()).await;
    }
    let own = world.eligible("ada", ROLES[0]).await;
    let there = world.give("eligible", "ada", ROLES[1], place).await;
    world.group("Operators", &[]).await;
    let belonging = world.give("active", "ada", "Member", world.scope_id("Operators")).await;
    let of_the_group = world.eligible("Operators", ROLES[2]).await;

    let remove = Box::pin(assignment::remove(&world.app, &root, own, &why));
    while_ada_ends(&world, own, remove).await;
    let retire = Box::pin(scope::retire(&world.app, &root, place, &why));
    while_ada_ends(&world, there, retire).await;
    let leave = Box::pin(assignment::remove(&world.app, &root, belonging, &why));
    while_ada_ends(&world, of_the_group, leave).await;
    world.give("active", "ada", "Member", world.scope_id("Operators")).await;
    let operator = world.role_id(ROLES[2]);
    let retire = Box::pin(role::retire(&world.app, &root, operator, &why));
    while_ada_ends(&world, of_the_group, retire).await;
}

#[tokio::test]
async fn nothing_ends_later_than_the_activated_membership_that_it_rested_on() {
    let world = World::new().await;
    world.people(["ada", "root"]).await;
    world.active("root", "Global Administrator").await;
    let (root, ada) = (world.actor("root").await, world.actor("ada").await);
    let (account, why) = (world.principal("ada"), reason());
    world.role(ROLES[0], |_| ()).await;
    world.settings("Member", |_| ()).await;
    world.group("Operators", &[]).await;
    let member = world.give("eligible", "ada", "Member", world.scope_id("Operators")).await;
    let of_the_group = world.eligible("Operators", ROLES[0]).await;

    let joined = activated(&world, member).await;
    let done = Box::pin(activation::deactivate(&world.app, &ada, joined));
    while_ada_ends(&world, of_the_group, done).await;
    activated(&world, member).await;
    let disable = Box::pin(person::disable(&world.app, &root, account, &why));
    while_ada_ends(&world, of_the_group, disable).await;
    person::enable(&world.app, &root, account, &why).await.unwrap();
    activated(&world, member).await;
    let all = Box::pin(lockout::end_access(&world.app, &root, account, &why));
    while_ada_ends(&world, of_the_group, all).await;
    activated(&world, member).await;
    let remove = Box::pin(assignment::remove(&world.app, &root, member, &why));
    while_ada_ends(&world, of_the_group, remove).await;
}

/// What Ada has activated by an eligibility.
async fn activated(world: &World, eligibility: AssignmentId) -> AssignmentId {
    let chosen = activation::Chosen::whole(eligibility);
    let wish = Wish { chosen, duration: Duration::hours(1) };
    let ada = world.actor("ada").await;
    world.ask(&ada, wish, &Reasons::default(), None).await.unwrap().assignment.unwrap()
}

/// Ada activates by an eligibility, and is done with it at the moment when somebody takes away what she could do so by: her end
/// is not yet committed when theirs begins, and is later.
async fn while_ada_ends<T>(
    world: &World,
    eligibility: AssignmentId,
    taken: impl Future<Output = Result<T, Error>>,
) {
    let activation = activated(world, eligibility).await;
    let mut hers = world.change().await;
    sqlx::query("select from assignments where id = $1 for update")
        .bind(activation)
        .execute(hers.connection())
        .await
        .unwrap();
    let done = async {
        world.until_somebody_waits_for_a_lock().await;
        world.advance(Duration::minutes(1)).await;
        sqlx::query(
            "update assignments set ended_at = instant(), end_reason = 'deactivated' where id = $1",
        )
        .bind(activation)
        .execute(hers.connection())
        .await
        .unwrap();
        hers.commit("activation.ended", "assignment_id", activation.0).await;
    };
    let (taken, ()) = tokio::join!(taken, done);
    taken.map(drop).unwrap();
    world.check_invariants().await;
}

#[tokio::test]
async fn what_is_ended_stays_ended_while_its_holder_asks_for_more_time() {
    let world = World::new().await;
    world.people(["ada", "root"]).await;
    world.active("root", "Global Administrator").await;
    world.role(ROLES[0], |_| ()).await;
    world.eligible("ada", ROLES[0]).await;
    let mut ended = 0;
    for round in 0..30 {
        world.activate("ada", ROLES[0], Duration::minutes(20)).await.unwrap();
        let running: AssignmentId = any(
            &world,
            &mut Chance(round),
            "select id from assignments where origin = 'activated' and ended_at is null",
        )
        .await
        .unwrap();
        let ada = world.actor("ada").await;
        let more = Reasons::default();
        let extend =
            activation::extend(&world.app, &ada, running, Duration::minutes(40), &more, None);
        let (extended, removed) = tokio::join!(extend, world.take_away("root", running));
        if removed.is_ok() {
            ended += 1;
            assert!(!world.holds("ada", ROLES[0]).await, "round {round}: {extended:?}");
        } else {
            extended.unwrap();
            let left = "select id from assignments where origin = 'activated' and ended_at is null";
            let left: AssignmentId = any(&world, &mut Chance(round), left).await.unwrap();
            world.deactivate("ada", left).await.unwrap();
        }
    }
    assert!(ended > 0, "both were tried");
    world.check_invariants().await;
}

#[tokio::test]
async fn nobody_is_given_what_goes_out_of_use_at_this_very_moment() {
    let world = World::new().await;
    world.people(["ada", "bob", "root", "deputy"]).await;
    for name in ["root", "deputy"] {
        world.active(name, "Global Administrator").await;
    }
    let (root, deputy) = (world.actor("root").await, world.actor("deputy").await);
    for round in 0..8 {
        let (role, place) = (format!("Role {round}"), format!("Place {round}"));
        let (narrowed, folder) = (format!("Narrowed {round}"), format!("Folder {round}"));
        let [id, other] = [world.role(&role, |_| ()).await, world.role(&narrowed, |_| ()).await];
        let place = world.scope(&place, ScopeId::ROOT, "system").await;
        let folder = world.scope(&folder, ScopeId::ROOT, "folder").await;
        let give = async |name: &str, role, scope| {
            let wanted = Assign {
                principals: vec![world.principal(name)],
                role,
                scope,
                kind: AssignmentKind::Eligible,
                starts_at: None,
                ends_at: Some(world.now().await + Duration::days(1)),
                justification: reason(),
            };
            assignment::assign(&world.app, &deputy, &wanted, None).await.map(drop)
        };
        let told = role::show(&world.app, &root, other).await.unwrap();
        let from = role::definition(&told).unwrap();
        let to = role::Definition { scope_kinds: vec![ScopeKind::System], ..from };
        let change = role::RoleChange { role: other, to, reason: reason() };
        let why = reason();
        let _ = tokio::join!(
            role::retire(&world.app, &root, id, &why),
            give("ada", id, folder),
            give("bob", id, place),
        );
        let _ = tokio::join!(
            role::change(&world.app, &root, &change),
            give("ada", other, folder),
            scope::retire(&world.app, &root, place, &why),
            give("bob", other, place),
        );
    }
    let left = world
        .count("select count(*) from assignments join roles on roles.id = role_id
            join scopes on scopes.id = scope_id
            where ended_at is null and (roles.retired_at is not null or scopes.retired_at is not null
                or scopes.kind <> all(scope_kinds))")
        .await;
    assert_eq!(left, 0);
    world.check_invariants().await;
}
