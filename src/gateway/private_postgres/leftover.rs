//! What an earlier run that was killed may have left: a server that still ends, backends that outlive it, and files
//! that say it runs.
//!
//! After a `kill -9` the backends of the old server may go on for a while, and even commit. Removing the files before
//! the last one has let go of the shared memory would let a second server into the same data. And where the first
//! process of a container reaps nobody, a dead server stays in the process table, so that PostgreSQL itself would refuse
//! to start for ever. Hence: end the server, wait for the shared memory to be free, and only then remove the files.

use std::{
    fs,
    path::{Path, PathBuf},
    thread::sleep,
    time::{Duration, Instant},
};

use rustix::process::{Pid, Signal, kill_process};

use super::Error;

const PATIENCE: Duration = Duration::from_mins(2);
const PAUSE: Duration = Duration::from_millis(50);

/// The parts of `postmaster.pid` that tell whether its server still runs.
struct PidFile {
    process: i32,
    /// Key and number of the shared memory.
    memory: Option<(String, String)>,
}

/// Ends what is left of an earlier run and removes its files. The caller holds the lock of the folder.
pub(super) fn clear(cluster: &Path, sockets: &Path) -> Result<(), Error> {
    let path = cluster.join("postmaster.pid");
    let Ok(text) = fs::read_to_string(&path) else { return remove_sockets(sockets) };
    // Without /proc nothing can be known, and PostgreSQL's own checks must do.
    if !Path::new("/proc/self/cmdline").exists() {
        return Ok(());
    }
    let Some(file) = parse(&text) else { return Ok(()) };
    tracing::warn!("the last run did not end in order; waiting for what is left of it");
    let started = Instant::now();
    let mut asked = false;
    loop {
        let server = is_server(file.process, cluster).then_some(file.process);
        if server.is_none() && !memory_is_used(&file) {
            break;
        }
        let backends = backends(cluster);
        if !asked {
            asked = true;
            // The server stops in order; orphaned backends roll back.
            if let Some(process) = server {
                signal(process, Signal::INT);
            }
            for process in backends.iter().filter(|_| server.is_none()) {
                signal(*process, Signal::TERM);
            }
        }
        if started.elapsed() > PATIENCE {
            let all: Vec<_> = server.iter().chain(&backends).map(ToString::to_string).collect();
            return Err(Error::LeftOver { cluster: cluster.to_owned(), processes: all.join(", ") });
        }
        sleep(PAUSE);
    }
    remove(&path)?;
    remove_sockets(sockets)
}

fn parse(text: &str) -> Option<PidFile> {
    let mut lines = text.lines();
    let process = lines.next()?.trim().parse().ok()?;
    let mut memory = lines.nth(5).unwrap_or_default().split_whitespace().map(str::to_owned);
    Some(PidFile { process, memory: memory.next().zip(memory.next()) })
}

/// Whether a process is the server of this cluster. A dead one that nobody reaped has an empty command line.
fn is_server(process: i32, cluster: &Path) -> bool {
    command_line(process).split('\0').any(|argument| Path::new(argument) == cluster)
}

/// Backends know their cluster by their working directory.
fn backends(cluster: &Path) -> Vec<i32> {
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    entries
        .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
        .filter(|process| {
            command_line(*process).starts_with("postgres:")
                && fs::read_link(format!("/proc/{process}/cwd"))
                    .is_ok_and(|folder| folder == cluster)
        })
        .collect()
}

fn command_line(process: i32) -> String {
    fs::read_to_string(format!("/proc/{process}/cmdline")).unwrap_or_default()
}

/// Whether somebody still holds the shared memory that the old server made.
fn memory_is_used(file: &PidFile) -> bool {
    let Some((key, number)) = &file.memory else { return false };
    let table = fs::read_to_string("/proc/sysvipc/shm").unwrap_or_default();
    table.lines().any(|line| {
        let columns: Vec<_> = line.split_whitespace().collect();
        matches!(columns.as_slice(), [a, b, _, _, _, _, holders, ..] if a == key && b == number && *holders != "0")
    })
}

fn signal(process: i32, signal: Signal) {
    if let Some(process) = Pid::from_raw(process) {
        // It may have ended meanwhile, which is what is wanted.
        let _ = kill_process(process, signal);
    }
}

fn remove_sockets(sockets: &Path) -> Result<(), Error> {
    let entries = fs::read_dir(sockets).into_iter().flatten().flatten();
    let mut ours: Vec<PathBuf> = entries.map(|entry| entry.path()).collect();
    ours.retain(|path| {
        path.file_name().is_some_and(|name| name.to_string_lossy().starts_with(".s.PGSQL."))
    });
    ours.iter().try_for_each(|path| remove(path))
}

fn remove(path: &Path) -> Result<(), Error> {
    match fs::remove_file(path) {
        Err(source) if source.kind() != std::io::ErrorKind::NotFound => {
            Err(Error::File { action: "remove", path: path.to_owned(), source })
        }
        _ => Ok(()),
    }
}
