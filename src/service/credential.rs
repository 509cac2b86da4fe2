//! Changing what one signs in with: password, authenticator, recovery codes.
//!
//! Each needs a fresh proof by a second factor that one has, gives the session another secret, ends every other session,
//! and is told by mail.
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::json;

use crate::{
    App,
    domain::{
        actor::Actor,
        audit::{Event, Kind},
        id::{PrincipalId, ProofId, SessionId},
        language::Message,
        sign_in::ENROLMENT_LASTS,
        step_up::Act,
        throttle::Source,
    },
    error::Error,
    secret::{RecoveryCode, Token, TokenKind, Verdict, Whose},
    service::{
        enrolment::{self, NewAuthenticator},
        second_factor,
        session::own,
        step_up,
    },
    store::{
        self, Change,
        throttle::{Admission, Counter},
    },
};

/// What one signs in with, as far as it is shown.
pub struct Overview {
    /// The name that one signs in with.
    pub user_name: String,
    /// How many recovery codes are left.
    pub recovery_codes_left: i64,
    /// The authenticator that waits for its first code, if one does.
    pub pending: Option<NewAuthenticator>,
}

/// Shows what one signs in with.
pub async fn overview(app: &App, actor: &Actor) -> Result<Overview, Error> {
    let (principal, session) = own(actor)?;
    let mut connection = app.database.acquire().await?;
    let account = store::account::read(&mut connection, principal).await?;
    let account = account.ok_or(Error::Unauthenticated)?;
    let left = store::credential::recovery_codes_left(&mut connection, principal).await?;
    let pending =
        store::credential::pending_authenticator(&mut connection, session, ENROLMENT_LASTS).await?;
    let pending = pending.map(|pending| enrolment::picture(app, &account, &pending)).transpose()?;
    Ok(Overview { user_name: account.user_name, recovery_codes_left: left, pending })
}

/// Changes one's password. Gives back the session's new secret.
pub async fn change_password(
    app: &App,
    actor: &Actor,
    old: &SecretString,
    new: &SecretString,
    code: &str,
) -> Result<Token, Error> {
    let (principal, session) = own(actor)?;
    let mut connection = app.database.acquire().await?;
    let account = store::account::read(&mut connection, principal).await?;
    let account = account.ok_or(Error::Unauthenticated)?;
    drop(connection);
    let password = enrolment::chosen("new_password", new, &account)?;
    check_old_password(app, principal, session, old).await?;
    let [proof] = prove(app, actor, code, Act::ChangePassword).await?;
    let hash = app.passwords.hash(&password).await?;
    let mut change = Change::begin(&app.database, actor).await?;
    store::account::hold(&mut change, principal).await?;
    let credential = store::credential::set_password(&mut change, principal, &hash).await?;
    store::mfa_proof::spend(&mut change, proof, &Act::ChangePassword, credential.0).await?;
    let event = Event::new(Kind::PasswordChanged).subject(principal).target(credential.0);
    change.record(&event).await?;
    settle(app, change, principal, session, Message::new("notice-credential-password")).await
}

/// Compares the old password, slowed down like sign-in; the session has a counter of its own.
async fn check_old_password(
    app: &App,
    principal: PrincipalId,
    session: SessionId,
    old: &SecretString,
) -> Result<(), Error> {
    let mut connection = app.database.acquire().await?;
    let stored = store::credential::password(&mut connection, principal).await?;
    drop(connection);
    let account = principal.to_string();
    let key = app.keys.throttle_key(&account, &format!("session {session}"));
    let counters = [Counter { source: Source::KnownDevice(key), key }];
    if let Admission::Wait { now, until } = store::throttle::admit(&app.database, &counters).await?
    {
        return Err(second_factor::busy(now, until));
    }
    let hash = stored.as_ref().map(|stored| stored.hash.as_str());
    match app.passwords.verify(Whose::Known, old.expose_secret(), hash).await? {
        Verdict::Right | Verdict::RightButOutdated => {
            let mut connection = app.database.acquire().await?;
            store::throttle::clear(&mut connection, &counters).await
        }
        Verdict::Wrong => Err(Error::invalid("old_password", "This is not your password.")),
    }
}

