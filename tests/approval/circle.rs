//! Nobody comes by power through others who have theirs from them.
use latchkey::{
    domain::{
        approval::{Approver, Stage},
        id::{AssignmentId, RequestId, RoleId, ScopeId},
        request::RequestState,
        settings::Settings,
        time::Duration,
    },
    service::request,
};

use super::{HOUR, ROLE};
use crate::support::{World, approved_by, rules};

const APPROVER: &str = "Approver of the shop";
const CIRCLE: &str = "in_a_circle";

/// Ada may ask for a role that holders of another one approve. Carl holds that for good; bob, dora and ada may activate it, if ada,
/// eve or somebody who holds it agrees.
async fn world() -> World {
    let world = World::new().await;
    world.people(["ada", "bob", "carl", "dora", "eve", "root"]).await;
    world.active("root", "Global Administrator").await;
    world.role(APPROVER, |_| ()).await;
    let holders = vec![Approver::RoleHolders(world.role_id(APPROVER))];
    let named = ["ada", "eve"].map(|name| Approver::Principal(world.principal(name)));
    let asks = |terms: &mut Settings, approvers: Vec<Approver>| {
        terms.activation.requires_approval = true;
        let stage = Stage { requires_justification: false, ..Stage::of(approvers) };
        terms.activation.stages = vec![stage];
    };
    world.settings(APPROVER, |terms| asks(terms, [&named[..], &holders].concat())).await;
    world.role(ROLE, |terms| asks(terms, holders)).await;
    world.active("carl", APPROVER).await;
    for name in ["ada", "bob", "dora"] {
        world.eligible(name, APPROVER).await;
    }
    for name in ["ada", "bob"] {
        world.eligible(name, ROLE).await;
    }
    world
}

/// What somebody asks for, and who agrees.
async fn gets(world: &World, name: &str, role: &str, from: &str) -> RequestId {
    let request = world.activate(name, role, Duration::hours(4)).await.unwrap().request;
    world.approve(from, request).await.unwrap();
    assert_eq!(world.state(request).await, RequestState::Granted, "{name}: {role}");
    request
}

/// The page of a request, as somebody sees it.
async fn read(world: &World, name: &str, request: RequestId) -> String {
    let (_, session) = world.signed_in(name).await;
    let read = axum::http::Request::get(format!("/requests/{request}"))
        .header("cookie", format!("__Host-latchkey={}", &*session.reveal()))
        .body(axum::body::Body::empty());
    let answer = world.send(read.unwrap()).await;
    assert_eq!(answer.status, 200);
    String::from_utf8(answer.body.to_vec()).unwrap()
}

/// The names of those who may decide, and of those who would but for a circle.
async fn deciders(world: &World, request: RequestId) -> (Vec<String>, Vec<String>) {
    let detail = request::show(&world.app, &world.actor("ada").await, request).await.unwrap();
    let names = |of: Vec<request::Decider>| of.into_iter().map(|it| it.name).collect();
    (names(detail.deciders), names(detail.barred))
}

fn owned<const COUNT: usize>(names: [&str; COUNT]) -> Vec<String> {
    names.map(str::to_owned).to_vec()
}

#[tokio::test]
async fn among_a_hundred_thousand_assignments_who_may_decide_is_found_by_indexes() {
    let world = world().await;
    gets(&world, "bob", APPROVER, "eve").await;
    let request = world.activate("ada", ROLE, HOUR).await.unwrap().request;
    let mut change = world.owner.begin().await.unwrap();
    for sql in [
        "set local session_replication_role = replica",
        "insert into persons (id, display_name, email, email_folded, created_at)
         select gen_random_uuid(), 'Somebody', number || '@many.example', number || '@many.example', instant()
         from generate_series(1, 50000) as number",
        "insert into principals (id, kind, person_id, name, name_folded, created_at)
         select gen_random_uuid(), 'user', id, email, email, instant() from persons where email like '%@many.example'",
        // Each holds a role that they have held before.
        "insert into assignments (id, kind, origin, principal_id, role_id, scope_id, starts_at, ends_at, ended_at, end_reason,
             created_at, settings_id)
         select gen_random_uuid(), 'active', 'assigned', principals.id, terms.role_id, terms.scope_id, instant() - interval '2 days',
             'infinity', case when over then instant() - interval '1 day' end,
             case when over then 'removed' end::assignment_end, instant() - interval '2 days', terms.id
         from principals
         cross join (values (true), (false)) as times (over)
         cross join (
             select role_settings.* from role_settings join roles on roles.id = role_id
             where roles.name = 'Global Reader' limit 1
         ) as terms
         where principals.name like '%@many.example'",
    ] {
        sqlx::query(sql).execute(&mut *change).await.unwrap();
    }
    change.commit().await.unwrap();
    world.execute("vacuum analyze").await;
    let mut connection = world.owner.acquire().await.unwrap();
    let before = read_of_people_and_roles(&mut connection).await;
    let speakers: i64 =
        sqlx::query_scalar("select count(*) from speakers_in_the_open_stage($1, instant())")
            .bind(request)
            .fetch_one(&mut *connection)
            .await
            .unwrap();
    let read = read_of_people_and_roles(&mut connection).await - before;
    assert_eq!(speakers, 2, "bob and carl");
    assert!((1..1000).contains(&read), "{read} rows and entries were read");
}

