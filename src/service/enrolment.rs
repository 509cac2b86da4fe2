//! Setting an account up through a one-time link: a password, an authenticator that has shown a code, recovery codes.
//!
//! Nothing of it counts before all of it is there. Then, in one transaction, the link is used up, everything that the
//! account had before stops working, and the browser is signed in. A link that is opened in two browsers works in the
//! last one.
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::json;

use crate::{
    App,
    domain::{
        audit::{Event, Kind},
        id::{CredentialId, LinkId, PrincipalId, SessionId},
        language::Message,
        password::Password,
        permission::Permission,
        sign_in::{CodeRefusal, ENROLMENT_LASTS, LinkPurpose},
        text::sentence,
        totp,
    },
    error::Error,
    secret::{Purpose, RecoveryCode, Token, TokenKind, totp_seed},
    service::{
        access, notice, second_factor,
        sign_in::{self, SignedIn, Visitor},
    },
    store::{
        self, Change,
        account::Account,
        credential::PendingAuthenticator,
        session::{NewSession, Session, Stage},
    },
};

/// What somebody who sets up an account sees.
pub struct Enrolment {
    /// The name to sign in with.
    pub user_name: String,
    /// The person's name.
    pub display_name: String,
    /// Why they are here.
    pub purpose: LinkPurpose,
    /// Whether a password was chosen; if not, that comes first.
    pub has_password: bool,
    /// What to put into the authenticator app.
    pub authenticator: NewAuthenticator,
}

/// Whom a link is for.
pub struct Addressee {
    /// The name to sign in with.
    pub user_name: String,
    /// The person's name.
    pub display_name: String,
}

/// A new authenticator's seed, in every form that apps take.
pub struct NewAuthenticator {
    /// The address in the picture.
    pub address: String,
    /// The seed as text, for apps without a camera.
    pub seed: String,
    /// The picture, an `<svg>` element.
    pub picture: String,
}

/// What somebody has who has set up an account.
pub struct Enrolled {
    /// The secrets that the browser keeps.
    pub signed_in: SignedIn,
    /// The recovery codes, shown this once.
    pub recovery_codes: Vec<RecoveryCode>,
}

/// Makes a one-time link within a change, in the place of every unused one before, and records it.
pub async fn issue_link(
    change: &mut Change,
    principal: PrincipalId,
    purpose: LinkPurpose,
) -> Result<Token, Error> {
    let token = Token::random(kind(purpose));
    let actor = change.actor().clone();
    let for_privileged =
        access::authorise(change.connection(), &actor, Permission::ManagePrivilegedPeople)
            .await
            .is_ok();
    let link =
        store::one_time_link::issue(change, principal, purpose, &token.hash(), for_privileged)
            .await?;
    let event = Event::new(Kind::LinkIssued)
        .subject(principal)
        .target(link.0)
        .detail(json!({ "purpose": purpose.name() }));
    change.record(&event).await?;
    Ok(token)
}

/// The address of a link's page. Opening it changes nothing.
#[must_use]
pub fn address(public_url: &str, purpose: LinkPurpose, token: &Token) -> String {
    format!("{public_url}/{}/{}", purpose.name(), &*token.reveal())
}

/// The kind of token that a link of this purpose carries.
const fn kind(purpose: LinkPurpose) -> TokenKind {
    match purpose {
        LinkPurpose::Invitation => TokenKind::Invitation,
        LinkPurpose::Recovery => TokenKind::Recovery,
    }
}

/// Says whom a link is for, if it can still be used.
pub async fn look(app: &App, purpose: LinkPurpose, text: &str) -> Result<Addressee, Error> {
    let token = Token::parse(kind(purpose), text).ok_or(Error::NotFound("link"))?;
    let mut connection = app.database.acquire().await?;
    let link = store::one_time_link::find(&mut connection, purpose, &token.hash()).await?;
    let link = link.ok_or(Error::NotFound("link"))?;
    let account = store::account::read(&mut connection, link.principal).await?;
    let Account { user_name, display_name, .. } = account.ok_or(Error::NotFound("link"))?;
    Ok(Addressee { user_name, display_name })
}

