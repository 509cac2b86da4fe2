//! Headers that anybody can write: where a request came from, and what we are called (V21).
use std::net::SocketAddr;

use axum::{Router, body::Body, extract::ConnectInfo, http::Request};
use latchkey::{config::Config, domain::time::Instant, http};

use super::{Browser, FORM, Half, changed, state};
use crate::support::{
    World,
    credentials::{Credentials, PASSWORD},
    http::{Answer, EVERY_SCOPE, answered, call},
    things::{Things, company},
};

/// A proxy that the configuration trusts, and a peer that it knows nothing of.
const PROXY: &str = "10.0.0.1";
const STRANGER: &str = "192.0.2.66";

/// What an attacker would have us called.
const CALLED: [(&str, &str); 11] = [
    ("host", "evil.example"),
    ("x-forwarded-host", "evil.example"),
    ("x-forwarded-server", "evil.example"),
    ("x-forwarded-proto", "http"),
    ("x-forwarded-scheme", "http"),
    ("x-forwarded-port", "8080"),
    ("x-forwarded-prefix", "/evil.example"),
    ("x-host", "evil.example"),
    ("x-original-url", "/evil.example"),
    ("x-rewrite-url", "/evil.example"),
    ("forwarded", "for=203.0.113.9;host=evil.example;proto=http"),
];

/// Everything that is served to people whose proxies are in `10.0.0.0/8`.
fn behind_a_proxy(world: &World) -> Router {
    let config = Config {
        public_url: world.app.public_url.to_string(),
        trusted_proxies: vec!["10.0.0.0/8".parse().unwrap()],
        ..Config::default()
    };
    http::router(world.app.clone(), &config)
}

