//! When a stage is skipped: small rules about the request, all of which must hold, each told in a sentence.
use std::{
    collections::BTreeSet,
    fmt::{Display, Formatter},
};

use crate::domain::{
    id::PrincipalId,
    time::{Duration, Instant, TimeOfDay},
};

/// What must hold for a stage to be skipped: all that is there. With nothing it is never skipped.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields, bound(deserialize = "Holder: serde::Deserialize<'de>"))]
pub struct Conditions<Holder = PrincipalId> {
    /// It is asked for no longer than this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub no_longer_than: Option<Duration>,
    /// It begins within these hours.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub within: Option<Hours>,
    /// Whoever asks is on call: a member, at that moment, of this group.
    #[serde(default = "nobody", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = Uuid)]
    pub on_call: Option<Holder>,
    /// The ticket was looked up, is open, and is the requester's.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub ticket_verified: bool,
}

fn nobody<Holder>() -> Option<Holder> {
    None
}

impl<Holder> Default for Conditions<Holder> {
    fn default() -> Self {
        Self { no_longer_than: None, within: None, on_call: None, ticket_verified: false }
    }
}

/// A day of the week.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    serde::Serialize,
    serde::Deserialize,
    utoipa::ToSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Weekday {
    /// Monday.
    Monday,
    /// Tuesday.
    Tuesday,
    /// Wednesday.
    Wednesday,
    /// Thursday.
    Thursday,
    /// Friday.
    Friday,
    /// Saturday.
    Saturday,
    /// Sunday.
    Sunday,
}

impl Weekday {
    /// All of them, from Monday, with their names.
    pub const ALL: [(Self, &'static str); 7] = [
        (Self::Monday, "Monday"),
        (Self::Tuesday, "Tuesday"),
        (Self::Wednesday, "Wednesday"),
        (Self::Thursday, "Thursday"),
        (Self::Friday, "Friday"),
        (Self::Saturday, "Saturday"),
        (Self::Sunday, "Sunday"),
    ];

    fn of(day: jiff::civil::Weekday) -> Option<Self> {
        let index = usize::try_from(day.to_monday_zero_offset()).ok()?;
        Self::ALL.get(index).map(|(day, _)| *day)
    }

    /// Its name.
    #[must_use]
    pub fn name(self) -> &'static str {
        Self::ALL.iter().find(|(day, _)| *day == self).map_or("", |(_, name)| name)
    }
}

/// Hours of some days, by the clocks of a time zone. If `until` comes before `from`, they reach into the next day.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Hours {
    /// The name of the time zone, such as Europe/Copenhagen.
    pub time_zone: String,
    /// The days on which they begin.
    pub days: BTreeSet<Weekday>,
    /// When they begin, such as 08:00.
    pub from: TimeOfDay,
    /// When they end, such as 17:00.
    pub until: TimeOfDay,
}

impl Hours {
    /// Whether an instant lies in them; never in those of a time zone that nobody knows.
    #[must_use]
    pub fn contain(&self, at: Instant) -> bool {
        let Ok(zone) = jiff::tz::TimeZone::get(&self.time_zone) else { return false };
        let local = at.timestamp().to_zoned(zone);
        let begins_on = |day| Weekday::of(day).is_some_and(|day| self.days.contains(&day));
        let today = local.weekday();
        let minute = TimeOfDay::of(local.time());
        if self.from < self.until {
            begins_on(today) && self.from <= minute && minute < self.until
        } else {
            (begins_on(today) && self.from <= minute)
                || (begins_on(today.wrapping_sub(1)) && minute < self.until)
        }
    }

    fn faults(&self) -> Vec<(&'static str, String)> {
        let fault = |wrong: bool, part, message: String| wrong.then_some((part, message));
        let zone = &self.time_zone;
        [
            fault(
                jiff::tz::TimeZone::get(zone).is_err(),
                "within.time_zone",
                format!("{zone} is no time zone: write one such as Europe/Copenhagen"),
            ),
            fault(
                self.days.is_empty(),
                "within.days",
                "choose the days that the hours are of".to_owned(),
            ),
            fault(
                self.from == self.until,
                "within.until",
                "the hours begin and end at the same time".to_owned(),
            ),
        ]
        .into_iter()
        .flatten()
        .collect()
    }

