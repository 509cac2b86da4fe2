//! Clients that do as docs/api.md tells them: what has no answer is asked again with the same key. What was acknowledged
//! to them is written down, and looked for in the database afterwards.
use std::{
    collections::BTreeMap,
    net::SocketAddr,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use serde_json::{Value, json};
use tokio::{sync::Notify, task::JoinSet};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::{
    report::Row,
    setting::{CLIENTS_PEOPLE, Setting, figure_id},
};

/// How long a client waits for one answer, and for the whole truth.
const ANSWER: Duration = Duration::from_secs(12);
const TRUTH: Duration = Duration::from_mins(2);
/// Before it asks again.
const PAUSE: Duration = Duration::from_millis(50);

/// An answer, or none.
#[derive(Debug)]
pub struct Answer {
    /// None if there was no answer.
    pub status: Option<u16>,
    /// The body; null if it was none in JSON.
    pub body: Value,
    /// How long it took.
    pub took: Duration,
}

impl Answer {
    pub fn is_success(&self) -> bool {
        self.status.is_some_and(|status| (200..300).contains(&status))
    }

    /// Whether it says what became of the request.
    pub fn is_definite(&self) -> bool {
        self.status.is_some_and(|status| (200..500).contains(&status))
    }

    /// An identifier somewhere in the body.
    pub fn id(&self, pointer: &str) -> Option<Uuid> {
        self.body.pointer(pointer)?.as_str()?.parse().ok()
    }
}

/// A program that asks servers.
#[derive(Clone)]
pub struct Program {
    http: reqwest::Client,
    servers: Arc<[SocketAddr]>,
}

impl Program {
    pub fn new(servers: &[SocketAddr]) -> Self {
        Self::patient(servers, ANSWER)
    }

    /// One that waits so long for an answer.
    pub fn patient(servers: &[SocketAddr], patience: Duration) -> Self {
        let http = reqwest::Client::builder()
            .no_proxy()
            .timeout(patience)
            .connect_timeout(Duration::from_secs(5))
            .build()
            .expect("a client can be made");
        Self { http, servers: servers.into() }
    }

    /// Posts to one of the servers, with a key if there is one.
    pub async fn post(
        &self,
        server: usize,
        path: &str,
        token: &str,
        key: Option<&str>,
        body: &Value,
    ) -> Answer {
        let address = self.servers.get(server % self.servers.len()).expect("there is a server");
        let url = format!("http://{address}/api/v1{path}");
        let request = self.http.post(url).bearer_auth(token).json(body);
        let request = match key {
            Some(key) => request.header("idempotency-key", key),
            None => request,
        };
        let began = Instant::now();
        let Ok(answer) = request.send().await else {
            return Answer { status: None, body: Value::Null, took: began.elapsed() };
        };
        let status = answer.status().as_u16();
        // An answer that breaks off is none.
        let Ok(body) = answer.bytes().await else {
            return Answer { status: None, body: Value::Null, took: began.elapsed() };
        };
        let body = serde_json::from_slice(&body).unwrap_or_default();
        Answer { status: Some(status), body, took: began.elapsed() }
    }

    /// Asks one server after the other until one says what became of it.
    pub async fn settle(
        &self,
        first: usize,
        (path, token): (&str, &str),
        key: Option<&str>,
        body: &Value,
        tally: &Tally,
    ) -> Answer {
        let began = Instant::now();
        let mut server = first;
        loop {
            let answer = self.post(server, path, token, key, body).await;
            tally.note(&answer);
            if answer.is_definite() || began.elapsed() > TRUTH {
                return answer;
            }
            server += 1;
            tokio::time::sleep(PAUSE).await;
        }
    }

    /// Whether somebody holds the role that people activate; none if there was no answer.
    pub async fn holds(&self, setting: &Setting, person: usize) -> Option<bool> {
        let question = json!({
            "checks": [{ "principal": figure_id(person, '4'), "role": figure_id(0, '5') }],
        });
        let answer = self.post(0, "/access/check", &setting.token, None, &question).await;
        answer.body.pointer("/answers/0/allowed")?.as_bool()
    }

    /// Activates the role of a person, asking once.
    pub async fn activate(&self, setting: &Setting, person: usize, key: &str) -> Answer {
        let token = token_of(setting, person);
        self.post(0, "/activations", &token, Some(key), &activation(person, key)).await
    }
}

/// What a person sends to activate their role; `intent` tells it from all others.
pub fn activation(person: usize, intent: &str) -> Value {
    json!({
        "roles": [{ "eligibility": figure_id(person, '7'), "duration": "PT1H" }],
        "justification": intent,
    })
}

pub fn token_of(setting: &Setting, person: usize) -> String {
    setting.tokens.get(person - 1).expect("they have a token").clone()
}

/// What was told to clients.
#[derive(Default)]
pub struct Tally {
    /// Activations: what they were to be known by, the request and the assignment.
    activated: Mutex<Vec<(String, Uuid, Uuid)>>,
    /// Activations that were said to be ended.
    ended: Mutex<Vec<Uuid>>,
    /// What was said to be refused.
    refused: Mutex<Vec<String>>,
    /// What nobody ever learned the truth of.
    open: AtomicU64,
    /// Answers that never came, or said to ask again.
    unknown: AtomicU64,
    /// Answers that no fault excuses, by status.
    faults: Mutex<BTreeMap<u16, u64>>,
    acknowledged: AtomicU64,
    bell: Notify,
}

impl Tally {
    fn note(&self, answer: &Answer) {
        match answer.status {
            None | Some(503) => {
                self.unknown.fetch_add(1, Ordering::Relaxed);
            }
            Some(status @ 500..) => {
                *self.faults.lock().expect("nobody fails here").entry(status).or_default() += 1;
            }
            Some(_) => {}
        }
    }

    fn acknowledge(&self) {
        self.acknowledged.fetch_add(1, Ordering::Relaxed);
        self.bell.notify_waiters();
    }

    /// How much was acknowledged.
    pub fn acknowledged(&self) -> u64 {
        self.acknowledged.load(Ordering::Relaxed)
    }

    /// How often an answer did not come, or said to ask again.
    pub fn unknown(&self) -> u64 {
        self.unknown.load(Ordering::Relaxed)
    }

    /// Waits until so much more was acknowledged, and says how long that took; none if it took too long.
    pub async fn more(&self, count: u64, limit: Duration) -> Option<Duration> {
        let (began, wanted) = (Instant::now(), self.acknowledged() + count);
        let waiting = async {
            loop {
                let rung = self.bell.notified();
                if self.acknowledged() >= wanted {
                    return;
                }
                // A ring between the two is made up for by the next one, or by looking again.
                let _ = tokio::time::timeout(Duration::from_millis(100), rung).await;
            }
        };
        tokio::time::timeout(limit, waiting).await.ok().map(|()| began.elapsed())
    }

    /// Looks for everything that was told in the database.
    pub async fn judge(&self, setting: &Setting, row: &mut Row) {
        let activated = self.activated.lock().expect("nobody fails here").clone();
        let ended = self.ended.lock().expect("nobody fails here").clone();
        let refused = self.refused.lock().expect("nobody fails here").clone();
        let faults = self.faults.lock().expect("nobody fails here").clone();
        let (requests, assignments): (Vec<_>, Vec<_>) =
            activated.iter().map(|(_, request, assignment)| (*request, *assignment)).unzip();
        let lost: i64 = sqlx::query_scalar(LOST_ACTIVATIONS)
            .bind(&requests)
            .bind(&assignments)
            .fetch_one(&setting.superuser)
            .await
            .expect("it can be counted");
        row.lost += lost + number(setting, LOST_ENDS, &ended).await;
        let intents: Vec<_> = activated.into_iter().map(|(intent, ..)| intent).collect();
        row.doubled += texts(setting, DOUBLED, &intents).await
            + texts(setting, REFUSED_AND_THERE, &refused).await;
        for (status, times) in faults {
            row.broken.push(format!("{status} was answered {times} times"));
        }
        let open = self.open.load(Ordering::Relaxed);
        row.promise(open == 0, || format!("{open} answers never came, however often asked for"));
        row.notes.push(format!(
            "{} acknowledged, {} answers unknown at first, {} refused",
            self.acknowledged(),
            self.unknown(),
            refused.len()
        ));
    }
}

const LOST_ACTIVATIONS: &str =
    "select count(*) from unnest($1::uuid[], $2::uuid[]) as told (request, assignment)
    where not exists (select from requests where requests.id = told.request)
        or not exists (select from assignments where assignments.id = told.assignment)";
const LOST_ENDS: &str = "select count(*) from unnest($1::uuid[]) as told (id)
    where not exists (select from assignments where assignments.id = told.id and ended_at is not null)";
const DOUBLED: &str = "select count(*) from (
        select from requests where justification = any($1::text[]) group by justification having count(*) > 1
    ) as doubled";
