//! What is told of requests and of access for a while.
use super::{letter::Letter, occasion::Audience};
use crate::domain::{
    id::RequestId,
    language::Message,
    time::{Duration, Instant},
};

/// The address of a request's page. Opening it changes nothing.
#[must_use]
pub fn request_link(public_url: &str, request: RequestId) -> String {
    format!("{public_url}/requests/{request}")
}

/// A request, as mails tell of it.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'a> {
    /// Who asks.
    pub requester: &'a str,
    /// For which role.
    pub role: &'a str,
    /// At which scope.
    pub scope: &'a str,
    /// For how long.
    pub duration: Duration,
    /// From when on; none: as soon as it is granted.
    pub starts_at: Option<Instant>,
    /// Whether running access is to be made longer.
    pub extends: bool,
    /// Why.
    pub justification: &'a str,
    /// The ticket's number; may be empty.
    pub ticket_number: &'a str,
    /// The system that the ticket is in; may be empty.
    pub ticket_system: &'a str,
    /// Its page.
    pub link: &'a str,
}

impl Asked<'_> {
    pub(super) fn about(&self, key: &'static str) -> Message {
        Message::new(key)
            .with("requester", self.requester)
            .with("role", self.role)
            .with("scope", self.scope)
            .with("duration", self.duration)
    }

    /// The subject for a phone's lock screen, with the ticket if there is one.
    fn subject(&self, plain: &'static str, with_ticket: &'static str) -> Message {
        /// Beyond this nothing of it is seen on a phone.
        const MOST: usize = 40;
        if self.ticket_number.is_empty() {
            return self.about(plain);
        }
        let ticket: String = self.ticket_number.chars().take(MOST).collect();
        self.about(with_ticket).with("ticket", ticket)
    }

    pub(super) fn letter(&self, subject: Message, opening: Message) -> Letter {
        let mut letter = Letter::new(subject, opening)
            .fact("notice-requester", self.requester)
            .fact("notice-role", self.role)
            .fact("notice-scope", self.scope)
            .fact("notice-duration", self.duration);
        if let Some(start) = self.starts_at {
            letter = letter.fact("notice-from", start);
        }
        let ticket = format!("{} {}", self.ticket_number, self.ticket_system);
        letter.fact("notice-ticket", ticket.trim()).quoting("notice-reason", self.justification)
    }
}

/// To each approver: somebody waits for a decision.
#[must_use]
pub fn approval_wanted(asked: &Asked<'_>, decide_by: Instant) -> Letter {
    let (subject, opening) = if asked.extends {
        (
            asked.subject("notice-extension-subject", "notice-extension-subject-ticket"),
            asked.about("notice-extension"),
        )
    } else {
        (
            asked.subject("notice-approval-subject", "notice-approval-subject-ticket"),
            asked.about("notice-approval"),
        )
    };
    decide(asked.letter(subject, opening), asked, decide_by)
}

/// To those who may decide and have not: it still waits.
#[must_use]
pub fn approval_reminder(asked: &Asked<'_>, decide_by: Instant) -> Letter {
    let subject = asked.subject("notice-reminder-subject", "notice-reminder-subject-ticket");
    decide(asked.letter(subject, asked.about("notice-reminder")), asked, decide_by)
}

/// To whoever asks: somebody wrote something about it.
#[must_use]
pub fn commented(asked: &Asked<'_>, by: &str, text: &str) -> Letter {
    let about = |key| asked.about(key).with("by", by);
    wrote(asked, about("notice-commented-subject"), about("notice-commented"), text)
}

/// To those who may decide: whoever asks wrote something about it.
#[must_use]
pub fn commented_on_own(asked: &Asked<'_>, text: &str) -> Letter {
    let subject = asked.about("notice-commented-own-subject");
    wrote(asked, subject, asked.about("notice-commented-own"), text)
}

fn wrote(asked: &Asked<'_>, subject: Message, opening: Message, text: &str) -> Letter {
    Letter::new(subject, opening)
        .quoting("notice-they-wrote", text)
        .close(Message::new("notice-answer-on-its-page"))
        .link("notice-open-request", asked.link)
}

/// To administrators: nobody answered, and the terms take that for a yes.
#[must_use]
pub fn passed_in_silence(asked: &Asked<'_>) -> Letter {
    asked
        .letter(asked.about("notice-silence-subject"), asked.about("notice-silence"))
        .close(Message::new("notice-silence-settings"))
        .link("notice-open-request", asked.link)
}