/// Begins to set up another authenticator. It counts once it has shown a code in this session.
pub async fn begin_authenticator(
    app: &App,
    actor: &Actor,
    code: &str,
) -> Result<NewAuthenticator, Error> {
    let (principal, session) = own(actor)?;
    let [proof] = prove(app, actor, code, Act::ReplaceAuthenticator).await?;
    let mut change = Change::begin(&app.database, actor).await?;
    let account = store::account::hold(&mut change, principal).await?;
    enrolment::propose(app, &mut change, principal, session).await?;
    let pending =
        store::credential::pending_authenticator(change.connection(), session, ENROLMENT_LASTS)
            .await?
            .ok_or(Error::Unauthenticated)?;
    store::mfa_proof::spend(&mut change, proof, &Act::ReplaceAuthenticator, pending.id.0).await?;
    let shown = enrolment::picture(app, &account, &pending)?;
    // Not an event yet: the step-up is one, and the authenticator will be.
    change.commit_recorded().await?;
    Ok(shown)
}

/// Puts the new authenticator in the place of the one before. Gives back the session's new secret.
pub async fn confirm_authenticator(app: &App, actor: &Actor, code: &str) -> Result<Token, Error> {
    let (principal, session) = own(actor)?;
    let mut change = Change::begin(&app.database, actor).await?;
    store::account::hold(&mut change, principal).await?;
    let (pending, step) = enrolment::first_code(app, &mut change, principal, session, code).await?;
    enrolment::confirm(&mut change, principal, pending.id, step).await?;
    settle(app, change, principal, session, Message::new("notice-credential-authenticator")).await
}

/// Makes new recovery codes. Gives them back, with the session's new secret.
pub async fn renew_recovery_codes(
    app: &App,
    actor: &Actor,
    code: &str,
) -> Result<(Token, Vec<RecoveryCode>), Error> {
    let (principal, session) = own(actor)?;
    let [proof] = prove(app, actor, code, Act::RenewRecoveryCodes).await?;
    let mut change = Change::begin(&app.database, actor).await?;
    store::account::hold(&mut change, principal).await?;
    store::mfa_proof::spend(&mut change, proof, &Act::RenewRecoveryCodes, principal.0).await?;
    let codes = enrolment::renew_recovery_codes(&mut change, principal).await?;
    let what = Message::new("notice-credential-codes");
    let secret = settle(app, change, principal, session, what).await?;
    Ok((secret, codes))
}

/// Asks for a proof of one act.
pub(super) async fn prove(
    app: &App,
    actor: &Actor,
    code: &str,
    act: Act,
) -> Result<[ProofId; 1], Error> {
    let proofs = step_up::verify(app, actor, code, &[act]).await?;
    proofs.try_into().map_err(|_| Error::Internal("one act has one proof".to_owned()))
}

/// Ends every other session, gives this one another secret, tells the owner, and commits.
async fn settle(
    app: &App,
    mut change: Change,
    principal: PrincipalId,
    session: SessionId,
    what: Message,
) -> Result<Token, Error> {
    let secret = Token::random(TokenKind::Session);
    store::session::rotate(&mut change, session, &secret.hash()).await?;
    let ended = store::session::end_all(&mut change, principal, Some(session)).await?;
    if ended > 0 {
        let event =
            Event::new(Kind::SessionsEnded).subject(principal).detail(json!({ "count": ended }));
        change.record(&event).await?;
    }
    enrolment::tell(app, &mut change, principal, what).await?;
    change.commit_recorded().await?;
    app.wake.audit().notify_one();
    app.wake.outbox().notify_one();
    Ok(secret)
}
