//! Instants and durations, as the database keeps them, and times of day.
use jiff::{SignedDuration, Timestamp, civil::Time};

/// A point in time, to the microsecond.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, utoipa::ToSchema)]
#[schema(value_type = String, format = DateTime)]
pub struct Instant(Timestamp);

impl Instant {
    /// `timestamp`, to the microsecond: finer parts would differ from what the database gives back.
    #[must_use]
    pub fn new(timestamp: Timestamp) -> Self {
        Self(Timestamp::from_microsecond(timestamp.as_microsecond()).unwrap_or(timestamp))
    }

    /// The instant for calendar arithmetic and printing.
    #[must_use]
    pub fn timestamp(self) -> Timestamp {
        self.0
    }

    /// Time from `earlier` until this instant; negative if that is later.
    #[must_use]
    pub fn since(self, earlier: Self) -> SignedDuration {
        self.0.duration_since(earlier.0)
    }

    /// This instant, `seconds` later; the last representable one if that is beyond it.
    #[must_use]
    pub fn plus_seconds(self, seconds: i64) -> Self {
        Self(self.0.checked_add(SignedDuration::from_secs(seconds)).unwrap_or(Timestamp::MAX))
    }

    /// How people read it in a sentence: to the minute, with its time zone.
    #[must_use]
    pub fn to_words(self) -> String {
        self.0.strftime("%-d %b %Y, %H:%M UTC").to_string()
    }
}

impl std::ops::Add<Duration> for Instant {
    type Output = Self;

    fn add(self, duration: Duration) -> Self {
        self.plus_seconds(duration.seconds())
    }
}

impl std::fmt::Display for Instant {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

impl std::str::FromStr for Instant {
    type Err = jiff::Error;

    fn from_str(text: &str) -> Result<Self, jiff::Error> {
        text.parse().map(Self::new)
    }
}

impl serde::Serialize for Instant {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> serde::Deserialize<'de> for Instant {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// Microseconds from 1970, where jiff counts from, to 2000, where Postgres does.
const POSTGRES_EPOCH: i64 = 946_684_800_000_000;

impl sqlx::Type<sqlx::Postgres> for Instant {
    fn type_info() -> sqlx::postgres::PgTypeInfo {
        sqlx::postgres::PgTypeInfo::with_name("timestamptz")
    }
}

impl sqlx::postgres::PgHasArrayType for Instant {
    fn array_type_info() -> sqlx::postgres::PgTypeInfo {
        sqlx::postgres::PgTypeInfo::with_name("_timestamptz")
    }
}

impl sqlx::Encode<'_, sqlx::Postgres> for Instant {
    fn encode_by_ref(
        &self,
        buffer: &mut sqlx::postgres::PgArgumentBuffer,
    ) -> Result<sqlx::encode::IsNull, sqlx::error::BoxDynError> {
        sqlx::Encode::<sqlx::Postgres>::encode(self.0.as_microsecond() - POSTGRES_EPOCH, buffer)
    }
}

impl sqlx::Decode<'_, sqlx::Postgres> for Instant {
    fn decode(value: sqlx::postgres::PgValueRef<'_>) -> Result<Self, sqlx::error::BoxDynError> {
        let microseconds = <i64 as sqlx::Decode<sqlx::Postgres>>::decode(value)?;
        let since_1970 = microseconds.checked_add(POSTGRES_EPOCH).ok_or("an infinite time")?;
        Ok(Self(Timestamp::from_microsecond(since_1970)?))
    }
}

/// How long access is to last: whole minutes, more than none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, utoipa::ToSchema)]
#[schema(value_type = String, example = "PT2H30M")]
pub struct Duration(i64);

/// The longest duration: a hundred years. More is a slip of the pen, and near the end of what can be counted.
const MOST_SECONDS: i64 = 100 * 366 * 24 * 60 * 60;

/// Why a text is no duration.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DurationError {
    /// It could not be read.
    #[error("write a duration such as 90m, 2h30m or PT1H")]
    Unreadable,
    /// It is not a positive number of whole minutes.
    #[error("a duration is a number of whole minutes, at least one")]
    NotWholeMinutes,
}

impl Duration {
    /// `minutes` minutes; for constants.
    #[must_use]
    pub const fn minutes(minutes: u32) -> Self {
        Self(minutes as i64 * 60)
    }

    /// `hours` hours; for constants.
    #[must_use]
    pub const fn hours(hours: u32) -> Self {
        Self::minutes(hours * 60)
    }

