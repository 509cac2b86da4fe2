//! Where what was done for a request, and how long it took, is sent.
use std::path::PathBuf;

use secrecy::SecretString;
use serde::{Deserialize, Serialize};

use super::{ConfigError, hidden, load::read_secret};
use crate::domain::egress::{Allowance, judge_url};

/// Where what was done for a request, and how long it took, is sent.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Traces {
    /// The address of an OpenTelemetry collector that takes OTLP over HTTP. Without it nothing is sent.
    pub endpoint: Option<String>,
    /// The share of requests that is told of, from 0 to 1.
    pub sample: f64,
    /// What is shown there as `Authorization: Bearer`.
    #[serde(serialize_with = "hidden")]
    pub token: Option<SecretString>,
    /// The file that holds `token`.
    pub token_file: Option<PathBuf>,
}

impl Default for Traces {
    fn default() -> Self {
        Self { endpoint: None, sample: 1.0, token: None, token_file: None }
    }
}

impl Traces {
    /// A collector is usually inside, as the mail server is, and nobody but the operator says where.
    pub const ALLOWANCE: Allowance = Allowance { private_networks: true, plain_http: true };

    /// The host and the port of the collector, if there is one.
    #[must_use]
    pub fn place(&self) -> Option<(String, u16)> {
        let url = judge_url(self.endpoint.as_ref()?, Self::ALLOWANCE).ok()?;
        // An address of the new kind stands in brackets, which do not belong to it.
        let host = url.host_str()?.trim_start_matches('[').trim_end_matches(']').to_owned();
        Some((host, url.port_or_known_default()?))
    }

    pub(super) fn read_secrets(&mut self) -> Result<(), ConfigError> {
        read_secret("traces.token", &mut self.token, self.token_file.as_deref())
    }

    pub(super) fn check(&mut self) -> Result<(), ConfigError> {
        self.endpoint.take_if(|endpoint| endpoint.is_empty());
        if let Some(endpoint) = &self.endpoint
            && let Err(refusal) = judge_url(endpoint, Self::ALLOWANCE)
        {
            let problem = format!(
                "must be an address such as http://collector.internal:4318/v1/traces: {refusal}"
            );
            return Err(ConfigError::Senseless { name: "traces.endpoint", problem });
        }
        if !(0.0..=1.0).contains(&self.sample) {
            let problem = "must be between 0 and 1".to_owned();
            return Err(ConfigError::Senseless { name: "traces.sample", problem });
        }
        Ok(())
    }
}
