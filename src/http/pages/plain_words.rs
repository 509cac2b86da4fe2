//! The terms of a role in plain words.
use super::{scope, terms::deciders, view::settings::Sentence};
use crate::{
    domain::{
        id::PrincipalId,
        role::ScopeKind,
        settings::{ActivationTerms, AssignmentTerms, Authentication},
        text::capital,
    },
    service::settings::Detail,
};

/// The terms of a role, sentence by sentence.
#[must_use]
pub fn summary(detail: &Detail) -> Vec<Sentence> {
    let settings = &detail.current.settings;
    let say = |icon, text: String| Sentence { icon, text };
    vec![
        say("clock", format!("An activation lasts at most {}.", settings.activation.maximum)),
        say("code", asked_for(&settings.activation)),
        say("approval", approval(detail)),
        say("calendar", assignments("Eligible", &settings.eligible)),
        say("role", assignments("Active", &settings.active)),
    ]
}

fn asked_for(terms: &ActivationTerms) -> String {
    let asked: Vec<_> = [
        (terms.authentication == Authentication::Mfa, "a fresh code"),
        (terms.requires_justification, "a reason"),
        (terms.requires_ticket, "a ticket"),
    ]
    .into_iter()
    .filter_map(|(asked, what)| asked.then_some(what))
    .collect();
    match asked.as_slice() {
        [] => "Whoever activates gives neither a code nor a reason nor a ticket.".to_owned(),
        [one] => format!("Whoever activates gives {one}."),
        [most @ .., last] => format!("Whoever activates gives {} and {last}.", most.join(", ")),
    }
}

fn approval(detail: &Detail) -> String {
    let terms = &detail.current.settings.activation;
    if !terms.requires_approval {
        return "Nobody has to approve.".to_owned();
    }
    let names: Vec<_> = detail
        .approvers
        .iter()
        .map(
            |(_, name, is_group)| {
                if *is_group { format!("a member of {name}") } else { name.clone() }
            },
        )
        .collect();
    let reason = if terms.approval_requires_justification { ", with a reason" } else { "" };
    format!(
        "{} must approve within {}{reason}. Nobody approves their own request.",
        capital(&deciders(&names)),
        terms.approval_timeout,
    )
}

fn assignments(kind: &str, terms: &AssignmentTerms) -> String {
    let length = if terms.may_be_permanent {
        "may be without end".to_owned()
    } else {
        format!("last at most {}", terms.maximum)
    };
    let asked: Vec<_> =
        [(terms.requires_justification, "a reason"), (terms.requires_mfa, "a fresh code")]
            .into_iter()
            .filter_map(|(asked, what)| asked.then_some(what))
            .collect();
    if asked.is_empty() {
        format!("{kind} assignments {length}.")
    } else {
        format!("{kind} assignments {length}; the administrator gives {}.", asked.join(" and "))
    }
}

/// What a setting is called.
#[must_use]
pub fn label(field: &str) -> &str {
    match field {
        "maximum" => "Longest activation",
        "authentication" => "Fresh code",
        "requires_justification" => "Reason",
        "requires_ticket" => "Ticket",
        "requires_approval" => "Approval",
        "approvers" => "Approvers",
        "approval_timeout" => "A request waits for",
        "approval_requires_justification" => "Approver’s reason",
        "eligible_may_be_permanent" => "Eligible without end",
        "eligible_maximum" => "Longest dated eligibility",
        "eligible_requires_justification" => "Reason for eligible assignments",
        "eligible_requires_mfa" => "Fresh code for eligible assignments",
        "active_may_be_permanent" => "Active without end",
        "active_maximum" => "Longest dated active assignment",
        "active_requires_justification" => "Reason for active assignments",
        "active_requires_mfa" => "Fresh code for active assignments",
        other => other,
    }
}

/// What a permission lets one do.
#[must_use]
pub fn permission(name: &str) -> &str {
    match name {
        "roles.read" => "See roles, their terms and who has them",
        "roles.manage" => "Make, change and retire roles",
        "scopes.manage" => "Make, rename, move and retire places",
        "assignments.manage" => "Give and take roles",
        "settings.manage" => "Set the terms of roles",
        "people.read" => "See people",
        "people.manage" => "Look after people who can reach no privileged role",
        "privileged_people.manage" => "Look after everybody else too",
        "groups.manage" => "Make groups, and say who belongs to them",
        "applications.manage" => "Register applications, and say who answers for them",
        "requests.read" => "See everybody’s requests",
        "requests.cancel" => "Cancel anybody’s request",
        "audit.read" => "Read and export the audit log",
        "access.check" => "Ask whether somebody holds a role",
        other => other,
    }
}

/// A setting's value, with names instead of identifiers.
#[must_use]
pub fn value(field: &str, value: &str, names: &[(PrincipalId, String, bool)]) -> String {
    match (field, value) {
        ("approvers", "") => "nobody".to_owned(),
        ("approvers", ids) => ids
            .split(", ")
            .map(|id| {
                let known = names.iter().find(|(principal, ..)| principal.to_string() == id);
                known.map_or(id, |(_, name, _)| name)
            })
            .collect::<Vec<_>>()
            .join(", "),
        ("scope_kinds", kinds) => kinds
            .split(", ")
            .map(|name| if let Some(it) = ScopeKind::named(name) { scope::kind(it) } else { name })
            .collect::<Vec<_>>()
            .join(", "),
        ("permissions", names) => names.split(", ").map(permission).collect::<Vec<_>>().join(", "),
        ("authentication", "mfa") => "asked for".to_owned(),
        ("authentication", _) => "not asked for".to_owned(),
        (_, value) => value.to_owned(),
    }
}
