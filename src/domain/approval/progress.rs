//! How a request goes through the stages of its approval.
use std::collections::BTreeSet;

use super::{Agreement, Approver, Circumstances, Stage};
use crate::domain::{id::PersonId, time::Instant};

/// Where a stage stands.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    serde::Serialize,
    serde::Deserialize,
    sqlx::Type,
    utoipa::ToSchema,
)]
#[serde(rename_all = "snake_case")]
#[sqlx(type_name = "stage_state", rename_all = "snake_case")]
pub enum StageState {
    /// Its turn has not come.
    Waiting,
    /// Its approvers are asked.
    Open,
    /// They agreed.
    Agreed,
    /// Its rules say that nobody needs to be asked.
    Skipped,
    /// Nobody answered, and silence means yes.
    Silent,
    /// The request ended before.
    Closed,
}

/// A stage of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    /// Which, counted from 1.
    pub number: usize,
    /// Where it stands.
    pub state: StageState,
    /// When its approvers were first asked.
    pub opened_at: Option<Instant>,
    /// When others may decide as well.
    pub escalates_at: Option<Instant>,
    /// When it is over.
    pub expires_at: Option<Instant>,
}

/// A yes that was said in a stage.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Vote {
    /// For whom: the approver, also if a deputy said it.
    pub of: PersonId,
    /// By which of the stage's approvers they may; several, if several name them.
    pub entries: BTreeSet<String>,
    /// Whether they were asked only later, so that they stand for any approver.
    pub escalation: bool,
}

/// What comes next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Next {
    /// More must agree in the stage that is open.
    Wait,
    /// This stage opens.
    Open(Standing),
    /// All have agreed.
    Settled,
}

impl Stage {
    fn open(&self, number: usize, now: Instant) -> Standing {
        Standing {
            number,
            state: StageState::Open,
            opened_at: Some(now),
            escalates_at: self.escalation.as_ref().map(|later| now + later.after),
            expires_at: Some(now + self.timeout),
        }
    }

    /// Whether its rules say that nobody needs to be asked.
    #[must_use]
    pub fn is_skipped(&self, of: &Circumstances) -> bool {
        self.skipped_if.hold(of)
    }

    /// Whether these are enough.
    #[must_use]
    pub fn is_agreed(&self, votes: &[Vote]) -> bool {
        match self.agree {
            Agreement::People(needed) => votes.len() >= usize::from(needed),
            Agreement::Each => self.spoken_for(votes).len() == self.approvers.len(),
        }
    }

    /// The approvers for whom one of these stands: each vote for one of them, and for as many as can be.
    #[must_use]
    pub fn spoken_for(&self, votes: &[Vote]) -> Vec<&Approver> {
        let entries: Vec<_> = self.approvers.iter().map(ToString::to_string).collect();
        let mut taken = vec![None; votes.len()];
        let mut spoken_for = Vec::with_capacity(entries.len());
        for (entry, approver) in self.approvers.iter().enumerate() {
            if stand(entry, &entries, votes, &mut taken, &mut BTreeSet::new()) {
                spoken_for.push(approver);
            }
        }
        spoken_for
    }

    /// Whether one more brings the stage nearer to its end.
    #[must_use]
    pub fn is_furthered(&self, votes: &[Vote], by: Vote) -> bool {
        match self.agree {
            Agreement::People(_) => true,
            Agreement::Each => {
                let before = self.spoken_for(votes).len();
                let votes: Vec<_> = votes.iter().cloned().chain([by]).collect();
                self.spoken_for(&votes).len() > before
            }
        }
    }
}

/// Finds a vote that stands for an approver, moving others to where they are needed as well.
fn stand(
    entry: usize,
    entries: &[String],
    votes: &[Vote],
    stands_for: &mut [Option<usize>],
    tried: &mut BTreeSet<usize>,
) -> bool {
    let Some(name) = entries.get(entry) else { return false };
    for (index, vote) in votes.iter().enumerate() {
        if !(vote.escalation || vote.entries.contains(name)) || !tried.insert(index) {
            continue;
        }
        let free = match stands_for.get(index).copied().flatten() {
            None => true,
            Some(other) => stand(other, entries, votes, stands_for, tried),
        };
        if free {
            if let Some(place) = stands_for.get_mut(index) {
                *place = Some(entry);
            }
            return true;
        }
    }
    false
}

/// The stages of a new request: those that are skipped, the first that is open, and those after it. All skipped: nobody is asked.
#[must_use]
pub fn begin(stages: &[Stage], of: &Circumstances, now: Instant) -> Vec<Standing> {
    let mut opened = false;
    let mut standings = Vec::with_capacity(stages.len());
    for (stage, number) in stages.iter().zip(1..) {
        let resting = |state| Standing {
            number,
            state,
            opened_at: None,
            escalates_at: None,
            expires_at: None,
        };
        standings.push(if stage.is_skipped(of) {
            resting(StageState::Skipped)
        } else if opened {
            resting(StageState::Waiting)
        } else {
            opened = true;
            stage.open(number, now)
        });
    }
    standings
}

