//! What will happen if a sheet is sent: whether somebody must approve, and when access would end.
use super::{
    say::Reader,
    terms::deciders,
    view::activation::{ApprovalNeeded, Ending, Outcome},
};
use crate::{
    domain::{
        activation::End,
        settings::SHORTEST,
        time::{Duration, Instant},
    },
    service::activation::Preview,
};

/// Said where access would end with the eligibility. Scripts say the same.
const CUT: &str = "Shortened: your eligibility ends then.";

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
        .filter(|preview| preview.version.settings.activation.requires_approval)
        .map(|preview| needed(preview, several))
        .collect();
    Outcome {
        start: time
            .starts_at
            .filter(|start| *start > reader.now)
            .map_or_else(|| "at once".to_owned(), |start| reader.instant(start).text),
        ends: asked.iter().map(|asked| ending(*asked, time, several, reader)).collect(),
        at_once: approvals.len() < asked.len(),
        approvals,
    }
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
            format!("This role allows at most {longest}: choose less.")
        },
        capped: format!("at most {longest}"),
    };
    let note = match end {
        Some(end) if end.cut_by_eligibility => CUT.to_owned(),
        Some(_) if time.duration > Some(longest) => ending.capped.clone(),
        None if time.duration > Some(longest) => ending.too_long.clone(),
        _ => String::new(),
    };
    Ending { note, ..ending }
}

fn needed(preview: &Preview, several: bool) -> ApprovalNeeded {
    let names: Vec<_> = preview.approvers.iter().map(|approver| approver.name.clone()).collect();
    let timeout = preview.version.settings.activation.approval_timeout;
    ApprovalNeeded {
        role: if several { preview.role_name.clone() } else { String::new() },
        by: match names.len() {
            0 => "Nobody but you can approve it at the moment.".to_owned(),
            _ => format!("{} can decide.", deciders(&names)),
        },
        note: format!("They have {timeout}."),
    }
}
