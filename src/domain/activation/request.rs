//! Decides what becomes of a request when it is made.
use super::{Ask, End, Refusal, Running};
use crate::domain::{
    approval::{StageState, Standing},
    settings::{ActivationTerms, Authentication, SHORTEST},
    time::{Duration, Instant},
};

/// How far ahead an activation may be scheduled.
pub const FURTHEST_START: Duration = Duration::days(90);
/// A start that lies no longer in the past than this means "now": forms take a while to fill in.
const LATE_FORM: Duration = Duration::minutes(5);

/// Whether it is a new activation or more time for one that runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Intent {
    /// Activate.
    Activate,
    /// Take over from a running activation, without a gap.
    Extend,
}

/// Everything that the decision rests on, read under lock.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
pub struct Facts {
    /// The time.
    pub now: Instant,
    /// Whether the account may be used.
    pub enabled: bool,
    /// Whether the role is in use.
    pub role_in_use: bool,
    /// When the eligibility begins.
    pub eligible_from: Instant,
    /// When the eligibility ends, if it does.
    pub eligible_until: Option<Instant>,
    /// The activation of the same role at the same scope that runs now.
    pub running: Option<Running>,
    /// Whether the role is held without activation.
    pub standing: bool,
    /// Whether a request for the same role at the same scope is open.
    pub open_request: bool,
    /// Whether a fresh proof for this very act was given.
    pub proved: bool,
    /// The stages of the approval, as this request would begin them; none if it asks for no approval.
    pub stages: Vec<Standing>,
    /// Whether there are people enough beside the requester who can agree in all of them.
    pub attainable: bool,
}

/// What becomes of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decision {
    /// The rules say no, for all of these reasons.
    Refuse(Vec<Refusal>),
    /// It waits for an approver.
    AwaitApproval {
        /// When it lapses.
        expires_at: Instant,
    },
    /// It takes effect later.
    Schedule {
        /// When.
        starts_at: Instant,
    },
    /// It takes effect now.
    Activate(End),
}

/// Decides a request. The same inputs always give the same answer.
#[must_use]
pub fn decide(intent: Intent, ask: &Ask, terms: &ActivationTerms, facts: &Facts) -> Decision {
    let refusals = refusals(intent, ask, terms, facts);
    let later = ask.starts_at.filter(|start| *start > facts.now);
    if !refusals.is_empty() {
        Decision::Refuse(refusals)
    } else if let Some(expires_at) = open_until(terms, facts).filter(|_| !ask.emergency) {
        Decision::AwaitApproval { expires_at }
    } else if let Some(starts_at) = later {
        Decision::Schedule { starts_at }
    } else {
        Decision::Activate(End::of(facts.now, ask.duration, facts.eligible_until))
    }
}

/// When the stage that opens is over; none if nobody needs to be asked.
fn open_until(terms: &ActivationTerms, facts: &Facts) -> Option<Instant> {
    let open = facts.stages.iter().find(|stage| stage.state == StageState::Open);
    if terms.requires_approval { open?.expires_at } else { None }
}

