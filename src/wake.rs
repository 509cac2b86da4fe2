//! Wakes the background work of this server; `worker` tells the other servers.
use std::sync::Arc;

use tokio::sync::Notify;

/// What the background work waits for. Waking is a hint: whoever sleeps too long looks anyway.
#[derive(Clone, Debug, Default)]
pub struct Wake {
    due: Arc<Notify>,
    outbox: Arc<Notify>,
    audit: Arc<Notify>,
}

impl Wake {
    /// Something may be due earlier than before.
    #[must_use]
    pub fn due(&self) -> &Notify {
        &self.due
    }

    /// Something is to be sent.
    #[must_use]
    pub fn outbox(&self) -> &Notify {
        &self.outbox
    }

    /// Something is to be sealed.
    #[must_use]
    pub fn audit(&self) -> &Notify {
        &self.audit
    }

    /// Wakes all of it: after a change that may matter to each.
    pub fn everything(&self) {
        self.due.notify_one();
        self.outbox.notify_one();
        self.audit.notify_one();
    }
}
