//! A whole installation: a server that listens, its workers, and a mail server.
use latchkey::{gateway::mail::Mailer, http, secret::Token, worker};
use serde_json::Value;
use tokio::{
    net::TcpListener,
    sync::{Semaphore, SemaphorePermit},
};
use tokio_util::sync::CancellationToken;

use super::{Browser, tools::Tools};
use crate::support::{MailServer, World, credentials::Credentials};

/// So many journeys are made at once: a browser is a heavy thing.
static PLACES: Semaphore = Semaphore::const_new(2);

/// A whole installation, for one journey.
pub struct Site {
    /// The people and roles in it.
    pub world: World,
    /// Where it is.
    pub url: String,
    mail: MailServer,
    tools: Tools,
    shutdown: CancellationToken,
    _place: SemaphorePermit<'static>,
}

impl Site {
    /// Starts everything, with the time running. There is none where the tools are missing.
    pub async fn start() -> Option<Self> {
        let tools = Tools::find()?;
        let place = PLACES.acquire().await.expect("places are never closed");
        let mut world = World::new().await;
        world.run_clock().await;
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("there is a free port");
        let port = listener.local_addr().expect("it has an address").port();
        let url = format!("http://localhost:{port}");
        world.app.public_url = url.as_str().into();
        let mail = MailServer::start().await;
        let mut config = mail.config();
        config.public_url.clone_from(&url);
        let shutdown = CancellationToken::new();
        let mailer = Mailer::new(&config).expect("mail can be sent");
        let _workers = worker::start(&world.app, mailer, &shutdown);
        let (router, stop) = (http::router(world.app.clone(), &config), shutdown.clone());
        tokio::spawn(async move {
            http::server::serve(listener, router, &config.http, stop).await;
        });
        Some(Self { world, url, mail, tools, shutdown, _place: place })
    }

    /// A browser in which nobody is signed in.
    pub async fn browser(&self) -> Browser {
        Browser::start(&self.tools, &self.url).await
    }

    /// A browser in which somebody is signed in.
    pub async fn browser_of(&self, credentials: &Credentials) -> Browser {
        let browser = self.browser().await;
        self.hand(&browser, &credentials.signed_in.session).await;
        browser
    }

    /// Gives a browser somebody's session instead of whoever's it had.
    pub async fn hand(&self, browser: &Browser, session: &Token) {
        browser.keep_cookie("__Host-latchkey", &session.reveal()).await;
    }

    /// Adds somebody with a password and an authenticator.
    pub async fn person(&self, name: &str) -> Credentials {
        self.world.person(name).await;
        self.world.enrol(name).await
    }

    /// The next mail to somebody about that; others before it are read past.
    pub async fn mail_to(&mut self, name: &str, about: &str) -> Value {
        loop {
            let mail = self.mail.next().await;
            let subject = mail["subject"].as_str().unwrap_or_default();
            if mail["to"][0] == format!("{name}@example.org") && subject.starts_with(about) {
                return mail;
            }
        }
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        self.shutdown.cancel();
    }
}

/// The address of ours in a mail, as a mail program would make a link of it.
pub fn link_in(mail: &Value, url: &str) -> String {
    let body = mail["body"].as_str().expect("a mail has a text");
    let link = body.split_whitespace().find(|word| word.starts_with(url));
    link.unwrap_or_else(|| panic!("no link in {body}")).to_owned()
}
