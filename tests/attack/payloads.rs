//! Tries to have what people write taken for markup, scripts, templates, formulas or commands, wherever it is shown.
use std::collections::BTreeSet;

use futures_util::TryStreamExt as _;
use latchkey::{
    domain::{
        audit::{Filter, Format},
        id::{ChangeRequestId, ImportId, RequestId, ScopeId},
        percent,
        request::Verdict,
        text::{Comment, Description, Justification, Name},
        time::Duration,
    },
    service::{
        activation::Reasons,
        approval::{self, Answer},
        audit, deputy,
        inventory::import,
        outbox::{self, Way},
        remark, role,
        settings::{self, NewTemplate},
    },
};
use serde_json::{Value, json};

use crate::{
    browser::{Browser, Site},
    channel::channel,
    support::{Receiver, World, approved_by, http::EVERY_SCOPE},
};

/// What somebody writes who wants it to be more than text. Markup of theirs has an attribute or a name that tells it from ours.
const PAYLOADS: [&str; 66] = [
    "<script data-payload>alert(1)</script>",
    "\"><script data-payload>alert(2)</script>",
    "<img src=x onerror=alert(3) data-payload>",
    "'><img src=x onerror='alert(4)' data-payload>",
    "<svg/onload=alert(5) data-payload>",
    "</title><script data-payload>alert(6)</script>",
    "</textarea><img src=x onerror=alert(7) data-payload>",
    "<iframe srcdoc=\"<script>alert(8)</script>\" data-payload>",
    "<a href=\"javascript:alert(9)\" data-payload>here</a>",
    "<form action=//evil.example data-payload><input name=code>",
    "<base href=//evil.example/ data-payload>",
    "<meta http-equiv=refresh content=\"0;url=//evil.example\" data-payload>",
    "<style data-payload>body{display:none}</style>",
    "<link rel=stylesheet href=//evil.example data-payload>",
    "<object data=//evil.example data-payload></object>",
    "<input autofocus onfocus=alert(16) data-payload>",
    "<details open ontoggle=alert(17) data-payload>",
    "<math><mi xlink:href=javascript:alert(18) data-payload>",
    "<!-- --><x-payload>--><x-payload>",
    "<x-payload",
    "&lt;x-payload&gt; &amp;amp; &#60;x-payload&#62;",
    "\" onmouseover=alert(22) data-payload=\"",
    "' onfocus=alert(23) autofocus data-payload='",
    "`onerror=alert(24)`",
    "javascript:alert(25)",
    "data:text/html,<script>alert(26)</script>",
    "]]><x-payload/><![CDATA[",
    "\\\"><x-payload>\\'",
    "%3Cscript%3Ealert(29)%3C/script%3E",
    "\\u003cscript\\u003ealert(30)\\u003c/script\\u003e",
    "{{7*7}}",
    "{{ frame.csrf }}",
    "{% include \"layout.html\" %}",
    "${7*7}",
    "#{7*7}",
    "<%= 7*7 %>",
    "{0.__class__}",
    "{0} {}",
    "%s%n%x",
    "%(name)s",
    "$name",
    "{ $name }",
    "{ -brand }",
    "{\"{\"}x{\"}\"}",
    "{ DATETIME($x) }",
    "*[other] x",
    "{number}",
    "' or '1'='1",
    "'; drop table roles; --",
    "\" or \"\"=\"",
    "\\'; select 1; --",
    "x') union select 1 --",
    "%_\\%",
    "=1+1",
    "=HYPERLINK(\"https://evil.example\")",
    "+1+1",
    "-1+1",
    "@SUM(1)",
    "＝2+2",
    "＋2",
    "－2",
    "＠x",
    "@channel @all @here <!channel> <@U1>",
    "[here](https://evil.example) **b** ~s~",
    "<https://evil.example|here>",
    "ß İ ı 🔒 \"quoted\" «so» \\",
];

