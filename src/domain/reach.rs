//! What somebody can come to hold by themself, and what follows: no administrative act widens the reach of its author.
//!
//! Reach is what somebody is given or eligible for, by their own accounts, the applications that they can sign in as, and every
//! group that they belong to, may get into, or own. Whoever is eligible counts as reaching the role, so that becoming eligible
//! is a gain, whatever the terms say today. What of this needs nobody's approval is looked at by itself, so that getting
//! round an approval is a gain too.
//!
//! Command goes further: whoever may help people back in can step into their accounts, and whoever may besides give roles at
//! a place can give every role there to an account of their own making. Neither reach nor command may grow by one's own act.
use std::collections::{BTreeMap, BTreeSet};

use super::{
    id::{PersonId, PrincipalId, RoleId, ScopeId},
    permission::{Permission, Permissions},
};

/// A picture of who gets where, as seen by somebody: all of it, or as much as matters to them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Graph {
    /// The accounts of whoever looks, and the applications that these can sign in as.
    pub own: BTreeSet<PrincipalId>,
    /// The ways on: from a member, a possible member or an owner to the group, from an account to the applications that it can
    /// sign in as.
    pub ways: BTreeSet<(PrincipalId, PrincipalId)>,
    /// What principals are given or eligible for, at which places.
    pub holdings: BTreeSet<(PrincipalId, RoleId, ScopeId)>,
    /// Those of the holdings that have to be activated first.
    pub eligible: BTreeSet<(PrincipalId, RoleId, ScopeId)>,
    /// Those of the eligible ones that somebody else has to approve.
    pub guarded: BTreeSet<(PrincipalId, RoleId, ScopeId)>,
    /// Those of the ways that somebody else has to approve.
    pub guarded_ways: BTreeSet<(PrincipalId, PrincipalId)>,
    /// What roles allow in Latchkey.
    pub permissions: BTreeMap<RoleId, Permissions>,
    /// Places, each with itself and all that it lies in.
    pub within: BTreeMap<ScopeId, BTreeSet<ScopeId>>,
    /// The groups that could be given to somebody else.
    pub groups: BTreeMap<PrincipalId, Group>,
    /// Other people's accounts; true for those that only some administrators may help back in.
    pub accounts: BTreeMap<PrincipalId, bool>,
}

/// A group, as whoever manages it sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    /// Its own place, where it is managed.
    pub place: ScopeId,
    /// Where it carries something, by itself or through groups: whoever changes it may assign there.
    pub carries: BTreeSet<ScopeId>,
}

/// Roles with the places at which they can be had.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reach {
    /// The roles.
    pub roles: BTreeSet<(RoleId, ScopeId)>,
    /// The places at which every role can be had.
    pub every: BTreeSet<ScopeId>,
}

/// Something that a reach comes to at a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Power {
    /// A role.
    Role(RoleId),
    /// What a role allows.
    May(Permission),
    /// Every role.
    Every,
}

impl Graph {
    /// Everything that whoever looks can come to hold.
    #[must_use]
    pub fn reach(&self) -> Reach {
        self.carried(&self.carriers())
    }

    /// Whatever holds something that counts as theirs: their own, and the groups that they get into.
    #[must_use]
    pub fn carriers(&self) -> BTreeSet<PrincipalId> {
        self.onwards(self.own.clone())
    }

    /// The same with what they can come to hold by other people's accounts, or new ones.
    #[must_use]
    pub fn command(&self) -> Reach {
        self.commanded().1
    }

    /// Fills in the groups, each with its place, from what else is seen.
    pub fn see_groups(&mut self, groups: impl IntoIterator<Item = (PrincipalId, ScopeId)>) {
        for (group, place) in groups {
            let ways = self.onwards([group].into());
            let carries = self.holdings.iter().filter(|(holder, ..)| ways.contains(holder));
            let carries = carries.map(|(.., at)| *at).collect();
            self.groups.insert(group, Group { place, carries });
        }
    }

