//! Accepts connections and serves them, within limits of number and time.
//!
//! TLS is the reverse proxy's job, and HTTP/1.1 is what proxies speak to us.

mod connection;

use std::{io, net::SocketAddr, time::Duration};

use axum::{
    Router,
    extract::{ConnectInfo, DefaultBodyLimit, Request},
};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    server::graceful::GracefulShutdown,
};
use std::sync::Arc;
use tokio::{
    net::{TcpListener, TcpStream},
    sync::Semaphore,
    time::{sleep, timeout},
};
use tokio_util::sync::CancellationToken;
use tower::Service;
use tower_http::timeout::RequestBodyDeadlineLayer;

use self::connection::{Busy, Timed};
use crate::config::Http;

/// The most that a request line and its headers may take up.
const LARGEST_HEADERS: usize = 64 * 1024;
/// How long to wait when the system gives no more connections.
const PAUSE: Duration = Duration::from_millis(250);

/// Limits what a router is sent, in size and in the time that it takes to arrive.
pub fn limited(router: Router, limits: &Http) -> Router {
    let time = RequestBodyDeadlineLayer::new(limits.body_timeout());
    router.layer((time, DefaultBodyLimit::max(limits.max_body_bytes)))
}

/// Serves until told to stop; then takes no more requests and lets those that have begun finish.
pub async fn serve(
    listener: TcpListener,
    router: Router,
    limits: &Http,
    shutdown: CancellationToken,
) {
    let room = Arc::new(Semaphore::new(limits.max_connections));
    let graceful = GracefulShutdown::new();
    loop {
        // Whoever does not fit waits in the system's queue, which costs us nothing.
        let accepted = async {
            let place = Arc::clone(&room).acquire_owned().await.map_err(io::Error::other)?;
            Ok((place, listener.accept().await?))
        };
        let (place, (stream, peer)) = tokio::select! {
            () = shutdown.cancelled() => break,
            accepted = accepted => match accepted {
                Ok(accepted) => accepted,
                Err(failure) => {
                    rest(&failure).await;
                    continue;
                }
            },
        };
        let watcher = graceful.watcher();
        let connection = connection(stream, peer, router.clone(), limits);
        tokio::spawn(async move {
            // A client that goes away or is too slow is no failure of ours.
            if let Err(failure) = watcher.watch(connection).await {
                tracing::debug!(%peer, %failure, "a connection ended early");
            }
            drop(place);
        });
    }
    drop(listener);
    if timeout(limits.shutdown_timeout(), graceful.shutdown()).await.is_err() {
        tracing::warn!("some answers did not finish in time and were cut off");
    }
}

type Connection<S> = http1::Connection<TokioIo<Timed>, S>;

/// Everything that one connection needs, ready to be polled.
fn connection(
    stream: TcpStream,
    peer: SocketAddr,
    router: Router,
    limits: &Http,
) -> Connection<
    impl hyper::service::Service<
        hyper::Request<Incoming>,
        Response = axum::response::Response,
        Error = std::convert::Infallible,
        Future: Send,
    > + Send
    + use<>,
> {
    if let Err(failure) = stream.set_nodelay(true) {
        tracing::debug!(%peer, %failure, "answers may be delayed");
    }
    let busy = Busy::default();
    let timed = Timed::new(stream, busy.clone(), limits.header_timeout(), limits.body_timeout());
    let service = service_fn(move |request: hyper::Request<Incoming>| {
        busy.begin();
        let mut request: Request = request.map(axum::body::Body::new);
        request.extensions_mut().insert(ConnectInfo(peer));
        let mut router = router.clone();
        let busy = busy.clone();
        async move {
            let answer = router.call(request).await;
            busy.end();
            answer
        }
    });
    http1::Builder::new()
        .timer(TokioTimer::new())
        // This clock also runs while nothing is asked; `Timed` has the stricter one for headers.
        .header_read_timeout(limits.idle_timeout())
        .max_buf_size(LARGEST_HEADERS)
        .serve_connection(TokioIo::new(timed), service)
}

/// A client that gave up while it waited is nothing; running out of files needs a rest.
async fn rest(failure: &io::Error) {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    if !matches!(failure.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset) {
        tracing::error!(%failure, "cannot accept connections");
        sleep(PAUSE).await;
    }
}
