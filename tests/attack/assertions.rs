//! Tries to sign in as an application with assertions that bring their own key, leave something out, or come from a neighbour.
//!
//! What is wrong with an assertion's claims and signature in plain sight is in `tests/application/token.rs`.
use data_encoding::{BASE64, BASE64URL_NOPAD};
use latchkey::domain::id::PrincipalId;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::{
    Receiver, World,
    applications::{GRANT, Pair},
    http::Answer,
};

const KIND: &str = "urn%3Aietf%3Aparams%3Aoauth%3Aclient-assertion-type%3Ajwt-bearer";

async fn world() -> (World, PrincipalId) {
    let world = World::new().await;
    world.people(["olga", "root"]).await;
    world.active("root", "Global Administrator").await;
    let application = world.register("root", "Pipeline", &["olga"]).await.unwrap();
    (world, application)
}

/// Shows an assertion, as if nobody had guessed before.
async fn show(world: &World, assertion: &str) -> Answer {
    world.execute("delete from sign_in_throttles").await;
    world.assert(assertion).await
}

/// Makes sure that each of them is answered as if the application were not known, and leaves nothing.
async fn are_refused(world: &World, bad: &[(String, String)]) {
    for (what, assertion) in bad {
        let answer = show(world, assertion).await;
        let told = (answer.status, answer.json()["error"].clone());
        assert_eq!(told, (401, json!("invalid_client")), "{what}");
    }
    let left = "select (select count(*) from access_tokens) + (select count(*) from application_assertions)";
    assert_eq!(world.count(left).await, 0);
}

fn without(claims: &Value, name: &str) -> Value {
    let mut claims = claims.clone();
    claims.as_object_mut().unwrap().remove(name);
    claims
}

fn with(whole: &Value, name: &str, value: Value) -> Value {
    let mut whole = whole.clone();
    whole[name] = value;
    whole
}

/// The bytes of a public key, as they stand in its PEM.
fn der(pair: &Pair) -> Vec<u8> {
    let pem = pair.public_pem();
    let letters: String = pem.lines().filter(|line| !line.starts_with("-----")).collect();
    BASE64.decode(letters.as_bytes()).unwrap()
}

/// A public key on P-256 as a header carries it.
fn jwk(pair: &Pair) -> Value {
    let der = der(pair);
    // The point is what the structure ends with: 4, and two numbers of 32 bytes.
    let (x, y) = der[der.len() - 64..].split_at(32);
    json!({ "kty": "EC", "crv": "P-256", "x": BASE64URL_NOPAD.encode(x), "y": BASE64URL_NOPAD.encode(y) })
}

#[tokio::test]
async fn an_assertion_cannot_bring_the_key_that_it_is_judged_by() {
    let (world, application) = world().await;
    let (own, stranger) = (Pair::p256(), Pair::p256());
    let key = world.add_key("olga", application, &own.public_pem()).await.unwrap();
    let receiver = Receiver::start().await;
    let keys = format!("{}/keys", receiver.url);
    let certificate = BASE64.encode(&der(&stranger));
    let header = json!({ "alg": "ES256", "typ": "JWT" });
    let claims = world.claims(application).await;
    let mut bad = Vec::new();
    for (name, value) in [
        ("jwk", jwk(&stranger)),
        ("jku", json!(keys)),
        ("x5u", json!(keys)),
        ("x5c", json!([certificate])),
        ("x5t", json!("c3RyYW5nZXI")),
        ("kid", json!(key)),
        ("kid", json!("../../../dev/null")),
        ("kid", json!("' or '1' = '1")),
        ("kid", json!("")),
        ("kid", json!(format!("{key}\0"))),
    ] {
        let what = format!("a stranger's key with {name} {value}");
        bad.push((what, stranger.sign(&with(&header, name, value), &claims)));
    }
    are_refused(&world, &bad).await;
    assert!(receiver.asked().is_empty(), "nobody is asked for keys");

    // What leads elsewhere is not followed, whoever signed it.
    let header = with(&with(&header, "jku", json!(keys)), "x5u", json!(keys));
    let answer = show(&world, &own.sign(&header, &claims)).await.status;
    assert!(matches!(answer, 200 | 401), "{answer}");
    assert!(receiver.asked().is_empty());
}

#[tokio::test]
async fn an_assertion_says_everything_that_it_has_to_say() {
    let (world, application) = world().await;
    let pair = Pair::p256();
    world.add_key("olga", application, &pair.public_pem()).await.unwrap();
    let claims = world.claims(application).await;
    let now = world.now().await.timestamp().as_second();
    let (ours, header) = (claims["aud"].clone(), json!({ "alg": "ES256", "typ": "JWT" }));
    let mut bad: Vec<(String, String)> = ["iss", "sub", "aud", "exp", "jti"]
        .map(|name| (format!("no {name}"), pair.sign(&header, &without(&claims, name))))
        .into();
    for (name, value) in [
        ("iss", json!("")),
        ("iss", json!([application])),
        ("sub", Value::Null),
        ("sub", json!(format!(" {application}"))),
        ("aud", json!([])),
        ("aud", json!("")),
        ("aud", json!(["https://elsewhere.example.org", ours])),
        ("aud", json!([ours, ours])),
        ("aud", json!(world.app.public_url.to_string())),
        ("aud", json!(format!("{}/oauth/token/", world.app.public_url))),
        ("aud", json!(ours.as_str().unwrap().to_uppercase())),
        ("aud", json!({ "0": ours })),
        ("exp", json!(now - 1)),
        ("exp", json!(now + 301)),
        ("exp", json!(-1)),
        ("exp", json!(1e300)),
        ("exp", json!(true)),
        ("exp", json!([now + 60])),
        ("exp", json!("2099-01-01T00:00:00Z")),
        ("nbf", json!(now + 61)),
        ("iat", json!(now + 61)),
        ("iat", json!(now.to_string())),
        ("jti", json!(7)),
        ("jti", json!("x".repeat(201))),
    ] {
        let what = format!("{name} {value}");
        bad.push((what, pair.sign(&header, &with(&claims, name, value))));
    }
    for claims in [json!([]), json!("text"), json!(null), json!({})] {
        bad.push((format!("{claims} for claims"), pair.sign(&header, &claims)));
    }
    are_refused(&world, &bad).await;

    // As far as clocks may differ, it counts.
    let limits = with(&with(&claims, "exp", json!(now + 300)), "nbf", json!(now + 60));
    let limits = with(&limits, "iat", json!(now + 60));
    assert_eq!(show(&world, &pair.sign(&header, &limits)).await.status, 200);
}

