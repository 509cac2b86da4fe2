//! The fields of terms on a form: drawn, and read.
use std::str::FromStr as _;

use serde::Deserialize;

use super::notices;
use super::{
    super::{
        faults::Faults,
        plain_words::{self, value},
        say,
        view::{
            form::{Choice, Field as Input},
            settings::{Group, Setting},
        },
    },
    stage,
};
use crate::{
    domain::{
        settings::{Field, Fields, Settings, Sort},
        time::Duration,
    },
    http::language::tell,
    service::settings::{FieldAt, Names},
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
        let anew = ["csrf", "idempotency_key", "confirm", "back"];
        self.0.iter().filter(|(name, _)| !anew.contains(&name.as_str())).cloned().collect()
    }
}

/// What the fields of a form mean.
#[derive(Clone, Copy, Debug)]
pub enum Mode<'a> {
    /// Everything is said.
    Whole,
    /// What is left empty is inherited, as it is here.
    Inherit(&'a [FieldAt], &'a Names),
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
            Sort::Stages => {
                pairs.say(field.name(), "own");
                stage::say(&settings.activation.stages, &mut pairs);
            }
            Sort::Notices => notices::say(&mut pairs, &settings.notices, whole),
        }
    }
    pairs
}

fn length(field: Field, settings: &Settings) -> Duration {
    match field {
        Field::EmergencyMaximum => settings.activation.emergency_maximum,
        Field::EligibleMaximum => settings.eligible.maximum,
        Field::ActiveMaximum => settings.active.maximum,
        _ => settings.activation.maximum,
    }
}

fn flag(field: Field, settings: &Settings) -> bool {
    matches!(field.value(settings).as_str(), "yes" | "mfa")
}

/// Reads what a form says for a role that is `privileged` or not: the fields, and the values that they have; all others have
/// those of `base`.
///
/// Where it is said for roles that are not known yet, take them for privileged: an address beside a rule that ships makes it a
/// rule of its own, and administrators of an unprivileged role who are told too much lose nothing, while those of a privileged
/// one who are no longer told are what an attacker hopes for.
pub fn read(
    pairs: &Pairs,
    whole: bool,
    privileged: bool,
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
                    faults.note(field.name(), error.to_string());
                    legible = false;
                }
            },
            Sort::Flag if spoken => {
                let flag = matches!(text, "on" | "yes");
                field.copy(&Settings::uniform(flag, base.activation.maximum), &mut settings);
            }
            Sort::Stages if spoken => match stage::read(pairs, faults) {
                Some(stages) => settings.activation.stages = stages,
                None => legible = false,
            },
            Sort::Notices => match notices::read(pairs, whole, privileged, faults) {
                notices::Said::Rules(notices) => settings.notices = notices,
                notices::Said::Nothing => continue,
                notices::Said::Illegible => {
                    legible = false;
                    continue;
                }
            },
            Sort::Length | Sort::Flag | Sort::Stages => continue,
        }
        own.insert(field);
    }
    legible.then_some((settings, own))
}

const GROUPS: [(&str, &str, &[Field]); 4] = [
    (
        "settings-activation",
        "settings-what-an-eligible-person-must",
        &[
            Field::Maximum,
            Field::Authentication,
            Field::RequiresJustification,
            Field::RequiresTicket,
        ],
    ),
    (
        "word-approval",
        "settings-nobody-ever-approves-their-own",
        &[Field::RequiresApproval, Field::Stages, Field::AllowsEmergency, Field::EmergencyMaximum],
    ),
    (
        "settings-eligible-assignments",
        "settings-who-may-activate-the-role",
        &[
            Field::EligibleMayBePermanent,
            Field::EligibleMaximum,
            Field::EligibleRequiresJustification,
            Field::EligibleRequiresMfa,
        ],
    ),
    (
        "settings-active-assignments",
        "settings-who-holds-the-role-without",
        &[
            Field::ActiveMayBePermanent,
            Field::ActiveMaximum,
            Field::ActiveRequiresJustification,
            Field::ActiveRequiresMfa,
        ],
    ),
];

