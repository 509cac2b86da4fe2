//! Channels: where notices go beside mail, each as an operator configured it.
use std::{collections::BTreeMap, fmt};

use reqwest::Method;
use secrecy::{ExposeSecret as _, SecretString};
use uuid::Uuid;

use super::{
    egress::{Answer, Call, Egress, EgressError},
    mail::SendError,
};
use crate::{
    config,
    domain::{
        channel::{Announcement, Kind, Wanted, is_name},
        delivery::Trouble,
        egress::{Allowance, Refusal, judge_url},
        percent,
        time::Instant,
    },
    secret::{BadSigningSecret, SigningSecret},
};

/// Why a channel cannot be used as it is configured.
#[derive(Debug, thiserror::Error)]
#[error("channels.{name}: {problem}")]
pub struct ChannelError {
    name: String,
    problem: Problem,
}

/// What is wrong with a channel.
#[derive(Debug, thiserror::Error)]
enum Problem {
    #[error(
        "a name is up to 40 small letters, digits and hyphens, begins with a letter, and is not \"mail\""
    )]
    Name,
    #[error("{0} must be set")]
    Missing(&'static str),
    #[error("{0} does not belong to a channel of this kind")]
    Odd(&'static str),
    #[error("{0}: {1}")]
    Address(&'static str, Refusal),
    #[error("{0}")]
    Secret(#[from] BadSigningSecret),
    #[error("room is an identifier such as !abc:example.org")]
    Room,
    #[error(
        "\"{0}\" is no event: write names such as \"request.pending\", or beginnings such as \"request.\""
    )]
    Event(String),
}

/// A message to a channel.
#[derive(Clone, Copy, Debug)]
pub struct Message<'a> {
    /// Identifies it, however often it is tried.
    pub id: Uuid,
    /// When it happened.
    pub at: Instant,
    /// When this try is made.
    pub now: Instant,
    /// What happened.
    pub told: &'a Announcement,
}

/// A configured channel.
pub struct Channel {
    /// What it is called.
    pub name: String,
    /// What kind it is.
    pub kind: Kind,
    /// Which events it wants.
    pub wanted: Wanted,
    allowance: Allowance,
    way: Way,
}

enum Way {
    Hook { url: SecretString, secrets: Vec<SigningSecret> },
    Room { url: String, token: SecretString },
}

impl fmt::Debug for Channel {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Channel({})", self.name)
    }
}

/// Every channel that is configured, in the order of their names.
pub fn all(configured: &BTreeMap<String, config::Channel>) -> Result<Vec<Channel>, ChannelError> {
    configured.iter().map(|(name, settings)| Channel::new(name, settings)).collect()
}

impl Channel {
    /// The channel that the settings say.
    pub fn new(name: &str, settings: &config::Channel) -> Result<Self, ChannelError> {
        let allowance = Allowance {
            private_networks: settings.allow_private_networks,
            plain_http: settings.allow_http,
        };
        let begin = || {
            if !is_name(name) {
                return Err(Problem::Name);
            }
            let wanted = Wanted::new(&settings.events).map_err(Problem::Event)?;
            let way = match settings.kind {
                Kind::Matrix => room(settings, allowance)?,
                _ => hook(settings, allowance)?,
            };
            Ok(Self { name: name.to_owned(), kind: settings.kind, wanted, allowance, way })
        };
        begin().map_err(|problem| ChannelError { name: name.to_owned(), problem })
    }

    /// The host that it calls; the rest of the address may be a secret.
    #[must_use]
    pub fn host(&self) -> String {
        let url = match &self.way {
            Way::Hook { url, .. } => url.expose_secret(),
            Way::Room { url, .. } => url,
        };
        judge_url(url, self.allowance)
            .ok()
            .and_then(|url| url.host_str().map(str::to_owned))
            .unwrap_or_default()
    }

    /// Whether messages are signed, and with how many secrets.
    #[must_use]
    pub fn secrets(&self) -> usize {
        match &self.way {
            Way::Hook { secrets, .. } => secrets.len(),
            Way::Room { .. } => 0,
        }
    }

