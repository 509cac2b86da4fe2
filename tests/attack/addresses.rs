//! Addresses that are read one way by some and another way by others: paths that lead around a guard (V22), and places to go
//! on to that lie elsewhere (V44).
use std::collections::BTreeSet;

use axum::{
    body::Body,
    http::{Request, Uri},
};
use latchkey::http::pages;
use url::Url;

use super::{Browser, FORM, Half, changed, description, operations, state};
use crate::support::{
    World,
    credentials::PASSWORD,
    http::{Answer, EVERY_SCOPE, call},
    things::{Things, body, company},
};

/// Addresses that a server, or a proxy before it, could take for this one.
fn tricks(address: &str) -> Vec<Uri> {
    let (path, query) =
        address.split_once('?').map_or((address, ""), |(path, query)| (path, query));
    let bare = path.trim_start_matches('/');
    let before = [
        "//",
        "/./",
        "/%2e/",
        "/%2f",
        "/%5c",
        "/;/",
        "/sign-in/../",
        "/static/%2e%2e/",
        "/static/..%2f",
        "/livez/..;/",
        "/api/v1/../../",
        "/problems/..%2f",
    ];
    let after = [
        "/", "/.", "/..", "/%2e%2e", ".", "%2e", ";", ";x=y", "/;x", "%00", "%00.css", "%0a",
        "%20", "%2f", "%5c", "%23", ".json", "/static", "%c0%ae", "%ff",
    ];
    let mut tricks: Vec<String> = before.iter().map(|start| format!("{start}{bare}")).collect();
    tricks.extend(after.iter().map(|end| format!("{path}{end}")));
    tricks.push(path.replacen('/', "//", 2));
    tricks.push(path.replace('/', "/./"));
    tricks.push(format!("/{}", bare.replace('/', "%2f")));
    tricks.push(in_capitals(path));
    tricks.push(escaped(path));
    tricks
        .into_iter()
        .filter(|trick| trick.starts_with('/') && trick != path)
        .map(|trick| if query.is_empty() { trick } else { format!("{trick}?{query}") })
        // What is no address at all, the server refuses before anybody looks at it.
        .filter_map(|trick| trick.parse().ok())
        .collect()
}

/// The words of a path in capitals; ids are the same in either case.
fn in_capitals(path: &str) -> String {
    let steps = path.split('/').map(|step| {
        if step.contains(|letter: char| letter.is_ascii_digit()) {
            step.to_owned()
        } else {
            step.to_uppercase()
        }
    });
    steps.collect::<Vec<_>>().join("/")
}

/// The same path with the first letter of its first word escaped.
fn escaped(path: &str) -> String {
    match path.as_bytes().get(1) {
        Some(first) => format!("/%{first:02x}{}", &path[2..]),
        None => path.to_owned(),
    }
}

/// Whether an answer shows nothing: it is refused, or whoever asked is to sign in first.
fn is_kept_out(answer: &Answer) -> bool {
    let to_sign_in = answer.header("location").starts_with("/sign-in?next=");
    (400..500).contains(&answer.status) || (answer.status == 303 && to_sign_in)
}

/// Whether a browser that is on one of our pages stays with us when it is sent there.
fn leads_to_us(to: &str) -> bool {
    let page = Url::parse("https://latchkey.example.org/sign-in/code").unwrap();
    page.join(to).is_ok_and(|found| found.origin() == page.origin() && found.username().is_empty())
}

