//! What is remembered of everything that happens, and how events are chained so that nobody can change them unseen.
mod chain;
mod copy;
mod detail;
mod entry;
mod filter;
mod flaw;

pub use chain::{Chain, Head, NoHead, SealedEvent, hash};
pub use copy::{Copied, CopyCheck, CopyFault, Format, read_csv_record, read_json_line};
pub use entry::{ActorKind, Entry, Seal};
pub use filter::{BadCursor, Cursor, Filter};
pub use flaw::{Flaw, Problem};

use super::id::{AssignmentId, PrincipalId, RequestId, RoleId, ScopeId};

/// Every kind of event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "the names say it, and docs/audit.md tells of each")]
pub enum Kind {
    ActivationRequested,
    ActivationRefused,
    ActivationScheduled,
    ActivationStarted,
    ActivationFailed,
    ActivationEnded,
    RequestApproved,
    RequestDenied,
    RequestCancelled,
    RequestExpired,
    /// A role was activated in an emergency, without the approval that it otherwise takes.
    EmergencyUsed,
    /// Somebody else looked at an emergency afterwards.
    EmergencyReviewed,
    /// Administrators were told that nobody has looked at an emergency in time.
    EmergencyOverdue,
    /// Somebody said something about a request.
    RequestCommented,
    /// Somebody began to look at a request.
    RequestClaimed,
    /// Somebody left it to others again.
    RequestReleased,
    /// Whoever asks asked again.
    RequestNudged,
    /// Somebody answers to somebody else.
    PersonManagerChanged,
    /// Somebody named who decides for them while they are away.
    DeputyNamed,
    /// That ended before its time.
    DeputyEnded,
    /// Others were asked as well, since nobody had decided.
    RequestEscalated,
    /// Nobody decided in time, and the terms take that for a yes.
    RequestPassedInSilence,
    /// Nobody can give an approval any more that terms ask for.
    ApprovalUnreachable,
    /// The database does not hold what was said of it outside: it was put back to an earlier state.
    QuarantineBegun,
    /// Somebody agreed to go on with it all the same.
    EpochBegun,
    AssignmentCreated,
    AssignmentUpdated,
    AssignmentRemoved,
    AssignmentExpired,
    SettingsChanged,
    /// Terms that were made weaker a short while ago are stricter again.
    SettingsPutBack,
    TemplateCreated,
    TemplateChanged,
    TemplateRetired,
    ChangeRequested,
    ChangeApproved,
    ChangeDeclined,
    ChangeWithdrawn,
    ChangeLapsed,
    ChangeFailed,
    RoleCreated,
    RoleChanged,
    RoleRetired,
    GroupCreated,
    GroupChanged,
    ScopeCreated,
    ScopeChanged,
    ScopeMoved,
    ScopeRetired,
    ApplicationRegistered,
    ApplicationChanged,
    ApplicationDisabled,
    ApplicationEnabled,
    ApplicationOwnerAdded,
    ApplicationOwnerRemoved,
    ApplicationCredentialAdded,
    ApplicationCredentialRevoked,
    ApplicationSignInFailed,
    PersonInvited,
    PersonChanged,
    NoticesChosen,
    PersonDisabled,
    PersonEnabled,
    PersonAccessEnded,
    LinkIssued,
    LinkUsed,
    SignInSucceeded,
    SignInFailed,
    SignInBreakGlass,
    SignOutDone,
    PasswordChanged,
    PasswordRehashed,
    AuthenticatorAdded,
    AuthenticatorRemoved,
    AuthenticatorDisabled,
    RecoveryCodesMade,
    RecoveryCodeUsed,
    StepUpDone,
    StepUpFailed,
    SessionsEnded,
    TokenCreated,
    TokenRevoked,
    PolicyApplied,
    AuditExported,
    ImportUploaded,
    ImportDone,
    ImportDiscarded,
    ConversionStarted,
    ConversionTried,
    ConversionFinished,
    ConversionAbandoned,
    DeliveryGivenUp,
    DeliveryResent,
    ChannelTested,
    AccessRefused,
}

