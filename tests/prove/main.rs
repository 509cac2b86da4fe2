//! What breaks is broken on purpose, while Latchkey works, and its promises are counted afterwards.
//!
//! `script/prove` builds the release and runs this; docs/proving.md says what each row does. A fault counts only if a setting
//! that is broken on purpose makes it red, so every row is taken twice.
#![expect(
    clippy::disallowed_methods,
    reason = "it prepares its data, breaks them and counts them with bare SQL"
)]
#![expect(clippy::panic, reason = "what can't be taken is red, and says why")]

mod chance;
mod client;
mod ends;
mod failover;
mod hostile;
mod invariants;
mod kill;
mod leader;
mod overload;
mod patience;
mod patroni;
mod process;
mod proxy;
mod race;
mod report;
mod restore;
mod server;
mod setting;
mod storage;
mod upgrade;
mod wire;

use std::{panic::AssertUnwindSafe, pin::Pin, process::ExitCode};

use futures_util::FutureExt as _;
use rustix::process::{Resource, getrlimit, setrlimit};
use tokio::signal::unix::{SignalKind, signal};

use crate::report::{Report, Row};

/// How often things are done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// Under a quarter of an hour in all.
    Short,
    /// As often as the plan asks for.
    Long,
}

impl Form {
    /// One of two, by the form.
    pub fn choose<T>(self, short: T, long: T) -> T {
        match self {
            Self::Short => short,
            Self::Long => long,
        }
    }
}

/// Whether what is tried is as it should be, or broken so that the row must turn red.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Build {
    /// As it should be.
    Sound,
    /// Broken on purpose.
    Broken,
}

impl Build {
    /// Whether it is as it should be.
    #[must_use]
    pub fn is_sound(self) -> bool {
        self == Self::Sound
    }
}

/// A fault: its name, what is done, and how it is broken on purpose.
pub struct Fault {
    name: &'static str,
    what: &'static str,
    broken: &'static str,
}

static FAULTS: [Fault; 17] = [
    fault("kill-server", "servers killed while people activate", "no idempotency keys"),
    fault("kill-database", "the database killed", "synchronous_commit off"),
    fault("stop-database", "the database stopped, at once and in order", "synchronous_commit off"),
    fault("failover", "the leader of two databases killed", "asynchronous replication"),
    fault("cut-at-commit", "the connection cut at the commit", "no idempotency keys"),
    fault("black-hole", "the database answers nothing, and ends nothing", "nobody notices"),
    fault("read-only", "the database takes no changes", "access asks no clock"),
    fault("disk-full", "the database's disk is full", "nobody makes room"),
    fault("clock", "the server's clock is wrong", "the database's clock is wrong"),
    fault("five-servers", "five servers end one crowd", "access asks no clock"),
    fault("restore", "old, cut and edited databases", "no witness"),
    fault("upgrade", "migrations killed in the middle", "a migration that is forgotten"),
    fault("overload", "ten times what can be done", "nobody is turned away"),
    fault("slow-clients", "clients that send a byte at a time", "nobody is cut off"),
    fault("raw-http", "noise on the socket", "a body may have any length"),
    fault("hostile-json", "JSON made to hurt", "a table is missing"),
    fault("race", "everything at once on few people", "a lock that locks nothing"),
];

const fn fault(name: &'static str, what: &'static str, broken: &'static str) -> Fault {
    Fault { name, what, broken }
}

fn main() -> ExitCode {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    if arguments.iter().any(|argument| argument == "--list") {
        for Fault { name, what, broken } in &FAULTS {
            println!("{name:<15} {what}; broken on purpose: {broken}");
        }
        return ExitCode::SUCCESS;
    }
    let form = if arguments.iter().any(|it| it == "--long") { Form::Long } else { Form::Short };
    let names: Vec<_> = arguments.iter().filter(|it| !it.starts_with('-')).collect();
    if let Some(stranger) = names.iter().find(|name| FAULTS.iter().all(|it| it.name != **name)) {
        eprintln!("there is no fault {stranger}; --list names them all");
        return ExitCode::from(2);
    }
    allow_many_files();
    setting::remove_what_is_left();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .expect("threads can be made");
    runtime.block_on(async {
        let mut report = Report::default();
        let wanted = FAULTS
            .iter()
            .filter(|it| names.is_empty() || names.iter().any(|name| name.as_str() == it.name));
        // Whoever interrupts it drops what is being tried, and with it every process and folder.
        let interrupted = tokio::select! {
            () = take_all(wanted, form, &mut report) => false,
            () = interrupted() => true,
        };
        report.print(form);
        ExitCode::from(u8::from(interrupted || !report.passed()))
    })
}

async fn take_all(faults: impl Iterator<Item = &'static Fault>, form: Form, report: &mut Report) {
    for fault in faults {
        let row = take(fault.name, Build::Sound, form).await;
        let broken = match row.skipped {
            None => Some((fault.broken, take(fault.name, Build::Broken, form).await)),
            Some(_) => None,
        };
        report.add(fault.name, row, broken);
    }
}

/// Takes one row. One that can't be taken to its end is red.
async fn take(name: &'static str, build: Build, form: Form) -> Row {
    eprintln!("==> {name}{}", if build.is_sound() { "" } else { ", broken on purpose" });
    AssertUnwindSafe(row(name, build, form)).catch_unwind().await.unwrap_or_else(|panic| {
        let said = panic
            .downcast_ref::<String>()
            .map(String::as_str)
            .or_else(|| panic.downcast_ref::<&str>().copied())
            .unwrap_or("without words");
        Row::failed(format!("it could not be taken: {said}"))
    })
}

fn row(name: &'static str, build: Build, form: Form) -> Pin<Box<dyn Future<Output = Row>>> {
    match name {
        "kill-server" => Box::pin(kill::server(build, form)),
        "kill-database" => Box::pin(kill::database(build, form, kill::HowToEnd::Kill)),
        "stop-database" => Box::pin(kill::database(build, form, kill::HowToEnd::Stop)),
        "failover" => Box::pin(failover::failover(build, form)),
        "cut-at-commit" => Box::pin(wire::cut_at_commit(build, form)),
        "black-hole" => Box::pin(wire::black_hole(build, form)),
        "read-only" => Box::pin(storage::read_only(build, form)),
        "disk-full" => Box::pin(storage::disk_full(build, form)),
        "clock" => Box::pin(ends::clock(build, form)),
        "five-servers" => Box::pin(ends::five_servers(build, form)),
        "restore" => Box::pin(restore::restore(build, form)),
        "upgrade" => Box::pin(upgrade::upgrade(build, form)),
        "overload" => Box::pin(overload::overload(build, form)),
        "slow-clients" => Box::pin(hostile::slow_clients(build, form)),
        "raw-http" => Box::pin(hostile::raw_http(build, form)),
        "hostile-json" => Box::pin(hostile::hostile_json(build, form)),
        "race" => Box::pin(race::race(build, form)),
        other => panic!("there is no fault {other}"),
    }
}

async fn interrupted() {
    let mut terminate = signal(SignalKind::terminate()).expect("signals can be awaited");
    let mut interrupt = signal(SignalKind::interrupt()).expect("signals can be awaited");
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
}

/// Thousands of connections need as many files, here and in the servers that are started from here.
fn allow_many_files() {
    let mut limit = getrlimit(Resource::Nofile);
    limit.current = limit.maximum;
    if let Err(failure) = setrlimit(Resource::Nofile, limit) {
        eprintln!("no more files may be opened than usual: {failure}");
    }
}
