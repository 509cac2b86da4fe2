//! Audit events in words.
use data_encoding::HEXLOWER;

use super::{
    say::{Reader, capital},
    view::{Fact, audit::Event},
};
use crate::{
    domain::id::ScopeId,
    service::audit::{ActorKind, Entry, Kind, Outcome},
};

/// An event as the audit page tells it.
#[must_use]
pub fn tell(entry: &Entry, reader: &Reader) -> Event {
    let detail: serde_json::Value = serde_json::from_str(&entry.detail).unwrap_or_default();
    Event {
        number: entry.seal.map(|seal| seal.sequence.to_string()).unwrap_or_default(),
        at: reader.precisely(entry.at),
        actor: actor(entry),
        text: text(entry, &detail),
        said: ["justification", "reason"]
            .iter()
            .find_map(|key| detail.get(key)?.as_str().map(str::to_owned))
            .unwrap_or_default(),
        action: entry.kind.clone(),
        bad: entry.outcome != Outcome::Success,
        facts: facts(entry, &detail),
        hash: entry.seal.map(|seal| HEXLOWER.encode(&seal.hash)).unwrap_or_default(),
        story: entry.request.map(|id| format!("/audit/stories/{id}")).unwrap_or_default(),
    }
}

fn actor(entry: &Entry) -> String {
    match entry.actor_kind {
        ActorKind::User | ActorKind::Application => entry.actor_name.clone(),
        ActorKind::System => "Latchkey".to_owned(),
        ActorKind::Operator => "The operator".to_owned(),
        ActorKind::Anonymous => "Somebody unknown".to_owned(),
    }
}

/// What happened, said after the actor's name.
fn text(entry: &Entry, detail: &serde_json::Value) -> String {
    let role = match (&entry.role_name, entry.scope, &entry.scope_name) {
        (Some(role), Some(scope), Some(place)) if scope != ScopeId::ROOT => {
            format!("{role} at {place}")
        }
        (Some(role), ..) => role.clone(),
        (None, ..) if entry.kind.starts_with("change.") => "several things".to_owned(),
        (None, ..) => "a role".to_owned(),
    };
    let own = entry.subject.is_some() && entry.subject == entry.actor;
    // What is done to a place has no other subject.
    let who = entry.subject_name.clone().or_else(|| entry.scope_name.clone());
    let who = who.unwrap_or_else(|| "somebody".to_owned());
    let whose = if own { "their own".to_owned() } else { format!("{who}’s") };
    let kind = Kind::ALL.iter().find(|(_, name)| *name == entry.kind).map(|(kind, _)| *kind);
    // The end of what was extended is no end to anybody but the database.
    let replaced = detail.get("because").is_some_and(|because| because == "replaced");
    match kind {
        Some(Kind::ActivationEnded) if replaced => format!("extended {whose} {role}"),
        Some(Kind::TokenCreated) if entry.actor_kind == ActorKind::Application => {
            "signed in".to_owned()
        }
        Some(kind) => words(kind, &role, &who, &whose, own),
        None => entry.kind.clone(),
    }
}

