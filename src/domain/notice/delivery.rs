//! What is told of notices themselves: those that reach nobody, and tests.
use super::letter::Letter;
use crate::domain::{language::Message, time::Instant};

/// To administrators: nothing reaches an address or a channel. What the other side said stands quoted.
#[must_use]
pub fn undelivered(about: &str, why: &str, link: &str) -> Letter {
    Letter::new(
        Message::new("notice-undelivered-subject").with("about", about),
        Message::new("notice-undelivered").with("about", about),
    )
    .quoting("notice-because", why)
    .close(Message::new("notice-undelivered-look"))
    .link("notice-open", link)
}

/// To whoever asked for it: mail works.
#[must_use]
pub fn test_mail(at: Instant, link: &str) -> Letter {
    Letter::new(Message::new("notice-test-subject"), Message::new("notice-test").with("at", at))
        .link("notice-open", link)
}
