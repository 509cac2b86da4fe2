//! Tries to guess codes and passwords by spreading the guesses, and to learn from the answers who there is.
use std::{collections::BTreeSet, net::SocketAddr};

use axum::{
    body::Body,
    extract::ConnectInfo,
    http::{Request, header},
};
use latchkey::{
    domain::{
        actor::TokenScope,
        assignment::AssignmentKind,
        id::{
            AssignmentId, ChangeRequestId, ConversionId, ImportId, PrincipalId, RequestId, ScopeId,
        },
        percent,
        request::Verdict,
        settings::Authentication,
        text::Name,
        time::Duration,
    },
    error::Error,
    secret::{Token, TokenKind},
    service::{
        access_token,
        activation::{self, Reasons},
        application::{self, NewSecret},
        approval::{self, Answer},
        assignment::{self, Assign, Bulk, Operation},
        change_request::{self, Amended},
        credential, deputy,
        inventory::{conversion, import},
        policy::{self, Apply},
        settings, sign_in,
    },
};
use regex::Regex;

use super::FORM;
use crate::support::{
    World, approved_by,
    credentials::{PASSWORD, secret, visitor},
    http::Answer as Told,
    reason,
};

const HOUR: Duration = Duration::hours(1);
/// Six digits that are wrong in all but two of a million cases.
const WRONG: &str = "000000";
const ANOTHER: &str = "eight candles on the landing";

/// Where a code is entered: in signing in, and for each act that asks for one.
const PLACES: [&str; 17] = [
    "sign_in",
    "activate",
    "extend",
    "approve",
    "deny",
    "assign",
    "apply_policy",
    "rehearse",
    "import",
    "decide_change",
    "change_assignment",
    "name_deputy",
    "change_password",
    "replace_authenticator",
    "renew_recovery_codes",
    "create_access_token",
    "credential_application",
];

/// What ada could do with a code.
struct Things {
    request: RequestId,
    running: AssignmentId,
    standing: AssignmentId,
    conversion: ConversionId,
    import: ImportId,
    change: ChangeRequestId,
    application: PrincipalId,
}

/// Ada, who signed in and may do everything that a code is asked for.
async fn company() -> (World, Things) {
    let world = World::new().await;
    let [ada, ..] = world.people(["ada", "bob", "root"]).await;
    world.enrol("ada").await;
    world.active("ada", "Global Administrator").await;
    world.active("root", "Global Administrator").await;
    for role in ["Operator", "Clerk", "Keeper"] {
        world
            .role(role, |terms| {
                terms.activation.authentication = Authentication::Mfa;
                terms.eligible.requires_mfa = role == "Operator";
            })
            .await;
    }
    world
        .role("Vault", |terms| {
            terms.activation.requires_approval = true;
            terms.activation.stages = approved_by([ada]);
        })
        .await;
    world.role("Plain", |_| ()).await;
    world.eligible("ada", "Operator").await;
    world.eligible("ada", "Clerk").await;
    world.eligible("bob", "Vault").await;
    let request = world.activate("bob", "Vault", HOUR).await.unwrap().request;
    let (actor, code) = (world.actor("ada").await, world.fresh_code("ada").await);
    let wish = world.wish("ada", "Operator", HOUR).await;
    let running = world.ask(&actor, wish, &Reasons::default(), Some(&code)).await.unwrap();
    let standing = world.active("ada", "Keeper").await;
    let root = world.actor("root").await;
    let begun = conversion::start(&world.app, &root, &[standing], &reason(), None).await.unwrap();
    let file = "user,role\nbob,Plain\n".as_bytes();
    let things = Things {
        request,
        running: running.assignment.unwrap(),
        standing: world.eligible("bob", "Clerk").await,
        conversion: begun.into_iter().next().unwrap().outcome.unwrap(),
        import: import::upload(&world.app, &actor, "today.csv", file).await.unwrap(),
        change: change(&world).await,
        application: world.register("root", "Pipeline", &["ada"]).await.unwrap(),
    };
    (world, things)
}

/// Weaker terms of a role, which wait for somebody else than root.
async fn change(world: &World) -> ChangeRequestId {
    let (root, role) = (world.actor("root").await, world.role_id("Plain"));
    let shown = settings::show(&world.app, &root, role, ScopeId::ROOT).await.unwrap().current;
    let mut next = shown.settings;
    next.activation.maximum = Duration::hours(12);
    let why = reason();
    let save = settings::Save::whole(role, &next, shown.number, &why);
    match settings::save(&world.app, &root, &save).await {
        Ok(settings::Outcome::Waits(change)) => change,
        outcome => panic!("{outcome:?}"),
    }
}

