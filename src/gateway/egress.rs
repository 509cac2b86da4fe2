//! The one way out over HTTP: to addresses that an operator has configured, and to no other.
//!
//! A name is looked up once, every address that it leads to is judged, and one of those is connected to. Redirects are
//! not followed, proxies that the environment names are not asked, and of an answer little is read.
use std::{
    error::Error as _,
    future::Future,
    io,
    net::SocketAddr,
    pin::Pin,
    sync::{Arc, OnceLock},
    time::Duration,
};

use reqwest::{
    Client, Method,
    dns::{Addrs, Name, Resolve, Resolving},
    redirect::Policy,
};

use crate::domain::egress::{Allowance, Refusal, judge_address, judge_url};

/// How long a call may take in all.
pub const PATIENCE: Duration = Duration::from_secs(10);
/// How long connecting may take.
const CONNECT: Duration = Duration::from_secs(5);
/// How much of an answer is read.
const MOST: usize = 64 * 1024;

/// Looks up the addresses of a name.
pub type Lookup = Arc<
    dyn Fn(String) -> Pin<Box<dyn Future<Output = io::Result<Vec<SocketAddr>>> + Send>>
        + Send
        + Sync,
>;

/// One call.
#[derive(Debug)]
pub struct Call<'a> {
    /// What is done.
    pub method: Method,
    /// Where.
    pub url: &'a str,
    /// What the operator allowed for it.
    pub allowance: Allowance,
    /// What is said beside the body. May hold secrets, so none of it is ever printed.
    pub headers: Vec<(&'static str, String)>,
    /// What is said: JSON, if no header says otherwise.
    pub body: Option<Vec<u8>>,
}

/// What came back.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// For how many seconds the other side wants to be let be.
    pub retry_after: Option<u64>,
    /// The beginning of the answer.
    pub body: Vec<u8>,
    /// Whether that is all of it.
    pub whole: bool,
}

/// Why a call did not come to an answer. None of them tells the address, which may be a secret.
#[derive(Debug, thiserror::Error)]
pub enum EgressError {
    /// The address is not one that may be called.
    #[error("{0}")]
    Refused(#[from] Refusal),
    /// There is nothing to call with: most likely no certificates that could be trusted.
    #[error("no HTTPS client can be made: {0}")]
    NoClient(String),
    /// It took too long.
    #[error("no answer within {} seconds", PATIENCE.as_secs())]
    TooLong,
    /// The other side cannot be reached, or does not speak HTTP.
    #[error("{0}")]
    Failed(String),
}

/// Calls what an operator has configured.
#[derive(Clone)]
pub struct Egress {
    lookup: Lookup,
    outside: Arc<OnceLock<Client>>,
    inside: Arc<OnceLock<Client>>,
}

impl Default for Egress {
    fn default() -> Self {
        Self::with_lookup(Arc::new(|name| {
            Box::pin(async move { Ok(tokio::net::lookup_host((name, 0)).await?.collect()) })
        }))
    }
}

impl Egress {
    /// One that looks names up in its own way.
    #[must_use]
    pub fn with_lookup(lookup: Lookup) -> Self {
        Self { lookup, outside: Arc::default(), inside: Arc::default() }
    }

    /// Calls, and reads the beginning of the answer.
    pub async fn call(&self, call: Call<'_>) -> Result<Answer, EgressError> {
        tokio::time::timeout(PATIENCE, self.try_call(call))
            .await
            .map_err(|_| EgressError::TooLong)?
    }

    async fn try_call(&self, call: Call<'_>) -> Result<Answer, EgressError> {
        let url = judge_url(call.url, call.allowance)?;
        let mut request = self.client(call.allowance)?.request(call.method, url);
        if call.body.is_some() && call.headers.iter().all(|(name, _)| *name != "content-type") {
            request = request.header("content-type", "application/json");
        }
        for (name, value) in call.headers {
            request = request.header(name, value);
        }
        if let Some(body) = call.body {
            request = request.body(body);
        }
        let mut response = request.send().await.map_err(|error| explain(&error))?;
        let retry_after = response.headers().get("retry-after");
        let mut answer = Answer {
            status: response.status().as_u16(),
            retry_after: retry_after.and_then(|value| value.to_str().ok()?.trim().parse().ok()),
            body: Vec::new(),
            whole: false,
        };
        // Once there is a status, the other side has taken what it was given: an answer that stops does not undo that.
        while answer.body.len() <= MOST {
            match response.chunk().await {
                Ok(Some(piece)) => answer.body.extend_from_slice(&piece),
                Ok(None) => {
                    answer.whole = true;
                    return Ok(answer);
                }
                Err(_) => return Ok(answer),
            }
        }
        answer.body.truncate(MOST);
        Ok(answer)
    }

    /// Made at the first call: without any trusted certificate it cannot be made, and the program works all the same.
    fn client(&self, allowance: Allowance) -> Result<&Client, EgressError> {
        let place = if allowance.private_networks { &self.inside } else { &self.outside };
        if let Some(client) = place.get() {
            return Ok(client);
        }
        let judging = Judging { lookup: Arc::clone(&self.lookup), allowance };
        let client = Client::builder()
            .dns_resolver(Arc::new(judging))
            .redirect(Policy::none())
            .no_proxy()
            .referer(false)
            .connect_timeout(CONNECT)
            .pool_idle_timeout(Duration::from_secs(30))
            .user_agent(concat!("Latchkey/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(|error| EgressError::NoClient(with_causes(&error)))?;
        Ok(place.get_or_init(|| client))
    }
}

/// Looks names up for the client, which connects to what it is given and asks nobody else.
struct Judging {
    lookup: Lookup,
    allowance: Allowance,
}

impl Resolve for Judging {
    fn resolve(&self, name: Name) -> Resolving {
        let (found, allowance) = ((self.lookup)(name.as_str().to_owned()), self.allowance);
        Box::pin(async move {
            let found = found.await?;
            for address in &found {
                judge_address(address.ip(), allowance)?;
            }
            Ok(Box::new(found.into_iter()) as Addrs)
        })
    }
}

fn explain(error: &reqwest::Error) -> EgressError {
    let mut cause = error.source();
    while let Some(inner) = cause {
        if let Some(refusal) = inner.downcast_ref::<Refusal>() {
            return EgressError::Refused(refusal.clone());
        }
        cause = inner.source();
    }
    if error.is_timeout() { EgressError::TooLong } else { EgressError::Failed(with_causes(error)) }
}

/// The causes alone: the text of the error itself holds the address.
fn with_causes(error: &reqwest::Error) -> String {
    let mut text =
        if error.is_connect() { "cannot be reached" } else { "the call failed" }.to_owned();
    let mut cause = error.source();
    while let Some(inner) = cause {
        let inner_text = inner.to_string();
        if !text.contains(&inner_text) {
            text = format!("{text}: {inner_text}");
        }
        cause = inner.source();
    }
    text
}
