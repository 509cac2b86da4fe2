//! What the rules and the use cases say went wrong, told in another language.
//!
//! They say it in English, with their values in it, because programs and the log are told that. The rooms `error` and
//! `said` of the catalogue have each of these texts; here a text is found by its English, its values are read out of it, and both are said
//! again in the reader's language. A test finds what is said and stands in no room.
use std::sync::LazyLock;

use jiff::civil;

use super::{Argument, Language, Message, Reader, catalogue};
use crate::domain::time::{Duration, Instant};

/// The rooms in which such texts stand.
const ROOMS: [&str; 2] = ["error", "said"];
/// How an instant is written in an English sentence.
const INSTANT: &str = "%d %b %Y, %H:%M UTC";

/// A text of these rooms, taken apart.
struct Known {
    key: &'static str,
    /// The words before each value.
    words: Vec<(&'static str, &'static str)>,
    /// The words after the last one.
    end: &'static str,
}

static KNOWN: LazyLock<Vec<Known>> = LazyLock::new(|| {
    let files = ROOMS.iter().filter_map(|room| catalogue::source(Language::English, room));
    let lines = files.flat_map(str::lines).filter(|line| !line.starts_with('#'));
    let mut known: Vec<_> =
        lines.filter_map(|line| line.split_once(" = ")).map(take_apart).collect();
    // What says most by itself is meant rather than what would take any words as a value.
    known.sort_by_key(|known| std::cmp::Reverse(known.own_length()));
    known
});

fn take_apart((key, text): (&'static str, &'static str)) -> Known {
    let (mut words, mut rest) = (Vec::new(), text);
    while let Some((before, after)) = rest.split_once("{ $") {
        let Some((name, after)) = after.split_once(" }") else { break };
        words.push((before, name));
        rest = after;
    }
    Known { key, words, end: rest }
}

impl Known {
    fn own_length(&self) -> usize {
        self.words.iter().map(|(before, _)| before.len()).sum::<usize>() + self.end.len()
    }

    /// The values with which this text is that one.
    fn values<'a>(&self, text: &'a str) -> Option<Vec<(&'static str, &'a str)>> {
        let mut rest = text.strip_suffix(self.end)?;
        let mut values = Vec::new();
        let mut names = self.words.iter();
        let Some(&(first, name)) = names.next() else {
            return rest.is_empty().then(Vec::new);
        };
        rest = rest.strip_prefix(first)?;
        let mut name = name;
        for &(between, next) in names {
            let (value, after) = rest.split_once(between)?;
            values.push((name, value));
            (name, rest) = (next, after);
        }
        values.push((name, rest));
        Some(values)
    }
}

/// Finds what was said in English. What is said in no such text, such as the words of another program, is not found.
#[must_use]
pub fn recognise(text: &str) -> Option<Message> {
    KNOWN.iter().find_map(|known| {
        let values = known.values(text)?;
        let message = Message::new(known.key);
        Some(
            values
                .into_iter()
                .fold(message, |message, (name, value)| message.with(name, read(value))),
        )
    })
}

/// A value as what it was before it was printed.
fn read(text: &str) -> Argument {
    if let Ok(at) = civil::DateTime::strptime(INSTANT, text)
        && let Ok(at) = at.to_zoned(jiff::tz::TimeZone::UTC)
    {
        return Instant::new(at.timestamp()).into();
    }
    if let Ok(duration) = text.parse::<Duration>()
        && duration.to_string() == text
    {
        return duration.into();
    }
    match recognise(text) {
        Some(message) => message.into(),
        None => text.into(),
    }
}

impl Reader {
    /// What was said in English, as this reader is told it; unchanged if it is known in no other language.
    #[must_use]
    pub fn translate(&self, english: &str) -> String {
        recognise(english).map_or_else(|| english.to_owned(), |message| self.say(&message))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::activation::Refusal;

    #[test]
    fn an_instant_in_a_refusal_is_told_in_the_readers_way() {
        let reader = Reader::new(Language::Danish, "Europe/Copenhagen");
        for (until, told) in [
            ("2026-11-23T02:43:00Z", "23. nov. 2026 kl. 03:43 CET"),
            ("2026-11-03T02:43:00Z", "3. nov. 2026 kl. 03:43 CET"),
        ] {
            let refusal = Refusal::AlreadyActive { until: until.parse().unwrap() };
            let told = reader.translate(&refusal.to_string()).contains(told);
            assert!(told, "{}", reader.translate(&refusal.to_string()));
        }
    }
}