/// Lets ada enter a code in one place.
async fn enter(world: &World, things: &Things, place: &str, code: &str) -> Result<(), Error> {
    let (app, ada, why) = (&world.app, &world.actor("ada").await, reason());
    let bob = world.principal("bob");
    let some = Some(code);
    match place {
        "sign_in" => {
            let visitor = visitor("192.0.2.1");
            let flow = sign_in::begin(app, &visitor, "ada", &secret(PASSWORD)).await?;
            sign_in::finish(app, &visitor, &flow, code).await.map(drop)
        }
        "activate" => {
            let wish = world.wish("ada", "Clerk", HOUR).await;
            world.ask(ada, wish, &Reasons::default(), some).await.map(drop)
        }
        "extend" => {
            // Longer than it runs already: a code is only looked at for what could be given.
            let (reasons, longer) = (Reasons::default(), Duration::hours(2));
            activation::extend(app, ada, things.running, longer, &reasons, some).await.map(drop)
        }
        "approve" | "deny" => {
            let verdict = if place == "deny" { Verdict::Deny } else { Verdict::Approve };
            let answer = Answer { verdict, granted: None, justification: why };
            approval::decide(app, ada, things.request, &answer, code).await.map(drop)
        }
        "assign" => {
            let wanted = Assign {
                principals: vec![bob],
                role: world.role_id("Operator"),
                scope: ScopeId::ROOT,
                kind: AssignmentKind::Eligible,
                starts_at: None,
                ends_at: None,
                justification: why,
            };
            assignment::assign(app, ada, &wanted, some).await.map(drop)
        }
        "apply_policy" => {
            let text = "[[scope]]\npath = \"Production\"\nkind = \"folder\"\n";
            let files = [("scopes.toml".to_owned(), text.to_owned())].into_iter().collect();
            let code = some.map(str::to_owned);
            let wanted = Apply { files, prune: false, reason: why, code, seen: None };
            policy::apply(app, ada, &wanted).await.map(drop)
        }
        "rehearse" => {
            let reasons = Reasons { justification: why, ..Reasons::default() };
            conversion::rehearse(app, ada, things.conversion, HOUR, &reasons, some).await
        }
        "import" => import::confirm(app, ada, things.import, true, some).await.map(drop),
        "decide_change" => {
            let answer =
                change_request::Answer { agree: true, reason: why, amended: Amended::default() };
            change_request::decide(app, ada, things.change, &answer, code).await
        }
        "change_assignment" => {
            let assignments = vec![things.standing];
            let bulk = Bulk { assignments, operation: Operation::Remove, reason: why };
            assignment::change_many(app, ada, &bulk, code).await.map(drop)
        }
        "name_deputy" => {
            let wanted = deputy::Wanted {
                deputy: "bob".to_owned(),
                starts_at: None,
                ends_at: world.now().await + Duration::days(14),
                reason: "At sea".parse().unwrap(),
            };
            deputy::name(app, ada, &wanted, code).await.map(drop)
        }
        "change_password" => {
            let (old, new) = (secret(PASSWORD), secret(ANOTHER));
            credential::change_password(app, ada, &old, &new, code).await.map(drop)
        }
        "replace_authenticator" => credential::begin_authenticator(app, ada, code).await.map(drop),
        "renew_recovery_codes" => credential::renew_recovery_codes(app, ada, code).await.map(drop),
        "create_access_token" => {
            let (name, scopes) = (Name::parse("first").unwrap(), vec![TokenScope::Read]);
            let wanted = access_token::Wanted { name, scopes, days: 30 };
            access_token::create(app, ada, wanted, code).await.map(drop)
        }
        "credential_application" => {
            let name = Name::parse("first").unwrap();
            let new = NewSecret { name: &name, days: 90, code: some };
            application::make_secret(app, ada, things.application, &new).await.map(drop)
        }
        other => panic!("no such place: {other}"),
    }
}

