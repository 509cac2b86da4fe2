//! The public keys of applications, and what is signed with their other halves.
use data_encoding::{BASE64, HEXLOWER};
use jsonwebtoken::{Algorithm, DecodingKey, Header, Validation};
use sha2::{Digest as _, Sha256};

use crate::domain::application::{Claims, RSA_LEAST_BITS, RSA_MOST_BITS};

/// The object identifiers of the keys that count, as DER: RSA, elliptic curves and P-256 of them, Ed25519.
const RSA: &[u8] = &[0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01];
const EC: &[u8] = &[0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01];
const P_256: &[u8] = &[0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07];
const ED25519: &[u8] = &[0x06, 0x03, 0x2b, 0x65, 0x70];
const NULL: &[u8] = &[0x05, 0x00];

const SEQUENCE: u8 = 0x30;
const INTEGER: u8 = 0x02;
const BIT_STRING: u8 = 0x03;

/// The longest text that is looked at.
const PEM_MOST: usize = 8192;

/// Why a text is not taken as a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadKey {
    /// It is no public key in PEM.
    #[error("paste a public key in PEM: -----BEGIN PUBLIC KEY-----, and so on")]
    NoPublicKey,
    /// It is the half that nobody may see.
    #[error(
        "this is a private key: it must never leave your application. Make a new pair, and paste its public half"
    )]
    Private,
    /// It is a key for other algorithms.
    #[error("use RSA of at least 2048 bits, P-256 or Ed25519")]
    OtherKind,
    /// It is an RSA key of another length.
    #[error("an RSA key has between {RSA_LEAST_BITS} and {RSA_MOST_BITS} bits")]
    Length,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Rsa,
    P256,
    Ed25519,
}

/// A public key that counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicKey {
    kind: Kind,
    /// What the verifier wants: for RSA the two numbers in DER, for the others the point.
    point: Vec<u8>,
    /// The whole, as a `SubjectPublicKeyInfo` in DER.
    der: Vec<u8>,
}

impl PublicKey {
    /// Reads a public key in PEM.
    pub fn from_pem(text: &str) -> Result<Self, BadKey> {
        let text = text.trim();
        if text.contains("PRIVATE KEY") {
            return Err(BadKey::Private);
        }
        let body = text
            .strip_prefix("-----BEGIN PUBLIC KEY-----")
            .and_then(|text| text.strip_suffix("-----END PUBLIC KEY-----"))
            .filter(|body| body.len() < PEM_MOST)
            .ok_or(BadKey::NoPublicKey)?;
        let letters: String = body.split_ascii_whitespace().collect();
        let der = BASE64.decode(letters.as_bytes()).map_err(|_| BadKey::NoPublicKey)?;
        Self::from_der(&der)
    }

    /// Reads a `SubjectPublicKeyInfo` in DER.
    pub fn from_der(der: &[u8]) -> Result<Self, BadKey> {
        let read = || {
            let (whole, []) = element(SEQUENCE, der)? else { return None };
            let (algorithm, rest) = element(SEQUENCE, whole)?;
            let (bits, []) = element(BIT_STRING, rest)? else { return None };
            // The first byte says how many bits of the last one are not used.
            let (0, key) = bits.split_first()? else { return None };
            Some((algorithm, key))
        };
        let (algorithm, key) = read().ok_or(BadKey::NoPublicKey)?;
        let kind = if algorithm == [RSA, NULL].concat() {
            check_rsa(key)?;
            Kind::Rsa
        } else if algorithm == [EC, P_256].concat() && key.len() == 65 && key.starts_with(&[4]) {
            Kind::P256
        } else if algorithm == ED25519 && key.len() == 32 {
            Kind::Ed25519
        } else {
            return Err(BadKey::OtherKind);
        };
        Ok(Self { kind, point: key.to_vec(), der: der.to_vec() })
    }

    /// The key as a `SubjectPublicKeyInfo` in DER, as it is stored.
    #[must_use]
    pub fn as_der(&self) -> &[u8] {
        &self.der
    }

