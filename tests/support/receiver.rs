//! A real HTTP receiver of what channels are told, with moods.
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
};

use axum::{
    Router,
    body::{Body, to_bytes},
    extract::{Request, State},
    http::{Response, StatusCode, header},
};
use serde_json::Value;
use tokio::net::TcpListener;

/// How it answers.
#[derive(Clone, Debug)]
pub enum Mood {
    /// With this status and text.
    Answer(u16, String),
    /// Never.
    Hang,
    /// By sending whoever asks elsewhere.
    Redirect(String),
    /// It asks to be let be for so many seconds.
    Later(u64),
    /// With more than anybody wants to read.
    Talk,
}

/// Something that it was told.
#[derive(Clone, Debug)]
pub struct Taken {
    pub method: String,
    pub path: String,
    pub headers: BTreeMap<String, String>,
    pub text: String,
    pub body: Vec<u8>,
}

impl Taken {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).expect("it is JSON")
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", String::as_str)
    }
}

#[derive(Clone)]
struct Shared {
    mood: Arc<Mutex<Mood>>,
    asked: Arc<Mutex<Vec<Taken>>>,
    taken: Arc<Mutex<Vec<Taken>>>,
}

/// A receiver on a port of its own.
pub struct Receiver {
    /// Where it is.
    pub url: String,
    shared: Shared,
}

impl Receiver {
    /// Starts one that takes whatever comes.
    pub async fn start() -> Self {
        let shared = Shared {
            mood: Arc::new(Mutex::new(Mood::Answer(200, "ok".to_owned()))),
            asked: Arc::default(),
            taken: Arc::default(),
        };
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let url = format!("http://{}", listener.local_addr().expect("it has an address"));
        let router = Router::new().fallback(take).with_state(shared.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { url, shared }
    }

    /// Changes how it answers.
    pub fn set(&self, mood: Mood) {
        *self.shared.mood.lock().expect("nobody panics with it") = mood;
    }

    /// All that it was told and took.
    pub fn taken(&self) -> Vec<Taken> {
        self.shared.taken.lock().expect("nobody panics with it").clone()
    }

    /// How much it was told and took.
    pub fn count(&self) -> usize {
        self.shared.taken.lock().expect("nobody panics with it").len()
    }

    /// All that it was told, whether it took it or not.
    pub fn asked(&self) -> Vec<Taken> {
        self.shared.asked.lock().expect("nobody panics with it").clone()
    }
}

async fn take(State(shared): State<Shared>, request: Request) -> Response<Body> {
    let (parts, body) = request.into_parts();
    let body = to_bytes(body, 1024 * 1024).await.expect("it comes whole");
    let headers = parts.headers.iter();
    let told = Taken {
        method: parts.method.to_string(),
        path: parts.uri.to_string(),
        headers: headers
            .map(|(name, value)| (name.to_string(), value.to_str().unwrap_or("").to_owned()))
            .collect(),
        text: String::from_utf8_lossy(&body).into_owned(),
        body: body.to_vec(),
    };
    shared.asked.lock().expect("nobody panics with it").push(told.clone());
    let mood = shared.mood.lock().expect("nobody panics with it").clone();
    let answer =
        |status: u16| Response::builder().status(StatusCode::from_u16(status).expect("a status"));
    let response = match mood {
        Mood::Answer(status, text) => {
            if (200..300).contains(&status) {
                shared.taken.lock().expect("nobody panics with it").push(told);
            }
            answer(status).body(Body::from(text))
        }
        Mood::Hang => std::future::pending().await,
        Mood::Redirect(to) => answer(302).header(header::LOCATION, to).body(Body::empty()),
        Mood::Later(seconds) => {
            answer(429).header(header::RETRY_AFTER, seconds).body(Body::from("slow down"))
        }
        Mood::Talk => {
            shared.taken.lock().expect("nobody panics with it").push(told);
            answer(200).body(Body::from(vec![b'x'; 8 * 1024 * 1024]))
        }
    };
    response.expect("it is an answer")
}
