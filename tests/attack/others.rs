//! What belongs to others: asked for with a right form token of one's own, and with the ids of what there is (V19, V20).
use std::{collections::BTreeMap, fmt::Write as _};

use axum::{body::Body, http::Request};
use latchkey::{
    domain::{
        id::{PrincipalId, ScopeId},
        time::Duration,
    },
    http::pages,
};
use uuid::Uuid;

use super::{Browser, changed, description, operations, state};
use crate::support::{
    World, approved_by,
    http::{Answer, EVERY_SCOPE, call},
    things::{Things, body, company},
};

/// Who has no business with any of it: somebody who holds nothing, an approver of another role's requests, and an
/// administrator of another place.
const STRANGERS: [&str; 3] = ["stranger", "judge", "elsewhere"];

/// A company in which everything belongs to somebody, and the strangers.
async fn world() -> (World, Things) {
    let world = company().await;
    let mut things = Things::of(&world).await;
    world.people(STRANGERS).await;
    let judge = world.principal("judge");
    world
        .role("Trader", |terms| {
            terms.activation.requires_approval = true;
            terms.activation.stages = approved_by([judge]);
        })
        .await;
    world.eligible("other", "Trader").await;
    world.activate("other", "Trader", Duration::hours(1)).await.unwrap();
    let sales = world.scope("Sales", ScopeId::ROOT, "folder").await;
    world.give("active", "elsewhere", "Privileged Role Administrator", sales).await;
    for (name, id) in owned(&world, &things).await {
        things.0.insert(name, id.to_string());
    }
    (world, things)
}

/// What people have of their own, and `Things` makes up.
async fn owned(world: &World, things: &Things) -> Vec<(&'static str, Uuid)> {
    let application = PrincipalId(things.0["application"].parse().unwrap());
    let (credential, _) = world.make_secret("user", application).await.unwrap();
    world.signed_in("user").await;
    world.stands_in("bystander", "user", world.now().await, Duration::hours(1)).await;
    let user = world.principal("user");
    let mut owned = vec![("credential", credential.0)];
    for (name, sql) in [
        ("token", "select id from access_tokens where principal_id = $1 limit 1"),
        ("session", "select id from sessions where principal_id = $1 limit 1"),
        (
            "deputy",
            "select deputies.id from deputies join principals using (person_id) where principals.id = $1",
        ),
        ("delivery", "select id from outbox where sent_at is null and $1 <> id limit 1"),
    ] {
        let found = sqlx::query_scalar(sql).bind(user).fetch_one(&world.owner).await.unwrap();
        owned.push((name, found));
    }
    owned
}

/// The same with ids that nothing has.
fn nothing(things: &Things) -> Things {
    let ids = things.0.values().filter(|id| Uuid::parse_str(id).is_ok());
    let made_up: BTreeMap<_, _> = ids.map(|id| (id, Uuid::now_v7().to_string())).collect();
    let other = |id: &String| made_up.get(id).unwrap_or(id).clone();
    Things(things.0.iter().map(|(name, id)| (*name, other(id))).collect())
}

/// One form for all: each takes the fields that it knows.
fn fields(things: &Things) -> String {
    let thing = |name: &str| things.0[name].clone();
    let mut fields = "name=Other&description=&justification=Because&reason=Because&text=Why&comment=Why&note=Why\
        &verdict=justified&decision=approve&code=&duration=1h&days=90&kind=folder&length=until&operation=remove\
        &starts_at=&ends_at=2040-04-01T09:00&zone=UTC&manager=second@example.org&version=1&seen=&public_key="
        .to_owned();
    for (field, name) in [
        ("assignment", "assignment"),
        ("principal", "person"),
        ("owner", "person"),
        ("request", "request"),
        ("scope", "scope"),
        ("to", "scope"),
        ("parent", "scope"),
        ("role", "role"),
        ("template", "template"),
        ("eligibility", "eligibility"),
    ] {
        write!(fields, "&{field}={}", thing(name)).unwrap();
    }
    fields
}

/// The forms that act on something, or give something; not those of everybody's own account and of the way in.
fn forms() -> Vec<&'static str> {
    let own = [
        "/sign-in",
        "/welcome",
        "/invitation/",
        "/recovery/",
        "/sign-out",
        "/theme",
        "/account/language",
        "/account/notices",
        "/account/password",
        "/account/authenticator",
        "/account/recovery-codes",
        "/account/sessions/end",
    ];
    let is_own = |path: &str| {
        own.iter().any(|start| path.starts_with(start))
            || ["/account/tokens", "/account/deputies"].contains(&path)
    };
    let routes = pages::routes();
    let acts = routes.list().iter().filter(|(method, _)| method == "POST");
    acts.map(|(_, path)| *path).filter(|path| !is_own(path)).collect()
}

/// Whether it is about one thing, which its address names.
fn is_of_something(path: &str) -> bool {
    path.contains('{')
}

/// What an answer says, without what is never the same twice and without the ids that were asked for.
fn said(answer: &Answer, things: &Things) -> String {
    let mut said = format!("{}\n", answer.status);
    for (name, value) in &answer.headers {
        writeln!(said, "{name}: {}", String::from_utf8_lossy(value.as_bytes())).unwrap();
    }
    said.push_str(&String::from_utf8_lossy(&answer.body));
    let policy = answer.header("content-security-policy");
    let nonce = policy.split("'nonce-").nth(1).and_then(|rest| rest.split('\'').next());
    let once = [Some(answer.header("x-request-id")), nonce];
    for random in once.into_iter().flatten().filter(|random| !random.is_empty()) {
        said = said.replace(random, "ONCE");
    }
    let ids = things.0.iter().filter(|(_, id)| Uuid::parse_str(id).is_ok());
    ids.fold(said, |said, (name, id)| said.replace(id.as_str(), name))
}

