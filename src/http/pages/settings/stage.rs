//! The stages of an approval on a form: drawn, and read. Each input has the number of its stage behind its name; a stage that names
//! nobody is not there.
use std::collections::BTreeSet;

use super::{
    super::{
        faults::Faults,
        say,
        view::{
            form::{Choice, Field as Input},
            settings::StageForm,
        },
    },
    form::Pairs,
};
use crate::{
    domain::{
        approval::{
            Agreement, Approver, Conditions, Escalation, Hours, MOST_AGREE, MOST_STAGES,
            SHORTEST_ESCALATION, Silence, Stage, Weekday, part_of,
        },
        settings::{self, Authentication, LONGEST_APPROVAL_TIMEOUT, SHORTEST},
        time::{Duration, TimeOfDay},
    },
    http::language::{reader_now, tell},
};

/// Whom one can choose from.
pub struct Choices {
    /// People and groups; none where a template leaves them open.
    pub holders: Vec<Choice>,
    /// The groups among them.
    pub groups: Vec<Choice>,
    /// The roles whose holders can approve.
    pub roles: Vec<Choice>,
}

impl Choices {
    /// People are chosen later.
    #[must_use]
    pub fn open() -> Self {
        Self { holders: Vec::new(), groups: Vec::new(), roles: Vec::new() }
    }
}

fn named(name: &str, number: usize) -> String {
    format!("{name}_{number}")
}

/// Says what these stages are.
pub fn say(stages: &[Stage], pairs: &mut Pairs) {
    for (stage, number) in stages.iter().zip(1..) {
        let mut say = |name: &str, value: String| pairs.say(&named(name, number), value);
        say("stage", "on".to_owned());
        for approver in &stage.approvers {
            say("approver", approver.to_string());
        }
        say(
            "agree",
            match stage.agree {
                Agreement::People(people) => people.to_string(),
                Agreement::Each => "each".to_owned(),
            },
        );
        say("timeout", say::typed(stage.timeout));
        if stage.on_silence == Silence::Approve {
            say("silence", "approve".to_owned());
        }
        if stage.requires_justification {
            say("reason_asked", "on".to_owned());
        }
        if stage.authentication == Authentication::Mfa {
            say("code_asked", "on".to_owned());
        }
        if let Some(later) = &stage.escalation {
            say("escalate_after", say::typed(later.after));
            for approver in &later.approvers {
                say("escalate_to", approver.to_string());
            }
        }
        say_conditions(&stage.skipped_if, say);
    }
}

fn say_conditions(conditions: &Conditions, mut say: impl FnMut(&str, String)) {
    if let Some(longest) = conditions.no_longer_than {
        say("skip_length", say::typed(longest));
    }
    if let Some(hours) = &conditions.within {
        say("skip_from", hours.from.to_string());
        say("skip_until", hours.until.to_string());
        say("skip_zone", hours.time_zone.clone());
        for day in &hours.days {
            say("skip_day", day.name().to_owned());
        }
    }
    if let Some(group) = conditions.on_call {
        say("skip_on_call", group.to_string());
    }
    if conditions.ticket_verified {
        say("skip_ticket", "on".to_owned());
    }
}

/// The stages on a form: those that are there, and an empty one to be filled in. Unless the form has `spoken` of them, what is
/// wrong with stages is wrong with others.
pub fn forms(
    pairs: &Pairs,
    spoken: bool,
    choices: &Choices,
    faults: &mut Faults,
) -> Vec<StageForm> {
    let there = (1..=MOST_STAGES).filter(|number| is_there(pairs, *number)).count();
    let counted: Vec<_> = if spoken { counted(pairs).collect() } else { Vec::new() };
    (1..=(there + 1).min(MOST_STAGES))
        .map(|number| {
            // A stage that names nobody does not count, so that those after it are others to the rules.
            let place = (1..).zip(&counted).find(|(_, counted)| **counted == number);
            let inputs = Inputs { number, place: place.map(|(place, _)| place), pairs };
            form(&inputs, choices, faults)
        })
        .collect()
}

/// The inputs of one stage.
struct Inputs<'a> {
    /// Its number on the form.
    number: usize,
    /// Its number among those that count, if it does.
    place: Option<usize>,
    /// Everything that the form says.
    pairs: &'a Pairs,
}

