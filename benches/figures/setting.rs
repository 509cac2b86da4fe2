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
use sqlx::{
    Connection as _, PgConnection, PgPool,
    postgres::{PgConnectOptions, PgPoolOptions},
};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::{client::Served, generate, report::Latency};

/// How many people are eligible, and so how many activations can be made: half over HTTP, half by pgbench.
pub const PEOPLE: usize = 120_000;
/// How many clients ask at once.
pub const CLIENTS: usize = 32;
/// How long each figure is taken, in seconds.
pub const SECONDS: u64 = 8;

/// How many of the connections that a server opens are for work in the background.
const WORKERS: u32 = 4;
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
        let config = Config::default();
        let most = config.database.pool_size;
        let app = App {
            database: pool(application.clone(), most - WORKERS, PATIENCE)
                .await
                .expect("it answers"),
            worker_database: pool(application, WORKERS, PATIENCE).await.expect("it answers"),
            access_checks: Arc::default(),
            metrics: Arc::default(),
            wake: Wake::default(),
            passwords: Arc::new(PasswordHasher::new(Arc::clone(&keys), Cost::STANDARD)),
            keys,
            public_url: "http://localhost".into(),
            reader: latchkey::domain::language::Reader::english(),
            summaries: latchkey::domain::notice::summary::Schedule::default(),
            channels: Vec::new().into(),
            ticket_systems: Vec::new().into(),
            witness: Arc::default(),
            egress: latchkey::gateway::egress::Egress::default(),
        };
        generate::people(&superuser).await;
        let (token, tokens) = give_tokens(&superuser).await;
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("it has an address");
        let shutdown = CancellationToken::new();
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

    /// How psql gets there, as the application's role.
    pub fn psql(&self) -> Vec<String> {
        self.psql_as(DatabaseRole::Application, DATABASE)
    }

    /// How psql gets to a database of the cluster.
    pub fn psql_as(&self, role: DatabaseRole, database: &str) -> Vec<String> {
        let options = self.cluster.options(role, database);
        vec![
            "--no-psqlrc".to_owned(),
            "--quiet".to_owned(),
            "--set=ON_ERROR_STOP=1".to_owned(),
            format!("--host={}", self.cluster.socket_folder().display()),
            format!("--port={}", options.get_port()),
            format!("--username={}", options.get_username()),
            database.to_owned(),
        ]
    }

    /// How a server of its own gets there.
    pub fn url(&self) -> String {
        let options = self.cluster.options(DatabaseRole::Application, DATABASE);
        format!(
            "postgres://{}@localhost/{DATABASE}?host={}&port={}",
            options.get_username(),
            self.cluster.socket_folder().display(),
            options.get_port()
        )
    }

    /// Makes one more database, which is empty; gives the way into it as the owner of its tables, and as the superuser.
    pub async fn database(&self, name: &str) -> [PgConnectOptions; 2] {
        let sql = format!("create database {name} owner latchkey_owner");
        sqlx::raw_sql(sqlx::AssertSqlSafe(sql))
            .execute(&self.superuser)
            .await
            .expect("a database is made");
        let ways = [DatabaseRole::Owner, DatabaseRole::Superuser];
        let [owner, superuser] = ways.map(|role| self.cluster.options(role, name));
        let mut connection = PgConnection::connect_with(&superuser).await.expect("it answers");
        sqlx::raw_sql(
            "create extension btree_gist; alter schema public owner to pg_database_owner",
        )
        .execute(&mut connection)
        .await
        .expect("it is prepared");
        connection.close().await.expect("it closes");
        [owner, superuser]
    }

    /// Removes a database that nobody uses any more.
    pub async fn drop_database(&self, name: &str) {
        let sql = format!("drop database {name}");
        sqlx::raw_sql(sqlx::AssertSqlSafe(sql))
            .execute(&self.superuser)
            .await
            .expect("it is dropped");
    }

    /// The secrets of browsers in which the first `count` people are signed in.
    pub async fn sessions(&self, count: usize) -> Arc<[String]> {
        let tokens: Vec<_> = (0..count).map(|_| Token::random(TokenKind::Session)).collect();
        let hashes: Vec<_> = tokens.iter().map(|token| token.hash().as_bytes().to_vec()).collect();
        sqlx::query(
            "insert into sessions (id, principal_id, stage, secret_hash, created_at, authenticated_at, last_seen_at, expires_at)
             select gen_random_uuid(), figure_id(number), 'signed_in', hash, instant(), instant(), instant(),
                 instant() + interval '12 hours'
             from unnest($1::bytea[]) with ordinality as tokens (hash, number)",
        )
        .bind(hashes)
        .execute(&self.superuser)
        .await
        .expect("they are signed in");
        tokens.iter().map(|token| token.reveal().to_string()).collect()
    }

    /// A token of one more person.
    pub async fn token_of(&self, person: usize) -> String {
        let token = Token::random(TokenKind::PersonalAccess);
        let mut connection = self.superuser.acquire().await.expect("it answers");
        without_triggers(&mut connection, true).await;
        sqlx::query(
            "insert into access_tokens (id, principal_id, name, token_hash, scopes, created_at, expires_at)
             values (gen_random_uuid(), $1::text::uuid, 'figures', $2, array['read', 'approve'], instant(),
                 instant() + interval '1 day')",
        )
        .bind(figure_id(person, '4'))
        .bind(token.hash().as_bytes().to_vec())
        .execute(&mut *connection)
        .await
        .expect("a token is made");
        without_triggers(&mut connection, false).await;
        token.reveal().to_string()
    }

    /// One text from the database.
    pub async fn text(&self, sql: &'static str) -> String {
        sqlx::query_scalar(sql).fetch_one(&self.superuser).await.expect("it can be read")
    }

    /// Runs pgbench with a script; says how its clients were served.
    pub async fn pgbench(&self, name: &str, script: &str, clients: usize) -> Served {
        let folder =
            std::env::temp_dir().join(format!("latchkey-pgbench-{}-{name}", std::process::id()));
        std::fs::create_dir_all(&folder).expect("a folder for pgbench");
        let script = script.replace("PEOPLE", &PEOPLE.to_string());
        std::fs::write(folder.join("script.sql"), script).expect("the script is written");
        let options = self.cluster.options(DatabaseRole::Application, DATABASE);
        let mut command = Command::new("pgbench");
        command
            .current_dir(&folder)
            // As the server's connections are.
            .env("PGOPTIONS", "-c client_min_messages=warning -c jit=off")
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
        Served { per_second: rate, latency: Latency::of(latencies) }
    }
}

/// The identifier that `populate.sql` gives: of which one, of which kind.
pub fn figure_id(number: usize, what: char) -> String {
    let spread = number * 2_654_435_761 % 4_294_967_296;
    format!("{spread:08x}-0000-{what}000-8000-{number:012x}")
}

/// Switches the triggers of a connection off, or on again.
pub async fn without_triggers(connection: &mut PgConnection, without: bool) {
    let sql = if without {
        "set session_replication_role = replica"
    } else {
        "set session_replication_role = origin"
    };
    sqlx::raw_sql(sql).execute(connection).await.expect("it can be set");
}

/// A token of the one who may do everything, and one of each of half of the people.
async fn give_tokens(superuser: &PgPool) -> (String, Arc<[String]>) {
    let mut connection = superuser.acquire().await.expect("it answers");
    without_triggers(&mut connection, true).await;
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
    without_triggers(&mut connection, false).await;
    sqlx::raw_sql("analyze").execute(&mut *connection).await.expect("it is analysed");
    let mut texts = tokens.iter().map(|token| token.reveal().to_string());
    let first = texts.next().expect("there are tokens");
    (first, texts.collect())
}
