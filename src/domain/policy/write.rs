//! Writing what there is as files that people read and compare.
use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
};

use super::{
    document::File,
    names::Names,
    place::HolderName,
    state::{Assignment, State},
    terms::{FIELDS, OwnTerms, Value},
};
use crate::domain::{
    approval::{Agreement, Conditions, Silence, Stage},
    notice::{
        occasion::Cell,
        rule::{Level, Notices, Rule},
    },
    role::ScopeKind,
    settings::Authentication,
    text::{Name, fold},
    time::Duration,
};

const ROLES: &str = "\
# The roles of the organisation. Those that ship with Latchkey are there always and are not listed.
#
# id lets a role be recognised that gets another name; without it the name is what counts.
# held_at lists the kinds of place where it can be held: organization, folder, system, resource, group; without it, all but group.
# permissions lists what it allows in Latchkey, such as people.read; without it, nothing.
# What is not in this file stays as it is, unless it says prune = true above the first [[role]].
";
const SCOPES: &str = "\
# The places where roles are held, by their paths; groups are in groups.toml.
#
# kind is folder, system or resource. A place whose path changes is moved or renamed if it has its id,
# and is another place if it has none.
";
const GROUPS: &str = "\
# The groups and where they lie; / is the organisation. Who belongs to them is in assignments.toml.
";
const SETTINGS: &str = "\
# The terms of roles, field by field as each place sets them itself; all else is inherited from above.
# At the organisation (/) a field that is not here stays as it is. What is enforced, nobody below may change.
";
const ASSIGNMENTS: &str = "\
# Who holds which role where, and who belongs to groups (the role Member at the group). Activations are not listed.
#
# kind is eligible or active. Without until it is for good; without from it starts at once.
# A row may carry reason = \"…\", for the record when it is made.
";

/// Writes everything that whoever asks may see, by the names of the files. The same state gives the same text.
#[must_use]
pub fn write(state: &State) -> BTreeMap<String, String> {
    let names = Names::of(state);
    File::ALL
        .iter()
        .map(|(file, name)| {
            let (header, mut rows) = match file {
                File::Roles => (ROLES, roles(state)),
                File::Scopes => (SCOPES, scopes(state, &names)),
                File::Groups => (GROUPS, groups(state, &names)),
                File::Settings => (SETTINGS, templates(state, &names)),
                File::Assignments => (ASSIGNMENTS, assignments(state, &names)),
            };
            rows.sort();
            if *file == File::Settings {
                let mut said = terms(state, &names);
                said.sort();
                rows.extend(said);
            }
            let text =
                rows.into_iter().fold(header.to_owned(), |text, (_, row)| text + "\n" + &row);
            ((*name).to_owned(), text)
        })
        .collect()
}

/// A row and what it is sorted by.
type Sorted = (Vec<String>, String);

fn roles(state: &State) -> Vec<Sorted> {
    let own = state.roles.iter().filter(|role| !role.built_in);
    own.map(|role| {
        let mut row = Row::new("role");
        row.text("id", role.id).text("name", &role.name).text("description", &role.description);
        row.bare("privileged", role.privileged);
        if role.held_at != ScopeKind::USUAL {
            row.list("held_at", role.held_at.iter().map(|kind| kind.name()));
        }
        let permissions = role.permissions.names();
        if !permissions.is_empty() {
            row.list("permissions", permissions.into_iter());
        }
        (vec![role.name.folded()], row.0)
    })
    .collect()
}

fn scopes(state: &State, names: &Names) -> Vec<Sorted> {
    let seen = state.scopes.iter().filter(|scope| scope.seen);
    seen.filter_map(|scope| {
        let path = names.path(scope.id)?;
        let mut row = Row::new("scope");
        row.text("id", scope.id).text("path", path).text("kind", scope.kind.name());
        row.text("description", &scope.description);
        Some((path.folded(), row.0))
    })
    .collect()
}

fn groups(state: &State, names: &Names) -> Vec<Sorted> {
    let seen = state.groups.iter().filter(|group| group.seen);
    seen.filter_map(|group| {
        let mut row = Row::new("group");
        row.text("id", group.id).text("name", &group.name).text("description", &group.description);
        row.text("lies_in", names.path(group.parent)?);
        Some((vec![group.name.folded()], row.0))
    })
    .collect()
}

