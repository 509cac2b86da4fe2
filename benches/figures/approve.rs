//! Approvals of requests that wait: over HTTP, and the same statements by pgbench.
use std::sync::Arc;

use hyper::StatusCode;

use crate::{
    client::{self, Served},
    generate,
    report::Report,
    setting::{CLIENTS, PEOPLE, SECONDS, Setting, figure_id},
};

/// How many requests each client has for itself.
const SHARE: usize = 1_800;
/// How long is approved before anything is measured, in seconds beside those of every load, and how many of each client's requests are set
/// aside for that: as with activations.
const WARMING: (u64, usize) = (2, 400);

pub async fn measure(setting: &Setting, report: &mut Report) {
    generate::run(&setting.superuser, include_str!("approve_waiting.sql"), (0, 0)).await;
    let token: Arc<str> = setting.token_of(PEOPLE).await.into();
    approve(setting, &token, WARMING.0, 0).await;
    sqlx::raw_sql("analyze").execute(&setting.superuser).await.expect("it is analysed");
    let limit = setting.pgbench("approve", include_str!("approve.sql"), CLIENTS).await;
    let served = approve(setting, &token, SECONDS, WARMING.1).await;
    report.served("approve, against the same statements by pgbench", served, limit, "p99 < 60 ms");
}

/// One who may approves for all; of each client's requests as many are left out at first.
async fn approve(setting: &Setting, token: &Arc<str>, seconds: u64, skipped: usize) -> Served {
    let token = Arc::clone(token);
    client::load(
        setting.address,
        CLIENTS,
        seconds,
        StatusCode::OK,
        move |mut client, number, nth| {
            let token = Arc::clone(&token);
            async move {
                let request = figure_id(number * SHARE + skipped + nth + 1, 'a');
                let path = format!("/api/v1/requests/{request}/decisions");
                let body = r#"{"verdict":"approve"}"#.to_owned();
                let (status, body, latency) = client.post(&path, &token, body).await;
                (client, status, body, latency)
            }
        },
    )
    .await
}
