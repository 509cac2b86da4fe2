//! One table of a file, key by key.
use std::{collections::BTreeSet, fmt::Display, str::FromStr};

use toml::de::{DeTable, DeValue};

use super::super::{
    document::{At, Fault},
    place::HolderName,
    terms::{FIELDS, OwnTerms, Sort, Value},
};
use crate::domain::{
    approval::{Agreement, Approver, Conditions, Escalation, Hours, Silence, Stage, Weekday},
    assignment::AssignmentKind,
    notice::rule::Notices,
    permission::{Permission, Permissions},
    role::ScopeKind,
    settings::Authentication,
    text::Name,
    time::Instant,
};

/// One table while it is read. Keys that nobody asked for are faults.
pub(super) struct Row<'row, 'text> {
    at: At,
    lines: &'row Lines,
    table: &'row DeTable<'text>,
    asked: Vec<&'static str>,
    faults: Vec<Fault>,
}

impl<'row, 'text> Row<'row, 'text> {
    pub(super) fn new(at: At, lines: &'row Lines, table: &'row DeTable<'text>) -> Self {
        Self { at, lines, table, asked: Vec::new(), faults: Vec::new() }
    }

    /// What is wrong with the table, after everything was asked for.
    pub(super) fn finish(mut self) -> Vec<Fault> {
        for key in self.table.keys() {
            let name = key.get_ref().as_ref();
            if !self.asked.contains(&name) {
                let mut known = self.asked.clone();
                known.dedup();
                let message = format!("unknown key: here are known {}", known.join(", "));
                let at = At { line: self.lines.at(key.span().start), ..self.at };
                self.faults.push(Fault { at, key: name.to_owned(), message });
            }
        }
        self.faults
    }

    pub(super) fn fault(&mut self, key: &str, message: String) {
        let found = self.table.iter().find(|(known, _)| known.get_ref() == key);
        let at = match found {
            Some((key, _)) => At { line: self.lines.at(key.span().start), ..self.at },
            None => self.at,
        };
        self.faults.push(Fault { at, key: key.to_owned(), message });
    }

    pub(super) fn missing(&mut self, key: &'static str) {
        if self.value(key).is_none() {
            self.fault(key, "this is missing".to_owned());
        }
    }

    fn value(&mut self, key: &'static str) -> Option<&'row DeValue<'text>> {
        self.asked.push(key);
        self.table.get(key).map(toml::Spanned::get_ref)
    }

    /// What is read from a text.
    pub(super) fn text<T: FromStr<Err: Display>>(&mut self, key: &'static str) -> Option<T> {
        let message = match self.value(key)? {
            DeValue::String(text) => match text.parse() {
                Ok(read) => return Some(read),
                Err(error) => error.to_string(),
            },
            _ => "write a text in quotation marks".to_owned(),
        };
        self.fault(key, message);
        None
    }

    /// The same of a key that must be there.
    pub(super) fn required<T: FromStr<Err: Display>>(&mut self, key: &'static str) -> Option<T> {
        self.missing(key);
        self.text(key)
    }

    pub(super) fn flag(&mut self, key: &'static str) -> Option<bool> {
        if let DeValue::Boolean(flag) = self.value(key)? {
            return Some(*flag);
        }
        self.fault(key, "write true or false".to_owned());
        None
    }

    /// An instant, with or without quotation marks.
    pub(super) fn instant(&mut self, key: &'static str) -> Option<Instant> {
        let read = match self.value(key)? {
            DeValue::Datetime(at) => at.to_string().parse().ok(),
            DeValue::String(text) => text.parse().ok(),
            _ => None,
        };
        if read.is_none() {
            let message = "write an instant with its time zone, such as 2027-01-31T18:00:00Z";
            self.fault(key, message.to_owned());
        }
        read
    }

    /// The texts of a list.
    fn list(&mut self, key: &'static str) -> Option<Vec<String>> {
        let texts = match self.value(key)? {
            DeValue::Array(items) => items
                .iter()
                .map(|item| match item.get_ref() {
                    DeValue::String(text) => Some(text.to_string()),
                    _ => None,
                })
                .collect(),
            _ => None,
        };
        if texts.is_none() {
            self.fault(key, "write a list of texts, such as [\"one\", \"another\"]".to_owned());
        }
        texts
    }

    /// The kinds of place in a list, each once, from the outermost to the innermost.
    pub(super) fn kinds_of_place(&mut self, key: &'static str) -> Option<Vec<ScopeKind>> {
        let names = ScopeKind::ALL.map(ScopeKind::name);
        let kinds = self.named(key, ScopeKind::named, ("kind of place", &names))?;
        Some(ScopeKind::in_order(&kinds))
    }