fn decide(letter: Letter, asked: &Asked<'_>, decide_by: Instant) -> Letter {
    letter
        .fact("notice-decide-by", decide_by)
        .close(Message::new("notice-decide"))
        .link("notice-open-request", asked.link)
}

/// What became of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It was approved, for this long.
    Approved(Duration),
    /// It was denied.
    Denied,
}

/// A decision, as mails tell of it.
#[derive(Clone, Copy, Debug)]
pub struct Decided<'a> {
    /// What was asked.
    pub asked: Asked<'a>,
    /// The approver's name.
    pub approver: &'a str,
    /// What they decided.
    pub verdict: Verdict,
    /// Why; may be empty.
    pub reason: &'a str,
    /// When access ends, if it has begun.
    pub ends_at: Option<Instant>,
}

impl Decided<'_> {
    /// The stable name of what happened.
    #[must_use]
    pub fn event(&self) -> &'static str {
        match self.verdict {
            Verdict::Approved(_) => "request.approved",
            Verdict::Denied => "request.denied",
        }
    }

    /// What the approver did.
    #[must_use]
    pub fn word(&self) -> &'static str {
        match self.verdict {
            Verdict::Approved(_) => "approved",
            Verdict::Denied => "denied",
        }
    }

    fn about(&self, approved: &'static str, denied: &'static str) -> Message {
        match self.verdict {
            Verdict::Approved(duration) => {
                let asked = Asked { duration, ..self.asked };
                asked.about(approved).with("approver", self.approver)
            }
            Verdict::Denied => self.asked.about(denied).with("approver", self.approver),
        }
    }

    /// What was decided, beside what was asked.
    fn outcome(&self, letter: Letter) -> Letter {
        let letter = match self.verdict {
            Verdict::Approved(duration) if duration != self.asked.duration => {
                letter.fact("notice-granted", duration)
            }
            _ => letter,
        };
        letter.quoting("notice-reason-given", self.reason)
    }
}

/// To the requester: it has been decided.
#[must_use]
pub fn decided(decided: &Decided<'_>) -> Letter {
    let subject = decided.about("notice-approved-subject", "notice-denied-subject");
    let opening = decided.about("notice-approved", "notice-denied");
    let letter = decided.outcome(decided.asked.letter(subject, opening));
    let letter = match (decided.verdict, decided.ends_at, decided.asked.starts_at) {
        (Verdict::Approved(_), Some(end), _) => {
            letter.close(Message::new("notice-usable-until").with("end", end))
        }
        (Verdict::Approved(_), None, Some(start)) => {
            letter.close(Message::new("notice-starts-at").with("start", start))
        }
        (Verdict::Approved(_), None, None) | (Verdict::Denied, ..) => letter,
    };
    letter.link("notice-open-request", decided.asked.link)
}

/// To the requester: somebody agreed, and others still have to.
#[must_use]
pub fn agreed(decided: &Decided<'_>) -> Letter {
    let about = |key| decided.asked.about(key).with("approver", decided.approver);
    let letter = decided.asked.letter(about("notice-agreed-subject"), about("notice-agreed"));
    decided.outcome(letter).link("notice-open-request", decided.asked.link)
}

/// To the other approvers, and to administrators: nothing is left to do.
#[must_use]
pub fn handled(decided: &Decided<'_>) -> Letter {
    let subject = decided.about("notice-handled-approved-subject", "notice-handled-denied-subject");
    let opening = decided.about("notice-handled-approved", "notice-handled-denied");
    decided
        .outcome(decided.asked.letter(subject, opening))
        .close(Message::new("notice-nothing-left"))
        .link("notice-open-request", decided.asked.link)
}

/// To those who were asked: it was taken back, by whoever asked or, in their place, by `by`; nothing is left to do.
#[must_use]
pub fn taken_back(asked: &Asked<'_>, by: Option<&str>) -> Letter {
    let opening = match by {
        None => asked.about("notice-taken-back-own"),
        Some(by) => asked.about("notice-taken-back").with("by", by),
    };
    asked
        .letter(asked.about("notice-taken-back-subject"), opening)
        .close(Message::new("notice-nothing-left"))
        .link("notice-open-request", asked.link)
}

