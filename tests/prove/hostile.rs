//! Clients that mean harm, or are made badly: slow ones, noise, and JSON made to hurt.
use std::{
    net::SocketAddr,
    time::{Duration, Instant},
};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    task::JoinSet,
    time::timeout,
};

use crate::{
    Build, Form,
    chance::Chance,
    client::Program,
    invariants,
    report::{Row, quantile},
    server::Server,
    setting::Setting,
};

/// How long headers and a body may take, as the settings say, and a little for the machine.
const HEADERS: Duration = Duration::from_secs(12);
const BODY: Duration = Duration::from_secs(33);
/// How long an honest client may wait meanwhile: twice as long as otherwise, or so long.
const HONEST: Duration = Duration::from_millis(250);
/// How much more memory the server may take.
const MEMORY: u64 = 64 << 20;
/// After this nobody waits for a connection to end.
const PATIENCE: Duration = Duration::from_mins(1);
/// How soon JSON that is no request is refused.
const REFUSED: Duration = Duration::from_secs(1);

/// What is sent a byte at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Slow {
    Headers,
    Body,
}

/// A thousand clients send a byte a second, while an honest one goes on. Broken, they may take as long as they like.
pub async fn slow_clients(build: Build, form: Form) -> Row {
    let setting = Setting::new().await;
    let clients: usize = if build.is_sound() { form.choose(1000, 4000) } else { 100 };
    // A thousand fit into what is allowed if nothing is said; four thousand do not.
    let room: &[(&'static str, &str)] = match (build, form) {
        (Build::Sound, Form::Short) => &[],
        (Build::Sound, Form::Long) => &[("LATCHKEY_HTTP_MAX_CONNECTIONS", "8192")],
        (Build::Broken, _) => &[
            ("LATCHKEY_HTTP_HEADER_TIMEOUT_SECONDS", "600"),
            ("LATCHKEY_HTTP_BODY_TIMEOUT_SECONDS", "600"),
        ],
    };
    let server = Server::with(&setting, "one", &setting.database_url(), room).await;
    let program = Program::new(&[server.address]);
    let (mut usual, _) = honest(&setting, &program, || false, 300).await;
    let usual = quantile(&mut usual, 0.99);
    let mut tasks = JoinSet::new();
    for nth in 0..clients {
        let slow = if nth % 2 == 0 { Slow::Headers } else { Slow::Body };
        let head = head(slow, &setting.token, nth);
        let address = server.address;
        tasks.spawn(async move { (slow, trickle(address, &head).await) });
    }
    let waiting = tokio::spawn(tasks.join_all());
    let (mut latencies, failed) = honest(&setting, &program, || !waiting.is_finished(), 300).await;
    let ended = waiting.await.expect("they come to an end");
    let mut row = Row::default();
    let (n, slowed) = (latencies.len(), quantile(&mut latencies, 0.99));
    row.promise(failed == 0, || format!("{failed} of {n} honest questions failed"));
    row.promise(slowed <= HONEST.max(usual * 2), || {
        format!("an honest client waited {} ms (p99)", slowed.as_millis())
    });
    for (slow, most) in [(Slow::Headers, HEADERS), (Slow::Body, BODY)] {
        let late = ended.iter().filter(|(which, took)| *which == slow && *took > most).count();
        row.promise(late == 0, || format!("{late} slow {slow:?} were not cut off in time"));
    }
    row.notes.push(format!(
        "an honest client waited {} ms, {} ms otherwise (p99, n = {n})",
        slowed.as_millis(),
        usual.as_millis()
    ));
    row.n = format!("{clients} slow, {n} honest");
    invariants::check(&setting, &server, &mut row).await;
    row
}

/// Asks for as long as is wanted, and at least so often: how long each answer took, and how many were none.
async fn honest(
    setting: &Setting,
    program: &Program,
    goes_on: impl Fn() -> bool,
    least: usize,
) -> (Vec<Duration>, usize) {
    let (mut latencies, mut failed) = (Vec::new(), 0);
    while goes_on() || latencies.len() < least {
        let began = Instant::now();
        failed += usize::from(program.holds(setting, 1).await.is_none());
        latencies.push(began.elapsed());
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    (latencies, failed)
}

/// What is sent at once before the rest comes slowly.
fn head(slow: Slow, token: &str, nth: usize) -> String {
    let path = "/api/v1/activations";
    match slow {
        Slow::Headers => format!("POST {path} HTTP/1.1\r\nhost: x\r\nx-slow: "),
        Slow::Body => format!(
            "POST {path} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {token}\r\nidempotency-key: slow-{nth}\r\n\
             content-type: application/json\r\ncontent-length: 5000\r\n\r\n"
        ),
    }
}

/// Sends a byte a second until the other side says something or goes away, and says how long that took.
async fn trickle(address: SocketAddr, head: &str) -> Duration {
    let began = Instant::now();
    let Ok(mut stream) = TcpStream::connect(address).await else { return began.elapsed() };
    if stream.write_all(head.as_bytes()).await.is_err() {
        return began.elapsed();
    }
    let mut answer = [0; 512];
    while began.elapsed() < PATIENCE {
        tokio::select! {
            _ = stream.read(&mut answer) => break,
            () = tokio::time::sleep(Duration::from_secs(1)) => {}
        }
        if stream.write_all(b" ").await.is_err() {
            break;
        }
    }
    began.elapsed()
}

/// Throws noise at the socket. Broken, a body may be as long as it likes.
pub async fn raw_http(build: Build, form: Form) -> Row {
    let setting = Setting::new().await;
    let length: &[(&'static str, &str)] =
        if build.is_sound() { &[] } else { &[("LATCHKEY_HTTP_MAX_BODY_BYTES", "2147483648")] };
    let mut server = Server::with(&setting, "one", &setting.database_url(), length).await;
    let mut row = Row::default();
    // Once before the memory is looked at: what is kept for all requests is kept once.
    throw(server.address, &known(&setting.token), &mut row).await;
    let memory = server.memory();
    let mut chance = Chance::new(7);
    let pieces = known(&setting.token);
    let total: usize = if build.is_sound() { form.choose(3000, 100_000) } else { 500 };
    for _ in 0..total / 500 {
        let noise: Vec<_> = (0..500).map(|_| garbled(&mut chance, &pieces)).collect();
        throw(server.address, &noise, &mut row).await;
    }
    let refused = huge_body(server.address, &setting.token).await;
    row.promise(refused, || "a body of a gigabyte was taken".to_owned());
    let grown = server.memory().saturating_sub(memory);
    row.promise(grown < MEMORY, || format!("memory grew by {} MiB", grown >> 20));
    row.promise(server.lives(), || "the server ended".to_owned());
    row.promise(!server.has_logged("panicked"), || "a handler panicked".to_owned());
    row.recovery.push(server.until_ready().await);
    row.notes.push(format!("memory grew by {} MiB", grown >> 20));
    row.n = format!("{} pieces of noise", total + pieces.len());
    row.broken.sort_unstable();
    row.broken.dedup();
    invariants::check(&setting, &server, &mut row).await;
    row
}

/// What is known to have hurt others, none of it a request that may succeed.
fn known(token: &str) -> Vec<Vec<u8>> {
    let post = "POST /api/v1/activations HTTP/1.1\r\nhost: x\r\n";
    let shown = format!("authorization: Bearer {token}\r\ncontent-type: application/json\r\n");
    let texts = [
        "\r\n\r\n\r\n".to_owned(),
        "GET\r\n\r\n".to_owned(),
        "GET / HTTP/9.9\r\n\r\n".to_owned(),
        "GET / HTTP/1.1\r\n\r\n".to_owned(),
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_owned(),
        "GET /\0 HTTP/1.1\r\nhost: x\r\n\r\n".to_owned(),
        "GET / HTTP/1.1\r\nhost : x\r\n\r\n".to_owned(),
        format!("GET /{} HTTP/1.1\r\nhost: x\r\n\r\n", "a".repeat(100_000)),
        format!("GET /none HTTP/1.1\r\nhost: x\r\nx: {}\r\n\r\n", "b".repeat(200_000)),
        format!("GET /none HTTP/1.1\r\nhost: x\r\n{}\r\n", "y: z\r\n".repeat(5000)),
        format!(
            "{post}{shown}content-length: 5\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\nGET /none"
        ),
        format!("{post}{shown}content-length: 3\r\ncontent-length: 4\r\n\r\nabcd"),
        format!("{post}{shown}content-length: -1\r\n\r\n"),
        format!("{post}{shown}content-length: 99999999999999999999\r\n\r\n"),
        format!(
            "{post}{shown}transfer-encoding: chunked\r\n\r\nffffffffffffffff\r\nx\r\n0\r\n\r\n"
        ),
        format!("{post}{shown}transfer-encoding: chunked\r\n\r\nzz\r\nx\r\n0\r\n\r\n"),
        format!("{post}{shown}transfer-encoding: chunked, identity\r\n\r\n0\r\n\r\n"),
        format!("{post}{shown}expect: 100-continue\r\ncontent-length: 4\r\n\r\nnull"),
        format!(
            "{post}{shown}content-length: 4\r\n\r\nnull{post}{shown}content-length: 4\r\n\r\nnull"
        ),
    ];
    let mut all: Vec<_> = texts.into_iter().map(String::into_bytes).collect();
    all.push(b"GET /none HTTP/1.1\r\nhost: \xff\xfe\r\n\r\n".to_vec());
    all.push((0..=255_u8).cycle().take(20_000).collect());
    all.push(vec![0x16, 0x03, 0x01, 0x02, 0x00, 0x01, 0x00, 0x01, 0xfc, 0x03, 0x03]);
    all
}

/// A piece that is known, with some of it changed, taken out or doubled.
fn garbled(chance: &mut Chance, pieces: &[Vec<u8>]) -> Vec<u8> {
    let mut noise = chance.of(pieces).cloned().unwrap_or_default();
    for _ in 0..=chance.below(8) {
        let place = chance.below(noise.len());
        match chance.below(3) {
            0 => {
                if let Some(byte) = noise.get_mut(place) {
                    *byte = u8::try_from(chance.below(256)).unwrap_or_default();
                }
            }
            1 => noise.truncate(place.max(1)),
            _ => {
                let end = noise.get(place..).map(<[u8]>::to_vec).unwrap_or_default();
                noise.extend(end.into_iter().take(1000));
            }
        }
    }
    noise
}

/// Sends each piece on a connection of its own, many at a time. Nothing but a refusal or an end may come of it.
async fn throw(address: SocketAddr, noise: &[Vec<u8>], row: &mut Row) {
    for pieces in noise.chunks(64) {
        let mut tasks = JoinSet::new();
        for piece in pieces {
            let piece = piece.clone();
            tasks.spawn(async move { status_of(address, &piece).await });
        }
        for status in tasks.join_all().await.into_iter().flatten() {
            // What was garbled into a harmless page is a page; what changes something must not succeed.
            row.promise(status < 500, || format!("noise was answered {status}"));
        }
    }
}

/// The status of the answer to a piece of noise; none if the other side ended the connection without one.
async fn status_of(address: SocketAddr, piece: &[u8]) -> Option<u16> {
    let mut stream = TcpStream::connect(address).await.ok()?;
    // Whoever listens may have gone already.
    drop(timeout(Duration::from_secs(5), stream.write_all(piece)).await);
    let mut answer = [0; 64];
    let heard = timeout(Duration::from_millis(300), stream.read(&mut answer)).await;
    if heard.is_err() {
        // It waits for the rest, which does not come.
        drop(stream.shutdown().await);
        drop(timeout(Duration::from_secs(15), stream.read(&mut answer)).await);
    }
    let text = String::from_utf8_lossy(&answer);
    text.strip_prefix("HTTP/1.1 ")?.get(..3)?.parse().ok()
}

/// Sends a gigabyte for as long as it is taken. Whether it was refused.
async fn huge_body(address: SocketAddr, token: &str) -> bool {
    let head = format!(
        "POST /api/v1/activations HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {token}\r\n\
         content-type: application/json\r\ncontent-length: 1073741824\r\n\r\n"
    );
    let Ok(mut stream) = TcpStream::connect(address).await else { return false };
    if stream.write_all(head.as_bytes()).await.is_err() {
        return true;
    }
    let block = vec![b' '; 64 * 1024];
    for _ in 0..16 * 1024 {
        let sent = timeout(Duration::from_secs(10), stream.write_all(&block)).await;
        if !matches!(sent, Ok(Ok(()))) {
            return true;
        }
    }
    false
}

/// Sends JSON that is deep, large, doubled or wrong. Broken, what it takes to refuse it is missing.
pub async fn hostile_json(build: Build, form: Form) -> Row {
    let setting = Setting::new().await;
    let mut server = Server::start(&setting, "one").await;
    if !build.is_sound() {
        setting.execute("alter table access_tokens rename to tokens_of_access").await;
    }
    let bodies = bodies();
    let client = reqwest::Client::new();
    let url = format!("http://{}/api/v1/activations", server.address);
    let (mut row, mut took) = (Row::default(), Vec::new());
    let times: usize = if build.is_sound() { form.choose(20, 500) } else { 1 };
    let memory = server.memory();
    for nth in 0..times * bodies.len() {
        let (name, body) = bodies.get(nth % bodies.len()).expect("there are some");
        let request = client
            .post(&url)
            .bearer_auth(&setting.token)
            .header("content-type", "application/json")
            .timeout(PATIENCE)
            .body(body.clone());
        let began = Instant::now();
        // One that is too long may be cut off while it is still being sent.
        let status = request.send().await.ok().map(|answer| answer.status().as_u16());
        took.push(began.elapsed());
        let refused = status.is_none_or(|status| (400..500).contains(&status));
        row.promise(refused, || format!("{name} was answered {status:?}"));
    }
    row.broken.sort_unstable();
    row.broken.dedup();
    let (middle, slowest) = (quantile(&mut took, 0.5), quantile(&mut took, 1.0));
    row.promise(slowest <= REFUSED, || format!("a refusal took {:.1} s", slowest.as_secs_f64()));
    let grown = server.memory().saturating_sub(memory);
    row.promise(grown < MEMORY, || format!("memory grew by {} MiB", grown >> 20));
    row.promise(server.lives(), || "the server ended".to_owned());
    row.notes.push(format!(
        "refused within {:.1} ms (median), {:.1} ms at most (n = {})",
        middle.as_secs_f64() * 1000.0,
        slowest.as_secs_f64() * 1000.0,
        took.len()
    ));
    row.n = format!("{} bodies", took.len());
    if build.is_sound() {
        invariants::check(&setting, &server, &mut row).await;
    }
    row
}

fn bodies() -> Vec<(&'static str, Vec<u8>)> {
    let within = |field: &str| format!("{{\"roles\":[],{field}}}").into_bytes();
    let keys: Vec<_> = (0..15_000).map(|n| format!("\"k{n}\":0,")).collect();
    let keys = keys.concat();
    vec![
        ("depth", "[".repeat(100_000).into_bytes()),
        ("depth in a field", within(&format!("\"justification\":{}", "[".repeat(100_000)))),
        ("depth of objects", "{\"roles\":".repeat(20_000).into_bytes()),
        ("many keys", format!("{{{keys}\"roles\":[]}}").into_bytes()),
        ("too many keys", format!("{{{}\"roles\":[]}}", keys.repeat(40)).into_bytes()),
        ("a key twice", within("\"code\":\"1\",\"code\":\"2\"")),
        ("a huge number", within("\"code\":1e400")),
        ("a long number", within(&format!("\"code\":{}", "9".repeat(200_000)))),
        ("half a letter", within("\"justification\":\"\\ud800\"")),
        ("no letters", within("\"justification\":\"\u{0}\"")),
        ("a huge text", within(&format!("\"justification\":\"{}\"", "x".repeat(10_000_000)))),
        ("not UTF-8", b"{\"roles\":[],\"justification\":\"\xff\xfe\"}".to_vec()),
        ("many roles", format!("{{\"roles\":[{}null]}}", "null,".repeat(40_000)).into_bytes()),
        ("nothing", Vec::new()),
        ("more than one", b"{\"roles\":[]}{\"roles\":[]}".to_vec()),
    ]
}
