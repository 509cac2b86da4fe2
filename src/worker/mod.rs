//! The loops that run beside the server. Each calls one service function until there is nothing left to do, and then
//! sleeps until it is woken or the next thing is due.
pub mod due;

use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::App;

/// Starts every loop; each ends soon after `shutdown`.
#[must_use]
pub fn start(app: &App, shutdown: &CancellationToken) -> TaskTracker {
    let tasks = TaskTracker::new();
    tasks.spawn(due::run(app.clone(), shutdown.clone()));
    tasks
}
pub mod seal;
