//! What applications sign in with: making it, and revoking it.
use serde_json::json;

use super::{end_tokens, hold_keys, lock, refuse_gain};
use crate::{
    App,
    domain::{
        actor::Actor,
        application::{CREDENTIALS_MOST, CredentialKind},
        audit::{Event, Kind},
        id::{ApplicationCredentialId, PrincipalId, ProofId},
        step_up::Act,
        text::Name,
        time::Instant,
    },
    error::Error,
    secret::{PublicKey, Token, TokenKind},
    service::{reach, step_up},
    store::{
        self, Change,
        application::{Material, NewCredential},
    },
};

/// A secret to be made.
pub struct NewSecret<'a> {
    /// What to call it.
    pub name: &'a Name,
    /// For how many days.
    pub days: u16,
    /// A code from the authenticator of the person who makes it.
    pub code: Option<&'a str>,
}

/// A key to be registered.
pub struct NewKey<'a> {
    /// What to call it.
    pub name: &'a Name,
    /// For how many days.
    pub days: u16,
    /// The public key, in PEM.
    pub public_key: &'a str,
    /// A code from the authenticator of the person who registers it.
    pub code: Option<&'a str>,
}

/// Makes a secret. Its text is given back this once.
pub async fn make_secret(
    app: &App,
    actor: &Actor,
    id: PrincipalId,
    new: &NewSecret<'_>,
) -> Result<(ApplicationCredentialId, Token), Error> {
    let secret = Token::random(TokenKind::ApplicationSecret);
    let hash = secret.hash();
    let credential = Wanted {
        kind: CredentialKind::Secret,
        name: new.name,
        days: new.days,
        code: new.code,
        material: Material::Secret(&hash),
        told: json!({}),
    };
    match add(app, actor, id, credential).await {
        Err(Error::Repeated(_)) => Err(Error::Conflict(
            "this was done before, and the secret was shown then: make another one".to_owned(),
        )),
        added => Ok((added?, secret)),
    }
}

/// Registers a public key.
pub async fn add_key(
    app: &App,
    actor: &Actor,
    id: PrincipalId,
    new: &NewKey<'_>,
) -> Result<ApplicationCredentialId, Error> {
    let key =
        PublicKey::from_pem(new.public_key).map_err(|error| Error::invalid("public_key", error))?;
    let credential = Wanted {
        kind: CredentialKind::Key,
        name: new.name,
        days: new.days,
        code: new.code,
        material: Material::Key(&key),
        told: json!({ "key": key.describe(), "fingerprint": key.fingerprint() }),
    };
    match add(app, actor, id, credential).await {
        Err(Error::Repeated(before)) => Ok(ApplicationCredentialId(before)),
        added => added,
    }
}

/// A secret or key to be added, with what the log says of it.
struct Wanted<'a> {
    kind: CredentialKind,
    name: &'a Name,
    days: u16,
    code: Option<&'a str>,
    material: Material<'a>,
    told: serde_json::Value,
}

impl Wanted<'_> {
    fn ends(&self, now: Instant) -> Result<Instant, Error> {
        let most = self.kind.most_days();
        if (1..=most).contains(&self.days) {
            Ok(now.plus_seconds(i64::from(self.days) * 24 * 60 * 60))
        } else {
            Err(Error::invalid("days", format!("it is good for 1 to {most} days")))
        }
    }
}

async fn add(
    app: &App,
    actor: &Actor,
    id: PrincipalId,
    wanted: Wanted<'_>,
) -> Result<ApplicationCredentialId, Error> {
    // Nobody's code is used up for what is refused anyway, or was done before: it is tried first, and undone.
    let mut change = Change::begin(&app.database, actor).await?;
    add_within(&mut change, actor, id, &wanted).await?;
    drop(change);
    let act = Act::CredentialApplication { application: id };
    let proof = proof(app, actor, &act, wanted.code).await?;
    let mut change = Change::begin(&app.database, actor).await?;
    let (credential, expires_at) = add_within(&mut change, actor, id, &wanted).await?;
    if let Some(proof) = proof {
        store::mfa_proof::spend(&mut change, proof, &act, credential.0).await?;
    }
    change.made(credential.0).await?;
    let event = Event::new(Kind::ApplicationCredentialAdded)
        .subject(id)
        .target(credential.0)
        .detail(json!({
            "kind": wanted.kind,
            "name": wanted.name,
            "expires_at": expires_at,
            "what": wanted.told,
        }));
    change.commit(&event).await?;
    app.wake.audit().notify_one();
    Ok(credential)
}

/// Adds it, once it is clear that `actor` may. Says until when it is good.
async fn add_within(
    change: &mut Change,
    actor: &Actor,
    id: PrincipalId,
    wanted: &Wanted<'_>,
) -> Result<(ApplicationCredentialId, Instant), Error> {
    let told = lock(change, actor, id).await?;
    hold_keys(change.connection(), actor, id).await?;
    let expires_at = wanted.ends(change.at())?;
    if told.disabled_at.is_some() {
        return Err(Error::Conflict("this application is disabled: enable it first".to_owned()));
    }
    if told.credentials >= i64::try_from(CREDENTIALS_MOST).unwrap_or(i64::MAX) {
        return Err(Error::Conflict(format!(
            "an application has at most {CREDENTIALS_MOST} secrets and keys at a time: revoke one first"
        )));
    }
    let before = reach::before(change, None).await?;
    let new =
        NewCredential { application: id, name: wanted.name, expires_at, material: wanted.material };
    let credential = store::application::add_credential(change, new).await?;
    let why = "with a secret or key of this application you would come to hold what it holds: its owners make them";
    refuse_gain(change, before, why).await?;
    Ok((credential, expires_at))
}

/// The proof of the person who makes a credential. Whoever gets hold of their session or token does not get a door that
/// stays open when it ends. An application that administers others has no second factor to show.
async fn proof(
    app: &App,
    actor: &Actor,
    act: &Act,
    code: Option<&str>,
) -> Result<Option<ProofId>, Error> {
    if actor.user().is_none() {
        return Ok(None);
    }
    let proof = step_up::prove(app, actor, code, act).await?;
    proof.map(Some).ok_or(Error::StepUp("Enter a code from your authenticator app."))
}

/// Revokes a secret or key at once, and ends the tokens that were got with it.
pub async fn revoke(
    app: &App,
    actor: &Actor,
    id: PrincipalId,
    credential: ApplicationCredentialId,
) -> Result<(), Error> {
    let mut change = Change::begin(&app.database, actor).await?;
    lock(&mut change, actor, id).await?;
    hold_keys(change.connection(), actor, id).await?;
    let revoked = store::application::revoke_credential(&mut change, id, credential).await?;
    let (kind, name) = revoked.ok_or(Error::NotFound("secret or key"))?;
    end_tokens(&mut change, id, Some(credential)).await?;
    change.made(credential.0).await?;
    let event = Event::new(Kind::ApplicationCredentialRevoked)
        .subject(id)
        .target(credential.0)
        .detail(json!({ "kind": kind, "name": name }));
    change.commit(&event).await?;
    app.wake.everything();
    Ok(())
}
