//! Mail: sent once, tried again, and nobody waits for somebody else's.
use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use latchkey::{
    config::{Config, SmtpTls},
    domain::{
        actor::Actor,
        audit::{Event, Kind},
        channel::MAIL,
        notice::Mail,
    },
    gateway::mail::Mailer,
    service::outbox::{self, Way},
    store::{self, Change, notice::Outgoing},
    worker,
};
use tokio::{
    io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader},
    net::{TcpListener, TcpStream},
};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::support::{MailServer, World};

/// Writes a mail to each of them, as a change would.
async fn write(world: &World, names: &[&str]) {
    let mut change = Change::begin(&world.app.database, &Actor::system()).await.unwrap();
    for name in names {
        let mail =
            Mail::new(&format!("To {name}"), "Grüße\n.\nhttps://latchkey.example.org/requests/1\n");
        let thread = Some(Uuid::from_u128(7));
        store::outbox::enqueue(&mut change, world.principal(name), &mail, thread).await.unwrap();
    }
    change.commit(&Event::new(Kind::PersonChanged)).await.unwrap();
}

async fn unsent(world: &World) -> i64 {
    world.count("select count(*) from outbox where sent_at is null").await
}

/// Waits until `done` is so.
async fn until(what: &str, mut done: impl AsyncFnMut() -> bool) {
    for _ in 0..200 {
        if done().await {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("{what}");
}

/// A mail server with moods, told by the recipient's name; counts what it took.
pub async fn moody() -> (Config, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let taken = Arc::new(AtomicUsize::new(0));
    let mut config = Config::default();
    config.smtp.host = Some("127.0.0.1".into());
    config.smtp.port = listener.local_addr().unwrap().port();
    config.smtp.tls = SmtpTls::None;
    let counter = Arc::clone(&taken);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(converse(stream, Arc::clone(&counter)));
        }
    });
    (config, taken)
}

async fn converse(stream: TcpStream, taken: Arc<AtomicUsize>) -> std::io::Result<()> {
    let mut stream = BufReader::new(stream);
    stream.write_all(b"220 moody\r\n").await?;
    let (mut line, mut in_text) = (String::new(), false);
    loop {
        line.clear();
        if stream.read_line(&mut line).await? == 0 {
            return Ok(());
        }
        let answer = match line.trim_end() {
            "." if in_text => {
                in_text = false;
                taken.fetch_add(1, Ordering::SeqCst);
                "250 taken"
            }
            _ if in_text => continue,
            "DATA" => {
                in_text = true;
                "354 go on"
            }
            text if text.starts_with("RCPT TO:<slow") => {
                tokio::time::sleep(Duration::from_hours(1)).await;
                "250 at last"
            }
            text if text.starts_with("RCPT TO:<busy") => "451 try again later",
            text if text.starts_with("RCPT TO:<refused") => "550 no such person",
            _ => "250 yes",
        };
        stream.write_all(format!("{answer}\r\n").as_bytes()).await?;
    }
}

#[tokio::test]
async fn a_real_server_takes_a_mail_whole() {
    let world = World::new().await;
    world.person("ada").await;
    let mut server = MailServer::start().await;
    let mut config = server.config();
    config.smtp.username = Some("latchkey".into());
    config.smtp.password = Some("a password for the mail server".into());
    config.smtp.from = "Latchkey <pim@example.org>".into();
    let stop = CancellationToken::new();
    let mailer = Arc::new(Mailer::new(&config).unwrap());
    let worker = tokio::spawn(worker::deliver::run(world.app.clone(), mailer, stop.clone()));
    write(&world, &["ada"]).await;
    world.app.wake.outbox().notify_one();

    let mail = server.next().await;
    assert_eq!(mail["from"], "pim@example.org");
    assert_eq!(mail["to"][0], "ada@example.org");
    assert_eq!(mail["user"], "latchkey");
    assert_eq!(mail["subject"], "To ada");
    let body = mail["body"].as_str().unwrap().replace("\r\n", "\n");
    assert_eq!(body.trim_end(), "Grüße\n.\nhttps://latchkey.example.org/requests/1");
    let thread = "<00000000-0000-0000-0000-000000000007@latchkey.example.org>";
    assert_eq!(mail["headers"]["references"], thread);
    assert_eq!(mail["headers"]["auto-submitted"], "auto-generated");
    until("it is noted as sent", async || unsent(&world).await == 0).await;
    stop.cancel();
    worker.await.unwrap();
}

