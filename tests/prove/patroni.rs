//! Two databases that Patroni looks after, with an etcd: one leads, the other one follows. They are as durable as any.
use std::{
    ffi::OsString,
    fs::{self, File},
    net::SocketAddr,
    os::unix::fs::{MetadataExt as _, chown},
    path::{Path, PathBuf},
    process::Stdio,
    thread::sleep,
    time::{Duration, Instant},
};

use latchkey::gateway::private_postgres::DATABASE;
use rustix::process::Signal;
use serde_json::{Value, json};
use sqlx::{
    Connection as _, PgConnection,
    postgres::{PgConnectOptions, PgSslMode},
};
use tokio::process::{Child, Command};
use uuid::Uuid;

use crate::{
    leader::Place,
    patience, process,
    proxy::{Mode, Proxy},
    server::free_address,
    setting::{Folder, Ways, named_folder},
};

/// How long both may take until the one follows the other, at first and after it was killed.
const START: Duration = Duration::from_mins(2);
/// How long a database may take to stop.
const STOP: Duration = Duration::from_secs(10);
/// The account that runs all of it if we are root.
const ACCOUNT: &str = "postgres";

/// The programs that this takes.
pub struct Programs {
    /// The folder of PostgreSQL's own.
    postgres: PathBuf,
    must_switch: bool,
}

impl Programs {
    /// Finds them; fails with what is missing.
    pub fn find() -> Result<Self, String> {
        for name in ["patroni", "etcd", "setpriv"] {
            if !in_path().any(|folder| folder.join(name).is_file()) {
                return Err(format!("there is no {name}"));
            }
        }
        let must_switch = rustix::process::geteuid().is_root();
        let known = std::process::Command::new("id").args(["-u", ACCOUNT]).output();
        if must_switch && !known.is_ok_and(|output| output.status.success()) {
            return Err(format!("there is no account {ACCOUNT}"));
        }
        let named = std::env::var_os("LATCHKEY_POSTGRES_BINARIES").map(PathBuf::from);
        let versions = (14..=18).rev();
        let usual = versions.map(|version| format!("/usr/lib/postgresql/{version}/bin").into());
        let postgres = named.into_iter().chain(usual).chain(in_path()).find(|folder: &PathBuf| {
            ["postgres", "pg_rewind"].iter().all(|name| folder.join(name).is_file())
        });
        let postgres = postgres.ok_or("there is no folder with postgres and pg_rewind")?;
        Ok(Self { postgres, must_switch })
    }

    /// A command that does not outlive us, in a process group of its own: Ctrl-C is for us, who stop it in order.
    fn command(&self, program: &str, log: &Path) -> Command {
        let mut command = Command::new("setpriv");
        command.args(["--pdeathsig", "TERM"]);
        if self.must_switch {
            command.args(["--reuid", ACCOUNT, "--regid", ACCOUNT, "--clear-groups"]);
        }
        let mut options = File::options();
        let log = options.create(true).append(true).open(log).expect("a log");
        let errors = log.try_clone().expect("a log can be shared");
        command
            .arg("--")
            .arg(program)
            .env_clear()
            .envs([("PATH", self.path()), ("LC_ALL", "C.UTF-8".into())])
            .current_dir("/")
            .stdin(Stdio::null())
            .stdout(log)
            .stderr(errors)
            .process_group(0)
            .kill_on_drop(true);
        command
    }

    fn path(&self) -> OsString {
        let folders = std::iter::once(self.postgres.clone()).chain(in_path());
        std::env::join_paths(folders).expect("they were in such a list")
    }

    /// Makes a folder for the account alone.
    fn make_folder(&self, folder: &Path) {
        let mut install = std::process::Command::new("install");
        install.args(["--directory", "--mode=700"]);
        if self.must_switch {
            install.arg(format!("--owner={ACCOUNT}"));
        }
        let made = install.arg(folder).status().is_ok_and(|status| status.success());
        assert!(made, "{} can be made", folder.display());
    }
}

