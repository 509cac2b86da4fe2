//! A driver with a browser of its own, which are gone when the test is over, however it ends.
use std::{path::PathBuf, process::Stdio, time::Duration};

use hyper_util::client::legacy::connect::HttpConnector;
use rustix::process::{Pid, Signal, kill_process_group};
use serde_json::{Value, json};
use tokio::process::{Child, Command};

use super::tools::Tools;

/// Where a browser puts what it downloads, in its profile.
const DOWNLOADS: &str = "downloads";

/// A running driver and the session that it keeps with its browser.
pub struct Driver {
    /// The session.
    pub client: fantoccini::Client,
    address: String,
    http: reqwest::Client,
    process: Child,
    profile: PathBuf,
}

impl Driver {
    /// Starts a driver and a browser.
    pub async fn start(tools: &Tools) -> Self {
        let (port, profile) = (free_port(), std::env::temp_dir());
        let profile = profile.join(format!("latchkey-browser-{}-{port}", std::process::id()));
        let process = Command::new(&tools.chromedriver)
            .arg(format!("--port={port}"))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .process_group(0)
            .kill_on_drop(true)
            .spawn()
            .expect("the driver starts");
        let address = format!("http://127.0.0.1:{port}");
        let http = reqwest::Client::new();
        until_ready(&http, &address).await;
        let wanted = json!({
            "goog:chromeOptions": {
                "binary": tools.chromium,
                "args": [
                    "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
                    "--disable-quic", "--no-first-run", "--disable-background-networking",
                    "--disable-component-update", "--disable-sync", "--lang=en-GB",
                    "--window-size=1280,900", format!("--user-data-dir={}", profile.display()),
                ],
                "prefs": { "download.default_directory": profile.join(DOWNLOADS) },
            },
            "unhandledPromptBehavior": "ignore",
        });
        let Value::Object(wanted) = wanted else { unreachable!("it is written above") };
        let client = fantoccini::ClientBuilder::new(HttpConnector::new())
            .capabilities(wanted)
            .connect(&address)
            .await
            .expect("the browser starts");
        Self { client, address, http, process, profile }
    }

    /// Waits for what the browser downloads, and takes it away.
    pub async fn downloaded(&self) -> String {
        for _ in 0..200 {
            tokio::time::sleep(Duration::from_millis(50)).await;
            let Ok(files) = std::fs::read_dir(self.profile.join(DOWNLOADS)) else { continue };
            let finished = files
                .flatten()
                .map(|file| file.path())
                .find(|path| path.extension().is_some_and(|kind| kind == "csv" || kind == "jsonl"));
            if let Some(path) = finished {
                let text = std::fs::read_to_string(&path).expect("it is a text");
                std::fs::remove_file(path).expect("it can be taken away");
                return text;
            }
        }
        panic!("nothing was downloaded");
    }

    /// Tells the browser something in its own language.
    pub async fn command(&self, name: &str, parameters: Value) -> Value {
        let session = self.client.session_id().await.expect("it lives").expect("it has a session");
        let answer: Value = self
            .http
            .post(format!("{}/session/{session}/goog/cdp/execute", self.address))
            .json(&json!({ "cmd": name, "params": parameters }))
            .send()
            .await
            .expect("the driver lives")
            .json()
            .await
            .expect("it speaks JSON");
        let problem = answer.pointer("/value/error");
        assert!(problem.is_none(), "{name}: {answer}");
        answer["value"].clone()
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        let process =
            self.process.id().and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw);
        if let Some(process) = process {
            kill_process_group(process, Signal::KILL).ok();
        }
        drop(std::fs::remove_dir_all(&self.profile));
    }
}

fn free_port() -> u16 {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("there is a free port");
    listener.local_addr().expect("it has an address").port()
}

async fn until_ready(http: &reqwest::Client, address: &str) {
    for _ in 0..400 {
        if http.get(format!("{address}/status")).send().await.is_ok() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("the driver does not answer");
}
