//! Audit events in words.
use data_encoding::HEXLOWER;

use super::{
    say::{Reader, capital},
    view::{Fact, audit::Event},
};
use crate::{
    domain::id::ScopeId,
    http::language::tell,
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
        ActorKind::Operator => tell!("audit-the-operator"),
        ActorKind::Anonymous => tell!("audit-somebody-unknown"),
    }
}

/// What happened, said after the actor's name.
fn text(entry: &Entry, detail: &serde_json::Value) -> String {
    let role = match (&entry.role_name, entry.scope, &entry.scope_name) {
        (Some(role), Some(scope), Some(place)) if scope != ScopeId::ROOT => {
            tell!("audit-at", role = role, place = place)
        }
        (Some(role), ..) => role.clone(),
        (None, ..) if entry.kind.starts_with("change.") => tell!("audit-several-things"),
        (None, ..) => tell!("audit-a-role"),
    };
    let own = entry.subject.is_some() && entry.subject == entry.actor;
    // What is done to a place has no other subject.
    let who = entry.subject_name.clone().or_else(|| entry.scope_name.clone());
    let who = who.unwrap_or_else(|| tell!("audit-somebody"));
    let whose = if own { tell!("audit-their-own") } else { tell!("audit-whose", who = who) };
    let kind = Kind::ALL.iter().find(|(_, name)| *name == entry.kind).map(|(kind, _)| *kind);
    // The end of what was extended is no end to anybody but the database.
    let replaced = detail.get("because").is_some_and(|because| because == "replaced");
    match kind {
        Some(Kind::ActivationEnded) if replaced => {
            tell!("audit-extended", whose = whose, role = role)
        }
        Some(Kind::TokenCreated) if entry.actor_kind == ActorKind::Application => {
            tell!("audit-signed-in")
        }
        Some(kind) => words(kind, &role, &who, &whose, own),
        None => entry.kind.clone(),
    }
}

