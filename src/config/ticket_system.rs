//! Where tickets are: each ticket system is a section of its own, in the file alone.
use std::path::PathBuf;

use secrecy::SecretString;
use serde::{Deserialize, Serialize};

use super::{ConfigError, hidden, load::read_secret};

/// A ticket system.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
#[expect(clippy::struct_excessive_bools, reason = "each is a choice of its own")]
pub struct TicketSystem {
    /// What a ticket's number looks like, as a regular expression for the whole of it.
    pub pattern: String,
    /// The page of a ticket; `{number}` stands for its number.
    #[serde(default)]
    pub link: Option<String>,
    /// The address that tells of a ticket as JSON; `{number}` stands for its number.
    #[serde(default)]
    pub lookup_url: Option<String>,
    /// The token that is shown there.
    #[serde(default, serialize_with = "hidden")]
    pub token: Option<SecretString>,
    /// The file that holds `token`.
    #[serde(default)]
    pub token_file: Option<PathBuf>,
    /// Where the answer says whether the ticket is open: a JSON pointer such as `/fields/status/name`.
    #[serde(default)]
    pub open_pointer: Option<String>,
    /// What it says there of an open one.
    #[serde(default)]
    pub open_values: Vec<String>,
    /// Where the answer names whom the ticket is assigned to.
    #[serde(default)]
    pub assignee_pointer: Option<String>,
    /// Whether that must be whoever asks, by mail address or by the name of the account.
    #[serde(default)]
    pub assignee_must_be_requester: bool,
    /// Whether access ends when the ticket is closed.
    #[serde(default)]
    pub ends_access: bool,
    /// Whether the address may be of this machine or in a private network.
    #[serde(default)]
    pub allow_private_networks: bool,
    /// Whether the address may be without TLS.
    #[serde(default)]
    pub allow_http: bool,
}

impl TicketSystem {
    pub(super) fn read_secrets(&mut self) -> Result<(), ConfigError> {
        read_secret("ticket_systems.….token", &mut self.token, self.token_file.as_deref())
    }
}