fn in_path() -> impl Iterator<Item = PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).collect::<Vec<_>>().into_iter()
}

/// What is killed of a leader.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// Patroni and the database, as if the machine were gone.
    All,
    /// Patroni alone: its database goes on, and nobody tells it that another one leads.
    Patroni,
}

/// One of the two.
struct Node {
    name: &'static str,
    place: Place,
    /// By which the other one follows it, so that it can be held back.
    way: Proxy,
    settings: PathBuf,
    data: PathBuf,
    log: PathBuf,
    patroni: Option<Child>,
}

impl Node {
    /// The process of its database, if it runs.
    fn database(&self) -> Option<i32> {
        let text = fs::read_to_string(self.data.join("postmaster.pid")).ok()?;
        let process = text.lines().next()?.trim().parse().ok()?;
        // The file may be left over, and the number somebody else's by now.
        process::was_started_with(process, self.data.to_str()?).then_some(process)
    }

    /// Removes the shared memory of a database that was killed, as it goes with a machine. The next start would, if
    /// there is one.
    fn forget_memory(&self) {
        let text = fs::read_to_string(self.data.join("postmaster.pid")).unwrap_or_default();
        let line = text.lines().nth(6).unwrap_or_default();
        if let Some(number) = line.split_whitespace().nth(1) {
            drop(std::process::Command::new("ipcrm").args(["--shmem-id", number]).output());
        }
    }
}

/// Two databases and what decides between them. Dropping it stops all of it.
pub struct Cluster {
    nodes: [Node; 2],
    password: String,
    programs: Programs,
    synchronous: bool,
    _etcd: Child,
    // Last: everything else has stopped when it goes.
    folder: Folder,
}

impl Cluster {
    /// Makes both, and comes back once the one follows the other.
    pub async fn start(programs: Programs, synchronous: bool) -> Self {
        let folder = named_folder("failover");
        let home = folder.0.join("home");
        programs.make_folder(&home);
        let (etcd, etcd_address) = start_etcd(&programs, &folder.0, &home);
        let password = Uuid::new_v4().simple().to_string();
        let mut nodes = [node("one", &home).await, node("two", &home).await];
        for node in &mut nodes {
            let text = settings(node, &programs, etcd_address, &password, synchronous).to_string();
            fs::write(&node.settings, text).expect("the settings are written");
            let owner = fs::metadata(&home).expect("it is there").uid();
            chown(&node.settings, Some(owner), None).expect("they can be given away");
        }
        let mut cluster = Self { nodes, password, programs, synchronous, _etcd: etcd, folder };
        cluster.begin(0);
        cluster.begin(1);
        patience::until(START, "one database follows the other", || async {
            cluster.follows(0).await || cluster.follows(1).await
        })
        .await;
        cluster
    }

    /// Where they are.
    pub fn places(&self) -> [Place; 2] {
        let [one, two] = &self.nodes;
        [one.place, two.place]
    }

    fn node(&self, node: usize) -> &Node {
        self.nodes.get(node).expect("there are two")
    }

    /// Starts Patroni, which sees to the rest.
    pub fn begin(&mut self, node: usize) {
        let node = self.nodes.get_mut(node).expect("there are two");
        let mut command = self.programs.command("patroni", &node.log);
        node.patroni = Some(command.arg(&node.settings).spawn().expect("Patroni starts"));
    }

    /// Whether this one has all that the other one does, and is waited for at each commit if it ought to be.
    pub async fn follows(&self, node: usize) -> bool {
        let place = self.node(node).place;
        if !place.is(if self.synchronous { "/synchronous" } else { "/replica" }).await {
            return false;
        }
        let leader = self.node(1 - node).place.database;
        let asking = async {
            let options = self.options(leader, "postgres", "postgres");
            let mut connection = PgConnection::connect_with(&options).await?;
            sqlx::query_scalar(
                "select count(*) from pg_stat_replication
                 where state = 'streaming' and (sync_state = 'sync') = $1",
            )
            .bind(self.synchronous)
            .fetch_one(&mut connection)
            .await
        };
        asking.await.is_ok_and(|followers: i64| followers == 1)
    }

