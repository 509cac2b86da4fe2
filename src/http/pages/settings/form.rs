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
        settings::{Field, Fields, LONGEST_ACTIVATION, SHORTEST, Settings, Sort},
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

    /// Says this under a name, and nothing else.
    pub fn say_only(&mut self, name: &str, value: impl Into<String>) {
        self.0.retain(|(known, _)| known != name);
        self.say(name, value);
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
/// those of `base`. What cannot be read is noted among the faults, and has a value that contradicts no other, so that the rest
/// can be judged all the same.
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
) -> (Settings, Fields) {
    let (mut settings, mut own) = (base.clone(), Fields::new());
    for field in Field::all() {
        let text = pairs.one(field.name()).trim();
        let spoken = whole || !text.is_empty();
        match field.sort() {
            Sort::Length if spoken => {
                let length = Duration::from_str(text).unwrap_or_else(|error| {
                    faults.note(field.name(), error.to_string());
                    harmless(field)
                });
                field.copy(&Settings::uniform(false, length), &mut settings);
            }
            Sort::Flag if spoken => {
                let flag = matches!(text, "on" | "yes");
                field.copy(&Settings::uniform(flag, base.activation.maximum), &mut settings);
            }
            Sort::Stages if spoken => settings.activation.stages = stage::read(pairs, faults),
            Sort::Notices => match notices::read(pairs, whole, privileged, faults) {
                Some(notices) => settings.notices = notices,
                None => continue,
            },
            Sort::Length | Sort::Flag | Sort::Stages => continue,
        }
        own.insert(field);
    }
    (settings, own)
}

/// A length that no other field can be too long or too short for.
fn harmless(field: Field) -> Duration {
    if field == Field::Maximum { LONGEST_ACTIVATION } else { SHORTEST }
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
    let whole = matches!(mode, Mode::Whole);
    // What is inherited is not said by the inputs below.
    let spoken = whole || !pairs.one(input).is_empty();
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
        required: whole,
        ticked: pairs.has(input),
        choices: options(field, mode, above.as_ref()),
        stages: approvers
            .filter(|_| locked.is_none())
            .map(|them| stage::forms(pairs, spoken, them, faults))
            .unwrap_or_default(),
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{domain::fault::FieldError, error::Error};

    fn filled_in(said: &[(&str, &str)]) -> Pairs {
        let mut pairs = Pairs::default();
        for (name, value) in said {
            pairs.say(name, *value);
        }
        pairs
    }

    /// What stands on the form after it was read and what could be read was judged.
    fn told(pairs: &Pairs) -> (Vec<Setting>, Vec<String>) {
        let (mut faults, base) = (Faults::default(), Settings::uniform(false, SHORTEST));
        let (terms, _) = read(pairs, true, true, &base, &mut faults);
        faults.also(Error::Invalid(terms.faults(true))).unwrap();
        let choices = stage::Choices::open();
        let groups = groups(pairs, Mode::Whole, Some(&choices), &mut faults);
        (groups.into_iter().flat_map(|group| group.settings).collect(), faults.rest())
    }

    #[test]
    fn what_cannot_be_read_and_what_contradicts_itself_are_told_together() {
        let pairs = filled_in(&[
            ("maximum", "a while"),
            ("allows_emergency", "on"),
            ("emergency_maximum", "20h"),
            ("eligible_maximum", "365 days"),
            ("active_maximum", "1m"),
        ]);
        let (settings, rest) = told(&pairs);
        let wrong = settings.iter().filter(|setting| setting.field.error.is_some());
        let wrong: Vec<_> = wrong.map(|setting| setting.input).collect();
        assert_eq!(wrong, ["maximum", "active_maximum"], "nobody knows the longest activation");
        assert!(rest.is_empty(), "{rest:?}");
    }

    #[test]
    fn what_is_wrong_with_a_stage_stands_in_that_stage() {
        let mut said = vec![
            ("maximum", "8h"),
            ("emergency_maximum", "1h"),
            ("eligible_maximum", "365 days"),
            ("active_maximum", "180 days"),
            ("approver_1", "manager"),
            ("timeout_1", "soon"),
            ("escalate_after_1", "1m"),
            ("skip_from_1", "noon"),
            ("skip_until_1", "17:00"),
            ("skip_zone_1", "Mars/Olympus"),
            // It names nobody, and so it is left out.
            ("stage_2", "on"),
            ("timeout_2", "24h"),
        ];
        said.extend([
            ("approver_3", "manager"),
            ("timeout_3", "1m"),
            ("silence_3", "approve"),
            ("agree_3", "11"),
        ]);
        let (settings, rest) = told(&filled_in(&said));
        let stages = settings.iter().find(|setting| !setting.stages.is_empty()).unwrap();
        let [first, second, third, _] = stages.stages.as_slice() else { panic!("four are drawn") };
        let wrong = |field: &Input| field.error.is_some();
        assert!(wrong(&first.timeout) && wrong(&first.escalate_after));
        assert!(wrong(&first.escalate_to_field) && wrong(&first.skip_from));
        assert!(wrong(&first.skip_zone) && wrong(&first.skip_days_field));
        assert!(!wrong(&first.agree) && !wrong(&second.timeout));
        assert!(wrong(&third.timeout) && wrong(&third.silence) && wrong(&third.agree));
        assert!(rest.is_empty(), "{rest:?}");
    }

    #[test]
    fn what_is_wrong_with_stages_that_are_inherited_stands_beside_no_input() {
        let pairs = filled_in(&[("approver_1", "manager"), ("timeout_1", "24h")]);
        let fault = FieldError::new("stages", "said of others").at("[0].timeout");
        let mut faults = Faults::of(Error::Invalid(vec![fault])).unwrap();
        let choices = stage::Choices::open();
        let drawn = groups(&pairs, Mode::Leave, Some(&choices), &mut faults);
        assert_eq!(drawn.len(), GROUPS.len());
        assert_eq!(faults.rest(), ["Said of others."]);
    }
}
