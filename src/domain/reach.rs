//! What somebody can come to hold by themself: what they are given or eligible for, by their own accounts, the applications
//! that they answer for, and every group that they belong to, may get into, or own.
//!
//! No administrative act may widen the reach of whoever does it: that takes a second person. Approvals are left out on
//! purpose. Whoever is eligible counts as reaching the role, so that becoming eligible is a gain, whatever the terms say today.
use std::collections::{BTreeMap, BTreeSet};

use super::id::{PrincipalId, RoleId, ScopeId};

/// A picture of who gets where: all of it, or as much as can be seen from some principals.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Graph {
    /// The ways into groups: from a member, a possible member or an owner, to the group.
    pub ways: BTreeSet<(PrincipalId, PrincipalId)>,
    /// What principals are given or eligible for, at which places.
    pub holdings: BTreeSet<(PrincipalId, RoleId, ScopeId)>,
}

impl Graph {
    /// Everything that whoever acts by `own` accounts and applications can come to hold.
    #[must_use]
    pub fn reach(&self, own: &BTreeSet<PrincipalId>) -> Reach {
        let mut into: BTreeMap<PrincipalId, Vec<PrincipalId>> = BTreeMap::new();
        for (from, to) in &self.ways {
            into.entry(*from).or_default().push(*to);
        }
        let mut reached = own.clone();
        let mut next: Vec<_> = own.iter().copied().collect();
        while let Some(principal) = next.pop() {
            for group in into.get(&principal).into_iter().flatten() {
                if reached.insert(*group) {
                    next.push(*group);
                }
            }
        }
        let held = self.holdings.iter().filter(|(principal, ..)| reached.contains(principal));
        Reach(held.map(|(_, role, scope)| (*role, *scope)).collect())
    }
}

/// Roles with the places at which they can be had.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reach(pub BTreeSet<(RoleId, ScopeId)>);

impl Reach {
    /// What of this lies beyond `other`. A role at a place is as good as the same role anywhere below it, which
    /// `lies_in(place, above)` says.
    #[must_use]
    pub fn beyond(
        &self,
        other: &Self,
        lies_in: impl Fn(ScopeId, ScopeId) -> bool,
    ) -> Vec<(RoleId, ScopeId)> {
        let covered = |role: RoleId, scope: ScopeId| {
            other.0.contains(&(role, scope))
                || other.0.iter().any(|(held, above)| *held == role && lies_in(scope, *above))
        };
        self.0.iter().copied().filter(|(role, scope)| !covered(*role, *scope)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn owning_a_group_is_as_good_as_what_the_group_carries() {
        let [ada, group, outer] = std::array::from_fn(|_| PrincipalId::new());
        let (role, place) = (RoleId::new(), ScopeId::new());
        let graph = Graph {
            ways: [(ada, group), (group, outer), (outer, group)].into(),
            holdings: [(outer, role, place)].into(),
        };
        assert_eq!(graph.reach(&[ada].into()), Reach([(role, place)].into()));
        assert_eq!(graph.reach(&[PrincipalId::new()].into()), Reach::default());
    }

    #[test]
    fn a_role_above_covers_the_same_role_below_and_no_other() {
        let (role, other) = (RoleId::new(), RoleId::new());
        let (above, below) = (ScopeId::new(), ScopeId::new());
        let lies_in = |place, over| place == below && over == above;
        let had = Reach([(role, above)].into());
        assert_eq!(Reach([(role, below)].into()).beyond(&had, lies_in), []);
        assert_eq!(Reach([(other, below)].into()).beyond(&had, lies_in), [(other, below)]);
        assert_eq!(had.beyond(&Reach([(role, below)].into()), lies_in), [(role, above)]);
    }
}
