//! The keys of an installation, all derived from one that is kept outside the database.
use std::fmt;

use chacha20poly1305::{
    Key, KeyInit, XChaCha20Poly1305, XNonce,
    aead::{Aead, Payload},
};
use hmac::{Hmac, Mac};
use sha2::Sha256;
use uuid::Uuid;
use zeroize::Zeroizing;

/// The format of a sealed secret, its first byte.
const FORMAT: u8 = 1;
/// How many bytes name the key that sealed a secret.
const KEY_ID_LENGTH: usize = 8;
/// How many random bytes make each sealing unique. With 192 bits no counter has to be kept.
const NONCE_LENGTH: usize = 24;

/// The one key that an operator keeps: 256 bits, in a file or the environment, never in the database.
pub struct MasterKey(Zeroizing<[u8; 32]>);

impl MasterKey {
    /// Makes a new key.
    #[must_use]
    pub fn random() -> Self {
        Self(Zeroizing::new(super::random()))
    }

    /// Reads a key from its text: 32 bytes in base64.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let bytes = data_encoding::BASE64.decode(text.trim().as_bytes()).ok()?;
        let bytes = Zeroizing::new(bytes);
        Some(Self(Zeroizing::new(<[u8; 32]>::try_from(bytes.as_slice()).ok()?)))
    }

    /// The key as text, to be written to its file.
    #[must_use]
    pub fn reveal(&self) -> Zeroizing<String> {
        Zeroizing::new(data_encoding::BASE64.encode(self.0.as_slice()))
    }
}

impl fmt::Debug for MasterKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("MasterKey")
    }
}

/// What a sealed secret is for. It is bound into the seal, so that one cannot be put in another's place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// The seed of somebody's time-based codes.
    TotpSeed,
    /// A message with a one-time link that waits to be sent.
    Outbox,
}

impl Purpose {
    const fn label(self) -> &'static str {
        match self {
            Self::TotpSeed => "totp-seed",
            Self::Outbox => "outbox",
        }
    }
}

/// A sealed secret that these keys cannot open: another key, another owner or purpose, or changed bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a stored secret cannot be read with the configured key")]
pub struct Unreadable;

/// The keys that the program works with.
pub struct Keys {
    id: [u8; KEY_ID_LENGTH],
    sealing: Zeroizing<[u8; 32]>,
    pepper: Zeroizing<[u8; 32]>,
    cookie: Zeroizing<[u8; 32]>,
    cursor: Zeroizing<[u8; 32]>,
    witness: Zeroizing<[u8; 32]>,
}

impl Keys {
    /// Derives every key from the master key. Knowing one tells nothing of the others.
    #[must_use]
    pub fn derive(master: &MasterKey) -> Self {
        let key = |label: &str| authenticate(&master.0, &[b"latchkey key", label.as_bytes()]);
        let mut id = [0; KEY_ID_LENGTH];
        for (to, from) in id.iter_mut().zip(key("id")) {
            *to = from;
        }
        Self {
            id,
            sealing: Zeroizing::new(key("sealing")),
            pepper: Zeroizing::new(key("password pepper")),
            cookie: Zeroizing::new(key("cookie")),
            cursor: Zeroizing::new(key("cursor")),
            witness: Zeroizing::new(key("witness")),
        }
    }

    /// The seed of the key that signs what witnesses are told.
    pub(super) fn witness_seed(&self) -> &[u8; 32] {
        &self.witness
    }

    /// Encrypts a secret so that only its owner's record and this purpose open it again.
    ///
    /// # Panics
    /// Never with what is sealed here: only above the cipher's limit of 256 GiB.
    #[must_use]
    pub fn seal(&self, purpose: Purpose, owner: Uuid, secret: &[u8]) -> Vec<u8> {
        let nonce: [u8; NONCE_LENGTH] = super::random();
        let bound = bound(self.id, purpose, owner);
        let payload = Payload { msg: secret, aad: &bound };
        let encrypted = self
            .cipher()
            .encrypt(&XNonce::from(nonce), payload)
            .expect("a secret is far shorter than the cipher's limit of 256 GiB");
        [&[FORMAT], self.id.as_slice(), &nonce, &encrypted].concat()
    }

