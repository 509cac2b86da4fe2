//! Traces: what was done for a request or by itself, and how long each part took.
//!
//! The spans are those of the log. Where a collector is configured they are sent there as well, in the background: nothing
//! waits for it, and what it does not take soon enough is lost.
use std::time::Duration;

use axum::http::{HeaderMap, StatusCode};
use opentelemetry::{
    Context, KeyValue,
    propagation::{Extractor, TextMapPropagator as _},
    trace::{
        Link, SpanContext, SpanKind, Status, TraceContextExt as _, TraceId, TraceState,
        TracerProvider as _,
    },
};
use opentelemetry_sdk::{
    Resource,
    propagation::TraceContextPropagator,
    trace::{
        BatchConfigBuilder, BatchSpanProcessor, SamplingDecision, SamplingResult,
        SdkTracerProvider, ShouldSample,
    },
};
use tokio::runtime::Handle;
use tracing::{
    Instrument as _, Metadata, Span, Subscriber, field, level_filters::LevelFilter,
    subscriber::Interest,
};
use tracing_opentelemetry::OpenTelemetrySpanExt as _;
use tracing_subscriber::{Layer, filter::DynFilterFn, registry::LookupSpan};

use crate::{config, gateway::collector::Collector};

/// How many spans wait to be sent, at most; any more are lost.
const MOST_WAITING: usize = 4096;
/// How many are sent at once, at most.
const MOST_AT_ONCE: usize = 512;
/// How long spans gather before they are sent.
const GATHER: Duration = Duration::from_secs(1);
/// How long what still waits has to leave when the program stops.
const LAST_WORDS: Duration = Duration::from_secs(3);

/// Traces that are sent to a collector.
pub struct Traces(SdkTracerProvider);

impl Traces {
    /// What the settings ask for; none if they name no collector.
    pub(super) fn new(settings: &config::Traces, runtime: &Handle) -> Option<Self> {
        // The operator says more in OTEL_RESOURCE_ATTRIBUTES, such as which server this is.
        let resource = Resource::builder()
            .with_service_name("latchkey")
            .with_attribute(KeyValue::new("service.version", env!("CARGO_PKG_VERSION")))
            .build();
        let collector = Collector::new(settings, &resource, runtime.clone())?;
        let batches = BatchConfigBuilder::default()
            .with_max_queue_size(MOST_WAITING)
            .with_max_export_batch_size(MOST_AT_ONCE)
            .with_scheduled_delay(GATHER)
            .build();
        let processor = BatchSpanProcessor::builder(collector).with_batch_config(batches).build();
        let provider = SdkTracerProvider::builder()
            .with_sampler(Share(settings.sample))
            .with_resource(resource)
            .with_span_processor(processor)
            .build();
        Some(Self(provider))
    }

    /// Takes our own spans on, and no event: whatever is said within a span may hold what no collector should know.
    pub(super) fn layer<Registry>(&self) -> impl Layer<Registry> + use<Registry>
    where
        Registry: Subscriber + for<'span> LookupSpan<'span>,
    {
        let is_ours =
            |about: &Metadata<'_>| about.is_span() && about.target().starts_with("latchkey");
        // "Sometimes" has every filter asked each time. "Always" would trust what they said last on this thread, and that may have
        // been about a line of a library that none of them wanted: then a whole request would be missing.
        let filter = DynFilterFn::new(move |about, _| is_ours(about))
            .with_max_level_hint(LevelFilter::DEBUG)
            .with_callsite_filter(move |about| {
                if is_ours(about) { Interest::sometimes() } else { Interest::never() }
            });
        tracing_opentelemetry::layer()
            .with_tracer(self.0.tracer("latchkey"))
            .with_context_activation(false)
            .with_tracked_inactivity(false)
            .with_location(false)
            .with_threads(false)
            .with_target(false)
            .with_filter(filter)
    }

    /// Sends what still waits, for a few seconds at most. Blocks this thread, so no runtime may wait for it.
    pub fn stop(self) {
        if self.0.shutdown_with_timeout(LAST_WORDS).is_err() {
            tracing::warn!("some traces did not leave in time");
        }
    }
}

/// A share of all traces. What others say about theirs counts for nothing, so that nobody makes us tell more, or less.
#[derive(Clone, Debug)]
struct Share(f64);

impl ShouldSample for Share {
    fn should_sample(
        &self,
        parent: Option<&Context>,
        _: TraceId,
        _: &str,
        _: &SpanKind,
        _: &[KeyValue],
        _: &[Link],
    ) -> SamplingResult {
        let parent = parent.map(|parent| parent.span().span_context().clone());
        let is_told = match parent.filter(|parent| parent.is_valid() && !parent.is_remote()) {
            Some(ours) => ours.is_sampled(),
            None => rand::random::<f64>() < self.0,
        };
        let decision =
            if is_told { SamplingDecision::RecordAndSample } else { SamplingDecision::Drop };
        SamplingResult { decision, attributes: Vec::new(), trace_state: TraceState::default() }
    }
}