/// Asks over a connection from `peer`, with these headers besides.
async fn ask(
    router: &Router,
    peer: &str,
    mut request: Request<Body>,
    besides: &[(&'static str, &str)],
) -> Answer {
    let peer = SocketAddr::new(peer.parse().unwrap(), 40_000);
    request.extensions_mut().insert(ConnectInfo(peer));
    for (name, value) in besides {
        request.headers_mut().append(*name, value.parse().unwrap());
    }
    answered(router.clone(), request).await
}

fn form(path: &str, cookie: &str, fields: String) -> Request<Body> {
    let request = Request::post(path).header("content-type", FORM).header("cookie", cookie);
    request.body(Body::from(fields)).unwrap()
}

fn with_password(name: &str, password: &str) -> Request<Body> {
    let password = password.replace(' ', "+");
    form("/sign-in", "", format!("user_name={name}&password={password}"))
}

/// Signs somebody in through both forms.
async fn sign_in(
    world: &World,
    router: &Router,
    ada: &Credentials,
    (peer, besides): (&str, &[(&'static str, &str)]),
) -> Answer {
    let begun = ask(router, peer, with_password(&ada.name, PASSWORD), besides).await;
    assert_eq!(begun.status, 303, "{peer} {besides:?}");
    let half_way = Half::of(world, &begun);
    let code = world.next_code(ada).await;
    let fields = format!("csrf={}&code={code}", half_way.form_token);
    ask(router, peer, form("/sign-in/code", &half_way.cookie, fields), besides).await
}

/// Where the newest session began, and where the log says that it did.
async fn recorded(world: &World) -> [String; 2] {
    let session =
        "select coalesce(host(client_address), '') from sessions where stage = 'signed_in'
        order by created_at desc limit 1";
    let event = "select coalesce(host(client_address), '') from audit_events where kind = 'sign_in.succeeded'
        order by at desc limit 1";
    let mut found = [String::new(), String::new()];
    for (sql, found) in [session, event].into_iter().zip(&mut found) {
        *found = sqlx::query_scalar(sql).fetch_one(&world.owner).await.unwrap();
    }
    found
}

/// Headers that come with a request.
type Headers = &'static [(&'static str, &'static str)];

#[tokio::test]
async fn where_somebody_signed_in_from_is_what_a_trusted_proxy_says_and_nobody_else() {
    let world = World::new().await;
    world.person("ada").await;
    let ada = world.enrol("ada").await;
    let router = behind_a_proxy(&world);
    let table: [(&str, Headers, &str); 12] = [
        (STRANGER, &[], STRANGER),
        (STRANGER, &[("x-forwarded-for", "203.0.113.9")], STRANGER),
        (STRANGER, &[("x-forwarded-for", "127.0.0.1")], STRANGER),
        (STRANGER, &[("x-forwarded-for", "not an address")], STRANGER),
        (STRANGER, &[("x-real-ip", "203.0.113.9")], STRANGER),
        (PROXY, &[("x-forwarded-for", "203.0.113.9")], "203.0.113.9"),
        (PROXY, &[("x-forwarded-for", "198.51.100.7, 203.0.113.9")], "203.0.113.9"),
        (
            PROXY,
            &[("x-forwarded-for", "198.51.100.7"), ("x-forwarded-for", "203.0.113.9, 10.9.9.9")],
            "203.0.113.9",
        ),
        (PROXY, &[("x_forwarded_for", "203.0.113.9")], PROXY),
        (PROXY, &[("forwarded", "for=203.0.113.9")], PROXY),
        (PROXY, &[("x-real-ip", "203.0.113.9"), ("client-ip", "203.0.113.9")], PROXY),
        ("::ffff:10.0.0.1", &[("x-forwarded-for", "2001:db8::9")], "2001:db8::9"),
    ];
    for (peer, besides, expected) in table {
        let answer = sign_in(&world, &router, &ada, (peer, besides)).await;
        assert_eq!(answer.status, 303, "{peer} {besides:?}");
        assert_eq!(recorded(&world).await, [expected, expected], "{peer} {besides:?}");
    }
    world.check_invariants().await;
}

#[tokio::test]
async fn what_a_trusted_proxy_says_and_nobody_can_read_stops_every_step() {
    let world = company().await;
    let ada = world.enrol("user").await;
    let router = behind_a_proxy(&world);
    let begun = ask(&router, PROXY, with_password("user", PASSWORD), &[]).await;
    let half_way = Half::of(&world, &begun);
    let code = world.next_code(&ada).await;
    let signed_in = Browser::of(&world, "admin").await;
    let token = world.access_token("admin", &EVERY_SCOPE).await;
    let before = state(&world).await;
    for unreadable in
        ["", "unknown", "203.0.113.9,", "203.0.113", "203.0.113.9;x", "_hidden", "\"203.0.113.9\""]
    {
        let besides = [("x-forwarded-for", unreadable)];
        let fields = format!("csrf={}&code={code}", half_way.form_token);
        for request in [
            with_password("user", PASSWORD),
            form("/sign-in/code", &half_way.cookie, fields),
            signed_in.read("/"),
            signed_in.form("/account/language", "language=da&time_zone="),
            call("get", "/v1/me", &token, None),
            form("/oauth/token", "", "grant_type=client_credentials".to_owned()),
        ] {
            let told = format!("{} with {unreadable:?}", request.uri());
            assert_eq!(ask(&router, PROXY, request, &besides).await.status, 400, "{told}");
        }
    }
    assert_eq!(changed(&before, &state(&world).await), Vec::<String>::new());
    // No step was used up by it, and none was left out.
    let fields = format!("csrf={}&code={code}", half_way.form_token);
    let request = form("/sign-in/code", &half_way.cookie, fields);
    assert_eq!(ask(&router, PROXY, request, &[]).await.status, 303);
}

#[tokio::test]
async fn nobody_guesses_faster_by_saying_that_they_are_elsewhere() {
    let world = World::new().await;
    world.people(["ada", "bob"]).await;
    world.enrol("ada").await;
    world.enrol("bob").await;
    let router = behind_a_proxy(&world);
    let (mut by_stranger, mut by_proxy) = (Vec::new(), Vec::new());
    for network in 1..10 {
        let besides = format!("203.0.{network}.9");
        let besides = [("x-forwarded-for", besides.as_str())];
        let guess = ask(&router, STRANGER, with_password("ada", "a wrong one"), &besides).await;
        by_stranger.push(guess.status);
        let guess = ask(&router, PROXY, with_password("bob", "a wrong one"), &besides).await;
        by_proxy.push(guess.status);
    }
    assert_eq!(by_stranger.last(), Some(&429), "{by_stranger:?}");
    // Those came from as many networks, as far as we can know.
    assert!(by_proxy.iter().all(|status| *status == 422), "{by_proxy:?}");
}

#[tokio::test]
async fn links_and_cookies_are_those_of_the_configured_address_whatever_we_are_called() {
    let world = company().await;
    Things::of(&world).await;
    let user = world.enrol("user").await;
    let router = behind_a_proxy(&world);
    for peer in [STRANGER, PROXY] {
        world.advance_seconds(60 * 60).await;
        let since = world.now().await;
        let admin = Browser::of(&world, "admin").await;
        let person = world.principal("bystander");
        for (path, fields) in [
            (format!("/people/{person}/link"), String::new()),
            (format!("/people/{person}/new-factors"), "justification=Lost".to_owned()),
            ("/people".to_owned(), invitation(peer)),
        ] {
            let answer = ask(&router, peer, admin.form(&path, &fields), &CALLED).await;
            assert_eq!(answer.status, 200, "{path}");
            let page = told(&answer);
            let links = ["/recovery/", "/invitation/"];
            let ours = |link: &str| page.contains(&format!("{}{link}", world.app.public_url));
            assert!(links.into_iter().any(ours), "{path}: {page}");
        }
        let test = admin.form("/deliveries/ways/mail/test", "");
        assert_eq!(ask(&router, peer, test, &CALLED).await.status, 303);

        let signed_in = sign_in(&world, &router, &user, (peer, &CALLED)).await;
        assert_eq!((signed_in.status, signed_in.header("location")), (303, "/"));
        told(&signed_in);
        for cookie in signed_in.headers.get_all("set-cookie") {
            let cookie = cookie.to_str().unwrap();
            assert!(cookie.starts_with("__Host-") && cookie.contains("Secure"), "{cookie}");
        }
        assert!(!signed_in.header("strict-transport-security").is_empty());
        assert!(mails(&world, since).await > 0);
    }
    // Whoever may not see a page is not shown it by another name for it.
    for name in ["x-original-url", "x-rewrite-url"] {
        let read = Request::get("/sign-in").body(Body::empty()).unwrap();
        let answer = ask(&router, PROXY, read, &[(name, "/people")]).await;
        assert_eq!(answer.status, 200);
        assert!(!told(&answer).contains("bystander"), "{name}");
    }
    world.check_invariants().await;
}

#[tokio::test]
async fn an_approver_is_led_to_the_configured_address_by_whomever_it_was_asked_for() {
    let world = company().await;
    let eligibility = world.eligible("user", "Operator").await;
    let user = Browser::of(&world, "user").await;
    let since = world.now().await;
    let asks = user.form("/activations", &format!("assignment={eligibility}&duration=1h"));
    let answer = ask(&behind_a_proxy(&world), PROXY, asks, &CALLED).await;
    assert!(answer.header("location").starts_with("/requests/"), "{}", answer.status);
    told(&answer);
    assert!(mails(&world, since).await >= 2);
}

/// An invitation of somebody whom nobody else is called.
fn invitation(peer: &str) -> String {
    let name = format!("grace-{}", peer.replace('.', "-"));
    format!("name=Grace&user_name={name}&email={name}@example.org")
}

/// An answer as text, which says nothing of what an attacker called us.
fn told(answer: &Answer) -> String {
    let text = String::from_utf8_lossy(&answer.body).into_owned();
    let headers = format!("{:?}", answer.headers);
    assert!(
        !text.contains("evil.example") && !headers.contains("evil.example"),
        "{headers} {text}"
    );
    assert!(!text.contains("http://latchkey"), "{text}");
    text
}

/// How many mails were written since then that lead to us. None leads to anybody else.
async fn mails(world: &World, since: Instant) -> usize {
    let mails: Vec<String> = sqlx::query_scalar(
        "select concat_ws(' ', subject, body, html_body, payload::text) from outbox where created_at >= $1",
    )
    .bind(since)
    .fetch_all(&world.owner)
    .await
    .unwrap();
    for mail in &mails {
        assert!(!mail.contains("evil.example") && !mail.contains("http://"), "{mail}");
    }
    mails.iter().filter(|mail| mail.contains(&*world.app.public_url)).count()
}
