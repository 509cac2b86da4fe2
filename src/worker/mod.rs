//! The loops that run beside the server. Each calls one service function until there is nothing left to do, and then
//! sleeps until it is woken or the next thing is due.
pub mod deliver;
pub mod due;
pub mod history;
pub mod prune;
pub mod seal;
pub mod ticket;

use std::sync::Arc;

use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{App, gateway::mail::Mailer};

/// Starts every loop; each ends soon after `shutdown`.
#[must_use]
pub fn start(app: &App, mailer: Mailer, shutdown: &CancellationToken) -> TaskTracker {
    let tasks = TaskTracker::new();
    tasks.spawn(due::run(app.clone(), shutdown.clone()));
    tasks.spawn(deliver::run(app.clone(), Arc::new(mailer), shutdown.clone()));
    tasks.spawn(seal::run(app.clone(), shutdown.clone()));
    tasks.spawn(seal::verify(app.clone(), shutdown.clone()));
    tasks.spawn(history::run(app.clone(), shutdown.clone()));
    tasks.spawn(prune::run(app.clone(), shutdown.clone()));
    tasks.spawn(ticket::run(app.clone(), shutdown.clone()));
    tasks
}
