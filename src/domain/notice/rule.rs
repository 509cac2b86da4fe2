//! Who is told of what about a role at a place: one rule for each cell, and what ships where nobody says otherwise.
use std::collections::BTreeMap;

use super::occasion::{Audience, Cell};
use crate::domain::{fault::FieldError, text::Email};

/// Which of what a cell tells is told.
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    Eq,
    serde::Serialize,
    serde::Deserialize,
    utoipa::ToSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// Everything.
    #[default]
    All,
    /// Only what asks something of whoever is told.
    ActionNeeded,
}

/// Who is told in one cell.
#[derive(
    Clone, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize, utoipa::ToSchema,
)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// Whether those are told whom it concerns.
    pub default_recipients: bool,
    /// Addresses that are told as well.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    pub recipients: Vec<Email>,
    /// Everything, or only what asks something of them.
    #[serde(default, skip_serializing_if = "is_all")]
    #[schema(required = false)]
    pub level: Level,
    /// Of administrators: those as well who could become one by activating a role.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    #[schema(required = false)]
    pub eligible_too: bool,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for a reference")]
fn is_all(level: &Level) -> bool {
    *level == Level::All
}

impl Rule {
    /// How its words say that only what asks for an act is told.
    pub const URGENT: &str = "only what asks for an act";
    /// How its words say that those who could become administrators are told as well.
    pub const ELIGIBLE: &str = "eligible ones too";
    /// The most addresses that one rule adds.
    pub const MOST_RECIPIENTS: usize = 20;

    /// Whether something that asks for an act, or does not, is told by this rule.
    #[must_use]
    pub fn lets_through(&self, asks: bool) -> bool {
        asks || self.level == Level::All
    }

    /// Whether those whom it concerns are told of what usually happens in this cell.
    fn tells(&self, cell: Cell) -> bool {
        self.default_recipients && self.lets_through(cell.asks())
    }

    fn words(&self) -> String {
        let mut words = vec![if self.default_recipients { "on" } else { "off" }.to_owned()];
        words.extend(self.recipients.iter().map(|address| format!("+{}", address.as_str())));
        if self.level == Level::ActionNeeded {
            words.push(Self::URGENT.to_owned());
        }
        if self.eligible_too {
            words.push(Self::ELIGIBLE.to_owned());
        }
        words.join(" ")
    }
}

/// The rules of a role at a place: those that differ from what ships. One field of the terms.
#[derive(
    Clone, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize, utoipa::ToSchema,
)]
#[serde(transparent)]
#[schema(value_type = std::collections::BTreeMap<String, Rule>)]
pub struct Notices(BTreeMap<Cell, Rule>);

impl Notices {
    /// The rule of a cell, for a role that is privileged or not. What nobody may switch off is told whatever is written.
    #[must_use]
    pub fn rule(&self, cell: Cell, privileged: bool) -> Rule {
        let shipped = cell.shipped(privileged);
        let Some(rule) = self.0.get(&cell) else { return shipped };
        if cell.is_fixed() {
            return Rule { default_recipients: true, level: Level::All, ..rule.clone() };
        }
        rule.clone()
    }

    /// Sets the rule of a cell.
    pub fn set(&mut self, cell: Cell, mut rule: Rule) {
        rule.recipients.sort_by_key(Email::folded);
        rule.recipients.dedup_by_key(|address| address.folded());
        self.0.insert(cell, rule);
    }

    /// The rules that are written here.
    pub fn iter(&self) -> impl Iterator<Item = (Cell, &Rule)> {
        self.0.iter().map(|(cell, rule)| (*cell, rule))
    }

    /// Whether nothing is said that does not ship.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// In words: each cell that differs from what ships. Two that say the same have the same words.
    #[must_use]
    pub fn words(&self) -> String {
        let cells: Vec<_> =
            self.0.iter().map(|(cell, rule)| format!("{cell}: {}", rule.words())).collect();
        cells.join("; ")
    }

    /// Whether administrators would no longer be told of something about a privileged role that they are told of now.
    #[must_use]
    pub fn weakened_by(&self, next: &Self) -> bool {
        Cell::of_roles()
            .filter(|cell| cell.audience == Audience::Administrators)
            .any(|cell| self.rule(cell, true).tells(cell) && !next.rule(cell, true).tells(cell))
    }

