//! A request makes the moves that it may make, and no others.
use latchkey::domain::{
    activation::{Closing, State},
    request::RequestState,
    time::Instant,
};
use proptest::prelude::*;

#[derive(Clone, Copy, Debug)]
enum Move {
    Approve,
    ApproveForLater,
    Deny,
    Start,
    Cancel,
    Fail,
    /// Nothing but time passes, in seconds.
    Pass(i64),
}

use Move::{Approve, ApproveForLater, Cancel, Deny, Fail, Pass, Start};

/// Everything that can be tried, with a time that passes beyond every deadline of these tests.
const EVERY: [Move; 7] = [Approve, ApproveForLater, Deny, Start, Cancel, Fail, Pass(LAPSE)];
/// A pending request lapses after so many seconds.
const LAPSE: i64 = 100;
/// What is approved for later starts after so many seconds more.
const LATER: i64 = 50;

/// What the moves come to, told without the program: where a request stands, and its deadline.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Expected {
    stands: RequestState,
    deadline: i64,
}

impl Expected {
    fn after(self, made: Move, now: i64) -> Option<Self> {
        use RequestState::{Cancelled, Denied, Failed, Granted, Pending, Scheduled};

        let stands = match (self.stands, made) {
            (Pending, Approve) if now < self.deadline => Granted,
            (Pending, ApproveForLater) if now < self.deadline => {
                return Some(Self { stands: Scheduled, deadline: now + LATER });
            }
            (Pending, Deny) if now < self.deadline => Denied,
            (Scheduled, Start) if now >= self.deadline => Granted,
            (Pending | Scheduled, Cancel) => Cancelled,
            (Pending | Scheduled, Fail) => Failed,
            _ => return None,
        };
        Some(Self { stands, ..self })
    }
}

fn at(second: i64) -> Instant {
    "2040-03-05T09:00:00Z".parse::<Instant>().unwrap().plus_seconds(second)
}

fn attempt(state: State, made: Move, now: i64) -> Option<State> {
    match made {
        Approve => state.approve(at(now), None),
        ApproveForLater => state.approve(at(now), Some(at(now + LATER))),
        Deny => state.deny(at(now)),
        Start => state.start(at(now)),
        Cancel => state.cancel(at(now)),
        Fail => state.fail(at(now), "For a test.".to_owned()),
        Pass(_) => unreachable!("time passes by itself"),
    }
    .ok()
}

/// Tries all these moves, one after another, and compares after each.
fn make(moves: &[Move]) {
    let mut now = 0;
    let mut state = State::Pending { expires_at: at(LAPSE) };
    let mut expected = Expected { stands: RequestState::Pending, deadline: LAPSE };
    for made in moves {
        if let Pass(seconds) = made {
            now += seconds;
            continue;
        }
        let next = expected.after(*made, now);
        let moved = attempt(state.clone(), *made, now);
        assert_eq!(moved.is_some(), next.is_some(), "{made:?} at {now} of {moves:?}");
        state = moved.unwrap_or(state);
        expected = next.unwrap_or(expected);
        assert_eq!(RequestState::from(&state), expected.stands, "{made:?} at {now} of {moves:?}");
        if let State::Closed { how: Closing::Granted, at: granted } = &state {
            assert!(*granted <= at(now), "nothing is granted ahead of its time");
        }
    }
}

#[test]
fn every_short_story_of_a_request_is_one_that_may_happen() {
    fn tell(story: &mut Vec<Move>, left: usize) {
        make(story);
        if left > 0 {
            for made in EVERY {
                story.push(made);
                tell(story, left - 1);
                story.pop();
            }
        }
    }
    tell(&mut Vec::new(), 5);
}

proptest! {
    #[test]
    fn every_long_story_of_a_request_is_one_that_may_happen(
        moves in prop::collection::vec(prop_oneof![
            prop::sample::select(EVERY.to_vec()),
            (0..=LAPSE).prop_map(Pass),
        ], 0..40)
    ) {
        make(&moves);
    }
}
