//! The steps from standing access to eligibility, in their order.
use crate::domain::time::Instant;

/// Where a conversion stands.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize, utoipa::ToSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Step {
    /// The eligibility stands beside the standing access; its holder is to try it.
    Started,
    /// It was tried and works; the standing access can go.
    Tried,
    /// The standing access is gone.
    Finished,
    /// Given up: the standing access stays.
    Abandoned,
}

impl Step {
    /// Where it stands, by what has happened.
    #[must_use]
    pub fn of(
        tried: Option<Instant>,
        finished: Option<Instant>,
        abandoned: Option<Instant>,
    ) -> Self {
        match (tried, finished, abandoned) {
            (_, Some(_), _) => Self::Finished,
            (_, None, Some(_)) => Self::Abandoned,
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
        "its holder has not tried the eligibility yet: wait for that, or finish without a try and say why"
    )]
    Untried,
    /// There is nothing to say why for.
    #[error("say why it is finished without a try")]
    NoReason,
    /// The eligibility is over, so that nothing would be left.
    #[error("the eligibility is over: give this conversion up and begin anew")]
    NothingLeft,
}

/// Whether the standing access may end now. `without_try` has the reason for not waiting, if that is wanted.
pub fn finishable(step: Step, eligible: bool, without_try: Option<&str>) -> Result<(), NotYet> {
    match (step, without_try) {
        (Step::Finished | Step::Abandoned, _) => Err(NotYet::Over),
        _ if !eligible => Err(NotYet::NothingLeft),
        (Step::Started, None) => Err(NotYet::Untried),
        (Step::Started, Some(reason)) if reason.trim().is_empty() => Err(NotYet::NoReason),
        (Step::Tried, _) | (Step::Started, Some(_)) => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_steps_follow_from_what_has_happened() {
        let at = Some(Instant::new(jiff::Timestamp::UNIX_EPOCH));
        assert_eq!(Step::of(None, None, None), Step::Started);
        assert_eq!(Step::of(at, None, None), Step::Tried);
        assert_eq!(Step::of(at, at, None), Step::Finished);
        assert_eq!(Step::of(None, at, None), Step::Finished);
        assert_eq!(Step::of(at, None, at), Step::Abandoned);
        assert!(Step::Tried.is_open() && !Step::Finished.is_open());
    }

    #[test]
    fn standing_access_ends_after_a_try_or_for_a_reason() {
        assert_eq!(finishable(Step::Tried, true, None), Ok(()));
        assert_eq!(finishable(Step::Started, true, None), Err(NotYet::Untried));
        assert_eq!(finishable(Step::Started, true, Some("  ")), Err(NotYet::NoReason));
        assert_eq!(finishable(Step::Started, true, Some("On leave")), Ok(()));
        assert_eq!(finishable(Step::Tried, false, None), Err(NotYet::NothingLeft));
        assert_eq!(finishable(Step::Abandoned, true, Some("x")), Err(NotYet::Over));
    }
}
