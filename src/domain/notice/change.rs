//! What is told of changes that need somebody else's word, and of terms that changed.
use super::{letter::Letter, occasion::Audience};
use crate::domain::{
    assignment::AssignmentKind,
    change_notice::Wanted,
    change_request::{ChangeState, Write},
    language::{Argument, Message},
    settings::{self, Difference, Names},
    time::Instant,
};

/// What is wanted, as a part of a sentence.
#[must_use]
pub fn what(wanted: &Wanted<'_>) -> Message {
    let kind = |kind: AssignmentKind, eligible, active| match kind {
        AssignmentKind::Eligible => eligible,
        AssignmentKind::Active => active,
    };
    let key = match wanted.write {
        Write::SaveSettings { .. } => "notice-change-settings",
        Write::Assign { kind: it, .. } => {
            kind(*it, "notice-change-assign-eligible", "notice-change-assign-active")
        }
        Write::UpdateAssignment { .. } => "notice-change-dates",
        Write::ConvertAssignment { to, .. } => {
            kind(*to, "notice-change-to-eligible", "notice-change-to-active")
        }
        Write::MoveScope { .. } => "notice-change-place",
        Write::ChangeRole { .. } => "notice-change-role",
        Write::ExtendAssignment { .. } => "notice-change-more-time",
        Write::RenewAssignment { .. } => "notice-change-again",
        Write::ApplyPolicy { .. } => "notice-change-policy",
    };
    Message::new(key)
        .with("role", wanted.role)
        .with("subject", wanted.subject)
        .with("scope", wanted.scope)
}

fn about(wanted: &Wanted<'_>, key: &'static str) -> Message {
    Message::new(key).with("author", wanted.author).with("what", what(wanted))
}

fn letter(wanted: &Wanted<'_>, subject: Message, opening: Message) -> Letter {
    let what: Argument = what(wanted).into();
    Letter::new(subject, opening)
        .fact("notice-author", wanted.author)
        .fact("notice-what", what)
        .fact("notice-scope", wanted.scope)
        .quoting("notice-reason", wanted.reason)
}

/// To everybody who can decide it: somebody waits for a word.
#[must_use]
pub fn wanted(wanted: &Wanted<'_>, decide_by: Instant) -> Letter {
    let (subject, opening) =
        (about(wanted, "notice-change-wanted-subject"), about(wanted, "notice-change-wanted"));
    letter(wanted, subject, opening)
        .fact("notice-decide-by", decide_by)
        .close(Message::new("notice-change-decide"))
        .link("notice-open-change", wanted.link)
}

/// What became of it: to its author, or to the others who could have decided. `why` is what the decider said, or why it
/// failed.
#[must_use]
pub fn closed(
    wanted: &Wanted<'_>,
    state: ChangeState,
    (by, why): (&str, &str),
    to: Audience,
) -> Letter {
    let (subject, opening) = match state {
        ChangeState::CarriedOut => ("notice-change-done-subject", "notice-change-done"),
        ChangeState::Declined => ("notice-change-declined-subject", "notice-change-declined"),
        ChangeState::Failed => ("notice-change-failed-subject", "notice-change-failed"),
        ChangeState::Lapsed => ("notice-change-lapsed-subject", "notice-change-lapsed"),
        ChangeState::Withdrawn => ("notice-change-withdrawn-subject", "notice-change-withdrawn"),
        ChangeState::Pending => ("notice-change-wanted-subject", "notice-change-wanted"),
    };
    let label = if state == ChangeState::Failed { "notice-because" } else { "notice-reason-given" };
    let letter = letter(wanted, about(wanted, subject), about(wanted, opening))
        .fact("notice-decided-by", by)
        .quoting(label, why);
    let letter = if to == Audience::Requester {
        letter
    } else {
        letter.close(Message::new("notice-nothing-left"))
    };
    letter.link("notice-open-change", wanted.link)
}

/// Terms that were weaker for a short while.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PutBack {
    /// Since when.
    pub since: Instant,
    /// How many activations began meanwhile.
    pub begun: i64,
}

/// Terms that changed, as mails tell of them.
#[derive(Clone, Copy, Debug)]
pub struct NewTerms<'a> {
    /// Who changed them.
    pub by: &'a str,
    /// Of which role.
    pub role: &'a str,
    /// Where.
    pub scope: &'a str,
    /// How many places below follow.
    pub below: usize,
    /// Whether they ask for less than before.
    pub weaker: bool,
    /// What they were meanwhile, if they were made weaker a short while ago and are stricter again.
    pub put_back: Option<PutBack>,
    /// Each field that differs.
    pub differences: &'a [Difference],
    /// What those are called that it names.
    pub names: &'a Names,
    /// Why.
    pub reason: &'a str,
    /// The page to look at.
    pub link: &'a str,
}

/// To administrators: the terms of a role changed.
#[must_use]
pub fn settings_changed(terms: &NewTerms<'_>) -> Letter {
    let about = |key| {
        Message::new(key).with("by", terms.by).with("role", terms.role).with("scope", terms.scope)
    };
    let subject = match terms.put_back {
        Some(_) => "notice-settings-put-back-subject",
        None if terms.weaker => "notice-settings-weaker-subject",
        None => "notice-settings-subject",
    };
    let mut letter = Letter::new(about(subject), about("notice-settings"))
        .fact("notice-by", terms.by)
        .fact("notice-role", terms.role)
        .fact("notice-scope", terms.scope);
    if let Some(PutBack { since, begun }) = terms.put_back {
        letter = letter
            .fact("notice-settings-weak-since", since)
            .fact("notice-settings-begun", begun)
            .close(Message::new("notice-settings-put-back"));
    }
    if terms.below > 0 {
        letter = letter.fact("notice-places-below", terms.below);
    }
    let value = |one: &Difference, words: &str| settings::value(one.field, words, terms.names);
    let change = |one: &Difference| super::letter::Line {
        text: Message::new("notice-setting")
            .with("field", settings::label(one.field))
            .with("before", value(one, &one.before))
            .with("after", value(one, &one.after)),
        link: String::new(),
    };
    if !terms.differences.is_empty() {
        letter.lists.push(super::letter::List {
            title: Message::new("notice-what-changed"),
            lines: terms.differences.iter().map(change).collect(),
        });
    }
    letter.quoting("notice-reason-given", terms.reason).link("notice-open", terms.link)
}

/// To administrators: nobody can give the approval any more that the terms of a role ask for.
#[must_use]
pub fn approval_unreachable(role: &str, scope: &str, link: &str) -> Letter {
    let about = |key| Message::new(key).with("role", role).with("scope", scope);
    Letter::new(about("notice-unreachable-subject"), about("notice-unreachable"))
        .fact("notice-role", role)
        .fact("notice-scope", scope)
        .close(Message::new("notice-unreachable-settings"))
        .link("notice-open-settings", link)
}
