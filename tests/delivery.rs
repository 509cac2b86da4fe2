//! Delivery: nothing lost, nothing twice, and nothing that is dead holds up what lives.
use std::{
    collections::BTreeMap,
    sync::{Arc, atomic::Ordering},
    time::{Duration, Instant},
};

use axum::{body::Body, http::Request};
use latchkey::{
    domain::{
        actor::Actor,
        audit::{Event, Kind},
        channel::MAIL,
        delivery::{State, Wait},
        notice::Mail,
        time,
    },
    gateway::mail::Mailer,
    service::{
        delivery::{self, Wanted},
        outbox::{self, Way},
        prune,
    },
    store::{self, Change},
    worker,
};
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::{
    channel::{channel, something, tell},
    mail::moody,
    support::{Mood, Receiver, World, approved_by, http::EVERY_SCOPE},
};

async fn until(what: &str, most: Duration, mut done: impl AsyncFnMut() -> bool) -> Duration {
    let begun = Instant::now();
    while begun.elapsed() < most {
        if done().await {
            return begun.elapsed();
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("{what} did not happen within {most:?}");
}

async fn waiting(world: &World, lane: &str) -> i64 {
    sqlx::query_scalar(
        "select count(*) from outbox where coalesce(channel, 'mail') = $1 and sent_at is null",
    )
    .bind(lane)
    .fetch_one(&world.owner)
    .await
    .unwrap()
}

fn twice(receiver: &Receiver) -> usize {
    let mut seen = BTreeMap::new();
    for taken in receiver.taken() {
        *seen.entry(taken.header("webhook-id").to_owned()).or_insert(0) += 1;
    }
    seen.values().filter(|count| **count > 1).count()
}

async fn two_channels(world: &mut World) -> [Receiver; 2] {
    let receivers = [Receiver::start().await, Receiver::start().await];
    let secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    let named = ["dead", "alive"].iter().zip(&receivers);
    world.app.channels = named
        .map(|(name, receiver)| {
            channel(name, json!({ "kind": "webhook", "url": receiver.url, "secrets": [secret] }))
        })
        .collect::<Vec<_>>()
        .into();
    receivers
}

async fn write_mails(world: &World, name: &str, count: usize) {
    let mut change = Change::begin(&world.app.database, &Actor::system()).await.unwrap();
    for number in 0..count {
        let mail = Mail::new(&format!("Number {number}"), "x");
        store::outbox::enqueue(&mut change, world.principal(name), &mail, None).await.unwrap();
    }
    change.commit(&Event::new(Kind::PersonChanged)).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_thousand_notices_and_a_channel_that_hangs() {
    const COUNT: usize = 10_000;
    let mut world = World::new().await;
    world.person("ada").await;
    let [dead, alive] = two_channels(&mut world).await;
    dead.set(Mood::Hang);
    let (config, taken) = moody().await;
    let told: Vec<_> = (0..COUNT).map(|_| something()).collect();
    tell(&world, &told).await;
    write_mails(&world, "ada", 1_000).await;
    let stop = CancellationToken::new();
    let servers: Vec<_> = (0..2)
        .map(|_| {
            let mailer = Arc::new(Mailer::new(&config).unwrap());
            tokio::spawn(worker::deliver::run(world.app.clone(), mailer, stop.clone()))
        })
        .collect();

    let minutes = Duration::from_mins(10);
    let mails = until("mail", minutes, async || waiting(&world, MAIL).await == 0).await;
    let other = until("the other", minutes, async || waiting(&world, "alive").await == 0).await;
    assert_eq!((dead.count(), alive.count()), (0, COUNT));
    assert_eq!(waiting(&world, "dead").await, i64::try_from(COUNT).unwrap());
    let failing =
        "select count(*) from delivery_lanes where name = 'dead' and paused_until is not null";
    until("it is let be", minutes, async || world.count(failing).await == 1).await;
    // The clock of the test stands still, so a try noted as failed after it was advanced would let the channel be for good.
    let on_their_way = "select count(*) from outbox where claimed_until is not null";
    until("all tries are noted", minutes, async || world.count(on_their_way).await == 0).await;
    let asked = dead.asked().len();
    assert!(asked < 60, "it is tried seldom: {asked}");

    dead.set(Mood::Answer(200, "ok".to_owned()));
    world.advance_seconds(400).await;
    let back = until("it catches up", minutes, async || waiting(&world, "dead").await == 0).await;
    stop.cancel();
    futures_util::future::join_all(servers).await;
    assert_eq!((dead.count(), alive.count()), (COUNT, COUNT));
    assert_eq!((twice(&dead), twice(&alive)), (0, 0));
    assert_eq!(taken.load(Ordering::SeqCst), 1_000);
    eprintln!(
        "while one channel hung: 1,000 mails in {mails:.1?}, {COUNT} to the other in {:.1?}; {COUNT} once it was back in {back:.1?}",
        mails + other
    );
}

#[tokio::test]
async fn what_a_killed_server_took_on_goes_out_once_by_another() {
    let mut world = World::new().await;
    let [_, alive] = two_channels(&mut world).await;
    tell(&world, &[something()]).await;
    let (app, to) = (&world.app, &world.app.channels[1]);
    let lost = outbox::claim(app, "alive", 5).await.unwrap();
    assert_eq!(lost.len(), 1);
    assert!(outbox::claim(app, "alive", 5).await.unwrap().is_empty());
    world.advance_seconds(121).await;
    let heir = outbox::claim(app, "alive", 5).await.unwrap();
    outbox::deliver(app, Way::Channel(to), &heir[0]).await.unwrap();
    world.advance_seconds(3600).await;
    assert!(outbox::claim(app, "alive", 5).await.unwrap().is_empty());
    assert_eq!(alive.count(), 1);
}

/// Tries all that is in turn in a lane.
async fn try_once(world: &World, way: Way<'_>, lane: &str) {
    for claim in outbox::claim(&world.app, lane, 20).await.unwrap() {
        outbox::deliver(&world.app, way, &claim).await.unwrap();
    }
}

/// Tries all that waits for the first channel or for mail until nothing is left to try.
async fn exhaust(world: &World, way: Way<'_>, lane: &str) {
    for _ in 0..20 {
        try_once(world, way, lane).await;
        world.advance_seconds(3601).await;
    }
}

/// A page as somebody's browser reads it.
async fn read(world: &World, cookie: &str, language: &str, path: &str) -> String {
    let request = Request::get(path).header("cookie", cookie).header("accept-language", language);
    let answer = world.send(request.body(Body::empty()).unwrap()).await;
    assert_eq!(answer.status, 200, "{path}");
    String::from_utf8(answer.body.to_vec()).unwrap()
}

#[tokio::test]
async fn whoever_tries_a_broken_channel_is_led_to_what_became_of_the_test_and_why() {
    let mut world = World::new().await;
    world.person("grace").await;
    world.active("grace", "Global Administrator").await;
    let [dead, _] = two_channels(&mut world).await;
    dead.set(Mood::Answer(404, "no such hook".to_owned()));
    tell(&world, &[something()]).await;
    let (_, session) = world.signed_in("grace").await;
    let cookie = format!("__Host-latchkey={}", &*session.reveal());
    let (csrf, key) = (world.app.keys.form_token(&session.hash()), Uuid::now_v7());
    let press = || {
        Request::post("/deliveries/ways/dead/test")
            .header("cookie", &cookie)
            .header("content-type", "application/x-www-form-urlencoded")
            .body(Body::from(format!("csrf={csrf}&idempotency_key={key}")))
            .unwrap()
    };
    let led = world.send(press()).await;
    let place = led.header("location").to_owned();
    assert_eq!(led.status, 303);
    assert_eq!(world.send(press()).await.header("location"), place, "pressed twice it is one test");
    let page = read(&world, &cookie, "en", &place).await;
    assert!(page.contains("A test is in line."), "{page}");
    assert!(page.contains("It goes out when it is its turn"), "{page}");
    assert!(page.contains("channel.tested"), "{page}");
    assert!(!page.contains("request.pending"), "this test and nothing else: {page}");

    try_once(&world, Way::Channel(&world.app.channels[0]), "dead").await;
    let (again, _) = place.split_once("&done=").unwrap();
    assert!(page.contains(&format!("href=\"{again}\"")), "there is a way to look again: {page}");
    let page = read(&world, &cookie, "en", again).await;
    assert!(page.contains("Will be tried again"), "{page}");
    assert!(page.contains("The last try failed: it answered 404"), "{page}");
    assert!(!page.contains("A test is in line."), "{page}");
    assert!(!page.contains(&dead.url) && !page.contains("no such hook"), "{page}");
    let page = read(&world, &cookie, "da", again).await;
    assert!(page.contains("Det seneste forsøg mislykkedes: den svarede 404"), "{page}");

    dead.set(Mood::Answer(200, "ok".to_owned()));
    world.advance_seconds(60).await;
    try_once(&world, Way::Channel(&world.app.channels[0]), "dead").await;
    let page = read(&world, &cookie, "en", again).await;
    assert!(page.contains(">Sent</span>") && !page.contains("The last try failed"), "{page}");
}

/// What a program is told of a notice.
async fn told_of(world: &World, token: &str, id: &str) -> Value {
    let path = format!("/v1/deliveries?id={id}");
    let found = world.ask_api("get", &path, token, None).await.json();
    assert_eq!(found["items"].as_array().map(Vec::len), Some(1), "{found}");
    found["items"][0].clone()
}

/// Puts a test in line. Says which notice it is.
async fn test_of(world: &World, token: &str, lane: &str) -> String {
    let path = format!("/v1/channels/{lane}/test");
    let answer = world.ask_api("post", &path, token, None).await;
    assert_eq!(answer.status, 201);
    answer.json()["id"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn programs_are_told_what_a_notice_waits_for_until_when_and_after_how_many_tries() {
    let mut world = World::new().await;
    world.person("grace").await;
    world.active("grace", "Global Administrator").await;
    let [dead, _] = two_channels(&mut world).await;
    dead.set(Mood::Answer(404, "no such hook".to_owned()));
    let token = world.access_token("grace", &EVERY_SCOPE).await;
    let first = test_of(&world, &token, "dead").await;
    let told = told_of(&world, &token, &first).await;
    assert_eq!((&told["state"], &told["waits_for"]), (&json!("waiting"), &json!("turn")));
    assert_eq!((&told["attempts"], &told["next_attempt_at"]), (&json!(0), &Value::Null));

    let way = Way::Channel(&world.app.channels[0]);
    for attempts in 1..=3 {
        try_once(&world, way, "dead").await;
        let told = told_of(&world, &token, &first).await;
        assert_eq!(
            (&told["state"], &told["waits_for"]),
            (&json!("retrying"), &json!("another_try"))
        );
        assert_eq!(told["attempts"], attempts);
        assert_eq!(told["last_error"], "it answered 404");
        let next: time::Instant = told["next_attempt_at"].as_str().unwrap().parse().unwrap();
        assert!(next > world.now().await, "{told}");
        if attempts < 3 {
            world.advance_seconds(60).await;
        }
    }
    // Now the channel is let be, and with it whatever comes after.
    let second = test_of(&world, &token, "dead").await;
    let told = told_of(&world, &token, &second).await;
    assert_eq!((&told["attempts"], &told["waits_for"]), (&json!(0), &json!("way")));
    let next: time::Instant = told["next_attempt_at"].as_str().unwrap().parse().unwrap();
    assert!(next > world.now().await, "{told}");
    let (_, session) = world.signed_in("grace").await;
    let cookie = format!("__Host-latchkey={}", &*session.reveal());
    let page = read(&world, &cookie, "en", &format!("/deliveries?notice={second}")).await;
    assert!(page.contains("Waiting until"), "{page}");
    assert!(page.contains("Nothing gets through this way now: it answered 404"), "{page}");

    let mail = test_of(&world, &token, MAIL).await;
    let told = told_of(&world, &token, &mail).await;
    assert_eq!(
        (&told["address"], &told["waits_for"]),
        (&json!("grace@example.org"), &json!("turn"))
    );
}

#[tokio::test]
async fn what_waits_for_quiet_hours_for_another_or_for_its_channel_says_so() {
    let mut world = World::new().await;
    world.person("eve").await;
    world.active("eve", "Auditor").await;
    let _receivers = two_channels(&mut world).await;
    let thread = Uuid::from_u128(1);
    tell(&world, &[something().of(thread), something().of(thread)]).await;
    world
        .execute(
            "insert into outbox (
                 id, address, subject, body, event, created_at, next_attempt_at, waiting_since
             )
             select gen_random_uuid(), 'ada@example.org', 'x', 'x', 'test.quiet', at, at + interval '1 hour',
                 at + interval '1 hour'
             from instant() as at",
        )
        .await;
    let eve = world.actor("eve").await;
    let mut app = world.app.clone();
    let quiet = Wanted { event: Some("test.quiet".into()), ..Wanted::default() };
    let (found, _) = delivery::list(&app, &eve, &quiet, None).await.unwrap();
    let end = world.now().await + time::Duration::hours(1);
    assert_eq!((found[0].waits_for, found[0].next_attempt_at), (Some(Wait::QuietHours), Some(end)));
    let alive = Wanted { lane: Some("alive".into()), ..Wanted::default() };
    let (found, _) = delivery::list(&app, &eve, &alive, None).await.unwrap();
    let waits: Vec<_> = found.iter().map(|notice| notice.waits_for).collect();
    assert_eq!(waits, [Some(Wait::EarlierOne), Some(Wait::Turn)], "the newest first");

    app.channels = Vec::new().into();
    for wanted in [alive, quiet] {
        let (found, _) = delivery::list(&app, &eve, &wanted, None).await.unwrap();
        let is_mail = wanted.lane.is_none();
        for notice in found {
            assert_eq!(notice.waits_for == Some(Wait::Channel), !is_mail, "{notice:?}");
            assert_eq!(notice.next_attempt_at.is_some(), is_mail, "{notice:?}");
        }
    }
}

#[tokio::test]
async fn administrators_are_told_once_a_day_of_an_address_that_nothing_reaches() {
    let world = World::new().await;
    world.people(["refused", "grace"]).await;
    world.active("grace", "Global Administrator").await;
    let (config, _) = moody().await;
    let mailer = Mailer::new(&config).unwrap();
    let told =
        "select count(*) from outbox where subject = 'Notices do not reach refused@example.org'";
    write_mails(&world, "refused", 3).await;
    exhaust(&world, Way::Mail(&mailer), MAIL).await;
    assert_eq!(world.count(told).await, 1);
    world.advance(time::Duration::days(1)).await;
    write_mails(&world, "refused", 2).await;
    exhaust(&world, Way::Mail(&mailer), MAIL).await;
    assert_eq!(world.count(told).await, 2);
    let given_up = world.events().await.into_iter().filter(|kind| kind == "delivery.given_up");
    assert_eq!(given_up.count(), 5);
}

#[tokio::test]
async fn administrators_are_told_of_a_channel_that_has_been_dead_for_an_hour() {
    let mut world = World::new().await;
    world.person("grace").await;
    world.active("grace", "Global Administrator").await;
    let [dead, _] = two_channels(&mut world).await;
    dead.set(Mood::Answer(404, "no such hook".to_owned()));
    tell(&world, &[something()]).await;
    let told = "select count(*) from outbox where subject = 'Notices do not reach dead'";
    let way = Way::Channel(&world.app.channels[0]);
    for _ in 0..2 {
        let claims = outbox::claim(&world.app, "dead", 5).await.unwrap();
        outbox::deliver(&world.app, way, &claims[0]).await.unwrap();
        world.advance_seconds(600).await;
    }
    assert_eq!(world.count(told).await, 0);
    exhaust(&world, way, "dead").await;
    assert_eq!(world.count(told).await, 1);
    dead.set(Mood::Answer(200, "ok".to_owned()));
    exhaust(&world, way, "dead").await;
    assert_eq!(dead.count(), 1, "nothing is lost for a week");
}

#[tokio::test]
async fn what_was_given_up_can_be_sent_again_and_seen() {
    let mut world = World::new().await;
    world.people(["grace", "eve", "ada"]).await;
    world.active("grace", "Global Administrator").await;
    world.active("eve", "Auditor").await;
    let [dead, _] = two_channels(&mut world).await;
    dead.set(Mood::Answer(422, "not to my liking".to_owned()));
    tell(&world, &[something()]).await;
    let way = Way::Channel(&world.app.channels[0]);
    exhaust(&world, way, "dead").await;
    let [grace, eve, ada] = ["grace", "eve", "ada"];
    let (grace, eve, ada) =
        (world.actor(grace).await, world.actor(eve).await, world.actor(ada).await);
    let wanted = Wanted { lane: Some("dead".into()), ..Wanted::default() };
    let (found, next) = delivery::list(&world.app, &eve, &wanted, None).await.unwrap();
    assert!(next.is_none());
    assert_eq!((found.len(), found[0].state.name()), (1, "given_up"));
    assert_eq!(found[0].last_error.as_deref(), Some("it answered 422"), "and not what it said");
    assert!(delivery::list(&world.app, &ada, &wanted, None).await.is_err());
    assert!(delivery::resend(&world.app, &eve, found[0].id).await.is_err(), "auditors only look");

    dead.set(Mood::Answer(200, "ok".to_owned()));
    delivery::resend(&world.app, &grace, found[0].id).await.unwrap();
    exhaust(&world, way, "dead").await;
    let (found, _) = delivery::list(&world.app, &eve, &wanted, None).await.unwrap();
    assert_eq!((dead.count(), found[0].state.name()), (1, "sent"));
    assert!(delivery::resend(&world.app, &grace, found[0].id).await.is_err(), "never twice");

    delivery::test(&world.app, &grace, "alive").await.unwrap();
    delivery::test(&world.app, &grace, MAIL).await.unwrap();
    assert!(delivery::test(&world.app, &grace, "nowhere").await.is_err());
    assert_eq!(world.count("select count(*) from outbox where event = 'channel.tested'").await, 2);
    let events = world.events().await;
    for kind in ["delivery.given_up", "delivery.resent", "channel.tested"] {
        assert!(events.iter().any(|event| event == kind), "{kind} is recorded: {events:?}");
    }
}

#[tokio::test]
async fn what_waits_behind_another_of_its_thread_keeps_nobody_awake() {
    let mut world = World::new().await;
    let [_, alive] = two_channels(&mut world).await;
    let thread = Uuid::from_u128(1);
    tell(&world, &[something().of(thread), something().of(thread)]).await;
    let (app, way) = (&world.app, Way::Channel(&world.app.channels[1]));
    let first = outbox::claim(app, "alive", 5).await.unwrap();
    assert_eq!(first.len(), 1);
    let wait = outbox::wait(app, "alive").await.unwrap();
    assert_eq!(wait, Some(Duration::from_mins(2)), "until the first could be taken on anew");
    alive.set(Mood::Answer(422, "not this one".to_owned()));
    outbox::deliver(app, way, &first[0]).await.unwrap();
    let wait = outbox::wait(app, "alive").await.unwrap().unwrap();
    assert!(wait > Duration::from_secs(1), "until the first is tried again: {wait:?}");
    world.advance_seconds(10).await;
    alive.set(Mood::Answer(200, "ok".to_owned()));
    for _ in 0..2 {
        assert_eq!(outbox::wait(app, "alive").await.unwrap(), Some(Duration::ZERO));
        let claims = outbox::claim(app, "alive", 5).await.unwrap();
        assert_eq!(claims.len(), 1);
        outbox::deliver(app, way, &claims[0]).await.unwrap();
    }
    assert_eq!(outbox::wait(app, "alive").await.unwrap(), None);
}

#[tokio::test]
async fn notices_are_found_by_state_event_and_address() {
    let world = World::new().await;
    world.person("eve").await;
    world.active("eve", "Auditor").await;
    let eve = world.actor("eve").await;
    world
        .execute(
            "insert into outbox (
                 id, address, subject, body, event, created_at, next_attempt_at, waiting_since, attempts, failures,
                 claimed_until, sent_at, given_up_at
             )
             select gen_random_uuid(), initcap(state) || '@example.org', 'x', 'x', 'test.' || state,
                 instant(), instant(), instant(),
                 (state <> 'waiting')::integer, (state in ('retrying', 'given_up'))::integer,
                 case state when 'being_sent' then instant() + interval '1 minute' end,
                 case state when 'sent' then instant() end,
                 case state when 'given_up' then instant() end
             from unnest(array['waiting', 'being_sent', 'sent', 'retrying', 'given_up']) as state",
        )
        .await;
    let events = delivery::events(&world.app, &eve).await.unwrap();
    for (state, name) in State::ALL {
        let event = format!("test.{name}");
        assert!(events.contains(&event), "{events:?}");
        for wanted in [
            Wanted { state: Some(state), ..Wanted::default() },
            Wanted { event: Some(event.clone()), ..Wanted::default() },
            Wanted { address: Some(format!("{name}@EXAMPLE.org")), ..Wanted::default() },
        ] {
            let (found, _) = delivery::list(&world.app, &eve, &wanted, None).await.unwrap();
            let found: Vec<_> =
                found.iter().map(|one| (one.event.as_deref(), one.state.name())).collect();
            assert_eq!(found, [(Some(event.as_str()), name)], "{wanted:?}");
        }
    }
    assert!(events.is_sorted());
}

/// However many notices there are, only those are read that are on the page, or are to be removed.
#[tokio::test]
async fn notices_are_found_by_an_index() {
    const INDEXES_ALONE: &str =
        "set enable_seqscan = off; set enable_bitmapscan = off; set enable_sort = off";
    let world = World::new().await;
    let unsent = "sent_at is null and given_up_at is null";
    let page = "order by created_at desc, id desc limit 51";
    for (index, wanted) in [
        ("outbox_of_address", format!("lower(address) = 'ada@example.org' {page}")),
        ("outbox_of_event", format!("event = 'request.pending' {page}")),
        ("outbox_of_event", "event > 'request.pending' order by event limit 1".to_owned()),
        ("outbox_given_up", format!("sent_at is null and given_up_at is not null {page}")),
        ("outbox_in_line", format!("{unsent} and failures = 0 {page}")),
        ("outbox_tried", format!("{unsent} and attempts > 0 and failures > 0 {page}")),
        (
            "outbox_over",
            "coalesce(sent_at, given_up_at) < '2040-01-01'
             order by coalesce(sent_at, given_up_at) limit 1000"
                .to_owned(),
        ),
    ] {
        let mut connection = world.owner.acquire().await.unwrap();
        sqlx::raw_sql(INDEXES_ALONE).execute(&mut *connection).await.unwrap();
        let sql = format!("explain select id from outbox where {wanted}");
        let plan: Vec<String> =
            sqlx::query_scalar(sqlx::AssertSqlSafe(sql)).fetch_all(&mut *connection).await.unwrap();
        let plan = plan.join("\n");
        assert!(plan.contains(index), "{plan}");
    }
}

#[tokio::test]
async fn what_has_long_been_over_is_removed_and_what_waits_is_not() {
    let world = World::new().await;
    // More than are removed at once.
    world
        .execute(
            "insert into outbox (
                 id, address, subject, body, created_at, next_attempt_at, waiting_since, sent_at, given_up_at
             )
             select gen_random_uuid(), state || '@example.org', 'x', 'x', instant(), instant(), instant(),
                 case state when 'sent' then instant() end, case state when 'given_up' then instant() end
             from unnest(array['waiting', 'sent', 'given_up']) as state cross join generate_series(1, 1200)",
        )
        .await;
    let left = "select count(*) from outbox";
    world.advance(time::Duration::days(90)).await;
    prune::prune(&world.app).await.unwrap();
    assert_eq!(world.count(left).await, 3600);
    world.advance_seconds(1).await;
    assert_eq!(prune::prune(&world.app).await.unwrap(), 2400);
    let waiting = "select count(*) from outbox where sent_at is null and given_up_at is null";
    assert_eq!((world.count(left).await, world.count(waiting).await), (1200, 1200));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_approver_has_the_mail_soon_after_the_request_is_made() {
    const COUNT: usize = 200;
    let world = World::new().await;
    world.run_clock().await;
    let [_, bob] = world.people(["ada", "bob"]).await;
    world
        .role("Operator", |settings| {
            settings.activation.requires_approval = true;
            settings.activation.stages = approved_by([bob]);
        })
        .await;
    world.eligible("ada", "Operator").await;
    let (config, taken) = moody().await;
    let stop = CancellationToken::new();
    let mailer = Arc::new(Mailer::new(&config).unwrap());
    let server = tokio::spawn(worker::deliver::run(world.app.clone(), mailer, stop.clone()));
    let mut waits = Vec::new();
    for _ in 0..COUNT {
        until("all before went out", Duration::from_secs(20), async || {
            waiting(&world, MAIL).await == 0
        })
        .await;
        let before = taken.load(Ordering::SeqCst);
        let asked = world.activate("ada", "Operator", time::Duration::hours(1)).await.unwrap();
        let begun = Instant::now();
        while taken.load(Ordering::SeqCst) == before {
            tokio::time::sleep(Duration::from_millis(1)).await;
            assert!(begun.elapsed() < Duration::from_secs(20), "the mail comes");
        }
        waits.push(begun.elapsed());
        world.deny("bob", asked.request).await.unwrap();
    }
    stop.cancel();
    server.await.unwrap();
    waits.sort_unstable();
    let at = |hundredth: usize| waits[(waits.len() * hundredth / 100).min(waits.len() - 1)];
    eprintln!(
        "approval mail taken by SMTP after the commit, {COUNT} requests: p50 {:.1?}, p99 {:.1?}",
        at(50),
        at(99)
    );
    assert!(at(99) < Duration::from_secs(2));
}
