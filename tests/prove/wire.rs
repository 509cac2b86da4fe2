//! What happens on the way to the database: cuts at the worst moment, and silence.
use std::time::{Duration, Instant};

use tokio::task::JoinSet;

use crate::{
    Build, Form,
    client::{Answer, Load, Program, activation, token_of},
    invariants, patience,
    proxy::{Mode, Proxy},
    report::{Row, quantile},
    server::Server,
    setting::{CLIENTS_PEOPLE, Setting},
};

/// How soon a server says that it is not ready; how late it may say that it can't do something. Whoever waits for a
/// connection gives up after 10 s, and whoever waits for an answer on one after 30 s.
const NOT_READY: Duration = Duration::from_secs(4);
const GIVES_UP: Duration = Duration::from_secs(31);
/// How soon all is well again.
const WELL_AGAIN: Duration = Duration::from_secs(15);
/// How much more memory a server may take, in bytes.
const MEMORY: u64 = 64 << 20;

/// Cuts connections when a commit was passed on and its answer was not.
pub async fn cut_at_commit(build: Build, form: Form) -> Row {
    let setting = Setting::new().await;
    let proxy = Proxy::start(&setting.sockets()).await;
    let server = Server::with(&setting, "one", &proxy.database_url(), &[]).await;
    let load = Load::begin(&setting, &[server.address], 16, build.is_sound());
    let cuts = form.choose(60, if build.is_sound() { 1000 } else { 60 });
    let mut row = Row::default();
    // At commits, and then anywhere.
    for (mode, most) in [(Mode::CutAtCommit(5), cuts), (Mode::CutAfter(100_000), cuts + cuts / 4)] {
        proxy.set(mode);
        let limit = Duration::from_mins(form.choose(2, 30));
        patience::until(limit, "connections are cut", || async { proxy.cuts() >= most }).await;
    }
    proxy.set(Mode::Pass);
    let tally = load.finish().await;
    tally.judge(&setting, &mut row).await;
    row.n = format!("{} cuts, {} acknowledged", proxy.cuts(), tally.acknowledged());
    invariants::check(&setting, &server, &mut row).await;
    row
}

/// Lets the database fall silent without ending anything. Broken, the server goes past the hole: one that notices nothing.
pub async fn black_hole(build: Build, form: Form) -> Row {
    let setting = Setting::new().await;
    let proxy = Proxy::start(&setting.sockets()).await;
    let way = if build.is_sound() { proxy.database_url() } else { setting.database_url() };
    let server = Server::with(&setting, "one", &way, &[]).await;
    let load = Load::begin(&setting, &[server.address], 16, true);
    let holes: usize = if build.is_sound() { form.choose(1, 10) } else { 1 };
    let mut row = Row::default();
    let mut took = Vec::new();
    for nth in 0..holes {
        // Slow is not away.
        proxy.set(Mode::Delay(Duration::from_millis(20)));
        let slow = load.tally.more(20, Duration::from_secs(30)).await;
        row.promise(slow.is_some(), || "a slow database was taken for none".to_owned());
        proxy.set(Mode::Pass);
        load.tally.more(200, Duration::from_mins(1)).await.expect("clients are at work");
        let memory = server.memory();
        proxy.set(Mode::BlackHole);
        let silence = silence(&setting, &server, nth).await;
        silence.judge(&mut row);
        took.extend(silence.answers);
        let grown = server.memory().saturating_sub(memory);
        row.promise(grown < MEMORY, || format!("memory grew by {} MiB", grown >> 20));
        proxy.set(Mode::Pass);
        let back = Instant::now();
        let ready =
            patience::within(WELL_AGAIN, || async { server.status("/readyz").await == Some(200) });
        let well = ready.await.is_some() && load.tally.more(1, WELL_AGAIN).await.is_some();
        row.promise(well, || "all was not well again".to_owned());
        row.recovery.push(back.elapsed());
    }
    let tally = load.finish().await;
    tally.judge(&setting, &mut row).await;
    let refused = quantile(&mut took, 1.0).as_secs_f64();
    row.notes.push(format!(
        "an activation was given up after {refused:.1} s at most (n = {})",
        took.len()
    ));
    row.n = format!("{holes} holes, {} acknowledged", tally.acknowledged());
    invariants::check(&setting, &server, &mut row).await;
    row
}

/// What was seen while the database was silent.
struct Silence {
    not_ready: Option<Duration>,
    lives: bool,
    answers: Vec<Duration>,
    claimed: usize,
}

impl Silence {
    fn judge(&self, row: &mut Row) {
        row.promise(self.not_ready.is_some(), || {
            format!("it did not say within {} s that it is not ready", NOT_READY.as_secs())
        });
        row.promise(self.lives, || "it said that it does not live".to_owned());
        row.promise(self.claimed == 0, || format!("{} changes were claimed", self.claimed));
        let late = self.answers.iter().filter(|took| **took > GIVES_UP).count();
        row.promise(late == 0, || format!("{late} got no answer within {} s", GIVES_UP.as_secs()));
    }
}

/// Asks for this and that while nothing can be done.
async fn silence(setting: &Setting, server: &Server, nth: usize) -> Silence {
    let program = Program::patient(&[server.address], GIVES_UP * 2);
    let mut asked = JoinSet::new();
    for number in 0..8 {
        // People for whom no client speaks at this moment, most likely: it makes no difference to silence.
        let person = CLIENTS_PEOPLE - number;
        let (program, token) = (program.clone(), token_of(setting, person));
        let key = format!("silence-{nth}-{number}");
        asked.spawn(async move {
            let body = activation(person, &key);
            program.post(0, "/activations", &token, Some(&key), &body).await
        });
    }
    let not_ready = patience::within(NOT_READY, || async {
        server.status("/readyz").await.is_some_and(|status| status != 200)
    })
    .await
    .filter(|took| *took <= NOT_READY);
    let lives = server.status("/livez").await == Some(200);
    let answers: Vec<Answer> = asked.join_all().await;
    let claimed = answers.iter().filter(|answer| answer.is_success()).count();
    let answers = answers.into_iter().map(|answer| answer.took).collect();
    Silence { not_ready, lives, answers, claimed }
}
