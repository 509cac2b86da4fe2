//! Whether a yes can still come about: enough different people are there for all that is needed.
use std::collections::{BTreeMap, BTreeSet};

use super::{Agreement, Stage};
use crate::domain::id::PersonId;

/// Somebody who may decide in a stage.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Candidate {
    /// The stage, counted from 1.
    pub stage: usize,
    /// By which of its approvers, as they are written.
    pub entry: String,
    /// Whether only once others are asked as well.
    pub escalation: bool,
    /// Who.
    pub person: PersonId,
}

/// Whether all these stages can be agreed to by different people, none of whom is `except`. Nobody says yes twice.
#[must_use]
pub fn attainable(
    stages: &[(usize, &Stage)],
    candidates: &[Candidate],
    except: Option<PersonId>,
) -> bool {
    filled(stages, candidates, except).is_some()
}

/// People who could agree to all these stages, if there are enough.
fn filled(
    stages: &[(usize, &Stage)],
    candidates: &[Candidate],
    except: Option<PersonId>,
) -> Option<BTreeSet<PersonId>> {
    let mut slots: Vec<BTreeSet<PersonId>> = Vec::new();
    for (number, stage) in stages {
        let people = |entry: Option<&str>| -> BTreeSet<PersonId> {
            candidates
                .iter()
                .filter(|it| it.stage == *number && Some(it.person) != except)
                .filter(|it| it.escalation || entry.is_none_or(|entry| it.entry == entry))
                .map(|it| it.person)
                .collect()
        };
        match stage.agree {
            Agreement::People(needed) => {
                slots.extend(std::iter::repeat_n(people(None), usize::from(needed)));
            }
            Agreement::Each => {
                slots.extend(stage.approvers.iter().map(|entry| people(Some(&entry.to_string()))));
            }
        }
    }
    let mut taken = BTreeMap::new();
    (0..slots.len())
        .all(|slot| place(slot, &slots, &mut taken, &mut BTreeSet::new()))
        .then(|| taken.into_keys().collect())
}

/// Finds somebody for a slot, moving others to where they are needed as well: a matching, one path at a time.
fn place(
    slot: usize,
    slots: &[BTreeSet<PersonId>],
    taken: &mut BTreeMap<PersonId, usize>,
    tried: &mut BTreeSet<PersonId>,
) -> bool {
    let Some(people) = slots.get(slot) else { return false };
    for person in people {
        if !tried.insert(*person) {
            continue;
        }
        let free = match taken.get(person).copied() {
            None => true,
            Some(other) => place(other, slots, taken, tried),
        };
        if free {
            taken.insert(*person, slot);
            return true;
        }
    }
    false
}

/// What an approval hangs by.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, utoipa::ToSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Resilience {
    /// It cannot come about.
    Nobody,
    /// It cannot come about without one person: neither for what that person asks for, nor while they are away.
    OnePerson,
    /// It can do without anybody.
    Enough,
}

/// What the approval by these stages hangs by.
#[must_use]
pub fn resilience(stages: &[Stage], candidates: &[Candidate]) -> Resilience {
    let numbered: Vec<_> = (1..).zip(stages).collect();
    let Some(people) = filled(&numbered, candidates, None) else { return Resilience::Nobody };
    // Whoever is not needed in one way to fill the stages can be missed.
    let missed = |person: &PersonId| !attainable(&numbered, candidates, Some(*person));
    if people.iter().filter(|person| **person != MANAGER).any(missed) {
        Resilience::OnePerson
    } else {
        Resilience::Enough
    }
}

/// Stands for the manager of whoever will ask, while nobody does yet.
pub const MANAGER: PersonId = PersonId(uuid::Uuid::nil());

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{approval::Approver, id::PrincipalId};

    fn person(number: u128) -> PersonId {
        PersonId(uuid::Uuid::from_u128(number))
    }

    fn stage(agree: Agreement, entries: &[u128]) -> Stage {
        let approvers =
            entries.iter().map(|id| Approver::Principal(PrincipalId(uuid::Uuid::from_u128(*id))));
        Stage { agree, ..Stage::of(approvers) }
    }

    fn candidates(of: &[(usize, u128, &[u128])]) -> Vec<Candidate> {
        of.iter()
            .flat_map(|(stage, entry, people)| {
                people.iter().map(|number| Candidate {
                    stage: *stage,
                    entry: uuid::Uuid::from_u128(*entry).to_string(),
                    escalation: false,
                    person: person(*number),
                })
            })
            .collect()
    }

    #[test]
    fn one_person_does_not_say_yes_twice() {
        let (first, second) =
            (stage(Agreement::People(1), &[1]), stage(Agreement::People(1), &[2]));
        let stages = [(1, &first), (2, &second)];
        assert!(!attainable(&stages, &candidates(&[(1, 1, &[7]), (2, 2, &[7])]), None));
        assert!(
            attainable(&stages, &candidates(&[(1, 1, &[7, 8]), (2, 2, &[7])]), None),
            "8 goes first"
        );
        assert!(!attainable(
            &stages,
            &candidates(&[(1, 1, &[7, 8]), (2, 2, &[7])]),
            Some(person(8))
        ));
    }

    #[test]
    fn an_approval_that_hangs_by_one_person_is_told() {
        let one = [stage(Agreement::People(1), &[1])];
        assert_eq!(resilience(&one, &[]), Resilience::Nobody);
        assert_eq!(resilience(&one, &candidates(&[(1, 1, &[7])])), Resilience::OnePerson);
        assert_eq!(resilience(&one, &candidates(&[(1, 1, &[7, 8])])), Resilience::Enough);
        let two = [stage(Agreement::People(1), &[1]), stage(Agreement::People(1), &[2])];
        let of = candidates(&[(1, 1, &[7, 8]), (2, 2, &[7, 8])]);
        assert_eq!(resilience(&two, &of), Resilience::OnePerson, "two stages need a third person");
    }

    #[test]
    fn each_group_needs_somebody_of_its_own() {
        let both = stage(Agreement::Each, &[1, 2]);
        assert!(!attainable(&[(1, &both)], &candidates(&[(1, 1, &[7, 8])]), None));
        assert!(!attainable(&[(1, &both)], &candidates(&[(1, 1, &[7]), (1, 2, &[7])]), None));
        assert!(attainable(&[(1, &both)], &candidates(&[(1, 1, &[7, 8]), (1, 2, &[7])]), None));
    }

    #[test]
    fn several_must_be_there_if_several_must_agree() {
        let two = stage(Agreement::People(2), &[1]);
        assert!(!attainable(&[(1, &two)], &candidates(&[(1, 1, &[7])]), None));
        assert!(attainable(&[(1, &two)], &candidates(&[(1, 1, &[7, 8])]), None));
        assert!(!attainable(&[(1, &two)], &candidates(&[(1, 1, &[7, 8])]), Some(person(7))));
    }
}
