//! Step-up: a fresh proof of who somebody is, good for one act and nothing else.
//!
//! The proof carries a digest of the act and of the session that it was given in. Whoever spends it names the act
//! again; another role, scope, duration, request or session gives another digest, and the proof does not fit.
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use super::{
    actor::Via,
    assignment::AssignmentKind,
    id::{
        AssignmentId, ChangeRequestId, ConversionId, ImportId, PrincipalId, RequestId, RoleId,
        ScopeId,
    },
    time::{Duration, Instant},
};

/// How many seconds after it was given a proof can be spent. The database holds the same limit.
pub const PROOF_LASTS: i64 = 300;

/// Something that is only done with a fresh proof, with everything that matters about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Act {
    /// Activate a role that one is eligible for.
    Activate {
        /// The role.
        role: RoleId,
        /// Where.
        scope: ScopeId,
        /// For how long.
        duration: Duration,
        /// From when, if not at once.
        starts_at: Option<Instant>,
    },
    /// Let a running activation last longer.
    Extend {
        /// The activation.
        assignment: AssignmentId,
        /// For how long from now.
        duration: Duration,
    },
    /// Approve somebody's request.
    Approve {
        /// The request.
        request: RequestId,
        /// For how long, if for less than was asked.
        duration: Option<Duration>,
    },
    /// Deny somebody's request.
    Deny {
        /// The request.
        request: RequestId,
    },
    /// Give somebody a role.
    Assign {
        /// Who receives it.
        principal: PrincipalId,
        /// The role.
        role: RoleId,
        /// Where.
        scope: ScopeId,
    },
    /// Apply policy files.
    ApplyPolicy {
        /// What tells the plan from every other.
        plan: String,
    },
    /// Try an eligibility, without getting anything.
    Rehearse {
        /// The conversion that it belongs to.
        conversion: ConversionId,
        /// For how long one would ask.
        duration: Duration,
    },
    /// Make all assignments of an import.
    Import {
        /// The import.
        import: ImportId,
    },
    /// Decide what somebody else wants to change.
    DecideChange {
        /// The change.
        change: ChangeRequestId,
        /// Whether it is to be carried out.
        agree: bool,
        /// The kind of assignment, if another than was asked for.
        kind: Option<AssignmentKind>,
        /// The end, if another than was asked for.
        ends_at: Option<Instant>,
    },
    /// Change an assignment, as one of many.
    ChangeAssignment {
        /// The assignment.
        assignment: AssignmentId,
        /// What is done with it.
        operation: &'static str,
        /// Its new end, if it gets one.
        ends_at: Option<Instant>,
    },
    /// Name somebody who decides for oneself for a while.
    NameDeputy {
        /// Who, as it was written.
        deputy: String,
        /// Until when.
        ends_at: Instant,
    },
    /// Go on with a database that was put back to an earlier state.
    BeginEpoch {
        /// The quarantine that ends with it.
        quarantine: Uuid,
    },
    /// Choose another password.
    ChangePassword,
    /// Set up another authenticator.
    ReplaceAuthenticator,
    /// Have new recovery codes made.
    RenewRecoveryCodes,
    /// Make a token for the API.
    CreateAccessToken,
    /// Give an application another secret or key to sign in with.
    CredentialApplication {
        /// The application.
        application: PrincipalId,
    },
}