    fn days_in_words(&self) -> String {
        let days: Vec<_> = Weekday::ALL.iter().map(|(day, _)| self.days.contains(day)).collect();
        match days.as_slice() {
            [true, true, true, true, true, false, false] => "Monday to Friday".to_owned(),
            [true, true, true, true, true, true, true] => "every day".to_owned(),
            _ => self.days.iter().map(|day| day.name()).collect::<Vec<_>>().join(", "),
        }
    }
}

impl Display for Hours {
    fn fmt(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "{}, {} to {}, {} time",
            self.days_in_words(),
            self.from,
            self.until,
            self.time_zone
        )
    }
}

/// What the rules look at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Circumstances {
    /// For how long access is asked.
    pub duration: Duration,
    /// When it would begin.
    pub starts_at: Instant,
    /// The groups that whoever asks is in at this moment.
    pub groups: BTreeSet<PrincipalId>,
    /// Whether a ticket was looked up, is open, and is theirs.
    pub ticket_verified: bool,
}

impl Conditions {
    /// Whether there are any, and all hold.
    #[must_use]
    pub fn hold(&self, of: &Circumstances) -> bool {
        !self.is_empty()
            && self.no_longer_than.is_none_or(|longest| of.duration <= longest)
            && self.within.as_ref().is_none_or(|hours| hours.contain(of.starts_at))
            && self.on_call.is_none_or(|group| of.groups.contains(&group))
            && (!self.ticket_verified || of.ticket_verified)
    }
}