/// A role and a person who are called so.
const ROLE: &str = "Vault {{7*7}} <img src=x onerror=alert(0) data-payload>";
const ADA: &str = "Ada \"><script data-payload>alert(0)</script> { $name }";
const FILE: &str = "today {{7*7}} <img src=x onerror=alert(0) data-payload>.csv";

/// As many of them as fit into a text of so many characters, one a line.
fn some(most: usize) -> String {
    let mut text = String::new();
    for payload in PAYLOADS {
        if text.chars().count() + payload.chars().count() + 1 < most {
            text = format!("{text}{payload}\n");
        }
    }
    text.trim_end().to_owned()
}

fn all() -> Justification {
    let text = PAYLOADS.join("\n");
    Justification::parse(&text).unwrap()
}

/// What was made of all of it.
struct Filled {
    decided: RequestId,
    waiting: RequestId,
    change: ChangeRequestId,
    import: ImportId,
}

/// Writes them wherever people write. Grace administers everything, and bob approves what ada asks for.
async fn fill(world: &World) -> Filled {
    let [_, bob, carl, _] = world.people(["ada", "bob", "carl", "grace"]).await;
    world.active("grace", "Global Administrator").await;
    sqlx::query("update persons set display_name = $1 where display_name = 'ada'")
        .bind(ADA)
        .execute(&world.owner)
        .await
        .unwrap();
    world
        .role(ROLE, |terms| {
            terms.activation.requires_approval = true;
            terms.activation.stages = approved_by([bob, carl]);
        })
        .await;
    world.role("Night Watch", |_| ()).await;
    names(world).await;
    let (decided, waiting) = requests(world).await;
    deputy(world).await;
    Filled { decided, waiting, change: change(world).await, import: import(world).await }
}

/// Something of every kind, called by each of them.
async fn names(world: &World) {
    let token = world.access_token("grace", &EVERY_SCOPE).await;
    let folder = world.scope("Folder", ScopeId::ROOT, "folder").await;
    let grace = world.actor("grace").await;
    for (number, name) in PAYLOADS.into_iter().enumerate() {
        let (user, about) = (format!("user-{number}"), some(1000));
        for (path, body) in [
            ("/v1/roles", json!({ "name": name, "privileged": false, "description": about })),
            ("/v1/groups", json!({ "name": name, "description": about })),
            (
                "/v1/scopes",
                json!({ "parent": folder, "kind": "system", "name": name, "description": about }),
            ),
            ("/v1/applications", json!({ "name": name, "description": about })),
            (
                "/v1/people",
                json!({ "name": name, "user_name": user, "email": format!("{user}@example.org") }),
            ),
        ] {
            let made = world.ask_api("post", path, &token, Some(&body)).await;
            assert_eq!(made.status, 201, "{path} {name} {}", made.json());
        }
        let new = NewTemplate {
            name: Name::parse(name).unwrap(),
            description: Description::parse(&about).unwrap(),
            settings: role::first_terms(true),
        };
        settings::create(&world.app, &grace, &new).await.unwrap();
    }
}

/// A request that was talked about and denied, and one that waits.
async fn requests(world: &World) -> (RequestId, RequestId) {
    world.eligible("ada", ROLE).await;
    let reasons = Reasons {
        justification: all(),
        ticket_number: "<x-payload>{{7*7}}".parse().unwrap(),
        ticket_system: "=1+1 <x-payload> { $x }".parse().unwrap(),
        ..Reasons::default()
    };
    let (ada, bob) = (world.actor("ada").await, world.actor("bob").await);
    let mut asked = Vec::new();
    for _ in 0..2 {
        let wish = world.wish("ada", ROLE, Duration::hours(1)).await;
        let request = world.ask(&ada, wish, &reasons, None).await.unwrap().request;
        let comment = Comment::parse(&some(2000)).unwrap();
        remark::comment(&world.app, &bob, request, &comment).await.unwrap();
        if asked.is_empty() {
            let code = world.fresh_code("bob").await;
            let answer = Answer { verdict: Verdict::Deny, granted: None, justification: all() };
            approval::decide(&world.app, &bob, request, &answer, &code).await.unwrap();
        }
        asked.push(request);
    }
    (asked[0], asked[1])
}

