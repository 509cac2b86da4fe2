//! Points in time as people of a language say them, in the reader's zone.
use jiff::Zoned;

use super::{Argument, Reader};
use crate::domain::time::Instant;

impl Reader {
    /// To the minute, with the zone: "22 Nov 2026, 15:05 CET". For mails and sentences that stand alone.
    #[must_use]
    pub fn instant(&self, at: Instant) -> String {
        self.dated("date-time-zone", at)
    }

    /// In full, to the second, with weekday and zone: "Sunday 22 November 2026, 15:05:00 CET".
    #[must_use]
    pub fn exactly(&self, at: Instant) -> String {
        self.dated("date-exact", at)
    }

    /// The day alone: "22 Nov 2026".
    #[must_use]
    pub fn day(&self, at: Instant) -> String {
        self.dated("date-day", at)
    }

    /// As people say it when both sides know the zone and the day: "today 16:42", "3 Nov, 09:12", "31 Jan 2027".
    #[must_use]
    pub fn around_now(&self, at: Instant, now: Instant) -> String {
        let (then, now) = (self.zoned(at), self.zoned(now));
        let days = now.date().until(then.date()).map_or(i32::MAX, |span| span.get_days());
        let key = match days {
            0 => "date-today",
            1 => "date-tomorrow",
            -1 => "date-yesterday",
            _ if then.year() == now.year() => "date-this-year",
            _ => "date-day",
        };
        self.dated(key, at)
    }

    /// The same for lists in which order matters: to the second in this year, to the minute before.
    #[must_use]
    pub fn precisely(&self, at: Instant, now: Instant) -> String {
        let this_year = self.zoned(at).year() == self.zoned(now).year();
        self.dated(if this_year { "date-seconds" } else { "date-minutes" }, at)
    }

    /// How long ago that was, for things of which only the age matters: "2 h ago".
    #[must_use]
    pub fn ago(&self, at: Instant, now: Instant) -> String {
        let seconds = now.since(at).as_secs();
        if seconds < 60 {
            self.text("time-just-now", &[])
        } else {
            self.text("time-ago", &[("span", self.span(seconds).into())])
        }
    }

    /// The abbreviation of the zone at that moment: CET, or CEST in summer.
    #[must_use]
    pub fn zone_at(&self, at: Instant) -> String {
        self.zoned(at).strftime("%Z").to_string()
    }

    /// The moment in the reader's zone.
    #[must_use]
    pub fn zoned(&self, at: Instant) -> Zoned {
        at.timestamp().to_zoned(self.zone.clone())
    }

    fn dated(&self, key: &str, at: Instant) -> String {
        let then = self.zoned(at);
        let (month, weekday) = (then.month(), then.weekday().to_monday_one_offset());
        let printed = |form: &str| Argument::from(then.strftime(form).to_string());
        self.text(
            key,
            &[
                ("day", printed("%-d")),
                ("month", self.text("date-month", &[("month", i64::from(month).into())]).into()),
                (
                    "short",
                    self.text("date-month-short", &[("month", i64::from(month).into())]).into(),
                ),
                (
                    "weekday",
                    self.text("date-weekday", &[("day", i64::from(weekday).into())]).into(),
                ),
                ("year", printed("%Y")),
                ("clock", printed("%H:%M")),
                ("seconds", printed("%H:%M:%S")),
                ("zone", printed("%Z")),
            ],
        )
    }
}