#[tokio::test]
async fn a_mail_with_html_arrives_with_both_sides_and_may_go_to_nobodys_account() {
    let world = World::new().await;
    let mut server = MailServer::start().await;
    let mut change = Change::begin(&world.app.database, &Actor::system()).await.unwrap();
    let mail = Mail::new("Both", "Plain\n").with_html("<p>Grüße</p>").with_event("request.pending");
    let address = "list@example.org".to_owned();
    let mails = [Outgoing { recipient: None, address, mail, thread: None, not_before: None }];
    store::notice::send(&mut change, &mails).await.unwrap();
    change.commit(&Event::new(Kind::PersonChanged)).await.unwrap();
    let mailer = Mailer::new(&server.config()).unwrap();
    let claims = outbox::claim(&world.app, MAIL, 5).await.unwrap();
    outbox::deliver(&world.app, Way::Mail(&mailer), &claims[0]).await.unwrap();
    let taken = server.next().await;
    assert_eq!(taken["to"][0], "list@example.org");
    assert_eq!(taken["body"].as_str().unwrap().trim_end(), "Plain");
    assert_eq!(taken["html"].as_str().unwrap().trim_end(), "<p>Grüße</p>");
}

#[tokio::test]
async fn a_wrong_password_is_tried_again_later() {
    let world = World::new().await;
    world.person("ada").await;
    let server = MailServer::start().await;
    let mut config = server.config();
    config.smtp.username = Some("latchkey".into());
    config.smtp.password = Some("not this one".into());
    write(&world, &["ada"]).await;
    let mailer = Mailer::new(&config).unwrap();
    let claims = outbox::claim(&world.app, MAIL, 5).await.unwrap();
    outbox::deliver(&world.app, Way::Mail(&mailer), &claims[0]).await.unwrap();
    let error: String =
        sqlx::query_scalar("select last_error from outbox").fetch_one(&world.owner).await.unwrap();
    assert!(error.contains("535"), "{error}");
    assert!(!error.contains("not this one"), "{error}");
}

#[tokio::test]
async fn two_workers_send_nothing_twice() {
    let world = World::new().await;
    world.person("ada").await;
    write(&world, &["ada"; 60]).await;
    let (config, taken) = moody().await;
    let stop = CancellationToken::new();
    let workers: Vec<_> = (0..2)
        .map(|_| {
            let mailer = Arc::new(Mailer::new(&config).unwrap());
            tokio::spawn(worker::deliver::run(world.app.clone(), mailer, stop.clone()))
        })
        .collect();
    until("all are sent", async || unsent(&world).await == 0).await;
    assert_eq!(taken.load(Ordering::SeqCst), 60);
    stop.cancel();
    futures_util::future::join_all(workers).await;
    assert_eq!(taken.load(Ordering::SeqCst), 60);
    assert_eq!(world.count("select max(attempts)::bigint from outbox").await, 1);
}

#[tokio::test]
async fn one_slow_recipient_holds_up_nobody() {
    let world = World::new().await;
    world.people(["slow", "ada", "bob"]).await;
    write(&world, &["slow", "slow", "slow", "ada", "bob"]).await;
    let (config, taken) = moody().await;
    let mailer = Arc::new(Mailer::new(&config).unwrap());
    let worker =
        tokio::spawn(worker::deliver::run(world.app.clone(), mailer, CancellationToken::new()));
    until("the others are sent", async || unsent(&world).await == 3).await;
    assert_eq!(taken.load(Ordering::SeqCst), 2);
    worker.abort();
}

#[tokio::test]
async fn what_fails_is_tried_again_with_growing_pauses() {
    let world = World::new().await;
    world.person("busy").await;
    write(&world, &["busy"]).await;
    let (config, _) = moody().await;
    let mailer = Mailer::new(&config).unwrap();
    let mut pauses = Vec::new();
    for attempt in 1..=5 {
        let claims = outbox::claim(&world.app, MAIL, 5).await.unwrap();
        assert_eq!((claims.len(), claims[0].attempt), (1, attempt));
        outbox::deliver(&world.app, Way::Mail(&mailer), &claims[0]).await.unwrap();
        assert_eq!(
            outbox::claim(&world.app, MAIL, 5).await.unwrap().len(),
            0,
            "not before its time"
        );
        let pause = outbox::wait(&world.app, MAIL).await.unwrap().unwrap();
        pauses.push(pause.as_millis());
        world.advance_seconds(i64::try_from(pause.as_secs()).unwrap() + 1).await;
    }
    for (pause, most) in pauses.iter().zip([5_000, 10_000, 20_000, 40_000, 80_000]) {
        assert!((most / 2..=most).contains(pause), "{pauses:?}");
    }
    let error: String =
        sqlx::query_scalar("select last_error from outbox").fetch_one(&world.owner).await.unwrap();
    assert!(error.contains("try again later"), "{error}");
}

