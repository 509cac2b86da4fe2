//! A durable cluster with people who are eligible for a role, and a server in front of it.
use std::{net::SocketAddr, path::PathBuf, process::Command, sync::Arc};

use latchkey::{
    App,
    config::Config,
    gateway::private_postgres::{DATABASE, DatabaseRole, Durability, PrivatePostgres, Settings},
    http,
    secret::{Cost, Keys, MasterKey, PasswordHasher, Token, TokenKind},
    store::{MIGRATOR, database::pool},
    wake::Wake,
};
use sqlx::{PgPool, postgres::PgPoolOptions};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

/// How many people are eligible, and so how many activations can be made: half over HTTP, half by pgbench.
pub const PEOPLE: usize = 120_000;
/// How many clients ask at once.
pub const CLIENTS: usize = 32;
/// How long each figure is taken, in seconds.
pub const SECONDS: u64 = 8;

/// How long a use waits for a connection.
const PATIENCE: std::time::Duration = std::time::Duration::from_secs(10);

pub struct Setting {
    pub app: App,
    pub address: SocketAddr,
    /// As the superuser: prepares data, and looks.
    pub superuser: PgPool,
    /// A token of the account that may do everything.
    pub token: String,
    /// A token of each person who activates over HTTP.
    pub tokens: Arc<[String]>,
    cluster: PrivatePostgres,
    shutdown: CancellationToken,
}

impl Setting {
    pub async fn new() -> Self {
        // Not in /tmp, which may be memory: what is measured is durable.
        let folder =
            PathBuf::from("/var/tmp").join(format!("latchkey-figures-{}", std::process::id()));
        let settings =
            Settings { folder, durability: Durability::Durable, binaries: None, user: None };
        let cluster = PrivatePostgres::start(settings).await.expect("a cluster starts");
        let owner = PgPool::connect_with(cluster.options(DatabaseRole::Owner, DATABASE))
            .await
            .expect("it answers");
        MIGRATOR.run(&owner).await.expect("the schema is made");
        owner.close().await;
        let superuser = PgPoolOptions::new()
            .max_connections(4)
            .connect_with(cluster.options(DatabaseRole::Superuser, DATABASE))
            .await
            .expect("it answers");
        let application = cluster.options(DatabaseRole::Application, DATABASE);
        let keys = Arc::new(Keys::derive(&MasterKey::random()));
        let app = App {
            database: pool(application.clone(), 32, PATIENCE).await.expect("it answers"),
            worker_database: pool(application, 4, PATIENCE).await.expect("it answers"),
            wake: Wake::default(),
            passwords: Arc::new(PasswordHasher::new(Arc::clone(&keys), Cost::STANDARD)),
            keys,
            public_url: "http://localhost".into(),
            reader: latchkey::domain::language::Reader::english(),
            summaries: latchkey::domain::notice::summary::Schedule::default(),
            channels: Vec::new().into(),
            ticket_systems: Vec::new().into(),
            egress: latchkey::gateway::egress::Egress::default(),
        };
        let (token, tokens) = populate(&superuser).await;
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("it has an address");
        let shutdown = CancellationToken::new();
        let config = Config::default();
        let router = http::router(app.clone(), &config);
        let stop = shutdown.clone();
        tokio::spawn(
            async move { http::server::serve(listener, router, &config.http, stop).await },
        );
        Self { app, address, superuser, token, tokens, cluster, shutdown }
    }

    pub async fn stop(self) {
        self.shutdown.cancel();
        self.app.database.close().await;
        self.app.worker_database.close().await;
        self.superuser.close().await;
        let folder = self.cluster.socket_folder().parent().map(std::path::Path::to_owned);
        self.cluster.stop().await;
        if let Some(folder) = folder {
            drop(std::fs::remove_dir_all(folder));
        }
    }

    /// How psql gets there.
    pub fn psql(&self) -> Vec<String> {
        let port = self.cluster.options(DatabaseRole::Application, DATABASE).get_port();
        vec![
            "--no-psqlrc".to_owned(),
            format!("--host={}", self.cluster.socket_folder().display()),
            format!("--port={port}"),
            "--username=latchkey_app".to_owned(),
            DATABASE.to_owned(),
        ]
    }

