//! The private database: it keeps what it is given, belongs to one process, and survives being killed.
#![expect(
    clippy::disallowed_methods,
    reason = "these statements are about the server, not about our tables"
)]

use std::{
    env,
    fs::{self, File},
    io::{BufRead, BufReader},
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use latchkey::gateway::private_postgres::{
    DATABASE, DatabaseRole, Durability, Error, PrivatePostgres, Settings,
};
use rustix::process::{Pid, Signal, kill_process};
use sqlx::{Connection, PgConnection, query, query_scalar};

const HELD_FOLDER: &str = "LATCHKEY_TEST_HELD_FOLDER";

struct Folder(PathBuf);

impl Folder {
    fn new() -> Self {
        Self(env::temp_dir().join(format!("latchkey-{}", uuid::Uuid::new_v4().simple())))
    }

    fn settings(&self) -> Settings {
        settings(&self.0)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        drop(fs::remove_dir_all(&self.0));
    }
}

fn settings(folder: &Path) -> Settings {
    Settings {
        folder: folder.to_owned(),
        durability: Durability::Durable,
        // So that the same tests can be run on each version.
        binaries: env::var_os("LATCHKEY_TEST_POSTGRES_BINARIES").map(Into::into),
        user: None,
    }
}

async fn connect(postgres: &PrivatePostgres, role: DatabaseRole) -> PgConnection {
    PgConnection::connect_with(&postgres.options(role, DATABASE))
        .await
        .expect("it takes connections")
}

async fn text(connection: &mut PgConnection, sql: &'static str) -> String {
    query_scalar(sql).fetch_one(connection).await.expect("the question is answered")
}

#[tokio::test]
async fn a_second_start_keeps_the_data() {
    let folder = Folder::new();
    let postgres = PrivatePostgres::start(folder.settings()).await.unwrap();
    let mut owner = connect(&postgres, DatabaseRole::Owner).await;
    query("create table kept (name text)").execute(&mut owner).await.unwrap();
    query("insert into kept values ('ada')").execute(&mut owner).await.unwrap();
    postgres.stop().await;

    let again = Instant::now();
    let postgres = PrivatePostgres::start(folder.settings()).await.unwrap();
    assert!(again.elapsed() < Duration::from_secs(10));
    let mut owner = connect(&postgres, DatabaseRole::Owner).await;
    assert_eq!(text(&mut owner, "select name from kept").await, "ada");
}

#[tokio::test]
async fn it_is_durable_private_and_ready_for_the_tables() {
    let folder = Folder::new();
    let postgres = PrivatePostgres::start(folder.settings()).await.unwrap();
    let mut owner = connect(&postgres, DatabaseRole::Owner).await;
    for (setting, value) in [
        ("show fsync", "on"),
        ("show full_page_writes", "on"),
        ("show synchronous_commit", "on"),
        ("show data_checksums", "on"),
        ("show listen_addresses", ""),
        ("select lower('ÄRGER')", "ärger"),
        ("select extname::text from pg_extension where extname = 'btree_gist'", "btree_gist"),
        ("select current_database()::text", "latchkey"),
    ] {
        assert_eq!(text(&mut owner, setting).await, value, "{setting}");
    }
    let mut application = connect(&postgres, DatabaseRole::Application).await;
    assert_eq!(text(&mut application, "select current_user::text").await, "latchkey_app");
    assert!(query("create table mine (id int)").execute(&mut application).await.is_err());
    let mode = fs::metadata(postgres.socket_folder()).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o700);
    let rules = fs::read_to_string(folder.0.join("cluster/pg_hba.conf")).unwrap();
    assert_eq!(rules, "local all all peer map=latchkey\n");
}

#[tokio::test]
async fn a_second_process_is_refused() {
    let folder = Folder::new();
    let first = PrivatePostgres::start(folder.settings()).await.unwrap();
    let second = PrivatePostgres::start(folder.settings()).await.unwrap_err();
    assert!(matches!(second, Error::InUse(_)), "{second}");
    first.stop().await;
    PrivatePostgres::start(folder.settings()).await.unwrap();
}

