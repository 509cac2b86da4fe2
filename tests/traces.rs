//! Traces: what a collector is told of a real server, what it is never told, and that nobody waits for it.
use std::time::{Duration, Instant};

use latchkey::config::Traces;
use opentelemetry_proto::tonic::{
    collector::trace::v1::ExportTraceServiceRequest,
    common::v1::{KeyValue, any_value::Value},
    trace::v1::{Span, span::SpanKind, status::StatusCode},
};
use prost::Message as _;
use serde_json::Value as Json;
use tokio::time::sleep;

use crate::{
    attack::running::{Page, Running},
    support::{Mood, Receiver},
};

const PASSWORD: &str = "correct horse battery staple 7";
/// What a caller says of its own trace: that it is not told of.
const CALLER: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00";
const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";
const PARENT: &str = "b7ad6b7169203331";

fn settings(receiver: &Receiver, more: &str) -> String {
    format!(
        "[log]\nformat = \"json\"\n[traces]\nendpoint = \"{}/v1/traces\"\n{more}\n",
        receiver.url
    )
}

/// Everything that a collector was told so far.
fn told(receiver: &Receiver) -> Vec<ExportTraceServiceRequest> {
    let asked = receiver.asked().into_iter();
    asked.map(|it| ExportTraceServiceRequest::decode(it.body.as_slice()).unwrap()).collect()
}

fn spans(receiver: &Receiver) -> Vec<Span> {
    let resources = told(receiver).into_iter().flat_map(|told| told.resource_spans);
    resources.flat_map(|it| it.scope_spans).flat_map(|it| it.spans).collect()
}

/// Waits until a collector was told of a span like this.
async fn span(receiver: &Receiver, is_it: impl Fn(&Span) -> bool) -> Span {
    for _ in 0..200 {
        if let Some(found) = spans(receiver).into_iter().find(&is_it) {
            return found;
        }
        sleep(Duration::from_millis(100)).await;
    }
    panic!("nothing like it in {:#?}", spans(receiver));
}

/// Waits until a log says something.
async fn says(running: &Running, text: &str) {
    for _ in 0..200 {
        if running.log().contains(text) {
            return;
        }
        sleep(Duration::from_millis(100)).await;
    }
    panic!("{text} is not in {}", running.log());
}

/// An attribute as text.
fn attribute(attributes: &[KeyValue], name: &str) -> String {
    let found = attributes.iter().find(|attribute| attribute.key == name);
    match found.and_then(|found| found.value.clone()?.value) {
        Some(Value::StringValue(text)) => text,
        Some(Value::IntValue(number)) => number.to_string(),
        other => format!("{other:?}"),
    }
}

