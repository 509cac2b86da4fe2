//! A PostgreSQL cluster of our own, for those who have no database yet.
//!
//! It runs from the server programs that are on the machine, on data in a folder of ours, and listens on a Unix socket
//! alone. Only the account that runs Latchkey may connect; there is no password. It is as durable as any other cluster,
//! never runs as root, stops with us, and is recovered at the next start if we were killed.
//!
//! The folder holds `lock` (held for as long as we live), `cluster` (the data), `run` (the socket) and `server.log`.

mod account;
mod cluster;
mod error;
mod installation;
mod leftover;
mod server;

use std::{
    fs::{self, File, TryLockError},
    io::{Read, Seek, SeekFrom, Write},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    thread::sleep,
    time::{Duration, Instant},
};

use sqlx::postgres::{PgConnectOptions, PgSslMode};
use tokio_util::sync::CancellationToken;

pub use self::error::Error;
use self::{
    account::{Account, last_lines},
    installation::Installation,
    server::Server,
};

/// Names the socket; nothing listens on a port.
const PORT: u16 = 5432;
const LONGEST_SOCKET_PATH: usize = 107;
const LARGEST_OLD_LOG: u64 = 1 << 20;

/// How to run a private cluster.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The folder for the data, the socket, the lock and the log.
    pub folder: PathBuf,
    /// Whether the data matter.
    pub durability: Durability,
    /// The folder with `initdb` and `postgres`; otherwise the usual places are searched.
    pub binaries: Option<PathBuf>,
    /// The account to run as when we are root; otherwise `postgres`, else `nobody`.
    pub user: Option<String>,
}

/// Whether the data matter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Durability {
    /// What was committed survives anything.
    Durable,
    /// For tests: fast, and lost when the machine stops.
    Throwaway,
}

/// As whom to connect.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DatabaseRole {
    /// Makes databases and extensions.
    Superuser,
    /// Owns the tables: migrations run as this.
    Owner,
    /// What the server uses: it cannot rewrite history.
    Application,
}

/// The database that a new cluster holds.
pub const DATABASE: &str = "latchkey";

/// A running private cluster. Dropping it stops it, and waits until it has stopped.
#[derive(Debug)]
pub struct PrivatePostgres {
    // The order matters: the server stops before the lock is given up.
    server: Server,
    _lock: Lock,
    access: Access,
    major: u32,
}

/// The way into a private cluster that runs, in this process or in another one of the same account.
#[derive(Debug, Clone)]
pub struct Access {
    sockets: PathBuf,
}

impl Access {
    /// The way into the cluster in this folder, if somebody runs it.
    #[must_use]
    pub fn to(folder: &Path) -> Option<Self> {
        let sockets = fs::canonicalize(folder.join("run")).ok()?;
        sockets.join(format!(".s.PGSQL.{PORT}")).exists().then_some(Self { sockets })
    }

    /// How to connect to one of its databases.
    #[must_use]
    pub fn options(&self, role: DatabaseRole, database: &str) -> PgConnectOptions {
        let role = match role {
            DatabaseRole::Superuser => "postgres",
            DatabaseRole::Owner => "latchkey_owner",
            DatabaseRole::Application => "latchkey_app",
        };
        PgConnectOptions::new_without_pgpass()
            .socket(&self.sockets)
            .port(PORT)
            .username(role)
            .database(database)
            .ssl_mode(PgSslMode::Disable)
    }
}

impl PrivatePostgres {
    /// Starts the cluster, and makes it first if it does not exist. Returns when it takes connections.
    pub async fn start(settings: Settings) -> Result<Self, Error> {
        tokio::task::spawn_blocking(move || Self::start_blocking(&settings)).await.unwrap_or_else(
            |failure| Err(Error::Failed { program: "the start", output: failure.to_string() }),
        )
    }

    /// The same for callers that are not asynchronous.
    pub fn start_blocking(settings: &Settings) -> Result<Self, Error> {
        let wanted = &settings.folder;
        fs::create_dir_all(wanted).map_err(Error::file("make", wanted))?;
        let folder = fs::canonicalize(wanted).map_err(Error::file("find", wanted))?;
        let lock = lock(&folder)?;
        let (cluster, sockets) = (folder.join("cluster"), folder.join("run"));
        let installation = Installation::find(settings.binaries.as_deref(), &cluster)?;
        let account = Account::choose(settings.user.as_deref(), &cluster)?;
        fs::set_permissions(&folder, account.passage()).map_err(Error::file("close", &folder))?;
        account.check_passage(&folder)?;
        let socket = sockets.join(format!(".s.PGSQL.{PORT}"));
        if socket.as_os_str().len() > LONGEST_SOCKET_PATH {
            return Err(Error::PathTooLong(socket));
        }
        if cluster.exists() {
            leftover::clear(&cluster, &sockets)?;
        } else {
            tracing::info!(version = installation.major, "making a private PostgreSQL cluster");
            cluster::make(&installation, &account, settings.durability, &cluster)?;
        }
        account.make_folder(&sockets)?;
        cluster::write_access(&account, &cluster)?;

        let mut log = Log::open(&folder.join("server.log"))?;
        let mut command = account.command(&installation.program("postgres"));
        command.arg("-D").arg(&cluster).args(parameters(settings.durability, &sockets));
        log.catch(&mut command)?;
        let server = Server::start(command)?;
        wait_until_ready(&server, &cluster, &mut log)?;
        Ok(Self { server, _lock: lock, access: Access { sockets }, major: installation.major })
    }