impl Kind {
    /// All kinds with their stable names.
    pub const ALL: [(Self, &'static str); 95] = [
        (Self::ActivationRequested, "activation.requested"),
        (Self::ActivationRefused, "activation.refused"),
        (Self::ActivationScheduled, "activation.scheduled"),
        (Self::ActivationStarted, "activation.started"),
        (Self::ActivationFailed, "activation.failed"),
        (Self::ActivationEnded, "activation.ended"),
        (Self::RequestApproved, "request.approved"),
        (Self::RequestDenied, "request.denied"),
        (Self::RequestCancelled, "request.cancelled"),
        (Self::RequestExpired, "request.expired"),
        (Self::EmergencyUsed, "emergency.used"),
        (Self::EmergencyReviewed, "emergency.reviewed"),
        (Self::EmergencyOverdue, "emergency.overdue"),
        (Self::RequestCommented, "request.commented"),
        (Self::RequestClaimed, "request.claimed"),
        (Self::RequestReleased, "request.released"),
        (Self::RequestNudged, "request.nudged"),
        (Self::PersonManagerChanged, "person.manager_changed"),
        (Self::DeputyNamed, "deputy.named"),
        (Self::DeputyEnded, "deputy.ended"),
        (Self::RequestEscalated, "request.escalated"),
        (Self::RequestPassedInSilence, "request.passed_in_silence"),
        (Self::ApprovalUnreachable, "approval.unreachable"),
        (Self::AssignmentCreated, "assignment.created"),
        (Self::AssignmentUpdated, "assignment.updated"),
        (Self::AssignmentRemoved, "assignment.removed"),
        (Self::AssignmentExpired, "assignment.expired"),
        (Self::SettingsChanged, "settings.changed"),
        (Self::SettingsPutBack, "settings.put_back"),
        (Self::TemplateCreated, "template.created"),
        (Self::TemplateChanged, "template.changed"),
        (Self::TemplateRetired, "template.retired"),
        (Self::ChangeRequested, "change.requested"),
        (Self::ChangeApproved, "change.approved"),
        (Self::ChangeDeclined, "change.declined"),
        (Self::ChangeWithdrawn, "change.withdrawn"),
        (Self::ChangeLapsed, "change.lapsed"),
        (Self::ChangeFailed, "change.failed"),
        (Self::RoleCreated, "role.created"),
        (Self::RoleChanged, "role.changed"),
        (Self::RoleRetired, "role.retired"),
        (Self::GroupCreated, "group.created"),
        (Self::GroupChanged, "group.changed"),
        (Self::ScopeCreated, "scope.created"),
        (Self::ScopeChanged, "scope.changed"),
        (Self::ScopeMoved, "scope.moved"),
        (Self::ScopeRetired, "scope.retired"),
        (Self::ApplicationRegistered, "application.registered"),
        (Self::ApplicationChanged, "application.changed"),
        (Self::ApplicationDisabled, "application.disabled"),
        (Self::ApplicationEnabled, "application.enabled"),
        (Self::ApplicationOwnerAdded, "application.owner_added"),
        (Self::ApplicationOwnerRemoved, "application.owner_removed"),
        (Self::ApplicationCredentialAdded, "application.credential_added"),
        (Self::ApplicationCredentialRevoked, "application.credential_revoked"),
        (Self::ApplicationSignInFailed, "application.sign_in_failed"),
        (Self::PersonInvited, "person.invited"),
        (Self::PersonChanged, "person.changed"),
        (Self::NoticesChosen, "person.notices_chosen"),
        (Self::PersonDisabled, "person.disabled"),
        (Self::PersonEnabled, "person.enabled"),
        (Self::PersonAccessEnded, "person.access_ended"),
        (Self::LinkIssued, "link.issued"),
        (Self::LinkUsed, "link.used"),
        (Self::SignInSucceeded, "sign_in.succeeded"),
        (Self::SignInFailed, "sign_in.failed"),
        (Self::SignInBreakGlass, "sign_in.break_glass"),
        (Self::SignOutDone, "sign_out.done"),
        (Self::PasswordChanged, "password.changed"),
        (Self::PasswordRehashed, "password.rehashed"),
        (Self::AuthenticatorAdded, "authenticator.added"),
        (Self::AuthenticatorRemoved, "authenticator.removed"),
        (Self::AuthenticatorDisabled, "authenticator.disabled"),
        (Self::RecoveryCodesMade, "recovery_codes.made"),
        (Self::RecoveryCodeUsed, "recovery_code.used"),
        (Self::StepUpDone, "step_up.done"),
        (Self::StepUpFailed, "step_up.failed"),
        (Self::SessionsEnded, "sessions.ended"),
        (Self::TokenCreated, "token.created"),
        (Self::TokenRevoked, "token.revoked"),
        (Self::PolicyApplied, "policy.applied"),
        (Self::AuditExported, "audit.exported"),
        (Self::ImportUploaded, "import.uploaded"),
        (Self::ImportDone, "import.done"),
        (Self::ImportDiscarded, "import.discarded"),
        (Self::ConversionStarted, "conversion.started"),
        (Self::ConversionTried, "conversion.tried"),
        (Self::ConversionFinished, "conversion.finished"),
        (Self::ConversionAbandoned, "conversion.abandoned"),
        (Self::QuarantineBegun, "quarantine.begun"),
        (Self::EpochBegun, "epoch.begun"),
        (Self::DeliveryGivenUp, "delivery.given_up"),
        (Self::DeliveryResent, "delivery.resent"),
        (Self::ChannelTested, "channel.tested"),
        (Self::AccessRefused, "access.refused"),
    ];

    /// Its stable name.
    #[must_use]
    pub fn name(self) -> &'static str {
        Self::ALL.iter().find(|(kind, _)| *kind == self).map_or("", |(_, name)| name)
    }

