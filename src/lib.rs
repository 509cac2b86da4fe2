//! x

pub mod config;
pub mod telemetry;
