//! The steps from standing access to eligibility, in their order.
use crate::domain::time::Instant;

/// Where a conversion stands.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize, utoipa::ToSchema,
)]
#[serde(rename_all = "snake_case")]
#[schema(as = ConversionStep)]
pub enum Step {
    /// The eligibility stands beside the standing access; its holder is to try it.
    Started,
    /// It was tried and works; the standing access can go.
    Tried,
    /// The standing access is gone.
    Finished,
    /// Given up: the standing access stays.
    Abandoned,
    /// The standing access ended in another way; the eligibility stays.
    Overtaken,
}

impl Step {
    /// Where it stands, by what has happened to it, and by whether the standing access has ended.
    #[must_use]
    pub fn of(
        tried: Option<Instant>,
        finished: Option<Instant>,
        abandoned: Option<Instant>,
        ended: bool,
    ) -> Self {
        match (tried, finished, abandoned) {
            (_, Some(_), _) => Self::Finished,
            (_, None, Some(_)) => Self::Abandoned,
            (_, None, None) if ended => Self::Overtaken,
            (Some(_), None, None) => Self::Tried,
            (None, None, None) => Self::Started,
        }
    }

    /// Whether there is still something to do.
    #[must_use]
    pub fn is_open(self) -> bool {
        matches!(self, Self::Started | Self::Tried)
    }
}

/// Why the standing access can't end yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotYet {
    /// It is over.
    #[error("this conversion is over already")]
    Over,
    /// Nobody has tried the eligibility.
    #[error(
        "its holder has not tried the eligibility yet: if they can’t, give this up, or remove the standing access by \
         itself"
    )]
    Untried,
    /// The eligibility is over, so that nothing would be left.
    #[error("the eligibility is over: give this conversion up and begin anew")]
    NothingLeft,
}

/// Whether the standing access may end now: there is an eligibility in its place, and it was seen to work.
pub fn finishable(step: Step, eligible: bool) -> Result<(), NotYet> {
    match step {
        Step::Finished | Step::Abandoned | Step::Overtaken => Err(NotYet::Over),
        Step::Started | Step::Tried if !eligible => Err(NotYet::NothingLeft),
        Step::Started => Err(NotYet::Untried),
        Step::Tried => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_steps_follow_from_what_has_happened() {
        let at = Some(Instant::new(jiff::Timestamp::UNIX_EPOCH));
        assert_eq!(Step::of(None, None, None, false), Step::Started);
        assert_eq!(Step::of(at, None, None, false), Step::Tried);
        assert_eq!(Step::of(at, at, None, true), Step::Finished);
        assert_eq!(Step::of(at, None, at, false), Step::Abandoned);
        assert_eq!(Step::of(at, None, None, true), Step::Overtaken);
        assert!(Step::Tried.is_open() && !Step::Finished.is_open() && !Step::Overtaken.is_open());
    }

    #[test]
    fn standing_access_ends_once_its_successor_was_seen_to_work() {
        assert_eq!(finishable(Step::Tried, true), Ok(()));
        assert_eq!(finishable(Step::Started, true), Err(NotYet::Untried));
        assert_eq!(finishable(Step::Tried, false), Err(NotYet::NothingLeft));
        assert_eq!(finishable(Step::Abandoned, true), Err(NotYet::Over));
        assert_eq!(finishable(Step::Overtaken, true), Err(NotYet::Over));
    }
}
