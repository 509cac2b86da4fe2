//! The id that ties together everything one request causes: log lines, audit events, the answer, the trace.
//!
//! It is always ours. An id that a client sends is not taken over: whoever could choose it could make two stories look
//! like one in the audit log.
use axum::{
    extract::{MatchedPath, Request},
    http::{HeaderName, HeaderValue, StatusCode},
    response::Response,
};
use tracing::{Instrument as _, field};
use uuid::Uuid;

use crate::{metrics::Metrics, telemetry};

/// The header of an answer that carries it.
pub const HEADER: HeaderName = HeaderName::from_static("x-request-id");

/// The id of a request; an extension of every request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Correlation(pub Uuid);

impl Correlation {
    /// One that nothing else has.
    pub(super) fn new() -> Self {
        Self(Uuid::now_v7())
    }

    /// The same as the address of what happened.
    pub(super) fn instance(self) -> String {
        format!("urn:uuid:{}", self.0)
    }

    /// Puts it on an answer.
    pub(super) fn put_on(self, response: &mut Response) {
        if let Ok(value) = HeaderValue::from_str(&self.0.to_string()) {
            response.headers_mut().insert(HEADER, value);
        }
    }
}

/// Gives a request its id, and counts it and writes one line about it once it is answered.
///
/// The line has the route as it is written in the code, never the address as it was sent, which may hold a secret.
pub(super) async fn assign<Answered: Future<Output = Response>>(
    metrics: &Metrics,
    mut request: Request,
    inside: impl FnOnce(Request) -> Answered,
) -> Response {
    let correlation = Correlation::new();
    request.extensions_mut().insert(correlation);
    let id = correlation.0;
    let method = request.method().clone();
    let route = request.extensions().get::<MatchedPath>().cloned();
    let route = route.as_ref().map_or("none", MatchedPath::as_str);
    // Whatever the log leaves out, the id stands on each line that is left.
    let span = tracing::error_span!("request", %id, %method, route, trace_id = field::Empty);
    telemetry::begin(&span, request.headers());
    let begun = tokio::time::Instant::now();
    let mut response = inside(request).instrument(span.clone()).await;
    let took = begun.elapsed();
    let milliseconds = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
    let status = response.status();
    metrics.answered(method.as_str(), route, status.as_u16(), took);
    telemetry::answered(&span, status);
    span.in_scope(|| {
        if is_routine(route, status) {
            tracing::debug!(status = status.as_u16(), milliseconds, "answered");
        } else {
            tracing::info!(status = status.as_u16(), milliseconds, "answered");
        }
    });
    correlation.put_on(&mut response);
    response
}

/// What asks every few seconds, or for every page, would drown the rest.
fn is_routine(route: &str, status: StatusCode) -> bool {
    status.is_success() && (matches!(route, "/livez" | "/readyz") || route.starts_with("/static/"))
}
