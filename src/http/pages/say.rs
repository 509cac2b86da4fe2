//! How instants, spans of time and names are said on pages, and how times are read from forms.
use jiff::{civil, tz::TimeZone};

use super::view;
use crate::{
    domain::{
        language, text,
        time::{Duration, Instant},
    },
    http::language::{reader_now, tell},
};

/// Access that ends sooner than this is "ending soon".
const SOON: i64 = 15 * 60;

/// Who reads a page, and when.
#[derive(Clone, Debug)]
pub struct Reader {
    /// The time, by the database's clock.
    pub now: Instant,
    /// The reader's language and time zone.
    pub told: language::Reader,
}

impl Reader {
    /// Somebody who reads at that moment.
    #[must_use]
    pub fn new(now: Instant, told: language::Reader) -> Self {
        Self { now, told }
    }

    /// The name of the reader's zone.
    #[must_use]
    pub fn zone_name(&self) -> String {
        self.told.zone_name().to_owned()
    }

    /// An instant as people say it: "today 16:42", "3 Nov, 09:12", "31 Jan 2027".
    #[must_use]
    pub fn instant(&self, at: Instant) -> view::Instant {
        self.named(at, self.told.around_now(at, self.now))
    }

    /// The same, to the second, for lists in which order matters.
    #[must_use]
    pub fn precisely(&self, at: Instant) -> view::Instant {
        self.named(at, self.told.precisely(at, self.now))
    }

    /// How long ago that was, for things of which only the age matters: "2 h ago".
    #[must_use]
    pub fn ago(&self, at: Instant) -> view::Instant {
        self.named(at, self.told.ago(at, self.now))
    }

    /// What is left until then: "1 h 42 min".
    #[must_use]
    pub fn left(&self, until: Instant) -> String {
        self.told.span(until.since(self.now).as_secs())
    }

    /// Whether access that ends then ends soon.
    #[must_use]
    pub fn soon(&self, until: Instant) -> bool {
        until.since(self.now).as_secs() < SOON
    }

    /// The value of a field of a form for date and time.
    #[must_use]
    pub fn field(&self, at: Instant) -> String {
        self.told.zoned(at).strftime("%Y-%m-%dT%H:%M").to_string()
    }

    fn named(&self, at: Instant, text: String) -> view::Instant {
        view::Instant { text, machine: at.to_string(), exact: self.told.exactly(at) }
    }
}

/// How a duration may be written.
#[must_use]
pub fn how_to_write() -> String {
    tell!("time-how-to-write")
}

/// Why a date and time cannot be read.
#[must_use]
pub fn unreadable_time() -> String {
    tell!("time-choose-a-day")
}

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
    reader_now().span(seconds)
}

/// A length of time that somebody asked for, exactly.
#[must_use]
pub fn length(seconds: i64) -> String {
    let reader = reader_now();
    Duration::from_seconds(seconds)
        .map_or_else(|_| reader.span(seconds), |length| reader.duration(length))
}

/// A duration as its reader writes it into a field: `2 h 30 min`, `14 days`, in Danish `2 t 30 min`, `14 dage`.
#[must_use]
pub fn typed(duration: Duration) -> String {
    reader_now().duration(duration)
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
    reader_now().any_of(names)
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
        "",
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
    let browser = if browser.is_empty() { tell!("time-a-browser") } else { browser.to_owned() };
    if system.is_empty() {
        browser
    } else {
        tell!("time-browser-on", browser = browser, system = system)
    }
}

/// The name of something in a program as people would write it.
#[must_use]
pub fn capital(name: &str) -> String {
    text::capital(&name.replace(['_', '-'], " "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::language::reading_as;

    fn reader(zone: &str) -> Reader {
        let told = language::Reader::new(language::Language::English, zone);
        Reader::new("2026-11-22T14:05:00Z".parse().unwrap(), told)
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
        assert_eq!(presets(Duration::hours(4)), ["30 min", "1 h", "2 h", "4 h"]);
        assert_eq!(presets(Duration::minutes(20)), ["15 min", "20 min"]);
        assert_eq!(presets(Duration::hours(8)), ["1 h", "2 h", "4 h", "8 h"]);
    }

    #[tokio::test]
    async fn what_is_typed_is_read_back_in_every_language() {
        for language in language::Language::OFFERED {
            let told = language::Reader::new(language, "UTC");
            let round = async {
                for minutes in [5, 90, 120, 1440, 2880, 525_600] {
                    let duration = Duration::minutes(minutes);
                    assert_eq!(typed(duration).parse(), Ok(duration), "{}", typed(duration));
                }
            };
            reading_as(told, round).await;
        }
        let danish = language::Reader::new(language::Language::Danish, "UTC");
        let proposed = reading_as(danish, async { presets(Duration::hours(4)) }).await;
        assert_eq!(proposed, ["30 min", "1 t", "2 t", "4 t"]);
    }

    #[test]
    fn initials_are_of_the_first_and_the_last_name() {
        assert_eq!(initials("Ada King Lovelace"), "AL");
        assert_eq!(initials("ada"), "A");
        assert_eq!(initials(""), "");
    }
}
