//! The two faces of Latchkey: pages for people, JSON for programs.
//!
//! From the outside in, a request passes: whoever looks whether there is a place for it ([`admission`]), an id and a line in the
//! log ([`correlation`]), the headers of every answer ([`headers`]), the face that it is for, which tells the face's problems in its
//! words ([`problem`], [`language`]), where it came from ([`client_address`]), a net for panics, whether another site sent it
//! ([`csrf`]), its place among those that are answered at once, a limit of time, and then its handler.
use std::{any::Any, ops::Deref, panic::AssertUnwindSafe, sync::Arc, time::Duration};

use axum::{
    Router,
    extract::{DefaultBodyLimit, FromRef, Request, State},
    middleware::{self, Next},
    response::{IntoResponse, Response},
};
use futures_util::FutureExt as _;
use ipnet::IpNet;
use tower_http::{
    compression::{CompressionLayer, predicate::SizeAbove},
    csrf::ProtectionError,
};

use self::{
    admission::{Asker, Door, Places},
    problem::{Kind, Problem},
};
use crate::{App, config::Config, error::Error};

pub mod actor;
mod admission;
pub mod api;
pub mod assets;
pub mod client_address;
pub mod correlation;
pub mod csrf;
pub mod extract;
pub mod headers;
mod health;
mod idempotency;
pub mod language;
pub mod metrics;
mod oauth;
pub mod pages;
pub mod problem;
pub mod routes;
pub mod server;

/// How long a handler may take to begin its answer. Only a net: the database's own limits are far below.
const LONGEST_ANSWER: Duration = Duration::from_secs(30);
/// What is shorter is not worth compressing, in bytes.
const SHORTEST_COMPRESSED: u64 = 1024;

/// What handlers are given. Shared, since each layer that a request passes takes one more.
#[derive(Clone)]
pub struct Web(Arc<Given>);

/// The use cases, and what the outside knows this installation by.
pub struct Given {
    /// What every use case needs.
    pub app: App,
    /// What the outside knows this installation by.
    pub site: Arc<Site>,
}

impl Deref for Web {
    type Target = Given;

    fn deref(&self) -> &Given {
        &self.0
    }
}

impl FromRef<Web> for App {
    fn from_ref(web: &Web) -> Self {
        web.app.clone()
    }
}

impl FromRef<Web> for Arc<Site> {
    fn from_ref(web: &Web) -> Self {
        Self::clone(&web.site)
    }
}

/// What the outside knows this installation by.
#[derive(Clone, Debug)]
pub struct Site {
    /// The name at the top of each page.
    pub organisation_name: String,
    /// Whether people reach it through TLS.
    pub secure: bool,
    /// Networks of reverse proxies whose word on the client's address counts.
    pub trusted_proxies: Arc<[IpNet]>,
}

impl From<&Config> for Site {
    fn from(config: &Config) -> Self {
        Self {
            organisation_name: config.organisation_name.clone(),
            secure: config.is_secure(),
            trusted_proxies: config.trusted_proxies.clone().into(),
        }
    }
}

/// Everything that is served.
pub fn router(app: App, config: &Config) -> Router {
    let web = Web(Arc::new(Given { app, site: Arc::new(Site::from(config)) }));
    let places = Arc::new(Places::new(&web, config.http.max_requests));
    let face = |asker| Face { web: web.clone(), places: Arc::clone(&places), asker };
    let files = Router::new()
        .route("/static/{file}", axum::routing::get(assets::serve))
        .route("/api/openapi.json", axum::routing::get(api::document))
        // Pages stay as they are: a secret beside what a stranger chose must not change an answer's length.
        .layer(CompressionLayer::new().compress_when(SizeAbove::new(SHORTEST_COMPRESSED)));
    let faces = Router::new()
        .nest("/api", face(Asker::Program).of(api::router()))
        .merge(face(Asker::Program).of(oauth::router()))
        .merge(face(Asker::Person).of(pages::router()))
        .merge(files)
        .merge(health::router())
        .merge(headers::reports())
        .layer(middleware::from_fn_with_state(web.clone(), enter))
        .with_state(web);
    // Before a route is looked for, each of which is a stack of all that follows.
    Router::new().fallback_service(Door { places, inside: server::limited(faces, &config.http) })
}

