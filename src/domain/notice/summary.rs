//! The summaries: of the week for administrators, of the day for whoever has something waiting; and when they are due.
use jiff::{ToSpan as _, civil::Weekday, tz::TimeZone};

use super::letter::{Letter, Line, List};
use crate::domain::{
    language::{Argument, Message},
    time::{Instant, TimeOfDay},
};

/// When summaries are sent, on the organisation's clock.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Schedule {
    /// On which day of the week the summary of the week is.
    pub weekday: Weekday,
    /// At which time both are.
    pub time: TimeOfDay,
    /// The clock.
    pub zone: TimeZone,
}

impl Default for Schedule {
    fn default() -> Self {
        Self { weekday: Weekday::Monday, time: TimeOfDay::constant(8, 0), zone: TimeZone::UTC }
    }
}

impl Schedule {
    /// A schedule on a day of the week by its English name, at a time such as 08:00; none if either is none.
    #[must_use]
    pub fn parse(weekday: &str, time: &str, zone: TimeZone) -> Option<Self> {
        let weekday = match weekday.to_lowercase().as_str() {
            "monday" => Weekday::Monday,
            "tuesday" => Weekday::Tuesday,
            "wednesday" => Weekday::Wednesday,
            "thursday" => Weekday::Thursday,
            "friday" => Weekday::Friday,
            "saturday" => Weekday::Saturday,
            "sunday" => Weekday::Sunday,
            _ => return None,
        };
        Some(Self { weekday, time: time.parse().ok()?, zone })
    }

    /// When the summary of the day was last due.
    #[must_use]
    pub fn last_daily(&self, now: Instant) -> Option<Instant> {
        self.last(now, |_| true)
    }

    /// When the summary of the week was last due.
    #[must_use]
    pub fn last_weekly(&self, now: Instant) -> Option<Instant> {
        self.last(now, |day| day == self.weekday)
    }

    fn last(&self, now: Instant, is_day: impl Fn(Weekday) -> bool) -> Option<Instant> {
        let today = now.timestamp().to_zoned(self.zone.clone()).date();
        (0..8).find_map(|back| {
            let day = today.checked_sub(i64::from(back).days()).ok()?;
            if !is_day(day.weekday()) {
                return None;
            }
            let due = day.to_datetime(self.time.time()).to_zoned(self.zone.clone()).ok()?;
            let due = Instant::new(due.timestamp());
            (due <= now).then_some(due)
        })
    }
}

/// What a week was like below a place.
#[derive(Clone, Debug, Default)]
pub struct Week {
    /// The name of the place.
    pub place: String,
    /// How many people activated roles.
    pub people: i64,
    /// How often.
    pub activations: i64,
    /// How many were given a role without end and without activation.
    pub permanent: i64,
    /// How many were made eligible.
    pub eligible: i64,
    /// How many were given a role that needs no activation, for a while.
    pub active: i64,
    /// The roles with the most standing holders, and how many those are.
    pub top: Vec<Ranked>,
    /// The terms that changed: which role's, where, by whom.
    pub settings: Vec<Changed>,
    /// What nobody used for ninety days: whose, which role, where.
    pub unused: Vec<Unused>,
    /// How many those are, beyond the first.
    pub unused_count: i64,
}

/// A role with its standing holders.
#[derive(Clone, Debug)]
pub struct Ranked {
    /// The role.
    pub role: String,
    /// How many hold it for good or are eligible for it.
    pub holders: i64,
    /// Its page.
    pub link: String,
}

/// Terms that changed.
#[derive(Clone, Debug)]
pub struct Changed {
    /// Of which role.
    pub role: String,
    /// Where.
    pub scope: String,
    /// By whom.
    pub by: String,
    /// Their page.
    pub link: String,
}

/// An eligibility that nobody used.
#[derive(Clone, Debug)]
pub struct Unused {
    /// Whose.
    pub holder: String,
    /// Which role.
    pub role: String,
    /// Where.
    pub scope: String,
}

/// To whoever administers a place: what the last week was like there.
#[must_use]
pub fn week(week: &Week, link: &str) -> Letter {
    let entry = |text: Message, link: &str| Line { text, link: link.to_owned() };
    let count = |key, count: i64| entry(Message::new(key).with("count", count), "");
    let mut letter = Letter::new(
        Message::new("notice-week-subject")
            .with("people", week.people)
            .with("permanent", week.permanent),
        Message::new("notice-week").with("scope", &week.place),
    );
    let mut list = |title, lines: Vec<Line>| {
        if !lines.is_empty() {
            letter.lists.push(List { title: Message::new(title), lines });
        }
    };
    let people = Message::new("notice-week-people")
        .with("people", week.people)
        .with("activations", week.activations);
    list(
        "notice-week-figures",
        vec![
            entry(people, ""),
            count("notice-week-permanent", week.permanent),
            count("notice-week-active", week.active),
            count("notice-week-eligible", week.eligible),
        ],
    );
    let ranked = |one: &Ranked| {
        let text =
            Message::new("notice-week-role").with("role", &one.role).with("count", one.holders);
        entry(text, &one.link)
    };
    list("notice-week-top", week.top.iter().map(ranked).collect());
    let changed = |one: &Changed| {
        let text = Message::new("notice-week-changed")
            .with("role", &one.role)
            .with("scope", &one.scope)
            .with("by", &one.by);
        entry(text, &one.link)
    };
    list("notice-week-settings", week.settings.iter().map(changed).collect());
    let unused = |one: &Unused| {
        let text = Message::new("notice-week-unused-line")
            .with("holder", &one.holder)
            .with("role", &one.role)
            .with("scope", &one.scope);
        entry(text, "")
    };
    let mut lines: Vec<_> = week.unused.iter().map(unused).collect();
    let more = week.unused_count - i64::try_from(lines.len()).unwrap_or(i64::MAX);
    if more > 0 {
        lines.push(count("notice-week-more", more));
    }
    list("notice-week-unused", lines);
    letter.link("notice-open", link)
}

