//! Requests that other sites make a browser send, in every mixture of what tells where they come from (V18).
use axum::{
    body::Body,
    http::{Request, request::Builder},
};
use latchkey::http::pages;
use serde_json::json;

use super::{Browser, FORM, changed, description, operations, state};
use crate::support::{
    World,
    http::{Answer, EVERY_SCOPE, call},
    things::{Things, body, company},
};

/// Our own address, as `World` has it.
const OURS: &str = "https://latchkey.example.org";

/// What a browser may say of where a request comes from. Those that look like ours are not.
const ORIGINS: [Option<&str>; 9] = [
    None,
    Some(OURS),
    Some("null"),
    Some("https://evil.example"),
    Some("https://latchkey.example.org.evil.example"),
    Some("https://latchkey.example.org:8443"),
    Some("https://latchkey.example.org/"),
    Some("https://LATCHKEY.example.org"),
    Some("http://latchkey.example.org"),
];
const SITES: [Option<&str>; 6] = [
    None,
    Some("same-origin"),
    Some("none"),
    Some("same-site"),
    Some("cross-site"),
    Some("anything else"),
];

/// Whether what a browser says allows that the request is our own. What says neither is no browser of today, and our forms
/// carry a token.
fn may_be_ours(origin: Option<&str>, site: Option<&str>) -> bool {
    match site {
        Some("same-origin" | "none") => true,
        Some(_) => origin == Some(OURS),
        None => origin.is_none_or(|origin| origin == OURS),
    }
}

/// Says where a request comes from.
fn from(request: Builder, origin: Option<&str>, site: Option<&str>) -> Builder {
    let told = [("origin", origin), ("sec-fetch-site", site)];
    told.into_iter()
        .filter_map(|(name, value)| Some((name, value?)))
        .fold(request, |request, (name, value)| request.header(name, value))
}

/// What must be so of every answer: no other site may read it.
fn stays_here(answer: &Answer, told: &str) {
    let shared = answer.headers.keys().find(|name| name.as_str().starts_with("access-control-"));
    assert_eq!(shared, None, "{told}");
}

#[tokio::test]
async fn a_form_counts_only_if_everything_about_it_says_that_it_is_ours() {
    let world = company().await;
    let user = Browser::of(&world, "user").await;
    let foreign = Browser::of(&world, "other").await.form_token;
    let tokens = [Some(user.form_token.as_str()), Some(foreign.as_str()), Some("x"), None];
    let kinds = [
        Some(FORM),
        Some("multipart/form-data; boundary=x"),
        Some("application/json"),
        Some("text/plain"),
        None,
    ];
    let (mut taken, mut before) = (0, state(&world).await);
    for (origin, site) in ORIGINS.iter().flat_map(|origin| SITES.map(|site| (*origin, site))) {
        for (token, kind) in tokens.iter().flat_map(|token| kinds.map(|kind| (*token, kind))) {
            let told = format!("origin {origin:?}, site {site:?}, token {token:?}, {kind:?}");
            // The first of each is the one that may be taken, and then it changes something.
            let zone = if taken % 2 == 0 { "Europe/Copenhagen" } else { "Europe/Berlin" };
            let carried = token.map(|token| format!("csrf={token}&")).unwrap_or_default();
            let fields = format!("{carried}language=en&time_zone={zone}");
            let request = from(user.ask("POST", "/account/language"), origin, site);
            let request =
                kind.into_iter().fold(request, |it, kind| it.header("content-type", kind));
            let answer = world.send(request.body(Body::from(fields)).unwrap()).await;
            stays_here(&answer, &told);
            let expected = match (may_be_ours(origin, site), kind == Some(FORM), token == tokens[0])
            {
                (true, true, true) => 303,
                (true, false, _) => 415,
                (false, ..) | (true, true, false) => 403,
            };
            assert_eq!(answer.status, expected, "{told}");
            if expected == 303 {
                let after = state(&world).await;
                assert_ne!(changed(&before, &after), Vec::<String>::new(), "{told}");
                (taken, before) = (taken + 1, after);
            }
        }
        let tables = changed(&before, &state(&world).await);
        assert!(tables.is_empty(), "{origin:?} {site:?}: {tables:?}");
    }
    assert!(taken > 10, "{taken}");
    world.check_invariants().await;
}

