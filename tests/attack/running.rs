//! A real server as others meet it: a process of its own, whose log and tables can be looked into.
use std::{
    collections::BTreeMap,
    env,
    fmt::Write as _,
    fs::{self, File},
    io::{BufRead as _, BufReader},
    net::TcpListener,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

use latchkey::{
    domain::{time::Instant, totp},
    gateway::private_postgres::{Access, DATABASE, DatabaseRole},
};
use regex::Regex;
use reqwest::{Response, header, redirect::Policy};
use rustix::process::{Pid, Signal, kill_process};
use sqlx::{PgPool, postgres::PgPoolOptions};

/// The program.
const PROGRAM: &str = env!("CARGO_BIN_EXE_latchkey");

/// What a recovery code looks like.
pub const RECOVERY_CODE: &str = "[0-9A-HJKMNP-TV-Z]{6}(-[0-9A-HJKMNP-TV-Z]{5,6}){3}";

/// A server with a database of its own; both are gone when the test is over.
pub struct Running {
    /// Where it is.
    pub url: String,
    /// The path of the first administrator's invitation.
    pub invitation: String,
    /// The superuser's connection to its database.
    pub database: PgPool,
    /// Where it keeps everything.
    pub folder: PathBuf,
    process: Child,
}

impl Running {
    /// Starts one with these settings beside the usual ones.
    pub fn start(settings: &str, variables: &[(&str, &str)]) -> Self {
        let name = format!("latchkey-running-{}", uuid::Uuid::new_v4().simple());
        let folder = env::temp_dir().join(name);
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join("latchkey.toml"), settings).unwrap();
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let url = format!("http://localhost:{port}");
        let mut process = command(&folder)
            .arg("serve")
            .envs(variables.iter().copied())
            .env("LATCHKEY_LISTEN", format!("127.0.0.1:{port}"))
            .env("LATCHKEY_PUBLIC_URL", &url)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(File::create(folder.join("log")).unwrap())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let said = lines.by_ref().map_while(Result::ok);
        let link =
            said.map(|line| line.trim().to_owned()).find(|line| line.contains("/invitation/"));
        let link = link.unwrap_or_else(|| panic!("no start: {}", read(&folder.join("log"))));
        // Whatever it says later must not be in its way.
        std::thread::spawn(move || lines.count());
        let sockets = Access::to(&folder.join("data/postgres")).expect("its database runs");
        let database = PgPoolOptions::new()
            .max_connections(2)
            .connect_lazy_with(sockets.options(DatabaseRole::Superuser, DATABASE));
        let invitation = link.strip_prefix(&url).expect("it leads here").to_owned();
        Self { url, invitation, database, folder, process }
    }

    /// All that it logged so far.
    pub fn log(&self) -> String {
        read(&self.folder.join("log"))
    }

    /// Runs another command of the program on the same data. Says all that it printed.
    pub async fn run(&self, arguments: &[&str], variables: &[(&str, &str)]) -> String {
        let mut command = command(&self.folder);
        command.args(arguments).envs(variables.iter().copied()).stdin(Stdio::null());
        let output = tokio::process::Command::from(command).output().await.unwrap();
        format!(
            "{}{}",
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr)
        )
    }

    /// Lets the time of the database be moved.
    pub async fn take_the_clock(&self) {
        // As the owner of the tables, so that the server may read it.
        let clock = concat!(
            "set role latchkey_owner; ",
            include_str!("../support/clock.sql"),
            "\nreset role"
        );
        sqlx::raw_sql(clock).execute(&self.database).await.unwrap();
        let run = "update test_clock set at = clock_timestamp(), running_since = clock_timestamp()";
        sqlx::raw_sql(run).execute(&self.database).await.unwrap();
    }

    /// The code that an authenticator with this seed shows now.
    pub async fn code(&self, seed: &str) -> String {
        let now: Instant =
            sqlx::query_scalar("select instant()").fetch_one(&self.database).await.unwrap();
        totp::code_at(&totp::seed_from_text(seed).unwrap(), now)
    }

    /// The code after the one that was shown last.
    pub async fn next_code(&self, seed: &str) -> String {
        let later = "update test_clock set at = at + interval '30 seconds'";
        sqlx::raw_sql(later).execute(&self.database).await.unwrap();
        self.code(seed).await
    }

    /// Everything that its database holds, as text.
    pub async fn tables(&self) -> String {
        let names: Vec<String> = sqlx::query_scalar(
            "select quote_ident(schemaname) || '.' || quote_ident(tablename) from pg_tables
             where schemaname not in ('pg_catalog', 'information_schema') order by 1",
        )
        .fetch_all(&self.database)
        .await
        .unwrap();
        let mut told = String::new();
        for name in names {
            let sql = format!("select string_agg(whole::text, chr(10)) from {name} as whole");
            let rows: Option<String> = sqlx::query_scalar(sqlx::AssertSqlSafe(sql))
                .fetch_one(&self.database)
                .await
                .unwrap();
            writeln!(told, "{name}\n{}", rows.unwrap_or_default()).unwrap();
        }
        told
    }

    /// Stops it in order, and waits for its end.
    pub fn stop(&mut self) {
        kill_process(Pid::from_child(&self.process), Signal::INT).unwrap();
        self.process.wait().unwrap();
    }

    /// A browser that stands on no page yet.
    pub fn browser(&self) -> Browser {
        let client = reqwest::Client::builder().redirect(Policy::none()).no_proxy().build();
        Browser {
            client: client.unwrap(),
            url: self.url.clone(),
            cookies: BTreeMap::new(),
            form_token: String::new(),
            headers: header::HeaderMap::new(),
            answers: Vec::new(),
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if let Ok(None) = self.process.try_wait() {
            self.stop();
        }
        drop(fs::remove_dir_all(&self.folder));
    }
}

