//! The terms of roles as people read them, in any language.
//!
//! Differences and the audit log keep values in English words with identifiers in them; here these are taken apart where
//! [`crate::domain::approval::to_words`] and [`Notices::words`](crate::domain::notice::rule::Notices::words) put them together.
use std::collections::BTreeMap;

use uuid::Uuid;

use crate::domain::{
    approval::Weekday,
    language::{Argument, Message, recognise},
    notice::{occasion::Cell, rule::Rule},
    time::Duration,
};

/// What people, groups and roles are called.
pub type Names = BTreeMap<Uuid, String>;

/// What a setting is called. A name that is no setting's is said itself.
#[must_use]
pub fn label(field: &str) -> Message {
    Message::new(match field {
        "maximum" => "settings-longest-activation",
        "authentication" => "settings-fresh-code",
        "requires_justification" => "word-reason",
        "requires_ticket" => "word-ticket",
        "requires_approval" => "word-approval",
        "stages" => "settings-who-approves",
        "allows_emergency" => "settings-emergencies",
        "emergency_maximum" => "settings-longest-emergency",
        // So it was called before there were stages.
        "approvers" => "settings-approvers",
        "approval_timeout" => "settings-a-request-waits-for",
        "approval_requires_justification" => "settings-approvers-reason",
        "eligible_may_be_permanent" => "settings-eligible-without-end",
        "eligible_maximum" => "settings-longest-dated-eligibility",
        "eligible_requires_justification" => "settings-reason-for-eligible-assignments",
        "eligible_requires_mfa" => "settings-fresh-code-for-eligible-assignments",
        "active_may_be_permanent" => "settings-active-without-end",
        "active_maximum" => "settings-longest-dated-active-assignment",
        "active_requires_justification" => "settings-reason-for-active-assignments",
        "active_requires_mfa" => "settings-fresh-code-for-active-assignments",
        "notices" => "notices-title",
        other => return Message::Text(other.to_owned()),
    })
}

/// A setting's value, from the words in which it is kept, with names instead of identifiers.
#[must_use]
pub fn value(field: &str, words: &str, names: &Names) -> Argument {
    let key = match (field, words) {
        ("stages" | "approvers", "") => "settings-nobody",
        ("stages" | "approvers", words) => return stages(words).with_names(names),
        ("notices", "") => "notices-as-shipped",
        ("notices", words) => return notices(words),
        ("authentication", "mfa") => "settings-asked-for",
        ("authentication", _) => "settings-not-asked-for",
        (_, "yes") => "settings-yes-inside",
        (_, "no") => "settings-no-inside",
        (_, words) => {
            return words.parse::<Duration>().map_or_else(|_| words.into(), Argument::from);
        }
    };
    Message::new(key).into()
}

/// All stages, one sentence each.
fn stages(words: &str) -> Argument {
    let sentence = |sentence: &str| {
        let mut parts = sentence.split("; ");
        let first = parts.next().map(who_and_when);
        Argument::Joined("; ", first.into_iter().chain(parts.map(remark)).collect())
    };
    Argument::Joined(". ", words.split(". ").map(sentence).collect())
}

/// What was said in English, in any language.
fn translated(english: &str) -> Argument {
    recognise(english).map_or_else(|| english.into(), Argument::from)
}

/// A length of time as it was before it was printed.
fn length(words: &str) -> Argument {
    words.parse::<Duration>().map_or_else(|_| translated(words), Argument::from)
}

/// What approvers have to give.
fn with(words: &str) -> Argument {
    match words {
        "a reason and a fresh proof" => Message::new("settings-stage-with-reason-and-code").into(),
        "a fresh proof" => Message::new("settings-stage-with-code").into(),
        _ => translated(&format!("with {words}")),
    }
}

fn remark(words: &str) -> Argument {
    match words.strip_prefix("skipped if ") {
        Some(words) => Message::new("settings-stage-skipped-if").with("rules", rules(words)).into(),
        None => translated(words),
    }
}

fn who_and_when(words: &str) -> Argument {
    let (words, given) = match words.split_once(", with ") {
        Some((words, given)) => (words, Some(with(given))),
        None => (words, None),
    };
    let (words, later) = words.split_once(", after ").unwrap_or((words, ""));
    let others = later.split_once(" also ").map(|(after, others)| {
        Message::new("settings-stage-after")
            .with("after", length(after))
            .with("who", people(others))
            .into()
    });
    Argument::Joined(", ", [Some(asked(words)), others, given].into_iter().flatten().collect())
}

fn asked(words: &str) -> Argument {
    let Some((who, time)) = words.split_once(" within ") else { return words.into() };
    let (key, many, who) = if let Some(who) = who.strip_prefix("One of ") {
        ("settings-stage-one-of", "", who)
    } else if let Some(who) = who.strip_prefix("One for each of ") {
        ("settings-stage-each-of", "", who)
    } else if let Some((many, who)) = who.split_once(" of ") {
        ("settings-stage-many-of", many, who)
    } else {
        return words.into();
    };
    Message::new(key).with("many", many).with("who", people(who)).with("time", length(time)).into()
}

