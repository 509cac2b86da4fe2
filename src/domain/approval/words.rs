//! Stages in words: the same for pages, differences and the audit log, so that equal words mean equal stages.
use std::fmt::{Display, Write as _};

use super::{Agreement, Approver, Silence, Stage};
use crate::domain::settings::Authentication;

/// All stages, one sentence each.
pub fn to_words<Holder: Ord + Display, Role: Ord + Display>(
    stages: &[Stage<Holder, Role>],
    holder: impl Fn(&Holder) -> String,
    role: impl Fn(&Role) -> String,
) -> String {
    let told = stages.iter().zip(1..).map(|(stage, number)| {
        let told = stage_to_words(stage, &holder, &role);
        if stages.len() == 1 { told } else { format!("{number}. {told}") }
    });
    told.collect::<Vec<_>>().join(". ")
}

/// One stage: who, how many, how long, and what else.
pub fn stage_to_words<Holder: Ord + Display, Role: Ord + Display>(
    stage: &Stage<Holder, Role>,
    holder: impl Fn(&Holder) -> String,
    role: impl Fn(&Role) -> String,
) -> String {
    let name = |approver: &Approver<Holder, Role>| match approver {
        Approver::Principal(id) => holder(id),
        Approver::Manager => "the requester’s manager".to_owned(),
        Approver::ScopeOwners => "the owners of the place".to_owned(),
        Approver::RoleHolders(id) => format!("holders of {}", role(id)),
    };
    let list = |approvers: &std::collections::BTreeSet<_>| {
        let mut names: Vec<_> = approvers.iter().map(name).collect();
        names.sort_unstable();
        if names.is_empty() { "nobody".to_owned() } else { names.join(", ") }
    };
    let many = match stage.agree {
        Agreement::People(1) => "One of".to_owned(),
        Agreement::People(people) => format!("{people} of"),
        Agreement::Each => "One for each of".to_owned(),
    };
    let mut told = format!("{many} {} within {}", list(&stage.approvers), stage.timeout);
    if let Some(later) = &stage.escalation {
        // Writing to a string cannot fail.
        let _ = write!(told, ", after {} also {}", later.after, list(&later.approvers));
    }
    match (stage.requires_justification, stage.authentication) {
        (true, Authentication::Mfa) => told.push_str(", with a reason and a fresh proof"),
        (true, Authentication::None) => told.push_str(", with a reason"),
        (false, Authentication::Mfa) => told.push_str(", with a fresh proof"),
        (false, Authentication::None) => {}
    }
    told.push_str(match stage.on_silence {
        Silence::Deny => "",
        Silence::Approve => "; silence approves",
    });
    if !stage.skipped_if.is_empty() {
        let _ = write!(told, "; skipped if {}", stage.skipped_if.to_words(&holder));
    }
    told
}
