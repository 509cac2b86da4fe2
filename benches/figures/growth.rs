//! Growth: what each question costs with ten thousand assignments and with ten million, and with as many events, for somebody
//! who holds a role by a group in four others, asked at a place eight deep.
//!
//! Taken by name, `cargo bench --bench figures -- growth`, or when the figures are written: making ten million assignments
//! takes a while. `LATCHKEY_GROWTH` is how many, `LATCHKEY_EVENTS` how many events. It has a cluster of its own, with nothing
//! in it that other figures left.
use std::time::Duration;

use hyper::{StatusCode, body::Bytes};

use crate::{
    audit::deep_page,
    client::Client,
    generate,
    report::{Latency, Report, Size},
    setting::{Setting, figure_id},
};

/// So many at first, and ten times as many at each step.
const FEW: usize = 10_000;
/// So many events at most, unless something else is said.
const EVENTS: usize = 1_000_000;
/// How often each is asked, after as many as warm up connections and plans.
const TIMES: usize = 1_000;
const WARMING: usize = 100;
/// How many are asked at once, where many are.
const MANY: usize = 100;
/// The place that is asked about is the first leaf of the tree, or one after it.
const LEAVES: usize = 9_841;

pub async fn measure(report: &mut Report) {
    let many = told("LATCHKEY_GROWTH").unwrap_or(10_000_000);
    let most_events = told("LATCHKEY_EVENTS").unwrap_or(EVENTS);
    let setting = Setting::new().await;
    make_room(&setting).await;
    generate::structure(&setting.superuser).await;
    let (mut assignments, mut events) = (0, 0);
    let mut size = FEW;
    loop {
        size = size.min(many);
        generate::assignments(&setting.superuser, assignments + 1, size).await;
        generate::events(&setting.superuser, events + 1, size.min(most_events)).await;
        let step = report.sizes();
        (assignments, events) = (size, size.min(most_events));
        report.grown(Size { assignments, events, asked: ask(&setting, step, events).await });
        if size == many {
            break;
        }
        size *= 10;
    }
    setting.stop().await;
}

fn told(variable: &str) -> Option<usize> {
    std::env::var(variable).ok()?.parse().ok()
}

/// Fewer checkpoints while data is made; nothing becomes less durable by it.
async fn make_room(setting: &Setting) {
    for sql in ["alter system set max_wal_size = '4GB'", "select pg_reload_conf()"] {
        sqlx::raw_sql(sql).execute(&setting.superuser).await.expect("it can be set");
    }
}

/// How long each question takes, for many people by turns, in the order of the report.
async fn ask(setting: &Setting, step: usize, events: usize) -> [Latency; 6] {
    let depth = i64::try_from(events / 10 * 9).expect("a count");
    let (deep, _) = deep_page(setting, depth).await;
    let mut client = Client::connect(setting.address).await;
    let mut times = <[Vec<Duration>; 6]>::default();
    for turn in 0..WARMING + TIMES {
        let token = setting.tokens.get(person(setting, turn) - 1).expect("everybody has a token");
        let last = setting.tokens.len() - 1 - step * (WARMING + TIMES) - turn;
        let activates = setting.tokens.get(last).expect("everybody has a token");
        let answers = [
            check(&mut client, token, turn, person(setting, turn)).await,
            check_many(&mut client, token, turn).await,
            answered(client.get("/api/v1/me/access", token).await, StatusCode::OK),
            activate(&mut client, activates, last + 1).await,
            answered(client.get("/api/v1/audit/events", &setting.token).await, StatusCode::OK),
            answered(client.get(&deep, &setting.token).await, StatusCode::OK),
        ];
        if turn >= WARMING {
            times.iter_mut().zip(answers).for_each(|(times, took)| times.push(took));
        }
    }
    times.map(Latency::of)
}

/// Their outermost group is one of those that hold a role actively.
fn person(setting: &Setting, turn: usize) -> usize {
    (turn * 2 + 2) % (setting.tokens.len() - 1)
}

/// A leaf below the place at which a group holds its role.
fn leaf(group: usize, turn: usize) -> usize {
    let mut place = group % 3 + 1;
    while place * 3 + 1 < LEAVES {
        place = place * 3 + 1 + turn % 3;
    }
    place
}

async fn check(client: &mut Client, token: &str, turn: usize, person: usize) -> Duration {
    let group = person % 400;
    let body = serde_json::json!({ "checks": [{
        "role": figure_id(group % 50 + 1, '5'), "scope": figure_id(leaf(group, turn), '8'),
    }] });
    let (status, answer, took) = client.post("/api/v1/access/check", token, body.to_string()).await;
    assert_eq!(status, StatusCode::OK, "{}", String::from_utf8_lossy(&answer));
    if group.is_multiple_of(2) {
        let answer: serde_json::Value = serde_json::from_slice(&answer).expect("JSON");
        let allowed = answer.pointer("/answers/0/allowed");
        assert_eq!(allowed, Some(&true.into()), "held through the groups");
    }
    took
}

async fn check_many(client: &mut Client, token: &str, turn: usize) -> Duration {
    let checks: Vec<_> = (0..MANY)
        .map(|nth| {
            serde_json::json!({
                "role": figure_id((turn + nth) % 50 + 1, '5'),
                "scope": figure_id(leaf(nth, turn), '8'),
            })
        })
        .collect();
    let body = serde_json::json!({ "checks": checks }).to_string();
    answered(client.post("/api/v1/access/check", token, body).await, StatusCode::OK)
}

async fn activate(client: &mut Client, token: &str, person: usize) -> Duration {
    let body = serde_json::json!({
        "roles": [{ "eligibility": figure_id(person, '7'), "duration": "PT1H" }],
        "justification": "figures",
    });
    let answer = client.post("/api/v1/activations", token, body.to_string()).await;
    answered(answer, StatusCode::CREATED)
}

fn answered((status, body, took): (StatusCode, Bytes, Duration), wanted: StatusCode) -> Duration {
    assert_eq!(status, wanted, "{}", String::from_utf8_lossy(&body));
    took
}