impl Inputs<'_> {
    fn one(&self, name: &str) -> &str {
        self.pairs.one(&named(name, self.number))
    }

    fn all(&self, name: &str) -> Vec<String> {
        self.pairs.all(&named(name, self.number))
    }

    /// An input as it was filled in, with what is wrong with it, however that is called.
    fn field(&self, name: &str, faults: &mut Faults) -> Input {
        let (input, value) = (named(name, self.number), self.one(name));
        match self.place {
            Some(place) => {
                let way = format!("stages{}", part_of(place, part(name)));
                faults.take_at(&input, &way, value)
            }
            None => faults.take(&input, value),
        }
    }
}

/// What the rules call an input of a stage.
fn part(name: &str) -> &str {
    match name {
        "approver" => "approvers",
        "silence" => "on_silence",
        "escalate_after" => "escalation.after",
        "escalate_to" => "escalation.approvers",
        "skip_zone" => "skipped_if.within.time_zone",
        "skip_day" => "skipped_if.within.days",
        "skip_until" => "skipped_if.within.until",
        other => other,
    }
}

fn is_there(pairs: &Pairs, number: usize) -> bool {
    pairs.has(&named("stage", number)) || pairs.has(&named("approver", number))
}

/// The inputs that are folded away while they say nothing.
const MORE: [&str; 9] = [
    "escalate_after",
    "escalate_to",
    "skip_length",
    "skip_from",
    "skip_until",
    "skip_zone",
    "skip_day",
    "skip_on_call",
    "skip_ticket",
];

fn form(inputs: &Inputs, choices: &Choices, faults: &mut Faults) -> StageForm {
    let Inputs { number, pairs, .. } = *inputs;
    let is_there = is_there(pairs, number);
    let mut field = |name: &str| inputs.field(name, faults);
    let usually = |field: Input, usual: String| {
        if field.value.is_empty() && !is_there { Input { value: usual, ..field } } else { field }
    };
    let said = |name: &str| !inputs.one(name).is_empty();
    StageForm {
        number,
        is_there,
        approvers: approvers(choices, &inputs.all("approver")),
        approvers_field: field("approver"),
        agree: usually(field("agree"), "1".to_owned()),
        agreements: agreements(),
        timeout: usually(field("timeout"), say::typed(Duration::hours(24))),
        silence: field("silence"),
        silences: vec![
            Choice::new("", tell!("settings-silence-denies")),
            Choice::new("approve", tell!("settings-silence-approves")),
        ],
        reason: !is_there || said("reason_asked"),
        code: !is_there || said("code_asked"),
        escalate_after: field("escalate_after"),
        escalate_to: approvers(choices, &inputs.all("escalate_to")),
        escalate_to_field: field("escalate_to"),
        skip_length: field("skip_length"),
        skip_from: field("skip_from"),
        skip_until: field("skip_until"),
        skip_zone: field("skip_zone"),
        skip_days: days(&inputs.all("skip_day")),
        skip_days_field: field("skip_day"),
        skip_on_call: field("skip_on_call"),
        groups: std::iter::once(Choice::new("", tell!("settings-whoever-it-is")))
            .chain(choices.groups.clone())
            .collect(),
        skip_ticket: said("skip_ticket"),
        more: MORE.iter().any(|name| said(name)),
    }
}

/// How many can be asked to agree.
fn agreements() -> Vec<Choice> {
    let counts = (1..=MOST_AGREE).map(|many| match many {
        1 => Choice::new("1", tell!("settings-one-of-them")),
        many => Choice::new(many.to_string(), tell!("settings-many-of-them", many = many)),
    });
    counts.chain([Choice::new("each", tell!("settings-one-of-each"))]).collect()
}

/// The days of a week, with those that are chosen.
fn days(chosen: &[String]) -> Vec<Choice> {
    let day = |name: &str| {
        Choice::new(name, reader_now().value(&settings::days(name)))
            .chosen(chosen.iter().any(|day| day == name))
    };
    Weekday::ALL.iter().map(|(_, name)| day(name)).collect()
}

/// Everybody and everything that may approve, with those that are chosen first.
fn approvers(choices: &Choices, chosen: &[String]) -> Vec<Choice> {
    let special = [
        Choice::new("manager", tell!("settings-the-requesters-manager")),
        Choice::new("scope owners", tell!("settings-the-owners-of-the-place"))
            .hint(tell!("settings-or-of-one-above-it")),
    ];
    let roles = choices.roles.iter().map(|role| {
        let label = tell!("settings-holders-of", role = role.label);
        Choice::new(format!("holders of {}", role.value), label)
            .hint(tell!("settings-whoever-holds-it-there"))
    });
    let all = special.into_iter().chain(choices.holders.iter().cloned()).chain(roles);
    let mut all: Vec<_> = all
        .map(|choice| {
            let is_chosen = chosen.contains(&choice.value);
            choice.chosen(is_chosen)
        })
        .collect();
    all.sort_by_key(|choice| !choice.chosen);
    all
}