    /// The permissions in a list.
    pub(super) fn permissions(&mut self, key: &'static str) -> Option<Permissions> {
        let names = Permission::ALL.map(|(_, name)| name);
        let permissions = self.named(key, Permission::named, ("permission", &names))?;
        Some(permissions.into_iter().collect())
    }

    /// What the names in a list stand for, if each of them stands for something.
    fn named<T>(
        &mut self,
        key: &'static str,
        known: impl Fn(&str) -> Option<T>,
        (what, names): (&str, &[&str]),
    ) -> Option<Vec<T>> {
        let texts = self.list(key)?;
        let found: Option<Vec<_>> = texts.iter().map(|text| known(text)).collect();
        for text in texts.iter().filter(|text| known(text).is_none()) {
            self.fault(key, format!("{text} is no {what}: there are {}", names.join(", ")));
        }
        found
    }

    /// The fields of terms that are there.
    pub(super) fn terms(&mut self) -> OwnTerms<HolderName, Name> {
        let mut terms = OwnTerms::default();
        for (field, sort) in FIELDS {
            let value = match sort {
                Sort::Length => self.text(field).map(Value::Length),
                Sort::Flag => self.flag(field).map(Value::Flag),
                Sort::Authentication => {
                    self.text(field).map(|Proof(proof)| Value::Authentication(proof))
                }
                Sort::Stages => self.stages(field).map(Value::Stages),
                Sort::Notices => self.notices(field).map(Value::Notices),
            };
            if let Some(value) = value {
                terms.values.insert(field, value);
            }
        }
        terms
    }

    /// Who is told of what: a table of cells.
    fn notices(&mut self, key: &'static str) -> Option<Notices> {
        match serde_json::from_value(plain(self.value(key)?)) {
            Ok(notices) => Some(notices),
            Err(error) => {
                self.fault(key, format!("{error}, such as {{ \"ended.requester\" = {{ default_recipients = false }} }}"));
                None
            }
        }
    }

    /// The tables in a list, each read by itself.
    fn tables<T>(
        &mut self,
        key: &'static str,
        read: impl Fn(&mut Row<'row, 'text>) -> T,
    ) -> Option<Vec<T>> {
        let DeValue::Array(items) = self.value(key)? else {
            self.fault(
                key,
                "write a list of tables, such as [{ approvers = [\"manager\"] }]".to_owned(),
            );
            return None;
        };
        let mut found = Vec::with_capacity(items.len());
        for item in items {
            let DeValue::Table(table) = item.get_ref() else {
                self.fault(key, "write a table, such as { approvers = [\"manager\"] }".to_owned());
                continue;
            };
            let at = At { line: self.lines.at(item.span().start), ..self.at };
            let mut row = Row::new(at, self.lines, table);
            found.push(read(&mut row));
            self.faults.extend(row.finish());
        }
        Some(found)
    }

    /// A table, read by itself.
    fn table<T>(
        &mut self,
        key: &'static str,
        read: impl Fn(&mut Row<'row, 'text>) -> T,
    ) -> Option<T> {
        let DeValue::Table(table) = self.value(key)? else {
            self.fault(key, "write a table in braces".to_owned());
            return None;
        };
        let mut row = Row::new(self.at, self.lines, table);
        let found = read(&mut row);
        self.faults.extend(row.finish());
        Some(found)
    }

    fn stages(&mut self, key: &'static str) -> Option<Vec<Stage<HolderName, Name>>> {
        self.tables(key, |row| {
            let usual = Stage::of(row.approvers("approvers"));
            let after = row.text("escalate_after");
            let later = row.approvers("escalate_to");
            if after.is_none() && !later.is_empty() {
                row.missing("escalate_after");
            }
            Stage {
                agree: row.agreement("agree").unwrap_or(usual.agree),
                timeout: row.text("timeout").unwrap_or(usual.timeout),
                escalation: after.map(|after| Escalation { after, approvers: later }),
                on_silence: row
                    .text("on_silence")
                    .map_or(usual.on_silence, |Quiet(silence)| silence),
                requires_justification: row
                    .flag("requires_justification")
                    .unwrap_or(usual.requires_justification),
                authentication: row
                    .text("authentication")
                    .map_or(usual.authentication, |Proof(proof)| proof),
                skipped_if: row.table("skipped_if", Row::conditions).unwrap_or_default(),
                ..usual
            }
        })
    }

    fn approvers(&mut self, key: &'static str) -> BTreeSet<Approver<HolderName, Name>> {
        let mut approvers = BTreeSet::new();
        for text in self.list(key).unwrap_or_default() {
            match text.parse() {
                Ok(approver) => {
                    approvers.insert(approver);
                }
                Err(error) => self.fault(
                    key,
                    format!("{text}: {error}, or write manager, scope owners, or holders of and the name of a role"),
                ),
            }
        }
        approvers
    }

