//! What a person can do, now and at most: each role at each place that they hold or could come to hold, by which steps, and whose
//! help those take.
//!
//! This explains; it refuses nothing. Where several ways lead to a role, the one that takes least is told.
use std::{
    cmp::Reverse,
    collections::{BTreeMap, BinaryHeap},
};

use super::{
    id::{AssignmentId, PrincipalId, RoleId, ScopeId},
    role::ScopeKind,
};

/// What it takes until a role is held.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    serde::Serialize,
    serde::Deserialize,
    utoipa::ToSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Effort {
    /// Nothing: it is held.
    Held,
    /// The person alone: they activate it, or use an application of theirs.
    Alone,
    /// Somebody else who approves.
    Approval,
    /// Somebody else who gives it to them.
    Gift,
}

/// How one gets from one account or group to another.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    serde::Serialize,
    serde::Deserialize,
    utoipa::ToSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Passage {
    /// Another account of the same human being.
    OtherAccount,
    /// An application that the person owns, or has made a secret or key of.
    SignsInAs,
    /// A group that is belonged to.
    Belongs,
    /// A group that may be joined for a while.
    MayJoin,
    /// A group that is looked after: somebody else would have to add its owner to it.
    Owns,
    /// A group that may be looked after for a while.
    MayOwn,
}

/// A way from one account or group to another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Way {
    /// From whom.
    pub from: PrincipalId,
    /// To whom.
    pub into: PrincipalId,
    /// How.
    pub passage: Passage,
    /// Whether somebody else has to approve that.
    pub approval: bool,
}

impl Way {
    fn effort(&self) -> Effort {
        match self.passage {
            Passage::OtherAccount | Passage::Belongs => Effort::Held,
            Passage::MayJoin if self.approval => Effort::Approval,
            Passage::SignsInAs | Passage::MayJoin => Effort::Alone,
            Passage::Owns | Passage::MayOwn => Effort::Gift,
        }
    }
}

/// How somebody has a role at a place.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    serde::Serialize,
    serde::Deserialize,
    utoipa::ToSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Claim {
    /// They hold it.
    Holds,
    /// They may activate it.
    MayActivate,
    /// They will hold it, or be eligible for it, from some time on.
    Later,
}

/// A role that an account, a group or an application has at a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Holding {
    /// The assignment.
    pub assignment: AssignmentId,
    /// Who has it.
    pub holder: PrincipalId,
    /// Which role.
    pub role: RoleId,
    /// Where.
    pub scope: ScopeId,
    /// What kind of place that is.
    pub place: ScopeKind,
    /// The group whose place it is.
    pub group: Option<PrincipalId>,
    /// How.
    pub claim: Claim,
    /// Whether somebody else has to approve its activation.
    pub approval: bool,
    /// Whether the role allows giving roles at that place.
    pub gives: bool,
}

impl Holding {
    fn effort(&self) -> Effort {
        match self.claim {
            Claim::Holds => Effort::Held,
            Claim::MayActivate if self.approval => Effort::Approval,
            Claim::MayActivate | Claim::Later => Effort::Alone,
        }
    }

    /// The way into a group that this is, if it is one: belonging to it, or looking after it.
    #[must_use]
    pub fn way(&self) -> Option<Way> {
        let passage = match (self.role, self.claim) {
            (RoleId::MEMBER, Claim::Holds) => Passage::Belongs,
            (RoleId::MEMBER, _) => Passage::MayJoin,
            (RoleId::OWNER, Claim::Holds) => Passage::Owns,
            (RoleId::OWNER, _) => Passage::MayOwn,
            _ => return None,
        };
        let into = self.group?;
        Some(Way { from: self.holder, into, passage, approval: self.approval })
    }
}

/// A role that can be given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Giveable {
    /// Which.
    pub role: RoleId,
    /// At which kinds of place it can be held.
    pub kinds: Vec<ScopeKind>,
}

/// All that is known of an account and of whatever can be reached from it.
#[derive(Clone, Debug, Default)]
pub struct Facts {
    /// The ways that are no assignments: to other accounts of the same human being, and to applications.
    pub ways: Vec<Way>,
    /// What they all have.
    pub holdings: Vec<Holding>,
    /// The roles there are to give.
    pub giveable: Vec<Giveable>,
    /// Which of the places lies in which other one, itself left out.
    pub lies_in: Vec<(ScopeId, ScopeId)>,
}

/// One step of the way to a role.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// To another account, an application or a group.
    Way(Way),
    /// What is had there.
    Has(Holding),
    /// That allows giving roles at this place; to oneself only somebody else can give it.
    Given(ScopeId),
}

