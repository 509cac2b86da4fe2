//! What is told of access that was taken in an emergency, and of its review.
use super::{letter::Letter, occasion::Audience, request::Asked};
use crate::domain::{emergency::ReviewVerdict, language::Message, time::Instant};

/// Access was taken in an emergency, past the approvers, until `ends_at`; somebody else reviews it by `due_at`.
#[must_use]
pub fn used(asked: &Asked<'_>, (ends_at, due_at): (Instant, Instant), to: Audience) -> Letter {
    let (opening, closing) = if to == Audience::Requester {
        ("notice-emergency-own", "notice-emergency-reviewed")
    } else {
        ("notice-emergency", "notice-emergency-review")
    };
    asked
        .letter(asked.about("notice-emergency-subject"), asked.about(opening))
        .fact("notice-until", ends_at)
        .fact("notice-review-by", due_at)
        .close(Message::new(closing))
        .link("notice-open-request", asked.link)
}

/// To whoever it was: somebody has looked at it.
#[must_use]
pub fn reviewed(
    asked: &Asked<'_>,
    reviewer: &str,
    (verdict, note): (ReviewVerdict, &str),
) -> Letter {
    let found = match verdict {
        ReviewVerdict::Justified => "notice-emergency-justified",
        ReviewVerdict::NotJustified => "notice-emergency-not-justified",
    };
    let subject = asked.about("notice-emergency-reviewed-subject").with("reviewer", reviewer);
    Letter::new(subject, asked.about(found).with("reviewer", reviewer))
        .fact("notice-role", asked.role)
        .fact("notice-scope", asked.scope)
        .quoting("notice-reason-given", note)
        .link("notice-open-request", asked.link)
}

/// To whoever was told of it: nobody has looked at it in time.
#[must_use]
pub fn overdue(asked: &Asked<'_>, due_at: Instant) -> Letter {
    asked
        .letter(
            asked.about("notice-emergency-overdue-subject"),
            asked.about("notice-emergency-overdue"),
        )
        .fact("notice-review-by", due_at)
        .link("notice-open-request", asked.link)
}
