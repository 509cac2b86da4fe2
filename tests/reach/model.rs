//! A small organisation in plain numbers, with an oracle of its own: who could come to hold what, by any sequence of acts.
use std::collections::{BTreeMap, BTreeSet};

use latchkey::domain::permission::Permission;

/// Belongs to a group.
pub const MEMBER: usize = 0;
/// Owns a group.
pub const OWNER: usize = 1;
/// May do everything.
pub const ADMINISTRATOR: usize = 2;

/// The permissions that matter here.
pub const KNOWN: [Permission; 7] = [
    Permission::ManageAssignments,
    Permission::ManageGroups,
    Permission::ManageSettings,
    Permission::ManageScopes,
    Permission::ManagePeople,
    Permission::ManagePrivilegedPeople,
    Permission::ManageRoles,
];

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Principal {
    Account { person: usize },
    Application { person: usize },
    Group { place: usize },
}

#[derive(Clone, Debug)]
pub struct Role {
    pub permissions: BTreeSet<Permission>,
    pub privileged: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Given {
    pub principal: usize,
    pub role: usize,
    pub place: usize,
    pub eligible: bool,
}

/// Everything. Place 0 is the organisation; person 0 is its administrator for good.
#[derive(Clone, Debug, Default)]
pub struct State {
    pub principals: Vec<Principal>,
    pub parents: Vec<Option<usize>>,
    pub roles: Vec<Role>,
    pub given: BTreeSet<Given>,
    /// Who approves a role, if its terms ask for approval.
    pub approvers: BTreeMap<usize, BTreeSet<usize>>,
}

/// What is had somewhere: a role or a permission.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Thing {
    Role(usize),
    May(Permission),
}

impl State {
    pub fn person(&self, principal: usize) -> Option<usize> {
        match self.principals[principal] {
            Principal::Account { person } | Principal::Application { person } => Some(person),
            Principal::Group { .. } => None,
        }
    }

    pub fn group_at(&self, place: usize) -> Option<usize> {
        self.principals.iter().position(|it| *it == Principal::Group { place })
    }

    pub fn lies_in(&self, place: usize, above: usize) -> bool {
        place == above || self.parents[place].is_some_and(|parent| self.lies_in(parent, above))
    }

    pub fn accounts(&self) -> impl Iterator<Item = usize> {
        (0..self.principals.len())
            .filter(|id| matches!(self.principals[*id], Principal::Account { .. }))
    }

    /// Whether somebody else has to approve before it is held.
    pub fn guarded(&self, given: &Given) -> bool {
        given.eligible && self.approvers.contains_key(&given.role)
    }

    /// The groups that lead on from a principal, by belonging or owning, now or at will.
    fn groups_of(&self, principal: usize) -> impl Iterator<Item = usize> {
        self.given
            .iter()
            .filter(move |given| given.principal == principal && given.role <= OWNER)
            .filter_map(|given| self.group_at(given.place))
    }

    pub fn closure(&self, from: impl IntoIterator<Item = usize>) -> BTreeSet<usize> {
        let mut all: BTreeSet<_> = from.into_iter().collect();
        loop {
            let more: Vec<_> = all.iter().flat_map(|id| self.groups_of(*id)).collect();
            let before = all.len();
            all.extend(more);
            if all.len() == before {
                return all;
            }
        }
    }

    pub fn own(&self, person: usize) -> impl Iterator<Item = usize> {
        (0..self.principals.len()).filter(move |id| self.person(*id) == Some(person))
    }

    /// Whether an account is one that only some administrators may help back in.
    pub fn protected(&self, account: usize) -> bool {
        // By whichever account: deputies and managers belong to people.
        let all = self.person(account).into_iter().flat_map(|person| self.own(person));
        let ways = self.closure(all);
        let holds = self.given.iter().any(|given| {
            ways.contains(&given.principal)
                && (self.roles[given.role].privileged
                    || (given.role == OWNER && self.group_at(given.place).is_none()))
        });
        let approves = self
            .approvers
            .iter()
            .any(|(role, approvers)| self.roles[*role].privileged && !approvers.is_disjoint(&ways));
        holds || approves
    }