    /// What kind of key it is, in words.
    #[must_use]
    pub fn describe(&self) -> String {
        match self.kind {
            Kind::Rsa => {
                let bits = rsa_bits(&self.point).unwrap_or_default();
                format!("RSA, {bits} bits (RS256, PS256)")
            }
            Kind::P256 => "P-256 (ES256)".to_owned(),
            Kind::Ed25519 => "Ed25519 (EdDSA)".to_owned(),
        }
    }

    /// The first half of the SHA-256 of the key, by which people tell one from another.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        let digest = Sha256::digest(&self.der);
        HEXLOWER.encode(digest.get(..16).unwrap_or_default())
    }

    /// Whether this key's kind is used with an algorithm. The key says which ones count; the assertion only chooses.
    fn takes(&self, algorithm: Algorithm) -> bool {
        match self.kind {
            Kind::Rsa => matches!(algorithm, Algorithm::RS256 | Algorithm::PS256),
            Kind::P256 => algorithm == Algorithm::ES256,
            Kind::Ed25519 => algorithm == Algorithm::EdDSA,
        }
    }

    /// What an assertion says, if it was signed with this key's other half. Nothing that it says is judged here.
    #[must_use]
    pub fn verify(&self, assertion: &Assertion<'_>) -> Option<Claims> {
        let algorithm = assertion.header.alg;
        if !self.takes(algorithm) {
            return None;
        }
        let key = match self.kind {
            Kind::Rsa => DecodingKey::from_rsa_der(&self.point),
            Kind::P256 => DecodingKey::from_ec_der(&self.point),
            Kind::Ed25519 => DecodingKey::from_ed_der(&self.point),
        };
        // Times and names are judged by our own rules, with the database's clock.
        let mut validation = Validation::new(algorithm);
        validation.required_spec_claims.clear();
        validation.validate_exp = false;
        validation.validate_nbf = false;
        validation.validate_aud = false;
        jsonwebtoken::decode(assertion.text, &key, &validation).ok().map(|token| token.claims)
    }

    /// A key that nobody has the other half of, to take as long where there is no key as where there is a wrong one.
    #[must_use]
    pub fn nobodys(assertion: &Assertion<'_>) -> Option<Self> {
        // The point from which each curve is generated, and a number without meaning.
        let (kind, point) = match assertion.header.alg {
            Algorithm::ES256 => (Kind::P256, NOBODYS_P_256.to_vec()),
            Algorithm::EdDSA => (Kind::Ed25519, [vec![0x58], vec![0x66; 31]].concat()),
            Algorithm::RS256 | Algorithm::PS256 => (Kind::Rsa, nobodys_rsa()),
            _ => return None,
        };
        Some(Self { kind, point, der: Vec::new() })
    }
}

/// The generator of P-256, without compression.
const NOBODYS_P_256: [u8; 65] = [
    0x04, 0x6b, 0x17, 0xd1, 0xf2, 0xe1, 0x2c, 0x42, 0x47, 0xf8, 0xbc, 0xe6, 0xe5, 0x63, 0xa4, 0x40,
    0xf2, 0x77, 0x03, 0x7d, 0x81, 0x2d, 0xeb, 0x33, 0xa0, 0xf4, 0xa1, 0x39, 0x45, 0xd8, 0x98, 0xc2,
    0x96, 0x4f, 0xe3, 0x42, 0xe2, 0xfe, 0x1a, 0x7f, 0x9b, 0x8e, 0xe7, 0xeb, 0x4a, 0x7c, 0x0f, 0x9e,
    0x16, 0x2b, 0xce, 0x33, 0x57, 0x6b, 0x31, 0x5e, 0xce, 0xcb, 0xb6, 0x40, 0x68, 0x37, 0xbf, 0x51,
    0xf5,
];

