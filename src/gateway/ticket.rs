//! Ticket systems, as far as an operator lets Latchkey ask them.
use std::{collections::BTreeMap, fmt};

use reqwest::Method;
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::Value;

use super::egress::{Call, Egress};
use crate::{
    config,
    domain::{
        egress::{Allowance, Refusal, judge_url},
        ticket::{AnswerRules, Rules, address, pattern},
    },
};

/// Why a ticket system cannot be used as it is configured.
#[derive(Debug, thiserror::Error)]
#[error("ticket_systems.{name}: {problem}")]
pub struct TicketSystemError {
    name: String,
    problem: Problem,
}

/// What is wrong with a ticket system.
#[derive(Debug, thiserror::Error)]
enum Problem {
    #[error("a name has 1 to 100 characters")]
    Name,
    #[error("pattern: {0}")]
    Pattern(#[from] regex::Error),
    #[error("{0}: {1}")]
    Address(&'static str, Refusal),
    #[error("{0} must hold {{number}}")]
    NoNumber(&'static str),
    #[error("{0} must be set")]
    Missing(&'static str),
    #[error("{0} says nothing without lookup_url")]
    Idle(&'static str),
}

/// A ticket system.
pub struct TicketSystem {
    /// What it is called.
    pub name: String,
    /// What the operator says of it.
    pub rules: Rules,
    lookup: Option<Lookup>,
}

struct Lookup {
    url: String,
    token: Option<SecretString>,
    allowance: Allowance,
}

impl fmt::Debug for TicketSystem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "TicketSystem({})", self.name)
    }
}

/// Every ticket system that is configured, in the order of their names.
pub fn all(
    configured: &BTreeMap<String, config::TicketSystem>,
) -> Result<Vec<TicketSystem>, TicketSystemError> {
    let one = |(name, settings): (&String, &config::TicketSystem)| {
        TicketSystem::new(name, settings)
            .map_err(|problem| TicketSystemError { name: name.clone(), problem })
    };
    configured.iter().map(one).collect()
}

impl TicketSystem {
    fn new(name: &str, settings: &config::TicketSystem) -> Result<Self, Problem> {
        if name.trim().is_empty() || name.chars().count() > 100 {
            return Err(Problem::Name);
        }
        let allowance = Allowance {
            private_networks: settings.allow_private_networks,
            plain_http: settings.allow_http,
        };
        // A link is opened by people, wherever it leads.
        let anywhere = Allowance { private_networks: true, plain_http: true };
        for (template, field, allowed) in
            [(&settings.link, "link", anywhere), (&settings.lookup_url, "lookup_url", allowance)]
        {
            let Some(template) = template else { continue };
            if !template.contains("{number}") {
                return Err(Problem::NoNumber(field));
            }
            judge_url(&address(template, "1"), allowed)
                .map_err(|why| Problem::Address(field, why))?;
        }
        let rules = Rules {
            pattern: pattern(&settings.pattern)?,
            link: settings.link.clone(),
            answer: answer_rules(settings)?,
            ends_access: settings.ends_access,
        };
        let lookup = settings.lookup_url.clone().map(|url| Lookup {
            url,
            token: settings.token.clone(),
            allowance,
        });
        Ok(Self { name: name.to_owned(), rules, lookup })
    }

    /// Whether it can be asked.
    #[must_use]
    pub fn can_be_asked(&self) -> bool {
        self.lookup.is_some()
    }

    /// What it says of a ticket; none if it does not know it. Fails, in words, if it cannot be asked.
    pub async fn find(&self, egress: &Egress, number: &str) -> Result<Option<Value>, String> {
        let Some(lookup) = &self.lookup else { return Err("it cannot be asked".to_owned()) };
        let mut headers = vec![("accept", "application/json".to_owned())];
        if let Some(token) = &lookup.token {
            headers.push(("authorization", format!("Bearer {}", token.expose_secret())));
        }
        let url = address(&lookup.url, number);
        let (method, allowance) = (Method::GET, lookup.allowance);
        let call = Call { method, url: &url, allowance, headers, body: None };
        let answer = egress.call(call).await.map_err(|error| error.to_string())?;
        match answer.status {
            404 | 410 => Ok(None),
            200 if answer.whole => serde_json::from_slice(&answer.body)
                .map(Some)
                .map_err(|_| "its answer is no JSON".to_owned()),
            200 => Err("its answer is too long".to_owned()),
            status => Err(format!("it answers with {status}")),
        }
    }
}

fn answer_rules(settings: &config::TicketSystem) -> Result<Option<AnswerRules>, Problem> {
    if settings.lookup_url.is_none() {
        return match (settings.ends_access, settings.assignee_must_be_requester) {
            (true, _) => Err(Problem::Idle("ends_access")),
            (_, true) => Err(Problem::Idle("assignee_must_be_requester")),
            (false, false) => Ok(None),
        };
    }
    let open_pointer = settings.open_pointer.clone().ok_or(Problem::Missing("open_pointer"))?;
    if settings.open_values.is_empty() {
        return Err(Problem::Missing("open_values"));
    }
    if settings.assignee_must_be_requester && settings.assignee_pointer.is_none() {
        return Err(Problem::Missing("assignee_pointer"));
    }
    Ok(Some(AnswerRules {
        open_pointer,
        open_values: settings.open_values.clone(),
        assignee_pointer: settings.assignee_pointer.clone(),
        assignee_must_be_requester: settings.assignee_must_be_requester,
    }))
}
