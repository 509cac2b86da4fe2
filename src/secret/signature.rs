//! Signatures of what we tell other programs, by the Standard Webhooks scheme.
use std::fmt;

use data_encoding::BASE64;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use zeroize::Zeroizing;

/// What a signing secret begins with.
const PREFIX: &str = "whsec_";

/// A secret that is shared with a receiver: 24 to 64 bytes.
#[derive(Clone)]
pub struct SigningSecret(Zeroizing<Vec<u8>>);

/// A text that is no signing secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a signing secret is whsec_ and then 24 to 64 bytes in base64")]
pub struct BadSigningSecret;

impl SigningSecret {
    /// Reads a secret from its text.
    pub fn parse(text: &str) -> Result<Self, BadSigningSecret> {
        let encoded = text.trim().strip_prefix(PREFIX).ok_or(BadSigningSecret)?;
        let bytes =
            Zeroizing::new(BASE64.decode(encoded.as_bytes()).map_err(|_| BadSigningSecret)?);
        if (24..=64).contains(&bytes.len()) { Ok(Self(bytes)) } else { Err(BadSigningSecret) }
    }

    /// The signature of a message: its identifier, the time of this try in seconds, and its body.
    ///
    /// # Panics
    /// Never: HMAC takes keys of any length.
    #[must_use]
    pub fn sign(&self, id: &str, seconds: i64, body: &[u8]) -> String {
        let mut mac =
            Hmac::<Sha256>::new_from_slice(&self.0).expect("HMAC takes keys of any length");
        mac.update(format!("{id}.{seconds}.").as_bytes());
        mac.update(body);
        format!("v1,{}", BASE64.encode(&mac.finalize().into_bytes()))
    }
}

impl fmt::Debug for SigningSecret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("SigningSecret")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_signed_as_the_scheme_shows() {
        // The vector that the reference implementations are tested with.
        let secret = SigningSecret::parse("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap();
        let signature =
            secret.sign("msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, br#"{"test": 2432232314}"#);
        assert_eq!(signature, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }

    #[test]
    fn short_and_odd_secrets_are_refused() {
        for text in ["", "whsec_", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_AAAA", "whsec_!"] {
            assert!(SigningSecret::parse(text).is_err(), "{text}");
        }
        let long = format!("whsec_{}", BASE64.encode(&[7; 65]));
        assert!(SigningSecret::parse(&long).is_err());
        assert_eq!(format!("{:?}", SigningSecret(Zeroizing::new(vec![7; 32]))), "SigningSecret");
    }
}
