//! Settings: one TOML file, the environment over it, read once.
//!
//! Every setting has a default, so no file is needed at all. A name that is not known is refused, in the file and in
//! the environment, because a misspelt setting that is silently ignored is worse than a start that fails. Secrets
//! come from files or from the environment, and are never printed.

mod channel;
mod load;
mod ticket_system;
mod traces;
mod witness;

use std::{
    collections::BTreeMap,
    net::{Ipv4Addr, SocketAddr},
    path::PathBuf,
    time::Duration,
};

use ipnet::IpNet;
use secrecy::SecretString;
use serde::{Deserialize, Serialize, Serializer};

pub use self::{
    channel::Channel,
    load::{Setting, settings},
    ticket_system::TicketSystem,
    traces::Traces,
    witness::Witness,
};
use crate::domain::{
    language::{Language, Reader},
    notice::summary::Schedule,
};

/// Why the settings could not be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// A file that was named could not be read.
    #[error("cannot read {}: {source}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The text of a file or a variable is not what the setting wants.
    #[error("{0}")]
    Invalid(#[from] config::ConfigError),
    /// A variable that looks like a setting, but is none.
    #[error("{0} is not a setting; `latchkey check --settings` lists them all")]
    UnknownVariable(String),
    /// Two ways to say the same thing were used at once.
    #[error("{0} and {0}_file are both set; keep one of them")]
    Twice(&'static str),
    /// A setting parses, but makes no sense.
    #[error("{name} {problem}")]
    Senseless {
        /// The setting.
        name: &'static str,
        /// What is wrong with it, as the end of a sentence.
        problem: String,
    },
}

/// Everything that can be set.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Where people find this server: scheme, host and port, without a path. Links in mails begin with it. If it is not
    /// set, it is this machine at the port of `listen`.
    pub public_url: String,
    /// The address on which the server listens. TLS is the reverse proxy's job.
    pub listen: SocketAddr,
    /// Where the private database, the encryption key and undelivered mails are kept.
    pub data_folder: PathBuf,
    /// The name at the top of each page.
    pub organisation_name: String,
    /// The language of whoever has chosen none and whose browser asks for none that there is: `en` or `da`.
    pub language: Language,
    /// The time zone of whoever has chosen none and whose browser does not say: a name such as `Europe/Copenhagen`.
    pub time_zone: String,
    /// Networks of reverse proxies whose `X-Forwarded-For` is believed. None by default.
    pub trusted_proxies: Vec<IpNet>,
    /// The key that encrypts secrets at rest: 32 bytes in base64.
    #[serde(serialize_with = "hidden")]
    pub encryption_key: Option<SecretString>,
    /// The file that holds `encryption_key`.
    pub encryption_key_file: Option<PathBuf>,
    /// The database, if it is not the private one.
    pub database: Database,
    /// The private database, which is used when `database.url` is not set.
    pub postgres: Postgres,
    /// How mail leaves.
    pub smtp: Smtp,
    /// When the summaries of the day and of the week are sent.
    pub summaries: Summaries,
    /// Limits of the HTTP server.
    pub http: Http,
    /// What is written to the log.
    pub log: Log,
    /// What is measured.
    pub metrics: Metrics,
    /// Where what was done for a request, and how long it took, is sent.
    pub traces: Traces,
    /// Where the end of the audit log is written down outside of the database.
    pub witness: Witness,
    /// Where notices go beside mail, by name.
    pub channels: BTreeMap<String, Channel>,
    /// Where tickets are, by name.
    pub ticket_systems: BTreeMap<String, TicketSystem>,
}

/// An external database.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Database {
    /// `postgres://…` as the application's role. `DATABASE_URL` is read too.
    #[serde(serialize_with = "hidden")]
    pub url: Option<SecretString>,
    /// The file that holds `url`.
    pub url_file: Option<PathBuf>,
    /// `postgres://…` as the owner of the tables; only `latchkey migrate` uses it.
    #[serde(serialize_with = "hidden")]
    pub owner_url: Option<SecretString>,
    /// The file that holds `owner_url`.
    pub owner_url_file: Option<PathBuf>,
    /// Serve although the role could rewrite history.
    pub allow_superuser: bool,
    /// The most connections that one server opens, up to four of them for work in the background. More are not faster: each statement
    /// takes a processor of the database, and many that share few of them make each other slow.
    pub pool_size: u32,
}

/// The private database.
#[derive(Debug, Clone, Default, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Postgres {
    /// The folder with `initdb` and `postgres`; otherwise the usual places are searched.
    pub binaries: Option<PathBuf>,
    /// The account that runs it when Latchkey itself runs as root; otherwise `postgres`, else `nobody`.
    pub user: Option<String>,
}

/// When summaries are sent, on the clock of `time_zone`.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Summaries {
    /// The day of the summary of the week: `monday` to `sunday`.
    pub weekday: String,
    /// The time of both, such as `08:00`.
    pub time: String,
}

/// The mail server.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Smtp {
    /// The mail server's name. Without it mails are written as files into the data folder.
    pub host: Option<String>,
    /// The mail server's port.
    pub port: u16,
    /// Whether and how the connection is encrypted.
    pub tls: SmtpTls,
    /// The account, if the server asks for one.
    pub username: Option<String>,
    /// Its password.
    #[serde(serialize_with = "hidden")]
    pub password: Option<SecretString>,
    /// The file that holds `password`.
    pub password_file: Option<PathBuf>,
    /// Whom mails come from.
    pub from: String,
}

