//! Who is let in when more is asked than can be answered: so many at once, and no more.
//!
//! Whoever waits too long gives up, and what was done for them is lost. So the rest is told at once to come back, which costs
//! next to nothing, and those inside are answered as fast as ever.
use std::{
    convert::Infallible,
    future::{Ready, ready},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    task::{Context, Poll},
    time::Duration,
};

use axum::{
    Router,
    body::{Body, HttpBody as _},
    extract::Request,
    http::{HeaderMap, Method, StatusCode},
    response::{IntoResponse as _, Response},
    routing::future::RouteFuture,
};
use futures_util::future::Either;
use tokio::sync::Semaphore;
use tower::Service;

use super::{
    Web, WholeFile,
    correlation::Correlation,
    extract, headers,
    problem::{Problem, tell_as_json},
};
use crate::metrics::Metrics;

/// What is longer than this is taken in before anybody is turned away, in bytes. Whoever is answered while they still send may
/// never see the answer: the connection ends with what was not read.
const SHORT: u64 = 16 * 1024;
/// How many whole files may be on their way at once. They come while somebody holds a place, so that they have places of their own.
const FILES: usize = 8;
/// This share of the places is for people alone, whatever programs ask.
const FOR_PEOPLE: usize = 8;
/// How often the log tells of those who were turned away. Of thousands a second none has a line of its own.
const TELLING: Duration = Duration::from_secs(1);

/// Who is answered: they have places of their own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Asker {
    /// In a browser.
    Person,
    /// By the API.
    Program,
}

/// The places of those who are answered at once, and what is told to programs that find none.
pub(super) struct Places {
    free: Semaphore,
    /// How many of them programs leave free.
    for_people: usize,
    files: Semaphore,
    metrics: Arc<Metrics>,
    headers: HeaderMap,
    /// The body, before and after the id of what happened.
    told: [String; 2],
    /// How many the log has not told of yet.
    turned_away: AtomicU64,
}

impl Places {
    /// So many.
    pub(super) fn new(web: &Web, places: usize) -> Self {
        let instance = Correlation(uuid::Uuid::nil()).instance();
        let problem = Problem { instance: instance.clone(), ..Problem::too_much() };
        let mut told = problem.clone().into_response();
        tell_as_json(&problem, &mut told);
        let mut headers = headers::of_data(&web.site);
        headers.extend(std::mem::take(told.headers_mut()));
        let told = serde_json::to_string(&problem).unwrap_or_default();
        let (before, after) = told.split_once(&instance).unwrap_or_default();
        Self {
            free: Semaphore::new(places),
            for_people: places / FOR_PEOPLE,
            files: Semaphore::new(FILES),
            metrics: Arc::clone(&web.app.metrics),
            headers,
            told: [before.to_owned(), after.to_owned()],
            turned_away: AtomicU64::new(0),
        }
    }

    fn are_full_for(&self, asker: Asker) -> bool {
        asker == Asker::Program && self.free.available_permits() <= self.for_people
    }

    /// What a program is told that finds no place. Thousands a second are told, so that it is written beforehand.
    fn too_much(self: &Arc<Self>, method: &Method) -> Response {
        self.metrics.turned_away(method.as_str());
        if self.turned_away.fetch_add(1, Ordering::Relaxed) == 0 {
            tokio::spawn(Arc::clone(self).tell());
        }
        let correlation = Correlation::new();
        let [before, after] = &self.told;
        let mut response =
            Response::new(Body::from([before, &*correlation.instance(), after].concat()));
        *response.status_mut() = StatusCode::SERVICE_UNAVAILABLE;
        *response.headers_mut() = self.headers.clone();
        correlation.put_on(&mut response);
        response
    }

    /// Tells of the first who was turned away, and of all who follow them at once.
    async fn tell(self: Arc<Self>) {
        tokio::time::sleep(TELLING).await;
        let many = self.turned_away.swap(0, Ordering::Relaxed);
        tracing::warn!(
            many,
            "more is asked at once than can be answered: programs were turned away"
        );
    }
}

/// The way in. Turns programs away before anything else is done for them, if there is no place. People are told in their language,
/// which takes the long way to [`admit`]; so do programs that send much.
#[derive(Clone)]
pub(super) struct Door {
    pub(super) places: Arc<Places>,
    pub(super) inside: Router,
}

impl Service<Request> for Door {
    type Response = Response;
    type Error = Infallible;
    type Future = Either<Ready<Result<Response, Infallible>>, RouteFuture<Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        // A router always is.
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request) -> Self::Future {
        if self.places.are_full_for(Asker::Program)
            && is_for_programs(request.uri().path())
            && is_short(request.body())
        {
            return Either::Left(ready(Ok(self.places.too_much(request.method()))));
        }
        Either::Right(self.inside.call(request))
    }
}

fn is_short(body: &Body) -> bool {
    body.size_hint().upper().is_some_and(|most| most <= SHORT)
}

fn is_for_programs(path: &str) -> bool {
    path.starts_with("/api/v1/") || path == "/oauth/token"
}

/// Answers a request if there is a place for it. It takes none while its body is on its way: slow clients keep nobody out.
pub(super) async fn admit<Answered: Future<Output = Response>>(
    (places, asker): (&Places, Asker),
    request: Request,
    inside: impl FnOnce(Request) -> Answered,
) -> Response {
    let is_file = request.extensions().get::<WholeFile>().is_some();
    let request = match arrived(request).await {
        Ok(request) => request,
        Err(problem) => return problem.into_response(),
    };
    let of = if is_file { &places.files } else { &places.free };
    if !is_file && places.are_full_for(asker) {
        return Problem::too_much().into_response();
    }
    let Ok(_place) = of.try_acquire() else { return Problem::too_much().into_response() };
    inside(request).await
}

/// The request with all of its body. A whole file is left where it is until somebody has looked whose it is.
async fn arrived(request: Request) -> Result<Request, Problem> {
    if request.body().is_end_stream() || request.extensions().get::<WholeFile>().is_some() {
        return Ok(request);
    }
    Ok(extract::whole(request).await?.0)
}
