//! Applications: what they sign in with, how long that is good for, and what an assertion must say.
use serde::Deserialize;

use super::{actor::TokenScope, time::Instant};

/// For how many days a secret is good at most.
pub const SECRET_MOST_DAYS: u16 = 365;
/// For how many days a key is good at most. It never travels, so it may live longer.
pub const KEY_MOST_DAYS: u16 = 730;
/// How many secrets and keys an application has at a time, at most.
pub const CREDENTIALS_MOST: usize = 10;
/// How many people own an application, at most.
pub const OWNERS_MOST: usize = 20;
/// How many seconds a token of an application is good for.
pub const TOKEN_LASTS: i64 = 60 * 60;
/// How many seconds ahead an assertion may end.
pub const ASSERTION_LASTS: i64 = 5 * 60;
/// How many seconds an application's clock may be ahead of ours.
const CLOCK_AHEAD: i64 = 60;
/// The longest identifier of an assertion.
const IDENTIFIER_MOST: usize = 200;

/// The shortest RSA key that counts, in bits.
pub const RSA_LEAST_BITS: usize = 2048;
/// The longest RSA key that counts, in bits.
pub const RSA_MOST_BITS: usize = 8192;

/// What a token of an application may be used for. Nothing of what only people do.
pub const SCOPES: [TokenScope; 4] =
    [TokenScope::Read, TokenScope::Administer, TokenScope::Audit, TokenScope::CheckAccess];
/// What a token is good for if nothing is asked for.
pub const SCOPES_UNASKED: [TokenScope; 2] = [TokenScope::Read, TokenScope::CheckAccess];

/// The kinds of what an application signs in with.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, sqlx::Type, utoipa::ToSchema,
)]
#[serde(rename_all = "snake_case")]
#[sqlx(type_name = "application_credential_kind", rename_all = "snake_case")]
pub enum CredentialKind {
    /// A shared secret.
    Secret,
    /// A public key, whose other half signs assertions.
    Key,
}

impl CredentialKind {
    /// For how many days one is good at most.
    #[must_use]
    pub const fn most_days(self) -> u16 {
        match self {
            Self::Secret => SECRET_MOST_DAYS,
            Self::Key => KEY_MOST_DAYS,
        }
    }
}

/// The scopes that a space-separated list asks for; what applications cannot have is none of them.
///
/// None if the list has anything else in it.
#[must_use]
pub fn scopes(asked: Option<&str>) -> Option<Vec<TokenScope>> {
    let Some(asked) = asked.map(str::trim).filter(|asked| !asked.is_empty()) else {
        return Some(SCOPES_UNASKED.to_vec());
    };
    let mut scopes = Vec::new();
    for name in asked.split_ascii_whitespace() {
        let scope = TokenScope::named(name).filter(|scope| SCOPES.contains(scope))?;
        if !scopes.contains(&scope) {
            scopes.push(scope);
        }
    }
    Some(scopes)
}

/// What an assertion says about itself (RFC 7523 section 3). A claim of another type than it should have makes the whole
/// unreadable.
#[derive(Clone, Debug, Deserialize)]
pub struct Claims {
    iss: String,
    sub: String,
    aud: Audience,
    exp: f64,
    #[serde(default)]
    nbf: Option<f64>,
    #[serde(default)]
    iat: Option<f64>,
    jti: String,
}

/// For whom an assertion is: one name, however it is written.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
enum Audience {
    One(String),
    Several(Vec<String>),
}

/// Why an assertion does not count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClaimFault {
    /// It speaks for another application, or for itself and another.
    Subject,
    /// It is for somebody else.
    Audience,
    /// It has ended, or ends later than it may.
    Expiry,
    /// It is not good yet.
    NotYet,
    /// It has no name of its own, or one that is too long.
    Identifier,
}

impl ClaimFault {
    /// Its stable name, for the audit log.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Subject => "wrong_subject",
            Self::Audience => "wrong_audience",
            Self::Expiry => "wrong_expiry",
            Self::NotYet => "not_good_yet",
            Self::Identifier => "wrong_identifier",
        }
    }
}

impl Claims {
    /// The name of this very assertion.
    #[must_use]
    pub fn identifier(&self) -> &str {
        &self.jti
    }

    /// When it ends; none if that is no time.
    #[must_use]
    pub fn ends_at(&self) -> Option<Instant> {
        instant(self.exp)
    }

