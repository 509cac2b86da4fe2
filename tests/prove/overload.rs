//! Ten times what can be done, from clients that ask whether or not the last one has an answer.
use std::{
    net::SocketAddr,
    sync::Arc,
    time::{Duration, Instant},
};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    sync::{Semaphore, oneshot},
    task::JoinSet,
    time::timeout,
};

use crate::{
    Form,
    client::activation,
    ends, invariants, patience,
    report::{Row, quantile},
    server::Server,
    setting::Setting,
};

/// How long it is tried, in seconds, and how many people's access ends in each of them.
const SECONDS: usize = 15;
const ENDS: usize = 20;
/// Who asks. Their role is active already, so that every question costs the same: it is judged, refused, and recorded.
const ASKERS: usize = 400;
/// How many ask at once at the peak; how many may be without an answer in the flood; how long each waits.
const CLIENTS: usize = 32;
const WAITING: usize = 6000;
const PATIENCE: Duration = Duration::from_secs(5);
/// What must hold: so much of the peak, ends so late, and a refusal so soon.
const GOODPUT: f64 = 0.8;
const LATE: f64 = 2.0;
const REFUSED: Duration = Duration::from_secs(1);

fn length() -> Duration {
    Duration::from_secs(u64::try_from(SECONDS).unwrap_or_default())
}

pub async fn overload(form: Form) -> Row {
    let setting = Setting::new().await;
    let mut server = Server::start(&setting, "one").await;
    let asker = Asker { address: server.address, tokens: Arc::clone(&setting.tokens) };
    asker.ask_all_once().await;
    let peak = asker.peak().await;
    let mut row = Row::default();
    let rounds: usize = form.choose(1, 40);
    let mut flood = Vec::new();
    for round in 0..rounds {
        for second in 0..SECONDS {
            let first = ends::first() + second * ENDS;
            let seconds = u32::try_from(second + 1).unwrap_or_default();
            ends::plan(&setting, (first, first + ENDS - 1), seconds, &format!("flood {round}"))
                .await;
        }
        flood.extend(asker.flood(peak * 10).await);
        let ended =
            patience::within(Duration::from_secs(30), || async { ends::left(&setting).await == 0 });
        row.promise(ended.await.is_some(), || "ends were not written down".to_owned());
    }
    judge(&setting, &flood, (peak, rounds), &mut row).await;
    row.promise(server.lives(), || "the server ended".to_owned());
    let ready = server.until_ready().await;
    row.recovery.push(ready);
    if let Some(seconds) = server.metric("latchkey_end_lateness_seconds_sum").await {
        row.notes
            .push(format!("the server itself says that its ends were {seconds:.1} s late in all"));
    }
    invariants::check(&setting, &server, &mut row).await;
    row
}

async fn judge(
    setting: &Setting,
    flood: &[Answered],
    (peak, rounds): (usize, usize),
    row: &mut Row,
) {
    let decided = flood.iter().filter(|it| it.at <= length() && it.is_decided()).count();
    #[expect(clippy::cast_precision_loss, reason = "a count")]
    let goodput = decided as f64 / (peak.max(1) * rounds * SECONDS) as f64;
    row.promise(goodput >= GOODPUT, || format!("goodput was {:.0} % of the peak", goodput * 100.0));
    let (late, last, _) = ends::lateness(setting, "flood").await;
    row.promise(late < LATE, || format!("ends came {late:.1} s late (p99)"));
    let turned_away = flood.iter().filter(|it| matches!(it.status, Some(429 | 503)));
    let mut turned_away: Vec<_> = turned_away.map(|it| it.took).collect();
    let soon = quantile(&mut turned_away, 0.99);
    row.promise(soon <= REFUSED, || {
        format!("who is turned away learns of it after {:.1} s (p99)", soon.as_secs_f64())
    });
    let waited = flood.iter().filter(|it| it.status.is_none()).count();
    let faults = flood.iter().filter(|it| it.status.is_some_and(|it| it >= 500 && it != 503));
    let faults = faults.count();
    row.promise(faults == 0, || format!("{faults} answers were faults"));
    let mut served: Vec<_> = flood.iter().filter(|it| it.is_decided()).map(|it| it.took).collect();
    let p99 = quantile(&mut served, 0.99).as_secs_f64();
    row.n = format!("{} asked", flood.len());
    row.notes.push(format!(
        "peak {peak}/s; in the flood {:.0} % of it, p99 {p99:.2} s (n = {}); {} turned away, {waited} gave up after {} s; \
         ends p99 {late:.2} s, last {last:.2} s late (n = {})",
        goodput * 100.0,
        served.len(),
        turned_away.len(),
        PATIENCE.as_secs(),
        rounds * ENDS * SECONDS,
    ));
}

