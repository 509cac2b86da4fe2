//! What applications ask: does this account hold this role there, right now?

use std::{collections::BTreeSet, pin::pin};

use futures_util::{FutureExt as _, future::join_all};
use latchkey::{
    domain::{id::ScopeId, time::Duration},
    error::Error,
    secret::{Token, TokenKind},
    service::access_check::{self, Question},
};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};

use crate::support::{World, http::Answer};

const ROLE: &str = "Ledger keeper";

struct Asking {
    world: World,
    token: String,
}

impl Asking {
    /// Ivan, who may ask about others in Finance alone.
    async fn new() -> Self {
        let world = World::new().await;
        world.people(["ada", "bob", "ivan"]).await;
        world.role(ROLE, |_| ()).await;
        for place in ["Finance", "Sales"] {
            world.scope(place, ScopeId::ROOT, "folder").await;
        }
        world.give("active", "ivan", "Global Reader", world.scope_id("Finance")).await;
        let token = world.access_token("ivan", &["check_access"]).await;
        Self { world, token }
    }

    fn about(&self, name: &str, place: &str) -> Value {
        json!({
            "principal": self.world.principal(name),
            "role": self.world.role_id(ROLE),
            "scope": self.world.scope_id(place),
        })
    }

    async fn ask(&self, questions: &[Value]) -> Answer {
        let body = json!({ "checks": questions });
        self.world.ask_api("post", "/v1/access/check", &self.token, Some(&body)).await
    }
}

#[tokio::test]
async fn whoever_may_ask_at_one_place_asks_nothing_of_another_in_the_same_breath() {
    let asking = Asking::new().await;
    let (here, there) = (asking.about("ada", "Finance"), asking.about("ada", "Sales"));
    assert_eq!(asking.ask(&[here.clone(), asking.about("bob", "Finance")]).await.status, 200);
    for questions in [&[there.clone()][..], &[here.clone(), there.clone()], &[there, here]] {
        assert_eq!(asking.ask(questions).await.status, 403);
    }
    let own =
        json!({ "role": asking.world.role_id(ROLE), "scope": asking.world.scope_id("Sales") });
    assert_eq!(asking.ask(&[own]).await.status, 200, "everybody may ask about themself");
}

#[tokio::test]
async fn many_questions_have_each_their_own_answer() {
    let asking = Asking::new().await;
    let Asking { world, .. } = &asking;
    let finance = world.scope_id("Finance");
    let keepers = world.group("Keepers", &["bob"]).await;
    let by_group = world.give("active", "Keepers", ROLE, finance).await;
    let an_hour = world.now().await + Duration::from_seconds(3600).unwrap();
    let here = (world.role_id(ROLE), finance);
    let own = world.assign("active", world.principal("ada"), here, (None, Some(an_hour))).await;
    let (ada, bob) = (asking.about("ada", "Finance"), asking.about("bob", "Finance"));
    let nobody = asking.about("ivan", "Finance");

    let told = asking.ask(&[ada.clone(), nobody.clone(), bob, nobody, ada.clone()]).await.json();
    let answers = told["answers"].as_array().unwrap();
    let found: Vec<_> =
        answers.iter().map(|it| [&it["allowed"], &it["assignment"], &it["through"]]).collect();
    let nothing = [json!(false), Value::Null, Value::Null];
    let adas = [json!(true), json!(own), Value::Null];
    let bobs = [json!(true), json!(by_group), json!(keepers)];
    for (found, expected) in found.iter().zip([&adas, &nothing, &bobs, &nothing, &adas]) {
        assert_eq!(found.map(Clone::clone), *expected);
    }
    assert_eq!(answers[0]["until"], an_hour.to_string());
    assert_eq!(answers[2]["until"], Value::Null, "for good");

    // What lasts longest is told.
    let member = (latchkey::domain::id::RoleId::MEMBER, world.scope_id("Keepers"));
    world.assign("active", world.principal("ada"), member, (None, None)).await;
    let answer = asking.ask(&[ada]).await.json()["answers"][0].clone();
    assert_eq!(
        (&answer["assignment"], &answer["through"], &answer["until"]),
        (&json!(by_group), &json!(keepers), &Value::Null)
    );
    world.check_invariants().await;
}

#[tokio::test]
async fn whoever_asks_at_the_same_time_as_others_is_told_what_is_theirs() {
    let asking = Asking::new().await;
    let Asking { world, token: ivans } = &asking;
    world.give("active", "ada", ROLE, world.scope_id("Finance")).await;
    let own = |place| json!([{ "role": world.role_id(ROLE), "scope": world.scope_id(place) }]);
    let (adas, bobs) = (
        world.access_token("ada", &["check_access"]).await,
        world.access_token("bob", &["check_access"]).await,
    );
    let narrow = world.access_token("ada", &["read"]).await;
    let unknown = Token::random(TokenKind::PersonalAccess).reveal().to_string();
    let many: Vec<_> = (0..100).map(|_| asking.about("ada", "Finance")).collect();
    let each = [
        (&adas, own("Finance"), 200, vec![true]),
        (&adas, own("Sales"), 200, vec![false]),
        (&bobs, own("Finance"), 200, vec![false]),
        (&narrow, own("Finance"), 403, vec![]),
        (&unknown, own("Finance"), 401, vec![]),
        (
            ivans,
            json!([asking.about("bob", "Finance"), asking.about("ada", "Finance")]),
            200,
            vec![false, true],
        ),
        (ivans, json!([asking.about("ada", "Sales")]), 403, vec![]),
        (&bobs, json!([asking.about("ada", "Finance")]), 403, vec![]),
        (ivans, json!(many), 200, vec![true; 100]),
    ];
    // All of them several times over, so that they do not all fit into one statement.
    let turns = (0..5).flat_map(|_| &each);
    let told = join_all(turns.clone().map(async |(token, questions, ..)| {
        let body = json!({ "checks": questions });
        world.ask_api("post", "/v1/access/check", token, Some(&body)).await
    }))
    .await;
    for (answer, (_, questions, status, allowed)) in told.iter().zip(turns) {
        assert_eq!(answer.status, *status, "{questions}");
        let answers = answer.json()["answers"].as_array().cloned().unwrap_or_default();
        let found: Vec<_> = answers.iter().map(|it| it["allowed"] == true).collect();
        assert_eq!(&found, allowed, "{questions}");
    }
}

