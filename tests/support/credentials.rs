//! What people in a world sign in with.
use std::net::IpAddr;

use latchkey::{
    domain::{
        actor::{Actor, Who},
        sign_in::LinkPurpose,
        totp,
    },
    error::Error,
    secret::{RecoveryCode, Token},
    service::{
        enrolment,
        sign_in::{self, SignedIn, Visitor},
    },
    store::Change,
};
use secrecy::SecretString;
use uuid::Uuid;

use super::World;

/// The password of everybody in a world.
pub const PASSWORD: &str = "seven lanterns under a bridge";

/// What somebody signs in with.
pub struct Credentials {
    /// The account's name.
    pub name: String,
    /// The seed of the authenticator.
    pub seed: Vec<u8>,
    /// What the browser kept that they set their account up in.
    pub signed_in: SignedIn,
    /// Their recovery codes.
    pub recovery_codes: Vec<RecoveryCode>,
}

/// A browser that nobody is signed in with, at an address.
pub fn visitor(address: &str) -> Visitor {
    let actor = Actor {
        who: Who::Anonymous,
        address: Some(address.parse::<IpAddr>().expect("an address")),
        correlation: Uuid::now_v7(),
        idempotency: None,
    };
    Visitor { actor, user_agent: "A test".to_owned(), device: None }
}

/// A password as a form carries it.
pub fn secret(text: &str) -> SecretString {
    SecretString::from(text.to_owned())
}

/// Reads a seed as an authenticator app does.
pub fn seed(text: &str) -> Vec<u8> {
    data_encoding::BASE32_NOPAD.decode(text.as_bytes()).expect("a seed in base-32")
}

impl World {
    /// Makes a link to somebody's account, as the operator does.
    pub async fn link(&self, name: &str, purpose: LinkPurpose) -> Token {
        let mut change =
            Change::begin(&self.app.database, &Actor::operator()).await.expect("a change begins");
        let token = enrolment::issue_link(&mut change, self.principal(name), purpose)
            .await
            .expect("the link is made");
        change.commit_recorded().await.expect("the link is kept");
        token
    }

    /// Lets somebody set their account up through an invitation.
    pub async fn enrol(&self, name: &str) -> Credentials {
        let purpose = LinkPurpose::Invitation;
        let link = self.link(name, purpose).await;
        self.accept(name, purpose, &link).await.expect("the invitation is accepted")
    }

    /// Lets somebody set their account up through a link.
    pub async fn accept(
        &self,
        name: &str,
        purpose: LinkPurpose,
        link: &Token,
    ) -> Result<Credentials, Error> {
        let visitor = visitor("192.0.2.10");
        let secret_of_flow = enrolment::open(&self.app, &visitor, purpose, &link.reveal()).await?;
        let flow = &secret_of_flow;
        enrolment::choose_password(&self.app, &visitor, flow, &secret(PASSWORD)).await?;
        let seed = seed(&enrolment::show(&self.app, flow).await?.authenticator.seed);
        let code = totp::code_at(&seed, self.now().await);
        let enrolled = enrolment::accept(&self.app, &visitor, flow, &code).await?;
        Ok(Credentials {
            name: name.to_owned(),
            seed,
            signed_in: enrolled.signed_in,
            recovery_codes: enrolled.recovery_codes,
        })
    }

    /// The code that somebody's authenticator shows now.
    pub async fn code(&self, credentials: &Credentials) -> String {
        totp::code_at(&credentials.seed, self.now().await)
    }

    /// Waits for the next code that somebody's authenticator shows.
    pub async fn next_code(&self, credentials: &Credentials) -> String {
        self.advance_seconds(30).await;
        self.code(credentials).await
    }

    /// Signs somebody in, with the next code.
    pub async fn sign_in(&self, credentials: &Credentials) -> Result<SignedIn, Error> {
        let visitor = visitor("192.0.2.10");
        let flow =
            sign_in::begin(&self.app, &visitor, &credentials.name, &secret(PASSWORD)).await?;
        let code = self.next_code(credentials).await;
        sign_in::finish(&self.app, &visitor, &flow, &code).await
    }

    /// Whoever a session's secret belongs to, as a request from their browser.
    pub async fn request(&self, session: &Token) -> Result<Actor, Error> {
        let (user, _) = latchkey::service::session::authenticate(&self.app, session).await?;
        let actor = visitor("192.0.2.10").actor;
        Ok(Actor { who: Who::User(user), ..actor })
    }
}
