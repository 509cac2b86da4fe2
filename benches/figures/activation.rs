//! Activations: over HTTP, and the same statements by pgbench.
use std::sync::Arc;

use hyper::StatusCode;

use crate::{
    client::{self, Served},
    report::Report,
    setting::{CLIENTS, SECONDS, Setting, figure_id},
};

/// How long people activate before anything is measured, in seconds beside those of every load, and how many of each client's people are set aside for that.
/// A database in which nobody ever activated anything makes plans for empty tables, and keeps them until it looks again.
const WARMING: (u64, usize) = (2, 500);

pub async fn measure(setting: &Setting, report: &mut Report) {
    activate(setting, WARMING.0, 0).await;
    sqlx::raw_sql("analyze").execute(&setting.superuser).await.expect("it is analysed");
    let limit = setting.pgbench("activation", include_str!("activation.sql"), CLIENTS).await;
    let served = activate(setting, SECONDS, WARMING.1).await;
    report.served(
        "activate, against the same statements by pgbench",
        served,
        limit,
        "≥ 0.6; p99 < 60 ms",
    );
}

/// Everybody activates once; of each client's people as many are left out at first.
async fn activate(setting: &Setting, seconds: u64, skipped: usize) -> Served {
    let tokens = Arc::clone(&setting.tokens);
    let share = tokens.len() / CLIENTS;
    client::load(setting.address, CLIENTS, seconds, StatusCode::CREATED, move |mut client, number, nth| {
        let tokens = Arc::clone(&tokens);
        async move {
            let person = number * share + skipped + nth;
            let body = format!(
                r#"{{"roles":[{{"eligibility":"{}","duration":"PT1H"}}],"justification":"figures"}}"#,
                figure_id(person + 1, '7')
            );
            let token = tokens.get(person).expect("as many people as activations");
            let (status, body, latency) = client.post("/api/v1/activations", token, body).await;
            (client, status, body, latency)
        }
    })
    .await
}