    fn agreement(&mut self, key: &'static str) -> Option<Agreement> {
        let read = match self.value(key)? {
            DeValue::Integer(number) => number.as_str().parse().ok().map(Agreement::People),
            DeValue::String(text) if text == "each" => Some(Agreement::Each),
            _ => None,
        };
        if read.is_none() {
            self.fault(key, "write how many must agree, or \"each\"".to_owned());
        }
        read
    }

    fn conditions(row: &mut Row<'row, 'text>) -> Conditions<HolderName> {
        Conditions {
            no_longer_than: row.text("no_longer_than"),
            within: row.table("within", Row::hours).flatten(),
            on_call: row.text("on_call"),
            ticket_verified: row.flag("ticket_verified").unwrap_or(false),
        }
    }

    fn hours(row: &mut Row<'row, 'text>) -> Option<Hours> {
        let names = Weekday::ALL.map(|(_, name)| name);
        let day = |text: &str| {
            let found = Weekday::ALL.iter().find(|(_, name)| name.eq_ignore_ascii_case(text));
            found.map(|(day, _)| *day)
        };
        let time_zone: Option<String> = row.required("time_zone");
        row.missing("days");
        let days = row.named("days", day, ("day of the week", &names));
        let (from, until) = (row.required("from"), row.required("until"));
        Some(Hours {
            time_zone: time_zone?,
            days: days?.into_iter().collect(),
            from: from?,
            until: until?,
        })
    }

    /// The names of the fields that are enforced below.
    pub(super) fn enforced(&mut self) -> BTreeSet<&'static str> {
        let mut enforced = BTreeSet::new();
        for text in self.list("enforced").unwrap_or_default() {
            match FIELDS.iter().find(|(field, _)| *field == text) {
                Some((field, _)) => {
                    enforced.insert(*field);
                }
                None => self.fault("enforced", format!("{text} is no field of the terms")),
            }
        }
        enforced
    }
}

/// A value without its places in the file.
fn plain(value: &DeValue<'_>) -> serde_json::Value {
    use serde_json::Value;
    match value {
        DeValue::Boolean(flag) => Value::Bool(*flag),
        DeValue::Array(items) => items.iter().map(|item| plain(item.get_ref())).collect(),
        DeValue::Table(table) => {
            let pair = |(key, value): (&toml::Spanned<_>, &toml::Spanned<DeValue<'_>>)| {
                let key: &std::borrow::Cow<'_, str> = key.get_ref();
                (key.to_string(), plain(value.get_ref()))
            };
            Value::Object(table.iter().map(pair).collect())
        }
        DeValue::String(text) => Value::String(text.to_string()),
        DeValue::Datetime(at) => Value::String(at.to_string()),
        DeValue::Integer(number) => Value::String(number.to_string()),
        DeValue::Float(number) => Value::String(number.to_string()),
    }
}

/// Where the lines of a text end.
pub(super) struct Lines(Vec<usize>);

impl Lines {
    pub(super) fn of(text: &str) -> Self {
        Self(
            text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n').map(|(at, _)| at).collect(),
        )
    }

    /// The line, from 1, of what stands at an offset.
    pub(super) fn at(&self, offset: usize) -> usize {
        self.0.partition_point(|end| *end < offset) + 1
    }
}

/// The kinds of place that are listed.
pub(super) struct PlaceKind(pub(super) ScopeKind);

impl FromStr for PlaceKind {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "folder" => Ok(Self(ScopeKind::Folder)),
            "system" => Ok(Self(ScopeKind::System)),
            "resource" => Ok(Self(ScopeKind::Resource)),
            _ => Err("write folder, system or resource"),
        }
    }
}

/// The kinds of assignment.
pub(super) struct HeldAs(pub(super) AssignmentKind);

impl FromStr for HeldAs {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "eligible" => Ok(Self(AssignmentKind::Eligible)),
            "active" => Ok(Self(AssignmentKind::Active)),
            _ => Err("write eligible or active"),
        }
    }
}

/// What must be proved.
struct Proof(Authentication);

impl FromStr for Proof {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "none" => Ok(Self(Authentication::None)),
            "mfa" => Ok(Self(Authentication::Mfa)),
            _ => Err("write none or mfa"),
        }
    }
}

/// What silence means.
struct Quiet(Silence);

impl FromStr for Quiet {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "deny" => Ok(Self(Silence::Deny)),
            "approve" => Ok(Self(Silence::Approve)),
            _ => Err("write deny or approve"),
        }
    }
}