#[expect(clippy::too_many_lines, reason = "one line for each kind of event")]
fn words(kind: Kind, role: &str, who: &str, whose: &str, own: bool) -> String {
    match kind {
        Kind::ActivationRequested => format!("asked for {role}"),
        Kind::ActivationRefused => format!("asked for {role} against the rules"),
        Kind::ActivationScheduled => format!("scheduled {role}"),
        Kind::ActivationStarted if own => format!("activated {role}"),
        Kind::ActivationStarted => format!("started {whose} {role}"),
        Kind::ActivationFailed => format!("did not start {whose} {role}"),
        Kind::ActivationEnded if own => format!("was done with {role}"),
        Kind::ActivationEnded => format!("ended {whose} {role}"),
        Kind::RequestApproved => format!("approved {whose} request for {role}"),
        Kind::RequestDenied => format!("denied {whose} request for {role}"),
        Kind::RequestCancelled => format!("took back {whose} request for {role}"),
        Kind::RequestExpired => format!("let {whose} request for {role} lapse"),
        Kind::AssignmentCreated => format!("assigned {role} to {who}"),
        Kind::AssignmentUpdated => format!("changed {whose} assignment of {role}"),
        Kind::AssignmentRemoved => format!("took {role} from {who}"),
        Kind::AssignmentExpired => format!("ended {whose} assignment of {role}"),
        Kind::SettingsChanged => format!("changed the settings of {role}"),
        Kind::TemplateCreated => "made a template of settings".to_owned(),
        Kind::TemplateChanged => "changed a template of settings".to_owned(),
        Kind::TemplateRetired => "retired a template of settings".to_owned(),
        Kind::PolicyApplied => "applied policy files".to_owned(),
        Kind::ChangeRequested => format!("asked for a change of {role}"),
        Kind::ChangeApproved => format!("agreed to a change of {role}"),
        Kind::ChangeDeclined => format!("declined a change of {role}"),
        Kind::ChangeWithdrawn => format!("took back a change of {role}"),
        Kind::ChangeLapsed => format!("let a change of {role} lapse"),
        Kind::ChangeFailed => format!("could not carry out a change of {role}"),
        Kind::RoleCreated => format!("made the role {role}"),
        Kind::RoleChanged => format!("changed the role {role}"),
        Kind::RoleRetired => format!("retired the role {role}"),
        Kind::GroupChanged => format!("changed the group {who}"),
        Kind::ScopeCreated => format!("made the place {who}"),
        Kind::ScopeChanged => format!("renamed the place {who}"),
        Kind::ScopeMoved => format!("moved the place {who}"),
        Kind::ScopeRetired => format!("retired the place {who}"),
        Kind::GroupCreated => format!("made the group {who}"),
        Kind::ApplicationRegistered => format!("registered the application {who}"),
        Kind::ApplicationChanged => format!("changed the application {who}"),
        Kind::ApplicationDisabled => format!("disabled the application {who}"),
        Kind::ApplicationEnabled => format!("enabled the application {who}"),
        Kind::ApplicationOwnerAdded => format!("added an owner of the application {who}"),
        Kind::ApplicationOwnerRemoved => format!("removed an owner of the application {who}"),
        Kind::ApplicationCredentialAdded => format!("gave the application {who} a way to sign in"),
        Kind::ApplicationCredentialRevoked => format!("revoked a way in of the application {who}"),
        Kind::ApplicationSignInFailed => format!("could not sign in as the application {who}"),
        Kind::PersonInvited => format!("invited {who}"),
        Kind::PersonChanged => format!("changed {who}"),
        Kind::PersonDisabled => format!("disabled {who}"),
        Kind::PersonEnabled => format!("enabled {who}"),
        Kind::PersonAccessEnded => format!("ended all access of {who}"),
        Kind::LinkIssued => format!("made a one-time link for {who}"),
        Kind::LinkUsed => "used a one-time link".to_owned(),
        Kind::SignInSucceeded => "signed in".to_owned(),
        Kind::SignInFailed => format!("could not sign in as {who}"),
        Kind::SignInBreakGlass => "signed in with an emergency account".to_owned(),
        Kind::SignOutDone => "signed out".to_owned(),
        Kind::PasswordChanged => "set a password".to_owned(),
        Kind::PasswordRehashed => format!("renewed the hash of {whose} password"),
        Kind::AuthenticatorAdded => "set up an authenticator".to_owned(),
        Kind::AuthenticatorRemoved => "put an authenticator out of use".to_owned(),
        Kind::AuthenticatorDisabled => format!("locked {whose} authenticator"),
        Kind::RecoveryCodesMade => "made recovery codes".to_owned(),
        Kind::RecoveryCodeUsed => "used a recovery code".to_owned(),
        Kind::StepUpDone => "gave a fresh code".to_owned(),
        Kind::StepUpFailed => "gave a code that did not count".to_owned(),
        Kind::SessionsEnded => "ended sessions".to_owned(),
        Kind::TokenCreated => "made a token".to_owned(),
        Kind::TokenRevoked => format!("ended a token of {who}"),
        Kind::AuditExported => "exported the audit trail".to_owned(),
        Kind::ImportUploaded => "handed in a list of assignments".to_owned(),
        Kind::ImportDone => "imported a list of assignments".to_owned(),
        Kind::ImportDiscarded => "discarded a list of assignments".to_owned(),
        Kind::ConversionStarted => {
            format!("began to turn {whose} standing {role} into eligibility")
        }
        Kind::ConversionTried => format!("tried to activate {role}, without getting it"),
        Kind::ConversionFinished => format!("ended {whose} standing {role}, which is eligible now"),
        Kind::ConversionAbandoned => format!("left {whose} {role} standing"),
        Kind::AccessRefused => "was refused".to_owned(),
    }
}

fn facts(entry: &Entry, detail: &serde_json::Value) -> Vec<Fact> {
    let named = [
        ("Subject", entry.subject_name.clone()),
        ("Role", entry.role_name.clone()),
        ("Where", entry.scope_name.clone()),
        ("Address", entry.address.map(|network| network.addr().to_string())),
    ];
    let told = detail
        .as_object()
        .into_iter()
        .flatten()
        .filter(|(key, _)| key.as_str() != "justification")
        .map(|(key, value)| Fact::new(capital(key), plain(value)))
        .filter(|fact| !fact.value.is_empty());
    named
        .into_iter()
        .filter_map(|(name, value)| Some(Fact::new(name, value?)))
        .chain(told)
        .chain(entry.correlation.map(|id| Fact::new("Caused by request", id.to_string())))
        .collect()
}

fn plain(value: &serde_json::Value) -> String {
    match value {
        serde_json::Value::Null => String::new(),
        serde_json::Value::String(text) => text.clone(),
        serde_json::Value::Array(list) => list.iter().map(plain).collect::<Vec<_>>().join(", "),
        serde_json::Value::Bool(true) => "yes".to_owned(),
        serde_json::Value::Bool(false) => "no".to_owned(),
        other => other.to_string(),
    }
}
