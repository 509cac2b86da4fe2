//! How somebody wants to be told of what asks nothing of them.
use std::collections::BTreeMap;

use jiff::{ToSpan as _, tz::TimeZone};

use super::occasion::Occasion;
use crate::domain::{
    fault::FieldError,
    time::{Instant, TimeOfDay},
};

/// When somebody is told of an occasion.
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    Eq,
    serde::Serialize,
    serde::Deserialize,
    utoipa::ToSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Way {
    /// As soon as it happens.
    #[default]
    AtOnce,
    /// In the summary of the day.
    Daily,
    /// Not at all.
    Never,
}

impl Way {
    /// All of them, with their stable names.
    pub const ALL: [(Self, &'static str); 3] =
        [(Self::AtOnce, "at_once"), (Self::Daily, "daily"), (Self::Never, "never")];

    /// The one of that name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.iter().find(|(_, known)| *known == name).map(|(way, _)| *way)
    }

    /// Its stable name.
    #[must_use]
    pub fn name(self) -> &'static str {
        Self::ALL.iter().find(|(way, _)| *way == self).map_or("", |(_, name)| name)
    }
}

/// The hours of each day in which what asks nothing of somebody waits, on their own clock. They may go past midnight.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize, utoipa::ToSchema,
)]
#[serde(deny_unknown_fields)]
pub struct QuietHours {
    /// When they begin.
    pub from: TimeOfDay,
    /// When they end.
    pub to: TimeOfDay,
}

impl QuietHours {
    /// When the quiet hours end that `now` lies in, on the clock of `zone`; none if it lies in none.
    #[must_use]
    pub fn end(self, now: Instant, zone: &TimeZone) -> Option<Instant> {
        let local = now.timestamp().to_zoned(zone.clone());
        let (time, date) = (TimeOfDay::of(local.time()), local.date());
        let over_night = self.from > self.to;
        let day = if over_night && time >= self.from {
            date.checked_add(1.day()).ok()?
        } else if time < self.to && (over_night || time >= self.from) {
            date
        } else {
            return None;
        };
        let end = day.to_datetime(self.to.time()).to_zoned(zone.clone()).ok()?;
        Some(Instant::new(end.timestamp()))
    }
}

/// How somebody wants to be told of what asks nothing of them.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Preferences {
    /// Where it is not at once.
    #[serde(default)]
    #[schema(required = false, value_type = std::collections::BTreeMap<String, Way>)]
    pub ways: BTreeMap<Occasion, Way>,
    /// When nothing comes that can wait.
    #[serde(default)]
    #[schema(required = false)]
    pub quiet_hours: Option<QuietHours>,
    /// Whether the summary of the day comes when there is something in it that waits for a decision. What was to go into it
    /// by one's own choice comes all the same.
    #[serde(default = "yes")]
    #[schema(required = false)]
    pub daily: bool,
    /// Whether the summary of the week comes, to those who administer.
    #[serde(default = "yes")]
    #[schema(required = false)]
    pub weekly: bool,
}

const fn yes() -> bool {
    true
}

impl Default for Preferences {
    fn default() -> Self {
        Self { ways: BTreeMap::new(), quiet_hours: None, daily: true, weekly: true }
    }
}

/// When somebody is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum When {
    /// As soon as it is so.
    Now,
    /// Not before this.
    At(Instant),
    /// In the summary of the day.
    Summary,
}

impl Preferences {
    /// How somebody wants to be told of this.
    #[must_use]
    pub fn way(&self, occasion: Occasion) -> Way {
        match self.ways.get(&occasion).copied().unwrap_or_default() {
            Way::Daily if occasion.passes() => Way::AtOnce,
            way => way,
        }
    }

    /// When somebody is told of this who has these preferences and this clock; none if not at all.
    #[must_use]
    pub fn when(
        &self,
        occasion: Occasion,
        asks: bool,
        now: Instant,
        zone: &TimeZone,
    ) -> Option<When> {
        if asks || !occasion.is_chosen() {
            return Some(When::Now);
        }
        match self.way(occasion) {
            Way::Never => None,
            Way::Daily => Some(When::Summary),
            Way::AtOnce if occasion.passes() => Some(When::Now),
            Way::AtOnce => Some(
                self.quiet_hours.and_then(|quiet| quiet.end(now, zone)).map_or(When::Now, When::At),
            ),
        }
    }