    /// `days` days; for constants.
    #[must_use]
    pub const fn days(days: u32) -> Self {
        Self::hours(days * 24)
    }

    /// A duration of that many seconds.
    pub fn from_seconds(seconds: i64) -> Result<Self, DurationError> {
        if (1..=MOST_SECONDS).contains(&seconds) && seconds % 60 == 0 {
            Ok(Self(seconds))
        } else {
            Err(DurationError::NotWholeMinutes)
        }
    }

    /// The duration in seconds.
    #[must_use]
    pub fn seconds(self) -> i64 {
        self.0
    }
}

/// What people call minutes, hours and days in English and in Danish, with how many minutes each has.
const UNITS: [(&[&str], i64); 3] = [
    (&["m", "min", "mins", "minute", "minutes", "minut", "minutter"], 1),
    (&["h", "hr", "hrs", "hour", "hours", "t", "time", "timer"], 60),
    (&["d", "day", "days", "dag", "dage"], 24 * 60),
];

/// The minutes of numbers with their units: `2h30m`, `2 t 30 min`, `14 dage`, `1,5 t`. None if it is written in another way, or
/// if that are no whole minutes.
fn minutes_of(text: &str) -> Option<i64> {
    let text = text.to_lowercase();
    let mut rest = text.as_str();
    let mut minutes: i64 = 0;
    loop {
        let (number, after) = rest.split_at(rest.find(|it: char| !it.is_ascii_digit())?);
        if number.is_empty() {
            return None;
        }
        let (fraction, after) = fraction_of(after);
        let after = after.trim_start();
        let end = after.find(|it: char| !it.is_alphabetic()).unwrap_or(after.len());
        let (unit, next) = after.split_at(end);
        let (_, each) = UNITS.iter().find(|(names, _)| names.contains(&unit))?;
        let parts = 10_i64.checked_pow(u32::try_from(fraction.len()).ok()?)?;
        let number: i64 = format!("{number}{fraction}").parse().ok()?;
        let length = number.checked_mul(*each)?;
        if length % parts != 0 {
            return None;
        }
        minutes = minutes.checked_add(length / parts)?;
        rest = next.trim_start();
        if rest.is_empty() {
            return Some(minutes);
        }
    }
}

/// The digits after a decimal comma or point, and what comes after them.
fn fraction_of(text: &str) -> (&str, &str) {
    let Some(digits) = text.strip_prefix([',', '.']) else { return ("", text) };
    let end = digits.find(|it: char| !it.is_ascii_digit()).unwrap_or(digits.len());
    if end == 0 { ("", text) } else { digits.split_at(end) }
}

impl std::str::FromStr for Duration {
    type Err = DurationError;

    /// Reads ISO 8601 (`PT1H`) and what people write: `90m`, `2h30m`, `2h 30m`, `1 hour`, `7 days`, `1.5 h`, `1:30`; in Danish
    /// `2 t 30 min`, `1,5 time`, `14 dage`.
    fn from_str(text: &str) -> Result<Self, DurationError> {
        let text = text.trim();
        if let Some(minutes) = minutes_of(text) {
            return Self::from_seconds(minutes.saturating_mul(60));
        }
        let span: SignedDuration = match text.split_once(':') {
            Some((hours, minutes)) if minutes.len() == 2 => {
                let hours: u16 = hours.parse().map_err(|_| DurationError::Unreadable)?;
                let minutes: u8 = minutes.parse().map_err(|_| DurationError::Unreadable)?;
                SignedDuration::from_mins(i64::from(hours) * 60 + i64::from(minutes))
            }
            _ => match text.strip_prefix('P').filter(|rest| !rest.contains('T')) {
                Some(days) => {
                    let days = days.trim_end_matches('D').trim();
                    let days: u32 = days.parse().map_err(|_| DurationError::Unreadable)?;
                    SignedDuration::from_hours(i64::from(days) * 24)
                }
                None => text.parse().map_err(|_| DurationError::Unreadable)?,
            },
        };
        if span.subsec_nanos() != 0 {
            return Err(DurationError::NotWholeMinutes);
        }
        Self::from_seconds(span.as_secs())
    }
}

impl std::fmt::Display for Duration {
    /// `2 h 30 min`, `45 min`, `14 days`.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let minutes = self.0 / 60;
        let (days, hours, rest) = (minutes / 1440, minutes / 60, minutes % 60);
        match (minutes % 1440, rest) {
            (0, _) if days == 1 => f.write_str("24 h"),
            (0, _) => write!(f, "{days} days"),
            (_, 0) => write!(f, "{hours} h"),
            _ if hours == 0 => write!(f, "{rest} min"),
            _ => write!(f, "{hours} h {rest} min"),
        }
    }
}

