//! Approvals of requests that wait: over HTTP, and the same statements by pgbench.
use std::sync::Arc;

use hyper::StatusCode;

use crate::{
    client, generate,
    report::Report,
    setting::{CLIENTS, PEOPLE, SECONDS, Setting, figure_id},
};

/// How many requests each client has for itself.
const SHARE: usize = 1_800;

pub async fn measure(setting: &Setting, report: &mut Report) {
    generate::run(&setting.superuser, include_str!("approve_waiting.sql"), (0, 0)).await;
    let limit = setting.pgbench("approve", include_str!("approve.sql"), CLIENTS).await;
    let token: Arc<str> = setting.token_of(PEOPLE).await.into();
    let served = client::load(
        setting.address,
        CLIENTS,
        SECONDS,
        StatusCode::OK,
        move |mut client, number, nth| {
            let token = Arc::clone(&token);
            async move {
                let request = figure_id(number * SHARE + nth + 1, 'a');
                let path = format!("/api/v1/requests/{request}/decisions");
                let body = r#"{"verdict":"approve"}"#.to_owned();
                let (status, body, latency) = client.post(&path, &token, body).await;
                (client, status, body, latency)
            }
        },
    )
    .await;
    report.served("approve, against the same statements by pgbench", served, limit, "p99 < 60 ms");
}