/// How many rows of accounts and of what they hold have been read so far, and how many entries of their indexes.
async fn read_of_people_and_roles(connection: &mut sqlx::PgConnection) -> i64 {
    sqlx::query("select pg_stat_force_next_flush()").execute(&mut *connection).await.unwrap();
    sqlx::query_scalar(
        "select (
             (select sum(seq_tup_read) from pg_stat_user_tables where relname = any (tables))
             + (select sum(idx_tup_read) from pg_stat_user_indexes where relname = any (tables))
         )::bigint
         from (select array['assignments', 'persons', 'principals', 'requests', 'decisions'] as tables) as looked_at",
    )
    .fetch_one(connection)
    .await
    .unwrap()
}

#[tokio::test]
async fn nobody_decides_by_an_activation_that_whoever_asks_agreed_to() {
    let world = world().await;
    gets(&world, "bob", APPROVER, "ada").await;
    let request = world.activate("ada", ROLE, HOUR).await.unwrap().request;
    assert_eq!(deciders(&world, request).await, (owned(["carl"]), owned(["bob"])));
    assert_eq!(rules(world.approve("bob", request).await), [CIRCLE]);
    assert_eq!(rules(world.deny("bob", request).await), [CIRCLE]);
    assert_eq!(world.state(request).await, RequestState::Pending);
    // Both are told why, on the page and by the API.
    let page = read(&world, "bob", request).await;
    assert!(page.contains("Somebody else has to decide."), "{page}");
    assert!(page.contains("Not bob: ada agreed to the activation"), "{page}");
    let token = world.access_token("ada", &["read"]).await;
    let told = world.ask_api("get", &format!("/v1/requests/{request}"), &token, None).await.json();
    assert_eq!(told["barred"][0]["name"], "bob");
    // Nor does somebody who stands in for bob.
    world.stands_in("dora", "bob", world.now().await, Duration::days(1)).await;
    assert_eq!(rules(world.approve("dora", request).await), [CIRCLE]);
    world.approve("carl", request).await.unwrap();
    assert_eq!(world.state(request).await, RequestState::Granted);
    world.check_invariants().await;
}

#[tokio::test]
async fn whoever_has_the_right_from_somebody_else_decides() {
    let world = world().await;
    gets(&world, "bob", APPROVER, "eve").await;
    let request = world.activate("ada", ROLE, HOUR).await.unwrap().request;
    assert_eq!(deciders(&world, request).await, (owned(["bob", "carl"]), Vec::new()));
    world.approve("bob", request).await.unwrap();
    // What ada agreed to in bob's hands is no reason when somebody else asks.
    world.eligible("eve", ROLE).await;
    world.deactivate("bob", activation(&world, "bob", APPROVER).await).await.unwrap();
    gets(&world, "bob", APPROVER, "ada").await;
    gets(&world, "eve", ROLE, "bob").await;
    world.check_invariants().await;
}

async fn activation(world: &World, name: &str, role: &str) -> AssignmentId {
    sqlx::query_scalar(
        "select id from assignments
         where principal_id = $1 and role_id = $2 and origin = 'activated' and ended_at is null",
    )
    .bind(world.principal(name))
    .bind(world.role_id(role))
    .fetch_one(&world.owner)
    .await
    .unwrap()
}

#[tokio::test]
async fn three_in_a_circle_are_found_out() {
    let world = world().await;
    gets(&world, "bob", APPROVER, "ada").await;
    gets(&world, "dora", APPROVER, "bob").await;
    // What bob had from ada is over; what dora has by it is not.
    world.deactivate("bob", activation(&world, "bob", APPROVER).await).await.unwrap();
    let request = world.activate("ada", ROLE, HOUR).await.unwrap().request;
    assert_eq!(deciders(&world, request).await, (owned(["carl"]), owned(["dora"])));
    assert_eq!(rules(world.approve("dora", request).await), [CIRCLE]);
    // Dora's right goes back to bob as well.
    let request = world.activate("bob", ROLE, HOUR).await.unwrap().request;
    assert_eq!(rules(world.approve("dora", request).await), [CIRCLE]);
    world.check_invariants().await;
}

