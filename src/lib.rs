//! x

pub mod config;
pub mod domain;
pub mod secret;
pub mod telemetry;
