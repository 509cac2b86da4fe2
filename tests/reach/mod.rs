//! Nobody widens, by an administrative act that they may do alone, what they can come to hold: tried in very many small
//! organisations, against an oracle that knows nothing of the rule.
mod draw;
mod model;

use std::collections::{BTreeMap, BTreeSet};

use latchkey::domain::{
    id::{PersonId, PrincipalId, RoleId, ScopeId},
    permission::{Permission, Permissions},
    reach::{Graph, Judgement, Write, judge},
};
use uuid::Uuid;

use draw::{Act, Dice};
use model::{MEMBER, OWNER, Principal, State};

/// So many organisations are tried, unless `LATCHKEY_GRAPHS` says another number.
const GRAPHS: u64 = 100_000;
/// So many acts follow one another in each.
const ACTS: usize = 3;

fn named(number: usize) -> Uuid {
    Uuid::from_u128(0x1000 + number as u128)
}
fn principal(number: usize) -> PrincipalId {
    PrincipalId(named(number))
}
fn person(number: usize) -> PersonId {
    PersonId(named(number))
}
fn place(number: usize) -> ScopeId {
    if number == 0 { ScopeId::ROOT } else { ScopeId(named(number)) }
}
fn role(number: usize) -> RoleId {
    match number {
        MEMBER => RoleId::MEMBER,
        OWNER => RoleId::OWNER,
        number => RoleId(named(number)),
    }
}

/// What the product would see of `state` on behalf of somebody.
fn seen(state: &State, author: usize) -> Graph {
    let holding =
        |given: &model::Given| (principal(given.principal), role(given.role), place(given.place));
    let mut ways: BTreeSet<_> = state
        .given
        .iter()
        .filter(|given| given.role <= OWNER)
        .filter_map(|given| {
            Some((principal(given.principal), principal(state.group_at(given.place)?)))
        })
        .collect();
    let mut accounts = BTreeMap::new();
    for account in state.accounts().filter(|id| state.person(*id) != Some(author)) {
        accounts.insert(principal(account), state.protected(account));
        for (id, it) in state.principals.iter().enumerate() {
            if let Principal::Application { person } = it
                && state.person(account) == Some(*person)
            {
                ways.insert((principal(account), principal(id)));
            }
        }
    }
    let permissions = |it: &model::Role| {
        let names: Vec<_> = it.permissions.iter().map(|it| it.name().to_owned()).collect();
        Permissions::named(&names)
    };
    let mut graph = Graph {
        own: state.own(author).map(principal).collect(),
        holdings: state.given.iter().map(holding).collect(),
        eligible: state.given.iter().filter(|given| given.eligible).map(holding).collect(),
        guarded: state.given.iter().filter(|given| state.guarded(given)).map(holding).collect(),
        guarded_ways: ways
            .iter()
            .filter(|way| {
                // Several memberships and ownerships make one way, which is guarded if all of them are.
                let mut makes = state.given.iter().filter(|given| {
                    given.role <= OWNER
                        && state.group_at(given.place).map(principal) == Some(way.1)
                        && principal(given.principal) == way.0
                });
                makes.clone().next().is_some() && makes.all(|given| state.guarded(given))
            })
            .copied()
            .collect(),
        permissions: state
            .roles
            .iter()
            .enumerate()
            .map(|(id, it)| (role(id), permissions(it)))
            .collect(),
        within: (0..state.parents.len())
            .map(|id| {
                let above = (0..state.parents.len()).filter(|above| state.lies_in(id, *above));
                (place(id), above.map(place).collect())
            })
            .collect(),
        ways,
        accounts,
        ..Graph::default()
    };
    let groups =
        (0..state.parents.len()).filter_map(|at| Some((principal(state.group_at(at)?), place(at))));
    graph.see_groups(groups);
    graph
}

/// What an act does beside what is seen before and after it.
fn write(state: &State, act: &Act) -> Write {
    let roles =
        |roles: BTreeSet<usize>| roles.into_iter().map(|it| (role(it), ScopeId::ROOT)).collect();
    match act {
        Act::Give(given) => {
            let eases = if given.role == MEMBER {
                state
                    .group_at(given.place)
                    .map(|group| state.approved_by(group))
                    .unwrap_or_default()
            } else {
                BTreeSet::new()
            };
            Write {
                to: state.person(given.principal).map(person).into_iter().collect(),
                group: matches!(state.principals[given.principal], Principal::Group { .. })
                    .then_some(principal(given.principal)),
                eases: roles(eases),
                moves: None,
            }
        }
        Act::Terms { role, approvers } => {
            let eased = match (state.approvers.get(role), approvers) {
                (None, _) => false,
                (Some(_), None) => true,
                (Some(before), Some(after)) => !after.is_subset(before),
            };
            Write { eases: roles(eased.then_some(*role).into_iter().collect()), ..Write::default() }
        }
        Act::Move { place: moved, .. } => Write { moves: Some(place(*moved)), ..Write::default() },
        Act::Take(_) | Act::Permit { .. } | Act::Answer { .. } | Act::NewGroup { .. } => {
            Write::default()
        }
    }
}

