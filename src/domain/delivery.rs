//! When a notice that could not be sent is tried again, and when a whole lane is let be for a while.
//!
//! Mail is one lane, and each channel is one.
use super::time::Instant;

/// What a failure means for another try.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// It may well work later.
    Passing,
    /// This one was refused for good. It is tried a few times all the same: people mend addresses and servers.
    Lasting,
    /// Nothing gets through at all now, whatever it says. The other side may have said for how many milliseconds.
    Lane(Option<i64>),
}

/// What to do with a notice that failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// Try again after so many milliseconds.
    Retry(i64),
    /// Keep it, but try no more.
    GiveUp,
}

/// How it went so far with a notice that failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tries {
    /// How often it failed, this time included.
    pub failures: i32,
    /// For how many milliseconds it has waited.
    pub waited: i64,
}

/// The first pause; each one after it is twice as long.
const FIRST: i64 = 5_000;
/// The longest pause of one notice.
const LONGEST: i64 = 3_600_000;
/// The longest pause of a notice that waits for its lane: the lane itself is what is tried seldom.
const LONGEST_FOR_LANE: i64 = 60_000;
/// How often a notice is tried: for about two days.
const TRIES: i32 = 60;
/// How often a notice is tried that was refused for good.
const TRIES_WHEN_REFUSED: i32 = 4;
/// How long a notice waits for its lane: seven days.
const WAITS_FOR_LANE: i64 = 7 * 24 * 3_600_000;

/// Says what to do after a failure. `chance`, from 0 to 1, shortens the pause by up to a half, so that notices which failed
/// together are not all tried together.
#[must_use]
pub fn after_failure(tries: Tries, trouble: Trouble, chance: f64) -> Next {
    let (over, longest) = match trouble {
        Trouble::Passing => (tries.failures >= TRIES, LONGEST),
        Trouble::Lasting => (tries.failures >= TRIES_WHEN_REFUSED, LONGEST),
        Trouble::Lane(_) => (tries.waited >= WAITS_FOR_LANE, LONGEST_FOR_LANE),
    };
    if over { Next::GiveUp } else { Next::Retry(pause(tries.failures, longest, chance)) }
}

fn pause(failures: i32, longest: i64, chance: f64) -> i64 {
    let doublings = u32::try_from(failures.saturating_sub(1)).unwrap_or(0).min(20);
    let pause = FIRST.saturating_mul(1 << doublings).min(longest);
    let thousandths = (chance.clamp(0.0, 1.0) * 500.0).round();
    #[expect(clippy::cast_possible_truncation, reason = "it is between 0 and 500")]
    let thousandths = thousandths as i64;
    pause - pause / 1000 * thousandths
}

/// How a lane fares.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Lane {
    /// How often in a row nothing got through.
    pub failures: i32,
    /// Until when nothing is tried.
    pub paused_until: Option<Instant>,
}

/// How much may be tried in a lane now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Room {
    /// As much as there is room for.
    Plenty,
    /// One, to see whether it works again.
    One,
    /// Nothing yet.
    Nothing,
}

/// After how many failures in a row a lane is let be for a while.
const FAILURES: i32 = 3;
/// The longest time for which a lane is let be.
const LONGEST_FOR_ALL: i64 = 300_000;
/// The longest time that the other side may ask for.
const LONGEST_ASKED: i64 = 3_600_000;
/// For how long the others hold back while one is tried.
pub const TRIAL: i64 = 15_000;

/// How much may be tried in a lane now.
#[must_use]
pub fn room(lane: Lane, now: Instant) -> Room {
    if lane.paused_until.is_some_and(|until| until > now) {
        Room::Nothing
    } else if lane.failures >= FAILURES {
        Room::One
    } else {
        Room::Plenty
    }
}

/// For how many milliseconds a lane is let be after so many failures in a row, if at all.
#[must_use]
pub fn lane_pause(failures: i32, asked: Option<i64>, chance: f64) -> Option<i64> {
    let asked = asked.map(|asked| asked.clamp(0, LONGEST_ASKED));
    if failures < FAILURES {
        return asked;
    }
    let own = pause(failures - FAILURES + 1, LONGEST_FOR_ALL, chance);
    Some(asked.map_or(own, |asked| asked.max(own)))
}

/// Where a notice stands.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize, utoipa::ToSchema,
)]
#[serde(rename_all = "snake_case")]
#[schema(as = DeliveryState)]
pub enum State {
    /// It is to be sent.
    Waiting,
    /// Somebody is sending it.
    BeingSent,
    /// It has gone out.
    Sent,
    /// It failed, and is to be tried again.
    Retrying,
    /// It failed, and is tried no more.
    GivenUp,
}

impl State {
    /// All of them, with their names.
    pub const ALL: [(Self, &'static str); 5] = [
        (Self::Waiting, "waiting"),
        (Self::BeingSent, "being_sent"),
        (Self::Sent, "sent"),
        (Self::Retrying, "retrying"),
        (Self::GivenUp, "given_up"),
    ];

    /// Its name.
    #[must_use]
    pub fn name(self) -> &'static str {
        Self::ALL.iter().find(|(state, _)| *state == self).map_or("", |(_, name)| name)
    }

