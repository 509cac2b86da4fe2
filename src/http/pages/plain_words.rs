//! The terms of a role in plain words.
use super::{scope, view::settings::Sentence};
use crate::{
    domain::{
        approval::to_words,
        role::ScopeKind,
        settings::{self, ActivationTerms, AssignmentTerms, Authentication, Names},
    },
    http::language::{reader_now, tell},
    service::settings::Detail,
};

/// The terms of a role, sentence by sentence.
#[must_use]
pub fn summary(detail: &Detail) -> Vec<Sentence> {
    let settings = &detail.current.settings;
    let say = |icon, text: String| Sentence { icon, text };
    let emergencies = settings
        .activation
        .requires_approval
        .then(|| say("alert", emergencies(&settings.activation)));
    let told = [
        say(
            "clock",
            tell!("settings-an-activation-lasts-at-most", maximum = settings.activation.maximum),
        ),
        say("code", asked_for(&settings.activation)),
        say("approval", approval(detail)),
    ];
    let assigned = [
        say("calendar", assignments(&tell!("settings-kind-eligible"), &settings.eligible)),
        say("role", assignments(&tell!("settings-kind-active"), &settings.active)),
    ];
    told.into_iter().chain(emergencies).chain(assigned).collect()
}

fn asked_for(terms: &ActivationTerms) -> String {
    let asked: Vec<_> = [
        (terms.authentication == Authentication::Mfa, tell!("settings-a-fresh-code")),
        (terms.requires_justification, tell!("settings-a-reason")),
        (terms.requires_ticket, tell!("settings-a-ticket")),
    ]
    .into_iter()
    .filter_map(|(asked, what)| asked.then_some(what))
    .collect();
    if asked.is_empty() {
        tell!("settings-whoever-activates-gives-nothing")
    } else {
        tell!("settings-whoever-activates-gives", asked = reader_now().all_of(&asked))
    }
}

fn approval(detail: &Detail) -> String {
    let terms = &detail.current.settings.activation;
    if !terms.requires_approval {
        return tell!("word-nobody-has-to-approve");
    }
    let told = to_words(&terms.stages, ToString::to_string, ToString::to_string);
    tell!("settings-others-must-approve", told = value("stages", &told, &detail.names))
}

fn emergencies(terms: &ActivationTerms) -> String {
    if terms.allows_emergency {
        tell!("settings-in-an-emergency-nobody-is", maximum = terms.emergency_maximum)
    } else {
        tell!("settings-no-way-around-the-approval")
    }
}

fn assignments(kind: &str, terms: &AssignmentTerms) -> String {
    let length = if terms.may_be_permanent {
        tell!("settings-may-be-without-end-inside")
    } else {
        tell!("settings-last-at-most", maximum = terms.maximum)
    };
    let asked: Vec<_> = [
        (terms.requires_justification, tell!("settings-a-reason")),
        (terms.requires_mfa, tell!("settings-a-fresh-code")),
    ]
    .into_iter()
    .filter_map(|(asked, what)| asked.then_some(what))
    .collect();
    if asked.is_empty() {
        tell!("settings-assignments-last", kind = kind, length = length)
    } else {
        let asked = reader_now().all_of(&asked);
        tell!("settings-assignments-last-and-ask", kind = kind, length = length, asked = asked)
    }
}

/// What a setting is called.
#[must_use]
pub fn label(field: &str) -> String {
    reader_now().say(&settings::label(field))
}

/// What a permission lets one do.
#[must_use]
pub fn permission(name: &str) -> String {
    match name {
        "roles.read" => tell!("settings-see-roles-their-terms-and"),
        "roles.manage" => tell!("settings-make-change-and-retire-roles"),
        "scopes.manage" => tell!("settings-make-rename-move-and-retire"),
        "assignments.manage" => tell!("settings-give-and-take-roles"),
        "settings.manage" => tell!("settings-set-the-terms-of-roles"),
        "people.read" => tell!("settings-see-people"),
        "people.manage" => tell!("settings-look-after-people-who-can"),
        "privileged_people.manage" => tell!("settings-look-after-everybody-else-too"),
        "groups.manage" => tell!("settings-make-groups-and-say-who"),
        "applications.manage" => tell!("settings-register-applications-and-say-who"),
        "requests.read" => tell!("settings-see-everybodys-requests"),
        "requests.cancel" => tell!("settings-cancel-anybodys-request"),
        "audit.read" => tell!("settings-read-and-export-the-audit"),
        "access.check" => tell!("settings-ask-whether-somebody-holds-a"),
        other => other.to_owned(),
    }
}

/// A setting's value, with names instead of identifiers.
#[must_use]
pub fn value(field: &str, value: &str, names: &Names) -> String {
    match (field, value) {
        ("scope_kinds", kinds) => kinds
            .split(", ")
            .map(|name| ScopeKind::named(name).map_or_else(|| name.to_owned(), scope::kind))
            .collect::<Vec<_>>()
            .join(", "),
        ("permissions", names) => names.split(", ").map(permission).collect::<Vec<_>>().join(", "),
        ("kind", "eligible") => tell!("settings-eligible-inside"),
        ("kind", "active") => tell!("settings-active-inside"),
        (field, value) => reader_now().value(&settings::value(field, value, names)),
    }
}
