//! How applications sign in, over HTTP: with secrets, and with assertions that they signed.
use data_encoding::BASE64URL_NOPAD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use latchkey::{
    domain::{id::PrincipalId, text::Name},
    secret::{BadKey, PublicKey},
    service::{application, prune},
};
use serde_json::{Value, json};
use sha2::Sha256;
use uuid::Uuid;

use crate::support::{
    World,
    applications::{GRANT, Pair, message},
    reason,
};

async fn world() -> (World, PrincipalId) {
    let world = World::new().await;
    world.people(["olga", "root", "deputy"]).await;
    world.active("root", "Global Administrator").await;
    world.active("deputy", "Global Administrator").await;
    let application = world.register("root", "Pipeline", &["olga"]).await.unwrap();
    (world, application)
}

/// Asks with a bearer token whether an account holds a role.
async fn check(world: &World, token: &str, question: Value) -> (u16, Value) {
    let body = json!({ "checks": [question] });
    let answer = world.ask_api("post", "/v1/access/check", token, Some(&body)).await;
    (answer.status, answer.json()["answers"][0]["allowed"].clone())
}

#[tokio::test]
async fn an_application_signs_in_with_a_secret_and_asks_who_has_access() {
    let (world, application) = world().await;
    let (_, secret) = world.make_secret("olga", application).await.unwrap();
    assert!(secret.starts_with("lk_secret_"), "{secret}");
    let id = application.to_string();
    let answer = world.ask_token(Some((&id, &secret)), GRANT).await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("cache-control"), "no-store");
    assert_eq!(answer.header("pragma"), "no-cache");
    let told = answer.json();
    assert_eq!(told["token_type"], "Bearer");
    assert_eq!(told["expires_in"], 3600);
    assert_eq!(told["scope"], "read check_access");
    let token = told["access_token"].as_str().unwrap();
    assert!(token.starts_with("lk_app_"), "{token}");

    world.role("Deployer", |_| ()).await;
    world.active("olga", "Deployer").await;
    let role = world.role_id("Deployer");
    assert_eq!(check(&world, token, json!({ "role": role })).await, (200, json!(false)));
    let about = json!({ "role": role, "principal": world.principal("olga") });
    assert_eq!(check(&world, token, about.clone()).await.0, 403, "it may not ask about others");
    let here = (world.role_id("Global Reader"), latchkey::domain::id::ScopeId::ROOT);
    world.assign("active", application, here, (None, None)).await;
    assert_eq!(check(&world, token, about.clone()).await, (200, json!(true)));
    assert_eq!(world.ask_api("get", "/v1/roles", token, None).await.status, 200);
    assert_eq!(world.ask_api("get", "/v1/audit/events", token, None).await.status, 403);
    assert_eq!(world.ask_api("get", "/v1/me", token, None).await.status, 403);

    world.advance_seconds(3600).await;
    assert_eq!(check(&world, token, about).await.0, 401, "it is good for an hour");
    let form = format!("{GRANT}&client_id={id}&client_secret={secret}&scope=audit");
    let answer = world.ask_token(None, &form).await.json();
    assert_eq!(answer["scope"], "audit");
    world.check_invariants().await;
}

#[tokio::test]
async fn every_way_to_be_wrong_is_answered_alike_and_recorded() {
    let (world, application) = world().await;
    let (credential, secret) = world.make_secret("olga", application).await.unwrap();
    let other = world.register("root", "Other", &["olga"]).await.unwrap();
    let id = application.to_string();
    let (nobody, other) = (Uuid::now_v7().to_string(), other.to_string());
    let changed = secret.replace("lk_secret_", "lk_pat_");
    let mut answers = Vec::new();
    for (id, secret) in [
        (&*nobody, &*secret),
        (&*other, &*secret),
        (&*id, &secret[..secret.len() - 1]),
        (&*id, &*changed),
        ("no identifier", &*secret),
    ] {
        answers.push(world.ask_token(Some((id, secret)), GRANT).await);
    }
    let olga = world.actor("olga").await;
    application::revoke(&world.app, &olga, application, credential).await.unwrap();
    answers.push(world.ask_token(Some((&id, &secret)), GRANT).await);
    let (_, second) = world.make_secret("olga", application).await.unwrap();
    application::disable(&world.app, &olga, application, &reason()).await.unwrap();
    answers.push(world.ask_token(Some((&id, &second)), GRANT).await);
    for answer in &answers {
        assert_eq!(answer.status, 401);
        assert_eq!(answer.header("cache-control"), "no-store");
        assert!(answer.header("www-authenticate").starts_with("Basic "));
        assert_eq!(answer.json(), answers[0].json());
        assert_eq!(answer.json()["error"], "invalid_client");
    }
    let failed = "select count(*) from audit_events where kind = 'application.sign_in_failed'
        and outcome = 'failure' and actor_kind = 'anonymous'";
    assert_eq!(world.count(failed).await, 7);
    assert_eq!(
        world
            .count(
                "select count(*) from audit_events where kind = 'application.sign_in_failed'
            and subject_name = 'Pipeline'"
            )
            .await,
        4
    );
    world.check_invariants().await;
}

