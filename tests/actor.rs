//! Who asks, over HTTP: cookies on pages, bearer tokens on the API, forms with the token of their session.
use axum::{
    Router,
    body::Body,
    http::{Request, StatusCode, header},
    routing::{get, post},
};
use http_body_util::BodyExt as _;
use latchkey::{
    App,
    http::{
        actor::{self, SignedIn},
        csrf::{self, ProtectedForm},
    },
};
use tower::ServiceExt as _;

use crate::support::World;

#[derive(serde::Deserialize)]
struct Chosen {
    #[serde(default)]
    role: Vec<String>,
}

fn router(app: &App) -> Router {
    let page = |who: SignedIn| async move { who.user.name };
    let act = |_: SignedIn, ProtectedForm(Chosen { role }): ProtectedForm<Chosen>| async move {
        role.join(",")
    };
    let program = |axum::extract::State(app): axum::extract::State<App>, request: Request<Body>| async move {
        let (parts, _) = request.into_parts();
        match actor::bearer(&app, &parts).await {
            Ok(_) => StatusCode::OK,
            Err(_) => StatusCode::UNAUTHORIZED,
        }
    };
    Router::new()
        .route("/page", get(page))
        .route("/act", post(act))
        .route("/api", get(program))
        .layer(csrf::layer("https://latchkey.example.org"))
        .with_state(app.clone())
}

async fn ask(world: &World, request: Request<Body>) -> (StatusCode, String, String) {
    let answer = router(&world.app).oneshot(request).await.unwrap();
    let status = answer.status();
    let to = answer.headers().get(header::LOCATION).map(|to| to.to_str().unwrap().to_owned());
    let body = answer.into_body().collect().await.unwrap().to_bytes();
    (status, to.unwrap_or_default(), String::from_utf8(body.into()).unwrap())
}

fn form(cookie: &str) -> axum::http::request::Builder {
    Request::post("/act")
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .header(header::COOKIE, cookie)
}

#[tokio::test]
async fn a_page_knows_its_cookie_and_nothing_else() {
    let world = World::new().await;
    world.person("ada").await;
    let (_, token) = world.signed_in("ada").await;
    let secret = token.reveal();
    let cookie = format!("__Host-latchkey={}", &*secret);
    let page = |cookie: &str| {
        Request::get("/page?a=b").header(header::COOKIE, cookie).body(Body::empty()).unwrap()
    };
    assert_eq!(ask(&world, page(&cookie)).await.2, "ada");
    for bad in [
        String::new(),
        format!("latchkey={}", &*secret),
        format!("__Host-latchkey-device={}", &*secret),
        format!("__Host-latchkey={}x", &*secret),
        format!("{cookie}; {cookie}"),
    ] {
        let (status, to, _) = ask(&world, page(&bad)).await;
        assert_eq!((status, to.as_str()), (StatusCode::SEE_OTHER, "/sign-in?next=%2Fpage%3Fa%3Db"));
    }
    let bearer = Request::get("/page")
        .header(header::AUTHORIZATION, format!("Bearer {}", &*secret))
        .body(Body::empty())
        .unwrap();
    assert_eq!(ask(&world, bearer).await.0, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn the_api_does_not_know_cookies() {
    let world = World::new().await;
    world.person("ada").await;
    let (_, token) = world.signed_in("ada").await;
    let secret = token.reveal();
    let cookie = Request::get("/api")
        .header(header::COOKIE, format!("__Host-latchkey={}", &*secret))
        .body(Body::empty())
        .unwrap();
    assert_eq!(ask(&world, cookie).await.0, StatusCode::UNAUTHORIZED);
    for shown in [format!("Bearer {}", &*secret), "Bearer ".to_owned(), "Basic eDp5".to_owned()] {
        let request = Request::get("/api").header(header::AUTHORIZATION, shown);
        let answer = ask(&world, request.body(Body::empty()).unwrap()).await;
        assert_eq!(answer.0, StatusCode::UNAUTHORIZED);
    }
}

#[tokio::test]
async fn a_form_counts_with_the_token_of_its_own_session_only() {
    let world = World::new().await;
    world.people(["ada", "bob"]).await;
    let (_, ada) = world.signed_in("ada").await;
    let (_, bob) = world.signed_in("bob").await;
    let cookie = format!("__Host-latchkey={}", &*ada.reveal());
    let right = world.app.keys.form_token(&ada.hash());
    let body = format!("csrf={right}&role=one&role=two");
    let request = form(&cookie).body(Body::from(body)).unwrap();
    let (status, _, text) = ask(&world, request).await;
    assert_eq!((status, text.as_str()), (StatusCode::OK, "one,two"));
    let foreign = world.app.keys.form_token(&bob.hash());
    for body in ["role=one".to_owned(), "csrf=&role=one".to_owned(), format!("csrf={foreign}")] {
        let request = form(&cookie).body(Body::from(body)).unwrap();
        assert_eq!(ask(&world, request).await.0, StatusCode::FORBIDDEN);
    }
}

#[tokio::test]
async fn a_form_that_a_browser_says_came_from_elsewhere_is_refused() {
    let world = World::new().await;
    world.person("ada").await;
    let (_, ada) = world.signed_in("ada").await;
    let cookie = format!("__Host-latchkey={}", &*ada.reveal());
    let body = format!("csrf={}&role=one", world.app.keys.form_token(&ada.hash()));
    let table = [
        ("sec-fetch-site", "same-origin", StatusCode::OK),
        ("sec-fetch-site", "cross-site", StatusCode::FORBIDDEN),
        ("sec-fetch-site", "same-site", StatusCode::FORBIDDEN),
        ("origin", "https://latchkey.example.org", StatusCode::OK),
        ("origin", "https://evil.example", StatusCode::FORBIDDEN),
        ("origin", "null", StatusCode::FORBIDDEN),
    ];
    for (name, value, expected) in table {
        let request = form(&cookie).header(name, value);
        let (status, ..) = ask(&world, request.body(Body::from(body.clone())).unwrap()).await;
        assert_eq!(status, expected, "{name}: {value}");
    }
    let json = Request::post("/act")
        .header(header::COOKIE, &cookie)
        .header(header::CONTENT_TYPE, "text/plain")
        .body(Body::from(body))
        .unwrap();
    assert_eq!(ask(&world, json).await.0, StatusCode::UNSUPPORTED_MEDIA_TYPE);
}
