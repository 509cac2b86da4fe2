//! How instants, spans of time and names are said on pages, and how times are read from forms.
use jiff::{Zoned, civil, tz::TimeZone};

use super::view;
use crate::domain::{
    text,
    time::{Duration, Instant},
};

/// Access that ends sooner than this is "ending soon".
const SOON: i64 = 15 * 60;

/// The moment and the place from which a page is read.
#[derive(Clone, Debug)]
pub struct Reader {
    /// The time, by the database's clock.
    pub now: Instant,
    /// The reader's time zone.
    pub zone: TimeZone,
}

impl Reader {
    /// A reader in the zone of that name; in UTC if there is no such zone.
    #[must_use]
    pub fn new(now: Instant, zone: &str) -> Self {
        Self { now, zone: TimeZone::get(zone).unwrap_or(TimeZone::UTC) }
    }

    /// The name of the reader's zone.
    #[must_use]
    pub fn zone_name(&self) -> String {
        self.zone.iana_name().unwrap_or("UTC").to_owned()
    }

    /// An instant as people say it: "today 16:42", "3 Nov, 09:12", "31 Jan 2027".
    #[must_use]
    pub fn instant(&self, at: Instant) -> view::Instant {
        let (then, now) = (self.zoned(at), self.zoned(self.now));
        let days = now.date().until(then.date()).map_or(i32::MAX, |span| span.get_days());
        let text = match days {
            0 => then.strftime("today %H:%M").to_string(),
            1 => then.strftime("tomorrow %H:%M").to_string(),
            -1 => then.strftime("yesterday %H:%M").to_string(),
            _ if then.year() == now.year() => then.strftime("%-d %b, %H:%M").to_string(),
            _ => then.strftime("%-d %b %Y").to_string(),
        };
        self.named(at, text)
    }

    /// The same, to the second, for lists in which order matters.
    #[must_use]
    pub fn precisely(&self, at: Instant) -> view::Instant {
        let (then, now) = (self.zoned(at), self.zoned(self.now));
        let form = if then.year() == now.year() { "%-d %b %H:%M:%S" } else { "%-d %b %Y %H:%M" };
        self.named(at, then.strftime(form).to_string())
    }

    /// How long ago that was, for things of which only the age matters: "2 h ago".
    #[must_use]
    pub fn ago(&self, at: Instant) -> view::Instant {
        let seconds = self.now.since(at).as_secs();
        let text =
            if seconds < 60 { "just now".to_owned() } else { format!("{} ago", span(seconds)) };
        self.named(at, text)
    }

    /// What is left until then: "1 h 42 min".
    #[must_use]
    pub fn left(&self, until: Instant) -> String {
        span(until.since(self.now).as_secs())
    }

    /// Whether access that ends then ends soon.
    #[must_use]
    pub fn soon(&self, until: Instant) -> bool {
        until.since(self.now).as_secs() < SOON
    }

    /// The value of a field of a form for date and time.
    #[must_use]
    pub fn field(&self, at: Instant) -> String {
        self.zoned(at).strftime("%Y-%m-%dT%H:%M").to_string()
    }

    fn zoned(&self, at: Instant) -> Zoned {
        at.timestamp().to_zoned(self.zone.clone())
    }

    fn named(&self, at: Instant, text: String) -> view::Instant {
        let exact = self.zoned(at).strftime("%A %-d %B %Y, %H:%M:%S %Z").to_string();
        view::Instant { text, machine: at.to_string(), exact }
    }
}

/// How a duration may be written.
pub const HOW_TO_WRITE: &str = "Write it as 90m, 2h30m or PT1H.";

/// Why a date and time cannot be read.
pub const UNREADABLE_TIME: &str = "Choose a day and a time.";

/// Reads a field for date and time, as in the zone of that name.
#[must_use]
pub fn read_time(text: &str, zone: &str) -> Option<Instant> {
    let zone = TimeZone::get(zone).unwrap_or(TimeZone::UTC);
    let local: civil::DateTime = text.trim().parse().ok()?;
    Some(Instant::new(local.to_zoned(zone).ok()?.timestamp()))
}

/// Reads a field for a date: its first instant, in the zone of that name.
#[must_use]
pub fn read_date(text: &str, zone: &TimeZone) -> Option<Instant> {
    let date: civil::Date = text.trim().parse().ok()?;
    Some(Instant::new(date.to_zoned(zone.clone()).ok()?.timestamp()))
}

/// A span of time in the two units that matter.
#[must_use]
pub fn span(seconds: i64) -> String {
    let minutes = seconds / 60;
    let (days, hours) = (minutes / 1440, minutes / 60);
    match minutes {
        ..=0 => "less than a minute".to_owned(),
        1..60 => format!("{minutes} min"),
        60..600 if minutes % 60 > 0 => format!("{hours} h {} min", minutes % 60),
        60..2880 => format!("{} h", (minutes + 30) / 60),
        2880..129_600 => format!("{days} days"),
        _ => format!("{} months", days / 30),
    }
}

/// A length of time that somebody asked for, exactly.
#[must_use]
pub fn length(seconds: i64) -> String {
    Duration::from_seconds(seconds).map_or_else(|_| span(seconds), |length| length.to_string())
}