#[tokio::test]
async fn what_is_not_asked_rightly_is_told() {
    let (world, application) = world().await;
    let (_, secret) = world.make_secret("olga", application).await.unwrap();
    let id = application.to_string();
    for (form, error) in [
        ("", "invalid_request"),
        ("grant_type=authorization_code", "unsupported_grant_type"),
        ("grant_type=client_credentials&scope=activate", "invalid_scope"),
        ("grant_type=client_credentials&grant_type=client_credentials", "invalid_request"),
        ("grant_type=client_credentials&client_id=other", "invalid_request"),
    ] {
        let answer = world.ask_token(Some((&id, &secret)), form).await;
        assert_eq!((answer.status, answer.json()["error"].as_str()), (400, Some(error)), "{form}");
    }
    assert_eq!(world.ask_token(None, GRANT).await.status, 401);
    let request = axum::http::Request::get("/oauth/token").body(axum::body::Body::empty()).unwrap();
    assert_eq!(world.send(request).await.status, 405);
}

#[tokio::test]
async fn wrong_secrets_are_slowed_down_and_the_right_one_still_counts() {
    let (world, application) = world().await;
    let (_, secret) = world.make_secret("olga", application).await.unwrap();
    let id = application.to_string();
    let wrong = "lk_secret_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
    let mut answers = Vec::new();
    for _ in 0..110 {
        answers.push(world.ask_token(Some((&id, wrong)), GRANT).await.status);
    }
    assert_eq!(answers.iter().filter(|status| **status == 401).count(), 100);
    let slowed = world.ask_token(Some((&id, wrong)), GRANT).await;
    assert_eq!(slowed.status, 429);
    assert!(!slowed.header("retry-after").is_empty());
    assert_eq!(world.ask_token(Some((&id, &secret)), GRANT).await.status, 200);
    let failed = "select count(*) from audit_events where kind = 'application.sign_in_failed'";
    assert_eq!(world.count(failed).await, 100, "a flood does not fill the log");
}

#[tokio::test]
async fn tokens_end_with_what_they_were_got_with_and_with_the_application() {
    let (world, application) = world().await;
    let (first, one) = world.make_secret("olga", application).await.unwrap();
    let (_, two) = world.make_secret("olga", application).await.unwrap();
    let by_one = world.token_of(application, &one, "read").await;
    let by_two = world.token_of(application, &two, "read").await;
    let works = async |token: &str| {
        let path = format!("/v1/applications/{application}");
        world.ask_api("get", &path, token, None).await.status == 200
    };
    assert!(works(&by_one).await && works(&by_two).await);
    let olga = world.actor("olga").await;
    application::revoke(&world.app, &olga, application, first).await.unwrap();
    assert!(!works(&by_one).await && works(&by_two).await, "the other one goes on");
    application::disable(&world.app, &olga, application, &reason()).await.unwrap();
    assert!(!works(&by_two).await);
    let root = world.actor("root").await;
    application::enable(&world.app, &root, application, &reason()).await.unwrap();
    assert!(!works(&by_two).await, "what has ended stays ended");
    assert!(works(&world.token_of(application, &two, "read").await).await);
    world.advance_seconds(90 * 24 * 60 * 60 - 600).await;
    let id = application.to_string();
    let late = world.ask_token(Some((&id, &two)), GRANT).await.json();
    assert!(late["expires_in"].as_i64().unwrap() <= 600, "no longer than the secret: {late}");
    world.advance_seconds(600).await;
    assert_eq!(world.ask_token(Some((&id, &two)), GRANT).await.status, 401);
    world.check_invariants().await;
}

#[tokio::test]
async fn an_application_signs_in_with_an_assertion_of_each_kind_of_key() {
    let (world, application) = world().await;
    for (pair, algorithms) in [
        (Pair::rsa(), ["RS256", "PS256"]),
        (Pair::p256(), ["ES256", "ES256"]),
        (Pair::ed25519(), ["EdDSA", "EdDSA"]),
    ] {
        let key = world.add_key("olga", application, &pair.public_pem()).await.unwrap();
        for alg in algorithms {
            let header = json!({ "alg": alg, "typ": "JWT", "kid": key });
            let answer = world.assert(&pair.sign(&header, &world.claims(application).await)).await;
            assert_eq!(answer.status, 200, "{alg}: {:?}", answer.json());
            let header = json!({ "alg": alg });
            let answer = world.assert(&pair.sign(&header, &world.claims(application).await)).await;
            assert_eq!(answer.status, 200, "{alg} without a name");
        }
        let olga = world.actor("olga").await;
        application::revoke(&world.app, &olga, application, key).await.unwrap();
        let header = json!({ "alg": algorithms[0] });
        let answer = world.assert(&pair.sign(&header, &world.claims(application).await)).await;
        assert_eq!(answer.status, 401, "the key is revoked");
        let again = world.add_key("olga", application, &pair.public_pem()).await;
        assert!(again.is_err(), "what was revoked never comes back");
    }
    world.check_invariants().await;
}

