//! When a mail that could not be sent is tried again.

/// What a failure means for another try.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// It may well work later.
    Passing,
    /// The mail server refused it for good. It is tried a few times all the same: people mend addresses and servers.
    Lasting,
}

/// What to do with a mail that failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// Try again after so many milliseconds.
    Retry(i64),
    /// Keep it, but try no more.
    GiveUp,
}

/// The first pause; each one after it is twice as long.
const FIRST: i64 = 5_000;
/// The longest pause.
const LONGEST: i64 = 3_600_000;
/// How often a mail is tried: for about two days.
const TRIES: i32 = 60;
/// How often a mail is tried that was refused for good.
const TRIES_WHEN_REFUSED: i32 = 4;

/// Says what to do after `attempts` tries have failed. `chance`, from 0 to 1, shortens the pause by up to a half, so that
/// mails which failed together are not all tried together.
#[must_use]
pub fn after_failure(attempts: i32, trouble: Trouble, chance: f64) -> Next {
    let tries = match trouble {
        Trouble::Passing => TRIES,
        Trouble::Lasting => TRIES_WHEN_REFUSED,
    };
    if attempts >= tries {
        return Next::GiveUp;
    }
    let doublings = u32::try_from(attempts.saturating_sub(1)).unwrap_or(0).min(20);
    let pause = FIRST.saturating_mul(1 << doublings).min(LONGEST);
    let thousandths = (chance.clamp(0.0, 1.0) * 500.0).round();
    #[expect(clippy::cast_possible_truncation, reason = "it is between 0 and 500")]
    let thousandths = thousandths as i64;
    Next::Retry(pause - pause / 1000 * thousandths)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_to_an_hour() {
        let pause = |attempts, chance| after_failure(attempts, Trouble::Passing, chance);
        assert_eq!(pause(1, 0.0), Next::Retry(5_000));
        assert_eq!(pause(2, 0.0), Next::Retry(10_000));
        assert_eq!(pause(1, 1.0), Next::Retry(2_500));
        assert_eq!(pause(59, 0.0), Next::Retry(3_600_000));
        assert_eq!(pause(60, 0.0), Next::GiveUp);
    }

    #[test]
    fn what_is_refused_for_good_is_given_up_soon() {
        assert_eq!(after_failure(3, Trouble::Lasting, 0.0), Next::Retry(20_000));
        assert_eq!(after_failure(4, Trouble::Lasting, 0.0), Next::GiveUp);
    }
}
