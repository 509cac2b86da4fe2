//! Asking the whole program over HTTP, without a network.
use axum::{
    Router,
    body::{Body, Bytes},
    http::{HeaderMap, Method, Request, header},
};
use http_body_util::BodyExt as _;
use latchkey::{
    config::Config,
    http,
    secret::{Token, TokenKind},
};
use serde_json::Value;
use tower::ServiceExt as _;
use uuid::Uuid;

use super::World;

/// Everything that a token can be good for.
pub const EVERY_SCOPE: [&str; 6] =
    ["read", "activate", "approve", "administer", "audit", "check_access"];

/// What the program answered.
#[derive(Debug)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// The headers.
    pub headers: HeaderMap,
    /// The body.
    pub body: Bytes,
}

impl Answer {
    /// The body as JSON; null if there is none.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }

    /// A header, or nothing.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }
}

/// A request of a program.
pub fn call(method: &str, path: &str, token: &str, body: Option<&Value>) -> Request<Body> {
    let mut request = Request::builder()
        .method(Method::from_bytes(method.to_uppercase().as_bytes()).unwrap())
        .uri(format!("/api{path}"));
    if !token.is_empty() {
        request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
    }
    match body {
        Some(body) => request
            .header(header::CONTENT_TYPE, "application/json")
            .body(Body::from(body.to_string())),
        None => request.body(Body::empty()),
    }
    .unwrap()
}

/// What a router answers.
pub async fn answered(router: Router, request: Request<Body>) -> Answer {
    let answer = router.oneshot(request).await.unwrap();
    let (parts, body) = answer.into_parts();
    let body = body.collect().await.expect("the answer is whole").to_bytes();
    Answer { status: parts.status.as_u16(), headers: parts.headers, body }
}

impl World {
    /// Everything that the program serves.
    pub fn router(&self) -> Router {
        let public_url = self.app.public_url.to_string();
        http::router(self.app.clone(), &Config { public_url, ..Config::default() })
    }

    /// Asks the program.
    pub async fn send(&self, request: Request<Body>) -> Answer {
        answered(self.served.get_or_init(|| self.router()).clone(), request).await
    }

    /// Asks as a program.
    pub async fn ask_api(
        &self,
        method: &str,
        path: &str,
        token: &str,
        body: Option<&Value>,
    ) -> Answer {
        self.send(call(method, path, token, body)).await
    }

    /// A bearer token of somebody's.
    pub async fn access_token(&self, name: &str, scopes: &[&str]) -> String {
        let (id, token) = (Uuid::now_v7(), Token::random(TokenKind::PersonalAccess));
        let mut transaction = self.owner.begin().await.unwrap();
        sqlx::query(
            "insert into access_tokens (id, principal_id, name, token_hash, scopes, created_at, expires_at)
             select $1, $2, 'A test', $3, $4, at, at + interval '30 days' from instant() as at",
        )
        .bind(id)
        .bind(self.principal(name))
        .bind(token.hash().as_bytes())
        .bind(scopes.iter().map(ToString::to_string).collect::<Vec<_>>())
        .execute(&mut *transaction)
        .await
        .unwrap();
        sqlx::query(
            "insert into audit_events (id, at, kind, outcome, actor_kind, actor_name, target_id, detail)
             values ($1, instant(), 'token.created', 'success', 'operator', 'A test', $2, '{}')",
        )
        .bind(Uuid::now_v7())
        .bind(id)
        .execute(&mut *transaction)
        .await
        .unwrap();
        transaction.commit().await.unwrap();
        token.reveal().to_string()
    }
}
