//! Processes of this machine: who made them, what they are, and what they are told.
use std::fs;

use rustix::process::{Pid, Signal, kill_process, kill_process_group};

/// The processes that a process has made and that still run.
pub fn children(parent: i32) -> Vec<i32> {
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    entries
        .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
        .filter(|process: &i32| {
            let line = fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
            // Behind the name, which may hold anything, stand the state and the parent.
            let rest = line.rsplit_once(") ").map_or("", |(_, rest)| rest);
            rest.split(' ').nth(1) == Some(parent.to_string().as_str())
        })
        .collect()
}

/// Whether a process runs and was started with this among its arguments.
pub fn was_started_with(process: i32, argument: &str) -> bool {
    let line = fs::read_to_string(format!("/proc/{process}/cmdline")).unwrap_or_default();
    line.split('\0').any(|one| one == argument)
}

/// Kills a process and all that it has made.
pub fn kill_with_children(process: i32) {
    let children = children(process);
    // The process first, so that it makes no new ones.
    for process in std::iter::once(process).chain(children) {
        signal(process, Signal::KILL);
    }
}

/// Kills all processes of a group, which has the number of its first.
pub fn kill_group(group: u32) {
    if let Some(group) = Pid::from_raw(group.cast_signed()) {
        // It may have ended meanwhile, which is what is wanted.
        let _ = kill_process_group(group, Signal::KILL);
    }
}

pub fn signal(process: i32, signal: Signal) {
    if let Some(process) = Pid::from_raw(process) {
        // It may have ended meanwhile, which is what is wanted.
        let _ = kill_process(process, signal);
    }
}
