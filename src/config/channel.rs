//! Where notices go beside mail: each channel is a section of its own, in the file alone.
use std::path::PathBuf;

use secrecy::SecretString;
use serde::{Deserialize, Serialize};

use super::{
    ConfigError, hidden,
    load::{read, read_secret},
};
use crate::domain::channel::Kind;

/// A channel.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Channel {
    /// What kind of channel it is.
    pub kind: Kind,
    /// The address that is called. Whoever knows it can write there, so it is a secret.
    #[serde(default, serialize_with = "hidden")]
    pub url: Option<SecretString>,
    /// The file that holds `url`.
    #[serde(default)]
    pub url_file: Option<PathBuf>,
    /// For a webhook: what messages are signed with, each beginning with `whsec_`. Every message is signed with all, so that
    /// one can be replaced by another while both hold.
    #[serde(default, skip_serializing)]
    pub secrets: Vec<SecretString>,
    /// The file that holds `secrets`, one a line.
    #[serde(default)]
    pub secrets_file: Option<PathBuf>,
    /// Which events it wants; a name that ends with a dot stands for all that begin so. Empty: all.
    #[serde(default)]
    pub events: Vec<String>,
    /// Whether the address may be of this machine or in a private network.
    #[serde(default)]
    pub allow_private_networks: bool,
    /// Whether the address may be without TLS.
    #[serde(default)]
    pub allow_http: bool,
    /// For Matrix: the server's address.
    #[serde(default)]
    pub homeserver: Option<String>,
    /// For Matrix: the room's identifier, such as `!abc:example.org`.
    #[serde(default)]
    pub room: Option<String>,
    /// For Matrix: the token of the account that writes.
    #[serde(default, serialize_with = "hidden")]
    pub access_token: Option<SecretString>,
    /// The file that holds `access_token`.
    #[serde(default)]
    pub access_token_file: Option<PathBuf>,
}

impl Channel {
    pub(super) fn read_secrets(&mut self) -> Result<(), ConfigError> {
        read_secret("channels.….url", &mut self.url, self.url_file.as_deref())?;
        let token_file = self.access_token_file.as_deref();
        read_secret("channels.….access_token", &mut self.access_token, token_file)?;
        if let Some(file) = &self.secrets_file {
            if !self.secrets.is_empty() {
                return Err(ConfigError::Twice("channels.….secrets"));
            }
            let text = zeroize::Zeroizing::new(read(file)?);
            let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
            self.secrets = lines.map(SecretString::from).collect();
        }
        Ok(())
    }
}
