//! Where and when figures were taken, and with which command.
use std::{fs, process::Command};

use crate::setting::Setting;

/// One line for each thing that a figure depends on: what it is, and which.
pub async fn describe(setting: &Setting) -> Vec<(&'static str, String)> {
    let database = setting
        .text(
            "select format('PostgreSQL %s; fsync %s, full_page_writes %s, synchronous_commit %s, data checksums %s; shared_buffers %s',
                 current_setting('server_version'), current_setting('fsync'), current_setting('full_page_writes'),
                 current_setting('synchronous_commit'), current_setting('data_checksums'), current_setting('shared_buffers'))",
        )
        .await;
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let model = said("/proc/cpuinfo", "model name").unwrap_or_else(|| "unknown".to_owned());
    vec![
        ("machine", format!("{cores} cores ({model}), {} of memory", memory())),
        ("database", database),
        ("commit", commit()),
        ("date", setting.text("select to_char(now(), 'YYYY-MM-DD')").await),
        ("command", command()),
    ]
}

fn memory() -> String {
    let total = said("/proc/meminfo", "MemTotal");
    let kilobytes = total.and_then(|text| text.strip_suffix(" kB")?.parse::<u64>().ok());
    kilobytes.map_or_else(
        || "unknown".to_owned(),
        |kilobytes| format!("{} GiB", kilobytes.div_ceil(1024 * 1024)),
    )
}

/// What a file of the kernel says after a name and a colon.
fn said(file: &str, name: &str) -> Option<String> {
    let text = fs::read_to_string(file).ok()?;
    let line = text.lines().find(|line| line.starts_with(name))?;
    Some(line.split_once(':')?.1.trim().to_owned())
}

fn commit() -> String {
    let git = |arguments: &[&str]| {
        let output =
            Command::new("git").current_dir(env!("CARGO_MANIFEST_DIR")).args(arguments).output();
        output.ok().filter(|output| output.status.success())
    };
    let Some(commit) = git(&["rev-parse", "--short", "HEAD"]) else { return "unknown".to_owned() };
    let commit = String::from_utf8_lossy(&commit.stdout).trim().to_owned();
    match git(&["diff", "--quiet", "HEAD", "--", "src", "migrations", "Cargo.lock"]) {
        Some(_) => commit,
        None => format!("{commit}, with changes that were not committed yet"),
    }
}

fn command() -> String {
    let arguments: Vec<_> = std::env::args().skip(1).filter(|given| given != "--bench").collect();
    format!("`cargo bench --bench figures -- {}`", arguments.join(" "))
}
