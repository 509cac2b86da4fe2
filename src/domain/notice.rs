//! What is told by mail: subjects and plain text, made from the facts.
//!
//! Whatever people wrote stands quoted, line by line, so that nobody's reason can pass for Latchkey's own words. No mail
//! carries a secret or a link that does something by being opened.
use std::fmt::Write as _;

use super::{
    id::RequestId,
    time::{Duration, Instant},
};

/// One message to one person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mail {
    subject: String,
    body: String,
}

impl Mail {
    /// The longest subject, in characters.
    pub const SUBJECT_MOST: usize = 200;
    /// The longest text, in characters.
    pub const BODY_MOST: usize = 20_000;

    /// A message. Anything in the subject that could begin another header becomes a space; what is too long is cut.
    #[must_use]
    pub fn new(subject: &str, body: &str) -> Self {
        let subject: String = single_line(subject).chars().take(Self::SUBJECT_MOST).collect();
        Self { subject, body: body.chars().take(Self::BODY_MOST).collect() }
    }

    /// The subject: one line.
    #[must_use]
    pub fn subject(&self) -> &str {
        &self.subject
    }

    /// The text.
    #[must_use]
    pub fn body(&self) -> &str {
        &self.body
    }
}

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
    fn what(&self) -> String {
        let Self { requester, role, scope, duration, .. } = self;
        let extends = if self.extends { "an extension of " } else { "" };
        format!("{requester} asks for {extends}{role} at {scope} for {duration}")
    }

    fn role_at_scope(&self) -> String {
        format!("{} at {}", self.role, self.scope)
    }

    fn details(&self) -> String {
        let mut text = String::new();
        if let Some(start) = self.starts_at {
            line(&mut text, &format!("From: {}", moment(start)));
        }
        if !self.ticket_number.is_empty() {
            let ticket = format!("Ticket: {} {}", self.ticket_number, self.ticket_system);
            line(&mut text, ticket.trim_end());
        }
        if !self.justification.is_empty() {
            line(&mut text, "Reason:");
            text.push_str(&quote(self.justification));
        }
        text
    }
}

/// To each approver: somebody waits for a decision.
#[must_use]
pub fn approval_wanted(asked: &Asked<'_>, decide_by: Instant) -> Mail {
    let what = asked.what();
    let text = format!(
        "{what}.\n\n{}\nYou can decide until {}. Open the request to approve it, to approve it for less time, or to \
         deny it:\n{}\n\nOpening the page decides nothing.\n",
        asked.details(),
        moment(decide_by),
        asked.link,
    );
    Mail::new(&format!("Approval wanted: {what}"), &text)
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
    fn word(&self) -> &'static str {
        match self.verdict {
            Verdict::Approved(_) => "approved",
            Verdict::Denied => "denied",
        }
    }

    fn terms(&self) -> String {
        match self.verdict {
            Verdict::Approved(duration) if duration != self.asked.duration => {
                format!(", for {duration} instead of {}", self.asked.duration)
            }
            Verdict::Approved(duration) => format!(", for {duration}"),
            Verdict::Denied => String::new(),
        }
    }

    fn given_reason(&self) -> String {
        if self.reason.is_empty() {
            String::new()
        } else {
            format!("\nReason given:\n{}", quote(self.reason))
        }
    }
}

/// To the requester: it has been decided.
#[must_use]
pub fn decided(decided: &Decided<'_>) -> Mail {
    let (role, word) = (decided.asked.role_at_scope(), decided.word());
    let mut text =
        format!("{} {word} your request for {role}{}.\n", decided.approver, decided.terms());
    match (decided.verdict, decided.ends_at, decided.asked.starts_at) {
        (Verdict::Approved(_), Some(end), _) => {
            line(&mut text, &format!("It is active now and ends at {}.", moment(end)));
        }
        (Verdict::Approved(_), None, Some(start)) => {
            line(&mut text, &format!("It starts at {}.", moment(start)));
        }
        (Verdict::Approved(_), None, None) | (Verdict::Denied, ..) => {}
    }
    text.push_str(&decided.given_reason());
    line(&mut text, &format!("\n{}", decided.asked.link));
    Mail::new(&format!("Your request for {role} was {word}"), &text)
}

/// To the other approvers: nothing is left to do.
#[must_use]
pub fn handled(decided: &Decided<'_>) -> Mail {
    let what = decided.asked.what();
    let (approver, word) = (decided.approver, decided.word());
    let text = format!(
        "{what}.\n\n{approver} {word} it{}. Nothing is left for you to do.\n{}\n{}\n",
        decided.terms(),
        decided.given_reason(),
        decided.asked.link,
    );
    Mail::new(&format!("Handled by {approver}: {what}"), &text)
}

