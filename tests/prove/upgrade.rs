//! Upgrades that are killed in the middle: what is half done is undone, and the next try goes on.
//!
//! A database with the first schema that was ever given out, with all kinds of rows and many of them, is brought to the newest
//! one. Each migration is killed once when all of it is done and nothing is committed: by turns the program is killed and the
//! database.
use std::time::{Duration, Instant};

use latchkey::store::MIGRATOR;
use sqlx::{Connection as _, PgConnection, postgres::PgConnectOptions};
use tokio::process::Child;

use crate::{
    Build, Form, patience,
    report::Row,
    server::{Server, program},
    setting::Setting,
};

/// The first schema that was ever given out.
const FIRST: i64 = 7;
const DATABASE: &str = "upgraded";
/// How long one migration may take.
const LONGEST: Duration = Duration::from_mins(1);

pub async fn upgrade(build: Build, form: Form) -> Row {
    let people = form.choose(12_000, 200_000);
    let mut upgrade = Upgrade { setting: Setting::of(crate::setting::PEOPLE).await };
    upgrade.fill(people).await;
    let mut row = Row::default();
    if build.is_sound() {
        upgrade.kill_each(&mut row).await;
    } else {
        upgrade.forget_one(&mut row).await;
    }
    row
}

/// A database on its way to the newest schema.
struct Upgrade {
    setting: Setting,
}

impl Upgrade {
    /// Makes a database of the first schema, with the rows of the tests and many like them.
    async fn fill(&self, people: usize) {
        let mut superuser = connect(&self.setting.superuser_options("postgres")).await;
        for statement in [
            format!("create database {DATABASE} owner latchkey_owner"),
            format!("revoke all on database {DATABASE} from public"),
            format!("grant connect on database {DATABASE} to latchkey_app"),
        ] {
            run(&mut superuser, &statement).await;
        }
        superuser.close().await.expect("it leaves");
        let mut superuser = connect(&self.setting.superuser_options(DATABASE)).await;
        run(&mut superuser, "create extension if not exists btree_gist").await;
        let mut owner =
            connect(&self.setting.superuser_options(DATABASE).username("latchkey_owner")).await;
        MIGRATOR.run_to(FIRST, &mut owner).await.expect("the first schema is made");
        run(&mut owner, include_str!("../constraints/fixture.sql")).await;
        owner.close().await.expect("it leaves");
        let many = include_str!("upgrade.sql").replace("PEOPLE", &people.to_string());
        run(&mut superuser, &many).await;
        superuser.close().await.expect("it leaves");
    }

    /// Kills every migration once, and lets it go on.
    async fn kill_each(&mut self, row: &mut Row) {
        let before = self.rows().await;
        let live = self.live().await;
        let newest =
            MIGRATOR.iter().map(|migration| migration.version).max().expect("there are migrations");
        for version in FIRST + 1..=newest {
            let (child, waiter) = self.stopped_at(version, row).await;
            let schema = self.schema().await;
            if version % 3 != 0 {
                kill(child).await;
                drop(waiter);
            } else {
                self.setting.kill().await;
                drop(waiter);
                kill(child).await;
                self.setting.restart().await;
            }
            self.until_alone().await;
            row.promise(self.schema().await == schema, || {
                format!("half of migration {version} stayed")
            });
            let reached = self.version().await;
            row.promise(reached == version - 1, || {
                format!("{reached} is noted after migration {version} was killed")
            });
        }
        let (migrated, said) = self.migrate().await;
        row.promise(migrated, || format!("it does not come to its end: {said}"));
        let (again, said) = self.migrate().await;
        row.promise(again, || format!("a second time it fails: {said}"));
        let still = self.live().await;
        row.promise(still == live, || format!("{live} had access before, {still} after"));
        let assignments = self.count("select count(*) from assignments").await;
        let events = self.count("select count(*) from audit_events").await;
        row.n =
            format!("{} migrations, {assignments} assignments, {events} events", newest - FIRST);
        self.judge(before, row).await;
    }

    /// Whether all of it is there, whole, and was not long in coming.
    async fn judge(&mut self, before: Vec<(String, i64)>, row: &mut Row) {
        for (table, count) in before {
            let after = self.count(&format!("select count(*) from {table}")).await;
            row.lost += (count - after).max(0);
        }
        let unproved =
            self.count("select count(*) from pg_constraint where not convalidated").await;
        row.promise(unproved == 0, || format!("{unproved} constraints hold for new rows alone"));
        let slowest =
            self.count("select max(execution_time) / 1000000 from _sqlx_migrations").await;
        let slowest = Duration::from_millis(u64::try_from(slowest).unwrap_or_default());
        row.promise(slowest <= LONGEST, || {
            format!("a migration took {:.1} s", slowest.as_secs_f64())
        });
        row.notes.push(format!("the slowest migration took {:.1} s", slowest.as_secs_f64()));
        let server = Server::with(&self.setting, "upgraded", &self.url("latchkey_app"), &[]).await;
        let sealed =
            "select (select count(*) from audit_events) - (select count(*) from audit_seals)";
        patience::until(Duration::from_mins(5), "every event is sealed", || async {
            self.count(sealed).await == 0
        })
        .await;
        let (whole, said) = server.command(&["audit", "verify"]).await;
        row.promise(whole, || {
            format!("the chain: {}", said.lines().next_back().unwrap_or("no word"))
        });
    }

