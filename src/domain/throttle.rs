//! How guessing is slowed down, without giving anybody a way to lock somebody else out.
//!
//! Passwords and second factors are counted apart. A wrong password only ever *delays*, and only whoever comes from
//! the same network: a browser that the person signed in from before has a counter of its own. Wrong codes can
//! disable a second factor, but to enter one somebody must know the password.
use std::net::IpAddr;

use ipnet::{IpNet, Ipv4Net, Ipv6Net};

use super::time::Instant;

/// The first wrong password that is followed by a delay (NIST SP 800-63B-4 section 3.2.2 leaves the number to us).
pub const FREE_FAILURES: u32 = 5;
/// The same, over all networks together: NIST's ceiling for wrong passwords in a row.
pub const FREE_FAILURES_EVERYWHERE: u32 = 100;
/// The first delay in seconds; each further failure doubles it.
const FIRST_DELAY: i64 = 2;
/// The longest delay, in seconds.
pub const LONGEST_DELAY: i64 = 15 * 60;
/// A counter without a failure for so many seconds starts anew.
pub const FORGOTTEN_AFTER: i64 = 24 * 3_600;

/// How many wrong codes of one second factor are looked at within [`GUESS_SPAN`].
pub const GUESSES: u32 = 5;
/// See [`GUESSES`]; in seconds.
pub const GUESS_SPAN: i64 = 5 * 60;
/// After how many wrong codes in a row a second factor is disabled (NIST's ceiling is 100).
pub const GUESSES_IN_A_ROW: u32 = 50;

/// Whose wrong passwords are counted together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// Those from one network that showed no known browser.
    Network(IpNet),
    /// Those from one browser in which this person signed in before, by the hash of its cookie.
    KnownDevice([u8; 32]),
    /// Those from all networks together.
    Everywhere,
}

impl Source {
    /// The network that an address belongs to: /24 of IPv4, /64 of IPv6, as one subscriber commonly has.
    #[must_use]
    pub fn network_of(address: IpAddr) -> Self {
        let network = match address.to_canonical() {
            IpAddr::V4(address) => Ipv4Net::new(address, 24).map(IpNet::V4),
            IpAddr::V6(address) => Ipv6Net::new(address, 64).map(IpNet::V6),
        };
        // Both prefix lengths are legal; an address alone would only make the counter narrower.
        Self::Network(network.unwrap_or_else(|_| IpNet::from(address)).trunc())
    }

    /// The text under which the counter is kept.
    #[must_use]
    pub fn key(&self) -> String {
        match self {
            Self::Network(network) => format!("network {network}"),
            Self::KnownDevice(digest) => {
                format!("device {}", data_encoding::HEXLOWER.encode(digest))
            }
            Self::Everywhere => "everywhere".to_owned(),
        }
    }

    /// How many failures are free.
    const fn free(&self) -> u32 {
        match self {
            Self::Network(_) | Self::KnownDevice(_) => FREE_FAILURES,
            Self::Everywhere => FREE_FAILURES_EVERYWHERE,
        }
    }

    /// How many seconds to wait after so many failures in a row.
    #[must_use]
    pub fn delay(&self, failures: u32) -> i64 {
        let Some(past) = failures.checked_sub(self.free()) else { return 0 };
        (FIRST_DELAY << past.min(30)).min(LONGEST_DELAY)
    }
}

/// What a counter of wrong passwords holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Failures {
    /// How many in a row.
    pub count: u32,
    /// When the last one was.
    pub last_at: Option<Instant>,
}

impl Failures {
    /// Says from when on the next attempt is looked at, if not yet.
    #[must_use]
    pub fn wait_until(&self, source: &Source, now: Instant) -> Option<Instant> {
        let last_at = self.last_at?;
        let open_at = last_at.plus_seconds(source.delay(self.count));
        (now < open_at).then_some(open_at)
    }

    /// Counts one more.
    #[must_use]
    pub fn with_one_more(&self, now: Instant) -> Self {
        let forgotten = self.last_at.is_some_and(|last| last.plus_seconds(FORGOTTEN_AFTER) <= now);
        let count = if forgotten { 0 } else { self.count };
        Self { count: count.saturating_add(1), last_at: Some(now) }
    }
}

/// What is known of the wrong codes of one second factor, over all places where it can be entered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Guesses {
    /// How many since there was a quiet [`GUESS_SPAN`].
    pub recent: u32,
    /// How many since the last right one.
    pub in_a_row: u32,
    /// When the last wrong one was.
    pub last_at: Option<Instant>,
}

