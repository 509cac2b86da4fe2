//! The outside world, as far as the program calls it.

pub mod mail;
pub mod private_postgres;