/// A role at a place that can be come by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reached {
    /// Which role.
    pub role: RoleId,
    /// Where; it counts there and below.
    pub scope: ScopeId,
    /// What it takes.
    pub effort: Effort,
    /// The steps that lead there, the first one first.
    pub steps: Vec<Step>,
}

/// The least that it takes to get anywhere from an account.
type Ways = BTreeMap<PrincipalId, (Effort, Vec<Way>)>;

/// Looks around in the order of efforts, then of lengths, so that what is found first is the least.
fn ways(account: PrincipalId, others: &[Way], holdings: &[Holding]) -> Ways {
    let into_groups = holdings.iter().filter_map(Holding::way);
    let all: Vec<Way> = others.iter().copied().chain(into_groups).collect();
    let mut found = Ways::new();
    let mut next = BinaryHeap::from([Reverse((Effort::Held, 0, account, Vec::new()))]);
    while let Some(Reverse((effort, length, at, path))) = next.pop() {
        if found.contains_key(&at) {
            continue;
        }
        for (number, way) in all.iter().enumerate() {
            if way.from == at && !found.contains_key(&way.into) {
                let path = path.iter().copied().chain([number]).collect();
                next.push(Reverse((effort.max(way.effort()), length + 1, way.into, path)));
            }
        }
        let path = path.iter().filter_map(|number| all.get(*number).copied()).collect();
        found.insert(at, (effort, path));
    }
    found
}

/// Every role at every place that `account` holds, or could come to hold, each by the way that takes least. By role and place.
#[must_use]
pub fn extent(account: PrincipalId, facts: &Facts) -> Vec<Reached> {
    let ways = ways(account, &facts.ways, &facts.holdings);
    let mut best: BTreeMap<(RoleId, ScopeId), Reached> = BTreeMap::new();
    let mut had: Vec<_> = present(&ways, facts).collect();
    had.sort_by_key(|reached| (reached.effort, reached.steps.len()));
    for reached in &had {
        best.entry((reached.role, reached.scope)).or_insert_with(|| reached.clone());
    }
    let gives =
        |reached: &&Reached| matches!(reached.steps.last(), Some(Step::Has(it)) if it.gives);
    let mut giving: Vec<&Reached> = had.iter().filter(gives).collect();
    // Whoever gives roles at a place does so below it as well.
    let places: Vec<_> = giving.iter().map(|reached| reached.scope).collect();
    giving.retain(|it| !places.iter().any(|above| facts.lies_in.contains(&(it.scope, *above))));
    for from in giving {
        for role in facts.giveable.iter().filter(|role| fits(role, from)) {
            best.entry((role.role, from.scope)).or_insert_with(|| Reached {
                role: role.role,
                scope: from.scope,
                effort: Effort::Gift,
                steps: from.steps.iter().copied().chain([Step::Given(from.scope)]).collect(),
            });
        }
    }
    best.into_values().collect()
}

/// What is held or may be activated at this moment, each assignment by itself, with the way to whoever has it.
#[must_use]
pub fn at_hand(account: PrincipalId, facts: &Facts) -> Vec<(Holding, Vec<Way>)> {
    let ways = ways(account, &[], &facts.holdings);
    let by_now = |held: &Holding| match ways.get(&held.holder) {
        Some((Effort::Held, path)) => Some((*held, path.clone())),
        _ => None,
    };
    facts.holdings.iter().filter_map(by_now).collect()
}

fn present<'a>(ways: &'a Ways, facts: &'a Facts) -> impl Iterator<Item = Reached> + 'a {
    facts.holdings.iter().filter_map(|held| {
        let (effort, path) = ways.get(&held.holder)?;
        let steps = path.iter().copied().map(Step::Way).chain([Step::Has(*held)]).collect();
        let effort = held.effort().max(*effort);
        Some(Reached { role: held.role, scope: held.scope, effort, steps })
    })
}

