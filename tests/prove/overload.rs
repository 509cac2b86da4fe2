//! Ten times what can be done, from clients that ask whether or not the last one has an answer.
//!
//! They come as a reverse proxy passes them on, over connections that are kept; what remains if each has a connection of its own is
//! told beside it. The load has one core of the machine, and whoever bears it another: both at the peak and in the flood.
use std::{
    net::SocketAddr,
    sync::{Arc, Mutex, PoisonError},
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
    Build, Form,
    client::activation,
    ends, invariants, patience, process,
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
/// How many times the peak must have been asked for the row to say anything: those who find no place in the queue don't come.
const TIMES_ASKED: usize = 8;
const REFUSED: Duration = Duration::from_secs(1);

fn length() -> Duration {
    Duration::from_secs(u64::try_from(SECONDS).unwrap_or_default())
}

/// Pours it on. Broken, there is room for everybody, and nobody is turned away.
pub async fn overload(build: Build, form: Form) -> Row {
    let setting = Setting::new().await;
    let room: &[(&'static str, &str)] =
        if build.is_sound() { &[] } else { &[("LATCHKEY_HTTP_MAX_REQUESTS", "1000000")] };
    let (load, bearer) = process::cores();
    // From its start, so that it has as many threads as cores.
    let begin = || Server::begin(&setting, "one", &setting.database_url(), room);
    let mut server = process::kept_to(bearer, begin);
    server.until_ready().await;
    process::keep_to(&setting.processes(), bearer);
    let kept = Asker::new(&setting, &server, Connections::Kept(Mutex::default()), load);
    kept.clone().on_its_core(async |asker| asker.ask_all_once().await).await;
    let peak = kept.clone().on_its_core(Asker::peak).await;
    let mut row = Row::default();
    let rounds: usize = if build.is_sound() { form.choose(1, 40) } else { 1 };
    let mut flood = Vec::new();
    for round in 0..rounds {
        for second in 0..SECONDS {
            let first = ends::first() + second * ENDS;
            let seconds = u32::try_from(second + 1).unwrap_or_default();
            ends::plan(&setting, (first, first + ENDS - 1), seconds, &format!("flood {round}"))
                .await;
        }
        flood
            .extend(kept.clone().on_its_core(async move |asker| asker.pour(peak * 10).await).await);
        let ended =
            patience::within(Duration::from_secs(30), || async { ends::left(&setting).await == 0 });
        row.promise(ended.await.is_some(), || "ends were not written down".to_owned());
    }
    judge(&setting, &flood, (peak, rounds), &mut row).await;
    if !build.is_sound() {
        return row;
    }
    let strangers = Asker::new(&setting, &server, Connections::OneEach, load);
    let answers = strangers.on_its_core(async move |asker| asker.pour(peak * 10).await).await;
    row.notes.push(format!(
        "with a connection for each request: {:.0} % of the peak (n = {})",
        goodput(&answers, peak) * 100.0,
        answers.len()
    ));
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

/// How much of the peak was decided.
#[expect(clippy::cast_precision_loss, reason = "a count")]
fn goodput(flood: &[Answered], peak: usize) -> f64 {
    let decided = flood.iter().filter(|it| it.at <= length() && it.is_decided()).count();
    decided as f64 / (peak.max(1) * SECONDS) as f64
}

async fn judge(
    setting: &Setting,
    flood: &[Answered],
    (peak, rounds): (usize, usize),
    row: &mut Row,
) {
    let goodput = goodput(flood, peak * rounds);
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
    row.promise(waited == 0, || format!("{waited} gave up waiting"));
    let times = flood.len() / (peak.max(1) * SECONDS * rounds);
    row.promise(times >= TIMES_ASKED, || format!("only {times} times the peak was asked"));
    let faults = flood.iter().filter(|it| it.status.is_some_and(|it| it >= 500 && it != 503));
    let faults = faults.count();
    row.promise(faults == 0, || format!("{faults} answers were faults"));
    let mut served: Vec<_> = flood.iter().filter(|it| it.is_decided()).map(|it| it.took).collect();
    let p99 = quantile(&mut served, 0.99).as_secs_f64();
    row.n = format!("{} asked", flood.len());
    row.notes.push(format!(
        "peak {peak}/s; asked {times} times that, {:.0} % of it, p99 {p99:.2} s (n = {}); {} turned away, {waited} gave up after {} s; \
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

/// Reads an answer, and gives its status; none if it breaks off.
async fn read(stream: &mut TcpStream) -> Option<u16> {
    let mut answer = Vec::with_capacity(2048);
    let head = loop {
        if let Some(end) = answer.windows(4).position(|end| end == b"\r\n\r\n") {
            break end + 4;
        }
        if stream.read_buf(&mut answer).await.ok()? == 0 {
            return None;
        }
    };
    let text = std::str::from_utf8(answer.get(..head)?).ok()?.to_ascii_lowercase();
    let length =
        text.split("content-length: ").nth(1)?.split('\r').next()?.parse::<usize>().ok()?;
    let status = text.strip_prefix("http/1.1 ")?.get(..3)?.parse().ok()?;
    while answer.len() < head + length {
        if stream.read_buf(&mut answer).await.ok()? == 0 {
            return None;
        }
    }
    Some(status)
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

/// Over which connections it is asked.
enum Connections {
    /// Those that are free, or a new one.
    Kept(Mutex<Vec<TcpStream>>),
    /// A new one each time.
    OneEach,
}

impl Connections {
    async fn take(&self, address: SocketAddr) -> Option<TcpStream> {
        let free = match self {
            Self::Kept(free) => free.lock().unwrap_or_else(PoisonError::into_inner).pop(),
            Self::OneEach => None,
        };
        match free {
            Some(stream) => Some(stream),
            None => TcpStream::connect(address).await.ok(),
        }
    }

    fn give_back(&self, stream: TcpStream) {
        if let Self::Kept(free) = self {
            free.lock().unwrap_or_else(PoisonError::into_inner).push(stream);
        }
    }
}

#[derive(Clone)]
struct Asker {
    address: SocketAddr,
    requests: Arc<[Vec<u8>]>,
    connections: Arc<Connections>,
    core: usize,
}

impl Asker {
    /// Every request is written beforehand and by hand, since whoever makes the load has to be much faster than whoever bears it.
    fn new(setting: &Setting, server: &Server, connections: Connections, core: usize) -> Self {
        let request = |(nth, token): (usize, &String)| {
            let body = activation(nth + 1, "flood").to_string();
            format!(
                "POST /api/v1/activations HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {token}\r\n\
                 content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
                body.len()
            )
            .into_bytes()
        };
        Self {
            address: server.address,
            requests: setting.tokens.iter().take(ASKERS).enumerate().map(request).collect(),
            connections: Arc::new(connections),
            core,
        }
    }

    /// Does something on a thread of its own, which has a core of its own.
    async fn on_its_core<T, Work>(self, work: Work) -> T
    where
        T: Send + 'static,
        Work: AsyncFnOnce(Self) -> T + Send + 'static,
    {
        let (done, answers) = oneshot::channel();
        std::thread::spawn(move || {
            process::keep_this_thread_to(self.core);
            // Connections belong to the runtime in which they were made.
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            let answers = runtime.expect("a thread can wait").block_on(work(self.anew()));
            // Nobody may be waiting any more.
            drop(done.send(answers));
        });
        answers.await.expect("the load comes to its end")
    }

    /// The same with no connection yet.
    fn anew(&self) -> Self {
        let connections = match *self.connections {
            Connections::Kept(_) => Connections::Kept(Mutex::default()),
            Connections::OneEach => Connections::OneEach,
        };
        Self { connections: Arc::new(connections), ..self.clone() }
    }

    async fn ask(&self, nth: usize) -> Asked {
        let began = Instant::now();
        let status = timeout(PATIENCE, self.status_of(nth)).await;
        Asked { status: status.ok().flatten(), took: began.elapsed() }
    }

    async fn status_of(&self, nth: usize) -> Option<u16> {
        let mut stream = self.connections.take(self.address).await?;
        let request = self.requests.get(nth % self.requests.len())?;
        stream.write_all(request).await.ok()?;
        let status = read(&mut stream).await?;
        self.connections.give_back(stream);
        Some(status)
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
    async fn peak(self) -> usize {
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

    /// Asks so often a second, whether or not there are answers.
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