fn templates(state: &State, names: &Names) -> Vec<Sorted> {
    let own = state.templates.iter().filter(|template| !template.built_in);
    own.filter_map(|template| {
        let mut row = Row::new("template");
        row.text("id", template.id).text("name", &template.name);
        row.text("description", &template.description);
        row.terms(
            &template
                .terms
                .map(|id| names.holders.get(id).cloned(), |id| names.roles.get(id).cloned())?,
        );
        Some((vec![template.name.folded()], row.0))
    })
    .collect()
}

fn terms(state: &State, names: &Names) -> Vec<Sorted> {
    let said = state.terms.iter().filter(|terms| !terms.own.values.is_empty());
    said.filter_map(|terms| {
        let (role, place) = (names.roles.get(&terms.role)?, names.places.get(&terms.scope)?);
        let mut row = Row::new("settings");
        row.text("role", role).text("scope", place);
        let own = terms
            .own
            .map(|id| names.holders.get(id).cloned(), |id| names.roles.get(id).cloned())?;
        row.terms(&own);
        if !own.enforced.is_empty() {
            row.list(
                "enforced",
                FIELDS.iter().map(|(field, _)| *field).filter(|field| own.enforced.contains(field)),
            );
        }
        Some((vec![role.folded(), fold(&place.to_string())], row.0))
    })
    .collect()
}

fn assignments(state: &State, names: &Names) -> Vec<Sorted> {
    let row = |assignment: &Assignment| {
        let Assignment { holder, role, scope, kind, .. } = assignment;
        let (holder, role) = (names.holders.get(holder)?, names.roles.get(role)?);
        let place = names.places.get(scope)?;
        let mut row = Row::new("assignment");
        row.text("holder", holder).text("role", role).text("scope", place);
        row.text("kind", kind.name());
        if assignment.scheduled {
            row.bare("from", assignment.starts_at);
        }
        if let Some(end) = assignment.ends_at {
            row.bare("until", end);
        }
        let sort = [&place.to_string(), role.as_str(), &holder.to_string(), kind.name()].map(fold);
        let mut sort = sort.to_vec();
        sort.push(assignment.starts_at.to_string());
        Some((sort, row.0))
    };
    state.assignments.iter().filter_map(row).collect()
}

/// One table as text.
struct Row(String);

impl Row {
    fn new(name: &str) -> Self {
        Self(format!("[[{name}]]\n"))
    }

    fn bare(&mut self, key: &str, value: impl std::fmt::Display) -> &mut Self {
        // Writing into a text cannot fail.
        _ = writeln!(self.0, "{key} = {value}");
        self
    }

    fn text(&mut self, key: &str, value: impl std::fmt::Display) -> &mut Self {
        self.bare(key, quoted(&value.to_string()))
    }

    fn list(
        &mut self,
        key: &str,
        texts: impl Iterator<Item = impl std::fmt::Display>,
    ) -> &mut Self {
        let texts: Vec<_> = texts.map(|text| quoted(&text.to_string())).collect();
        self.bare(key, format!("[{}]", texts.join(", ")))
    }

    fn terms(&mut self, terms: &OwnTerms<HolderName, Name>) {
        let fields = FIELDS.iter().map(|(field, _)| *field);
        for (field, value) in
            fields.filter_map(|field| terms.values.get(field).map(|value| (field, value)))
        {
            match value {
                Value::Length(length) => self.text(field, length_in_words(*length)),
                Value::Flag(flag) => self.bare(field, flag),
                Value::Authentication(proof) => self.text(field, proof_in_words(*proof)),
                Value::Stages(stages) => self.bare(field, list_of(stages.iter().map(stage))),
                Value::Notices(notices) => self.bare(field, rules(notices)),
            };
        }
    }
}

/// Who is told of what, as the files have it: a table of the cells that differ from what ships.
fn rules(notices: &Notices) -> String {
    let rule = |(cell, rule): (Cell, &Rule)| {
        let mut parts = vec![format!("default_recipients = {}", rule.default_recipients)];
        if !rule.recipients.is_empty() {
            let addresses: Vec<_> =
                rule.recipients.iter().map(|address| quoted(address.as_str())).collect();
            parts.push(format!("recipients = [{}]", addresses.join(", ")));
        }
        if rule.level == Level::ActionNeeded {
            parts.push("level = \"action_needed\"".to_owned());
        }
        if rule.eligible_too {
            parts.push("eligible_too = true".to_owned());
        }
        format!("{} = {{ {} }}", quoted(&cell.to_string()), parts.join(", "))
    };
    let cells: Vec<_> = notices.iter().map(rule).collect();
    if cells.is_empty() { "{}".to_owned() } else { format!("{{ {} }}", cells.join(", ")) }
}

