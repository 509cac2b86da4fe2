//! The capabilities of Latchkey, one module each.
mod config;
mod private_postgres;