#[tokio::test]
async fn an_assertion_counts_once_and_is_forgotten_when_it_is_over() {
    let (world, application) = world().await;
    let pair = Pair::p256();
    world.add_key("olga", application, &pair.public_pem()).await.unwrap();
    let claims = world.claims(application).await;
    let header = json!({ "alg": "ES256" });
    let assertion = pair.sign(&header, &claims);
    let statuses = futures_util::future::join_all((0..4).map(|_| world.assert(&assertion))).await;
    let taken = statuses.iter().filter(|answer| answer.status == 200).count();
    assert_eq!(taken, 1, "{statuses:?}");
    // Signed anew it is still the same one.
    assert_eq!(world.assert(&pair.sign(&header, &claims)).await.status, 401);
    prune::prune(&world.app).await.unwrap();
    assert_eq!(world.assert(&assertion).await.status, 401);
    world.advance_seconds(61).await;
    prune::prune(&world.app).await.unwrap();
    assert_eq!(world.count("select count(*) from application_assertions").await, 0);
    assert_eq!(world.assert(&assertion).await.status, 401, "it has ended");
    world.advance_seconds(8 * 24 * 60 * 60).await;
    prune::prune(&world.app).await.unwrap();
    assert_eq!(world.count("select count(*) from access_tokens").await, 0);
    world.check_invariants().await;
}

#[tokio::test]
async fn a_bad_assertion_is_refused() {
    let (world, application) = world().await;
    let (rsa, pair, stranger) = (Pair::rsa(), Pair::p256(), Pair::p256());
    world.add_key("olga", application, &rsa.public_pem()).await.unwrap();
    world.add_key("olga", application, &pair.public_pem()).await.unwrap();
    let claims = world.claims(application).await;
    let now = world.now().await.timestamp().as_second();
    let with = |name: &str, value: Value| {
        let mut claims = claims.clone();
        claims[name] = value;
        claims
    };
    let header = json!({ "alg": "ES256", "typ": "JWT" });
    let mut bad = Vec::new();
    for (what, claims) in [
        ("another issuer", with("iss", json!(Uuid::now_v7()))),
        ("another subject", with("sub", json!(Uuid::now_v7()))),
        ("another audience", with("aud", json!("https://elsewhere.example.org/oauth/token"))),
        ("two audiences", with("aud", json!([claims["aud"], "https://elsewhere.example.org"]))),
        ("no audience", with("aud", Value::Null)),
        ("over", with("exp", json!(now))),
        ("good for too long", with("exp", json!(now + 301))),
        ("an end that is a text", with("exp", json!((now + 60).to_string()))),
        ("not good yet", with("nbf", json!(now + 120))),
        ("a start that is a text", with("nbf", json!("0"))),
        ("no name", with("jti", json!(""))),
    ] {
        bad.push((what, pair.sign(&header, &claims)));
    }
    bad.push(("a stranger's key", stranger.sign(&header, &claims)));
    for extra in [json!({ "crit": ["exp"] }), json!({ "typ": "at+jwt" })] {
        let mut header = header.clone();
        for (name, value) in extra.as_object().unwrap() {
            header[name] = value.clone();
        }
        bad.push(("a header that asks for more", pair.sign(&header, &claims)));
    }
    let kid = json!({ "alg": "ES256", "kid": Uuid::now_v7() });
    bad.push(("the name of another key", pair.sign(&kid, &claims)));
    bad.push(("no signature", format!("{}.", message(&json!({ "alg": "none" }), &claims))));
    // The public key as if it were a shared secret.
    let public = PublicKey::from_pem(&rsa.public_pem()).unwrap();
    for key in [rsa.public_pem().into_bytes(), public.as_der().to_vec()] {
        let signed = message(&json!({ "alg": "HS256", "typ": "JWT" }), &claims);
        let mut mac = Hmac::<Sha256>::new_from_slice(&key).unwrap();
        mac.update(signed.as_bytes());
        let tag = BASE64URL_NOPAD.encode(&mac.finalize().into_bytes());
        bad.push(("the public key as a secret", format!("{signed}.{tag}")));
    }
    // One algorithm in the header, another key.
    bad.push(("the algorithm of another key", rsa.sign(&header, &claims)));
    let good = pair.sign(&header, &claims);
    bad.push(("a cut signature", good[..good.len() - 1].to_owned()));
    bad.push(("nothing", "a.b.c".to_owned()));
    for (what, assertion) in bad {
        // Waiting is tested elsewhere.
        world.execute("delete from sign_in_throttles").await;
        let answer = world.assert(&assertion).await;
        assert_eq!(
            (answer.status, answer.json()["error"].as_str()),
            (401, Some("invalid_client")),
            "{what}"
        );
    }
    assert_eq!(world.assert(&good).await.status, 200, "none of these used it up");
}

