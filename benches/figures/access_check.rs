//! The access check: over HTTP, beside a route that makes the bare SELECT, and beside pgbench.
use std::sync::Arc;

use axum::{Json, Router, extract::State, routing::post};
use hyper::StatusCode;
use latchkey::secret::Token;
use sqlx::PgPool;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::{
    client,
    report::Report,
    setting::{CLIENTS, SECONDS, Setting, figure_id},
};

const BODY: &str = r#"{"checks":[{"principal":"00000000-0000-4000-8000-000000000000","role":"00000000-0000-5000-8000-000000000000"}]}"#;

/// How many are asked at once, where many are.
const MANY: usize = 100;

pub async fn measure(setting: &Setting, report: &mut Report) {
    let bare = setting.pgbench("check", include_str!("access_check.sql"), CLIENTS).await;
    let route = serve_bare_select(setting).await;
    let limit = ask(route, setting, BODY).await;
    let product = ask(setting.address, setting, BODY).await;
    report.served("access check, against a route with the bare SELECT", product, limit, "≥ 0.8");
    report.served("access check, against the SELECT by pgbench", product, bare, "");
    let whole = setting.pgbench("held", &asked_of_database(setting), CLIENTS).await;
    report.served("access check, against what it asks the database by pgbench", product, whole, "");
    let bare = setting.pgbench("checks", include_str!("access_check_many.sql"), CLIENTS).await;
    let product = ask(setting.address, setting, &many()).await;
    report.served("100 access checks at once, against one SELECT by pgbench", product, bare, "");
}

/// The question as it is put to the database.
fn asked_of_database(setting: &Setting) -> String {
    let token = Token::parse_bearer(&setting.token).expect("it is a token");
    let hash = data_encoding::HEXLOWER.encode(token.hash().as_bytes());
    include_str!("access_check_held.sql").replace("TOKEN_HASH", &hash)
}

/// The same question about many people.
fn many() -> String {
    let role = figure_id(0, '5');
    let checks: Vec<_> = (1..=MANY)
        .map(|person| serde_json::json!({ "principal": figure_id(person, '4'), "role": role }))
        .collect();
    serde_json::json!({ "checks": checks }).to_string()
}

async fn ask(address: std::net::SocketAddr, setting: &Setting, body: &str) -> client::Served {
    let token: Arc<str> = setting.token.as_str().into();
    let question: Arc<str> = body.into();
    client::load(address, CLIENTS, SECONDS, StatusCode::OK, move |mut client, _, _| {
        let (token, question) = (Arc::clone(&token), Arc::clone(&question));
        async move {
            let (status, body, latency) =
                client.post("/api/v1/access/check", &token, question.to_string()).await;
            (client, status, body, latency)
        }
    })
    .await
}

/// What nothing can be faster than that asks for one at a time: our server, a route that reads a body, one indexed SELECT, an answer.
async fn serve_bare_select(setting: &Setting) -> std::net::SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("it has an address");
    let router = Router::new()
        .route("/api/v1/access/check", post(bare_select))
        .with_state(setting.app.database.clone());
    let limits = latchkey::config::Config::default().http;
    tokio::spawn(async move {
        latchkey::http::server::serve(listener, router, &limits, CancellationToken::new()).await;
    });
    address
}

async fn bare_select(
    State(database): State<PgPool>,
    Json(_): Json<serde_json::Value>,
) -> Json<serde_json::Value> {
    let held: bool = sqlx::query_scalar(
        "select exists (select from assignments where principal_id = $1 and role_id = $2 and ended_at is null
            and kind = 'active' and starts_at <= clock_timestamp() and clock_timestamp() < ends_at)",
    )
    .bind(uuid::uuid!("00000000-0000-4000-8000-000000000000"))
    .bind(uuid::uuid!("00000000-0000-5000-8000-000000000000"))
    .fetch_one(&database)
    .await
    .expect("an answer");
    Json(serde_json::json!({ "results": [{ "allowed": held }] }))
}
