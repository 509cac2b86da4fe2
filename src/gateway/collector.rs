//! The collector of traces: spans that are over leave here, by OTLP over HTTP.
//!
//! What is told of a span is written down below, name by name: a field that somebody adds to a span is not sent before it is
//! added here. What happens within a span, the lines of the log, is not sent at all.
use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use opentelemetry::{
    KeyValue, Value,
    trace::{SpanKind, Status},
};
use opentelemetry_proto::{
    tonic::collector::trace::v1::ExportTraceServiceRequest,
    transform::{
        common::tonic::ResourceAttributesWithSchema,
        trace::tonic::group_spans_by_resource_and_scope,
    },
};
use opentelemetry_sdk::{
    Resource,
    error::{OTelSdkError, OTelSdkResult},
    trace::{SpanData, SpanEvents, SpanExporter, SpanLinks},
};
use prost::Message as _;
use reqwest::Method;
use secrecy::{ExposeSecret as _, SecretString};
use tokio::runtime::Handle;

use super::egress::{Call, Egress};
use crate::config::Traces;

/// The span of a request; outside, its name is its method and its route.
const REQUEST: &str = "request";
/// The span of a transaction that changes something.
const CHANGE: &str = "change";
/// The span of a round of background work; outside, its name is what is done.
const ROUND: &str = "round";

/// The fields of spans that are told, and the names that they have outside.
const TOLD: [(&str, &str); 6] = [
    ("id", "latchkey.request.id"),
    ("method", "http.request.method"),
    ("route", "http.route"),
    ("status", "http.response.status_code"),
    ("event", "latchkey.event"),
    ("way", "latchkey.way"),
];

/// Methods that have a name outside. Any other is whatever a stranger has sent.
const METHODS: [&str; 7] = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"];
/// What any other is called.
const OTHER_METHOD: &str = "_OTHER";

/// Sends spans to the collector that an operator has configured.
pub struct Collector {
    place: Arc<Place>,
    resource: ResourceAttributesWithSchema,
    runtime: Handle,
    fails: AtomicBool,
}

struct Place {
    egress: Egress,
    endpoint: String,
    token: Option<SecretString>,
}

impl Collector {
    /// The collector that the settings name, if they do. `runtime` is what its calls run on.
    #[must_use]
    pub fn new(settings: &Traces, resource: &Resource, runtime: Handle) -> Option<Self> {
        let endpoint = settings.endpoint.clone()?;
        let place = Place { egress: Egress::default(), endpoint, token: settings.token.clone() };
        Some(Self {
            place: Arc::new(place),
            resource: resource.into(),
            runtime,
            fails: AtomicBool::new(false),
        })
    }

    /// Says once that the collector fails, and once that it works again. What it did not take is lost.
    fn note(&self, outcome: Result<(), String>) -> OTelSdkResult {
        let failed = self.fails.swap(outcome.is_err(), Ordering::Relaxed);
        match &outcome {
            Err(why) if !failed => {
                tracing::warn!(why, "traces are lost: the collector does not take them");
            }
            Ok(()) if failed => tracing::info!("the collector takes traces again"),
            _ => {}
        }
        outcome.map_err(OTelSdkError::InternalFailure)
    }
}

impl fmt::Debug for Collector {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Collector").finish_non_exhaustive()
    }
}

impl SpanExporter for Collector {
    async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
        let spans: Vec<_> = batch.into_iter().filter_map(told).collect();
        if spans.is_empty() {
            return Ok(());
        }
        let resource_spans = group_spans_by_resource_and_scope(spans, &self.resource);
        let body = ExportTraceServiceRequest { resource_spans }.encode_to_vec();
        // This runs on a thread of the exporter's own, outside of the runtime that calls need.
        let place = Arc::clone(&self.place);
        let sending = self.runtime.spawn(async move { place.send(body).await });
        self.note(sending.await.unwrap_or_else(|_| Err("it was broken off".to_owned())))
    }
}

impl Place {
    /// Fails, in words that do not tell the address, if it was not taken.
    async fn send(&self, body: Vec<u8>) -> Result<(), String> {
        let mut headers = vec![("content-type", "application/x-protobuf".to_owned())];
        if let Some(token) = &self.token {
            headers.push(("authorization", format!("Bearer {}", token.expose_secret())));
        }
        let (url, allowance) = (self.endpoint.as_str(), Traces::ALLOWANCE);
        let call = Call { method: Method::POST, url, allowance, headers, body: Some(body) };
        match self.egress.call(call).await {
            Ok(answer) if (200..300).contains(&answer.status) => Ok(()),
            Ok(answer) => Err(format!("it answered {}", answer.status)),
            Err(error) => Err(error.to_string()),
        }
    }
}