fn command(folder: &Path) -> Command {
    let mut command = Command::new(PROGRAM);
    command
        .arg("--config")
        .arg(folder.join("latchkey.toml"))
        .env_remove("DATABASE_URL")
        .env("LATCHKEY_DATA_FOLDER", folder.join("data"));
    command
}

fn read(file: &Path) -> String {
    String::from_utf8_lossy(&fs::read(file).unwrap_or_default()).into_owned()
}

/// What a server answered.
#[derive(Clone, Debug)]
pub struct Page {
    /// The status.
    pub status: u16,
    /// Where it leads on to.
    pub to: String,
    /// What is on it.
    pub text: String,
}

impl Page {
    /// The first thing on it that looks so.
    pub fn find(&self, pattern: &str) -> String {
        let found = Regex::new(pattern).unwrap().find(&self.text);
        let found =
            found.unwrap_or_else(|| panic!("no {pattern} in {} {}", self.status, self.text));
        found.as_str().to_owned()
    }

    /// The seed of the authenticator that it shows.
    pub fn seed(&self) -> String {
        self.find(r#"id="secret">[A-Z2-7]+"#).rsplit('>').next().unwrap().to_owned()
    }

    /// It as JSON.
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.text).unwrap_or_default()
    }

    /// Everything on it that looks so.
    pub fn find_all(&self, pattern: &str) -> Vec<String> {
        let pattern = Regex::new(pattern).unwrap();
        pattern.find_iter(&self.text).map(|found| found.as_str().to_owned()).collect()
    }
}

/// A browser without scripts, which keeps cookies and sends forms back with what they carry.
pub struct Browser {
    client: reqwest::Client,
    url: String,
    /// What it keeps.
    pub cookies: BTreeMap<String, String>,
    /// What the form of the page before carries.
    pub form_token: String,
    /// The headers of the last answer.
    pub headers: header::HeaderMap,
    /// Everything that it was answered, whole.
    pub answers: Vec<Page>,
}

impl Browser {
    /// Opens a page.
    pub async fn get(&mut self, path: &str) -> Page {
        let request = self.client.get(format!("{}{path}", self.url));
        self.send(request).await
    }

    /// Sends a form, with the token of the page before.
    pub async fn post(&mut self, path: &str, fields: &[(&str, &str)]) -> Page {
        let mut form = vec![("csrf", self.form_token.as_str())];
        form.extend_from_slice(fields);
        let request = self.client.post(format!("{}{path}", self.url)).form(&form);
        self.send(request).await
    }

    /// Sets an account up through its invitation. Gives the seed of the authenticator and the recovery codes.
    pub async fn set_up(
        &mut self,
        running: &Running,
        invitation: &str,
        password: &str,
    ) -> (String, Vec<String>) {
        self.get(invitation).await;
        let opened = self.post(invitation, &[]).await;
        assert_eq!(opened.to, "/welcome", "{}", opened.text);
        self.get("/welcome").await;
        self.post("/welcome", &[("password", password), ("again", password)]).await;
        let seed = self.get("/welcome").await.seed();
        let code = running.code(&seed).await;
        let welcomed = self.post("/welcome/code", &[("code", &code)]).await;
        assert_eq!(welcomed.status, 200, "{}\n{}", welcomed.text, running.log());
        (seed, welcomed.find_all(RECOVERY_CODE))
    }

    /// Asks as a program.
    pub async fn ask(
        &mut self,
        method: &str,
        path: &str,
        token: &str,
        body: Option<&serde_json::Value>,
    ) -> Page {
        let method = method.to_uppercase().parse().unwrap();
        let mut request = self.client.request(method, format!("{}/api/v1{path}", self.url));
        request = request.bearer_auth(token);
        if let Some(body) = body {
            request = request.json(body);
        }
        self.send(request).await
    }

    /// Sends any request with the cookies, and keeps what comes back.
    pub async fn send(&mut self, request: reqwest::RequestBuilder) -> Page {
        let cookies: Vec<_> =
            self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let answer = request.header(header::COOKIE, cookies.join("; ")).send().await.unwrap();
        self.keep(&answer);
        answer.headers().clone_into(&mut self.headers);
        let to = answer.headers().get(header::LOCATION);
        let to = to.map_or("", |to| to.to_str().unwrap()).to_owned();
        let status = answer.status().as_u16();
        let page = Page { status, to, text: answer.text().await.unwrap() };
        let token = Regex::new(r#"name="csrf" value="([^"]+)""#).unwrap();
        if let Some(found) = token.captures(&page.text) {
            found[1].clone_into(&mut self.form_token);
        }
        self.answers.push(page.clone());
        page
    }

    /// Another address of the server, for requests that forms do not make.
    pub fn request(&self, method: &str, path: &str) -> reqwest::RequestBuilder {
        self.client.request(method.parse().unwrap(), format!("{}{path}", self.url))
    }

    fn keep(&mut self, answer: &Response) {
        for cookie in answer.headers().get_all(header::SET_COOKIE) {
            let cookie = cookie.to_str().unwrap().split(';').next().unwrap();
            let (name, value) = cookie.split_once('=').unwrap();
            self.cookies.insert(name.to_owned(), value.to_owned());
        }
    }
}