impl Act {
    /// Its stable name, in digests and in the audit log.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Activate { .. } => "activate",
            Self::Extend { .. } => "extend",
            Self::Approve { .. } => "approve",
            Self::Deny { .. } => "deny",
            Self::Assign { .. } => "assign",
            Self::ApplyPolicy { .. } => "apply_policy",
            Self::Rehearse { .. } => "rehearse",
            Self::Import { .. } => "import",
            Self::DecideChange { .. } => "decide_change",
            Self::ChangeAssignment { .. } => "change_assignment",
            Self::NameDeputy { .. } => "name_deputy",
            Self::BeginEpoch { .. } => "begin_epoch",
            Self::ChangePassword => "change_password",
            Self::ReplaceAuthenticator => "replace_authenticator",
            Self::RenewRecoveryCodes => "renew_recovery_codes",
            Self::CreateAccessToken => "create_access_token",
            Self::CredentialApplication { .. } => "credential_application",
        }
    }

    /// Whether a recovery code proves it as well: only what a lost phone makes necessary.
    #[must_use]
    pub const fn accepts_recovery_code(&self) -> bool {
        match self {
            Self::ChangePassword | Self::ReplaceAuthenticator | Self::RenewRecoveryCodes => true,
            Self::Activate { .. }
            | Self::Extend { .. }
            | Self::Approve { .. }
            | Self::Deny { .. }
            | Self::Assign { .. }
            | Self::ApplyPolicy { .. }
            | Self::Rehearse { .. }
            | Self::Import { .. }
            | Self::DecideChange { .. }
            | Self::ChangeAssignment { .. }
            | Self::NameDeputy { .. }
            | Self::BeginEpoch { .. }
            | Self::CreateAccessToken
            | Self::CredentialApplication { .. } => false,
        }
    }

    /// Everything that matters about it, in order.
    fn fields(&self, digest: &mut Fields) {
        digest.text(self.name());
        match self {
            Self::Activate { role, scope, duration, starts_at } => {
                digest.id(role.0);
                digest.id(scope.0);
                digest.number(Some(duration.seconds()));
                digest.number(starts_at.map(|at| at.timestamp().as_microsecond()));
            }
            Self::Extend { assignment, duration } => {
                digest.id(assignment.0);
                digest.number(Some(duration.seconds()));
            }
            Self::Approve { request, duration } => {
                digest.id(request.0);
                digest.number(duration.map(Duration::seconds));
            }
            Self::Deny { request } => digest.id(request.0),
            Self::NameDeputy { deputy, ends_at } => {
                digest.text(deputy);
                digest.number(Some(ends_at.timestamp().as_microsecond()));
            }
            Self::BeginEpoch { quarantine } => digest.id(*quarantine),
            Self::CredentialApplication { application } => digest.id(application.0),
            Self::Assign { principal, role, scope } => {
                digest.id(principal.0);
                digest.id(role.0);
                digest.id(scope.0);
            }
            Self::ApplyPolicy { plan } => digest.text(plan),
            Self::Rehearse { conversion, duration } => {
                digest.id(conversion.0);
                digest.number(Some(duration.seconds()));
            }
            Self::Import { import } => digest.id(import.0),
            Self::DecideChange { change, agree, kind, ends_at } => {
                digest.id(change.0);
                digest.number(Some(i64::from(*agree)));
                digest.number(kind.map(|kind| i64::from(kind == AssignmentKind::Active)));
                digest.number(ends_at.map(|at| at.timestamp().as_microsecond()));
            }
            Self::ChangeAssignment { assignment, operation, ends_at } => {
                digest.id(assignment.0);
                digest.text(operation);
                digest.number(ends_at.map(|at| at.timestamp().as_microsecond()));
            }
            Self::ChangePassword
            | Self::ReplaceAuthenticator
            | Self::RenewRecoveryCodes
            | Self::CreateAccessToken => {}
        }
    }
}

/// The digest of one act of one person in one session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Challenge(pub [u8; 32]);

/// Works out the digest that a proof for `act` carries.
#[must_use]
pub fn challenge(principal: PrincipalId, via: &Via, act: &Act) -> Challenge {
    let mut digest = Fields(Sha256::new());
    digest.text("latchkey step-up 1");
    digest.id(principal.0);
    match via {
        Via::Session(session) => {
            digest.text("session");
            digest.id(session.0);
        }
        Via::AccessToken(token, _) => {
            digest.text("access token");
            digest.id(token.0);
        }
    }
    act.fields(&mut digest);
    Challenge(digest.0.finalize().into())
}

/// A digest over fields, each with its length before it, so that no two lists of fields look alike.
struct Fields(Sha256);

impl Fields {
    fn bytes(&mut self, field: &[u8]) {
        self.0.update((field.len() as u64).to_be_bytes());
        self.0.update(field);
    }