/// A duration as people write it into the field: `2h30m`, `14d`.
#[must_use]
pub fn typed(duration: Duration) -> String {
    let minutes = duration.seconds() / 60;
    match (minutes / 1440, minutes % 1440, minutes / 60, minutes % 60) {
        (days, 0, ..) if days > 1 => format!("{days} days"),
        (_, _, 0, rest) => format!("{rest}m"),
        (_, _, hours, 0) => format!("{hours}h"),
        (_, _, hours, rest) => format!("{hours}h{rest}m"),
    }
}

/// Proposals for a duration, the longest last.
#[must_use]
pub fn presets(longest: Duration) -> Vec<String> {
    let mut presets: Vec<_> = [15, 30, 60, 120, 240, 480]
        .map(Duration::minutes)
        .into_iter()
        .filter(|preset| *preset < longest)
        .collect();
    presets.push(longest);
    let shortest_dropped = presets.len().saturating_sub(4);
    presets.into_iter().skip(shortest_dropped).map(typed).collect()
}

/// One or two letters that stand for a name.
#[must_use]
pub fn initials(name: &str) -> String {
    let mut words = name.split_whitespace().filter_map(|word| word.chars().next());
    let first = words.next();
    let last = words.next_back();
    [first, last].into_iter().flatten().flat_map(char::to_uppercase).collect()
}

/// Names in a row: "Ada, Grace or Alan".
#[must_use]
pub fn any_of(names: &[String]) -> String {
    match names {
        [] => String::new(),
        [one] => one.clone(),
        [most @ .., last] => format!("{} or {last}", most.join(", ")),
    }
}

/// A number with its noun: "1 role", "3 roles".
#[must_use]
pub fn count(number: usize, noun: &str) -> String {
    if number == 1 { format!("1 {noun}") } else { format!("{number} {noun}s") }
}

/// What a browser that calls itself this is: "Firefox on Linux".
#[must_use]
pub fn device(user_agent: &str) -> String {
    let first = |known: &[(&str, &'static str)], otherwise: &'static str| {
        known
            .iter()
            .find(|(mark, _)| user_agent.contains(mark))
            .map_or(otherwise, |(_, name)| *name)
    };
    let browser = first(
        &[("Edg/", "Edge"), ("Firefox/", "Firefox"), ("Chrome/", "Chrome"), ("Safari/", "Safari")],
        "A browser",
    );
    let system = first(
        &[
            ("iPhone", "iPhone"),
            ("iPad", "iPad"),
            ("Android", "Android"),
            ("Windows", "Windows"),
            ("Mac OS", "macOS"),
            ("Linux", "Linux"),
        ],
        "",
    );
    if system.is_empty() { browser.to_owned() } else { format!("{browser} on {system}") }
}

/// The name of something in a program as people would write it.
#[must_use]
pub fn capital(name: &str) -> String {
    text::capital(&name.replace(['_', '-'], " "))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reader(zone: &str) -> Reader {
        Reader::new("2026-11-22T14:05:00Z".parse().unwrap(), zone)
    }

    #[test]
    fn instants_are_said_as_people_say_them() {
        let reader = reader("Europe/Berlin");
        for (at, text) in [
            ("2026-11-22T15:42:00Z", "today 16:42"),
            ("2026-11-22T23:30:00Z", "tomorrow 00:30"),
            ("2026-11-21T08:00:00Z", "yesterday 09:00"),
            ("2026-11-03T08:12:00Z", "3 Nov, 09:12"),
            ("2027-01-31T08:12:00Z", "31 Jan 2027"),
        ] {
            assert_eq!(reader.instant(at.parse().unwrap()).text, text);
        }
        let exact = reader.instant("2026-11-22T15:42:00Z".parse().unwrap()).exact;
        assert_eq!(exact, "Sunday 22 November 2026, 16:42:00 CET");
    }

    #[test]
    fn a_zone_that_does_not_exist_is_utc() {
        assert_eq!(reader("Mars/Olympus").zone_name(), "UTC");
    }

    #[test]
    fn times_are_read_in_the_zone_of_whoever_typed_them() {
        let at = read_time("2026-11-23T08:00", "Europe/Berlin").unwrap();
        assert_eq!(at.to_string(), "2026-11-23T07:00:00Z");
        assert!(read_time("soon", "UTC").is_none());
    }

    #[test]
    fn spans_have_two_units_at_most() {
        for (seconds, text) in [
            (30, "less than a minute"),
            (600, "10 min"),
            (5400, "1 h 30 min"),
            (7200, "2 h"),
            (75_600, "21 h"),
            (86_390, "24 h"),
            (259_200, "3 days"),
            (10_000_000, "3 months"),
        ] {
            assert_eq!(span(seconds), text);
        }
    }

    #[test]
    fn presets_end_with_the_longest() {
        assert_eq!(presets(Duration::hours(4)), ["30m", "1h", "2h", "4h"]);
        assert_eq!(presets(Duration::minutes(20)), ["15m", "20m"]);
        assert_eq!(presets(Duration::hours(8)), ["1h", "2h", "4h", "8h"]);
    }

    #[test]
    fn what_is_typed_is_read_back() {
        for minutes in [5, 90, 120, 1440, 2880, 525_600] {
            let duration = Duration::minutes(minutes);
            assert_eq!(typed(duration).parse(), Ok(duration));
        }
    }

    #[test]
    fn initials_are_of_the_first_and_the_last_name() {
        assert_eq!(initials("Ada King Lovelace"), "AL");
        assert_eq!(initials("ada"), "A");
        assert_eq!(initials(""), "");
    }
}