    /// Kills as nothing can be caught.
    pub async fn kill(&mut self, node: usize, part: Part) {
        let node = self.nodes.get_mut(node).expect("there are two");
        if let Some(mut patroni) = node.patroni.take() {
            end(&patroni);
            drop(patroni.wait().await);
        }
        if part == Part::All {
            let database = node.database().expect("its database runs");
            process::kill_with_children(database);
            patience::until(STOP, "the database ends", || async { node.database().is_none() })
                .await;
            node.forget_memory();
        }
    }

    /// Lets nothing of what this one does reach the one that follows it, until it is let go; what was on its way is
    /// lost then.
    pub fn hold_back(&self, node: usize, held: bool) {
        self.node(node).way.set(if held { Mode::BlackHole } else { Mode::Pass });
    }

    /// Has the other one lead, in order.
    pub async fn switch_over(&self, from: usize) {
        let node = self.node(from);
        let answer = reqwest::Client::builder()
            .no_proxy()
            .build()
            .expect("a client can be made")
            .post(format!("http://{}/switchover", node.place.patroni))
            .basic_auth("patroni", Some(&self.password))
            .json(&json!({ "leader": node.name }))
            .send()
            .await
            .expect("Patroni answers");
        let status = answer.status();
        let said = answer.text().await.unwrap_or_default();
        assert!(status.is_success(), "Patroni switches over: {said}");
    }

    /// Whether this one acknowledges a change to somebody who goes there past everything else.
    pub async fn acknowledges(&self, node: usize) -> bool {
        let options = self.options(self.node(node).place.database, "postgres", "postgres");
        let writing = async {
            let mut connection = PgConnection::connect_with(&options).await?;
            let change = "create table acknowledged_by_one_that_does_not_lead ()";
            sqlx::raw_sql(change).execute(&mut connection).await
        };
        tokio::time::timeout(Duration::from_secs(3), writing).await.is_ok_and(|done| done.is_ok())
    }

    /// Makes the database and its roles, as docs/operating.md says, and tells the ways there by this address.
    pub async fn prepare(&self, address: SocketAddr) -> Ways {
        let superuser = |database| self.options(address, "postgres", database);
        let mut connection =
            PgConnection::connect_with(&superuser("postgres")).await.expect("it answers");
        sqlx::raw_sql("create database latchkey").execute(&mut connection).await.expect("it may");
        connection.close().await.expect("it leaves");
        let secrets = self.folder.0.join("secrets");
        fs::create_dir_all(&secrets).expect("a folder can be made");
        for name in ["owner_password", "application_password"] {
            fs::write(secrets.join(name), &self.password).expect("a secret is written");
        }
        let output = Command::new(concat!(env!("CARGO_MANIFEST_DIR"), "/deploy/database.sh"))
            .env_clear()
            .envs([("PATH", self.programs.path()), ("LATCHKEY_SECRETS", secrets.into())])
            .env("PGHOST", address.ip().to_string())
            .env("PGPORT", address.port().to_string())
            .env("PGPASSWORD", &self.password)
            .kill_on_drop(true)
            .output();
        let output = output.await.expect("it runs");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let password = &self.password;
        Ways {
            server: format!(
                "postgres://latchkey_app:{password}@{address}/{DATABASE}?sslmode=disable"
            ),
            owner: self.options(address, "latchkey_owner", DATABASE),
            superuser: superuser(DATABASE),
        }
    }

    fn options(&self, address: SocketAddr, role: &str, database: &str) -> PgConnectOptions {
        PgConnectOptions::new_without_pgpass()
            .host(&address.ip().to_string())
            .port(address.port())
            .username(role)
            .password(&self.password)
            .database(database)
            .ssl_mode(PgSslMode::Disable)
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        for node in &mut self.nodes {
            // Patroni first: it would start the database again.
            if let Some(mut patroni) = node.patroni.take() {
                end(&patroni);
                let asked = Instant::now();
                while matches!(patroni.try_wait(), Ok(None)) && asked.elapsed() < STOP {
                    sleep(patience::PAUSE);
                }
            }
            let Some(database) = node.database() else { continue };
            process::signal(database, Signal::QUIT);
            let asked = Instant::now();
            while node.database().is_some() && asked.elapsed() < STOP {
                sleep(patience::PAUSE);
            }
            if let Some(database) = node.database() {
                process::kill_with_children(database);
                node.forget_memory();
            }
        }
    }
}