#[tokio::test]
async fn no_page_opens_by_another_spelling_of_its_address() {
    let world = company().await;
    let things = Things::of(&world).await;
    let admin = Browser::of(&world, "admin").await;
    let before = state(&world).await;
    let (mut tried, mut wrong) = (0, Vec::new());
    let paths: BTreeSet<_> = pages::routes().list().iter().map(|(_, path)| *path).collect();
    for path in paths {
        let address = things.fill(path);
        let plain = Request::get(&address).body(Body::empty()).unwrap();
        // What everybody may see needs no guard.
        if world.send(plain).await.status == 200 {
            continue;
        }
        for trick in tricks(&address) {
            let nobody = Request::get(trick.clone()).body(Body::empty()).unwrap();
            for (who, request) in [("nobody", nobody), ("admin", admin.read(&trick.to_string()))] {
                let answer = world.send(request).await;
                if !is_kept_out(&answer) {
                    let to = answer.header("location");
                    wrong.push(format!("{who}: {path} as {trick}: {} {to}", answer.status));
                }
                tried += 1;
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert!(tried > 5000, "{tried}");
    assert_eq!(changed(&before, &state(&world).await), Vec::<String>::new());
}

#[tokio::test]
async fn no_form_acts_by_another_spelling_of_its_address() {
    let world = company().await;
    let things = Things::of(&world).await;
    let admin = Browser::of(&world, "admin").await;
    let before = state(&world).await;
    for (_, path) in pages::routes().list().iter().filter(|(method, _)| method == "POST") {
        for trick in tricks(&things.fill(path)) {
            let request = admin.form(&trick.to_string(), "justification=x&name=x&reason=x");
            let answer = world.send(request).await;
            assert!((400..500).contains(&answer.status), "{path} as {trick}: {}", answer.status);
        }
    }
    assert_eq!(changed(&before, &state(&world).await), Vec::<String>::new());
}

#[tokio::test]
async fn no_operation_of_the_api_is_reached_by_another_spelling_of_its_address() {
    let world = company().await;
    let things = Things::of(&world).await;
    let admin = world.access_token("admin", &EVERY_SCOPE).await;
    let description = description();
    let before = state(&world).await;
    let (mut tried, mut wrong) = (0, Vec::new());
    for (method, path, _) in operations(&description) {
        let sent = body(method, path, 0, &things);
        for trick in tricks(&format!("/api{}", things.fill(path))) {
            for token in ["", &admin] {
                let mut request = call(method, "", token, sent.as_ref());
                *request.uri_mut() = trick.clone();
                let answer = world.send(request).await;
                if !(400..500).contains(&answer.status) {
                    wrong.push(format!("{method} {path} as {trick}: {}", answer.status));
                }
                tried += 1;
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert!(tried > 5000, "{tried}");
    assert_eq!(changed(&before, &state(&world).await), Vec::<String>::new());
}

/// Where somebody wants others to go on to, as it stands in a form.
const ELSEWHERE: &[&str] = &[
    "//evil.example",
    "//evil.example/%2f..",
    "///evil.example",
    "////evil.example",
    "/\\evil.example",
    "\\/evil.example",
    "\\\\evil.example",
    "/\t/evil.example",
    "/%09/evil.example",
    "/\n/evil.example",
    "\t//evil.example",
    " //evil.example",
    "/ /evil.example",
    "https:evil.example",
    "https:/evil.example",
    "https://evil.example",
    "HTTPS://evil.example",
    "https://latchkey.example.org@evil.example",
    "https://latchkey.example.org:x@evil.example/",
    "https://latchkey.example.org.evil.example",
    "//latchkey.example.org@evil.example",
    "/%5cevil.example",
    "/@evil.example",
    "@evil.example",
    ".evil.example",
    "javascript:alert(1)",
    "data:text/html,x",
    "/x\r\nlocation: https://evil.example",
    "/\u{2028}/evil.example",
    "/sign-in?next=//evil.example",
];

fn encoded(text: &str) -> String {
    url::form_urlencoded::byte_serialize(text.as_bytes()).collect()
}

/// Where an answer leads: by its header, and by what its forms carry on.
fn leads(answer: &Answer) -> Vec<String> {
    let header = answer.headers.get("location");
    let header = header.map(|to| String::from_utf8_lossy(to.as_bytes()).into_owned());
    let page = String::from_utf8_lossy(&answer.body).into_owned();
    let carried = page.split("name=\"next\" value=\"").skip(1);
    let carried = carried.filter_map(|rest| rest.split('"').next()).map(as_typed);
    header.into_iter().chain(carried).collect()
}

/// The text that a page shows.
fn as_typed(shown: &str) -> String {
    [
        ("&#34;", "\""),
        ("&quot;", "\""),
        ("&#39;", "'"),
        ("&lt;", "<"),
        ("&gt;", ">"),
        ("&#60;", "<"),
        ("&#62;", ">"),
        ("&#38;", "&"),
        ("&amp;", "&"),
    ]
    .iter()
    .fold(shown.to_owned(), |shown, (mark, letter)| shown.replace(mark, letter))
}

/// Fails if an answer, or the form in it, leads away from us.
fn stays(answer: &Answer, told: &str) {
    assert!(answer.status < 500, "{told}: {}", answer.status);
    for to in leads(answer) {
        assert!(leads_to_us(&to), "{told} leads to {to}");
        // The next step is told where to go on to in the query; that must stay with us as well.
        let next = Url::parse("https://latchkey.example.org").unwrap().join(&to).unwrap();
        let goes_on = next.path().starts_with("/sign-in");
        for (name, value) in next.query_pairs().filter(|(name, _)| goes_on && name == "next") {
            // Somebody who was sent to such an address is asked again, and goes nowhere with it.
            let by_hand = to.starts_with("/sign-in?next=//");
            assert!(by_hand || leads_to_us(&value), "{told} goes on to {name}={value}");
        }
    }
}

#[tokio::test]
async fn nobody_is_sent_elsewhere_on_their_way_in() {
    let world = World::new().await;
    world.person("ada").await;
    let ada = world.enrol("ada").await;
    for elsewhere in ELSEWHERE.iter().copied() {
        let next = encoded(elsewhere);
        let ask = |request: Request<Body>| world.send(request);
        for page in ["/sign-in", "/sign-in/code", "/", "/account"] {
            let read = Request::get(format!("{page}?next={next}")).body(Body::empty()).unwrap();
            stays(&ask(read).await, &format!("{page} with {elsewhere:?}"));
        }
        let post = |path: &str, cookie: &str, fields: String| {
            Request::post(path)
                .header("content-type", FORM)
                .header("cookie", cookie)
                .body(Body::from(fields))
                .unwrap()
        };
        let wrong = format!("user_name=ada&password=no&next={next}");
        stays(&ask(post("/sign-in", "", wrong)).await, &format!("a wrong password, {elsewhere:?}"));

        let right = format!("user_name=ada&password={}&next={next}", encoded(PASSWORD));
        let begun = ask(post("/sign-in", "", right)).await;
        assert_eq!(begun.status, 303);
        stays(&begun, &format!("a password, {elsewhere:?}"));
        let half_way = Half::of(&world, &begun);
        let asks = format!("/sign-in/code?next={next}");
        let read = Request::get(asks).header("cookie", &half_way.cookie);
        let asked = ask(read.body(Body::empty()).unwrap()).await;
        assert_eq!(asked.status, 200);
        stays(&asked, &format!("the page for a code, {elsewhere:?}"));

        let wrong = format!("csrf={}&code=1&next={next}", half_way.form_token);
        let refused = ask(post("/sign-in/code", &half_way.cookie, wrong)).await;
        stays(&refused, &format!("a wrong code, {elsewhere:?}"));
        // Wrong codes delay nobody for longer.
        world.advance_seconds(20 * 60).await;
        let begun =
            ask(post("/sign-in", "", format!("user_name=ada&password={}", encoded(PASSWORD))));
        let half_way = Half::of(&world, &begun.await);
        let code = world.next_code(&ada).await;
        let right = format!("csrf={}&code={code}&next={next}", half_way.form_token);
        let signed_in = ask(post("/sign-in/code", &half_way.cookie, right)).await;
        assert_eq!(signed_in.status, 303, "{elsewhere:?}");
        stays(&signed_in, &format!("a code, {elsewhere:?}"));
    }
}

#[tokio::test]
async fn nobody_is_sent_elsewhere_by_a_form_that_leads_back() {
    let world = company().await;
    Things::of(&world).await;
    let admin = Browser::of(&world, "admin").await;
    let waiting = "select id from outbox where sent_at is null order by id limit 1";
    let waiting: uuid::Uuid = sqlx::query_scalar(waiting).fetch_one(&world.owner).await.unwrap();
    let again = format!("/deliveries/{waiting}/resend");
    for elsewhere in ELSEWHERE.iter().copied() {
        let next = encoded(elsewhere);
        let themed = world.send(admin.form("/theme", &format!("theme=dark&next={next}"))).await;
        assert_eq!(themed.status, 303, "{elsewhere:?}");
        stays(&themed, &format!("the theme, {elsewhere:?}"));
        // The page that says so carries its own address on, whatever is in it.
        let read = world.send(admin.read(&format!("/account?next={next}&back={next}"))).await;
        stays(&read, &format!("a page, {elsewhere:?}"));
        let sent = world.send(admin.form(&again, &format!("back={next}"))).await;
        assert_eq!(sent.status, 303, "{elsewhere:?}");
        stays(&sent, &format!("a notice sent again, {elsewhere:?}"));
        // Whoever has to sign in first comes back to where they were, and nowhere else.
        let wanted = elsewhere.parse::<Uri>().ok().filter(|_| elsewhere.starts_with('/'));
        if let Some(wanted) = wanted {
            let turned_away = Request::get(wanted).body(Body::empty()).unwrap();
            stays(&world.send(turned_away).await, &format!("asking for {elsewhere:?}"));
        }
    }
}
