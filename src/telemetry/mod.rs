//! What is told of the program while it runs: logs, one line an event on standard error, and traces for those who want them.
mod line;
mod traces;

use std::io::{IsTerminal, stderr};

use tokio::runtime::Handle;
use tracing_subscriber::{
    EnvFilter, Layer as _, filter::ParseError, layer::SubscriberExt as _, registry,
    util::SubscriberInitExt as _,
};

pub use self::traces::{Traces, answered, begin, round};
use crate::config;

/// Starts logging, and traces if there are any to be told. Only the first call in a process has an effect.
pub fn start(log: &config::Log, traces: Option<&Traces>) -> Result<(), ParseError> {
    let filter = EnvFilter::builder().parse(&log.filter)?;
    let is_terminal = stderr().is_terminal();
    // A second start fails, and is of no consequence: the first one still writes.
    drop(match traces {
        None => {
            registry().with(filter).with(line::layer(log.format, is_terminal, stderr)).try_init()
        }
        // What the log leaves out may be told of in traces.
        Some(traces) => registry()
            .with(line::layer(log.format, is_terminal, stderr).with_filter(filter))
            .with(traces.layer())
            .try_init(),
    });
    Ok(())
}

/// What is to be told of traces by these settings, sent by a runtime that outlives them.
#[must_use]
pub fn traces(settings: &config::Traces, runtime: &Handle) -> Option<Traces> {
    Traces::new(settings, runtime)
}
