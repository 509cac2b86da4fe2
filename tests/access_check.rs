//! What applications ask: does this account hold this role there, right now?

use latchkey::domain::{id::ScopeId, time::Duration};
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
async fn an_answer_is_as_of_one_moment() {
    let world = World::new().await;
    // A function that is not stable looks at the database anew with each of its statements.
    let stable: bool =
        sqlx::query_scalar("select provolatile = 's' from pg_proc where proname = 'held'")
            .fetch_one(&world.owner)
            .await
            .unwrap();
    assert!(stable, "what goes from a group to its member by one change is found with one of them");
}