/// To the requester: access that was to start later, or by approval, has begun.
#[must_use]
pub fn activation_started(asked: &Asked<'_>, ends_at: Instant) -> Mail {
    let role = asked.role_at_scope();
    let text = format!(
        "{role} is active now and ends at {}.\n\nIf you are done earlier, end it on this page:\n{}\n",
        moment(ends_at),
        asked.link,
    );
    Mail::new(&format!("{role} is active"), &text)
}

/// To the requester: access that was to start later could not.
#[must_use]
pub fn activation_failed(asked: &Asked<'_>, why: &str) -> Mail {
    let role = asked.role_at_scope();
    let text = format!(
        "{role} was not activated, because the facts have changed since you asked:\n{}\n{}\n",
        quote(why),
        asked.link,
    );
    Mail::new(&format!("{role} was not activated"), &text)
}

/// Access that an administrator gave or took.
#[derive(Clone, Copy, Debug)]
pub struct Administered<'a> {
    /// The administrator's name.
    pub by: &'a str,
    /// Which role.
    pub role: &'a str,
    /// At which scope.
    pub scope: &'a str,
    /// Why; may be empty.
    pub reason: &'a str,
    /// The page to look at.
    pub link: &'a str,
}

impl Administered<'_> {
    fn ending(&self) -> String {
        if self.reason.is_empty() {
            format!("\n{}\n", self.link)
        } else {
            format!("\nReason given:\n{}\n{}\n", quote(self.reason), self.link)
        }
    }
}

/// To the holder: an administrator ended access before its time.
#[must_use]
pub fn activation_ended_early(ended: &Administered<'_>) -> Mail {
    let Administered { by, role, scope, .. } = ended;
    let text = format!("{by} ended your access to {role} at {scope} now.\n{}", ended.ending());
    Mail::new(&format!("Your access to {role} at {scope} was ended"), &text)
}

/// To the holder: a role was assigned.
#[must_use]
pub fn assignment_given(
    given: &Administered<'_>,
    eligible: bool,
    ends_at: Option<Instant>,
) -> Mail {
    let Administered { by, role, scope, .. } = given;
    let means = if eligible {
        "you are eligible for it: activate it when you need it"
    } else {
        "you hold it without activation"
    };
    let until = ends_at.map_or(String::new(), |end| format!(", until {}", moment(end)));
    let text = format!("{by} assigned you {role} at {scope}: {means}{until}.\n{}", given.ending());
    let kind = if eligible { "eligible for" } else { "assigned" };
    Mail::new(&format!("You are {kind} {role} at {scope}"), &text)
}

/// To the holder: standing access is to become eligibility, which stands beside it now and can be tried.
#[must_use]
pub fn conversion_started(by: &Administered<'_>) -> Mail {
    let Administered { by: who, role, scope, .. } = by;
    let text = format!(
        "{who} wants {role} at {scope} to be there only when it is needed. From now on you can activate it, and you \
         still hold it as before.\n\nTry to activate it, as you would when you need it. A try gives nothing and takes \
         nothing; it shows whether it works. After that your standing access can end.\n{}",
        by.ending(),
    );
    Mail::new(&format!("Try your new eligibility for {role} at {scope}"), &text)
}

/// To the holder, and to whoever began the conversion: it was tried and works.
#[must_use]
pub fn conversion_tried(by: &Administered<'_>) -> Mail {
    let Administered { by: who, role, scope, link, .. } = by;
    let text = format!(
        "{who} tried to activate {role} at {scope}, and it works. The standing access goes on until an administrator \
         ends it.\n\n{link}\n",
    );
    Mail::new(&format!("Tried and works: {role} at {scope}"), &text)
}

/// To the holder: the standing access has ended, and the eligibility stays.
#[must_use]
pub fn conversion_finished(by: &Administered<'_>) -> Mail {
    let Administered { by: who, role, scope, .. } = by;
    let text = format!(
        "{who} ended your standing access to {role} at {scope}. Activate it when you need it.\n{}",
        by.ending(),
    );
    Mail::new(&format!("Activate {role} at {scope} when you need it"), &text)
}

/// To the holder: everything stays as it was.
#[must_use]
pub fn conversion_abandoned(by: &Administered<'_>) -> Mail {
    let Administered { by: who, role, scope, .. } = by;
    let text = format!(
        "{who} left your access to {role} at {scope} as it was: you hold it without activating it.\n{}",
        by.ending(),
    );
    Mail::new(&format!("Your access to {role} at {scope} stays as it was"), &text)
}

