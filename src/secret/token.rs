//! Random tokens, and the hashes under which they are stored.
use std::fmt;

use data_encoding::BASE64URL_NOPAD;
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

/// What a token is good for. The kind is part of the hash, so a token of one kind is never found as another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TokenKind {
    /// The secret of a browser session.
    Session,
    /// The secret of a sign-in that has not finished.
    SignIn,
    /// The mark of a browser in which somebody signed in before.
    KnownDevice,
    /// The secret in an invitation's link.
    Invitation,
    /// The secret in a recovery link.
    Recovery,
    /// A person's token for the API.
    PersonalAccess,
    /// An application's token for the API.
    ServicePrincipal,
    /// A secret that an application signs in with.
    ApplicationSecret,
}

impl TokenKind {
    /// Says which kind this is inside the hash. Never change one: stored hashes would no longer match.
    const fn label(self) -> &'static str {
        match self {
            Self::Session => "session",
            Self::SignIn => "sign-in",
            Self::KnownDevice => "known-device",
            Self::Invitation => "invitation",
            Self::Recovery => "recovery",
            Self::PersonalAccess => "personal-access",
            Self::ServicePrincipal => "service-principal",
            Self::ApplicationSecret => "application-secret",
        }
    }

    /// What the token's text begins with, so that a leaked one can be recognised by scanners.
    const fn prefix(self) -> &'static str {
        match self {
            Self::PersonalAccess => "lk_pat_",
            Self::ServicePrincipal => "lk_app_",
            Self::ApplicationSecret => "lk_secret_",
            Self::Session
            | Self::SignIn
            | Self::KnownDevice
            | Self::Invitation
            | Self::Recovery => "",
        }
    }
}

/// A secret of 256 random bits that opens something to whoever shows it.
#[derive(Clone)]
pub struct Token {
    kind: TokenKind,
    bytes: Zeroizing<[u8; 32]>,
}

impl Token {
    /// Makes a new token.
    #[must_use]
    pub fn random(kind: TokenKind) -> Self {
        Self { kind, bytes: Zeroizing::new(super::random()) }
    }

    /// Reads a token's text. Exactly one text stands for each token: no padding, no spaces, no other case.
    #[must_use]
    pub fn parse(kind: TokenKind, text: &str) -> Option<Self> {
        let encoded = text.strip_prefix(kind.prefix())?.as_bytes();
        let bytes = Zeroizing::new(BASE64URL_NOPAD.decode(encoded).ok()?);
        let bytes = Zeroizing::new(<[u8; 32]>::try_from(bytes.as_slice()).ok()?);
        Some(Self { kind, bytes })
    }

    /// Reads a bearer token of either kind that the API accepts.
    #[must_use]
    pub fn parse_bearer(text: &str) -> Option<Self> {
        [TokenKind::PersonalAccess, TokenKind::ServicePrincipal]
            .into_iter()
            .find_map(|kind| Self::parse(kind, text))
    }

    /// What the token is good for.
    #[must_use]
    pub const fn kind(&self) -> TokenKind {
        self.kind
    }

    /// The token as it is shown to its holder, once.
    #[must_use]
    pub fn reveal(&self) -> Zeroizing<String> {
        let mut text = Zeroizing::new(String::with_capacity(64));
        text.push_str(self.kind.prefix());
        BASE64URL_NOPAD.encode_append(self.bytes.as_slice(), &mut text);
        text
    }

    /// The hash under which the token is stored and looked up.
    #[must_use]
    pub fn hash(&self) -> TokenHash {
        TokenHash::over(self.kind.label(), self.bytes.as_slice())
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Token({})", self.kind.label())
    }
}

/// The SHA-256 of a token. With 256 random bits behind it a plain hash cannot be turned back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct TokenHash([u8; 32]);

impl TokenHash {
    /// Hashes a secret together with its purpose.
    pub(super) fn over(label: &str, secret: &[u8]) -> Self {
        let mut hash = Sha256::new();
        hash.update(b"latchkey token\0");
        hash.update(label.as_bytes());
        hash.update(b"\0");
        hash.update(secret);
        Self(hash.finalize().into())
    }

    /// The hash itself.
    #[must_use]
    pub const fn as_array(&self) -> &[u8; 32] {
        &self.0
    }

    /// The hash as it is bound to a `bytea` column.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const KINDS: [TokenKind; 8] = [
        TokenKind::Session,
        TokenKind::SignIn,
        TokenKind::KnownDevice,
        TokenKind::Invitation,
        TokenKind::Recovery,
        TokenKind::PersonalAccess,
        TokenKind::ServicePrincipal,
        TokenKind::ApplicationSecret,
    ];

    #[test]
    fn a_token_is_read_back_from_its_text() {
        for kind in KINDS {
            let token = Token::random(kind);
            let text = token.reveal();
            assert_eq!(Token::parse(kind, &text).map(|token| token.hash()), Some(token.hash()));
        }
    }

    #[test]
    fn every_prefix_and_every_bit_change_is_another_token_or_none() {
        for kind in KINDS {
            let token = Token::random(kind);
            let text = token.reveal();
            for length in 0..text.len() {
                assert!(Token::parse(kind, &text[..length]).is_none(), "prefix of {length}");
            }
            for position in 0..text.len() {
                for bit in 0..7 {
                    let mut changed = text.as_bytes().to_vec();
                    changed[position] ^= 1 << bit;
                    let Ok(changed) = String::from_utf8(changed) else { continue };
                    let parsed = Token::parse(kind, &changed);
                    assert_ne!(parsed.map(|token| token.hash()), Some(token.hash()), "{changed}");
                }
            }
        }
    }

    #[test]
    fn a_token_of_one_kind_is_not_found_as_another() {
        for one in KINDS {
            let token = Token::random(one);
            for other in KINDS.into_iter().filter(|other| *other != one) {
                let read = Token::parse(other, &token.reveal()).map(|token| token.hash());
                assert_ne!(read, Some(token.hash()), "{one:?} read as {other:?}");
            }
        }
    }

    #[test]
    fn nothing_shows_a_token_by_accident() {
        let token = Token::random(TokenKind::PersonalAccess);
        let shown = format!("{token:?}");
        assert!(!shown.contains(token.reveal().trim_start_matches("lk_pat_")));
    }

    proptest! {
        #[test]
        fn any_text_is_read_without_panic(text in ".*") {
            for kind in KINDS {
                if let Some(token) = Token::parse(kind, &text) {
                    let again = token.reveal();
                    prop_assert_eq!(again.as_str(), text.as_str());
                }
            }
        }
    }
}