/// Whether the author holds, or could, what the act takes: judged generously.
fn authorised(state: &State, author: usize, act: &Act) -> bool {
    let powers = state.given.iter().filter({
        let carriers = state.closure(state.own(author));
        move |given| carriers.contains(&given.principal)
    });
    let held: Vec<_> = powers.map(|given| (given.role, given.place)).collect();
    let may = |permission: Permission, at: usize| {
        held.iter().any(|(role, above)| {
            state.roles[*role].permissions.contains(&permission) && state.lies_in(at, *above)
        })
    };
    let assigning = |at: usize| match state.group_at(at) {
        None => may(Permission::ManageAssignments, at),
        Some(group) => {
            may(Permission::ManageGroups, at)
                && state.carried_at(group).into_iter().all(|carried| {
                    if state.group_at(carried).is_some() {
                        may(Permission::ManageGroups, carried)
                    } else {
                        may(Permission::ManageAssignments, carried)
                    }
                })
        }
    };
    match act {
        Act::Give(given) | Act::Take(given) => assigning(given.place),
        Act::Terms { .. } => may(Permission::ManageSettings, 0),
        Act::Move { place, to } => {
            let old = state.parents[*place].unwrap_or_default();
            may(Permission::ManageScopes, old)
                && may(Permission::ManageScopes, *to)
                && (state.group_at(*place).is_none() || assigning(*place))
        }
        Act::Permit { .. } => may(Permission::ManageRoles, 0),
        Act::Answer { application, .. } => {
            may(Permission::ManageRoles, 0)
                && state
                    .given
                    .iter()
                    .filter(|it| it.principal == *application)
                    .all(|it| assigning(it.place))
        }
        Act::NewGroup { parent } => may(Permission::ManageGroups, *parent),
    }
}

/// Tells one story: somebody does what they may, and never gains by it. Gives how many acts were done, and refused.
fn tell(seed: u64) -> Result<(usize, usize), String> {
    let mut dice = Dice::new(seed);
    let mut state = draw::organisation(&mut dice);
    let author = draw::author(&mut dice, &state);
    let first = (state.power(author, false), state.power(author, true));
    let places = state.parents.len();
    let (mut done, mut refused) = (0, 0);
    for _ in 0..ACTS {
        let act = draw::act(&mut dice, &state, author);
        if !authorised(&state, author, &act) {
            continue;
        }
        let next = state.after(&act);
        let judged = judge(
            &[person(author)],
            &seen(&state, author),
            &seen(&next, author),
            &write(&state, &act),
        );
        if judged != Judgement::Alone {
            refused += 1;
            continue;
        }
        done += 1;
        for (had, alone) in [(&first.0, false), (&first.1, true)] {
            let has = next.power(author, alone);
            // What is had at a new place is had above it, or is the new place itself.
            let gained: Vec<_> = has.difference(had).filter(|(_, place)| *place < places).collect();
            if !gained.is_empty() {
                return Err(format!(
                    "seed {seed}: person {author} gained {gained:?} (alone: {alone}) by {act:?} in {state:#?}"
                ));
            }
        }
        state = next;
    }
    Ok((done, refused))
}

#[test]
fn nobody_gains_by_an_administrative_act_that_they_may_do_alone() {
    let graphs = std::env::var("LATCHKEY_GRAPHS").map_or(GRAPHS, |number| number.parse().unwrap());
    let told = std::thread::scope(|scope| {
        let teller = |half: u64| {
            (half..graphs).step_by(2).try_fold((0, 0), |(done, refused), seed| {
                tell(seed).map(|(more, others)| (done + more, refused + others))
            })
        };
        let halves = [scope.spawn(move || teller(0)), scope.spawn(move || teller(1))];
        halves.map(|half| half.join().unwrap())
    });
    let told = told.map(|half| half.unwrap_or_else(|story| panic!("{story}")));
    let (done, refused) = (told[0].0 + told[1].0, told[0].1 + told[1].1);
    println!("{graphs} organisations: {done} acts done alone, {refused} refused");
    // A rule that allows nothing, or refuses nothing, would not be tried here.
    assert!(
        done as u64 > graphs / 10 && refused as u64 > graphs / 20,
        "{done} done, {refused} refused"
    );
}
