//! A load generator that costs little: one connection for each client, one request at a time on each.
use std::{
    net::SocketAddr,
    time::{Duration, Instant},
};

use http_body_util::{BodyExt as _, Full};
use hyper::{Request, StatusCode, body::Bytes, client::conn::http1, header::SET_COOKIE};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

use crate::report::Latency;

/// The cookie that holds the secret of a session.
const SESSION: &str = "__Host-latchkey=";

/// One connection.
pub struct Client {
    sender: http1::SendRequest<Full<Bytes>>,
}

impl Client {
    pub async fn connect(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).await.expect("the server listens");
        stream.set_nodelay(true).expect("it can be set");
        let (sender, connection) =
            http1::handshake(TokioIo::new(stream)).await.expect("it speaks HTTP");
        tokio::spawn(connection);
        Self { sender }
    }

    /// Posts JSON; gives the status and how long the answer took.
    pub async fn post(
        &mut self,
        path: &str,
        token: &str,
        body: String,
    ) -> (StatusCode, Bytes, Duration) {
        let request = Request::post(path)
            .header("host", "localhost")
            .header("content-type", "application/json")
            .header("authorization", format!("Bearer {token}"))
            .body(Full::new(Bytes::from(body)))
            .expect("a request");
        self.send(request).await
    }

    /// Gets JSON; gives the status and how long the answer took.
    pub async fn get(&mut self, path: &str, token: &str) -> (StatusCode, Bytes, Duration) {
        let request = Request::get(path)
            .header("host", "localhost")
            .header("authorization", format!("Bearer {token}"))
            .body(Full::default())
            .expect("a request");
        self.send(request).await
    }

    /// Gets a page, as a browser that shows the secret of a session.
    pub async fn visit(&mut self, path: &str, session: &str) -> (StatusCode, Bytes, Duration) {
        let request = Request::get(path)
            .header("host", "localhost")
            .header("cookie", format!("{SESSION}{session}"))
            .body(Full::default())
            .expect("a request");
        self.send(request).await
    }

    /// Sends a form; gives the secret that the browser is to keep from then on as well.
    pub async fn submit(&mut self, path: &str, session: &str, form: String) -> Submitted {
        let request = Request::post(path)
            .header("host", "localhost")
            .header("content-type", "application/x-www-form-urlencoded")
            .header("cookie", format!("{SESSION}{session}"))
            .body(Full::new(Bytes::from(form)))
            .expect("a request");
        self.sender.ready().await.expect("the connection is open");
        let began = Instant::now();
        let response = self.sender.send_request(request).await.expect("an answer");
        let status = response.status();
        let mut cookies = response.headers().get_all(SET_COOKIE).iter();
        let session = cookies
            .find_map(|cookie| cookie.to_str().ok()?.strip_prefix(SESSION)?.split(';').next())
            .map(str::to_owned);
        let body = response.into_body().collect().await.expect("a body").to_bytes();
        Submitted { status, session, body, latency: began.elapsed() }
    }

    /// Gets a document and throws it away as it comes; gives the status and its length in bytes.
    pub async fn download(&mut self, path: &str, token: &str) -> (StatusCode, usize) {
        let request = Request::get(path)
            .header("host", "localhost")
            .header("authorization", format!("Bearer {token}"))
            .body(Full::default())
            .expect("a request");
        let response = self.sender.send_request(request).await.expect("an answer");
        let status = response.status();
        let mut body = response.into_body();
        let mut length = 0;
        while let Some(frame) = body.frame().await {
            let frame = frame.expect("the whole of it");
            length += frame.data_ref().map_or(0, Bytes::len);
        }
        (status, length)
    }

    async fn send(&mut self, request: Request<Full<Bytes>>) -> (StatusCode, Bytes, Duration) {
        self.sender.ready().await.expect("the connection is open");
        let began = Instant::now();
        let response = self.sender.send_request(request).await.expect("an answer");
        let status = response.status();
        let body = response.into_body().collect().await.expect("a body").to_bytes();
        (status, body, began.elapsed())
    }
}

/// What came of a form.
pub struct Submitted {
    pub status: StatusCode,
    pub session: Option<String>,
    pub body: Bytes,
    pub latency: Duration,
}

/// How fast many clients were served.
#[derive(Clone, Copy)]
pub struct Served {
    pub per_second: f64,
    pub latency: Latency,
}

impl Served {
    /// So many, each of which took so long, in `whole`.
    pub fn of(latencies: Vec<Duration>, whole: Duration) -> Self {
        #[expect(clippy::cast_precision_loss, reason = "a count")]
        let per_second = latencies.len() as f64 / whole.as_secs_f64();
        Self { per_second, latency: Latency::of(latencies) }
    }
}

impl std::fmt::Display for Served {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{:.0}/s, {}", self.per_second, self.latency)
    }
}

/// How long is asked before anything counts, in seconds: a connection to the database plans each statement anew for the first five
/// times, and a server that people use is older than that.
const WARMING: Duration = Duration::from_secs(3);

/// Lets `clients` clients ask for `seconds` seconds after [`WARMING`]; the nth request of a client is made by `ask(client, nth)`.
pub async fn load<Ask, Asking>(
    address: SocketAddr,
    clients: usize,
    seconds: u64,
    wanted: StatusCode,
    ask: Ask,
) -> Served
where
    Ask: Fn(Client, usize, usize) -> Asking + Clone + Send + 'static,
    Asking: Future<Output = (Client, StatusCode, Bytes, Duration)> + Send,
{
    let began = Instant::now() + WARMING;
    let until = began + Duration::from_secs(seconds);
    let mut tasks = tokio::task::JoinSet::new();
    for number in 0..clients {
        let ask = ask.clone();
        tasks.spawn(async move {
            let mut client = Client::connect(address).await;
            let mut latencies = Vec::new();
            let mut nth = 0;
            loop {
                let asked = Instant::now();
                if asked >= until {
                    break;
                }
                let (back, status, body, latency) = ask(client, number, nth).await;
                assert_eq!(status, wanted, "{}", String::from_utf8_lossy(&body));
                if asked >= began {
                    latencies.push(latency);
                }
                client = back;
                nth += 1;
            }
            latencies
        });
    }
    let latencies = tasks.join_all().await.into_iter().flatten().collect();
    Served::of(latencies, began.elapsed())
}
