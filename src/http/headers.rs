//! The headers of every answer: what a browser may do with it, which is next to nothing.
use std::{
    num::NonZeroU32,
    sync::{Arc, LazyLock},
};

use axum::{
    Router,
    body::Bytes,
    extract::{DefaultBodyLimit, Request},
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header},
    response::Response,
    routing::post,
};
use data_encoding::BASE64URL_NOPAD;
use governor::{DefaultDirectRateLimiter, Quota, RateLimiter};
use serde_json::Value;

use super::{Site, Web};
use crate::secret;

/// Where browsers report what the policy stopped.
const REPORTS: &str = "/csp-reports";
/// The longest report that is read.
const LONGEST_REPORT: usize = 8 * 1024;
/// How much is logged of each thing that a report says.
const LOGGED: usize = 100;
/// How many reports a minute are logged: a broken extension in one browser must not fill the disk.
const REPORTS_A_MINUTE: NonZeroU32 = NonZeroU32::MIN.saturating_add(29);

/// Headers that are the same for every answer.
const ALWAYS: [(HeaderName, &str); 8] = [
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    // Not `no-referrer`: browsers would then send `Origin: null` with our own forms.
    (header::REFERRER_POLICY, "same-origin"),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    (
        HeaderName::from_static("permissions-policy"),
        "publickey-credentials-get=(self), camera=(), geolocation=(), microphone=()",
    ),
    (HeaderName::from_static("reporting-endpoints"), "csp=\"/csp-reports\""),
    (header::X_FRAME_OPTIONS, "DENY"),
    (HeaderName::from_static("x-permitted-cross-domain-policies"), "none"),
];

/// What the scripts of one answer carry; an extension of every request.
#[derive(Clone, Debug)]
pub struct Nonce(pub Arc<str>);

/// Puts the headers on an answer. A `Cache-Control` that the handler has set stays.
pub(super) async fn protect<Answered: Future<Output = Response>>(
    site: &Site,
    mut request: Request,
    inside: impl FnOnce(Request) -> Answered,
) -> Response {
    let nonce: Arc<str> = BASE64URL_NOPAD.encode(&secret::random::<16>()).into();
    request.extensions_mut().insert(Nonce(Arc::clone(&nonce)));
    let mut response = inside(request).await;
    let is_page = is_page(response.headers());
    let policy = if is_page { page_policy(&nonce) } else { None };
    put(site, policy, response.headers_mut());
    response
}

/// The headers of an answer that is no page, whatever it says.
pub(super) fn of_data(site: &Site) -> HeaderMap {
    let mut headers = HeaderMap::new();
    put(site, None, &mut headers);
    headers
}

/// Puts them there; without a policy of its own, an answer may show nothing and load nothing.
fn put(site: &Site, policy: Option<HeaderValue>, headers: &mut HeaderMap) {
    for (name, value) in ALWAYS {
        headers.insert(name, HeaderValue::from_static(value));
    }
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    headers.insert(
        header::CONTENT_SECURITY_POLICY,
        policy.unwrap_or(HeaderValue::from_static(
            "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; report-to csp",
        )),
    );
    strict_transport(site, headers);
}

fn is_page(headers: &HeaderMap) -> bool {
    headers
        .get(header::CONTENT_TYPE)
        .is_some_and(|value| value.as_bytes().starts_with(b"text/html"))
}

fn page_policy(nonce: &str) -> Option<HeaderValue> {
    let policy = format!(
        "default-src 'none'; script-src 'nonce-{nonce}'; style-src 'self'; img-src 'self'; font-src 'self'; \
         connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'; object-src 'none'; \
         require-trusted-types-for 'script'; trusted-types 'none'; report-to csp"
    );
    HeaderValue::from_str(&policy).ok()
}

/// Over plain HTTP browsers ignore it, and promising it would be wrong.
fn strict_transport(site: &Site, headers: &mut HeaderMap) {
    if site.secure {
        let value = HeaderValue::from_static("max-age=63072000; includeSubDomains");
        headers.insert(header::STRICT_TRANSPORT_SECURITY, value);
    }
}

/// Takes reports of what the policy stopped, and logs some.
pub(super) fn reports() -> Router<Web> {
    Router::new().route(REPORTS, post(report)).layer(DefaultBodyLimit::max(LONGEST_REPORT))
}

async fn report(body: Bytes) -> StatusCode {
    static LIMITER: LazyLock<DefaultDirectRateLimiter> =
        LazyLock::new(|| RateLimiter::direct(Quota::per_minute(REPORTS_A_MINUTE)));
    let Ok(report) = serde_json::from_slice::<Value>(&body) else {
        return StatusCode::BAD_REQUEST;
    };
    if LIMITER.check().is_ok() {
        let (directive, blocked) = essence(&report);
        tracing::warn!(?directive, ?blocked, "a browser stopped something");
    }
    StatusCode::NO_CONTENT
}

/// Which directive stopped something, and where that would have come from. The page's own address is left out: it may
/// hold the secret of a one-time link.
fn essence(report: &Value) -> (String, String) {
    let said = report.pointer("/0/body").or_else(|| report.get("csp-report")).unwrap_or(report);
    let text = |names: [&str; 2]| {
        names.iter().find_map(|name| said.get(name)?.as_str()).unwrap_or_default()
    };
    let blocked = text(["blockedURL", "blocked-uri"]);
    let origin: Vec<_> = blocked.splitn(4, '/').take(3).collect();
    let short = |text: &str| text.chars().take(LOGGED).collect();
    (short(text(["effectiveDirective", "effective-directive"])), short(&origin.join("/")))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_essence_of_a_report_has_no_path() {
        for report in [
            json!([{ "type": "csp-violation", "body": {
                "effectiveDirective": "img-src",
                "blockedURL": "https://example.org/a/secret",
                "documentURL": "https://latchkey.example.org/invitations/secret",
            }}]),
            json!({ "csp-report": {
                "effective-directive": "img-src",
                "blocked-uri": "https://example.org/a/secret",
            }}),
        ] {
            assert_eq!(essence(&report), ("img-src".into(), "https://example.org".into()));
        }
        assert_eq!(essence(&json!(1)), (String::new(), String::new()));
    }
}
