//! Dozens of clients that do everything at once, over two servers, on few people; and the same thing twice at one moment.
use std::sync::{
    Arc, Mutex,
    atomic::{AtomicI64, AtomicU64, Ordering},
};

use serde_json::{Value, json};
use tokio::task::JoinSet;
use uuid::Uuid;

use crate::{
    Build, Form,
    chance::Chance,
    client::{Answer, Program, Tally, activation, number, token_of},
    invariants,
    report::Row,
    server::Server,
    setting::{Setting, figure_id},
};

const CLIENTS: usize = 48;
/// The few whom everybody is at.
const PEOPLE: usize = 8;
/// Those among them who approve.
const APPROVERS: usize = 6;

/// Does all of it, and counts the promises afterwards.
pub async fn race(build: Build, form: Form) -> Row {
    let setting = Setting::new().await;
    if !build.is_sound() {
        lock_nothing(&setting).await;
    }
    let servers = [Server::start(&setting, "one").await, Server::start(&setting, "two").await];
    let addresses: Vec<_> = servers.iter().map(|server| server.address).collect();
    let told = Arc::new(Told::default());
    let steps: usize = form.choose(30, if build.is_sound() { 1000 } else { 30 });
    let mut racers = JoinSet::new();
    for client in 0..CLIENTS {
        let racer = Racer {
            program: Program::new(&addresses),
            told: Arc::clone(&told),
            tokens: (1..=PEOPLE).map(|person| token_of(&setting, person)).collect(),
            own: (100 + client, token_of(&setting, 100 + client)),
            root: setting.token.clone(),
            client,
        };
        racers.spawn(async move {
            let mut chance = Chance::new(u64::try_from(client).unwrap_or_default());
            for step in 0..steps {
                racer.step(&mut chance, step).await;
            }
        });
    }
    while let Some(racer) = racers.join_next().await {
        racer.expect("no racer fails");
    }
    let mut row = Row::default();
    told.judge(&setting, &mut row).await;
    let done = told.done.load(Ordering::Relaxed);
    row.promise(done > 0, || "nothing was done".to_owned());
    row.n = format!("{} steps, {done} of them done", CLIENTS * steps);
    let [one, _] = &servers;
    invariants::check(&setting, one, &mut row).await;
    row
}

/// Breaks it: of two requests with one key, the second does not wait for the first. The servers' own lock is taken on a number
/// that is another one each time.
async fn lock_nothing(setting: &Setting) {
    setting
        .execute(
            "create function public.hashtextextended(text, bigint) returns bigint
                 language sql volatile
                 as $$ select (pg_catalog.random() * 1e15)::bigint $$;
             alter role latchkey_app in database latchkey set search_path = public, pg_catalog",
        )
        .await;
}

/// What was told to the racers, for the database to be compared with.
#[derive(Default)]
struct Told {
    tally: Tally,
    requests: Mutex<Vec<Uuid>>,
    /// Assignments, whoever made them.
    assignments: Mutex<Vec<Uuid>>,
    ended: Mutex<Vec<Uuid>>,
    cancelled: Mutex<Vec<Uuid>>,
    /// Requests that somebody was told to have decided.
    decided: Mutex<Vec<Uuid>>,
    /// What runs, what waits, and what was given: for others to be at. Whose it is stands beside it.
    running: Mutex<Vec<(Uuid, usize)>>,
    waiting: Mutex<Vec<(Uuid, usize)>>,
    given: Mutex<Vec<Uuid>>,
    /// How often one key had two answers.
    differed: AtomicI64,
    done: AtomicU64,
}

const CANCELLED: &str = "select count(*) from unnest($1::uuid[]) as told (id)
    where not exists (select from requests where requests.id = told.id and state = 'cancelled')";
const DECIDED: &str = "select count(*) from unnest($1::uuid[]) as told (id)
    where not exists (select from decisions where request_id = told.id)";
const REQUESTED: &str = "select count(*) from unnest($1::uuid[]) as told (id)
    where not exists (select from requests where requests.id = told.id)";