    /// Judges an assertion whose signature is right: whether `client` says it about itself, to `audience`, now.
    pub fn judge(&self, client: &str, audience: &str, now: Instant) -> Result<(), ClaimFault> {
        if self.iss != client || self.sub != client {
            return Err(ClaimFault::Subject);
        }
        let is_ours = match &self.aud {
            Audience::One(one) => one == audience,
            Audience::Several(several) => matches!(several.as_slice(), [one] if one == audience),
        };
        if !is_ours {
            return Err(ClaimFault::Audience);
        }
        if self.jti.is_empty() || self.jti.len() > IDENTIFIER_MOST {
            return Err(ClaimFault::Identifier);
        }
        let latest = now.plus_seconds(ASSERTION_LASTS);
        if !self.ends_at().is_some_and(|end| now < end && end <= latest) {
            return Err(ClaimFault::Expiry);
        }
        let ahead = now.plus_seconds(CLOCK_AHEAD);
        let begun = |at: Option<f64>| at.is_none_or(|at| instant(at).is_some_and(|at| at <= ahead));
        if !begun(self.nbf) || !begun(self.iat) {
            return Err(ClaimFault::NotYet);
        }
        Ok(())
    }
}

/// Seconds since 1970, cut to whole ones; none if they are out of this world.
#[expect(clippy::cast_possible_truncation, reason = "what is out of range was refused before")]
fn instant(seconds: f64) -> Option<Instant> {
    if !(0.0..=1e11).contains(&seconds) {
        return None;
    }
    jiff::Timestamp::from_second(seconds as i64).ok().map(Instant::new)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const CLIENT: &str = "01938f3a-5f10-7cc2-b8a5-3f1c6f6f2a11";
    const AUDIENCE: &str = "https://latchkey.example.org/oauth/token";

    fn now() -> Instant {
        Instant::new(jiff::Timestamp::from_second(1_800_000_000).unwrap())
    }

    fn judged(change: &serde_json::Value) -> Option<Result<(), ClaimFault>> {
        let mut claims = json!({
            "iss": CLIENT, "sub": CLIENT, "aud": AUDIENCE, "exp": 1_800_000_060, "jti": "one",
        });
        for (name, value) in change.as_object().unwrap() {
            claims[name] = value.clone();
        }
        let claims: Claims = serde_json::from_value(claims).ok()?;
        Some(claims.judge(CLIENT, AUDIENCE, now()))
    }

    #[test]
    fn an_assertion_speaks_for_itself_to_us_and_soon_ends() {
        for good in [
            json!({}),
            json!({ "aud": [AUDIENCE] }),
            json!({ "exp": 1_800_000_300 }),
            json!({ "exp": 1_800_000_001.9 }),
            json!({ "nbf": 1_800_000_060, "iat": 1_799_999_000 }),
        ] {
            assert_eq!(judged(&good), Some(Ok(())), "{good}");
        }
    }

    #[test]
    fn anything_else_does_not_count() {
        use ClaimFault::{Audience, Expiry, Identifier, NotYet, Subject};
        for (bad, why) in [
            (json!({ "iss": "somebody else" }), Subject),
            (json!({ "sub": "somebody else" }), Subject),
            (json!({ "aud": "https://elsewhere.example.org" }), Audience),
            (json!({ "aud": [AUDIENCE, "https://elsewhere.example.org"] }), Audience),
            (json!({ "aud": [] }), Audience),
            (json!({ "exp": 1_800_000_000 }), Expiry),
            (json!({ "exp": 1_800_000_301 }), Expiry),
            (json!({ "exp": -1 }), Expiry),
            (json!({ "exp": 1e300 }), Expiry),
            (json!({ "nbf": 1_800_000_061 }), NotYet),
            (json!({ "iat": 1_800_000_061 }), NotYet),
            (json!({ "jti": "" }), Identifier),
            (json!({ "jti": "x".repeat(201) }), Identifier),
        ] {
            assert_eq!(judged(&bad), Some(Err(why)), "{bad}");
        }
    }

    #[test]
    fn a_claim_of_another_type_is_no_claim() {
        for bad in [
            json!({ "exp": "1800000060" }),
            json!({ "exp": null }),
            json!({ "nbf": "0" }),
            json!({ "aud": null }),
            json!({ "aud": 7 }),
            json!({ "jti": 1 }),
            json!({ "iss": [CLIENT] }),
        ] {
            assert_eq!(judged(&bad), None, "{bad}");
        }
    }

    #[test]
    fn an_application_asks_for_nothing_that_only_people_do() {
        assert_eq!(scopes(None), Some(SCOPES_UNASKED.to_vec()));
        assert_eq!(scopes(Some(" ")), Some(SCOPES_UNASKED.to_vec()));
        let several = vec![TokenScope::Audit, TokenScope::Read];
        assert_eq!(scopes(Some("audit read audit")), Some(several));
        for bad in ["activate", "approve", "read everything", "Read"] {
            assert_eq!(scopes(Some(bad)), None, "{bad}");
        }
    }
}
