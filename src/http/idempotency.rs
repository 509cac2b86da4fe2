//! The `Idempotency-Key` header: a client's promise that the same key means the same request.
use axum::{
    extract::Request,
    http::Method,
    middleware::Next,
    response::{IntoResponse as _, Response},
};
use sha2::{Digest as _, Sha256};

use super::{extract, problem::Problem};
use crate::domain::actor::Idempotency;

/// The header.
pub(super) const HEADER: &str = "Idempotency-Key";
/// The longest key.
pub(super) const LONGEST_KEY: usize = 200;

/// Reads the key of a request that acts, with a digest of everything that is asked under it, and hands it on as an
/// extension.
pub(super) async fn read(request: Request, next: Next) -> Response {
    let mut keys = request.headers().get_all(HEADER).iter();
    let (Some(key), more) = (keys.next(), keys.next()) else { return next.run(request).await };
    if request.method() != Method::POST {
        return next.run(request).await;
    }
    let Some(key) = key.to_str().ok().filter(|key| more.is_none() && is_key(key)) else {
        let message = format!("one key of 1 to {LONGEST_KEY} visible ASCII characters");
        return Problem::field(HEADER, message).into_response();
    };
    let key = key.to_owned();
    let (mut request, body) = match extract::whole(request).await {
        Ok(whole) => whole,
        Err(problem) => return problem.into_response(),
    };
    let path = request.uri().path_and_query().map_or("", |path| path.as_str());
    let method = request.method().as_str();
    let fingerprint = fingerprint([method.as_bytes(), path.as_bytes(), &body]);
    request.extensions_mut().insert(Idempotency { key, fingerprint });
    next.run(request).await
}

fn is_key(key: &str) -> bool {
    (1..=LONGEST_KEY).contains(&key.len()) && key.bytes().all(|byte| byte.is_ascii_graphic())
}

/// Each part with its length before it, so that no two lists of parts look alike.
fn fingerprint(parts: [&[u8]; 3]) -> [u8; 32] {
    let mut digest = Sha256::new();
    for part in parts {
        digest.update((part.len() as u64).to_be_bytes());
        digest.update(part);
    }
    digest.finalize().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_short_and_visible() {
        assert!(is_key("6f1c2d6e-0a4f-4d0f-9f5e-5c1f2b0f7f11"));
        assert!(is_key(&"x".repeat(200)));
        for key in ["", "a b", "ä", &"x".repeat(201)] {
            assert!(!is_key(key), "{key}");
        }
    }

    #[test]
    fn the_fingerprint_changes_with_each_part() {
        let one = fingerprint([b"POST", b"/a", b"b"]);
        assert_ne!(one, fingerprint([b"POST", b"/ab", b""]));
        assert_ne!(one, fingerprint([b"POST", b"/a", b"c"]));
    }
}
