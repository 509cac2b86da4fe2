//! How soon the program is ready once it is started, on a database that has its schema: beside what psql takes to ask it
//! anything.
use std::{
    net::{SocketAddr, TcpListener},
    path::Path,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use hyper::StatusCode;
use latchkey::secret::MasterKey;
use tokio::{net::TcpStream, time::sleep};

use crate::{client::Client, report::Report, setting::Setting};

/// How often each is started; the median counts.
const TIMES: usize = 9;

pub async fn measure(setting: &Setting, report: &mut Report) {
    let folder = std::env::temp_dir().join(format!("latchkey-start-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder for it");
    let (mut product, mut limit) = (Vec::new(), Vec::new());
    for _ in 0..TIMES {
        limit.push(psql(setting));
        product.push(start(setting, &folder).await);
    }
    drop(std::fs::remove_dir_all(folder));
    report.lasts(
        "start-up until ready, against psql that connects and selects 1",
        median(product),
        median(limit),
        "",
    );
}

fn median(mut taken: Vec<Duration>) -> f64 {
    crate::report::quantile(&mut taken, 0.5) / 1000.0
}

fn psql(setting: &Setting) -> Duration {
    let began = Instant::now();
    let output = Command::new("psql")
        .args(setting.psql())
        .args(["-c", "select 1"])
        .output()
        .expect("psql runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    began.elapsed()
}

async fn start(setting: &Setting, folder: &Path) -> Duration {
    let address = free_address();
    let began = Instant::now();
    let server = Server(
        Command::new(env!("CARGO_BIN_EXE_latchkey"))
            .arg("serve")
            // What the figures are told is no setting of the program.
            .env_clear()
            .env("LATCHKEY_LISTEN", address.to_string())
            .env("LATCHKEY_DATA_FOLDER", folder)
            .env("LATCHKEY_DATABASE_URL", setting.url())
            .env("LATCHKEY_ENCRYPTION_KEY", MasterKey::random().reveal().as_str())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("it starts"),
    );
    while !is_ready(address).await {
        assert!(began.elapsed() < Duration::from_mins(1), "it is not ready after a minute");
        sleep(Duration::from_millis(1)).await;
    }
    let took = began.elapsed();
    drop(server);
    took
}

/// A port that nobody listens on.
fn free_address() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    listener.local_addr().expect("it has an address")
}

/// Asks only once somebody listens; what is asked before it serves waits.
async fn is_ready(address: SocketAddr) -> bool {
    if TcpStream::connect(address).await.is_err() {
        return false;
    }
    let mut client = Client::connect(address).await;
    client.visit("/readyz", "").await.0 == StatusCode::OK
}

/// A server of its own, which ends when it is not needed any more.
struct Server(Child);

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.0.kill());
        drop(self.0.wait());
    }
}
