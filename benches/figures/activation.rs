//! Activations: over HTTP, and the same statements by pgbench.
use std::sync::Arc;

use hyper::StatusCode;

use crate::{
    client,
    report::Report,
    setting::{CLIENTS, SECONDS, Setting, figure_id},
};

pub async fn measure(setting: &Setting, report: &mut Report) {
    let limit = setting.pgbench("activation", include_str!("activation.sql"), CLIENTS).await;
    let tokens = Arc::clone(&setting.tokens);
    let share = tokens.len() / CLIENTS;
    let served = client::load(setting.address, CLIENTS, SECONDS, StatusCode::CREATED, move |mut client, number, nth| {
        let tokens = Arc::clone(&tokens);
        async move {
            let person = number * share + nth;
            let body = format!(
                r#"{{"roles":[{{"eligibility":"{}","duration":"PT1H"}}],"justification":"figures"}}"#,
                figure_id(person + 1, '7')
            );
            let token = tokens.get(person).expect("as many people as activations");
            let (status, body, latency) = client.post("/api/v1/activations", token, body).await;
            (client, status, body, latency)
        }
    })
    .await;
    report.served(
        "activate, against the same statements by pgbench",
        served,
        limit,
        "≥ 0.6; p99 < 60 ms",
    );
}
