//! Random organisations, and random acts in them.
use std::collections::{BTreeMap, BTreeSet};

use super::model::{ADMINISTRATOR, Given, KNOWN, MEMBER, OWNER, Principal, Role, State};

/// Numbers that come out the same for the same seed.
pub struct Dice(u64);

impl Dice {
    pub fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ 0xD1B5_4A32_D192_ED03)
    }

    pub fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        usize::try_from((mixed ^ (mixed >> 31)) % end as u64).unwrap()
    }

    pub fn one_in(&mut self, chances: usize) -> bool {
        self.below(chances) == 0
    }
}

/// An administrative act.
#[derive(Clone, Debug)]
pub enum Act {
    /// Gives a role, a membership or ownership among them.
    Give(Given),
    /// Takes it away.
    Take(Given),
    /// Says who approves a role; nobody, if it is to need no approval.
    Terms { role: usize, approvers: Option<BTreeSet<usize>> },
    /// Puts a place into another.
    Move { place: usize, to: usize },
    /// Changes what a role allows, and its mark.
    Permit { role: usize, to: Role },
    /// Changes who answers for an application.
    Answer { application: usize, person: usize },
    /// Makes a group.
    NewGroup { parent: usize },
}

fn some_role(dice: &mut Dice) -> Role {
    let count = [0, 0, 1, 1, 2, 3][dice.below(6)];
    let permissions: BTreeSet<_> = (0..count).map(|_| KNOWN[dice.below(KNOWN.len())]).collect();
    Role { privileged: !permissions.is_empty() || dice.one_in(3), permissions }
}

/// At most six people, some with two accounts, with groups, applications, places and roles.
pub fn organisation(dice: &mut Dice) -> State {
    let mut state = State::default();
    let people = 2 + dice.below(5);
    for person in 0..people {
        state.principals.push(Principal::Account { person });
        if dice.one_in(4) {
            state.principals.push(Principal::Account { person });
        }
        if dice.one_in(5) {
            state.principals.push(Principal::Application { person });
        }
    }
    state.parents.push(None);
    for _ in 0..dice.below(4) {
        let parent = dice.below(state.parents.len());
        state.parents.push(Some(parent));
    }
    let plain = state.parents.len();
    for _ in 0..dice.below(4) {
        let place = state.parents.len();
        state.parents.push(Some(dice.below(plain)));
        state.principals.push(Principal::Group { place });
    }
    let owner = KNOWN[..4].iter().copied().collect();
    state.roles = vec![
        Role { permissions: BTreeSet::new(), privileged: false },
        Role { permissions: owner, privileged: false },
        Role { permissions: KNOWN.into(), privileged: true },
    ];
    for _ in 0..=dice.below(4) {
        state.roles.push(some_role(dice));
    }
    state.given.insert(Given { principal: 0, role: ADMINISTRATOR, place: 0, eligible: false });
    for _ in 0..3 + dice.below(10) {
        let given = some_given(dice, &state);
        if state.fits(given) {
            state.given.insert(given);
        }
    }
    for role in 0..state.roles.len() {
        if dice.one_in(3) {
            let approvers = some_approvers(dice, &state);
            state.approvers.insert(role, approvers);
        }
    }
    state
}

fn some_approvers(dice: &mut Dice, state: &State) -> BTreeSet<usize> {
    let anybody: Vec<_> = (0..state.principals.len())
        .filter(|id| !matches!(state.principals[*id], Principal::Application { .. }))
        .collect();
    (0..=dice.below(2)).map(|_| anybody[dice.below(anybody.len())]).collect()
}

fn some_given(dice: &mut Dice, state: &State) -> Given {
    let place = dice.below(state.parents.len());
    let role = if state.group_at(place).is_some() {
        dice.below(2)
    } else {
        // The administrator's role is given seldom.
        let role = ADMINISTRATOR + dice.below(state.roles.len() - ADMINISTRATOR);
        if role == ADMINISTRATOR && !dice.one_in(4) { state.roles.len() - 1 } else { role }
    };
    let principal = dice.below(state.principals.len());
    let application = matches!(state.principals[principal], Principal::Application { .. });
    Given { principal, role, place, eligible: !application && dice.one_in(2) }
}

/// Somebody who may do something.
pub fn author(dice: &mut Dice, state: &State) -> usize {
    let people: Vec<_> = state.accounts().filter_map(|id| state.person(id)).collect();
    let administers = |person: usize| {
        let carriers = state.closure(state.own(person));
        state.given.iter().any(|given| {
            carriers.contains(&given.principal) && !state.roles[given.role].permissions.is_empty()
        })
    };
    for _ in 0..8 {
        let person = people[dice.below(people.len())];
        if person != 0 && administers(person) {
            return person;
        }
    }
    people[dice.below(people.len())]
}

