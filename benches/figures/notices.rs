//! How soon an approval mail is with the mail server after the request has committed.
use std::sync::Arc;

use hyper::StatusCode;
use latchkey::{
    config::{Config, SmtpTls},
    gateway::mail::Mailer,
    worker,
};
use tokio::{
    io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader},
    net::{TcpListener, TcpStream},
    time::{Duration, Instant, interval, sleep},
};
use tokio_util::sync::CancellationToken;

use crate::{
    client::Client,
    report::Report,
    setting::{PEOPLE, Setting, figure_id},
};

/// So many requests a second, each with two mails.
const RATE: u32 = 25;
/// So many of them.
const REQUESTS: usize = 500;

pub async fn measure(setting: &Setting, report: &mut Report) {
    let sql = include_str!("notices.sql").replace("PEOPLE", &PEOPLE.to_string());
    let mut connection = setting.superuser.acquire().await.expect("it answers");
    sqlx::raw_sql(sqlx::AssertSqlSafe(sql)).execute(&mut *connection).await.expect("it is set");
    drop(connection);
    let stop = CancellationToken::new();
    let mailer = Arc::new(Mailer::new(&mail_server().await).expect("a mailer"));
    let sender = tokio::spawn(worker::deliver::run(setting.app.clone(), mailer, stop.clone()));

    let mut client = Client::connect(setting.address).await;
    let mut pace = interval(Duration::from_secs(1) / RATE);
    for nth in 0..REQUESTS {
        pace.tick().await;
        // From the end of those who activate over HTTP, whom no other figure comes to.
        let person = setting.tokens.len() - 1 - nth;
        let token = setting.tokens.get(person).expect("as many people as requests");
        let body = format!(
            r#"{{"roles":[{{"eligibility":"{}","duration":"PT1H"}}],"justification":"figures"}}"#,
            figure_id(person + 1, '7')
        );
        let (status, answer, _) = client.post("/api/v1/activations", token, body).await;
        assert_eq!(status, StatusCode::CREATED, "{answer:?}");
    }
    let began = Instant::now();
    while setting.text(WAITING).await != "0" {
        assert!(began.elapsed() < Duration::from_mins(1), "mails are not sent after a minute");
        sleep(Duration::from_millis(100)).await;
    }
    stop.cancel();
    sender.await.expect("it stops");
    let handed = setting.text(HANDED).await;
    report.say("approval mail with the mail server after (p50 / p99 / max)", handed, "p99 < 2 s");
}

const WAITING: &str = "select count(*)::text from outbox where sent_at is null";
const HANDED: &str = "
    select format('%s / %s / %s ms',
        round((percentile_cont(0.5) within group (order by late))::numeric),
        round((percentile_cont(0.99) within group (order by late))::numeric), round(max(late)))
    from (select extract(epoch from sent_at - created_at) * 1000 as late from outbox) as handed";

/// A mail server that takes everything.
async fn mail_server() -> Config {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let mut config = Config::default();
    config.smtp.host = Some("127.0.0.1".into());
    config.smtp.port = listener.local_addr().expect("it has an address").port();
    config.smtp.tls = SmtpTls::None;
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(converse(stream));
        }
    });
    config
}

async fn converse(stream: TcpStream) -> std::io::Result<()> {
    let mut stream = BufReader::new(stream);
    stream.write_all(b"220 figures\r\n").await?;
    let (mut line, mut in_text) = (String::new(), false);
    loop {
        line.clear();
        if stream.read_line(&mut line).await? == 0 {
            return Ok(());
        }
        let answer = match line.trim_end() {
            "." if in_text => {
                in_text = false;
                "250 taken"
            }
            _ if in_text => continue,
            "DATA" => {
                in_text = true;
                "354 go on"
            }
            _ => "250 yes",
        };
        stream.write_all(format!("{answer}\r\n").as_bytes()).await?;
    }
}