    /// Breaks it: that a migration was made is forgotten, so that it is tried again.
    async fn forget_one(&mut self, row: &mut Row) {
        let (child, waiter) = self.stopped_at(FIRST + 2, row).await;
        kill(child).await;
        drop(waiter);
        self.until_alone().await;
        let mut superuser = connect(&self.setting.superuser_options(DATABASE)).await;
        run(&mut superuser, &format!("delete from _sqlx_migrations where version = {}", FIRST + 1))
            .await;
        let (migrated, said) = self.migrate().await;
        row.promise(migrated, || format!("it does not come to its end: {said}"));
        "1 migration".clone_into(&mut row.n);
    }

    /// Begins to migrate, and comes back when all of one migration is done but for its commit. It waits for as long as the
    /// connection that comes along is there.
    async fn stopped_at(&self, version: i64, row: &mut Row) -> (Child, PgConnection) {
        let mut waiter = connect(&self.setting.superuser_options(DATABASE)).await;
        run(
            &mut waiter,
            &format!("update proving.stop set version = {version}; select pg_advisory_lock(4711)"),
        )
        .await;
        let began = Instant::now();
        let child = self.command("migrate").kill_on_drop(true).spawn().expect("it starts");
        let waits = "select count(*) from pg_locks where locktype = 'advisory' and objid = 4711 and not granted";
        patience::until(2 * LONGEST, "the migration is done", || async {
            self.count(waits).await == 1
        })
        .await;
        row.recovery.push(began.elapsed());
        (child, waiter)
    }

    /// Waits until nobody else is in the database.
    async fn until_alone(&self) {
        let others = "select count(*) from pg_stat_activity where datname = current_database() and usename = 'latchkey_owner'";
        patience::until(LONGEST, "what was killed is gone", || async {
            self.count(others).await == 0
        })
        .await;
    }

    async fn migrate(&self) -> (bool, String) {
        let output =
            tokio::time::timeout(Duration::from_mins(10), self.command("migrate").output())
                .await
                .expect("it comes to its end")
                .expect("it runs");
        let said = String::from_utf8_lossy(&output.stderr);
        (output.status.success(), said.lines().next_back().unwrap_or_default().to_owned())
    }

    fn command(&self, name: &str) -> tokio::process::Command {
        let mut command = program();
        command
            .arg(name)
            .env("LATCHKEY_DATABASE_URL", self.url("latchkey_app"))
            .env("LATCHKEY_DATABASE_OWNER_URL", self.url("latchkey_owner"))
            .env("LATCHKEY_DATA_FOLDER", self.setting.folder())
            .env("LATCHKEY_PUBLIC_URL", "http://localhost")
            .stdout(std::process::Stdio::null())
            .stderr(std::process::Stdio::piped());
        command
    }

    fn url(&self, role: &str) -> String {
        format!("postgres://{role}@localhost/{DATABASE}?host={}", self.setting.sockets().display())
    }

    /// How many rows each table has.
    async fn rows(&self) -> Vec<(String, i64)> {
        let mut superuser = connect(&self.setting.superuser_options(DATABASE)).await;
        let tables: Vec<String> = sqlx::query_scalar(
            "select relname::text from pg_class
             where relnamespace = 'public'::regnamespace and relkind = 'r' and relname <> '_sqlx_migrations'",
        )
        .fetch_all(&mut superuser)
        .await
        .expect("it has tables");
        superuser.close().await.expect("it leaves");
        let mut rows = Vec::new();
        for table in tables {
            let count = self.count(&format!("select count(*) from {table}")).await;
            rows.push((table, count));
        }
        rows
    }

    /// How many have access now, by the clock of the database alone.
    async fn live(&self) -> i64 {
        self.count(
            "select count(*) from assignments
             where kind = 'active' and ended_at is null and starts_at <= now() and ends_at > now()",
        )
        .await
    }

    async fn version(&self) -> i64 {
        self.count("select max(version) from _sqlx_migrations").await
    }

    /// All that a migration can make or change, as one number.
    async fn schema(&self) -> i64 {
        self.count(
            "select hashtextextended(string_agg(what, '' order by what), 0) from (
                 select concat_ws(' ', relname, attname, atttypid, attnotnull, relacl, attacl)
                 from pg_attribute join pg_class on pg_class.oid = attrelid
                 where relnamespace = 'public'::regnamespace and not attisdropped
                 union all
                 select concat_ws(' ', proname, prosrc, proacl) from pg_proc where pronamespace = 'public'::regnamespace
                 union all
                 select concat_ws(' ', conname, conrelid, contype) from pg_constraint where connamespace = 'public'::regnamespace
                 union all
                 select concat_ws(' ', tgname, tgrelid, tgenabled) from pg_trigger where not tgisinternal
                 union all
                 select concat_ws(' ', typname, enumlabel) from pg_type join pg_enum on enumtypid = pg_type.oid
             ) as parts (what)",
        )
        .await
    }

    async fn count(&self, sql: &str) -> i64 {
        let mut superuser = connect(&self.setting.superuser_options(DATABASE)).await;
        let count = sqlx::query_scalar(sqlx::AssertSqlSafe(sql.to_owned()))
            .fetch_one(&mut superuser)
            .await
            .expect("it can be counted");
        superuser.close().await.expect("it leaves");
        count
    }
}

async fn connect(options: &PgConnectOptions) -> PgConnection {
    PgConnection::connect_with(options).await.expect("it answers")
}

async fn run(connection: &mut PgConnection, sql: &str) {
    sqlx::raw_sql(sqlx::AssertSqlSafe(sql.to_owned()))
        .execute(connection)
        .await
        .expect("it is done");
}

async fn kill(mut child: Child) {
    // With its database it may have ended by itself.
    drop(child.start_kill());
    drop(child.wait().await);
}
