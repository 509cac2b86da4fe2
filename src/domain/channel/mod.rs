//! What is told to channels: the same facts for all, in the form that each medium shows, escaped for it.
//!
//! Every message leads to a page of Latchkey; none decides anything.
mod matrix;
mod mattermost;
mod slack;
mod teams;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use uuid::Uuid;

use super::time::Instant;

/// What kinds of channel there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// Programs, by the Standard Webhooks scheme.
    Webhook,
    /// Slack, by an incoming webhook.
    Slack,
    /// Microsoft Teams, by a workflow's webhook.
    Teams,
    /// Mattermost, by an incoming webhook.
    Mattermost,
    /// A room in Matrix.
    Matrix,
}

impl Kind {
    /// What people call it.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::Webhook => "Webhook",
            Self::Slack => "Slack",
            Self::Teams => "Microsoft Teams",
            Self::Mattermost => "Mattermost",
            Self::Matrix => "Matrix",
        }
    }
}

/// Something that happened, as channels tell of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Announcement {
    /// The stable name of what happened, such as `request.pending`.
    pub event: String,
    /// What happened, in one line.
    pub title: String,
    /// What there is to know, each with its label.
    pub facts: Vec<(String, String)>,
    /// The page to look at.
    pub link: String,
    /// The same for programs.
    pub data: Value,
    /// What belongs together, such as a request: it is told in order.
    pub thread: Option<Uuid>,
}

impl Announcement {
    /// The longest title, in characters.
    const TITLE_MOST: usize = 200;
    /// The longest value of a fact, in characters.
    const VALUE_MOST: usize = 500;
    /// The largest data for programs, in bytes of JSON.
    const DATA_MOST: usize = 32 * 1024;

    /// Something that happened.
    #[must_use]
    pub fn new(event: &str, title: &str, link: &str) -> Self {
        Self {
            event: event.to_owned(),
            title: one_line(title, Self::TITLE_MOST),
            facts: Vec::new(),
            link: link.to_owned(),
            data: json!({}),
            thread: None,
        }
    }

    /// The same with another fact, unless there is nothing to say.
    #[must_use]
    pub fn fact(mut self, label: &str, value: &str) -> Self {
        if !value.trim().is_empty() {
            self.facts.push((label.to_owned(), one_line(value, Self::VALUE_MOST)));
        }
        self
    }

    /// The same with these data for programs. What is too large is left out, and said to be.
    #[must_use]
    pub fn data(self, data: Value) -> Self {
        let fits = data.to_string().len() <= Self::DATA_MOST;
        Self { data: if fits { data } else { json!({ "left_out": true }) }, ..self }
    }

    /// The same as a part of what belongs together.
    #[must_use]
    pub fn of(self, thread: Uuid) -> Self {
        Self { thread: Some(thread), ..self }
    }

    /// What programs get: the form that Standard Webhooks recommends.
    #[must_use]
    pub fn webhook(&self, at: Instant) -> Value {
        let mut data = json!({ "title": self.title, "link": self.link });
        if let (Value::Object(all), Value::Object(own)) = (&mut data, &self.data) {
            all.extend(own.clone());
        }
        json!({ "type": self.event, "timestamp": at, "data": data })
    }

    /// What a chat of this kind gets.
    #[must_use]
    pub fn message(&self, kind: Kind, at: Instant) -> Value {
        match kind {
            Kind::Webhook => self.webhook(at),
            Kind::Slack => slack::message(self),
            Kind::Teams => teams::message(self),
            Kind::Mattermost => mattermost::message(self),
            Kind::Matrix => matrix::message(self),
        }
    }
}

/// The words of the link in every message.
const OPEN: &str = "Open in Latchkey";

/// On one line, without anything that steers how text is shown, and cut.
fn one_line(text: &str, most: usize) -> String {
    let shown = |c: char| match c {
        '\u{2028}' | '\u{2029}' => ' ',
        c if c.is_control() => ' ',
        c => c,
    };
    // Marks that turn the direction of writing would let one text pass for another.
    let steers =
        |c: &char| matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}');
    let line: String = text.chars().filter(|c| !steers(c)).map(shown).collect();
    let line = line.split_whitespace().collect::<Vec<_>>().join(" ");
    if line.chars().count() <= most {
        return line;
    }
    line.chars().take(most.saturating_sub(1)).chain(['…']).collect()
}