    /// Where a group's whole content lies: all that it holds, by itself or by groups that it leads into.
    pub fn carried_at(&self, group: usize) -> BTreeSet<usize> {
        let ways = self.closure([group]);
        self.given.iter().filter(|it| ways.contains(&it.principal)).map(|it| it.place).collect()
    }

    /// The oracle: everything that `person` could come to hold by any acts of theirs, also by stepping into accounts that
    /// they may reset, and by making new ones. With `alone`, only what needs nobody's approval but that of such accounts.
    pub fn power(&self, person: usize, alone: bool) -> BTreeSet<(Thing, usize)> {
        let mut controlled: BTreeSet<usize> = self.own(person).collect();
        let mut things = BTreeSet::new();
        loop {
            let before = (controlled.len(), things.len());
            for given in &self.given {
                if controlled.contains(&given.principal)
                    && (!alone || !given.eligible || self.approvable(given.role, &controlled))
                {
                    self.take(given.role, given.place, &mut things);
                    if given.role <= OWNER {
                        // Owning a group is as good as belonging to it.
                        self.take(MEMBER, given.place, &mut things);
                        controlled.extend(self.group_at(given.place));
                    }
                }
            }
            if things.contains(&(Thing::May(Permission::ManagePeople), 0)) {
                let everybody =
                    things.contains(&(Thing::May(Permission::ManagePrivilegedPeople), 0));
                for account in self.accounts() {
                    if everybody || !self.protected(account) {
                        controlled.insert(account);
                        let person = self.person(account);
                        let answers = |id: &usize| {
                            self.person(*id) == person
                                && matches!(self.principals[*id], Principal::Application { .. })
                        };
                        controlled.extend((0..self.principals.len()).filter(answers));
                    }
                }
                self.use_a_new_account(&mut controlled, &mut things);
            }
            if before == (controlled.len(), things.len()) {
                return things;
            }
        }
    }

    /// What somebody can give to an account that they have made themself.
    fn use_a_new_account(
        &self,
        controlled: &mut BTreeSet<usize>,
        things: &mut BTreeSet<(Thing, usize)>,
    ) {
        for place in 0..self.parents.len() {
            let may = |things: &BTreeSet<(Thing, usize)>, permission, at| {
                things.contains(&(Thing::May(permission), at))
            };
            if let Some(group) = self.group_at(place) {
                let all_assignable = self.carried_at(group).into_iter().all(|at| {
                    let needed = if self.group_at(at).is_some() {
                        Permission::ManageGroups
                    } else {
                        Permission::ManageAssignments
                    };
                    may(things, needed, at)
                });
                if may(things, Permission::ManageGroups, place) && all_assignable {
                    self.take(MEMBER, place, things);
                    self.take(OWNER, place, things);
                    controlled.insert(group);
                }
            } else if may(things, Permission::ManageAssignments, place) {
                for role in ADMINISTRATOR..self.roles.len() {
                    self.take(role, place, things);
                }
            }
        }
    }

    fn take(&self, role: usize, place: usize, things: &mut BTreeSet<(Thing, usize)>) {
        for below in (0..self.parents.len()).filter(|below| self.lies_in(*below, place)) {
            things.insert((Thing::Role(role), below));
            let allowed = self.roles[role].permissions.iter();
            things.extend(allowed.map(|permission| (Thing::May(*permission), below)));
        }
    }

    /// Whether whoever controls these could have somebody else approve a request for the role.
    fn approvable(&self, role: usize, controlled: &BTreeSet<usize>) -> bool {
        let Some(approvers) = self.approvers.get(&role) else { return true };
        let people: BTreeSet<_> = controlled
            .iter()
            .filter(|id| matches!(self.principals[**id], Principal::Account { .. }))
            .filter_map(|id| self.person(*id))
            .collect();
        people.len() > 1 && !approvers.is_disjoint(controlled)
    }
}
