//! What those who operate Latchkey are told: how things stand, what was counted, and a dashboard and alarms that ask for no
//! more than that.
use std::{collections::BTreeSet, fs, path::Path};

use axum::{
    body::Body,
    http::{Request, StatusCode, header},
};
use http_body_util::BodyExt as _;
use latchkey::{
    domain::{
        actor::Actor,
        audit::{Event, Kind, Outcome},
        channel::MAIL,
        request::RequestState,
        time::Duration,
    },
    http,
    service::{
        audit::{self, Sealed},
        operation,
    },
    store::{self, Change},
};
use regex::Regex;
use tower::ServiceExt as _;

use crate::{
    channel::something,
    support::{World, approved_by},
};

const ROLE: &str = "Database operator";
const GUARDED: &str = "Firewall operator";
const HOUR: Duration = Duration::hours(1);
/// What becomes of a notice that is tried.
const DELIVERED: [&str; 3] = ["sent", "failed", "given_up"];

/// An organisation in which all that happened is sealed, and counted by nobody any more.
async fn world() -> World {
    let world = World::new().await;
    let [_, _, eve] = world.people(["ada", "bob", "eve"]).await;
    world.role(ROLE, |_| ()).await;
    world
        .role(GUARDED, |terms| {
            terms.activation.requires_approval = true;
            terms.activation.stages = approved_by([eve]);
        })
        .await;
    world.eligible("ada", ROLE).await;
    world.eligible("bob", GUARDED).await;
    seal(&world).await;
    world
}

/// Seals all that there is.
async fn seal(world: &World) {
    while !matches!(audit::seal(&world.app, true).await.unwrap(), Sealed::All(0)) {}
}

/// An activation that runs, a request that waits, and notices that wait: mails, and one to a channel.
async fn begin(world: &World) {
    world.activate("ada", ROLE, HOUR).await.unwrap();
    let asked = world.activate("bob", GUARDED, HOUR).await.unwrap();
    assert_eq!(asked.state, RequestState::Pending);
    let mut change = Change::begin(&world.app.database, &Actor::system()).await.unwrap();
    store::outbox::enqueue_message(&mut change, "siem", &something()).await.unwrap();
    change.commit(&Event::new(Kind::ChannelTested)).await.unwrap();
}

async fn scrape(world: &World) -> String {
    operation::metrics(&world.app).await
}

/// Makes sure that a scrape tells each of these, with its value.
fn tells(scrape: &str, expected: &[(&str, &str)]) {
    for (sample, value) in expected {
        let line = format!("latchkey_{sample} {value}");
        assert!(scrape.lines().any(|told| told == line), "no {line} in\n{scrape}");
    }
}

fn read(path: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap()
}

/// The name under which a heading is linked to.
fn anchor(heading: &str) -> String {
    let kept = heading.trim_start_matches('#').trim().to_lowercase();
    kept.chars()
        .filter(|letter| letter.is_alphanumeric() || [' ', '-'].contains(letter))
        .map(|letter| if letter == ' ' { '-' } else { letter })
        .collect()
}