/// An RSA key of 2048 bits that was made from nothing.
fn nobodys_rsa() -> Vec<u8> {
    let mut modulus = vec![0x00];
    modulus.extend([0xc7; 256]);
    let mut numbers = vec![INTEGER, 0x82, 0x01, 0x01];
    numbers.extend(modulus);
    numbers.extend([INTEGER, 0x03, 0x01, 0x00, 0x01]);
    let mut der = vec![SEQUENCE, 0x82, 0x01, 0x0a];
    der.extend(numbers);
    der
}

/// The length of an RSA key, whose two numbers are all that is in `der`.
fn rsa_bits(der: &[u8]) -> Option<usize> {
    let (numbers, []) = element(SEQUENCE, der)? else { return None };
    let (modulus, rest) = element(INTEGER, numbers)?;
    let (exponent, []) = element(INTEGER, rest)? else { return None };
    let (modulus, exponent) = (positive(modulus)?, positive(exponent)?);
    let is_odd = |number: &[u8]| number.last().is_some_and(|last| last & 1 == 1);
    if !is_odd(modulus) || !is_odd(exponent) || exponent == [1] {
        return None;
    }
    Some(modulus.len() * 8 - modulus.first()?.leading_zeros() as usize)
}

/// The digits of a number above zero, which DER writes in one way only.
fn positive(number: &[u8]) -> Option<&[u8]> {
    match number {
        // A leading zero says that the number is not negative, and is there only if it would look so.
        [0, digits @ ..] => digits.first().is_some_and(|first| *first >= 0x80).then_some(digits),
        [first, ..] => (*first < 0x80).then_some(number),
        [] => None,
    }
}

fn check_rsa(der: &[u8]) -> Result<(), BadKey> {
    let bits = rsa_bits(der).ok_or(BadKey::NoPublicKey)?;
    if (RSA_LEAST_BITS..=RSA_MOST_BITS).contains(&bits) { Ok(()) } else { Err(BadKey::Length) }
}

/// The content of the DER element at the beginning, if it has that tag, and what follows it.
fn element(tag: u8, der: &[u8]) -> Option<(&[u8], &[u8])> {
    let (found, der) = der.split_first()?;
    let (length, der) = der.split_first()?;
    if *found != tag {
        return None;
    }
    let (length, der) = match length {
        0..=0x7f => (usize::from(*length), der),
        // The shortest form that can say it: one key has one fingerprint, and is registered once.
        0x81 => match der.split_first()? {
            (length @ 0x80.., der) => (usize::from(*length), der),
            _ => return None,
        },
        0x82 => match der {
            [high, low, der @ ..] if *high > 0 => {
                (usize::from(*high) << 8 | usize::from(*low), der)
            }
            _ => return None,
        },
        _ => return None,
    };
    der.split_at_checked(length)
}

/// A signed assertion, before anybody has looked who signed it.
#[derive(Debug)]
pub struct Assertion<'a> {
    text: &'a str,
    header: Header,
}

impl<'a> Assertion<'a> {
    /// Reads the head of an assertion. One that asks for something that is not understood here is none.
    #[must_use]
    pub fn parse(text: &'a str) -> Option<Self> {
        let header = jsonwebtoken::decode_header(text).ok()?;
        let is_assertion = header.typ.as_deref().is_none_or(|typ| {
            ["jwt", "client-authentication+jwt"].contains(&typ.to_ascii_lowercase().as_str())
        });
        (is_assertion && header.crit.is_none()).then_some(Self { text, header })
    }

    /// The key that it says it was signed with.
    #[must_use]
    pub fn key(&self) -> Option<&str> {
        self.header.kid.as_deref()
    }

    /// Whom it says it speaks for. Not to be believed before it was verified.
    #[must_use]
    pub fn claimed_subject(&self) -> Option<String> {
        #[derive(serde::Deserialize)]
        struct Subject {
            sub: String,
        }
        let claims = jsonwebtoken::dangerous::insecure_decode_claims::<Subject>(self.text).ok()?;
        Some(claims.sub)
    }
}