/// How the connection to the mail server is encrypted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum SmtpTls {
    /// It begins in the clear and must be upgraded.
    Starttls,
    /// It is encrypted from the first byte.
    Tls,
    /// Never; only for a server on the same machine.
    None,
}

/// Limits of the HTTP server.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Http {
    /// The most connections at once; others wait to be accepted.
    pub max_connections: usize,
    /// The most requests that are answered at once; others are told to come back. Programs leave an eighth of them to people.
    pub max_requests: usize,
    /// The longest body of a request.
    pub max_body_bytes: usize,
    /// How long a request line and its headers may take to arrive.
    pub header_timeout_seconds: u64,
    /// How long a body may take to arrive.
    pub body_timeout_seconds: u64,
    /// How long a connection may stay open with nothing asked.
    pub idle_timeout_seconds: u64,
    /// How long answers that have begun may take to finish once the server is told to stop.
    pub shutdown_timeout_seconds: u64,
}

/// What is written to the log.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Log {
    /// Lines for people, or one JSON object a line.
    pub format: LogFormat,
    /// What is logged, such as `info` or `info,latchkey=debug`.
    pub filter: String,
}

/// What is measured.
#[derive(Debug, Clone, Default, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Metrics {
    /// The address on which Prometheus is answered, at `/metrics`. Without it nothing listens.
    pub listen: Option<SocketAddr>,
}

/// How a line of the log looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// For people.
    Text,
    /// For programs.
    Json,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            public_url: "http://localhost:8080".into(),
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 8080)),
            data_folder: default_data_folder(),
            organisation_name: "Latchkey".into(),
            language: Language::English,
            time_zone: "UTC".into(),
            trusted_proxies: Vec::new(),
            encryption_key: None,
            encryption_key_file: None,
            database: Database::default(),
            postgres: Postgres::default(),
            smtp: Smtp::default(),
            summaries: Summaries::default(),
            http: Http::default(),
            log: Log::default(),
            metrics: Metrics::default(),
            traces: Traces::default(),
            witness: Witness::default(),
            channels: BTreeMap::new(),
            ticket_systems: BTreeMap::new(),
        }
    }
}

impl Default for Database {
    fn default() -> Self {
        Self {
            url: None,
            url_file: None,
            owner_url: None,
            owner_url_file: None,
            allow_superuser: false,
            pool_size: 12,
        }
    }
}

impl Default for Summaries {
    fn default() -> Self {
        Self { weekday: "monday".into(), time: "08:00".into() }
    }
}

impl Default for Smtp {
    fn default() -> Self {
        Self {
            host: None,
            port: 587,
            tls: SmtpTls::Starttls,
            username: None,
            password: None,
            password_file: None,
            from: "Latchkey <latchkey@localhost>".into(),
        }
    }
}

impl Default for Http {
    fn default() -> Self {
        Self {
            max_connections: 4096,
            max_requests: 512,
            max_body_bytes: 256 * 1024,
            header_timeout_seconds: 10,
            body_timeout_seconds: 30,
            idle_timeout_seconds: 75,
            shutdown_timeout_seconds: 10,
        }
    }
}

impl Default for Log {
    fn default() -> Self {
        Self { format: LogFormat::Text, filter: "info,sqlx::postgres::notice=warn".into() }
    }
}

impl Http {
    /// How long a request line and its headers may take to arrive.
    #[must_use]
    pub fn header_timeout(&self) -> Duration {
        Duration::from_secs(self.header_timeout_seconds)
    }

    /// How long a body may take to arrive.
    #[must_use]
    pub fn body_timeout(&self) -> Duration {
        Duration::from_secs(self.body_timeout_seconds)
    }

    /// How long a connection may stay open with nothing asked.
    #[must_use]
    pub fn idle_timeout(&self) -> Duration {
        Duration::from_secs(self.idle_timeout_seconds)
    }

    /// How long answers that have begun may take to finish once the server is told to stop.
    #[must_use]
    pub fn shutdown_timeout(&self) -> Duration {
        Duration::from_secs(self.shutdown_timeout_seconds)
    }
}

impl Config {
    /// The address of a page, for a link that leaves this server; `path` begins with a slash.
    #[must_use]
    pub fn link(&self, path: &str) -> String {
        format!("{}{path}", self.public_url)
    }

    /// Who is told something, if nothing more is known of them.
    #[must_use]
    pub fn reader(&self) -> Reader {
        Reader::new(self.language, &self.time_zone)
    }

    /// When summaries are sent, on the organisation's clock; none if the settings say no such time.
    #[must_use]
    pub fn schedule(&self) -> Option<Schedule> {
        Schedule::parse(&self.summaries.weekday, &self.summaries.time, self.reader().zone)
    }

    /// Whether people reach this server through TLS, which decides on cookies and `Strict-Transport-Security`.
    #[must_use]
    pub fn is_secure(&self) -> bool {
        self.public_url.starts_with("https://")
    }
}

/// As root the place where a service keeps its data; otherwise beside where one stands.
fn default_data_folder() -> PathBuf {
    if rustix::process::geteuid().is_root() { "/var/lib/latchkey".into() } else { "data".into() }
}

/// A secret is shown as absent, so that settings can be listed and compared without it.
#[expect(clippy::ref_option, reason = "serde gives a reference to the field")]
fn hidden<S: Serializer>(_: &Option<SecretString>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_none()
}