/// Whether a role can be held at the place where somebody gives roles, or anywhere below it.
fn fits(role: &Giveable, from: &Reached) -> bool {
    let Some(Step::Has(held)) = from.steps.last() else { return false };
    role.kinds.iter().any(|kind| match held.place {
        ScopeKind::Organization => true,
        ScopeKind::Folder => *kind != ScopeKind::Organization,
        ScopeKind::System | ScopeKind::Resource => {
            matches!(kind, ScopeKind::Resource | ScopeKind::Group) || *kind == held.place
        }
        ScopeKind::Group => false,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn holding(holder: PrincipalId, role: RoleId, scope: ScopeId, claim: Claim) -> Holding {
        Holding {
            assignment: AssignmentId::new(),
            holder,
            role,
            scope,
            place: ScopeKind::Folder,
            group: None,
            claim,
            approval: false,
            gives: false,
        }
    }

    fn into(group: PrincipalId, holder: PrincipalId, role: RoleId, claim: Claim) -> Holding {
        Holding {
            place: ScopeKind::Group,
            group: Some(group),
            ..holding(holder, role, ScopeId::new(), claim)
        }
    }

    fn effort(found: &[Reached], role: RoleId) -> Option<Effort> {
        found.iter().find(|reached| reached.role == role).map(|reached| reached.effort)
    }

    #[test]
    fn a_group_lends_what_it_has_to_members_and_what_it_takes_adds_up() {
        let [ada, member, joined, owned] = std::array::from_fn(|_| PrincipalId::new());
        let roles: [RoleId; 4] = std::array::from_fn(|_| RoleId::new());
        let place = ScopeId::new();
        let approved = |held: Holding| Holding { approval: true, ..held };
        let facts = Facts {
            holdings: vec![
                into(member, ada, RoleId::MEMBER, Claim::Holds),
                into(joined, ada, RoleId::MEMBER, Claim::MayActivate),
                into(owned, ada, RoleId::OWNER, Claim::Holds),
                holding(member, roles[0], place, Claim::Holds),
                holding(joined, roles[1], place, Claim::Holds),
                approved(holding(joined, roles[2], place, Claim::MayActivate)),
                holding(owned, roles[3], place, Claim::Holds),
            ],
            ..Facts::default()
        };
        let found = extent(ada, &facts);
        let efforts = roles.map(|role| effort(&found, role));
        let wanted = [Effort::Held, Effort::Alone, Effort::Approval, Effort::Gift].map(Some);
        assert_eq!(efforts, wanted);
        let at_hand = at_hand(ada, &facts);
        assert_eq!(at_hand.iter().filter(|(held, _)| held.role == roles[0]).count(), 1);
        assert!(at_hand.iter().all(|(held, _)| held.role != roles[1]), "not joined yet");
    }

    #[test]
    fn of_several_ways_the_one_that_takes_least_is_told() {
        let [ada, group] = std::array::from_fn(|_| PrincipalId::new());
        let (role, place) = (RoleId::new(), ScopeId::new());
        let facts = Facts {
            holdings: vec![
                into(group, ada, RoleId::OWNER, Claim::Holds),
                holding(group, role, place, Claim::Holds),
                holding(ada, role, place, Claim::MayActivate),
            ],
            ..Facts::default()
        };
        let found = extent(ada, &facts);
        let reached = found.iter().find(|reached| reached.role == role).unwrap();
        assert_eq!((reached.effort, reached.steps.len()), (Effort::Alone, 1));
    }

    #[test]
    fn who_gives_roles_reaches_them_through_somebody_else_only_and_where_they_fit() {
        let ada = PrincipalId::new();
        let [administrator, system_role, organization_role] =
            std::array::from_fn(|_| RoleId::new());
        let [above, below] = std::array::from_fn(|_| ScopeId::new());
        let gives =
            |scope| Holding { gives: true, ..holding(ada, administrator, scope, Claim::Holds) };
        let giveable = |role, kind| Giveable { role, kinds: vec![kind] };
        let facts = Facts {
            holdings: vec![gives(above), gives(below)],
            giveable: vec![
                giveable(system_role, ScopeKind::System),
                giveable(organization_role, ScopeKind::Organization),
            ],
            lies_in: vec![(below, above)],
            ..Facts::default()
        };
        let found = extent(ada, &facts);
        assert_eq!(effort(&found, system_role), Some(Effort::Gift));
        assert_eq!(effort(&found, organization_role), None);
        let told = found.iter().filter(|reached| reached.role == system_role);
        assert_eq!(told.map(|reached| reached.scope).collect::<Vec<_>>(), [above]);
    }

    #[test]
    fn groups_in_a_circle_are_walked_once() {
        let [ada, one, other] = std::array::from_fn(|_| PrincipalId::new());
        let (role, place) = (RoleId::new(), ScopeId::new());
        let facts = Facts {
            holdings: vec![
                into(one, ada, RoleId::MEMBER, Claim::Holds),
                into(other, one, RoleId::OWNER, Claim::Holds),
                into(one, other, RoleId::OWNER, Claim::Holds),
                holding(other, role, place, Claim::Holds),
            ],
            ..Facts::default()
        };
        assert_eq!(effort(&extent(ada, &facts), role), Some(Effort::Gift));
    }
}
