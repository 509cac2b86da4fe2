//! The server: a client can neither be slow, nor large, nor many, at the cost of others.

use std::{
    net::SocketAddr,
    time::{Duration, Instant},
};

use axum::{
    Router,
    extract::ConnectInfo,
    routing::{get, post},
};
use latchkey::{
    config::Http,
    http::server::{limited, serve},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    task::JoinHandle,
    time::{sleep, timeout},
};
use tokio_util::sync::CancellationToken;

struct Running {
    address: SocketAddr,
    shutdown: CancellationToken,
    task: JoinHandle<()>,
}

const REQUEST: &[u8] = b"GET / HTTP/1.1\r\nhost: x\r\n\r\n";

async fn start(change: impl FnOnce(&mut Http)) -> Running {
    let mut limits = Http {
        max_connections: 8,
        max_requests: 8,
        max_body_bytes: 1000,
        header_timeout_seconds: 1,
        body_timeout_seconds: 1,
        idle_timeout_seconds: 3,
        shutdown_timeout_seconds: 2,
    };
    change(&mut limits);
    let router = Router::new()
        .route(
            "/",
            get(|ConnectInfo(peer): ConnectInfo<SocketAddr>| async move { peer.to_string() }),
        )
        .route("/echo", post(|body: String| async move { body }))
        .route("/slow", get(|| async { sleep(Duration::from_millis(800)).await }))
        .route("/endless", get(|| async { "x".repeat(100_000_000) }));
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("there is a free port");
    let address = listener.local_addr().expect("it has an address");
    let shutdown = CancellationToken::new();
    let token = shutdown.clone();
    let router = limited(router, &limits);
    let task = tokio::spawn(async move { serve(listener, router, &limits, token).await });
    Running { address, shutdown, task }
}

impl Running {
    async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.address).await.expect("it listens")
    }
}

/// Reads until the other side ends or falls silent for a moment.
async fn answer(stream: &mut TcpStream) -> String {
    let mut text = Vec::new();
    let mut buffer = [0; 4096];
    while let Ok(Ok(count @ 1..)) =
        timeout(Duration::from_millis(300), stream.read(&mut buffer)).await
    {
        text.extend_from_slice(&buffer[..count]);
    }
    String::from_utf8_lossy(&text).into_owned()
}

/// Waits until the server closes the connection, and says how long that took.
async fn until_closed(stream: &mut TcpStream) -> Duration {
    let started = Instant::now();
    let mut rest = Vec::new();
    drop(
        timeout(Duration::from_secs(10), stream.read_to_end(&mut rest))
            .await
            .expect("it is closed"),
    );
    started.elapsed()
}

#[tokio::test]
async fn the_address_of_the_client_is_known() {
    let running = start(|_| ()).await;
    let mut stream = running.connect().await;
    stream.write_all(REQUEST).await.unwrap();
    let own = stream.local_addr().unwrap().to_string();
    let text = answer(&mut stream).await;
    assert!(text.starts_with("HTTP/1.1 200") && text.ends_with(&own), "{text}");
}

#[tokio::test]
async fn headers_that_trickle_are_cut_off() {
    let running = start(|_| ()).await;
    let mut stream = running.connect().await;
    stream.write_all(b"GET / HTTP/1.1\r\nhost:").await.unwrap();
    let took = until_closed(&mut stream).await;
    assert!((800..2500).contains(&took.as_millis()), "{took:?}");
}

#[tokio::test]
async fn the_next_request_may_come_later_but_not_for_ever() {
    let running = start(|_| ()).await;
    let mut stream = running.connect().await;
    stream.write_all(REQUEST).await.unwrap();
    assert!(answer(&mut stream).await.starts_with("HTTP/1.1 200"));
    sleep(Duration::from_millis(1500)).await;
    stream.write_all(REQUEST).await.unwrap();
    assert!(answer(&mut stream).await.starts_with("HTTP/1.1 200"));
    let took = until_closed(&mut stream).await;
    assert!((2000..5000).contains(&took.as_millis()), "{took:?}");
}

#[tokio::test]
async fn headers_that_trickle_later_are_cut_off_too() {
    let running = start(|_| ()).await;
    let mut stream = running.connect().await;
    stream.write_all(REQUEST).await.unwrap();
    assert!(answer(&mut stream).await.starts_with("HTTP/1.1 200"));
    stream.write_all(b"GET").await.unwrap();
    let took = until_closed(&mut stream).await;
    assert!((800..2500).contains(&took.as_millis()), "{took:?}");
}

#[tokio::test]
async fn bodies_are_limited_in_size_and_time() {
    let running = start(|_| ()).await;
    for length in [1000, 1001] {
        let mut stream = running.connect().await;
        let head = format!("POST /echo HTTP/1.1\r\nhost: x\r\ncontent-length: {length}\r\n\r\n");
        stream.write_all(head.as_bytes()).await.unwrap();
        stream.write_all("x".repeat(length).as_bytes()).await.unwrap();
        let expected = if length == 1000 { "HTTP/1.1 200" } else { "HTTP/1.1 413" };
        let text = answer(&mut stream).await;
        assert!(text.starts_with(expected), "{text}");
    }
    let mut stream = running.connect().await;
    let head = b"POST /echo HTTP/1.1\r\nhost: x\r\ncontent-length: 10\r\n\r\nabc";
    stream.write_all(head).await.unwrap();
    let took = until_closed(&mut stream).await;
    assert!((800..2500).contains(&took.as_millis()), "{took:?}");
}

#[tokio::test]
async fn an_answer_must_be_taken() {
    let running = start(|limits| limits.max_connections = 1).await;
    let mut greedy = running.connect().await;
    greedy.write_all(b"GET /endless HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap();
    let mut other = running.connect().await;
    other.write_all(REQUEST).await.unwrap();
    assert_eq!(answer(&mut other).await, "", "one place is taken");
    sleep(Duration::from_millis(1500)).await;
    assert!(answer(&mut other).await.starts_with("HTTP/1.1 200"), "the place is free again");
}

#[tokio::test]
async fn a_stop_lets_answers_finish() {
    let running = start(|_| ()).await;
    let mut busy = running.connect().await;
    busy.write_all(b"GET /slow HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap();
    let mut idle = running.connect().await;
    idle.write_all(REQUEST).await.unwrap();
    assert!(answer(&mut idle).await.starts_with("HTTP/1.1 200"));
    running.shutdown.cancel();
    assert!(until_closed(&mut idle).await < Duration::from_millis(300));
    let mut text = String::new();
    busy.read_to_string(&mut text).await.unwrap();
    assert!(text.starts_with("HTTP/1.1 200"), "{text}");
    timeout(Duration::from_secs(1), running.task).await.unwrap().unwrap();
    assert!(TcpStream::connect(running.address).await.is_err());
}
