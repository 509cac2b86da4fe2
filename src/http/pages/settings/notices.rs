//! Who is told of what about a role: the rules on a form, cell by cell, with how many people each tells.
use std::collections::BTreeMap;

use super::{super::faults::Faults, form::Pairs};
use crate::{
    domain::{
        language::Reader,
        notice::{
            occasion::{Audience, Cell, Topic},
            rule::{Level, Notices, Rule},
        },
        text::Email,
    },
    http::{
        language::translate,
        pages::view::{
            form::{Choice, Field as Input},
            settings::{NoticeCell, NoticeTopic, Sentence},
        },
    },
    service::notice::Counted,
};

/// How a cell is said on a form.
fn told(cell: Cell) -> String {
    format!("told:{cell}")
}

fn others(cell: Cell) -> String {
    format!("others:{cell}")
}

/// What a rule is called among the choices.
fn choice(rule: &Rule) -> &'static str {
    match (rule.default_recipients, rule.level, rule.eligible_too) {
        (false, ..) => "off",
        (true, Level::ActionNeeded, false) => "urgent",
        (true, Level::ActionNeeded, true) => "urgent_eligible",
        (true, Level::All, false) => "on",
        (true, Level::All, true) => "eligible",
    }
}

/// Says on a form what the rules are.
pub(super) fn say(pairs: &mut Pairs, notices: &Notices, whole: bool) {
    if !whole {
        pairs.say("notices", "own");
    }
    for (cell, rule) in notices.iter() {
        pairs.say(&told(cell), choice(rule));
        let addresses: Vec<_> = rule.recipients.iter().map(Email::as_str).collect();
        if !addresses.is_empty() {
            pairs.say(&others(cell), addresses.join(", "));
        }
    }
}

/// Reads the rules off a form; none if it says nothing of them: they stay as they are, or are inherited. What is left as it
/// ships is that of a privileged role or of another one. What is no address is noted, and left out.
pub(super) fn read(
    pairs: &Pairs,
    whole: bool,
    privileged: bool,
    faults: &mut Faults,
) -> Option<Notices> {
    if !whole && pairs.one("notices") != "own" {
        return None;
    }
    let mut notices = Notices::default();
    for cell in Cell::of_roles() {
        let mut rule = match pairs.one(&told(cell)) {
            // As it ships: but an address beside it has to be told as well, and that is a rule.
            "" if pairs.one(&others(cell)).trim().is_empty() => continue,
            "off" => Rule::default(),
            "urgent" => on(Level::ActionNeeded, false),
            "urgent_eligible" => on(Level::ActionNeeded, true),
            "eligible" => on(Level::All, true),
            "" => cell.shipped(privileged),
            _ => on(Level::All, false),
        };
        let written = pairs.one(&others(cell));
        let texts = written.split([',', ';', '\r', '\n']).map(str::trim);
        for text in texts.filter(|text| !text.is_empty()) {
            match Email::parse(text) {
                Ok(address) => rule.recipients.push(address),
                Err(error) => {
                    let why = translate(&error.to_string());
                    faults.note(&others(cell), format!("“{text}”: {why}"));
                }
            }
        }
        notices.set(cell, rule);
    }
    Some(notices)
}

fn on(level: Level, eligible_too: bool) -> Rule {
    Rule { default_recipients: true, level, eligible_too, ..Rule::default() }
}

/// The rules on a form, in their groups, each with how many people it would tell.
pub(super) fn topics(
    reader: &Reader,
    pairs: &Pairs,
    (counted, privileged): (&[Counted], bool),
    faults: &mut Faults,
) -> Vec<NoticeTopic> {
    let mut topics: BTreeMap<Topic, NoticeTopic> = BTreeMap::new();
    for cell in Cell::of_roles() {
        let counted = counted.iter().find(|counted| counted.cell == cell);
        let topic = cell.occasion.topic();
        let title = || reader.text(&format!("notices-topic-{}", topic.name()), &[]);
        topics
            .entry(topic)
            .or_insert_with(|| NoticeTopic {
                title: title(),
                cells: Vec::new(),
                changed: 0,
                differs: String::new(),
            })
            .push(one(reader, pairs, cell, (counted, privileged), faults));
    }
    let differs = |count: usize| reader.text("notices-changed", &[("count", count.into())]);
    topics
        .into_values()
        .map(|topic| NoticeTopic { differs: differs(topic.changed), ..topic })
        .collect()
}

impl NoticeTopic {
    fn push(&mut self, cell: NoticeCell) {
        self.changed += usize::from(!cell.told_is_shipped || !cell.others.value.is_empty());
        self.cells.push(cell);
    }
}