    /// Sends one message, or gives up after a while.
    pub async fn send(&self, egress: &Egress, message: Message<'_>) -> Result<(), SendError> {
        let told = message.told.message(self.kind, message.at);
        let body = told.to_string().into_bytes();
        let answer = match &self.way {
            Way::Hook { url, secrets } => {
                let headers = signed(secrets, message, &body);
                let url = url.expose_secret();
                egress.call(self.call(Method::POST, url, headers, body)).await
            }
            Way::Room { url, token } => {
                // The identifier of the message is that of the transaction: the server keeps it once, however often it comes.
                let url = format!("{url}/{}", message.id);
                let headers = vec![("authorization", format!("Bearer {}", token.expose_secret()))];
                egress.call(self.call(Method::PUT, &url, headers, body)).await
            }
        };
        judge(answer)
    }

    fn call<'a>(
        &self,
        method: Method,
        url: &'a str,
        headers: Vec<(&'static str, String)>,
        body: Vec<u8>,
    ) -> Call<'a> {
        Call { method, url, allowance: self.allowance, headers, body: Some(body) }
    }
}

fn hook(settings: &config::Channel, allowance: Allowance) -> Result<Way, Problem> {
    for (set, name) in [
        (settings.homeserver.is_some(), "homeserver"),
        (settings.room.is_some(), "room"),
        (settings.access_token.is_some(), "access_token"),
        (settings.kind != Kind::Webhook && !settings.secrets.is_empty(), "secrets"),
    ] {
        if set {
            return Err(Problem::Odd(name));
        }
    }
    let url = settings.url.clone().ok_or(Problem::Missing("url or url_file"))?;
    judge_url(url.expose_secret(), allowance).map_err(|why| Problem::Address("url", why))?;
    if settings.kind == Kind::Webhook && settings.secrets.is_empty() {
        return Err(Problem::Missing("secrets or secrets_file"));
    }
    let secrets = settings.secrets.iter().map(|text| SigningSecret::parse(text.expose_secret()));
    Ok(Way::Hook { url, secrets: secrets.collect::<Result<_, _>>()? })
}

fn room(settings: &config::Channel, allowance: Allowance) -> Result<Way, Problem> {
    if settings.url.is_some() || !settings.secrets.is_empty() {
        return Err(Problem::Odd(if settings.url.is_some() { "url" } else { "secrets" }));
    }
    let homeserver = settings.homeserver.as_deref().ok_or(Problem::Missing("homeserver"))?;
    judge_url(homeserver, allowance).map_err(|why| Problem::Address("homeserver", why))?;
    let room = settings.room.as_deref().ok_or(Problem::Missing("room"))?;
    if !room.starts_with('!') {
        return Err(Problem::Room);
    }
    let token = settings.access_token.clone();
    let token = token.ok_or(Problem::Missing("access_token or access_token_file"))?;
    let (homeserver, room) = (homeserver.trim_end_matches('/'), percent::encode(room));
    let url = format!("{homeserver}/_matrix/client/v3/rooms/{room}/send/m.room.message");
    Ok(Way::Room { url, token })
}

/// The headers of the Standard Webhooks scheme: the same identifier at every try, and the time of this one.
fn signed(
    secrets: &[SigningSecret],
    message: Message<'_>,
    body: &[u8],
) -> Vec<(&'static str, String)> {
    if secrets.is_empty() {
        return Vec::new();
    }
    let (id, seconds) = (message.id.to_string(), message.now.timestamp().as_second());
    let signatures: Vec<_> = secrets.iter().map(|secret| secret.sign(&id, seconds, body)).collect();
    vec![
        ("webhook-id", id),
        ("webhook-timestamp", seconds.to_string()),
        ("webhook-signature", signatures.join(" ")),
    ]
}

/// What an answer means for another try.
fn judge(answer: Result<Answer, EgressError>) -> Result<(), SendError> {
    let answer = answer
        .map_err(|error| SendError { trouble: Trouble::Lane(None), text: error.to_string() })?;
    // Not what the answer says: many a server repeats the address or the headers, and those are secrets here.
    let text = format!("it answered {}", answer.status);
    let trouble = match answer.status {
        200..=299 => return Ok(()),
        300..=399 => {
            let text = format!("{} is a redirect, which is not followed", answer.status);
            return Err(SendError { trouble: Trouble::Lane(None), text });
        }
        // This message is not to its liking; others may be.
        400 | 406 | 409 | 411 | 413..=415 | 422 => Trouble::Lasting,
        _ => Trouble::Lane(
            answer
                .retry_after
                .map(|seconds| i64::try_from(seconds).unwrap_or(i64::MAX).saturating_mul(1000)),
        ),
    };
    Err(SendError { trouble, text })
}
