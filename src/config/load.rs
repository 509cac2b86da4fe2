//! Where settings come from: the file, the environment over it, secrets from files of their own.

use std::{ffi::OsString, fs, path::Path};

use config::{Config as Sources, File, FileFormat};
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;

use super::{Config, ConfigError, Http};
use crate::domain::language::{Language, TimeZoneName};

impl Config {
    /// Reads the file, if one is named, and the environment of this process over it.
    pub fn load(file: Option<&Path>) -> Result<Self, ConfigError> {
        Self::load_from(file, std::env::vars_os())
    }

    /// Reads the file, if one is named, and the variables over it.
    pub fn load_from(
        file: Option<&Path>,
        variables: impl IntoIterator<Item = (OsString, OsString)>,
    ) -> Result<Self, ConfigError> {
        let mut sources = Sources::builder();
        if let Some(path) = file {
            let text = read(path)?;
            sources = sources.add_source(File::from_str(&text, FileFormat::Toml));
        }
        let known = settings();
        let mut plain_database_url = None;
        for (name, value) in variables {
            let (Some(name), Some(value)) = (name.to_str(), value.to_str()) else { continue };
            if name == "DATABASE_URL" && !value.is_empty() {
                plain_database_url = Some(SecretString::from(value));
            }
            if !name.starts_with(PREFIX) || NOT_SETTINGS.iter().any(|other| name.starts_with(other))
            {
                continue;
            }
            let setting = known
                .iter()
                .find(|setting| setting.variable() == name)
                .ok_or_else(|| ConfigError::UnknownVariable(name.to_owned()))?;
            sources = if setting.is_list {
                let parts = value.split(',').map(str::trim).filter(|part| !part.is_empty());
                sources.set_override(&setting.path, parts.map(str::to_owned).collect::<Vec<_>>())?
            } else {
                sources.set_override(&setting.path, value)?
            };
        }
        let sources = sources.build()?;
        let is_placed = sources.get_string("public_url").is_ok();
        let mut config: Self = sources.try_deserialize()?;
        if !is_placed {
            config.public_url = format!("http://localhost:{}", config.listen.port());
        }
        config.read_secrets()?;
        config.database.url = config.database.url.or(plain_database_url);
        config.check()?;
        Ok(config)
    }

    fn read_secrets(&mut self) -> Result<(), ConfigError> {
        let Self { database, smtp, .. } = self;
        read_secret(
            "encryption_key",
            &mut self.encryption_key,
            self.encryption_key_file.as_deref(),
        )?;
        read_secret("database.url", &mut database.url, database.url_file.as_deref())?;
        read_secret(
            "database.owner_url",
            &mut database.owner_url,
            database.owner_url_file.as_deref(),
        )?;
        read_secret("smtp.password", &mut smtp.password, smtp.password_file.as_deref())?;
        self.witness.read_secrets()?;
        self.traces.read_secrets()?;
        self.channels.values_mut().try_for_each(super::Channel::read_secrets)?;
        self.ticket_systems.values_mut().try_for_each(super::TicketSystem::read_secrets)
    }

    fn check(&mut self) -> Result<(), ConfigError> {
        while self.public_url.ends_with('/') {
            self.public_url.pop();
        }
        let host =
            ["http://", "https://"].iter().find_map(|scheme| self.public_url.strip_prefix(scheme));
        let is_origin = |host: &str| {
            !host.is_empty()
                && !host.contains(['/', '?', '#', '@'])
                && !host.contains(char::is_whitespace)
        };
        if !host.is_some_and(is_origin) {
            let problem = "must be http:// or https:// and a host, without a path".to_owned();
            return Err(ConfigError::Senseless { name: "public_url", problem });
        }
        let Some(zone) = TimeZoneName::parse(&self.time_zone) else {
            let problem = "must be the name of a time zone, such as Europe/Copenhagen".to_owned();
            return Err(ConfigError::Senseless { name: "time_zone", problem });
        };
        zone.as_str().clone_into(&mut self.time_zone);
        if !Language::OFFERED.contains(&self.language) {
            let problem = "must be en or da".to_owned();
            return Err(ConfigError::Senseless { name: "language", problem });
        }
        if self.schedule().is_none() {
            let problem = "must be a day such as monday and a time such as 08:00".to_owned();
            return Err(ConfigError::Senseless { name: "summaries", problem });
        }
        if self.database.pool_size < 4 {
            let problem = "must be at least 4: the workers alone hold three".to_owned();
            return Err(ConfigError::Senseless { name: "database.pool_size", problem });
        }
        let Http { max_connections, max_requests, max_body_bytes, .. } = self.http;
        if max_connections == 0 || max_requests == 0 || max_body_bytes == 0 {
            let problem = "must leave room for one connection, one request and one byte".to_owned();
            return Err(ConfigError::Senseless { name: "http", problem });
        }
        self.traces.check()
    }
}

const PREFIX: &str = "LATCHKEY_";
/// Variables with our prefix that name no setting: the file itself, and what the tests are told.
const NOT_SETTINGS: [&str; 3] = ["LATCHKEY_CONFIG", "LATCHKEY_TEST_", "LATCHKEY_TOKEN"];

/// One setting: where it stands in the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Setting {
    /// Its place in the file, such as `database.url`.
    pub path: String,
    is_list: bool,
}

impl Setting {
    /// The name of its environment variable.
    #[must_use]
    pub fn variable(&self) -> String {
        format!("{PREFIX}{}", self.path.replace('.', "_").to_uppercase())
    }
}

/// Every setting that exists, found by walking through the defaults.
#[must_use]
pub fn settings() -> Vec<Setting> {
    let mut found = Vec::new();
    if let Ok(Value::Object(sections)) = serde_json::to_value(Config::default()) {
        for (path, value) in sections {
            match value {
                Value::Object(section) => found.extend(section.into_iter().map(|(name, value)| {
                    Setting { path: format!("{path}.{name}"), is_list: value.is_array() }
                })),
                other => found.push(Setting { path, is_list: other.is_array() }),
            }
        }
    }
    found
}

pub(super) fn read(path: &Path) -> Result<String, ConfigError> {
    fs::read_to_string(path)
        .map_err(|source| ConfigError::Unreadable { path: path.to_owned(), source })
}

pub(super) fn read_secret(
    name: &'static str,
    secret: &mut Option<SecretString>,
    file: Option<&Path>,
) -> Result<(), ConfigError> {
    if secret.as_ref().is_some_and(|text| text.expose_secret().is_empty()) {
        *secret = None;
    }
    let Some(path) = file else { return Ok(()) };
    if secret.is_some() {
        return Err(ConfigError::Twice(name));
    }
    *secret = Some(SecretString::from(read(path)?.trim_end_matches(['\r', '\n'])));
    Ok(())
}