#[tokio::test]
async fn killing_the_program_loses_nothing() {
    let folder = Folder::new();
    let mut holder = hold(&folder.0);
    let mut connection = connect_to_held(&folder.0).await;
    query("create table kept (name text)").execute(&mut connection).await.unwrap();
    holder.kill().unwrap();
    holder.wait().unwrap();

    let postgres = PrivatePostgres::start(folder.settings()).await.unwrap();
    let mut owner = connect(&postgres, DatabaseRole::Owner).await;
    assert_eq!(text(&mut owner, "select count(*)::text from kept").await, "0");
}

#[tokio::test]
async fn killing_the_program_and_the_server_loses_nothing() {
    let folder = Folder::new();
    let mut holder = hold(&folder.0);
    let mut connection = connect_to_held(&folder.0).await;
    query("create table kept as select 1 as number").execute(&mut connection).await.unwrap();
    let endless = tokio::spawn(async move {
        let sql = "insert into kept select generate_series(1, 1000000000)";
        drop(query(sql).execute(&mut connection).await);
    });
    tokio::time::sleep(Duration::from_millis(300)).await;
    let server = server_of(&folder.0);
    kill_process(server, Signal::KILL).unwrap();
    holder.kill().unwrap();
    holder.wait().unwrap();

    let postgres = PrivatePostgres::start(folder.settings()).await.unwrap();
    let mut owner = connect(&postgres, DatabaseRole::Owner).await;
    assert_eq!(text(&mut owner, "select count(*)::text from kept").await, "1");
    endless.await.unwrap();
}

#[tokio::test]
async fn data_of_another_version_are_left_alone() {
    let folder = Folder::new();
    fs::create_dir_all(folder.0.join("cluster")).unwrap();
    fs::write(folder.0.join("cluster/PG_VERSION"), "9\n").unwrap();
    let refused = PrivatePostgres::start(folder.settings()).await.unwrap_err().to_string();
    assert!(refused.contains("made by PostgreSQL 9"), "{refused}");
    assert!(refused.contains("postgresql-9"), "{refused}");
}

#[tokio::test]
async fn a_folder_without_programs_is_named() {
    let folder = Folder::new();
    let settings = Settings { binaries: Some("/nowhere".into()), ..folder.settings() };
    let refused = PrivatePostgres::start(settings).await.unwrap_err();
    assert!(matches!(refused, Error::NotThere(_)), "{refused}");
}

#[tokio::test]
async fn a_start_that_was_cut_short_begins_again() {
    let folder = Folder::new();
    fs::create_dir_all(folder.0.join("cluster.new/base")).unwrap();
    let postgres = PrivatePostgres::start(folder.settings()).await.unwrap();
    connect(&postgres, DatabaseRole::Application).await;
    assert!(!folder.0.join("cluster.new").exists());
}

/// Runs in a process of its own, which the tests above kill.
#[test]
#[ignore = "only run by other tests"]
fn hold_a_cluster() {
    let Some(folder) = env::var_os(HELD_FOLDER) else { return };
    let _postgres = PrivatePostgres::start_blocking(&settings(Path::new(&folder))).unwrap();
    println!("\nready");
    loop {
        std::thread::park();
    }
}

/// Starts a process that holds a cluster, and waits until it does.
fn hold(folder: &Path) -> Child {
    let program = env::current_exe().expect("a test is a program");
    let mut holder = Command::new(program)
        .args(["private_postgres::hold_a_cluster", "--exact", "--ignored", "--nocapture"])
        .env(HELD_FOLDER, folder)
        .stdout(Stdio::piped())
        .spawn()
        .expect("a test can be run again");
    let output = BufReader::new(holder.stdout.take().expect("it is piped"));
    assert!(output.lines().map_while(Result::ok).any(|line| line == "ready"));
    holder
}

async fn connect_to_held(folder: &Path) -> PgConnection {
    let options = sqlx::postgres::PgConnectOptions::new_without_pgpass()
        .socket(folder.join("run"))
        .username("latchkey_owner")
        .database(DATABASE);
    PgConnection::connect_with(&options).await.expect("the held cluster takes connections")
}

fn server_of(folder: &Path) -> Pid {
    let file = File::open(folder.join("cluster/postmaster.pid")).expect("a server runs");
    let line = BufReader::new(file).lines().next().expect("it has a line").expect("it is text");
    Pid::from_raw(line.trim().parse().expect("it is a number")).expect("it is not zero")
}
