//! Channels: what happens is told to chats and programs, signed, escaped, and to nobody whom no operator named.
use std::{
    net::{IpAddr, Ipv4Addr, SocketAddr},
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use hmac::{Hmac, KeyInit as _, Mac as _};
use latchkey::{
    config::{self, Config},
    domain::{
        actor::Actor,
        audit::{Event, Kind},
        channel::Announcement,
        egress::Allowance,
        time::Duration,
    },
    gateway::{
        channel::Channel,
        egress::{Call, Egress, EgressError},
    },
    service::{
        channel::announce,
        outbox::{self, Way},
    },
    store::Change,
};
use reqwest::Method;
use serde_json::{Value, json};
use sha2::Sha256;
use uuid::Uuid;

use crate::support::{Mood, Receiver, World, approved_by};

const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const OTHER: &str = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD";

/// A channel's settings as the file would have them, allowed to call this machine.
pub fn settings(mut settings: Value) -> config::Channel {
    settings["allow_private_networks"] = json!(true);
    settings["allow_http"] = json!(true);
    serde_json::from_value(settings).unwrap()
}

pub fn channel(name: &str, values: Value) -> Channel {
    Channel::new(name, &settings(values)).unwrap()
}

fn webhook(receiver: &Receiver) -> Channel {
    channel("siem", json!({ "kind": "webhook", "url": receiver.url, "secrets": [SECRET] }))
}

/// Tells all channels of something, as a change would.
pub async fn tell(world: &World, told: &[Announcement]) {
    let mut change = Change::begin(&world.app.database, &Actor::system()).await.unwrap();
    for told in told {
        announce(&world.app, &mut change, told).await.unwrap();
    }
    change.commit(&Event::new(Kind::PersonChanged)).await.unwrap();
}

pub fn something() -> Announcement {
    Announcement::new(
        "request.pending",
        "Ada asks for <b>Operator</b>",
        "https://pim.example/requests/1",
    )
    .fact("Reason", "@channel *look* <script>")
    .data(json!({ "request": 1 }))
}

/// Sends what waits for the first channel. Says how much was tried.
async fn send(world: &World) -> usize {
    let channel = &world.app.channels[0];
    let claims = outbox::claim(&world.app, &channel.name, 20).await.unwrap();
    for claim in &claims {
        outbox::deliver(&world.app, Way::Channel(channel), claim).await.unwrap();
    }
    claims.len()
}

async fn last_error(world: &World) -> String {
    let error: Option<String> = sqlx::query_scalar(
        "select last_error from outbox order by created_at desc, id desc limit 1",
    )
    .fetch_one(&world.owner)
    .await
    .unwrap();
    error.unwrap_or_default()
}

/// The signature that whoever has the secret expects.
fn expected(secret: &str, id: &str, timestamp: &str, body: &str) -> String {
    let key = data_encoding::BASE64.decode(secret.trim_start_matches("whsec_").as_bytes()).unwrap();
    let mut mac = Hmac::<Sha256>::new_from_slice(&key).unwrap();
    mac.update(format!("{id}.{timestamp}.{body}").as_bytes());
    format!("v1,{}", data_encoding::BASE64.encode(&mac.finalize().into_bytes()))
}

#[tokio::test]
async fn a_webhook_is_signed_with_every_secret_and_keeps_its_id_at_every_try() {
    let receiver = Receiver::start().await;
    let mut world = World::new().await;
    let values = json!({ "kind": "webhook", "url": receiver.url, "secrets": [SECRET, OTHER] });
    world.app.channels = vec![channel("siem", values)].into();
    receiver.set(Mood::Answer(503, "not now".to_owned()));
    tell(&world, &[something()]).await;
    assert_eq!(send(&world).await, 1);
    assert!(last_error(&world).await.starts_with("it answered 503"));
    assert_eq!(send(&world).await, 0, "not before its time");
    world.advance_seconds(60).await;
    receiver.set(Mood::Answer(204, String::new()));
    assert_eq!(send(&world).await, 1);
    world.advance_seconds(3600).await;
    assert_eq!(send(&world).await, 0, "it was sent");

    let asked = receiver.asked();
    assert_eq!(asked.len(), 2);
    let id = asked[0].header("webhook-id");
    assert!(!id.is_empty());
    assert_eq!(asked[1].header("webhook-id"), id, "whoever keeps the ids sees that it is the same");
    assert_ne!(asked[0].header("webhook-timestamp"), asked[1].header("webhook-timestamp"));
    for taken in &asked {
        let timestamp = taken.header("webhook-timestamp");
        let signatures: Vec<_> = taken.header("webhook-signature").split(' ').collect();
        let wanted = [SECRET, OTHER].map(|secret| expected(secret, id, timestamp, &taken.text));
        assert_eq!(signatures, wanted);
        let told = taken.json();
        assert_eq!(
            (&told["type"], &told["data"]["request"]),
            (&json!("request.pending"), &json!(1))
        );
    }
}

/// The reference implementation judges as well.
#[tokio::test]
async fn others_can_verify_a_webhook() {
    let python = std::env::var_os("LATCHKEY_TEST_PYTHON").expect("run script/test");
    let receiver = Receiver::start().await;
    let mut world = World::new().await;
    world.run_clock().await;
    world.app.channels = vec![webhook(&receiver)].into();
    tell(&world, &[something()]).await;
    send(&world).await;
    let taken = receiver.taken().remove(0);
    let verify = |secret: &str, body: &str| {
        let headers = json!({
            "webhook-id": taken.header("webhook-id"),
            "webhook-timestamp": taken.header("webhook-timestamp"),
            "webhook-signature": taken.header("webhook-signature"),
        });
        let code = "import json, sys; from standardwebhooks import Webhook; \
            Webhook(sys.argv[1]).verify(sys.argv[2], json.loads(sys.argv[3]))";
        std::process::Command::new(&python)
            .args(["-c", code, secret, body, &headers.to_string()])
            .output()
            .unwrap()
            .status
            .success()
    };
    assert!(verify(SECRET, &taken.text));
    assert!(!verify(OTHER, &taken.text));
    assert!(!verify(SECRET, &taken.text.replace("Ada", "Eve")));
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let (receiver, elsewhere) = (Receiver::start().await, Receiver::start().await);
    let mut world = World::new().await;
    world.app.channels = vec![webhook(&receiver)].into();
    receiver.set(Mood::Redirect(format!("{}/latest/meta-data", elsewhere.url)));
    tell(&world, &[something()]).await;
    send(&world).await;
    assert_eq!(receiver.asked().len(), 1);
    assert!(elsewhere.asked().is_empty());
    assert!(last_error(&world).await.contains("302 is a redirect, which is not followed"));
}

#[tokio::test]
async fn little_is_read_of_an_answer() {
    let receiver = Receiver::start().await;
    receiver.set(Mood::Talk);
    let call = Call {
        method: Method::GET,
        url: &receiver.url,
        allowance: Allowance { private_networks: true, plain_http: true },
        headers: Vec::new(),
        body: None,
    };
    let answer = Egress::default().call(call).await.unwrap();
    assert_eq!((answer.status, answer.body.len(), answer.whole), (200, 64 * 1024, false));
}

/// Calls `url` where names lead to `addresses`, one after the other. Says how often a name was looked up.
async fn call(
    url: &str,
    allowance: Allowance,
    addresses: &[SocketAddr],
) -> (Result<u16, EgressError>, usize) {
    let (addresses, asked) = (addresses.to_vec(), Arc::new(AtomicUsize::new(0)));
    let counter = Arc::clone(&asked);
    let egress = Egress::with_lookup(Arc::new(move |_| {
        let turn = counter.fetch_add(1, Ordering::SeqCst).min(addresses.len() - 1);
        let found = vec![addresses[turn]];
        Box::pin(async move { Ok(found) })
    }));
    let call = Call { method: Method::GET, url, allowance, headers: Vec::new(), body: None };
    let answer = egress.call(call).await.map(|answer| answer.status);
    (answer, asked.load(Ordering::SeqCst))
}

#[tokio::test]
async fn a_name_that_leads_inside_is_not_called_however_often_it_changes() {
    let receiver = Receiver::start().await;
    let local: SocketAddr = receiver.url.trim_start_matches("http://").parse().unwrap();
    let url = format!("http://hooks.example.org:{}/", local.port());
    let outside = Allowance { private_networks: false, plain_http: true };
    let (answer, _) = call(&url, outside, &[local]).await;
    assert!(matches!(answer, Err(EgressError::Refused(_))), "{answer:?}");
    assert!(receiver.asked().is_empty());

    let inside = Allowance { private_networks: true, plain_http: true };
    let metadata = SocketAddr::new(IpAddr::V4(Ipv4Addr::new(169, 254, 169, 254)), 80);
    let (answer, asked) = call(&url, inside, &[local, metadata]).await;
    assert_eq!((answer.unwrap(), asked), (200, 1), "one look decides where it is connected to");
    let (answer, _) = call(&url, inside, &[metadata]).await;
    assert!(
        matches!(answer, Err(EgressError::Refused(_))),
        "never the secrets of a cloud: {answer:?}"
    );
}

#[test]
fn a_channel_that_leads_inside_is_refused_at_the_start() {
    for url in [
        "http://hooks.example.org/",
        "https://127.0.0.1/",
        "https://[::ffff:10.0.0.1]/",
        "https://0x7f.1/",
        "https://169.254.169.254/",
        "https://localhost/",
    ] {
        let values = json!({ "kind": "slack", "url": url });
        let error = Channel::new("chat", &serde_json::from_value(values).unwrap()).unwrap_err();
        assert!(error.to_string().starts_with("channels.chat: url: "), "{error}");
        assert!(!error.to_string().contains("hooks.example.org"), "the address is a secret");
    }
    for (values, wrong) in [
        (json!({ "kind": "webhook", "url": "https://a.example" }), "secrets"),
        (json!({ "kind": "webhook", "url": "https://a.example", "secrets": ["abc"] }), "whsec_"),
        (json!({ "kind": "slack" }), "url"),
        (json!({ "kind": "slack", "url": "https://a.example", "secrets": [SECRET] }), "secrets"),
        (json!({ "kind": "slack", "url": "https://a.example", "events": ["request"] }), "request"),
        (
            json!({ "kind": "matrix", "homeserver": "https://a.example", "room": "!a:b" }),
            "access_token",
        ),
        (
            json!({ "kind": "matrix", "homeserver": "https://a.example", "room": "#a:b", "access_token": "x" }),
            "room",
        ),
    ] {
        let error = Channel::new("chat", &serde_json::from_value(values).unwrap()).unwrap_err();
        assert!(error.to_string().contains(wrong), "{error}");
    }
}

#[tokio::test]
async fn each_chat_is_told_in_its_own_form_with_a_link_and_nothing_to_press() {
    let mut world = World::new().await;
    for kind in ["slack", "teams", "mattermost"] {
        let receiver = Receiver::start().await;
        world.app.channels =
            vec![channel(kind, json!({ "kind": kind, "url": receiver.url }))].into();
        tell(&world, &[something()]).await;
        assert_eq!(send(&world).await, 1);
        let taken = receiver.taken().remove(0);
        assert_eq!(taken.header("content-type"), "application/json");
        assert!(taken.header("webhook-signature").is_empty());
        assert!(taken.text.contains("https://pim.example/requests/1"), "{}", taken.text);
        for decides in
            ["Action.Submit", "Action.Execute", "Action.Http", "\"button\"", "integration"]
        {
            assert!(!taken.text.contains(decides), "{}", taken.text);
        }
    }
    let receiver = Receiver::start().await;
    let matrix = json!({
        "kind": "matrix", "homeserver": receiver.url, "room": "!room:example.org", "access_token": "a token",
    });
    world.app.channels = vec![channel("room", matrix)].into();
    tell(&world, &[something()]).await;
    assert_eq!(send(&world).await, 1);
    let taken = receiver.taken().remove(0);
    let id: Uuid = sqlx::query_scalar("select id from outbox where channel = 'room'")
        .fetch_one(&world.owner)
        .await
        .unwrap();
    let room = "/_matrix/client/v3/rooms/%21room%3Aexample.org/send/m.room.message";
    assert_eq!((taken.method.as_str(), taken.path), ("PUT", format!("{room}/{id}")));
    assert_eq!(taken.headers["authorization"], "Bearer a token");
    assert_eq!(
        serde_json::from_str::<Value>(&taken.text).unwrap()["format"],
        "org.matrix.custom.html"
    );
}

#[tokio::test]
async fn what_belongs_together_is_told_in_order_whatever_fails() {
    let receiver = Receiver::start().await;
    let mut world = World::new().await;
    world.app.channels = vec![webhook(&receiver)].into();
    let threads = [1, 2].map(Uuid::from_u128);
    let told: Vec<_> = (0..20)
        .map(|number| something().of(threads[number % 2]).data(json!({ "number": number })))
        .collect();
    tell(&world, &told).await;
    receiver.set(Mood::Answer(422, "not this one".to_owned()));
    assert_eq!(send(&world).await, 2, "the first of each thread");
    receiver.set(Mood::Answer(200, "ok".to_owned()));
    assert_eq!(send(&world).await, 0, "nothing overtakes what failed");
    world.advance_seconds(60).await;
    while send(&world).await > 0 {}
    let numbers: Vec<u64> =
        receiver.taken().iter().map(|it| it.json()["data"]["number"].as_u64().unwrap()).collect();
    assert_eq!(numbers.len(), 20);
    for thread in [0, 1] {
        let of: Vec<_> = numbers.iter().filter(|number| *number % 2 == thread).collect();
        assert!(of.is_sorted(), "{numbers:?}");
    }
}

#[tokio::test]
async fn a_chat_that_asks_to_be_let_be_is_let_be() {
    let receiver = Receiver::start().await;
    let mut world = World::new().await;
    world.app.channels = vec![webhook(&receiver)].into();
    receiver.set(Mood::Later(120));
    tell(&world, &[something(), something()]).await;
    send(&world).await;
    receiver.set(Mood::Answer(200, "ok".to_owned()));
    world.advance_seconds(100).await;
    assert_eq!(send(&world).await, 0);
    world.advance_seconds(21).await;
    while send(&world).await > 0 {}
    assert_eq!(receiver.count(), 2);
}

#[tokio::test]
async fn every_step_of_a_request_is_told_to_whoever_wants_it() {
    let mut world = World::new().await;
    let url = "https://chat.example.org/hooks/1";
    let values = |events: &[&str]| json!({ "kind": "slack", "url": url, "events": events });
    world.app.channels = vec![
        channel("everything", values(&[])),
        channel("requests", values(&["request."])),
        channel("glass", values(&["sign_in.break_glass"])),
    ]
    .into();
    let [_, bob] = world.people(["ada", "bob"]).await;
    world
        .role("Operator", |settings| {
            settings.activation.requires_approval = true;
            settings.activation.stages = approved_by([bob]);
        })
        .await;
    world.eligible("ada", "Operator").await;
    let asked = world.activate("ada", "Operator", Duration::hours(1)).await.unwrap();
    world.approve("bob", asked.request).await.unwrap();
    let told: Vec<(String, String)> = sqlx::query_as(
        "select channel, event from outbox where channel is not null order by channel, created_at, id",
    )
    .fetch_all(&world.owner)
    .await
    .unwrap();
    let of = |name: &str| {
        told.iter()
            .filter(|(channel, _)| channel == name)
            .map(|(_, it)| it.as_str())
            .collect::<Vec<_>>()
    };
    assert_eq!(of("requests"), ["request.pending", "request.approved"]);
    assert!(of("glass").is_empty());
    assert_eq!(of("everything"), ["request.pending", "request.approved", "activation.started"]);
    let threads = "select count(distinct thread_id) from outbox where channel = 'requests'";
    assert_eq!(world.count(threads).await, 1);
}

#[test]
fn the_examples_of_channels_can_be_taken_as_they_are() {
    let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("latchkey.example.toml");
    let text = std::fs::read_to_string(example).unwrap();
    let (_, channels) = text.split_once("# [channels.siem]").unwrap();
    let lines = channels.lines().filter_map(|line| line.strip_prefix("# "));
    let sensible = lines
        .filter(|line| line.contains(" = ") && !line.contains("_file") || line.starts_with('['));
    let text = format!("[channels.siem]\n{}", sensible.collect::<Vec<_>>().join("\n"));
    let file = std::env::temp_dir().join(format!("latchkey-channels-{}.toml", Uuid::now_v7()));
    std::fs::write(&file, text).unwrap();
    let config = Config::load_from(Some(&file), []).unwrap();
    std::fs::remove_file(file).unwrap();
    assert_eq!(config.channels.len(), 3);
    latchkey::gateway::channel::all(&config.channels).unwrap();
    let shown = serde_json::to_string(&config).unwrap() + &format!("{config:?}");
    for secret in ["hooks/latchkey", "c2hvdWxk", "services/T0", "\"secret\""] {
        assert!(!shown.contains(secret), "{shown}");
    }
}

/// What a child of this test does, whose environment names proxies: it calls two addresses.
const CALLED: &str = "LATCHKEY_TEST_CALLED";

#[tokio::test]
async fn proxies_of_the_environment_are_not_asked() {
    let allowance = Allowance { private_networks: true, plain_http: true };
    let call = |url: String, egress: Egress| async move {
        let call =
            Call { method: Method::POST, url: &url, allowance, headers: Vec::new(), body: None };
        egress.call(call).await
    };
    if let Ok(address) = std::env::var(CALLED) {
        let answer = call(format!("http://{address}/"), Egress::default()).await.unwrap();
        assert_eq!(answer.status, 200);
        // By TLS nobody is there; a proxy would be asked to connect before that is known.
        call(format!("https://{address}/"), Egress::default()).await.unwrap_err();
        return;
    }
    let receiver = Receiver::start().await;
    let proxy = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let named = format!("http://{}", proxy.local_addr().unwrap());
    let mut child = tokio::process::Command::new(std::env::current_exe().unwrap());
    child.args(["--exact", "channel::proxies_of_the_environment_are_not_asked"]);
    child.env(CALLED, receiver.url.trim_start_matches("http://"));
    for name in ["http_proxy", "https_proxy", "all_proxy"] {
        child.env(name, &named).env(name.to_uppercase(), &named);
    }
    for name in ["no_proxy", "NO_PROXY", "REQUEST_METHOD"] {
        child.env_remove(name);
    }
    let done = child.output().await.unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stdout));
    assert_eq!(receiver.taken().len(), 1, "it was called without a detour");
    let asked = tokio::time::timeout(std::time::Duration::from_millis(1), proxy.accept()).await;
    assert!(asked.is_err(), "the proxy was asked");
}
