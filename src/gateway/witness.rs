//! Where the end of the audit log is written down outside of the database: a file, and an address if one is configured.
use std::{io::SeekFrom, path::PathBuf};

use reqwest::Method;
use secrecy::{ExposeSecret as _, SecretString};
use tokio::{
    fs::{File, OpenOptions},
    io::{self, AsyncReadExt as _, AsyncSeekExt as _, AsyncWriteExt as _},
};

use super::egress::{Call, Egress};
use crate::{
    config,
    domain::egress::{Allowance, Refusal, judge_url},
};

/// How much of the end of the file is read: some hundred lines.
const END: u64 = 64 * 1024;

/// Where statements go. Without a file there is nothing to compare the database with.
#[derive(Debug, Default)]
pub struct Witness {
    file: Option<PathBuf>,
    sink: Option<Sink>,
}

#[derive(Debug)]
struct Sink {
    url: String,
    token: Option<SecretString>,
    allowance: Allowance,
}

impl Witness {
    /// As it is configured; `usual` is the file if none is named.
    pub fn new(settings: &config::Witness, usual: Option<PathBuf>) -> Result<Self, Refusal> {
        let allowance = Allowance {
            private_networks: settings.allow_private_networks,
            plain_http: settings.allow_http,
        };
        let sink = match &settings.url {
            Some(url) => {
                judge_url(url, allowance)?;
                Some(Sink { url: url.clone(), token: settings.token.clone(), allowance })
            }
            None => None,
        };
        Ok(Self { file: settings.file.clone().or(usual), sink })
    }

    /// One that writes into a file alone.
    #[must_use]
    pub fn in_file(file: PathBuf) -> Self {
        Self { file: Some(file), sink: None }
    }

    /// Whether anything is kept, so that the database can be compared with it.
    #[must_use]
    pub fn remembers(&self) -> bool {
        self.file.is_some()
    }

    /// The last lines of the file, oldest first; none if it is not there yet. The first may be the end of one.
    pub async fn last_lines(&self) -> io::Result<Vec<String>> {
        let Some(path) = &self.file else { return Ok(Vec::new()) };
        let mut file = match File::open(path).await {
            Ok(file) => file,
            Err(failure) if failure.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(failure) => return Err(failure),
        };
        let length = file.metadata().await?.len();
        file.seek(SeekFrom::Start(length.saturating_sub(END))).await?;
        let mut end = Vec::new();
        file.take(END).read_to_end(&mut end).await?;
        Ok(String::from_utf8_lossy(&end).lines().map(str::to_owned).collect())
    }

    /// Adds a line to the file, and comes back once the disk has it.
    pub async fn add(&self, line: &str) -> io::Result<()> {
        let Some(path) = &self.file else { return Ok(()) };
        let mut file = OpenOptions::new().create(true).read(true).append(true).open(path).await?;
        // A line that was cut off by a crash must not swallow this one.
        let mut last = [b'\n'];
        if file.metadata().await?.len() > 0 {
            file.seek(SeekFrom::End(-1)).await?;
            file.read_exact(&mut last).await?;
        }
        let start = if last == *b"\n" { "" } else { "\n" };
        file.write_all(format!("{start}{line}\n").as_bytes()).await?;
        file.sync_all().await
    }

    /// Posts a line to the address, if there is one. Fails, in words that do not tell the address, if it is not taken.
    pub async fn send(&self, egress: &Egress, line: &str) -> Result<(), String> {
        let Some(sink) = &self.sink else { return Ok(()) };
        let token = sink.token.as_ref().map(|token| format!("Bearer {}", token.expose_secret()));
        let call = Call {
            method: Method::POST,
            url: &sink.url,
            allowance: sink.allowance,
            headers: token.map(|token| ("authorization", token)).into_iter().collect(),
            body: Some(line.as_bytes().to_vec()),
        };
        match egress.call(call).await {
            Ok(answer) if (200..300).contains(&answer.status) => Ok(()),
            Ok(answer) => Err(format!("it answered {}", answer.status)),
            Err(error) => Err(error.to_string()),
        }
    }
}
