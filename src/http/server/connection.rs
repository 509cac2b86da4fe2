//! One connection, as far as its time goes.
//!
//! A client may be idle for a while between requests, but once it has begun a request, its headers must arrive
//! soon; and what it asked for it must take. Otherwise a few slow clients could hold every connection there is.

use std::{
    io,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll, ready},
    time::Duration,
};

use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
    time::{Instant, Sleep, sleep},
};

/// Says whether the connection answers a request right now; then nothing is expected to arrive.
#[derive(Debug, Clone, Default)]
pub(super) struct Busy(Arc<AtomicBool>);

impl Busy {
    pub(super) fn begin(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    pub(super) fn end(&self) {
        self.0.store(false, Ordering::Relaxed);
    }

    fn is_busy(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// A connection that fails when headers take too long to arrive or an answer takes too long to be taken.
#[derive(Debug)]
pub(super) struct Timed {
    stream: TcpStream,
    busy: Busy,
    headers: Stopwatch,
    answer: Stopwatch,
}

impl Timed {
    pub(super) fn new(stream: TcpStream, busy: Busy, headers: Duration, answer: Duration) -> Self {
        let mut headers = Stopwatch::new(headers);
        // Whoever connects has something to say.
        headers.start();
        Self { stream, busy, headers, answer: Stopwatch::new(answer) }
    }
}

impl AsyncRead for Timed {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        if self.busy.is_busy() {
            self.headers.stop();
        }
        let outcome = Pin::new(&mut self.stream).poll_read(context, buffer);
        if outcome.is_pending() {
            return self.headers.poll(context).map(Err);
        }
        if buffer.filled().len() > before && !self.busy.is_busy() {
            self.headers.start();
        }
        outcome
    }
}

impl AsyncWrite for Timed {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let outcome = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.judge_write(context, outcome)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let outcome = Pin::new(&mut self.stream).poll_write_vectored(context, bytes);
        self.judge_write(context, outcome)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

impl Timed {
    /// Each byte that the client takes gives it more time for the rest.
    fn judge_write(
        &mut self,
        context: &mut Context<'_>,
        outcome: Poll<io::Result<usize>>,
    ) -> Poll<io::Result<usize>> {
        if outcome.is_pending() {
            self.answer.start();
            return self.answer.poll(context).map(Err);
        }
        self.answer.stop();
        self.headers.stop();
        outcome
    }
}

/// Time that runs out, if it was started.
#[derive(Debug)]
struct Stopwatch {
    limit: Duration,
    runs: bool,
    timer: Option<Pin<Box<Sleep>>>,
}

impl Stopwatch {
    fn new(limit: Duration) -> Self {
        Self { limit, runs: false, timer: None }
    }

    /// Starts it; does nothing if it runs already.
    fn start(&mut self) {
        if self.runs {
            return;
        }
        self.runs = true;
        match &mut self.timer {
            Some(timer) => timer.as_mut().reset(Instant::now() + self.limit),
            None => self.timer = Some(Box::pin(sleep(self.limit))),
        }
    }

    fn stop(&mut self) {
        self.runs = false;
    }

    /// Ready when the time is over.
    fn poll(&mut self, context: &mut Context<'_>) -> Poll<io::Error> {
        match &mut self.timer {
            Some(timer) if self.runs => {
                ready!(timer.as_mut().poll(context));
                Poll::Ready(io::ErrorKind::TimedOut.into())
            }
            _ => Poll::Pending,
        }
    }
}