    /// What is wrong with them; empty if they may be saved.
    #[must_use]
    pub fn faults(&self) -> Vec<FieldError> {
        let mut faults = Vec::new();
        if self.quiet_hours.is_some_and(|quiet| quiet.from == quiet.to) {
            let message = "quiet hours that begin when they end would be the whole day".to_owned();
            faults.push(FieldError::new("quiet_hours", message));
        }
        for (occasion, way) in &self.ways {
            let message = match way {
                Way::AtOnce => continue,
                _ if !occasion.is_chosen() => {
                    format!("{} always comes at once", occasion.name())
                }
                Way::Daily if occasion.passes() => {
                    format!("{} would come too late in a summary", occasion.name())
                }
                Way::Daily | Way::Never => continue,
            };
            faults.push(FieldError::new("ways", message));
        }
        faults
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn zone(name: &str) -> TimeZone {
        TimeZone::get(name).unwrap()
    }

    fn at(text: &str) -> Instant {
        text.parse().unwrap()
    }

    fn quiet(from: &str, to: &str) -> Preferences {
        let quiet = QuietHours { from: from.parse().unwrap(), to: to.parse().unwrap() };
        Preferences { quiet_hours: Some(quiet), ..Preferences::default() }
    }

    #[test]
    fn quiet_hours_are_read_on_the_persons_own_clock_and_go_past_midnight() {
        let night = quiet("22:00", "07:00");
        let copenhagen = zone("Europe/Copenhagen");
        let when = |text| night.when(Occasion::Decided, false, at(text), &copenhagen);
        // One hour ahead of universal time in winter.
        let morning = Some(When::At(at("2026-01-15T06:00:00Z")));
        assert_eq!(when("2026-01-14T20:59:59Z"), Some(When::Now));
        assert_eq!(when("2026-01-14T21:00:00Z"), morning);
        assert_eq!(when("2026-01-15T05:59:59Z"), morning);
        assert_eq!(when("2026-01-15T06:00:00Z"), Some(When::Now));
        // Two in summer, from the night of 29 March on.
        assert_eq!(when("2026-03-28T23:00:00Z"), Some(When::At(at("2026-03-29T05:00:00Z"))));
        let noon = quiet("12:00", "13:00");
        let when = |text| noon.when(Occasion::Ended, false, at(text), &copenhagen);
        assert_eq!(when("2026-01-15T11:30:00Z"), Some(When::At(at("2026-01-15T12:00:00Z"))));
        assert_eq!(when("2026-01-15T12:00:00Z"), Some(When::Now));
        assert_eq!(when("2026-01-15T10:00:00Z"), Some(When::Now));
    }

    #[test]
    fn what_asks_for_an_act_comes_at_once_whatever_somebody_chose() {
        let mut silent = quiet("00:00", "23:59");
        let now = at("2026-01-15T11:30:00Z");
        for (occasion, _) in Occasion::ALL {
            silent.ways.insert(*occasion, Way::Never);
        }
        for (occasion, name) in Occasion::ALL {
            let utc = TimeZone::UTC;
            assert_eq!(silent.when(*occasion, true, now, &utc), Some(When::Now), "{name}");
            let told = silent.when(*occasion, false, now, &utc);
            assert_eq!(told.is_none(), occasion.is_chosen(), "{name}");
        }
    }

    #[test]
    fn what_passes_neither_waits_nor_goes_into_a_summary() {
        let mut day = quiet("00:00", "23:59");
        let now = at("2026-01-15T11:30:00Z");
        day.ways.insert(Occasion::EndingSoon, Way::Daily);
        assert_eq!(day.faults().len(), 1);
        assert_eq!(day.when(Occasion::EndingSoon, false, now, &TimeZone::UTC), Some(When::Now));
        day.ways.insert(Occasion::EndingSoon, Way::Never);
        assert_eq!(day.faults(), []);
        assert_eq!(day.when(Occasion::EndingSoon, false, now, &TimeZone::UTC), None);
    }

    #[test]
    fn the_times_of_day_are_written_as_they_are_read() {
        let text = r#"{"ways":{"decided":"daily"},"quiet_hours":{"from":"20:00","to":"07:30"},"daily":true,"weekly":false}"#;
        let read: Preferences = serde_json::from_str(text).unwrap();
        assert_eq!(serde_json::to_string(&read).unwrap(), text);
        assert_eq!(serde_json::from_str::<Preferences>("{}").unwrap(), Preferences::default());
        assert_eq!(quiet("10:00", "10:00").faults().len(), 1);
    }
}