#[expect(clippy::too_many_lines, reason = "one line for each kind of event")]
fn words(kind: Kind, role: &str, who: &str, whose: &str, own: bool) -> String {
    match kind {
        Kind::ActivationRequested => tell!("audit-asked-for", role = role),
        Kind::ActivationRefused => tell!("audit-asked-for-against-the-rules", role = role),
        Kind::ActivationScheduled => tell!("audit-scheduled", role = role),
        Kind::ActivationStarted if own => tell!("audit-activated", role = role),
        Kind::ActivationStarted => tell!("audit-started", whose = whose, role = role),
        Kind::ActivationFailed => tell!("audit-did-not-start", whose = whose, role = role),
        Kind::ActivationEnded if own => tell!("audit-was-done-with", role = role),
        Kind::ActivationEnded => tell!("audit-ended", whose = whose, role = role),
        Kind::RequestApproved => tell!("audit-approved-request-for", whose = whose, role = role),
        Kind::RequestDenied => tell!("audit-denied-request-for", whose = whose, role = role),
        Kind::RequestCancelled => tell!("audit-took-back-request-for", whose = whose, role = role),
        Kind::RequestExpired => tell!("audit-let-request-for-lapse", whose = whose, role = role),
        Kind::EmergencyUsed => tell!("audit-activated-in-an-emergency", role = role),
        Kind::EmergencyReviewed => {
            tell!("audit-reviewed-emergency-use-of", whose = whose, role = role)
        }
        Kind::EmergencyOverdue => {
            tell!("audit-found-emergency-use-unreviewed", whose = whose, role = role)
        }
        Kind::RequestCommented => {
            tell!("audit-commented-on-request-for", whose = whose, role = role)
        }
        Kind::RequestClaimed => tell!("audit-began-to-look-at-request", whose = whose, role = role),
        Kind::RequestReleased => tell!("audit-left-request-to-others", whose = whose, role = role),
        Kind::RequestNudged => tell!("audit-asked-again-for", role = role),
        Kind::PersonManagerChanged => tell!("audit-changed-whom-answers-to", who = who),
        Kind::QuarantineBegun => tell!("audit-found-the-database-put-back"),
        Kind::EpochBegun => tell!("audit-began-a-new-epoch"),
        Kind::DeputyNamed => tell!("audit-let-decide-for-them", who = who),
        Kind::DeputyEnded => tell!("audit-no-longer-lets-decide", who = who),
        Kind::RequestEscalated => {
            tell!("audit-asked-others-about-request", whose = whose, role = role)
        }
        Kind::RequestPassedInSilence => {
            tell!("audit-took-silence-for-a-yes", whose = whose, role = role)
        }
        Kind::ApprovalUnreachable => tell!("audit-found-nobody-who-can-approve", role = role),
        Kind::AssignmentCreated => tell!("audit-assigned-to", role = role, who = who),
        Kind::AssignmentUpdated => tell!("audit-changed-assignment-of", whose = whose, role = role),
        Kind::AssignmentRemoved => tell!("audit-took-from", role = role, who = who),
        Kind::AssignmentExpired => tell!("audit-ended-assignment-of", whose = whose, role = role),
        Kind::SettingsChanged => tell!("audit-changed-the-settings-of", role = role),
        Kind::SettingsPutBack => tell!("audit-put-back-the-settings-of", role = role),
        Kind::TemplateCreated => tell!("audit-made-a-template-of-settings"),
        Kind::TemplateChanged => tell!("audit-changed-a-template-of-settings"),
        Kind::TemplateRetired => tell!("audit-retired-a-template-of-settings"),
        Kind::PolicyApplied => tell!("audit-applied-policy-files"),
        Kind::ChangeRequested => tell!("audit-asked-for-a-change-of", role = role),
        Kind::ChangeApproved => tell!("audit-agreed-to-a-change-of", role = role),
        Kind::ChangeDeclined => tell!("audit-declined-a-change-of", role = role),
        Kind::ChangeWithdrawn => tell!("audit-took-back-a-change-of", role = role),
        Kind::ChangeLapsed => tell!("audit-let-a-change-of-lapse", role = role),
        Kind::ChangeFailed => tell!("audit-could-not-carry-out-a", role = role),
        Kind::RoleCreated => tell!("audit-made-the-role", role = role),
        Kind::RoleChanged => tell!("audit-changed-the-role", role = role),
        Kind::RoleRetired => tell!("audit-retired-the-role", role = role),
        Kind::GroupChanged => tell!("audit-changed-the-group", who = who),
        Kind::ScopeCreated => tell!("audit-made-the-place", who = who),
        Kind::ScopeChanged => tell!("audit-renamed-the-place", who = who),
        Kind::ScopeMoved => tell!("audit-moved-the-place", who = who),
        Kind::ScopeRetired => tell!("audit-retired-the-place", who = who),
        Kind::GroupCreated => tell!("audit-made-the-group", who = who),
        Kind::ApplicationRegistered => tell!("audit-registered-the-application", who = who),
        Kind::ApplicationChanged => tell!("audit-changed-the-application", who = who),
        Kind::ApplicationDisabled => tell!("audit-disabled-the-application", who = who),
        Kind::ApplicationEnabled => tell!("audit-enabled-the-application", who = who),
        Kind::ApplicationOwnerAdded => tell!("audit-added-an-owner-of-the", who = who),
        Kind::ApplicationOwnerRemoved => tell!("audit-removed-an-owner-of-the", who = who),
        Kind::ApplicationCredentialAdded => tell!("audit-gave-the-application-a-way", who = who),
        Kind::ApplicationCredentialRevoked => tell!("audit-revoked-a-way-in-of", who = who),
        Kind::ApplicationSignInFailed => tell!("audit-could-not-sign-in-as", who = who),
        Kind::PersonInvited => tell!("audit-invited", who = who),
        Kind::PersonChanged => tell!("audit-changed", who = who),
        Kind::NoticesChosen => tell!("audit-chose-how-to-be-told"),
        Kind::PersonDisabled => tell!("audit-disabled", who = who),
        Kind::PersonEnabled => tell!("audit-enabled", who = who),
        Kind::PersonAccessEnded => tell!("audit-ended-all-access-of", who = who),
        Kind::LinkIssued => tell!("audit-made-a-one-time-link", who = who),
        Kind::LinkUsed => tell!("audit-used-a-one-time-link"),
        Kind::SignInSucceeded => tell!("audit-signed-in"),
        Kind::SignInFailed => tell!("audit-could-not-sign-in-as-of", who = who),
        Kind::SignInBreakGlass => tell!("audit-signed-in-with-an-emergency"),
        Kind::SignOutDone => tell!("audit-signed-out"),
        Kind::PasswordChanged => tell!("audit-set-a-password"),
        Kind::PasswordRehashed => tell!("audit-renewed-the-hash-of-password", whose = whose),
        Kind::AuthenticatorAdded => tell!("audit-set-up-an-authenticator"),
        Kind::AuthenticatorRemoved => tell!("audit-put-an-authenticator-out-of"),
        Kind::AuthenticatorDisabled => tell!("audit-locked-authenticator", whose = whose),
        Kind::RecoveryCodesMade => tell!("audit-made-recovery-codes"),
        Kind::RecoveryCodeUsed => tell!("audit-used-a-recovery-code"),
        Kind::StepUpDone => tell!("audit-gave-a-fresh-code"),
        Kind::StepUpFailed => tell!("audit-gave-a-code-that-did"),
        Kind::SessionsEnded => tell!("audit-ended-sessions"),
        Kind::TokenCreated => tell!("audit-made-a-token"),
        Kind::TokenRevoked => tell!("audit-ended-a-token-of", who = who),
        Kind::AuditExported => tell!("audit-exported-the-audit-trail"),
        Kind::ImportUploaded => tell!("audit-handed-in-a-list-of"),
        Kind::ImportDone => tell!("audit-imported-a-list-of-assignments"),
        Kind::ImportDiscarded => tell!("audit-discarded-a-list-of-assignments"),
        Kind::ConversionStarted => {
            tell!("audit-began-to-turn-standing-into", whose = whose, role = role)
        }
        Kind::ConversionTried => tell!("audit-tried-to-activate-without-getting", role = role),
        Kind::ConversionFinished => {
            tell!("audit-ended-standing-which-is-eligible", whose = whose, role = role)
        }
        Kind::ConversionAbandoned => tell!("audit-left-standing", whose = whose, role = role),
        Kind::DeliveryGivenUp => tell!("audit-gave-up-delivering-a-notice"),
        Kind::DeliveryResent => tell!("audit-put-a-notice-in-line-again"),
        Kind::ChannelTested => tell!("audit-sent-a-test-through-a-channel"),
        Kind::AccessRefused => tell!("audit-was-refused"),
    }
}

fn facts(entry: &Entry, detail: &serde_json::Value) -> Vec<Fact> {
    let named = [
        (tell!("audit-subject"), entry.subject_name.clone()),
        (tell!("word-role"), entry.role_name.clone()),
        (tell!("word-where"), entry.scope_name.clone()),
        (tell!("audit-address"), entry.address.map(|network| network.addr().to_string())),
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
        .chain(
            entry.correlation.map(|id| Fact::new(tell!("audit-caused-by-request"), id.to_string())),
        )
        .collect()
}

fn plain(value: &serde_json::Value) -> String {
    match value {
        serde_json::Value::Null => String::new(),
        serde_json::Value::String(text) => text.clone(),
        serde_json::Value::Array(list) => list.iter().map(plain).collect::<Vec<_>>().join(", "),
        serde_json::Value::Bool(true) => tell!("audit-yes"),
        serde_json::Value::Bool(false) => tell!("audit-no"),
        other => other.to_string(),
    }
}
