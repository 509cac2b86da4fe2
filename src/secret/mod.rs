//! Secrets: everything that is random, hashed, encrypted or compared in constant time.
//!
//! This is the only place with a random generator. No type here shows what it holds through `Debug` or
//! `Serialize`; the few that must be read out loud have a method named `reveal`.
mod key;
mod password;
mod public_key;
mod recovery_code;
mod signature;
mod token;
mod witness_key;

pub use key::{Keys, MasterKey, Purpose, Unreadable};
pub use password::{Busy, Cost, PasswordHasher, Verdict, Whose};
pub use public_key::{Assertion, BadKey, PublicKey};
pub use recovery_code::RecoveryCode;
pub use signature::{BadSigningSecret, SigningSecret};
pub use token::{Token, TokenHash, TokenKind};

use subtle::ConstantTimeEq;

/// How many random bytes make the seed of a time-based code: the 160 bits of RFC 4226 section 4.
pub const TOTP_SEED_LENGTH: usize = 20;

/// Fills an array with bytes from the operating system's generator.
#[must_use]
pub(crate) fn random<const LENGTH: usize>() -> [u8; LENGTH] {
    let mut bytes = [0; LENGTH];
    rand::fill(&mut bytes);
    bytes
}

/// Makes a new seed for time-based codes.
#[must_use]
pub fn totp_seed() -> zeroize::Zeroizing<[u8; TOTP_SEED_LENGTH]> {
    zeroize::Zeroizing::new(random())
}

/// Says whether two byte strings are equal, taking the same time wherever they differ.
#[must_use]
pub fn equal(left: &[u8], right: &[u8]) -> bool {
    left.ct_eq(right).into()
}