    /// Decrypts what `seal` made.
    pub fn open(
        &self,
        purpose: Purpose,
        owner: Uuid,
        sealed: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, Unreadable> {
        let rest = sealed.strip_prefix(&[FORMAT]).ok_or(Unreadable)?;
        let rest = rest.strip_prefix(self.id.as_slice()).ok_or(Unreadable)?;
        let (nonce, encrypted) = rest.split_first_chunk::<NONCE_LENGTH>().ok_or(Unreadable)?;
        let payload = Payload { msg: encrypted, aad: &bound(self.id, purpose, owner) };
        let secret = self.cipher().decrypt(&XNonce::from(*nonce), payload);
        secret.map(Zeroizing::new).map_err(|_| Unreadable)
    }

    /// The token that forms of one session carry, so that no other site can post in its name.
    #[must_use]
    pub fn form_token(&self, session: &super::TokenHash) -> String {
        let mac = authenticate(&self.cookie, &[b"form", session.as_bytes()]);
        data_encoding::BASE64URL_NOPAD.encode(&mac)
    }

    /// Says whether a form carries the token of this session.
    #[must_use]
    pub fn is_form_token(&self, session: &super::TokenHash, shown: &str) -> bool {
        super::equal(self.form_token(session).as_bytes(), shown.as_bytes())
    }

    /// Signs the position that a page of results ends at, so that a forged one is refused.
    #[must_use]
    pub fn cursor_tag(&self, position: &[u8]) -> [u8; 32] {
        authenticate(&self.cursor, &[b"cursor", position])
    }

    /// The name under which wrong passwords are counted. It tells nobody who tried what.
    #[must_use]
    pub fn throttle_key(&self, account: &str, source: &str) -> [u8; 32] {
        authenticate(&self.cookie, &[b"throttle", account.as_bytes(), source.as_bytes()])
    }

    /// Mixes a password with the pepper, so that a stolen table alone gives nothing to guess against.
    pub(super) fn pepper(&self, password: &str) -> Zeroizing<[u8; 32]> {
        Zeroizing::new(authenticate(&self.pepper, &[b"password", password.as_bytes()]))
    }

    fn cipher(&self) -> XChaCha20Poly1305 {
        XChaCha20Poly1305::new(&Key::from(*self.sealing))
    }
}

impl fmt::Debug for Keys {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Keys")
    }
}

/// What a seal is bound to: key, purpose and owner.
fn bound(id: [u8; KEY_ID_LENGTH], purpose: Purpose, owner: Uuid) -> Vec<u8> {
    [id.as_slice(), owner.as_bytes(), purpose.label().as_bytes()].concat()
}

/// HMAC-SHA-256 over parts, each with its length before it so that no two lists of parts look alike.
fn authenticate(key: &[u8; 32], parts: &[&[u8]]) -> [u8; 32] {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes keys of any length");
    for part in parts {
        mac.update(&(part.len() as u64).to_be_bytes());
        mac.update(part);
    }
    mac.finalize().into_bytes().into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secret::{Token, TokenKind};

    fn keys() -> Keys {
        Keys::derive(&MasterKey::random())
    }

    #[test]
    fn what_is_sealed_opens_again() {
        let (keys, owner) = (keys(), Uuid::now_v7());
        let sealed = keys.seal(Purpose::TotpSeed, owner, b"seed");
        assert_eq!(keys.open(Purpose::TotpSeed, owner, &sealed).unwrap().as_slice(), b"seed");
        assert!(!sealed.windows(4).any(|window| window == b"seed"));
        assert_ne!(sealed, keys.seal(Purpose::TotpSeed, owner, b"seed"));
    }

    #[test]
    fn another_key_owner_or_purpose_does_not_open_it() {
        let (ours, owner) = (keys(), Uuid::now_v7());
        let sealed = ours.seal(Purpose::TotpSeed, owner, b"seed");
        assert_eq!(keys().open(Purpose::TotpSeed, owner, &sealed), Err(Unreadable));
        assert_eq!(ours.open(Purpose::TotpSeed, Uuid::now_v7(), &sealed), Err(Unreadable));
        assert_eq!(ours.open(Purpose::Outbox, owner, &sealed), Err(Unreadable));
    }

    #[test]
    fn every_changed_bit_and_every_prefix_is_refused() {
        let (keys, owner) = (keys(), Uuid::now_v7());
        let sealed = keys.seal(Purpose::TotpSeed, owner, b"seed");
        for length in 0..sealed.len() {
            assert_eq!(keys.open(Purpose::TotpSeed, owner, &sealed[..length]), Err(Unreadable));
        }
        for bit in 0..sealed.len() * 8 {
            let mut changed = sealed.clone();
            changed[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(keys.open(Purpose::TotpSeed, owner, &changed), Err(Unreadable));
        }
    }

    #[test]
    fn a_master_key_survives_its_text() {
        let master = MasterKey::random();
        let again = MasterKey::parse(&format!("{}\n", &*master.reveal())).unwrap();
        let sealed = Keys::derive(&master).seal(Purpose::TotpSeed, Uuid::nil(), b"seed");
        assert!(Keys::derive(&again).open(Purpose::TotpSeed, Uuid::nil(), &sealed).is_ok());
        for wrong in ["", "AAAA", "!", &"A".repeat(43), &"A".repeat(44), &"A".repeat(48)] {
            assert!(MasterKey::parse(wrong).is_none(), "{wrong}");
        }
    }

    #[test]
    fn a_form_token_is_of_one_session() {
        let keys = keys();
        let one = Token::random(TokenKind::Session).hash();
        let other = Token::random(TokenKind::Session).hash();
        let token = keys.form_token(&one);
        assert!(keys.is_form_token(&one, &token));
        assert!(!keys.is_form_token(&other, &token));
        assert!(!keys.is_form_token(&one, ""));
        assert!(!keys.is_form_token(&one, &token[1..]));
    }
}
