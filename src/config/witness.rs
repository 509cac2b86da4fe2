//! Where the end of the audit log is written down outside of the database.
use std::path::PathBuf;

use secrecy::SecretString;
use serde::{Deserialize, Serialize};

use super::{ConfigError, hidden, load::read_secret};

/// Where the end of the audit log is written down outside of the database.
#[derive(Debug, Clone, Default, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Witness {
    /// The file. With the private database it is `witness.jsonl` in the data folder if nothing is said.
    pub file: Option<PathBuf>,
    /// An address that each statement is posted to as well, over HTTPS.
    pub url: Option<String>,
    /// What is shown there as `Authorization: Bearer`.
    #[serde(serialize_with = "hidden")]
    pub token: Option<SecretString>,
    /// The file that holds `token`.
    pub token_file: Option<PathBuf>,
    /// Whether the address may be of this machine or in a private network.
    pub allow_private_networks: bool,
    /// Whether the address may be without TLS.
    pub allow_http: bool,
}

impl Witness {
    pub(super) fn read_secrets(&mut self) -> Result<(), ConfigError> {
        read_secret("witness.token", &mut self.token, self.token_file.as_deref())
    }
}