/// A list with one line for each of its parts.
fn list_of(parts: impl Iterator<Item = String>) -> String {
    #[expect(clippy::format_collect, reason = "a short list, once a file")]
    let parts: String = parts.map(|part| format!("    {part},\n")).collect();
    if parts.is_empty() { "[]".to_owned() } else { format!("[\n{parts}]") }
}

fn texts(texts: impl Iterator<Item = impl std::fmt::Display>) -> String {
    let texts: BTreeSet<_> = texts.map(|text| text.to_string()).collect();
    let texts: Vec<_> = texts.iter().map(|text| quoted(text)).collect();
    format!("[{}]", texts.join(", "))
}

/// A stage, without what is as it would be anyway.
fn stage(stage: &Stage<HolderName, Name>) -> String {
    let usual = Stage::<HolderName, Name>::of([]);
    let mut said = vec![format!("approvers = {}", texts(stage.approvers.iter()))];
    let mut say = |unusual: bool, text: String| said.extend(unusual.then_some(text));
    let agree = match stage.agree {
        Agreement::People(people) => people.to_string(),
        Agreement::Each => quoted("each"),
    };
    say(stage.agree != usual.agree, format!("agree = {agree}"));
    let length = |length| quoted(&length_in_words(length));
    say(true, format!("timeout = {}", length(stage.timeout)));
    if let Some(later) = &stage.escalation {
        say(true, format!("escalate_after = {}", length(later.after)));
        say(true, format!("escalate_to = {}", texts(later.approvers.iter())));
    }
    say(stage.on_silence == Silence::Approve, format!("on_silence = {}", quoted("approve")));
    say(!stage.requires_justification, "requires_justification = false".to_owned());
    let proof = quoted(proof_in_words(stage.authentication));
    say(stage.authentication != usual.authentication, format!("authentication = {proof}"));
    say(
        !stage.skipped_if.is_empty(),
        format!("skipped_if = {{ {} }}", conditions(&stage.skipped_if)),
    );
    format!("{{ {} }}", said.join(", "))
}

fn conditions(conditions: &Conditions<HolderName>) -> String {
    let within = conditions.within.as_ref().map(|hours| {
        let days = hours.days.iter().map(|day| day.name().to_lowercase());
        format!(
            "within = {{ time_zone = {}, days = [{}], from = {}, until = {} }}",
            quoted(&hours.time_zone),
            days.map(|day| quoted(&day)).collect::<Vec<_>>().join(", "),
            quoted(&hours.from.to_string()),
            quoted(&hours.until.to_string()),
        )
    });
    [
        conditions
            .no_longer_than
            .map(|longest| format!("no_longer_than = {}", quoted(&length_in_words(longest)))),
        within,
        conditions
            .on_call
            .as_ref()
            .map(|group| format!("on_call = {}", quoted(&group.to_string()))),
        conditions.ticket_verified.then(|| "ticket_verified = true".to_owned()),
    ]
    .into_iter()
    .flatten()
    .collect::<Vec<_>>()
    .join(", ")
}

/// A length of time as the files have it, which can be read again.
pub(super) fn length_in_words(length: Duration) -> String {
    let minutes = length.seconds() / 60;
    match (minutes / 60, minutes % 60) {
        (hours, 0) if hours >= 48 && hours % 24 == 0 => format!("{} days", hours / 24),
        (hours, 0) => format!("{hours}h"),
        (0, minutes) => format!("{minutes}m"),
        (hours, minutes) => format!("{hours}h{minutes}m"),
    }
}

/// What must be proved, as the files have it.
pub(super) fn proof_in_words(proof: Authentication) -> &'static str {
    match proof {
        Authentication::None => "none",
        Authentication::Mfa => "mfa",
    }
}

/// A text in quotation marks, on one line.
fn quoted(text: &str) -> String {
    let mut written = String::with_capacity(text.len() + 2);
    written.push('"');
    for letter in text.chars() {
        match letter {
            '"' => written.push_str("\\\""),
            '\\' => written.push_str("\\\\"),
            '\n' => written.push_str("\\n"),
            '\t' => written.push_str("\\t"),
            control if control.is_control() => {
                _ = write!(written, "\\u{:04X}", u32::from(control));
            }
            other => written.push(other),
        }
    }
    written.push('"');
    written
}
