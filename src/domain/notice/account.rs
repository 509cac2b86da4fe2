//! What is told of accounts themselves.
use super::letter::Letter;
use crate::domain::{language::Message, time::Instant};

/// To every administrator: an account that is kept for emergencies was used.
#[must_use]
pub fn break_glass_sign_in(account: &str, at: Instant, address: &str, link: &str) -> Letter {
    Letter::new(
        Message::new("notice-break-glass-subject").with("account", account),
        Message::new("notice-break-glass").with("account", account),
    )
    .fact("notice-at", at)
    .fact("notice-address", address)
    .close(Message::new("notice-break-glass-find-out"))
    .link("notice-open-audit", link)
}

/// To every administrator: the database does not hold what a witness was told at that time.
#[must_use]
pub fn quarantined(witnessed_at: Instant, link: &str) -> Letter {
    Letter::new(Message::new("notice-quarantine-subject"), Message::new("notice-quarantine"))
        .fact("notice-witnessed-at", witnessed_at)
        .close(Message::new("notice-quarantine-what-now"))
        .link("notice-open", link)
}

/// To the person: something that they prove themselves with was changed.
#[must_use]
pub fn credential_changed(what: Message, at: Instant, address: &str, link: &str) -> Letter {
    Letter::new(Message::new("notice-credential-subject"), what)
        .fact("notice-at", at)
        .fact("notice-address", address)
        .close(Message::new("notice-credential-not-you"))
        .link("notice-open-account", link)
}

/// To a deputy: for whom they decide, and when.
#[must_use]
pub fn deputy_named(by: &str, starts_at: Instant, ends_at: Instant, link: &str) -> Letter {
    let about = |key| Message::new(key).with("by", by);
    Letter::new(about("notice-deputy-subject"), about("notice-deputy"))
        .fact("notice-from", starts_at)
        .fact("notice-until", ends_at)
        .close(Message::new("notice-deputy-own"))
        .link("notice-open-approvals", link)
}