#[tokio::test]
async fn only_the_algorithms_of_its_key_sign_an_assertion() {
    let (world, application) = world().await;
    let (rsa, pair, edwards) = (Pair::rsa(), Pair::p256(), Pair::ed25519());
    for key in [&rsa, &pair, &edwards] {
        world.add_key("olga", application, &key.public_pem()).await.unwrap();
    }
    let claims = world.claims(application).await;
    let mut bad = Vec::new();
    for (key, algorithms) in [
        (&rsa, &["RS384", "RS512", "PS384", "PS512", "ES256", "HS256", "rs256", "none", ""][..]),
        (&pair, &["ES384", "ES512", "ES256K", "RS256", "EdDSA", "HS256", "es256"][..]),
        (&edwards, &["ES256", "PS256", "HS512", "eddsa", "Ed448"][..]),
    ] {
        for algorithm in algorithms {
            let header = json!({ "alg": algorithm, "typ": "JWT" });
            bad.push((format!("signed by {algorithm}"), key.sign(&header, &claims)));
        }
    }
    for header in [
        json!({ "typ": "JWT" }),
        json!({ "alg": null }),
        json!({ "alg": ["ES256"] }),
        json!({ "alg": "ES256", "typ": "" }),
        json!({ "alg": "ES256", "typ": "dpop+jwt" }),
        json!({ "alg": "ES256", "typ": "secevent+jwt" }),
        json!({ "alg": "ES256", "typ": 7 }),
        json!({ "alg": "ES256", "crit": [] }),
        json!({ "alg": "ES256", "b64": false, "crit": ["b64"] }),
    ] {
        bad.push((format!("under {header}"), pair.sign(&header, &claims)));
    }
    let good = pair.sign(&json!({ "alg": "ES256" }), &claims);
    let parts: Vec<_> = good.split('.').collect();
    for (what, text) in [
        ("two parts", format!("{}.{}", parts[0], parts[1])),
        ("four parts", format!("{good}.{}", parts[2])),
        ("no head", format!(".{}.{}", parts[1], parts[2])),
        ("a padded signature", format!("{good}%3D")),
        ("a space before", format!("%20{good}")),
        ("a line after", format!("{good}%0A")),
    ] {
        bad.push((what.to_owned(), text));
    }
    are_refused(&world, &bad).await;
    assert_eq!(show(&world, &good).await.status, 200, "none of these used it up");
}

#[tokio::test]
async fn no_application_speaks_for_another() {
    let (world, application) = world().await;
    let neighbour = world.register("root", "Neighbour", &["olga"]).await.unwrap();
    let (own, other) = (Pair::p256(), Pair::p256());
    let key = world.add_key("olga", application, &own.public_pem()).await.unwrap();
    let others_key = world.add_key("olga", neighbour, &other.public_pem()).await.unwrap();
    let (claims, others_claims) = (world.claims(application).await, world.claims(neighbour).await);
    let plain = json!({ "alg": "ES256" });
    let mut bad = Vec::new();
    for kid in [Value::Null, json!(key), json!(others_key)] {
        let header = if kid.is_null() { plain.clone() } else { with(&plain, "kid", kid.clone()) };
        bad.push((format!("a neighbour's key, called {kid}"), other.sign(&header, &claims)));
        let mixed = with(&claims, "iss", json!(neighbour));
        bad.push((format!("issued by a neighbour, called {kid}"), other.sign(&header, &mixed)));
        let mixed = with(&others_claims, "iss", json!(application));
        bad.push((format!("about a neighbour, called {kid}"), own.sign(&header, &mixed)));
    }
    for id in [Uuid::nil(), world.principal("olga").0, Uuid::now_v7()] {
        let claims = with(&with(&claims, "iss", json!(id)), "sub", json!(id));
        bad.push((format!("as {id}"), own.sign(&plain, &claims)));
    }
    are_refused(&world, &bad).await;

    // The form says one application, the assertion another.
    for (client, assertion) in
        [(application, other.sign(&plain, &others_claims)), (neighbour, own.sign(&plain, &claims))]
    {
        let form = format!(
            "{GRANT}&client_id={client}&client_assertion_type={KIND}&client_assertion={assertion}"
        );
        world.execute("delete from sign_in_throttles").await;
        let answer = world.ask_token(None, &form).await;
        assert_eq!((answer.status, &answer.json()["error"]), (401, &json!("invalid_client")));
    }
    assert_eq!(show(&world, &own.sign(&plain, &claims)).await.status, 200);
    assert_eq!(show(&world, &other.sign(&plain, &others_claims)).await.status, 200);
}