#[tokio::test]
async fn only_strong_public_keys_are_taken() {
    let short = "-----BEGIN PUBLIC KEY-----
MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDAFydge/asYmlqsolGTmyIV3vm
YFPOprroPnSw10fb7oNPr5eWKt/HH4jYWic+3pm4m0idl4f/gdcMWcERvpMBJt3H
+qth1G4hjRyybW2QQuMWqnxacFJ8wYtm5n9QZIWcFHjBR+l/hwGmYNGR/PpDRkMg
anUMsWzJYVRfhynlLwIDAQAB
-----END PUBLIC KEY-----";
    let other_curve = "-----BEGIN PUBLIC KEY-----
MHYwEAYHKoZIzj0CAQYFK4EEACIDYgAEQcpBrgu4heYHqgQpUj2GQP9WmJib4j73
Ob8aXeP7wLfhx2DfnA/iIpaF5sSunFYN7yDYhDeaKftxjiqJaYL9xnLpHmj/FBU6
UWe/H1af0Qs6FEJYhwtivlyq81PWA5WV
-----END PUBLIC KEY-----";
    assert_eq!(PublicKey::from_pem(short), Err(BadKey::Length));
    assert_eq!(PublicKey::from_pem(other_curve), Err(BadKey::OtherKind));
    let private = "-----BEGIN PRIVATE KEY-----\nMC4=\n-----END PRIVATE KEY-----";
    assert_eq!(PublicKey::from_pem(private), Err(BadKey::Private));
    for text in
        ["", "ssh-ed25519 AAAA", "-----BEGIN PUBLIC KEY-----\nMA==\n-----END PUBLIC KEY-----"]
    {
        assert_eq!(PublicKey::from_pem(text), Err(BadKey::NoPublicKey), "{text}");
    }
    for pair in [Pair::rsa(), Pair::p256(), Pair::ed25519()] {
        let key = PublicKey::from_pem(&pair.public_pem()).unwrap();
        assert_eq!(PublicKey::from_der(key.as_der()), Ok(key.clone()));
        for length in 0..key.as_der().len() {
            assert!(PublicKey::from_der(&key.as_der()[..length]).is_err(), "cut to {length}");
        }
        let more = [key.as_der(), &[0]].concat();
        assert!(PublicKey::from_der(&more).is_err(), "with something after it");
        if let [tag, length, rest @ ..] = key.as_der()
            && *length < 0x80
        {
            let longer = [&[*tag, 0x81, *length], rest].concat();
            assert!(PublicKey::from_der(&longer).is_err(), "the same key in other bytes");
        }
        assert_eq!(key.fingerprint().len(), 32);
    }
    let name = Name::parse("weak").unwrap();
    let (world, application) = world().await;
    let code = world.fresh_code("olga").await;
    let new = application::NewKey { name: &name, days: 90, public_key: short, code: Some(&code) };
    let olga = world.actor("olga").await;
    assert!(application::add_key(&world.app, &olga, application, &new).await.is_err());
}

#[tokio::test]
async fn the_log_says_what_an_application_did() {
    let (world, application) = world().await;
    let (_, secret) = world.make_secret("olga", application).await.unwrap();
    let here =
        (world.role_id("Privileged Role Administrator"), latchkey::domain::id::ScopeId::ROOT);
    world.assign("active", application, here, (None, None)).await;
    let token = world.token_of(application, &secret, "administer audit").await;
    let body = json!({ "name": "Made by a program", "privileged": false });
    let request = || world.ask_api("post", "/v1/roles", &token, Some(&body));
    assert_eq!(request().await.status, 201);
    let made = "select count(*) from audit_events where kind = 'role.created' and actor_kind = 'application'
        and actor_name = 'Pipeline' and actor_person_id is not null";
    assert_eq!(world.count(made).await, 1);
    let path = format!("/v1/audit/events?actor={application}");
    let events = world.ask_api("get", &path, &token, None).await.json();
    let kinds: Vec<_> =
        events["items"].as_array().unwrap().iter().map(|event| event["kind"].clone()).collect();
    assert_eq!(kinds, ["role.created", "settings.changed", "token.created"], "{events}");
    assert_eq!(events["items"][0]["actor_kind"], "application");
    world.check_invariants().await;
}