/// Access has begun: to whoever asked it is usable now, to all others it is news.
#[must_use]
pub fn activated(asked: &Asked<'_>, ends_at: Instant, to: Audience) -> Letter {
    if to == Audience::Requester {
        let subject = asked.about("notice-usable-subject").with("end", ends_at);
        return Letter::new(subject, asked.about("notice-usable").with("end", ends_at))
            .fact("notice-role", asked.role)
            .fact("notice-scope", asked.scope)
            .fact("notice-until", ends_at)
            .close(Message::new("notice-end-it-early"))
            .link("notice-open-request", asked.link);
    }
    let subject = asked.subject("notice-activated-subject", "notice-activated-subject-ticket");
    asked
        .letter(subject, asked.about("notice-activated"))
        .fact("notice-until", ends_at)
        .link("notice-open-request", asked.link)
}

/// Access was asked for and could not be given.
#[must_use]
pub fn failed(asked: &Asked<'_>, why: &str) -> Letter {
    asked
        .letter(asked.about("notice-failed-subject"), asked.about("notice-failed"))
        .quoting("notice-because", why)
        .link("notice-open-request", asked.link)
}

/// Nobody decided in time.
#[must_use]
pub fn lapsed(asked: &Asked<'_>, to: Audience) -> Letter {
    if to == Audience::Requester {
        return asked
            .letter(asked.about("notice-lapsed-subject"), asked.about("notice-lapsed"))
            .close(Message::new("notice-ask-again"))
            .link("notice-open-request", asked.link);
    }
    let subject = asked.about("notice-lapsed-other-subject");
    asked
        .letter(subject, asked.about("notice-lapsed-other"))
        .link("notice-open-request", asked.link)
}

/// Why access ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why<'a> {
    /// Its time was up.
    TimeUp,
    /// What it rested on ended.
    EligibilityEnded,
    /// Somebody ended it.
    By {
        /// Who.
        name: &'a str,
        /// Why; may be empty.
        reason: &'a str,
    },
    /// The ticket that it rested on was closed.
    TicketClosed {
        /// Which, and in which system.
        ticket: &'a str,
    },
}

/// Access that ends, as mails tell of it.
#[derive(Clone, Copy, Debug)]
pub struct Ending<'a> {
    /// Whose.
    pub holder: &'a str,
    /// Which role.
    pub role: &'a str,
    /// At which scope.
    pub scope: &'a str,
    /// When it ends, or ended.
    pub ends_at: Instant,
    /// The page to look at.
    pub link: &'a str,
}

impl Ending<'_> {
    fn about(&self, key: &'static str) -> Message {
        Message::new(key)
            .with("holder", self.holder)
            .with("role", self.role)
            .with("scope", self.scope)
            .with("end", self.ends_at)
    }

    fn letter(&self, subject: &'static str, opening: Message) -> Letter {
        Letter::new(self.about(subject), opening)
            .fact("notice-holder", self.holder)
            .fact("notice-role", self.role)
            .fact("notice-scope", self.scope)
    }
}

/// To the holder: five minutes are left. `extend` is the page where more time can be asked for.
#[must_use]
pub fn ending_soon(ending: &Ending<'_>, extend: &str) -> Letter {
    ending
        .letter("notice-ending-soon-subject", ending.about("notice-ending-soon"))
        .fact("notice-until", ending.ends_at)
        .link("notice-extend", extend)
        .link("notice-open-request", ending.link)
}

/// Access has ended: when, why, and by whom.
#[must_use]
pub fn ended(ending: &Ending<'_>, why: Why<'_>, to: Audience) -> Letter {
    let own = to == Audience::Requester;
    let opening = match (why, own) {
        (Why::TimeUp, true) => ending.about("notice-ended-own"),
        (Why::TimeUp, false) => ending.about("notice-ended"),
        (Why::EligibilityEnded, _) => ending.about("notice-ended-eligibility"),
        (Why::By { name, .. }, true) => ending.about("notice-ended-by-own").with("by", name),
        (Why::By { name, .. }, false) => ending.about("notice-ended-by").with("by", name),
        (Why::TicketClosed { .. }, true) => ending.about("notice-ended-ticket-own"),
        (Why::TicketClosed { .. }, false) => ending.about("notice-ended-ticket"),
    };
    let subject = if own { "notice-ended-own-subject" } else { "notice-ended-subject" };
    let letter = ending.letter(subject, opening).fact("notice-ended-at", ending.ends_at);
    let letter = match why {
        Why::TimeUp | Why::EligibilityEnded => letter,
        Why::By { reason, .. } => letter.quoting("notice-reason-given", reason),
        Why::TicketClosed { ticket } if own => {
            letter.fact("notice-ticket", ticket).close(Message::new("notice-ended-ticket-again"))
        }
        Why::TicketClosed { ticket } => letter.fact("notice-ticket", ticket),
    };
    letter.link("notice-open", ending.link)
}
