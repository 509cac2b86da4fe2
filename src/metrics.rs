//! What is counted and measured for those who operate Latchkey, told in the text format of `OpenMetrics`.
//!
//! What is on the record is counted where it is sealed: each event passes there once, whichever server and use case wrote it.
use std::time::Duration;

use prometheus_client::{
    encoding::{EncodeLabelSet, text::encode},
    metrics::{
        counter::Counter,
        family::Family,
        gauge::Gauge,
        histogram::{Histogram, exponential_buckets},
        info::Info,
    },
    registry::{Registry, Unit},
};

use crate::domain::audit::Kind;

/// Everything that is counted and measured.
#[derive(Debug)]
pub struct Metrics {
    registry: Registry,
    answers: Family<Answer, Counter>,
    answer_times: Family<Route, Histogram, fn() -> Histogram>,
    events: Family<Event, Counter>,
    end_lateness: Histogram,
    seal_lag: Histogram,
    deliveries: Family<Delivery, Counter>,
    standing: Gauges,
}

/// How late an end may be told to be, in seconds: one is what was promised at the latest.
const LATENESS: [f64; 13] =
    [0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 60.0, 600.0];

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Answer {
    method: &'static str,
    route: String,
    status: u16,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Route {
    route: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Event {
    kind: String,
    outcome: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Delivery {
    way: String,
    outcome: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Way {
    way: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Pool {
    pool: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Connections {
    pool: &'static str,
    state: &'static str,
}

/// How things stand at one moment, as the database says it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Standing {
    /// How many activations are in force.
    pub activations: i64,
    /// How many requests wait for an approver.
    pub requests_waiting: i64,
    /// How many assignments are past their end, and not yet written down as ended. They give nothing.
    pub ends_overdue: i64,
    /// For how long the first of them has been, in seconds.
    pub oldest_overdue_seconds: f64,
    /// How many events wait to be sealed.
    pub unsealed: i64,
    /// For how long the oldest of them has, in seconds.
    pub oldest_unsealed_seconds: f64,
    /// What waits to be sent in each way.
    pub outbox: Vec<Waiting>,
}

/// What waits to be sent in one way.
#[derive(Clone, Debug, PartialEq)]
pub struct Waiting {
    /// Mail, or the channel.
    pub way: String,
    /// How many notices.
    pub notices: i64,
    /// For how long the oldest that is due has waited, in seconds.
    pub oldest_seconds: f64,
}

#[derive(Debug, Default)]
struct Gauges {
    database_up: Gauge,
    activations: Gauge,
    requests_waiting: Gauge,
    ends_overdue: Gauge,
    oldest_overdue: Gauge<f64, std::sync::atomic::AtomicU64>,
    unsealed: Gauge,
    oldest_unsealed: Gauge<f64, std::sync::atomic::AtomicU64>,
    outbox: Family<Way, Gauge>,
    outbox_age: Family<Way, Gauge<f64, std::sync::atomic::AtomicU64>>,
    connections: Family<Connections, Gauge>,
    most_connections: Family<Pool, Gauge>,
}

impl Default for Metrics {
    fn default() -> Self {
        let mut registry = Registry::with_prefix("latchkey");
        let version = vec![("version", env!("CARGO_PKG_VERSION"))];
        registry.register("build", "What this is", Info::new(version));
        let answers = Family::default();
        registry.register("http_requests", "Answers over HTTP", answers.clone());
        let answer_times: Family<Route, Histogram, fn() -> Histogram> =
            Family::new_with_constructor(|| Histogram::new(exponential_buckets(0.001, 2.0, 14)));
        registry.register_with_unit(
            "http_request_duration",
            "From the last byte of a request's head to the first of its answer",
            Unit::Seconds,
            answer_times.clone(),
        );
        let events = Family::<Event, Counter>::default();
        // Each is told from the beginning: what has yet to happen for the first time is seen to rise.
        for (_, kind) in Kind::ALL {
            drop(events.get_or_create(&Event { kind: kind.to_owned(), outcome: "success" }));
        }
        registry.register("events", "Events that were sealed", events.clone());
        let end_lateness = Histogram::new(LATENESS);
        registry.register_with_unit(
            "end_lateness",
            "From when access was over to when that was written down",
            Unit::Seconds,
            end_lateness.clone(),
        );
        let seal_lag = Histogram::new(exponential_buckets(0.01, 2.0, 12));
        registry.register_with_unit(
            "audit_seal_lag",
            "From when an event was recorded to when it was sealed",
            Unit::Seconds,
            seal_lag.clone(),
        );
        let deliveries = Family::default();
        registry.register("deliveries", "Notices that were tried to be sent", deliveries.clone());
        let standing = Gauges::registered(&mut registry);
        Self {
            registry,
            answers,
            answer_times,
            events,
            end_lateness,
            seal_lag,
            deliveries,
            standing,
        }
    }
}

impl Gauges {
    fn registered(registry: &mut Registry) -> Self {
        let all = Self::default();
        let Self {
            database_up,
            activations,
            requests_waiting,
            ends_overdue,
            oldest_overdue,
            unsealed,
            oldest_unsealed,
            outbox,
            outbox_age,
            connections,
            most_connections,
        } = &all;
        for (name, help, gauge) in [
            ("database_up", "Whether the database answered this reading", database_up),
            ("activations_active", "Activations in force", activations),
            ("requests_waiting", "Requests that wait for an approver", requests_waiting),
            ("ends_overdue", "Assignments that are over but not yet written down so", ends_overdue),
            ("audit_unsealed_events", "Events that wait to be sealed", unsealed),
        ] {
            registry.register(name, help, gauge.clone());
        }
        for (name, help, gauge) in [
            ("ends_overdue_oldest", "For how long the first of them has been over", oldest_overdue),
            ("audit_unsealed_oldest", "For how long the oldest event waits", oldest_unsealed),
        ] {
            registry.register_with_unit(name, help, Unit::Seconds, gauge.clone());
        }
        registry.register("outbox_waiting", "Notices that wait to be sent", outbox.clone());
        registry.register_with_unit(
            "outbox_oldest",
            "For how long the oldest notice that is due has waited",
            Unit::Seconds,
            outbox_age.clone(),
        );
        registry.register(
            "database_connections",
            "Connections to the database",
            connections.clone(),
        );
        registry.register(
            "database_connections_most",
            "Connections to the database, at most",
            most_connections.clone(),
        );
        all
    }

    fn set(&self, standing: &Standing) {
        self.activations.set(standing.activations);
        self.requests_waiting.set(standing.requests_waiting);
        self.ends_overdue.set(standing.ends_overdue);
        self.oldest_overdue.set(standing.oldest_overdue_seconds);
        self.unsealed.set(standing.unsealed);
        self.oldest_unsealed.set(standing.oldest_unsealed_seconds);
        // A way in which nothing waits any more is not told at all.
        self.outbox.clear();
        self.outbox_age.clear();
        for Waiting { way, notices, oldest_seconds } in &standing.outbox {
            let way = Way { way: way.clone() };
            self.outbox.get_or_create(&way).set(*notices);
            self.outbox_age.get_or_create(&way).set(*oldest_seconds);
        }
    }
}

impl Metrics {
    /// An answer over HTTP. `route` is as it is written in the code, so that strangers can't make up names.
    pub fn answered(&self, method: &str, route: &str, status: u16, took: Duration) {
        self.counted(method, route, status);
        let route = Route { route: route.to_owned() };
        self.answer_times.get_or_create(&route).observe(took.as_secs_f64());
    }

    /// A request that was turned away before its route was looked for: counted as answered 503 by any, and left out of how long
    /// answers take.
    pub fn turned_away(&self, method: &str) {
        self.counted(method, "any", 503);
    }

    fn counted(&self, method: &str, route: &str, status: u16) {
        // A method is whatever a stranger sends.
        let known = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"];
        let method = known.into_iter().find(|known| *known == method).unwrap_or("other");
        let answer = Answer { method, route: route.to_owned(), status };
        self.answers.get_or_create(&answer).inc();
    }

    /// An event that was sealed, so long after it was recorded.
    pub fn sealed(&self, kind: &str, outcome: &'static str, lag: Duration) {
        self.events.get_or_create(&Event { kind: kind.to_owned(), outcome }).inc();
        self.seal_lag.observe(lag.as_secs_f64());
    }

    /// Access whose time was up, written down as ended so much later.
    pub fn ended(&self, late: Duration) {
        self.end_lateness.observe(late.as_secs_f64());
    }

    /// A notice that was tried to be sent.
    pub fn delivered(&self, way: &str, outcome: &'static str) {
        self.deliveries.get_or_create(&Delivery { way: way.to_owned(), outcome }).inc();
    }

    /// How many connections a pool has: `size` of `most`, of which `idle` are not in use.
    pub fn connections(&self, pool: &'static str, size: u32, idle: usize, most: u32) {
        self.standing.most_connections.get_or_create(&Pool { pool }).set(i64::from(most));
        let idle = i64::try_from(idle).unwrap_or(i64::MAX);
        let in_use = i64::from(size).saturating_sub(idle).max(0);
        for (state, count) in [("idle", idle), ("in_use", in_use)] {
            self.standing.connections.get_or_create(&Connections { pool, state }).set(count);
        }
    }

    /// Everything as text; `standing` is none if the database did not answer.
    #[must_use]
    pub fn text(&self, standing: Option<&Standing>) -> String {
        self.standing.database_up.set(i64::from(standing.is_some()));
        self.standing.set(standing.unwrap_or(&Standing::default()));
        let mut text = String::new();
        // Writing into memory can't fail.
        encode(&mut text, &self.registry).unwrap_or_default();
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strangers_make_up_no_names() {
        let metrics = Metrics::default();
        metrics.answered("BREW", "/requests/{request}", 404, Duration::from_millis(3));
        let text = metrics.text(None);
        assert!(text.contains(
            r#"latchkey_http_requests_total{method="other",route="/requests/{request}",status="404"} 1"#
        ));
        assert!(text.contains("latchkey_database_up 0\n") && text.ends_with("# EOF\n"));
    }

    #[test]
    fn a_way_in_which_nothing_waits_any_more_is_not_told() {
        let metrics = Metrics::default();
        let waiting = Waiting { way: "chat".into(), notices: 3, oldest_seconds: 1.5 };
        let standing = Standing { outbox: vec![waiting], ..Standing::default() };
        assert!(metrics.text(Some(&standing)).contains(r#"outbox_waiting{way="chat"} 3"#));
        assert!(!metrics.text(Some(&Standing::default())).contains("chat"));
    }
}