/// Opens a link. Gives back the secret with which this browser goes on; any other that opened it before is sent away.
pub async fn open(
    app: &App,
    visitor: &Visitor,
    purpose: LinkPurpose,
    text: &str,
) -> Result<Token, Error> {
    let token = Token::parse(kind(purpose), text).ok_or(Error::NotFound("link"))?;
    let mut change = Change::begin(&app.database, &visitor.actor).await?;
    let link = store::one_time_link::find(change.connection(), purpose, &token.hash()).await?;
    let link = link.ok_or(Error::NotFound("link"))?;
    store::account::hold(&mut change, link.principal).await?;
    store::session::end_enrolling(&mut change, link.principal).await?;
    let secret = Token::random(TokenKind::SignIn);
    let session = NewSession {
        id: SessionId::new(),
        principal: link.principal,
        stage: Stage::Enrolling,
        secret: &secret.hash(),
        address: visitor.actor.address,
        user_agent: &visitor.user_agent,
        link: Some(link.id),
    };
    store::session::begin(&mut change, &session).await?;
    propose(app, &mut change, link.principal, session.id).await?;
    // Not an event yet: nothing counts before all of it is there.
    change.commit_recorded().await?;
    Ok(secret)
}

/// Keeps a new authenticator that waits for its first code.
pub(super) async fn propose(
    app: &App,
    change: &mut Change,
    principal: PrincipalId,
    session: SessionId,
) -> Result<(), Error> {
    let sealed = app.keys.seal(Purpose::TotpSeed, principal.0, totp_seed().as_slice());
    let id = CredentialId::new();
    store::credential::propose_authenticator(change, principal, session, id, &sealed).await
}

/// Shows what to put into the authenticator app.
pub async fn show(app: &App, secret: &Token) -> Result<Enrolment, Error> {
    let mut connection = app.database.acquire().await?;
    let session = store::session::find(&mut connection, &secret.hash(), Stage::Enrolling).await?;
    let session = session.ok_or(Error::Unauthenticated)?;
    let (_, link) = linked(&session)?;
    let purpose = store::one_time_link::purpose(&mut connection, link).await?;
    let purpose = purpose.ok_or(Error::NotFound("link"))?;
    let account = store::account::read(&mut connection, session.principal).await?;
    let account = account.ok_or(Error::Unauthenticated)?;
    let pending =
        store::credential::pending_authenticator(&mut connection, session.id, ENROLMENT_LASTS)
            .await?
            .ok_or(Error::Unauthenticated)?;
    let authenticator = picture(app, &account, &pending)?;
    let has_password = session.password_hash.is_some();
    let Account { user_name, display_name, .. } = account;
    Ok(Enrolment { user_name, display_name, purpose, has_password, authenticator })
}

/// Unseals a pending authenticator for its owner's eyes.
pub(super) fn picture(
    app: &App,
    account: &Account,
    pending: &PendingAuthenticator,
) -> Result<NewAuthenticator, Error> {
    let seed = app.keys.open(Purpose::TotpSeed, account.principal.0, &pending.seed)?;
    let issuer = format!("Latchkey {}", account.organization);
    let address = totp::address(&seed, &issuer, &account.user_name);
    let picture = totp::picture(&address)
        .ok_or_else(|| Error::Internal("an address was too long for a picture".to_owned()))?;
    Ok(NewAuthenticator { address, seed: totp::seed_text(&seed), picture })
}

/// Chooses the password. It counts only once the authenticator has shown a code.
pub async fn choose_password(
    app: &App,
    visitor: &Visitor,
    secret: &Token,
    password: &SecretString,
) -> Result<(), Error> {
    let mut connection = app.database.acquire().await?;
    let session = store::session::find(&mut connection, &secret.hash(), Stage::Enrolling).await?;
    let session = session.ok_or(Error::Unauthenticated)?;
    let account = store::account::read(&mut connection, session.principal).await?;
    drop(connection);
    let password = chosen("password", password, &account.ok_or(Error::Unauthenticated)?)?;
    let hash = app.passwords.hash(&password).await?;
    let mut change = Change::begin(&app.database, &visitor.actor).await?;
    store::session::choose_password(&mut change, session.id, &hash).await?;
    change.commit_recorded().await
}

/// Takes the authenticator's first code, sets the account up and signs in. Nothing is kept unless everything is right.
pub async fn accept(
    app: &App,
    visitor: &Visitor,
    secret: &Token,
    code: &str,
) -> Result<Enrolled, Error> {
    let mut change = Change::begin(&app.database, &visitor.actor).await?;
    let hashed = secret.hash();
    let found = store::session::find(change.connection(), &hashed, Stage::Enrolling).await?;
    let session = found.ok_or(Error::Unauthenticated)?;
    let (principal, link) = linked(&session)?;
    let hash = session
        .password_hash
        .as_deref()
        .ok_or_else(|| Error::Conflict("Choose a password first.".to_owned()))?;
    let account = store::account::hold(&mut change, principal).await?;
    let (pending, step) = first_code(app, &mut change, principal, session.id, code).await?;
    if !store::session::end(&mut change, session.id, Stage::Enrolling).await? {
        return Err(Error::Unauthenticated);
    }
    let purpose = store::one_time_link::use_up(&mut change, link).await?;
    let purpose = purpose.ok_or(Error::NotFound("link"))?;
    let event = Event::new(Kind::LinkUsed)
        .subject(principal)
        .target(link.0)
        .detail(json!({ "purpose": purpose.name() }));
    change.record(&event).await?;
    leave_nothing_behind(&mut change, principal).await?;
    let credential = store::credential::set_password(&mut change, principal, hash).await?;
    let event = Event::new(Kind::PasswordChanged).subject(principal).target(credential.0);
    change.record(&event).await?;
    confirm(&mut change, principal, pending.id, step).await?;
    let recovery_codes = renew_recovery_codes(&mut change, principal).await?;
    let detail = json!({ "method": purpose.name() });
    let signed_in = sign_in::admit(app, &mut change, visitor, &account, detail).await?;
    tell(app, &mut change, principal, Message::new("notice-credential-set-up")).await?;
    change.commit_recorded().await?;
    app.wake.audit().notify_one();
    app.wake.outbox().notify_one();
    Ok(Enrolled { signed_in, recovery_codes })
}