    /// The groups that `reach` allows to give to somebody, a new account among them.
    fn manageable(&self, reach: &Reach) -> Vec<(PrincipalId, ScopeId)> {
        let is_group = |at: &ScopeId| self.groups.values().any(|group| group.place == *at);
        let assignable = |at: &ScopeId| {
            let needed =
                if is_group(at) { Permission::ManageGroups } else { Permission::ManageAssignments };
            self.may(reach, needed, *at)
        };
        self.groups
            .iter()
            .filter(|(_, group)| self.may(reach, Permission::ManageGroups, group.place))
            .filter(|(_, group)| group.carries.iter().all(assignable))
            .map(|(id, group)| (*id, group.place))
            .collect()
    }

    /// The same picture without what somebody else has to approve.
    #[must_use]
    pub fn unguarded(&self) -> Self {
        let mut graph = self.clone();
        graph.holdings.retain(|held| !self.guarded.contains(held));
        graph.ways.retain(|way| !self.guarded_ways.contains(way));
        graph
    }

    fn commanded(&self) -> (BTreeSet<PrincipalId>, Reach) {
        let mut carriers = self.carriers();
        let mut reach = self.carried(&carriers);
        while self.may(&reach, Permission::ManagePeople, ScopeId::ROOT) {
            let everybody = self.may(&reach, Permission::ManagePrivilegedPeople, ScopeId::ROOT);
            let open = self.accounts.iter().filter(|(_, protected)| everybody || !**protected);
            let groups = self.manageable(&reach);
            let open = open.map(|(id, _)| *id).chain(groups.iter().map(|(id, _)| *id));
            let next = self.onwards(open.chain(carriers.clone()).collect());
            let mut wider = self.carried(&next);
            for (_, place) in groups {
                wider.roles.extend([(RoleId::MEMBER, place), (RoleId::OWNER, place)]);
            }
            wider.roles.extend(reach.roles.iter().copied());
            wider.every = self.assignable(&wider).chain(reach.every.iter().copied()).collect();
            if (&next, &wider) == (&carriers, &reach) {
                break;
            }
            (carriers, reach) = (next, wider);
        }
        (carriers, reach)
    }

    fn onwards(&self, from: BTreeSet<PrincipalId>) -> BTreeSet<PrincipalId> {
        let mut next: Vec<_> = from.iter().copied().collect();
        let mut reached = from;
        while let Some(principal) = next.pop() {
            let least = PrincipalId(uuid::Uuid::nil());
            let ways = self.ways.range((principal, least)..);
            for (_, group) in ways.take_while(|(from, _)| *from == principal) {
                if reached.insert(*group) {
                    next.push(*group);
                }
            }
        }
        reached
    }

    fn carried(&self, carriers: &BTreeSet<PrincipalId>) -> Reach {
        let held = self.holdings.iter().filter(|(principal, ..)| carriers.contains(principal));
        Reach { roles: held.map(|(_, role, at)| (*role, *at)).collect(), every: BTreeSet::new() }
    }

    fn assignable(&self, reach: &Reach) -> impl Iterator<Item = ScopeId> {
        let allows = |role| self.allows(role, Permission::ManageAssignments);
        reach.roles.iter().filter(move |(role, _)| allows(*role)).map(|(_, place)| *place)
    }

    fn allows(&self, role: RoleId, permission: Permission) -> bool {
        self.permissions.get(&role).is_some_and(|permissions| permissions.allow(permission))
    }

    fn lies_in(&self, place: ScopeId, above: ScopeId) -> bool {
        place == above || self.within.get(&place).is_some_and(|within| within.contains(&above))
    }

    fn may(&self, reach: &Reach, permission: Permission, place: ScopeId) -> bool {
        reach.every.iter().any(|above| self.lies_in(place, *above))
            || reach
                .roles
                .iter()
                .any(|(role, above)| self.allows(*role, permission) && self.lies_in(place, *above))
    }