const REFUSED_AND_THERE: &str = "select count(*) from unnest($1::text[]) as told (intent)
    where exists (select from requests where justification = told.intent)";

/// How many of these identifiers it is true of.
pub async fn number(setting: &Setting, sql: &'static str, ids: &[Uuid]) -> i64 {
    sqlx::query_scalar(sql)
        .bind(ids)
        .fetch_one(&setting.superuser)
        .await
        .expect("it can be counted")
}

/// How many of these texts it is true of.
pub async fn texts(setting: &Setting, sql: &'static str, all: &[String]) -> i64 {
    sqlx::query_scalar(sql)
        .bind(all)
        .fetch_one(&setting.superuser)
        .await
        .expect("it can be counted")
}

/// Clients at work. Dropping it lets them go.
pub struct Load {
    pub tally: Arc<Tally>,
    stop: CancellationToken,
    clients: JoinSet<()>,
}

impl Load {
    /// Lets so many clients activate and deactivate, each for people of its own, one after the other. Without keys they
    /// ask again all the same, as clients do that know no better.
    pub fn begin(setting: &Setting, servers: &[SocketAddr], clients: usize, keys: bool) -> Self {
        let (tally, stop) = (Arc::new(Tally::default()), CancellationToken::new());
        let program = Program::new(servers);
        let share = CLIENTS_PEOPLE / clients;
        let mut tasks = JoinSet::new();
        for client in 0..clients {
            let worker = Worker {
                program: program.clone(),
                tally: Arc::clone(&tally),
                tokens: Arc::clone(&setting.tokens),
                first: client * share + 1,
                share,
                server: client,
                keys,
            };
            let stop = stop.clone();
            tasks.spawn(async move {
                let mut nth = 0;
                while !stop.is_cancelled() {
                    worker.work(nth).await;
                    nth += 1;
                }
            });
        }
        Self { tally, stop, clients: tasks }
    }

