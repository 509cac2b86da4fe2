//! Latchkey: nobody is an administrator until they need to be, and then only for as long as they need to be.
//!
//! The rooms, and the one rule: arrows point down, never up.
//!
//! ```text
//! command   http {api, pages}   worker        who asks: a shell, a browser or program, the clock
//!        \          |          /
//!               service   ->   gateway        the use cases; and the outside: mail, a private Postgres
//!                   |
//!                 store                       the SQL
//!                   |
//!                 domain                      the rules: pure
//! ```
//!
//! The same noun has the same file name in each. `tests/layering.rs` guards the arrows.
pub mod command;
pub mod config;
pub mod domain;
pub mod error;
pub mod gateway;
pub mod http;
pub mod metrics;
pub mod secret;
pub mod service;
pub mod store;
pub mod telemetry;
pub mod wake;
pub mod worker;

use sqlx::PgPool;

/// Answers are put together from many small pieces, on all threads at once: most of what the C library's allocator takes for that is saved.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// What every use case needs, made once at start-up.
#[derive(Clone)]
pub struct App {
    /// Connections for people and programs that ask.
    pub database: PgPool,
    /// Connections of their own for what ends and starts by itself, so that no crowd of requests can delay an end.
    pub worker_database: PgPool,
    /// Access checks that are answered together.
    pub access_checks: std::sync::Arc<service::access_check::AccessChecks>,
    /// What is counted for operators.
    pub metrics: std::sync::Arc<metrics::Metrics>,
    /// Wakes the background work.
    pub wake: wake::Wake,
    /// The keys of this installation.
    pub keys: std::sync::Arc<secret::Keys>,
    /// Hashes and compares passwords, few at a time.
    pub passwords: std::sync::Arc<secret::PasswordHasher>,
    /// Where people reach Latchkey, without a slash at the end: the start of every link in a mail.
    pub public_url: std::sync::Arc<str>,
    /// The language and the time zone of the organisation, for whoever has chosen none.
    pub reader: domain::language::Reader,
    /// When summaries are sent.
    pub summaries: domain::notice::summary::Schedule,
    /// Where notices go beside mail.
    pub channels: std::sync::Arc<[gateway::channel::Channel]>,
    /// Where tickets are.
    pub ticket_systems: std::sync::Arc<[gateway::ticket::TicketSystem]>,
    /// Where the end of the audit log is written down outside of the database.
    pub witness: std::sync::Arc<gateway::witness::Witness>,
    /// The one way out over HTTP.
    pub egress: gateway::egress::Egress,
}
