//! What one mail says, before it is known to whom: rendered as plain text and as HTML, from the same facts.
//!
//! Our own words come from the catalogue. Whatever people wrote stands in a value of a fact, which is one line and has a label
//! before it, or quoted; so it can neither pass for our words nor add a header, a link or markup.
use std::fmt::Write as _;

use askama::Template;

use super::{Mail, occasion::Occasion, quote, single_line};
use crate::domain::language::{Argument, Message, Reader};

/// A line of a list, with where to look at it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// What it says.
    pub text: Message,
    /// Its page; may be empty.
    pub link: String,
}

/// Several lines under a title.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct List {
    /// What they are.
    pub title: Message,
    /// The lines.
    pub lines: Vec<Line>,
}

/// What one mail says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Letter {
    /// All that matters, for the lock screen of a phone.
    pub subject: Message,
    /// What happened.
    pub opening: Message,
    /// The facts, each with its label.
    pub facts: Vec<(&'static str, Argument)>,
    /// What people wrote, each with its label.
    pub quotes: Vec<(&'static str, String)>,
    /// Lists of things.
    pub lists: Vec<List>,
    /// What to do.
    pub closing: Vec<Message>,
    /// The pages to open, each with what it is for. Opening one changes nothing.
    pub links: Vec<(&'static str, String)>,
}

impl Letter {
    /// A letter of nothing but a subject and what happened.
    #[must_use]
    pub fn new(subject: Message, opening: Message) -> Self {
        Self {
            subject,
            opening,
            facts: Vec::new(),
            quotes: Vec::new(),
            lists: Vec::new(),
            closing: Vec::new(),
            links: Vec::new(),
        }
    }

    /// The same with a fact, unless it is empty.
    #[must_use]
    pub fn fact(mut self, label: &'static str, value: impl Into<Argument>) -> Self {
        let value = value.into();
        if value != Argument::Text(String::new()) {
            self.facts.push((label, value));
        }
        self
    }

    /// The same with something that somebody wrote, unless they wrote nothing.
    #[must_use]
    pub fn quoting(mut self, label: &'static str, words: &str) -> Self {
        if !words.trim().is_empty() {
            self.quotes.push((label, words.to_owned()));
        }
        self
    }

    /// The same with what to do.
    #[must_use]
    pub fn close(mut self, closing: Message) -> Self {
        self.closing.push(closing);
        self
    }

    /// The same with a page to open.
    #[must_use]
    pub fn link(mut self, label: &'static str, address: &str) -> Self {
        self.links.push((label, address.to_owned()));
        self
    }

    /// The mail, as `reader` is told it.
    #[must_use]
    pub fn mail(&self, occasion: Occasion, reader: &Reader) -> Mail {
        self.written(reader).with_event(occasion.event())
    }

    /// The same, as the notice of nothing that has an occasion.
    #[must_use]
    pub fn written(&self, reader: &Reader) -> Mail {
        let said = self.said(reader);
        let mail = Mail::new(&said.subject, &said.plain());
        match said.render() {
            Ok(html) => mail.with_html(&html),
            // Writing into a string does not fail; the plain text says the same.
            Err(_) => mail,
        }
    }

    /// What happened in one line, for a summary.
    #[must_use]
    pub fn line(&self, reader: &Reader) -> String {
        single_line(&reader.say(&self.subject))
    }

    fn said(&self, reader: &Reader) -> Said {
        let label = |key: &'static str| reader.text(key, &[]);
        let lines = |list: &List| SaidList {
            title: reader.say(&list.title),
            lines: list
                .lines
                .iter()
                .map(|line| (single_line(&reader.say(&line.text)), line.link.clone()))
                .collect(),
        };
        Said {
            language: reader.language.tag(),
            subject: single_line(&reader.say(&self.subject)),
            opening: single_line(&reader.say(&self.opening)),
            facts: self
                .facts
                .iter()
                .map(|(key, it)| (label(key), single_line(&reader.value(it))))
                .collect(),
            quotes: self.quotes.iter().map(|(key, words)| (label(key), shortened(words))).collect(),
            lists: self.lists.iter().map(lines).collect(),
            closing: self.closing.iter().map(|closing| reader.say(closing)).collect(),
            links: self.links.iter().map(|(key, address)| (label(key), address.clone())).collect(),
            footer: reader.text("notice-footer", &[("zone", reader.zone_name().into())]),
        }
    }
}

/// What somebody wrote, as much of it as a mail has room for.
fn shortened(words: &str) -> String {
    const MOST: usize = 4096;
    words.chars().take(MOST).collect()
}

/// A letter in the reader's language and time zone.
#[derive(Template)]
#[template(path = "mail/letter.html")]
struct Said {
    language: &'static str,
    subject: String,
    opening: String,
    facts: Vec<(String, String)>,
    quotes: Vec<(String, String)>,
    lists: Vec<SaidList>,
    closing: Vec<String>,
    links: Vec<(String, String)>,
    footer: String,
}

struct SaidList {
    title: String,
    lines: Vec<(String, String)>,
}

impl Said {
    fn plain(&self) -> String {
        let mut text = format!("{}\n", self.opening);
        // Writing to a string cannot fail.
        if !self.facts.is_empty() {
            text.push('\n');
        }
        for (label, value) in &self.facts {
            let _ = writeln!(text, "{label}: {value}");
        }
        for (label, words) in &self.quotes {
            let _ = write!(text, "\n{label}:\n{}", quote(words));
        }
        for list in &self.lists {
            let _ = writeln!(text, "\n{}", list.title);
            for (line, link) in &list.lines {
                let gap = if link.is_empty() { "" } else { "\n  " };
                let _ = writeln!(text, "- {line}{gap}{link}");
            }
        }
        for closing in &self.closing {
            let _ = write!(text, "\n{closing}\n");
        }
        for (label, address) in &self.links {
            let _ = write!(text, "\n{label}:\n{address}\n");
        }
        let _ = write!(text, "\n-- \n{}\n", self.footer);
        text
    }

    /// What somebody wrote, line by line.
    fn lines(words: &str) -> Vec<&str> {
        words.split(super::BREAKS).collect()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::domain::language::Language;

    fn letter(name: &str, words: &str) -> Letter {
        let list = List {
            title: Message::Text("Title".into()),
            lines: vec![Line {
                text: Message::Text(name.into()),
                link: "https://p.example/2".into(),
            }],
        };
        let mut letter = Letter::new(
            Message::new("notice-approval-subject")
                .with("requester", name)
                .with("role", name)
                .with("duration", crate::domain::time::Duration::hours(2)),
            Message::new("notice-approval").with("requester", name),
        )
        .fact("notice-role", name)
        .quoting("notice-reason", words)
        .link("notice-open-request", "https://pim.example/requests/7");
        letter.lists.push(list);
        letter
    }

    fn mail(name: &str, words: &str) -> Mail {
        letter(name, words)
            .mail(Occasion::ApprovalWanted, &Reader::new(Language::Danish, "Europe/Copenhagen"))
    }

    #[test]
    fn both_sides_say_the_same_and_state_the_time_zone() {
        let mail = mail("Ada", "Disk is full");
        let html = mail.html().unwrap();
        for said in ["Ada", "Disk is full", "https://pim.example/requests/7", "Europe/Copenhagen"] {
            assert!(mail.body().contains(said), "{}", mail.body());
            assert!(html.contains(said), "{html}");
        }
        assert!(html.starts_with("<!doctype html>\n<html lang=\"da\">"), "{html}");
        assert_eq!(mail.event(), Some("request.pending"));
    }

    /// The tags of a page, with their attributes.
    fn tags(html: &str) -> Vec<&str> {
        html.split('<').skip(1).filter_map(|part| part.split('>').next()).collect()
    }

    proptest! {
        /// Whatever people are called and write: no other header, no link, no markup, and their words stand quoted.
        #[test]
        fn nobody_adds_a_header_a_link_or_markup(
            name in "\\PC{1,60}|<a href=x>|\\{ \\$x \\}|[<>&\"'\r\n\u{2028}a-z=/: ]{1,60}",
            words in "(?s).{0,200}|[<>&\"'\r\n\u{2028}a-z=/:> -]{0,200}",
        ) {
            let plain = mail("Ada", "Disk is full");
            let mail = mail(&name, &words);
            let breaks_out = |c: char| c.is_control() || c == '\u{2028}' || c == '\u{2029}';
            let broken = mail.subject().contains(breaks_out);
            prop_assert!(!broken);
            let html = mail.html().unwrap();
            let lines = words.split(super::super::BREAKS).count();
            let breaks = if words.trim().is_empty() { 0 } else { lines - 1 };
            let of = |html: &str| tags(html).into_iter().filter(|tag| *tag != "br").map(str::to_owned).collect::<Vec<_>>();
            let quoted = !words.trim().is_empty();
            if quoted {
                prop_assert_eq!(of(html), of(plain.html().unwrap()));
            }
            prop_assert_eq!(tags(html).iter().filter(|tag| **tag == "br").count(), breaks);
            prop_assert_eq!(html.matches("href=\"").count(), plain.html().unwrap().matches("href=\"").count());
            // Every line of the plain text is ours as it was, begins with a label of ours, or stands quoted.
            let frame: Vec<_> = plain.body().lines().map(str::to_owned).collect();
            let wrote = [single_line(&name)];
            for line in mail.body().lines() {
                let ours = frame.iter().any(|known| known == line);
                let has_name = wrote.iter().any(|words| line.contains(words.as_str()));
                prop_assert!(ours || line.starts_with("> ") || line == ">" || has_name, "{:?}", line);
            }
        }
    }
}