/// The fields of the terms in their groups. Without `approvers` it is not said here who approves.
#[must_use]
pub fn groups(
    pairs: &Pairs,
    mode: Mode,
    approvers: Option<&stage::Choices>,
    faults: &mut Faults,
) -> Vec<Group> {
    GROUPS
        .iter()
        .map(|(title, help, fields)| Group {
            title: tell!(title),
            help: tell!(help),
            settings: fields
                .iter()
                .filter(|field| **field != Field::Stages || approvers.is_some())
                .map(|field| {
                    let approvers = approvers.filter(|_| *field == Field::Stages);
                    setting(*field, pairs, mode, approvers, faults)
                })
                .collect(),
        })
        .collect()
}

/// Whether the rules of notices are inherited, on a form where they can be; none where everything is said.
pub fn notices_setting(pairs: &Pairs, mode: Mode, faults: &mut Faults) -> Option<Setting> {
    match mode {
        Mode::Whole => None,
        _ => Some(setting(Field::Notices, pairs, mode, None, faults)),
    }
}

fn setting(
    field: Field,
    pairs: &Pairs,
    mode: Mode,
    approvers: Option<&stage::Choices>,
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
            (_, Sort::Flag | Sort::Notices, _) => "choice",
            (_, Sort::Stages, _) => "stages",
        },
        help: match (&above, field.sort()) {
            (Some(above), Sort::Length) if !above.locked => {
                tell!("settings-leave-it-empty-to-inherit", value = above.value, from = above.from)
            }
            (None, Sort::Length) if matches!(mode, Mode::Leave) => {
                tell!("settings-leave-it-empty-to-leave")
            }
            _ => help,
        },
        required: matches!(mode, Mode::Whole),
        ticked: pairs.has(input),
        choices: options(field, mode, above.as_ref()),
        stages: approvers.map(|them| stage::forms(pairs, them, faults)).unwrap_or_default(),
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
        (_, Some(above)) => tell!("settings-as-at", from = above.from, value = above.value),
        (_, None) => tell!("settings-as-it-is"),
    };
    let first = Choice::new("", first);
    match field.sort() {
        Sort::Stages => vec![first, Choice::new("own", tell!("settings-as-said-below"))],
        Sort::Notices => vec![first, Choice::new("own", tell!("settings-chosen-here"))],
        Sort::Length | Sort::Flag => {
            vec![
                first,
                Choice::new("yes", tell!("settings-yes")),
                Choice::new("no", tell!("word-no")),
            ]
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
fn words(field: Field) -> (String, String) {
    match field {
        Field::Maximum => {
            (tell!("settings-longest-activation"), tell!("settings-from-5-minutes-to-24"))
        }
        Field::Authentication => {
            (tell!("settings-ask-for-a-code"), tell!("settings-from-the-authenticator-app-for"))
        }
        Field::RequiresJustification => (tell!("settings-ask-for-a-reason"), String::new()),
        Field::RequiresTicket => {
            (tell!("settings-ask-for-a-ticket"), tell!("settings-its-number-and-the-system"))
        }
        Field::RequiresApproval => {
            (tell!("word-ask-for-approval"), tell!("settings-the-request-waits-until-those"))
        }
        Field::AllowsEmergency => {
            (tell!("settings-allow-emergencies"), tell!("settings-whoever-confirms-an-emergency"))
        }
        Field::EmergencyMaximum => {
            (tell!("settings-longest-emergency"), tell!("settings-such-as-1h"))
        }
        Field::Stages => (tell!("settings-who-approves"), tell!("settings-they-need-no-role-of")),
        Field::EligibleMayBePermanent => (tell!("settings-may-be-without-end"), String::new()),
        Field::EligibleMaximum => {
            (tell!("settings-longest-with-an-end"), tell!("settings-such-as-365-days"))
        }
        Field::EligibleRequiresJustification | Field::ActiveRequiresJustification => {
            (tell!("settings-ask-the-administrator-for-a"), String::new())
        }
        Field::EligibleRequiresMfa | Field::ActiveRequiresMfa => {
            (tell!("settings-ask-the-administrator-for-a-code"), String::new())
        }
        Field::ActiveMayBePermanent => {
            (tell!("settings-may-be-without-end"), tell!("settings-standing-access-best-kept-for"))
        }
        Field::ActiveMaximum => {
            (tell!("settings-longest-with-an-end"), tell!("settings-such-as-180-days"))
        }
        Field::Notices => (tell!("notices-title"), tell!("notices-help")),
    }
}

/// A field of a form as it was filled in, with what is wrong with it.
#[must_use]
pub fn text(pairs: &Pairs, name: &str, faults: &mut Faults) -> Input {
    faults.take(name, pairs.one(name))
}
