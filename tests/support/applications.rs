//! Applications in a world, and what they sign in with.
use std::fmt::Write as _;

use aws_lc_rs::{
    encoding::{AsDer, PublicKeyX509Der},
    rand::SystemRandom,
    rsa::KeySize,
    signature::{
        ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair, RSA_PKCS1_SHA256,
        RSA_PSS_SHA256, RsaKeyPair,
    },
};
use axum::{
    body::Body,
    http::{Request, header},
};
use data_encoding::{BASE64, BASE64URL_NOPAD};
use latchkey::{
    domain::{
        id::{ApplicationCredentialId, PrincipalId},
        text::{Description, Name},
    },
    error::Error,
    service::application::{self, NewApplication, NewKey, NewSecret},
};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{World, http::Answer};

/// The grant of every application.
pub const GRANT: &str = "grant_type=client_credentials";
/// The kind of assertion that applications sign.
const ASSERTION: &str = "urn%3Aietf%3Aparams%3Aoauth%3Aclient-assertion-type%3Ajwt-bearer";

impl World {
    /// Lets somebody register an application.
    pub async fn register(
        &self,
        by: &str,
        name: &str,
        owners: &[&str],
    ) -> Result<PrincipalId, Error> {
        let new = NewApplication {
            name: Name::parse(name).unwrap(),
            description: Description::parse("For a test.").unwrap(),
            owners: owners.iter().map(|owner| self.principal(owner)).collect(),
        };
        application::register(&self.app, &self.actor(by).await, &new).await
    }

    /// Lets somebody make a secret that is good for ninety days.
    pub async fn make_secret(
        &self,
        by: &str,
        application: PrincipalId,
    ) -> Result<(ApplicationCredentialId, String), Error> {
        let (name, code) = (Name::parse("first").unwrap(), self.fresh_code(by).await);
        let new = NewSecret { name: &name, days: 90, code: Some(&code) };
        let actor = self.actor(by).await;
        let made = application::make_secret(&self.app, &actor, application, &new).await?;
        Ok((made.0, made.1.reveal().to_string()))
    }

    /// Lets somebody register a key that is good for ninety days.
    pub async fn add_key(
        &self,
        by: &str,
        application: PrincipalId,
        public_key: &str,
    ) -> Result<ApplicationCredentialId, Error> {
        let (name, code) = (Name::parse("machine").unwrap(), self.fresh_code(by).await);
        let new = NewKey { name: &name, days: 90, public_key, code: Some(&code) };
        application::add_key(&self.app, &self.actor(by).await, application, &new).await
    }

    /// Asks for a token, with HTTP Basic if there is a name and a secret for it.
    pub async fn ask_token(&self, basic: Option<(&str, &str)>, form: &str) -> Answer {
        let mut request = Request::post("/oauth/token")
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        if let Some((id, secret)) = basic {
            let shown = BASE64.encode(format!("{id}:{secret}").as_bytes());
            request = request.header(header::AUTHORIZATION, format!("Basic {shown}"));
        }
        self.send(request.body(Body::from(form.to_owned())).unwrap()).await
    }

    /// A token that an application gets with a secret.
    pub async fn token_of(&self, application: PrincipalId, secret: &str, scope: &str) -> String {
        let form = format!("{GRANT}&scope={}", scope.replace(' ', "+"));
        let answer = self.ask_token(Some((&application.to_string(), secret)), &form).await;
        assert_eq!(answer.status, 200, "{:?}", answer.json());
        answer.json()["access_token"].as_str().unwrap().to_owned()
    }

    /// Asks for a token with an assertion.
    pub async fn assert(&self, assertion: &str) -> Answer {
        let signed =
            format!("{GRANT}&client_assertion_type={ASSERTION}&client_assertion={assertion}");
        self.ask_token(None, &signed).await
    }

    /// What an assertion says that counts for a minute.
    pub async fn claims(&self, application: PrincipalId) -> Value {
        json!({
            "iss": application,
            "sub": application,
            "aud": format!("{}/oauth/token", self.app.public_url),
            "exp": self.now().await.timestamp().as_second() + 60,
            "jti": Uuid::now_v7(),
        })
    }
}

/// Both halves of a key.
pub enum Pair {
    /// RSA.
    Rsa(Box<RsaKeyPair>),
    /// P-256.
    P256(EcdsaKeyPair),
    /// Ed25519.
    Ed25519(Ed25519KeyPair),
}

impl Pair {
    /// A new RSA key of 2048 bits.
    pub fn rsa() -> Self {
        Self::Rsa(Box::new(RsaKeyPair::generate(KeySize::Rsa2048).unwrap()))
    }

    /// A new key on P-256.
    pub fn p256() -> Self {
        Self::P256(EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap())
    }

    /// A new key on Ed25519.
    pub fn ed25519() -> Self {
        Self::Ed25519(Ed25519KeyPair::generate().unwrap())
    }

    /// The public half in PEM.
    pub fn public_pem(&self) -> String {
        let der: PublicKeyX509Der<'_> = match self {
            Self::Rsa(pair) => pair.public_key().as_der().unwrap(),
            Self::P256(pair) => pair.public_key().as_der().unwrap(),
            Self::Ed25519(pair) => pair.public_key().as_der().unwrap(),
        };
        let mut pem = "-----BEGIN PUBLIC KEY-----\n".to_owned();
        for line in BASE64.encode(der.as_ref()).as_bytes().chunks(64) {
            writeln!(pem, "{}", std::str::from_utf8(line).unwrap()).unwrap();
        }
        pem + "-----END PUBLIC KEY-----\n"
    }

    /// Signs what an assertion says, under a header that may say anything.
    pub fn sign(&self, header: &Value, claims: &Value) -> String {
        let message = message(header, claims);
        let bytes = message.as_bytes();
        let signature = match self {
            Self::Rsa(pair) => {
                let padding: &dyn aws_lc_rs::signature::RsaEncoding =
                    if header["alg"] == "PS256" { &RSA_PSS_SHA256 } else { &RSA_PKCS1_SHA256 };
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(padding, &SystemRandom::new(), bytes, &mut signature).unwrap();
                signature
            }
            Self::P256(pair) => pair.sign(&SystemRandom::new(), bytes).unwrap().as_ref().to_vec(),
            Self::Ed25519(pair) => pair.sign(bytes).as_ref().to_vec(),
        };
        format!("{message}.{}", BASE64URL_NOPAD.encode(&signature))
    }
}

/// What of an assertion is signed.
pub fn message(header: &Value, claims: &Value) -> String {
    let part = |part: &Value| BASE64URL_NOPAD.encode(part.to_string().as_bytes());
    format!("{}.{}", part(header), part(claims))
}