/// Any act; most are about somebody whom the author would like to be.
pub fn act(dice: &mut Dice, state: &State, author: usize) -> Act {
    let custom = ADMINISTRATOR + 1 + dice.below(state.roles.len() - ADMINISTRATOR - 1);
    match dice.below(12) {
        0..=4 => {
            let mut given = some_given(dice, state);
            if dice.one_in(6) {
                let own: Vec<_> = state.own(author).collect();
                given.principal = own[dice.below(own.len())];
            }
            // What does not fit is as good as making a group.
            if state.fits(given) { Act::Give(given) } else { Act::NewGroup { parent: 0 } }
        }
        5 | 6 => {
            // The last administrator cannot go.
            let last = Given { principal: 0, role: ADMINISTRATOR, place: 0, eligible: false };
            let all: Vec<_> = state.given.iter().copied().filter(|it| *it != last).collect();
            match all.as_slice() {
                [] => Act::NewGroup { parent: 0 },
                all => Act::Take(all[dice.below(all.len())]),
            }
        }
        7 => {
            let role = dice.below(state.roles.len());
            let approvers = (!dice.one_in(3)).then(|| some_approvers(dice, state));
            Act::Terms { role, approvers }
        }
        8 => {
            let place = dice.below(state.parents.len());
            let to = dice.below(state.parents.len());
            if place == 0 || state.lies_in(to, place) || state.group_at(to).is_some() {
                return Act::Permit { role: custom, to: some_role(dice) };
            }
            Act::Move { place, to }
        }
        9 => Act::Permit { role: custom, to: some_role(dice) },
        10 => {
            let applications: Vec<_> = (0..state.principals.len())
                .filter(|id| matches!(state.principals[*id], Principal::Application { .. }))
                .collect();
            let person = state.person(dice.below(state.accounts().count())).unwrap_or(author);
            match applications.as_slice() {
                [] => Act::Permit { role: custom, to: some_role(dice) },
                all => Act::Answer { application: all[dice.below(all.len())], person },
            }
        }
        _ => {
            let plain = (0..state.parents.len()).filter(|it| state.group_at(*it).is_none()).count();
            Act::NewGroup { parent: dice.below(plain) }
        }
    }
}

impl State {
    /// Whether this may be given at all: no group leads into itself, and there is no such assignment yet.
    pub fn fits(&self, given: Given) -> bool {
        let twin = Given { eligible: !given.eligible, ..given };
        if self.given.contains(&given) || self.given.contains(&twin) {
            return false;
        }
        match self.group_at(given.place) {
            Some(group) => !self.closure([group]).contains(&given.principal),
            None => given.role > OWNER,
        }
    }

    /// The same organisation after the act.
    pub fn after(&self, act: &Act) -> Self {
        let mut next = self.clone();
        match act {
            Act::Give(given) => {
                next.given.insert(*given);
            }
            Act::Take(given) => {
                next.given.remove(given);
            }
            Act::Terms { role, approvers } => match approvers {
                Some(approvers) => {
                    next.approvers.insert(*role, approvers.clone());
                }
                None => {
                    next.approvers.remove(role);
                }
            },
            Act::Move { place, to } => next.parents[*place] = Some(*to),
            Act::Permit { role, to } => next.roles[*role] = to.clone(),
            Act::Answer { application, person } => {
                next.principals[*application] = Principal::Application { person: *person };
            }
            Act::NewGroup { parent } => {
                next.principals.push(Principal::Group { place: next.parents.len() });
                next.parents.push(Some(*parent));
            }
        }
        next
    }

    /// The roles that the members of a group approve, by it or by a group that it belongs to.
    pub fn approved_by(&self, group: usize) -> BTreeSet<usize> {
        let mut up = BTreeSet::from([group]);
        loop {
            let more: Vec<_> = self
                .given
                .iter()
                .filter(|given| given.role == MEMBER && up.contains(&given.principal))
                .filter_map(|given| self.group_at(given.place))
                .collect();
            let before = up.len();
            up.extend(more);
            if up.len() == before {
                let approved = |(role, approvers): (&usize, &BTreeSet<usize>)| {
                    (!approvers.is_disjoint(&up)).then_some(*role)
                };
                let all: &BTreeMap<usize, BTreeSet<usize>> = &self.approvers;
                return all.iter().filter_map(approved).collect();
            }
        }
    }
}