async fn deputy(world: &World) {
    let wanted = deputy::Wanted {
        deputy: "grace".to_owned(),
        starts_at: None,
        ends_at: world.now().await + Duration::days(7),
        reason: Description::parse(&some(1000)).unwrap(),
    };
    let (bob, code) = (world.actor("bob").await, world.fresh_code("bob").await);
    deputy::name(&world.app, &bob, &wanted, &code).await.unwrap();
}

/// Weaker terms, which wait for a second administrator.
async fn change(world: &World) -> ChangeRequestId {
    let (grace, role) = (world.actor("grace").await, world.role_id(ROLE));
    let shown = settings::show(&world.app, &grace, role, ScopeId::ROOT).await.unwrap().current;
    let mut next = shown.settings;
    next.activation.maximum = Duration::hours(12);
    let why = all();
    let save = settings::Save::whole(role, &next, shown.number, &why);
    match settings::save(&world.app, &grace, &save).await {
        Ok(settings::Outcome::Waits(change)) => change,
        outcome => panic!("{outcome:?}"),
    }
}

/// A file with one of them in every cell.
async fn import(world: &World) -> ImportId {
    let mut file = csv::Writer::from_writer(Vec::new());
    file.write_record(["user", "role", "where", "until"]).unwrap();
    for payload in PAYLOADS {
        file.write_record([payload; 4]).unwrap();
    }
    let file = file.into_inner().unwrap();
    let grace = world.actor("grace").await;
    import::upload(&world.app, &grace, FILE, &file).await.unwrap()
}

/// Text without what browsers make of space.
fn words(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Opens a page, and makes sure that what people wrote is nothing but text on it, and that all of these texts are.
async fn judge(browser: &Browser, path: &str, texts: &[&str]) {
    // What fields hold is no text of the page.
    const TEXT: &str = "[document.title, document.body.textContent,
        ...Array.from(document.querySelectorAll('input, textarea, option'), (it) => it.value)].join('\\n')";
    browser.visit(path).await;
    let noted = browser.evaluate("JSON.stringify(window.noted ?? 'nobody watches')").await;
    assert_eq!(noted, "[]", "{path}");
    let made = browser
        .evaluate("Array.from(document.querySelectorAll('[data-payload], x-payload'), (it) => it.outerHTML).join()");
    assert_eq!(made.await, "", "{path}");
    let text = words(browser.evaluate(TEXT).await.as_str().unwrap_or_default());
    let missing: Vec<_> = texts.iter().filter(|it| !text.contains(&words(it))).collect();
    assert!(missing.is_empty(), "{path} does not show {missing:?}:\n{text}");
}

