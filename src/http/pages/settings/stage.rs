//! The stages of an approval on a form: drawn, and read. Each input has the number of its stage behind its name; a stage that names
//! nobody is not there.
use std::str::FromStr as _;

use super::{
    super::{
        faults::Faults,
        say,
        view::{form::Choice, settings::StageForm},
    },
    form::Pairs,
};
use crate::{
    domain::{
        approval::{
            Agreement, Approver, Conditions, Escalation, Hours, MOST_AGREE, MOST_STAGES, Silence,
            Stage, Weekday,
        },
        settings::{self, Authentication},
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

/// The stages on a form: those that are there, and an empty one to be filled in.
pub fn forms(pairs: &Pairs, choices: &Choices, faults: &mut Faults) -> Vec<StageForm> {
    let there = (1..=MOST_STAGES).filter(|number| is_there(pairs, *number)).count();
    (1..=(there + 1).min(MOST_STAGES)).map(|number| form(number, pairs, choices, faults)).collect()
}

fn is_there(pairs: &Pairs, number: usize) -> bool {
    pairs.has(&named("stage", number)) || pairs.has(&named("approver", number))
}

fn form(number: usize, pairs: &Pairs, choices: &Choices, faults: &mut Faults) -> StageForm {
    let is_there = is_there(pairs, number);
    let one = |name: &str| pairs.one(&named(name, number));
    let mut field = |name: &str, usual: &str| {
        let said = one(name);
        let value = if said.is_empty() && !is_there { usual } else { said };
        faults.take(&named(name, number), value)
    };
    let (agree, timeout) = (field("agree", "1"), field("timeout", "24h"));
    let (silence, escalate_after) = (field("silence", ""), field("escalate_after", ""));
    let (skip_length, skip_on_call) = (field("skip_length", ""), field("skip_on_call", ""));
    let (skip_from, skip_until) = (field("skip_from", ""), field("skip_until", ""));
    let skip_zone = field("skip_zone", "");
    let approvers_field = field("approver", "");
    let more = [
        "escalate_after",
        "escalate_to",
        "skip_length",
        "skip_from",
        "skip_on_call",
        "skip_ticket",
    ];
    let counts = (1..=MOST_AGREE).map(|many| match many {
        1 => Choice::new("1", tell!("settings-one-of-them")),
        many => Choice::new(many.to_string(), tell!("settings-many-of-them", many = many)),
    });
    StageForm {
        number,
        is_there,
        approvers: approvers(choices, &pairs.all(&named("approver", number))),
        approvers_field,
        agree,
        agreements: counts.chain([Choice::new("each", tell!("settings-one-of-each"))]).collect(),
        timeout,
        silence,
        silences: vec![
            Choice::new("", tell!("settings-silence-denies")),
            Choice::new("approve", tell!("settings-silence-approves")),
        ],
        reason: !is_there || !one("reason_asked").is_empty(),
        code: !is_there || !one("code_asked").is_empty(),
        escalate_after,
        escalate_to: approvers(choices, &pairs.all(&named("escalate_to", number))),
        skip_length,
        skip_from,
        skip_until,
        skip_zone,
        skip_days: days(&pairs.all(&named("skip_day", number))),
        skip_on_call,
        groups: std::iter::once(Choice::new("", tell!("settings-whoever-it-is")))
            .chain(choices.groups.clone())
            .collect(),
        skip_ticket: !one("skip_ticket").is_empty(),
        more: more.iter().any(|name| !one(name).is_empty()),
    }
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

/// Reads the stages that are there; none if one of them cannot be read.
pub fn read(pairs: &Pairs, faults: &mut Faults) -> Option<Vec<Stage>> {
    let there = (1..=MOST_STAGES).filter(|number| is_there(pairs, *number));
    let named = |number: &usize| *number == 1 || pairs.has(&named("approver", *number));
    let read: Vec<_> = there.filter(named).map(|number| one(number, pairs, faults)).collect();
    read.into_iter().collect()
}

fn one(number: usize, pairs: &Pairs, faults: &mut Faults) -> Option<Stage> {
    let text = |name: &str| pairs.one(&named(name, number)).trim();
    let parse = |text: &String| text.parse().ok();
    let list = |name: &str| pairs.all(&named(name, number)).iter().filter_map(parse).collect();
    let approvers: std::collections::BTreeSet<Approver> = list("approver");
    let timeout = length("timeout", number, pairs, faults);
    let later: std::collections::BTreeSet<Approver> = list("escalate_to");
    let after = if text("escalate_after").is_empty() {
        if !later.is_empty() {
            let missing = tell!("settings-say-after-how-long");
            faults.note(&named("escalate_after", number), missing);
            return None;
        }
        None
    } else {
        Some(length("escalate_after", number, pairs, faults)?)
    };
    Some(Stage {
        agree: match text("agree") {
            "each" => Agreement::Each,
            people => Agreement::People(people.parse().unwrap_or(1)),
        },
        timeout: timeout?,
        escalation: after.map(|after| Escalation { after, approvers: later }),
        on_silence: if text("silence") == "approve" { Silence::Approve } else { Silence::Deny },
        requires_justification: !text("reason_asked").is_empty(),
        authentication: if text("code_asked").is_empty() {
            Authentication::None
        } else {
            Authentication::Mfa
        },
        skipped_if: conditions(number, pairs, faults)?,
        ..Stage::of(approvers)
    })
}

fn length(name: &str, number: usize, pairs: &Pairs, faults: &mut Faults) -> Option<Duration> {
    let name = named(name, number);
    match Duration::from_str(pairs.one(&name).trim()) {
        Ok(length) => Some(length),
        Err(error) => {
            faults.note(&name, error.to_string());
            None
        }
    }
}

fn conditions(number: usize, pairs: &Pairs, faults: &mut Faults) -> Option<Conditions> {
    let text = |name: &str| pairs.one(&named(name, number)).trim().to_owned();
    let no_longer_than = match text("skip_length").as_str() {
        "" => None,
        _ => Some(length("skip_length", number, pairs, faults)?),
    };
    let days = pairs.all(&named("skip_day", number));
    let said = ["skip_from", "skip_until", "skip_zone"].iter().any(|name| !text(name).is_empty());
    // Hours of which only a part is given are a fault, not hours that do not count: fewer conditions let more pass.
    let within = if !said && days.is_empty() {
        None
    } else {
        let mut clock = |name: &str| faults.read::<TimeOfDay>(&named(name, number), &text(name));
        let (from, until) = (clock("skip_from"), clock("skip_until"));
        let days = Weekday::ALL.iter().filter(|(_, name)| days.iter().any(|day| day == name));
        let days = days.map(|(day, _)| *day).collect();
        Some(Hours { time_zone: text("skip_zone"), days, from: from?, until: until? })
    };
    Some(Conditions {
        no_longer_than,
        within,
        on_call: text("skip_on_call").parse().ok(),
        ticket_verified: !text("skip_ticket").is_empty(),
    })
}