#[tokio::test]
async fn wrong_codes_are_counted_together_wherever_they_are_entered() {
    let (world, things) = company().await;
    for (number, place) in (1_i64..).zip(PLACES) {
        let refused = enter(&world, &things, place, WRONG).await;
        assert!(
            matches!(refused, Err(Error::StepUp(_) | Error::Invalid(_))),
            "{place} {refused:?}"
        );
        let counted = "select sum(failures)::bigint from totp_credentials";
        assert_eq!(world.count(counted).await, number, "{place}");
        if number % 5 == 0 {
            let right = world.fresh_code("ada").await;
            for place in PLACES {
                let waits = enter(&world, &things, place, &right).await;
                assert!(matches!(waits, Err(Error::Busy { .. })), "{place} {waits:?}");
            }
            world.advance_seconds(300).await;
        }
    }
    let judged: Vec<String> = sqlx::query_scalar(
        "select distinct detail->'acts'->>0 from audit_events where kind = 'step_up.failed'",
    )
    .fetch_all(&world.owner)
    .await
    .unwrap();
    let judged: BTreeSet<_> = judged.iter().map(String::as_str).collect();
    let tried: BTreeSet<_> = PLACES[1..].iter().copied().collect();
    assert_eq!(judged, tried, "each code was for its own act");
    world.check_invariants().await;
}

