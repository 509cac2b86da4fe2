//! The fields of terms on a form: drawn, and read.
use std::str::FromStr as _;

use serde::Deserialize;

use super::super::{
    faults::Faults,
    plain_words::{self, value},
    say,
    view::{
        form::{Choice, Field as Input},
        settings::{Group, Setting},
    },
};
use crate::{
    domain::{
        id::PrincipalId,
        settings::{Field, Fields, Settings, Sort},
        time::Duration,
    },
    service::settings::FieldAt,
};

/// What a form or an address says, pair by pair: its fields are as many as the terms have.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(transparent)]
pub struct Pairs(Vec<(String, String)>);

impl Pairs {
    /// What is said first under a name; nothing if nothing is.
    #[must_use]
    pub fn one(&self, name: &str) -> &str {
        self.0.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value)
    }

    /// Everything that is said under a name.
    #[must_use]
    pub fn all(&self, name: &str) -> Vec<String> {
        self.0.iter().filter(|(known, _)| known == name).map(|(_, value)| value.clone()).collect()
    }

    /// Whether something is said under a name.
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        self.0.iter().any(|(known, _)| known == name)
    }

    /// Says something more.
    pub fn say(&mut self, name: &str, value: impl Into<String>) {
        self.0.push((name.to_owned(), value.into()));
    }

    /// The fields that are named under a name.
    #[must_use]
    pub fn fields(&self, name: &str) -> Fields {
        self.all(name).iter().filter_map(|name| Field::named(name)).collect()
    }

    /// Everything but what each form says anew, to be sent once more.
    #[must_use]
    pub fn to_repeat(&self) -> Vec<(String, String)> {
        let anew = ["csrf", "idempotency_key", "confirm"];
        self.0.iter().filter(|(name, _)| !anew.contains(&name.as_str())).cloned().collect()
    }
}

/// What the fields of a form mean.
#[derive(Clone, Copy, Debug)]
pub enum Mode<'a> {
    /// Everything is said.
    Whole,
    /// What is left empty is inherited, as it is here.
    Inherit(&'a [FieldAt], &'a [(PrincipalId, String, bool)]),
    /// What is left empty stays as it is.
    Leave,
}

/// What a form for these terms says at first, in the fields that are `own`.
#[must_use]
pub fn said(settings: &Settings, own: &Fields, mode: Mode) -> Pairs {
    let whole = matches!(mode, Mode::Whole);
    let mut pairs = Pairs::default();
    for field in own {
        match field.sort() {
            Sort::Length => pairs.say(field.name(), say::typed(length(*field, settings))),
            Sort::Flag if whole && flag(*field, settings) => pairs.say(field.name(), "on"),
            Sort::Flag if whole => {}
            Sort::Flag => {
                pairs.say(field.name(), if flag(*field, settings) { "yes" } else { "no" });
            }
            Sort::People => {
                pairs.say(field.name(), "own");
                for approver in &settings.activation.approvers {
                    pairs.say("approver", approver.to_string());
                }
            }
        }
    }
    pairs
}

fn length(field: Field, settings: &Settings) -> Duration {
    match field {
        Field::ApprovalTimeout => settings.activation.approval_timeout,
        Field::EligibleMaximum => settings.eligible.maximum,
        Field::ActiveMaximum => settings.active.maximum,
        _ => settings.activation.maximum,
    }
}

fn flag(field: Field, settings: &Settings) -> bool {
    matches!(field.value(settings).as_str(), "yes" | "mfa")
}

/// Reads what a form says: the fields, and the values that they have; all others have those of `base`.
pub fn read(
    pairs: &Pairs,
    whole: bool,
    base: &Settings,
    faults: &mut Faults,
) -> Option<(Settings, Fields)> {
    let (mut settings, mut own) = (base.clone(), Fields::new());
    let mut legible = true;
    for field in Field::all() {
        let text = pairs.one(field.name()).trim();
        let spoken = whole || !text.is_empty();
        match field.sort() {
            Sort::Length if spoken => match Duration::from_str(text) {
                Ok(length) => field.copy(&Settings::uniform(false, length), &mut settings),
                Err(error) => {
                    faults.note(field.name(), &error.to_string());
                    legible = false;
                }
            },
            Sort::Flag if spoken => {
                let flag = matches!(text, "on" | "yes");
                field.copy(&Settings::uniform(flag, base.activation.maximum), &mut settings);
            }
            Sort::People if spoken => {
                let named = pairs.all("approver");
                settings.activation.approvers =
                    named.iter().filter_map(|text| text.parse().ok()).collect();
            }
            Sort::Length | Sort::Flag | Sort::People => continue,
        }
        own.insert(field);
    }
    legible.then_some((settings, own))
}

const GROUPS: [(&str, &str, [Field; 4]); 4] = [
    (
        "Activation",
        "What an eligible person must do to hold the role for a while.",
        [
            Field::Maximum,
            Field::Authentication,
            Field::RequiresJustification,
            Field::RequiresTicket,
        ],
    ),
    (
        "Approval",
        "Nobody ever approves their own request. Two people or more keep the role reachable.",
        [
            Field::RequiresApproval,
            Field::Approvers,
            Field::ApprovalTimeout,
            Field::ApprovalRequiresJustification,
        ],
    ),
    (
        "Eligible assignments",
        "Who may activate the role.",
        [
            Field::EligibleMayBePermanent,
            Field::EligibleMaximum,
            Field::EligibleRequiresJustification,
            Field::EligibleRequiresMfa,
        ],
    ),
    (
        "Active assignments",
        "Who holds the role without activating it.",
        [
            Field::ActiveMayBePermanent,
            Field::ActiveMaximum,
            Field::ActiveRequiresJustification,
            Field::ActiveRequiresMfa,
        ],
    ),
];

