//! Mail: through an SMTP server, or as files in a folder when there is none.
use std::{
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

use lettre::{
    Address, AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor,
    message::{
        Mailbox, MultiPart,
        header::{ContentType, HeaderName, HeaderValue},
    },
    transport::smtp::{
        PoolConfig,
        authentication::Credentials,
        client::{Tls, TlsParameters},
    },
};
use secrecy::ExposeSecret as _;
use tokio::io::AsyncWriteExt as _;
use uuid::Uuid;

use crate::{
    config::{Config, Smtp, SmtpTls},
    domain::{delivery::Trouble, notice::Mail, time::Instant},
};

/// How long one step of the conversation with the mail server may take.
const STEP: Duration = Duration::from_secs(15);
/// How long all of it may take. Shorter than the lease of a claim in the outbox, so that nobody else sends it meanwhile.
pub const PATIENCE: Duration = Duration::from_secs(45);
/// How many connections to the mail server are open at once.
const CONNECTIONS: u32 = 8;

/// Why mail cannot be sent with these settings.
#[derive(Debug, thiserror::Error)]
pub enum MailError {
    /// The sender is no address.
    #[error("smtp.from is not an address such as Latchkey <latchkey@example.org>")]
    From,
    /// The mail server's name cannot be used for TLS.
    #[error("smtp.host cannot be used for TLS: {0}")]
    Host(#[source] lettre::transport::smtp::Error),
    /// There is a name but no password, or a password but no name.
    #[error("smtp.username and smtp.password belong together")]
    HalfCredentials,
}

/// A mail that failed, and what that means for another try.
#[derive(Debug, thiserror::Error)]
#[error("{text}")]
pub struct SendError {
    /// Whether it makes sense to try again.
    pub trouble: Trouble,
    /// What the mail server, or the system, said.
    pub text: String,
}

/// A mail to one address.
#[derive(Clone, Copy, Debug)]
pub struct Letter<'a> {
    /// Identifies it, and its `Message-ID`: a mail that is sent again after a crash is seen to be the same.
    pub id: Uuid,
    /// The address.
    pub to: &'a str,
    /// What it says.
    pub mail: &'a Mail,
    /// Mails of one thread are shown together.
    pub thread: Option<Uuid>,
    /// When it was written.
    pub at: Instant,
}

/// Sends mail.
pub struct Mailer {
    from: Mailbox,
    /// What stands behind the @ of message identifiers.
    domain: String,
    way: Way,
}

enum Way {
    Smtp(Box<AsyncSmtpTransport<Tokio1Executor>>),
    Files(PathBuf),
}

impl Mailer {
    /// The way that the settings say.
    pub fn new(config: &Config) -> Result<Self, MailError> {
        let way = match &config.smtp.host {
            Some(host) => Way::Smtp(Box::new(transport(host, &config.smtp)?)),
            None => Way::Files(config.data_folder.join("mail")),
        };
        let from = config.smtp.from.parse().map_err(|_| MailError::From)?;
        Ok(Self { from, domain: host_of(&config.public_url).to_owned(), way })
    }

    /// The folder that mails are written into, if they are not sent.
    #[must_use]
    pub fn folder(&self) -> Option<&Path> {
        match &self.way {
            Way::Smtp(_) => None,
            Way::Files(folder) => Some(folder),
        }
    }

    /// Sends one mail, or gives up after a while.
    pub async fn send(&self, letter: &Letter<'_>) -> Result<(), SendError> {
        let message = self.message(letter)?;
        match &self.way {
            Way::Smtp(transport) => send(transport, message).await,
            Way::Files(folder) => {
                let name = format!("{}-{}.eml", letter.at.timestamp().as_second(), letter.id);
                let path = write(folder, &name, &message.formatted()).await.map_err(|error| {
                    let text = format!("{}: {error}", folder.display());
                    SendError { trouble: Trouble::Passing, text }
                })?;
                let (to, subject) = (letter.to, letter.mail.subject());
                tracing::debug!(to, subject, file = %path.display(), "a mail was written as a file");
                Ok(())
            }
        }
    }

    fn message(&self, letter: &Letter<'_>) -> Result<Message, SendError> {
        let lasting = |text: String| SendError { trouble: Trouble::Lasting, text };
        let address: Address = letter
            .to
            .parse()
            .map_err(|error| lasting(format!("{} is no address: {error}", letter.to)))?;
        let mut builder = Message::builder()
            .message_id(Some(self.message_id(letter.id)))
            .date(SystemTime::from(letter.at.timestamp()))
            .from(self.from.clone())
            .to(Mailbox::new(None, address))
            .subject(letter.mail.subject())
            // Out-of-office replies and other machines do not answer it.
            .raw_header(header("Auto-Submitted", "auto-generated"));
        if let Some(thread) = letter.thread {
            let first = self.message_id(thread);
            builder = builder.references(first.clone()).in_reply_to(first);
        }
        let plain = letter.mail.body().to_owned();
        let message = match letter.mail.html() {
            Some(html) => {
                builder.multipart(MultiPart::alternative_plain_html(plain, html.to_owned()))
            }
            None => builder.header(ContentType::TEXT_PLAIN).body(plain),
        };
        message.map_err(|error| lasting(format!("it cannot be put into a mail: {error}")))
    }

    fn message_id(&self, id: Uuid) -> String {
        format!("<{id}@{}>", self.domain)
    }
}

fn header(name: &'static str, value: &'static str) -> HeaderValue {
    HeaderValue::new(HeaderName::new_from_ascii_str(name), value.to_owned())
}

fn transport(host: &str, smtp: &Smtp) -> Result<AsyncSmtpTransport<Tokio1Executor>, MailError> {
    let parameters = || TlsParameters::new(host.to_owned()).map_err(MailError::Host);
    let tls = match smtp.tls {
        SmtpTls::Starttls => Tls::Required(parameters()?),
        SmtpTls::Tls => Tls::Wrapper(parameters()?),
        SmtpTls::None => Tls::None,
    };
    let mut builder = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(host)
        .port(smtp.port)
        .tls(tls)
        .timeout(Some(STEP))
        .pool_config(PoolConfig::new().max_size(CONNECTIONS).idle_timeout(Duration::from_secs(30)));
    match (&smtp.username, &smtp.password) {
        (Some(name), Some(password)) => {
            let password = password.expose_secret().to_owned();
            builder = builder.credentials(Credentials::new(name.clone(), password));
        }
        (None, None) => {}
        _ => return Err(MailError::HalfCredentials),
    }
    Ok(builder.build())
}

async fn send(
    transport: &AsyncSmtpTransport<Tokio1Executor>,
    message: Message,
) -> Result<(), SendError> {
    match tokio::time::timeout(PATIENCE, transport.send(message)).await {
        Ok(Ok(_)) => Ok(()),
        Ok(Err(error)) => Err(SendError { trouble: trouble(&error), text: with_causes(&error) }),
        Err(_) => {
            let text = format!("the mail server took more than {} seconds", PATIENCE.as_secs());
            Err(SendError { trouble: Trouble::Lane(None), text })
        }
    }
}

/// A server that cannot be reached, or does not let us in, lets no mail through; another answer is about this mail.
fn trouble(error: &lettre::transport::smtp::Error) -> Trouble {
    match error.status().map(u16::from) {
        None if error.is_permanent() => Trouble::Lasting,
        None | Some(421 | 454 | 530 | 534 | 535 | 538) => Trouble::Lane(None),
        Some(_) if error.is_permanent() => Trouble::Lasting,
        Some(_) => Trouble::Passing,
    }
}

fn with_causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
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

/// Writes a file that is there whole or not at all. Mails tell who asks for what, so only we may read them.
async fn write(folder: &Path, name: &str, text: &[u8]) -> std::io::Result<PathBuf> {
    tokio::fs::DirBuilder::new().recursive(true).mode(0o700).create(folder).await?;
    let (half, whole) = (folder.join(format!(".{name}")), folder.join(name));
    let mut options = tokio::fs::OpenOptions::new();
    let mut file = options.write(true).create(true).truncate(true).mode(0o600).open(&half).await?;
    file.write_all(text).await?;
    file.sync_all().await?;
    tokio::fs::rename(&half, &whole).await?;
    Ok(whole)
}

/// The host of an address such as `https://pim.example:8443`.
fn host_of(public_url: &str) -> &str {
    let (_, rest) = public_url.split_once("://").unwrap_or(("", public_url));
    match rest.rsplit_once(':') {
        Some((host, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => host,
        _ => rest,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mailer() -> Mailer {
        let config = Config { public_url: "https://pim.example:8443".into(), ..Config::default() };
        Mailer::new(&config).unwrap()
    }

    fn text(to: &str, mail: &Mail) -> Result<String, SendError> {
        let letter = Letter {
            id: Uuid::nil(),
            to,
            mail,
            thread: Some(Uuid::from_u128(7)),
            at: "2026-11-22T08:00:00Z".parse().unwrap(),
        };
        mailer().message(&letter).map(|message| String::from_utf8(message.formatted()).unwrap())
    }

    #[test]
    fn mails_of_one_request_belong_together() {
        let text = text("ada@example.org", &Mail::new("Grüße", "Body\n")).unwrap();
        assert!(
            text.contains("Message-ID: <00000000-0000-0000-0000-000000000000@pim.example>\r\n")
        );
        let thread = "<00000000-0000-0000-0000-000000000007@pim.example>\r\n";
        assert!(text.contains(&format!("References: {thread}")));
        assert!(text.contains(&format!("In-Reply-To: {thread}")));
        assert!(text.contains("Date: Sun, 22 Nov 2026 08:00:00 +0000\r\n"));
        assert!(text.contains("Auto-Submitted: auto-generated\r\n"));
        assert!(text.contains("Content-Type: text/plain; charset=utf-8\r\n"));
    }

    #[test]
    fn a_mail_with_html_keeps_its_plain_text() {
        let mail = Mail::new("Grüße", "Plain\n").with_html("<p>Rich</p>");
        let text = text("ada@example.org", &mail).unwrap();
        assert!(text.contains("Content-Type: multipart/alternative;"), "{text}");
        let plain = text.find("Content-Type: text/plain; charset=utf-8\r\n").unwrap();
        let rich = text.find("Content-Type: text/html; charset=utf-8\r\n").unwrap();
        assert!(plain < rich, "programs show the last part that they can: {text}");
        assert!(text.contains("\r\nPlain\r\n") && text.contains("<p>Rich</p>"), "{text}");
    }

    #[test]
    fn nothing_can_add_a_header() {
        for evil in ["a\r\nBcc: eve@example.org", "a\nBcc: eve@example.org", "\u{202e}\r\n\r\nbody"]
        {
            let text = text("ada@example.org", &Mail::new(evil, evil)).unwrap();
            let (headers, _) = text.split_once("\r\n\r\n").unwrap();
            assert!(!headers.contains("\nBcc"), "{headers}");
            let names = headers.lines().filter(|line| !line.starts_with([' ', '\t']));
            assert_eq!(names.count(), 10, "{headers}");
            let to = format!("ada@example.org{evil}");
            assert!(text.len() < 2000 && super::tests::text(&to, &Mail::new("x", "x")).is_err());
        }
    }

    #[test]
    fn the_host_is_found_with_and_without_a_port() {
        for url in ["https://pim.example:8443", "http://pim.example"] {
            assert_eq!(host_of(url), "pim.example");
        }
    }
}
