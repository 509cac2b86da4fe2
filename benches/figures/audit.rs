//! Pages of the audit log, the first and one a million events deep: as JSON, and the bare SELECT by pgbench.
use std::sync::Arc;

use hyper::StatusCode;

use crate::{
    client::{Client, Served, load},
    generate,
    report::Report,
    setting::{CLIENTS, SECONDS, Setting},
};

/// How far down the deep page is.
const DEEP: i64 = 1_000_000;
/// How many events there are beside those that the other figures left.
const EVENTS: usize = 1_100_000;

const EVENTS_PATH: &str = "/api/v1/audit/events";

pub async fn measure(setting: &Setting, report: &mut Report) {
    generate::events_up_to(&setting.superuser, EVENTS).await;
    let script = include_str!("audit.sql");
    let first = page(setting, EVENTS_PATH).await;
    let limit = setting.pgbench("first", &script.replace("BEFORE", "infinity"), CLIENTS).await;
    report.served(
        "audit, first page of 200, against one SELECT by pgbench",
        first,
        limit,
        "p99 < 50 ms",
    );
    let (path, before) = deep_page(setting, DEEP).await;
    let deep = page(setting, &path).await;
    let limit = setting.pgbench("deep", &script.replace("BEFORE", &before), CLIENTS).await;
    report.served("the same, a million events deep", deep, limit, "p99 < 50 ms");
}

/// The path of the page that comes after so many events and one page more, and the time of the event where that ends.
pub async fn deep_page(setting: &Setting, depth: i64) -> (String, String) {
    let before: String = sqlx::query_scalar(
        r#"select to_char(at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') from audit_events
           order by at desc, id desc offset $1 limit 1"#,
    )
    .bind(depth)
    .fetch_one(&setting.superuser)
    .await
    .expect("the log is as deep");
    let mut client = Client::connect(setting.address).await;
    let path = format!("{EVENTS_PATH}?until={before}");
    let (status, body, _) = client.get(&path, &setting.token).await;
    assert_eq!(status, StatusCode::OK, "{}", String::from_utf8_lossy(&body));
    let body: serde_json::Value = serde_json::from_slice(&body).expect("JSON");
    let next = body.pointer("/next").and_then(serde_json::Value::as_str).expect("more follow");
    (format!("{EVENTS_PATH}?cursor={next}"), before)
}

/// One page, many times.
async fn page(setting: &Setting, path: &str) -> Served {
    let (path, token): (Arc<str>, Arc<str>) = (path.into(), setting.token.as_str().into());
    load(setting.address, CLIENTS, SECONDS, StatusCode::OK, move |mut client, _, _| {
        let (path, token) = (Arc::clone(&path), Arc::clone(&token));
        async move {
            let (status, body, latency) = client.get(&path, &token).await;
            (client, status, body, latency)
        }
    })
    .await
}