const ASSIGNED: &str = "select count(*) from unnest($1::uuid[]) as told (id)
    where not exists (select from assignments where assignments.id = told.id)";
const ENDED: &str = "select count(*) from unnest($1::uuid[]) as told (id)
    where not exists (select from assignments where assignments.id = told.id and ended_at is not null)";

impl Told {
    async fn judge(&self, setting: &Setting, row: &mut Row) {
        for (list, missing) in [
            (&self.requests, REQUESTED),
            (&self.assignments, ASSIGNED),
            (&self.ended, ENDED),
            (&self.cancelled, CANCELLED),
            (&self.decided, DECIDED),
        ] {
            let ids = list.lock().expect("nobody fails here").clone();
            row.lost += number(setting, missing, &ids).await;
        }
        row.doubled += self.differed.load(Ordering::Relaxed);
        self.tally.judge(setting, row).await;
    }

    fn keep<T>(list: &Mutex<Vec<T>>, what: Option<T>) {
        list.lock().expect("nobody fails here").extend(what);
    }

    /// One of the last of a list, for one to be at what others are at too.
    fn recent<T: Copy>(list: &Mutex<Vec<T>>, chance: &mut Chance) -> Option<T> {
        let list = list.lock().expect("nobody fails here");
        chance.of(list.get(list.len().saturating_sub(6)..).unwrap_or_default()).copied()
    }
}

struct Racer {
    program: Program,
    told: Arc<Told>,
    /// Of the few.
    tokens: Vec<String>,
    /// A person whom nobody else is at, and their token.
    own: (usize, String),
    root: String,
    client: usize,
}

impl Racer {
    async fn step(&self, chance: &mut Chance, step: usize) {
        let key = format!("race-{}-{step}", self.client);
        match chance.below(20) {
            0..=4 => self.activate(chance, &key).await,
            5..=6 => self.extend(chance, &key).await,
            7..=9 => self.deactivate(chance, &key).await,
            10..=13 => self.decide(chance, &key).await,
            14 => self.cancel(chance, &key).await,
            15..=16 => self.assign(chance, &key).await,
            17 => self.remove(chance, &key).await,
            _ => self.twice_at_once(&key).await,
        }
    }

    fn token(&self, person: usize) -> &str {
        self.tokens.get(person - 1).expect("they have a token")
    }

    async fn ask(&self, path: &str, token: &str, key: &str, body: &Value) -> Answer {
        let way = (path, token);
        let answer = self.program.settle(self.client, way, Some(key), body, &self.told.tally).await;
        self.told.done.fetch_add(u64::from(answer.is_success()), Ordering::Relaxed);
        answer
    }

    /// Keeps what came of a request for `person`'s sake.
    fn keep(&self, person: usize, request: Option<Uuid>, assignment: Option<Uuid>) {
        Told::keep(&self.told.requests, request);
        Told::keep(&self.told.assignments, assignment);
        match assignment {
            Some(assignment) => Told::keep(&self.told.running, Some((assignment, person))),
            None => Told::keep(&self.told.waiting, request.map(|request| (request, person))),
        }
    }

    async fn activate(&self, chance: &mut Chance, key: &str) {
        let person = chance.below(PEOPLE) + 1;
        // One role at once, or one that somebody has to approve.
        let eligibility = if chance.below(2) == 0 { '7' } else { 'c' };
        let body = json!({
            "roles": [{ "eligibility": figure_id(person, eligibility), "duration": "PT1H" }],
            "justification": key,
        });
        let answer = self.ask("/activations", self.token(person), key, &body).await;
        if answer.is_success() {
            let request = answer.id("/outcomes/0/request/request");
            self.keep(person, request, answer.id("/outcomes/0/request/assignment"));
        }
    }

    async fn extend(&self, chance: &mut Chance, key: &str) {
        let Some((id, person)) = Told::recent(&self.told.running, chance) else { return };
        let body = json!({ "duration": "PT2H", "justification": key });
        let path = format!("/activations/{id}/extend");
        let answer = self.ask(&path, self.token(person), key, &body).await;
        if answer.is_success() {
            self.keep(person, answer.id("/request"), answer.id("/assignment"));
        }
    }

