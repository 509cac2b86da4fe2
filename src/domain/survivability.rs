//! Whether Latchkey survives the loss of somebody: that there are people left who can get in when nothing else works, and
//! people left who can say yes.
//!
//! What is missing is told; a change that would cause it is refused.
use super::{
    approval::Resilience,
    id::{RoleId, ScopeId, SettingsId},
};

/// So many people can at least get in when nothing else works: one of them may be on a plane.
pub const FEWEST_READY: usize = 2;

/// So many people administer all of Latchkey for good, so that not everything hangs by one of them.
pub const FEWEST_ADMINISTRATORS: usize = 2;

/// Terms that ask for an approval.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Approval {
    /// The terms.
    pub settings: SettingsId,
    /// Of which role.
    pub role: RoleId,
    /// Its name.
    pub role_name: String,
    /// Where they are set.
    pub scope: ScopeId,
    /// The name of that place.
    pub scope_name: String,
    /// What the approval hangs by.
    pub resilience: Resilience,
}

impl Approval {
    fn place(&self) -> String {
        if self.scope == ScopeId::ROOT {
            self.role_name.clone()
        } else {
            format!("{} at {}", self.role_name, self.scope_name)
        }
    }
}

/// What everything rests on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Footing {
    /// How many people are ready for an emergency: with an enabled account that is kept for it, that is Global Administrator for
    /// good, and that has a password and an authenticator.
    pub ready: usize,
    /// How many enabled people are Global Administrator for good.
    pub administrators: usize,
    /// Terms that ask for an approval: all of them, or those that a change touches.
    pub approvals: Vec<Approval>,
    /// How many emergencies nobody has reviewed in time.
    pub unreviewed: usize,
}

/// Something that everything would fall with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Problem {
    /// Fewer than [`FEWEST_READY`] people are ready for an emergency.
    FewReady {
        /// How many there are.
        ready: usize,
    },
    /// One person alone administers all of Latchkey for good.
    OneAdministrator,
    /// Nobody is left who could approve.
    NobodyApproves(Approval),
    /// The approval hangs by one person, so nobody approves what that person asks for.
    OneApproves(Approval),
    /// Emergencies skipped an approval, and nobody has looked at them in time.
    Unreviewed {
        /// How many there are.
        emergencies: usize,
    },
}

/// How bad a problem is.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, utoipa::ToSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Somebody is locked out, or will be at the next mishap.
    Critical,
    /// It works, but hangs by one person.
    Warning,
}

impl Problem {
    /// Its stable name.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::FewReady { .. } => "few_ready_for_emergencies",
            Self::OneAdministrator => "one_administrator",
            Self::NobodyApproves(_) => "nobody_approves",
            Self::OneApproves(_) => "one_approves",
            Self::Unreviewed { .. } => "unreviewed_emergencies",
        }
    }

    /// How bad it is.
    #[must_use]
    pub fn severity(&self) -> Severity {
        match self {
            Self::FewReady { .. } | Self::NobodyApproves(_) | Self::Unreviewed { .. } => {
                Severity::Critical
            }
            Self::OneAdministrator | Self::OneApproves(_) => Severity::Warning,
        }
    }

    /// What is wrong, in one sentence.
    #[must_use]
    pub fn title(&self) -> String {
        match self {
            Self::FewReady { ready: 0 } => "Nobody is ready for an emergency".to_owned(),
            Self::FewReady { .. } => "Only one person is ready for an emergency".to_owned(),
            Self::OneAdministrator => {
                "One person alone is Global Administrator for good".to_owned()
            }
            Self::NobodyApproves(terms) => format!("Nobody can approve {}", terms.place()),
            Self::OneApproves(terms) => {
                format!("The approval of {} hangs by one person", terms.place())
            }
            Self::Unreviewed { emergencies: 1 } => {
                "An emergency was not reviewed in time".to_owned()
            }
            Self::Unreviewed { emergencies } => {
                format!("{emergencies} emergencies were not reviewed in time")
            }
        }
    }

    /// Why that matters and what to do.
    #[must_use]
    pub fn advice(&self) -> &'static str {
        match self {
            Self::FewReady { .. } => {
                "Keep two emergency accounts of different people, both with a password and an authenticator: if sign-in \
                 fails or everybody is locked out, they are the way back in."
            }
            Self::OneAdministrator => {
                "If that person is away, nobody can repair Latchkey. Invite a second emergency account."
            }
            Self::NobodyApproves(_) => {
                "Its terms ask for an approval, and too few people who may give it are enabled: it cannot be activated. \
                 Name approvers in its settings."
            }
            Self::OneApproves(_) => {
                "Nobody can approve that person’s own request, and one absence stops everybody. Name another one in its \
                 settings."
            }
            Self::Unreviewed { .. } => {
                "Somebody activated a role without its approval. Look at why, and say whether it was an emergency."
            }
        }
    }
}

