//! What an attacker does over HTTP, done to the whole program.
use std::collections::BTreeMap;

use axum::{
    body::Body,
    http::{Request, request::Builder},
};
use latchkey::{
    http::api,
    secret::{Token, TokenKind},
};
use serde_json::Value;

use crate::support::{World, http::Answer};

mod addresses;
mod assertions;
mod cross_site;
mod forged;
mod forwarded;
mod guessing;
mod log_lines;
mod look_alikes;
mod others;
mod payloads;
mod refused;
pub mod running;
mod safe_methods;
mod secrets;
mod settings;

/// What forms are sent as.
const FORM: &str = "application/x-www-form-urlencoded";

/// A browser that somebody is signed in with.
struct Browser {
    cookie: String,
    form_token: String,
}

impl Browser {
    async fn of(world: &World, name: &str) -> Self {
        let (_, session) = world.signed_in(name).await;
        Self {
            cookie: format!("__Host-latchkey={}", &*session.reveal()),
            form_token: world.app.keys.form_token(&session.hash()),
        }
    }

    /// A request with the cookie.
    fn ask(&self, method: &str, path: &str) -> Builder {
        Request::builder().method(method).uri(path).header("cookie", &self.cookie)
    }

    /// A page that is read.
    fn read(&self, path: &str) -> Request<Body> {
        self.ask("GET", path).body(Body::empty()).unwrap()
    }

    /// A form of one of our own pages, as this browser sends it.
    fn form(&self, path: &str, fields: &str) -> Request<Body> {
        let body = format!("csrf={}&{fields}", self.form_token);
        self.ask("POST", path).header("content-type", FORM).body(Body::from(body)).unwrap()
    }
}

/// A browser that has shown a password and no code yet.
struct Half {
    cookie: String,
    form_token: String,
}

impl Half {
    /// What the answer to a right password gives it.
    fn of(world: &World, answer: &Answer) -> Self {
        let given = answer.header("set-cookie").split(';').next().unwrap_or_default().to_owned();
        let secret = given.strip_prefix("__Host-latchkey=").expect("it is given a secret");
        let hash = Token::parse(TokenKind::Session, secret).unwrap().hash();
        Self { form_token: world.app.keys.form_token(&hash), cookie: given }
    }
}

/// A digest of every table.
type State = BTreeMap<String, String>;

/// What is in the database, but for when somebody was last here, and for that the log was taken away or something refused.
async fn state(world: &World) -> State {
    let tables: Vec<String> = sqlx::query_scalar(
        "select table_name::text from information_schema.tables
         where table_schema = 'public' and table_type = 'BASE TABLE'
             and table_name not in ('test_clock', 'audit_seals', 'audit_head')",
    )
    .fetch_all(&world.owner)
    .await
    .unwrap();
    assert!(tables.len() > 40, "{tables:?}");
    let digests: Vec<_> = tables.iter().map(|table| digest(table)).collect();
    let digests: Vec<(String, String)> =
        sqlx::query_as(sqlx::AssertSqlSafe(digests.join(" union all ")))
            .fetch_all(&world.owner)
            .await
            .unwrap();
    digests.into_iter().collect()
}

fn digest(table: &str) -> String {
    let told = "where kind not in ('audit.exported', 'access.refused')";
    let rows = if table == "audit_events" { told } else { "" };
    format!(
        "select '{table}'::text, md5(coalesce(string_agg(line, ' ' order by line), '')) from (
             select (to_jsonb(found) - array['last_seen_at', 'last_used_at'])::text as line
             from {table} as found {rows}
         ) as lines"
    )
}

/// The tables that are no longer as they were.
fn changed(before: &State, after: &State) -> Vec<String> {
    let differs = |table: &&String| before.get(*table) != after.get(*table);
    after.keys().filter(differs).cloned().collect()
}

/// Every operation of the API: its method, its path, and what the description says of it.
fn operations(description: &Value) -> Vec<(&str, &str, &Value)> {
    let paths = description["paths"].as_object().unwrap();
    paths
        .iter()
        .flat_map(|(path, item)| {
            let item = item.as_object().unwrap();
            item.iter().map(move |(method, told)| (method.as_str(), path.as_str(), told))
        })
        .collect()
}

/// The description of the API.
fn description() -> Value {
    serde_json::to_value(api::description()).unwrap()
}