    /// Lets everybody finish what they have begun.
    pub async fn finish(mut self) -> Arc<Tally> {
        self.stop.cancel();
        while let Some(client) = self.clients.join_next().await {
            client.expect("no client fails");
        }
        self.tally
    }
}

struct Worker {
    program: Program,
    tally: Arc<Tally>,
    tokens: Arc<[String]>,
    first: usize,
    share: usize,
    server: usize,
    keys: bool,
}

impl Worker {
    /// Activates for one person, and ends it again.
    async fn work(&self, nth: usize) {
        let person = self.first + nth % self.share;
        let token = self.tokens.get(person - 1).expect("they have a token");
        let intent = format!("intent {person}-{nth}");
        let body = activation(person, &intent);
        let path = ("/activations", token.as_str());
        let answer = self.ask(path, &intent, &body).await;
        if !answer.is_success() {
            if answer.is_definite() {
                self.tally.refused.lock().expect("nobody fails here").push(intent);
            } else {
                self.tally.open.fetch_add(1, Ordering::Relaxed);
            }
            return;
        }
        let request = answer.id("/outcomes/0/request/request");
        let assignment = answer.id("/outcomes/0/request/assignment");
        let (request, assignment) = request.zip(assignment).expect("it says what it has made");
        let told = (intent.clone(), request, assignment);
        self.tally.activated.lock().expect("nobody fails here").push(told);
        self.tally.acknowledge();
        let path = format!("/activations/{assignment}/deactivate");
        let answer =
            self.ask((path.as_str(), token.as_str()), &format!("{intent} end"), &Value::Null).await;
        if answer.is_success() {
            self.tally.ended.lock().expect("nobody fails here").push(assignment);
            self.tally.acknowledge();
        } else if !answer.is_definite() {
            self.tally.open.fetch_add(1, Ordering::Relaxed);
        }
    }

    async fn ask(&self, path: (&str, &str), intent: &str, body: &Value) -> Answer {
        // A key is visible ASCII, without spaces.
        let key = intent.replace(' ', "-");
        let key = self.keys.then_some(key.as_str());
        self.program.settle(self.server, path, key, body, &self.tally).await
    }
}
