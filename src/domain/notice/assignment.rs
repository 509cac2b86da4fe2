//! What is told of assignments: given, changed, taken, ending, and standing access that becomes eligibility.
use super::{
    letter::{Letter, Line, List},
    occasion::Audience,
};
use crate::domain::{
    assignment::AssignmentKind, id::AssignmentId, language::Message, reminder::ReminderKind,
    time::Instant,
};

/// The address where a holder asks for more time.
#[must_use]
pub fn more_time_link(public_url: &str, assignment: AssignmentId) -> String {
    format!("{public_url}/assignments/{assignment}/more-time")
}

/// What an administrator did with an assignment.
#[derive(Clone, Copy, Debug)]
pub struct Administered<'a> {
    /// The administrator's name.
    pub by: &'a str,
    /// Who holds it.
    pub holder: &'a str,
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
    fn about(&self, key: &'static str) -> Message {
        Message::new(key)
            .with("by", self.by)
            .with("holder", self.holder)
            .with("role", self.role)
            .with("scope", self.scope)
    }

    fn letter(&self, subject: &'static str, opening: &'static str) -> Letter {
        Letter::new(self.about(subject), self.about(opening))
            .fact("notice-holder", self.holder)
            .fact("notice-role", self.role)
            .fact("notice-scope", self.scope)
            .fact("notice-by", self.by)
    }

    fn finish(&self, letter: Letter) -> Letter {
        letter.quoting("notice-reason-given", self.reason).link("notice-open", self.link)
    }
}

fn until(letter: Letter, ends_at: Option<Instant>) -> Letter {
    match ends_at {
        Some(end) => letter.fact("notice-until", end),
        None => letter.fact("notice-until", Message::new("notice-without-end")),
    }
}

/// A role was assigned.
#[must_use]
pub fn given(
    given: &Administered<'_>,
    kind: AssignmentKind,
    ends_at: Option<Instant>,
    to: Audience,
) -> Letter {
    let (subject, opening) = match (to, kind) {
        (Audience::Requester, AssignmentKind::Eligible) => {
            ("notice-eligible-own-subject", "notice-eligible-own")
        }
        (Audience::Requester, AssignmentKind::Active) => {
            ("notice-active-own-subject", "notice-active-own")
        }
        (_, AssignmentKind::Eligible) => ("notice-eligible-subject", "notice-eligible"),
        (_, AssignmentKind::Active) => ("notice-active-subject", "notice-active"),
    };
    given.finish(until(given.letter(subject, opening), ends_at))
}

/// An assignment got other dates.
#[must_use]
pub fn changed(given: &Administered<'_>, ends_at: Option<Instant>, to: Audience) -> Letter {
    let (subject, opening) = if to == Audience::Requester {
        ("notice-changed-own-subject", "notice-changed-own")
    } else {
        ("notice-changed-subject", "notice-changed")
    };
    given.finish(until(given.letter(subject, opening), ends_at))
}

/// An assignment was taken away.
#[must_use]
pub fn removed(taken: &Administered<'_>, to: Audience) -> Letter {
    let (subject, opening) = if to == Audience::Requester {
        ("notice-removed-own-subject", "notice-removed-own")
    } else {
        ("notice-removed-subject", "notice-removed")
    };
    taken.finish(taken.letter(subject, opening))
}

/// To the holder: standing access is to become eligibility, which stands beside it now and can be tried.
#[must_use]
pub fn conversion_started(by: &Administered<'_>) -> Letter {
    let letter = by
        .letter("notice-conversion-started-subject", "notice-conversion-started")
        .close(Message::new("notice-conversion-try"));
    by.finish(letter)
}

/// To the holder, and to whoever began the conversion: it was tried and works.
#[must_use]
pub fn conversion_tried(by: &Administered<'_>) -> Letter {
    by.finish(by.letter("notice-conversion-tried-subject", "notice-conversion-tried"))
}

/// To the holder: the standing access has ended, and the eligibility stays.
#[must_use]
pub fn conversion_finished(by: &Administered<'_>) -> Letter {
    by.finish(by.letter("notice-conversion-finished-subject", "notice-conversion-finished"))
}

/// To the holder: everything stays as it was.
#[must_use]
pub fn conversion_abandoned(by: &Administered<'_>) -> Letter {
    by.finish(by.letter("notice-conversion-abandoned-subject", "notice-conversion-abandoned"))
}

/// An assignment that ends, as mails tell of it.
#[derive(Clone, Debug)]
pub struct Ending {
    /// Who holds it.
    pub holder: String,
    /// The role.
    pub role: String,
    /// Where.
    pub scope: String,
    /// Eligible or active.
    pub kind: AssignmentKind,
    /// When.
    pub ends_at: Instant,
}

impl Ending {
    fn about(&self, key: &'static str) -> Message {
        Message::new(key)
            .with("holder", &self.holder)
            .with("role", &self.role)
            .with("scope", &self.scope)
            .with("end", self.ends_at)
    }

    fn line(&self, link: &str) -> Line {
        let key = match self.kind {
            AssignmentKind::Eligible => "notice-ends-line-eligible",
            AssignmentKind::Active => "notice-ends-line-active",
        };
        Line { text: self.about(key), link: link.to_owned() }
    }
}

/// To its holder: an assignment ends, or has ended.
#[must_use]
pub fn ends(ending: &Ending, when: ReminderKind, link: &str) -> Letter {
    let (subject, label) = match when {
        ReminderKind::TwoWeeks => ("notice-ends-two-weeks-own-subject", "notice-ask-more-time"),
        ReminderKind::OneDay => ("notice-ends-a-day-own-subject", "notice-ask-more-time"),
        ReminderKind::Ended => ("notice-ended-assignment-own-subject", "notice-ask-again-link"),
    };
    let opening = match (when, ending.kind) {
        (ReminderKind::Ended, _) => "notice-ended-assignment-own",
        (_, AssignmentKind::Eligible) => "notice-ends-eligible-own",
        (_, AssignmentKind::Active) => "notice-ends-active-own",
    };
    Letter::new(ending.about(subject), ending.about(opening))
        .fact("notice-role", &ending.role)
        .fact("notice-scope", &ending.scope)
        .fact("notice-until", ending.ends_at)
        .link(label, link)
}

/// The most assignments that one mail to an administrator lists.
const LISTED: usize = 50;

/// To those who administer it: assignments of others end, or have ended. One at least is there.
#[must_use]
pub fn others_end(endings: &[&Ending], when: ReminderKind, link: &str) -> Letter {
    let (one, many, opening) = match when {
        ReminderKind::TwoWeeks => {
            ("notice-ends-two-weeks-subject", "notice-ends-two-weeks-many-subject", "notice-ends")
        }
        ReminderKind::OneDay => {
            ("notice-ends-a-day-subject", "notice-ends-a-day-many-subject", "notice-ends")
        }
        ReminderKind::Ended => (
            "notice-ended-assignment-subject",
            "notice-ended-assignment-many-subject",
            "notice-ended-assignments",
        ),
    };
    let count = endings.len();
    let subject = match endings {
        [only] => only.about(one),
        _ => Message::new(many).with("count", count),
    };
    let mut letter = Letter::new(subject, Message::new(opening).with("count", count));
    let mut lines: Vec<_> = endings.iter().take(LISTED).map(|ending| ending.line("")).collect();
    if let Some(more) = count.checked_sub(LISTED).filter(|more| *more > 0) {
        let text = Message::new("notice-and-more").with("count", more);
        lines.push(Line { text, link: String::new() });
    }
    letter.lists.push(List { title: Message::new("notice-assignments"), lines });
    letter.link("notice-open", link)
}