    /// The state of that name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.iter().find(|(_, known)| *known == name).map(|(state, _)| *state)
    }

    /// What a notice that stands so waits for, and until when at least, if it is not its turn already and that can be told.
    #[must_use]
    pub fn waits_for(self, place: Place) -> Option<(Wait, Option<Instant>)> {
        let failed = match self {
            Self::Waiting => false,
            Self::Retrying => true,
            Self::BeingSent | Self::Sent | Self::GivenUp => return None,
        };
        if place.behind {
            return Some((Wait::EarlierOne, None));
        }
        let to_come = |at: &Instant| *at > place.now;
        let own = Some(place.not_before).filter(to_come);
        let way = place.paused_until.filter(to_come);
        let wait = if failed {
            Wait::AnotherTry
        } else if way > own {
            Wait::Way
        } else if own.is_some() {
            Wait::QuietHours
        } else {
            Wait::Turn
        };
        Some((wait, own.max(way)))
    }
}

/// What a notice waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = DeliveryWait)]
pub enum Wait {
    /// Its turn, which comes at once unless much is in line.
    Turn,
    /// The end of the quiet hours of whoever gets it.
    QuietHours,
    /// Another try, as the last one failed.
    AnotherTry,
    /// An earlier message about the same, which goes first.
    EarlierOne,
    /// Its way: nothing gets through, so all that leaves by it is let be for a while.
    Way,
    /// Its channel, which is configured no more.
    Channel,
}

/// The place of a notice in its line.
#[derive(Clone, Copy, Debug)]
pub struct Place {
    /// Before this moment it is not sent.
    pub not_before: Instant,
    /// Until when its lane is let be.
    pub paused_until: Option<Instant>,
    /// Whether an earlier one of its thread goes first.
    pub behind: bool,
    /// The time.
    pub now: Instant,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(failures: i32, trouble: Trouble, chance: f64) -> Next {
        after_failure(Tries { failures, waited: 0 }, trouble, chance)
    }

    #[test]
    fn pauses_grow_to_an_hour() {
        let pause = |failures, chance| after(failures, Trouble::Passing, chance);
        assert_eq!(pause(1, 0.0), Next::Retry(5_000));
        assert_eq!(pause(2, 0.0), Next::Retry(10_000));
        assert_eq!(pause(1, 1.0), Next::Retry(2_500));
        assert_eq!(pause(59, 0.0), Next::Retry(3_600_000));
        assert_eq!(pause(60, 0.0), Next::GiveUp);
    }

    #[test]
    fn what_is_refused_for_good_is_given_up_soon() {
        assert_eq!(after(3, Trouble::Lasting, 0.0), Next::Retry(20_000));
        assert_eq!(after(4, Trouble::Lasting, 0.0), Next::GiveUp);
    }

    #[test]
    fn a_dead_lane_loses_nothing_for_a_week() {
        let day = 24 * 3_600_000;
        let after =
            |waited| after_failure(Tries { failures: 5000, waited }, Trouble::Lane(None), 0.0);
        assert_eq!(after(6 * day), Next::Retry(60_000));
        assert_eq!(after(7 * day), Next::GiveUp);
    }

    #[test]
    fn a_failing_lane_is_tried_seldom_and_catches_up_at_once() {
        let now: Instant = "2026-11-22T08:00:00Z".parse().unwrap();
        let later: Instant = "2026-11-22T08:00:01Z".parse().unwrap();
        let lane = |failures, paused_until| Lane { failures, paused_until };
        assert_eq!(room(lane(0, None), now), Room::Plenty);
        assert_eq!(room(lane(2, None), now), Room::Plenty);
        assert_eq!(room(lane(3, Some(later)), now), Room::Nothing);
        assert_eq!(room(lane(3, Some(later)), later), Room::One);
        assert_eq!(lane_pause(2, None, 0.0), None);
        assert_eq!(lane_pause(3, None, 0.0), Some(5_000));
        assert_eq!(lane_pause(4, None, 1.0), Some(5_000));
        assert_eq!(lane_pause(400, None, 0.0), Some(300_000));
    }

    #[test]
    fn what_waits_says_for_what_and_until_when() {
        let [now, soon, later] = ["08:00:00", "08:00:05", "08:05:00"].map(at);
        let place =
            |not_before, paused_until| Place { not_before, paused_until, behind: false, now };
        for (state, place, waits) in [
            (State::Waiting, place(now, None), Some((Wait::Turn, None))),
            (State::Waiting, place(later, None), Some((Wait::QuietHours, Some(later)))),
            (State::Waiting, place(later, Some(soon)), Some((Wait::QuietHours, Some(later)))),
            (State::Waiting, place(now, Some(soon)), Some((Wait::Way, Some(soon)))),
            (State::Waiting, place(now, Some(now)), Some((Wait::Turn, None))),
            (State::Retrying, place(soon, None), Some((Wait::AnotherTry, Some(soon)))),
            (State::Retrying, place(soon, Some(later)), Some((Wait::AnotherTry, Some(later)))),
            (State::Retrying, place(now, None), Some((Wait::AnotherTry, None))),
            (State::BeingSent, place(soon, None), None),
            (State::Sent, place(soon, None), None),
            (State::GivenUp, place(soon, None), None),
        ] {
            assert_eq!(state.waits_for(place), waits, "{state:?}, {place:?}");
        }
        let behind = Place { behind: true, ..place(now, None) };
        assert_eq!(State::Waiting.waits_for(behind), Some((Wait::EarlierOne, None)));
    }

    fn at(time: &str) -> Instant {
        format!("2026-11-22T{time}Z").parse().unwrap()
    }

    #[test]
    fn who_asks_for_a_pause_gets_it_within_reason() {
        assert_eq!(lane_pause(1, Some(2_000), 0.0), Some(2_000));
        assert_eq!(lane_pause(3, Some(2_000), 0.0), Some(5_000));
        assert_eq!(lane_pause(3, Some(i64::MAX), 0.0), Some(3_600_000));
    }
}
