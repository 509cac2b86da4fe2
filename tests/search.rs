//! Finding people, groups, applications, roles and places by a part of their names; everybody what they may see.
use latchkey::{
    domain::{id::ScopeId, search::Found},
    service::search::{self, Finding, Wish},
};
use serde_json::Value;

use crate::support::{World, http::EVERY_SCOPE};

async fn find(world: &World, by: &str, asked: &str) -> Vec<String> {
    names(&find_kind(world, by, asked, None).await)
}

async fn find_kind(world: &World, by: &str, asked: &str, kind: Option<Found>) -> Finding {
    let wish = Wish { asked: asked.to_owned(), kind, after: None };
    search::find(&world.app, &world.actor(by).await, &wish).await.unwrap()
}

fn names(found: &Finding) -> Vec<String> {
    found.hits.iter().map(|hit| format!("{} {}", hit.kind.name(), hit.name)).collect()
}

async fn world() -> World {
    let world = World::new().await;
    world.people(["root", "aud", "nobody", "Chloé Martin", "Jonas Bergström", "Emre Yılmaz"]).await;
    world.active("root", "Global Administrator").await;
    world.active("aud", "Auditor").await;
    world
}

#[tokio::test]
async fn names_are_found_by_any_part_whatever_the_case_and_the_accents() {
    let world = world().await;
    world.person("Łukasz Groß").await;
    world.person("Мария Йованович").await;
    world.person("100%_real").await;
    for (asked, name) in [
        ("chloe", "Chloé Martin"),
        ("CHLOÉ", "Chloé Martin"),
        ("martin", "Chloé Martin"),
        ("rgstr", "Jonas Bergström"),
        ("  bergström ", "Jonas Bergström"),
        ("yilmaz", "Emre Yılmaz"),
        ("ma", "Chloé Martin"),
        ("lukasz gross", "Łukasz Groß"),
        ("МАРИЯ", "Мария Йованович"),
        ("%_r", "100%_real"),
    ] {
        assert!(find(&world, "root", asked).await.contains(&format!("person {name}")), "{asked}");
    }
    let beginnings = find(&world, "root", "ar").await;
    assert!(beginnings.is_empty(), "two letters begin a word: {beginnings:?}");
    for nothing in ["", "  ", "%", "zzz", "'; drop table persons; --", "\0"] {
        assert!(find(&world, "root", nothing).await.len() <= 1, "{nothing:?}");
    }
    assert!(find(&world, "root", "Chloé Martin@example").await.len() == 1, "by mail as well");
}

#[tokio::test]
async fn everything_of_that_name_is_found_and_what_begins_with_it_comes_first() {
    let world = world().await;
    world.person("Post Ledger").await;
    world.person("Ledger Person").await;
    world.group("Ledger group", &[]).await;
    world.role("Ledger Operator", |_| ()).await;
    world.scope("Ledger", ScopeId::ROOT, "system").await;
    world.register("root", "Ledger Robot", &["nobody"]).await.unwrap();
    assert_eq!(
        find(&world, "root", "ledger").await,
        [
            "person Ledger Person",
            "person Post Ledger",
            "group Ledger group",
            "application Ledger Robot",
            "role Ledger Operator",
            "place Ledger"
        ]
    );
}

#[tokio::test]
async fn everybody_finds_what_they_may_see_and_nothing_else() {
    let world = world().await;
    world.people(["fin", "Quay One", "Quay Two"]).await;
    let finance = world.scope("Quay Finance", ScopeId::ROOT, "folder").await;
    world.scope("Quay Ledger", finance, "system").await;
    world.scope("Quay Sales", ScopeId::ROOT, "folder").await;
    world.group("Quay group", &["Quay One"]).await;
    world.role("Quay role", |_| ()).await;
    world.give("active", "fin", "Privileged Role Administrator", finance).await;
    world.give("eligible", "Quay One", "Quay role", finance).await;
    world.register("root", "Quay Robot", &["nobody"]).await.unwrap();

    assert_eq!(find(&world, "aud", "quay").await.len(), 8);
    assert_eq!(
        find(&world, "fin", "quay").await,
        ["person Quay One", "role Quay role", "place Quay Finance", "place Quay Ledger"]
    );
    assert_eq!(find(&world, "nobody", "quay").await, ["application Quay Robot"]);
    assert_eq!(find(&world, "nobody", "nobody").await, ["person nobody"], "themself");
    assert!(find(&world, "Quay Two", "quay").await.iter().all(|hit| hit == "person Quay Two"));
}

#[tokio::test]
async fn there_is_a_page_of_each_kind_that_goes_on_where_it_ended() {
    let world = world().await;
    for number in 0..60 {
        world.person(&format!("Crew {number:02}")).await;
    }
    let few = find_kind(&world, "root", "crew", None).await;
    assert_eq!((few.hits.len(), few.more.as_slice()), (6, [Found::Person].as_slice()));
    let token = world.access_token("root", &EVERY_SCOPE).await;
    let path = "/v1/search?q=crew&kind=person";
    let first = world.ask_api("get", path, &token, None).await.json();
    let cursor = first["next"].as_str().unwrap();
    let second = world.ask_api("get", &format!("{path}&cursor={cursor}"), &token, None).await;
    let second = second.json();
    let count = |page: &Value| page["items"].as_array().unwrap().len();
    assert_eq!((count(&first), count(&second)), (50, 10));
    assert_eq!(second["items"][0]["name"], "Crew 50");
    assert_eq!(second["next"], Value::Null);
}

#[tokio::test]
async fn among_a_hundred_thousand_people_one_is_found_by_an_index() {
    let world = world().await;
    let mut change = world.owner.begin().await.unwrap();
    for sql in [
        "set local session_replication_role = replica",
        "insert into persons
         select gen_random_uuid(), md5(number::text) || ' ' || md5((number + 1)::text), number || '@many.example',
             number || '@many.example', now()
         from generate_series(1, 100000) as number",
        "insert into principals (id, kind, person_id, name, name_folded, created_at)
         select gen_random_uuid(), 'user', id, 'user-' || email, 'user-' || email, now()
         from persons where email like '%@many.example'",
    ] {
        sqlx::query(sql).execute(&mut *change).await.unwrap();
    }
    change.commit().await.unwrap();
    world.execute("vacuum analyze persons").await;
    world.execute("vacuum analyze principals").await;
    for (table, column) in
        [("persons", "display_name"), ("persons", "email_folded"), ("principals", "name")]
    {
        let plan: Vec<String> = sqlx::query_scalar(sqlx::AssertSqlSafe(format!(
            "explain select id from {table} where searchable({column}) like search_pattern('chloe')"
        )))
        .fetch_all(&world.owner)
        .await
        .unwrap();
        assert!(plan.iter().any(|line| line.contains("_searched")), "{plan:#?}");
    }
    assert_eq!(find(&world, "root", "chloe").await, ["person Chloé Martin"]);
}
