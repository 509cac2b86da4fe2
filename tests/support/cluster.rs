//! One throw-away database server for all tests of this process, and a database of its own for each.
//!
//! The server lives in memory where the machine has a folder for that. It stops when this process ends, however it ends;
//! what it left behind is removed by the next run.
use std::{
    fs,
    path::Path,
    sync::atomic::{AtomicU32, Ordering},
};

use latchkey::{
    gateway::private_postgres::{DatabaseRole, Durability, PrivatePostgres, Settings},
    store::MIGRATOR,
};
use sqlx::{Connection, PgConnection, postgres::PgConnectOptions};
use tokio::sync::OnceCell;

const FOLDER: &str = "latchkey-tests-";
/// Carries all migrations and the clock that tests move; every test's database is a copy of it.
const TEMPLATE: &str = "model";

static CLUSTER: OnceCell<PrivatePostgres> = OnceCell::const_new();
static NUMBER: AtomicU32 = AtomicU32::new(1);

/// A database of one test.
pub struct Database {
    cluster: &'static PrivatePostgres,
    name: String,
}

impl Database {
    /// A fresh copy of the model.
    pub async fn new() -> Self {
        let cluster = CLUSTER.get_or_init(start).await;
        let name = format!("test_{}", NUMBER.fetch_add(1, Ordering::Relaxed));
        administer(
            cluster,
            &format!(
                "create database {name} template {TEMPLATE} strategy file_copy owner latchkey_owner"
            ),
        )
        .await;
        Self { cluster, name }
    }

    /// An empty database with the schema as it was after the migration of that number.
    pub async fn at(version: i64) -> Self {
        let cluster = CLUSTER.get_or_init(start).await;
        let name = format!("test_{}", NUMBER.fetch_add(1, Ordering::Relaxed));
        administer(cluster, &format!("create database {name} owner latchkey_owner")).await;
        let database = Self { cluster, name };
        let mut owner = PgConnection::connect_with(&database.options(DatabaseRole::Owner))
            .await
            .expect("it takes its owner");
        MIGRATOR.run_to(version, &mut owner).await.expect("the migrations run");
        database
    }

    /// How to connect to it.
    pub fn options(&self, role: DatabaseRole) -> PgConnectOptions {
        self.cluster.options(role, &self.name)
    }
}

async fn start() -> PrivatePostgres {
    let place = Path::new("/dev/shm");
    let place = if place.is_dir() { place.to_owned() } else { std::env::temp_dir() };
    remove_what_is_left(&place);
    let settings = Settings {
        folder: place.join(format!("{FOLDER}{}", std::process::id())),
        durability: Durability::Throwaway,
        binaries: None,
        user: None,
    };
    let cluster = PrivatePostgres::start(settings).await.expect("a server for the tests starts");
    make_model(&cluster).await;
    cluster
}

/// Removes the folders of runs that have ended.
fn remove_what_is_left(place: &Path) {
    let folders = fs::read_dir(place).expect("the folder for temporary files can be read");
    for folder in folders.filter_map(Result::ok).map(|entry| entry.path()) {
        if process_of(&folder).is_some_and(|process| !Path::new("/proc").join(process).exists()) {
            drop(fs::remove_dir_all(&folder));
        }
    }
}

fn process_of(folder: &Path) -> Option<&str> {
    folder.file_name()?.to_str()?.strip_prefix(FOLDER)
}

async fn make_model(cluster: &PrivatePostgres) {
    administer(cluster, &format!("create database {TEMPLATE} owner latchkey_owner")).await;
    let mut owner = PgConnection::connect_with(&cluster.options(DatabaseRole::Owner, TEMPLATE))
        .await
        .expect("the model takes its owner");
    MIGRATOR.run(&mut owner).await.expect("the migrations run");
    sqlx::raw_sql(include_str!("clock.sql"))
        .execute(&mut owner)
        .await
        .expect("the clock is set up");
    owner.close().await.expect("the owner leaves");
    administer(
        cluster,
        &format!("alter database {TEMPLATE} is_template true allow_connections false"),
    )
    .await;
}

async fn administer(cluster: &PrivatePostgres, sql: &str) {
    let mut superuser =
        PgConnection::connect_with(&cluster.options(DatabaseRole::Superuser, "postgres"))
            .await
            .expect("the server takes its superuser");
    sqlx::raw_sql(sqlx::AssertSqlSafe(sql))
        .execute(&mut superuser)
        .await
        .expect("the superuser may do that");
}