    /// What `reach` comes to at `place`: what is had there, or above.
    #[must_use]
    pub fn powers(&self, reach: &Reach, place: ScopeId) -> BTreeSet<Power> {
        let mut powers = BTreeSet::new();
        if reach.every.iter().any(|above| self.lies_in(place, *above)) {
            powers.insert(Power::Every);
        }
        for (role, _) in reach.roles.iter().filter(|(_, above)| self.lies_in(place, *above)) {
            powers.insert(Power::Role(*role));
            let allowed = self.permissions.get(role).into_iter().flat_map(Permissions::iter);
            powers.extend(allowed.map(Power::May));
        }
        powers
    }

    /// What of `reach`, seen here, lies beyond `other`, seen in the picture `before`; looked at where either counts, and at
    /// a place that has moved. A role that allows more than before is a gain for whoever has it.
    fn beyond(
        &self,
        reach: &Reach,
        (before, other): (&Self, &Reach),
        moved: Option<ScopeId>,
    ) -> BTreeSet<(Power, ScopeId)> {
        let held = reach.roles.iter().chain(&other.roles).map(|(_, place)| *place);
        let places: BTreeSet<_> = held.chain(reach.every.iter().copied()).chain(moved).collect();
        let mut beyond = BTreeSet::new();
        for place in places {
            let had = before.powers(other, place);
            if had.contains(&Power::Every) {
                continue;
            }
            for power in self.powers(reach, place) {
                let gained = match power {
                    Power::Every => true,
                    Power::Role(role) => !had.contains(&power) || self.wider(role, before),
                    Power::May(_) => false,
                };
                if gained {
                    beyond.insert((power, place));
                }
            }
        }
        beyond
    }

    /// Whether a role allows more here than `before`.
    fn wider(&self, role: RoleId, before: &Self) -> bool {
        let mut allowed = self.permissions.get(&role).into_iter().flat_map(Permissions::iter);
        allowed.any(|permission| !before.allows(role, permission))
    }

    /// Whether one of `carriers` is eligible for the role where its terms at `place` count.
    fn waits(
        &self,
        carriers: &BTreeSet<PrincipalId>,
        (role, place): (RoleId, ScopeId),
        except: &BTreeSet<ScopeId>,
    ) -> bool {
        self.eligible.iter().any(|(holder, held, at)| {
            *held == role
                && carriers.contains(holder)
                && (self.lies_in(place, *at) || self.lies_in(*at, place))
                && !except.iter().any(|above| self.lies_in(*at, *above))
        })
    }
}

/// What an administrative act does beside what the pictures before and after it show.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Write {
    /// Whom it gives something: the people behind the account or application.
    pub to: BTreeSet<PersonId>,
    /// The group that it gives something.
    pub group: Option<PrincipalId>,
    /// The roles whose terms, at and below these places, it makes weaker, or whose approvers it chooses.
    pub eases: BTreeSet<(RoleId, ScopeId)>,
    /// The place that it moves.
    pub moves: Option<ScopeId>,
}

/// Whether somebody may do it alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Judgement {
    /// Nothing speaks against it.
    Alone,
    /// The author would gain this: it takes a second administrator, who gains nothing.
    Gains(BTreeSet<(Power, ScopeId)>),
    /// The author is eligible for the role whose terms it eases.
    Eases,
    /// It gives the author something, which nobody does.
    ToThemself,
}