#[tokio::test]
async fn a_membership_that_whoever_asks_agreed_to_is_no_other_way() {
    let world = world().await;
    let duty = world.group("Duty", &["carl", "eve"]).await;
    let place = world.scope_id("Duty");
    let agreed_by_ada = approved_by([world.principal("ada"), world.principal("eve")]);
    world
        .settings("Member", |terms| {
            terms.activation.requires_approval = true;
            terms.activation.stages = agreed_by_ada;
        })
        .await;
    world.give("eligible", "bob", "Member", place).await;
    let asks_of =
        |approver: Approver| Stage { requires_justification: false, ..Stage::of([approver]) };
    let holders = Approver::RoleHolders(world.role_id(APPROVER));
    gets(&world, "bob", "Member", "ada").await;
    // By the group itself, and by a role that the group has.
    for approver in [Approver::Principal(duty), holders.clone()] {
        world
            .settings(ROLE, |terms| {
                terms.activation.requires_approval = true;
                terms.activation.stages = vec![asks_of(approver.clone())];
            })
            .await;
        if approver == holders {
            world
                .assign("active", duty, (world.role_id(APPROVER), ScopeId::ROOT), (None, None))
                .await;
        }
        let request = world.activate("ada", ROLE, HOUR).await.unwrap().request;
        let (may, barred) = deciders(&world, request).await;
        assert_eq!((may, barred), (owned(["carl", "eve"]), owned(["bob"])), "{approver:?}");
        assert_eq!(rules(world.approve("bob", request).await), [CIRCLE], "{approver:?}");
        world.approve("eve", request).await.unwrap();
        world.deactivate("ada", activation(&world, "ada", ROLE).await).await.unwrap();
    }
    // Whoever belongs to it without that is an approver.
    world.deactivate("bob", activation(&world, "bob", "Member").await).await.unwrap();
    world.assign("active", world.principal("bob"), (RoleId::MEMBER, place), (None, None)).await;
    gets(&world, "ada", ROLE, "bob").await;
    world.check_invariants().await;
}

#[tokio::test]
async fn what_only_such_approvers_could_decide_is_refused_at_once() {
    let world = world().await;
    gets(&world, "bob", APPROVER, "ada").await;
    gets(&world, "dora", APPROVER, "bob").await;
    let carl = world.assignment_of("carl", APPROVER, ScopeId::ROOT).await;
    sqlx::raw_sql(sqlx::AssertSqlSafe(format!(
        "begin; update assignments set ended_at = instant(), end_reason = 'expired' where id = '{carl}';
         insert into audit_events (id, at, kind, outcome, actor_kind, actor_name, assignment_id, detail)
         values (gen_random_uuid(), instant(), 'test.changed', 'success', 'operator', 'A test', '{carl}', '{{}}'); commit"
    )))
    .execute(&world.owner)
    .await
    .unwrap();
    assert_eq!(rules(world.activate("ada", ROLE, HOUR).await), ["nobody_can_approve"]);
}

#[tokio::test]
async fn two_who_agree_by_turns_are_shown() {
    let world = world().await;
    let named = ["ada", "bob", "eve"].map(|name| world.principal(name));
    world.settings(ROLE, |terms| super::asks_for_approval(terms, &named)).await;
    let first = gets(&world, "bob", ROLE, "ada").await;
    world.advance(Duration::days(1)).await;
    world.run_due().await;
    // Not refused: both are approvers by name, and a team of two has nobody else.
    let second = gets(&world, "ada", ROLE, "bob").await;
    let said = async |request| {
        let root = world.actor("root").await;
        request::show(&world.app, &root, request).await.unwrap().said.remove(0)
    };
    assert_eq!(said(first).await.by_turns, None);
    assert_eq!(said(second).await.by_turns, Some(said(first).await.at));
    let page = read(&world, "root", second).await;
    assert!(page.contains("ada had agreed to a request of theirs"), "{page}");
    let recorded = world
        .count(
            "select count(*) from audit_events
             where kind = 'request.approved' and detail ->> 'by_turns' is not null",
        )
        .await;
    assert_eq!(recorded, 1);
    // A month later it is forgotten.
    world.advance(Duration::days(31)).await;
    world.run_due().await;
    let third = gets(&world, "ada", ROLE, "bob").await;
    assert_eq!(said(third).await.by_turns, None);
    world.check_invariants().await;
}
