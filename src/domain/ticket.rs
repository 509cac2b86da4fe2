//! Tickets: what their numbers look like, where they are, and what the answer of a ticket system means.
use regex::Regex;
use serde_json::Value;

use super::percent;

/// What an operator says of a ticket system.
#[derive(Clone, Debug)]
pub struct Rules {
    /// What a number looks like, from its beginning to its end.
    pub pattern: Regex,
    /// The page of a ticket; `{number}` stands for its number.
    pub link: Option<String>,
    /// How its answers are read, if it is asked.
    pub answer: Option<AnswerRules>,
    /// Whether access ends when the ticket is closed.
    pub ends_access: bool,
}

/// How the answers of a ticket system are read.
#[derive(Clone, Debug)]
pub struct AnswerRules {
    /// Where the answer says whether the ticket is open: a JSON pointer.
    pub open_pointer: String,
    /// What it says there of an open one.
    pub open_values: Vec<String>,
    /// Where the answer names whom the ticket is assigned to: a JSON pointer.
    pub assignee_pointer: Option<String>,
    /// Whether that must be whoever asks, by mail address or by the name of the account.
    pub assignee_must_be_requester: bool,
}

/// What an answer means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The ticket is open, and theirs if it must be.
    Good(Found),
    /// It is not open.
    Closed(String),
    /// It is open, but somebody else's.
    NotTheirs,
    /// The answer does not say.
    Unclear,
}

/// What was found of a good ticket.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Found {
    /// What the system says of its state.
    pub state: String,
    /// Whom it is assigned to, if that was asked.
    pub assignee: Option<String>,
    /// Whether that is whoever asks. Of a ticket whose system does not say, it is not known to be.
    #[serde(default)]
    pub theirs: bool,
}

/// Reads what an operator wrote as the look of a number. It must fit the whole number.
pub fn pattern(text: &str) -> Result<Regex, regex::Error> {
    regex::RegexBuilder::new(&format!("^(?:{text})$")).size_limit(1 << 20).build()
}

/// An address with the number in it, so that nothing in the number can lead elsewhere.
#[must_use]
pub fn address(template: &str, number: &str) -> String {
    template.replace("{number}", &percent::encode(number))
}

impl Rules {
    /// Whether this can be a ticket's number. Nothing but dots would be another place, not a number, in an address.
    #[must_use]
    pub fn fits(&self, number: &str) -> bool {
        self.pattern.is_match(number) && number.contains(|letter| letter != '.')
    }
}

impl AnswerRules {
    /// What an answer means for somebody who is called `names`.
    #[must_use]
    pub fn judge(&self, answer: &Value, names: &[&str]) -> Verdict {
        let Some(state) = answer.pointer(&self.open_pointer).and_then(word) else {
            return Verdict::Unclear;
        };
        if !self.open_values.iter().any(|open| same(open, &state)) {
            return Verdict::Closed(state);
        }
        let assignee =
            self.assignee_pointer.as_ref().and_then(|at| answer.pointer(at)).and_then(word);
        let theirs =
            assignee.as_ref().is_some_and(|assignee| names.iter().any(|name| same(name, assignee)));
        if self.assignee_must_be_requester && !theirs {
            return Verdict::NotTheirs;
        }
        Verdict::Good(Found { state, assignee, theirs })
    }
}

/// A value as a word; a list or an object is none.
fn word(value: &Value) -> Option<String> {
    let word = match value {
        Value::String(text) => text.clone(),
        Value::Bool(_) | Value::Number(_) => value.to_string(),
        Value::Null | Value::Array(_) | Value::Object(_) => return None,
    };
    Some(word.chars().filter(|c| !c.is_control()).take(200).collect())
}

fn same(left: &str, right: &str) -> bool {
    left.trim().to_lowercase() == right.trim().to_lowercase()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn rules(must_be_theirs: bool) -> AnswerRules {
        AnswerRules {
            open_pointer: "/fields/status/name".into(),
            open_values: vec!["Open".into(), "In Progress".into()],
            assignee_pointer: Some("/fields/assignee/emailAddress".into()),
            assignee_must_be_requester: must_be_theirs,
        }
    }

    fn answer(state: &Value, assignee: &Value) -> Value {
        json!({ "fields": { "status": { "name": state }, "assignee": { "emailAddress": assignee } } })
    }

    #[test]
    fn only_an_open_ticket_of_the_requester_is_good() {
        let ada = ["ada@example.org", "ada"];
        let of =
            |state: Value, assignee: Value| rules(true).judge(&answer(&state, &assignee), &ada);
        assert!(matches!(of(json!("open"), json!("Ada@example.org")), Verdict::Good(_)));
        assert!(matches!(of(json!("In Progress"), json!("ada")), Verdict::Good(_)));
        assert_eq!(of(json!("Done"), json!("ada")), Verdict::Closed("Done".into()));
        assert_eq!(of(json!("Open"), json!("eve@example.org")), Verdict::NotTheirs);
        assert_eq!(of(json!("Open"), Value::Null), Verdict::NotTheirs);
        assert_eq!(of(Value::Null, json!("ada")), Verdict::Unclear);
        assert_eq!(of(json!(["Open"]), json!("ada")), Verdict::Unclear);
        assert_eq!(rules(true).judge(&json!("Open"), &ada), Verdict::Unclear);
        let any = rules(false).judge(&answer(&json!("Open"), &json!("eve")), &ada);
        assert!(matches!(any, Verdict::Good(Found { assignee: Some(_), .. })));
    }

    #[test]
    fn a_pattern_fits_the_whole_number_and_a_number_stays_within_its_place() {
        let pattern = pattern("INC-[0-9]+|CHG[0-9]{4}").unwrap();
        assert!(pattern.is_match("INC-12") && pattern.is_match("CHG0001"));
        for wrong in ["INC-12x", "xINC-12", "INC-12\n", "CHG1", "", "INC-1 or CHG0001"] {
            assert!(!pattern.is_match(wrong), "{wrong:?}");
        }
        let link = address("https://tickets.example/browse/{number}", "../a?b#c@d/é");
        assert!(link.starts_with("https://tickets.example/browse/"), "{link}");
        assert!(!link[31..].contains(['/', '?', '#', '@']), "{link}");
        assert!(super::pattern("(").is_err() && super::pattern("(a{1000}){1000}").is_err());
    }
}
