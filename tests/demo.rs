//! `latchkey demo` as whoever tries it out meets it: started, killed, started again and stopped.
use std::{
    env, fs,
    io::{BufRead as _, BufReader},
    net::TcpListener,
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Stdio},
};

use rustix::process::{Pid, Signal, kill_process, test_kill_process};

struct Folder(PathBuf);

impl Drop for Folder {
    fn drop(&mut self) {
        drop(fs::remove_dir_all(&self.0));
    }
}

/// A demo that runs.
struct Demo {
    process: Child,
    /// What it said of each person: name, password, authenticator.
    people: Vec<String>,
}

impl Demo {
    /// Starts it and reads what it says until it is ready.
    fn start(folder: &Path, port: u16) -> Self {
        let mut process = Command::new(env!("CARGO_BIN_EXE_latchkey"))
            .args(["demo"])
            .env("LATCHKEY_DATA_FOLDER", folder)
            .env("LATCHKEY_LISTEN", format!("127.0.0.1:{port}"))
            .env("LATCHKEY_PUBLIC_URL", format!("http://localhost:{port}"))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let said: Vec<_> = lines
            .by_ref()
            .map(|line| line.unwrap())
            .take_while(|line| !line.contains("To stop:"))
            .collect();
        // Whatever it says later must not be in its way.
        std::thread::spawn(move || lines.count());
        let people = said.into_iter().filter(|line| line.starts_with("  ") && line.len() > 90);
        Self { process, people: people.collect() }
    }

    async fn answers(&self, port: u16) -> bool {
        let page = reqwest::get(format!("http://127.0.0.1:{port}/sign-in")).await;
        page.is_ok_and(|page| page.status().is_success())
    }

    fn signal(&mut self, signal: Signal) -> ExitStatus {
        let process = Pid::from_child(&self.process);
        kill_process(process, signal).unwrap();
        self.process.wait().unwrap()
    }
}

impl Drop for Demo {
    fn drop(&mut self) {
        if matches!(self.process.try_wait(), Ok(None)) {
            self.signal(Signal::INT);
        }
    }
}

/// The process that serves the demo's database.
fn database_server(folder: &Path) -> Pid {
    let file = folder.join("demo/postgres/cluster/postmaster.pid");
    let text = fs::read_to_string(&file).unwrap();
    Pid::from_raw(text.lines().next().unwrap().parse().unwrap()).unwrap()
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

#[tokio::test]
async fn the_demo_keeps_its_company_through_a_kill_and_leaves_nothing_behind_when_it_is_stopped() {
    let folder =
        Folder(env::temp_dir().join(format!("latchkey-demo-{}", uuid::Uuid::new_v4().simple())));
    let port = free_port();
    let mut demo = Demo::start(&folder.0, port);
    assert!(demo.answers(port).await);
    let people = demo.people.clone();
    assert!(people.len() >= 12, "everybody is introduced: {people:?}");

    assert!(!demo.signal(Signal::KILL).success());
    let mut demo = Demo::start(&folder.0, port);
    assert!(demo.answers(port).await);
    assert_eq!(demo.people, people, "the same people sign in in the same way");

    let server = database_server(&folder.0);
    assert!(test_kill_process(server).is_ok());
    assert!(demo.signal(Signal::INT).success(), "it stops in good order");
    assert!(test_kill_process(server).is_err(), "its database is stopped with it");
    assert!(!demo.answers(port).await);
}