#[tokio::test]
async fn how_things_stand_is_told_before_an_end_and_after() {
    let world = world().await;
    begin(&world).await;
    world.advance_seconds(60).await;
    let mails = "select count(*) from outbox where channel is null and sent_at is null";
    let waiting = world.count(mails).await.to_string();
    assert_ne!(waiting, "0", "whoever is to approve is told");
    tells(
        &scrape(&world).await,
        &[
            ("database_up", "1"),
            ("activations_active", "1"),
            ("requests_waiting", "1"),
            ("ends_overdue", "0"),
            ("ends_overdue_oldest_seconds", "0.0"),
            ("audit_unsealed_events", "3"),
            ("audit_unsealed_oldest_seconds", "60.0"),
            (r#"outbox_waiting{way="mail"}"#, waiting.as_str()),
            (r#"outbox_oldest_seconds{way="mail"}"#, "60.0"),
            (r#"outbox_waiting{way="siem"}"#, "1"),
            (r#"outbox_oldest_seconds{way="siem"}"#, "60.0"),
            ("end_lateness_seconds_count", "0"),
        ],
    );

    // Two seconds after the end nobody has written it down.
    world.advance_seconds(3542).await;
    tells(
        &scrape(&world).await,
        &[
            ("activations_active", "0"),
            ("ends_overdue", "1"),
            ("ends_overdue_oldest_seconds", "2.0"),
            ("requests_waiting", "1"),
        ],
    );

    assert_eq!(world.run_due().await, 1);
    seal(&world).await;
    tells(
        &scrape(&world).await,
        &[
            ("activations_active", "0"),
            ("ends_overdue", "0"),
            ("ends_overdue_oldest_seconds", "0.0"),
            ("requests_waiting", "1"),
            ("audit_unsealed_events", "0"),
            ("audit_unsealed_oldest_seconds", "0.0"),
            ("end_lateness_seconds_count", "1"),
            ("end_lateness_seconds_sum", "2.0"),
            (r#"events_total{kind="activation.started",outcome="success"}"#, "1"),
            (r#"events_total{kind="activation.requested",outcome="success"}"#, "1"),
            (r#"events_total{kind="activation.ended",outcome="success"}"#, "1"),
        ],
    );
    world.check_invariants().await;
}

#[tokio::test]
async fn an_end_that_somebody_chose_is_not_late() {
    let world = world().await;
    let activation = world.activate("ada", ROLE, HOUR).await.unwrap().assignment.unwrap();
    world.advance_seconds(600).await;
    world.deactivate("ada", activation).await.unwrap();
    seal(&world).await;
    tells(
        &scrape(&world).await,
        &[
            (r#"events_total{kind="activation.ended",outcome="success"}"#, "1"),
            ("end_lateness_seconds_count", "0"),
        ],
    );
    world.check_invariants().await;
}

#[tokio::test]
async fn a_database_that_does_not_answer_is_told_of() {
    let world = world().await;
    world.app.worker_database.close().await;
    tells(&scrape(&world).await, &[("database_up", "0"), ("activations_active", "0")]);
}

#[tokio::test]
async fn what_operators_are_given_asks_only_for_what_is_told() {
    let world = world().await;
    begin(&world).await;
    seal(&world).await;
    world.send(Request::get("/livez").body(Body::empty()).unwrap()).await;
    world.app.metrics.delivered(MAIL, "sent");
    let scrape = scrape(&world).await;
    let told: BTreeSet<_> = scrape
        .lines()
        .filter(|line| !line.starts_with('#'))
        .filter_map(|line| line.split(['{', ' ']).next())
        .collect();

    let name = Regex::new("latchkey_[a-z_]+").unwrap();
    let label = Regex::new(r#"(kind|outcome)(?:=|!=|=~|!~)"([^"]+)""#).unwrap();
    for file in ["docs/operating/dashboard.json", "docs/operating/alerts.yml"] {
        let text = read(file).replace(r#"\""#, "\"");
        assert!(name.is_match(&text) && label.is_match(&text), "{file} asks for nothing");
        for asked in name.find_iter(&text) {
            assert!(told.contains(asked.as_str()), "{file}: nobody tells {}", asked.as_str());
        }
        for asked in label.captures_iter(&text) {
            for value in asked[2].split('|') {
                let known = match &asked[1] {
                    "kind" => Kind::named(value).is_some(),
                    _ => Outcome::named(value).is_some() || DELIVERED.contains(&value),
                };
                assert!(known, "{file}: there is no {} {value}", &asked[1]);
            }
        }
    }
    serde_json::from_str::<serde_json::Value>(&read("docs/operating/dashboard.json")).unwrap();
}

#[tokio::test]
async fn every_metric_is_explained_and_every_alarm_leads_to_what_to_do() {
    let world = World::new().await;
    let explained = read("docs/operating.md");
    let scrape = scrape(&world).await;
    let metrics = scrape.lines().filter_map(|line| line.strip_prefix("# TYPE "));
    for metric in metrics.filter_map(|line| line.split(' ').next()) {
        assert!(explained.contains(&format!("`{metric}")), "{metric} is not explained");
    }
    let headings: BTreeSet<_> =
        explained.lines().filter(|line| line.starts_with('#')).map(anchor).collect();
    let alarms = read("docs/operating/alerts.yml");
    let link = Regex::new("operating.md#([a-z0-9-]+)").unwrap();
    let links: Vec<_> = link.captures_iter(&alarms).map(|found| found[1].to_owned()).collect();
    assert_eq!(links.len(), alarms.matches("- alert: ").count(), "each alarm has one link");
    for link in links {
        assert!(headings.contains(&link), "there is no heading {link}");
    }
}

#[tokio::test]
async fn prometheus_is_answered_where_nobody_else_asks() {
    let world = World::new().await;
    let request = || Request::get("/metrics").body(Body::empty()).unwrap();
    let answer = http::metrics::router(world.app.clone()).oneshot(request()).await.unwrap();
    assert_eq!(answer.status(), StatusCode::OK);
    assert_eq!(
        answer.headers()[header::CONTENT_TYPE],
        "application/openmetrics-text; version=1.0.0; charset=utf-8"
    );
    let body = answer.into_body().collect().await.unwrap().to_bytes();
    let text = String::from_utf8(body.into()).unwrap();
    assert!(text.contains("\nlatchkey_database_up 1\n") && text.ends_with("\n# EOF\n"), "{text}");
    // What people and programs are served holds nothing of it.
    assert_ne!(world.send(request()).await.status, 200);
}