/// Kills Patroni and whatever it has begun, but the database, which has a group of its own.
fn end(patroni: &Child) {
    if let Some(number) = patroni.id() {
        process::kill_group(number);
    }
}

fn start_etcd(programs: &Programs, folder: &Path, home: &Path) -> (Child, SocketAddr) {
    let (clients, peers) = (free_address(), free_address());
    let (at, between) = (format!("http://{clients}"), format!("http://{peers}"));
    let mut command = programs.command("etcd", &folder.join("etcd.log"));
    command.args(["--name=etcd", "--log-level=error"]);
    command.arg(format!("--data-dir={}", home.join("etcd").display()));
    command.arg(format!("--listen-client-urls={at}"));
    command.arg(format!("--advertise-client-urls={at}"));
    command.arg(format!("--listen-peer-urls={between}"));
    command.arg(format!("--initial-advertise-peer-urls={between}"));
    command.arg(format!("--initial-cluster=etcd={between}"));
    (command.spawn().expect("etcd starts"), clients)
}

async fn node(name: &'static str, home: &Path) -> Node {
    let place = Place { database: free_address(), patroni: free_address() };
    let socket = home.join(format!(".s.PGSQL.{}", place.database.port()));
    Node {
        name,
        place,
        way: Proxy::to(socket).await,
        settings: home.join(name).with_extension("yml"),
        data: home.join(name),
        log: home.with_file_name(name).with_extension("log"),
        patroni: None,
    }
}

/// Patroni's settings for one of the two, in JSON, which is YAML as well.
fn settings(
    node: &Node,
    programs: &Programs,
    etcd: SocketAddr,
    password: &str,
    synchronous: bool,
) -> Value {
    let Place { database, patroni } = node.place;
    let home = node.data.parent().expect("it is in a folder");
    json!({
        "scope": "latchkey",
        "name": node.name,
        "etcd3": { "host": etcd.to_string() },
        "restapi": {
            "listen": patroni.to_string(),
            "connect_address": patroni.to_string(),
            "authentication": { "username": "patroni", "password": password },
        },
        "watchdog": { "mode": "off" },
        "bootstrap": {
            "dcs": {
                "ttl": 20,
                "loop_wait": 5,
                "retry_timeout": 5,
                "synchronous_mode": synchronous,
                // Whoever is far behind may lead only where losing something is accepted.
                "maximum_lag_on_failover": if synchronous { 1 << 20 } else { 1 << 30 },
                "postgresql": { "use_pg_rewind": true, "use_slots": true },
            },
            "initdb": [{ "encoding": "UTF8" }, { "locale": "C.UTF-8" }, "data-checksums"],
        },
        "postgresql": {
            "listen": database.to_string(),
            "connect_address": node.way.address().to_string(),
            "data_dir": node.data,
            "bin_dir": programs.postgres,
            "pgpass": home.join(node.name).with_extension("pgpass"),
            "basebackup": [{ "checkpoint": "fast" }],
            "authentication": {
                "superuser": { "username": "postgres", "password": password },
                "replication": { "username": "replicator", "password": password },
            },
            "pg_hba": [
                "local all all scram-sha-256",
                "local replication all scram-sha-256",
                "host all all 127.0.0.1/32 scram-sha-256",
            ],
            "parameters": {
                "unix_socket_directories": home,
                // In the folder, so that it goes with it.
                "dynamic_shared_memory_type": "mmap",
                "password_encryption": "scram-sha-256",
                "fsync": "on",
                "full_page_writes": "on",
                "synchronous_commit": "on",
            },
        },
    })
}
