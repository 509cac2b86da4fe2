//! Every route, asked by everybody: `routes.txt` says what each of them may expect.
//!
//! A route that is missing from the table fails the test, and so does one that the table alone knows.
use std::{collections::BTreeMap, fmt::Write as _, fs, path::Path};

use axum::{
    body::Body,
    http::{Method, Request},
};
use latchkey::{
    domain::percent,
    http::{api, pages},
};

use crate::support::{
    World,
    http::{EVERY_SCOPE, call},
    things::{Things, body, company},
};

/// Who asks, in the order of the table's columns. Whoever may do most comes last.
const ASKERS: [&str; 6] = ["", "user", "approver", "other", "auditor", "admin"];

#[tokio::test]
async fn every_api_route_answers_everybody_as_the_table_says() {
    let world = company().await;
    let things = Things::of(&world).await;
    let mut tokens = Vec::new();
    for name in ASKERS {
        tokens.push(match name {
            "" => String::new(),
            name => world.access_token(name, &EVERY_SCOPE).await,
        });
    }
    let description = serde_json::to_value(api::description()).unwrap();
    let mut found = BTreeMap::new();
    let mut paths: Vec<_> = description["paths"].as_object().unwrap().iter().collect();
    // The request waits for as long as somebody could still do something about it.
    paths.sort_by_key(|(path, _)| path.ends_with("/cancel"));
    for (path, item) in paths {
        for method in item.as_object().unwrap().keys() {
            let mut row = Vec::new();
            for (asker, token) in tokens.iter().enumerate() {
                let body = body(method, path, asker, &things);
                let request = call(method, &things.fill(path), token, body.as_ref());
                row.push(world.send(request).await.status);
            }
            found.insert(format!("{method} /api{path}"), row);
        }
    }
    compare("/api", &found);
    world.check_invariants().await;
}

#[tokio::test]
async fn every_page_answers_everybody_as_the_table_says() {
    let world = company().await;
    let things = Things::of(&world).await;
    let mut cookies = Vec::new();
    for name in ASKERS {
        cookies.push(match name {
            "" => String::new(),
            name => format!("__Host-latchkey={}", &*world.signed_in(name).await.1.reveal()),
        });
    }
    let mut found = BTreeMap::new();
    for (method, path) in pages::routes().list() {
        let mut row = Vec::new();
        for cookie in &cookies {
            row.push(visit(&world, method, &things.fill(path), cookie).await);
        }
        found.insert(format!("{} {path}", method.as_str().to_lowercase()), row);
    }
    compare("/", &found);
    world.check_invariants().await;
}

#[tokio::test]
async fn whoever_reloads_a_form_that_was_refused_gets_the_page_it_belongs_to() {
    let world = World::new().await;
    for (form, page) in [
        ("/requests/7/decision", "/requests/7"),
        ("/requests/7/decision?decision=approve", "/requests/7"),
        ("/deliveries/ways/mail/test", "/deliveries"),
        ("/policy/plan", "/policy"),
        ("/activations", "/"),
        ("/theme", "/"),
    ] {
        let read = Request::get(form).body(Body::empty()).unwrap();
        let answer = world.send(read).await;
        assert_eq!((answer.status, answer.header("location")), (303, page), "{form}");
    }
}

#[tokio::test]
async fn whoever_is_no_longer_signed_in_is_told_so_and_comes_back_to_where_they_were() {
    let world = World::new().await;
    world.person("ada").await;
    let (_, session) = world.signed_in("ada").await;
    let cookie = format!("__Host-latchkey={}", &*session.reveal());
    world.advance_seconds(30 * 86_400).await;
    let form = "/requests/7/decision";
    let page = format!("{}/requests/7?from=mail", world.app.public_url);
    for (method, path, cookie, referer, next, over) in [
        ("GET", "/requests?view=all", "", "", "/requests?view=all", false),
        ("GET", "/requests?view=all", &*cookie, "", "/requests?view=all", true),
        ("POST", form, "", "", form, true),
        ("POST", form, &*cookie, &*page, "/requests/7?from=mail", true),
        ("POST", form, "", "https://evil.example/requests/7", form, true),
    ] {
        let request = Request::builder().method(method).uri(path);
        let request = request.header("cookie", cookie).header("referer", referer);
        let answer = world.send(request.body(Body::empty()).unwrap()).await;
        let said = if over { "&done=session-over" } else { "" };
        let expected = format!("/sign-in?next={}{said}", percent::encode(next));
        assert_eq!((answer.status, answer.header("location")), (303, &*expected), "{path}");
        let answer = world.send(Request::get(expected).body(Body::empty()).unwrap()).await;
        let page = String::from_utf8(answer.body.to_vec()).unwrap();
        assert_eq!(page.contains("Your session is over."), over, "{page}");
    }
}

/// Asks as a browser; what acts is sent without the token that our own forms carry.
async fn visit(world: &World, method: &Method, path: &str, cookie: &str) -> u16 {
    let request = Request::builder()
        .method(method)
        .uri(path)
        .header("cookie", cookie)
        .header("content-type", "application/x-www-form-urlencoded")
        .body(Body::from("justification=x"));
    world.send(request.unwrap()).await.status
}

/// Fails with the rows as they are, to be looked at and, if they are right, put into the table.
fn compare(face: &str, found: &BTreeMap<String, Vec<u16>>) {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/routes.txt");
    let table = fs::read_to_string(file).unwrap();
    let expected: BTreeMap<_, _> = table
        .lines()
        .filter(|line| !line.starts_with('#') && !line.is_empty())
        .map(|line| line.split_once("  ").unwrap())
        .map(|(route, row)| {
            (route.to_owned(), row.split_whitespace().collect::<Vec<_>>().join(" "))
        })
        .filter(|(route, _)| route.contains(" /api/") == (face == "/api"))
        .collect();
    let mut wrong = String::new();
    for (route, row) in found {
        let row = row.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ");
        if expected.get(route) != Some(&row) {
            writeln!(wrong, "{route:60}  {row}").unwrap();
        }
    }
    for route in expected.keys().filter(|route| !found.contains_key(*route)) {
        writeln!(wrong, "{route} is in the table alone").unwrap();
    }
    assert!(wrong.is_empty(), "these answers are not those of tests/routes.txt:\n{wrong}");
}