fn people(words: &str) -> Argument {
    Argument::Joined(", ", words.split(", ").map(translated).collect())
}

/// The rules by which nobody is asked.
#[must_use]
pub fn rules(words: &str) -> Argument {
    match words.split_once(" and ") {
        None => rule(words),
        Some((first, others)) => {
            let and = Argument::from(Message::new("settings-rules-and"));
            Argument::Joined(" ", vec![rule(first), and, rules(others)])
        }
    }
}

fn rule(words: &str) -> Argument {
    let Some(hours) = words.strip_prefix("it begins within ") else { return translated(words) };
    let mut parts: Vec<_> = hours.split(", ").collect();
    let zone = parts.pop().and_then(|zone| zone.strip_suffix(" time")).unwrap_or_default();
    let (from, until) = parts.pop().and_then(|clock| clock.split_once(" to ")).unwrap_or_default();
    Message::new("settings-it-begins-within")
        .with("days", Argument::Joined(", ", parts.into_iter().map(days).collect()))
        .with("from", from)
        .with("until", until)
        .with("zone", zone)
        .into()
}

/// A day of the week by its English name, or some of them.
#[must_use]
pub fn days(name: &str) -> Argument {
    match (1_i64..).zip(Weekday::ALL).find(|(_, (_, known))| *known == name) {
        Some((number, _)) => Message::new("date-weekday").with("day", number).into(),
        None => translated(name),
    }
}

/// Who is told of what, cell by cell.
fn notices(words: &str) -> Argument {
    let cell = |part: &str| {
        let (name, rule) = part.split_once(": ").unwrap_or((part, ""));
        let Ok(cell) = name.parse::<Cell>() else { return part.into() };
        let who = vec![cell.occasion.title().into(), cell.audience_title().into()];
        Argument::Joined(": ", vec![Argument::Joined(", ", who), notice_rule(rule)])
    };
    Argument::Joined("; ", words.split("; ").map(cell).collect())
}

fn notice_rule(words: &str) -> Argument {
    let (told, rest) = words.split_once(' ').unwrap_or((words, ""));
    let key = if told == "on" { "notices-inside-on" } else { "notices-inside-off" };
    let mut said = vec![Message::new(key).into()];
    said.extend(rest.split(' ').filter(|word| word.starts_with('+')).map(Argument::from));
    if rest.contains(Rule::URGENT) {
        said.push(Message::new("notices-inside-urgent").into());
    }
    if rest.contains(Rule::ELIGIBLE) {
        said.push(Message::new("notices-inside-eligible").into());
    }
    Argument::Joined(", ", said)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{
        approval::{
            Agreement, Approver, Conditions, Escalation, Hours, Silence, Stage,
            to_words as in_words,
        },
        id::{PrincipalId, RoleId},
        language::{Language, Reader},
        settings::Authentication,
        text::with_names,
    };

    fn two_stages() -> (Vec<Stage>, Names) {
        let (ada, role) = (PrincipalId::new(), RoleId::new());
        let names = [(ada.0, "Ada".to_owned()), (role.0, "Watch".to_owned())].into();
        let first: Stage = Stage {
            agree: Agreement::Each,
            escalation: Some(Escalation {
                after: Duration::hours(2),
                approvers: [Approver::ScopeOwners].into(),
            }),
            requires_justification: true,
            authentication: Authentication::Mfa,
            skipped_if: Conditions {
                no_longer_than: Some(Duration::hours(1)),
                within: Some(Hours {
                    time_zone: "Europe/Copenhagen".to_owned(),
                    days: [Weekday::Monday, Weekday::Friday].into(),
                    from: "08:00".parse().unwrap(),
                    until: "16:00".parse().unwrap(),
                }),
                on_call: Some(ada),
                ticket_verified: true,
            },
            ..Stage::of([Approver::Principal(ada), Approver::RoleHolders(role)])
        };
        let second = Stage {
            agree: Agreement::People(2),
            on_silence: Silence::Approve,
            requires_justification: false,
            authentication: Authentication::None,
            ..Stage::of([Approver::Manager, Approver::Principal(ada)])
        };
        (vec![first, second], names)
    }

    #[test]
    fn stages_read_the_same_in_english_and_leave_no_english_in_danish() {
        let (stages, names) = two_stages();
        let words = in_words(&stages, ToString::to_string, ToString::to_string);
        let told = value("stages", &words, &names);
        let english = with_names(&words, |id| names.get(&id).cloned());
        // A proof is called a code wherever people read of it; what is kept stays as it is.
        assert_eq!(Reader::english().value(&told), english.replace("fresh proof", "fresh code"));
        let danish = Reader::new(Language::Danish, "Europe/Copenhagen").value(&told);
        assert!(danish.contains("Ada") && danish.contains("Watch"), "{danish}");
        assert!(danish.contains("inden for 24 t") && danish.contains("efter 2 t"), "{danish}");
        for left in [
            "One", " of ", "within", "after", "also", "with", "skipped", " and ", "silence",
            "Monday",
        ] {
            assert!(!danish.contains(left), "{left}: {danish}");
        }
    }
}
