//! My access, as a page and as JSON: beside its statements by pgbench, and a route that does nothing.
use std::{net::SocketAddr, sync::Arc};

use axum::{Router, routing::get};
use hyper::StatusCode;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::{
    client::{Served, load},
    report::Report,
    setting::{CLIENTS, SECONDS, Setting},
};

/// How many people look, by turns.
const PEOPLE: usize = 20_000;

pub async fn measure(setting: &Setting, report: &mut Report) {
    let bare = setting.pgbench("my-access", include_str!("my_access.sql"), CLIENTS).await;
    let nothing = visit(serve_nothing().await, setting.sessions(1).await).await;
    let page = visit(setting.address, setting.sessions(PEOPLE).await).await;
    let json = json(setting).await;
    report.served(
        "My access as a page, against its main statements by pgbench",
        page,
        bare,
        "p99 < 50 ms",
    );
    report.served("My access as a page, against a route that does nothing", page, nothing, "");
    report.served("My access as JSON, against the statements", json, bare, "");
}

/// Each person in turn, as a browser.
async fn visit(address: SocketAddr, sessions: Arc<[String]>) -> Served {
    load(address, CLIENTS, SECONDS, StatusCode::OK, move |mut client, number, nth| {
        let sessions = Arc::clone(&sessions);
        async move {
            let turn = (number + nth * CLIENTS) % sessions.len();
            let session = sessions.get(turn).expect("one of them");
            let (status, body, latency) = client.visit("/", session).await;
            (client, status, body, latency)
        }
    })
    .await
}

/// Each person in turn, as a program.
async fn json(setting: &Setting) -> Served {
    let tokens = Arc::clone(&setting.tokens);
    load(setting.address, CLIENTS, SECONDS, StatusCode::OK, move |mut client, number, nth| {
        let tokens = Arc::clone(&tokens);
        async move {
            let turn = (number + nth * CLIENTS) % PEOPLE;
            let token = tokens.get(turn).expect("one of them");
            let (status, body, latency) = client.get("/api/v1/me/access", token).await;
            (client, status, body, latency)
        }
    })
    .await
}

/// Our server, and a route that says nothing.
async fn serve_nothing() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("it has an address");
    let router = Router::new().route("/", get(|| async { "" }));
    let limits = latchkey::config::Config::default().http;
    tokio::spawn(async move {
        latchkey::http::server::serve(listener, router, &limits, CancellationToken::new()).await;
    });
    address
}
