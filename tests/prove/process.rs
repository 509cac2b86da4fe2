//! Processes of this machine: who made them, what they are, and what they are told.
use std::fs;

use rustix::{
    process::{Pid, Signal, kill_process, kill_process_group},
    thread::{CpuSet, sched_getaffinity, sched_setaffinity},
};

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

/// The core that is for whoever makes a load, and the one for whoever bears it; the same where there is only one. However many
/// there are, it is one for each: a load that one core makes would be no load for all the others.
pub fn cores() -> (usize, usize) {
    let mine = sched_getaffinity(None).unwrap_or_default();
    let mut cores = (0..CpuSet::MAX_CPU).filter(|core| mine.is_set(*core));
    let first = cores.next().unwrap_or_default();
    (first, cores.next().unwrap_or(first))
}

/// Lets processes run on this core alone, with whatever they make from now on.
pub fn keep_to(processes: &[i32], core: usize) {
    let mut allowed = CpuSet::new();
    allowed.set(core);
    for process in processes {
        let threads = fs::read_dir(format!("/proc/{process}/task")).into_iter().flatten().flatten();
        for thread in threads.filter_map(|entry| entry.file_name().to_str()?.parse().ok()) {
            // It may have ended meanwhile.
            let _ = sched_setaffinity(Pid::from_raw(thread), &allowed);
        }
    }
}

/// Does something on one core alone. A process that is started by it stays there.
pub fn kept_to<T>(core: usize, start: impl FnOnce() -> T) -> T {
    let before = sched_getaffinity(None).unwrap_or_default();
    keep_this_thread_to(core);
    let started = start();
    let _ = sched_setaffinity(None, &before);
    started
}

/// Lets the thread that calls this run on one core alone.
pub fn keep_this_thread_to(core: usize) {
    let mut allowed = CpuSet::new();
    allowed.set(core);
    let _ = sched_setaffinity(None, &allowed);
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
