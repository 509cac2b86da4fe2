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
pub mod config;
pub mod gateway;