/// What comes after the open stage, once it is `over`: it was agreed to, or silence means yes.
#[must_use]
pub fn after(stages: &[Stage], standings: &[Standing], over: bool, now: Instant) -> Next {
    if !over {
        return Next::Wait;
    }
    let waiting = standings.iter().find(|standing| standing.state == StageState::Waiting);
    let next = waiting.and_then(|standing| {
        stages.get(standing.number.checked_sub(1)?).map(|stage| stage.open(standing.number, now))
    });
    next.map_or(Next::Settled, Next::Open)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::domain::{
        approval::{Approver, Conditions},
        id::PrincipalId,
        time::Duration,
    };

    fn entry(number: u128) -> Approver {
        Approver::Principal(PrincipalId(uuid::Uuid::from_u128(number)))
    }

    fn vote(person: u128, entries: &[u128]) -> Vote {
        Vote {
            of: PersonId(uuid::Uuid::from_u128(person)),
            entries: entries.iter().map(|number| entry(*number).to_string()).collect(),
            escalation: false,
        }
    }

    fn short() -> Stage {
        let skipped_if =
            Conditions { no_longer_than: Some(Duration::hours(1)), ..Conditions::default() };
        Stage { skipped_if, ..Stage::of([entry(1)]) }
    }

    fn asked(hours: u32) -> (Circumstances, Instant) {
        let now: Instant = "2026-11-23T08:00:00Z".parse().unwrap();
        let circumstances = Circumstances {
            duration: Duration::hours(hours),
            starts_at: now,
            groups: BTreeSet::new(),
            ticket_verified: false,
        };
        (circumstances, now)
    }

    #[test]
    fn a_stage_is_skipped_only_if_all_of_its_rules_hold() {
        let (brief, now) = asked(1);
        assert_eq!(begin(&[short()], &brief, now).first().unwrap().state, StageState::Skipped);
        let both = Stage {
            skipped_if: Conditions { ticket_verified: true, ..short().skipped_if },
            ..short()
        };
        let standings = begin(&[short(), both.clone(), both], &brief, now);
        let states: Vec<_> = standings.iter().map(|standing| standing.state).collect();
        assert_eq!(states, [StageState::Skipped, StageState::Open, StageState::Waiting]);
        assert!(!Stage::of([entry(1)]).is_skipped(&brief), "no rule skips nothing");
    }

    #[test]
    fn the_next_stage_opens_when_one_is_over_and_its_time_runs_from_then() {
        let (long, now) = asked(4);
        let stages =
            [Stage::of([entry(1)]), Stage { timeout: Duration::hours(2), ..Stage::of([entry(2)]) }];
        let standings = begin(&stages, &long, now);
        assert_eq!(after(&stages, &standings, false, now), Next::Wait);
        let later = now + Duration::hours(5);
        let Next::Open(second) = after(&stages, &standings, true, later) else {
            panic!("it opens")
        };
        assert_eq!((second.number, second.expires_at), (2, Some(later + Duration::hours(2))));
    }

    #[test]
    fn each_group_is_stood_for_by_somebody_else() {
        let both = Stage { agree: Agreement::Each, ..Stage::of([entry(1), entry(2)]) };
        assert!(!both.is_agreed(&[vote(7, &[1, 2])]), "one person is not two");
        assert!(!both.is_agreed(&[vote(7, &[1]), vote(8, &[1])]));
        assert!(
            both.is_agreed(&[vote(7, &[1, 2]), vote(8, &[1])]),
            "7 stands for the second group"
        );
        assert!(both.is_agreed(&[vote(7, &[1]), Vote { escalation: true, ..vote(9, &[]) }]));
    }

    #[test]
    fn a_second_vote_of_a_group_that_is_stood_for_furthers_nothing() {
        let both = Stage { agree: Agreement::Each, ..Stage::of([entry(1), entry(2)]) };
        assert_eq!(both.spoken_for(&[vote(7, &[2])]), [&entry(2)]);
        assert!(!both.is_furthered(&[vote(7, &[2])], vote(8, &[2])));
        assert!(both.is_furthered(&[vote(7, &[2])], vote(8, &[1])));
        assert!(both.is_furthered(&[vote(7, &[1, 2])], vote(8, &[2])), "7 stands for the other");
    }

    proptest! {
        #[test]
        fn more_votes_never_undo_an_agreement(
            needed in 1_u8..4,
            each in any::<bool>(),
            votes in proptest::collection::vec(proptest::collection::btree_set(1_u128..4, 0..3), 0..6),
        ) {
            let agree = if each { Agreement::Each } else { Agreement::People(needed) };
            let stage = Stage { agree, ..Stage::of([entry(1), entry(2), entry(3)]) };
            let votes: Vec<_> = votes
                .iter()
                .zip(1..)
                .map(|(entries, person)| vote(person, &entries.iter().copied().collect::<Vec<_>>()))
                .collect();
            let mut before = false;
            for many in 0..=votes.len() {
                let agreed = stage.is_agreed(&votes[..many]);
                prop_assert!(agreed || !before);
                prop_assert!(!agreed || many >= stage.needed());
                before = agreed;
            }
        }
    }
}