    /// The major version that a start would use, found without changing anything.
    pub fn version_to_use(settings: &Settings) -> Result<u32, Error> {
        let cluster = settings.folder.join("cluster");
        Ok(Installation::find(settings.binaries.as_deref(), &cluster)?.major)
    }

    /// How to connect to one of its databases.
    #[must_use]
    pub fn options(&self, role: DatabaseRole, database: &str) -> PgConnectOptions {
        self.access.options(role, database)
    }

    /// The way into it.
    #[must_use]
    pub fn access(&self) -> Access {
        self.access.clone()
    }

    /// The folder of the socket, for programs such as `psql -h`.
    #[must_use]
    pub fn socket_folder(&self) -> &Path {
        &self.access.sockets
    }

    /// The major version that runs.
    #[must_use]
    pub fn major_version(&self) -> u32 {
        self.major
    }

    /// Cancelled when the server has ended, whoever ended it.
    #[must_use]
    pub fn ended(&self) -> CancellationToken {
        self.server.ended.clone()
    }

    /// Stops the cluster in order, and returns when it has stopped.
    pub async fn stop(self) {
        drop(tokio::task::spawn_blocking(move || drop(self)).await);
    }
}

/// The lock on the folder.
#[derive(Debug)]
struct Lock(File);

impl Drop for Lock {
    /// Closing the file would not do: a program that is being started at this moment still shares it.
    fn drop(&mut self) {
        drop(self.0.unlock());
    }
}

/// Takes the lock that makes everything else safe. It is given up when the process ends, however it ends.
fn lock(folder: &Path) -> Result<Lock, Error> {
    let path = folder.join("lock");
    let mut options = File::options();
    options.read(true).write(true).create(true).truncate(false);
    let mut lock = options.open(&path).map_err(Error::file("open", &path))?;
    match lock.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => return Err(Error::InUse(folder.to_owned())),
        Err(TryLockError::Error(source)) => {
            return Err(Error::File { action: "lock", path, source });
        }
    }
    // The number is for people who wonder who holds the lock.
    lock.set_len(0)
        .and_then(|()| writeln!(lock, "{}", std::process::id()))
        .map_err(Error::file("write", &path))?;
    Ok(Lock(lock))
}

/// What the server is told on its command line, where no file in the cluster can undo it.
fn parameters(durability: Durability, sockets: &Path) -> Vec<String> {
    let folder = sockets.to_string_lossy().replace('"', "\"\"");
    let mut all = vec![
        "listen_addresses=".to_owned(),
        format!("port={PORT}"),
        format!("unix_socket_directories=\"{folder}\""),
        "unix_socket_permissions=0700".to_owned(),
        "cluster_name=latchkey".to_owned(),
        "timezone=UTC".to_owned(),
        "log_timezone=UTC".to_owned(),
        // Failed statements are the program's to log; here is what happens to the server itself.
        "log_min_messages=log".to_owned(),
        "log_checkpoints=off".to_owned(),
    ];
    let rest: &[&str] = match durability {
        Durability::Durable => &["fsync=on", "full_page_writes=on", "synchronous_commit=on"],
        Durability::Throwaway => &[
            "fsync=off",
            "full_page_writes=off",
            "synchronous_commit=off",
            "autovacuum=off",
            "wal_level=minimal",
            "max_wal_senders=0",
            "max_connections=500",
        ],
    };
    all.extend(rest.iter().map(|text| (*text).to_owned()));
    all.into_iter().flat_map(|parameter| ["-c".to_owned(), parameter]).collect()
}

/// Waits until the server says in its own file that it takes connections.
fn wait_until_ready(server: &Server, cluster: &Path, log: &mut Log) -> Result<(), Error> {
    let started = Instant::now();
    let mut told = false;
    loop {
        let text = fs::read_to_string(cluster.join("postmaster.pid")).unwrap_or_default();
        let lines: Vec<_> = text.lines().map(str::trim).collect();
        let is_ours = lines.first().is_some_and(|line| *line == server.process.to_string());
        if is_ours && lines.get(7) == Some(&"ready") {
            return Ok(());
        }
        if server.ended.is_cancelled() {
            return Err(Error::Failed { program: "postgres", output: log.since_start() });
        }
        if !told && started.elapsed() > Duration::from_secs(5) {
            told = true;
            tracing::info!("the private database is still starting, perhaps by recovery");
        }
        sleep(Duration::from_millis(10));
    }
}

/// The server's own log, and where this run begins in it.
struct Log {
    file: File,
    start: u64,
}

impl Log {
    fn open(path: &Path) -> Result<Self, Error> {
        if fs::metadata(path).is_ok_and(|log| log.len() > LARGEST_OLD_LOG) {
            let old = path.with_extension("log.old");
            fs::rename(path, &old).map_err(Error::file("move", path))?;
        }
        let mut options = File::options();
        let mut file = options
            .create(true)
            .append(true)
            .read(true)
            .open(path)
            .map_err(Error::file("open", path))?;
        let start = file.seek(SeekFrom::End(0)).map_err(Error::file("read", path))?;
        Ok(Self { file, start })
    }

    /// Lets a command write here.
    fn catch(&self, command: &mut Command) -> Result<(), Error> {
        let copy = || self.file.try_clone().map_err(Error::file("share", "server.log"));
        command.stdout(Stdio::from(copy()?)).stderr(Stdio::from(copy()?));
        Ok(())
    }

    /// What was written in this run.
    fn since_start(&mut self) -> String {
        let mut text = String::new();
        let read = self.file.seek(SeekFrom::Start(self.start));
        drop(read.and_then(|_| self.file.read_to_string(&mut text)));
        last_lines(&text, 10)
    }
}