fn one(
    reader: &Reader,
    pairs: &Pairs,
    cell: Cell,
    (counted, privileged): (Option<&Counted>, bool),
    faults: &mut Faults,
) -> NoticeCell {
    let said = pairs.one(&told(cell));
    let told_is_shipped = said.is_empty();
    let shipped = cell.shipped(privileged).default_recipients;
    let written = pairs.one(&others(cell));
    let others_field = if cell.takes_others() {
        faults.take_at(&others(cell), &format!("notices[{cell}]"), written)
    } else {
        Input::new(written)
    };
    NoticeCell {
        told: told(cell),
        others_name: others(cell),
        label: reader.say(&cell.occasion.title()),
        audience: reader.say(&cell.audience_title()),
        asks: cell.asks(),
        fixed: cell.is_fixed(),
        choices: choices(reader, cell, shipped)
            .into_iter()
            .map(|choice| {
                let chosen = choice.value == said;
                choice.chosen(chosen)
            })
            .collect(),
        chosen: Input::new(said.to_owned()),
        takes_others: cell.takes_others(),
        others_label: reader.text(
            "notices-others-of",
            &[
                ("what", reader.say(&cell.occasion.title()).into()),
                ("who", reader.say(&cell.audience_title()).into()),
            ],
        ),
        others: others_field,
        tells: counted.map(|counted| candidates(reader, counted)).unwrap_or_default(),
        told_is_shipped,
    }
}

fn choices(reader: &Reader, cell: Cell, shipped: bool) -> Vec<Choice> {
    let text = |key| reader.text(key, &[]);
    let first = if shipped { "notices-shipped-on" } else { "notices-shipped-off" };
    let mut choices = vec![Choice::new("", text(first)), Choice::new("on", text("notices-on"))];
    if cell.audience == Audience::Administrators {
        choices.push(Choice::new("eligible", text("notices-eligible")));
    }
    if !cell.asks() {
        choices.push(Choice::new("urgent", text("notices-urgent")));
        if cell.audience == Audience::Administrators {
            choices.push(Choice::new("urgent_eligible", text("notices-urgent-eligible")));
        }
    }
    choices.push(Choice::new("off", text("notices-off")));
    choices
}

/// How many there are to be told.
fn candidates(reader: &Reader, counted: &Counted) -> String {
    match counted.people {
        None => reader.text("notices-tells-one", &[]),
        Some(_) => reader.text("notices-there-are", &[("people", counted.candidates.into())]),
    }
}

/// What rules would do that are about to be saved: of each cell that differs from before, how many it tells.
pub(super) fn consequences(
    reader: &Reader,
    before: &[Counted],
    after: &[Counted],
) -> Vec<Sentence> {
    after
        .iter()
        .filter(|after| {
            !before.iter().any(|before| before.cell == after.cell && before.rule == after.rule)
        })
        .map(|after| {
            let what = format!(
                "{}, {}",
                reader.say(&after.cell.occasion.title()),
                reader.say(&after.cell.audience_title())
            );
            Sentence { icon: "mail", text: format!("{what}: {}", tells(reader, after)) }
        })
        .collect()
}

/// How many a rule tells: "this tells 7 people and 1 more address".
fn tells(reader: &Reader, counted: &Counted) -> String {
    let people = match counted.people {
        None if counted.rule.default_recipients => reader.text("notices-tells-one", &[]),
        None => reader.text("notices-tells", &[("people", 0.into())]),
        Some(people) => reader.text("notices-tells", &[("people", people.into())]),
    };
    let summary = match counted.in_summary {
        0 => String::new(),
        some => reader.text("notices-in-summary", &[("people", some.into())]),
    };
    let addresses = match counted.addresses {
        0 => String::new(),
        some => reader.text("notices-and-addresses", &[("addresses", some.into())]),
    };
    [people, summary, addresses]
        .into_iter()
        .filter(|part| !part.is_empty())
        .collect::<Vec<_>>()
        .join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_beside_what_ships_changes_nothing_for_anybody_else() {
        let cell: Cell = "activated.administrators".parse().unwrap();
        for privileged in [false, true] {
            let mut pairs = Pairs::default();
            pairs.say(&others(cell), "soc@example.org");
            let said = read(&pairs, true, privileged, &mut Faults::default());
            let notices = said.expect("they are said");
            let rule = notices.rule(cell, privileged);
            assert_eq!(rule.default_recipients, privileged);
            assert_eq!(rule.recipients, [Email::parse("soc@example.org").unwrap()]);
        }
    }

    #[test]
    fn what_is_no_address_is_one_fault_beside_its_field() {
        let cell: Cell = "activated.administrators".parse().unwrap();
        let (mut pairs, mut faults) = (Pairs::default(), Faults::default());
        pairs.say(&others(cell), "soc@example.org, not an address");
        assert!(read(&pairs, true, true, &mut faults).is_some());
        assert!(!faults.is_empty());
        let topics = topics(&Reader::english(), &pairs, (&[], true), &mut faults);
        let cells = topics.iter().flat_map(|topic| &topic.cells);
        let wrong: Vec<_> = cells.filter(|cell| cell.others.error.is_some()).collect();
        let [wrong] = wrong.as_slice() else { panic!("one field is wrong") };
        assert_eq!(wrong.others_name, others(cell));
        let said = wrong.others.error.as_deref().unwrap();
        assert!(said.starts_with("“not an address”: write an address"), "{said}");
        assert!(faults.rest().is_empty());
    }
}
