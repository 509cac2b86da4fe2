//! Tries to write a second line into the log, or to steer the terminal of whoever reads it.
use std::time::Duration;

use data_encoding::BASE64;
use latchkey::domain::percent;
use regex::Regex;
use serde_json::{Value, json};
use tokio::{
    io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader},
    net::{TcpListener, TcpStream},
    time::{sleep, timeout},
};

use super::running::Running;
use crate::support::credentials::PASSWORD;

/// What somebody would like to stand in the log.
const FORGED: &str = "\r\n2026-01-01T00:00:00.000000Z  INFO forged\n{\"level\":\"INFO\",\"message\":\"forged\"}\
    \u{1b}[31m\u{1b}]0;forged\u{7}\u{9b}2J\u{85}\u{2028}\u{2029}\u{202e}\u{0}\u{7f}\u{c}\u{8}forged";
/// The same without what no header can have.
const IN_A_HEADER: &str = "forged\t\u{9b}2J\u{85}\u{2028}2026-01-01T00:00:00Z  INFO forged\u{202e}";

/// A mail server that refuses everybody with an answer of its own.
async fn rude_mail_server() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(refuse(stream));
        }
    });
    port
}

async fn refuse(stream: TcpStream) -> std::io::Result<()> {
    let mut stream = BufReader::new(stream);
    stream.write_all(b"220 rude\r\n").await?;
    let mut line = String::new();
    while stream.read_line(&mut line).await? > 0 {
        let answer = if line.starts_with("RCPT") {
            let said = "nobody\u{1b}[31m\u{9b}2J\r550-2026-01-01T00:00:00Z  INFO forged\u{2028}";
            format!("550-{said}\r\n550-\u{85}{said}\r\n550 forged\u{1b}]0;forged\u{7}\r\n")
        } else {
            "250 yes\r\n".to_owned()
        };
        stream.write_all(answer.as_bytes()).await?;
        line.clear();
    }
    Ok(())
}

/// Requests as no browser sends them, byte by byte.
fn requests() -> Vec<Vec<u8>> {
    let evil = percent::encode(FORGED);
    let get = |path: &str, header: &str| {
        format!("GET {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n{header}\r\n")
    };
    let post = |path: &str, kind: &str, body: &str| {
        let length = body.len();
        format!(
            "POST {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\ncontent-type: {kind}\r\n\
             content-length: {length}\r\n\r\n{body}"
        )
    };
    let form = "application/x-www-form-urlencoded";
    let basic = BASE64.encode(format!("{FORGED}:{FORGED}").as_bytes());
    let report = json!({ "csp-report": { "effective-directive": FORGED, "blocked-uri": FORGED } });
    let other =
        json!([{ "body": { "effectiveDirective": FORGED, "blockedURL": "https:\n//\u{1b}[31m" } }]);
    let mut requests: Vec<Vec<u8>> = [
        get(&format!("/{evil}"), ""),
        get(&format!("/sign-in?next={evil}&{evil}={evil}"), ""),
        get(&format!("/invitation/{evil}"), ""),
        get(&format!("/requests/{evil}"), ""),
        get(&format!("/static/{evil}"), ""),
        get(
            &format!("/api/v1/people?search={evil}"),
            &format!("authorization: Bearer {basic}\r\n"),
        ),
        post("/sign-in", form, &format!("user_name={evil}&password={evil}")),
        post("/oauth/token", form, &format!("grant_type={evil}&client_id={evil}&scope={evil}")),
        post("/csp-reports", "application/csp-report", &report.to_string()),
        post("/csp-reports", "application/reports+json", &other.to_string()),
        post("/api/v1/access/check", "application/json", &json!({ FORGED: FORGED }).to_string()),
    ]
    .map(String::into_bytes)
    .into();
    for name in [
        "user-agent",
        "x-forwarded-for",
        "forwarded",
        "x-request-id",
        "traceparent",
        "referer",
        "origin",
        "accept-language",
        "cookie",
        "authorization",
        "idempotency-key",
        "sec-fetch-site",
    ] {
        for value in [IN_A_HEADER, "forged\u{1b}[31m", "one\r\n forged", "one\rforged", "\u{0}"] {
            requests.push(get("/sign-in", &format!("{name}: {value}\r\n")).into_bytes());
        }
        let mut broken = get("/sign-in", "").into_bytes();
        broken.truncate(broken.len() - 2);
        broken.extend([name.as_bytes(), b": \xff\xfe\x9b\x85 forged\r\n\r\n"].concat());
        requests.push(broken);
    }
    for start in [
        "GET /\u{1b}[31mforged HTTP/1.1",
        "GET /forged\u{2028} HTTP/1.1",
        "FORGED\u{1b} / HTTP/1.1",
        "FORGED /forged HTTP/1.1",
        "GET / HTTP/1.1\rforged",
        "forged\n2026-01-01T00:00:00Z  INFO forged",
    ] {
        requests
            .push(format!("{start}\r\nhost: localhost\r\nconnection: close\r\n\r\n").into_bytes());
    }
    requests
}