/// A new act must be tried above.
#[test]
fn every_act_that_asks_for_a_code_is_among_the_places() {
    let source = include_str!("../../src/domain/step_up.rs");
    let name = Regex::new(r#"Self::\w+(?: \{ \.\. \})? => "([a-z_]+)","#).unwrap();
    let acts: BTreeSet<_> = name.captures_iter(source).map(|found| found[1].to_owned()).collect();
    // Only where a database was put back is there something that this one is for.
    let tried = PLACES[1..].iter().chain(&["begin_epoch"]);
    let tried: BTreeSet<_> = tried.map(|place| (*place).to_owned()).collect();
    assert_eq!(acts, tried);
}

/// A request from a browser at an address.
fn from(address: &str, mut request: Request<Body>) -> Request<Body> {
    let peer: SocketAddr = format!("{address}:50000").parse().unwrap();
    request.extensions_mut().insert(ConnectInfo(peer));
    request
}

fn sign_in_form(name: &str, password: &str) -> Request<Body> {
    let body =
        format!("user_name={}&password={}", percent::encode(name), percent::encode(password));
    let request = Request::post("/sign-in").header(header::CONTENT_TYPE, FORM);
    from("198.51.100.7", request.body(Body::from(body)).unwrap())
}

/// All that an answer tells, but for what is new in each and for the name, which whoever asked knows.
fn all_of(answer: &Told, name: &str) -> String {
    let mut lines: Vec<_> = answer
        .headers
        .iter()
        // The page repeats the name, and the bodies are compared.
        .filter(|(header, _)| !["x-request-id", "content-length"].contains(&header.as_str()))
        .map(|(header, value)| format!("{header}: {}", value.to_str().unwrap()))
        .collect();
    lines.sort();
    let body = String::from_utf8_lossy(&answer.body).replace(name, "NAME");
    let whole = format!("{}\n{}\n{body}", answer.status, lines.join("\n"));
    let nonce = Regex::new(r#"nonce(-|=")[A-Za-z0-9_-]+"#).unwrap();
    nonce.replace_all(&whole, "nonce").into_owned()
}

#[tokio::test]
async fn no_answer_tells_who_there_is() {
    let world = World::new().await;
    world.people(["quill-a", "quill-b", "quill-c", "quill-d", "quill-e"]).await;
    for name in ["quill-a", "quill-c", "quill-d", "quill-e"] {
        world.enrol(name).await;
    }
    world
        .execute(
            "begin;
             insert into audit_events (id, at, kind, outcome, actor_kind, actor_name, target_id, detail)
             select gen_random_uuid(), instant(), 'person.disabled', 'success', 'operator', 'A test', id, '{}'
             from principals where name in ('quill-c', 'quill-e');
             insert into audit_events (id, at, kind, outcome, actor_kind, actor_name, target_id, detail)
             select gen_random_uuid(), instant(), 'authenticator.disabled', 'success', 'system', 'A test', id, '{}'
             from totp_credentials where principal_id = (select id from principals where name = 'quill-d');
             update sessions set ended_at = instant()
             where principal_id = (select id from principals where name = 'quill-c');
             update principals set disabled_at = instant() where name = 'quill-c';
             update principals set break_glass = true where name = 'quill-e';
             update totp_credentials set failures = 50, disabled_at = instant()
             where principal_id = (select id from principals where name = 'quill-d');
             commit",
        )
        .await;
    let wrong = "wrong and wrong again";
    let mut told: Vec<BTreeSet<String>> = vec![BTreeSet::new(); 8];
    for (name, password) in [
        ("quill-a", wrong),
        ("quill-b", wrong),
        ("quill-c", PASSWORD),
        ("quill-d", wrong),
        ("quill-e", wrong),
        ("quill-f", PASSWORD),
        ("quill'--", PASSWORD),
    ] {
        for (number, told) in told.iter_mut().enumerate() {
            let answer = world.send(sign_in_form(name, password)).await;
            let expected = if number < 5 { 422 } else { 429 };
            assert_eq!(answer.status, expected, "{name}, number {number}");
            let shown = name.replace('\'', "&#39;");
            told.insert(all_of(&answer, &shown));
        }
    }
    for told in told {
        assert_eq!(told.len(), 1, "{}", told.into_iter().collect::<Vec<_>>().join("\n\n"));
    }
}

#[tokio::test]
async fn every_spelling_of_a_name_shares_a_counter() {
    for (real, spellings) in [
        ("ada", ["ada", "ADA", "  Ada ", "ａｄａ", "ᴬᴰᴬ"]),
        ("", ["no body", "No  Body", "NO\tBODY", "ｎｏ body", " no\u{a0}body"]),
    ] {
        let world = World::new().await;
        world.person("ada").await;
        world.enrol("ada").await;
        let visitor = visitor("198.51.100.7");
        for spelling in spellings {
            let wrong = secret("wrong and wrong again");
            let refused = sign_in::begin(&world.app, &visitor, spelling, &wrong).await;
            assert!(matches!(refused, Err(Error::Invalid(_))), "{spelling:?} {refused:?}");
        }
        for spelling in spellings {
            let waits = sign_in::begin(&world.app, &visitor, spelling, &secret(PASSWORD)).await;
            assert!(matches!(waits, Err(Error::Busy { .. })), "{spelling:?} {waits:?}");
        }
        let counters = "select count(*) from sign_in_throttles";
        assert_eq!(world.count(counters).await, 2, "{real}: of the network, and of all of them");
    }
}

#[tokio::test]
async fn an_address_is_no_other_way_to_sign_in() {
    let world = World::new().await;
    world.person("ada").await;
    world.enrol("ada").await;
    for name in ["ada@example.org", "ADA@example.org", "ada ", "\"ada\"", "ada@", "ada\u{200b}"] {
        let begun =
            sign_in::begin(&world.app, &visitor("192.0.2.1"), name, &secret(PASSWORD)).await;
        assert_eq!(begun.is_ok(), name == "ada ", "{name:?}");
    }
}

#[tokio::test]
async fn guessing_anywhere_ends_what_is_half_open_everywhere() {
    let (world, things) = company().await;
    let mut half_open = Vec::new();
    for address in ["192.0.2.1", "198.51.100.1"] {
        let flow = sign_in::begin(&world.app, &visitor(address), "ada", &secret(PASSWORD)).await;
        half_open.push(flow.unwrap());
    }
    let code = world.fresh_code("ada").await;
    let open = async |flow: &Token| {
        let cookie = format!("__Host-latchkey={}", &*flow.reveal());
        let read = Request::get("/sign-in/code").header(header::COOKIE, cookie);
        world.send(from("192.0.2.1", read.body(Body::empty()).unwrap())).await.status == 200
    };
    for flow in &half_open {
        assert!(open(flow).await, "it waits for a code");
    }
    world.execute("update totp_credentials set failures = 49").await;
    assert!(enter(&world, &things, "create_access_token", WRONG).await.is_err());
    for flow in &half_open {
        assert!(!open(flow).await, "it is over");
        let as_kept = Token::parse(TokenKind::Session, &flow.reveal()).unwrap();
        let form_token = world.app.keys.form_token(&as_kept.hash());
        let request = Request::post("/sign-in/code")
            .header(header::COOKIE, format!("__Host-latchkey={}", &*flow.reveal()))
            .header(header::CONTENT_TYPE, FORM)
            .body(Body::from(format!("csrf={form_token}&code={code}")));
        let answer = world.send(from("192.0.2.1", request.unwrap())).await;
        assert_eq!((answer.status, answer.header("location")), (303, "/sign-in?next=%2F"));
        assert!(answer.header("set-cookie").is_empty(), "{:?}", answer.headers);
    }
    for place in PLACES {
        let right = world.fresh_code("ada").await;
        assert!(enter(&world, &things, place, &right).await.is_err(), "{place}");
    }
    world.check_invariants().await;
}
