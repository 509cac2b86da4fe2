//! A durable database with people who are eligible for roles, most often in a cluster of its own, and what breaks it.
use std::{
    fs,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use latchkey::{
    gateway::private_postgres::{DATABASE, DatabaseRole, Durability, PrivatePostgres, Settings},
    secret::{MasterKey, Token, TokenKind},
    store::MIGRATOR,
};
use rustix::process::Signal;
use sqlx::{
    Connection as _, PgConnection, PgPool,
    postgres::{PgConnectOptions, PgPoolOptions},
};

use crate::{patience, process};

/// How many people have tokens: those whom clients speak for.
pub const CLIENTS_PEOPLE: usize = 3200;
/// How many people there are, where nothing else is said: some more, whose access ends without their doing.
pub const PEOPLE: usize = 3600;

const FOLDER: &str = "latchkey-prove-";
/// The organisation.
pub const ROOT: &str = "00000000-0000-8000-8000-000000000000";

/// A folder that goes away with whoever holds it.
pub struct Folder(pub PathBuf);

impl Drop for Folder {
    fn drop(&mut self) {
        drop(fs::remove_dir_all(&self.0));
    }
}

/// The ways into a database.
pub struct Ways {
    /// How a server gets there.
    pub server: String,
    /// How to connect as the owner of its tables.
    pub owner: PgConnectOptions,
    /// The same as the superuser.
    pub superuser: PgConnectOptions,
}

impl Ways {
    /// Those into a cluster of ours, without anything in between.
    fn into_own(cluster: &PrivatePostgres) -> Self {
        let sockets = cluster.socket_folder().display();
        Self {
            server: format!("postgres://latchkey_app@localhost/{DATABASE}?host={sockets}"),
            owner: cluster.options(DatabaseRole::Owner, DATABASE),
            superuser: cluster.options(DatabaseRole::Superuser, DATABASE),
        }
    }
}

/// A cluster that this setting has for itself.
struct Own {
    cluster: Option<PrivatePostgres>,
    settings: Settings,
}

/// A database with its people. Dropping it removes all of it, and stops the cluster if that is its own.
pub struct Setting {
    /// As the superuser: prepares data, breaks them, and counts. It writes even where the database takes no changes.
    pub superuser: PgPool,
    /// A token of the account that may do everything.
    pub token: String,
    /// A token of each person for whom clients speak; the first is that of person 1.
    pub tokens: Arc<[String]>,
    ways: Ways,
    own: Option<Own>,
    // Last: everything else has stopped when it goes.
    folder: Folder,
}

impl Setting {
    pub async fn new() -> Self {
        Self::of(PEOPLE).await
    }

    /// One with so many people.
    pub async fn of(people: usize) -> Self {
        let folder = own_folder();
        let database = folder.0.join("postgres");
        Self::with(folder, database, people).await
    }

    /// One whose database is in a folder of its own.
    pub async fn with(folder: Folder, database: PathBuf, people: usize) -> Self {
        let settings = Settings {
            folder: database,
            durability: Durability::Durable,
            binaries: std::env::var_os("LATCHKEY_POSTGRES_BINARIES").map(PathBuf::from),
            user: None,
        };
        let cluster = PrivatePostgres::start(settings.clone()).await.expect("a cluster starts");
        let mut setting = Self::at(folder, Ways::into_own(&cluster), people).await;
        setting.own = Some(Own { cluster: Some(cluster), settings });
        setting
    }

    /// One whose database stands already, and is empty.
    pub async fn at(folder: Folder, ways: Ways, people: usize) -> Self {
        let mut owner = PgConnection::connect_with(&ways.owner).await.expect("it answers");
        MIGRATOR.run(&mut owner).await.expect("the schema is made");
        owner.close().await.expect("the owner leaves");
        let writes = [("default_transaction_read_only", "off")];
        let superuser = PgPoolOptions::new()
            .max_connections(6)
            .acquire_timeout(Duration::from_secs(30))
            .connect_with(ways.superuser.clone().options(writes))
            .await
            .expect("it answers");
        fs::write(folder.0.join("encryption.key"), MasterKey::random().reveal().as_bytes())
            .expect("the key is written");
        let mut tokens = populate(&superuser, people).await.into_iter();
        let token = tokens.next().expect("there are tokens");
        Self { superuser, token, tokens: tokens.collect(), ways, own: None, folder }
    }

    /// The folder for what servers keep.
    pub fn folder(&self) -> &Path {
        &self.folder.0
    }

    /// The folder in which the database keeps its socket.
    pub fn sockets(&self) -> PathBuf {
        self.cluster().socket_folder().to_owned()
    }

    /// How a server gets to the database.
    pub fn database_url(&self) -> String {
        self.ways.server.clone()
    }

    /// How to connect as the superuser to one of the databases.
    pub fn superuser_options(&self, database: &str) -> PgConnectOptions {
        self.ways.superuser.clone().database(database)
    }

    /// Whether the database's server still runs.
    pub fn runs(&self) -> bool {
        self.own().cluster.as_ref().is_some_and(|cluster| !cluster.ended().is_cancelled())
    }

    fn own(&self) -> &Own {
        self.own.as_ref().expect("the cluster is its own")
    }

    fn cluster(&self) -> &PrivatePostgres {
        self.own().cluster.as_ref().expect("it was started")
    }

    /// Kills the server and every process that it has made.
    pub async fn kill(&self) {
        process::kill_with_children(self.server());
        self.ended().await;
    }

    /// Stops the server: in order, or at once.
    pub async fn stop(&self, in_order: bool) {
        process::signal(self.server(), if in_order { Signal::INT } else { Signal::QUIT });
        self.ended().await;
    }

    async fn ended(&self) {
        let ended = self.cluster().ended();
        tokio::time::timeout(Duration::from_mins(1), ended.cancelled())
            .await
            .expect("the database ends");
    }

    /// Starts it again, and comes back once it takes connections.
    pub async fn restart(&mut self) {
        let own = self.own.as_mut().expect("the cluster is its own");
        if let Some(cluster) = own.cluster.take() {
            cluster.stop().await;
        }
        let started = PrivatePostgres::start(own.settings.clone()).await;
        own.cluster = Some(started.expect("the database starts again"));
    }

    fn server(&self) -> i32 {
        let file = self.own().settings.folder.join("cluster/postmaster.pid");
        let text = fs::read_to_string(file).expect("the database says its number");
        text.lines().next().and_then(|line| line.trim().parse().ok()).expect("it is a number")
    }

    /// The processes of its database, from now on as well: those to come are made by the first.
    pub fn processes(&self) -> Vec<i32> {
        let server = self.server();
        std::iter::once(server).chain(process::children(server)).collect()
    }

    /// One number from the database.
    pub async fn count(&self, sql: &'static str) -> i64 {
        sqlx::query_scalar(sql).fetch_one(&self.superuser).await.expect("it can be counted")
    }

    /// Does something as the superuser; several statements are one transaction, if they do not say otherwise.
    pub async fn execute(&self, sql: impl Into<String>) {
        let mut connection = self.superuser.acquire().await.expect("it answers");
        sqlx::raw_sql(sqlx::AssertSqlSafe(sql.into()))
            .execute(&mut *connection)
            .await
            .expect("it is done");
    }

    /// Lets the servers connect anew, so that what was said of their role counts.
    pub async fn disconnect_servers(&self) {
        self.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity where usename = 'latchkey_app'",
        )
        .await;
    }

    /// Waits until every event is sealed.
    pub async fn until_sealed(&self) {
        patience::until(Duration::from_mins(1), "every event is sealed", || async {
            self.count(
                "select (select count(*) from audit_events) - (select count(*) from audit_seals)",
            )
            .await
                == 0
        })
        .await;
    }
}