/// What every request passes, whatever it asks for.
async fn enter(State(web): State<Web>, mut request: Request, next: Next) -> Response {
    make_room_for_files(&mut request);
    let protected = |request| headers::protect(&web.site, request, |request| next.run(request));
    correlation::assign(&web.app.metrics, request, protected).await
}

/// One face: nothing that goes wrong in it leaves it but in its own words.
///
/// What a request passes here is few layers, since each clones all that lie within it.
#[derive(Clone)]
struct Face {
    web: Web,
    places: Arc<Places>,
    asker: Asker,
}

impl Face {
    fn of(self, router: Router<Web>) -> Router<Web> {
        let csrf = csrf::layer(&self.web.app.public_url).with_rejection_response(foreign);
        let answer = async |State(face): State<Self>, request: Request, next: Next| {
            face.answer(request, next).await
        };
        let admit = async |State(face): State<Self>, request: Request, next: Next| {
            let inside = |request| limit_time(next.run(request));
            admission::admit((&face.places, face.asker), request, inside).await
        };
        router.layer((
            middleware::from_fn_with_state(self.clone(), answer),
            csrf,
            middleware::from_fn_with_state(self, admit),
        ))
    }

    async fn answer(&self, request: Request, next: Next) -> Response {
        let Self { web, asker, .. } = self;
        let inside = |request| self.inside(request, next);
        match asker {
            Asker::Program => problem::as_json(web, request, inside).await,
            Asker::Person => {
                let told = |request| problem::as_page(web, request, inside);
                language::choose(&web.app.reader, request, told).await
            }
        }
    }

    /// Where problems may still be told.
    async fn inside(&self, mut request: Request, next: Next) -> Response {
        if client_address::find(&self.web.site.trusted_proxies, &mut request).is_err() {
            return Problem::field("X-Forwarded-For", "cannot be read").into_response();
        }
        AssertUnwindSafe(next.run(request)).catch_unwind().await.unwrap_or_else(panicked)
    }
}

/// Lets whole files through where files are handed in, and nowhere else. With a key against repeats they would be read before
/// anybody knows whose they are; a file that was handed in twice does no harm.
fn make_room_for_files(request: &mut Request) {
    const WHERE: [&str; 2] = ["/inventory/imports", "/api/v1/inventory/imports"];
    /// A file of ten MiB, with what surrounds and escapes it.
    const MOST: usize = 16 * 1024 * 1024;
    if request.method() == axum::http::Method::POST
        && WHERE.contains(&request.uri().path())
        && !request.headers().contains_key(idempotency::HEADER)
    {
        DefaultBodyLimit::max(MOST).apply(request);
        request.extensions_mut().insert(WholeFile);
    }
}

/// Marks a request that may hand in a whole file.
#[derive(Clone, Copy)]
struct WholeFile;

async fn limit_time(answer: impl Future<Output = Response>) -> Response {
    match tokio::time::timeout(LONGEST_ANSWER, answer).await {
        Ok(response) => response,
        Err(_) => Problem::unavailable("an answer took too long").into_response(),
    }
}

fn foreign(_: ProtectionError) -> Response {
    let detail = "Your browser says that this was sent from another site. Nothing was done.";
    Problem::new(Kind::NotAllowed, detail).into_response()
}

#[expect(clippy::needless_pass_by_value, reason = "whoever caught it gives it away")]
fn panicked(panic: Box<dyn Any + Send>) -> Response {
    let said = panic
        .downcast_ref::<String>()
        .map(String::as_str)
        .or_else(|| panic.downcast_ref::<&str>().copied())
        .unwrap_or("without words");
    Problem::from(&Error::Internal(format!("a handler panicked: {said}"))).into_response()
}
