//! What the program promises of one person and one role, told a second time and without the program: plain numbers, seconds
//! since the beginning, and the rules in the shortest words.
use std::collections::BTreeSet;

/// Seconds since the beginning.
pub type Second = i64;

const MINUTE: i64 = 60;
pub const DAY: i64 = 24 * 60 * MINUTE;
/// Nothing is shorter than this.
const SHORTEST: i64 = 5 * MINUTE;
const FURTHEST_START: i64 = 90 * DAY;

/// Who approves, of three people.
pub type Approvers = [bool; 3];

#[derive(Clone, Copy, Debug)]
pub struct Terms {
    pub maximum: i64,
    pub proof: bool,
    /// None: no approval is asked for.
    pub approvers: Option<Approvers>,
}

/// What waits.
#[derive(Clone, Copy, Debug)]
pub enum Waits {
    ForDecision { until: Second },
    ForStart { at: Second },
}

/// A request as it was made.
#[derive(Clone, Copy, Debug)]
pub struct Request {
    pub waits: Option<Waits>,
    pub stands: &'static str,
    pinned: Terms,
    asked: i64,
    granted: Option<i64>,
    starts_at: Option<Second>,
    proved: bool,
    approved: bool,
    /// Who has spoken of it, and sees it from then on.
    spoke: Option<usize>,
    /// More time for what runs.
    extends: bool,
}

/// What came of a command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    Done,
    Refused(BTreeSet<&'static str>),
    NotFound,
    Conflict,
}

/// What is asked for.
#[derive(Clone, Copy, Debug)]
pub struct Ask {
    pub duration: i64,
    pub starts_at: Option<Second>,
    pub proved: bool,
    /// More time for what runs, instead of a new activation.
    pub extends: bool,
}

/// What an approver says: yes, perhaps for less time, or no.
#[derive(Clone, Copy, Debug)]
pub enum Says {
    Yes(Option<i64>),
    No,
}

/// One person, eligible or not for one role, on the terms of the day.
#[derive(Clone, Debug)]
pub struct Model {
    pub now: Second,
    pub terms: Terms,
    /// When the eligibility ends.
    pub eligible: Option<Second>,
    pub enabled: bool,
    /// When the activation ends that nobody has written off yet.
    pub active: Option<Second>,
    pub request: Option<Request>,
}

impl Model {
    /// Whether the role is held at this moment.
    pub fn holds(&self) -> bool {
        self.enabled && self.live().is_some()
    }

    fn live(&self) -> Option<Second> {
        self.active.filter(|end| self.now < *end)
    }

    fn waiting(&self) -> Option<(Request, Waits)> {
        let request = self.request?;
        Some((request, request.waits?))
    }

    pub fn ask(&mut self, ask: Ask, eligible: Second) -> Outcome {
        let start = ask.starts_at.unwrap_or(self.now);
        let end = |from: Second| (from + ask.duration).min(eligible);
        let broken = [
            ("not_eligible", start >= eligible),
            ("duration", ask.duration < SHORTEST || ask.duration > self.terms.maximum),
            ("start", start > self.now + FURTHEST_START),
            ("proof_needed", self.terms.proof && !ask.proved),
            ("already_active", !ask.extends && self.live().is_some_and(|until| start < until)),
            ("nothing_to_extend", ask.extends && self.live().is_none()),
            (
                "no_more_time",
                ask.extends && self.live().is_some_and(|until| end(self.now) <= until),
            ),
            ("already_requested", self.waiting().is_some()),
        ];
        let broken: BTreeSet<_> =
            broken.into_iter().filter(|(_, broken)| *broken).map(|(rule, _)| rule).collect();
        // What is overdue is written off first, whatever comes of the request.
        self.active = self.live();
        if !broken.is_empty() {
            return Outcome::Refused(broken);
        }
        let mut request = Request {
            waits: None,
            stands: "granted",
            pinned: self.terms,
            asked: ask.duration,
            granted: None,
            starts_at: ask.starts_at.filter(|start| *start > self.now),
            proved: ask.proved,
            approved: false,
            spoke: None,
            extends: ask.extends,
        };
        if self.terms.approvers.is_some() {
            request.waits = Some(Waits::ForDecision { until: self.now + DAY });
            request.stands = "pending";
        } else if let Some(at) = request.starts_at {
            request.waits = Some(Waits::ForStart { at });
            request.stands = "scheduled";
        } else {
            self.active = Some(end(self.now));
        }
        self.request = Some(request);
        Outcome::Done
    }

