//! Growth: what the access check and My access cost when the database holds a thousand times more, for somebody who holds a
//! role by a group in four others, asked at a place eight deep.
//!
//! Only taken by name, `cargo bench --bench figures -- growth`: making ten million assignments takes a while.
//! `LATCHKEY_GROWTH` is how many.
use std::{sync::Arc, time::Duration};

use hyper::StatusCode;

use crate::{
    client,
    report::{Report, quantile},
    setting::{PEOPLE, Setting, figure_id},
};

/// So many at first.
const FEW: usize = 10_000;
/// How often each is asked.
const TIMES: usize = 2_000;

pub async fn measure(setting: &Setting, report: &mut Report) {
    let many = std::env::var("LATCHKEY_GROWTH").ok().and_then(|text| text.parse().ok());
    let many: usize = many.unwrap_or(10_000_000);
    run(setting, include_str!("growth.sql"), 0, 0).await;
    run(setting, include_str!("growth_more.sql"), 1, FEW).await;
    let (check_before, mine_before) = ask(setting).await;
    run(setting, include_str!("growth_more.sql"), FEW + 1, many).await;
    let (check_after, mine_after) = ask(setting).await;
    for (what, before, after) in [
        ("access check through five groups, eight places deep", check_before, check_after),
        ("My access of the same", mine_before, mine_after),
    ] {
        let figure = format!("{before:.2} ms → {after:.2} ms, × {:.2}", after / before);
        report.say(&format!("{what}, {FEW} → {many} assignments (median)"), figure, "≤ × 2");
    }
}

async fn run(setting: &Setting, sql: &str, first: usize, last: usize) {
    let sql = sql
        .replace("PEOPLE", &PEOPLE.to_string())
        .replace("FIRST", &first.to_string())
        .replace("LAST", &last.to_string());
    let mut connection = setting.superuser.acquire().await.expect("it answers");
    let sql = format!(
        "set session_replication_role = replica; {sql}; set session_replication_role = origin; analyze"
    );
    sqlx::raw_sql(sqlx::AssertSqlSafe(sql)).execute(&mut *connection).await.expect("it grows");
}

/// The medians, in milliseconds, of the access check and of My access, each for many people by turns.
async fn ask(setting: &Setting) -> (f64, f64) {
    let mut client = client::Client::connect(setting.address).await;
    let mut checks = Vec::with_capacity(TIMES);
    let mut mine = Vec::with_capacity(TIMES);
    let tokens = Arc::clone(&setting.tokens);
    for turn in 0..TIMES + 200 {
        // Their outermost group is one of those that hold a role actively; the place is a leaf below that of the role.
        let person = (turn * 2 + 2) % (tokens.len() - 1);
        let group = person % 400;
        let mut place = group % 3 + 1;
        while place * 3 + 1 < 9_841 {
            place = place * 3 + 1 + turn % 3;
        }
        let body = serde_json::json!({ "checks": [{
            "role": figure_id(group % 50 + 1, '5'), "scope": figure_id(place, '8'),
        }] });
        let token = tokens.get(person - 1).expect("everybody has a token");
        let (status, answer, took) =
            client.post("/api/v1/access/check", token, body.to_string()).await;
        assert_eq!(status, StatusCode::OK);
        if group.is_multiple_of(2) {
            let answer: serde_json::Value = serde_json::from_slice(&answer).expect("JSON");
            let allowed = answer.pointer("/answers/0/allowed");
            assert_eq!(allowed, Some(&true.into()), "held through the groups");
        }
        let (status, _, listed) = client.get("/api/v1/me/access", token).await;
        assert_eq!(status, StatusCode::OK);
        // The first ones warm up connections and plans.
        if turn >= 200 {
            checks.push(took);
            mine.push(listed);
        }
    }
    (median(checks), median(mine))
}

fn median(mut took: Vec<Duration>) -> f64 {
    quantile(&mut took, 0.5)
}