/// The numbers of the stages that count: those that name somebody, and the first.
fn counted(pairs: &Pairs) -> impl Iterator<Item = usize> {
    let names = move |number: &usize| *number == 1 || pairs.has(&named("approver", *number));
    (1..=MOST_STAGES).filter(move |number| is_there(pairs, *number)).filter(names)
}

/// Reads the stages that count. What cannot be read is noted, and has a value that contradicts no other.
pub fn read(pairs: &Pairs, faults: &mut Faults) -> Vec<Stage> {
    counted(pairs).map(|number| one(number, pairs, faults)).collect()
}

fn one(number: usize, pairs: &Pairs, faults: &mut Faults) -> Stage {
    let text = |name: &str| pairs.one(&named(name, number)).trim();
    Stage {
        agree: match text("agree") {
            "each" => Agreement::Each,
            people => Agreement::People(people.parse().unwrap_or(1)),
        },
        timeout: length("timeout", number, pairs, faults).unwrap_or(LONGEST_APPROVAL_TIMEOUT),
        escalation: escalation(number, pairs, faults),
        on_silence: if text("silence") == "approve" { Silence::Approve } else { Silence::Deny },
        requires_justification: !text("reason_asked").is_empty(),
        authentication: if text("code_asked").is_empty() {
            Authentication::None
        } else {
            Authentication::Mfa
        },
        skipped_if: conditions(number, pairs, faults),
        ..Stage::of(named_in("approver", number, pairs))
    }
}

/// The approvers that are ticked under a name.
fn named_in(name: &str, number: usize, pairs: &Pairs) -> BTreeSet<Approver> {
    pairs.all(&named(name, number)).iter().filter_map(|text| text.parse().ok()).collect()
}

fn escalation(number: usize, pairs: &Pairs, faults: &mut Faults) -> Option<Escalation> {
    let approvers = named_in("escalate_to", number, pairs);
    let input = named("escalate_after", number);
    let after = if pairs.one(&input).trim().is_empty() {
        if approvers.is_empty() {
            return None;
        }
        faults.note(&input, tell!("settings-say-after-how-long"));
        None
    } else {
        length("escalate_after", number, pairs, faults)
    };
    Some(Escalation { after: after.unwrap_or(SHORTEST_ESCALATION), approvers })
}

fn length(name: &str, number: usize, pairs: &Pairs, faults: &mut Faults) -> Option<Duration> {
    let name = named(name, number);
    faults.read(&name, pairs.one(&name).trim())
}

fn conditions(number: usize, pairs: &Pairs, faults: &mut Faults) -> Conditions {
    let text = |name: &str| pairs.one(&named(name, number)).trim();
    let no_longer_than = match text("skip_length") {
        "" => None,
        _ => Some(length("skip_length", number, pairs, faults).unwrap_or(SHORTEST)),
    };
    Conditions {
        no_longer_than,
        within: hours(number, pairs, faults),
        on_call: text("skip_on_call").parse().ok(),
        ticket_verified: !text("skip_ticket").is_empty(),
    }
}

/// Hours with which nothing is wrong, where those of the form cannot be read.
const HARMLESS: (TimeOfDay, TimeOfDay) = (TimeOfDay::constant(8, 0), TimeOfDay::constant(17, 0));

fn hours(number: usize, pairs: &Pairs, faults: &mut Faults) -> Option<Hours> {
    let text = |name: &str| pairs.one(&named(name, number)).trim();
    let days = pairs.all(&named("skip_day", number));
    let said = ["skip_from", "skip_until", "skip_zone"].iter().any(|name| !text(name).is_empty());
    // Hours of which only a part is given are a fault, not hours that do not count: fewer conditions let more pass.
    if !said && days.is_empty() {
        return None;
    }
    let mut clock = |name: &str| faults.read::<TimeOfDay>(&named(name, number), text(name));
    let (from, until) = clock("skip_from").zip(clock("skip_until")).unwrap_or(HARMLESS);
    let days = Weekday::ALL.iter().filter(|(_, name)| days.iter().any(|day| day == name));
    let days = days.map(|(day, _)| *day).collect();
    Some(Hours { time_zone: text("skip_zone").to_owned(), days, from, until })
}