/// The most lines of each list in a summary of the day. A mail that grows too long is cut, and says nothing of what is lost.
const LISTED: usize = 30;

/// What waits for somebody's decision.
#[derive(Clone, Debug)]
pub struct Waiting {
    /// Who asks.
    pub author: String,
    /// For what.
    pub what: Argument,
    /// Where.
    pub scope: String,
    /// Until when it can be decided.
    pub decide_by: Instant,
    /// Its page.
    pub link: String,
}

/// To whoever has something waiting, or wanted to be told once a day: what is there. Something is.
#[must_use]
pub fn day(waiting: &[Waiting], gathered: &[(String, String)], public_url: &str) -> Letter {
    let subject = match (waiting.len(), gathered.len()) {
        (0, news) => Message::new("notice-day-news-subject").with("news", news),
        (waits, 0) => Message::new("notice-day-waiting-subject").with("waiting", waits),
        (waits, news) => {
            Message::new("notice-day-subject").with("waiting", waits).with("news", news)
        }
    };
    let mut letter = Letter::new(subject, Message::new("notice-day"));
    if !waiting.is_empty() {
        let entry = |one: &Waiting| Line {
            text: Message::new("notice-day-waiting-line")
                .with("author", &one.author)
                .with("what", &one.what)
                .with("scope", &one.scope)
                .with("end", one.decide_by),
            link: one.link.clone(),
        };
        let lines = listed(waiting, entry, format!("{public_url}/approvals"));
        letter.lists.push(List { title: Message::new("notice-day-waiting"), lines });
    }
    if !gathered.is_empty() {
        let entry = |(text, link): &(String, String)| Line {
            text: Message::Text(text.clone()),
            link: link.clone(),
        };
        let lines = listed(gathered, entry, format!("{public_url}/requests"));
        letter.lists.push(List { title: Message::new("notice-day-news"), lines });
    }
    letter.link("notice-choose", &format!("{public_url}/account/notices"))
}

/// The lines of as many as a list has, and how many more there are, with the page to look for them.
fn listed<T>(all: &[T], entry: impl Fn(&T) -> Line, page: String) -> Vec<Line> {
    let mut lines: Vec<_> = all.iter().take(LISTED).map(entry).collect();
    let more = all.len().saturating_sub(LISTED);
    if more > 0 {
        lines.push(Line { text: Message::new("notice-and-more").with("count", more), link: page });
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{language::Reader, notice::occasion::Occasion};

    fn at(text: &str) -> Instant {
        text.parse().unwrap()
    }

    #[test]
    fn summaries_are_due_on_the_organisations_clock() {
        let schedule = Schedule {
            weekday: Weekday::Monday,
            time: TimeOfDay::constant(8, 0),
            zone: TimeZone::get("Europe/Copenhagen").unwrap(),
        };
        // Monday, 8 o'clock in Copenhagen, is 7 o'clock universal time in winter and 6 in summer.
        for (now, daily, weekly) in [
            ("2026-01-12T06:59:59Z", "2026-01-11T07:00:00Z", "2026-01-05T07:00:00Z"),
            ("2026-01-12T07:00:00Z", "2026-01-12T07:00:00Z", "2026-01-12T07:00:00Z"),
            ("2026-01-14T20:00:00Z", "2026-01-14T07:00:00Z", "2026-01-12T07:00:00Z"),
            ("2026-07-13T06:00:00Z", "2026-07-13T06:00:00Z", "2026-07-13T06:00:00Z"),
        ] {
            assert_eq!(schedule.last_daily(at(now)), Some(at(daily)), "{now}");
            assert_eq!(schedule.last_weekly(at(now)), Some(at(weekly)), "{now}");
        }
    }

    #[test]
    fn an_empty_week_says_so_in_figures_and_lists_nothing() {
        let letter = week(&Week::default(), "https://pim.example/posture");
        assert_eq!(letter.lists.len(), 1);
        assert_eq!(letter.lists[0].lines.len(), 4);
    }

    #[test]
    fn a_long_day_says_how_much_more_there_is_and_where() {
        let url = "https://pim.example";
        let one = Waiting {
            author: "Ada".to_owned(),
            what: "Operator".into(),
            scope: "Organisation".to_owned(),
            decide_by: at("2026-01-12T07:00:00Z"),
            link: format!("{url}/requests/7"),
        };
        let waiting = vec![one; LISTED + 5];
        let news = vec![("It has ended".to_owned(), format!("{url}/requests/8")); LISTED];
        let letter = day(&waiting, &news, url);
        let [waits, knows] = letter.lists.as_slice() else { panic!("{letter:?}") };
        assert_eq!((waits.lines.len(), knows.lines.len()), (LISTED + 1, LISTED));
        let mail = letter.mail(Occasion::Summary, &Reader::english());
        let more = "- and 5 more\n  https://pim.example/approvals\n";
        assert!(mail.body().contains(more), "{}", mail.body());
        assert!(mail.subject().contains("35"), "{}", mail.subject());
    }
}
