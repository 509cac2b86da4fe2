//! The terms of roles, and where they are held, in few words.
use super::{
    say,
    view::{Caption, form::Choice},
};
use crate::{
    App,
    domain::{
        id::ScopeId,
        settings::{ActivationTerms, Authentication},
    },
    http::language::tell,
    service::ticket,
};

/// The terms of activating, as captions.
#[must_use]
pub fn captions(terms: &ActivationTerms) -> Vec<Caption> {
    let asked = [
        (terms.authentication == Authentication::Mfa, "code", tell!("role-code")),
        (terms.requires_approval, "approval", tell!("word-approval")),
        (terms.requires_justification, "reason", tell!("word-reason")),
        (terms.requires_ticket, "ticket", tell!("word-ticket")),
    ];
    let mut captions: Vec<_> = asked
        .into_iter()
        .filter(|(asked, ..)| *asked)
        .map(|(_, icon, text)| Caption::new(icon, text))
        .collect();
    captions.push(Caption::new("clock", tell!("role-at-most", maximum = terms.maximum)));
    captions
}

/// The name of a place where a role is held; nothing for the whole organisation.
#[must_use]
pub fn place(scope: ScopeId, name: &str) -> String {
    if scope == ScopeId::ROOT { String::new() } else { name.to_owned() }
}

/// Where a role is held, after its name: " at Operations", or nothing.
#[must_use]
pub fn at_place(scope: ScopeId, name: &str) -> String {
    if scope == ScopeId::ROOT { String::new() } else { tell!("role-at", name = name) }
}

/// The configured ticket systems to choose from, and none; empty if any may be written.
#[must_use]
pub fn ticket_systems(app: &App) -> Vec<Choice> {
    let known = ticket::systems(app);
    if known.is_empty() {
        return Vec::new();
    }
    let known = known.into_iter().map(|name| Choice::new(name.clone(), name));
    std::iter::once(Choice::new("", tell!("activation-no-ticket-system"))).chain(known).collect()
}

/// A ticket with its system; nothing if there is none.
#[must_use]
pub fn ticket(number: &str, system: &str) -> String {
    match (number.is_empty(), system.is_empty()) {
        (true, _) => String::new(),
        (false, true) => number.to_owned(),
        (false, false) => format!("{number} · {system}"),
    }
}

/// People who can decide, four at most by name.
#[must_use]
pub fn deciders(names: &[String]) -> String {
    const SHOWN: usize = 4;
    if names.len() <= SHOWN {
        return say::any_of(names);
    }
    let first: Vec<_> = names.iter().take(SHOWN).cloned().collect();
    tell!("role-or-others", most = first.join(", "), others = names.len() - SHOWN)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_deciders_are_counted() {
        let names = |number: usize| -> Vec<String> {
            (0..number).map(|index| format!("P{index}")).collect()
        };
        assert_eq!(deciders(&names(2)), "P0 or P1");
        assert_eq!(deciders(&names(5)), "P0, P1, P2, P3 or 1 other");
        assert_eq!(deciders(&names(9)), "P0, P1, P2, P3 or 5 others");
    }
}