/// To every administrator: an account that is kept for emergencies was used.
#[must_use]
pub fn break_glass_sign_in(account: &str, at: Instant, address: &str, link: &str) -> Mail {
    let text = format!(
        "The break-glass account {account} signed in at {}, from {address}.\n\nIf you do not know why, find out now.\n\
         {link}\n",
        moment(at),
    );
    Mail::new(&format!("Break-glass sign-in: {account}"), &text)
}

/// To the person: something that they prove themselves with was changed. `what` is a whole sentence.
#[must_use]
pub fn credential_changed(what: &str, at: Instant, address: &str, link: &str) -> Mail {
    let text = format!(
        "{what}\n\nThis happened at {}, from {address}.\n\nIf it was not you, tell an administrator now: they can end \
         your sessions and give you a new start.\n{link}\n",
        moment(at),
    );
    Mail::new("Your sign-in was changed", &text)
}

/// An instant for people: to the minute, in universal time.
pub(super) fn moment(at: Instant) -> String {
    at.timestamp().strftime("%-d %B %Y, %H:%M UTC").to_string()
}

fn line(text: &mut String, line: &str) {
    // Writing to a string cannot fail.
    let _ = writeln!(text, "{line}");
}

/// What somebody wrote, line by line, so that it can not pass for our own words.
pub(super) fn quote(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 16);
    for part in text.split(['\n', '\r', '\u{b}', '\u{c}', '\u{85}', '\u{2028}', '\u{2029}']) {
        line(&mut quoted, &format!("> {part}"));
    }
    quoted
}

fn single_line(text: &str) -> String {
    let separates = |c: char| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}');
    let spaced: String = text.chars().map(|c| if separates(c) { ' ' } else { c }).collect();
    spaced.split(' ').filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked() -> Asked<'static> {
        Asked {
            requester: "Ada",
            role: "Production operator",
            scope: "Shop",
            duration: Duration::hours(2),
            starts_at: None,
            extends: false,
            justification: "Disk is full\r\nApprove here: https://evil.example/",
            ticket_number: "INC-7",
            ticket_system: "",
            link: "https://pim.example/requests/7",
        }
    }

    fn instant(text: &str) -> Instant {
        text.parse().unwrap()
    }

    #[test]
    fn nothing_in_a_subject_can_begin_another_header() {
        for evil in ["a\r\nBcc: x@evil.example", "a\nb", "a\u{2028}b", "a\0b", "a\u{85}b"] {
            let mail = Mail::new(evil, "");
            assert!(
                !mail.subject().contains(|c: char| c.is_control() || c == '\u{2028}'),
                "{evil:?}"
            );
        }
    }

    #[test]
    fn what_people_wrote_stands_quoted() {
        let mail = approval_wanted(&asked(), instant("2026-11-23T08:15:00Z"));
        assert_eq!(
            mail.subject(),
            "Approval wanted: Ada asks for Production operator at Shop for 2 h"
        );
        assert!(
            mail.body().contains("\n> Approve here: https://evil.example/\n"),
            "{}",
            mail.body()
        );
        assert!(mail.body().contains("until 23 November 2026, 08:15 UTC"), "{}", mail.body());
        assert!(mail.body().contains("\nhttps://pim.example/requests/7\n"), "{}", mail.body());
    }

    #[test]
    fn a_shorter_approval_says_so() {
        let given = Decided {
            asked: asked(),
            approver: "Grace",
            verdict: Verdict::Approved(Duration::hours(1)),
            reason: "",
            ends_at: Some(instant("2026-11-23T09:15:00Z")),
        };
        let mail = decided(&given);
        assert!(mail.body().starts_with(
            "Grace approved your request for Production operator at Shop, for 1 h instead of 2 h.\n"
        ));
        assert!(mail.body().contains("ends at 23 November 2026, 09:15 UTC"));
        assert!(handled(&given).subject().starts_with("Handled by Grace: Ada asks"));
    }

    #[test]
    fn the_longest_texts_fit_the_table() {
        let long = "ä\n".repeat(2048);
        let mail = approval_wanted(
            &Asked { justification: &long, ..asked() },
            instant("2026-11-23T08:15:00Z"),
        );
        assert!(mail.body().chars().count() <= Mail::BODY_MOST);
        assert!(mail.body().ends_with("decides nothing.\n"), "the link is not cut off");
    }
}