#[tokio::test]
async fn what_is_refused_for_good_is_given_up_but_kept() {
    let world = World::new().await;
    world.person("refused").await;
    write(&world, &["refused"]).await;
    let (config, _) = moody().await;
    let mailer = Mailer::new(&config).unwrap();
    let mut tries = 0;
    loop {
        let claims = outbox::claim(&world.app, MAIL, 5).await.unwrap();
        let Some(claim) = claims.first() else { break };
        outbox::deliver(&world.app, Way::Mail(&mailer), claim).await.unwrap();
        tries += 1;
        world.advance_seconds(7200).await;
    }
    assert_eq!(tries, 4);
    assert_eq!(outbox::wait(&world.app, MAIL).await.unwrap(), None);
    assert_eq!(unsent(&world).await, 1);
}

#[tokio::test]
async fn what_a_dead_server_took_on_is_taken_over() {
    let world = World::new().await;
    world.person("ada").await;
    write(&world, &["ada"]).await;
    let (config, taken) = moody().await;
    let mailer = Mailer::new(&config).unwrap();
    let dead = outbox::claim(&world.app, MAIL, 5).await.unwrap();
    assert_eq!(dead.len(), 1);
    assert_eq!(outbox::claim(&world.app, MAIL, 5).await.unwrap().len(), 0, "it has been taken on");
    world.advance_seconds(121).await;
    let heir = outbox::claim(&world.app, MAIL, 5).await.unwrap();
    assert_eq!(heir.len(), 1);
    outbox::deliver(&world.app, Way::Mail(&mailer), &heir[0]).await.unwrap();
    assert_eq!(taken.load(Ordering::SeqCst), 1);
    // The one that was thought dead wakes up: what it notes changes nothing.
    let mut connection = world.app.database.acquire().await.unwrap();
    store::outbox::failed(&mut connection, &dead[0], "late", 1).await.unwrap();
    assert!(!store::outbox::sent(&mut connection, &dead[0]).await.unwrap());
    assert_eq!(unsent(&world).await, 0);
}

#[tokio::test]
async fn a_change_that_fails_sends_nothing() {
    let world = World::new().await;
    let ada = world.person("ada").await;
    world.group("Everybody", &["ada"]).await;
    let mut change = Change::begin(&world.app.database, &Actor::system()).await.unwrap();
    store::outbox::enqueue(&mut change, ada, &Mail::new("a", "b"), None).await.unwrap();
    drop(change);
    assert_eq!(unsent(&world).await, 0);
    write(&world, &["Everybody"]).await;
    assert_eq!(unsent(&world).await, 0, "a group has no address");
}

#[tokio::test]
async fn without_a_mail_server_mails_are_files() {
    use std::os::unix::fs::PermissionsExt as _;

    let world = World::new().await;
    world.person("ada").await;
    write(&world, &["ada"]).await;
    let folder = std::env::temp_dir().join(format!("latchkey-mail-{}", Uuid::now_v7()));
    let config = Config { data_folder: folder.clone(), ..Config::default() };
    let mailer = Mailer::new(&config).unwrap();
    let claims = outbox::claim(&world.app, MAIL, 5).await.unwrap();
    outbox::deliver(&world.app, Way::Mail(&mailer), &claims[0]).await.unwrap();
    assert_eq!(mailer.folder(), Some(folder.join("mail").as_path()));
    let files: Vec<_> =
        std::fs::read_dir(folder.join("mail")).unwrap().map(Result::unwrap).collect();
    assert_eq!(files.len(), 1);
    assert_eq!(files[0].path().extension().unwrap(), "eml");
    assert_eq!(files[0].metadata().unwrap().permissions().mode() & 0o777, 0o600);
    let text = std::fs::read_to_string(files[0].path()).unwrap();
    assert!(text.contains("To: ada@example.org\r\n"), "{text}");
    assert_eq!(unsent(&world).await, 0);
    std::fs::remove_dir_all(folder).unwrap();
}