impl<Holder> Conditions<Holder> {
    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.no_longer_than.is_none()
            && self.within.is_none()
            && self.on_call.is_none()
            && !self.ticket_verified
    }

    /// The same with another name for the group; none if it has none.
    pub fn map<H>(&self, holder: impl FnOnce(&Holder) -> Option<H>) -> Option<Conditions<H>> {
        let on_call = match &self.on_call {
            Some(group) => Some(holder(group)?),
            None => None,
        };
        Some(Conditions {
            no_longer_than: self.no_longer_than,
            within: self.within.clone(),
            on_call,
            ticket_verified: self.ticket_verified,
        })
    }

    /// Whether these let more requests pass than `other`.
    #[must_use]
    pub fn laxer_than(&self, other: &Self) -> bool
    where
        Holder: PartialEq,
    {
        let length = match (self.no_longer_than, other.no_longer_than) {
            (None, Some(_)) => true,
            (Some(own), Some(other)) => own > other,
            (_, None) => false,
        };
        let same_or_new = |same: bool, other: bool| !other || same;
        !self.is_empty()
            && (other.is_empty()
                || length
                || !same_or_new(self.within == other.within, other.within.is_some())
                || !same_or_new(self.on_call == other.on_call, other.on_call.is_some())
                || (other.ticket_verified && !self.ticket_verified))
    }

    /// Up to how long a request passes whatever else is so; none if that is not all that counts.
    #[must_use]
    pub fn length_alone(&self) -> Option<Duration> {
        let others = self.within.is_some() || self.on_call.is_some() || self.ticket_verified;
        self.no_longer_than.filter(|_| !others)
    }

    /// What is wrong with them, each with the part that it is about.
    pub(super) fn faults(&self) -> Vec<(&'static str, String)> {
        self.within.as_ref().map(Hours::faults).unwrap_or_default()
    }

    /// They, as the end of a sentence that begins with "if"; `name` tells what a group is called. Empty if there are none.
    pub fn to_words(&self, name: impl FnOnce(&Holder) -> String) -> String {
        [
            self.no_longer_than.map(|longest| format!("it is for {longest} or less")),
            self.within.as_ref().map(|hours| format!("it begins within {hours}")),
            self.on_call
                .as_ref()
                .map(|group| format!("the requester is on call in {}", name(group))),
            self.ticket_verified.then(|| "its ticket is verified".to_owned()),
        ]
        .into_iter()
        .flatten()
        .collect::<Vec<_>>()
        .join(" and ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hours(from: &str, until: &str, days: &[Weekday]) -> Hours {
        Hours {
            time_zone: "Europe/Copenhagen".to_owned(),
            days: days.iter().copied().collect(),
            from: from.parse().unwrap(),
            until: until.parse().unwrap(),
        }
    }

    fn contain(hours: &Hours, at: &str) -> bool {
        hours.contain(at.parse().unwrap())
    }

    #[test]
    fn working_hours_follow_the_clocks_of_their_time_zone_in_summer_and_winter() {
        let hours = hours("08:00", "16:00", &[Weekday::Monday]);
        // In winter Copenhagen is an hour ahead, in summer two.
        assert!(contain(&hours, "2026-11-23T07:00:00Z"));
        assert!(!contain(&hours, "2026-11-23T06:59:59Z"));
        assert!(contain(&hours, "2026-07-20T06:00:00Z"));
        assert!(!contain(&hours, "2026-07-20T14:00:00Z"), "the end is not part of them");
        assert!(!contain(&hours, "2026-11-24T09:00:00Z"), "it is Tuesday");
    }

    #[test]
    fn hours_that_reach_over_midnight_belong_to_the_day_on_which_they_begin() {
        let night = hours("22:00", "06:00", &[Weekday::Friday]);
        assert!(contain(&night, "2026-11-27T21:30:00Z"));
        assert!(contain(&night, "2026-11-28T04:59:00Z"), "Saturday morning is Friday's night");
        assert!(!contain(&night, "2026-11-27T04:00:00Z"), "Friday morning is Thursday's");
    }

    #[test]
    fn hours_of_an_unknown_time_zone_never_come() {
        let nowhere = Hours {
            time_zone: "Mars/Olympus".to_owned(),
            ..hours("00:00", "23:59", &[Weekday::Monday])
        };
        assert!(!contain(&nowhere, "2026-11-23T12:00:00Z"));
        let nowhere = Conditions::<PrincipalId> { within: Some(nowhere), ..Conditions::default() };
        assert_eq!(nowhere.faults().len(), 1);
    }

    #[test]
    fn everything_that_is_wrong_with_hours_is_told_at_once() {
        let never = Hours { time_zone: "Mars/Olympus".to_owned(), ..hours("08:00", "08:00", &[]) };
        let parts: Vec<_> = never.faults().into_iter().map(|(part, _)| part).collect();
        assert_eq!(parts, ["within.time_zone", "within.days", "within.until"]);
    }

    #[test]
    fn more_conditions_let_fewer_pass() {
        let short = |hours| Conditions::<PrincipalId> {
            no_longer_than: Some(Duration::hours(hours)),
            ..Conditions::default()
        };
        let both = Conditions { ticket_verified: true, ..short(1) };
        let none = Conditions::default();
        for (laxer, stricter) in [(&short(2), &short(1)), (&short(1), &both), (&short(1), &none)] {
            assert!(laxer.laxer_than(stricter), "{laxer:?} {stricter:?}");
            assert!(!stricter.laxer_than(laxer), "{laxer:?} {stricter:?}");
        }
    }

    #[test]
    fn rules_are_read_as_they_are_written() {
        let rule: Conditions = serde_json::from_str(
            r#"{"within": {"time_zone": "UTC", "days": ["monday"], "from": "08:00", "until": "17:30"}, "ticket_verified": true}"#,
        )
        .unwrap();
        assert_eq!(
            rule.to_words(ToString::to_string),
            "it begins within Monday, 08:00 to 17:30, UTC time and its ticket is verified"
        );
        let none: Conditions = serde_json::from_str("{}").unwrap();
        assert!(none.is_empty() && serde_json::to_string(&none).unwrap() == "{}");
    }
}