/// The lines of a log for programs.
fn lines(running: &Running) -> Vec<Json> {
    running.log().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// Asks for a page with an address that holds more than its route. Gives the id of the request.
async fn ask(running: &Running, query: &str, caller: Option<&str>) -> (Page, String) {
    let mut browser = running.browser();
    let path = format!("/requests/{}?token={query}", uuid::Uuid::new_v4());
    let mut request = browser.request("GET", &path);
    if let Some(caller) = caller {
        request = request.header("traceparent", caller).header("tracestate", "canary=state");
    }
    let page = browser.send(request).await;
    let id = browser.headers["x-request-id"].to_str().unwrap().to_owned();
    (page, id)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_collector_is_told_of_each_request_by_its_route_and_of_what_was_changed() {
    let receiver = Receiver::start().await;
    let token = uuid::Uuid::new_v4().simple().to_string();
    let running = Running::start(&settings(&receiver, &format!("token = \"{token}\"")), &[]);
    running.take_the_clock().await;
    let query = uuid::Uuid::new_v4().simple().to_string();
    let (page, id) = ask(&running, &query, Some(CALLER)).await;
    assert_eq!(page.status, 303);

    let name = "GET /requests/{request}";
    let request = span(&receiver, |span| span.name == name).await;
    assert_eq!(request.kind, i32::from(SpanKind::Server));
    assert_eq!(data_encoding::HEXLOWER.encode(&request.trace_id), TRACE);
    assert_eq!(data_encoding::HEXLOWER.encode(&request.parent_span_id), PARENT);
    assert_eq!(request.trace_state, "");
    for (name, value) in [
        ("http.request.method", "GET"),
        ("http.route", "/requests/{request}"),
        ("http.response.status_code", "303"),
        ("latchkey.request.id", &id),
    ] {
        assert_eq!(attribute(&request.attributes, name), value, "{name}");
    }
    assert_eq!(request.attributes.len(), 4, "{request:#?}");
    assert!(request.events.is_empty() && request.links.is_empty());
    assert_ne!(request.status.unwrap().code, i32::from(StatusCode::Error));
    assert!(request.end_time_unix_nano >= request.start_time_unix_nano);

    let lines = lines(&running);
    let line = lines.iter().find(|line| line["message"] == "answered" && line["status"] == 303);
    let line = line.unwrap_or_else(|| panic!("{lines:?}"));
    assert_eq!((&line["span"]["id"], &line["span"]["trace_id"]), (&id.into(), &TRACE.into()));

    let mut admin = running.browser();
    admin.set_up(&running, &running.invitation, PASSWORD).await;
    let welcome = span(&receiver, |span| span.name == "POST /welcome/code").await;
    let change =
        span(&receiver, |span| span.name == "change" && span.trace_id == welcome.trace_id).await;
    assert_eq!(change.parent_span_id, welcome.span_id);
    assert!(attribute(&change.attributes, "latchkey.event").contains('.'), "{change:#?}");
    let commit =
        span(&receiver, |span| span.name == "commit" && span.trace_id == welcome.trace_id).await;
    assert_eq!((commit.parent_span_id, commit.attributes.len()), (change.span_id, 0));
    let sealing = span(&receiver, |span| span.name == "sealing").await;
    assert!(sealing.parent_span_id.is_empty());

    let resource = told(&receiver).remove(0).resource_spans.remove(0).resource.unwrap();
    assert_eq!(attribute(&resource.attributes, "service.name"), "latchkey");
    assert_eq!(attribute(&resource.attributes, "service.version"), env!("CARGO_PKG_VERSION"));
    for taken in receiver.asked() {
        assert_eq!((&*taken.method, &*taken.path), ("POST", "/v1/traces"));
        assert_eq!(taken.header("content-type"), "application/x-protobuf");
        assert_eq!(taken.header("authorization"), format!("Bearer {token}"));
        for canary in [&*query, "canary", PASSWORD, "admin", "127.0.0.1"] {
            assert!(!taken.text.contains(canary), "{canary} is in {}", taken.text);
        }
    }
    // A trace for each look at what is due, of which there is one a second at least, would drown the rest.
    assert!(spans(&receiver).iter().all(|span| span.name != "ends"), "{:#?}", spans(&receiver));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_still_waits_leaves_at_the_end() {
    let receiver = Receiver::start().await;
    let mut running = Running::start(&settings(&receiver, ""), &[]);
    let (_, id) = ask(&running, "x", None).await;
    running.stop();
    let is_it = |span: &Span| attribute(&span.attributes, "latchkey.request.id") == id;
    assert!(spans(&receiver).iter().any(is_it), "{}", running.log());
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_sent_unless_it_is_asked_for() {
    let receiver = Receiver::start().await;
    // What other programs would take for an order is none.
    let endpoint = format!("{}/v1/traces", receiver.url);
    let elsewhere = [
        ("OTEL_EXPORTER_OTLP_ENDPOINT", receiver.url.as_str()),
        ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", endpoint.as_str()),
        ("OTEL_TRACES_SAMPLER", "always_on"),
    ];
    let off = "[log]\nformat = \"json\"\nfilter = \"warn\"\n";
    for settings in [off, &settings(&receiver, "sample = 0.0")] {
        let mut running = Running::start(settings, &elsewhere);
        let sampled = CALLER.replace("-00", "-01");
        let (page, _) = ask(&running, "x", Some(&sampled)).await;
        assert_eq!(page.status, 303);
        if settings == off {
            the_id_is_on_every_line(&running).await;
        }
        running.stop();
        assert!(receiver.asked().is_empty(), "{:?}", spans(&receiver));
    }
}

/// Even on those that are left when little is logged.
async fn the_id_is_on_every_line(running: &Running) {
    let mut browser = running.browser();
    let report = r#"{"csp-report":{"effective-directive":"script-src","blocked-uri":"inline"}}"#;
    let report = browser.request("POST", "/csp-reports").body(report);
    assert_eq!(browser.send(report).await.status, 204);
    let lines = lines(running);
    let line = lines.iter().find(|line| line["message"] == "a browser stopped something");
    let id = browser.headers["x-request-id"].to_str().unwrap();
    assert_eq!(line.unwrap_or_else(|| panic!("{lines:?}"))["span"]["id"], id);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_collector_that_fails_is_told_of_once_and_one_that_hangs_delays_nobody() {
    const LOST: &str = "traces are lost";
    let receiver = Receiver::start().await;
    receiver.set(Mood::Answer(503, "canary".to_owned()));
    let mut running = Running::start(&settings(&receiver, ""), &[]);
    for failures in 1..=3 {
        ask(&running, "x", None).await;
        for _ in 0..100 {
            if receiver.asked().len() >= failures {
                break;
            }
            sleep(Duration::from_millis(100)).await;
        }
        assert!(receiver.asked().len() >= failures);
    }
    says(&running, LOST).await;
    let log = running.log();
    assert!(log.contains("it answered 503") && !log.contains("canary"), "{log}");
    receiver.set(Mood::Answer(200, String::new()));
    ask(&running, "x", None).await;
    says(&running, "the collector takes traces again").await;
    assert_eq!(running.log().matches(LOST).count(), 1, "{}", running.log());

    receiver.set(Mood::Hang);
    let before = receiver.asked().len();
    let begun = Instant::now();
    let mut asked = 0;
    // More than fits into what waits, all while the collector holds what it was given first.
    while asked < 200 || receiver.asked().len() == before {
        let (page, _) = ask(&running, "x", None).await;
        assert_eq!(page.status, 303);
        asked += 1;
    }
    let each = begun.elapsed() / asked;
    assert!(each < Duration::from_millis(500), "an answer took {each:?}");
    for line in lines(&running).iter().filter(|line| line["message"] == "answered") {
        assert!(line["span"]["id"].is_string() && line["span"]["trace_id"].is_string(), "{line}");
    }
    let begun = Instant::now();
    running.stop();
    assert!(begun.elapsed() < Duration::from_secs(20), "the end took {:?}", begun.elapsed());
    assert!(running.log().contains("some traces did not leave in time"), "{}", running.log());
}

#[test]
fn a_collector_may_be_inside_but_never_where_a_cloud_keeps_secrets() {
    let at = |endpoint: &str| {
        let variables = [("LATCHKEY_TRACES_ENDPOINT", endpoint)];
        let variables = variables.map(|(name, value)| (name.into(), value.into()));
        latchkey::config::Config::load_from(None, variables).map(|config| config.traces)
    };
    let place = |endpoint: &str| at(endpoint).unwrap().place();
    assert_eq!(place("http://10.0.0.7:4318/v1/traces"), Some(("10.0.0.7".to_owned(), 4318)));
    assert_eq!(place("http://[::1]:4318/v1/traces"), Some(("::1".to_owned(), 4318)));
    assert_eq!(place("https://c.example.org/"), Some(("c.example.org".to_owned(), 443)));
    assert_eq!(place(""), None);
    assert_eq!(Traces::default().place(), None);
    for wrong in [
        "collector:4318",
        "ftp://collector/v1/traces",
        "http://me:hunter2@collector:4318/v1/traces",
        "http://169.254.169.254/latest",
    ] {
        let problem = at(wrong).unwrap_err().to_string();
        assert!(problem.starts_with("traces.endpoint must be an address such as"), "{problem}");
        assert!(!problem.contains("hunter2"), "{problem}");
    }
}