/// Sends it and hears the answer out.
async fn send(address: &str, request: &[u8]) {
    let mut stream = TcpStream::connect(address).await.unwrap();
    // A server that hangs up before the end is fine.
    stream.write_all(request).await.ok();
    let mut answer = Vec::new();
    drop(timeout(Duration::from_secs(5), stream.read_to_end(&mut answer)).await);
}

/// What a server in which all of that was tried has logged in this form.
async fn logged(format: &str) -> String {
    let settings = format!(
        "[log]\nfilter = \"debug\"\nformat = \"{format}\"\n\n[smtp]\nhost = \"127.0.0.1\"\nport = {}\ntls = \"none\"\n",
        rude_mail_server().await
    );
    let running = Running::start(&settings, &[]);
    running.take_the_clock().await;
    let address = running.url.trim_start_matches("http://localhost").to_owned();
    let address = format!("127.0.0.1{address}");
    for request in requests() {
        send(&address, &request).await;
    }
    let mut admin = running.browser();
    admin.set_up(&running, &running.invitation, PASSWORD).await;
    admin.get("/inventory/imports/new").await;
    let body = format!(
        "--x\r\ncontent-disposition: form-data; name=\"csrf\"\r\n\r\n{}\r\n--x\r\ncontent-disposition: form-data; \
         name=\"file\"; filename=\"{IN_A_HEADER}\"\r\n\r\n{FORGED}\r\n--x--\r\n",
        admin.form_token
    );
    let import = admin.request("POST", "/inventory/imports");
    let import = import.header("content-type", "multipart/form-data; boundary=x").body(body);
    admin.send(import).await;
    admin.get(&format!("/search?q={}", percent::encode(FORGED))).await;
    admin.get(&format!("/people?search={}", percent::encode(FORGED))).await;
    admin.get(&format!("/audit?actor={0}&from={0}", percent::encode(FORGED))).await;
    admin.post("/groups", &[("name", FORGED), ("description", FORGED)]).await;
    admin.post("/account/tokens", &[("name", FORGED), ("days", FORGED), ("code", FORGED)]).await;
    for _ in 0..200 {
        if running.log().contains("a notice was not sent") {
            break;
        }
        sleep(Duration::from_millis(100)).await;
    }
    running.log()
}

/// Fails at the first line that is none of ours, or that would do something to a terminal.
fn judge(log: &str, is_ours: impl Fn(&str) -> bool) {
    let steers =
        |c: char| c.is_control() || matches!(c, '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    assert!(log.ends_with('\n'), "the last line is whole");
    for line in log.trim_end_matches('\n').split('\n') {
        assert!(!line.contains(steers), "{line:?}");
        assert!(is_ours(line), "{line:?}");
    }
    for said in ["answered", "a browser stopped something", "a notice was not sent", "forged"] {
        assert!(log.contains(said), "nothing was tried: {said} is not in the log");
    }
}

#[tokio::test]
async fn nothing_that_others_send_begins_a_line_of_the_log() {
    let begins = "^20[0-9]{2}-[0-9]{2}-[0-9]{2}T[0-9:.]+Z +(TRACE|DEBUG|INFO|WARN|ERROR) ";
    let begins = Regex::new(begins).unwrap();
    let log = logged("text").await;
    judge(&log, |line| begins.is_match(line) && !line.starts_with("2026-01-01"));
}

#[tokio::test]
async fn nothing_that_others_send_begins_an_object_of_the_log_for_programs() {
    let log = logged("json").await;
    judge(&log, |line| {
        let event: Value = serde_json::from_str(line).unwrap_or_default();
        event["timestamp"].is_string() && event["level"].is_string() && event["message"] != "forged"
    });
}