/// What may be done with a code that was entered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Admission {
    /// Look at it.
    Evaluate,
    /// Do not look at it before then.
    Wait(Instant),
    /// Never: the second factor is disabled until it is bound anew.
    Disabled,
}

impl Guesses {
    /// Says whether a code may be looked at. A run of wrong codes ends only with a quiet span, so that no span of
    /// five minutes, wherever it begins, holds more than five.
    #[must_use]
    pub fn admission(&self, now: Instant) -> Admission {
        if self.in_a_row >= GUESSES_IN_A_ROW {
            return Admission::Disabled;
        }
        match self.last_at.map(|last| last.plus_seconds(GUESS_SPAN)) {
            Some(quiet_at) if self.recent >= GUESSES && now < quiet_at => Admission::Wait(quiet_at),
            _ => Admission::Evaluate,
        }
    }

    /// Counts a wrong code.
    #[must_use]
    pub fn with_one_more(&self, now: Instant) -> Self {
        let quiet = self.last_at.is_some_and(|last| last.plus_seconds(GUESS_SPAN) <= now);
        let recent = if quiet { 0 } else { self.recent };
        Self {
            recent: recent.saturating_add(1),
            in_a_row: self.in_a_row.saturating_add(1),
            last_at: Some(now),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(second: i64) -> Instant {
        Instant::new(jiff::Timestamp::from_second(1_800_000_000 + second).unwrap())
    }

    fn network(address: &str) -> String {
        Source::network_of(address.parse().unwrap()).key()
    }

    #[test]
    fn neighbours_share_a_counter() {
        assert_eq!(network("192.0.2.7"), network("192.0.2.200"));
        assert_eq!(network("192.0.2.7"), network("::ffff:192.0.2.9"));
        assert_ne!(network("192.0.2.7"), network("192.0.3.7"));
        assert_eq!(network("2001:db8::1"), network("2001:db8::ffff:1"));
        assert_ne!(network("2001:db8::1"), network("2001:db8:0:1::1"));
    }

    #[test]
    fn delays_begin_at_the_fifth_failure_and_end_at_a_quarter_of_an_hour() {
        let source = Source::network_of([192, 0, 2, 7].into());
        let seconds = |failures| source.delay(failures);
        let table = [(0, 0), (4, 0), (5, 2), (6, 4), (7, 8), (10, 64), (13, 512), (14, 900)];
        for (failures, delay) in table {
            assert_eq!(seconds(failures), delay, "after {failures}");
        }
        assert_eq!(seconds(u32::MAX), 900);
        assert_eq!(Source::Everywhere.delay(99), 0);
        assert_eq!(Source::Everywhere.delay(100), 2);
    }

    #[test]
    fn a_counter_is_forgotten_after_a_quiet_day() {
        let before = Failures { count: 9, last_at: Some(at(0)) };
        assert_eq!(before.with_one_more(at(60)).count, 10);
        assert_eq!(before.with_one_more(at(24 * 3_600)).count, 1);
    }

    #[test]
    fn the_fiftieth_wrong_code_in_a_row_disables() {
        let mut guesses = Guesses::default();
        let mut second = 0;
        while guesses.admission(at(second)) != Admission::Disabled {
            guesses = guesses.with_one_more(at(second));
            second += 301;
        }
        assert_eq!(guesses.in_a_row, GUESSES_IN_A_ROW);
    }

    proptest! {
        #[test]
        fn no_span_of_five_minutes_holds_more_than_five_guesses(
            pauses in prop::collection::vec(0_i64..200, 1..120)
        ) {
            let mut guesses = Guesses::default();
            let mut second = 0;
            let mut evaluated = vec![];
            for pause in pauses {
                second += pause;
                if guesses.admission(at(second)) == Admission::Evaluate {
                    guesses = guesses.with_one_more(at(second));
                    evaluated.push(second);
                }
            }
            for start in &evaluated {
                let within = evaluated.iter().filter(|at| (*start..start + 300).contains(*at));
                prop_assert!(within.count() <= GUESSES as usize);
            }
        }

        #[test]
        fn delays_never_shrink(failures in 0_u32..1_000) {
            for source in [Source::Everywhere, Source::network_of([1, 2, 3, 4].into())] {
                prop_assert!(source.delay(failures) <= source.delay(failures + 1));
                prop_assert!(source.delay(failures) <= LONGEST_DELAY);
            }
        }
    }
}