    /// Whether this approver may see and decide the newest request.
    fn may_decide(&self, approver: usize) -> bool {
        let named = |terms: Terms| terms.approvers.map(|approvers| approvers[approver]);
        self.request.is_some_and(|request| {
            named(request.pinned) == Some(true) && named(self.terms) != Some(false)
        })
    }

    pub fn decide(&mut self, approver: usize, says: Says) -> Outcome {
        let may_decide = self.may_decide(approver);
        let Some(mut request) = self.request else { return Outcome::NotFound };
        if !may_decide {
            let sees = request.spoke == Some(approver);
            return if sees { Outcome::Conflict } else { Outcome::NotFound };
        }
        match request.waits {
            Some(Waits::ForDecision { until }) if self.now < until => {}
            _ => return Outcome::Conflict,
        }
        let Says::Yes(granted) = says else {
            if let Some(request) = &mut self.request {
                request.spoke = Some(approver);
            }
            self.close("denied");
            return Outcome::Done;
        };
        let leaves = granted.unwrap_or(request.asked);
        if leaves < SHORTEST || leaves > request.asked {
            return refused("more_than_asked");
        }
        request.granted = granted;
        request.approved = true;
        let start = request.starts_at.unwrap_or(self.now).max(self.now);
        let broken = self.broken(&request, start);
        if !broken.is_empty() {
            self.close("failed");
            return Outcome::Refused(broken);
        }
        request.spoke = Some(approver);
        if start > self.now {
            request.waits = Some(Waits::ForStart { at: start });
            request.stands = "scheduled";
            self.request = Some(request);
            return Outcome::Done;
        }
        let end = self.end(&request);
        if self.live().is_some_and(|until| end <= until) {
            return refused("no_more_time");
        }
        self.request = Some(request);
        self.take_effect(end);
        Outcome::Done
    }

    /// What has changed since the request was made, so that it can't take effect.
    fn broken(&self, request: &Request, start: Second) -> BTreeSet<&'static str> {
        let mut broken = BTreeSet::new();
        if self.eligible.is_none_or(|end| start >= end) {
            broken.insert("not_eligible");
        }
        if (request.pinned.proof || self.terms.proof) && !request.proved {
            broken.insert("proof_now_needed");
        }
        broken
    }

    /// When an activation ends that begins now.
    fn end(&self, request: &Request) -> Second {
        let most = request.pinned.maximum.min(self.terms.maximum);
        let wanted = self.now + request.granted.unwrap_or(request.asked).min(most);
        self.eligible.map_or(wanted, |end| wanted.min(end))
    }

    fn take_effect(&mut self, end: Second) {
        self.active = Some(end);
        self.close("granted");
    }

    fn close(&mut self, stands: &'static str) {
        if let Some(request) = &mut self.request
            && request.waits.take().is_some()
        {
            request.stands = stands;
        }
    }

    pub fn cancel(&mut self) -> Outcome {
        match self.waiting() {
            Some(_) => {
                self.close("cancelled");
                Outcome::Done
            }
            None => refused("not_open"),
        }
    }

    /// What is ended does not come back through a request for more time.
    pub fn finish(&mut self) -> Outcome {
        if self.active.take().is_none() {
            return Outcome::NotFound;
        }
        if self.request.is_some_and(|request| request.extends) {
            self.close("failed");
        }
        Outcome::Done
    }

    /// The eligibility is taken away, or the account is disabled: nothing that rests on it goes on.
    pub fn stop(&mut self) {
        self.active = None;
        self.close("failed");
    }

    /// What happens by itself.
    pub fn settle(&mut self) {
        self.active = self.live();
        if self.eligible.is_some_and(|end| end <= self.now) {
            self.eligible = None;
            self.stop();
        }
        match self.waiting() {
            Some((_, Waits::ForDecision { until })) if until <= self.now => self.close("expired"),
            Some((request, Waits::ForStart { at })) if at <= self.now => {
                let approval = request.pinned.approvers.is_some() || self.terms.approvers.is_some();
                let broken = (approval && !request.approved)
                    || self.live().is_some()
                    || !self.broken(&request, self.now).is_empty();
                if broken {
                    self.close("failed");
                } else {
                    self.take_effect(self.end(&request));
                }
            }
            _ => {}
        }
    }
}

fn refused(rule: &'static str) -> Outcome {
    Outcome::Refused([rule].into())
}
