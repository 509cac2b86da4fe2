//! The audit log as CSV: over HTTP, beside Postgres's own COPY through psql.
use std::{process::Command, time::Instant};

use hyper::StatusCode;
use latchkey::service::audit::{self, Sealed};

use crate::{client::Client, generate, report::Report, setting::Setting};

/// How many events are exported, beside those that the other figures left.
const EVENTS: usize = 400_000;

const COPY: &str = "copy (select sequence, events.*, encode(previous_hash, 'hex'), encode(hash, 'hex')
    from audit_events as events left join audit_seals on event_id = events.id) to stdout csv header";

pub async fn measure(setting: &Setting, report: &mut Report) {
    // What the other figures left, as a server that runs has done.
    while let Sealed::Some(_) = audit::seal(&setting.app, false).await.expect("it is sealed") {}
    generate::events_up_to(&setting.superuser, EVENTS).await;
    // Once to warm the cache, once to count.
    copy(setting);
    let (copied, limit) = copy(setting);
    let mut client = Client::connect(setting.address).await;
    let before = memory("VmRSS:");
    forget_peak();
    let began = Instant::now();
    let (status, length) = client.download("/api/v1/audit/export?format=csv", &setting.token).await;
    let seconds = began.elapsed().as_secs_f64();
    let peak = memory("VmHWM:");
    assert_eq!(status, StatusCode::OK);
    #[expect(clippy::cast_precision_loss, reason = "a count")]
    let megabytes = length as f64 / 1e6;
    report.add(
        "CSV export over HTTP, against COPY through psql",
        megabytes / seconds,
        limit,
        "MB/s",
        "≥ 0.8",
    );
    report.say(
        "size of that export (COPY's beside it)",
        format!("{megabytes:.0} MB ({copied:.0} MB)"),
        "",
    );
    report.say(
        "memory at the peak of that export, beyond what was in use before",
        format!("{:.1} MiB", (peak - before) / 1024.0),
        "< 64 MiB",
    );
}

/// Megabytes, and megabytes a second.
fn copy(setting: &Setting) -> (f64, f64) {
    let began = Instant::now();
    let output =
        Command::new("psql").args(setting.psql()).args(["-c", COPY]).output().expect("psql runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    #[expect(clippy::cast_precision_loss, reason = "a count")]
    let megabytes = output.stdout.len() as f64 / 1e6;
    (megabytes, megabytes / began.elapsed().as_secs_f64())
}

/// What the kernel says of this process's memory, in KiB.
fn memory(what: &str) -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").expect("it can be read");
    let line = status.lines().find_map(|line| line.strip_prefix(what)).expect("it is said");
    line.trim().trim_end_matches(" kB").parse().expect("a number")
}

/// From here on the kernel keeps the peak anew.
fn forget_peak() {
    std::fs::write("/proc/self/clear_refs", "5").expect("one's own peak may be forgotten");
}