#[tokio::test]
async fn a_form_is_sent_as_a_form_and_by_no_other_method() {
    let world = company().await;
    let user = Browser::of(&world, "user").await;
    let fields = format!("csrf={}&language=da&time_zone=", user.form_token);
    let before = state(&world).await;
    for (method, expected) in [("PUT", 405), ("PATCH", 405), ("DELETE", 405), ("GET", 303)] {
        let asked = format!("/account/language?{fields}");
        let request = user.ask(method, &asked).header("content-type", FORM);
        let answer = world.send(request.body(Body::from(fields.clone())).unwrap()).await;
        assert_eq!(answer.status, expected, "{method}");
        stays_here(&answer, method);
        // What such a request may not do it may not do by another name either.
        for name in ["x-http-method-override", "x-method-override", "x-http-method"] {
            let request = user.ask("GET", &asked).header(name, method);
            let answer = world.send(request.body(Body::empty()).unwrap()).await;
            assert_eq!(answer.status, 303, "{name}: {method}");
        }
    }
    assert_eq!(changed(&before, &state(&world).await), Vec::<String>::new());
}

#[tokio::test]
async fn no_form_is_taken_from_another_site_even_with_the_right_token() {
    let world = company().await;
    let things = Things::of(&world).await;
    let admin = Browser::of(&world, "admin").await;
    let before = state(&world).await;
    for (method, path) in pages::routes().list() {
        if method != "POST" {
            continue;
        }
        for (origin, site) in [
            (None, Some("cross-site")),
            (None, Some("same-site")),
            (Some("null"), None),
            (Some("https://evil.example"), None),
            (Some("https://evil.example"), Some("cross-site")),
        ] {
            let told = format!("{path} {origin:?} {site:?}");
            let request = from(admin.ask("POST", &things.fill(path)), origin, site);
            let fields = format!("csrf={}&justification=x&name=x", admin.form_token);
            let request = request.header("content-type", FORM).body(Body::from(fields));
            let answer = world.send(request.unwrap()).await;
            assert_eq!(answer.status, 403, "{told}");
            stays_here(&answer, &told);
        }
    }
    assert_eq!(changed(&before, &state(&world).await), Vec::<String>::new());
}

#[tokio::test]
async fn a_file_is_taken_with_the_token_of_its_own_session_only() {
    let world = company().await;
    let admin = Browser::of(&world, "admin").await;
    let foreign = Browser::of(&world, "second").await.form_token;
    let file = "content-disposition: form-data; name=\"file\"; filename=\"a.csv\"\r\n\r\nuser,role\nbystander,Reader\n";
    let token =
        |token: &str| format!("content-disposition: form-data; name=\"csrf\"\r\n\r\n{token}");
    let parts = |parts: &[&str]| {
        let parts: Vec<_> = parts.iter().map(|part| format!("--x\r\n{part}\r\n")).collect();
        format!("{}--x--\r\n", parts.concat())
    };
    let (right, wrong) = (token(&admin.form_token), token(&foreign));
    for (expected, sent, site) in [
        (403, parts(&[file]), None),
        (403, parts(&[&wrong, file]), None),
        (403, parts(&[file, &right]), None),
        (403, parts(&[&right, file]), Some("cross-site")),
        (303, parts(&[&right, file]), Some("same-origin")),
    ] {
        let before = state(&world).await;
        let request = from(admin.ask("POST", "/inventory/imports"), None, site)
            .header("content-type", "multipart/form-data; boundary=x");
        let answer = world.send(request.body(Body::from(sent.clone())).unwrap()).await;
        assert_eq!(answer.status, expected, "{site:?} {sent}");
        let tables = changed(&before, &state(&world).await);
        assert_eq!(tables.is_empty(), expected == 403, "{tables:?}");
    }
}