    /// What is wrong with these rules; empty if they may be saved.
    #[must_use]
    pub fn faults(&self) -> Vec<FieldError> {
        self.0.iter().flat_map(|(cell, rule)| faults_of(*cell, rule)).collect()
    }
}

fn faults_of(cell: Cell, rule: &Rule) -> Vec<FieldError> {
    let told = rule.default_recipients && rule.level == Level::All;
    [
        (cell.is_fixed() && !told).then(|| format!("{cell} can't be switched off")),
        (!cell.takes_others() && !rule.recipients.is_empty())
            .then(|| format!("{cell} goes to those alone who may decide: name no other addresses")),
        (rule.recipients.len() > Rule::MOST_RECIPIENTS)
            .then(|| format!("{cell}: at most {} addresses", Rule::MOST_RECIPIENTS)),
        (rule.eligible_too && cell.audience != Audience::Administrators)
            .then(|| format!("{cell}: only administrators can be eligible ones")),
    ]
    .into_iter()
    .flatten()
    .map(|message| FieldError::new("notices", message).at(format!("[{cell}]")))
    .collect()
}

#[cfg(test)]
mod tests {
    use super::{super::occasion::Occasion, *};

    fn cell(name: &str) -> Cell {
        name.parse().unwrap()
    }

    fn notices(name: &str, rule: Rule) -> Notices {
        let mut notices = Notices::default();
        notices.set(cell(name), rule);
        notices
    }

    fn off() -> Rule {
        Rule::default()
    }

    #[test]
    fn where_nothing_is_said_what_ships_holds() {
        let none = Notices::default();
        assert!(none.rule(cell("activated.administrators"), true).default_recipients);
        assert!(!none.rule(cell("activated.administrators"), false).default_recipients);
        let silent = notices("activated.administrators", off());
        assert!(!silent.rule(cell("activated.administrators"), true).default_recipients);
        assert!(silent.rule(cell("activated.requester"), true).default_recipients);
    }

    #[test]
    fn silence_about_a_privileged_role_towards_administrators_weakens() {
        let none = Notices::default();
        for (name, weaker) in [
            ("activated.administrators", true),
            ("ended.administrators", false),
            ("activated.requester", false),
            ("handled.approvers", false),
        ] {
            let silent = notices(name, off());
            assert_eq!(none.weakened_by(&silent), weaker, "{name}");
            assert!(!silent.weakened_by(&none), "{name}");
        }
        let urgent =
            Rule { default_recipients: true, level: Level::ActionNeeded, ..Rule::default() };
        assert!(none.weakened_by(&notices("settings_changed.administrators", urgent)));
    }

    #[test]
    fn what_may_not_be_said_is_refused_and_would_do_nothing() {
        let address = || vec![Email::parse("soc@example.org").unwrap()];
        for (name, rule) in [
            ("emergency_used.administrators", off()),
            ("approval_wanted.approvers", Rule { recipients: address(), ..Rule::default() }),
            ("decided.requester", Rule { eligible_too: true, ..Rule::default() }),
        ] {
            assert_eq!(notices(name, rule).faults().len(), 1, "{name}");
        }
        let silenced = notices("emergency_used.administrators", off());
        let emergency =
            Cell { occasion: Occasion::EmergencyUsed, audience: Audience::Administrators };
        assert!(silenced.rule(emergency, false).default_recipients);
        assert_eq!(
            notices("ended.requester", Rule { recipients: address(), ..off() }).faults(),
            []
        );
    }

    #[test]
    fn rules_are_written_short_and_read_back() {
        let rule = Rule {
            default_recipients: true,
            recipients: ["soc@example.org", "SOC@example.org", "a@example.org"]
                .map(|text| Email::parse(text).unwrap())
                .into(),
            level: Level::ActionNeeded,
            eligible_too: true,
        };
        let written = notices("activated.administrators", rule);
        let text = serde_json::to_string(&written).unwrap();
        assert_eq!(
            text,
            r#"{"activated.administrators":{"default_recipients":true,"recipients":["a@example.org","soc@example.org"],"level":"action_needed","eligible_too":true}}"#
        );
        assert_eq!(serde_json::from_str::<Notices>(&text).unwrap(), written);
        assert_eq!(
            written.words(),
            "activated.administrators: on +a@example.org +soc@example.org only what asks for an act eligible ones too"
        );
        assert!(
            serde_json::from_str::<Notices>(r#"{"nothing.at_all":{"default_recipients":true}}"#)
                .is_err()
        );
    }
}