/// What one question was answered with, if at all, and how long that took.
struct Asked {
    status: Option<u16>,
    took: Duration,
}

/// Sends a request, and reads the answer to its end; none if it breaks off.
async fn status_of(address: SocketAddr, request: &[u8]) -> Option<u16> {
    let mut stream = TcpStream::connect(address).await.ok()?;
    stream.write_all(request).await.ok()?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.ok()?;
    let line = answer.get(..12)?;
    std::str::from_utf8(line).ok()?.strip_prefix("HTTP/1.1 ")?.parse().ok()
}

/// What became of one question in the flood.
struct Answered {
    status: Option<u16>,
    took: Duration,
    /// When, counted from the beginning of the flood.
    at: Duration,
}

impl Answered {
    /// Whether it was looked at and decided, one way or the other.
    fn is_decided(&self) -> bool {
        self.status.is_some_and(|status| (200..500).contains(&status) && status != 429)
    }
}

#[derive(Clone)]
struct Asker {
    address: SocketAddr,
    tokens: Arc<[String]>,
}

impl Asker {
    /// Asks on a connection of its own, as a crowd does. It is written by hand, since whoever makes the load has to be much
    /// faster than whoever bears it.
    async fn ask(&self, nth: usize) -> Asked {
        let person = nth % ASKERS + 1;
        let token = self.tokens.get(person - 1).expect("they have a token");
        let body = activation(person, "flood").to_string();
        let request = format!(
            "POST /api/v1/activations HTTP/1.1\r\nhost: x\r\nconnection: close\r\nauthorization: Bearer {token}\r\n\
             content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        );
        let began = Instant::now();
        let status = timeout(PATIENCE, status_of(self.address, request.as_bytes())).await;
        Asked { status: status.ok().flatten(), took: began.elapsed() }
    }

    /// Lets everybody activate once.
    async fn ask_all_once(&self) {
        for nth in 0..ASKERS {
            let Asked { status, .. } = self.ask(nth).await;
            assert!(
                status.is_some_and(|it| (200..300).contains(&it)),
                "it works at first: {status:?}"
            );
        }
    }

    /// How many a second are decided if everybody waits for their answer.
    async fn peak(&self) -> usize {
        let until = Instant::now() + Duration::from_secs(6);
        let mut clients = JoinSet::new();
        for client in 0..CLIENTS {
            let asker = self.clone();
            clients.spawn(async move {
                let mut done = 0;
                while Instant::now() < until {
                    let Asked { status, .. } = asker.ask(client + done * CLIENTS).await;
                    done += usize::from(status.is_some_and(|it| (200..500).contains(&it)));
                }
                done
            });
        }
        clients.join_all().await.into_iter().sum::<usize>() / 6
    }

    /// Asks so often a second. It has a thread of its own that gives way to the server, which shares the machine with it.
    async fn flood(&self, rate: usize) -> Vec<Answered> {
        let (done, answers) = oneshot::channel();
        let asker = self.clone();
        std::thread::spawn(move || {
            // Where that is not allowed, the server has less of the machine.
            let _ = rustix::process::nice(5);
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            let answers = runtime.expect("a thread can wait").block_on(asker.pour(rate));
            // Nobody may be waiting any more.
            drop(done.send(answers));
        });
        answers.await.expect("the flood comes to its end")
    }

    async fn pour(self, rate: usize) -> Vec<Answered> {
        let places = Arc::new(Semaphore::new(WAITING));
        let (began, length) = (Instant::now(), length());
        let (mut sent, mut tasks) = (0, JoinSet::new());
        while began.elapsed() < length {
            let due =
                usize::try_from(began.elapsed().as_millis()).unwrap_or_default() * rate / 1000;
            for nth in sent..due {
                // Whoever finds no place here does not come; there are thousands before them.
                let Ok(place) = Arc::clone(&places).try_acquire_owned() else { break };
                let asker = self.clone();
                tasks.spawn(async move {
                    let Asked { status, took } = asker.ask(nth).await;
                    drop(place);
                    Answered { status, took, at: began.elapsed() }
                });
            }
            sent = due;
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        tasks.join_all().await
    }
}