#[tokio::test]
async fn the_api_takes_no_cookie_wherever_it_comes_from() {
    let world = company().await;
    let things = Things::of(&world).await;
    let admin = Browser::of(&world, "admin").await;
    let description = description();
    let before = state(&world).await;
    for (method, path, _) in operations(&description) {
        for (origin, site) in [
            (None, None),
            (Some(OURS), Some("same-origin")),
            (Some("https://evil.example"), Some("cross-site")),
        ] {
            let told = format!("{method} {path} {origin:?}");
            let sent = body(method, path, 0, &things).unwrap_or_default();
            let address = format!("/api{}", things.fill(path));
            let request = from(admin.ask(&method.to_uppercase(), &address), origin, site)
                .header("content-type", "application/json");
            let answer = world.send(request.body(Body::from(sent.to_string())).unwrap()).await;
            let foreign = site == Some("cross-site") && method != "get";
            assert_eq!(answer.status, if foreign { 403 } else { 401 }, "{told}");
            stays_here(&answer, &told);
        }
    }
    let grant = format!("grant_type=client_credentials&csrf={}", admin.form_token);
    let request = admin.ask("POST", "/oauth/token").header("content-type", FORM);
    let answer = world.send(request.body(Body::from(grant)).unwrap()).await;
    assert!([400, 401].contains(&answer.status), "{}", answer.status);
    stays_here(&answer, "/oauth/token");
    assert_eq!(changed(&before, &state(&world).await), Vec::<String>::new());
}

#[tokio::test]
async fn the_api_reads_json_alone_and_nothing_that_a_page_elsewhere_sends() {
    let world = company().await;
    let things = Things::of(&world).await;
    let token = world.access_token("admin", &EVERY_SCOPE).await;
    let description = description();
    let before = state(&world).await;
    for (method, path, operation) in operations(&description) {
        let Some(sent) = body(method, path, 0, &things) else { continue };
        let address = things.fill(path);
        if operation["requestBody"].is_object() {
            for kind in [
                FORM,
                "multipart/form-data; boundary=x",
                "text/plain",
                "text/json",
                "application/x-json",
                "",
            ] {
                let mut request = call(method, &address, &token, Some(&sent));
                request.headers_mut().insert("content-type", kind.parse().unwrap());
                let answer = world.send(request).await;
                assert_eq!(answer.status, 415, "{method} {path} {kind:?}");
                stays_here(&answer, path);
            }
        }
        for (name, value) in [("sec-fetch-site", "cross-site"), ("origin", "https://evil.example")]
        {
            let mut request = call(method, &address, &token, Some(&sent));
            request.headers_mut().insert(name, value.parse().unwrap());
            let answer = world.send(request).await;
            assert_eq!(answer.status, 403, "{method} {path} {name}");
        }
    }
    assert_eq!(changed(&before, &state(&world).await), Vec::<String>::new());

    let kind = "Application/JSON; charset=utf-8";
    let checks = json!({ "checks": [{ "role": world.role_id("Reader") }] });
    let mut request = call("post", "/v1/access/check", &token, Some(&checks));
    request.headers_mut().insert("content-type", kind.parse().unwrap());
    assert_eq!(world.send(request).await.status, 200);
}

#[tokio::test]
async fn no_other_site_is_allowed_to_ask_or_to_read() {
    let world = company().await;
    let things = Things::of(&world).await;
    let admin = Browser::of(&world, "admin").await;
    let description = description();
    let mut addresses: Vec<_> = operations(&description)
        .iter()
        .map(|(_, path, _)| format!("/api{}", things.fill(path)))
        .collect();
    addresses.extend(pages::routes().list().iter().map(|(_, path)| things.fill(path)));
    addresses.extend(
        ["/api/openapi.json", "/oauth/token", "/livez", "/readyz", "/csp-reports", "/nothing"]
            .map(str::to_owned),
    );
    for address in addresses {
        for origin in ["https://evil.example", "null", OURS] {
            let asks = admin
                .ask("OPTIONS", &address)
                .header("origin", origin)
                .header("access-control-request-method", "POST")
                .header("access-control-request-headers", "authorization, content-type");
            stays_here(&answered(&world, asks).await, &address);
            let reads = admin.ask("GET", &address).header("origin", origin);
            stays_here(&answered(&world, reads).await, &address);
        }
    }
}

async fn answered(world: &World, request: Builder) -> Answer {
    let request: Request<Body> = request.body(Body::empty()).unwrap();
    world.send(request).await
}
