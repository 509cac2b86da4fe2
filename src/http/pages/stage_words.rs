//! The stages of an approval in the reader's language.
//!
//! They are kept in English words with identifiers in them, the same for differences and for the audit log; here these are taken
//! apart where `domain::approval::words` puts them together.
use crate::{
    domain::{approval::Weekday, text::with_names},
    http::language::{tell, translate},
    service::settings::Names,
};

/// All stages, one sentence each.
#[must_use]
pub fn told(words: &str, names: &Names) -> String {
    let told = words.split(". ").map(|sentence| {
        let mut parts = sentence.split("; ");
        let first = parts.next().map(who_and_when).unwrap_or_default();
        std::iter::once(first).chain(parts.map(remark)).collect::<Vec<_>>().join("; ")
    });
    with_names(&told.collect::<Vec<_>>().join(". "), |id| names.get(&id).cloned())
}

/// The rules by which nobody is asked.
#[must_use]
pub fn rules(words: &str) -> String {
    let rules: Vec<_> = words.split(" and ").map(rule).collect();
    rules.join(&format!(" {} ", tell!("settings-rules-and")))
}

fn rule(words: &str) -> String {
    let Some(hours) = words.strip_prefix("it begins within ") else { return translate(words) };
    let mut parts: Vec<_> = hours.split(", ").collect();
    let zone = parts.pop().and_then(|zone| zone.strip_suffix(" time")).unwrap_or_default();
    let (from, until) = parts.pop().and_then(|clock| clock.split_once(" to ")).unwrap_or_default();
    let days: Vec<_> = parts.into_iter().map(days).collect();
    let days = days.join(", ");
    tell!("settings-it-begins-within", days = days, from = from, until = until, zone = zone)
}

/// A day of the week by its English name, or some of them.
#[must_use]
pub fn days(name: &str) -> String {
    match (1_i64..).zip(Weekday::ALL).find(|(_, (_, known))| *known == name) {
        Some((number, _)) => tell!("date-weekday", day = number),
        None => translate(name),
    }
}

fn remark(words: &str) -> String {
    match words.strip_prefix("skipped if ") {
        Some(words) => tell!("settings-stage-skipped-if", rules = rules(words)),
        None => translate(words),
    }
}

fn who_and_when(words: &str) -> String {
    let (words, with) = match words.split_once(", with ") {
        Some((words, with)) => (words, translate(&format!("with {with}"))),
        None => (words, String::new()),
    };
    let (words, later) = words.split_once(", after ").unwrap_or((words, ""));
    let mut told = vec![asked(words)];
    if let Some((after, others)) = later.split_once(" also ") {
        told.push(tell!("settings-stage-after", after = translate(after), who = people(others)));
    }
    told.extend((!with.is_empty()).then_some(with));
    told.join(", ")
}

fn asked(words: &str) -> String {
    let Some((who, time)) = words.split_once(" within ") else { return words.to_owned() };
    let time = translate(time);
    if let Some(who) = who.strip_prefix("One of ") {
        tell!("settings-stage-one-of", who = people(who), time = time)
    } else if let Some(who) = who.strip_prefix("One for each of ") {
        tell!("settings-stage-each-of", who = people(who), time = time)
    } else if let Some((many, who)) = who.split_once(" of ") {
        tell!("settings-stage-many-of", many = many, who = people(who), time = time)
    } else {
        words.to_owned()
    }
}

fn people(words: &str) -> String {
    words.split(", ").map(translate).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        domain::{
            approval::{
                Agreement, Approver, Conditions, Escalation, Hours, Silence, Stage,
                to_words as words,
            },
            id::{PrincipalId, RoleId},
            language::{Language, Reader},
            settings::Authentication,
            time::Duration,
        },
        http::language::reading_as,
    };

    fn stages() -> (Vec<Stage>, Names) {
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

    #[tokio::test]
    async fn stages_read_the_same_in_english_and_leave_no_english_in_danish() {
        let (stages, names) = stages();
        let words = words(&stages, ToString::to_string, ToString::to_string);
        let english = with_names(&words, |id| names.get(&id).cloned());
        let english_again = reading_as(Reader::english(), async { told(&words, &names) }).await;
        assert_eq!(english_again, english);
        let reader = Reader::new(Language::Danish, "Europe/Copenhagen");
        let danish = reading_as(reader, async { told(&words, &names) }).await;
        assert!(danish.contains("Ada") && danish.contains("Watch"), "{danish}");
        for left in [
            "One", " of ", "within", "after", "also", "with", "skipped", " and ", "silence",
            "Monday",
        ] {
            assert!(!danish.contains(left), "{left}: {danish}");
        }
    }
}