/// What is told of a span; nothing of one that nothing came of, such as a look at what is due when nothing is.
fn told(span: SpanData) -> Option<SpanData> {
    let field = |name: &str| span.attributes.iter().find(|field| field.key.as_str() == name);
    if [CHANGE, ROUND].contains(&&*span.name) && field("done").is_none() {
        return None;
    }
    let attributes: Vec<_> = TOLD
        .iter()
        .filter_map(|(inside, outside)| {
            let value = value(inside, &field(inside)?.value)?;
            Some(KeyValue::new(*outside, value))
        })
        .collect();
    let name = match &*span.name {
        REQUEST => request_name(&attributes).into(),
        ROUND => field("work")?.value.as_str().into_owned().into(),
        _ => span.name.clone(),
    };
    let span_kind = if span.name == REQUEST { SpanKind::Server } else { SpanKind::Internal };
    let status =
        if matches!(span.status, Status::Error { .. }) { Status::error("") } else { Status::Unset };
    Some(SpanData {
        name,
        span_kind,
        attributes,
        status,
        dropped_attributes_count: 0,
        events: SpanEvents::default(),
        links: SpanLinks::default(),
        ..span
    })
}

/// What a request is called outside: its method and its route, as far as they are known.
fn request_name(attributes: &[KeyValue]) -> String {
    let told = |name: &str| attributes.iter().find(|told| told.key.as_str() == name);
    let method = told("http.request.method").map(|told| told.value.as_str());
    let method = method.filter(|method| method != OTHER_METHOD).unwrap_or("HTTP".into());
    match told("http.route") {
        Some(route) => format!("{method} {}", route.value.as_str()),
        None => method.into_owned(),
    }
}

/// What is told of a field: nothing of a route that there is none of, and no method that a stranger made up.
fn value(field: &str, value: &Value) -> Option<Value> {
    match field {
        "route" if value.as_str() == "none" => None,
        "method" if !METHODS.contains(&&*value.as_str()) => Some(OTHER_METHOD.into()),
        _ => Some(value.clone()),
    }
}

#[cfg(test)]
mod tests {
    use std::time::UNIX_EPOCH;

    use opentelemetry::{
        SpanId, TraceFlags, TraceId,
        trace::{SpanContext, TraceState},
    };

    use super::*;

    fn span(name: &'static str, fields: &[(&'static str, &'static str)]) -> SpanData {
        let (trace, id) = (TraceId::from(7_u128), SpanId::from(7_u64));
        let state = TraceState::default();
        SpanData {
            span_context: SpanContext::new(trace, id, TraceFlags::SAMPLED, false, state),
            parent_span_id: SpanId::INVALID,
            parent_span_is_remote: false,
            span_kind: SpanKind::Internal,
            name: name.into(),
            start_time: UNIX_EPOCH,
            end_time: UNIX_EPOCH,
            attributes: fields.iter().map(|(key, value)| KeyValue::new(*key, *value)).collect(),
            dropped_attributes_count: 0,
            events: SpanEvents::default(),
            links: SpanLinks::default(),
            status: Status::error("what went wrong"),
            instrumentation_scope: opentelemetry::InstrumentationScope::default(),
        }
    }

    #[test]
    fn only_what_is_written_down_is_told() {
        let fields = [
            ("method", "GET"),
            ("route", "/requests/{request}"),
            ("reason", "The disk is full."),
            ("trace_id", "7"),
        ];
        let told = told(span(REQUEST, &fields)).unwrap();
        assert_eq!((&*told.name, told.span_kind), ("GET /requests/{request}", SpanKind::Server));
        let outside = [("http.request.method", "GET"), ("http.route", "/requests/{request}")];
        let outside = outside.map(|(key, value)| KeyValue::new(key, value));
        assert_eq!(told.attributes, outside);
        assert_eq!(told.status, Status::error(""));
    }

    #[test]
    fn strangers_make_up_no_names() {
        let told = told(span(REQUEST, &[("method", "BREW"), ("route", "none")])).unwrap();
        assert_eq!(told.attributes, [KeyValue::new("http.request.method", "_OTHER")]);
        assert_eq!(told.name, "HTTP");
    }

    #[test]
    fn of_what_nothing_came_nothing_is_told() {
        for name in [CHANGE, ROUND] {
            assert!(told(span(name, &[("work", "ends")])).is_none());
        }
        let told = told(span(ROUND, &[("work", "ends"), ("done", "true")])).unwrap();
        assert_eq!((&*told.name, told.attributes.len()), ("ends", 0));
    }
}