    async fn deactivate(&self, chance: &mut Chance, key: &str) {
        let Some((id, person)) = Told::recent(&self.told.running, chance) else { return };
        let path = format!("/activations/{id}/deactivate");
        let answer = self.ask(&path, self.token(person), key, &Value::Null).await;
        Told::keep(&self.told.ended, answer.is_success().then_some(id));
    }

    async fn decide(&self, chance: &mut Chance, key: &str) {
        let Some((id, person)) = Told::recent(&self.told.waiting, chance) else { return };
        let approver = chance.below(APPROVERS) + 1;
        let verdict = if chance.below(4) == 0 { "deny" } else { "approve" };
        let body = json!({ "verdict": verdict, "justification": key });
        let path = format!("/requests/{id}/decisions");
        let answer = self.ask(&path, self.token(approver), key, &body).await;
        if answer.is_success() {
            Told::keep(&self.told.decided, Some(id));
            let assignment = answer.id("/request/activation/assignment");
            Told::keep(&self.told.assignments, assignment);
            let running = assignment.map(|assignment| (assignment, person));
            Told::keep(&self.told.running, running);
        }
    }

    async fn cancel(&self, chance: &mut Chance, key: &str) {
        let Some((id, person)) = Told::recent(&self.told.waiting, chance) else { return };
        let path = format!("/requests/{id}/cancel");
        let answer = self.ask(&path, self.token(person), key, &Value::Null).await;
        Told::keep(&self.told.cancelled, answer.is_success().then_some(id));
    }

    async fn assign(&self, chance: &mut Chance, key: &str) {
        let kind = if chance.below(2) == 0 { "eligible" } else { "active" };
        let body = json!({
            "principals": [figure_id(chance.below(PEOPLE) + 1, '4')],
            "role": figure_id(0, 'd'),
            "kind": kind,
            "justification": key,
        });
        let answer = self.ask("/assignments", &self.root, key, &body).await;
        let given = answer.id("/outcomes/0/assignment").filter(|_| answer.is_success());
        Told::keep(&self.told.assignments, given);
        Told::keep(&self.told.given, given);
    }

    async fn remove(&self, chance: &mut Chance, key: &str) {
        let Some(id) = Told::recent(&self.told.given, chance) else { return };
        let body = json!({ "justification": key });
        let path = format!("/assignments/{id}/remove");
        let answer = self.ask(&path, &self.root, key, &body).await;
        Told::keep(&self.told.ended, answer.is_success().then_some(id));
    }

    /// Sends one request with one key to both servers at one moment, for somebody whom nobody else is at: both must say the
    /// same.
    async fn twice_at_once(&self, key: &str) {
        let (person, token) = &self.own;
        let body = activation(*person, key);
        let (one, other) = tokio::join!(
            self.program.post(0, "/activations", token, Some(key), &body),
            self.program.post(1, "/activations", token, Some(key), &body),
        );
        let pointers = ["/outcomes/0/request/request", "/outcomes/0/request/assignment"];
        if one.is_definite() && other.is_definite() {
            let differ = one.status != other.status
                || pointers.iter().any(|pointer| one.id(pointer) != other.id(pointer));
            self.told.differed.fetch_add(i64::from(differ), Ordering::Relaxed);
        }
        // The truth of what had no answer is asked for, and what was begun is ended, so that it can be begun again.
        let settled = self.ask("/activations", token, key, &body).await;
        let [request, assignment] = pointers.map(|pointer| settled.id(pointer));
        Told::keep(&self.told.requests, request);
        Told::keep(&self.told.assignments, assignment);
        if let Some(id) = assignment {
            let path = format!("/activations/{id}/deactivate");
            let answer = self.ask(&path, token, &format!("{key}-end"), &Value::Null).await;
            Told::keep(&self.told.ended, answer.is_success().then_some(id));
        }
    }
}
