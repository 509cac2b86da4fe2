//! The terms of roles, and where they are held, in few words.
use super::{say, view::Caption};
use crate::domain::{
    id::ScopeId,
    settings::{ActivationTerms, Authentication},
};

/// The terms of activating, as captions.
#[must_use]
pub fn captions(terms: &ActivationTerms) -> Vec<Caption> {
    let asked = [
        (terms.authentication == Authentication::Mfa, "code", "Code"),
        (terms.requires_approval, "approval", "Approval"),
        (terms.requires_justification, "reason", "Reason"),
        (terms.requires_ticket, "ticket", "Ticket"),
    ];
    let mut captions: Vec<_> = asked
        .into_iter()
        .filter(|(asked, ..)| *asked)
        .map(|(_, icon, text)| Caption::new(icon, text))
        .collect();
    captions.push(Caption::new("clock", format!("at most {}", terms.maximum)));
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
    if scope == ScopeId::ROOT { String::new() } else { format!(" at {name}") }
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
    format!("{} or {}", first.join(", "), say::count(names.len() - SHOWN, "other"))
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