/// Lets the span of a request go on the trace that its caller names in `traceparent`, and notes the trace's id in the log.
/// Nothing happens without traces.
pub fn begin(span: &Span, headers: &HeaderMap) {
    if let Some(parent) = parent(headers) {
        // Fails only where there are no traces.
        drop(span.set_parent(Context::new().with_remote_span_context(parent)));
    }
    let context = span.context();
    let trace = context.span().span_context().trace_id();
    if trace != TraceId::INVALID {
        span.record("trace_id", field::display(trace));
    }
}

/// Notes how a request was answered.
pub fn answered(span: &Span, status: StatusCode) {
    span.set_attribute("status", i64::from(status.as_u16()));
    if status.is_server_error() {
        span.set_status(Status::error(""));
    }
}

/// Whom a caller says it is. Only the ids count; two callers at once are none.
fn parent(headers: &HeaderMap) -> Option<SpanContext> {
    let mut named = headers.get_all("traceparent").iter();
    let (Some(only), None) = (named.next(), named.next()) else { return None };
    let context = TraceContextPropagator::new().extract(&TraceParent(only.to_str().ok()?));
    let named = context.span().span_context().clone();
    named.is_valid().then_some(named)
}

/// The one header that is read, so no `tracestate` is passed on.
struct TraceParent<'a>(&'a str);

impl Extractor for TraceParent<'_> {
    fn get(&self, name: &str) -> Option<&str> {
        (name == "traceparent").then_some(self.0)
    }

    fn keys(&self) -> Vec<&str> {
        vec!["traceparent"]
    }
}

/// Does a round of background work. It is told of if it failed or, as `came` says, something came of it.
pub fn round<T, E>(
    work: &'static str,
    doing: impl Future<Output = Result<T, E>>,
    came: impl FnOnce(&T) -> bool,
) -> impl Future<Output = Result<T, E>> {
    // Where it stays, so that no loop carries it twice.
    let doing = Box::pin(doing);
    async move {
        let span = tracing::debug_span!("round", work, way = field::Empty, done = field::Empty);
        let outcome = doing.instrument(span.clone()).await;
        match &outcome {
            Ok(done) if !came(done) => {}
            Ok(_) => {
                span.record("done", true);
            }
            Err(_) => {
                span.record("done", true);
                span.set_status(Status::error(""));
            }
        }
        outcome
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(values: &[&'static str]) -> HeaderMap {
        let name = axum::http::HeaderName::from_static("traceparent");
        values.iter().map(|value| (name.clone(), value.parse().unwrap())).collect()
    }

    const PARENT: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00";

    #[test]
    fn a_caller_is_known_by_two_ids_and_nothing_else() {
        let known = parent(&headers(&[PARENT])).unwrap();
        assert_eq!(known.trace_id().to_string(), "0af7651916cd43dd8448eb211c80319c");
        assert_eq!(known.span_id().to_string(), "b7ad6b7169203331");
        for wrong in [
            &[][..],
            &[PARENT, PARENT],
            &["00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331"],
            &["00-00000000000000000000000000000000-b7ad6b7169203331-01"],
            &["00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01"],
            &["ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"],
            &["forged"],
        ] {
            assert!(parent(&headers(wrong)).is_none(), "{wrong:?}");
        }
    }

    #[test]
    fn what_a_caller_wants_to_be_told_is_not_told_for_it() {
        let [told, untold] = [Share(1.0), Share(0.0)];
        let decide = |share: &Share, parent: Option<&Context>| {
            let answer =
                share.should_sample(parent, TraceId::INVALID, "", &SpanKind::Server, &[], &[]);
            answer.decision == SamplingDecision::RecordAndSample
        };
        for flags in ["00", "01"] {
            let parent = parent(&headers(&[PARENT])).unwrap();
            let flags = opentelemetry::TraceFlags::new(u8::from_str_radix(flags, 16).unwrap());
            for is_remote in [true, false] {
                let named = SpanContext::new(
                    parent.trace_id(),
                    parent.span_id(),
                    flags,
                    is_remote,
                    TraceState::default(),
                );
                let context = Context::new().with_remote_span_context(named);
                let follows = flags.is_sampled();
                assert_eq!(decide(&told, Some(&context)), is_remote || follows);
                assert_eq!(decide(&untold, Some(&context)), !is_remote && follows);
            }
        }
        assert!(decide(&told, None) && !decide(&untold, None));
    }
}
