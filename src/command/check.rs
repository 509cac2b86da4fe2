//! `latchkey check`: explains the settings and tries what they lead to.
use std::{fmt::Display, time::Duration};

use serde_json::Value;
use tokio::{
    net::{TcpListener, TcpStream},
    time::timeout,
};

use super::{
    Failure,
    installation::{Installation, is_external, private_settings},
};
use crate::{
    config::{Config, settings},
    gateway::{channel, private_postgres::PrivatePostgres, ticket},
    store::database::{Condition, Schema},
};

const PATIENCE: Duration = Duration::from_secs(5);
/// A clock that is further off than this makes time-based codes fail.
const LARGEST_LEAD: i64 = 2_000;

/// Lists every setting with its environment variable.
pub(super) fn list_settings() {
    for setting in settings() {
        println!("{:<32} {}", setting.path, setting.variable());
    }
}

/// What was found, good and bad.
#[derive(Default)]
struct Findings {
    problems: usize,
}

impl Findings {
    fn good(text: impl Display) {
        println!("  ok       {text}");
    }

    fn warning(text: impl Display) {
        println!("  warning  {text}");
    }

    fn problem(&mut self, text: impl Display) {
        println!("  problem  {text}");
        self.problems += 1;
    }
}

/// Explains the settings and tries what they lead to.
pub(super) async fn check(config: Config) -> Result<(), Failure> {
    println!("Settings");
    for line in lines(&config) {
        println!("  {line}");
    }
    if !config.channels.is_empty() || !config.ticket_systems.is_empty() {
        println!("Channels and ticket systems");
    }
    let mut findings = Findings::default();
    check_outside(&config, &mut findings);
    println!("Database");
    check_database(&config, &mut findings).await;
    println!("Network");
    check_network(&config, &mut findings).await;
    if findings.problems == 0 {
        return Ok(());
    }
    Err(Failure::Failed(match findings.problems {
        1 => "1 problem found".to_owned(),
        many => format!("{many} problems found"),
    }))
}

/// Each setting with its value. Secrets are not in what is walked through, so only their presence is said.
fn lines(config: &Config) -> Vec<String> {
    let values = serde_json::to_value(config).unwrap_or_default();
    let secrets = [
        ("encryption_key", &config.encryption_key),
        ("database.url", &config.database.url),
        ("database.owner_url", &config.database.owner_url),
        ("smtp.password", &config.smtp.password),
        ("witness.token", &config.witness.token),
        ("traces.token", &config.traces.token),
    ];
    settings()
        .into_iter()
        .map(|setting| {
            let pointer = format!("/{}", setting.path.replace('.', "/"));
            let secret = secrets.iter().find(|(name, _)| *name == setting.path);
            let text = match (secret, values.pointer(&pointer)) {
                (Some((_, Some(_))), _) => "set, not shown".to_owned(),
                (_, None | Some(Value::Null)) => "not set".to_owned(),
                (_, Some(value)) => value.to_string(),
            };
            format!("{:<32} {text}", setting.path)
        })
        .collect()
}

/// Says of each channel and ticket system what it is. Addresses may be secrets, so only hosts are shown.
fn check_outside(config: &Config, findings: &mut Findings) {
    match channel::all(&config.channels) {
        Err(problem) => findings.problem(problem),
        Ok(channels) => {
            for it in channels {
                let events = it.wanted.names().join(", ");
                let events = if events.is_empty() { "everything".to_owned() } else { events };
                let (name, kind) = (&it.name, it.kind.label());
                Findings::good(format!("{name}: {kind} at {}, told of {events}", it.host()));
            }
        }
    }
    match ticket::all(&config.ticket_systems) {
        Err(problem) => findings.problem(problem),
        Ok(systems) => {
            for it in systems {
                let asked =
                    if it.can_be_asked() { "is asked about tickets" } else { "is not asked" };
                Findings::good(format!("{}: a ticket system that {asked}", it.name));
            }
        }
    }
}

async fn check_database(config: &Config, findings: &mut Findings) {
    let private = private_settings(config);
    if !is_external(config) && !private.folder.join("cluster").exists() {
        match PrivatePostgres::version_to_use(&private) {
            Err(failure) => findings.problem(failure),
            Ok(version) => Findings::good(format!(
                "PostgreSQL {version} is found; a private cluster is made in {} at first start",
                private.folder.display()
            )),
        }
        return;
    }
    let found = async {
        let installation = Installation::join(config.clone()).await?;
        let is_private = installation.is_private();
        let condition = installation.condition().await;
        installation.stop().await;
        Ok::<_, Failure>((is_private, condition?))
    };
    match found.await {
        Err(failure) => findings.problem(failure),
        Ok((is_private, condition)) => judge_database(config, is_private, &condition, findings),
    }
}

fn judge_database(
    config: &Config,
    is_private: bool,
    condition: &Condition,
    findings: &mut Findings,
) {
    let Condition { version, name, role, .. } = condition;
    let kind = if is_private { "private" } else { "external" };
    Findings::good(format!("{kind} PostgreSQL {version}, database {name}, as role {role}"));
    if let Some(refusal) = super::serve::refusal(config, is_private, condition) {
        findings.problem(refusal);
    } else if is_private && condition.schema != Schema::Current {
        Findings::warning("the schema is brought up to date at the next start");
    } else {
        Findings::good("what is committed is durable, and history cannot be rewritten");
    }
    if condition.clock_lead.abs() > LARGEST_LEAD {
        let lead = condition.clock_lead;
        findings.problem(format!("the database's clock is {lead} ms ahead of this machine's"));
    }
    if !is_private && config.encryption_key.is_none() {
        findings.problem("encryption_key_file is not set; all servers need the same key");
    }
}

async fn check_network(config: &Config, findings: &mut Findings) {
    match TcpListener::bind(config.listen).await {
        Ok(_) => Findings::good(format!("{} is free to listen on", config.listen)),
        Err(failure) => Findings::warning(format!("{}: {failure}", config.listen)),
    }
    if !config.is_secure() && !config.public_url.starts_with("http://localhost") {
        Findings::warning(
            "public_url is not https://; put a reverse proxy with TLS before this server",
        );
    }
    if let Some((host, port)) = config.traces.place() {
        check_reach("the collector of traces", (&host, port), findings).await;
    }
    match &config.smtp.host {
        Some(host) => check_reach("the mail server", (host, config.smtp.port), findings).await,
        None => Findings::warning(
            "smtp.host is not set; mails are written as files into the data folder",
        ),
    }
}

async fn check_reach(what: &str, (host, port): (&str, u16), findings: &mut Findings) {
    match timeout(PATIENCE, TcpStream::connect((host, port))).await {
        Ok(Ok(_)) => Findings::good(format!("{what} {host} answers")),
        Ok(Err(failure)) => findings.problem(format!("{what} {host}: {failure}")),
        Err(_) => findings.problem(format!("{what} {host} does not answer")),
    }
}
