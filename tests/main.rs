//! The capabilities of Latchkey, one module each.
#![expect(
    clippy::disallowed_methods,
    reason = "tests look behind the program's back, at what the checked queries are to be trusted with"
)]

mod audit;
mod config;
mod constraints;
mod layering;
mod private_postgres;
mod server;
mod support;
mod world;
