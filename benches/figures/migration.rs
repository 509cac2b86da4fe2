//! Migrations: all of them on an empty database, and the newest on one that has grown; beside psql with the same files.
use std::{fmt::Write as _, process::Command, time::Instant};

use latchkey::{
    gateway::private_postgres::DatabaseRole,
    store::{MIGRATOR, database},
};
use sqlx::{Connection as _, PgConnection, PgPool, postgres::PgConnectOptions};

use crate::{generate, report::Report, setting::Setting};

/// How many assignments and events there are when the newest is made.
const GROWN: usize = 1_000_000;

pub async fn measure(setting: &Setting, report: &mut Report) {
    let [owner, _] = setting.database("figures_empty").await;
    let product = migrate(&owner).await;
    setting.drop_database("figures_empty").await;
    setting.database("figures_bare").await;
    let limit = psql(setting, "figures_bare", &all());
    setting.drop_database("figures_bare").await;
    report.lasts("all migrations, empty database, against psql", product, limit, "");
    newest(setting, report).await;
}

/// Grows a database that lacks the newest migration, and makes it. What psql does is undone.
async fn newest(setting: &Setting, report: &mut Report) {
    let mut versions: Vec<_> = MIGRATOR.iter().map(|migration| migration.version).collect();
    versions.sort_unstable();
    let last = versions.pop().expect("there are migrations");
    let before = versions.pop().expect("there are several");
    let [owner, superuser] = setting.database("figures_grown").await;
    let mut connection = PgConnection::connect_with(&owner).await.expect("it answers");
    MIGRATOR.run_to(before, &mut connection).await.expect("the schema is made");
    connection.close().await.expect("it closes");
    grow(superuser).await;
    let newest = MIGRATOR.iter().find(|migration| migration.version == last);
    let newest = newest.expect("it was found before").sql.as_str();
    let limit = psql(setting, "figures_grown", &format!("begin;\n{newest}\n;rollback;"));
    let product = migrate(&owner).await;
    setting.drop_database("figures_grown").await;
    report.lasts(
        "the newest migration, a million assignments and events, against psql",
        product,
        limit,
        "",
    );
}

async fn grow(superuser: PgConnectOptions) {
    let superuser = PgPool::connect_with(superuser).await.expect("it answers");
    generate::people(&superuser).await;
    generate::structure(&superuser).await;
    generate::assignments(&superuser, 1, GROWN).await;
    generate::events(&superuser, 1, GROWN).await;
    superuser.close().await;
}

async fn migrate(owner: &PgConnectOptions) -> f64 {
    let began = Instant::now();
    let mut owner = PgConnection::connect_with(owner).await.expect("it answers");
    database::migrate(&mut owner).await.expect("the schema is made");
    owner.close().await.expect("it closes");
    began.elapsed().as_secs_f64()
}

/// Each migration in a transaction of its own.
fn all() -> String {
    let mut text = String::new();
    for migration in MIGRATOR.iter() {
        let _ = writeln!(text, "begin;\n{}\n;commit;", migration.sql.as_str());
    }
    text
}

fn psql(setting: &Setting, database: &str, script: &str) -> f64 {
    let file = std::env::temp_dir().join(format!("latchkey-migration-{}.sql", std::process::id()));
    std::fs::write(&file, script).expect("the script is written");
    let began = Instant::now();
    let output = Command::new("psql")
        .args(setting.psql_as(DatabaseRole::Owner, database))
        .arg("--file")
        .arg(&file)
        .output()
        .expect("psql runs");
    let took = began.elapsed().as_secs_f64();
    drop(std::fs::remove_file(file));
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    took
}