impl Footing {
    /// All that is wrong, the worst first.
    #[must_use]
    pub fn problems(&self) -> Vec<Problem> {
        let approvals = self.approvals.iter().filter_map(|terms| match terms.resilience {
            Resilience::Nobody => Some(Problem::NobodyApproves(terms.clone())),
            Resilience::OnePerson => Some(Problem::OneApproves(terms.clone())),
            Resilience::Enough => None,
        });
        let ready = (self.ready < FEWEST_READY).then_some(Problem::FewReady { ready: self.ready });
        let alone =
            (self.administrators < FEWEST_ADMINISTRATORS).then_some(Problem::OneAdministrator);
        let unreviewed =
            (self.unreviewed > 0).then_some(Problem::Unreviewed { emergencies: self.unreviewed });
        let people = ready.into_iter().chain(unreviewed).chain(alone);
        let mut problems: Vec<_> = people.chain(approvals).collect();
        problems.sort_by_key(Problem::severity);
        problems
    }

    /// Why a change that leads from here to `after` must not be: it takes away what was needed. Nothing is held against a
    /// change that does not make it worse.
    #[must_use]
    pub fn refusal(&self, after: &Self) -> Option<String> {
        if after.ready < self.ready && after.ready < FEWEST_READY {
            return Some(
                "this would leave fewer than two people who are ready for an emergency: set up another emergency account \
                 first. If this one is in the wrong hands, end its access and require new factors instead, which works at \
                 once"
                    .to_owned(),
            );
        }
        let lost = after.approvals.iter().find(|now| {
            now.resilience == Resilience::Nobody
                && self
                    .approvals
                    .iter()
                    .any(|was| was.settings == now.settings && was.resilience > Resilience::Nobody)
        });
        lost.map(|terms| {
            format!(
                "this would leave nobody who can approve {}: name other approvers in its settings first",
                terms.place()
            )
        })
    }
}

#[cfg(test)]
mod tests {
    use Resilience::{Enough, Nobody, OnePerson};

    use super::*;

    fn approval(resilience: Resilience) -> Approval {
        Approval {
            settings: SettingsId(uuid::Uuid::nil()),
            role: RoleId(uuid::Uuid::nil()),
            role_name: "Operator".to_owned(),
            scope: ScopeId::ROOT,
            scope_name: "Organisation".to_owned(),
            resilience,
        }
    }

    fn footing(ready: usize, resilience: Resilience) -> Footing {
        Footing { ready, administrators: 2, approvals: vec![approval(resilience)], unreviewed: 0 }
    }

    #[test]
    fn what_is_missing_is_told_the_worst_first() {
        assert_eq!(footing(2, Enough).problems(), []);
        let bad = Footing { administrators: 1, ..footing(1, Nobody) };
        let names: Vec<_> = bad.problems().iter().map(Problem::name).collect();
        assert_eq!(names, ["few_ready_for_emergencies", "nobody_approves", "one_administrator"]);
        assert_eq!(footing(2, OnePerson).problems(), [Problem::OneApproves(approval(OnePerson))]);
    }

    #[test]
    fn only_what_makes_it_worse_is_refused() {
        assert!(footing(2, Enough).refusal(&footing(1, Enough)).is_some());
        assert!(footing(1, Enough).refusal(&footing(0, Enough)).is_some());
        assert!(footing(3, Enough).refusal(&footing(2, Enough)).is_none());
        assert!(footing(1, Enough).refusal(&footing(1, Enough)).is_none(), "it was so before");
        assert!(footing(2, OnePerson).refusal(&footing(2, Nobody)).is_some());
        assert!(footing(2, Enough).refusal(&footing(2, OnePerson)).is_none(), "somebody is left");
        assert!(footing(2, Nobody).refusal(&footing(2, Nobody)).is_none());
    }
}