    fn text(&mut self, field: &str) {
        self.bytes(field.as_bytes());
    }

    fn id(&mut self, field: Uuid) {
        self.bytes(field.as_bytes());
    }

    fn number(&mut self, field: Option<i64>) {
        match field {
            Some(number) => self.bytes(&number.to_be_bytes()),
            None => self.bytes(&[]),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;
    use crate::domain::id::{AccessTokenId, SessionId};

    fn acts() -> Vec<Act> {
        let (role, scope, request) = (RoleId::new(), ScopeId::ROOT, RequestId::new());
        let (duration, assignment) = (Duration::hours(1), AssignmentId::new());
        let starts_at = Some(Instant::new(jiff::Timestamp::UNIX_EPOCH));
        let (change, active) = (ChangeRequestId::new(), Some(AssignmentKind::Active));
        vec![
            Act::Activate { role, scope, duration, starts_at: None },
            Act::Activate { role, scope, duration, starts_at },
            Act::Activate { role: RoleId::new(), scope, duration, starts_at: None },
            Act::Activate { role, scope: ScopeId::new(), duration, starts_at: None },
            Act::Activate { role, scope, duration: Duration::hours(2), starts_at: None },
            Act::Extend { assignment, duration },
            Act::Extend { assignment, duration: Duration::hours(2) },
            Act::Approve { request, duration: None },
            Act::Approve { request, duration: Some(duration) },
            Act::Approve { request: RequestId::new(), duration: None },
            Act::Deny { request },
            Act::Assign { principal: PrincipalId::new(), role, scope },
            Act::ApplyPolicy { plan: "one".to_owned() },
            Act::ApplyPolicy { plan: "another".to_owned() },
            Act::Rehearse { conversion: ConversionId::new(), duration },
            Act::Import { import: ImportId::new() },
            Act::DecideChange { change, agree: true, kind: None, ends_at: None },
            Act::DecideChange { change, agree: false, kind: None, ends_at: None },
            Act::DecideChange { change, agree: true, kind: active, ends_at: None },
            Act::DecideChange { change, agree: true, kind: None, ends_at: starts_at },
            Act::ChangeAssignment { assignment, operation: "remove", ends_at: None },
            Act::ChangeAssignment { assignment, operation: "set_end", ends_at: None },
            Act::ChangeAssignment { assignment, operation: "set_end", ends_at: starts_at },
            Act::ChangePassword,
            Act::ReplaceAuthenticator,
            Act::RenewRecoveryCodes,
            Act::CreateAccessToken,
            Act::CredentialApplication { application: PrincipalId::new() },
        ]
    }

    #[test]
    fn a_challenge_changes_with_everything_that_it_is_about() {
        let (principal, session) = (PrincipalId::new(), Via::Session(SessionId::new()));
        let acts = acts();
        let mut seen: HashSet<_> =
            acts.iter().map(|act| challenge(principal, &session, act)).collect();
        assert_eq!(seen.len(), acts.len());
        let first = acts.first().unwrap();
        assert!(seen.insert(challenge(PrincipalId::new(), &session, first)));
        assert!(seen.insert(challenge(principal, &Via::Session(SessionId::new()), first)));
        let token = Via::AccessToken(AccessTokenId::new(), vec![]);
        assert!(seen.insert(challenge(principal, &token, first)));
    }

    #[test]
    fn the_same_act_gives_the_same_challenge() {
        let (principal, session) = (PrincipalId::new(), Via::Session(SessionId::new()));
        for act in acts() {
            let again = challenge(principal, &session, &act.clone());
            assert_eq!(challenge(principal, &session, &act), again);
        }
    }

    #[test]
    fn power_is_never_given_for_a_recovery_code() {
        for act in acts() {
            let about_credentials = matches!(
                act.name(),
                "change_password" | "replace_authenticator" | "renew_recovery_codes"
            );
            assert_eq!(act.accepts_recovery_code(), about_credentials, "{act:?}");
        }
    }
}