/// What two answers do not have in common; nothing if they are the same.
fn difference(there: &str, not_there: &str) -> String {
    let lines = there.lines().zip(not_there.lines()).filter(|(one, other)| one != other);
    let told = lines.map(|(one, other)| format!("  there: {one}\n  not:   {other}\n"));
    told.collect::<Vec<_>>().concat()
}

/// How many events tell of something that was done.
async fn successes(world: &World) -> i64 {
    world.count("select count(*) from audit_events where outcome = 'success'").await
}

#[tokio::test]
async fn no_form_acts_on_what_belongs_to_others() {
    let (world, things) = world().await;
    let fields = fields(&things);
    let mut wrong = String::new();
    for name in STRANGERS.into_iter().chain(["auditor"]) {
        let browser = Browser::of(&world, name).await;
        let blind = ["stranger", "judge"].contains(&name);
        let before = (state(&world).await, successes(&world).await);
        for path in forms().into_iter().filter(|path| blind || is_of_something(path)) {
            let answer = world.send(browser.form(&things.fill(path), &fields)).await;
            // Where one sees something, the rules may say no; so may a list of which nothing is one's own.
            let expected: &[u16] = match (blind, is_of_something(path)) {
                (true, true) => &[403, 404],
                _ => &[400, 403, 404, 422],
            };
            if !expected.contains(&answer.status) {
                writeln!(wrong, "{name}: {path} {}", answer.status).unwrap();
            }
        }
        let mut tables = changed(&before.0, &state(&world).await);
        // That something was refused may be told.
        tables.retain(|table| table != "audit_events");
        if !tables.is_empty() || before.1 != successes(&world).await {
            writeln!(wrong, "{name} has changed {tables:?}").unwrap();
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
    world.check_invariants().await;
}

#[tokio::test]
async fn no_page_tells_what_is_somebody_elses_from_what_is_not_there() {
    let (world, things) = world().await;
    let nothing = nothing(&things);
    let (mut compared, mut wrong) = (0, String::new());
    for name in STRANGERS {
        let browser = Browser::of(&world, name).await;
        let (there, not_there) = (fields(&things), fields(&nothing));
        let routes = pages::routes();
        let read =
            routes.list().iter().filter(|(method, _)| method == "GET").map(|(_, path)| *path);
        let read = read.filter(|path| is_of_something(path) || *path == "/activations/new");
        let asks = read.map(|path| (path, false));
        let acts =
            forms().into_iter().filter(|path| is_of_something(path)).map(|path| (path, true));
        for (path, acts) in asks.chain(acts) {
            let ask = |things: &Things, fields: &str| -> Request<Body> {
                let address = things.fill(path);
                if acts { browser.form(&address, fields) } else { browser.read(&address) }
            };
            let found = world.send(ask(&things, &there)).await;
            // Roles and their terms are no secret of one place: whoever administers any of them reads them.
            if found.status < 400 || (name == "elsewhere" && is_of_all(path)) {
                continue;
            }
            let missing = world.send(ask(&nothing, &not_there)).await;
            compared += 1;
            let (found, missing) = (said(&found, &things), said(&missing, &nothing));
            if found != missing {
                let kind = if acts { "post" } else { "get" };
                writeln!(wrong, "{name}: {kind} {path}\n{}", difference(&found, &missing)).unwrap();
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
    assert!(compared > 150, "{compared}");
}

/// Whether it is about what belongs to the whole organisation.
fn is_of_all(path: &str) -> bool {
    ["/roles", "/settings", "/policy"]
        .iter()
        .any(|start| path.trim_start_matches("/v1").starts_with(start))
}

#[tokio::test]
async fn the_api_does_not_tell_what_is_somebody_elses_from_what_is_not_there() {
    let (world, things) = world().await;
    let nothing = nothing(&things);
    let description = description();
    let (mut compared, mut wrong) = (0, String::new());
    for name in STRANGERS {
        let token = world.access_token(name, &EVERY_SCOPE).await;
        for (method, path, _) in operations(&description) {
            if name == "elsewhere" && (is_of_all(path) || !is_of_something(path)) {
                continue;
            }
            let ask = async |things: &Things| {
                let sent = body(method, path, 0, things);
                world.send(call(method, &things.fill(path), &token, sent.as_ref())).await
            };
            let found = ask(&things).await;
            if found.status < 400 {
                continue;
            }
            let missing = ask(&nothing).await;
            compared += 1;
            let (found, missing) = (said(&found, &things), said(&missing, &nothing));
            if found != missing {
                writeln!(wrong, "{name}: {method} {path}\n{}", difference(&found, &missing))
                    .unwrap();
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
    assert!(compared > 150, "{compared}");
}

#[tokio::test]
async fn nobody_ends_revokes_or_extends_what_somebody_else_has() {
    let (world, things) = world().await;
    for name in ["stranger", "admin"] {
        let browser = Browser::of(&world, name).await;
        let before = state(&world).await;
        for path in [
            "/account/tokens/{token}/revoke",
            "/account/sessions/{session}/end",
            "/account/deputies/{deputy}/end",
            "/activations/{activation}/extend",
            "/activations/{activation}/deactivate",
        ] {
            let form = browser.form(&things.fill(path), "duration=2h&justification=Because");
            assert_eq!(world.send(form).await.status, 404, "{name} {path}");
        }
        assert_eq!(changed(&before, &state(&world).await), Vec::<String>::new(), "{name}");
    }
}