#[tokio::test]
async fn pages_show_what_people_wrote_as_they_wrote_it_and_do_nothing_else_with_it() {
    let Some(site) = Site::start().await else { return };
    let world = &site.world;
    let Filled { decided, waiting, change, import } = fill(world).await;
    let browser = site.browser().await;
    browser.watch().await;
    site.hand(&browser, &world.signed_in("grace").await.1).await;
    let role = world.role_id(ROLE);
    let ada = world.principal("ada");
    for path in ["/roles", "/groups", "/people", "/applications", "/settings/templates"] {
        judge(&browser, path, &PAYLOADS).await;
    }
    let folder = world.scope_id("Folder");
    judge(&browser, &format!("/resources/{folder}"), &PAYLOADS).await;
    judge(&browser, &format!("/requests/{decided}"), &[&PAYLOADS[..], &[ROLE, ADA]].concat()).await;
    judge(&browser, &format!("/changes/{change}"), &[&PAYLOADS[..], &[ROLE]].concat()).await;
    judge(&browser, &format!("/people/{ada}"), &[ROLE, ADA]).await;
    judge(&browser, &format!("/roles/{role}"), &[ROLE, ADA]).await;
    judge(&browser, &format!("/inventory/imports/{import}"), &[FILE]).await;
    for path in [
        "/",
        "/overview",
        "/resources",
        "/inventory",
        "/inventory/imports",
        "/requests?view=all",
        "/approvals",
        "/audit",
        "/deliveries",
        "/policy",
        "/settings/apply",
        "/people/invite",
        "/applications/new",
        "/roles/new",
    ]
    .map(str::to_owned)
    .into_iter()
    .chain([
        format!("/roles/{role}/settings"),
        format!("/roles/{role}/settings/edit"),
        format!("/roles/{role}/activity"),
        format!("/roles/{role}/change"),
        format!("/roles/{role}/assignments/new"),
        format!("/people/{ada}/extent"),
        format!("/audit/stories/{decided}"),
    ]) {
        judge(&browser, &path, &[]).await;
    }
    for payload in [PAYLOADS[1], PAYLOADS[21], PAYLOADS[30]] {
        judge(&browser, &format!("/search?q={}", percent::encode(payload)), &[payload]).await;
        for path in
            ["/people?search=", "/requests?view=", "/audit?actor=", "/problems/", "/nowhere/"]
        {
            judge(&browser, &format!("{path}{}", percent::encode(payload)), &[]).await;
        }
    }
    site.hand(&browser, &world.signed_in("bob").await.1).await;
    let reason = some(1000);
    judge(&browser, "/account/deputies", &reason.lines().collect::<Vec<_>>()).await;
    judge(&browser, "/approvals", &[ROLE, ADA]).await;
    judge(&browser, &format!("/requests/{waiting}"), &PAYLOADS).await;
}

/// The tags of a text in HTML, with their attributes.
fn tags(html: &str) -> Vec<&str> {
    html.split('<').skip(1).filter_map(|part| part.split('>').next()).collect()
}

