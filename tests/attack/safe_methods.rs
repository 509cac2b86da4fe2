//! Links that machines open: reading changes nothing, whoever reads, and however they say why (V7).
use std::{collections::BTreeSet, fmt::Write as _};

use axum::{
    body::Body,
    http::{Request, request::Builder},
};
use latchkey::{
    domain::sign_in::LinkPurpose,
    http::pages,
    secret::Token,
    service::{enrolment, sign_in},
};

use super::{Browser, changed, description, operations, state};
use crate::support::{
    World,
    credentials::{PASSWORD, secret, visitor},
    http::EVERY_SCOPE,
    things::{Things, company},
};

/// What a request shows of whoever sends it: a header, or nothing.
type Shown = Option<(&'static str, String)>;

/// Opens addresses in every way that changes nothing, and fails if one has changed something.
async fn open(world: &World, addresses: &BTreeSet<String>, readers: &[Shown]) -> usize {
    let (mut before, mut asked, mut wrong) = (state(world).await, 0, String::new());
    for address in addresses {
        for shown in readers {
            for request in looks(address, shown.as_ref()) {
                let told = format!("{} {address}", request.method());
                let answer = world.send(request).await;
                assert!(answer.status < 500, "{told}: {}", answer.status);
                asked += 1;
            }
        }
        let after = state(world).await;
        let tables = changed(&before, &after);
        if !tables.is_empty() {
            writeln!(wrong, "{address} has changed {tables:?}").unwrap();
        }
        before = after;
    }
    assert!(wrong.is_empty(), "{wrong}");
    asked
}

/// Reading, as people and as machines do it.
fn looks(address: &str, shown: Option<&(&'static str, String)>) -> Vec<Request<Body>> {
    let mut looks = Vec::new();
    for method in ["GET", "HEAD", "OPTIONS"] {
        for ahead in [false, true] {
            let look = Request::builder().method(method).uri(address);
            let look =
                shown.into_iter().fold(look, |look, (name, value)| look.header(*name, value));
            let look = if ahead { prefetching(look) } else { look };
            looks.push(look.body(Body::empty()).unwrap());
        }
    }
    looks
}

fn prefetching(look: Builder) -> Builder {
    look.header("purpose", "prefetch").header("sec-purpose", "prefetch;prerender")
}

/// Nobody, an approver and an administrator, with what their browsers hold.
async fn browsers(world: &World) -> Vec<Shown> {
    let approver = Browser::of(world, "approver").await;
    let admin = Browser::of(world, "admin").await;
    vec![None, Some(("cookie", approver.cookie)), Some(("cookie", admin.cookie))]
}

/// The browser of somebody who has not come to the end of a sign-in or an enrolment.
fn half_way(secret: &Token) -> Shown {
    Some(("cookie", format!("__Host-latchkey={}", &*secret.reveal())))
}

#[tokio::test]
async fn no_page_changes_anything_when_it_is_read() {
    let world = company().await;
    let things = Things::of(&world).await;
    world.advance_seconds(120).await;
    let readers = browsers(&world).await;
    let mut addresses: BTreeSet<_> =
        pages::routes().list().iter().map(|(_, path)| things.fill(path)).collect();
    let others = ["/livez", "/readyz", "/csp-reports", "/oauth/token", "/static/none"];
    addresses.extend(others.map(str::to_owned));
    let asked = open(&world, &addresses, &readers).await;
    assert!(asked > 2000, "{asked}");
    world.check_invariants().await;
}

#[tokio::test]
async fn no_address_of_the_api_changes_anything_when_it_is_read() {
    let world = company().await;
    let things = Things::of(&world).await;
    world.advance_seconds(120).await;
    let mut readers = vec![None, Some(("cookie", Browser::of(&world, "admin").await.cookie))];
    for name in ["approver", "admin"] {
        let token = world.access_token(name, &EVERY_SCOPE).await;
        readers.push(Some(("authorization", format!("Bearer {token}"))));
    }
    let description = description();
    let mut addresses: BTreeSet<_> = operations(&description)
        .iter()
        .map(|(_, path, _)| format!("/api{}", things.fill(path)))
        .collect();
    addresses.insert("/api/openapi.json".to_owned());
    let asked = open(&world, &addresses, &readers).await;
    assert!(asked > 1500, "{asked}");
    world.check_invariants().await;
}

#[tokio::test]
async fn no_link_that_was_mailed_or_handed_out_does_anything_when_it_is_opened() {
    let world = company().await;
    Things::of(&world).await;
    let enrolled = world.enrol("bystander").await;
    let mut links = mailed(&world).await;
    assert!(links.iter().any(|link| link.starts_with("/requests/")), "{links:?}");
    for (name, purpose) in [("other", LinkPurpose::Invitation), ("user", LinkPurpose::Recovery)] {
        let link = world.link(name, purpose).await;
        links.insert(enrolment::address("", purpose, &link));
    }
    let visitor = visitor("192.0.2.10");
    let invitation = world.link("second", LinkPurpose::Invitation).await.reveal();
    let setting_up =
        enrolment::open(&world.app, &visitor, LinkPurpose::Invitation, &invitation).await.unwrap();
    let signing_in =
        sign_in::begin(&world.app, &visitor, &enrolled.name, &secret(PASSWORD)).await.unwrap();
    let mut readers = browsers(&world).await;
    readers.extend([half_way(&setting_up), half_way(&signing_in)]);
    links.extend(["/welcome", "/welcome/code", "/sign-in/code"].map(str::to_owned));
    open(&world, &links, &readers).await;

    // Opened by so many machines, the link still works for whoever it is for.
    let invited = links.iter().find(|link| link.starts_with("/invitation/")).unwrap();
    let pressed = Request::post(invited).body(Body::empty()).unwrap();
    assert_eq!(world.send(pressed).await.status, 303);
}

/// Where the links in all mails lead.
async fn mailed(world: &World) -> BTreeSet<String> {
    let mails: Vec<String> = sqlx::query_scalar(
        "select body || ' ' || coalesce(html_body, '') from outbox where body is not null",
    )
    .fetch_all(&world.owner)
    .await
    .unwrap();
    let ends = |letter: char| letter.is_whitespace() || "\"'<>()".contains(letter);
    let links = mails.iter().flat_map(|mail| mail.split(&*world.app.public_url).skip(1));
    let paths = links.map(|rest| rest.split(ends).next().unwrap_or_default());
    paths
        .map(|path| path.trim_end_matches(['.', ',']))
        .filter(|path| path.starts_with('/'))
        .map(|path| path.replace("&amp;", "&"))
        .collect()
}