    /// One text from the database.
    pub async fn text(&self, sql: &'static str) -> String {
        sqlx::query_scalar(sql).fetch_one(&self.superuser).await.expect("it can be read")
    }

    /// Runs pgbench with a script; gives transactions a second and their latencies' 99th percentile in milliseconds.
    pub async fn pgbench(&self, name: &str, script: &str, clients: usize) -> (f64, f64) {
        let folder =
            std::env::temp_dir().join(format!("latchkey-pgbench-{}-{name}", std::process::id()));
        std::fs::create_dir_all(&folder).expect("a folder for pgbench");
        std::fs::write(folder.join("script.sql"), script).expect("the script is written");
        let options = self.cluster.options(DatabaseRole::Application, DATABASE);
        let mut command = Command::new("pgbench");
        command
            .current_dir(&folder)
            .env("PGOPTIONS", "-c client_min_messages=warning")
            .args([
                "--no-vacuum",
                "--protocol=prepared",
                "--log",
                "--file=script.sql",
                "--define=i=0",
            ])
            .arg(format!("--client={clients}"))
            .arg(format!("--time={SECONDS}"))
            .arg(format!("--host={}", self.cluster.socket_folder().display()))
            .arg(format!("--port={}", options.get_port()))
            .args(["--username=latchkey_app", DATABASE]);
        let output = tokio::task::spawn_blocking(move || command.output())
            .await
            .expect("it is awaited")
            .expect("pgbench runs");
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let rate = text
            .lines()
            .find_map(|line| line.strip_prefix("tps = ")?.split_whitespace().next()?.parse().ok())
            .unwrap_or_else(|| {
                panic!("pgbench: {text}{}", String::from_utf8_lossy(&output.stderr))
            });
        let mut latencies = Vec::new();
        for entry in std::fs::read_dir(&folder).expect("it can be read").flatten() {
            if entry.file_name().to_string_lossy().starts_with("pgbench_log") {
                let log = std::fs::read_to_string(entry.path()).expect("it can be read");
                latencies.extend(log.lines().filter_map(|line| {
                    line.split(' ').nth(2)?.parse().ok().map(std::time::Duration::from_micros)
                }));
            }
        }
        drop(std::fs::remove_dir_all(folder));
        (rate, crate::report::quantile(&mut latencies, 0.99))
    }
}

/// The identifier that `populate.sql` gives: of which one, of which kind.
pub fn figure_id(number: usize, what: char) -> String {
    let spread = number * 2_654_435_761 % 4_294_967_296;
    format!("{spread:08x}-0000-{what}000-8000-{number:012x}")
}

/// Makes people who are eligible for one role, without audit events: this is not what is measured.
async fn populate(superuser: &PgPool) -> (String, Arc<[String]>) {
    let mut connection = superuser.acquire().await.expect("it answers");
    let sql = include_str!("populate.sql").replace("PEOPLE", &PEOPLE.to_string());
    sqlx::raw_sql(sqlx::AssertSqlSafe(sql))
        .execute(&mut *connection)
        .await
        .expect("people are made");
    let tokens: Vec<_> =
        (0..=PEOPLE / 2).map(|_| Token::random(TokenKind::PersonalAccess)).collect();
    let hashes: Vec<_> = tokens.iter().map(|token| token.hash().as_bytes().to_vec()).collect();
    sqlx::query(
        "insert into access_tokens (id, principal_id, name, token_hash, scopes, created_at, expires_at)
         select gen_random_uuid(), figure_id(number - 1), 'figures', hash,
             array['read', 'activate', 'approve', 'administer', 'audit', 'check_access'], instant(), instant() + interval '1 day'
         from unnest($1::bytea[]) with ordinality as tokens (hash, number)",
    )
    .bind(hashes)
    .execute(&mut *connection)
    .await
    .expect("tokens are made");
    sqlx::raw_sql("set session_replication_role = origin; analyze")
        .execute(&mut *connection)
        .await
        .expect("it is analysed");
    let mut texts = tokens.iter().map(|token| token.reveal().to_string());
    let first = texts.next().expect("there are tokens");
    (first, texts.collect())
}