/// What several ask at the same time: whether they hold the role.
async fn together(
    asking: &Asking,
    callers: usize,
) -> Vec<Result<Vec<access_check::Answer>, Error>> {
    let token = Token::parse_bearer(&asking.token).unwrap();
    let question =
        Question { principal: None, role: asking.world.role_id(ROLE), scope: ScopeId::ROOT };
    let ask = || access_check::check(&asking.world.app, &token, vec![question], false);
    join_all((0..callers).map(|_| ask())).await
}

#[tokio::test]
async fn whoever_asks_at_the_same_time_as_others_is_answered_by_the_same_statement() {
    let asking = Asking::new().await;
    asking.world.run_clock().await;
    let answers = together(&asking, 40).await;
    let moments: BTreeSet<_> = answers.iter().map(|told| told.as_ref().unwrap()[0].at).collect();
    assert_eq!(moments.len(), 1, "of forty statements each has a moment of its own");
    let next = together(&asking, 1).await.pop().unwrap().unwrap()[0].at;
    assert!(moments.iter().all(|moment| *moment < next), "who asks later is answered anew");
}

#[tokio::test]
async fn whoever_stops_waiting_takes_nobody_along() {
    let asking = Asking::new().await;
    let impatient = tokio::time::timeout(std::time::Duration::ZERO, together(&asking, 3)).await;
    assert!(impatient.is_err(), "they went before they were answered");
    assert!(together(&asking, 3).await.iter().all(Result::is_ok));
}

#[tokio::test]
async fn a_connection_that_hangs_holds_up_nobody_who_asks_next() {
    let asking = Asking::new().await;
    let database = &asking.world.app.database;
    let mut held = Vec::new();
    for _ in 0..database.options().get_max_connections() {
        held.push(database.acquire().await.unwrap());
    }
    let mut hanging = held.pop().unwrap();
    let server: i32 =
        sqlx::query_scalar("select pg_backend_pid()").fetch_one(&mut *hanging).await.unwrap();
    let server = Pid::from_raw(server).unwrap();
    drop(hanging);
    while database.num_idle() == 0 {
        tokio::task::yield_now().await;
    }
    kill_process(server, Signal::STOP).unwrap();
    let mut first = pin!(together(&asking, 3));
    // The first to ask take the one connection that is free before there are others.
    assert!(first.as_mut().now_or_never().is_none());
    while database.num_idle() > 0 {
        tokio::task::yield_now().await;
    }
    drop(held);
    let next = tokio::time::timeout(std::time::Duration::from_secs(5), together(&asking, 3)).await;
    kill_process(server, Signal::CONT).unwrap();
    assert!(next.expect("they do not wait for it").iter().all(Result::is_ok));
    assert!(first.await.iter().all(Result::is_ok), "those who waited are answered in the end");
}

#[tokio::test]
async fn when_the_database_is_away_all_who_ask_are_told_to_come_back() {
    let asking = Asking::new().await;
    asking.world.app.database.close().await;
    for _ in 0..2 {
        let answers = together(&asking, 40).await;
        assert!(answers.iter().all(|told| told.as_ref().is_err_and(Error::is_passing)));
    }
    assert_eq!(asking.ask(&[asking.about("ada", "Finance")]).await.status, 503);
}

#[tokio::test]
async fn whoever_asks_after_an_end_is_not_told_of_before_whatever_others_ask_meanwhile() {
    let asking = Asking::new().await;
    let Asking { world, .. } = &asking;
    world.run_clock().await;
    world.person("root").await;
    world.active("root", "Global Administrator").await;
    let token = world.access_token("ada", &["check_access"]).await;
    let token = Token::parse_bearer(&token).unwrap();
    let question = Question { principal: None, role: world.role_id(ROLE), scope: ScopeId::ROOT };
    let holds = async || {
        let answers = access_check::check(&world.app, &token, vec![question], false).await;
        answers.unwrap()[0].allowed
    };
    let crowd = async {
        loop {
            join_all((0..20).map(|_| holds())).await;
        }
    };
    let ends = async {
        for _ in 0..20 {
            let given = world.give("active", "ada", ROLE, ScopeId::ROOT).await;
            assert!(holds().await, "it was given before the question");
            world.take_away("root", given).await.unwrap();
            assert!(!holds().await, "it was taken away before the question");
        }
    };
    tokio::select! {
        () = ends => {}
        () = crowd => unreachable!("they never stop asking"),
    }
}

#[tokio::test]
async fn an_answer_is_as_of_one_moment() {
    let world = World::new().await;
    // A function that is not stable looks at the database anew with each of its statements.
    let stable: Vec<bool> = sqlx::query_scalar(
        "select provolatile = 's' from pg_proc
         where proname in ('access_checks', 'assignments_through_groups', 'eligibilities_through_groups', 'belongs_to')",
    )
    .fetch_all(&world.owner)
    .await
    .unwrap();
    assert_eq!(
        stable, [true; 4],
        "what goes from a group to its member by one change is found with one of them"
    );
}
