//! What will happen if a sheet is sent: whether somebody must approve, and when access would end.
use super::{
    say::Reader,
    terms::deciders,
    view::activation::{ApprovalNeeded, Outcome},
};
use crate::{
    domain::{
        activation::End,
        time::{Duration, Instant},
    },
    service::activation::Preview,
};

/// When access would end for another duration than the preview's.
#[must_use]
pub fn end(
    preview: &Preview,
    duration: Duration,
    eligible_until: Option<Instant>,
    now: Instant,
) -> End {
    let longest = preview.version.settings.activation.maximum;
    End::of(now, duration.min(longest), eligible_until)
}

/// What will happen, for one role or several that are asked for together.
#[must_use]
pub fn of(previews: &[&Preview], eligible_until: &[Option<Instant>], reader: &Reader) -> Outcome {
    let last = previews.iter().max_by_key(|preview| preview.end.at);
    let cut = previews.iter().find(|preview| preview.end.cut_by_eligibility);
    let several = previews.len() > 1;
    let approvals: Vec<_> = previews
        .iter()
        .filter(|preview| preview.version.settings.activation.requires_approval)
        .map(|preview| needed(preview, several))
        .collect();
    Outcome {
        ends: last.map(|preview| reader.instant(preview.end.at)).unwrap_or_default(),
        clamped: match cut {
            Some(preview) if several => {
                format!("{} ends earlier: your eligibility ends then.", preview.role_name)
            }
            Some(_) => "Shortened: your eligibility ends then.".to_owned(),
            None => String::new(),
        },
        latest: eligible_until.iter().flatten().min().map(ToString::to_string).unwrap_or_default(),
        at_once: approvals.len() < previews.len(),
        approvals,
        told: String::new(),
    }
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