    /// The kind of that name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.iter().find(|(_, known)| *known == name).map(|(kind, _)| *kind)
    }
}

/// How what was tried came out.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    Hash,
    serde::Serialize,
    serde::Deserialize,
    sqlx::Type,
    utoipa::ToSchema,
)]
#[serde(rename_all = "snake_case")]
#[sqlx(type_name = "audit_outcome", rename_all = "snake_case")]
pub enum Outcome {
    /// It was done.
    Success,
    /// The rules said no.
    Refused,
    /// It could not be done, or was not what it claimed to be.
    Failure,
}

impl Outcome {
    /// All of them, with their stable names.
    pub const ALL: [(Self, &'static str); 3] =
        [(Self::Success, "success"), (Self::Refused, "refused"), (Self::Failure, "failure")];

    /// Its stable name.
    #[must_use]
    pub fn name(self) -> &'static str {
        Self::ALL.iter().find(|(outcome, _)| *outcome == self).map_or("", |(_, name)| name)
    }

    /// The outcome of that name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.iter().find(|(_, known)| *known == name).map(|(outcome, _)| *outcome)
    }
}

/// Something that happened and must be remembered. Who did it, when and from where is added when it is recorded.
#[derive(Clone, Debug)]
pub struct Event {
    /// What kind of thing happened.
    pub kind: Kind,
    /// How it came out.
    pub outcome: Outcome,
    /// Whom it is about.
    pub subject: Option<PrincipalId>,
    /// The role that it is about.
    pub role: Option<RoleId>,
    /// The scope that it is about.
    pub scope: Option<ScopeId>,
    /// The request that it belongs to.
    pub request: Option<RequestId>,
    /// The assignment that it belongs to.
    pub assignment: Option<AssignmentId>,
    /// The changed row, when it is none of the above.
    pub target: Option<uuid::Uuid>,
    /// The facts, as they were. Never a secret.
    pub detail: serde_json::Value,
}

impl Event {
    /// Something of this kind succeeded.
    #[must_use]
    pub fn new(kind: Kind) -> Self {
        Self {
            kind,
            outcome: Outcome::Success,
            subject: None,
            role: None,
            scope: None,
            request: None,
            assignment: None,
            target: None,
            detail: serde_json::Value::Object(serde_json::Map::new()),
        }
    }

    /// The rules said no to something of this kind.
    #[must_use]
    pub fn refused(kind: Kind) -> Self {
        Self { outcome: Outcome::Refused, ..Self::new(kind) }
    }

    /// Something of this kind failed.
    #[must_use]
    pub fn failed(kind: Kind) -> Self {
        Self { outcome: Outcome::Failure, ..Self::new(kind) }
    }

    /// Says whom it is about.
    #[must_use]
    pub fn subject(self, subject: PrincipalId) -> Self {
        Self { subject: Some(subject), ..self }
    }

    /// Says which role at which scope it is about.
    #[must_use]
    pub fn role(self, role: RoleId, scope: ScopeId) -> Self {
        Self { role: Some(role), scope: Some(scope), ..self }
    }

    /// Says which request it belongs to.
    #[must_use]
    pub fn request(self, request: RequestId) -> Self {
        Self { request: Some(request), ..self }
    }

    /// Says which assignment it belongs to.
    #[must_use]
    pub fn assignment(self, assignment: AssignmentId) -> Self {
        Self { assignment: Some(assignment), ..self }
    }

    /// Says which row changed.
    #[must_use]
    pub fn target(self, target: uuid::Uuid) -> Self {
        Self { target: Some(target), ..self }
    }

    /// Adds the facts; usually made with `serde_json::json!`. What is far too much is shortened, and says so.
    #[must_use]
    pub fn detail(self, facts: serde_json::Value) -> Self {
        Self { detail: detail::fitted(facts), ..self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_has_a_name_of_its_own() {
        let mut names: Vec<_> = Kind::ALL.iter().map(|(_, name)| name).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), Kind::ALL.len());
        for (kind, name) in Kind::ALL {
            assert_eq!(kind.name(), name);
            assert_eq!(Kind::named(name), Some(kind));
        }
    }
}
