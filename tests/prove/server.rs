//! The release as a process of its own, as an operator runs it.
use std::{
    ffi::OsString,
    fs::{self, File},
    net::SocketAddr,
    path::{Path, PathBuf},
    process::Stdio,
    sync::LazyLock,
    time::{Duration, Instant},
};

use rustix::process::{Pid, Signal, kill_process};
use tokio::process::{Child, Command};

use crate::{patience, setting::Setting};

/// How long a start may take.
const START: Duration = Duration::from_secs(30);
/// How long an answer to a simple question may take.
const QUESTION: Duration = Duration::from_secs(6);

/// Asks simple questions, each on a connection of its own: the last one may have gone with its server.
static ASKING: LazyLock<reqwest::Client> = LazyLock::new(|| {
    let builder = reqwest::Client::builder().no_proxy().pool_max_idle_per_host(0);
    builder.timeout(QUESTION).build().expect("a client can be made")
});

/// A server. Dropping it kills it.
pub struct Server {
    /// Where it is asked.
    pub address: SocketAddr,
    /// Where it tells how things stand.
    pub metrics: SocketAddr,
    process: Child,
    environment: Vec<(&'static str, OsString)>,
    log: PathBuf,
}

impl Server {
    /// Starts one in front of the database, and waits until it is ready.
    pub async fn start(setting: &Setting, name: &str) -> Self {
        Self::with(setting, name, &setting.database_url(), &[]).await
    }

    /// The same, going to the database by this address and with these settings.
    pub async fn with(
        setting: &Setting,
        name: &str,
        database_url: &str,
        settings: &[(&'static str, &str)],
    ) -> Self {
        let mut server = Self::begin(setting, name, database_url, settings);
        server.until_ready().await;
        server
    }

    /// Starts one, and waits for nothing.
    pub fn begin(
        setting: &Setting,
        name: &str,
        database_url: &str,
        settings: &[(&'static str, &str)],
    ) -> Self {
        let (address, metrics) = (free_address(), free_address());
        let data = setting.folder().join(name);
        fs::create_dir_all(&data).expect("a folder for the server");
        let mut environment: Vec<(&'static str, OsString)> = vec![
            ("DATABASE_URL", database_url.into()),
            ("LATCHKEY_ENCRYPTION_KEY_FILE", setting.folder().join("encryption.key").into()),
            ("LATCHKEY_LISTEN", address.to_string().into()),
            ("LATCHKEY_METRICS_LISTEN", metrics.to_string().into()),
            ("LATCHKEY_PUBLIC_URL", format!("http://localhost:{}", address.port()).into()),
            ("LATCHKEY_DATA_FOLDER", data.clone().into()),
            // Five servers together leave room for whoever looks on.
            ("LATCHKEY_DATABASE_POOL_SIZE", "15".into()),
        ];
        environment.extend(settings.iter().map(|(name, value)| (*name, (*value).into())));
        let log = data.join("log");
        let process = spawn(&environment, &log);
        Self { address, metrics, process, environment, log }
    }

    /// Waits until it is ready, and says how long that took.
    pub async fn until_ready(&mut self) -> Duration {
        let began = Instant::now();
        while began.elapsed() < START {
            if self.status("/readyz").await == Some(200) {
                return began.elapsed();
            }
            if let Ok(Some(status)) = self.process.try_wait() {
                panic!("the server ended with {status}: {}", self.last_words());
            }
            tokio::time::sleep(patience::PAUSE).await;
        }
        panic!("the server is not ready after {} s: {}", START.as_secs(), self.last_words());
    }

    /// Kills it as nothing can be caught.
    pub async fn kill(&mut self) {
        // It may have ended by itself, which the next start tells.
        drop(self.process.start_kill());
        drop(self.process.wait().await);
    }

    /// Stops it in order.
    pub async fn stop(&mut self) {
        if let Some(process) = self.process.id().and_then(|id| Pid::from_raw(id.cast_signed())) {
            let _ = kill_process(process, Signal::TERM);
        }
        let stopped = tokio::time::timeout(START, self.process.wait()).await;
        drop(stopped.expect("it stops"));
    }

    /// Starts it again where it was, and says how long it took until it was ready.
    pub async fn restart(&mut self) -> Duration {
        self.process = spawn(&self.environment, &self.log);
        self.until_ready().await
    }

    /// Whether it runs.
    pub fn lives(&mut self) -> bool {
        matches!(self.process.try_wait(), Ok(None))
    }

    /// How much memory it has, in bytes.
    pub fn memory(&self) -> u64 {
        let id = self.process.id().unwrap_or_default();
        let text = fs::read_to_string(format!("/proc/{id}/status")).unwrap_or_default();
        let line = text.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok())
            .map_or(0, |kilobytes| kilobytes * 1024)
    }

    /// The status of an answer to a simple question, if there is an answer.
    pub async fn status(&self, path: &str) -> Option<u16> {
        status_at(self.address, path).await
    }

    /// A number that it tells of itself: that of the first line that begins so.
    pub async fn metric(&self, name: &str) -> Option<f64> {
        let url = format!("http://{}/metrics", self.metrics);
        let text = ASKING.get(url).send().await.ok()?.text().await.ok()?;
        let line = text.lines().find_map(|line| line.strip_prefix(name))?;
        line.split_whitespace().next_back()?.parse().ok()
    }

    /// Runs the program on the same database to its end: whether it succeeded, and what it said.
    pub async fn command(&self, arguments: &[&str]) -> (bool, String) {
        let mut command = program();
        command.args(arguments).envs(self.environment.iter().cloned());
        let output = tokio::time::timeout(Duration::from_mins(5), command.output())
            .await
            .expect("it comes to its end")
            .expect("the program runs");
        let said = [output.stdout, output.stderr].concat();
        (output.status.success(), String::from_utf8_lossy(&said).trim().to_owned())
    }

    /// What it logged, the last of it.
    fn last_words(&self) -> String {
        let text = fs::read_to_string(&self.log).unwrap_or_default();
        let lines: Vec<_> = text.lines().collect();
        lines.get(lines.len().saturating_sub(5)..).unwrap_or_default().join(" / ")
    }

    /// Whether its log says so anywhere.
    pub fn has_logged(&self, what: &str) -> bool {
        fs::read_to_string(&self.log).unwrap_or_default().contains(what)
    }
}

/// The status of an answer to a simple question to whoever listens there, if there is an answer.
pub async fn status_at(address: SocketAddr, path: &str) -> Option<u16> {
    let url = format!("http://{address}{path}");
    ASKING.get(url).send().await.ok().map(|answer| answer.status().as_u16())
}

/// The program, with nothing of our environment but the way to other programs.
pub fn program() -> Command {
    let binary = std::env::var_os("LATCHKEY_TEST_BINARY")
        .unwrap_or_else(|| env!("CARGO_BIN_EXE_latchkey").into());
    let mut command = Command::new(binary);
    command.env_clear().kill_on_drop(true).stdin(Stdio::null());
    if let Some(path) = std::env::var_os("PATH") {
        command.env("PATH", path);
    }
    command
}

fn spawn(environment: &[(&'static str, OsString)], log: &Path) -> Child {
    let log = File::options().create(true).append(true).open(log).expect("a log");
    let errors = log.try_clone().expect("a log can be shared");
    program()
        .arg("serve")
        .envs(environment.iter().cloned())
        .stdout(log)
        .stderr(errors)
        .spawn()
        .expect("the server starts")
}

/// An address on this machine that nobody listens on.
pub fn free_address() -> SocketAddr {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("there is a free port");
    listener.local_addr().expect("it has an address")
}
