//! A real mail server, written by others, that keeps what it takes.
use std::process::Stdio;

use latchkey::config::{Config, SmtpTls};
use serde_json::Value;
use tokio::{
    io::{AsyncBufReadExt as _, BufReader, Lines},
    process::{Child, ChildStdout, Command},
};

/// A mail server that ends with the test.
pub struct MailServer {
    lines: Lines<BufReader<ChildStdout>>,
    port: u16,
    _process: Child,
}

impl MailServer {
    /// Starts it on a port of its own.
    pub async fn start() -> Self {
        let python = std::env::var_os("LATCHKEY_TEST_PYTHON")
            .expect("LATCHKEY_TEST_PYTHON names a Python with aiosmtpd: run script/test");
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/mail_server.py");
        let mut process = Command::new(python)
            .arg(script)
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .expect("the mail server starts");
        let output = process.stdout.take().expect("its output is ours");
        let mut lines = BufReader::new(output).lines();
        let port = lines.next_line().await.expect("it can be read").expect("it says its port");
        Self { lines, port: port.parse().expect("a port is a number"), _process: process }
    }

    /// Settings that send mail through it.
    pub fn config(&self) -> Config {
        let mut config =
            Config { public_url: "https://latchkey.example.org".into(), ..Config::default() };
        config.smtp.host = Some("127.0.0.1".into());
        config.smtp.port = self.port;
        config.smtp.tls = SmtpTls::None;
        config
    }

    /// The next mail that it takes: from, to, user, subject, headers, body.
    pub async fn next(&mut self) -> Value {
        let line = tokio::time::timeout(std::time::Duration::from_secs(20), self.lines.next_line());
        let line = line.await.expect("a mail comes soon").expect("it can be read");
        serde_json::from_str(&line.expect("the mail server lives")).expect("it speaks JSON")
    }
}