/// A folder of this process for one setting, made anew.
pub fn own_folder() -> Folder {
    static NUMBER: std::sync::atomic::AtomicU32 = std::sync::atomic::AtomicU32::new(1);
    let number = NUMBER.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
    named_folder(&number.to_string())
}

/// A folder of this process, made anew. Not in /tmp, which may be memory: what is tried is durable.
pub fn named_folder(name: &str) -> Folder {
    let process = std::process::id();
    let folder = Folder(PathBuf::from("/var/tmp").join(format!("{FOLDER}{process}-{name}")));
    fs::create_dir_all(&folder.0).expect("a folder can be made in /var/tmp");
    // The account that runs the database has to get through.
    fs::set_permissions(&folder.0, fs::Permissions::from_mode(0o711)).expect("it can be opened");
    folder
}

/// Removes the folders of runs that were killed.
pub fn remove_what_is_left() {
    let folders = fs::read_dir("/var/tmp").into_iter().flatten().flatten();
    for folder in folders.map(|entry| entry.path()) {
        let name = folder.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        let process = name.strip_prefix(FOLDER).and_then(|rest| rest.split('-').next());
        if process.is_some_and(|process| !Path::new("/proc").join(process).exists()) {
            drop(fs::remove_dir_all(&folder));
        }
    }
}

/// The identifier that `populate.sql` gives: of which one, of which kind.
pub fn figure_id(number: usize, what: char) -> String {
    let spread = number * 2_654_435_761 % 4_294_967_296;
    format!("{spread:08x}-0000-{what}000-8000-{number:012x}")
}

/// Makes people, roles and tokens. Gives the tokens, the first of which is that of the administrator.
async fn populate(superuser: &PgPool, people: usize) -> Vec<String> {
    let mut connection = superuser.acquire().await.expect("it answers");
    let sql = include_str!("../../benches/figures/populate.sql")
        .replace("PEOPLE", &people.to_string())
        + include_str!("populate.sql");
    sqlx::raw_sql(sqlx::AssertSqlSafe(sql))
        .execute(&mut *connection)
        .await
        .expect("people are made");
    let tokens: Vec<_> =
        (0..=CLIENTS_PEOPLE).map(|_| Token::random(TokenKind::PersonalAccess)).collect();
    let hashes: Vec<_> = tokens.iter().map(|token| token.hash().as_bytes().to_vec()).collect();
    sqlx::query(
        "insert into access_tokens (id, principal_id, name, token_hash, scopes, created_at, expires_at)
         select gen_random_uuid(), figure_id(number - 1), 'proving', hash,
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
    tokens.iter().map(|token| token.reveal().to_string()).collect()
}
