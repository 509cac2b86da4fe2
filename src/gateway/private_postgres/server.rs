//! The running server, held by a thread of its own.
//!
//! The wish to be interrupted when the parent dies belongs to the thread that started the server, not to the process.
//! A thread of a pool may end long before the program does, so one thread starts the server, waits, and stops it.

use std::{
    process::{Child, Command},
    sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel},
    thread::{Builder, JoinHandle, sleep},
    time::{Duration, Instant},
};

use rustix::process::{Pid, Signal, kill_process};
use tokio_util::sync::CancellationToken;

use super::Error;

const PAUSE: Duration = Duration::from_millis(20);
const LOOK: Duration = Duration::from_millis(200);
const PATIENCE: Duration = Duration::from_mins(1);

/// The running server. Dropping it stops it, and waits until it has stopped.
#[derive(Debug)]
pub(super) struct Server {
    /// Its number.
    pub(super) process: u32,
    /// Cancelled when the server has ended, whoever ended it.
    pub(super) ended: CancellationToken,
    orders: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Server {
    /// Starts it; it is not ready yet.
    pub(super) fn start(mut command: Command) -> Result<Self, Error> {
        let failed = |source| Error::Run { program: "postgres".into(), source };
        let (orders, inbox) = channel();
        let (report, outcome) = channel();
        let ended = CancellationToken::new();
        let ended_for_thread = ended.clone();
        let thread = Builder::new()
            .name("private-postgres".into())
            .spawn(move || {
                let guard = ended_for_thread.drop_guard();
                match command.spawn() {
                    Ok(child) => {
                        drop(report.send(Ok(child.id())));
                        hold(child, &inbox);
                    }
                    Err(source) => drop(report.send(Err(source))),
                }
                drop(guard);
            })
            .map_err(failed)?;
        let process = outcome
            .recv()
            .unwrap_or_else(|_| Err(std::io::Error::other("its thread ended")))
            .map_err(failed)?;
        Ok(Self { process, ended, orders: Some(orders), thread: Some(thread) })
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.orders.take());
        if self.thread.take().is_some_and(|thread| thread.join().is_err()) {
            tracing::error!("the thread that held the private database failed");
        }
    }
}

/// Waits until the server ends or nobody wants it any more, and then stops it.
fn hold(mut child: Child, inbox: &Receiver<()>) {
    while inbox.recv_timeout(LOOK) == Err(RecvTimeoutError::Timeout) {
        if let Ok(Some(status)) = child.try_wait() {
            tracing::error!(%status, "the private database ended by itself");
            return;
        }
    }
    // First in order; then at once, after which the next start recovers. Never by force: see `leftover`.
    for signal in [Signal::INT, Signal::QUIT] {
        if let Some(process) = i32::try_from(child.id()).ok().and_then(Pid::from_raw) {
            let _ = kill_process(process, signal);
        }
        let asked = Instant::now();
        while asked.elapsed() < PATIENCE {
            if !matches!(child.try_wait(), Ok(None)) {
                return;
            }
            sleep(PAUSE);
        }
    }
    tracing::error!(process = child.id(), "the private database does not stop");
}