/// Every text in a message.
fn texts<'a>(message: &'a Value, found: &mut Vec<&'a str>) {
    match message {
        Value::String(text) => found.push(text),
        Value::Array(all) => all.iter().for_each(|it| texts(it, found)),
        Value::Object(all) => all.values().for_each(|it| texts(it, found)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

#[tokio::test]
async fn mails_chats_and_copies_carry_what_people_wrote_as_text() {
    let receivers = [
        ("webhook", Receiver::start().await),
        ("slack", Receiver::start().await),
        ("teams", Receiver::start().await),
        ("mattermost", Receiver::start().await),
        ("matrix", Receiver::start().await),
    ];
    let mut world = World::new().await;
    let settings = |kind: &str, url: &str| match kind {
        "webhook" => {
            json!({ "kind": kind, "url": url, "secrets": ["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"] })
        }
        "matrix" => {
            json!({ "kind": kind, "homeserver": url, "room": "!a:example.org", "access_token": "x" })
        }
        _ => json!({ "kind": kind, "url": url }),
    };
    let channels = receivers.iter().map(|(kind, it)| channel(kind, settings(kind, &it.url)));
    world.app.channels = channels.collect::<Vec<_>>().into();
    fill(&world).await;
    mails(&world).await;
    for channel in world.app.channels.iter() {
        loop {
            let claims = outbox::claim(&world.app, &channel.name, 20).await.unwrap();
            if claims.is_empty() {
                break;
            }
            for claim in &claims {
                outbox::deliver(&world.app, Way::Channel(channel), claim).await.unwrap();
            }
        }
    }
    let ours = world.app.public_url.to_string();
    for (kind, receiver) in &receivers {
        assert!(receiver.count() > 0, "{kind} was told nothing");
        for taken in receiver.taken() {
            let message = taken.json();
            let mut said = Vec::new();
            texts(&message, &mut said);
            is_harmless(kind, &message, &said, &ours);
        }
    }
    copies(&world).await;
}

/// Fails if a chat of this kind would make more than text of a message.
fn is_harmless(kind: &str, message: &Value, said: &[&str], ours: &str) {
    match kind {
        "slack" => {
            let open = format!("<{ours}/");
            let rest: Vec<_> = said.iter().filter(|text| !text.starts_with(&open)).collect();
            assert!(rest.len() > 1, "{message}");
            assert!(rest.iter().all(|text| !text.contains(['<', '>'])), "{message}");
        }
        "mattermost" => {
            let text = message["text"].as_str().unwrap();
            assert_eq!(text.matches("](").count(), 1, "{text}");
            assert!(
                !["@channel", "@all", "@here", "https://evil"].iter().any(|it| text.contains(it)),
                "{text}"
            );
        }
        "matrix" => {
            let html = message["formatted_body"].as_str().unwrap();
            let link = format!("a href=\"{ours}/");
            let known = ["p", "/p", "strong", "/strong", "ul", "/ul", "li", "/li", "/a"];
            let odd =
                tags(html).into_iter().find(|it| !known.contains(it) && !it.starts_with(&link));
            assert_eq!(odd, None, "{html}");
            assert_eq!(message["m.mentions"], json!({}));
        }
        "teams" => {
            let card = &message["attachments"][0]["content"];
            let actions = card["actions"].as_array().unwrap();
            assert_eq!(actions.len(), 1, "{message}");
            assert!(actions[0]["url"].as_str().unwrap().starts_with(ours), "{message}");
            for block in card["body"].as_array().unwrap() {
                assert_eq!(block["type"], "RichTextBlock", "{message}");
            }
        }
        _ => {
            let link = message["data"]["link"].as_str().unwrap();
            assert!(link.starts_with(ours), "{message}");
        }
    }
}

/// Fails if a mail has markup, a link or a header of somebody's, or says other than what they wrote.
async fn mails(world: &World) {
    let mails: Vec<(String, String, Option<String>)> =
        sqlx::query_as("select subject, body, html_body from outbox where channel is null")
            .fetch_all(&world.owner)
            .await
            .unwrap();
    let mut shown = BTreeSet::new();
    for (subject, body, html) in &mails {
        assert!(!subject.contains(char::is_control), "{subject:?}");
        for payload in PAYLOADS {
            if body.contains(payload) {
                shown.insert(payload);
            }
        }
        for tag in tags(html.as_deref().unwrap_or_default()) {
            assert!(!tag.contains("payload") && !tag.contains("evil"), "{tag:?} in {html:?}");
            assert!(!tag.contains("alert") && !tag.starts_with("script"), "{tag:?} in {html:?}");
        }
    }
    assert!(mails.iter().any(|(subject, ..)| subject.contains("{{7*7}}")), "{mails:?}");
    let missing: Vec<_> = PAYLOADS.iter().filter(|it| !shown.contains(*it)).collect();
    assert!(missing.is_empty(), "no mail says {missing:?} as it was written");
}

/// Fails if a cell of a copy of the log is a formula, or a line for programs is none.
async fn copies(world: &World) {
    world.advance_seconds(1).await;
    while !matches!(audit::seal(&world.app, true).await.unwrap(), audit::Sealed::All(0)) {}
    world.advance_seconds(1).await;
    let grace = world.actor("grace").await;
    for format in [Format::Csv, Format::JsonLines] {
        let copy = audit::export(&world.app, &grace, &Filter::default(), format).await.unwrap();
        let pieces: Vec<Vec<u8>> = copy.into_pieces().try_collect().await.unwrap();
        let text = String::from_utf8(pieces.concat()).unwrap();
        if format == Format::JsonLines {
            let lines: Vec<Value> =
                text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
            assert!(lines.iter().all(Value::is_object));
            continue;
        }
        let mut neutralised = 0;
        for record in csv::Reader::from_reader(text.as_bytes()).records() {
            for cell in &record.unwrap() {
                let begins = |text: &str| {
                    text.starts_with(['=', '+', '-', '@', '\t', '\r', '＝', '＋', '－', '＠'])
                };
                assert!(!begins(cell), "{cell:?}");
                neutralised += usize::from(cell.strip_prefix('\'').is_some_and(begins));
            }
        }
        assert!(neutralised > 0, "names that are formulas are in the log");
    }
}