/// Judges whether `people` may do this alone: `before` and `after` are what they see before and after it.
#[must_use]
pub fn judge(people: &[PersonId], before: &Graph, after: &Graph, write: &Write) -> Judgement {
    let own = before.carriers();
    if people.iter().any(|own| write.to.contains(own))
        || write.group.is_some_and(|group| own.contains(&group))
    {
        return Judgement::ToThemself;
    }
    let (carriers, command) = before.commanded();
    let nowhere = BTreeSet::new();
    if write.eases.iter().any(|eased| {
        before.waits(&own, *eased, &nowhere) || before.waits(&carriers, *eased, &command.every)
    }) {
        return Judgement::Eases;
    }
    let mut gained = BTreeSet::new();
    for (before, after) in [(before, after), (&before.unguarded(), &after.unguarded())] {
        gained.extend(after.beyond(&after.reach(), (before, &before.reach()), write.moves));
        gained.extend(after.beyond(&after.command(), (before, &before.command()), write.moves));
    }
    // Another account that they can step into is another voice, which could approve.
    let stepped = |carriers: &BTreeSet<PrincipalId>| {
        after.accounts.keys().filter(|id| carriers.contains(id)).copied().collect::<BTreeSet<_>>()
    };
    if !before.unguarded().command().every.contains(&ScopeId::ROOT)
        && !stepped(&after.commanded().0).is_subset(&stepped(&carriers))
    {
        gained.insert((Power::May(Permission::ManagePeople), ScopeId::ROOT));
    }
    if gained.is_empty() { Judgement::Alone } else { Judgement::Gains(gained) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn owning_a_group_is_as_good_as_what_the_group_carries() {
        let [ada, group, outer] = std::array::from_fn(|_| PrincipalId::new());
        let (role, place) = (RoleId::new(), ScopeId::new());
        let graph = Graph {
            own: [ada].into(),
            ways: [(ada, group), (group, outer), (outer, group)].into(),
            holdings: [(outer, role, place)].into(),
            ..Graph::default()
        };
        assert_eq!(graph.reach().roles, [(role, place)].into());
        let other = Graph { own: [PrincipalId::new()].into(), ..graph };
        assert_eq!(other.reach(), Reach::default());
    }

    #[test]
    fn a_role_above_covers_the_same_role_below_and_no_other() {
        let (role, other) = (RoleId::new(), RoleId::new());
        let (above, below) = (ScopeId::new(), ScopeId::new());
        let ada = PrincipalId::new();
        let holding = |role, place| Graph {
            own: [ada].into(),
            holdings: [(ada, role, place)].into(),
            within: [(below, [below, above].into()), (above, [above].into())].into(),
            ..Graph::default()
        };
        let judged = |before: &Graph, after: &Graph| judge(&[], before, after, &Write::default());
        assert_eq!(judged(&holding(role, above), &holding(role, below)), Judgement::Alone);
        let gained = |role, place| Judgement::Gains([(Power::Role(role), place)].into());
        assert_eq!(judged(&holding(role, above), &holding(other, below)), gained(other, below));
        assert_eq!(judged(&holding(role, below), &holding(role, above)), gained(role, above));
    }

    #[test]
    fn whoever_can_step_into_an_account_gains_what_is_given_to_it_unless_they_could_give_it_themself()
     {
        let [ada, ben] = std::array::from_fn(|_| PrincipalId::new());
        let [helps, gives, power] = std::array::from_fn(|_| RoleId::new());
        let allow = |permission: Permission| Permissions::named(&[permission.name().to_owned()]);
        let before = Graph {
            own: [ada].into(),
            holdings: [(ada, helps, ScopeId::ROOT)].into(),
            permissions: [
                (helps, allow(Permission::ManagePeople)),
                (gives, allow(Permission::ManageAssignments)),
            ]
            .into(),
            accounts: [(ben, false)].into(),
            ..Graph::default()
        };
        let with = |graph: &Graph, held| {
            let mut graph = graph.clone();
            graph.holdings.insert(held);
            graph
        };
        let after = with(&before, (ben, power, ScopeId::ROOT));
        let judged = judge(&[], &before, &after, &Write::default());
        assert_eq!(judged, Judgement::Gains([(Power::Role(power), ScopeId::ROOT)].into()));
        let also = (ada, gives, ScopeId::ROOT);
        let judged = judge(&[], &with(&before, also), &with(&after, also), &Write::default());
        assert_eq!(judged, Judgement::Alone);
    }
}