/// The fields of the terms in their groups. Without `people` nobody can be chosen here.
#[must_use]
pub fn groups(
    pairs: &Pairs,
    mode: Mode,
    people: Option<Vec<Choice>>,
    faults: &mut Faults,
) -> Vec<Group> {
    let mut people = people;
    GROUPS
        .iter()
        .map(|(title, help, fields)| Group {
            title,
            help,
            settings: fields
                .iter()
                .filter(|field| **field != Field::Approvers || people.is_some())
                .copied()
                .collect::<Vec<_>>()
                .into_iter()
                .map(|field| {
                    let people = if field == Field::Approvers { people.take() } else { None };
                    setting(field, pairs, mode, people, faults)
                })
                .collect(),
        })
        .collect()
}

fn setting(
    field: Field,
    pairs: &Pairs,
    mode: Mode,
    people: Option<Vec<Choice>>,
    faults: &mut Faults,
) -> Setting {
    let input = field.name();
    let (label, help) = words(field);
    let above = above(field, mode);
    let locked = above.as_ref().filter(|above| above.locked);
    Setting {
        input,
        label,
        kind: match (locked, field.sort(), mode) {
            (Some(_), ..) => "locked",
            (_, Sort::Length, _) => "length",
            (_, Sort::Flag, Mode::Whole) => "check",
            (_, Sort::Flag, _) => "choice",
            (_, Sort::People, _) => "people",
        },
        help: match (&above, field.sort()) {
            (Some(above), Sort::Length) if !above.locked => {
                format!("Leave it empty to inherit {} from {}.", above.value, above.from)
            }
            (None, Sort::Length) if matches!(mode, Mode::Leave) => {
                "Leave it empty to leave it as it is.".to_owned()
            }
            _ => help.to_owned(),
        },
        required: matches!(mode, Mode::Whole),
        ticked: pairs.has(input),
        choices: options(field, mode, above.as_ref()),
        people: people.unwrap_or_default(),
        above: above.as_ref().map(|above| above.value.clone()).unwrap_or_default(),
        from: above.map(|above| above.from).unwrap_or_default(),
        field: faults.take(input, pairs.one(input)),
    }
}

/// What would be inherited, or is enforced.
struct Above {
    value: String,
    from: String,
    locked: bool,
}

fn above(field: Field, mode: Mode) -> Option<Above> {
    let Mode::Inherit(fields, names) = mode else { return None };
    let at = fields.iter().find(|at| at.field == field)?;
    let told = value(field.name(), &at.inherited, names);
    Some(Above { value: told, from: at.inherited_from.clone(), locked: at.locked })
}

fn options(field: Field, mode: Mode, above: Option<&Above>) -> Vec<Choice> {
    let first = match (mode, above) {
        (Mode::Whole, _) => return Vec::new(),
        (_, Some(above)) => format!("As at {}: {}", above.from, above.value),
        (_, None) => "As it is".to_owned(),
    };
    let first = Choice::new("", first);
    match field.sort() {
        Sort::People => vec![first, Choice::new("own", "Chosen here")],
        Sort::Length | Sort::Flag => {
            vec![first, Choice::new("yes", "Yes"), Choice::new("no", "No")]
        }
    }
}

/// Fields that may be enforced below, with those that are.
#[must_use]
pub fn enforceable(pairs: &Pairs, locked: &Fields) -> Vec<Choice> {
    let chosen = pairs.fields("enforce");
    Field::all()
        .difference(locked)
        .map(|field| {
            Choice::new(field.name(), plain_words::label(field.name()))
                .chosen(chosen.contains(field))
        })
        .collect()
}

/// What a field is called on a form, and what helps to fill it in.
fn words(field: Field) -> (&'static str, &'static str) {
    match field {
        Field::Maximum => {
            ("Longest activation", "From 5 minutes to 24 hours, such as 4h, 90m or PT2H30M.")
        }
        Field::Authentication => {
            ("Ask for a code", "From the authenticator app, for each activation anew.")
        }
        Field::RequiresJustification => ("Ask for a reason", ""),
        Field::RequiresTicket => ("Ask for a ticket", "Its number, and the system that it is in."),
        Field::RequiresApproval => {
            ("Ask for approval", "The request waits until one of the approvers decides.")
        }
        Field::Approvers => ("Approvers", "They need no role of their own."),
        Field::ApprovalTimeout => ("A request waits for", "After that it ends undecided."),
        Field::ApprovalRequiresJustification => ("Ask the approver for a reason", ""),
        Field::EligibleMayBePermanent => ("May be without end", ""),
        Field::EligibleMaximum => ("Longest with an end", "Such as 365 days."),
        Field::EligibleRequiresJustification | Field::ActiveRequiresJustification => {
            ("Ask the administrator for a reason", "")
        }
        Field::EligibleRequiresMfa | Field::ActiveRequiresMfa => {
            ("Ask the administrator for a code", "")
        }
        Field::ActiveMayBePermanent => {
            ("May be without end", "Standing access: best kept for emergency accounts.")
        }
        Field::ActiveMaximum => ("Longest with an end", "Such as 180 days."),
    }
}

/// A field of a form as it was filled in, with what is wrong with it.
#[must_use]
pub fn text(pairs: &Pairs, name: &str, faults: &mut Faults) -> Input {
    faults.take(name, pairs.one(name))
}