/// Which events a channel wants.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wanted(Vec<String>);

impl Wanted {
    /// Reads names of events, and beginnings that end with a dot; none means all. Gives back the first that is neither.
    pub fn new(names: &[String]) -> Result<Self, String> {
        let sensible = |name: &String| {
            let (group, event) = name.split_once('.').unwrap_or((name, "?"));
            let word = |text: &str| text.bytes().all(|b| b.is_ascii_lowercase() || b == b'_');
            !group.is_empty() && word(group) && word(event)
        };
        match names.iter().find(|name| !sensible(name)) {
            Some(name) => Err(name.clone()),
            None => Ok(Self(names.to_vec())),
        }
    }

    /// Whether `event` is wanted.
    #[must_use]
    pub fn wants(&self, event: &str) -> bool {
        let matches = |name: &String| {
            name == event || (name.ends_with('.') && event.starts_with(name.as_str()))
        };
        self.0.is_empty() || self.0.iter().any(matches)
    }

    /// What was asked for; empty: all.
    #[must_use]
    pub fn names(&self) -> &[String] {
        &self.0
    }
}

/// Whether a channel may be called so.
#[must_use]
pub fn is_name(name: &str) -> bool {
    let mut bytes = name.bytes();
    bytes.next().is_some_and(|first| first.is_ascii_lowercase())
        && name.len() <= 40
        && bytes.all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
        && name != MAIL
}

/// The lane of mails, which no channel may be called.
pub const MAIL: &str = "mail";

#[cfg(test)]
mod tests {
    use super::*;

    /// What an evil requester writes.
    pub(super) const EVIL: &str = "<!channel> <script>alert(1)</script> [Approve](https://evil.example) *b* _i_ `c` \
        <https://evil.example|Approve> @all &amp; \\ # h\n> q\u{202e}";

    pub(super) fn evil() -> Announcement {
        Announcement::new("request.pending", EVIL, "https://pim.example/requests/1")
            .fact("Reason", EVIL)
            .fact("Nothing", "  ")
    }

    #[test]
    fn a_title_is_one_line_that_shows_what_it_says() {
        let announcement = evil();
        assert!(!announcement.title.contains(['\n', '\u{202e}']));
        assert_eq!(announcement.facts.len(), 1);
        let long = Announcement::new("a.b", &"ä".repeat(5000), "").fact("x", &"ä".repeat(5000));
        assert_eq!((long.title.chars().count(), long.facts[0].1.chars().count()), (200, 500));
    }

    #[test]
    fn programs_get_the_type_the_time_and_the_data() {
        let at = "2026-11-22T08:00:00Z".parse().unwrap();
        let told = evil().data(json!({ "request": 7 })).webhook(at);
        assert_eq!(told["type"], "request.pending");
        assert_eq!(told["timestamp"], "2026-11-22T08:00:00Z");
        assert_eq!(told["data"]["request"], 7);
        assert_eq!(told["data"]["link"], "https://pim.example/requests/1");
        let huge = evil().data(json!({ "text": "x".repeat(40_000) }));
        assert_eq!(huge.data, json!({ "left_out": true }));
    }

    #[test]
    fn a_channel_gets_what_it_wants() {
        let wanted = |names: &[&str]| {
            Wanted::new(&names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>())
        };
        assert!(wanted(&[]).unwrap().wants("a.b"));
        let some = wanted(&["request.", "sign_in.break_glass"]).unwrap();
        assert!(some.wants("request.pending") && some.wants("sign_in.break_glass"));
        assert!(!some.wants("requests.pending") && !some.wants("sign_in.break_glass_again"));
        for wrong in ["request", "", "Request.", "request.*", "."] {
            assert_eq!(wanted(&["a.b", wrong]), Err(wrong.to_owned()));
        }
    }

    #[test]
    fn names_are_plain_and_none_is_mail() {
        assert!(is_name("ops-slack") && is_name("a1"));
        for wrong in ["", "mail", "Ops", "1a", "a_b", "a b", &"a".repeat(41)] {
            assert!(!is_name(wrong), "{wrong}");
        }
    }
}