fn linked(session: &Session) -> Result<(PrincipalId, LinkId), Error> {
    let link = session.link.ok_or(Error::Inconsistent { table: "sessions", id: session.id.0 })?;
    Ok((session.principal, link))
}

/// Judges a password that somebody chose for their account.
pub(super) fn chosen(
    field: &'static str,
    password: &SecretString,
    account: &Account,
) -> Result<Password, Error> {
    Password::choose(password.expose_secret(), &account.words())
        .map_err(|refusal| Error::invalid(field, sentence(&refusal.to_string())))
}

/// Finds the authenticator that waits in a session, and checks its first code.
pub(super) async fn first_code(
    app: &App,
    change: &mut Change,
    principal: PrincipalId,
    session: SessionId,
    code: &str,
) -> Result<(PendingAuthenticator, totp::Step), Error> {
    let pending =
        store::credential::pending_authenticator(change.connection(), session, ENROLMENT_LASTS);
    let pending = pending.await?.ok_or_else(|| {
        Error::Conflict("This took too long. Start again to see a new picture.".to_owned())
    })?;
    let now = change.settle().await?;
    let refused = |refusal: CodeRefusal| Error::invalid("code", refusal.message());
    let code = code.parse().map_err(|_| refused(CodeRefusal::Unreadable))?;
    let seed = app.keys.open(Purpose::TotpSeed, principal.0, &pending.seed)?;
    let step = totp::accept(&seed, &code, now, None).map_err(|_| refused(CodeRefusal::Wrong))?;
    Ok((pending, step))
}

/// Puts a new authenticator in the place of the one before, and records both.
pub(super) async fn confirm(
    change: &mut Change,
    principal: PrincipalId,
    pending: CredentialId,
    step: totp::Step,
) -> Result<(), Error> {
    let replaced =
        store::credential::confirm_authenticator(change, principal, pending, step).await?;
    for before in replaced {
        let event = Event::new(Kind::AuthenticatorRemoved).subject(principal).target(before.0);
        change.record(&event).await?;
    }
    change.record(&Event::new(Kind::AuthenticatorAdded).subject(principal).target(pending.0)).await
}

/// Makes new recovery codes in the place of all before, and records it.
pub(super) async fn renew_recovery_codes(
    change: &mut Change,
    principal: PrincipalId,
) -> Result<Vec<RecoveryCode>, Error> {
    let codes = RecoveryCode::random_set();
    let hashes: Vec<_> = codes.iter().map(RecoveryCode::hash).collect();
    store::credential::replace_recovery_codes(change, principal, &hashes).await?;
    let event = Event::new(Kind::RecoveryCodesMade)
        .subject(principal)
        .detail(json!({ "count": codes.len() }));
    change.record(&event).await?;
    Ok(codes)
}

/// Ends whatever an account was reached by before: sessions, tokens, remembered browsers.
pub(super) async fn leave_nothing_behind(
    change: &mut Change,
    principal: PrincipalId,
) -> Result<(), Error> {
    let ended = store::session::end_all(change, principal, None).await?;
    if ended > 0 {
        let event =
            Event::new(Kind::SessionsEnded).subject(principal).detail(json!({ "count": ended }));
        change.record(&event).await?;
    }
    for token in store::access_token::revoke_all(change, principal).await? {
        change.record(&Event::new(Kind::TokenRevoked).subject(principal).target(token.0)).await?;
    }
    store::session::forget_devices(change, principal).await
}

/// Tells somebody that something they prove themselves with has changed.
pub(super) async fn tell(
    app: &App,
    change: &mut Change,
    principal: PrincipalId,
    what: Message,
) -> Result<(), Error> {
    let place = second_factor::place(change.actor());
    notice::credential_changed(app, change, principal, what, &place).await
}
