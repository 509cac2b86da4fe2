//! The way of notices.
use askama::Template;

use super::{
    Instant, Pages,
    form::{Choice, Field},
    frame::Frame,
};

/// The deliveries page.
#[derive(Template)]
#[template(path = "delivery/list.html")]
pub struct Deliveries {
    /// Around it.
    pub frame: Frame,
    /// Mail and the channels.
    pub lanes: Vec<Lane>,
    /// What is looked for.
    pub filter: Filter,
    /// What was found, newest first.
    pub rows: Vec<Row>,
    /// Where the rest is.
    pub pages: Pages,
    /// Where to look again, if a single notice is looked at; else empty.
    pub again: String,
    /// Whether the reader may send again and try channels.
    pub may_act: bool,
    /// Lets each form act once.
    pub key: String,
    /// The filter as the query of an address, to come back to.
    pub query: String,
}

/// Mail or a channel.
pub struct Lane {
    /// Its name.
    pub name: String,
    /// "Slack at hooks.slack.com".
    pub what: String,
    /// Which events it wants.
    pub wants: String,
    /// `good`, `bad` or nothing.
    pub tone: &'static str,
    /// "Works", "Fails", …
    pub state: String,
    /// Since when, if that says anything.
    pub since: Option<Instant>,
    /// What it said last, if it fails.
    pub error: String,
    /// "3 wait, 1 given up".
    pub backlog: String,
    /// Where to try it; empty if it is configured no more.
    pub test: String,
    /// The word on that button.
    pub test_word: String,
}

/// What is looked for.
pub struct Filter {
    /// Mail or a channel.
    pub lane: Field,
    /// The ways to choose from.
    pub lanes: Vec<Choice>,
    /// Where it stands.
    pub state: Field,
    /// The states to choose from.
    pub states: Vec<Choice>,
    /// What happened.
    pub event: Field,
    /// The events to choose from.
    pub events: Vec<Choice>,
    /// To which address.
    pub address: Field,
    /// Whether anything is set.
    pub used: bool,
}

/// A notice.
pub struct Row {
    /// When it was written.
    pub at: Instant,
    /// What happened.
    pub event: String,
    /// The channel or the address.
    pub to: String,
    /// "Sent".
    pub state: String,
    /// `good`, `bad`, `warn` or nothing.
    pub tone: &'static str,
    /// When it went out, or until when it waits.
    pub when: Option<Instant>,
    /// How often it was tried.
    pub attempts: i32,
    /// What it waits for, or why it failed the last time; empty if there is nothing to say.
    pub why: String,
    /// Where to send it again; empty if there is no need.
    pub resend: String,
}
