//! The key that signs what is said of the audit log outside of the database.
use aws_lc_rs::signature::{ED25519, Ed25519KeyPair, KeyPair as _, UnparsedPublicKey};

use super::Keys;

impl Keys {
    /// Signs with Ed25519 (RFC 8032).
    ///
    /// # Panics
    /// Never: any 32 bytes are a key.
    #[must_use]
    pub fn sign(&self, said: &[u8]) -> Vec<u8> {
        self.witness_pair().sign(said).as_ref().to_vec()
    }

    /// The key with which anybody can tell that something was signed with these keys: 32 bytes.
    #[must_use]
    pub fn public_witness_key(&self) -> Vec<u8> {
        self.witness_pair().public_key().as_ref().to_vec()
    }

    /// Whether this was signed with these keys.
    #[must_use]
    pub fn has_signed(&self, said: &[u8], signature: &[u8]) -> bool {
        UnparsedPublicKey::new(&ED25519, self.public_witness_key()).verify(said, signature).is_ok()
    }

    fn witness_pair(&self) -> Ed25519KeyPair {
        Ed25519KeyPair::from_seed_unchecked(self.witness_seed()).expect("any 32 bytes are a key")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secret::MasterKey;

    #[test]
    fn what_was_signed_with_other_keys_or_was_changed_does_not_count() {
        let keys = Keys::derive(&MasterKey::random());
        let signature = keys.sign(b"here it ended");
        assert!(keys.has_signed(b"here it ended", &signature));
        assert!(!keys.has_signed(b"there it ended", &signature));
        assert!(!Keys::derive(&MasterKey::random()).has_signed(b"here it ended", &signature));
    }
}
