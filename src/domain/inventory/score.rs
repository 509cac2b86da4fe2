//! How urgently standing access should go: privileged, without end, and not used, in this order.
//!
//! What can be known of its use is when its holder was last here: signed in, or by an access token. Whoever uses a role in a
//! system that Latchkey does not see may still have been away for months.
use crate::domain::time::Instant;

/// What the score rests on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
pub struct Facts {
    /// The time.
    pub now: Instant,
    /// Whether the role is privileged.
    pub privileged: bool,
    /// Whether it has no end.
    pub permanent: bool,
    /// When its holder, or a member of it, was last here.
    pub last_here: Option<Instant>,
    /// Whether a group holds it.
    pub is_group: bool,
    /// Whether an application holds it.
    pub is_application: bool,
}

/// How bad it is, of a hundred, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Score {
    /// From 0 to 100; the more, the sooner it should go.
    pub points: u8,
    /// Why, in words; worst first.
    pub reasons: Vec<String>,
}

/// The most that not being used counts: less than any of the other two, so that the order is theirs.
const UNUSED_MOST: i64 = 24;
/// After so many days nothing gets any worse.
const LONG_UNUSED_DAYS: i64 = 96;
/// Being away for less than this is worth no word.
const WORTH_A_WORD_DAYS: i64 = 7;

/// The order in which standing access is looked at first: 2 for privileged, 1 for permanent. The database counts it the same.
#[must_use]
pub fn rank(privileged: bool, permanent: bool) -> i16 {
    i16::from(privileged) * 2 + i16::from(permanent)
}

/// Judges standing access. The order by score is that of the list: by rank, and then by who was not here for longest.
#[must_use]
pub fn score(facts: &Facts) -> Score {
    let days = facts.last_here.map(|at| (facts.now.since(at).as_secs() / 86_400).max(0));
    let unused = days.map_or(UNUSED_MOST, |days| {
        (days.min(LONG_UNUSED_DAYS) * UNUSED_MOST / LONG_UNUSED_DAYS).min(UNUSED_MOST)
    });
    let points = i64::from(facts.privileged) * 50 + i64::from(facts.permanent) * 25 + unused;
    let mut reasons = Vec::new();
    if facts.privileged {
        reasons.push("privileged".to_owned());
    }
    if facts.permanent {
        reasons.push("permanent".to_owned());
    }
    let who = match (facts.is_group, facts.is_application) {
        (true, _) => "no member",
        (false, true) => "it",
        (false, false) => "its holder",
    };
    match days {
        None if facts.is_group => reasons.push("no member was ever here".to_owned()),
        None => reasons.push(format!("{who} was never here")),
        Some(days) if days >= WORTH_A_WORD_DAYS && facts.is_group => {
            reasons.push(format!("no member was here for {days} days"));
        }
        Some(days) if days >= WORTH_A_WORD_DAYS => {
            reasons.push(format!("{who} was not here for {days} days"));
        }
        Some(_) => {}
    }
    if facts.is_group {
        reasons.push("held by everybody in a group".to_owned());
    }
    Score { points: u8::try_from(points).unwrap_or(100), reasons }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::domain::time::Duration;

    const DAY: i64 = 86_400;

    fn now() -> Instant {
        "2026-11-22T09:00:00Z".parse().unwrap()
    }

    fn facts(privileged: bool, permanent: bool, days: Option<i64>) -> Facts {
        Facts {
            now: now(),
            privileged,
            permanent,
            last_here: days.map(|days| now().plus_seconds(-days * DAY)),
            is_group: false,
            is_application: false,
        }
    }

    #[test]
    fn the_worst_is_privileged_permanent_and_never_used_and_says_so() {
        let worst = score(&facts(true, true, None));
        assert_eq!(worst.points, 99);
        assert_eq!(worst.reasons, ["privileged", "permanent", "its holder was never here"]);
        let best = score(&facts(false, false, Some(0)));
        assert_eq!((best.points, best.reasons.len()), (0, 0));
    }

    #[test]
    fn a_group_is_told_as_one() {
        let group = Facts { is_group: true, ..facts(true, false, Some(40)) };
        assert_eq!(
            score(&group).reasons,
            ["privileged", "no member was here for 40 days", "held by everybody in a group"]
        );
    }

    #[test]
    fn a_few_days_are_worth_no_word() {
        assert_eq!(score(&facts(true, false, Some(6))).reasons, ["privileged"]);
        assert_eq!(
            score(&facts(true, false, Some(7))).reasons,
            ["privileged", "its holder was not here for 7 days"]
        );
    }

    #[test]
    fn a_clock_that_runs_ahead_does_no_harm() {
        let ahead =
            Facts { last_here: Some(now() + Duration::hours(5)), ..facts(true, true, None) };
        assert_eq!(score(&ahead).points, 75);
    }

    proptest! {
        #[test]
        fn the_score_never_grows_along_the_list(
            one in (any::<bool>(), any::<bool>(), prop::option::of(0..4000_i64)),
            other in (any::<bool>(), any::<bool>(), prop::option::of(0..4000_i64)),
        ) {
            // The list: higher rank first, then never, then the longest away.
            let place = |(privileged, permanent, days): (bool, bool, Option<i64>)| {
                (-rank(privileged, permanent), -days.unwrap_or(i64::MAX))
            };
            let points = |(privileged, permanent, days)| score(&facts(privileged, permanent, days)).points;
            let (first, second) = if place(one) <= place(other) { (one, other) } else { (other, one) };
            prop_assert!(points(first) >= points(second));
            prop_assert!(points(first) <= 100);
        }
    }
}