impl serde::Serialize for Duration {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&SignedDuration::from_secs(self.0))
    }
}

impl<'de> serde::Deserialize<'de> for Duration {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// A time of day on some clock, to the minute: `08:00`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, utoipa::ToSchema)]
#[schema(value_type = String, example = "08:00")]
pub struct TimeOfDay(Time);

impl TimeOfDay {
    /// That hour and minute; for constants. It does not compile as one if there is no such time.
    #[must_use]
    pub const fn constant(hour: i8, minute: i8) -> Self {
        Self(Time::constant(hour, minute, 0, 0))
    }

    /// The minute in which `time` lies.
    #[must_use]
    pub fn of(time: Time) -> Self {
        Self::constant(time.hour(), time.minute())
    }

    /// The time, for calendar arithmetic.
    #[must_use]
    pub const fn time(self) -> Time {
        self.0
    }
}

impl std::str::FromStr for TimeOfDay {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wrong = "write a time of day such as 08:00";
        let (hours, minutes) = text.trim().split_once(':').ok_or(wrong)?;
        let digits = |text: &str| text.len() <= 2 && text.bytes().all(|byte| byte.is_ascii_digit());
        if !digits(hours) || minutes.len() != 2 || !digits(minutes) {
            return Err(wrong);
        }
        let (hours, minutes) =
            (hours.parse().map_err(|_| wrong)?, minutes.parse().map_err(|_| wrong)?);
        Time::new(hours, minutes, 0, 0).map(Self).map_err(|_| wrong)
    }
}

impl std::fmt::Display for TimeOfDay {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.strftime("%H:%M").fmt(f)
    }
}

impl serde::Serialize for TimeOfDay {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> serde::Deserialize<'de> for TimeOfDay {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_write_durations_in_many_ways() {
        for (text, seconds) in [
            ("90m", 5400),
            ("2h30m", 9000),
            ("2h 30m", 9000),
            ("PT1H", 3600),
            ("1 hour", 3600),
            ("45 min", 2700),
            ("1:30", 5400),
            ("PT1H30M", 5400),
            (" 4h ", 14400),
            ("P14D", 1_209_600),
            ("30 days", 2_592_000),
            ("PT24H", 86400),
            ("2 hours", 7200),
            ("3 minutes", 180),
            ("1 day", 86400),
            ("2 Days 3h", 183_600),
            ("1 t", 3600),
            ("2t", 7200),
            ("2t30m", 9000),
            ("2 timer", 7200),
            ("1 time 15 minutter", 4500),
            ("45 minutter", 2700),
            ("30 min", 1800),
            ("1 dag", 86400),
            ("14 dage", 1_209_600),
            ("0,5 t", 1800),
            ("1,5 time", 5400),
            ("1.5h", 5400),
            ("1,25 t 15 min", 5400),
            ("0,5 dag", 43200),
        ] {
            assert_eq!(text.parse::<Duration>().map(Duration::seconds), Ok(seconds), "{text}");
        }
    }

    #[test]
    fn what_is_no_duration_is_refused() {
        for text in [
            "",
            "soon",
            "-1h",
            "0m",
            "0 dage",
            "30s",
            "PT0S",
            "1:3",
            "99999999999999h",
            "4294967295 dage",
            "1h30s",
            "2 uger",
            "0,5 min",
            "0,33 t",
            "1,t",
            ",5 t",
            "1,5,5 t",
            "timer",
            "2",
            "∞",
        ] {
            assert!(text.parse::<Duration>().is_err(), "{text}");
        }
    }

    #[test]
    fn durations_read_well() {
        for (seconds, text) in [
            (2700, "45 min"),
            (7200, "2 h"),
            (9000, "2 h 30 min"),
            (86400, "24 h"),
            (1_209_600, "14 days"),
        ] {
            assert_eq!(Duration::from_seconds(seconds).unwrap().to_string(), text);
        }
    }

    #[test]
    fn a_time_of_day_is_written_as_it_is_read() {
        for (text, read) in [("08:00", "08:00"), ("8:05", "08:05"), (" 23:59 ", "23:59")] {
            assert_eq!(text.parse::<TimeOfDay>().unwrap().to_string(), read, "{text}");
        }
        for wrong in ["8", "24:00", "08:60", "8:5", "-1:00", "+1:00", "seven", "08:00:00", ""] {
            assert!(wrong.parse::<TimeOfDay>().is_err(), "{wrong}");
        }
    }
}
