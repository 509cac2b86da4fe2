//! What will happen if a sheet is sent: whether somebody must approve, and when access would end.
use super::{
    say::Reader,
    terms::deciders,
    view::activation::{ApprovalNeeded, Ending, Outcome, StageNeeded},
};
use crate::{
    domain::{
        activation::End,
        approval::{Agreement, Stage, StageState, Standing},
        settings::{self, SHORTEST},
        time::{Duration, Instant},
    },
    http::language::{reader_now, tell},
    service::activation::Preview,
};

/// Said where access would end with the eligibility. Scripts say the same.
const CUT: &str = "activation-shortened-your-eligibility-ends-then";

/// A role that is asked for, and how far the eligibility reaches.
pub type Asked<'a> = (&'a Preview, Option<Instant>);

/// What the form says about the time, as far as it can be read.
#[derive(Clone, Copy, Debug)]
pub struct Time {
    /// How long.
    pub duration: Option<Duration>,
    /// From when, if later.
    pub starts_at: Option<Instant>,
}

/// For how long a role is asked for: several are asked for together, each for its own longest if that is less.
#[must_use]
pub fn duration_of(asked: Duration, longest: Duration, several: bool) -> Duration {
    if several { asked.min(longest) } else { asked }
}

/// What will happen, for one role or several that are asked for together.
#[must_use]
pub fn of(asked: &[Asked<'_>], time: Time, reader: &Reader) -> Outcome {
    let several = asked.len() > 1;
    let approvals: Vec<_> = asked
        .iter()
        .map(|(preview, _)| *preview)
        .filter(|preview| is_asked_for(preview))
        .map(|preview| needed(preview, several))
        .collect();
    Outcome {
        start: time
            .starts_at
            .filter(|start| *start > reader.now)
            .map_or_else(|| tell!("activation-at-once"), |start| reader.instant(start).text),
        ends: asked.iter().map(|asked| ending(*asked, time, several, reader)).collect(),
        at_once: approvals.len() < asked.len(),
        unasked: asked.iter().filter_map(|(preview, _)| unasked(preview, several)).collect(),
        approvals,
    }
}

/// Whether somebody has to approve it, as it is asked for.
fn is_asked_for(preview: &Preview) -> bool {
    preview.prospect.standings.iter().any(|stage| stage.state == StageState::Open)
}

/// Why nobody has to approve what otherwise somebody would.
fn unasked(preview: &Preview, several: bool) -> Option<String> {
    let prospect = &preview.prospect;
    if is_asked_for(preview) || prospect.standings.is_empty() {
        return None;
    }
    let whys = prospect.explanations.iter().filter(|why| !why.is_empty());
    let whys: Vec<_> = whys.map(|why| reader_now().value(&settings::rules(why))).collect();
    let why = reader_now().all_of(&whys);
    let told = tell!("activation-nobody-needs-to-be-asked", why = why);
    Some(if several { format!("{}: {told}", preview.role_name) } else { told })
}

fn ending((preview, until): Asked<'_>, time: Time, several: bool, reader: &Reader) -> Ending {
    let longest = preview.version.settings.activation.maximum;
    let wanted = time.duration.map(|wanted| duration_of(wanted, longest, several));
    let end = wanted.filter(|wanted| (SHORTEST..=longest).contains(wanted)).map(|wanted| {
        let start = time.starts_at.unwrap_or(preview.now).max(preview.now);
        End::of(start, wanted, until)
    });
    let ending = Ending {
        role: preview.role_name.clone(),
        at: end.map(|end| reader.instant(end.at)).unwrap_or_default(),
        note: String::new(),
        longest: longest.seconds(),
        latest: until.map(|until| until.to_string()).unwrap_or_default(),
        too_long: if several {
            String::new()
        } else {
            tell!("activation-this-role-allows-at-most", longest = longest)
        },
        capped: tell!("activation-at-most-of", longest = longest),
    };
    let note = match end {
        Some(end) if end.cut_by_eligibility => tell!(CUT),
        Some(_) if time.duration > Some(longest) => ending.capped.clone(),
        None if time.duration > Some(longest) => ending.too_long.clone(),
        _ => String::new(),
    };
    Ending { note, ..ending }
}

fn needed(preview: &Preview, several: bool) -> ApprovalNeeded {
    let prospect = &preview.prospect;
    let stages = prospect.standings.iter().zip(&prospect.explanations);
    ApprovalNeeded {
        role: if several { preview.role_name.clone() } else { String::new() },
        stages: stages.map(|(standing, why)| stage_needed(preview, standing, why)).collect(),
        refused: if prospect.attainable {
            String::new()
        } else {
            tell!("activation-too-few-people-but-you")
        },
    }
}

/// One stage: who can decide and who is away, or why nobody needs to be asked.
fn stage_needed(preview: &Preview, standing: &Standing, why: &str) -> StageNeeded {
    let several = preview.version.settings.activation.stages.len() > 1;
    let number = if several {
        tell!("activation-stage-number", number = standing.number) + " "
    } else {
        String::new()
    };
    if standing.state == StageState::Skipped {
        let by = tell!("activation-nobody-needs-to-be-asked", why = settings::rules(why));
        return StageNeeded { number, by, note: String::new(), away: Vec::new() };
    }
    let stage = standing.number.checked_sub(1);
    let stage = stage.and_then(|index| preview.version.settings.activation.stages.get(index));
    let asked = preview.prospect.approvers.iter().filter(|approver| {
        approver.candidate.stage == standing.number && !approver.candidate.escalation
    });
    let mut names = Vec::new();
    let mut away = Vec::new();
    for approver in asked {
        if names.contains(&approver.name) {
            continue;
        }
        if !approver.deputies.is_empty() {
            let deputy = reader_now().all_of(&approver.deputies);
            away.push(tell!("activation-is-away", name = approver.name, deputy = deputy));
        }
        names.push(approver.name.clone());
    }
    let note = stage.map(|stage| stage_note(preview, stage, names.len())).unwrap_or_default();
    let by = match names.len() {
        0 => tell!("activation-nobody-but-you-can-decide"),
        _ => tell!("activation-can-decide", names = deciders(&names)),
    };
    StageNeeded { number, by, note, away }
}

/// How many must agree, how long they have, and when nobody would be asked.
fn stage_note(preview: &Preview, stage: &Stage, can_decide: usize) -> String {
    let many = match stage.agree {
        Agreement::People(people) if people > 1 => {
            Some(tell!("activation-of-them-must-agree", people = people))
        }
        Agreement::Each if can_decide > 1 => Some(tell!("activation-one-of-each-must-agree")),
        Agreement::People(_) | Agreement::Each => None,
    };
    let rules = stage
        .skipped_if
        .to_words(|group| preview.prospect.names.get(&group.0).cloned().unwrap_or_default());
    let otherwise = (!rules.is_empty())
        .then(|| tell!("activation-nobody-is-asked-if", rules = settings::rules(&rules)));
    let time = Some(tell!("activation-they-have", timeout = stage.timeout));
    [many, time, otherwise].into_iter().flatten().collect::<Vec<_>>().join(" ")
}