fn refusals(intent: Intent, ask: &Ask, terms: &ActivationTerms, facts: &Facts) -> Vec<Refusal> {
    let start = ask.starts_at.unwrap_or(facts.now).max(facts.now);
    let eligible =
        facts.eligible_from <= start && facts.eligible_until.is_none_or(|end| start < end);
    let ticket = !ask.ticket_number.is_empty() && !ask.ticket_system.is_empty();
    let emergency = ask.emergency.then(|| emergency_refusal(intent, ask, terms, facts));
    // What is no emergency is judged as if it were asked for as usual.
    let is_emergency = emergency == Some(None);
    let longest =
        if is_emergency { terms.maximum.min(terms.emergency_maximum) } else { terms.maximum };
    let reason_needed = terms.requires_justification || is_emergency;
    [
        (!facts.enabled).then_some(Refusal::Disabled),
        (!facts.role_in_use).then_some(Refusal::RoleRetired),
        (!eligible).then_some(Refusal::NotEligible),
        (ask.duration < SHORTEST || ask.duration > longest)
            .then_some(Refusal::Duration { shortest: SHORTEST, longest }),
        start_refusal(ask, facts),
        (reason_needed && ask.justification.is_empty()).then_some(Refusal::JustificationNeeded),
        (terms.requires_ticket && !ticket).then_some(Refusal::TicketNeeded),
        (terms.authentication == Authentication::Mfa && !facts.proved)
            .then_some(Refusal::ProofNeeded),
        held_refusal(intent, ask, facts),
        // An emergency takes the place of what waits.
        (facts.open_request && !is_emergency).then_some(Refusal::AlreadyRequested),
        (open_until(terms, facts).is_some() && !facts.attainable && !ask.emergency)
            .then_some(Refusal::NobodyCanApprove),
        emergency.flatten(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// Why it cannot be an emergency: the role knows none, or nobody would have to be asked anyway, or it is not for now.
fn emergency_refusal(
    intent: Intent,
    ask: &Ask,
    terms: &ActivationTerms,
    facts: &Facts,
) -> Option<Refusal> {
    if !terms.allows_emergency {
        return Some(Refusal::NoEmergency);
    }
    let is_as_usual =
        open_until(terms, facts).is_none() || intent == Intent::Extend || ask.starts_at.is_some();
    is_as_usual.then_some(Refusal::EmergencyNotNeeded)
}

fn start_refusal(ask: &Ask, facts: &Facts) -> Option<Refusal> {
    let start = ask.starts_at?;
    let latest = facts.now + FURTHEST_START;
    (start + LATE_FORM < facts.now || start > latest).then_some(Refusal::Start { latest })
}

/// What is held already stands in the way, unless it is over by the wanted start or to be extended.
fn held_refusal(intent: Intent, ask: &Ask, facts: &Facts) -> Option<Refusal> {
    if facts.standing {
        return Some(Refusal::StandingAccess);
    }
    match (intent, facts.running) {
        (Intent::Extend, None) => Some(Refusal::NothingToExtend),
        (Intent::Extend, Some(running)) => {
            (End::of(facts.now, ask.duration, facts.eligible_until).at <= running.ends_at)
                .then_some(Refusal::NoMoreTime { until: running.ends_at })
        }
        (Intent::Activate, Some(running)) => ask
            .starts_at
            .is_none_or(|start| start < running.ends_at)
            .then_some(Refusal::AlreadyActive { until: running.ends_at }),
        (Intent::Activate, None) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{
        settings::Settings,
        text::{Justification, TicketNumber, TicketSystem},
    };

    /// A role that others approve, for eight hours at most, and in an emergency for two.
    fn terms() -> ActivationTerms {
        ActivationTerms {
            requires_approval: true,
            allows_emergency: true,
            emergency_maximum: Duration::hours(2),
            ..Settings::uniform(false, Duration::hours(8)).activation
        }
    }

    fn facts(open_request: bool) -> Facts {
        let now: Instant = "2026-11-23T08:00:00Z".parse().unwrap();
        let open = Standing {
            number: 1,
            state: StageState::Open,
            opened_at: Some(now),
            escalates_at: None,
            expires_at: Some(now + Duration::hours(24)),
        };
        Facts {
            now,
            enabled: true,
            role_in_use: true,
            eligible_from: now,
            eligible_until: None,
            running: None,
            standing: false,
            open_request,
            proved: true,
            stages: vec![open],
            attainable: true,
        }
    }

    fn ask(hours: u32, emergency: bool, why: &str) -> Ask {
        Ask {
            duration: Duration::hours(hours),
            starts_at: None,
            justification: Justification::parse(why).unwrap(),
            ticket_number: TicketNumber::default(),
            ticket_system: TicketSystem::default(),
            emergency,
        }
    }

    fn refused(ask: &Ask, terms: &ActivationTerms, facts: &Facts) -> Vec<Refusal> {
        match decide(Intent::Activate, ask, terms, facts) {
            Decision::Refuse(refusals) => refusals,
            Decision::AwaitApproval { .. } | Decision::Schedule { .. } | Decision::Activate(_) => {
                Vec::new()
            }
        }
    }

    #[test]
    fn an_emergency_takes_the_place_of_what_waits_and_nothing_else_does() {
        let usual = ask(1, false, "Restore it");
        assert_eq!(refused(&usual, &terms(), &facts(true)), [Refusal::AlreadyRequested]);
        let urgent = ask(1, true, "Restore it");
        let decided = decide(Intent::Activate, &urgent, &terms(), &facts(true));
        assert!(matches!(decided, Decision::Activate(_)), "{decided:?}");
        // What is no emergency takes the place of nothing.
        let never = ActivationTerms { allows_emergency: false, ..terms() };
        let reasons = [Refusal::AlreadyRequested, Refusal::NoEmergency];
        assert_eq!(refused(&urgent, &never, &facts(true)), reasons);
        let unasked = Facts { stages: Vec::new(), ..facts(true) };
        let reasons = [Refusal::AlreadyRequested, Refusal::EmergencyNotNeeded];
        assert_eq!(refused(&urgent, &terms(), &unasked), reasons);
    }

    #[test]
    fn an_emergency_names_its_own_limit_and_needs_a_reason_once() {
        let limit =
            |hours| Refusal::Duration { shortest: SHORTEST, longest: Duration::hours(hours) };
        for (hours, reasons) in [(2, vec![]), (3, vec![limit(2)]), (9, vec![limit(2)])] {
            assert_eq!(refused(&ask(hours, true, "Restore it"), &terms(), &facts(false)), reasons);
        }
        assert_eq!(refused(&ask(9, false, ""), &terms(), &facts(false)), [limit(8)]);
        for requires_justification in [false, true] {
            let terms = ActivationTerms { requires_justification, ..terms() };
            let reasons = [Refusal::JustificationNeeded];
            assert_eq!(refused(&ask(1, true, ""), &terms, &facts(false)), reasons);
        }
    }
}
